package linalg

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// The answers here are as large as the bounds allow, or have the lengths at which
// a bound too small by a factor of two gives one prime too few: then an answer
// would come back less a product of primes.

func ofInts(n int, f func(i, j int) *big.Int) exactmath.Matrix {
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
		one := ofInts(1, func(int, int) *big.Int { return v })
		if d, err := determinant(one); err != nil || d.Cmp(whole(v)) != 0 {
			t.Fatalf("determinant of [%v] is %v, %v", v, d, err)
		}
		// [[v, 1], [1, 0]] has determinant -1, and its inverse is [[0, 1], [1, -v]].
		swap := ofInts(2, func(i, j int) *big.Int { return []*big.Int{v, small(1), small(1), small(0)}[2*i+j] })
		if d, err := determinant(swap); err != nil || d.Cmp(whole(small(-1))) != 0 {
			t.Fatalf("determinant of [[%v, 1], [1, 0]] is %v, %v", v, d, err)
		}
	})
}

// sylvester returns the Sylvester matrix of n = 2^k rows, of entries ±c: its
// determinant, (c^2 n)^(n/2), is the product of the norms of its rows.
func sylvester(k int, c *big.Int) exactmath.Matrix {
	return ofInts(1<<k, func(i, j int) *big.Int {
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
			if d, err := determinant(sylvester(k, c)); err != nil || d.Cmp(whole(want)) != 0 {
				t.Fatalf("n = %d, c = %v: determinant %v, want %v, %v", n, c, d, want, err)
			}
			if rank, err := rankOf(sylvester(k, c)); err != nil || rank != n {
				t.Fatalf("n = %d: rank %d, %v", n, rank, err)
			}
		}
	}
}

// Orthogonal rows of norm √3, in blocks of four: the determinant, 9 for each, is
// the product of the norms, which rounded down would be 1.
func TestWeighingMatrix(t *testing.T) {
	w := [4][4]int64{{0, 1, 1, 1}, {-1, 0, 1, -1}, {-1, -1, 0, 1}, {-1, 1, -1, 0}}
	for _, blocks := range []int{1, 48} {
		m := ofInts(4*blocks, func(i, j int) *big.Int {
			if i/4 != j/4 {
				return small(0)
			}
			return small(w[i%4][j%4])
		})
		want := new(big.Int).Exp(small(9), small(int64(blocks)), nil)
		if d, err := determinant(m); err != nil || d.Cmp(whole(want)) != 0 {
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
		m := ofInts(n, func(i, j int) *big.Int { return signed(odd(i&j), i == 0) })
		want := new(big.Int).Mul(c, c)
		want.Mul(want, small(n)).Exp(want, small(n/2), nil).Lsh(want, shift)
		if d, err := determinant(m); err != nil || d.Cmp(whole(want)) != 0 {
			t.Errorf("n = %d, first row 2^%d times the others: determinant %v, want %v, %v", n, shift, d, want, err)
		}
		// Blocks [[c, c], [-c, c]], the first one larger.
		const blocks = 40
		m = ofInts(2*blocks, func(i, j int) *big.Int {
			if i/2 != j/2 {
				return small(0)
			}
			return signed(i > j, i < 2)
		})
		want.Mul(c, c).Lsh(want, 1).Exp(want, small(blocks), nil).Lsh(want, 2*shift)
		if d, err := determinant(m); err != nil || d.Cmp(whole(want)) != 0 {
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
		if d, err := determinant(m); err != nil || d.Cmp(want) != 0 {
			t.Errorf("1/%d, 1/%d: determinant %v, want %v, %v", p, q, d, want, err)
		}
		if rank, err := rankOf(m); err != nil || rank != 2 {
			t.Errorf("1/%d, 1/%d: rank %d, %v", p, q, rank, err)
		}
	}
	// A determinant and a pivot divisible by those primes: they are no reason to
	// call a matrix singular.
	for _, p := range primes[:7] {
		m := ofInts(3, func(i, j int) *big.Int {
			if i == j {
				return small(p)
			}
			return small(int64(max(j-i, 0)))
		})
		want := new(big.Int).Exp(small(p), small(3), nil)
		if d, err := determinant(m); err != nil || d.Cmp(whole(want)) != 0 {
			t.Errorf("determinant %v, want %d^3, %v", d, p, err)
		}
		if rank, err := rankOf(m); err != nil || rank != 3 {
			t.Errorf("rank %d of a matrix with %d on its diagonal, %v", rank, p, err)
		}
	}
}

// Norms of rows and columns are bounds, and sharp but for a part in 2^14 and two: of
// long and short entries, all of one sign, whose low bits are below what is counted.
func TestNorms(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	for _, n := range []int{1, 3, 16, 23} {
		for _, length := range []uint{1, 5, 20, 21, 22, 41, 64, 100} {
			for trial := range 4 {
				most := new(big.Int).Lsh(small(1), length)
				most.Sub(most, small(1))
				m := ofInts(n, func(i, j int) *big.Int {
					switch {
					case i == n-1 && trial%2 == 1: // a shorter row, and an odd entry
						return small(int64(2*j + 1))
					case trial < 2:
						return most
					}
					return bitsOf(r, int(length))
				})
				x := must(integral(m))
				for _, columns := range []bool{false, true} {
					for i, bound := range x.norms(columns) {
						sum := new(big.Rat)
						for j := range n {
							v := m.At(i, j)
							if columns {
								v = m.At(j, i)
							}
							sum.Add(sum, v.Mul(v, v))
						}
						b := new(big.Rat).Mul(whole(bound), new(big.Rat).SetFrac(new(big.Int).Lsh(small(1), uint(x.exp)), small(1)))
						if new(big.Rat).Mul(b, b).Cmp(sum) < 0 {
							t.Fatalf("n = %d, %d bits, columns %v: norm %d is %v, squares add up to %v", n, length, columns, i, b, sum)
						}
						b.Sub(b, whole(new(big.Int).Lsh(small(2), uint(x.exp))))
						if b.Mul(b, big.NewRat(1<<14-1, 1<<14)); b.Sign() > 0 && b.Mul(b, b).Cmp(sum) > 0 {
							t.Fatalf("n = %d, %d bits, columns %v: norm %d is far above %v", n, length, columns, i, sum)
						}
					}
				}
			}
		}
	}
}
