package constructions

import (
	"slices"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// Condition numbers that no layer of Orthogonal exceeds, in any dimension
// (PROOFS.md, section 1).
const (
	OrthogonalBoundEven = 7.087 // n even
	OrthogonalBoundOdd  = 7.699 // n odd
)

// orthogonalLimit is the largest distance of a singular value from 1 that
// Orthogonal accepts: data orthogonal to float32 precision passes.
const orthogonalLimit = 1e-4

// Orthogonal writes a rotation, M in SO(n), as six additive coupling layers
//
//	M = L(-X0) U(X1) L(X2) U(X3) L(X4) U(X5),   X0, X2, X4: q x p, X1, X3, X5: p x q
//
// of condition number at most OrthogonalBoundEven or OrthogonalBoundOdd each,
// for every n >= 2 and every M (PROOFS.md, section 1). It returns fewer layers
// where it can tell that they are enough: none for the identity, three for a
// rotation of one plane across the parts, four for -I, five for a swap of the
// halves.
//
// The target is read in float64, and the layers are multiples of 2^-52; the
// residual that is left is of the order of rounding. A target that is
// orthogonal to a lesser precision is decomposed to that precision.
//
// Errors: *ShapeError, ErrPartition (the parts must differ by at most one),
// *NotOrthogonalError (a singular value more than 1e-4 from 1), ErrOrientation
// (determinant negative), ErrNoConvergence.
func Orthogonal(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	f, err := newFrame(target, part)
	if err != nil {
		return nil, err
	}
	m := f.dense(target)
	if err := checkOrthogonal(m); err != nil {
		return nil, err
	}
	if detSign(m) < 0 {
		if err := orientable(target); err != nil {
			return nil, err
		}
	}
	if three, ok := threeShears(m, f.p); ok {
		return f.alternating(three.first, three.weights...)
	}
	x, err := orthogonalLayers(m, f.p)
	if err != nil {
		return nil, err
	}
	return f.alternating(coupling.Lower, x[:]...)
}

// checkOrthogonal bounds |M^T M - I| by its Frobenius norm, which is at least
// every |sigma^2 - 1|.
func checkOrthogonal(m *mat.Dense) error {
	var g mat.Dense
	g.Mul(m.T(), m)
	n, _ := g.Dims()
	for i := range n {
		g.Set(i, i, g.At(i, i)-1)
	}
	if d := mat.Norm(&g, 2) / 2; !(d <= orthogonalLimit) {
		return &NotOrthogonalError{Defect: d, Limit: orthogonalLimit}
	}
	return nil
}

// orthogonalLayers returns the six weights of M = L U L U L U for M in SO(n) in
// block order, p <= q <= p + 1, with the parameters that give the smallest
// largest condition number among those tried.
func orthogonalLayers(m *mat.Dense, p int) ([6]*mat.Dense, error) {
	h, err := newHalved(m, p)
	if err != nil {
		return [6]*mat.Dense{}, err
	}
	return h.layersOf(twists(h.q > p), slices.Max[[]float64]), nil
}

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
	planes []plane
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
		return nil, ErrNoConvergence
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
	x0 := product(&scaled, vt.T(), a.T())

	e := product(x0, b)
	e.Add(e, e0)
	// r = the lower left block of N^-1 = M^T L(-X0).
	r := product(mat.DenseCopyOf(e0.T()), x0)
	r.Sub(b.T(), r)

	cc, rr := mat.NewDense(q, q, nil), mat.NewDense(q, q, nil)
	cc.Slice(0, q, 0, p).(*mat.Dense).Scale(-1, &c)
	rr.Slice(0, q, 0, p).(*mat.Dense).Copy(r)
	if q > p {
		nu := u.Slice(0, q, p, q)
		cc.Slice(0, q, p, q).(*mat.Dense).Copy(nu)
		rr.Slice(0, q, p, q).(*mat.Dense).Mul(e.T(), nu)
	}
	g := product(mat.DenseCopyOf(cc.T()), rr)
	t, z, err := realSchur(g)
	if err != nil {
		return nil, err
	}
	h := &halved{p: p, q: q, x0: x0, v: product(cc, z), zp: mat.DenseCopyOf(z.Slice(0, p, 0, q))}
	h.ac, h.ce = product(mat.DenseCopyOf(a), c.T()), product(mat.DenseCopyOf(c.T()), e)
	h.planes, h.rest = rotationPlanes(t)
	if q > p {
		h.axis = mat.Row(nil, p, z)
	}
	return h, nil
}
