// Package chaintest makes chains of block triangular factors for tests, and their
// products with math/big alone.
package chaintest

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

// Factor is a modular.Factor.
type Factor struct {
	Upper  bool
	Weight exactmath.Matrix
	Scale  []*big.Rat
}

// Chain is a product of factors on the first P places of the order and Q others.
type Chain struct {
	P, Q    int
	Order   []int
	Factors []Factor
}

// Plain returns the product: full factors, schoolbook.
func (c *Chain) Plain(t testing.TB) *dense.Rational {
	n := c.P + c.Q
	order := c.Order
	z := dense.IdentityRational(n)
	for _, s := range c.Factors {
		f := make([]*big.Rat, n*n)
		for k := range f {
			f[k] = new(big.Rat)
		}
		row, col := c.P, 0
		if s.Upper {
			row, col = 0, c.P
		}
		for i := range n {
			f[order[i]*n+order[i]].SetInt64(1)
		}
		for i, d := range s.Scale {
			f[order[row+i]*n+order[row+i]].Set(d)
		}
		s.Weight.Each(func(i, j int, v *big.Rat) { f[order[row+i]*n+order[col+j]].Set(v) })
		m, err := dense.NewRational(n, n, f)
		if err != nil {
			t.Fatal(err)
		}
		if z, err = z.Mul(m); err != nil {
			t.Fatal(err)
		}
	}
	return z
}

// A Maker makes one entry.
type Maker func(r *rand.Rand) *big.Rat

func float(f float64) *big.Rat { return new(big.Rat).SetFloat64(f) }

// Makers make entries of every kind.
var Makers = map[string]Maker{
	"normal":    func(r *rand.Rand) *big.Rat { return float(r.NormFloat64()) },
	"zero":      func(r *rand.Rand) *big.Rat { return new(big.Rat) },
	"integer":   func(r *rand.Rand) *big.Rat { return big.NewRat(r.Int64N(19)-9, 1) },
	"half":      func(r *rand.Rand) *big.Rat { return big.NewRat(r.Int64N(7)-3, 2) },
	"huge":      func(r *rand.Rand) *big.Rat { return float(math.Ldexp(r.NormFloat64(), 1000)) },
	"tiny":      func(r *rand.Rand) *big.Rat { return float(math.Ldexp(r.NormFloat64(), -1000)) },
	"wide":      func(r *rand.Rand) *big.Rat { return float(math.Ldexp(r.NormFloat64(), r.IntN(2001)-1000)) },
	"subnormal": func(r *rand.Rand) *big.Rat { return float(math.Float64frombits(r.Uint64() >> 12)) },
	"extreme": func(r *rand.Rand) *big.Rat {
		return float([]float64{math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 0, 1, -1}[r.IntN(7)])
	},
	"sparse": func(r *rand.Rand) *big.Rat {
		if r.IntN(5) > 0 {
			return new(big.Rat)
		}
		return float(r.NormFloat64())
	},
	"residue": func(r *rand.Rand) *big.Rat { // multiples and neighbours of multiples of primes
		return big.NewRat((r.Int64N(9)-4)*16777141+r.Int64N(3)-1, 1)
	},
	"ones": func(r *rand.Rand) *big.Rat { return big.NewRat(1<<53-1, 1<<20) },
	"long": func(r *rand.Rand) *big.Rat {
		v := new(big.Int)
		for range 5 {
			v.Lsh(v, 64).Add(v, new(big.Int).SetUint64(r.Uint64()))
		}
		if r.IntN(2) == 0 {
			v.Neg(v)
		}
		return new(big.Rat).SetFrac(v, new(big.Int).Lsh(big.NewInt(1), uint(r.IntN(400))))
	},
	"rational": func(r *rand.Rand) *big.Rat { return big.NewRat(r.Int64N(41)-20, r.Int64N(12)+1) },
	"prime":    func(r *rand.Rand) *big.Rat { return big.NewRat(r.Int64N(9)-4, 16777141) }, // a prime below top
}

// Entries returns a rows x cols matrix made by m, in the tightest storage that
// holds it, or in one of the looser ones.
func Entries(t testing.TB, r *rand.Rand, m Maker, rows, cols int) exactmath.Matrix {
	v := make([]*big.Rat, rows*cols)
	for k := range v {
		v[k] = m(r)
	}
	return store(t, r, v, rows, cols)
}

func store(t testing.TB, r *rand.Rand, v []*big.Rat, rows, cols int) exactmath.Matrix {
	x, err := dense.NewRational(rows, cols, v)
	if err != nil {
		t.Fatal(err)
	}
	d, ok := dense.ToDyadic(x)
	f := x.Float64s()
	g, ferr := exactmath.FromFloat64(rows, cols, f)
	switch {
	case ferr == nil && dense.Equal(g, x) && r.IntN(4) > 0:
		if r.IntN(3) > 0 {
			return g
		}
		var es []sparse.Entry
		for k, v := range f {
			es = append(es, sparse.Entry{Row: k / cols, Col: k % cols, Value: v})
		}
		s, err := sparse.New(rows, cols, es)
		if err != nil {
			t.Fatal(err)
		}
		return s
	case ok && r.IntN(4) > 0:
		return d
	}
	return x
}

// Random returns a chain.
func Random(t testing.TB, r *rand.Rand, m Maker, p, q, depth int, scales, shuffle bool) *Chain {
	c := &Chain{P: p, Q: q, Order: Identity(p + q)}
	if shuffle {
		c.Order = r.Perm(p + q)
	}
	upper := r.IntN(2) == 0
	for range depth {
		s := Factor{Upper: upper}
		rows, cols := q, p
		if upper {
			rows, cols = cols, rows
		}
		s.Weight = Entries(t, r, m, rows, cols)
		if scales && r.IntN(2) == 0 {
			for range rows {
				d := m(r)
				s.Scale = append(s.Scale, d.Abs(d).Add(d, big.NewRat(1, 2)))
			}
		}
		c.Factors = append(c.Factors, s)
		upper = upper != (r.IntN(5) > 0)
	}
	return c
}

// Identity returns 0..n-1.
func Identity(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}
