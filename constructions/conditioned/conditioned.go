// Package conditioned is chapter 5 of PROOFS.md: flows of any map of positive
// determinant whose condition numbers are bounded in those of the map: thirteen
// layers within a constant of the best, and eight in closed form.
package conditioned

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/numeric"
	"flowproof/constructions/rotation"
	"flowproof/coupling"
	"flowproof/exactmath"
)

// ConditionedBoundEven and ConditionedBoundOdd are the constants C of
// Conditioned (PROOFS.md, section 5): the squares of the products of the six
// bounds for a rotation.
const (
	ConditionedBoundEven = 9.17e7
	ConditionedBoundOdd  = 1.13e8
)

// Options are the choices left to the caller of Conditioned.
type Options struct {
	// Depth is 13 (or 0, the default) or 11. Eleven layers have the same bound
	// on the product of the condition numbers, and a worse single layer.
	Depth int
}

// DepthError reports a depth that a construction does not offer.
type DepthError struct{ Depth int }

func (e *DepthError) Error() string {
	return fmt.Sprintf("depth %d is not offered by this construction, want 13 or 11", e.Depth)
}

// Conditioned writes any M with det M > 0, n >= 2 odd or even, as thirteen
// coupling layers whose condition numbers have a product within a constant of
// the least possible if M is balanced, s_p >= 1 >= s_(q+1): from the singular value decomposition M = Q1 Sigma Q2^T,
// Q1 and Q2 rotations,
//
//	M = [L U L U L U] diag(Sigma1, I) diag(I, Sigma2) [U L U L U L],
//
// where Sigma1 joins the U before it. With singular values s_1 >= .. >= s_n, the
// smaller part of p coordinates, the larger of q, and C = ConditionedBoundEven
// or ConditionedBoundOdd, the product is at most
//
//	C max(s_1, 1) max(1/s_n, 1) delta,   delta = max(1, 1/s_p, s_(q+1)),
//
// which is C cond(M) delta if |det M| = 1; delta = 1 for balanced M, such as a
// suitable multiple of any M, and for |det M| = 1 at most cond(M)^((p-1)/n)
// (PROOFS.md, section 5). In eleven layers diag(I, Sigma2) goes into a neighbouring L and
// the two U become one; the bound is the same.
//
// The target is read in float64 up to a power of two; the residual left is of
// the order of rounding relative to the largest singular value, whatever cond M
// is. Singular values below 2^-60 of the largest are raised to that.
//
// Errors: *DepthError, *ShapeError, ErrPartition (the parts must differ by at
// most one), ErrOrientation (determinant negative), ErrSingular,
// ErrNoConvergence, *BoundError (never seen: rounding broke the bound).
//
// Statement: conditioned-thirteen (proofs/conditioned.md).
func Conditioned(target exactmath.Matrix, part coupling.Partition, opts Options) (*coupling.Flow, error) {
	if opts.Depth != 0 && opts.Depth != 13 && opts.Depth != 11 {
		return nil, &DepthError{opts.Depth}
	}
	f, m, exp, err := prepare(target, part)
	if err != nil {
		return nil, err
	}
	d, err := newRotated(f, m, exp)
	if err != nil {
		return nil, err
	}
	left, err := rotation.ProductLayers(d.q1, f.P)
	if err != nil {
		return nil, err
	}
	right, err := rotation.ProductLayers(d.q2, f.P)
	if err != nil {
		return nil, err
	}
	b := geometry.LayerList{Frame: f}
	for k := range 4 {
		b.Add(geometry.KindAt(k), left[k], 0, nil, 0)
	}
	if opts.Depth == 11 {
		d.eleven(&b, left, right)
	} else {
		d.thirteen(&b, left, right)
	}
	for k := 3; k >= 0; k-- {
		b.Add(geometry.KindAt(k), numeric.Negated(right[k]), 0, nil, 0)
	}
	return b.Flow()
}

// prepare returns the frame and the target in it as m 2^exp, once it is known to have a
// positive determinant.
func prepare(target exactmath.Matrix, part coupling.Partition) (f geometry.Frame, m *mat.Dense, exp int, err error) {
	if f, err = geometry.NewBalanced(target, part); err != nil {
		return f, nil, 0, err
	}
	if m, exp, err = geometry.ScaledDense(f, target); err != nil {
		return f, nil, 0, err
	}
	return f, m, exp, geometry.RequirePositive(target)
}

// rotated is M = 2^exp Q1 diag(first, second) Q2^T with Q1, Q2 in SO(n). If
// second holds the large singular values, largeSecond is true.
type rotated struct {
	q1, q2        *mat.Dense
	exp           int
	first, second []float64
	largeSecond   bool
}

// newRotated decomposes the scaled target m. The larger part takes the q largest
// singular values if the q-th of M is at least 1, else the q smallest: then the
// scales of the larger part are all on one side of 1.
func newRotated(f geometry.Frame, m *mat.Dense, exp int) (*rotated, error) {
	n := f.P + f.Q
	q1, s, q2, err := numeric.SVD(m, false)
	if err != nil {
		return nil, err
	}
	d := &rotated{q1: q1, q2: q2, exp: exp}
	d.orient()
	for i := range s {
		s[i] = max(s[i], s[0]*0x1p-60)
	}
	d.largeSecond = math.Ldexp(s[f.Q-1], exp) >= 1
	if !d.largeSecond {
		d.first, d.second = s[:f.P], s[f.P:]
		return d, nil
	}
	d.second, d.first = s[:f.Q], s[f.Q:]
	for _, q := range []*mat.Dense{d.q1, d.q2} {
		r := mat.NewDense(n, n, nil)
		r.Slice(0, n, 0, f.P).(*mat.Dense).Copy(q.Slice(0, n, f.Q, n))
		r.Slice(0, n, f.P, n).(*mat.Dense).Copy(q.Slice(0, n, 0, f.Q))
		if f.P*f.Q%2 == 1 { // the shift of the columns is odd: keep det = 1
			numeric.FlipLast(r)
		}
		*q = *r
	}
	return d, nil
}

// orient makes det Q1 = det Q2 = 1. The determinant of M is positive, and when
// rounding decided otherwise, the smallest singular value is so small that either
// sign of it is as good for the residual.
func (d *rotated) orient() {
	if numeric.DetSign(d.q1) < 0 {
		numeric.FlipLast(d.q1)
	}
	if numeric.DetSign(d.q2) < 0 {
		numeric.FlipLast(d.q2)
	}
}

// thirteen adds U(X5) diag(Sigma1, I), diag(I, Sigma2), U(-X5') with its
// neighbours L(X4), L(-X4').
func (d *rotated) thirteen(b *geometry.LayerList, left, right [6]*mat.Dense) {
	b.Add(coupling.Lower, left[4], 0, nil, 0)
	b.Add(coupling.Upper, left[5], 0, d.first, d.exp)
	b.Add(coupling.Lower, nil, 0, d.second, d.exp)
	b.Add(coupling.Upper, numeric.Negated(right[5]), 0, nil, 0)
	b.Add(coupling.Lower, numeric.Negated(right[4]), 0, nil, 0)
}

// eleven moves diag(I, Sigma2) out of the way, to the side on which it makes the
// weight it passes smaller:
//
//	Sigma2 <= 1:  U(X5) diag(I, Sigma2)   = diag(I, Sigma2) U(X5 Sigma2)
//	Sigma2 >= 1:  diag(I, Sigma2) U(-X5') = U(-X5' Sigma2^-1) diag(I, Sigma2)
//
// and into the L beyond it.
func (d *rotated) eleven(b *geometry.LayerList, left, right [6]*mat.Dense) {
	mid, outer := mat.DenseCopyOf(left[5]), numeric.Negated(right[4])
	if !d.largeSecond {
		b.Add(coupling.Lower, left[4], 0, d.second, d.exp)
		// [[Sigma1, X5 Sigma2 - Sigma1 X5'], [0, I]], the power of two in front.
		mid.Apply(func(i, j int, x float64) float64 { return x*d.second[j] - d.first[i]*right[5].At(i, j) }, mid)
		b.Add(coupling.Upper, mid, d.exp, d.first, d.exp)
		b.Add(coupling.Lower, outer, 0, nil, 0)
		return
	}
	b.Add(coupling.Lower, left[4], 0, nil, 0)
	// [[Sigma1, X5 - Sigma1 X5' Sigma2^-1], [0, I]]: the powers of two cancel.
	mid.Apply(func(i, j int, x float64) float64 { return x - d.first[i]*right[5].At(i, j)/d.second[j] }, mid)
	b.Add(coupling.Upper, mid, 0, d.first, d.exp)
	// diag(I, Sigma2) L(-X4') = [[I, 0], [-Sigma2 X4', Sigma2]].
	outer.Apply(func(i, _ int, x float64) float64 { return x * d.second[i] }, outer)
	b.Add(coupling.Lower, outer, d.exp, d.second, d.exp)
}
