package continuation

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/internal/floatflow"
)

// preconditioner approximates the inverse of K = J W^-1 J^T, which is the sum over the
// layers of (L_i L_i^T) x (R_i^T W_i^-1 R_i). Either half of the flow squeezes the
// directions in which M is small, and what the terms of A make large, those of B make
// small; so the sum over each half is replaced by one product, P_A x Q_A + P_B x Q_B,
// P the sum of the L_i L_i^T weighted by the traces of what stands beside them, Q
// alike. With U^T P_A U = I, U^T P_B U = diag(p) and V, q alike for Q its inverse is
//
//	y -> U ((U^T y V)_ij / (1/a + p_i q_j/b))_ij V^T,
//
// a and b being what makes the traces right.
type preconditioner struct {
	u, v   blas64.General
	p, q   []float64
	a, b   float64
	w, z   blas64.General
	needed int // iterations of the solution that used it first
}

// newPreconditioner fails (nil) if rounding makes a sum of squares look indefinite.
func newPreconditioner(t *tangent, inverse []blas64.General) *preconditioner {
	n := t.N()
	var ps, qs [2]blas64.General
	var total [2]float64
	for h := range 2 {
		ps[h], qs[h] = floatflow.NewGeneral(n, n), floatflow.NewGeneral(n, n)
	}
	t.factors(func(h, i int, l, r blas64.General) {
		wr := floatflow.NewGeneral(r.Rows, n)
		floatflow.Gemm(1, inverse[i], r, 0, wr)
		trL, trR := squares(l, l), squares(r, wr)
		blas64.Gemm(plain, transposed, trR, l, l, 1, ps[h])
		blas64.Gemm(transposed, plain, trL, r, wr, 1, qs[h])
		total[h] += trL * trR
	})
	c := &preconditioner{a: total[0], b: total[1], w: floatflow.NewGeneral(n, n), z: floatflow.NewGeneral(n, n)}
	var ok bool
	if c.u, c.p, ok = simultaneous(ps[0], ps[1]); !ok {
		return nil
	}
	if c.v, c.q, ok = simultaneous(qs[0], qs[1]); !ok {
		return nil
	}
	return c
}

// squares returns the sum of x_ij y_ij.
func squares(x, y blas64.General) float64 {
	s := 0.0
	for i := range x.Rows {
		s += floatflow.Dot(x.Data[i*x.Stride:][:x.Cols], y.Data[i*y.Stride:][:x.Cols])
	}
	return s
}

// solve returns the approximation at y, in memory that it uses again; y itself if there
// is no preconditioner.
func (c *preconditioner) solve(y blas64.General) blas64.General {
	if c == nil {
		return floatflow.CopyGeneral(y)
	}
	blas64.Gemm(transposed, plain, 1, c.u, y, 0, c.w)
	floatflow.Gemm(1, c.w, c.v, 0, c.z)
	for i, p := range c.p {
		row := c.z.Data[i*c.z.Stride:]
		for j, q := range c.q {
			row[j] /= 1/c.a + p*q/c.b
		}
	}
	floatflow.Gemm(1, c.u, c.z, 0, c.w)
	blas64.Gemm(plain, transposed, 1, c.w, c.v, 0, c.z)
	return c.z
}

// simultaneous returns U and d with U^T a U = I, U^T b U = diag(d), for a symmetric
// positive definite a and a symmetric b: with a = L L^T and L^-1 b L^-T = V diag(d) V^T,
// U = L^-T V.
func simultaneous(a, b blas64.General) (u blas64.General, d []float64, ok bool) {
	n := a.Rows
	var c mat.Cholesky
	if !c.Factorize(mat.NewSymDense(n, a.Data)) {
		return u, nil, false
	}
	var tri mat.TriDense
	c.LTo(&tri)
	l, s := tri.RawTriangular(), floatflow.CopyGeneral(b)
	blas64.Trsm(blas.Left, plain, 1, l, s)
	blas64.Trsm(blas.Right, transposed, 1, l, s)
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(n, s.Data), true) {
		return u, nil, false
	}
	var v mat.Dense
	e.VectorsTo(&v)
	u = v.RawMatrix()
	blas64.Trsm(blas.Left, transposed, 1, l, u)
	return u, e.Values(nil), true
}
