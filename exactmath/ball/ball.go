// Package ball is midpoint-radius arithmetic on real numbers: every operation
// returns a ball that certainly contains the true result. Proofs of all error
// bounds: PROOFS.md, "Balls".
//
// Midpoints are math/big.Float, whose Add, Sub, Mul, Quo and Set are correctly
// rounded by specification. github.com/ALTree/bigfloat, which promises no
// rounding, only proposes logarithms; nothing that it returns is taken on trust.
package ball

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"flowproof/exactmath/bound"
)

// Ball is the set {x real : |x - mid| <= rad}, with mid and rad finite dyadic
// rationals, rad >= 0. Its precision is that of mid, in bits. A result has the
// larger one of its operands' precisions, and as radius what the operands' radii
// make necessary plus at most 1.01 * 2^-Prec |mid| for its own rounding. The
// precision asked of a new ball is taken to be at least 2.
//
// Invariant: mid is 0 or 2^-(MaxExp+1) <= |mid| < 2^MaxExp; rad is 0 or within
// 2^±(2 MaxExp + 1). So no intermediate result leaves the range of big.Float,
// about 2^±2^31, beyond which it would silently turn to 0 or Inf. An operation
// fails with a *RangeError if its result is not within.
//
// Midpoints are rounded to nearest, always in a number made by newBall, so that
// neither its precision nor its mode comes from an operand; radii are of a type
// that only rounds up.
//
// Operations change no operand, and mid and rad are never written to once a Ball
// has been returned, so a Ball may be copied. The zero value is the number 0.
type Ball struct {
	mid big.Float
	rad bound.Upper
}

// MaxExp bounds the binary exponents of midpoints. It admits exp(s) for |s| up to
// MaxExp ln 2 = 1.16e7, and keeps exact rational bounds to a few megabytes.
const MaxExp = 1 << 24

// DomainError reports a ball X on which a function is not defined throughout.
type DomainError struct {
	Op, Want string
	X        Ball
}

func (e *DomainError) Error() string { return fmt.Sprintf("%s of %v, want %s", e.Op, e.X, e.Want) }

// RangeError reports a result or an input that is too large, or too small but
// not 0, or not finite.
type RangeError struct{ Op string }

func (e *RangeError) Error() string {
	return fmt.Sprintf("%s: size outside 2^-%d to 2^%d", e.Op, MaxExp, MaxExp)
}

// FromRat returns x rounded to prec bits, with the rounding error as radius.
func FromRat(x *big.Rat, prec uint) (Ball, error) {
	z := newBall(prec)
	var num, den big.Float // of precision 0, so that SetInt is exact
	z.mid.Quo(num.SetInt(x.Num()), den.SetInt(x.Denom()))
	return z.rounded().check("input")
}

// FromFloat64 is FromRat for a float64; NaN and Inf are a *RangeError.
func FromFloat64(x float64, prec uint) (Ball, error) {
	if r := new(big.Rat).SetFloat64(x); r != nil {
		return FromRat(r, prec)
	}
	return Ball{}, &RangeError{"input"}
}

// Prec returns the precision in bits.
func (x Ball) Prec() uint { return x.mid.Prec() }

// Mid returns the midpoint m * 2^e, with m odd, or 0 * 2^0.
func (x Ball) Mid() (m *big.Int, e int) {
	bits := int(x.mid.MinPrec())
	e = x.mid.MantExp(nil) - bits
	m, _ = new(big.Float).SetMantExp(&x.mid, -e).Int(nil)
	return m, e
}

// Rad returns the radius.
func (x Ball) Rad() *big.Rat { return x.rad.Rat() }

// Contains reports whether q lies in x.
func (x Ball) Contains(q *big.Rat) bool {
	num, den := new(big.Float).SetInt(q.Num()), new(big.Float).SetInt(q.Denom())
	times := func(f *big.Float) *big.Float { return new(big.Float).SetPrec(f.Prec()+den.Prec()).Mul(f, den) }
	lo, hi := x.ends()
	return times(lo).Cmp(num) <= 0 && times(hi).Cmp(num) >= 0
}

// AbsBounds returns the least and the largest |t| for t in x.
func (x Ball) AbsBounds() (lower, upper *big.Rat) {
	lo, hi := x.ends()
	if x.mid.Sign() < 0 {
		lo, hi = hi.Neg(hi), lo.Neg(lo)
	}
	if lo.Sign() < 0 {
		lo.SetInt64(0)
	}
	return rat(lo), rat(hi)
}

// ends returns mid - rad and mid + rad, exactly; as big.Float because big.Rat
// would look for common factors in numbers that may have millions of bits.
func (x Ball) ends() (lo, hi *big.Float) {
	r := x.rad.Float()
	a, b := x.mid.MantExp(nil), r.MantExp(nil)
	prec := uint(max(a, b) - min(a-int(x.mid.MinPrec()), b-int(r.MinPrec())) + 1)
	return new(big.Float).SetPrec(prec).Sub(&x.mid, r), new(big.Float).SetPrec(prec).Add(&x.mid, r)
}

// String returns "[m ± r]", an interval that contains x: in decimal, m to 17
// digits and r rounded up; beyond 2^±10000, where decimals take long, in binary.
func (x Ball) String() string {
	x = x.Round(64)
	r, exp := x.rad, x.mid.MantExp(nil)
	if max(exp, -exp, r.Exp(), -r.Exp()) > 10000 {
		return fmt.Sprintf("[%s ± %s]", x.mid.Text('p', 0), r.Float().Text('p', 0))
	}
	m := x.mid.Text('e', 16)
	if x.mid.Sign() != 0 {
		_, e, _ := strings.Cut(m, "e")
		exp, _ = strconv.Atoi(e)
		half, _, _ := big.ParseFloat(fmt.Sprintf("5e%d", exp-17), 10, 64, big.ToPositiveInf)
		r = r.Add(bound.Above(half))
	}
	return fmt.Sprintf("[%s ± %s]", m, r.Mul(printed).Float().Text('e', 2))
}

// printed covers the last bits of ParseFloat and the 1 part in 200 that Text may
// round down.
var printed = bound.Uint(129).Shift(-7)

// newBall returns 0; its midpoint rounds to nearest.
func newBall(prec uint) (z Ball) {
	z.mid.SetPrec(min(max(prec, 2), MaxExp))
	return z
}

// point returns x itself, which must be within the range.
func point(x *big.Float) Ball {
	z := newBall(x.Prec())
	z.mid.Set(x)
	return z.rounded()
}

// rounded adds to the radius the rounding error of the operation that last wrote
// z.mid, at most half a unit in its last place, and keeps it off the bottom.
func (z Ball) rounded() Ball {
	if z.mid.Acc() != big.Exact {
		z.rad = z.rad.Add(bound.Pow2(z.mid.MantExp(nil) - int(z.mid.Prec()) - 1))
	}
	if !z.rad.IsZero() && z.rad.Exp() < -2*MaxExp {
		z.rad = bound.Pow2(-2 * MaxExp)
	}
	return z
}

func (z Ball) check(op string) (Ball, error) {
	e := z.mid.MantExp(nil)
	if z.mid.IsInf() || z.rad.IsInf() || max(e, -e) > MaxExp || z.rad.Exp() > 2*MaxExp {
		return Ball{}, &RangeError{op}
	}
	return z, nil
}

// shift returns x 2^e, e far from the limits.
func (x Ball) shift(e int) Ball {
	z := newBall(x.Prec())
	z.mid.Mul(&x.mid, pow2(e))
	z.rad = x.rad.Shift(e)
	return z
}

// pow2 returns 2^e exactly, for a product or a comparison.
func pow2(e int) *big.Float { return new(big.Float).SetMantExp(big.NewFloat(1), e) }

// abs returns the largest |t| for t in x.
func (x Ball) abs() bound.Upper { return bound.Above(&x.mid).Add(x.rad) }

func rat(x *big.Float) *big.Rat {
	r, _ := x.Rat(nil)
	return r
}
