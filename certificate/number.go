package certificate

import (
	"math/big"

	"flowproof/exactmath"
)

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
