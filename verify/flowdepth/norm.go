package flowdepth

import (
	"math/big"

	"flowproof/exactmath/ball"
)

// MaxDim bounds the dimension: sums over d/2 terms are taken.
const MaxDim = 1 << 20

// MeanNorm returns E|Z_d| = sqrt(2) Gamma((d+1)/2) / Gamma(d/2), d >= 1, from
//
//	E|Z_1| = sqrt(2/pi),  E|Z_2| = sqrt(pi/2),  E|Z_(d+2)| = E|Z_d| (d+1)/d.
func (e *Eval) MeanNorm(d int) ball.Ball {
	if z, ok := e.mean[d]; ok {
		return z
	}
	pi, two := e.normal.Pi(), e.Int(2)
	z, j := e.Sqrt(e.Quo(two, pi)), 1
	if d%2 == 0 {
		z, j = e.Sqrt(e.Quo(pi, two)), 2
	}
	for ; j < d; j += 2 {
		z = e.Mul(z, e.Frac(int64(j+1), int64(j)))
	}
	e.mean[d] = z
	return z
}

// Tail returns P(|Z_d| > r), d >= 1, r >= 0: with x = r^2/2,
//
//	d even:  exp(-x) (sum of x^j / j!, j < d/2),
//	d odd:   2 (1 - Phi(r)) + 2 phi(r) (sum of r^(2j-1) / (1 3 .. (2j-1)), j = 1 .. (d-1)/2),
//
// sums without cancellation.
func (e *Eval) Tail(d int, r ball.Ball) ball.Ball {
	square := e.Sq(r)
	if d%2 == 0 {
		x := e.Mul(square, e.Frac(1, 2))
		sum, term := e.Int(0), e.Int(1)
		for j := range d / 2 {
			sum = e.Add(sum, term)
			term = e.Mul(term, x, e.Frac(1, int64(j+1)))
		}
		return e.Mul(sum, e.Exp(e.Neg(x)))
	}
	sum, term := e.Int(0), r
	for j := 1; j <= (d-1)/2; j++ {
		sum = e.Add(sum, term)
		term = e.Mul(term, square, e.Frac(1, int64(2*j+1)))
	}
	outside := e.Sub(e.Int(1), e.cdf(r))
	return e.Mul(e.Int(2), e.Add(outside, e.Mul(e.density(r), sum)))
}

// MeanMin returns E min(|Z_d|, rho), rho >= 0:
//
//	rho P(|Z_d| > rho) + E|Z_d| P(|Z_(d+1)| <= rho),
//
// since r times the density of |Z_d| is E|Z_d| times that of |Z_(d+1)|.
func (e *Eval) MeanMin(d int, rho *big.Rat) ball.Ball {
	if rho.Sign() == 0 {
		return e.Int(0)
	}
	r := e.Rat(rho)
	inside := e.Sub(e.Int(1), e.Tail(d+1, r))
	return e.Add(e.Mul(r, e.Tail(d, r)), e.Mul(e.MeanNorm(d), inside))
}
