// Package modular composes block triangular factors exactly, from residues
// modulo many primes: the fast way, for numbers of up to about 96,000 bits.
package modular

import (
	"errors"
	"math/big"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/internal/residue"
)

// Step is one block triangular factor of a Chain: [[D, X], [0, I]] if Upper,
// [[I, 0], [X, D]] otherwise.
type Step struct {
	Upper  bool
	Weight exactmath.Matrix // X: P x Q if Upper, else Q x P
	Scale  []*big.Rat       // the diagonal of D: P entries if Upper, else Q; nil for D = I
}

// Chain is the product of the factors Steps[0] Steps[1] ..., n x n with n = P +
// Q and P, Q >= 1, in block order: place k of it is coordinate Order[k], or
// coordinate k if Order is nil. Targets and results are in the order of the
// coordinates.
type Chain struct {
	P, Q  int
	Order []int // a permutation of 0..n-1, or nil
	Steps []Step
}

// Validate returns a *exactmath.ShapeError if the parts, the order, a weight, a
// scale, or a target that is not nil, do not fit together.
func (c *Chain) Validate(target exactmath.Matrix) error {
	n := c.P + c.Q
	_, err := exactmath.SparsePermutation(c.Order)
	if c.P < 1 || c.Q < 1 || err != nil || c.Order != nil && len(c.Order) != n {
		return &exactmath.ShapeError{Op: "Chain", R1: c.P, C1: c.Q, R2: len(c.Order), C2: 1}
	}
	fits := func(m exactmath.Matrix, rows, cols int) error {
		r, k := 0, 0
		if m != nil {
			r, k = m.Dims()
		}
		if r != rows || k != cols {
			return &exactmath.ShapeError{Op: "Chain", R1: r, C1: k, R2: rows, C2: cols}
		}
		return nil
	}
	for _, s := range c.Steps {
		rows, cols := c.P, c.Q
		if !s.Upper {
			rows, cols = cols, rows
		}
		if err := fits(s.Weight, rows, cols); err != nil {
			return err
		}
		if s.Scale != nil && len(s.Scale) != rows {
			return &exactmath.ShapeError{Op: "Chain", R1: len(s.Scale), C1: 1, R2: rows, C2: 1}
		}
	}
	if target == nil {
		return nil
	}
	return fits(target, n, n)
}

// ErrTooLarge is returned if the numbers have too many bits for this engine.
var ErrTooLarge = errors.New("too many bits for multi-modular arithmetic")

// Product returns N and an odd den > 0 such that the product is N / den,
// exactly, working on the given number of threads, or on one for each processor
// if that is 0. It fails with a *exactmath.ShapeError if a shape does not fit,
// with ErrTooLarge if there are too many bits.
func (c *Chain) Product(threads int) (num *dense.Dyadic, den *big.Int, err error) {
	return c.run(nil, best(threads))
}

// Residual is Product for target - product. Numbers are reconstructed only where
// it is not zero, and that is decided on residues: the difference times the
// common denominator is a matrix of integers below a proved bound (see Bounds),
// which the product of the primes exceeds, so that an entry is zero if all its
// residues are.
func (c *Chain) Residual(target exactmath.Matrix, threads int) (num *dense.Dyadic, den *big.Int, err error) {
	if target == nil {
		target = &exactmath.Floats{} // of no shape that fits
	}
	return c.run(target, best(threads))
}

// Bounds bounds the product [S1, S2] of the steps, given bounds of the weight and
// of the scale, if any, of step k, by following
//
//	[S1, S2] [[D, X], [0, I]] = [S1 D, S2 + S1 X]
//
// and its mirror image.
func (c *Chain) Bounds(weight, scale func(k int) residue.Span) residue.Span {
	s := [2]residue.Span{residue.One(), residue.One()}
	for k, st := range c.Steps {
		from, to := 1, 0
		if st.Upper {
			from, to = 0, 1
		}
		s[to] = s[to].Add(s[from].Times(weight(k)))
		if st.Scale != nil {
			s[from] = s[from].Scaled(scale(k))
		}
	}
	return s[0].Add(s[1])
}

func (c *Chain) run(target exactmath.Matrix, m machine) (*dense.Dyadic, *big.Int, error) {
	e, err := c.engine(target, m)
	if err != nil {
		return nil, nil, err
	}
	bound := e.total.Integers()
	bound.Lsh(bound.Add(bound, big.NewInt(1)), 2)
	if bound.BitLen() > residue.MaxPrimes*23 {
		return nil, nil, ErrTooLarge
	}
	primes, product := residue.Primes(bound, e.total.Den)
	t := residue.NewTable(primes, product)
	if e.n*e.n*e.n*len(primes) < e.least {
		e.threads = 1
	}
	e.use(primes)
	for i, p := range primes {
		// Residues come out as the table wants them, of the difference over the
		// common denominator; or of the product, if there is no target.
		e.unit[i] = p.Mul(t.Inverse[i], p.Mul(p.Pow(2, -e.total.Exp), p.Mod(e.total.Den)))
		if target == nil {
			e.unit[i] = p.U - e.unit[i]
		}
	}
	num := make([]big.Int, e.n*e.n)
	for first := 0; first < e.n; first += e.rows {
		e.compute(first)
		e.reconstruct(num, t)
	}
	z, err := dense.OwnDyadic(e.n, e.n, num, e.total.Exp)
	return z, e.total.Den, err
}

// reconstruct sets the rows of num that the planes hold.
func (e *engine) reconstruct(num []big.Int, t *residue.Table) {
	g := e.kern.Lanes
	coordinate := make([]int, e.ld) // of a column; -1 for a place that is not used
	for j := range coordinate {
		coordinate[j] = -1
	}
	for l, i := range e.order {
		coordinate[e.column(l)] = i
	}
	groups := min(e.rows, e.n-e.first) * e.ld / g
	residue.Parallel(e.threads, residue.Ceil(groups, residue.Chunk), func(thread, task int) {
		from, size := task*residue.Chunk, min(residue.Chunk, groups-task*residue.Chunk)
		if e.target != nil && e.zero(from*g, size*g) {
			return
		}
		t.Ints(e.kern, e.planes[from*g:], e.stride, size, e.buffer(thread, t.Scratch(e.kern)), func(s int) *big.Int {
			j := coordinate[(from*g+s)%e.ld]
			if j < 0 {
				return nil
			}
			return &num[e.order[e.first+(from*g+s)/e.ld]*e.n+j]
		})
	})
}

// zero reports whether the numbers from..from+size-1 are zero in all planes.
func (e *engine) zero(from, size int) bool {
	for i := range e.primes {
		for _, v := range e.planes[i*e.stride+from:][:size] {
			if v != 0 {
				return false
			}
		}
	}
	return true
}
