package rotation

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/numeric"
	"flowproof/exactmath/spectral"
)

// twist is the freedom left in writing a rotation by theta as a commutator
// P A^-1 P^-1 A of two 2x2 matrices: A is a reflection F over rho, and, with R
// the rotation by theta/2, either
//
//	P = -(1/lambda) R, and X3 is what belongs to it, or
//	X3 = lambda R^T, and X2 = (1/lambda) R (F/rho - 1), if isometric,
//
// for any lambda, rho > 0. When n is odd, A has to keep the last axis, and rho is
// 1 (PROOFS.md, section 1.3).
type twist struct {
	lambda, rho float64
	isometric   bool
}

// quarterRoot is 2^(-1/4).
const quarterRoot = 0.8408964152537145430311254762332148950400342623567845108132260859

// provedTwist returns the parameters for which the bounds are proved.
func provedTwist(odd bool) twist {
	if odd {
		return twist{1, 1, true}
	}
	return twist{1, quarterRoot, true}
}

// twists returns the parameters worth trying: the worst case over all M is
// smallest at provedTwist, but most M are kinder.
func twists(odd bool) []twist {
	t := []twist{provedTwist(odd)}
	for _, lambda := range []float64{7. / 16, 15. / 32, 1. / 2, 17. / 32, 9. / 16, 5. / 8, 3. / 4, 1} {
		if odd {
			t = append(t, twist{lambda, 1, false})
			continue
		}
		for _, rho := range []float64{3. / 4, 7. / 9, 13. / 16, 7. / 8, 15. / 16, 1} {
			t = append(t, twist{lambda, rho, false})
		}
	}
	return t
}

// mat2 is a 2x2 matrix [[a, b], [c, d]].
type mat2 struct{ a, b, c, d float64 }

func (x mat2) mul(y mat2) mat2 {
	return mat2{x.a*y.a + x.b*y.c, x.a*y.b + x.b*y.d, x.c*y.a + x.d*y.c, x.c*y.b + x.d*y.d}
}

func (x mat2) t() mat2 { return mat2{x.a, x.c, x.b, x.d} }

// plus returns s x + t y.
func plus(s float64, x mat2, t float64, y mat2) mat2 {
	return mat2{s*x.a + t*y.a, s*x.b + t*y.b, s*x.c + t*y.c, s*x.d + t*y.d}
}

// layers returns -X0, X1, .., X5 for the given twist. With Zp the first p rows
// of Z and V = C Z, and block-diagonal D1..D5 (2x2 blocks on the planes),
//
//	X1 = a c^T - Zp D1 V^T    D1 = -lambda R^T - rho F + rho lambda F R^T
//	X2 = V D2 Zp^T            D2 = -1/lambda R
//	X3 = Zp D3 V^T            D3 = lambda R^T - lambda/rho F R^T
//	X4 = V D4 Zp^T            D4 = rho/lambda R F - rho R F R^T
//	X5 = c^T e + Zp D5 V^T    D5 = 1/rho R F R^T
//
// where R is the rotation by half the angle and F the reflection that keeps the
// axis; on the +1 eigenvectors of G the five are -1, -1, 0, 0, 1. An isometric
// twist has
//
//	D1 = -rho F + rho lambda F R^T   D2 = 1/lambda R (F/rho - 1)   D3 = lambda R^T
//	D4 = rho/lambda R F - 1/lambda R - rho R F R^T   D5 = 1/rho R F R^T
//
// and 0, 0, 1, -1, 1 there.
func (h *halved) layers(t twist) [6]*mat.Dense {
	d := h.blocks(t)
	var x [6]*mat.Dense
	x[0] = new(mat.Dense)
	x[0].Scale(-1, h.x0)
	x[1] = h.zdv(d[0])
	x[1].Sub(h.ac, x[1])
	x[2] = h.vdz(d[1])
	x[3] = h.zdv(d[2])
	x[4] = h.vdz(d[3])
	x[5] = h.zdv(d[4])
	x[5].Add(h.ce, x[5])
	return x
}

// choice is what layers are chosen by.
type choice struct {
	name     string                        // of the cost
	estimate func(norms []float64) float64 // the cost, from estimated norms of X0..X5
	certify  func(x [6]*mat.Dense) float64 // a proved upper bound of the cost of final weights
	bound    float64                       // proved for the cost, of the first twist tried
}

// choose returns the layers for the twist, of those given, of least cost, their
// weights rounded to multiples of 2^-52. It fails with a *BoundError if none keeps
// the bound.
func (h *halved) choose(ts []twist, c choice) (best [6]*mat.Dense, err error) {
	norms := h.pencil()
	costs, least := make([]float64, len(ts)), math.Inf(1)
	for k, t := range ts {
		costs[k] = c.estimate(norms(t))
	}
	numeric.Cheapest(costs, c.bound, func(k int) float64 {
		x := h.layers(ts[k])
		for _, w := range x {
			numeric.ToGrid(w)
		}
		cost := c.certify(x)
		if cost < least {
			best, least = x, cost
		}
		return cost
	})
	if !(least <= c.bound) {
		return best, &fault.BoundError{Name: c.name, Got: least, Bound: c.bound}
	}
	return best, nil
}

// pencil returns a function that gives the norms of X0..X5 for a twist, those of
// X0, X1 and X5 estimated, those of the others bounded by those of D2, D3, D4.
// X1 and X5 are combinations of fixed matrices, so that a twist costs no product:
//
//	X1 = a c^T + K0 + lambda K1 + rho K2 - rho lambda K3,   X5 = c^T e + K0 + 1/rho K5,
//
// and X1 = a c^T + rho K2 - rho lambda K3 for an isometric twist.
func (h *halved) pencil() func(twist) []float64 {
	unit := func(block func(r, f mat2) mat2, rest float64) *mat.Dense {
		d := blockDiagonal{make([]mat2, len(h.planes)), rest}
		for k, pl := range h.planes {
			d.plane[k] = block(halfTurn(pl), h.reflection(pl))
		}
		return h.zdv(d)
	}
	k0 := unit(func(mat2, mat2) mat2 { return mat2{} }, 1)
	k1 := unit(func(r, _ mat2) mat2 { return r.t() }, 0)
	k2 := unit(func(_, f mat2) mat2 { return f }, 0)
	k3 := unit(func(r, f mat2) mat2 { return f.mul(r.t()) }, 0)
	k5 := unit(func(r, f mat2) mat2 { return r.mul(f).mul(r.t()) }, 0)
	x1, x5, sum := mat.NewDense(h.p, h.q, nil), mat.NewDense(h.p, h.q, nil), new(mat.Dense)
	x1.Add(h.ac, k0)
	x5.Add(h.ce, k0)
	combine := func(x *mat.Dense, factors []float64, terms ...*mat.Dense) float64 {
		sum.CloneFrom(x)
		for i, k := range terms {
			blas64.Axpy(factors[i], vector(k), vector(sum))
		}
		return spectral.Estimate(sum)
	}
	norm0, turn := spectral.Estimate(h.x0), 0.0
	for _, pl := range h.planes {
		turn = max(turn, pl.Angle)
	}
	return func(t twist) []float64 {
		l, r := t.lambda, t.rho
		norms := []float64{norm0, 0, 0, 0, 0, combine(x5, []float64{1 / r}, k5)}
		if t.isometric {
			norms[1] = combine(h.ac, []float64{r, -r * l}, k2, k3)
		} else {
			norms[1] = combine(x1, []float64{l, r, -r * l}, k1, k2, k3)
		}
		inner, rests := t.inner(turn), t.rests()
		for k, x := range inner {
			if len(h.planes) > 0 {
				norms[k+2] = x
			}
			if len(h.rest) > 0 {
				norms[k+2] = max(norms[k+2], math.Abs(rests[k+1]))
			}
		}
		return norms
	}
}

// inner returns the norms of D2, D3 and D4 on a plane of the given angle; they
// grow with the angle (PROOFS.md, section 1.4).
func (t twist) inner(angle float64) [3]float64 {
	l, r, c := t.lambda, t.rho, math.Cos(angle/2)
	if t.isometric {
		return [3]float64{(1 + 1/r) / l, l, (1 + r*math.Sqrt(max(0, 1+l*l-2*l*c))) / l}
	}
	return [3]float64{1 / l, l * (1 + 1/r), r / l * math.Sqrt(max(0, 1+l*l-2*l*c))}
}

// rests returns D1..D5 on the fixed space of G.
func (t twist) rests() [5]float64 {
	if t.isometric {
		return [5]float64{0, 0, 1, -1, 1}
	}
	return [5]float64{-1, -1, 0, 0, 1}
}

// vector returns the entries of a matrix without gaps between its rows.
func vector(x *mat.Dense) blas64.Vector {
	data := x.RawMatrix().Data
	return blas64.Vector{N: len(data), Inc: 1, Data: data}
}

// blockDiagonal is a q x q matrix in the basis Z: a 2x2 block for each plane, a
// multiple of the identity on the rest.
type blockDiagonal struct {
	plane []mat2
	rest  float64
}

// blocks returns D1..D5.
func (h *halved) blocks(t twist) (d [5]blockDiagonal) {
	for k, rest := range t.rests() {
		d[k] = blockDiagonal{make([]mat2, len(h.planes)), rest}
	}
	l, rho := t.lambda, t.rho
	for k, pl := range h.planes {
		r, f := halfTurn(pl), h.reflection(pl)
		fr := f.mul(r.t())
		rf := r.mul(f)
		rfr := rf.mul(r.t())
		d[4].plane[k] = plus(1/rho, rfr, 0, r)
		if t.isometric {
			d[0].plane[k] = plus(-rho, f, rho*l, fr)
			d[1].plane[k] = plus(1/(l*rho), rf, -1/l, r)
			d[2].plane[k] = plus(l, r.t(), 0, r)
			d[3].plane[k] = plus(1, plus(rho/l, rf, -1/l, r), -rho, rfr)
			continue
		}
		d[0].plane[k] = plus(1, plus(-l, r.t(), -rho, f), rho*l, fr)
		d[1].plane[k] = plus(-1/l, r, 0, r)
		d[2].plane[k] = plus(l, r.t(), -l/rho, fr)
		d[3].plane[k] = plus(rho/l, rf, -rho, rfr)
	}
	return d
}

// halfTurn returns the rotation by half the angle.
func halfTurn(pl numeric.Plane) mat2 {
	c, s := math.Cos(pl.Angle/2), math.Sin(pl.Angle/2)
	return mat2{c, -s, s, c}
}

// reflection returns the reflection of the plane that keeps the projection of
// the last axis onto it; any reflection will do if there is none.
func (h *halved) reflection(pl numeric.Plane) mat2 {
	x, y := 1., 0.
	if h.axis != nil {
		if l := math.Hypot(h.axis[pl.I], h.axis[pl.J]); l > 0 {
			x, y = h.axis[pl.I]/l, h.axis[pl.J]/l
		}
	}
	return mat2{x*x - y*y, 2 * x * y, 2 * x * y, y*y - x*x}
}

// zdv returns Zp D V^T, p x q.
func (h *halved) zdv(d blockDiagonal) *mat.Dense { return numeric.Product(h.times(h.zp, d), h.v.T()) }

// vdz returns V D Zp^T, q x p.
func (h *halved) vdz(d blockDiagonal) *mat.Dense { return numeric.Product(h.times(h.v, d), h.zp.T()) }

// times returns m D.
func (h *halved) times(m *mat.Dense, d blockDiagonal) *mat.Dense {
	rows, q := m.Dims()
	out := mat.NewDense(rows, q, nil)
	for i := range rows {
		src, dst := m.RawRowView(i), out.RawRowView(i)
		for k, pl := range h.planes {
			b, x, y := d.plane[k], src[pl.I], src[pl.J]
			dst[pl.I], dst[pl.J] = x*b.a+y*b.c, x*b.b+y*b.d
		}
		for _, j := range h.rest {
			dst[j] = d.rest * src[j]
		}
	}
	return out
}
