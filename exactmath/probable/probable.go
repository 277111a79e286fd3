// Package probable checks a product of coupling layers against a target in the
// time of a few matrix-vector products: Freivalds' test. Its yes is a matter of
// probability, stated with it, and never the verdict "exact"; its no is certain.
//
// R. Freivalds, Probabilistic machines can use less running time, IFIP 1977.
package probable

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"runtime"

	"flowproof/exactmath"
	"flowproof/exactmath/chain"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/internal/residue"
)

// Verdict is the word for an agreement found here.
const Verdict = "probable"

// Result is the outcome of a check.
type Result struct {
	// Agree tells whether target and product agreed in every round. If not, they
	// differ, for certain.
	Agree bool
	// Error bounds, if they agreed, the probability of that for a target that
	// differs from the product, over the choice of the seed.
	Error *big.Rat
}

// Check compares target x with E_1 (E_2 .. (E_k x)) in the given number of
// rounds, each with a random prime p in 2^60..2^61 and a random vector x modulo
// p, in time O(n^2) for each round and layer: PROOFS.md, theorem 7.6. It fails with
// a *exactmath.ShapeError if the shapes do not fit.
func Check(c *chain.Chain, target exactmath.Matrix, rounds int, seed uint64) (*Result, error) {
	return check(c, target, rounds, seed, 60)
}

// check is Check with primes in 2^size..2^(size+1), 5 <= size <= 60.
func check(c *chain.Chain, target exactmath.Matrix, rounds int, seed uint64, size int) (*Result, error) {
	if target == nil || rounds < 1 {
		return nil, fmt.Errorf("probable: %d rounds and target %v, want at least 1 and a matrix", rounds, target)
	}
	if err := c.Validate(target); err != nil {
		return nil, err
	}
	difference, err := span(c, target)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	fields, vectors := make([]*field, rounds), make([][]uint64, rounds)
	for r := range fields {
		fields[r] = newField(rng, difference.Den, size)
		vectors[r] = make([]uint64, c.P+c.Q)
		for i := range vectors[r] {
			vectors[r][i] = rng.Uint64N(fields[r].p)
		}
	}
	agree := make([]bool, rounds)
	residue.Parallel(runtime.GOMAXPROCS(0), rounds, func(_, r int) {
		agree[r] = fields[r].agree(c, target, vectors[r])
	})
	z := &Result{true, big.NewRat(1, 1)}
	once := missed(difference.Integers().BitLen(), difference.Den.BitLen(), size)
	for _, ok := range agree {
		z.Agree = z.Agree && ok
		z.Error.Mul(z.Error, once)
	}
	if !z.Agree {
		z.Error.SetInt64(0)
	}
	return z, nil
}

// missed bounds the probability that a round misses a difference of integers of at
// most the given bits, with primes in 2^size..2^(size+1) that do not divide a
// denominator den of that many bits. There are more than 3 2^size / (5 ln 2^size)
// > 6 2^size / (7 size) such primes, as ln 2 < 7/10 (Rosser and Schoenfeld 1962,
// corollary 3 of theorem 2), less than bits/size of which divide one number.
func missed(bits, den, size int) *big.Rat {
	divisors := func(bits int) *big.Rat { return big.NewRat(int64(max(bits-1, 0)/size), 1) }
	primes := new(big.Rat).SetFrac64(6<<size, int64(7*size))
	if primes.Sub(primes, divisors(den)).Sign() <= 0 {
		return big.NewRat(1, 1)
	}
	p := divisors(bits)
	p.Quo(p, primes).Add(p, big.NewRat(1, 1<<size)) // or else x is in the kernel
	if p.Cmp(big.NewRat(1, 1)) > 0 {
		p.SetInt64(1)
	}
	return p
}

// span bounds target - product.
func span(c *chain.Chain, target exactmath.Matrix) (residue.Span, error) {
	scales := make([]exactmath.Matrix, len(c.Steps))
	for k, s := range c.Steps {
		d, err := dense.NewRational(1, len(s.Scale), s.Scale)
		if err != nil {
			return residue.Span{}, err
		}
		scales[k] = d
	}
	product := c.Bounds(func(k int) residue.Span { return bound(c.Steps[k].Weight) }, func(k int) residue.Span { return bound(scales[k]) })
	return product.Add(bound(target)), nil
}

// bound bounds a matrix by its largest and smallest powers of two.
func bound(m exactmath.Matrix) residue.Span {
	lo, hi := math.MaxInt, math.MinInt
	den := residue.Of(m)(func(_, _ int, _ float64, u uint64, e int) {
		lo, hi = min(lo, e), max(hi, e+bits.Len64(u))
	})
	if lo > hi {
		lo, hi = 0, 0
	}
	_, cols := m.Dims()
	s := residue.Span{Exp: lo, Den: den, Max: residue.Ldexp(1, hi)}
	s.Sum = new(big.Rat).Mul(s.Max, new(big.Rat).SetInt64(int64(cols)))
	return s
}
