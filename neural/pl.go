// Package neural is the vocabulary of nonlinear flows: continuous piecewise-linear
// functions of one coordinate, coupling layers that scale and shift by them, and
// flows, with their inverse, log-density and Jacobian.
//
// Knots and values are float64 numbers and stand for the dyadic rationals that they
// are, so a flow is an exact object; only running it in floating point rounds.
package neural

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Float is the type that a flow is run in.
type Float interface{ float32 | float64 }

// PL is the continuous function R -> R that takes the value y[k] at the knot x[k],
// is linear between neighbouring knots, and constant beyond the outer ones. The
// zero value is the function 0.
//
// Invariant: x is strictly increasing, x and y are finite and of one length.
type PL struct{ x, y []float64 }

// KnotError reports knots that are no piecewise-linear function.
type KnotError struct {
	Knot   int // index of the first at fault
	Reason string
}

func (e *KnotError) Error() string { return fmt.Sprintf("knot %d: %s", e.Knot, e.Reason) }

// NewPL returns the function with the given knots and values, which it keeps. It
// fails with a *KnotError.
func NewPL(x, y []float64) (PL, error) {
	if len(x) != len(y) || len(x) == 0 {
		return PL{}, &KnotError{min(len(x), len(y)), fmt.Sprintf("%d knots and %d values, want as many, at least one", len(x), len(y))}
	}
	for k, v := range x {
		switch {
		case !finite(v) || !finite(y[k]):
			return PL{}, &KnotError{k, fmt.Sprintf("(%v, %v), want finite numbers", v, y[k])}
		case k > 0 && v <= x[k-1]:
			return PL{}, &KnotError{k, fmt.Sprintf("%v after %v, want increasing knots", v, x[k-1])}
		}
	}
	return PL{x, y}, nil
}

// Constant returns the function that is y everywhere; y must be finite.
func Constant(y float64) PL { return PL{[]float64{0}, []float64{y}} }

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Knots returns the knots and their values, which must not be changed.
func (f PL) Knots() (x, y []float64) { return f.x, f.y }

// IsZero reports whether f is 0 everywhere.
func (f PL) IsZero() bool { return !slices.ContainsFunc(f.y, func(v float64) bool { return v != 0 }) }

// segment returns the least k with t <= x[k], from 0 to len(x).
func (f PL) segment(t float64) int { return sort.SearchFloat64s(f.x, t) }

// At returns f(t), by binary search and interpolation.
func (f PL) At(t float64) float64 { return at(f, t) }

// at computes in T. The knots are rounded to T; where two of them fall together the
// quotient below has no 0 in its denominator, since t lies strictly between them.
func at[T Float](f PL, t T) T {
	if len(f.x) == 0 {
		return 0
	}
	k := sort.Search(len(f.x), func(i int) bool { return T(f.x[i]) >= t })
	switch {
	case k == 0:
		return T(f.y[0])
	case k == len(f.x):
		return T(f.y[k-1])
	}
	x0, x1, y0, y1 := T(f.x[k-1]), T(f.x[k]), T(f.y[k-1]), T(f.y[k])
	// From the nearer end, so that f(x1) = y1 exactly.
	if t-x0 > x1-t {
		return y1 - (y1-y0)*((x1-t)/(x1-x0))
	}
	return y0 + (y1-y0)*((t-x0)/(x1-x0))
}

// Slope returns the slope of f to the left of t (at a knot), 0 beyond the outer
// knots.
func (f PL) Slope(t float64) float64 {
	k := f.segment(t)
	if k == 0 || k == len(f.x) {
		return 0
	}
	return (f.y[k] - f.y[k-1]) / (f.x[k] - f.x[k-1])
}

// Slopes returns the slopes between neighbouring knots.
func (f PL) Slopes() []float64 {
	var s []float64
	for k := 1; k < len(f.x); k++ {
		s = append(s, (f.y[k]-f.y[k-1])/(f.x[k]-f.x[k-1]))
	}
	return s
}

// Lipschitz returns the largest |slope|.
func (f PL) Lipschitz() float64 {
	most := 0.0
	for _, s := range f.Slopes() {
		most = max(most, math.Abs(s))
	}
	return most
}

// Range returns the least and the largest value of f.
func (f PL) Range() (lo, hi float64) {
	if len(f.y) == 0 {
		return 0, 0
	}
	return slices.Min(f.y), slices.Max(f.y)
}

// Hinges is a network with one hidden layer of ReLU units,
//
//	f(t) = Bias + sum over k of Weight[k] max(0, t - At[k]).
//
// It is the textbook form of a piecewise-linear function and not the way to run
// one: far to the right every hinge is open, so that the value is a difference of
// sums of the size of slope times length, and the rounding error is that of the
// largest slope instead of that of the value.
type Hinges struct {
	Bias       float64
	At, Weight []float64
}

// Run computes the network's value at t in T, from the first unit to the last.
func Run[T Float](h Hinges, t T) T {
	sum := T(h.Bias)
	for k, x := range h.At {
		sum += T(h.Weight[k]) * max(0, t-T(x))
	}
	return sum
}

// Hinges returns f in that form: a unit for each knot at which the slope changes.
// The weights are rounded to float64.
func (f PL) Hinges() Hinges {
	if len(f.y) == 0 {
		return Hinges{}
	}
	h := Hinges{Bias: f.y[0]}
	slopes := append(f.Slopes(), 0)
	last := 0.0
	for k, s := range slopes {
		if s != last {
			h.At, h.Weight = append(h.At, f.x[k]), append(h.Weight, s-last)
		}
		last = s
	}
	return h
}
