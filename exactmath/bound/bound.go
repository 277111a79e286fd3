// Package bound is arithmetic with bounds of numbers that are not negative, each
// of a type that says which kind of bound it is: there is no way to round one to
// the wrong side, and none to divide by an upper bound. What is rounded, and
// where to, is never taken from an argument.
package bound

import (
	"math"
	"math/big"
	"math/bits"
)

// Upper stands for any number from 0 up to its value, which is 0, or a number of
// 32 bits times a power of two, or infinite. Operations round up, by a factor of
// at most 1 + 2^-30, and are exact if the result has at most 32 bits. The zero
// value is 0.
type Upper struct{ magnitude }

// Lower stands for any number from its value up; as Upper, but operations round
// down, and there is no infinity.
type Lower struct{ magnitude }

// magnitude is man * 2^exp, man 0 or in 2^31..2^32-1, -limit <= exp <= limit; or
// infinite, which is man = 1 at exp = limit.
type magnitude struct {
	man uint64
	exp int
}

const (
	mantissa = 32
	limit    = 1 << 29 // within the range of big.Float, and sums of three within 32 bits
)

var infinite = Upper{magnitude{1, limit}}

// up and down round n * 2^exp to 32 bits. Beyond the limits up is infinite or the
// least magnitude, and down the largest or 0.
func up(n uint64, exp int) Upper {
	if n == 0 {
		return Upper{}
	}
	s := bits.Len64(n) - mantissa
	exp += s
	if s <= 0 {
		n <<= -s
	} else {
		lost := n & (1<<s - 1)
		if n >>= s; lost != 0 {
			n++
		}
		if n>>mantissa != 0 {
			n, exp = n>>1, exp+1
		}
	}
	switch {
	case exp > limit:
		return infinite
	case exp < -limit:
		n, exp = 1<<(mantissa-1), -limit
	}
	return Upper{magnitude{n, exp}}
}

func down(n uint64, exp int) Lower {
	s := bits.Len64(n) - mantissa
	if s <= 0 {
		n <<= -s
	} else {
		n >>= s
	}
	exp += s
	switch {
	case n == 0 || exp < -limit:
		return Lower{}
	case exp > limit:
		n, exp = 1<<mantissa-1, limit
	}
	return Lower{magnitude{n, exp}}
}

// Above returns the least Upper that is at least |x|.
func Above(x *big.Float) Upper {
	if x.IsInf() {
		return infinite
	}
	n, exp := leading(x, big.AwayFromZero)
	return up(n, exp)
}

// Below returns the largest Lower that is at most |x|.
func Below(x *big.Float) Lower {
	if x.IsInf() {
		return down(1<<mantissa-1, limit)
	}
	n, exp := leading(x, big.ToZero)
	return down(n, exp)
}

// leading returns |x|, finite, rounded to n * 2^exp with n of at most 32 bits.
func leading(x *big.Float, mode big.RoundingMode) (n uint64, exp int) {
	y := new(big.Float).SetPrec(mantissa).SetMode(mode)
	if y.Abs(y.Set(x)).IsInf() { // the range of big.Float is left
		return 1 << (mantissa - 1), limit + 1
	}
	exp = y.MantExp(y) - mantissa
	n, _ = y.SetMantExp(y, mantissa).Uint64()
	return n, exp
}

// AboveRat returns an Upper that is at least |x|.
func AboveRat(x *big.Rat) Upper {
	var num, den big.Float // of precision 0, so that SetInt is exact
	f := new(big.Float).SetPrec(mantissa).SetMode(big.ToPositiveInf)
	return Above(f.Quo(num.SetInt(new(big.Int).Abs(x.Num())), den.SetInt(x.Denom())))
}

// Uint returns an Upper that is at least x, exact for x < 2^32.
func Uint(x uint64) Upper { return up(x, 0) }

// Least returns a Lower that is at most x, exact for x < 2^32.
func Least(x uint64) Lower { return down(x, 0) }

// Pow2 returns 2^e.
func Pow2(e int) Upper { return up(1, e) }

// Difference returns a Lower that is at most x - r, and whether x - r > 0; the
// difference is exact before it is rounded.
func Difference(x *big.Float, r Upper) (Lower, bool) {
	if r.IsInf() {
		return Lower{}, false
	}
	d := new(big.Float).SetPrec(mantissa).SetMode(big.ToNegativeInf).Sub(x, r.Float())
	if d.Sign() <= 0 {
		return Lower{}, false
	}
	return Below(d), true
}

// IsInf tells whether x is infinite.
func (x Upper) IsInf() bool { return x == infinite }

// IsZero tells whether x is 0.
func (x magnitude) IsZero() bool { return x.man == 0 }

// Exp returns the e with 2^(e-1) <= x < 2^e, 0 for 0.
func (x magnitude) Exp() int {
	if x.man == 0 {
		return 0
	}
	return x.exp + bits.Len64(x.man)
}

// Float returns the value of x, exactly.
func (x Upper) Float() *big.Float {
	if x.IsInf() {
		return new(big.Float).SetInf(false)
	}
	return x.float()
}

// Float returns the value of x, exactly.
func (x Lower) Float() *big.Float { return x.float() }

func (x magnitude) float() *big.Float {
	f := new(big.Float).SetPrec(mantissa).SetUint64(x.man)
	return f.SetMantExp(f, x.exp)
}

// Rat returns the value of x, which must not be infinite.
func (x magnitude) Rat() *big.Rat {
	r, _ := x.float().Rat(nil)
	return r
}

// Cmp compares the values of x and y.
func (x Upper) Cmp(y Upper) int {
	switch {
	case x == y:
		return 0
	case x.IsZero(), y.IsInf(), !y.IsZero() && !x.IsInf() && (x.exp < y.exp || x.exp == y.exp && x.man < y.man):
		return -1
	}
	return 1
}

// Add returns x + y.
func (x Upper) Add(y Upper) Upper {
	switch {
	case x.IsInf() || y.IsInf():
		return infinite
	case x.IsZero():
		return y
	case y.IsZero():
		return x
	}
	n, exp, lost := sum(x.magnitude, y.magnitude)
	if lost {
		n++
	}
	return up(n, exp)
}

// Add returns x + y.
func (x Lower) Add(y Lower) Lower {
	switch {
	case x.IsZero():
		return y
	case y.IsZero():
		return x
	}
	n, exp, _ := sum(x.magnitude, y.magnitude)
	return down(n, exp)
}

// sum returns x + y cut off to n * 2^exp, n < 2^63 + 2^62 and at least 2^62, and
// whether anything was lost.
func sum(x, y magnitude) (n uint64, exp int, lost bool) {
	if x.exp < y.exp {
		x, y = y, x
	}
	d := x.exp - y.exp
	const room = mantissa - 1
	n, exp = x.man<<room, x.exp-room
	if d <= room {
		return n + y.man<<(room-d), exp, false
	}
	s := min(uint(d-room), mantissa)
	return n + y.man>>s, exp, y.man&(1<<s-1) != 0
}

// Mul returns x y, 0 if either is 0.
func (x Upper) Mul(y Upper) Upper {
	switch {
	case x.IsZero() || y.IsZero():
		return Upper{}
	case x.IsInf() || y.IsInf():
		return infinite
	}
	return up(x.man*y.man, x.exp+y.exp)
}

// Mul returns x y.
func (x Lower) Mul(y Lower) Lower { return down(x.man*y.man, x.exp+y.exp) }

// Quo returns x / y, 0 if x is 0 and else infinite if y is 0.
func (x Upper) Quo(y Lower) Upper {
	switch {
	case x.IsZero():
		return Upper{}
	case x.IsInf() || y.IsZero():
		return infinite
	}
	n := x.man << mantissa
	q := n / y.man
	if n%y.man != 0 {
		q++
	}
	return up(q, x.exp-mantissa-y.exp)
}

// Shift returns x 2^e.
func (x Upper) Shift(e int) Upper {
	if x.IsInf() {
		return infinite
	}
	return up(x.man, x.exp+max(-2*limit, min(e, 2*limit)))
}

// Sqrt returns the square root of x.
func (x Lower) Sqrt() Lower {
	n, exp := x.man<<(mantissa-1), x.exp-(mantissa-1)
	if exp&1 != 0 {
		n, exp = n<<1, exp-1
	}
	r := uint64(math.Sqrt(float64(n))) // one too large at most
	for r > 0 && (r >= 1<<mantissa || r*r > n) {
		r--
	}
	return down(r, exp>>1)
}
