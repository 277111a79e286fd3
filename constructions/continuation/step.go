package continuation

import (
	"context"
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/internal/floatflow"
)

// The size of a flow is measured by sum_i c_i phi(X_i), phi being a function of
// X^T X. Its gradient is X W with a positive definite W, and a step moves to the minimum
// of sum |X_i + d_i|^2 in the metric W, subject to the derivative of the product at d
// being what is wanted. W = 1/c (I + growth X^T X / |X_max|^2) weighs the large
// singular values, those that the condition numbers depend on, more than the others.
const growth = 4

// outerCost is c for the first and the last layer, relative to the others, of which
// the flow of an ill-conditioned map makes better use.
const outerCost = 8

// metric returns the W_i^-1, given the costs c_i.
func metric(f *point, cost []float64) []blas64.General {
	top := 0.0
	for _, x := range f.x {
		top = max(top, norm(x))
	}
	inverse := make([]blas64.General, len(f.x))
	for i, x := range f.x {
		w := floatflow.IdentityGeneral(x.Cols)
		if top > 0 {
			blas64.Gemm(transposed, plain, growth/(top*top), x, x, 1, w)
		}
		var c mat.Cholesky
		var inv mat.SymDense
		if c.Factorize(mat.NewSymDense(x.Cols, w.Data)) && c.InverseTo(&inv) == nil {
			w = mat.DenseCopyOf(&inv).RawMatrix()
		} else {
			w = floatflow.IdentityGeneral(x.Cols)
		}
		blas64.Scal(1/cost[i], blas64.Vector{N: len(w.Data), Inc: 1, Data: w.Data})
		inverse[i] = w
	}
	return inverse
}

// solver makes steps.
type solver struct {
	ctx   context.Context
	cost  []float64
	y     blas64.General // multipliers, the start of the next solution
	pre   *preconditioner
	iters int // in all
	last  int // of the last solution

	work []blas64.General // of the size of the layers
	d    []blas64.General
	k    blas64.General // n x n
}

func newSolver(ctx context.Context, f *point, cost []float64) *solver {
	n := f.N()
	s := &solver{ctx: ctx, cost: cost, y: floatflow.NewGeneral(n, n), k: floatflow.NewGeneral(n, n)}
	for _, x := range f.x {
		s.work = append(s.work, floatflow.NewGeneral(x.Rows, x.Cols))
		s.d = append(s.d, floatflow.NewGeneral(x.Rows, x.Cols))
	}
	return s
}

const (
	// A preconditioner pays from slow iterations on, and is made anew when a solution
	// takes stale more than the first one with it: making it takes as long as some 60.
	slow, stale = 24, 40
	// iterationLimit bounds a solution, totalLimit all of them.
	iterationLimit, totalLimit = 1000, 4000
)

// step moves f towards the product m, and by the fraction pull towards smaller layers:
//
//	d = W^-1 J^T y - pull X,   J W^-1 J^T y = C + pull J X,   C = A^-1 m B^-1 - I,
//
// so that J d = C; the equation for y is solved by preconditioned conjugate gradients
// until what is left is tol (Frobenius norm). The trace, which additive layers cannot
// change, is left out.
func (s *solver) step(f *point, m blas64.General, pull, tol float64) error {
	t := newTangent(f)
	inverse := metric(f, s.cost)
	if s.pre == nil && s.last > slow || s.pre != nil && s.pre.needed > 0 && s.last > s.pre.needed+stale {
		s.pre = newPreconditioner(t, inverse)
	}
	if pull == 0 {
		clear(s.y.Data)
	}
	rhs := t.seen(m)
	t.apply(f.x, s.k)
	floatflow.Axpy(pull, s.k.Data, rhs.Data)
	if err := s.conjugateGradients(t, inverse, rhs, tol); err != nil {
		return err
	}
	s.toLayers(t, inverse, s.y)
	for i := range f.x {
		floatflow.Axpy(-pull, f.x[i].Data, s.d[i].Data)
	}
	limit := 1.0
	for i := range f.x {
		// A layer moves by no more than half of what a general isometry is.
		size := math.Sqrt(float64(min(f.x[i].Rows, f.x[i].Cols)))
		limit = min(limit, max(size, floatflow.Norm2(f.x[i].Data))/floatflow.Norm2(s.d[i].Data)/2)
	}
	for i := range f.x {
		floatflow.Axpy(limit, s.d[i].Data, f.x[i].Data)
	}
	return nil
}

// toLayers sets d to W^-1 J^T y.
func (s *solver) toLayers(t *tangent, inverse []blas64.General, y blas64.General) {
	t.adjoint(y, s.work)
	for i := range s.work {
		floatflow.Gemm(1, s.work[i], inverse[i], 0, s.d[i])
	}
}

func (s *solver) conjugateGradients(t *tangent, inverse []blas64.General, rhs blas64.General, tol float64) error {
	apply := func(y blas64.General) {
		s.toLayers(t, inverse, y)
		t.apply(s.d, s.k)
	}
	apply(s.y)
	r := rhs
	floatflow.Axpy(-1, s.k.Data, r.Data)
	untrace(r)
	z := s.pre.solve(r)
	untrace(z)
	d := floatflow.CopyGeneral(z)
	rz := floatflow.Dot(r.Data, z.Data)
	s.last = 0
	for s.last < iterationLimit && floatflow.Norm2(r.Data) > tol {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		apply(d)
		a := rz / floatflow.Dot(d.Data, s.k.Data)
		if math.IsNaN(a) || math.IsInf(a, 0) {
			break
		}
		floatflow.Axpy(a, d.Data, s.y.Data)
		floatflow.Axpy(-a, s.k.Data, r.Data)
		z = s.pre.solve(r)
		untrace(z)
		next := floatflow.Dot(r.Data, z.Data)
		b := next / rz
		rz = next
		for i, v := range z.Data {
			d.Data[i] = v + b*d.Data[i]
		}
		s.last++
	}
	s.iters += s.last
	if s.pre != nil && s.pre.needed == 0 {
		s.pre.needed = max(s.last, slow)
	}
	return nil
}

// untrace subtracts the multiple of I that leaves no trace.
func untrace(m blas64.General) {
	sum := trace(m)
	for i := range m.Rows {
		m.Data[i*m.Stride+i] -= sum / float64(m.Rows)
	}
}
