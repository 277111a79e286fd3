package sample

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/constructions/internal/ratmat"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// Ratmat returns the matrix as one of package ratmat.
func Ratmat(m exactmath.Matrix) *ratmat.Matrix {
	r, c := m.Dims()
	return ratmat.Func(r, c, m.At)
}

// Rational returns x with the arithmetic of package dense.
func Rational(t *testing.T, x *ratmat.Matrix) *dense.Rational {
	t.Helper()
	m, err := x.Matrix()
	if err != nil {
		t.Fatal(err)
	}
	return dense.ToRational(m)
}

// ProductOf returns the product from left to right.
func ProductOf(t *testing.T, x *dense.Rational, ys ...*dense.Rational) *dense.Rational {
	t.Helper()
	for _, y := range ys {
		z, err := x.Mul(y)
		if err != nil {
			t.Fatal(err)
		}
		x = z
	}
	return x
}

// RandomRatmat draws a matrix with small rational entries and zeros.
func RandomRatmat(rng *rand.Rand, rows, cols int) *ratmat.Matrix {
	return ratmat.Func(rows, cols, func(_, _ int) *big.Rat {
		if rng.IntN(4) == 0 {
			return new(big.Rat)
		}
		return big.NewRat(rng.Int64N(19)-9, rng.Int64N(6)+1)
	})
}
