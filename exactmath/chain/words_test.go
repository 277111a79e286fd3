package chain

import (
	"math/big"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// TestWordsFarApart: an entry whose words lie more than 64 bits above the lowest
// bit of its matrix.
func TestWordsFarApart(t *testing.T) {
	one := big.NewInt(1)
	a, b := new(big.Int).Lsh(one, 60), new(big.Int).Lsh(one, 130)
	b.Add(b, a)
	for _, sign := range []int64{1, -1} {
		a, b := new(big.Int).Mul(a, big.NewInt(sign)), new(big.Int).Mul(b, big.NewInt(sign))
		w, err := dense.NewDyadic(1, 2, []*big.Int{a, b}, 0)
		if err != nil {
			t.Fatal(err)
		}
		target, err := exactmath.FromFloat64(3, 3, []float64{1, 0, 0, 0, 1, 0, 0, 0, 1})
		if err != nil {
			t.Fatal(err)
		}
		c := Chain{P: 1, Q: 2, Order: []int{0, 1, 2}, Steps: []Step{{Upper: true, Weight: w}}}
		num, den, err := c.Residual(target)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			for j := range 3 {
				want := new(big.Rat) // target - product
				if i == 0 && j > 0 {
					want.SetInt([]*big.Int{nil, a, b}[j]).Neg(want)
				}
				if got := num.At(i, j); got.Quo(got, new(big.Rat).SetInt(den)).Cmp(want) != 0 {
					t.Errorf("sign %d, entry (%d, %d): %v, want %v", sign, i, j, got, want)
				}
			}
		}
	}
}
