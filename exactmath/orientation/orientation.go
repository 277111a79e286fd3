// Package orientation decides the sign of a determinant and the rank of a
// matrix, and never guesses: what it answers is proved.
//
// Rows and columns with one entry go first, so that permutations, triangular
// matrices and what hides them take the time of reading them. Of the blocks that
// are left, a floating-point filter with a proved error bound decides nearly all;
// the others are decided by exact arithmetic in package linalg.
package orientation

import (
	"runtime"

	"flowproof/exactmath"
	"flowproof/exactmath/linalg"
	"flowproof/exactmath/sparse"
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

// The proofs, from the quickest to the slowest.
const (
	byPivots   = "pivots that meet no other entry"
	byFilter   = "floating-point filter with a proved error bound"
	byResidues = "determinant from residues"
	byRank     = "rank from residues"
)

// MaxBlock is the largest number of rows of a block, after rows and columns with
// a single entry are gone, that Of takes: its dense copies would need more than a
// few gigabytes.
const MaxBlock = 8192

// Of returns the orientation of the n x n matrix m, exactly: PROOFS.md, 7.8. Of a
// matrix of float64 numbers it is decided once.
//
// Errors: *exactmath.ShapeError unless m is square and n >= 1;
// exactmath.ErrTooLarge for a block of more than MaxBlock rows or columns, or of
// more than 2^32 bits, that the filter leaves open; linalg.ErrTooLarge.
func Of(m exactmath.Matrix, opt Options) (Orientation, error) {
	n, c := m.Dims()
	if n != c || n < 1 {
		return Orientation{}, &exactmath.ShapeError{Op: "Orientation", R1: n, C1: c, R2: n, C2: n}
	}
	if f, ok := m.(*exactmath.Floats); ok {
		d := f.Once(decisionKey{}, func() any {
			o, err := decide(m, n, opt)
			return decision{o, err}
		}).(decision)
		return d.o, d.err
	}
	return decide(m, n, opt)
}

// decision is kept under decisionKey for a matrix of float64 numbers.
type decision struct {
	o   Orientation
	err error
}
type decisionKey struct{}

// decide is Of for an n x n matrix.
func decide(m exactmath.Matrix, n int, opt Options) (Orientation, error) {
	last := 0.0
	report := func(done float64) { // never less than before
		if opt.Progress != nil && done > last {
			last = done
			opt.Progress(done)
		}
	}
	z := read(m)
	pivots, sign, rows, cols := z.peel()
	all := z.blocks(rows, cols)
	o := Orientation{Sign: sign, Rank: len(pivots), How: byPivots}
	perm := make([]int, n) // from rows to columns, of the pivots and the blocks' diagonals
	for _, p := range pivots {
		perm[p[0]] = p[1]
	}
	covered := len(pivots)
	total, done := 0.0, 0.0
	for _, b := range all {
		if max(len(b.rows), len(b.cols)) > MaxBlock {
			return Orientation{}, exactmath.ErrTooLarge
		}
		total += cube(b)
	}
	how := 0
	for _, b := range all {
		s, r, proof, err := z.decide(b, func(part float64) { report((done + part*cube(b)) / total) })
		if err != nil {
			return Orientation{}, err
		}
		done += cube(b)
		o.Sign, o.Rank, how = o.Sign*s, o.Rank+r, max(how, proof)
		if len(b.rows) == len(b.cols) {
			covered += len(b.rows)
			for k, i := range b.rows {
				perm[i] = b.cols[k]
			}
		}
	}
	if covered < n {
		o.Sign = 0
	} else {
		o.Sign *= sparse.PermutationSign(perm, nil)
	}
	o.How = []string{byPivots, byFilter, byResidues, byRank}[how]
	report(1)
	return o, nil
}

// cube is the work that a block takes, in some unit.
func cube(b block) float64 {
	n := float64(max(len(b.rows), len(b.cols)))
	return n * n * n
}

// decide returns the sign of the determinant of a block, 0 if it is not square,
// its rank, and which proof it took.
func (z *pattern) decide(b block, report func(float64)) (sign, rank, proof int, err error) {
	n := len(b.rows)
	if n == len(b.cols) {
		a, left, right, s := inverses(n, z.grid(b).scaled())
		report(0.05)
		if s != 0 && distance(n, a, left, right, z.rho, float64s()) < 1 {
			return s, n, 1, nil
		}
	}
	m, err := z.matrix(b)
	if err != nil {
		return 0, 0, 0, err
	}
	sign, rank, err = linalg.Orientation(m, func(part float64) { report(0.05 + 0.95*part) })
	if sign != 0 {
		return sign, rank, 2, err
	}
	return sign, rank, 3, err
}

func threads() int { return runtime.GOMAXPROCS(0) }
