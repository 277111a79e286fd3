package ratmat

import (
	"math"
	"math/big"
)

// Ldexp returns v * 2^e.
func Ldexp(v *big.Int, e int) *big.Rat {
	if e >= 0 {
		return new(big.Rat).SetInt(new(big.Int).Lsh(v, uint(e)))
	}
	return new(big.Rat).SetFrac(v, new(big.Int).Lsh(big.NewInt(1), uint(-e)))
}

// Pow2 returns 2^e.
func Pow2(e int) *big.Rat { return Ldexp(one, e) }

// Log2 returns log2 v, -Inf for 0.
func Log2(v *big.Rat) float64 {
	if v.Sign() == 0 {
		return math.Inf(-1)
	}
	var f, m big.Float
	f.SetPrec(64).SetRat(v)
	e := f.MantExp(&m)
	x, _ := m.Float64()
	return math.Log2(math.Abs(x)) + float64(e)
}

// Ones returns n ones.
func Ones(n int) []*big.Rat {
	d := make([]*big.Rat, n)
	for i := range d {
		d[i] = big.NewRat(1, 1)
	}
	return d
}
