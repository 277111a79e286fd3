// Package orientation decides the sign of a determinant and the rank of a
// matrix, and never guesses: what it answers is proved.
package orientation

import (
	"flowproof/exactmath"
	"flowproof/exactmath/linalg"
)

// Orientation is what the determinant of a square matrix says about the map.
type Orientation struct {
	Sign int    // of the determinant: 1, -1, or 0 for a singular matrix
	Rank int    // n unless Sign is 0
	How  string // the proof, in a few words
}

// Options are the choices left to the caller of Of. The zero value stands for
// the defaults.
type Options struct {
	// Progress, if not nil, is told how much of the work is done, 0 to 1, from
	// time to time and never from two goroutines at once.
	Progress func(done float64)
}

// Of returns the orientation of the n x n matrix m, exactly.
//
// Errors: *exactmath.ShapeError unless m is square; linalg.ErrTooLarge.
func Of(m exactmath.Matrix, opt Options) (Orientation, error) {
	n, c := m.Dims()
	if n != c {
		return Orientation{}, &exactmath.ShapeError{Op: "Orientation", R1: n, C1: c, R2: n, C2: n}
	}
	det, err := linalg.Det(m)
	if err != nil {
		return Orientation{}, err
	}
	o := Orientation{Sign: det.Sign(), Rank: n, How: "determinant from residues"}
	if o.Sign == 0 {
		o.How = "rank from residues"
		o.Rank, err = linalg.Rank(m)
	}
	return o, err
}
