package targets

import (
	"math/big"

	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
)

// SignedPermutation reports whether m sends every e_j to sign[j] e_perm[j] for a
// permutation perm and signs 1 or -1, and returns both. It reads entries until
// the first one that contradicts.
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
	case *sparse.Matrix:
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

// Even reports whether the permutation is even, that is, whether its matrix has
// determinant 1: whether n minus the number of cycles is even. perm must be a
// permutation of 0..n-1.
func Even(perm []int) bool {
	seen := make([]bool, len(perm))
	even := len(perm)%2 == 0
	for i := range perm {
		if seen[i] {
			continue
		}
		even = !even
		for j := i; !seen[j]; j = perm[j] {
			seen[j] = true
		}
	}
	return even
}
