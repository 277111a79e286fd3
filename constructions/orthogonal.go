package constructions

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/coupling/simplify"
	"flowproof/exactmath"
	"flowproof/exactmath/spectral"
)

// Condition numbers that no layer of Orthogonal exceeds, in any dimension: those
// of additive layers of weights of norm 1 + 2^(1/4) and 1 + sqrt 2, 6.64207.. and
// 7.69854.., with room for rounding (PROOFS.md, section 1).
const (
	OrthogonalBoundEven = 6.6421 // n even
	OrthogonalBoundOdd  = 7.699  // n odd
)

// Products of the condition numbers that Orthogonal does not exceed.
const (
	OrthogonalProductEven = 13_341
	OrthogonalProductOdd  = 13_800
)

// orthogonalBound returns what is proved for n coordinates.
func orthogonalBound(n int) conditions {
	if n%2 == 0 {
		return conditions{OrthogonalBoundEven, OrthogonalProductEven}
	}
	return conditions{OrthogonalBoundOdd, OrthogonalProductOdd}
}

// orthogonalLimit is the largest distance of a singular value from 1 that
// Orthogonal accepts: data orthogonal to float32 precision passes.
const orthogonalLimit = 1e-4

// Orthogonal writes a rotation, M in SO(n), as six additive coupling layers
//
//	M = L(-X0) U(X1) L(X2) U(X3) L(X4) U(X5),   X0, X2, X4: q x p, X1, X3, X5: p x q
//
// of condition number at most OrthogonalBoundEven or OrthogonalBoundOdd each, and
// at most OrthogonalProductEven or OrthogonalProductOdd together, for every n >= 2
// and every M (PROOFS.md, section 1). It returns fewer layers
// where it can tell that they are enough: none for the identity, three for a
// rotation of one plane across the parts, four for -I, five for a swap of the
// halves.
//
// The target is read in float64, and the layers are multiples of 2^-52; the
// residual that is left is of the order of rounding. Of a target that is
// orthogonal to a lesser precision the nearest rotation is decomposed, so that
// the bound holds all the same. It is certified for the layers returned.
//
// Errors: *ShapeError, ErrPartition (the parts must differ by at most one),
// *NotOrthogonalError (a singular value more than 1e-4 from 1), ErrOrientation
// (determinant negative), ErrNoConvergence, *BoundError (never seen: rounding
// broke the bound).
func Orthogonal(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	f, err := newFrame(target, part)
	if err != nil {
		return nil, err
	}
	m, err := nearestRotation(f.dense(target))
	if err != nil {
		return nil, err
	}
	if detSign(m) < 0 { // say so only if it is proved
		if err := requirePositive(target); err != nil {
			return nil, err
		}
		return nil, ErrNoConvergence
	}
	b := orthogonalBound(part.Dim())
	for _, three := range threeShears(m, f.p) {
		if flow, got, err := f.within(b, three.first, three.weights...); err != nil || got.keeps(b) {
			return flow, err
		}
	}
	h, err := newHalved(m, f.p)
	if err != nil {
		return nil, err
	}
	return f.bestRotation(h, twists(f.q > f.p), b, func(norms []float64) float64 { return spectral.Shear(slices.Max(norms)) })
}

// bestRotation returns the flow of least largest condition number for the twists
// given, of which the first is proved to keep the bound b. Estimates of that number
// from estimated norms of X0..X5 decide the order in which twists are tried.
func (f frame) bestRotation(h *halved, ts []twist, b conditions, estimate func(norms []float64) float64) (*coupling.Flow, error) {
	x, err := h.choose(ts, choice{
		name:     "largest condition number of a layer",
		estimate: estimate,
		certify: func(x [6]*mat.Dense) float64 {
			_, got, err := f.within(b, coupling.Lower, x[:]...)
			if err != nil || !(got.product <= b.product) {
				return math.Inf(1)
			}
			return got.largest
		},
		bound: b.largest,
	})
	if err != nil {
		return nil, err
	}
	flow, _, err := f.within(b, coupling.Lower, x[:]...)
	return flow, err
}

// conditions are the largest condition number of a layer, and the product of all.
type conditions struct{ largest, product float64 }

func (c conditions) keeps(b conditions) bool { return c.largest <= b.largest && c.product <= b.product }

// proved returns proved upper bounds for an additive flow.
func proved(f *coupling.Flow) conditions {
	c := conditions{1, 1}
	for _, l := range f.Layers() {
		k := spectral.ShearBound(spectral.Norm(l.Weight()).Bound)
		c = conditions{max(c.largest, k), math.Nextafter(c.product*k, math.Inf(1))}
	}
	return c
}

// within returns the additive flow with the given weights, merged unless it is
// the merging of two layers, where one between them vanishes, that breaks the
// bound b.
func (f frame) within(b conditions, first coupling.Kind, weights ...*mat.Dense) (*coupling.Flow, conditions, error) {
	flow, err := f.stacked(first, weights...)
	if err != nil {
		return nil, conditions{}, err
	}
	merged, err := simplify.Merge(flow)
	if err != nil {
		return nil, conditions{}, err
	}
	if c := proved(merged); c.keeps(b) || merged.Depth() == len(weights) {
		return merged, c, nil
	}
	return flow, proved(flow), nil
}

// nearestRotation returns the orthogonal matrix nearest to m, m itself if it is
// orthogonal to 1e-12, by Newton's iteration for the polar decomposition without
// inverses (Schulz). It fails with a *NotOrthogonalError for what is too far.
func nearestRotation(m *mat.Dense) (*mat.Dense, error) {
	n, _ := m.Dims()
	// A singular value is at least every entry; and no product overflows below.
	if top := maxAbs(m.RawMatrix().Data); !(top <= 2) {
		return nil, &NotOrthogonalError{Defect: top - 1, Limit: orthogonalLimit}
	}
	const good, steps = 1e-12, 3 // a defect d becomes about 3/2 d^2
	for k := 0; ; k++ {
		g := product(mat.DenseCopyOf(m.T()), m)
		for i := range n {
			g.Set(i, i, g.At(i, i)-1)
		}
		// |M^T M - I| in the Frobenius norm is at least every |sigma^2 - 1|.
		d := mat.Norm(g, 2) / 2
		if !(d <= orthogonalLimit) {
			return nil, &NotOrthogonalError{Defect: d, Limit: orthogonalLimit}
		}
		if d <= good || k == steps {
			return m, nil
		}
		step := product(m, g)
		step.Scale(-0.5, step)
		next := new(mat.Dense)
		next.Add(m, step)
		m = next
	}
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
