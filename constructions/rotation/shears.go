package rotation

import (
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/internal/numeric"
	"flowproof/coupling"
)

// shears is a product of three layers, the kind of the outer two being first.
type shears struct {
	first   coupling.Kind
	weights []*mat.Dense
}

// threeShears returns M as U(X) L(c) U(Z) and as L(X) U(b) L(Z) in block order,
// where it can. The former holds if and only if X c = a - I, c Z = e - I and X + Z +
// X c Z = b (PROOFS.md, section 1.5); the least-norm X and Z are tried, and given if
// they meet the equations to rounding. Nothing is said of their norms.
func threeShears(m *mat.Dense, p int) []shears {
	n, _ := m.Dims()
	a, b := m.Slice(0, p, 0, p), m.Slice(0, p, p, n)
	c, e := m.Slice(p, n, 0, p), m.Slice(p, n, p, n)
	var out []shears
	if w, ok := outerShears(a, b, c, e); ok {
		out = append(out, shears{coupling.Upper, w})
	}
	if w, ok := outerShears(e, c, b, a); ok {
		out = append(out, shears{coupling.Lower, w})
	}
	return out
}

// outerShears solves X c = a - I, c Z = e - I, X + X c Z + Z = b, and returns X,
// c, Z.
func outerShears(a, b, c, e mat.Matrix) (weights []*mat.Dense, ok bool) {
	const tol = 1e-14
	pinv, err := pseudoInverse(c)
	if err != nil {
		return nil, false
	}
	am, em := minusIdentity(a), minusIdentity(e)
	x, z := numeric.ToGrid(numeric.Product(am, pinv)), numeric.ToGrid(numeric.Product(mat.DenseCopyOf(pinv), em))
	xc := numeric.Product(x, c)
	top := numeric.Product(xc, z)
	top.Add(top, x)
	top.Add(top, z)
	top.Sub(top, b)
	xc.Sub(xc, am)
	cz := numeric.Product(mat.DenseCopyOf(c), z)
	cz.Sub(cz, em)
	n := float64(xc.RawMatrix().Rows + cz.RawMatrix().Rows)
	ok = mat.Norm(xc, 2)+mat.Norm(cz, 2)+mat.Norm(top, 2) <= tol*n
	return []*mat.Dense{x, numeric.ToGrid(mat.DenseCopyOf(c)), z}, ok
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
	u, s, v, err := numeric.SVD(c, true)
	if err != nil {
		return nil, err
	}
	v.Apply(func(_, j int, x float64) float64 {
		if s[j] <= 1e-12*s[0] {
			return 0
		}
		return x / s[j]
	}, v)
	return numeric.Product(v, u.T()), nil
}
