package ball

import (
	"math/big"

	"flowproof/exactmath/bound"
)

// Round returns x with its midpoint rounded to prec bits.
func (x Ball) Round(prec uint) Ball {
	z := newBall(prec)
	z.mid.Set(&x.mid)
	z.rad = x.rad
	z, err := z.rounded().check("rounding")
	if err != nil { // mid would round up to 2^MaxExp
		return x
	}
	return z
}

// Neg returns the ball {-s : s in x}.
func (x Ball) Neg() Ball {
	z := x.Round(x.Prec())
	z.mid.Neg(&z.mid)
	return z
}

// Add returns a ball that contains s + t for all s in x, t in y.
func (x Ball) Add(y Ball) (Ball, error) { return x.add(y).check("sum") }

// Sub returns a ball that contains s - t for all s in x, t in y.
func (x Ball) Sub(y Ball) (Ball, error) { return x.add(y.Neg()).check("difference") }

// Mul returns a ball that contains s t for all s in x, t in y.
func (x Ball) Mul(y Ball) (Ball, error) { return x.mul(y).check("product") }

// add and mul are Add and Mul for intermediate results, of any size that comes
// about; they may leave the range of Ball but not that of big.Float.
func (x Ball) add(y Ball) Ball {
	z := newBall(max(x.Prec(), y.Prec()))
	z.mid.Add(&x.mid, &y.mid)
	z.rad = x.rad.Add(y.rad)
	return z.rounded()
}

func (x Ball) mul(y Ball) Ball {
	z := newBall(max(x.Prec(), y.Prec()))
	z.mid.Mul(&x.mid, &y.mid)
	// |st - mid mid'| <= |mid| rad' + rad (|mid'| + rad')
	if !y.rad.IsZero() {
		z.rad = bound.Above(&x.mid).Mul(y.rad)
	}
	if !x.rad.IsZero() {
		z.rad = z.rad.Add(x.rad.Mul(y.abs()))
	}
	return z.rounded()
}

// Quo returns a ball that contains s / t for all s in x, t in y. It fails with a
// *DomainError if y contains 0, with a *RangeError.
func (x Ball) Quo(y Ball) (Ball, error) {
	abs := new(big.Float).Abs(&y.mid)
	low, ok := bound.Difference(abs, y.rad)
	if !ok {
		return Ball{}, &DomainError{"quotient", "a divisor without 0", y}
	}
	z := newBall(max(x.Prec(), y.Prec()))
	z.mid.Quo(&x.mid, &y.mid)
	// |s/t - mid/mid'| <= (|mid| rad' + rad |mid'|) / (|mid'| (|mid'| - rad'))
	num := bound.Above(&x.mid).Mul(y.rad).Add(x.rad.Mul(bound.Above(abs)))
	z.rad = num.Quo(low.Mul(bound.Below(abs)))
	return z.rounded().check("quotient")
}

// Sqrt returns a ball that contains the square roots of all s in x. It fails
// with a *DomainError if x contains a negative number.
func (x Ball) Sqrt() (Ball, error) {
	low, ok := bound.Difference(&x.mid, x.rad)
	if !ok && x.rad.Float().Cmp(&x.mid) != 0 {
		return Ball{}, &DomainError{"square root", "no negative number", x}
	}
	z := newBall(x.Prec())
	if x.mid.Sign() == 0 {
		return z, nil
	}
	root, unit := sqrtDown(&x.mid, z.Prec()+8)
	z.mid.Set(root)
	// |√s - √mid| = |s - mid| / (√s + √mid) <= rad / (√(mid - rad) + √mid)
	z.rad = unit.Add(x.rad.Quo(low.Sqrt().Add(bound.Below(root))))
	return z.rounded().check("square root")
}

// sqrtDown returns √x, x >= 0, cut off after at least prec bits, and the unit in
// its last place, which is more than what was cut off; 0 if nothing was. It takes
// an integer square root, since that is exact by specification.
func sqrtDown(x *big.Float, prec uint) (root *big.Float, unit bound.Upper) {
	bits := int(x.MinPrec())
	shift := max(2*int(prec)-bits, 0)
	shift += (x.MantExp(nil) - bits - shift) & 1
	e := x.MantExp(nil) - bits - shift // x = n 2^e, e even
	n, _ := new(big.Float).SetMantExp(x, -e).Int(nil)
	r := new(big.Int).Sqrt(n)
	root = new(big.Float).SetInt(r) // exact: the precision was 0
	if root.SetMantExp(root, e/2); n.Cmp(r.Mul(r, r)) == 0 {
		return root, unit
	}
	return root, bound.Pow2(e / 2)
}
