package exchange

import (
	"fmt"
	"math"

	"flowproof/neural"
)

// Options are the accuracy of a construction.
type Options struct {
	// Noise is the scale s of the noise that is left in the data; all errors are
	// O(s) while the knots are Noise / Refine apart.
	Noise float64
	// Knee: beyond |z| = Knee a law's map is continued linearly.
	Knee float64
	// Refine is the number of knots on a stretch of length Noise.
	Refine float64
}

// DefaultOptions returns the noise s with 4 knots to the length s, and a knee
// beyond which there is less than 3e-12 of the mass.
func DefaultOptions(s float64) Options { return Options{Noise: s, Knee: 7, Refine: 4} }

// OptionError reports an option out of range.
type OptionError struct{ Name, Reason string }

func (e *OptionError) Error() string { return e.Name + ": " + e.Reason }

// maxKnots bounds the knots of a curve.
const maxKnots = 1 << 21

func (o Options) check() error {
	for _, c := range []struct {
		name        string
		x, from, to float64
	}{{"Noise", o.Noise, 1e-6, 1}, {"Knee", o.Knee, 0.5, 8}, {"Refine", o.Refine, 1, 64}} {
		if !(c.from <= c.x && c.x <= c.to) {
			return &OptionError{c.name, fmt.Sprintf("%v, want %v to %v", c.x, c.from, c.to)}
		}
	}
	return nil
}

// reach is where the linear continuations end. Noise that was exchanged before may be
// far larger than N(0, 1) is.
const reach = 1 << 20

// curve is a law's map in piecewise-linear form: t and its inverse s share the knots
// (z_k, y_k), so that they are inverse to each other exactly, and logA interpolates
// -log S' at the y_k.
type curve struct {
	law   Law
	t, s  neural.PL
	logA  neural.PL
	knee  float64
	z, y  []float64
	gap   float64 // of the y_k between the knees, at most
	rough float64 // largest |(log S')'| met there
	steep float64 // largest slope of T met there
}

// newCurve takes knots at most gap apart in y.
func newCurve(law Law, gap, knee float64) (*curve, error) {
	lo, hi := law.T(-knee), law.T(knee)
	if !(lo < hi) || math.IsInf(hi-lo, 1) {
		return nil, &OptionError{"Law", fmt.Sprintf("%v takes %v and %v to %v and %v, want an increasing map", law, -knee, knee, lo, hi)}
	}
	n := math.Ceil((hi - lo) / gap)
	if !(n+3 <= maxKnots) {
		return nil, &OptionError{"Noise", fmt.Sprintf("the curve would have %.3g knots, want at most %d: less Refine or more Noise", n+3, maxKnots)}
	}
	c := &curve{law: law, knee: knee, gap: (hi - lo) / n}
	c.z, c.y = make([]float64, int(n)+3), make([]float64, int(n)+3)
	a := make([]float64, int(n)+1)
	for k := range a {
		y := lo + (hi-lo)*float64(k)/n
		z := law.S(y)
		switch k {
		case 0:
			y, z = lo, -knee
		case len(a) - 1:
			y, z = hi, knee
		}
		c.z[k+1], c.y[k+1], a[k] = z, y, -law.LogSlope(y)
		c.rough = max(c.rough, law.Roughness(y))
		c.steep = max(c.steep, math.Exp(a[k]))
	}
	last := len(c.z) - 1
	c.z[0], c.y[0] = -reach, lo-(reach-knee)*math.Exp(a[0])
	c.z[last], c.y[last] = reach, hi+(reach-knee)*math.Exp(a[len(a)-1])
	var err error
	if c.t, err = neural.NewPL(c.z, c.y); err != nil {
		return nil, err
	}
	if c.s, err = neural.NewPL(c.y, c.z); err != nil {
		return nil, err
	}
	c.logA, err = neural.NewPL(c.y[1:last], a)
	return c, err
}

// off returns a bound of |t(z) - T(z)|: the interpolation error, and beyond the knee
// what the continuation changes.
func (c *curve) off(z float64) float64 {
	e := math.Exp(c.rough*c.gap) * c.rough * c.gap * c.gap / 8
	if math.Abs(z) > c.knee {
		e += math.Abs(c.t.At(z) - c.law.T(z))
	}
	return e
}

// left returns the bound of |v + w| after an exchange with noise w of scale s.
func (c *curve) left(s, w float64) float64 {
	w = math.Abs(w)
	x := c.rough * s * w
	mean := 1.0
	if x > 0 {
		mean = math.Expm1(x) / x
	}
	return (math.Exp(1.5*c.rough*c.gap)*mean - 1) * w
}

// exchange returns the two couplings that exchange a coordinate with noise:
//
//	x[noise] <- t(x[from]) + s x[noise],   x[from] <- A(x[noise]) (x[from] - s(x[noise])) / s.
//
// The second is in two layers, whose product is one coupling.
func (c *curve) exchange(from, noise int, s float64) []neural.Layer {
	return []neural.Layer{
		{Updates: []neural.Update{{Coord: noise, Reads: from, Factor: s, Shift: c.t}}},
		{Updates: []neural.Update{{Coord: from, Reads: noise, Factor: 1, Shift: negative(c.s)}}},
		{Updates: []neural.Update{{Coord: from, Reads: noise, Factor: 1 / s, LogScale: c.logA}}},
	}
}

// negative returns -f.
func negative(f neural.PL) neural.PL {
	n, err := mapped(f, func(_, y float64) float64 { return -y })
	if err != nil {
		panic(err) // the knots and values are those of a function
	}
	return n
}

// mapped returns the function with the values g(x, f(x)) at f's knots.
func mapped(f neural.PL, g func(x, y float64) float64) (neural.PL, error) {
	x, y := f.Knots()
	v := make([]float64, len(y))
	for k := range y {
		v[k] = g(x[k], y[k])
	}
	return neural.NewPL(x, v)
}
