package targets

import "flowproof/exactmath/sparse"

// Even reports whether the permutation is even, that is, whether its matrix has
// determinant 1. perm must be a permutation of 0..n-1.
func Even(perm []int) bool { return sparse.PermutationSign(perm, nil) > 0 }
