package linalg

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
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

// determinant is the one whose sign Orientation tells, for integers as large as the
// bounds allow, by lifting and from residues.
func determinant(m exactmath.Matrix) (*big.Rat, error) {
	x, err := integral(m)
	if err != nil {
		return nil, err
	}
	det, rank, err := x.det(nil, func(float64) {})
	if err != nil || rank < x.rows {
		return new(big.Rat), err
	}
	if l := lift(x.words(), 1); l != nil {
		lifted, _, err := x.det(l, func(float64) {})
		if err != nil || lifted.Cmp(det) != 0 {
			return nil, fmt.Errorf("determinant %v from residues, %v by lifting, %v", det, lifted, err)
		}
	}
	return unscaled(x, det), nil
}

// unscaled returns the determinant of m for the one of x.
func unscaled(x *integers, det *big.Int) *big.Rat {
	z, one := new(big.Rat).SetInt(det), big.NewInt(1)
	power := new(big.Int).Lsh(one, uint(max(x.exp, -x.exp)))
	unit := new(big.Rat).SetFrac(power, x.den)
	if x.exp < 0 {
		unit.SetFrac(one, power.Mul(power, x.den))
	}
	for range x.rows {
		z.Mul(z, unit)
	}
	return z
}

func rankOf(m exactmath.Matrix) (int, error) {
	_, rank, err := Orientation(m, func(float64) {})
	return rank, err
}

func TestAgainstRationals(t *testing.T) {
	for name, kind := range matrices {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 5))
			for _, n := range []int{1, 2, 3, 5, 6, 7, 8, 9, 12, 13, 17} {
				m := kind(r, n, n)
				a := dense.ToRational(m)
				rank, det := gauss(a)
				if got := must(rankOf(m)); got != rank {
					t.Fatalf("n = %d: rank %d, want %d", n, got, rank)
				}
				if got := must(determinant(m)); got.Cmp(det) != 0 {
					t.Fatalf("n = %d: determinant %v, want %v", n, got, det)
				}
				wide := kind(r, n, n+1+r.IntN(4))
				rank, _ = gauss(wide)
				if got := must(rankOf(wide)); got != rank {
					t.Fatalf("n = %d, wide: rank %d, want %d", n, got, rank)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	empty := must(exactmath.FromFloat64(0, 0, nil))
	huge := new(big.Int).Lsh(big.NewInt(1), 99999)
	long := must(dense.NewDyadic(2, 2, []*big.Int{huge, big.NewInt(0), big.NewInt(0), big.NewInt(1)}, 0))
	var shape *exactmath.ShapeError
	if _, _, err := Orientation(empty, func(float64) {}); !errors.As(err, &shape) {
		t.Errorf("an empty matrix: %v", err)
	}
	if _, _, err := Orientation(long, func(float64) {}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a huge matrix: %v", err)
	}
}

func random53(n int) exactmath.Matrix {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	return make_(n, n, func(int, int) *big.Rat { return big.NewRat(r.Int64N(1<<54)-1<<53, 1) })
}

func BenchmarkOrientation(b *testing.B) {
	for _, n := range []int{8, 16, 32, 64, 128} {
		m, _ := dense.ToDyadic(random53(n))
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := Orientation(m, func(float64) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
