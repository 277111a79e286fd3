package normal

import (
	"math"
	"math/big"
)

// The functions of this file are in float64 and prove nothing: they choose, and what
// they choose is checked by others.

// ApproxCDF returns Phi(z), about.
func ApproxCDF(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// ApproxDensity returns phi(z), about.
func ApproxDensity(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }

// ApproxQuantile returns Phi^-1(u), about; a finite number for every u of [0, 1].
func ApproxQuantile(u float64) float64 {
	return -math.Sqrt2 * math.Erfcinv(2*min(max(u, 1e-300), 1-0x1p-53))
}

// ApproxQuantileRat is ApproxQuantile from the nearer of 0 and 1, for 0 < u < 1.
func ApproxQuantileRat(u *big.Rat) float64 {
	other := new(big.Rat).Sub(big.NewRat(1, 1), u)
	upper := u.Cmp(other) > 0
	if upper {
		u = other
	}
	f, _ := u.Float64()
	z := ApproxQuantile(f)
	if upper {
		return -z
	}
	return z
}
