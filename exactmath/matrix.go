// Package exactmath is the ground floor: matrices whose entries are exact
// rational numbers. It knows nothing of coupling layers.
//
// Four storages share one face, [Matrix]:
//
//   - [Floats]: dense float64 entries, each the dyadic rational that it is;
//   - [Dyadic]: dense big integers over one power of two;
//   - [Rational]: dense big.Rat entries;
//   - [Sparse]: the non-zero float64 entries, row by row.
//
// Matrices are values: no operation changes its operands, and a matrix that was
// built is never written to again. Nothing in this package rounds, except the
// methods named Float64s, which say so.
package exactmath

import (
	"fmt"
	"math/big"
)

// Matrix is a rows x cols matrix of exact rational numbers.
type Matrix interface {
	// Dims returns the number of rows and of columns.
	Dims() (rows, cols int)
	// At returns entry (i, j), 0-based, as a number of its own.
	At(i, j int) *big.Rat
	// Float64s returns all entries rounded to nearest even, row by row. Entries
	// beyond the float64 range become ±Inf.
	Float64s() []float64
	// Each calls visit for every entry that may be non-zero, row by row. The
	// value is only valid during the call.
	Each(visit func(i, j int, v *big.Rat))
}

// ShapeError reports operands whose shapes do not fit.
type ShapeError struct {
	Op             string
	R1, C1, R2, C2 int
}

func (e *ShapeError) Error() string {
	return fmt.Sprintf("%s: shapes %dx%d and %dx%d do not fit", e.Op, e.R1, e.C1, e.R2, e.C2)
}

// EntryError reports an entry that is not a number: NaN or an infinity.
type EntryError struct {
	Row, Col int // 0-based
	Value    float64
}

func (e *EntryError) Error() string {
	return fmt.Sprintf("entry (%d, %d) is %v, want a finite number", e.Row, e.Col, e.Value)
}

// Equal reports whether a and b have the same shape and the same entries as
// rational numbers, whatever their storage.
func Equal(a, b Matrix) bool {
	ar, ac := a.Dims()
	br, bc := b.Dims()
	if ar != br || ac != bc {
		return false
	}
	if sa, ok := a.(*Sparse); ok {
		if sb, ok := b.(*Sparse); ok {
			return sa.equal(sb)
		}
	}
	for i := range ar {
		for j := range ac {
			if a.At(i, j).Cmp(b.At(i, j)) != 0 {
				return false
			}
		}
	}
	return true
}

// Sub returns a - b in the storage that suits both: sparse if both are sparse,
// dyadic if both are dyadic, rational otherwise. It fails with a *ShapeError
// unless the shapes agree.
func Sub(a, b Matrix) (Matrix, error) {
	if sa, ok := a.(*Sparse); ok {
		if sb, ok := b.(*Sparse); ok {
			return sa.sub(sb)
		}
	}
	if da, ok := ToDyadic(a); ok {
		if db, ok := ToDyadic(b); ok {
			return da.Sub(db)
		}
	}
	return ToRational(a).Sub(ToRational(b))
}

// MaxAbs returns the largest |entry|, 0 for a zero or empty matrix.
func MaxAbs(x Matrix) *big.Rat {
	if d, ok := x.(*Dyadic); ok {
		return d.MaxAbs()
	}
	m, t := new(big.Rat), new(big.Rat)
	x.Each(func(_, _ int, v *big.Rat) {
		if t.Abs(v).Cmp(m) > 0 {
			m.Set(t)
		}
	})
	return m
}

// NormFrobSq returns the sum of the squares of all entries.
func NormFrobSq(x Matrix) *big.Rat {
	switch x := x.(type) {
	case *Floats:
		return x.NormFrobSq()
	case *Dyadic:
		return x.NormFrobSq()
	}
	sum, t := new(big.Rat), new(big.Rat)
	x.Each(func(_, _ int, v *big.Rat) { sum.Add(sum, t.Mul(v, v)) })
	return sum
}
