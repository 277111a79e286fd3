// Package dense is the arithmetic of dense matrices of big numbers, in two
// storages:
//
//   - [Dyadic]: big integers over one power of two;
//   - [Rational]: big.Rat entries.
//
// Matrices are values, as in package exactmath, and nothing rounds but the
// methods named Float64s.
package dense

import (
	"slices"

	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
)

func misfit(op string, r1, c1, r2, c2 int) error {
	return &exactmath.ShapeError{Op: op, R1: r1, C1: c1, R2: r2, C2: c2}
}

// Equal reports whether a and b have the same shape and the same entries as
// rational numbers, whatever their storage.
func Equal(a, b exactmath.Matrix) bool {
	rows, cols := a.Dims()
	if r, c := b.Dims(); r != rows || c != cols {
		return false
	}
	if sa, ok := a.(*sparse.Matrix); ok {
		if sb, ok := b.(*sparse.Matrix); ok {
			return sparseEqual(sa, sb)
		}
	}
	for i := range rows {
		for j := range cols {
			if a.At(i, j).Cmp(b.At(i, j)) != 0 {
				return false
			}
		}
	}
	return true
}

func sparseEqual(x, y *sparse.Matrix) bool {
	if x.NNZ() != y.NNZ() {
		return false
	}
	rows, _ := x.Dims()
	for i := range rows {
		xc, xv := x.Row(i)
		yc, yv := y.Row(i)
		if !slices.Equal(xc, yc) || !slices.Equal(xv, yv) {
			return false
		}
	}
	return true
}
