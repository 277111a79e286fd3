// Package lowerbound checks reasons why a linear map is not a product of so few
// coupling layers. It computes with rationals only, and does not import the
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

	"flowproof/coupling"
	"flowproof/exactmath"
)

// Rule names the theorem that a reason applies.
type Rule string

// The rules, for k layers.
const (
	// Shape: k <= 2. The blocks are not those of such a product: I for k = 0; c = 0,
	// e = I and a a positive diagonal for k = 1; e and al positive diagonals for k = 2.
	Shape Rule = "shape"
	// Signs: k = 3, where c = -D2 r D1. With one row i and column j: c_ij and r_ij
	// are not both zero, nor of opposite signs. With rows i_1..i_m and columns
	// j_1..j_m: the product of c(i_t, j_t) r(i_t, j_{t+1}) differs from that of
	// r(i_t, j_t) c(i_t, j_{t+1}), j_{m+1} = j_1.
	Signs Rule = "signs"
	// Kernel: k = 3, where y^T e = y^T D2 if y^T c = 0, and a x = D1 x if c x = 0
	// (First). One or two such vectors force an entry of the scale at Index[0] that
	// is not positive, or two different ones.
	Kernel Rule = "kernel"
	// Rank: e - D2 has rank at most p m for some positive diagonal D2, and al - D1
	// (First) has rank at most q m for some D1, m = floor((k-1)/2), one less if k >= 3
	// is odd and c = 0. But the submatrix of e - D with rows
	// Rows and Index and columns Cols and Index, all three sets disjoint, is never
	// singular: the minor of e on Rows and Cols is not zero, and its Schur complement
	// S on Index makes -S a P0 matrix (no principal minor is negative), or, with
	// Weights T > 0, T S + S^T T negative semidefinite.
	Rank Rule = "rank"
	// Coefficient: k = 4, or k = 5 and c = 0, where e D2^-1 and D1 al have the same
	// spectrum, the smaller filled up with ones. But the elementary symmetric
	// functions of order Order of the two spectra never agree: the signs of the
	// principal minors settle it.
	Coefficient Rule = "coefficient"
	// Inertia: as Coefficient, but the numbers of eigenvalues in the open left half
	// plane, on the imaginary axis, and in the open right half plane never agree.
	// Pieces makes e and al block triangular; a diagonal S for each diagonal block X
	// bounds the numbers of the eigenvalues of X D for every D: X S + S X^T positive
	// definite, or semidefinite and S of one sign.
	Inertia Rule = "inertia"
)

// Certificate claims that no product of Depth-1 coupling layers is the target.
// Reasons says why for those whose leftmost layer is coupling.Lower, then for
// coupling.Upper. Depth 0 claims nothing and needs no reasons.
type Certificate struct {
	Depth   int       `json:"depth"`
	Reasons [2]Reason `json:"reasons"`
}

// Reason is a rule with the data that it needs; indices are 0-based within a
// part.
type Reason struct {
	Rule    Rule         `json:"rule"`
	First   bool         `json:"first,omitempty"`   // Kernel, Rank: about D1, not D2
	Order   int          `json:"order,omitempty"`   // Coefficient
	Rows    []int        `json:"rows,omitempty"`    // Signs, Rank
	Cols    []int        `json:"cols,omitempty"`    // Signs, Rank
	Index   []int        `json:"index,omitempty"`   // Kernel, Rank
	Weights []*big.Rat   `json:"weights,omitempty"` // Rank
	Vectors [][]*big.Rat `json:"vectors,omitempty"` // Kernel
	Pieces  [2][]Piece   `json:"pieces,omitzero"`   // Inertia: of e, of al
}

// Piece is a diagonal block of a block triangular matrix. With no weights it is
// not looked into.
type Piece struct {
	Index   []int      `json:"index"`
	Weights []*big.Rat `json:"weights,omitempty"` // the diagonal S
}

// ErrUnproved is wrapped by the error for a reason that does not hold.
var ErrUnproved = errors.New("the reason does not prove the bound")

// Check returns nil if the certificate proves that no product of fewer than Depth
// coupling layers on the partition is the target (n x n, invertible). Scales may
// be any positive diagonals. The error wraps ErrUnproved if it does not, and is a
// *exactmath.ShapeError if the target does not fit the partition.
func Check(target exactmath.Matrix, part coupling.Partition, cert Certificate) error {
	n := part.Dim()
	if r, c := target.Dims(); r != n || c != n {
		return &exactmath.ShapeError{Op: "lowerbound.Check", R1: r, C1: c, R2: n, C2: n}
	}
	if cert.Depth <= 0 {
		return nil
	}
	for _, leftmost := range []coupling.Kind{coupling.Lower, coupling.Upper} {
		m, ok := newBlocks(target, part, leftmost)
		if !ok {
			return fmt.Errorf("%w: the target is singular", ErrUnproved)
		}
		if reason := cert.Reasons[leftmost]; !m.refutes(cert.Depth-1, reason) {
			return fmt.Errorf("%w: %d layers beginning with %v, rule %q", ErrUnproved, cert.Depth-1, leftmost, reason.Rule)
		}
	}
	return nil
}

// blocks are the parts of M and M^-1 of which the rules speak, the parts renamed
// so that the leftmost layer is U.
type blocks struct {
	p, q               int
	a, b, c, e, al, r_ mat
}

func newBlocks(target exactmath.Matrix, part coupling.Partition, leftmost coupling.Kind) (*blocks, bool) {
	first, second := part.First(), part.Second()
	if leftmost == coupling.Lower {
		first, second = second, first
	}
	whole := make(mat, part.Dim())
	order := append(append([]int(nil), first...), second...)
	for i := range whole {
		for _, j := range order {
			whole[i] = append(whole[i], target.At(order[i], j))
		}
	}
	p, n := len(first), len(order)
	inv, ok := whole.inverse()
	if !ok {
		return nil, false
	}
	one, two := ints(0, p), ints(p, n)
	return &blocks{p, n - p, whole.sub(one, one), whole.sub(one, two), whole.sub(two, one), whole.sub(two, two), inv.sub(one, one), inv.sub(two, one)}, true
}

// refutes reports whether the reason shows that M is not a product of k layers.
func (m *blocks) refutes(k int, reason Reason) bool {
	spectral := k == 4 || k == 5 && m.c.isZero()
	switch reason.Rule {
	case Shape:
		return m.shape(k)
	case Signs:
		return k == 3 && m.signs(reason.Rows, reason.Cols)
	case Kernel:
		return k == 3 && m.kernel(reason)
	case Rank:
		return m.rank(k, reason)
	case Coefficient:
		return spectral && m.coefficient(reason.Order)
	case Inertia:
		return spectral && m.inertia(reason.Pieces)
	}
	return false
}
