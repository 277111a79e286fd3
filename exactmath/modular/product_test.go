package modular

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/internal/residue"
	"flowproof/internal/chaintest"
)

// on is a machine without limits, on which every number of threads is used.
func on(kern residue.Kernel, threads, queue int) machine {
	return machine{kern, threads, math.MaxInt64, math.MaxInt64, queue}
}

// value puts the rows that x has together; the others are zero.
func value(t testing.TB, x *Product) *dense.Rational {
	exp, den := x.Unit()
	unit := new(big.Rat).SetFrac(new(big.Int).Lsh(big.NewInt(1), uint(max(exp, 0))), new(big.Int).Lsh(den, uint(max(-exp, 0))))
	v := make([]*big.Rat, x.n*x.n)
	for k := range v {
		v[k] = new(big.Rat)
	}
	x.Rows(x.order[x.first:x.first+x.rows], func(i int, num []big.Int) {
		for j := range num {
			v[i*x.n+j].Mul(unit, new(big.Rat).SetInt(&num[j]))
		}
	})
	m, err := dense.NewRational(x.n, x.n, v)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestProduct compares every kernel with math/big, on every kind of entry,
// whatever the number of factors expected, for all rows or some, with and without
// a target.
func TestProduct(t *testing.T) {
	for name, m := range chaintest.Makers {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for trial := range 5 {
				p, q := 1+r.IntN(11), 1+r.IntN(11)
				if name == "extreme" || name == "wide" || name == "subnormal" {
					p, q = 1+p/4, 1+q/4
				}
				check(t, r, chaintest.Random(t, r, m, p, q, r.IntN(6), trial%2 == 1, trial%3 == 1), m)
			}
		})
	}
}

func check(t *testing.T, r *rand.Rand, c *chaintest.Chain, m chaintest.Maker) {
	t.Helper()
	n := c.P + c.Q
	want := c.Plain(t)
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
	targets := []exactmath.Matrix{nil, chaintest.Entries(t, r, m, n, n), want, near}
	for _, kern := range residue.Kernels() {
		for _, threads := range []int{1, 3} {
			for _, target := range targets {
				from := r.IntN(n)
				to := from + 1 + r.IntN(n-from)
				if r.IntN(2) == 0 {
					from, to = 0, n
				}
				queue := []int{0, 10, 100, 1 << 23}[r.IntN(4)]
				x := newProduct(on(kern, threads, queue), c.Order, c.P, from, to, r.IntN(12))
				for _, f := range c.Factors {
					if err := x.Multiply(exactmath.Factor(f)); err != nil {
						t.Fatal(err)
					}
				}
				all := want
				if target != nil {
					if err := x.Subtract(target); err != nil {
						t.Fatal(err)
					}
					if all, err = want.Sub(dense.ToRational(target)); err != nil {
						t.Fatal(err)
					}
				}
				got := value(t, x)
				for k, i := range c.Order {
					for j := range n {
						w := all.At(i, j)
						if k < from || to <= k {
							w.SetInt64(0)
						}
						if got.At(i, j).Cmp(w) != 0 {
							t.Fatalf("lanes %d, threads %d, p %d, q %d, places %d..%d: entry (%d, %d) differs", kern.Lanes, threads, c.P, c.Q, from, to-1, i, j)
						}
					}
				}
			}
		}
	}
}

// TestSet begins with a matrix, and goes on after a target was subtracted.
func TestSet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	for name, m := range chaintest.Makers {
		p, q := 1+r.IntN(4), 1+r.IntN(4)
		c := chaintest.Random(t, r, m, p, q, 4, true, true)
		head, tail := *c, *c
		head.Factors, tail.Factors = c.Factors[:2], c.Factors[2:]
		target := dense.ToRational(chaintest.Entries(t, r, m, p+q, p+q))
		start := head.Plain(t)
		x := New(c.Order, p, 0, p+q, 3, math.MaxInt64, math.MaxInt64)
		if err := x.Set(start.Each); err != nil {
			t.Fatal(err)
		}
		if err := x.Subtract(target); err != nil {
			t.Fatal(err)
		}
		want, err := start.Sub(target)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range tail.Factors {
			if err := x.Multiply(exactmath.Factor(f)); err != nil {
				t.Fatal(err)
			}
		}
		if want, err = want.Mul(tail.Plain(t)); err != nil {
			t.Fatal(err)
		}
		if !dense.Equal(value(t, x), want) {
			t.Errorf("%s: product differs", name)
		}
		if norm := want.NormInf(); x.Norm().Cmp(norm) < 0 {
			t.Errorf("%s: norm %v above the bound %v", name, norm, x.Norm())
		}
	}
}

// TestPrimesInDenominators has scales whose denominators are the primes in use.
func TestPrimesInDenominators(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	c := chaintest.Random(t, r, chaintest.Makers["normal"], 2, 2, 5, false, true)
	x := newProduct(on(residue.Fastest(), 1, 0), c.Order, 2, 0, 4, 5)
	for k := range c.Factors {
		c.Factors[k].Scale = []*big.Rat{big.NewRat(1, 3), big.NewRat(2, 1)}
		if k > 0 {
			c.Factors[k].Scale[1].SetFrac64(5, int64(x.primes[k].U))
		}
		before := slices.Clone(x.primes)
		if err := x.Multiply(exactmath.Factor(c.Factors[k])); err != nil {
			t.Fatal(err)
		}
		if k > 0 && slices.Contains(x.primes, before[k]) {
			t.Errorf("the denominator %d is a prime still", before[k].U)
		}
	}
	if !dense.Equal(value(t, x), c.Plain(t)) {
		t.Error("product differs")
	}
}

// TestPrimesOnce: six like factors take one choice of primes, not many more than
// their product needs.
func TestPrimesOnce(t *testing.T) {
	for _, n := range []int{16, 48} {
		factors := gaussian(n, 6)
		x := newProduct(on(residue.Fastest(), 1, 0), chaintest.Identity(n), n/2, 0, n, 6)
		chosen := 0
		for k, f := range factors {
			if err := x.Multiply(f); err != nil {
				t.Fatal(err)
			}
			if k == 0 {
				chosen = len(x.primes)
			}
		}
		need := residue.Ceil(room(x.spans.Whole()).BitLen(), 24)
		if len(x.primes) != chosen || chosen > need+3 {
			t.Errorf("n = %d: %d primes, then %d; %d are needed", n, chosen, len(x.primes), need)
		}
	}
}

// TestTooLarge: too many bits, too little memory, too much work; nothing changes.
func TestTooLarge(t *testing.T) {
	wide, err := dense.NewDyadic(1, 1, []*big.Int{new(big.Int).Lsh(big.NewInt(3), 1000)}, -90000)
	if err != nil {
		t.Fatal(err)
	}
	small, err := exactmath.FromFloat64(1, 1, []float64{3})
	if err != nil {
		t.Fatal(err)
	}
	x := New([]int{0, 1}, 1, 0, 2, 2, math.MaxInt64, math.MaxInt64)
	if err := x.Multiply(exactmath.Factor{Upper: true, Weight: wide}); err != nil {
		t.Fatal(err)
	}
	before := value(t, x)
	for _, err := range []error{x.Multiply(exactmath.Factor{Weight: wide}), x.Multiply(exactmath.Factor{Weight: wide, Scale: []*big.Rat{big.NewRat(1, 7)}})} {
		if !errors.Is(err, exactmath.ErrTooLarge) || !dense.Equal(value(t, x), before) {
			t.Errorf("got %v", err)
		}
	}
	span := must(dense.NewDyadic(2, 2, []*big.Int{big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 90000), {}, {}}, 0))
	x = New([]int{0, 1}, 1, 0, 2, 2, 1<<14, math.MaxInt64) // fewer than the digits of span
	for what, err := range map[string]error{"set": x.Set(span.Each), "factor": x.Multiply(exactmath.Factor{Weight: wide}), "target": x.Subtract(span)} {
		if !errors.Is(err, exactmath.ErrTooLarge) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	for _, l := range [][2]int64{{1000, math.MaxInt64}, {math.MaxInt64, 10}} {
		x := New([]int{0, 1}, 1, 0, 2, 2, l[0], l[1])
		if err := x.Multiply(exactmath.Factor{Upper: true, Weight: small}); !errors.Is(err, exactmath.ErrTooLarge) {
			t.Errorf("limits %d: got %v", l, err)
		}
	}
	x = New([]int{0, 1}, 1, 0, 2, 2, 1<<10, math.MaxInt64)
	if err := x.Set(wide.Each); !errors.Is(err, exactmath.ErrTooLarge) {
		t.Errorf("too large to begin with: got %v", err)
	}
	// Memory for the numbers as they are, but not for those foreseen.
	x = New([]int{0, 1}, 1, 0, 2, 100, int64(x.stride)*8*6, math.MaxInt64) // six planes
	err = x.Multiply(exactmath.Factor{Upper: true, Weight: small})
	if x.flush(); err != nil || len(x.primes) != 6 {
		t.Errorf("%d primes, error %v", len(x.primes), err)
	}
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// gaussian returns alternating factors with float64 weights.
func gaussian(n, depth int) []exactmath.Factor {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	out := make([]exactmath.Factor, depth)
	for k := range out {
		rows, cols := n-n/2, n/2
		if k%2 == 1 {
			rows, cols = cols, rows
		}
		x := make([]float64, rows*cols)
		for i := range x {
			x[i] = r.NormFloat64() / math.Sqrt(1.1*float64(n/2))
		}
		w, _ := exactmath.FromFloat64(rows, cols, x)
		out[k] = exactmath.Factor{Upper: k%2 == 1, Weight: w}
	}
	return out
}

// BenchmarkMultiply multiplies six factors and puts the product together, on each
// kernel of this machine.
func BenchmarkMultiply(b *testing.B) {
	for _, n := range []int{32, 64, 128, 256, 512, 1024} {
		factors := gaussian(n, 6)
		for _, threads := range []int{1, 2} {
			for _, kern := range residue.Kernels()[1:] {
				b.Run(fmt.Sprintf("n=%d/threads=%d/lanes=%d", n, threads, kern.Lanes), func(b *testing.B) {
					for b.Loop() {
						x := newProduct(on(kern, threads, 1<<23), chaintest.Identity(n), n/2, 0, n, len(factors))
						for _, f := range factors {
							if err := x.Multiply(f); err != nil {
								b.Fatal(err)
							}
						}
						x.Rows(x.order, func(int, []big.Int) {})
					}
				})
			}
		}
	}
}
