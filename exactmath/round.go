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
		last, z := len(w)-1, uint(-n)%64 // leading zeros
		top := uint64(w[last])<<z | uint64(w[last-1])>>(64-z)
		if int(m.TrailingZeroBits()) < n-64 {
			top |= 1
		}
		return math.Ldexp(math.Copysign(float64(top), float64(m.Sign())), n-64+exp)
	}
	f := new(big.Float).SetInt(m)
	v, _ := f.SetMantExp(f, exp).Float64()
	return v
}
