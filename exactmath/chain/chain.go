// Package chain composes a whole chain of block triangular factors exactly, some
// rows of the product at a time: in the memory of the result and 512 MB.
package chain

import (
	"math"
	"math/big"
	"slices"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/internal/residue"
	"flowproof/exactmath/modular"
	"flowproof/exactmath/sparse"
)

// Step is one block triangular factor of a Chain.
type Step = exactmath.Factor

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
	_, err := sparse.Permutation(c.Order)
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

// Product returns N and an odd den > 0 such that the product is N / den,
// exactly. It fails with a *exactmath.ShapeError if a shape does not fit, with
// exactmath.ErrTooLarge if there are too many bits.
func (c *Chain) Product() (num *dense.Dyadic, den *big.Int, err error) {
	return c.compose(nil)
}

// Residual is Product for target - product. Numbers are reconstructed only where
// it is not zero, and that is decided on residues: the difference times the
// common denominator is a matrix of integers below a proved bound (see Bounds),
// which the product of the primes exceeds, so that an entry is zero if all its
// residues are.
func (c *Chain) Residual(target exactmath.Matrix) (num *dense.Dyadic, den *big.Int, err error) {
	if target == nil {
		target = &exactmath.Floats{} // of no shape that fits
	}
	return c.compose(target)
}

// compose takes the way that suits the size.
func (c *Chain) compose(target exactmath.Matrix) (*dense.Dyadic, *big.Int, error) {
	if err := c.Validate(target); err != nil {
		return nil, nil, err
	}
	if z, ok := c.runSmall(target); ok {
		return z, big.NewInt(1), nil
	}
	return c.run(target, block)
}

// Bounds bounds the product of the steps, given bounds of the weight and of the
// scale, if any, of step k.
func (c *Chain) Bounds(weight, scale func(k int) residue.Span) residue.Span {
	p := residue.Pair{residue.One(), residue.One()}
	for k, s := range c.Steps {
		from := 1
		if s.Upper {
			from = 0
		}
		var d *residue.Span
		if s.Scale != nil {
			z := scale(k)
			d = &z
		}
		p = p.Times(from, weight(k), d)
	}
	return p.Whole()
}

// block is how many residues are held at once.
const block = 1 << 26

func (c *Chain) run(target exactmath.Matrix, block int) (*dense.Dyadic, *big.Int, error) {
	n := c.P + c.Q
	order := c.Order
	for i := len(order); i < n; i++ {
		order = append(order, i)
	}
	x, err := c.multiply(order, 0, n)
	if err != nil {
		return nil, nil, err
	}
	rows := max(6, block/(n*(x.Bits()/23+6)))
	num, exps := make([]big.Int, n*n), make([]int, n)
	var den *big.Int // the same for all rows
	for from := 0; from < n; from += rows {
		these := order[from:min(from+rows, n)]
		if rows < n {
			if x, err = c.multiply(order, from, from+len(these)); err != nil {
				return nil, nil, err
			}
		}
		if target != nil {
			if err := x.Subtract(target); err != nil {
				return nil, nil, err
			}
		}
		var exp int
		exp, den = x.Unit()
		x.Rows(these, func(i int, row []big.Int) {
			copy(num[i*n:], row)
			exps[i] = exp
		})
	}
	exp := slices.Min(exps)
	for k := range num {
		if num[k].Lsh(&num[k], uint(exps[k/n]-exp)); target != nil { // product - target so far
			num[k].Neg(&num[k])
		}
	}
	z, err := dense.OwnDyadic(n, n, num, exp)
	return z, den, err
}

// multiply returns rows from..to-1 of the product, in block order.
func (c *Chain) multiply(order []int, from, to int) (*modular.Product, error) {
	x := modular.New(order, c.P, from, to, len(c.Steps), math.MaxInt64, math.MaxInt64)
	x.Wait(math.MaxInt) // the chain is there as a whole
	for _, s := range c.Steps {
		if err := x.Multiply(s); err != nil {
			return nil, err
		}
	}
	return x, nil
}
