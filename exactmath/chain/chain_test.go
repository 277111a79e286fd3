package chain

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/internal/chaintest"
)

// plain is the product of the chain with math/big alone.
func plain(t testing.TB, c *Chain) *dense.Rational {
	z := &chaintest.Chain{P: c.P, Q: c.Q, Order: c.Order}
	if z.Order == nil {
		z.Order = chaintest.Identity(c.P + c.Q)
	}
	for _, s := range c.Steps {
		z.Factors = append(z.Factors, chaintest.Factor(s))
	}
	return z.Plain(t)
}

// value is the answer of Product or Residual as one matrix.
func value(num *dense.Dyadic, den *big.Int) *dense.Rational {
	return dense.ToRational(num).Scale(new(big.Rat).SetFrac(big.NewInt(1), den))
}

// TestChain composes at once and a few rows at a time, down to no step at all.
func TestChain(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for name, m := range chaintest.Makers {
		for trial := range 4 {
			p, q := 1+r.IntN(9), 1+r.IntN(9)
			z := chaintest.Random(t, r, m, p, q, trial, true, trial%2 == 1)
			c := &Chain{P: p, Q: q}
			if trial%2 == 1 {
				c.Order = z.Order
			}
			for _, f := range z.Factors {
				c.Steps = append(c.Steps, Step(f))
			}
			want := plain(t, c)
			target := dense.ToRational(chaintest.Entries(t, r, m, p+q, p+q))
			diff, err := target.Sub(want)
			if err != nil {
				t.Fatal(err)
			}
			for _, block := range []int{1, block} {
				num, den, err := c.run(nil, block)
				if err != nil {
					t.Fatal(err)
				}
				if !dense.Equal(value(num, den), want) {
					t.Errorf("%s, p %d, q %d, %d steps: product differs", name, p, q, trial)
				}
				if num, den, err = c.run(target, block); err != nil {
					t.Fatal(err)
				}
				if !dense.Equal(value(num, den), diff) {
					t.Errorf("%s, p %d, q %d, %d steps: residual differs", name, p, q, trial)
				}
			}
		}
	}
}

// FuzzChain compares with math/big on chains of two parts and float64 weights
// made of the bytes given.
func FuzzChain(f *testing.F) {
	f.Add(uint8(1), uint8(1), uint8(2), []byte("12345678"))
	f.Add(uint8(3), uint8(2), uint8(4), []byte("\x00\x00\x00\x00\x00\x00\xf0\x7e\x01\x00\x00\x00\x00\x00\x00\x80"))
	f.Fuzz(func(t *testing.T, p, q, depth uint8, data []byte) {
		c := &Chain{P: int(p%8) + 1, Q: int(q%8) + 1}
		at := 0
		next := func() float64 {
			var b [8]byte
			for i := range b {
				if len(data) > 0 {
					b[i] = data[at%len(data)]
					at++
				}
			}
			if v := math.Float64frombits(binary.LittleEndian.Uint64(b[:])); !math.IsNaN(v) && !math.IsInf(v, 0) {
				return v
			}
			return 1
		}
		full := func(rows, cols int) exactmath.Matrix {
			v := make([]float64, rows*cols)
			for i := range v {
				v[i] = next()
			}
			m, err := exactmath.FromFloat64(rows, cols, v)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		for k := range int(depth % 6) {
			if k%2 == 0 {
				c.Steps = append(c.Steps, Step{Upper: true, Weight: full(c.P, c.Q)})
			} else {
				c.Steps = append(c.Steps, Step{Weight: full(c.Q, c.P)})
			}
		}
		target := full(c.P+c.Q, c.P+c.Q)
		want, err := dense.ToRational(target).Sub(plain(t, c))
		if err != nil {
			t.Fatal(err)
		}
		num, den, err := c.Residual(target)
		if err != nil {
			t.Fatal(err)
		}
		if !dense.Equal(value(num, den), want) {
			t.Fatal("residual differs")
		}
	})
}

func TestBadInput(t *testing.T) {
	one := dense.IdentityDyadic(1)
	two := dense.IdentityDyadic(2)
	var shape *exactmath.ShapeError
	for name, c := range map[string]*Chain{
		"no part":           {P: 0, Q: 2},
		"short order":       {P: 1, Q: 1, Order: []int{0}},
		"not a permutation": {P: 1, Q: 1, Order: []int{0, 0}},
		"no weight":         {P: 1, Q: 1, Steps: []Step{{}}},
		"weight":            {P: 1, Q: 1, Steps: []Step{{Upper: true, Weight: two}}},
		"scale":             {P: 1, Q: 1, Steps: []Step{{Upper: true, Weight: one, Scale: []*big.Rat{big.NewRat(1, 1), big.NewRat(1, 1)}}}},
	} {
		if _, _, err := c.Product(); !errors.As(err, &shape) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := &Chain{P: 1, Q: 1}
	for _, target := range []exactmath.Matrix{nil, one} {
		if _, _, err := c.Residual(target); !errors.As(err, &shape) {
			t.Errorf("target %v: %v", target, err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	x, err := dense.NewDyadic(1, 1, []*big.Int{new(big.Int).Lsh(big.NewInt(3), 1000)}, -90000)
	if err != nil {
		t.Fatal(err)
	}
	c := &Chain{P: 1, Q: 1, Steps: []Step{{Upper: true, Weight: x}, {Weight: x}}}
	if _, _, err := c.Product(); !errors.Is(err, exactmath.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}
