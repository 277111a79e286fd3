package continuation

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"

	"flowproof/constructions/internal/floatflow"
	"flowproof/constructions/refine"
)

// correct solves the linearised equations of refine. A flow whose last two layers have
// the scale t, or nearly,
//
//	[[I, 0], [X, t I]] [[t I, t Y], [0, I]] = [[I, 0], [X, I]] [[I, Y], [0, I]] t,
//
// is t times an additive one. Where the scale of the last layer is free it changes by a
// factor 1 + eps, for the trace: the rest is the additive flow's.
func (s *solver) correct(e refine.Equation) (c refine.Correction, ok bool) {
	p, t, ok := additive(e.Flow)
	last := len(p.x) - 1
	if !ok || len(p.x) != len(s.d) || e.Scaled != -1 && e.Scaled != last {
		return c, false
	}
	v := newTangent(p)
	inverse := metric(p, s.cost)
	if s.pre == nil {
		s.pre = newPreconditioner(v, inverse)
	}
	rhs := v.between(e.R)
	blas64.Scal(1/t, blas64.Vector{N: len(rhs.Data), Inc: 1, Data: rhs.Data})
	if e.Scaled == last {
		size := p.size(p.dst(last))
		eps := trace(rhs) / float64(size)
		add(-eps, v.scaleTerm(), rhs)
		for range size {
			c.Scale = append(c.Scale, eps*t)
		}
	}
	untrace(rhs)
	clear(s.y.Data)
	if s.conjugateGradients(v, inverse, rhs, e.Tol*floatflow.Norm2(rhs.Data)) != nil {
		return c, false
	}
	s.toLayers(v, inverse, s.y)
	for i, d := range s.d {
		d = floatflow.CopyGeneral(d)
		if i == last {
			blas64.Scal(t, blas64.Vector{N: len(d.Data), Inc: 1, Data: d.Data})
		}
		if n := floatflow.Norm2(d.Data); math.IsNaN(n) || math.IsInf(n, 0) {
			return c, false
		}
		c.Weights = append(c.Weights, d)
	}
	c.Iterations = s.last
	return c, true
}

// additive returns the additive flow whose product times t is that of f, unless f is
// not of that form to six digits.
func additive(f floatflow.Flow) (p *point, t float64, ok bool) {
	last := len(f.Layers) - 1
	if last < 0 {
		return &point{}, 0, false
	}
	p, t = &point{Parts: f.Parts}, scale(f.Layers[last].D)
	for i, l := range f.Layers {
		if i == 0 {
			p.first = l.Dst()
		}
		x := l.X
		for _, d := range l.D {
			if i < last-1 || math.Abs(d-scale(f.Layers[last].D)) > 1e-6*d {
				return p, 0, false
			}
		}
		if i == last && l.D != nil {
			x = floatflow.CopyGeneral(x)
			floatflow.ScaleRows(x, l.D, true)
		}
		p.x = append(p.x, x)
	}
	return p, t, true
}

// scale is the first of the scales, 1 if there are none.
func scale(d []float64) float64 {
	if len(d) == 0 {
		return 1
	}
	return d[0]
}

// scaleTerm is the derivative, between A and B, with respect to a common logarithm of
// the scales of the last layer: with T = E_m .. E_(k-2), dst and src of E_(k-1),
// T e_dst (e_dst^T - X e_src^T) T^-1.
func (t *tangent) scaleTerm() blas64.General {
	n, last := t.N(), len(t.x)-1
	z := floatflow.NewGeneral(n, n)
	lo, hi := t.Span(t.dst(last))
	for i := lo; i < hi; i++ {
		z.Data[i*z.Stride+i] = 1
	}
	add(-1, t.x[last], t.weight(z, last))
	for i := last - 1; i >= len(t.x)/2; i-- {
		t.left(i, 1, z)
		t.right(i, -1, z)
	}
	return z
}

func trace(m blas64.General) (sum float64) {
	for i := range m.Rows {
		sum += m.Data[i*m.Stride+i]
	}
	return sum
}
