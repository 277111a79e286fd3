// Package cube builds flows that come as near to the vertices of a cube as the volume
// bound lets flows of their depth come, or nearly (proofs/depth.md): RealNVP layers on
// two halves whose log-scales are all the same number -S. It chooses in float64; what
// it makes is proved by package verify/flowdepth.
package cube

import (
	"errors"
	"fmt"
	"math"

	"flowproof/neural"
)

// Options say which flow is wanted.
type Options struct {
	Dim      int
	Signs    int     // j: the target has 2^j vertices, in the first j coordinates
	Radius   float64 // of the vertices in each of these
	LogScale float64 // S >= 0
	Depth    int     // layers
	Power    int     // 1 or 2: the distance W_p that is made small
}

// Built is a flow.
type Built struct {
	Flow *neural.Flow
	// Near is the modulus of a sign's coordinate below which the flow is on a ramp.
	Near float64
	// Estimate is the distance, about; no more than what Estimate returned.
	Estimate float64
}

// ErrTooLarge: the flow would have more updates than are worth building.
var ErrTooLarge = errors.New("too large to build")

// maxUpdates bounds the updates of all layers together.
const maxUpdates = 1 << 20

func (o Options) check() error {
	switch {
	case o.Dim < 2:
		return fmt.Errorf("cube: dimension %d, want at least 2", o.Dim)
	case o.Signs < 0 || o.Signs > o.Dim/2:
		return fmt.Errorf("cube: %d signs, want 0 to %d, half the dimension", o.Signs, o.Dim/2)
	case !(o.Radius > 0) || !(o.LogScale >= 0) || math.IsInf(o.Radius, 1) || math.IsInf(o.LogScale, 1):
		return fmt.Errorf("cube: radius %v and log-scale %v, want finite numbers, positive and at least 0", o.Radius, o.LogScale)
	case o.Depth < 1:
		return fmt.Errorf("cube: %d layers, want at least 1", o.Depth)
	case o.Power != 1 && o.Power != 2:
		return fmt.Errorf("cube: W_%d, want W_1 or W_2", o.Power)
	}
	return nil
}

// shape is what a flow does to all but a small part of the noise: the first half of the
// coordinates, u, is scaled by u, the second by v, and where the flow has steps, Radius -
// centre u is added with the sign of its coordinate.
type shape struct {
	u, v   float64
	last   float64 // of the last coordinate of an odd dimension, which no tilt meets
	centre float64
	steps  bool
	tilt   float64 // of the last four layers: e^tilt times u, e^-tilt times v
	cost   float64
}

// stepDepth and tiltDepth are the numbers of layers that steps need, and steps and a
// tilt of the two halves.
const (
	stepDepth = 3
	tiltDepth = stepDepth + 4
)

// plan chooses the shape of the least cost.
func (o Options) plan() shape {
	nu, nv := o.Depth/2, (o.Depth+1)/2
	at := func(tilt, centre float64, steps bool) shape {
		last := math.Exp(-o.LogScale * float64(nv))
		s := shape{u: math.Exp(-o.LogScale*float64(nu) + tilt), v: last * math.Exp(-tilt), last: last, centre: centre, steps: steps, tilt: tilt}
		s.cost = o.cost(s)
		return s
	}
	flat := at(0, 0, false)
	if o.Depth < stepDepth || o.Signs == 0 {
		return flat
	}
	// centre near the median and the mean of |z|
	best := func(tilt float64) shape {
		c := least(0.3, 1.2, func(c float64) float64 { return at(tilt, c, true).cost })
		return at(tilt, c, true)
	}
	s := best(0)
	if o.Depth >= tiltDepth {
		t := least(-o.LogScale-0.5, o.LogScale+0.5, func(t float64) float64 { return best(t).cost })
		if tilted := best(t); tilted.cost < s.cost {
			s = tilted
		}
	}
	if s.cost >= flat.cost || o.Radius <= s.centre*s.u {
		return flat
	}
	return s
}

// Estimate returns about the distance that Build comes to, and never builds.
func Estimate(o Options) (float64, error) {
	if err := o.check(); err != nil {
		return 0, err
	}
	return o.plan().cost, nil
}

// least returns about the place of the least value of f between lo and hi, where it
// falls and then rises.
func least(lo, hi float64, f func(float64) float64) float64 { return search(lo, hi, 26, f) }

// search is least in the given number of steps of the golden section.
func search(lo, hi float64, steps int, f func(float64) float64) float64 {
	const golden = 0.6180339887498949
	for range steps {
		a, b := hi-golden*(hi-lo), lo+golden*(hi-lo)
		if f(a) <= f(b) {
			hi = b
		} else {
			lo = a
		}
	}
	return (lo + hi) / 2
}

// cost is about E |F(z) - Y| or the root of its mean square, without what ramps cost.
func (o Options) cost(s shape) float64 {
	p, j, odd := o.Dim/2, o.Signs, o.Dim%2
	offset := -o.Radius
	if s.steps {
		offset = -s.centre * s.u
	}
	mean := float64(p-j)*s.u*s.u + float64(p)*s.v*s.v + float64(odd)*s.last*s.last +
		float64(j)*(s.u*s.u+2*s.u*offset*math.Sqrt(2/math.Pi)+offset*offset)
	if o.Power == 2 || mean == 0 {
		return math.Sqrt(mean)
	}
	return meanRoot(mean, []factor{{float64(p - j), s.u, 0}, {float64(p), s.v, 0}, {float64(odd), s.last, 0}, {float64(j), s.u, offset}})
}

// factor stands for count numbers scale z + offset sgn z.
type factor struct{ count, scale, offset float64 }

// meanRoot is E sqrt(Q), Q the sum of their squares, of the given mean: by
//
//	sqrt(Q) = (1 / (2 sqrt(pi))) INT over t > 0 of (1 - exp(-t Q)) t^(-3/2) dt
//
// and the trapezoid rule in log t, which is as good as exact here.
func meanRoot(mean float64, fs []factor) float64 {
	const step = 0.5
	sum := 0.0
	for x := -36.0; x <= 40; x += step {
		t, log := math.Exp(x)/mean, 0.0
		for _, f := range fs {
			if f.count == 0 {
				continue
			}
			q := 1 + 2*t*f.scale*f.scale
			log -= f.count / 2 * math.Log(q)
			if f.offset != 0 {
				log -= f.count * t * f.offset * f.offset / q
				log += f.count * math.Log(math.Erfc(2*t*f.scale*f.offset/math.Sqrt(2*q)))
			}
		}
		sum -= math.Expm1(log) * math.Exp(-x/2)
	}
	return sum * step * math.Sqrt(mean) / (2 * math.Sqrt(math.Pi))
}

// above returns a float64 that is at least exp(-s), and near.
func above(s float64) float64 {
	if s == 0 {
		return 1
	}
	return math.Exp(-s) * (1 + (4+s)*0x1p-52)
}

// rampShare is the share of the distance that ramps may cost, a power of 2.
const rampShare = 0x1p-14

// Build returns the flow of depth-flow, proofs/depth.md. Its layers alternate, the second half of the coordinates
// first; the first three have steps for the signs, the last four may tilt the halves.
//
// Errors: those of Options; ErrTooLarge.
func Build(o Options) (*Built, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if n := float64(o.Depth) * float64(o.Dim) / 2; n > maxUpdates {
		return nil, fmt.Errorf("%w: about %.0f updates of coordinates, want at most %d", ErrTooLarge, n, maxUpdates)
	}
	s := o.plan()
	b := &Built{Estimate: s.cost}
	w := o.layers()
	if s.tilt != 0 {
		w.tilt(s.tilt, o.Radius)
	}
	if s.steps {
		if err := w.steps(o, s, b); err != nil {
			return nil, err
		}
	}
	var err error
	b.Flow, err = neural.NewFlow(o.Dim, w.out...)
	return b, err
}

// writer makes the layers.
type writer struct {
	p      int
	factor float64
	out    []neural.Layer
}

// layers returns layers that only scale.
func (o Options) layers() *writer {
	w := &writer{p: o.Dim / 2, factor: above(o.LogScale), out: make([]neural.Layer, o.Depth)}
	for t := range w.out {
		from, to, reads := w.p, o.Dim, 0 // even t: the second half
		if t%2 == 1 {
			from, to, reads = 0, w.p, w.p
		}
		for c := from; c < to; c++ {
			// the coordinate of the other half beside it; any, if there is none
			other := reads + min(c-from, w.p-1)
			w.out[t].Updates = append(w.out[t].Updates, neural.Update{Coord: c, Reads: other, Factor: w.factor})
		}
	}
	return w
}

// odd returns the function with the values -y at -x and y at x.
func odd(x, y float64) (neural.PL, error) {
	return neural.NewPL([]float64{-x, x}, []float64{-y, y})
}

// tilt adds to the last four layers, on each pair (u_i, v_i), shears of the product diag(e^a,
// e^-a) beside the scales. For layers x <- f x + m y, written for the kind of layer
// that comes first, with g = f^2 e^a the factor of x and h = f^2 e^-a that of y,
//
//	m2 free,  m1 = (h/f - f) / m2,  m3 = (g - f^2) / (f m2),  m4 = -f^2 m2 / g.
func (w *writer) tilt(a, radius float64) {
	n := len(w.out)
	if (n-4)%2 == 0 { // the second half comes first
		a = -a
	}
	f := w.factor
	g, h := f*f*math.Exp(a), f*f*math.Exp(-a)
	m2 := math.Sqrt(f)
	far := 0x1p40 * math.Exp2(math.Ceil(math.Log2(max(radius, 1)))) // beyond all that is read
	shears := [4]float64{(h/f - f) / m2, m2, (g - f*f) / (f * m2), -f * f * m2 / g}
	for k, m := range shears {
		l := &w.out[n-4+k]
		for i := range l.Updates {
			if i < w.p {
				l.Updates[i].Shift = linear(m, far)
			}
		}
	}
}

// linear returns m x, for |x| up to far.
func linear(m, far float64) neural.PL {
	g, err := odd(far, far*m)
	if err != nil { // m is not finite
		return neural.Constant(0)
	}
	return g
}

// steps puts into the first three layers, for each sign,
//
//	v <- f v + A step(u / near),  u <- f u + r step(v / (A/2)),  v <- f v - f A step(u / r):
//
// v carries the sign of z while u is scaled, and forgets it again. A is a power of 2, so
// that f A is exact.
func (w *writer) steps(o Options, s shape, b *Built) error {
	f := w.factor
	size := math.Exp2(math.Ceil(math.Log2(128 * f)))
	total := s.u / f // what later layers make of u after layer 2
	r := (o.Radius - s.centre*s.u) / total
	bound := math.Sqrt(float64(o.Signs)) * (2*o.Radius + 2*f*size*s.v/(f*f)*2)
	near := rampShare * s.cost / (bound * float64(o.Signs) * 2 / math.Sqrt(2*math.Pi))
	if o.Power == 2 {
		near *= rampShare * s.cost / bound
	}
	near = min(math.Exp2(math.Floor(math.Log2(near))), 0x1p-10)
	b.Near = near
	for i := range o.Signs {
		for k, xy := range [3][2]float64{{near, size}, {size / 2, r}, {r, -f * size}} {
			g, err := odd(xy[0], xy[1])
			if err != nil {
				return fmt.Errorf("cube: step %d: %w", k+1, err)
			}
			l := &w.out[k]
			l.Updates[i].Shift = g
		}
	}
	return nil
}
