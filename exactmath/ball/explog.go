package ball

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/ALTree/bigfloat"

	"flowproof/exactmath/bound"
)

// ExpRat returns a ball of precision prec that contains exp(s), of radius at
// most 1.01 * 2^-prec |mid|.
func ExpRat(s *big.Rat, prec uint) (Ball, error) {
	// The relative error of exp(s) is the absolute error of s.
	size := uint(max(0, s.Num().BitLen()-s.Denom().BitLen()+1))
	x, err := FromRat(s, prec+min(size, 64)+12)
	if err == nil {
		x, err = x.Exp()
	}
	return x.Round(prec), err
}

// Exp returns a ball that contains exp(s) for all s in x.
func (x Ball) Exp() (Ball, error) {
	z, err := expPoint(&x.mid, x.Prec()+8)
	if err != nil {
		return Ball{}, err
	}
	f := point(big.NewFloat(1)) // exp(s) = exp(mid) exp(s - mid)
	if f.rad, err = expm1(x.rad); err != nil {
		return Ball{}, err
	}
	z, err = z.mul(f).check("exp")
	return z.Round(x.Prec()), err
}

// expm1 bounds e^r - 1, by r + 3/4 r^2 if r <= 1. It fails with a *RangeError if
// r is too large.
func expm1(r bound.Upper) (bound.Upper, error) {
	if r.Cmp(bound.Uint(1)) <= 0 {
		return r.Add(bound.Uint(3).Shift(-2).Mul(r.Mul(r))), nil
	}
	z, err := expPoint(r.Float(), 32)
	if err != nil {
		return r, err
	}
	return z.add(point(big.NewFloat(-1))).abs(), nil
}

// expPoint returns a ball that contains exp(x), of radius at most 2^-prec exp(x):
// the Taylor polynomial at x/2^m in w bits, squared m times.
//
// bigfloat.Exp is not used. To verify a value of exp takes as long as to compute
// it, and bigfloat.Exp is wrong where the float64 that it starts from is
// subnormal: by 23 % at exp(-745), 53 bits.
func expPoint(x *big.Float, prec uint) (Ball, error) {
	exp := x.MantExp(nil) // |x| < 2^exp
	if exp > 25 || x.IsInf() {
		return Ball{}, &RangeError{"exp"}
	}
	m := max(0, exp+int(math.Sqrt(float64(prec))))
	w := prec + uint(m+bits.Len(prec)+8)
	y := newBall(w)
	y.mid.Set(x)
	z := taylor(y.rounded().shift(-m), -int(w))
	for ; m > 0; m-- {
		z = z.mul(z)
	}
	return z, nil
}

// taylor returns a ball that contains exp(s) for all s in y, which must be within
// ±1/2: the Taylor polynomial, whose first term left out is less than 2^least, and
// a bound of the rest; least is at least -Prec. Terms keep only the bits that
// matter beside 1.
func taylor(y Ball, least int) Ball {
	sum := point(big.NewFloat(1)).Round(y.Prec())
	term := sum
	for n := uint64(1); ; n++ {
		term = term.mul(y.Round(term.Prec())).over(n)
		size := term.abs()
		if size.IsZero() || size.Exp() <= least {
			sum.rad = sum.rad.Add(size.Shift(1)) // each term is at most half the last
			return sum
		}
		sum = sum.add(term)
		term = term.Round(uint(int(y.Prec()) + min(0, 8+size.Exp())))
	}
}

// over returns x / n.
func (x Ball) over(n uint64) Ball {
	z := newBall(x.Prec())
	z.mid.Quo(&x.mid, new(big.Float).SetUint64(n)) // of 64 bits, so exact
	z.rad = x.rad.Quo(bound.Least(n))
	return z.rounded()
}

// Log returns a ball that contains log(s) for all s in x. It fails with a
// *DomainError unless x is positive.
func (x Ball) Log() (Ball, error) {
	low, ok := bound.Difference(&x.mid, x.rad)
	if !ok {
		return Ball{}, &DomainError{"logarithm", "a positive ball", x}
	}
	z := logPoint(&x.mid, x.Prec(), propose, proposeFloat64)
	z.rad = z.rad.Add(x.rad.Quo(low)) // |log(s) - log(mid)| <= log(mid / (mid - rad)) <= rad / (mid - rad)
	z, err := z.check("log")
	return z.Round(x.Prec()), err
}

// proposal is a function that returns about log(x) in about prec bits; nothing is
// taken on trust.
type proposal func(x *big.Float, prec uint) *big.Float

// logPoint returns a ball that contains log(x), x > 0, whatever is proposed;
// proposals decide about time and radius alone. Steps, each of which cubes the
// error of the proposal, are taken until the radius is at most 2^-(prec+7) |mid|.
func logPoint(x *big.Float, prec uint, first, second proposal) Ball {
	// Near 1, log(x) is about x1 = x - 1 and so cancel bits smaller than the
	// numbers that it is computed from.
	x1 := new(big.Float).SetPrec(prec).Sub(x, big.NewFloat(1))
	if x1.Sign() == 0 {
		return newBall(prec)
	}
	cancel := uint(max(0, -x1.MantExp(nil)))
	goal := -int(prec) - 7
	prec += cancel + 12
	z := newBall(prec)
	z.rad = bound.Uint(MaxExp) // |log(x)| <= (MaxExp + 1) ln 2: true before any step
	y := first(x, prec)
	for range bits.Len(prec) + 2 {
		if next, err := logStep(x, y, prec); err == nil {
			z, y = next, &next.mid
		} else { // a useless proposal
			y = second(x, prec)
		}
		if z.rad.IsZero() || z.rad.Exp() < z.mid.MantExp(nil)+goal {
			break
		}
	}
	return z
}

// logStep returns a ball that contains log(x), for any y: log(x) = y + log(1 + h)
// with h = x exp(-y) - 1. It fails with a *RangeError if |h| may be larger than
// 1/2.
func logStep(x, y *big.Float, prec uint) (Ball, error) {
	e, err := expPoint(new(big.Float).Neg(y), prec)
	if err != nil {
		return Ball{}, err
	}
	l, err := log1p(e.mul(point(x)).add(point(big.NewFloat(-1))))
	return point(y).add(l), err
}

// log1p returns a ball that contains log(1 + s) for all s in h, as |log(1 + s) - s
// + s^2/2| is at most |s|^3 if |s| <= 1/2. It fails with a *RangeError if |s| may
// be larger.
func log1p(h Ball) (Ball, error) {
	u := h.abs()
	if u.Cmp(bound.Pow2(-1)) > 0 {
		return Ball{}, &RangeError{"log"}
	}
	z := h.add(h.mul(h).shift(-1).Neg())
	z.rad = z.rad.Add(u.Mul(u.Mul(u)))
	return z, nil
}

// propose returns log(x) off by about 2^-(prec/3). bigfloat.Log squares its
// argument until it is huge and so loses k bits at 1 + 2^-k: the absolute error
// stays small, which is all that is needed here, while the relative one does not.
// It is asked for at most 960 bits because beyond 1,024 with its guard bits it
// recomputes pi and stores it in a variable that no lock protects.
func propose(x *big.Float, prec uint) *big.Float {
	return bigfloat.Log(new(big.Float).SetPrec(min(prec/3+64, 960)).Set(x))
}

// proposeFloat64 returns log(x) as float64 arithmetic has it.
func proposeFloat64(x *big.Float, _ uint) *big.Float {
	f := new(big.Float)
	e := float64(x.MantExp(f))
	v, _ := f.Float64()
	return big.NewFloat(e*math.Ln2 + math.Log(v))
}
