package lowerbound_test

import (
	"errors"
	"testing"

	"flowproof/verify/lowerbound"
)

// False bounds, each with the one condition of a rule that refuses it: a checker
// without that condition would accept. In a few the claim is true, and no proof.
func TestUnsound(t *testing.T) {
	const swap = "1 0 0 0; 0 -1 0 0; 0 0 0 1; 0 0 1 0"   // diag(1, -1), [[0, 1], [1, 0]]
	const signs = "1 0 0 0; 0 -1 0 0; 0 0 1 0; 0 0 0 -1" // the spectra of both blocks agree
	for _, e := range []example{
		{"indefinite, with a zero in the corner", "-1 0 0; 0 0 1; 0 1 0", 1, 6, "rank first index 0 1 weights 1 1", "rank index 0 1 weights 1 1"},
		{"the sign of a minor off the diagonal", "-1 0 0; 0 0 1; 0 1 0", 1, 6, "rank first index 0 1", "rank index 0 1"},
		{"not triangular", swap, 2, 6, "inertia e 0 weights 1 e 1 weights -1 al 0 weights 1 al 1 weights 1",
			"inertia e 0 weights 1 e 1 weights 1 al 0 weights 1 al 1 weights -1"},
		{"an index twice", swap, 2, 6, "inertia e 0 weights 1 e 1 weights -1 al 0 0 weights 1 1", "inertia e 0 0 weights 1 1 al 0 weights 1 al 1 weights -1"},
		{"weights of both signs, and Q = 0", swap, 2, 6, "inertia e 0 weights 1 e 1 weights -1 al 0 1 weights 1 -1",
			"inertia e 0 1 weights 1 -1 al 0 weights 1 al 1 weights -1"},
		{"an index missing", signs, 2, 6, "inertia e 0 weights 1 e 1 weights -1 al 0 weights 1", "inertia e 0 weights 1 al 0 weights 1 al 1 weights -1"},
		{"a vector that is not in the kernel", "1 1; -2 -1", 1, 4, "kernel first index 0 vector 1", "kernel index 0 vector 1"},
		{"weights of both signs", "-1 0 0; 0 -1 0; 0 0 1", 1, 6, "rank first index 0 1 weights 1 -1", "rank index 0 1 weights 1 -1"},
		{"c is not 0: five layers exist", "0 -2 0 2; 2 0 -2 1; -2 -1 0 0; -1 -1 -2 0", 2, 6, "coefficient order 1", "coefficient order 1"},

		{"two layers: e alone is positive", "2 0; 0 1/2", 1, 3, "shape", "shape"},
		{"one layer", "1 0; 3 2", 1, 2, "shape", "shape"},
		{"the identity", "1 0; 0 1", 1, 1, "shape", "shape"},
		{"negative weights, and Q = 0", "1 0 0 0; 0 1 0 0; 0 0 1 0; 0 0 0 1", 2, 6, "rank index 0 1 weights -1 -1", "rank index 0 1 weights -1 -1"},
		{"Q = 0, and negative weights", "0 -1 0 0; 1 0 0 0; 0 0 0 -1; 0 0 1 0", 2, 2, "rank index 0 1 weights -1 -1", "rank index 0 1 weights -1 -1"},
		{"too small a rank", "-1 0 0 0; 0 -1 0 0; 0 0 -1 0; 0 0 0 -1", 2, 6, "rank index 0 1", "rank index 0 1"},
		{"equal signs of the coefficients", signs, 2, 6, "coefficient order 2", "coefficient order 2"},
		{"terms of both signs", signs, 2, 6, "coefficient order 1", "coefficient order 1"},
		{"the same spectra", signs, 2, 6, "inertia e 0 weights 1 e 1 weights -1 al 0 weights 1 al 1 weights -1",
			"inertia e 0 weights 1 e 1 weights -1 al 0 weights 1 al 1 weights -1"},
		{"the ones that fill up the smaller", "1 0 0; 0 1 0; 0 0 1", 1, 6, "inertia e 0 weights 1 al 0 1 weights 1 1", "inertia e 0 1 weights 1 1 al 0 weights 1"},
		{"an order of the smaller and no ones", "1 0 0; 0 1 0; 0 0 1", 1, 6, "coefficient order 2", "coefficient order 2"},
		{"an order of both and the ones", "-1 0 0 0 0; 0 -1 0 0 0; 0 0 -1 0 0; 0 0 0 -1 0; 0 0 0 0 1", 2, 6, "coefficient order 2", "coefficient order 2"},
		{"two vectors and one scale", "2 1 0 0; 1 1 0 0; 0 0 1 0; 0 0 0 1", 2, 4, "kernel index 0 vector 1 0 vector 2 0", "kernel index 0 vector 1 0 vector 2 0"},
		{"a vector with 0 before one without", "1 0 0 0; 0 1 0 0; 0 0 1 0; 0 0 0 1", 2, 4, "kernel index 0 vector 0 1 vector 1 1", "kernel first index 0 vector 0 1 vector 1 1"},
		{"a cycle of zeros", "1 0 0 0; 0 1 0 0; 0 0 1 0; 0 0 0 1", 2, 4, "signs rows 0 1 cols 0 1", "signs rows 0 1 cols 0 1"},
		{"no sign", "1 0; 0 1", 1, 4, "signs rows 0 cols 0", "signs rows 0 cols 0"},
		{"opposite signs", "2 1; 1 1", 1, 4, "signs rows 0 cols 0", "signs rows 0 cols 0"},
	} {
		m := list(e.target)
		n, _ := m.Dims()
		if err := lowerbound.Check(m, first(t, n, e.p), certificate(e)); !errors.Is(err, lowerbound.ErrUnproved) {
			t.Errorf("%s: %v", e.name, err)
		}
	}
}
