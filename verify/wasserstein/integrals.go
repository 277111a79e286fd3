package wasserstein

import (
	"math/big"

	"flowproof/exactmath/ball"
	"flowproof/exactmath/normal"
)

// integrals evaluates integrals against the normal density.
type integrals struct {
	*ball.Calc
	normal *normal.Normal
}

// point is a number z with primitives, at z, of 1, t, t^2, Phi, Phi^2 and t Phi
// times phi.
type point struct {
	z       *big.Rat // nil: infinite
	cdf     ball.Ball
	density ball.Ball
	prim    [6]ball.Ball
}

// at evaluates them at z:
//
//	Phi, -phi, Phi - z phi, Phi^2/2, Phi^3/3, Phi(sqrt(2) z) / (2 sqrt(pi)) - phi Phi.
func (i *integrals) at(z *big.Rat) *point {
	x := i.Rat(z)
	p := &point{z: z}
	p.cdf, p.density = i.Keep(i.normal.CDF(x)), i.Keep(i.normal.Density(x))
	phi, cdf := p.density, p.cdf
	wide := i.Keep(i.normal.CDF(i.Mul(i.Sqrt(i.Int(2)), x)))
	square := i.Sq(cdf)
	p.prim = [6]ball.Ball{
		cdf,
		i.Neg(phi),
		i.Sub(cdf, i.Mul(x, phi)),
		i.Mul(square, i.Frac(1, 2)),
		i.Mul(square, cdf, i.Frac(1, 3)),
		i.Sub(i.Mul(wide, i.root()), i.Mul(phi, cdf)),
	}
	return p
}

// root returns 1 / (2 sqrt(pi)).
func (i *integrals) root() ball.Ball {
	return i.Quo(i.Frac(1, 2), i.Sqrt(i.normal.Pi()))
}

// infinity is at for z = -infinity or +infinity.
func (i *integrals) infinity(sign int) *point {
	zero, one := i.Int(0), i.Int(1)
	if sign < 0 {
		return &point{cdf: zero, density: zero, prim: [6]ball.Ball{zero, zero, zero, zero, zero, zero}}
	}
	return &point{cdf: one, density: zero, prim: [6]ball.Ball{one, zero, one, i.Frac(1, 2), i.Frac(1, 3), i.root()}}
}

// square returns the integral of (c + be t - bb Phi(t))^2 phi(t), from one point to
// the other (equation 3).
func (i *integrals) square(c, be, bb *big.Rat, from, to *point) ball.Ball {
	var d [6]ball.Ball
	for k := range d {
		d[k] = i.Sub(to.prim[k], from.prim[k])
	}
	product := func(x, y *big.Rat, times int64) ball.Ball {
		z := new(big.Rat).Mul(x, y)
		return i.Rat(z.Mul(z, big.NewRat(times, 1)))
	}
	return i.Add(
		i.Mul(product(c, c, 1), d[0]),
		i.Mul(product(c, be, 2), d[1]),
		i.Mul(product(be, be, 1), d[2]),
		i.Mul(product(c, bb, -2), d[3]),
		i.Mul(product(bb, bb, 1), d[4]),
		i.Mul(product(be, bb, -2), d[5]),
	)
}

// off returns a bound of |Phi(z) - u| for the z of p.
func (i *integrals) off(p *point, u *big.Rat) ball.Ball {
	_, hi := i.Sub(p.cdf, i.Rat(u)).AbsBounds()
	return i.Rat(hi)
}

// widen returns the ball of all numbers at most r from x.
func (i *integrals) widen(x, r ball.Ball) ball.Ball {
	_, hi := r.AbsBounds()
	return i.Keep(x.Widen(hi))
}
