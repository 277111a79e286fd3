package probable

import (
	"flag"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/chain"
	"flowproof/exactmath/dense"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func weight(r *rand.Rand, rows, cols, kind int) exactmath.Matrix {
	v := make([]*big.Rat, rows*cols)
	for i := range v {
		switch kind {
		case 0:
			v[i] = new(big.Rat).SetFloat64(r.NormFloat64())
		case 1:
			v[i] = new(big.Rat).SetFloat64(math.Ldexp(r.NormFloat64(), r.IntN(2000)-1000))
		case 2:
			v[i] = big.NewRat(r.Int64N(19)-9, r.Int64N(12)+1)
		default:
			v[i] = new(big.Rat).SetFrac(big.NewInt(r.Int64()), new(big.Int).Lsh(big.NewInt(1), uint(r.IntN(3000))))
		}
	}
	m := must(dense.NewRational(rows, cols, v))
	if d, ok := dense.ToDyadic(m); ok && kind > 2 {
		return d
	}
	if f, err := exactmath.FromFloat64(rows, cols, m.Float64s()); err == nil && dense.Equal(f, m) {
		return f
	}
	return m
}

// TestCheck: the exact product agrees; one entry off by little does not.
func TestCheck(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for trial := range 60 {
		c := &chain.Chain{P: 1 + r.IntN(6), Q: 1 + r.IntN(6)}
		n, kind := c.P+c.Q, trial%4
		if trial%3 == 0 {
			c.Order = r.Perm(n)
		}
		for k := range r.IntN(5) {
			s := chain.Step{Upper: k%2 == 0, Weight: weight(r, c.Q, c.P, kind)}
			rows := c.Q
			if s.Upper {
				s.Weight, rows = weight(r, c.P, c.Q, kind), c.P
			}
			if trial%2 == 0 {
				for range rows {
					s.Scale = append(s.Scale, big.NewRat(r.Int64N(9)+1, r.Int64N(9)+1))
				}
			}
			c.Steps = append(c.Steps, s)
		}
		num, den, err := c.Product()
		if err != nil {
			t.Fatal(err)
		}
		product := dense.ToRational(num).Scale(new(big.Rat).SetFrac(big.NewInt(1), den))
		got := must(Check(c, product, 3, uint64(trial)))
		if most := big.NewRat(1, 1<<62); !got.Agree || got.Error.Sign() <= 0 || got.Error.Cmp(most) > 0 {
			t.Fatalf("trial %d: the product gives %v, error %v", trial, got.Agree, got.Error)
		}
		off := make([]*big.Rat, n*n)
		for k := range off {
			off[k] = product.At(k/n, k%n)
		}
		e := off[r.IntN(n*n)]
		e.Add(e, new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 4000)))
		if got := must(Check(c, must(dense.NewRational(n, n, off)), 1, uint64(trial))); got.Agree || got.Error.Sign() != 0 {
			t.Fatalf("trial %d: a difference of 2^-4000 goes unnoticed", trial)
		}
	}
}

func TestBadInput(t *testing.T) {
	c := &chain.Chain{P: 1, Q: 1}
	one := dense.IdentityDyadic(2)
	for name, f := range map[string]func() error{
		"no target": func() error { _, err := Check(c, nil, 1, 1); return err },
		"no rounds": func() error { _, err := Check(c, one, 0, 1); return err },
		"shape":     func() error { _, err := Check(c, dense.IdentityDyadic(3), 1, 1); return err },
		"parts":     func() error { _, err := Check(&chain.Chain{P: 2}, one, 1, 1); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestField(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		f := newField(r, big.NewInt(1), 60)
		p := new(big.Int).SetUint64(f.p)
		if p.BitLen() != 61 || !p.ProbablyPrime(20) {
			t.Fatalf("%d is not a prime in 2^60..2^61", f.p)
		}
		for range 200 {
			a, b, e := r.Uint64(), r.Uint64N(f.p), r.IntN(6000)-3000
			want := new(big.Int).Exp(big.NewInt(2), big.NewInt(int64(e)), p)
			want.Mul(want, new(big.Int).SetUint64(a)).Mul(want, new(big.Int).SetUint64(b)).Mod(want, p)
			if got := f.times(a, b, e); got != want.Uint64() {
				t.Fatalf("%d * %d * 2^%d modulo %d is %d, want %d", a, b, e, f.p, got, want)
			}
		}
	}
}

var long = flag.Bool("long", false, "benchmark dimension 20,000 as well, in 9 GB of memory")

func BenchmarkCheck(b *testing.B) {
	ns := []int{256, 1024, 4096}
	if *long {
		ns = append(ns, 20_000)
	}
	for _, n := range ns {
		r := rand.New(rand.NewPCG(1, 3))
		dense := func(rows, cols int) exactmath.Matrix {
			v := make([]float64, rows*cols)
			for i := range v {
				v[i] = r.NormFloat64()
			}
			return must(exactmath.FromFloat64(rows, cols, v))
		}
		c := &chain.Chain{P: n / 2, Q: n / 2}
		for k := range 6 {
			c.Steps = append(c.Steps, chain.Step{Upper: k%2 == 0, Weight: dense(n/2, n/2)})
		}
		target := dense(n, n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				must(Check(c, target, 1, 1))
			}
		})
	}
}
