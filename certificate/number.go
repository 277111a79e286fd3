package certificate

import (
	"errors"
	"math/big"
	"strconv"
)

var (
	errBits   = errors.New("a number has too many bits")
	errNumber = errors.New("want a number such as -3, 1/2 or 0x1fp-60")
)

// short bounds the numerators and denominators that are written in decimal.
const short = 1_000_000

// appendNumber appends the text of v: p or p/q in decimal if both are short;
// otherwise ±0xMpE with M odd for M * 2^E, or ±0xP/0xQ.
func appendNumber(b []byte, v *big.Rat) []byte {
	p, q := v.Num(), v.Denom()
	if p.IsInt64() && q.IsInt64() && max(p.Int64(), -p.Int64(), q.Int64()) < short {
		if b = p.Append(b, 10); !v.IsInt() {
			b = q.Append(append(b, '/'), 10)
		}
		return b
	}
	if p.Sign() < 0 {
		b = append(b, '-')
	}
	b = append(b, "0x"...)
	m := new(big.Int).Abs(p)
	if e := q.TrailingZeroBits(); q.BitLen() == int(e)+1 {
		z := m.TrailingZeroBits()
		b = append(m.Rsh(m, z).Append(b, 16), 'p')
		return strconv.AppendInt(b, int64(z)-int64(e), 10)
	}
	return q.Append(append(m.Append(b, 16), "/0x"...), 16)
}

// float64Of returns v rounded to float64 and whether that is v. For numbers far
// below the least float64, Rat.Float64 calls 0 exact.
func float64Of(v *big.Rat) (f float64, exact bool) {
	f, exact = v.Float64()
	return f, exact && (f != 0 || v.Sign() == 0)
}

// parseNumber reads what appendNumber writes, and more, which the comparison with
// the canonical text then refuses.
func parseNumber(s string, bits int) (*big.Rat, error) {
	v := new(big.Rat)
	if len(s) > bits/2+16 { // four bits a digit, two integers
		return v, errBits
	}
	if _, ok := v.SetString(s); !ok { // refuses exponents beyond 10^7
		return v, errNumber
	}
	if max(v.Num().BitLen(), v.Denom().BitLen()) > bits {
		return v, errBits
	}
	return v, nil
}
