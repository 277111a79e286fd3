package probable

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/chain"
	"flowproof/exactmath/dense"
)

// Here the primes are so small that a round often misses a difference: how often
// is counted, over all primes and vectors, and measured, over many seeds.

// primesOf returns the primes in 2^size..2^(size+1) that do not divide avoid.
func primesOf(size int, avoid *big.Int) []int64 {
	var all []int64
	for p := int64(1) << size; p < 2<<size; p++ {
		if big.NewInt(p).ProbablyPrime(0) && new(big.Int).Mod(avoid, big.NewInt(p)).Sign() != 0 {
			all = append(all, p)
		}
	}
	return all
}

// exactly returns the probability that a round misses the 2 x 2 difference d of
// integers, by going through all primes and vectors.
func exactly(size int, avoid *big.Int, d [4]*big.Int) *big.Rat {
	sum, primes := new(big.Rat), primesOf(size, avoid)
	for _, p := range primes {
		var r [4]int64
		for k, v := range d {
			r[k] = new(big.Int).Mod(v, big.NewInt(p)).Int64()
		}
		missed := int64(0)
		for x := range p {
			for y := range p {
				if (r[0]*x+r[1]*y)%p == 0 && (r[2]*x+r[3]*y)%p == 0 {
					missed++
				}
			}
		}
		sum.Add(sum, big.NewRat(missed, p*p))
	}
	return sum.Quo(sum, big.NewRat(int64(len(primes)), 1))
}

// scene is a product of at most one layer, and a target that differs from it by d.
type scene struct {
	name  string
	size  int
	upper int64 // the entry of a layer, if any
	d     [4]*big.Int
}

func product(p []int64) *big.Int {
	z := big.NewInt(1)
	for _, v := range p {
		z.Mul(z, big.NewInt(v))
	}
	return z
}

func scenes() []scene {
	n := func(v int64) *big.Int { return big.NewInt(v) }
	out := []scene{
		{name: "one entry", size: 5, d: [4]*big.Int{n(0), n(1), n(0), n(0)}},
		{name: "singular", size: 5, d: [4]*big.Int{n(1), n(-1), n(0), n(0)}},
		{name: "regular", size: 5, d: [4]*big.Int{n(1), n(0), n(0), n(1)}},
		{name: "weight", size: 6, upper: 100003, d: [4]*big.Int{n(0), n(1), n(0), n(0)}},
	}
	for size := 5; size <= 6; size++ {
		primes := primesOf(size, big.NewInt(1))
		for k := 1; k <= 4; k += 3 { // all entries divisible by k of the primes
			v := product(primes[:k])
			out = append(out, scene{name: "divisible", size: size, d: [4]*big.Int{v, n(0), n(0), n(0)}},
				scene{name: "all divisible", size: size, d: [4]*big.Int{v, v, v, v}})
		}
	}
	return out
}

func (s scene) chain() *chain.Chain {
	c := &chain.Chain{P: 1, Q: 1}
	if s.upper != 0 {
		c.Steps = append(c.Steps, chain.Step{Upper: true, Weight: whole(1, 1, big.NewInt(s.upper))})
	}
	return c
}

// target is the product plus d.
func (s scene) target() exactmath.Matrix {
	add := func(k int, v int64) *big.Int { return new(big.Int).Add(s.d[k], big.NewInt(v)) }
	return whole(2, 2, add(0, 1), add(1, s.upper), add(2, 0), add(3, 1))
}

func whole(rows, cols int, v ...*big.Int) *dense.Dyadic {
	return must(dense.NewDyadic(rows, cols, v, 0))
}

// The bound holds against the count, and the frequency over seeds is the count,
// for one round and for three.
func TestErrorBound(t *testing.T) {
	const seeds = 600
	for _, s := range scenes() {
		want := exactly(s.size, big.NewInt(1), s.d)
		difference, err := span(s.chain(), s.target())
		if err != nil {
			t.Fatal(err)
		}
		bound := missed(difference.Integers().BitLen(), difference.Den.BitLen(), s.size)
		if bound.Cmp(want) < 0 {
			t.Errorf("%s, size %d: bound %v, probability %v", s.name, s.size, bound, want)
		}
		for _, rounds := range []int{1, 3} {
			agreed := 0
			for seed := range uint64(seeds) {
				z := must(check(s.chain(), s.target(), rounds, seed, s.size))
				if !z.Agree {
					if z.Error.Sign() != 0 {
						t.Fatal("a difference that was found may be an error")
					}
					continue
				}
				agreed++
				all := big.NewRat(1, 1)
				for range rounds {
					all.Mul(all, bound)
				}
				if z.Error.Cmp(all) != 0 {
					t.Fatalf("%s: error %v of %d rounds, want %v", s.name, z.Error, rounds, all)
				}
			}
			p, _ := want.Float64()
			p = math.Pow(p, float64(rounds))
			if off := math.Abs(float64(agreed) - p*seeds); off > 5*math.Sqrt(p*(1-p)*seeds)+1 {
				t.Errorf("%s, size %d, %d rounds: %d of %d agree, want about %.0f", s.name, s.size, rounds, agreed, seeds, p*seeds)
			}
		}
	}
}

// missed at its edges, against the primes themselves: a number of so many bits has
// at most so many prime factors of the size, and so many are left.
func TestMissed(t *testing.T) {
	one := big.NewRat(1, 1)
	for size := 5; size <= 10; size++ {
		all := primesOf(size, big.NewInt(1))
		for den := range 4 {
			avoid := product(all[len(all)-den:])
			left := primesOf(size, avoid)
			for k := 0; k <= len(left) && k < 6; k++ {
				v := product(left[:k])
				got := missed(v.BitLen(), avoid.BitLen(), size)
				want := big.NewRat(int64(k), int64(len(left)))
				// The kernel of a row modulo p, where p does not divide it, is one
				// vector in p.
				for _, p := range left[k:] {
					want.Add(want, big.NewRat(1, p*int64(len(left))))
				}
				if got.Cmp(want) < 0 {
					t.Errorf("size %d: %d factors, denominator of %d: bound %v, probability %v", size, k, den, got, want)
				}
				if got.Cmp(one) > 0 {
					t.Errorf("a probability of %v", got)
				}
			}
			if none := missed(1, avoid.BitLen(), size); none.Cmp(one) < 0 && none.Cmp(big.NewRat(1, 1<<size)) != 0 {
				t.Errorf("size %d: a number of one bit is missed with probability %v", size, none)
			}
		}
	}
	if got := missed(60, 1, 60); got.Cmp(big.NewRat(1, 1<<60)) != 0 {
		t.Errorf("60 bits: %v", got)
	}
	if got, most := missed(61, 1, 60), big.NewRat(1, 1<<53); got.Cmp(most) > 0 {
		t.Errorf("61 bits: %v, want at most 2^-53", got)
	}
}

// Every prime of the range is drawn, about as often as any other, except those to
// avoid; at the size that is used, over all of the range.
func TestDraw(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for size := 5; size <= 7; size++ {
		avoid := product(primesOf(size, big.NewInt(1))[1:3])
		primes, times := primesOf(size, avoid), map[uint64]int{}
		const each = 300
		for range each * len(primes) {
			times[newField(r, avoid, size).p]++
		}
		for _, p := range primes {
			if n := times[uint64(p)]; math.Abs(float64(n)-each) > 5*math.Sqrt(each) {
				t.Errorf("size %d: %d was drawn %d times, want about %d", size, p, n, each)
			}
		}
		if len(times) != len(primes) {
			t.Errorf("size %d: %v, want primes of %v", size, times, primes)
		}
	}
	var sixteenths [16]int
	for range 400 {
		p := newField(r, big.NewInt(1), 60).p
		if p < 1<<60 || p > 2<<60 {
			t.Fatalf("%d is out of range", p)
		}
		sixteenths[p>>56-16]++
	}
	for k, n := range sixteenths {
		if n < 5 || n > 60 {
			t.Errorf("%d of 400 primes in sixteenth %d of the range", n, k)
		}
	}
}

// Arithmetic modulo small primes, all of it.
func TestSmallFields(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 2))
	for range 12 {
		f := newField(r, big.NewInt(1), 5)
		inverse := new(big.Int).ModInverse(new(big.Int).Lsh(big.NewInt(1), 64), new(big.Int).SetUint64(f.p)).Uint64()
		for a := range 2 * f.p {
			for b := range f.p {
				if a < f.p {
					if got := f.add(a, b); got != (a+b)%f.p {
						t.Fatalf("%d + %d modulo %d is %d", a, b, f.p, got)
					}
				}
				if got := f.montgomery(a, b); got != a*b%f.p*inverse%f.p {
					t.Fatalf("%d %d / 2^64 modulo %d is %d", a, b, f.p, got)
				}
				if got := f.times(a, b, 0); got != a*b%f.p {
					t.Fatalf("%d %d modulo %d is %d", a, b, f.p, got)
				}
				if a > 0 && a < f.p {
					if q := f.rational(new(big.Int).SetUint64(b), new(big.Int).SetUint64(a)); q >= f.p || q*a%f.p != b {
						t.Fatalf("%d / %d modulo %d is %d", b, a, f.p, q)
					}
				}
			}
		}
	}
}

// Every power of two of float64 entries, and those next to the ends of the table.
func TestPowers(t *testing.T) {
	f := newField(rand.New(rand.NewPCG(3, 4)), big.NewInt(1), 60)
	p := new(big.Int).SetUint64(f.p)
	half, power := new(big.Int).ModInverse(big.NewInt(2), p), new(big.Int).Exp(big.NewInt(2), big.NewInt(most+3), p)
	for e := most + 3; e >= least-3; e-- {
		if got := f.times(1, 1, e); got != power.Uint64() {
			t.Fatalf("2^%d modulo %d is %d, want %d", e, p, got, power)
		}
		power.Mod(power.Mul(power, half), p)
	}
}

// span bounds the difference: entries at the ends of what a bit length allows,
// denominators, powers of two, and all signs alike, which attains the bounds.
func TestSpan(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for trial := range 200 {
		c := &chain.Chain{P: 1 + r.IntN(3), Q: 1 + r.IntN(3)}
		n := c.P + c.Q
		matrix := func(rows, cols int) exactmath.Matrix {
			v := make([]*big.Rat, rows*cols)
			for k := range v {
				x := new(big.Int).Lsh(big.NewInt(1), uint(1+r.IntN(70)))
				x.Sub(x, big.NewInt(int64(r.IntN(2))))
				den := new(big.Int).Lsh(big.NewInt([]int64{1, 3, 15, 2147483647}[r.IntN(4)]), uint(r.IntN(50)))
				v[k] = new(big.Rat).SetFrac(x, den)
				if trial%2 == 0 {
					v[k].SetInt64(1<<20 - 1) // with all signs alike
				}
			}
			return must(dense.NewRational(rows, cols, v))
		}
		for k := range r.IntN(4) {
			s := chain.Step{Upper: k%2 == 0, Weight: matrix(c.Q, c.P)}
			rows := c.Q
			if s.Upper {
				s.Weight, rows = matrix(c.P, c.Q), c.P
			}
			if trial%3 == 0 {
				s.Scale = make([]*big.Rat, rows)
				for i := range s.Scale {
					s.Scale[i] = big.NewRat(1+r.Int64N(1<<40), 1+2*r.Int64N(20))
				}
			}
			c.Steps = append(c.Steps, s)
		}
		target := dense.ToRational(matrix(n, n)).Scale(big.NewRat(-1, 1)) // so that it adds up
		num, den, err := c.Product()
		if err != nil {
			t.Fatal(err)
		}
		d := must(target.Sub(dense.ToRational(num).Scale(new(big.Rat).SetFrac(big.NewInt(1), den))))
		got := must(span(c, target))
		most, unit := got.Integers(), new(big.Rat).SetInt(got.Den)
		if e := got.Exp; e < 0 {
			unit.Mul(unit, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(-e))))
		} else {
			unit.Quo(unit, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(e))))
		}
		d.Each(func(i, j int, v *big.Rat) {
			x := new(big.Rat).Mul(v, unit)
			if !x.IsInt() || x.Num().CmpAbs(most) > 0 {
				t.Fatalf("trial %d: entry (%d, %d) times the denominator is %v, bound %v", trial, i, j, x, most)
			}
		})
	}
}
