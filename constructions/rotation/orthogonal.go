// Package rotation is chapter 1 of PROOFS.md: a rotation is the product of six
// additive layers whose condition numbers are bounded by a constant, whatever the
// dimension.
package rotation

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/numeric"
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
//
// Statement: rotation-six (proofs/rotation.md).
func Orthogonal(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	f, err := geometry.NewBalanced(target, part)
	if err != nil {
		return nil, err
	}
	m, err := nearestRotation(f.Dense(target))
	if err != nil {
		return nil, err
	}
	if numeric.DetSign(m) < 0 { // say so only if it is proved
		if err := geometry.RequirePositive(target); err != nil {
			return nil, err
		}
		return nil, fault.ErrNoConvergence
	}
	b := orthogonalBound(part.Dim())
	for _, three := range threeShears(m, f.P) {
		if flow, got, err := within(f, b, three.first, three.weights...); err != nil || got.keeps(b) {
			return flow, err
		}
	}
	h, err := newHalved(m, f.P)
	if err != nil {
		return nil, err
	}
	return bestRotation(f, h, twists(f.Q > f.P), b, func(norms []float64) float64 { return spectral.Shear(slices.Max(norms)) })
}

// bestRotation returns the flow of least largest condition number for the twists
// given, of which the first is proved to keep the bound b. Estimates of that number
// from estimated norms of X0..X5 decide the order in which twists are tried.
func bestRotation(f geometry.Frame, h *halved, ts []twist, b conditions, estimate func(norms []float64) float64) (*coupling.Flow, error) {
	x, err := h.choose(ts, choice{
		name:     "largest condition number of a layer",
		estimate: estimate,
		certify: func(x [6]*mat.Dense) float64 {
			_, got, err := within(f, b, coupling.Lower, x[:]...)
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
	flow, _, err := within(f, b, coupling.Lower, x[:]...)
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
func within(f geometry.Frame, b conditions, first coupling.Kind, weights ...*mat.Dense) (*coupling.Flow, conditions, error) {
	flow, err := f.Stacked(first, weights...)
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
