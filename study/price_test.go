package study_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"flowproof/constructions/universal"
	"flowproof/empirical"
	"flowproof/exactmath/normal"
	"flowproof/neural"
	"flowproof/study"
	"flowproof/targets"
	"flowproof/transport"
	"flowproof/verify/wasserstein"
)

// randomPL is a function with knots on [-3, 3] and values up to size.
func randomPL(rng *rand.Rand, size float64) neural.PL {
	var x, y []float64
	for k := range 7 {
		x, y = append(x, -3+float64(k)+rng.Float64()*0.9), append(y, size*(2*rng.Float64()-1))
	}
	return must(neural.NewPL(x, y))
}

// TestOneCoupling: whatever one coupling does to the other coordinate, quantiles of
// the one that it keeps show the distance from the square; and a coupling with an
// affine map after it stays away from the circle.
func TestOneCoupling(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	limits := map[string]float64{}
	for _, c := range must(wasserstein.Constants()) {
		lo, _ := c.Value.Bounds()
		limits[c.Says], _ = lo.Float64()
	}
	square, circle := limits["W2 from the uniform law on [-1, 1]^D, times sqrt(r)"], limits["W2 from the unit circle, affine maps before and after"]
	const n = 1 << 14
	latent := empirical.Normal(empirical.Points(n, 2, []float64{0.3, 0.8}))
	for range 5 {
		f := must(neural.NewFlow(2, neural.Layer{Updates: []neural.Update{{Coord: 1, Reads: 0, Factor: 0.1 + rng.Float64(), LogScale: randomPL(rng, 1), Shift: randomPL(rng, 1)}}}))
		angle, size := rng.Float64()*math.Pi, 0.5+rng.Float64()/2
		a, b, c, d := size*math.Cos(angle), rng.NormFloat64()/2, size*math.Sin(angle), rng.NormFloat64()/2
		kept, turned := make([][]float64, n), make([][]float64, n)
		for i, z := range latent {
			x := must(neural.Forward(f, z))
			kept[i], turned[i] = x, []float64{a*x[0] + b*x[1], c*x[0] + d*x[1]}
		}
		u, ring := empirical.Points(n, 2, []float64{0.1, 0.5}), make([][]float64, n)
		for i, p := range u {
			ring[i] = []float64{math.Cos(2 * math.Pi * p[0]), math.Sin(2 * math.Pi * p[0])}
			u[i] = []float64{2*p[0] - 1, 2*p[1] - 1}
		}
		if got := must(empirical.Projected(kept, u, []float64{1, 0})); got < square-1e-3 || got > square+1e-3 {
			t.Errorf("a kept coordinate is %v from the uniform law, want %v", got, square)
		}
		// The direction in which B(F(z)) is normal: orthogonal to what x1 becomes.
		l := []float64{d, -b}
		for k := range l {
			l[k] /= math.Hypot(b, d)
		}
		if got := must(empirical.Projected(turned, ring, l)); got < circle-1e-3 {
			t.Errorf("B = %v: a projection is %v from that of the circle, at least %v", []float64{a, b, c, d}, got, circle)
		}
	}
}

// TestAffineOnLevels: along a curve on which the first component of two couplings
// does not change, the second is an affine function of z2.
func TestAffineOnLevels(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		s, shift := randomPL(rng, 1), randomPL(rng, 2)
		f := must(neural.NewFlow(2,
			neural.Layer{Updates: []neural.Update{{Coord: 0, Reads: 1, Factor: 0.5, LogScale: s, Shift: shift}}},
			neural.Layer{Updates: []neural.Update{{Coord: 1, Reads: 0, Factor: 2, LogScale: randomPL(rng, 1), Shift: randomPL(rng, 3)}}}))
		level := rng.NormFloat64()
		var y [3]float64
		at := [3]float64{-2.5 + rng.Float64(), rng.Float64(), 2 + rng.Float64()}
		for k, z2 := range at {
			z1 := (level - shift.At(z2)) / (0.5 * math.Exp(s.At(z2)))
			x := must(neural.Forward(f, []float64{z1, z2}))
			if math.Abs(x[0]-level) > 1e-12 {
				t.Fatalf("the first component is %v, want %v", x[0], level)
			}
			y[k] = x[1]
		}
		if got, want := (y[1]-y[0])/(at[1]-at[0]), (y[2]-y[1])/(at[2]-at[1]); math.Abs(got-want) > 1e-7*(1+math.Abs(want)) {
			t.Errorf("slopes %v and %v", got, want)
		}
	}
}

// TestLikelihoodDiverges: as flows come nearer to the square in W2, the mean of -log p
// over it grows at least as the chapter says.
func TestLikelihoodDiverges(t *testing.T) {
	h := must(targets.Density("square", 0))
	sample := empirical.Points(4000, 2, []float64{0.2, 0.6})
	floor := map[float64]float64{0.5: 12, 0.2: 95} // the chapter's figures, of KL
	for _, c := range []struct {
		delta *big.Rat
		text  string
	}{{big.NewRat(1, 2), "0.5"}, {big.NewRat(1, 5), "0.2"}} {
		u := study.Universality{Target: "square", Histogram: h, Split: transport.Split{First: []int{0}, Second: []int{1}}, Delta: c.delta, DeltaText: c.text, Limits: wasserstein.DefaultLimits()}
		r := must(u.Run())
		mean := 0.0
		for _, p := range sample {
			l := must(neural.LogDensity(r.Flow, []float64{2*p[0] - 1, 2*p[1] - 1}))
			mean -= l / float64(len(sample))
		}
		noise := r.Flow.Layers()[1].Updates[0].Factor
		least := 1/(6*noise*noise) + math.Log(2*math.Pi) + r.LogDet
		delta, _ := c.delta.Float64()
		if mean < least || least-math.Log(4) < floor[delta] {
			t.Errorf("delta %s: E -log p = %v, at least %v; KL >= %v", c.text, mean, least, least-math.Log(4))
		}
	}
}

// TestVolumePreserving: of constant determinant c, sd >= sqrt(D) c^(1/D), however
// many couplings there are and however hard they contract in places: each stretches
// one coordinate by what it contracts another.
func TestVolumePreserving(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const d = 3
	latent := empirical.Normal(empirical.Points(1<<13, d, []float64{0.4, 0.9, 0.2}))
	nearest := math.Inf(1)
	for range 40 {
		size := math.Exp(rng.NormFloat64() - 1)
		logDet := 0.0
		var layers []neural.Layer
		for k := range 2 + rng.IntN(5) {
			factor, stretch := math.Exp(rng.NormFloat64()/4), randomPL(rng, size)
			x, y := stretch.Knots()
			shrink := slices.Clone(y)
			for i := range shrink {
				shrink[i] = -shrink[i]
			}
			logDet += 2 * math.Log(factor)
			layers = append(layers, neural.Layer{Updates: []neural.Update{
				{Coord: k % d, Reads: (k + 2) % d, Factor: factor, LogScale: stretch, Shift: randomPL(rng, size)},
				{Coord: (k + 1) % d, Reads: (k + 2) % d, Factor: factor, LogScale: must(neural.NewPL(x, shrink)), Shift: randomPL(rng, size)},
			}})
		}
		f := must(neural.NewFlow(d, layers...))
		var sum, squares [d]float64
		for _, z := range latent {
			if got := must(f.LogDet(z)); math.Abs(got-logDet) > 1e-9 {
				t.Fatalf("log det %v, want %v", got, logDet)
			}
			for k, v := range must(neural.Forward(f, z)) {
				sum[k] += v / float64(len(latent))
				squares[k] += v * v / float64(len(latent))
			}
		}
		variance := 0.0
		for k := range sum {
			variance += squares[k] - sum[k]*sum[k]
		}
		quotient := math.Sqrt(variance) / (math.Sqrt(d) * math.Exp(logDet/d))
		if quotient < 1-1e-3 {
			t.Errorf("sd is %v times its limit", quotient)
		}
		nearest = min(nearest, quotient)
	}
	if nearest > 1.1 {
		t.Errorf("no flow comes within a factor %v of the limit", nearest)
	}
	if got := math.Sqrt2 - math.Sqrt(2.0/3); got < 0.5977 || got > 0.5978 {
		t.Errorf("%v for the square, the chapter says 0.5977..", got)
	}
}

// TestPlanarRate: the numbers of the proof; and on flows for the square as they are
// built the shift of the second coupling goes from 1/4 to -1/4 in every good window,
// more than half of all, and the Lipschitz constant is above the limit.
func TestPlanarRate(t *testing.T) {
	const radius = 3.0
	if bad := 9.0/(18*18) + 64*0.01*0.01 + 4*normal.ApproxCDF(-radius); bad >= 1.0/24 {
		t.Errorf("P(B) is at most %v, want less than 1/24", bad)
	}
	h := must(targets.Density("square", 0))
	for _, delta := range []float64{0.01, 0.005, 0.002} {
		f := must(universal.Build(h, must(transport.ParseSplit(2, "1|1")), delta, universal.Options{})).Flow
		first, second := f.Layers()[0].Updates[0], f.Layers()[1].Updates[0]
		if second.Factor > 1.0/24 {
			t.Fatalf("delta %v: the second scale is %v", delta, second.Factor)
		}
		n := int(1 / (9 * delta))
		high, low := make([]bool, n), make([]bool, n)
		x, y := second.Shift.Knots()
		for k, v := range x {
			w := int(math.Floor((v + 1) / 2 * float64(n)))
			if 0 <= w && w < n {
				high[w], low[w] = high[w] || y[k] >= 0.25, low[w] || y[k] <= -0.25
			}
		}
		good := 0
		for w := range n {
			if high[w] && low[w] {
				good++
			}
		}
		if 2*good <= n {
			t.Errorf("delta %v: g oscillates in %d of %d windows", delta, good, n)
		}
		// The variation of g(X) along z1 = 0 from z2 = -3 to 3: over what the selector
		// moves X between its knots, from knot to knot of g.
		travelled := 0.0
		zs, as := first.Shift.Knots()
		for i := 1; i < len(zs); i++ {
			if zs[i-1] < -radius || radius < zs[i] {
				continue
			}
			from, to := min(as[i-1], as[i]), max(as[i-1], as[i])
			before := second.Shift.At(from)
			for k, v := range x {
				if from < v && v < to {
					travelled, before = travelled+math.Abs(y[k]-before), y[k]
				}
			}
			travelled += math.Abs(second.Shift.At(to) - before)
		}
		limit := 1/(611*delta) - 0.074
		if l := travelled / (2 * radius); l < limit || first.Factor > delta {
			t.Errorf("delta %v: the mean slope of Y along z2 is %v, the limit of the largest is %v", delta, l, limit)
		} else {
			t.Logf("delta %v: %d of %d windows, mean slope %.3g, limit %.3g", delta, good, n, l, limit)
		}
	}
}
