package constructions

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
)

// shears is a product of three layers, the kind of the outer two being first.
type shears struct {
	first   coupling.Kind
	weights []*mat.Dense
}

// threeShears looks for M = U(X) L(c) U(Z) or L(X) U(b) L(Z) in block order.
// The former holds if and only if X c = a - I, c Z = e - I and X + Z + X c Z = b
// (PROOFS.md, section 1.5); the least-norm X and Z are tried, and taken if they
// meet the equations to rounding and no layer is worse conditioned than six
// layers would be.
func threeShears(m *mat.Dense, p int) (shears, bool) {
	n, _ := m.Dims()
	a, b := m.Slice(0, p, 0, p), m.Slice(0, p, p, n)
	c, e := m.Slice(p, n, 0, p), m.Slice(p, n, p, n)
	if x, z, ok := outerShears(a, b, c, e); ok {
		return shears{coupling.Upper, []*mat.Dense{x, toGrid(mat.DenseCopyOf(c)), z}}, true
	}
	if x, z, ok := outerShears(e, c, b, a); ok {
		return shears{coupling.Lower, []*mat.Dense{x, toGrid(mat.DenseCopyOf(b)), z}}, true
	}
	return shears{}, false
}

// outerShears solves X c = a - I, c Z = e - I, X + X c Z + Z = b.
func outerShears(a, b, c, e mat.Matrix) (x, z *mat.Dense, ok bool) {
	// A weight of norm 16/7 is within the bounds proved for six layers.
	const maxNorm, tol = 16. / 7, 1e-14
	// The rank of a - I and e - I cannot exceed that of c, so a dense M fails
	// here, before any factorization.
	pinv, err := pseudoInverse(c)
	if err != nil {
		return nil, nil, false
	}
	am, em := minusIdentity(a), minusIdentity(e)
	x, z = product(am, pinv), product(mat.DenseCopyOf(pinv), em)
	if spectralNorm(x) > maxNorm || spectralNorm(z) > maxNorm {
		return nil, nil, false
	}
	toGrid(x)
	toGrid(z)
	xc := product(x, c)
	top := product(xc, z)
	top.Add(top, x)
	top.Add(top, z)
	top.Sub(top, b)
	xc.Sub(xc, am)
	cz := product(mat.DenseCopyOf(c), z)
	cz.Sub(cz, em)
	n := float64(xc.RawMatrix().Rows + cz.RawMatrix().Rows)
	ok = mat.Norm(xc, 2)+mat.Norm(cz, 2)+mat.Norm(top, 2) <= tol*n
	return x, z, ok
}

func minusIdentity(a mat.Matrix) *mat.Dense {
	d := mat.DenseCopyOf(a)
	n, _ := d.Dims()
	for i := range n {
		d.Set(i, i, d.At(i, i)-1)
	}
	return d
}

// pseudoInverse returns the Moore-Penrose inverse of c, singular values below
// 1e-12 of the largest taken for zero.
func pseudoInverse(c mat.Matrix) (*mat.Dense, error) {
	var svd mat.SVD
	if !svd.Factorize(c, mat.SVDThin) {
		return nil, ErrNoConvergence
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	s := svd.Values(nil)
	v.Apply(func(_, j int, x float64) float64 {
		if s[j] <= 1e-12*s[0] {
			return 0
		}
		return x / s[j]
	}, &v)
	return product(&v, u.T()), nil
}

// spectralNorm estimates the largest singular value of w by power iteration on
// w^T w, from below: it guides choices and proves nothing.
func spectralNorm(w *mat.Dense) float64 {
	rows, cols := w.Dims()
	if rows == 0 || cols == 0 {
		return 0
	}
	g := blas64.General(w.RawMatrix())
	x := blas64.Vector{N: cols, Inc: 1, Data: make([]float64, cols)}
	y := blas64.Vector{N: rows, Inc: 1, Data: make([]float64, rows)}
	for i := range x.Data {
		x.Data[i] = 1 + float64(i%7)/8
	}
	norm := 0.0
	for range 40 {
		l := blas64.Nrm2(x)
		if l == 0 {
			return 0
		}
		blas64.Scal(1/l, x)
		blas64.Gemv(blas.NoTrans, 1, g, x, 0, y)
		next := blas64.Nrm2(y)
		if next-norm <= 1e-4*next {
			return next
		}
		norm = next
		blas64.Gemv(blas.Trans, 1, g, y, 0, x)
	}
	return norm
}
