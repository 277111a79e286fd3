// Package exchange builds nonlinear flows of few couplings whose condition numbers
// stay bounded as their error goes to 0, with padding coordinates or with more than
// two couplings. All are made of one step that exchanges a coordinate with noise
// (PROOFS.md, "Universality", the exchange).
package exchange

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"flowproof/exactmath/normal"
)

// Law is a law on the line, given by the increasing map T that takes N(0, 1) to it,
// and by its inverse S.
type Law interface {
	T(z float64) float64
	S(y float64) float64
	// LogSlope is log S'(y); Roughness is |(log S')'(y)|.
	LogSlope(y float64) float64
	Roughness(y float64) float64
}

// Uniform is the uniform law on [-1, 1]: T = 2 Phi - 1.
type Uniform struct{}

func (Uniform) T(z float64) float64 { return math.Erf(z / math.Sqrt2) }

func (Uniform) S(y float64) float64 {
	if y > 0 {
		return -mathext.NormalQuantile((1 - y) / 2)
	}
	return mathext.NormalQuantile((1 + y) / 2)
}

func (u Uniform) LogSlope(y float64) float64 { return -math.Log(2 * normal.ApproxDensity(u.S(y))) }

func (u Uniform) Roughness(y float64) float64 {
	z := math.Abs(u.S(y))
	return z / (2 * normal.ApproxDensity(z))
}

// Mixture is a mixture of normal laws of equal weights with the given means and one
// standard deviation.
type Mixture struct {
	Means []float64
	SD    float64
}

// S is Phi^-1 of the distribution function, from the lighter tail.
func (m Mixture) S(y float64) float64 {
	var below, above float64
	for _, mean := range m.Means {
		t := (y - mean) / m.SD
		below, above = below+normal.ApproxCDF(t), above+normal.ApproxCDF(-t)
	}
	n := float64(len(m.Means))
	if below < above {
		return mathext.NormalQuantile(below / n)
	}
	return -mathext.NormalQuantile(above / n)
}

// T inverts S by bisection: S lies between the maps of the outer components.
func (m Mixture) T(z float64) float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, mean := range m.Means {
		lo, hi = min(lo, mean+m.SD*z), max(hi, mean+m.SD*z)
	}
	for {
		mid := lo + (hi-lo)/2
		if !(lo < mid && mid < hi) {
			return mid
		}
		if m.S(mid) < z {
			lo = mid
		} else {
			hi = mid
		}
	}
}

// densities returns the density at y and its derivative.
func (m Mixture) densities(y float64) (f, slope float64) {
	n := float64(len(m.Means)) * m.SD
	for _, mean := range m.Means {
		t := (y - mean) / m.SD
		d := normal.ApproxDensity(t) / n
		f, slope = f+d, slope-d*t/m.SD
	}
	return f, slope
}

func (m Mixture) LogSlope(y float64) float64 {
	f, _ := m.densities(y)
	z := m.S(y)
	return math.Log(f) + z*z/2 + math.Log(2*math.Pi)/2
}

func (m Mixture) Roughness(y float64) float64 {
	f, slope := m.densities(y)
	return math.Abs(slope/f + m.S(y)*math.Exp(m.LogSlope(y)))
}
