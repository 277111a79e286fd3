package number

import (
	"math"
	"math/big"
	"strconv"
)

// Up returns a decimal number of the given number of significant digits that is
// at least x, and less than one unit in the last digit above it, for x >= 0.
func Up(x *big.Rat, digits int) string { return decimal(x, digits, true) }

// towardsZero returns such a number that is at most x, x > 0.
func towardsZero(x *big.Rat, digits int) string { return decimal(x, digits, false) }

func decimal(x *big.Rat, digits int, up bool) string {
	if x.Sign() == 0 {
		return "0"
	}
	// 10^e <= x < 10^(e+1), e first guessed from the lengths in bits.
	ten := big.NewInt(10)
	e := int(float64(x.Num().BitLen()-x.Denom().BitLen()) * math.Log10(2))
	scaled := func(e int) *big.Rat { // x / 10^e
		p := new(big.Int).Exp(ten, big.NewInt(int64(abs(e))), nil)
		r := new(big.Rat).SetInt(p)
		if e > 0 {
			r.Inv(r)
		}
		return r.Mul(r, x)
	}
	one := big.NewRat(1, 1)
	for scaled(e).Cmp(one) < 0 {
		e--
	}
	for scaled(e+1).Cmp(one) >= 0 {
		e++
	}
	r := scaled(e - digits + 1)
	m := new(big.Int).Set(r.Num())
	if up {
		m.Add(m, new(big.Int).Sub(r.Denom(), big.NewInt(1)))
	}
	m.Quo(m, r.Denom())
	s := m.String()
	if len(s) > digits { // 9.99.. was rounded up to 10.0
		s, e = s[:digits], e+1
	}
	if digits > 1 {
		s = s[:1] + "." + s[1:]
	}
	sign := "+"
	if e < 0 {
		sign = "-"
	}
	exp := strconv.Itoa(abs(e))
	if len(exp) < 2 {
		exp = "0" + exp
	}
	return s + "e" + sign + exp
}

// UpSigned is Up for a number of any sign.
func UpSigned(x *big.Rat, digits int) string {
	if x.Sign() >= 0 {
		return Up(x, digits)
	}
	return "-" + towardsZero(new(big.Rat).Neg(x), digits)
}

// Down returns such a number that is at most x.
func Down(x *big.Rat, digits int) string {
	switch x.Sign() {
	case -1:
		return "-" + Up(new(big.Rat).Neg(x), digits)
	case 0:
		return "0"
	}
	return towardsZero(x, digits)
}

// UpSqrt is Up for the square root of x.
func UpSqrt(x *big.Rat, digits int) string {
	if x.Sign() == 0 {
		return "0"
	}
	if a, b := new(big.Int).Sqrt(x.Num()), new(big.Int).Sqrt(x.Denom()); new(big.Int).Mul(a, a).Cmp(x.Num()) == 0 &&
		new(big.Int).Mul(b, b).Cmp(x.Denom()) == 0 {
		return Up(new(big.Rat).SetFrac(a, b), digits)
	}
	// Scale to an integer of about 2^200, take the root, round up.
	shift := 200 - (x.Num().BitLen() - x.Denom().BitLen())
	if shift%2 != 0 {
		shift++
	}
	num, den := new(big.Int).Set(x.Num()), new(big.Int).Set(x.Denom())
	if shift >= 0 {
		num.Lsh(num, uint(shift))
	} else {
		den.Lsh(den, uint(-shift))
	}
	num.Quo(num, den)
	root := num.Sqrt(num)
	root.Add(root, big.NewInt(1)) // both were rounded down: one is enough for both
	r := new(big.Rat).SetInt(root)
	half := new(big.Int).Lsh(big.NewInt(1), uint(abs(shift/2)))
	if shift >= 0 {
		r.Quo(r, new(big.Rat).SetInt(half))
	} else {
		r.Mul(r, new(big.Rat).SetInt(half))
	}
	return Up(r, digits)
}

func abs(x int) int {
	if x < 0 {
		return -x
	}
	return x
}
