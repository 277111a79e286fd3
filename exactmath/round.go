package exactmath

import (
	"math"
	"math/big"
	"math/bits"
)

// Round returns m * 2^exp rounded to nearest even. Of a long m whose value is a
// normal number, the leading 64 bits decide, the last of them set if one further
// down is.
func Round(m *big.Int, exp int) float64 {
	n, w := m.BitLen(), m.Bits()
	if bits.UintSize == 64 && n > 64 && -1021 <= n+exp && n+exp < 1024 {
		last, s := len(w)-1, uint(n)%64 // s bits in the last word, 64 if s = 0
		top, rest := uint64(w[last]), uint64(0)
		if s > 0 {
			top, rest = top<<(64-s)|uint64(w[last-1])>>s, uint64(w[last-1])<<(64-s)
			last--
		}
		for k := 0; k < last && rest == 0; k++ {
			rest = uint64(w[k])
		}
		if rest != 0 {
			top |= 1
		}
		return math.Ldexp(math.Copysign(float64(top), float64(m.Sign())), n-64+exp)
	}
	f := new(big.Float).SetInt(m)
	v, _ := f.SetMantExp(f, exp).Float64()
	return v
}
