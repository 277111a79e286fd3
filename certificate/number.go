package certificate

import (
	"math/big"

	"flowproof/exactmath"
)

// float64Of returns v rounded to float64 and whether that is v. For numbers far
// below the least float64, Rat.Float64 calls 0 exact.
func float64Of(v *big.Rat) (f float64, exact bool) {
	f, exact = v.Float64()
	return f, exact && (f != 0 || v.Sign() == 0)
}

// width returns the bits of the largest entry of m over the common denominator
// of all, and refuses a matrix for which that is too much.
func (s *scanner) width(m exactmath.Matrix) int {
	high, den, g := 0, big.NewInt(1), new(big.Int)
	m.Each(func(_, _ int, v *big.Rat) {
		d := v.Denom()
		s.Spend(0, exactmath.Words(den)*exactmath.Words(d))
		if high = max(high, v.Num().BitLen()-d.BitLen()+1); g.Rem(den, d).Sign() != 0 {
			den.Mul(den, g.Quo(d, g.GCD(nil, nil, den, d)))
			s.Need(den.BitLen() <= s.Limits.Bits, TooLarge, "a common denominator has more than %d bits", s.Limits.Bits)
		}
	})
	return high + den.BitLen()
}
