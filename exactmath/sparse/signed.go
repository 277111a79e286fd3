package sparse

import (
	"math/big"

	"flowproof/exactmath"
)

// SignedPermutation reports whether the n x n matrix m sends every e_j to sign[j]
// e_perm[j] for a permutation perm and signs 1 or -1, and returns both. It reads
// entries until the first one that contradicts.
func SignedPermutation(m exactmath.Matrix) (perm []int, sign []float64, ok bool) {
	n, cols := m.Dims()
	if n != cols {
		return nil, nil, false
	}
	perm, sign = make([]int, n), make([]float64, n)
	taken := make([]bool, n)
	put := func(i, j int, v float64) bool {
		if taken[i] || sign[j] != 0 || v != 1 && v != -1 {
			return false
		}
		taken[i], perm[j], sign[j] = true, i, v
		return true
	}
	ok = true
	switch m := m.(type) {
	case *exactmath.Floats:
		for k, v := range m.View() {
			if v != 0 && !put(k/n, k%n, v) {
				return nil, nil, false
			}
		}
	case *Matrix:
		for i := range n {
			cols, vals := m.Row(i)
			for k, j := range cols {
				if !put(i, j, vals[k]) {
					return nil, nil, false
				}
			}
		}
	default:
		m.Each(func(i, j int, v *big.Rat) {
			f, exact := v.Float64()
			ok = ok && exact && put(i, j, f)
		})
	}
	for _, s := range sign {
		ok = ok && s != 0
	}
	if !ok {
		return nil, nil, false
	}
	return perm, sign, true
}

// FromSigned returns the n x n matrix that sends e_j to sign[j] e_perm[j]. It fails
// with a *exactmath.ShapeError unless perm is a permutation of 0..n-1 and there are n
// signs, with an *exactmath.EntryError for a sign that is neither 1 nor -1.
func FromSigned(perm []int, sign []float64) (*Matrix, error) {
	x, err := Permutation(perm)
	if err != nil {
		return nil, err
	}
	if len(sign) != len(perm) {
		return nil, &exactmath.ShapeError{Op: "sparse.FromSigned", R1: len(perm), C1: 1, R2: len(sign), C2: 1}
	}
	for j, s := range sign {
		if s != 1 && s != -1 {
			return nil, &exactmath.EntryError{Row: perm[j], Col: j, Value: s}
		}
		x.val[perm[j]] = s
	}
	return x, nil
}

// PermutationSign returns the determinant, 1 or -1, of the matrix that sends e_j to
// sign[j] e_perm[j]; nil signs are all 1. perm must be a permutation of 0..n-1.
func PermutationSign(perm []int, sign []float64) int {
	seen := make([]bool, len(perm))
	det := 1
	for i := range perm {
		for j := perm[i]; !seen[i] && j != i; j = perm[j] { // a cycle of length k has k - 1 steps here
			seen[j] = true
			det = -det
		}
	}
	for _, s := range sign {
		if s < 0 {
			det = -det
		}
	}
	return det
}
