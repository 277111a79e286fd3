package rotation

import (
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/internal/numeric"
)

// halved is M after its first step: with X0 = Up (I+S)^-1 V^T a^T for the thin
// SVD c0 = Up S V^T, the matrix N = L(X0) M = [[a, b], [c, e]] has the isometry
// c = Up V^T in its lower left corner, and what is left to do is to write
// G = C^T R in SO(q) as a multiplicative commutator, C = [-c, nu], R = [r, rho]
// (PROOFS.md, section 1.2). G = Z T Z^T has the given planes and axes.
type halved struct {
	p, q   int
	x0     *mat.Dense // q x p
	ac, ce *mat.Dense // a c^T and c^T e, p x q
	zp     *mat.Dense // first p rows of Z
	v      *mat.Dense // C Z
	planes []numeric.Plane
	rest   []int
	axis   []float64 // last row of Z if q > p, else nil
}

func newHalved(m *mat.Dense, p int) (*halved, error) {
	n, _ := m.Dims()
	h := &halved{p: p, q: n - p}
	a, b, c0, e0 := numeric.Cut(m, p)
	u, s, v, err := numeric.SVD(c0, false)
	if err != nil {
		return nil, err
	}
	// c = Up V^T, X0 = Up (I + S)^-1 V^T a^T.
	up := u.Slice(0, h.q, 0, p)
	c, scaled := numeric.Product(mat.DenseCopyOf(up), v.T()), mat.DenseCopyOf(up)
	scaled.Apply(func(_, j int, x float64) float64 { return x / (1 + s[j]) }, scaled)
	h.x0 = numeric.Product(scaled, v.T(), a.T())
	// N = L(X0) M, and r is the lower left block of N^-1 = M^T L(-X0).
	e := numeric.Sum(numeric.Product(h.x0, b), e0)
	r := numeric.Minus(b.T(), numeric.Product(numeric.Transposed(e0), h.x0))

	// C = [-c, nu], R = [r, rho] with rho = e^T nu.
	bigC, bigR := mat.NewDense(h.q, h.q, nil), mat.NewDense(h.q, h.q, nil)
	bigC.Slice(0, h.q, 0, p).(*mat.Dense).Scale(-1, c)
	bigR.Slice(0, h.q, 0, p).(*mat.Dense).Copy(r)
	if h.q > p {
		nu := u.Slice(0, h.q, p, h.q)
		bigC.Slice(0, h.q, p, h.q).(*mat.Dense).Copy(nu)
		bigR.Slice(0, h.q, p, h.q).(*mat.Dense).Mul(e.T(), nu)
	}
	// G = C^T R = Z T Z^T.
	t, z, err := numeric.RealSchur(numeric.Product(numeric.Transposed(bigC), bigR))
	if err != nil {
		return nil, err
	}
	h.v, h.zp = numeric.Product(bigC, z), mat.DenseCopyOf(z.Slice(0, p, 0, h.q))
	h.ac, h.ce = numeric.Product(a, c.T()), numeric.Product(numeric.Transposed(c), e)
	h.planes, h.rest = numeric.RotationPlanes(t)
	if h.q > p {
		h.axis = mat.Row(nil, p, z)
	}
	return h, nil
}
