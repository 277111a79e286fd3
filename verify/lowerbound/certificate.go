// Package lowerbound checks reasons why a linear map is not a product of so few
// coupling layers. It computes with integers only, and does not import the
// packages that find the reasons. The theorems behind the rules are in PROOFS.md,
// section 3.
//
// Write M = [[a, b], [c, e]] in block order and M^-1 = [[al, be], [r, s]]. The
// rules speak of a product of k layers of alternating kinds whose leftmost one is
// U; for those that begin with L the two parts swap names, so that e and al become
// a and s, c and r become b and be, and p and q trade places. As scales move to the
// right end, such a product is an additive one times a positive diagonal
// diag(D1, D2).
package lowerbound

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// Certificate claims that no product of Depth-1 coupling layers is the target.
// Reasons says why for those whose leftmost layer is coupling.Lower, then for
// coupling.Upper. Depth 0 claims nothing and needs no reasons.
type Certificate struct {
	Depth   int
	Reasons [2]Reason
}

// ErrUnproved is wrapped by the error for a reason that does not hold.
var ErrUnproved = errors.New("the reason does not prove the bound")

// Check returns nil if the certificate proves that no product of fewer than Depth
// coupling layers on the partition is the target (n x n, invertible). Scales may
// be any positive diagonals. The error wraps ErrUnproved if it does not, ErrForm
// if a reason has not the form of its rule, and is a *exactmath.ShapeError if the
// target does not fit the partition.
func Check(target exactmath.Matrix, part coupling.Partition, cert Certificate) error {
	limits := exactmath.Unlimited()
	return CheckWithin(&limits, target, part, cert)
}

// CheckWithin is Check, but fails with exactmath.ErrTooLarge or ErrStopped rather
// than spend more work than there is.
func CheckWithin(limits *exactmath.Limits, target exactmath.Matrix, part coupling.Partition, cert Certificate) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case exhausted:
			err = fmt.Errorf("lower bound: %w", p.error)
		default:
			panic(p)
		}
	}()
	n, w := part.Dim(), meter{limits}
	if r, c := target.Dims(); r != n || c != n {
		return &exactmath.ShapeError{Op: "lowerbound.Check", R1: r, C1: c, R2: n, C2: n}
	}
	if cert.Depth <= 0 {
		return nil
	}
	both, err := w.split(target, part)
	if err != nil {
		return err
	}
	for kind, reason := range cert.Reasons {
		if err := reason.Validate(); err != nil {
			return err
		}
		if !rules[reason.Rule].holds(both[kind], cert.Depth-1, reason) {
			return fmt.Errorf("%w: %d layers beginning with %v, rule %q", ErrUnproved, cert.Depth-1, coupling.Kind(kind), reason.Rule)
		}
	}
	return nil
}

// split returns the blocks of the target for products that begin with each kind.
func (w meter) split(target exactmath.Matrix, part coupling.Partition) (both [2]*blocks, err error) {
	n := part.Dim()
	m := w.integers(build(2*n, 2*n, func(i, j int) *big.Rat { // [[M, 1], [1, 0]]
		switch {
		case i < n && j < n:
			return target.At(i, j)
		case i == j+n || j == i+n:
			return big.NewRat(1, 1)
		}
		return new(big.Rat)
	}))
	det, inv := m.schur(w, n)
	if det == 0 {
		return both, fmt.Errorf("%w: the target is singular", ErrUnproved)
	}
	for kind := range both {
		one, two := part.First(), part.Second()
		if coupling.Kind(kind) == coupling.Lower {
			one, two = two, one
		}
		all := slices.Concat(one, two)
		both[kind] = &blocks{w, m[n][0], m.sub(all, all), m.sub(one, one), m.sub(two, one), m.sub(two, two), inv.sub(one, one), inv.sub(two, one)}
	}
	return both, nil
}

// blocks are M and the parts of M and M^-1 of which the rules speak, the parts
// renamed so that the leftmost layer is U. Those of M are multiplied by unit > 0,
// those of M^-1 by another positive number: but for unit, the rules depend on signs
// alone, and on ratios.
type blocks struct {
	meter
	unit              *big.Int
	m, a, c, e, al, r mat
}
