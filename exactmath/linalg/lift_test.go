package linalg

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// long is a matrix of integers of at most the given number of bits, the extremes
// among them.
func long(r *rand.Rand, n, k, bits int) *dense.Rational {
	most := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	most.Sub(most, big.NewInt(1))
	return make_(n, k, func(int, int) *big.Rat {
		v := new(big.Int)
		switch r.IntN(4) {
		case 0:
			v.Set(most)
		case 1:
			v.SetInt64(r.Int64N(3) - 1)
		default:
			for range bits/32 + 1 {
				v.Add(v.Lsh(v, 32), big.NewInt(int64(r.Uint32())))
			}
			v.And(v, most)
		}
		if r.IntN(2) == 0 {
			v.Neg(v)
		}
		return new(big.Rat).SetInt(v)
	})
}

// Determinants and null vectors by lifting, for the longest integers that one
// word, two words, and the sums along rows allow.
func TestLifting(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	p := newPrime59(firstPrime59)
	for _, bits := range []int{1, 20, 53, 57, 58, 59, 64, 65, 100, 120, 121} {
		for _, n := range []int{1, 2, 3, 7, 11} {
			m := long(r, n, n, bits)
			x := must(integral(m))
			w := x.words()
			if w == nil {
				t.Fatalf("n = %d, %d bits: too long", n, bits)
			}
			rank, det := gauss(m)
			l, ok := newLifting(w, p)
			if ok != (rank == n) {
				t.Fatalf("n = %d, %d bits: invertible modulo p is %v, rank %d", n, bits, ok, rank)
			}
			if ok {
				got := must(x.determinant(l, func(float64) {}))
				if got := unscaled(x, got); got.Cmp(det) != 0 {
					t.Errorf("n = %d, %d bits: determinant %v, want %v", n, bits, got, det)
				}
			}
			// Rows that are sums and differences of two others.
			for _, sure := range []bool{true, false} {
				base := long(r, n+2, n+3, bits-1)
				num := make([]*big.Rat, 0, (n+2)*(n+3))
				for i := range n + 2 {
					for j := range n + 3 {
						v := base.At(i, j)
						if i == n+1 {
							v.Sub(base.At(0, j), base.At(n/2+n%2, j))
							if !sure && j == n+2 {
								v.Add(v, big.NewRat(1, 1))
							}
						}
						num = append(num, v)
					}
				}
				d := must(dense.NewRational(n+2, n+3, num))
				rank, _ := gauss(d)
				z := must(integral(d))
				f := &pivots{rank: rank, row: count(n + 2), col: count(n + 3)}
				if !sure {
					f.rank--
				}
				w := z.words()
				lead, ok := newLifting(w.block(f.row[:f.rank], f.col[:f.rank]), p)
				if !ok {
					continue
				}
				if got := z.null(w, f, lead, func(float64) {}); got != sure {
					t.Errorf("n = %d, %d bits, rank %d: proof of rank %d is %v", n, bits, rank, f.rank, got)
				}
			}
		}
	}
	if must(integral(long(r, 4, 4, 125))).words() != nil {
		t.Error("four times 2^125 has no room in two words")
	}
}

// Matrices whose determinant the prime of the lifting divides.
func TestDivisible(t *testing.T) {
	for _, v := range [][]int64{{firstPrime59, 0, 0, 1}, {firstPrime59, 1, 2 * firstPrime59, 2}, {1, 2, 1, 2 + firstPrime59}} {
		m := make_(2, 2, func(i, j int) *big.Rat { return big.NewRat(v[2*i+j], 1) })
		rank, det := gauss(m)
		if got := must(determinant(m)); got.Cmp(det) != 0 {
			t.Errorf("%v: determinant %v, want %v", v, got, det)
		}
		sign, r, err := Orientation(m, func(float64) {})
		if sign != det.Sign() || r != rank || err != nil {
			t.Errorf("%v: sign %d, rank %d, %v", v, sign, r, err)
		}
	}
	if p := big.NewInt(firstPrime59); !p.ProbablyPrime(0) {
		t.Error("not a prime")
	}
	for p := int64(firstPrime59 + 2); p < 1<<59; p += 2 {
		if big.NewInt(p).ProbablyPrime(0) {
			t.Errorf("%d is a larger prime", p)
		}
	}
}

// A Schur complement that p divides, or p^2, is not zero for that.
func TestNullNeedsAllDigits(t *testing.T) {
	p := newPrime59(firstPrime59)
	corner := big.NewInt(1)
	for range 2 {
		corner.Mul(corner, big.NewInt(firstPrime59))
		z := must(integral(make_(2, 2, func(i, j int) *big.Rat {
			v := new(big.Rat)
			switch {
			case i == 0 && j == 0:
				v.SetInt64(1)
			case i == 1 && j == 1:
				v.SetInt(corner)
			}
			return v
		})))
		f := &pivots{rank: 1, row: count(2), col: count(2)}
		l, _ := newLifting(z.words().block(f.row[:1], f.col[:1]), p)
		if z.null(z.words(), f, l, func(float64) {}) {
			t.Errorf("a corner of %v passes for zero", corner)
		}
	}
}

func TestFraction(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 2))
	p := big.NewInt(firstPrime59)
	random := func(bits int) *big.Int {
		return bitsOf(r, bits)
	}
	for k := range 400 {
		a, q := random(1+r.IntN(3000)), random(1+r.IntN(3000))
		if k%3 == 0 {
			a.SetInt64(int64(k % 2))
		}
		if q.Sign() == 0 || new(big.Int).GCD(nil, nil, a, q).Cmp(big.NewInt(1)) != 0 || new(big.Int).Mod(q, p).Sign() == 0 {
			continue
		}
		if r.IntN(2) == 0 {
			a.Neg(a)
		}
		most := new(big.Int).Abs(a)
		most.Add(most, random(20))
		room := new(big.Int).Mul(most, q)
		m := new(big.Int).Exp(p, big.NewInt(int64(digits(room.Lsh(room, 68)))), nil)
		x := new(big.Int).ModInverse(q, m)
		x.Mod(x.Mul(x, a), m)
		if got := fraction(x, m, most); got == nil || got.Cmp(q) != 0 {
			t.Fatalf("%v / %v: denominator %v", a, q, got)
		}
	}
}

func TestOrientation(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 3))
	for name, kind := range matrices {
		for _, n := range []int{1, 2, 5, 6, 12, 19} {
			for _, k := range []int{n, n + 1} {
				m := kind(r, n, k)
				rank, det := gauss(m)
				want := 0
				if k == n {
					want = det.Sign()
				}
				sign, got, err := Orientation(m, func(float64) {})
				if err != nil || got != rank || sign != want {
					t.Errorf("%s, %d x %d: sign %d, rank %d, %v, want %d, %d", name, n, k, sign, got, err, want, rank)
				}
			}
		}
	}
	if _, _, err := Orientation(must(exactmath.FromFloat64(0, 0, nil)), nil); err == nil {
		t.Error("an empty matrix has an orientation")
	}
}

// bitsOf draws a number of at most that many bits.
func bitsOf(r *rand.Rand, bits int) *big.Int {
	v := new(big.Int)
	for range bits {
		v.Add(v.Lsh(v, 1), big.NewInt(int64(r.IntN(2))))
	}
	return v
}

func TestJoin(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 4))
	p := big.NewInt(firstPrime59)
	for n := range 70 {
		digits, want := make([]uint64, n), new(big.Int)
		for k := range digits {
			digits[k] = r.Uint64N(firstPrime59)
		}
		for k := n - 1; k >= 0; k-- {
			want.Add(want.Mul(want, p), new(big.Int).SetUint64(digits[k]))
		}
		if got := join(digits, p); got.Cmp(want) != 0 {
			t.Fatalf("%d digits: %v, want %v", n, got, want)
		}
	}
}

// The primes for lifting after the first are primes, and none is left out.
func TestNextPrime(t *testing.T) {
	p := newPrime59(firstPrime59)
	for range 5 {
		q := p.next()
		for v := q.p; v < p.p; v++ {
			if big.NewInt(int64(v)).ProbablyPrime(0) != (v == q.p) {
				t.Fatalf("%d after %d", q.p, p.p)
			}
		}
		p = q
	}
}
