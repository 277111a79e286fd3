// Package normal encloses the standard normal density, distribution function and
// quantiles in balls. Proofs of the error bounds: PROOFS.md, "The normal
// distribution".
package normal

import (
	"fmt"
	"math"
	"math/big"

	"flowproof/exactmath/ball"
)

// Normal is N(0, 1) at a precision in bits. It holds constants only, and may be
// used by many goroutines.
type Normal struct {
	prec  uint
	pi    ball.Ball
	scale ball.Ball // 1 / sqrt(2 pi)
}

// New returns N(0, 1) at the given precision, 32 to 4,096 bits: normal-enclosures in
// proofs/universality.md.
func New(prec uint) (*Normal, error) {
	if prec < 32 || prec > 4096 {
		return nil, fmt.Errorf("normal: precision %d, want 32 to 4096", prec)
	}
	c := ball.NewCalc(prec + 16)
	n := &Normal{prec: prec, pi: c.Keep(Pi(prec + 16))}
	n.scale = c.Quo(c.Int(1), c.Sqrt(c.Mul(c.Int(2), n.pi)))
	return n, c.Err()
}

// Pi returns pi.
func (n *Normal) Pi() ball.Ball { return n.pi.Round(n.prec) }

// Pi returns a ball of the given precision that contains pi = 16 atan(1/5) - 4
// atan(1/239) (Machin).
func Pi(prec uint) (ball.Ball, error) {
	w := prec + 16
	lo5, hi5 := arctanInverse(5, w)
	lo239, hi239 := arctanInverse(239, w)
	lo := new(big.Int).Sub(lo5.Lsh(lo5, 4), hi239.Lsh(hi239, 2))
	hi := new(big.Int).Sub(hi5.Lsh(hi5, 4), lo239.Lsh(lo239, 2))
	return between(lo, hi, w, prec)
}

// arctanInverse returns integers lo < 2^w atan(1/m) < hi. The terms of the
// alternating series are cut off, so each of k of them is less than a unit off,
// and the first one left out bounds the rest.
func arctanInverse(m int64, w uint) (lo, hi *big.Int) {
	power := new(big.Int).Quo(new(big.Int).Lsh(big.NewInt(1), w), big.NewInt(m))
	square := big.NewInt(m * m)
	sum, term := new(big.Int), new(big.Int)
	k := int64(0)
	for ; power.Sign() > 0; k++ {
		term.Quo(power, big.NewInt(2*k+1))
		if k%2 == 0 {
			sum.Add(sum, term)
		} else {
			sum.Sub(sum, term)
		}
		power.Quo(power, square)
	}
	// floor(floor(x)/m) = floor(x/m): power is 2^w m^-(2k+1) cut off, below 1 now.
	off := big.NewInt(k + 1)
	return new(big.Int).Sub(sum, off), off.Add(sum, off)
}

// between returns a ball of precision prec that contains lo/2^w to hi/2^w.
func between(lo, hi *big.Int, w, prec uint) (ball.Ball, error) {
	den := new(big.Int).Lsh(big.NewInt(1), w+1)
	mid := new(big.Rat).SetFrac(new(big.Int).Add(lo, hi), den)
	rad := new(big.Rat).SetFrac(new(big.Int).Sub(hi, lo), den)
	z, err := ball.FromRat(mid, prec)
	if err != nil {
		return z, err
	}
	return z.Widen(rad)
}

// Density returns a ball that contains phi(t) = exp(-t^2/2) / sqrt(2 pi) for all t
// in x. Beyond |t| = 4,000 it is enclosed by 0 and phi(4000).
func (n *Normal) Density(x ball.Ball) (ball.Ball, error) {
	c := ball.NewCalc(n.prec)
	lower, _ := x.AbsBounds()
	if lower.Cmp(far) > 0 {
		return n.below(c.Mul(n.scale, c.Exp(c.Rat(new(big.Rat).Neg(halfSquare(far))))))
	}
	x = x.Round(n.prec + 64) // an error of t is one of t times as much in t^2
	z := c.Mul(c.Exp(c.Mul(c.Sq(x), c.Frac(-1, 2))), n.scale)
	return z.Round(n.prec), c.Err()
}

var far = big.NewRat(4000, 1)

func halfSquare(x *big.Rat) *big.Rat {
	s := new(big.Rat).Mul(x, x)
	return s.Mul(s, big.NewRat(1, 2))
}

// below returns a ball that contains 0 to the upper end of x >= 0.
func (n *Normal) below(x ball.Ball) (ball.Ball, error) {
	_, upper := x.AbsBounds()
	upper.Mul(upper, big.NewRat(1, 2))
	z, err := ball.FromRat(upper, n.prec)
	if err != nil {
		return z, err
	}
	return z.Widen(upper)
}

// CDF returns a ball that contains Phi(t) for all t in x, of absolute radius about
// 2^-Prec plus the radius of x times the density.
func (n *Normal) CDF(x ball.Ball) (ball.Ball, error) {
	z, err := n.cdfPoint(x.Point())
	if err != nil || x.Rad().Sign() == 0 {
		return z, err
	}
	// |Phi(s) - Phi(t)| <= |s - t| max phi over the ball, and max phi <= phi at
	// the number of the ball that is nearest to 0.
	lower, _ := x.AbsBounds()
	c := ball.NewCalc(64)
	top := c.Keep(n.Density(c.Rat(lower)))
	if c.Err() != nil {
		return z, c.Err()
	}
	_, most := top.AbsBounds()
	return z.Widen(most.Mul(most, x.Rad()))
}

// cdfPoint encloses Phi at the midpoint of x, from
//
//	Phi(z) = 1/2 + phi(z) S(z),  S(z) = sum over k of z^(2k+1) / (1 3 5 .. (2k+1)),
//
// all of whose terms have the sign of z, or from 0 < 1 - Phi(z) < phi(z), z >= 1,
// where phi(z) < 2^-Prec.
func (n *Normal) cdfPoint(x ball.Ball) (ball.Ball, error) {
	m, _ := x.Mid()
	c := ball.NewCalc(n.prec + 16)
	half := c.Frac(1, 2)
	if m.Sign() == 0 {
		return half.Round(n.prec), nil
	}
	size, _ := x.AbsBounds()
	s, _ := size.Float64()
	density, err := n.densityWide(x)
	if err != nil {
		return ball.Ball{}, err
	}
	var z ball.Ball
	if s >= 1 && s*s/2 > float64(n.prec)*math.Ln2 {
		z = c.Keep(n.below(density)) // 1 - Phi(|z|)
		if m.Sign() > 0 {
			z = c.Sub(c.Int(1), z)
		}
	} else {
		z = c.Mul(density, c.Keep(n.series(size)))
		if m.Sign() < 0 {
			z = c.Neg(z)
		}
		z = c.Add(half, z)
	}
	return z.Round(n.prec), c.Err()
}

// densityWide is Density with a few bits more.
func (n *Normal) densityWide(x ball.Ball) (ball.Ball, error) {
	wide := *n
	wide.prec += 16
	return wide.Density(x)
}

// series encloses S(z), z > 0. In units of 2^-w, with Z <= z < Z + 1 and Q <= Z^2,
// (Z + 1)^2 < Q', the terms cut off from Z and Q and rounded up from Z + 1 and Q'
// lie below and above those of S(z). Once z^2 <= (2k+3)/2 every term is at most
// half of the one before, so that the last one bounds the rest.
func (n *Normal) series(z *big.Rat) (ball.Ball, error) {
	w := n.prec + 24
	one := big.NewInt(1)
	lo := new(big.Int).Lsh(z.Num(), w)
	lo.Quo(lo, z.Denom())
	hi := new(big.Int).Add(lo, one)
	loSq := new(big.Int).Rsh(new(big.Int).Mul(lo, lo), w)
	hiSq := new(big.Int).Rsh(new(big.Int).Mul(hi, hi), w)
	hiSq.Add(hiSq, one)
	low, high := new(big.Int).Set(lo), new(big.Int).Set(hi)
	t := new(big.Int)
	for k := int64(0); ; k++ {
		d := big.NewInt(2*k + 3)
		if lo.Sign() > 0 {
			lo.Rsh(lo.Mul(lo, loSq), w)
			low.Add(low, lo.Quo(lo, d))
		}
		hi.Rsh(hi.Mul(hi, hiSq), w)
		hi.Add(hi.Quo(hi.Add(hi, one), d), one)
		high.Add(high, hi)
		// The next ratio is hiSq / (2k + 5).
		if hi.BitLen() <= 8 && t.Lsh(hiSq, 1).Cmp(t2(2*k+5, w)) <= 0 {
			high.Add(high, hi)
			break
		}
	}
	return between(low, high, w, n.prec+16)
}

func t2(k int64, w uint) *big.Int { return new(big.Int).Lsh(big.NewInt(k), w) }

// Quantile returns a ball that contains Phi^-1(u), 0 < u < 1, of radius about
// 2^-Prec.
//
// It is found by Newton's method and then proved: with |Phi(z) - u| <= r min(phi(z
// - r), phi(z + r)) the root lies within r of z, by the mean value theorem, phi
// having no minimum inside an interval.
//
// It fails with a *RangeError unless 2^-Prec < u < 1 - 2^-Prec.
func (n *Normal) Quantile(u *big.Rat) (ball.Ball, error) {
	least := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), n.prec))
	if u.Cmp(least) <= 0 || new(big.Rat).Sub(big.NewRat(1, 1), u).Cmp(least) <= 0 {
		return ball.Ball{}, &RangeError{u, n.prec}
	}
	c := ball.NewCalc(n.prec + 16)
	wide := *n
	wide.prec += 16
	target := c.Rat(u)
	z := c.Float(ApproxQuantileRat(u))
	radius := big.NewRat(1, 2)
	for range 200 {
		f := c.Sub(c.Keep(wide.CDF(z)), target)
		// Is the root within the radius that f makes likely?
		d := c.Keep(wide.Density(z))
		if c.Err() != nil {
			return ball.Ball{}, c.Err()
		}
		_, most := f.AbsBounds()
		least, _ := d.AbsBounds()
		if least.Sign() == 0 {
			break
		}
		if r := new(big.Rat).Quo(most, least); r.Cmp(radius) < 0 {
			r.Mul(r, big.NewRat(5, 4))
			left := c.Keep(wide.Density(c.Sub(z, c.Rat(r))))
			right := c.Keep(wide.Density(c.Add(z, c.Rat(r))))
			a, _ := left.AbsBounds()
			b, _ := right.AbsBounds()
			if b.Cmp(a) < 0 {
				a = b
			}
			small := new(big.Rat).SetFrac(big.NewInt(64), new(big.Int).Lsh(big.NewInt(1), n.prec+8))
			// near enough, or as near as this precision brings it
			stuck := new(big.Rat).Mul(r, big.NewRat(2, 1)).Cmp(radius) > 0
			if most.Cmp(a.Mul(a, r)) <= 0 && (r.Cmp(small) <= 0 || stuck) {
				z, err := z.Widen(up(r))
				return z.Round(n.prec), err
			}
			radius = r
		}
		z = c.Sub(z, c.Quo(f, d)).Point()
	}
	return ball.Ball{}, fmt.Errorf("normal: no enclosure of the quantile at %s", u.FloatString(20))
}

// up rounds r up to few digits, so that it stays short.
func up(r *big.Rat) *big.Rat {
	f := new(big.Float).SetPrec(64).SetMode(big.ToPositiveInf).SetRat(r)
	q, _ := f.Rat(nil)
	return q
}

// RangeError reports a probability too near to 0 or 1 for the precision.
type RangeError struct {
	U    *big.Rat
	Prec uint
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("quantile at %s, want a probability between 2^-%d and 1 - 2^-%d", e.U.FloatString(6), e.Prec, e.Prec)
}
