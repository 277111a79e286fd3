package linalg_test

import (
	"fmt"
	"math/big"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/linalg"
)

// The answers here are as large as the bounds allow, or have the lengths at which
// a bound too small by a factor of two gives one prime too few: then an answer
// would come back less a product of primes.

func integers(n int, f func(i, j int) *big.Int) exactmath.Matrix {
	num := make([]*big.Int, n*n)
	for k := range num {
		num[k] = f(k/n, k%n)
	}
	m, err := dense.NewDyadic(n, n, num, 0)
	if err != nil {
		panic(err)
	}
	return m
}

func small(v int64) *big.Int { return big.NewInt(v) }

func whole(x *big.Int) *big.Rat { return new(big.Rat).SetInt(x) }

// lengths visits ±(2^k - 1), from the length of six primes on.
func lengths(visit func(v *big.Int)) {
	for k := uint(138); k < 300; k++ {
		power := new(big.Int).Lsh(small(1), k)
		visit(power.Sub(power, small(1)))
		visit(new(big.Int).Neg(power))
	}
}

func TestAnswersOfEveryLength(t *testing.T) {
	lengths(func(v *big.Int) {
		one := integers(1, func(int, int) *big.Int { return v })
		if d, err := linalg.Det(one); err != nil || d.Cmp(whole(v)) != 0 {
			t.Fatalf("determinant of [%v] is %v, %v", v, d, err)
		}
		// [[v, 1], [1, 0]] has determinant -1, and its inverse is [[0, 1], [1, -v]].
		swap := integers(2, func(i, j int) *big.Int { return []*big.Int{v, small(1), small(1), small(0)}[2*i+j] })
		if d, err := linalg.Det(swap); err != nil || d.Cmp(whole(small(-1))) != 0 {
			t.Fatalf("determinant of [[%v, 1], [1, 0]] is %v, %v", v, d, err)
		}
		num, den, err := linalg.Inverse(swap)
		if err != nil {
			t.Fatal(err)
		}
		if x := new(big.Rat).Quo(num.At(1, 1), whole(den)); x.Cmp(whole(new(big.Int).Neg(v))) != 0 {
			t.Fatalf("the inverse of [[%v, 1], [1, 0]] has %v", v, x)
		}
		c, err := linalg.CharPoly(swap) // x^2 - v x - 1
		if err != nil {
			t.Fatal(err)
		}
		if c[1].Cmp(whole(new(big.Int).Neg(v))) != 0 || c[0].Cmp(whole(small(-1))) != 0 {
			t.Fatalf("the characteristic polynomial of [[%v, 1], [1, 0]] has %v", v, c)
		}
	})
}

// hadamard returns the Sylvester matrix of n = 2^k rows, of entries ±c: its
// determinant, (c^2 n)^(n/2), is the product of the norms of its rows.
func hadamard(k int, c *big.Int) exactmath.Matrix {
	return integers(1<<k, func(i, j int) *big.Int {
		if odd(i & j) {
			return new(big.Int).Neg(c)
		}
		return c
	})
}

func odd(x int) (z bool) {
	for ; x > 0; x &= x - 1 {
		z = !z
	}
	return z
}

func TestHadamardAttained(t *testing.T) {
	for k := 1; k <= 5; k++ {
		n := 1 << k
		for _, c := range []*big.Int{small(1), small(3), small(1<<20 - 1), new(big.Int).Sub(new(big.Int).Lsh(small(1), 60), small(1))} {
			want := new(big.Int).Mul(c, c)
			want.Mul(want, small(int64(n))).Exp(want, small(int64(n/2)), nil)
			if k == 1 { // -1 for n = 2, and 1 for larger n
				want.Neg(want)
			}
			if d, err := linalg.Det(hadamard(k, c)); err != nil || d.Cmp(whole(want)) != 0 {
				t.Fatalf("n = %d, c = %v: determinant %v, want %v, %v", n, c, d, want, err)
			}
			// H H = c^2 n I, so the inverse is H / (c^2 n).
			num, den, err := linalg.Inverse(hadamard(k, c))
			if err != nil {
				t.Fatal(err)
			}
			unit := new(big.Rat).SetFrac(small(1), new(big.Int).Mul(c, small(int64(n))))
			if x := new(big.Rat).Quo(num.At(n-1, 0), whole(den)); x.Cmp(unit) != 0 {
				t.Fatalf("n = %d, c = %v: an entry of the inverse is %v, want %v", n, c, x, unit)
			}
			if rank, err := linalg.Rank(hadamard(k, c)); err != nil || rank != n {
				t.Fatalf("n = %d: rank %d, %v", n, rank, err)
			}
		}
	}
}

// Rows whose norms are just below an integer: [[2, 2], [-2, 2]] again and again,
// and 1 in the corner. The characteristic polynomial (x^2 - 4 x + 8)^k (x - 1) has
// coefficients far larger than the product of the norms, rounded up.
func TestCharPolyAttained(t *testing.T) {
	for _, e := range [][2]int64{{2, 2}, {-2, 2}, {1, 1}, {5, 7}} {
		for _, blocks := range []int{1, 3, 44, 48} {
			n := 2*blocks + 1
			m := integers(n, func(i, j int) *big.Int {
				switch {
				case i == n-1 && j == n-1:
					return small(1)
				case i == j:
					return small(e[0])
				case i/2 == j/2 && i < j:
					return small(e[1])
				case i/2 == j/2:
					return small(-e[1])
				}
				return small(0)
			})
			times := func(p []*big.Int, factor ...int64) []*big.Int {
				z := make([]*big.Int, len(p)+len(factor)-1)
				for k := range z {
					z[k] = new(big.Int)
				}
				for k, v := range p {
					for d, f := range factor {
						z[k+d].Add(z[k+d], new(big.Int).Mul(v, small(f)))
					}
				}
				return z
			}
			want := []*big.Int{small(-1), small(1)}
			for range blocks {
				want = times(want, e[0]*e[0]+e[1]*e[1], -2*e[0], 1)
			}
			got, err := linalg.CharPoly(m)
			if err != nil {
				t.Fatal(err)
			}
			for k := range want {
				if got[k].Cmp(whole(want[k])) != 0 {
					t.Fatalf("%v, n = %d: coefficient %d is %v, want %v", e, n, k, got[k], want[k])
				}
			}
		}
	}
}

// Orthogonal rows of norm √3, in blocks of four: the determinant, 9 for each, is
// the product of the norms, which rounded down would be 1.
func TestWeighingMatrix(t *testing.T) {
	w := [4][4]int64{{0, 1, 1, 1}, {-1, 0, 1, -1}, {-1, -1, 0, 1}, {-1, 1, -1, 0}}
	for _, blocks := range []int{1, 48} {
		m := integers(4*blocks, func(i, j int) *big.Int {
			if i/4 != j/4 {
				return small(0)
			}
			return small(w[i%4][j%4])
		})
		want := new(big.Int).Exp(small(9), small(int64(blocks)), nil)
		if d, err := linalg.Det(m); err != nil || d.Cmp(whole(want)) != 0 {
			t.Fatalf("%d blocks: determinant %v, want %v, %v", blocks, d, want, err)
		}
	}
}

// One row, or two, far larger than the others, which are orthogonal, too, so that
// the determinant is still the product of the norms; but these are below the unit
// that a bound may count in.
func TestRowsOfTwoSizes(t *testing.T) {
	c := small(1<<20 - 1)
	for _, shift := range []uint{0, 10, 20, 21, 40} {
		large := new(big.Int).Lsh(c, shift)
		signed := func(minus, first bool) *big.Int {
			v := new(big.Int).Set(c)
			if first {
				v.Set(large)
			}
			if minus {
				v.Neg(v)
			}
			return v
		}
		// Sylvester's matrix, the first row larger.
		const n = 32
		m := integers(n, func(i, j int) *big.Int { return signed(odd(i&j), i == 0) })
		want := new(big.Int).Mul(c, c)
		want.Mul(want, small(n)).Exp(want, small(n/2), nil).Lsh(want, shift)
		if d, err := linalg.Det(m); err != nil || d.Cmp(whole(want)) != 0 {
			t.Errorf("n = %d, first row 2^%d times the others: determinant %v, want %v, %v", n, shift, d, want, err)
		}
		// Blocks [[c, c], [-c, c]], the first one larger.
		const blocks = 40
		m = integers(2*blocks, func(i, j int) *big.Int {
			if i/2 != j/2 {
				return small(0)
			}
			return signed(i > j, i < 2)
		})
		want.Mul(c, c).Lsh(want, 1).Exp(want, small(blocks), nil).Lsh(want, 2*shift)
		if d, err := linalg.Det(m); err != nil || d.Cmp(whole(want)) != 0 {
			t.Errorf("%d blocks, the first 2^%d times the others: determinant %v, want %v, %v", blocks, shift, d, want, err)
		}
	}
}

// Denominators that are products of the very primes that would be used first.
func TestPrimesInDenominators(t *testing.T) {
	var primes []int64
	for p := int64(1<<24 - 64); len(primes) < 12; p-- {
		if big.NewInt(p).ProbablyPrime(20) {
			primes = append(primes, p)
		}
	}
	for k, p := range primes {
		q := primes[(k+1)%len(primes)]
		v := []*big.Rat{big.NewRat(1, p), big.NewRat(2, 1), big.NewRat(3, 1), big.NewRat(5, q)}
		m, err := dense.NewRational(2, 2, v)
		if err != nil {
			t.Fatal(err)
		}
		want := big.NewRat(5, p) // 5/(p q) - 6
		want.Mul(want, big.NewRat(1, q)).Sub(want, big.NewRat(6, 1))
		if d, err := linalg.Det(m); err != nil || d.Cmp(want) != 0 {
			t.Errorf("1/%d, 1/%d: determinant %v, want %v, %v", p, q, d, want, err)
		}
		num, den, err := linalg.Inverse(m)
		if err != nil {
			t.Fatal(err)
		}
		x := new(big.Rat).Quo(num.At(0, 0), whole(den))
		if y := new(big.Rat).Quo(v[3], want); x.Cmp(y) != 0 {
			t.Errorf("1/%d, 1/%d: an entry of the inverse is %v, want %v", p, q, x, y)
		}
		c, err := linalg.CharPoly(m)
		if err != nil {
			t.Fatal(err)
		}
		if trace := new(big.Rat).Add(v[0], v[3]); c[0].Cmp(want) != 0 || trace.Neg(trace).Cmp(c[1]) != 0 {
			t.Errorf("1/%d, 1/%d: characteristic polynomial %v", p, q, c)
		}
		if rank, err := linalg.Rank(m); err != nil || rank != 2 {
			t.Errorf("1/%d, 1/%d: rank %d, %v", p, q, rank, err)
		}
	}
	// A determinant and a pivot divisible by those primes: they are no reason to
	// call a matrix singular.
	for _, p := range primes[:7] {
		m := integers(3, func(i, j int) *big.Int {
			if i == j {
				return small(p)
			}
			return small(int64(max(j-i, 0)))
		})
		want := new(big.Int).Exp(small(p), small(3), nil)
		if d, err := linalg.Det(m); err != nil || d.Cmp(whole(want)) != 0 {
			t.Errorf("determinant %v, want %d^3, %v", d, p, err)
		}
		if rank, err := linalg.Rank(m); err != nil || rank != 3 {
			t.Errorf("rank %d of a matrix with %d on its diagonal, %v", rank, p, err)
		}
	}
}

func ExampleDet() {
	d, err := linalg.Det(hadamard(2, small(1)))
	fmt.Println(d.RatString(), err)
	// Output: 16 <nil>
}
