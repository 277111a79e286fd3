package study

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"flowproof/constructions/exchange"
	"flowproof/empirical"
	"flowproof/exactmath/normal"
	"flowproof/neural"
	"flowproof/targets"
	"flowproof/transport"
	"flowproof/verify/wasserstein"
)

// Measured is what was measured of a flow of package exchange.
type Measured struct {
	Noise     float64 // s
	Knee      float64
	Couplings int
	Units     int // ReLU units, of all layers
	// RMS is the root mean squared error of the coupling of the proof, in all
	// coordinates and in those of the target: W2 is at most that, up to the sampling.
	// Within is the same mean of what the chapter says that the error is at most.
	RMS, DataRMS, Within float64
	// Bound is proved: W2 is at most this. Only for four couplings and the square, and
	// nil if the noise is so loud that there is none.
	Bound *big.Rat
	// KL is the mean of log(p(x) / p_F(x)), p the density of the target (with its
	// padding), p_F that of the flow; NaN if there is no p.
	KL float64
	// Condition numbers of the Jacobian where no latent coordinate is beyond 3.
	Median, Most99, Largest float64
	// Lipschitz is the largest singular value met there.
	Lipschitz float64
}

// Measure runs a flow on quasi-random points.
func Measure(b *exchange.Built, points int, seed uint64) (*Measured, error) {
	d := b.Flow.Dim()
	m := &Measured{Couplings: b.Couplings()}
	for _, u := range b.Flow.Units() {
		m.Units += u
	}
	var kappas []float64
	for _, z := range empirical.Normal(empirical.Points(points, d, shift(d, seed, 0))) {
		if b.Zero {
			for _, k := range b.LatentPadding {
				z[k] = 0
			}
		}
		x, err := neural.Forward(b.Flow, z)
		if err != nil {
			return nil, err
		}
		ratio, err := b.LogRatio(z)
		if err != nil {
			return nil, err
		}
		m.KL += ratio / float64(points)
		y, e := b.Target(z), b.Within(z)
		for k := range x {
			square := (x[k] - y[k]) * (x[k] - y[k])
			m.RMS += square
			m.Within += e[k] * e[k]
			if !slices.Contains(b.DataPadding, k) {
				m.DataRMS += square
			}
		}
		if !slices.ContainsFunc(z, func(v float64) bool { return math.Abs(v) > 3 }) {
			stretch, kappa, err := condition(b.Flow, z)
			if err != nil {
				return nil, err
			}
			kappas = append(kappas, kappa)
			m.Lipschitz = max(m.Lipschitz, stretch)
		}
	}
	for _, sum := range []*float64{&m.RMS, &m.DataRMS, &m.Within} {
		*sum = math.Sqrt(*sum / float64(points))
	}
	if len(kappas) == 0 {
		return m, nil
	}
	slices.Sort(kappas)
	m.Median, m.Most99, m.Largest = kappas[len(kappas)/2], kappas[len(kappas)*99/100], kappas[len(kappas)-1]
	return m, nil
}

// atOrigin measures the flow for two atoms again, all of whose error, slope and
// condition are in a neighbourhood of z = 0 that few points of a sample meet: the
// error by the midpoint rule in z2, inside the ramp and outside, and in z1.
func (m *Measured) atOrigin(b *exchange.Built) error {
	ends, _ := b.Flow.Layers()[0].Updates[0].Shift.Knots()
	ramp := ends[1]
	const n, wide, reach = 300, 96, 8.0
	var sum, within float64
	for k := range 2 * n {
		z2, step := ramp*(float64(k)+0.5)/n, ramp/n
		if k >= n {
			step = (reach - ramp) / n
			z2 = ramp + step*(float64(k-n)+0.5)
		}
		for i := range wide {
			z1 := reach * (2*(float64(i)+0.5)/wide - 1)
			z := []float64{z1, z2}
			x, err := neural.Forward(b.Flow, z)
			if err != nil {
				return err
			}
			y, e := b.Target(z), b.Within(z)
			weight := 2 * step * normal.ApproxDensity(z2) * 2 * reach / wide * normal.ApproxDensity(z1)
			sum += weight * ((x[0]-y[0])*(x[0]-y[0]) + (x[1]-y[1])*(x[1]-y[1]))
			within += weight * (e[0]*e[0] + e[1]*e[1])
		}
	}
	m.RMS, m.DataRMS, m.Within = math.Sqrt(sum), math.Sqrt(sum), math.Sqrt(within)
	var err error
	m.Lipschitz, m.Largest, err = condition(b.Flow, []float64{0, 0})
	return err
}

// LayersEntry says what a number of couplings can or cannot do.
type LayersEntry struct {
	ID        string // of the statement
	Couplings string // how many
	Padding   string // "none", "zero", "normal", "one normal coordinate"
	Holds     string // "can", "cannot" or "open"
	Says      string
	Instance  string                 // what was built, if anything
	Constants []wasserstein.Constant // proved
	Rows      []*Measured            // of the instance, as s falls
	Two       []*CurvePoint          // flows of two couplings for the instance, with a certified bound
}

// Layers are the cases of the table of what couplings can do, with and without
// padding.
type Layers struct {
	Noises []float64 // s, falling
	Points int
	Seed   uint64
	Say    func(stage string) // progress; may be nil
}

var (
	bimodal = exchange.Mixture{Means: []float64{-1, 1}, SD: 0.3}
	narrow  = exchange.Mixture{Means: []float64{-0.7, 0.7}, SD: 0.25}
)

// leastTwo is the least distance that flows of two couplings are built for in the
// table: the number of their knots grows like its inverse square.
const leastTwo = 0.01

// atomNoise is the noise of the flow for two atoms, in terms of its error without.
const atomNoise = 0.1

// Run builds and measures all of the table.
func (l *Layers) Run() ([]*LayersEntry, error) {
	constants, err := wasserstein.Constants()
	if err != nil {
		return nil, err
	}
	var out []*LayersEntry
	for _, c := range layersCases() {
		for _, id := range c.constants {
			for _, k := range constants {
				if k.ID == id {
					c.entry.Constants = append(c.entry.Constants, k)
				}
			}
		}
		if err := l.measure(&c); err != nil {
			return nil, err
		}
		out = append(out, &c.entry)
	}
	if err := l.compareTwo(out); err != nil {
		return nil, err
	}
	return out, nil
}

// layersCase is an entry with the flows to build for it, none if build is nil.
type layersCase struct {
	entry     LayersEntry
	constants []string  // IDs
	knees     []float64 // nil: that of the defaults
	build     func(exchange.Options) (*exchange.Built, error)
}

// IDs that the table speaks of by name.
const (
	twoID   = "universal-bound"
	atomsID = "price-clusters"
	fourID  = "four-couplings"
)

// layersCases is the table.
func layersCases() []layersCase {
	const mixture = "the mixture of N(-1, 0.3^2) and N(1, 0.3^2)"
	type built = func(exchange.Options) (*exchange.Built, error)
	cannot := func(e LayersEntry, constants ...string) layersCase {
		e.Holds = "cannot"
		return layersCase{entry: e, constants: constants}
	}
	can := func(e LayersEntry, build built) layersCase {
		e.Holds = "can"
		return layersCase{entry: e, build: build}
	}
	atoms := cannot(LayersEntry{ID: atomsID, Couplings: "any", Padding: "none",
		Says:     "come within delta of two clusters 2a apart with a Lipschitz constant below 0.265 a^3 / delta^2; two couplings attain it",
		Instance: "the points (-0.8, -0.6) and (0.8, 0.6)"}, atomsID, "price-atoms")
	atoms.build = twoAtoms
	four := can(LayersEntry{ID: fourID, Couplings: "4", Padding: "none",
		Says:     "come near to every product of smooth images of N(0, 1) at a condition that stays bounded on every ball",
		Instance: "the uniform law on [-1, 1]^2"}, func(o exchange.Options) (*exchange.Built, error) {
		return exchange.FourCouplings(exchange.Uniform{}, exchange.Uniform{}, o)
	})
	four.knees = []float64{2, 2.5}
	return []layersCase{
		cannot(LayersEntry{ID: "one-coupling", Couplings: "1", Padding: "none",
			Says: "come near to a law of compact support: a block stays normal"}, "one-coupling"),
		can(LayersEntry{ID: twoID, Couplings: "2", Padding: "none",
			Says:     "come as near as one likes in W2 to every law with a second moment, with a certified bound; KL goes to infinity",
			Instance: "the uniform law on [-1, 1]^2"}, nil),
		cannot(LayersEntry{ID: "planar-blow-up", Couplings: "2", Padding: "none",
			Says: "come near to a law with a density of compact support in the plane while the Lipschitz constants stay bounded on every ball"}),
		can(LayersEntry{ID: "passive-coordinate", Couplings: "2", Padding: "none",
			Says:     "reach at bounded condition every law in which x1 is a smooth image of N(0, 1) and x2 given x1 is normal",
			Instance: "x1 of " + mixture + ", x2 given x1 of mean 0.7 sin(1.5 x1) and log deviation 0.5 sin(3 x1)"},
			func(o exchange.Options) (*exchange.Built, error) {
				return exchange.PassiveCoordinate(bimodal, exchange.Passive{Mean: exchange.Wave{Height: 0.7, Rate: 1.5}, LogSD: exchange.Wave{Height: 0.5, Rate: 3}}, o)
			}),
		atoms,
		cannot(LayersEntry{ID: "price-two-couplings", Couplings: "2", Padding: "none",
			Says: "come within delta of two clusters 2a apart in the plane with condition numbers that are all below 0.14 a^6 / delta^6 if the clusters are points, while 0.96 a^6 / delta^6 is attained; scales that are not constant make them unbounded"}),
		cannot(LayersEntry{ID: "planar-rate", Couplings: "2", Padding: "none",
			Says: "come within delta <= 0.01 of the uniform law on [-1, 1]^2 with a Lipschitz constant below 1 / (611 delta) - 0.074 on [-3, 3]^2, if the second scale is at most 1/24"}),
		{entry: LayersEntry{Couplings: "3", Padding: "none", Holds: "open",
			Says: "come near to the uniform law on [-1, 1]^2 at bounded condition: neither a proof nor a flow is known to us"}},
		four,
		can(LayersEntry{ID: "five-couplings", Couplings: "5", Padding: "none",
			Says:     "come near at bounded condition to x1 = sigma(x2) xi + f(x2), xi and x2 independent smooth images of N(0, 1)",
			Instance: "xi of the mixture of N(-0.7, 0.25^2) and N(0.7, 0.25^2), x2 of " + mixture + ", log sigma 0.5 sin(3 x2), f 0.6 sin(2 x2)"},
			func(o exchange.Options) (*exchange.Built, error) {
				return exchange.FiveCouplings(narrow, bimodal, exchange.Wave{Height: 0.6, Rate: 2}, exchange.Wave{Height: 0.5, Rate: 3}, o)
			}),
		can(LayersEntry{ID: "padding-marginal", Couplings: "1", Padding: "normal",
			Says:     "come near to every law if the padding's coordinates are thrown away; the determinant falls with the error",
			Instance: mixture}, func(o exchange.Options) (*exchange.Built, error) { return exchange.OneCoupling(bimodal, o) }),
		can(LayersEntry{ID: "zero-padding", Couplings: "2", Padding: "zero",
			Says:     "reach the image of N(0, I) under every homeomorphism exactly, on a set without volume",
			Instance: mixture}, func(o exchange.Options) (*exchange.Built, error) { return exchange.ZeroPadding(bimodal, o) }),
		can(LayersEntry{ID: "gaussian-padding", Couplings: "2", Padding: "normal",
			Says:     "come near to every smooth image of N(0, I) at bounded condition, in W2 and in KL",
			Instance: mixture}, func(o exchange.Options) (*exchange.Built, error) { return exchange.GaussianPadding(bimodal, o) }),
		can(LayersEntry{ID: "one-padding-coordinate", Couplings: "D + 1", Padding: "one normal coordinate",
			Says:     "come near to every smooth Knothe-Rosenblatt image of N(0, I) at bounded condition",
			Instance: "x1 of " + mixture + ", x2 - 0.6 sin(2 x1) of the mixture of N(-0.7, 0.25^2) and N(0.7, 0.25^2); functions of one coordinate take 4 couplings"},
			func(o exchange.Options) (*exchange.Built, error) {
				return exchange.OneCoordinate(bimodal, narrow, exchange.Wave{Height: 0.6, Rate: 2}, o)
			}),
	}
}

// twoAtoms builds the flow for two atoms whose ramp costs s^2, less the noise's share.
func twoAtoms(o exchange.Options) (*exchange.Built, error) {
	v := [2]float64{0.8, 0.6}
	slope := v[0] * 2 / (3 * math.Sqrt(2*math.Pi)) / ((1 - atomNoise*atomNoise) * o.Noise * o.Noise)
	return exchange.TwoAtoms(v, slope, atomNoise*o.Noise/math.Sqrt2)
}

// measure builds the flows of a case and measures them.
func (l *Layers) measure(c *layersCase) error {
	if c.build == nil {
		return nil
	}
	for _, knee := range append(c.knees, 0)[:max(len(c.knees), 1)] {
		for _, s := range l.Noises {
			l.say(fmt.Sprintf("%s, s = %v", c.entry.ID, s))
			o := exchange.DefaultOptions(s)
			if knee > 0 {
				o.Knee = knee
			}
			b, err := c.build(o)
			if err != nil {
				return fmt.Errorf("%s, s = %v: %w", c.entry.ID, s, err)
			}
			m, err := Measure(b, l.Points, l.Seed)
			if err != nil {
				return err
			}
			m.Noise, m.Knee = s, knee
			switch c.entry.ID {
			case fourID: // loud noise leads beyond all knots; then there is no bound
				var none *wasserstein.FlowError
				if m.Bound, err = wasserstein.FourBound(b.Flow); errors.As(err, &none) {
					err = nil
				}
			case atomsID:
				err = m.atOrigin(b)
			}
			if err != nil {
				return err
			}
			c.entry.Rows = append(c.entry.Rows, m)
		}
	}
	return nil
}

// compareTwo builds flows of two couplings for the square, at the errors of the four.
func (l *Layers) compareTwo(entries []*LayersEntry) error {
	find := func(id string) *LayersEntry {
		return entries[slices.IndexFunc(entries, func(e *LayersEntry) bool { return e.ID == id })]
	}
	two, rows := find(twoID), find(fourID).Rows
	square, err := targets.Density("square", 0)
	if err != nil {
		return err
	}
	for _, m := range rows[len(rows)-len(l.Noises):] {
		if m.RMS < leastTwo {
			continue
		}
		delta := fmt.Sprintf("%.3g", m.RMS)
		d, ok := new(big.Rat).SetString(delta)
		if !ok || d.Sign() <= 0 {
			return fmt.Errorf("%s: an error of %v", fourID, m.RMS)
		}
		l.say("two couplings, delta = " + delta)
		c := &Universality{Target: "square", Histogram: square, Split: transport.Split{First: []int{0}, Second: []int{1}}, Delta: d, DeltaText: delta,
			Points: 256, Seed: l.Seed, Limits: wasserstein.DefaultLimits()}
		r, err := c.Run()
		if err != nil {
			return fmt.Errorf("two couplings for the square, delta = %s: %w", delta, err)
		}
		two.Two = append(two.Two, Point(r))
	}
	return nil
}

func (l *Layers) say(stage string) {
	if l.Say != nil {
		l.Say(stage)
	}
}

// CurvePoint is a flow of two couplings as a point of the curve of W2 against
// condition number: what is proved of its distance, its condition numbers, and the
// limits for all maps.
type CurvePoint struct {
	Target, Partition, Delta string
	Dim                      int
	Bound                    *big.Rat // proved
	Median, Plateau, Sup     float64
	SupLipschitz, LogDet     float64
	Units                    []int
	Cells                    int
	Measured, Floor          float64            // NaN if nothing was measured
	Seconds                  float64            // to build and to certify
	Limits                   *wasserstein.Price // proved
}

// Point reads a record.
func Point(r *UniversalityRecord) *CurvePoint {
	return &CurvePoint{
		Target: r.Case.Target, Partition: r.Case.Split.String(), Delta: r.Case.DeltaText, Dim: r.Case.Histogram.Dim(), Bound: r.Bound.Bound,
		Median: r.Median, Plateau: r.Plateau, Sup: r.Sup, SupLipschitz: r.SupLipschitz, LogDet: r.LogDet, Units: r.Flow.Units(), Limits: r.Price,
		Cells: r.Bound.Cells, Measured: r.Measured, Floor: r.Floor, Seconds: r.BuildSeconds + r.CertifySeconds,
	}
}

// Curve runs a case for each delta and yields its point. It stops at the first error
// of either.
func Curve(u Universality, deltas []string, yield func(*CurvePoint) error) error {
	for _, text := range deltas {
		delta, ok := new(big.Rat).SetString(text)
		if !ok || delta.Sign() <= 0 {
			return fmt.Errorf("delta %q, want a positive number", text)
		}
		c := u
		c.Delta, c.DeltaText = delta, text
		r, err := c.Run()
		if err != nil {
			return fmt.Errorf("delta %s: %w", text, err)
		}
		if err := yield(Point(r)); err != nil {
			return err
		}
	}
	return nil
}
