// Package modular is the fast exact engine: products of integer matrices from
// their residues modulo many primes below 2^24. Residues are float64 numbers,
// every operation on them is exact, and nearly all the time goes into one small
// kernel, in assembly on amd64, in Go elsewhere and with the build tag purego.
// All paths give the same numbers.
package modular

import (
	"errors"
	"math/big"

	"flowproof/exactmath"
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
	Order []int
	Steps []Step
}

// ErrTooLarge is returned if the numbers have so many bits, about 96,000, that
// this engine is the wrong one.
var ErrTooLarge = errors.New("too many bits for multi-modular arithmetic")

// Product returns N and an odd den > 0 such that the product is N / den,
// exactly, working on the given number of threads, 0 for one to a processor. It fails with a
// *exactmath.ShapeError if a shape does not fit, with ErrTooLarge if there are
// too many bits.
func (c *Chain) Product(threads int) (num *exactmath.Dyadic, den *big.Int, err error) {
	return c.run(nil, threads, fastest())
}

// Residual is Product for target - product. Numbers are reconstructed only where
// it is not zero, and that is decided on residues: the difference times the
// common denominator is a matrix of integers below a proved bound (see bounds),
// which the product of the primes exceeds, so that an entry is zero if all its
// residues are.
func (c *Chain) Residual(target exactmath.Matrix, threads int) (num *exactmath.Dyadic, den *big.Int, err error) {
	if target == nil {
		target = &exactmath.Floats{}
	}
	return c.run(target, threads, fastest())
}

// span bounds a matrix: its entries are integers times 2^exp / den, den odd, at
// most max in absolute value, and so are their sums along a row, at most sum.
type span struct {
	exp      int
	den      *big.Int
	max, sum *big.Rat
}

// add bounds the sum of two matrices.
func (s span) add(t span) span {
	return span{min(s.exp, t.exp), lcm(s.den, t.den), plus(s.max, t.max), plus(s.sum, t.sum)}
}

// times bounds the product with x: a row of it is a row of s times x.
func (s span) times(x span) span {
	return span{s.exp + x.exp, new(big.Int).Mul(s.den, x.den), times(s.sum, x.max), times(s.sum, x.sum)}
}

// scaled bounds the product with the diagonal matrix whose diagonal is the row x.
func (s span) scaled(x span) span {
	return span{s.exp + x.exp, new(big.Int).Mul(s.den, x.den), times(s.max, x.max), times(s.sum, x.max)}
}

func plus(a, b *big.Rat) *big.Rat  { return new(big.Rat).Add(a, b) }
func times(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

// bounds bounds the product [S1, S2] of the steps, by following
//
//	[S1, S2] [[D, X], [0, I]] = [S1 D, S2 + S1 X]
//
// and its mirror image.
func bounds(steps []step) span {
	one := span{0, big.NewInt(1), big.NewRat(1, 1), big.NewRat(1, 1)}
	s := [2]span{one, one}
	for _, k := range steps {
		from, to := k.from, 1-k.from
		s[to] = s[to].add(s[from].times(k.weight.span))
		if k.scale != nil {
			s[from] = s[from].scaled(k.scale.span)
		}
	}
	return s[0].add(s[1])
}

func lcm(a, b *big.Int) *big.Int {
	g := new(big.Int).GCD(nil, nil, a, b)
	return g.Mul(a, g.Quo(b, g))
}
