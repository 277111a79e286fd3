// Package permutation is chapter 4 of PROOFS.md: permutations, with or without signs,
// as at most six sparse additive layers of half-integers or integers.
package permutation

import (
	"errors"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// The condition numbers that no layer of Permutation and PermutationInteger, and
// none of PermutationSix for even n, exceeds, and what the product of those of
// PermutationSix for even n does not exceed. PROOFS.md, theorems 4.1 and 4.2.
const (
	PermutationBound      = 10.91
	PermutationSixBound   = 8.82
	PermutationSixProduct = 24_700
)

// Permutation returns additive coupling layers whose product is exactly the
// target: at most six, for every permutation matrix, with or without signs, of
// determinant 1 on n >= 2 points and every partition whose parts differ by at most
// one coordinate.
//
// All entries are half-integers, so exact in float64; a row of a layer has a
// bounded number of them, free of n. The weights are of type *sparse.Matrix,
// time and memory are linear in n up to sorting. The flow has the depth Upper of
// PermutationDepth. Without signs that is 0 for the identity, 4 if the target keeps
// the parts and has the same cycle lengths > 1 in both, 5 if it exchanges the parts
// or can be rewired, else 6; with signs it is 3 for quarter turns as well. The
// condition number of every layer is below PermutationBound. PROOFS.md, theorems
// 4.1, 4.3 and 4.9.
//
// Errors: ErrNotPermutation, *OddPermutationError (which wraps ErrOrientation),
// *ShapeError, ErrPartition.
//
// Statement: permutation-half-integers (proofs/permutation.md).
func Permutation(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	return permutation(target, part, false)
}

// PermutationInteger is Permutation with integer entries: a flow that maps
// integer vectors to integer vectors layer by layer, in both directions. Its
// depth is the same. PROOFS.md, theorems 4.2 and 4.9.
//
// Statement: permutation-integers (proofs/permutation.md).
func PermutationInteger(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	return permutation(target, part, true)
}

func permutation(target exactmath.Matrix, part coupling.Partition, integer bool) (*coupling.Flow, error) {
	m, err := newPermBlocks(target, part)
	if err != nil {
		return nil, err
	}
	switch p := m.plan(); {
	case p.turns:
		return m.three()
	case p.rewiring != nil:
		return m.five(p.rewiring)
	}
	return m.six(integer)
}

// PermutationSix returns the six layers of the theorem, without looking for
// fewer: for even n the condition of every layer is below PermutationSixBound, for
// odd n below PermutationBound. Layers that vanish are left out, so that four come
// out where theorem 4.3(b) has them, and five where the target exchanges the parts.
// Entries and errors are those of Permutation. PROOFS.md, theorems 4.1 and 4.9.
func PermutationSix(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	m, err := newPermBlocks(target, part)
	if err != nil {
		return nil, err
	}
	return m.six(false)
}

// DepthBounds is what is proved about the least number of coupling layers,
// with any positive scales, whose product is a given map.
type DepthBounds struct {
	Lower, Upper int
	Reason       string // why no flow is shallower than Lower
}

// PermutationDepth returns bounds on the least depth of a flow of linear affine
// coupling layers for a permutation matrix, with or without signs, of determinant 1:
// no flow has fewer than Lower layers, and Permutation builds one with Upper. They
// agree for every permutation without signs that keeps the parts, and for every one
// that five layers were found for. PROOFS.md, theorems 4.3 and 4.9.
//
// Errors: those of Permutation.
//
// Statement: permutation-least-depth (proofs/permutation.md).
func PermutationDepth(target exactmath.Matrix, part coupling.Partition) (DepthBounds, error) {
	m, err := newPermBlocks(target, part)
	if err != nil {
		return DepthBounds{}, err
	}
	return m.depth(), nil
}

// ErrNotPermutation: the construction is for permutation matrices alone.
var ErrNotPermutation = errors.New("the target is not a permutation, with or without signs")
