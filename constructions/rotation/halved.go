package rotation

import (
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
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
	q := n - p
	a, b := m.Slice(0, p, 0, p), m.Slice(0, p, p, n)
	c0, e0 := m.Slice(p, n, 0, p), m.Slice(p, n, p, n)

	var svd mat.SVD
	if !svd.Factorize(c0, mat.SVDFull) {
		return nil, fault.ErrNoConvergence
	}
	var u, vt mat.Dense
	svd.UTo(&u)
	svd.VTo(&vt)
	s := svd.Values(nil)
	up := u.Slice(0, q, 0, p)
	var c, scaled mat.Dense
	c.Mul(up, vt.T())
	scaled.CloneFrom(up)
	scaled.Apply(func(_, j int, x float64) float64 { return x / (1 + s[j]) }, &scaled)
	x0 := numeric.Product(&scaled, vt.T(), a.T())

	e := numeric.Product(x0, b)
	e.Add(e, e0)
	// r = the lower left block of N^-1 = M^T L(-X0).
	r := numeric.Product(mat.DenseCopyOf(e0.T()), x0)
	r.Sub(b.T(), r)

	cc, rr := mat.NewDense(q, q, nil), mat.NewDense(q, q, nil)
	cc.Slice(0, q, 0, p).(*mat.Dense).Scale(-1, &c)
	rr.Slice(0, q, 0, p).(*mat.Dense).Copy(r)
	if q > p {
		nu := u.Slice(0, q, p, q)
		cc.Slice(0, q, p, q).(*mat.Dense).Copy(nu)
		rr.Slice(0, q, p, q).(*mat.Dense).Mul(e.T(), nu)
	}
	g := numeric.Product(mat.DenseCopyOf(cc.T()), rr)
	t, z, err := numeric.RealSchur(g)
	if err != nil {
		return nil, err
	}
	h := &halved{p: p, q: q, x0: x0, v: numeric.Product(cc, z), zp: mat.DenseCopyOf(z.Slice(0, p, 0, q))}
	h.ac, h.ce = numeric.Product(mat.DenseCopyOf(a), c.T()), numeric.Product(mat.DenseCopyOf(c.T()), e)
	h.planes, h.rest = numeric.RotationPlanes(t)
	if q > p {
		h.axis = mat.Row(nil, p, z)
	}
	return h, nil
}
