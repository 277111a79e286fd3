package ball

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// ExpRat is as narrow as it promises, for arguments of every size up to those whose
// exponential has some thousand bits before the point, and after it.
func TestExpRatRadius(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 1))
	for _, prec := range []uint{2, 5, 24, 64, 200} {
		for size := -20; size <= 12; size++ {
			for range 3 {
				s := big.NewRat(r.Int64N(1<<30)+1<<30, 1<<30) // 1 to 2
				power := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(max(size, -size))))
				if size < 0 {
					power.Inv(power)
				}
				if s.Mul(s, power); r.IntN(2) == 0 {
					s.Neg(s)
				}
				b, err := ExpRat(s, prec)
				if err != nil {
					t.Fatal(err)
				}
				// With the ends lo <= hi, the radius is (hi - lo)/2, the midpoint (hi + lo)/2.
				lo, hi := b.AbsBounds()
				width := new(big.Rat).Sub(hi, lo)
				most := new(big.Rat).Add(hi, lo)
				most.Mul(most, big.NewRat(101, 100)).Quo(most, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), prec)))
				if width.Cmp(most) > 0 {
					f, _ := new(big.Rat).Quo(width, most).Float64()
					t.Errorf("exp(%s) to %d bits: %v, %.3g times as wide as promised", s.FloatString(6), prec, b, f)
				}
			}
		}
	}
}
