package linalg

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
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// firstPrime is the prime on which pivots are chosen.
const firstPrime = 16777141

// matrices are kinds of n x k matrices, weird ones among them.
var matrices = map[string]func(r *rand.Rand, n, k int) exactmath.Matrix{
	"normal": func(r *rand.Rand, n, k int) exactmath.Matrix {
		return make_(n, k, func(int, int) *big.Rat { return new(big.Rat).SetFloat64(r.NormFloat64()) })
	},
	"floats": func(r *rand.Rand, n, k int) exactmath.Matrix {
		v := make([]float64, n*k)
		for i := range v {
			v[i] = math.Ldexp(r.NormFloat64(), r.IntN(40)-20)
		}
		return must(exactmath.FromFloat64(n, k, v))
	},
	"small": func(r *rand.Rand, n, k int) exactmath.Matrix {
		return make_(n, k, func(int, int) *big.Rat { return big.NewRat(r.Int64N(5)-2, 1) })
	},
	"rational": func(r *rand.Rand, n, k int) exactmath.Matrix {
		return make_(n, k, func(int, int) *big.Rat { return big.NewRat(r.Int64N(19)-9, r.Int64N(7)+1) })
	},
	"zero": func(r *rand.Rand, n, k int) exactmath.Matrix {
		return make_(n, k, func(int, int) *big.Rat { return new(big.Rat) })
	},
	"reversal": func(r *rand.Rand, n, k int) exactmath.Matrix {
		return make_(n, k, func(i, j int) *big.Rat {
			if i+j == n-1 {
				return big.NewRat(3, 2)
			}
			return new(big.Rat)
		})
	},
	"rank one": func(r *rand.Rand, n, k int) exactmath.Matrix {
		return make_(n, k, func(i, j int) *big.Rat { return big.NewRat(int64((i+1)*(2*j-3)), 1) })
	},
	"deficient": func(r *rand.Rand, n, k int) exactmath.Matrix {
		m := max(1, min(n, k)-1)
		a := dense.ToRational(make_(n, m, func(int, int) *big.Rat { return big.NewRat(r.Int64N(9)-4, 1) }))
		b := dense.ToRational(make_(m, k, func(int, int) *big.Rat { return big.NewRat(r.Int64N(9)-4, 1) }))
		return must(a.Mul(b))
	},
	"vanishing": func(r *rand.Rand, n, k int) exactmath.Matrix { // modulo the first prime
		return make_(n, k, func(i, j int) *big.Rat { return big.NewRat(firstPrime*(r.Int64N(5)-2), 1) })
	},
	"vanishing diagonal": func(r *rand.Rand, n, k int) exactmath.Matrix {
		return make_(n, k, func(i, j int) *big.Rat {
			if i == j {
				return big.NewRat(firstPrime*(r.Int64N(2)), 1)
			}
			return big.NewRat(int64(firstPrime*(1-r.IntN(3))+r.IntN(2)), 1)
		})
	},
	"sparse": func(r *rand.Rand, n, k int) exactmath.Matrix {
		return make_(n, k, func(i, j int) *big.Rat {
			if r.IntN(3) > 0 {
				return new(big.Rat)
			}
			return big.NewRat(r.Int64N(9)-4, 1)
		})
	},
}

func make_(n, k int, f func(i, j int) *big.Rat) *dense.Rational {
	v := make([]*big.Rat, n*k)
	for i := range v {
		v[i] = f(i/k, i%k)
	}
	return must(dense.NewRational(n, k, v))
}

// gauss is elimination with big.Rat: the rank, and the determinant if square.
func gauss(m exactmath.Matrix) (rank int, det *big.Rat) {
	n, k := m.Dims()
	a := make([][]*big.Rat, n)
	for i := range a {
		for j := range k {
			a[i] = append(a[i], m.At(i, j))
		}
	}
	det = big.NewRat(1, 1)
	for j := range k {
		r := rank
		for r < n && a[r][j].Sign() == 0 {
			r++
		}
		if r == n {
			det.SetInt64(0)
			continue
		}
		if r != rank {
			a[r], a[rank] = a[rank], a[r]
			det.Neg(det)
		}
		det.Mul(det, a[rank][j])
		for i := rank + 1; i < n; i++ {
			f := new(big.Rat).Quo(a[i][j], a[rank][j])
			for c := j; c < k; c++ {
				a[i][c].Sub(a[i][c], new(big.Rat).Mul(f, a[rank][c]))
			}
		}
		rank++
	}
	return rank, det
}

// leverrier is the characteristic polynomial by the method of Faddeev and
// Leverrier.
func leverrier(a *dense.Rational) []*big.Rat {
	n, _ := a.Dims()
	c := make([]*big.Rat, n+1)
	c[n] = big.NewRat(1, 1)
	m := dense.IdentityRational(n)
	for k := 1; k <= n; k++ {
		am := must(a.Mul(m))
		t := new(big.Rat)
		for i := range n {
			t.Add(t, am.At(i, i))
		}
		c[n-k] = t.Mul(t, big.NewRat(-1, int64(k)))
		m = must(am.Add(dense.IdentityRational(n).Scale(c[n-k])))
	}
	return c
}

func TestAgainstRationals(t *testing.T) {
	for name, kind := range matrices {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 5))
			for _, n := range []int{1, 2, 3, 5, 6, 7, 8, 9, 12, 13, 17} {
				m := kind(r, n, n)
				a := dense.ToRational(m)
				rank, det := gauss(a)
				if got := must(Rank(m)); got != rank {
					t.Fatalf("n = %d: rank %d, want %d", n, got, rank)
				}
				if got := must(Det(m)); got.Cmp(det) != 0 {
					t.Fatalf("n = %d: determinant %v, want %v", n, got, det)
				}
				if n <= 13 {
					got := must(CharPoly(m))
					for k, c := range leverrier(a) {
						if got[k].Cmp(c) != 0 {
							t.Fatalf("n = %d: coefficient %d is %v, want %v", n, k, got[k], c)
						}
					}
				}
				checkFactor(t, m, rank)
				w := n + r.IntN(4)
				wide := kind(r, n, w)
				rank, _ = gauss(wide)
				checkFactor(t, wide, rank)
				b := kind(r, n, 1+r.IntN(20))
				num, den, err := Solve(m, b)
				if det.Sign() == 0 {
					if !errors.Is(err, ErrSingular) {
						t.Fatalf("n = %d: error %v, want ErrSingular", n, err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				x := dense.ToRational(num).Scale(new(big.Rat).SetFrac(big.NewInt(1), den))
				if !dense.Equal(must(a.Mul(x)), b) {
					t.Fatalf("n = %d: not a solution", n)
				}
				if num, den, err = Inverse(m); err != nil {
					t.Fatal(err)
				}
				x = dense.ToRational(num).Scale(new(big.Rat).SetFrac(big.NewInt(1), den))
				if !dense.Equal(must(x.Mul(a)), dense.IdentityRational(n)) {
					t.Fatalf("n = %d: not the inverse", n)
				}
			}
		})
	}
}

// checkFactor multiplies the factors back.
func checkFactor(t *testing.T, m exactmath.Matrix, rank int) {
	t.Helper()
	f := must(Factor(m))
	if f.Rank != rank {
		t.Fatalf("rank %d, want %d", f.Rank, rank)
	}
	n, k := m.Dims()
	if !permutation(f.Row, n) || !permutation(f.Col, k) {
		t.Fatalf("orders %v, %v", f.Row, f.Col)
	}
	for i := range n {
		for j := range k {
			sum, before := new(big.Rat), big.NewRat(1, 1)
			for l := 0; l < rank && l <= min(i, j); l++ {
				d := f.F.At(l, l)
				x := new(big.Rat).Mul(f.F.At(i, l), f.F.At(l, j))
				sum.Add(sum, x.Quo(x, before.Mul(before, d)))
				before = d
			}
			if sum.Mul(sum, f.Unit).Cmp(m.At(f.Row[i], f.Col[j])) != 0 {
				t.Fatalf("entry (%d, %d) of the product of the factors is %v, want %v", i, j, sum, m.At(f.Row[i], f.Col[j]))
			}
		}
	}
}

func permutation(p []int, n int) bool {
	s := slices.Sorted(slices.Values(p))
	return slices.Equal(s, count(n))
}

func TestErrors(t *testing.T) {
	wide := make_(2, 3, func(i, j int) *big.Rat { return big.NewRat(1, 1) })
	empty := must(exactmath.FromFloat64(0, 0, nil))
	huge := must(dense.NewDyadic(1, 1, []*big.Int{new(big.Int).Lsh(big.NewInt(1), 99999)}, 0))
	var shape *exactmath.ShapeError
	for name, f := range map[string]func(m exactmath.Matrix) error{
		"Det":      func(m exactmath.Matrix) error { _, err := Det(m); return err },
		"CharPoly": func(m exactmath.Matrix) error { _, err := CharPoly(m); return err },
		"Inverse":  func(m exactmath.Matrix) error { _, _, err := Inverse(m); return err },
	} {
		if err := f(wide); !errors.As(err, &shape) {
			t.Errorf("%s of a wide matrix: %v", name, err)
		}
		if err := f(empty); !errors.As(err, &shape) {
			t.Errorf("%s of an empty matrix: %v", name, err)
		}
		sparse := must(dense.NewDyadic(2, 2, []*big.Int{huge.Num(0, 0), big.NewInt(0), big.NewInt(0), big.NewInt(1)}, 0))
		if err := f(sparse); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s of a huge matrix: %v", name, err)
		}
	}
	if _, err := Rank(empty); !errors.As(err, &shape) {
		t.Errorf("rank of an empty matrix: %v", err)
	}
}

func random53(n int) exactmath.Matrix {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	return make_(n, n, func(int, int) *big.Rat { return big.NewRat(r.Int64N(1<<54)-1<<53, 1) })
}

func benchmark(b *testing.B, f func(m exactmath.Matrix) error) {
	for _, n := range []int{16, 32, 64, 128} {
		m, _ := dense.ToDyadic(random53(n))
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				if err := f(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDet(b *testing.B) {
	benchmark(b, func(m exactmath.Matrix) error { _, err := Det(m); return err })
}

func BenchmarkInverse(b *testing.B) {
	benchmark(b, func(m exactmath.Matrix) error { _, _, err := Inverse(m); return err })
}

func BenchmarkFactor(b *testing.B) {
	benchmark(b, func(m exactmath.Matrix) error { _, err := Factor(m); return err })
}

func BenchmarkRank(b *testing.B) {
	benchmark(b, func(m exactmath.Matrix) error { _, err := Rank(m); return err })
}

func BenchmarkCharPoly(b *testing.B) {
	benchmark(b, func(m exactmath.Matrix) error { _, err := CharPoly(m); return err })
}
