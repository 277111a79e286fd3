package flowdepth

import (
	"math/big"
	"strconv"

	"flowproof/exactmath/ball"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Ramp returns E (x - lip |Z_1|)_+^p, p = 1 or 2, for x and lip > 0: with u = x / lip
// and h = 2 Phi(u) - 1,
//
//	p = 1:  x h - 2 lip (phi(0) - phi(u)),
//	p = 2:  x^2 h - 4 x lip (phi(0) - phi(u)) + lip^2 (h - 2 u phi(u)).
func (e *Eval) Ramp(x, lip ball.Ball, p int) ball.Ball {
	u := e.Quo(x, lip)
	h := e.Sub(e.Mul(e.Int(2), e.cdf(u)), e.Int(1))
	drop := e.Sub(e.density(e.Int(0)), e.density(u))
	if p == 1 {
		return e.Sub(e.Mul(x, h), e.Mul(e.Int(2), lip, drop))
	}
	inner := e.Sub(h, e.Mul(e.Int(2), u, e.density(u)))
	return e.Add(e.Mul(e.Sq(x), h), e.Neg(e.Mul(e.Int(4), x, lip, drop)), e.Mul(e.Sq(lip), inner))
}

// collarSteps is the number of steps of the trapezoid rule in Collar.
const collarSteps = 24

// Collar returns a lower bound of
//
//	lip INT from 0 to x/lip of ( 1 - 1/(k Phi(z0 + u)) ) du,  Phi(z0) = 1/k,
//
// k >= 2. The integrand is concave, so the trapezoid rule errs to the safe side.
func (e *Eval) Collar(k int64, x, lip ball.Ball) ball.Ball {
	z0 := e.Keep(e.normal.Quantile(big.NewRat(1, k)))
	step := e.Quo(x, e.Mul(lip, e.Int(collarSteps)))
	sum, mass := e.Int(0), e.Frac(1, k)
	for i := int64(1); i <= collarSteps; i++ { // the integrand is 0 at 0
		v := e.Sub(e.Int(1), e.Quo(mass, e.cdf(e.Add(z0, e.Mul(e.Int(i), step)))))
		if i == collarSteps {
			v = e.Mul(v, e.Frac(1, 2))
		}
		sum = e.Add(sum, v)
	}
	return e.Mul(lip, step, sum)
}

// isoperimetry returns a lower bound of E (|F(Z) - Y| - s)_+ for Lipschitz maps F of
// the constant lip, x = Gap/2 - s > 0: the part of W_1 that isoperimetry sees.
func (e *Eval) isoperimetry(t Target, x, lip ball.Ball) ball.Ball {
	if t.Pieces == 2 {
		return e.Ramp(x, lip, 1)
	}
	return e.Collar(t.Pieces, x, lip)
}

// Isoperimetry returns a lower bound of W_p(F#gamma, P) for every F of the Lipschitz
// constant lip (depth-line for two points, depth-points for more, where the bound of W_1 serves W_2 too).
// P must have a Gap.
func (e *Eval) Isoperimetry(t Target, lip ball.Ball, p int) ball.Ball {
	half := e.Rat(new(big.Rat).Mul(t.Gap, big.NewRat(1, 2)))
	if t.Pieces == 2 && p == 2 {
		return e.Root(e.Ramp(half, lip, 2))
	}
	return e.isoperimetry(t, half, lip)
}

// Joint returns a lower bound of W_1(F#gamma, P), and so of W_2, for every F with
// low |x - y| <= |F(x) - F(y)| <= lip |x - y| (depth-joint): for any rho >= 0
//
//	l E min(|Z_d|, rho) + (isoperimetry beyond the distance s = rho l),  l = low k^(-1/d).
//
// s must be below Gap/2; if it is not, only the first term is returned.
func (e *Eval) Joint(t Target, low, lip ball.Ball, rho *big.Rat) ball.Ball {
	l := e.Quo(low, e.spread(t))
	core := e.Mul(l, e.MeanMin(t.Dim, rho))
	x := e.Sub(e.Rat(new(big.Rat).Mul(t.Gap, big.NewRat(1, 2))), e.Mul(l, e.Rat(rho)))
	if !exceeds(x, new(big.Rat)) {
		return core
	}
	return e.Add(core, e.isoperimetry(t, x, lip))
}
