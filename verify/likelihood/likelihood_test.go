package likelihood

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/constructions/universal"
	"flowproof/empirical"
	"flowproof/exactmath/ball"
	"flowproof/neural"
	"flowproof/targets"
	"flowproof/transport"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func ends(x ball.Ball) (lo, hi float64) {
	l, h := x.Bounds()
	lo, _ = l.Float64()
	hi, _ = h.Float64()
	return lo, hi
}

func flow(t *testing.T, target string, blocks string, delta float64) (*transport.Histogram, *neural.Flow) {
	t.Helper()
	h := must(targets.Density(target, 0))
	return h, must(universal.Build(h, must(transport.ParseSplit(h.Dim(), blocks)), delta, universal.Options{})).Flow
}

// TestDiverges: the terms against their means over many points of the target, and the
// divergence below that of the density itself.
func TestDiverges(t *testing.T) {
	for _, c := range []struct {
		target, blocks string
		delta          float64
	}{{"square", "1|1", 0.5}, {"two-moons", "1|0", 0.2}, {"eight-gaussians", "1|1", 0.3}, {"linked-rings", "2|0,1", 0.5}} {
		h, f := flow(t, c.target, c.blocks, c.delta)
		d := must(Diverges(h, f))
		s := empirical.NewSampler(h)
		const n = 40000
		residual, kl := 0.0, 0.0
		shift := make([]float64, h.Dim())
		for _, u := range empirical.Points(n, h.Dim(), shift) {
			x := s.At(u)
			z := must(neural.Inverse(f, x))
			for _, u := range f.Layers()[1].Updates {
				residual += z[u.Coord] * z[u.Coord] / n
			}
			kl -= must(neural.LogDensity(f, x)) / n
		}
		lo, hi := ends(d.Residual)
		if hi-lo > 1e-20*hi || math.Abs(lo-residual) > 0.02*residual {
			t.Errorf("%s: E|z2|^2 in [%v, %v], %v over points", c.target, lo, hi, residual)
		}
		entropy, _ := ends(d.Entropy)
		if least, _ := ends(d.AtLeast); !(0 < least && least <= kl-entropy+0.02*kl) || least < residual/2*0.9-20 {
			t.Errorf("%s: KL at least %v, %v over points", c.target, least, kl-entropy)
		}
	}
}

// TestEntropy: of the uniform law on the square log 4, and of a mixture of two
// rectangles by hand.
func TestEntropy(t *testing.T) {
	c := ball.NewCalc(bits)
	if lo, hi := ends(entropy(c, must(targets.Density("square", 0)))); !(lo <= math.Log(4) && math.Log(4) <= hi) {
		t.Errorf("[%v, %v], want log 4", lo, hi)
	}
	h := &transport.Histogram{Lo: []float64{0, 0}, Hi: []float64{3, 1}, Cells: []int{3, 1}, Weights: []uint64{1, 0, 3}}
	want := -(0.25*math.Log(0.25) + 0.75*math.Log(0.75))
	if lo, hi := ends(entropy(c, h)); math.Abs(lo-want) > 1e-15 || math.Abs(hi-want) > 1e-15 {
		t.Errorf("[%v, %v], want %v", lo, hi, want)
	}
}

// TestVolumePreserving: for the square sqrt(2) - sqrt(2/3).
func TestVolumePreserving(t *testing.T) {
	want := math.Sqrt2 - math.Sqrt(2.0/3)
	if lo, hi := ends(must(VolumePreserving(must(targets.Density("square", 0))))); math.Abs(lo-want) > 1e-15 || math.Abs(hi-want) > 1e-15 {
		t.Errorf("[%v, %v], want %v", lo, hi, want)
	}
}

// TestIntegrate: 1 lies in the enclosure, which is narrow: a determinant that were off by
// 1e-4, a piece or a panel left out or met twice would put it outside.
func TestIntegrate(t *testing.T) {
	for _, c := range []struct {
		target, blocks string
	}{{"square", "1|1"}, {"two-moons", "1|0"}} {
		_, f := flow(t, c.target, c.blocks, 0.5)
		p := must(Integrate(f))
		lo, hi := ends(p.Integral)
		if !(lo <= 1 && 1 <= hi && hi-lo < 1e-4) {
			t.Errorf("%s: the integral is in [%v, %v]", c.target, lo, hi)
		}
		t.Logf("%s: %d panels, [%v, %v]", c.target, p.Panels, lo, hi)
	}
}

// TestGauss: the rule and its remainder on random panels against a fine midpoint rule of
// the density in float64.
func TestGauss(t *testing.T) {
	_, f := flow(t, "ring", "1|1", 0.5)
	p := must(newPlane(f))
	rng := rand.New(rand.NewPCG(1, 1))
	cuts := p.cuts()
	for range 12 {
		k := 1 + rng.IntN(len(cuts)-1)
		strip := must(p.strip(cuts[k-1], cuts[k]))
		q := strip[rng.IntN(len(strip))]
		value := must(p.gauss(q))
		_, off := ends(p.remainder(q))
		const n = 60
		sum := 0.0
		for i := range n {
			x1 := q.x0 + (q.x1-q.x0)*(float64(i)+0.5)/n
			for j := range n {
				z := q.z0 + (q.z1-q.z0)*(float64(j)+0.5)/n
				x := make([]float64, 2)
				x[p.first.Coord], x[p.second.Coord] = x1, p.second.Shift.At(x1)+p.second.Factor*z
				sum += math.Exp(must(neural.LogDensity(f, x)))
			}
		}
		sum *= (q.x1 - q.x0) * (q.z1 - q.z0) * p.second.Factor / n / n
		if v := value.Estimate(); math.Abs(v-sum) > off+2e-3*sum/n {
			t.Errorf("panel %+v: %v, want %v within %v", q, v, sum, off)
		}
	}
}

// TestForm: flows of another form are refused.
func TestForm(t *testing.T) {
	one := neural.Constant(1)
	first := neural.Layer{Updates: []neural.Update{{Coord: 0, Reads: 1, Factor: 1, Shift: one}}}
	second := neural.Layer{Updates: []neural.Update{{Coord: 1, Reads: 0, Factor: 1, Shift: one}}}
	scaled := neural.Layer{Updates: []neural.Update{{Coord: 1, Reads: 0, Factor: 1, Shift: one, LogScale: one}}}
	h := must(targets.Density("square", 0))
	var e *FlowError
	for name, f := range map[string]*neural.Flow{
		"one coupling": must(neural.NewFlow(2, first)), "twice the same": must(neural.NewFlow(2, first, first)),
		"a scale": must(neural.NewFlow(2, first, scaled)), "three coordinates": must(neural.NewFlow(3, first, second)),
	} {
		if _, err := Diverges(h, f); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Integrate(f); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var bad *transport.HistogramError
	if _, err := VolumePreserving(&transport.Histogram{}); !errors.As(err, &bad) {
		t.Errorf("no histogram: %v", err)
	}
	if d := must(Diverges(h, must(neural.NewFlow(2, first, second)))); d.AtLeast.Contains(big.NewRat(0, 1)) {
		t.Errorf("two shifts: %v", d.AtLeast)
	}
}

// TestRemainder: at the top of the density both sixth derivatives are what they are at
// most, so that the rule's error is nearly the bound; with a slope the error is of its
// order. The integral itself by the same rule on 30 x 30 parts.
func TestRemainder(t *testing.T) {
	for _, slope := range []float64{0, 0.05, 0.3} {
		shift := must(neural.NewPL([]float64{-2, 2}, []float64{0.3 - 2*slope, 0.3 + 2*slope}))
		first := neural.Layer{Updates: []neural.Update{{Coord: 0, Reads: 1, Factor: 0.1, Shift: shift}}}
		second := neural.Layer{Updates: []neural.Update{{Coord: 1, Reads: 0, Factor: 0.2, Shift: neural.Constant(0.7)}}}
		p := must(newPlane(must(neural.NewFlow(2, first, second))))
		const h = 0.6
		h2 := h / math.Hypot(1, slope/0.1)
		q := panel{0.3 - 0.05*h, 0.3 + 0.05*h, -h2 / 2, h2 / 2, slope}
		value := must(p.gauss(q)).Estimate()
		_, most := ends(p.remainder(q))
		const n = 30
		sum := 0.0
		for i := range n {
			for j := range n {
				at := func(lo, hi float64, k int) float64 { return lo + (hi-lo)*float64(k)/n }
				sum += must(p.gauss(panel{at(q.x0, q.x1, i), at(q.x0, q.x1, i+1), at(q.z0, q.z1, j), at(q.z0, q.z1, j+1), slope})).Estimate()
			}
		}
		least := 0.05
		if slope == 0 {
			least = 0.7
			if want := math.Pow(math.Erf(h/2/math.Sqrt2), 2); math.Abs(sum-want) > 1e-13 {
				t.Errorf("the integral over the panel is %v, want %v", sum, want)
			}
		}
		if off := math.Abs(value-sum) / most; !(least <= off && off <= 1) {
			t.Errorf("slope %v: the error is %v of its bound", slope, off)
		}
	}
}
