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

// Residual is Product for target - product. Whether that is zero is decided on
// residues, as in Equal; numbers are reconstructed only where it is not.
func (c *Chain) Residual(target exactmath.Matrix, threads int) (num *exactmath.Dyadic, den *big.Int, err error) {
	if target == nil {
		target = &exactmath.Floats{}
	}
	return c.run(target, threads, fastest())
}

// Equal reports whether target = product. The difference, over the common
// denominator, is a matrix of integers below a proved bound (see bounds), and
// the product of the primes is not below it: if all residues are zero, so is the
// difference. It stops at the first residue that is not. Errors are as for
// Product.
func (c *Chain) Equal(target exactmath.Matrix, threads int) (bool, error) {
	return c.equal(target, threads, fastest())
}

// span bounds a matrix N * 2^exp / den of integers N, den odd: the |entries| of
// N are at most max, and their sums along a row at most sum.
type span struct {
	exp           int
	den, max, sum *big.Int
}

// over returns the bounds of the same matrix over another denominator.
func (s span) over(exp int, den *big.Int) span {
	f := new(big.Int).Quo(den, s.den)
	f.Lsh(f, uint(s.exp-exp))
	return span{exp, den, new(big.Int).Mul(s.max, f), f.Mul(f, s.sum)}
}

// add bounds the sum of two matrices, over their common denominator.
func (s span) add(t span) span {
	exp, den := min(s.exp, t.exp), lcm(s.den, t.den)
	a, b := s.over(exp, den), t.over(exp, den)
	return span{exp, den, a.max.Add(a.max, b.max), a.sum.Add(a.sum, b.sum)}
}

// times bounds the product with x, or with the diagonal matrix whose diagonal is
// the row x: a row of the product is a row of s, of sum at most s.sum, times x.
func (s span) times(x *integers, diagonal bool) span {
	z := span{s.exp + x.exp, new(big.Int).Mul(s.den, x.den), new(big.Int).Mul(s.sum, x.max), new(big.Int).Mul(s.sum, x.sum)}
	if diagonal {
		z.max.Mul(s.max, x.max)
		z.sum.Mul(s.sum, x.max)
	}
	return z
}

// bounds bounds the product [S1, S2] of the steps, by following
//
//	[S1, S2] [[D, X], [0, I]] = [S1 D, S2 + S1 X]
//
// and its mirror image.
func bounds(steps []step) span {
	one := big.NewInt(1)
	s := [2]span{{0, one, one, one}, {0, one, one, one}}
	for _, k := range steps {
		from, to := k.from, 1-k.from
		s[to] = s[to].add(s[from].times(k.weight, false))
		if k.scale != nil {
			s[from] = s[from].times(k.scale, true)
		}
	}
	return s[0].add(s[1])
}

func lcm(a, b *big.Int) *big.Int {
	g := new(big.Int).GCD(nil, nil, a, b)
	return g.Mul(a, g.Quo(b, g))
}
