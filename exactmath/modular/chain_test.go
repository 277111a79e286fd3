package modular

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/internal/residue"
)

// plain is the product of the chain with math/big alone: full factors, schoolbook.
func plain(t testing.TB, c *Chain) *dense.Rational {
	n := c.P + c.Q
	order := c.Order
	if order == nil {
		order = make([]int, n)
		for i := range order {
			order[i] = i
		}
	}
	z := dense.IdentityRational(n)
	for _, s := range c.Steps {
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

// A maker makes one entry.
type maker func(r *rand.Rand) *big.Rat

func float(f float64) *big.Rat { return new(big.Rat).SetFloat64(f) }

var makers = map[string]maker{
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

// entries returns a rows x cols matrix made by m, in the tightest storage that
// holds it, or in one of the looser ones.
func entries(t testing.TB, r *rand.Rand, m maker, rows, cols int) exactmath.Matrix {
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
		var es []exactmath.Entry
		for k, v := range f {
			es = append(es, exactmath.Entry{Row: k / cols, Col: k % cols, Value: v})
		}
		s, err := exactmath.NewSparse(rows, cols, es)
		if err != nil {
			t.Fatal(err)
		}
		return s
	case ok && r.IntN(4) > 0:
		return d
	}
	return x
}

func chain(t testing.TB, r *rand.Rand, m maker, p, q, depth int, scales, shuffle bool) *Chain {
	c := &Chain{P: p, Q: q}
	if shuffle {
		c.Order = r.Perm(p + q)
	}
	upper := r.IntN(2) == 0
	for range depth {
		s := Step{Upper: upper}
		rows, cols := q, p
		if upper {
			rows, cols = cols, rows
		}
		s.Weight = entries(t, r, m, rows, cols)
		if scales && r.IntN(2) == 0 {
			for range rows {
				d := m(r)
				s.Scale = append(s.Scale, d.Abs(d).Add(d, big.NewRat(1, 2)))
			}
		}
		c.Steps = append(c.Steps, s)
		upper = upper != (r.IntN(5) > 0)
	}
	return c
}

// TestChain compares every kernel with math/big, on every kind of entry.
func TestChain(t *testing.T) {
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for trial := range 9 {
				p, q := 1+r.IntN(11), 1+r.IntN(11)
				if name == "extreme" || name == "wide" || name == "subnormal" {
					p, q = 1+p/4, 1+q/4
				}
				c := chain(t, r, m, p, q, r.IntN(6), trial%2 == 1, trial%3 == 1)
				check(t, r, c, m)
			}
		})
	}
}

// value is the answer of Product or Residual as one matrix.
func value(num *dense.Dyadic, den *big.Int) *dense.Rational {
	return dense.ToRational(num).Scale(new(big.Rat).SetFrac(big.NewInt(1), den))
}

func check(t *testing.T, r *rand.Rand, c *Chain, m maker) {
	t.Helper()
	n := c.P + c.Q
	want := plain(t, c)
	v := make([]*big.Rat, n*n)
	for k := range v {
		v[k] = want.At(k/n, k%n)
	}
	k := r.IntN(n * n) // one entry is off by a little
	v[k].Add(v[k], new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 300)))
	near, err := dense.NewRational(n, n, v)
	if err != nil {
		t.Fatal(err)
	}
	targets := []exactmath.Matrix{entries(t, r, m, n, n), want, near}
	for _, k := range residue.Kernels() {
		for _, threads := range []int{1, 3} {
			on := machine{k, threads, 1 << 24, 0}
			num, den, err := c.run(nil, on)
			if err != nil {
				t.Fatal(err)
			}
			if !dense.Equal(value(num, den), want) {
				t.Fatalf("lanes %d, threads %d, p %d, q %d: product differs", k.Lanes, threads, c.P, c.Q)
			}
			for _, target := range targets {
				num, den, err := c.run(target, on)
				if err != nil {
					t.Fatal(err)
				}
				diff, err := dense.ToRational(target).Sub(want)
				if err != nil {
					t.Fatal(err)
				}
				if !dense.Equal(value(num, den), diff) {
					t.Fatalf("lanes %d, threads %d, p %d, q %d: residual differs", k.Lanes, threads, c.P, c.Q)
				}
			}
		}
	}
}

// TestBlocks works on some rows at a time, as for want of memory.
func TestBlocks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	c := chain(t, r, makers["half"], 61, 70, 4, true, true)
	target := entries(t, r, makers["half"], 131, 131)
	for _, kern := range residue.Kernels() {
		for _, target := range []exactmath.Matrix{nil, target} {
			whole, den, err := c.run(target, machine{kern, 1, 1 << 24, 0})
			if err != nil {
				t.Fatal(err)
			}
			blocks, den2, err := c.run(target, machine{kern, 2, 1, 0})
			if err != nil {
				t.Fatal(err)
			}
			if !whole.Equal(blocks) || den.Cmp(den2) != 0 {
				t.Errorf("lanes %d: results differ", kern.Lanes)
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
		floats := func(rows, cols int) exactmath.Matrix {
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
				c.Steps = append(c.Steps, Step{Upper: true, Weight: floats(c.P, c.Q)})
			} else {
				c.Steps = append(c.Steps, Step{Weight: floats(c.Q, c.P)})
			}
		}
		target := floats(c.P+c.Q, c.P+c.Q)
		want, err := dense.ToRational(target).Sub(plain(t, c))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range residue.Kernels() {
			num, den, err := c.run(target, machine{k, 2, 1 << 24, 0})
			if err != nil {
				t.Fatal(err)
			}
			if !dense.Equal(value(num, den), want) {
				t.Fatalf("lanes %d: residual differs", k.Lanes)
			}
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
		"weight":            {P: 1, Q: 1, Steps: []Step{{true, two, nil}}},
		"scale":             {P: 1, Q: 1, Steps: []Step{{true, one, []*big.Rat{big.NewRat(1, 1), big.NewRat(1, 1)}}}},
	} {
		if _, _, err := c.Product(1); !errors.As(err, &shape) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := &Chain{P: 1, Q: 1}
	for _, target := range []exactmath.Matrix{nil, one} {
		if _, _, err := c.Residual(target, 1); !errors.As(err, &shape) {
			t.Errorf("target %v: %v", target, err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	x, err := dense.NewDyadic(1, 1, []*big.Int{new(big.Int).Lsh(big.NewInt(3), 1000)}, -90000)
	if err != nil {
		t.Fatal(err)
	}
	c := &Chain{P: 1, Q: 1, Steps: []Step{{true, x, nil}, {false, x, nil}}}
	if _, _, err := c.Product(1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func gaussian(n, depth int) (*Chain, exactmath.Matrix) {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	c := &Chain{P: n / 2, Q: n - n/2}
	for k := range depth {
		rows, cols := c.Q, c.P
		if k%2 == 1 {
			rows, cols = cols, rows
		}
		x := make([]float64, rows*cols)
		for i := range x {
			x[i] = r.NormFloat64() / math.Sqrt(1.1*float64(c.P))
		}
		w, _ := exactmath.FromFloat64(rows, cols, x)
		c.Steps = append(c.Steps, Step{Upper: k%2 == 1, Weight: w})
	}
	x := make([]float64, n*n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	target, _ := exactmath.FromFloat64(n, n, x)
	return c, target
}

func BenchmarkCompose(b *testing.B) {
	for _, n := range []int{32, 64, 128, 256, 512, 1024} {
		for _, threads := range []int{1, 2} {
			for _, k := range residue.Kernels()[1:] {
				c, _ := gaussian(n, 6)
				b.Run(fmt.Sprintf("n=%d/threads=%d/lanes=%d", n, threads, k.Lanes), func(b *testing.B) {
					for b.Loop() {
						if _, _, err := c.run(nil, machine{k, threads, 1 << 24, 0}); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
