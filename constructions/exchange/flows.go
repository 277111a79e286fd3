package exchange

import (
	"fmt"
	"math"
	"slices"

	"flowproof/neural"
)

// Built is a flow with the coupling that its proof uses.
type Built struct {
	Flow *neural.Flow
	// Padding are the coordinates, of latent and data, that are not the target's,
	// first those of the latent.
	LatentPadding, DataPadding []int
	// Zero: the latent padding is 0 and not standard normal.
	Zero bool
	// Target is the point that the proof couples F(z) with. For a standard normal z
	// it has the law of the target, times that of the padding.
	Target func(z []float64) []float64
	// LogDet is log |det D Target(z)|; nil where the law of Target(z) has no density.
	LogDet func(z []float64) float64
	// Within bounds |F(z) - Target(z)| in each coordinate, in float64 and in terms of
	// constants that are the largest met at the knots.
	Within func(z []float64) []float64
}

// Couplings counts the couplings: successive layers that update the same
// coordinates are one.
func (b *Built) Couplings() int {
	n := 0
	var last []int
	for _, l := range b.Flow.Layers() {
		var now []int
		for _, u := range l.Updates {
			now = append(now, u.Coord)
		}
		if !slices.Equal(now, last) {
			n++
		}
		last = now
	}
	return n
}

// logSlope is log T'(z).
func logSlope(l Law, z float64) float64 { return -l.LogSlope(l.T(z)) }

// LogRatio returns log(p(x) / p_F(x)) at x = Target(z), p the density of Target and p_F
// that of the flow: its mean over standard normal z is KL(p || p_F). NaN where there
// is no density p.
func (b *Built) LogRatio(z []float64) (float64, error) {
	if b.LogDet == nil {
		return math.NaN(), nil
	}
	flow, err := neural.LogDensity(b.Flow, b.Target(z))
	target := -b.LogDet(z)
	for _, v := range z {
		target -= v*v/2 + math.Log(2*math.Pi)/2
	}
	return target - flow, err
}

// build makes the flow of the given steps.
func build(dim int, steps ...[]neural.Layer) (*neural.Flow, error) {
	var all []neural.Layer
	for _, s := range steps {
		all = append(all, s...)
	}
	return neural.NewFlow(dim, all...)
}

// prepare checks the options and makes a curve for each law.
func prepare(o Options, laws ...Law) ([]*curve, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	var out []*curve
	for _, l := range laws {
		c, err := newCurve(l, o.Noise/o.Refine, o.Knee)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// OneCoupling takes (z, w) to (z, T(z) + s w): one coupling, of which only the second
// coordinate counts (padding-marginal). The first is not independent of it.
func OneCoupling(law Law, o Options) (*Built, error) {
	cs, err := prepare(o, law)
	if err != nil {
		return nil, err
	}
	c, s := cs[0], o.Noise
	f, err := build(2, c.exchange(0, 1, s)[:1])
	return &Built{
		Flow: f, LatentPadding: []int{1}, DataPadding: []int{0},
		Target: func(z []float64) []float64 { return []float64{z[0], law.T(z[0])} },
		Within: func(z []float64) []float64 { return []float64{0, s*math.Abs(z[1]) + c.off(z[0])} },
	}, err
}

// ZeroPadding takes (z, 0) to (0, t(z)) by two additive couplings (zero-padding).
// Its error is that of t.
func ZeroPadding(law Law, o Options) (*Built, error) {
	cs, err := prepare(o, law)
	if err != nil {
		return nil, err
	}
	c := cs[0]
	f, err := build(2, []neural.Layer{
		{Updates: []neural.Update{{Coord: 1, Reads: 0, Factor: 1, Shift: c.t}}},
		{Updates: []neural.Update{{Coord: 0, Reads: 1, Factor: 1, Shift: negative(c.s)}}},
	})
	return &Built{
		Flow: f, LatentPadding: []int{1}, DataPadding: []int{0}, Zero: true,
		Target: func(z []float64) []float64 { return []float64{0, law.T(z[0])} },
		Within: func(z []float64) []float64 { return []float64{0, c.off(z[0])} },
	}, err
}

// GaussianPadding takes (z, w) to within O(s) of (-w, T(z)) by two couplings
// (gaussian-padding).
func GaussianPadding(law Law, o Options) (*Built, error) {
	cs, err := prepare(o, law)
	if err != nil {
		return nil, err
	}
	c, s := cs[0], o.Noise
	f, err := build(2, c.exchange(0, 1, s))
	return &Built{
		Flow: f, LatentPadding: []int{1}, DataPadding: []int{0},
		Target: func(z []float64) []float64 { return []float64{-z[1], law.T(z[0])} },
		LogDet: func(z []float64) float64 { return logSlope(law, z[0]) },
		Within: func(z []float64) []float64 {
			return []float64{c.left(s, z[1]), s*math.Abs(z[1]) + c.off(z[0])}
		},
	}, err
}

// Wave is x -> Height sin(Rate x).
type Wave struct{ Height, Rate float64 }

// At returns the wave's value.
func (w Wave) At(x float64) float64 { return w.Height * math.Sin(w.Rate*x) }

// slope is its Lipschitz constant.
func (w Wave) slope() float64 { return math.Abs(w.Height * w.Rate) }

// flat bounds the distance of the wave from its chords on intervals of length gap.
func (w Wave) flat(gap float64) float64 { return math.Abs(w.Height) * w.Rate * w.Rate * gap * gap / 8 }

// between interpolates the wave at knots at most gap apart.
func (w Wave) between(lo, hi, gap float64) (neural.PL, error) {
	n := int(math.Ceil((hi - lo) / gap))
	x, y := make([]float64, n+1), make([]float64, n+1)
	for k := range x {
		x[k] = lo + (hi-lo)*float64(k)/float64(n)
		y[k] = w.At(x[k])
	}
	return neural.NewPL(x, y)
}

// OneCoordinate takes (z1, z2, w) to within O(s) of (second(z2) + wave(first(z1)), w,
// first(z1)), a Knothe-Rosenblatt map of two coordinates with one coordinate of
// padding (one-padding-coordinate). The two exchanges are three couplings, since
// the second of one and the first of the other update the same coordinate; the wave
// is added in a fourth, so that all functions are of one coordinate.
func OneCoordinate(first, second Law, wave Wave, o Options) (*Built, error) {
	cs, err := prepare(o, first, second)
	if err != nil {
		return nil, err
	}
	c, d, s := cs[0], cs[1], o.Noise
	lip, flat := wave.slope(), wave.flat(c.gap)
	// Between the outer knots but one: beyond, the wave stands still.
	b, err := mapped(c.logA, func(x, _ float64) float64 { return wave.At(x) })
	if err != nil {
		return nil, err
	}
	lo, hi := c.y[1], c.y[len(c.y)-2]
	f, err := build(3, c.exchange(0, 2, s), d.exchange(1, 0, s), []neural.Layer{
		{Updates: []neural.Update{{Coord: 0, Reads: 2, Factor: 1, Shift: b}}},
	})
	return &Built{
		Flow: f, LatentPadding: []int{2}, DataPadding: []int{1},
		Target: func(z []float64) []float64 {
			x := first.T(z[0])
			return []float64{second.T(z[1]) + wave.At(x), z[2], x}
		},
		LogDet: func(z []float64) float64 { return logSlope(first, z[0]) + logSlope(second, z[1]) },
		Within: func(z []float64) []float64 {
			w := math.Abs(z[2])
			e1 := c.left(s, w) // of the noise after the first exchange
			x := s*w + c.off(z[0])
			at := c.t.At(z[0])
			still := max(at+s*w-hi, lo-at+s*w, 0) // how far beyond the outer knots
			return []float64{s*(w+e1) + d.off(z[1]) + lip*(x+still) + flat, e1 + d.left(s, w+e1), x}
		},
	}, err
}

// FourCouplings takes (z1, z2) to within O(s) of (first(-z1), -second(z2)), a product
// law without padding (four-couplings). The tails beyond the knee add an error that
// does not depend on s.
func FourCouplings(first, second Law, o Options) (*Built, error) {
	cs, err := prepare(o, first, second)
	if err != nil {
		return nil, err
	}
	c, d, s := cs[0], cs[1], o.Noise
	f, err := build(2, d.exchange(1, 0, s), c.exchange(1, 0, s))
	return &Built{
		Flow:   f,
		Target: func(z []float64) []float64 { return []float64{first.T(-z[0]), -second.T(z[1])} },
		LogDet: func(z []float64) float64 { return logSlope(first, -z[0]) + logSlope(second, z[1]) },
		Within: func(z []float64) []float64 {
			z1 := math.Abs(z[0])
			e := d.left(s, z1)
			a := math.Abs(d.t.At(z[1])) + s*z1
			return []float64{
				math.Exp(c.rough*c.gap)*c.steep*e + s*a + c.off(-z[0]),
				c.left(s, a) + s*z1 + d.off(z[1]),
			}
		},
	}, err
}

// FiveCouplings takes (z1, z2) to within O(s) of (exp(logScale) first(-z1) + shift,
// -second(z2)), both waves at -second(z2): four couplings and one more
// (five-couplings).
func FiveCouplings(first, second Law, shift, logScale Wave, o Options) (*Built, error) {
	four, err := FourCouplings(first, second, o)
	if err != nil {
		return nil, err
	}
	gap := o.Noise / o.Refine
	lo, hi := -second.T(o.Knee), -second.T(-o.Knee)
	f, err := shift.between(lo, hi, gap)
	if err != nil {
		return nil, err
	}
	l, err := logScale.between(lo, hi, gap)
	if err != nil {
		return nil, err
	}
	flow, err := build(2, four.Flow.Layers(), []neural.Layer{
		{Updates: []neural.Update{{Coord: 0, Reads: 1, Factor: 1, LogScale: l, Shift: f}}},
	})
	return &Built{
		Flow: flow,
		Target: func(z []float64) []float64 {
			x := four.Target(z)
			return []float64{math.Exp(logScale.At(x[1]))*x[0] + shift.At(x[1]), x[1]}
		},
		LogDet: func(z []float64) float64 { return four.LogDet(z) + logScale.At(four.Target(z)[1]) },
		Within: func(z []float64) []float64 {
			x, e := four.Target(z), four.Within(z)
			far := e[1] + max(x[1]+e[1]-hi, lo-x[1]+e[1], 0)
			scale, c := math.Exp(logScale.At(x[1])), math.Abs(x[0])
			ratio := math.Exp(logScale.slope()*far + logScale.flat(gap))
			return []float64{scale*(ratio*(c+e[0])-c) + shift.slope()*far + shift.flat(gap), e[1]}
		},
	}, err
}

// Passive is the law of x2 given x1: normal of mean Mean(x1) and standard deviation
// exp(LogSD(x1)).
type Passive struct{ Mean, LogSD Wave }

// PassiveCoordinate takes (z1, z2) to within O(s) of (T(z2), mean - sd z1), mean and
// sd at T(z2), by two couplings (passive-coordinate).
func PassiveCoordinate(law Law, given Passive, o Options) (*Built, error) {
	cs, err := prepare(o, law)
	if err != nil {
		return nil, err
	}
	c, s := cs[0], o.Noise
	layers := c.exchange(1, 0, s)
	last := &layers[2].Updates[0]
	if last.Shift, err = mapped(c.logA, func(x, _ float64) float64 { return given.Mean.At(x) }); err != nil {
		return nil, err
	}
	if last.LogScale, err = mapped(c.logA, func(x, y float64) float64 { return y + given.LogSD.At(x) }); err != nil {
		return nil, err
	}
	f, err := build(2, layers)
	lo, hi := c.y[1], c.y[len(c.y)-2]
	return &Built{
		Flow: f,
		Target: func(z []float64) []float64 {
			x := law.T(z[1])
			return []float64{x, given.Mean.At(x) - math.Exp(given.LogSD.At(x))*z[0]}
		},
		LogDet: func(z []float64) float64 { return logSlope(law, z[1]) + given.LogSD.At(law.T(z[1])) },
		Within: func(z []float64) []float64 {
			w := math.Abs(z[0])
			x := s*w + c.off(z[1])
			at := c.t.At(z[1])
			far := x + max(at+s*w-hi, lo-at+s*w, 0)
			m, l := given.Mean, given.LogSD
			// |x2 - m + A B sd z1| splits into that of sd, that of A B, that of the mean.
			sd := math.Exp(l.At(law.T(z[1])))
			ratio := math.Exp(l.slope()*far + l.flat(c.gap))
			return []float64{x, sd*(ratio*(w+c.left(s, w))-w) + m.slope()*far + m.flat(c.gap)}
		},
	}, err
}

// TwoAtoms takes N(0, I) of the plane to the two points v and -v, v[0] > 0, of mass
// 1/2 each: two couplings whose slopes are the least that their error allows, up to
// a factor that goes to 1 (price-clusters). slope is that of the first coordinate in
// z2; noise is the scale of both couplings.
func TwoAtoms(v [2]float64, slope, noise float64) (*Built, error) {
	const window = 6
	inner := v[0] - window*noise
	if !(v[0] > 0 && slope > 0 && noise > 0 && inner > 0) {
		return nil, &OptionError{"TwoAtoms", fmt.Sprintf("v %v, slope %v, noise %v: want positive numbers, the noise below v[0] / %d", v, slope, noise, window)}
	}
	a, err := neural.NewPL([]float64{-v[0] / slope, v[0] / slope}, []float64{-v[0], v[0]})
	if err != nil {
		return nil, err
	}
	g, err := neural.NewPL([]float64{-inner, inner}, []float64{-v[1], v[1]})
	if err != nil {
		return nil, err
	}
	f, err := neural.NewFlow(2,
		neural.Layer{Updates: []neural.Update{{Coord: 0, Reads: 1, Factor: noise, Shift: a}}},
		neural.Layer{Updates: []neural.Update{{Coord: 1, Reads: 0, Factor: noise, Shift: g}}})
	return &Built{
		Flow: f,
		Target: func(z []float64) []float64 {
			if z[1] < 0 {
				return []float64{-v[0], -v[1]}
			}
			return []float64{v[0], v[1]}
		},
		Within: func(z []float64) []float64 {
			miss := max(v[0]-slope*math.Abs(z[1]), 0) // of the ramp
			steep := math.Abs(v[1]) / inner
			return []float64{miss + noise*math.Abs(z[0]), noise*math.Abs(z[1]) + steep*(miss+noise*max(math.Abs(z[0])-window, 0))}
		},
	}, err
}
