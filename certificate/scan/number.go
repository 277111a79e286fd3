package scan

import (
	"math/big"
	"strconv"
	"strings"
)

// short bounds the numerators and denominators that are written in decimal.
const short = 1_000_000

// AppendNumber appends the text of v: p or p/q in decimal if both are short;
// otherwise ±0xMpE with M odd for M * 2^E, or ±0xP/0xQ.
func AppendNumber(b []byte, v *big.Rat) []byte {
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

// Number returns the rational that text is.
func (s *Scanner) Number(text string) *big.Rat {
	words := int64(len(text)/16 + 1)
	s.Spend(0, words*words)                                                         // to reduce to lowest terms
	s.Need(len(text) <= s.Limits.Bits/2+16, TooLarge, "a number has too many bits") // four a digit, two integers
	v, ok := new(big.Rat).SetString(text)                                           // refuses exponents beyond 10^7
	s.Need(ok, Malformed, "want a number such as -3, 1/2 or 0x1fp-60, not %.40q", text)
	bits := max(v.Num().BitLen(), v.Denom().BitLen())
	s.Need(bits <= s.Limits.Bits, TooLarge, "a number has too many bits")
	s.Spend(int64(bits)/4+64, 0)
	want := AppendNumber(nil, v)
	s.Need(string(want) == text, NotCanonical, "%.40q is to be written %.40s", text, want)
	return v
}

// Numbers returns the rationals that text is, exactly count of them.
func (s *Scanner) Numbers(text string, count int) (v []*big.Rat) {
	s.Need(strings.Count(text, " ") == count-1, Malformed, "want %d numbers and single spaces between them", count)
	for field := range strings.SplitSeq(text, " ") {
		v = append(v, s.Number(field))
	}
	return v
}

// Float64Of returns v rounded to float64 and whether that is v. For numbers far
// below the least float64, Rat.Float64 calls 0 exact.
func Float64Of(v *big.Rat) (f float64, exact bool) {
	f, exact = v.Float64()
	return f, exact && (f != 0 || v.Sign() == 0)
}
