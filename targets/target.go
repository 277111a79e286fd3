// Package targets makes the matrices that flows are asked to represent: named
// families, seeded and the same on every machine, and matrices and permutations
// read from files.
//
// # Permutations
//
// A permutation is a list perm of the numbers 0..n-1. It stands for the matrix
// that sends the unit vector e_j to e_perm[j]: entry (perm[j], j) is 1. So
// y = M x has y[perm[j]] = x[j], and entry j of a permutation file is the image
// of j. Indexing x[perm], as NumPy and PyTorch have it, is the inverse map, and
// [Target.Indexing] makes it of a list. A file that lists 1..n
// instead is read as 1-based, and [Target.OneBased] says so.
//
// # Determinism
//
// Every seeded target is a function of its name, dimension, seed and options
// alone. Floating-point code in this package uses + - * / and square root only,
// and rounds every product before it is added, so that no compiler may fuse the
// two: all machines agree to the last bit. Sines and cosines are computed in
// integers and rounded once.
package targets

import (
	"slices"

	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
)

// Limits on the dimension. A dense matrix of MaxDense rows takes 128 MiB.
const (
	MaxDense       = 4096       // matrices stored entry by entry
	MaxExact       = 1024       // of them, those with an entry that is no float64
	MaxPermutation = 10_000_000 // permutations, and permutations with signs
)

// Target is an invertible matrix to be represented. Nothing in it may be
// changed: the matrix is shared, and so is Perm.
type Target struct {
	Name string // the name asked for, or the path of the file
	Dim  int    // n; Matrix is n x n

	Seed   uint64 // the seed, where Seeded
	Seeded bool   // whether the target depends on Seed

	// Matrix holds the entries exactly. Permutations, with or without signs, are
	// *sparse.Matrix; other matrices are *exactmath.Floats where float64
	// holds every entry, else *dense.Dyadic or *dense.Rational.
	Matrix exactmath.Matrix

	// Perm is the permutation e_j -> e_Perm[j], nil if Matrix is not one.
	Perm []int
	// List tells that the target was given as a list of numbers, not as a matrix.
	List bool
	// OneBased tells that the permutation was given as a list of 1..n.
	OneBased bool

	// Note says in a few words what else is known, such as the shape inferred
	// for squeeze or the number format of a file; it may be empty.
	Note string
}

// Indexing returns the target of the same list, read as the indices that NumPy and
// PyTorch take: y = x[p], y[i] = x[p[i]]. It fails unless t.List is set.
func (t *Target) Indexing() (*Target, error) {
	if !t.List || t.Perm == nil {
		return nil, &FileError{Path: t.Name, Reason: "is a matrix, want a list of numbers: a matrix says by itself what goes where"}
	}
	inverse := make([]int, len(t.Perm))
	for i, p := range t.Perm {
		inverse[p] = i
	}
	u, err := fromPerm(inverse, t.Note)
	if err != nil {
		return nil, err
	}
	u.Name, u.Seed, u.Seeded, u.List, u.OneBased = t.Name, t.Seed, t.Seeded, true, t.OneBased
	return u, nil
}

// fromMatrix returns the target of a square matrix, stored sparsely if it is a
// permutation with or without signs.
func fromMatrix(m exactmath.Matrix, note string) (*Target, error) {
	n, _ := m.Dims()
	perm, sign, ok := sparse.SignedPermutation(m)
	if !ok {
		return &Target{Dim: n, Matrix: m, Note: note}, nil
	}
	s, err := sparse.FromSigned(perm, sign)
	if err != nil {
		return nil, err
	}
	t := &Target{Dim: n, Matrix: s, Perm: perm, Note: note}
	if slices.Contains(sign, -1) {
		t.Perm = nil
	}
	return t, nil
}

// fromPerm returns the target e_j -> e_perm[j]; perm is kept.
func fromPerm(perm []int, note string) (*Target, error) {
	m, err := sparse.Permutation(perm)
	if err != nil {
		return nil, err
	}
	return &Target{Dim: len(perm), Matrix: m, Perm: perm, Note: note}, nil
}

// fromDense returns the target with the given n*n entries, row by row.
func fromDense(n int, data []float64, note string) (*Target, error) {
	m, err := exactmath.FromFloat64(n, n, data)
	if err != nil {
		return nil, err
	}
	return fromMatrix(m, note)
}
