// Package exactmath is the ground floor: matrices whose entries are exact
// rational numbers. It knows nothing of coupling layers, and does no arithmetic:
// that of big integers and rationals is in package dense below it.
//
// Storages share one face, [Matrix]. Those of this package hold float64 numbers,
// each the dyadic rational that it is:
//
//   - [Floats]: all entries;
//   - [Sparse]: the non-zero entries, row by row.
//
// Matrices are values: no operation changes its operands, and a matrix that was
// built is never written to again. Nothing in this package rounds, except [Round]
// and the methods named Float64s, which say so.
package exactmath

import (
	"errors"
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

// Pieces is a Matrix whose entries are sums of pieces sign * u * 2^e, sign 1 or
// -1: Pieces calls f for them, those of one entry one after the other.
type Pieces interface {
	Matrix
	Pieces(f func(i, j int, sign float64, u uint64, e int))
}

// Factor is a block triangular matrix: [[D, X], [0, I]] if Upper, [[I, 0], [X,
// D]] otherwise.
type Factor struct {
	Upper  bool
	Weight Matrix     // X: p x q if Upper, else q x p
	Scale  []*big.Rat // the diagonal of D, p entries if Upper, else q; nil for D = I
}

// ErrTooLarge is returned for what would take too much memory or too many
// operations.
var ErrTooLarge = errors.New("too much memory or too many operations")

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
