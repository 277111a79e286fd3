package modular_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/modular"
	"flowproof/internal/chaintest"
)

// number is a 1 x 1 matrix.
func number(v *big.Int) exactmath.Matrix {
	m, err := dense.NewDyadic(1, 1, []*big.Int{v}, 0)
	if err != nil {
		panic(err)
	}
	return m
}

// two returns the 2 x 2 product of the steps, the first of which is upper.
func two(t *testing.T, v ...*big.Int) *modular.Product {
	t.Helper()
	x := modular.New([]int{0, 1}, 1, 0, 2, len(v), math.MaxInt64, math.MaxInt64)
	for k, w := range v {
		if err := x.Multiply(exactmath.Factor{Upper: k%2 == 0, Weight: number(w)}); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// rows returns the entries in the unit of x.
func rows(x *modular.Product) (out [2][2]*big.Rat) {
	exp, den := x.Unit()
	unit := new(big.Rat).SetFrac(big.NewInt(1), den)
	if exp > 0 {
		unit.Mul(unit, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(exp))))
	} else {
		unit.Quo(unit, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(-exp))))
	}
	x.Rows([]int{0, 1}, func(i int, row []big.Int) {
		for j := range row {
			out[i][j] = new(big.Rat).SetInt(&row[j])
			out[i][j].Mul(out[i][j], unit)
		}
	})
	return out
}

// Entries ±(2^k - 1) of every length: a bound too small by a factor of two would
// take one prime too few at some of them.
func TestEntriesOfEveryLength(t *testing.T) {
	for k := uint(1); k < 400; k++ {
		for _, sign := range []int64{1, -1} {
			v := new(big.Int).Lsh(big.NewInt(1), k)
			v.Mul(v.Sub(v, big.NewInt(1)), big.NewInt(sign))
			x := two(t, v)
			got := rows(x)
			if got[0][1].Cmp(new(big.Rat).SetInt(v)) != 0 || got[0][0].Cmp(big.NewRat(1, 1)) != 0 || got[1][0].Sign() != 0 {
				t.Fatalf("±(2^%d - 1) came back as %v", k, got)
			}
			if size := new(big.Int).Abs(v); x.Bits() < size.BitLen() {
				t.Fatalf("%d bits for a number of %d", x.Bits(), size.BitLen())
			}
		}
	}
}

// Norm is at least the largest sum along a row, which for positive numbers is more
// than the largest entry.
func TestNorm(t *testing.T) {
	for depth := range 12 {
		for w := int64(1); w < 40; w += 6 {
			v := make([]*big.Int, depth)
			for k := range v {
				v[k] = big.NewInt(w)
			}
			x := two(t, v...)
			norm, wide := x.Norm(), new(big.Rat)
			for _, row := range rows(x) {
				sum := new(big.Rat).Add(row[0], row[1])
				if norm.Cmp(sum) < 0 {
					t.Fatalf("%d factors with %d: a row adds up to %v, norm %v", depth, w, sum, norm)
				}
				if sum.Cmp(wide) > 0 {
					wide = sum
				}
			}
			if wide.Mul(wide, big.NewRat(4, 1)); norm.Cmp(wide) > 0 {
				t.Fatalf("%d factors with %d: norm %v of rows that add up to %v / 4", depth, w, norm, wide)
			}
		}
	}
}

// Norm and Bits bound random products of every kind of entry, with scales and
// without: Bits in the unit of Rows, with the two bits that make the sign certain.
func TestBoundsOfProducts(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 2))
	for name, m := range chaintest.Makers {
		for trial := range 6 {
			c := chaintest.Random(t, r, m, 1+r.IntN(4), 1+r.IntN(4), trial, trial%2 == 1, trial%3 == 1)
			n := c.P + c.Q
			x := modular.New(c.Order, c.P, 0, n, trial, math.MaxInt64, math.MaxInt64)
			for _, f := range c.Factors {
				if err := x.Multiply(exactmath.Factor(f)); err != nil {
					t.Fatal(err)
				}
			}
			want, norm := c.Plain(t), x.Norm()
			for i := range n {
				sum := new(big.Rat)
				for j := range n {
					sum.Add(sum, new(big.Rat).Abs(want.At(i, j)))
				}
				if sum.Cmp(norm) > 0 {
					t.Fatalf("%s: row %d adds up to %v, norm %v", name, i, sum, norm)
				}
			}
			x.Rows(c.Order, func(i int, row []big.Int) {
				for j := range row {
					if row[j].BitLen() > x.Bits()-2 {
						t.Fatalf("%s: entry (%d, %d) has %d bits, bound %d", name, i, j, row[j].BitLen(), x.Bits()-2)
					}
				}
			})
		}
	}
}
