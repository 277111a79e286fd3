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
	"math/big"
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

// Sub returns a - b in the storage that suits both: sparse if both are sparse,
// dyadic if both are dyadic, rational otherwise. It fails with a
// *exactmath.ShapeError unless the shapes agree.
func Sub(a, b exactmath.Matrix) (exactmath.Matrix, error) {
	if sa, ok := a.(*sparse.Matrix); ok {
		if sb, ok := b.(*sparse.Matrix); ok {
			return sparseSub(sa, sb)
		}
	}
	if da, ok := ToDyadic(a); ok {
		if db, ok := ToDyadic(b); ok {
			return da.Sub(db)
		}
	}
	return ToRational(a).Sub(ToRational(b))
}

// sparseSub returns x - y, sparse if every difference is a float64, else
// rational.
func sparseSub(x, y *sparse.Matrix) (exactmath.Matrix, error) {
	rows, cols := x.Dims()
	if r, c := y.Dims(); r != rows || c != cols {
		return nil, misfit("Sub", rows, cols, r, c)
	}
	var es []sparse.Entry
	for i := range rows {
		xc, xv := x.Row(i)
		yc, yv := y.Row(i)
		for len(xc)+len(yc) > 0 {
			switch {
			case len(yc) == 0 || len(xc) > 0 && xc[0] < yc[0]:
				es = append(es, sparse.Entry{Row: i, Col: xc[0], Value: xv[0]})
				xc, xv = xc[1:], xv[1:]
			case len(xc) == 0 || yc[0] < xc[0]:
				es = append(es, sparse.Entry{Row: i, Col: yc[0], Value: -yv[0]})
				yc, yv = yc[1:], yv[1:]
			default:
				d := xv[0] - yv[0]
				if _, exact := new(big.Rat).Sub(new(big.Rat).SetFloat64(xv[0]), new(big.Rat).SetFloat64(yv[0])).Float64(); !exact {
					return ToRational(x).Sub(ToRational(y))
				}
				es = append(es, sparse.Entry{Row: i, Col: xc[0], Value: d})
				xc, xv, yc, yv = xc[1:], xv[1:], yc[1:], yv[1:]
			}
		}
	}
	return sparse.New(rows, cols, es)
}
