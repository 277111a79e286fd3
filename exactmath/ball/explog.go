package ball

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/ALTree/bigfloat"
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
	if err != nil || x.rad.MantExp(nil) > 25 {
		return Ball{}, &RangeError{"exp"}
	}
	// |exp(s) - exp(mid)| <= exp(mid) (e^r - 1) for r = rad, and e^r - 1 - r <=
	// r^2 e^r / 2 <= 2 r^2 4^floor(r).
	r := up().Mul(&x.rad, &x.rad)
	n, _ := x.rad.Int64()
	r.Add(&x.rad, r.SetMantExp(r, int(2*n+1)))
	z.rad.Add(&z.rad, r.Mul(r, up().Add(&z.rad, size(&z.mid))))
	z, err = z.check("exp")
	return z.Round(x.Prec()), err
}

// expPoint returns a ball that contains exp(x), of radius at most 2^-prec exp(x):
// the Taylor polynomial of exp at x/2^m in integers scaled by 2^w, every
// truncation counted, squared m times.
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
	w := int(prec) + m + bits.Len(prec) + 8
	r, _ := new(big.Float).SetMantExp(new(big.Float).Abs(x), w-m).Int(nil)
	term := new(big.Int).Lsh(big.NewInt(1), uint(w))
	sum := new(big.Int).Set(term)
	n := int64(1)
	for ; ; n++ {
		term.Rsh(term.Mul(term, r), uint(w))
		if term.Quo(term, big.NewInt(n)).Sign() == 0 {
			break
		}
		if x.Sign() < 0 && n%2 == 1 {
			sum.Sub(sum, term)
		} else {
			sum.Add(sum, term)
		}
	}
	z := newBall(uint(w) + 2)
	z.mid.SetMantExp(z.mid.SetInt(sum), -w)
	// As r/2^w <= 1/2: each of n - 1 terms is less than 2 units off, the tail is
	// less than 4, and cutting off r moved the sum by less than 2.
	if x.Sign() != 0 {
		z.rad.SetMantExp(big.NewFloat(float64(2*n+4)), -w)
	}
	for ; m > 0; m-- {
		z = z.mul(z)
	}
	return z, nil
}

// Log returns a ball that contains log(s) for all s in x. It fails with a
// *DomainError unless x is positive.
func (x Ball) Log() (Ball, error) {
	low := down().Sub(&x.mid, &x.rad) // exact before it is rounded
	if low.Sign() <= 0 {
		return Ball{}, &DomainError{"logarithm", "a positive ball", x}
	}
	z := logPoint(&x.mid, x.Prec(), propose)
	// |log(s) - log(mid)| <= log(mid / (mid - rad)) <= rad / (mid - rad)
	z.rad.Add(&z.rad, up().Quo(&x.rad, low))
	z, err := z.check("log")
	return z.Round(x.Prec()), err
}

// logPoint returns a ball that contains log(x), x > 0, whatever propose returns;
// propose decides about time alone. Steps, each of which cubes the error of the
// proposal, are taken until the radius is at most 2^-(prec+7) |mid|.
func logPoint(x *big.Float, prec uint, propose func(x *big.Float, prec uint) *big.Float) Ball {
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
	z.rad.SetInt64(MaxExp) // |log(x)| <= MaxExp ln 2: true before any step
	y := propose(x, prec)
	for range bits.Len(prec) + 2 {
		if next, err := logStep(x, y, prec); err == nil {
			z, y = next, &next.mid
		} else { // a useless proposal
			f := new(big.Float)
			e := float64(x.MantExp(f))
			v, _ := f.Float64()
			y = big.NewFloat(e*math.Ln2 + math.Log(v))
		}
		if z.rad.MantExp(nil) < z.mid.MantExp(nil)+goal {
			break
		}
	}
	return z
}

// logStep returns a ball that contains log(x), for any y: log(x) = y + log(1 + h)
// with h = x exp(-y) - 1, which expPoint encloses, and |log(1 + h) - h + h^2/2| is
// at most |h|^3 if |h| <= 1/2. It fails with a *RangeError if |h| may be larger.
func logStep(x, y *big.Float, prec uint) (Ball, error) {
	e, err := expPoint(new(big.Float).Neg(y), prec)
	h := e.mul(point(x)).add(point(big.NewFloat(-1)))
	u := up().Add(size(&h.mid), &h.rad)
	if err != nil || u.Cmp(big.NewFloat(0.5)) > 0 {
		return Ball{}, &RangeError{"log"}
	}
	z := point(y).add(h).add(h.mul(h).mul(point(big.NewFloat(-0.5))))
	z.rad.Add(&z.rad, up().Mul(u, up().Mul(u, u)))
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
