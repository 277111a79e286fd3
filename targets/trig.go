package targets

import (
	"math"
	"math/big"

	"flowproof/exactmath/normal"
)

// Sines and cosines in integers: a number x is held as the integer nearest to
// x 2^prec, give or take a few units.

// guard is the number of bits computed beyond the 53 wanted. The result is the
// correctly rounded one unless the true value lies within 2^-100 or so, relative,
// of a number halfway between two neighbouring float64.
const guard = 128

// fixedPi returns pi 2^prec.
func fixedPi(prec uint) *big.Int {
	pi, err := normal.Pi(prec + 8)
	if err != nil {
		panic(err) // pi is within the range of balls at any precision
	}
	m, e := pi.Mid()
	return m.Rsh(m.Lsh(m, prec), uint(-e))
}

// fixedSincos returns sin x and cos x, 0 <= x <= 2, from their Taylor series.
func fixedSincos(x *big.Int, prec uint) (sin, cos *big.Int) {
	sin, cos = new(big.Int), new(big.Int)
	term := new(big.Int).Lsh(big.NewInt(1), prec)
	for i := int64(0); term.Sign() != 0; i++ {
		sum := cos
		if i%2 == 1 {
			sum = sin
		}
		if i%4 < 2 {
			sum.Add(sum, term)
		} else {
			sum.Sub(sum, term)
		}
		term.Mul(term, x).Quo(term, big.NewInt(i+1)).Rsh(term, prec)
	}
	return sin, cos
}

// sincos returns the sine and cosine of a finite angle in radians, taken as the
// rational number that it is.
func sincos(angle float64) (sin, cos float64) {
	if angle == 0 {
		return 0, 1
	}
	// A tiny angle needs bits below its leading one, a huge one as many bits of pi
	// as it has before the point, and guard more, since it may fall near a
	// multiple of pi/2: no float64 comes nearer than 2^-62 or so.
	_, e := math.Frexp(angle)
	prec := uint(2*guard + max(e, -e))
	x, _ := new(big.Float).SetMantExp(big.NewFloat(angle), int(prec)).Int(nil)
	half := fixedPi(prec + 1)
	half.Rsh(half, 2) // pi/2
	quarter, rest := new(big.Int).DivMod(x, half, new(big.Int))
	s, c := fixedSincos(rest, prec)
	switch new(big.Int).And(quarter, big.NewInt(3)).Int64() {
	case 1:
		s, c = c, s.Neg(s)
	case 2:
		s, c = s.Neg(s), c.Neg(c)
	case 3:
		s, c = c.Neg(c), s
	}
	return fixedFloat64(s, prec), fixedFloat64(c, prec)
}

// fixedFloat64 rounds x 2^-prec to the nearest float64.
func fixedFloat64(x *big.Int, prec uint) float64 {
	f := new(big.Float).SetInt(x) // exact
	v, _ := f.SetMantExp(f, -int(prec)).Float64()
	return v
}
