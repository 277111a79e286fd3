package constructions

import "flowproof/coupling"

// The condition numbers that no layer of Permutation and PermutationInteger, and
// none of PermutationSix for even n, exceeds. PROOFS.md, theorems 4.1 and 4.2.
const (
	PermutationBound    = 10.91
	PermutationSixBound = 8.82
)

// Permutation returns additive coupling layers whose product is exactly the
// permutation matrix M that sends e_j to e_perm[j]: at most six, for every even
// permutation of n >= 2 points and every partition whose parts differ by at most
// one coordinate.
//
// All entries are half-integers, so exact in float64; a row of a layer has a
// bounded number of them, free of n. The weights are of type *sparse.Matrix,
// time and memory are linear in n up to sorting. The flow has the depth Upper of
// PermutationDepth: 0 for the identity, 4 if M keeps the parts and has the same
// cycle lengths > 1 in both, 5 if M exchanges the parts or can be rewired, else
// 6. The condition number of every layer is below PermutationBound. PROOFS.md,
// theorems 4.1 and 4.3.
//
// Errors: *NotPermutationError, *OddPermutationError (which wraps ErrOrientation),
// *ShapeError, ErrPartition.
func Permutation(perm []int, part coupling.Partition) (*coupling.Flow, error) {
	return permutation(perm, part, false)
}

// PermutationInteger is Permutation with integer entries: a flow that maps
// integer vectors to integer vectors layer by layer, in both directions. Its
// depth is the same. PROOFS.md, theorem 4.2.
func PermutationInteger(perm []int, part coupling.Partition) (*coupling.Flow, error) {
	return permutation(perm, part, true)
}

func permutation(perm []int, part coupling.Partition, integer bool) (*coupling.Flow, error) {
	m, err := newPermBlocks(perm, part)
	if err != nil {
		return nil, err
	}
	if r := m.rewirable(); r != nil {
		return m.five(r)
	}
	return m.six(integer)
}

// PermutationSix returns the six layers of the theorem, without looking for
// five: for even n the condition of every layer is below PermutationSixBound, for
// odd n below PermutationBound. Layers that vanish are left out, so that four come
// out where they suffice, and five where M exchanges the parts. Entries and errors
// are those of Permutation. PROOFS.md, theorem 4.1.
func PermutationSix(perm []int, part coupling.Partition) (*coupling.Flow, error) {
	m, err := newPermBlocks(perm, part)
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
// coupling layers for the permutation: no flow has fewer than Lower layers, and
// Permutation builds one with Upper. They agree for every permutation that keeps
// the parts, and for every one that five layers were found for. PROOFS.md,
// theorem 4.3.
//
// Errors: those of Permutation.
func PermutationDepth(perm []int, part coupling.Partition) (DepthBounds, error) {
	m, err := newPermBlocks(perm, part)
	if err != nil {
		return DepthBounds{}, err
	}
	return m.depth(), nil
}
