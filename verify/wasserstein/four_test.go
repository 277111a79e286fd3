package wasserstein_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"flowproof/constructions/exchange"
	"flowproof/empirical"
	"flowproof/neural"
	"flowproof/verify/wasserstein"
)

// four is the flow of the table, for the square.
func four(t *testing.T, s, knee float64) *exchange.Built {
	t.Helper()
	o := exchange.DefaultOptions(s)
	o.Knee = knee
	b, err := exchange.FourCouplings(exchange.Uniform{}, exchange.Uniform{}, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFourBound: the bound lies above what the coupling of the proof measures, and not
// far above the mean of the bounds at points.
func TestFourBound(t *testing.T) {
	points := empirical.Normal(empirical.Points(4000, 2, []float64{0.3, 0.7}))
	for _, c := range []struct{ s, knee float64 }{{0.01, 1.5}, {0.01, 2}} {
		b := four(t, c.s, c.knee)
		r, err := wasserstein.FourBound(b.Flow)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := r.Float64()
		var measured, within float64
		for _, z := range points {
			x, err := neural.Forward(b.Flow, z)
			if err != nil {
				t.Fatal(err)
			}
			y, e := b.Target(z), b.Within(z)
			for k := range x {
				measured += (x[k] - y[k]) * (x[k] - y[k]) / float64(len(points))
				within += e[k] * e[k] / float64(len(points))
			}
		}
		measured, within = math.Sqrt(measured), math.Sqrt(within)
		if got < measured || got < 0.8*within || got > 1.6*within {
			t.Errorf("s = %v, knee %v: W2 <= %v, measured %v, bounds at points %v", c.s, c.knee, got, measured, within)
		}
	}
}

// TestFourBoundMoved: a flow that is none of the kind is refused; one whose knots were
// moved is refused or has a bound that is still above its measured distance.
func TestFourBoundMoved(t *testing.T) {
	b := four(t, 0.03, 1.5)
	points := empirical.Normal(empirical.Points(1000, 2, []float64{0.3, 0.7}))
	refused, kept := 0, 0
	for layer := range 6 {
		for _, change := range []func(u *neural.Update){
			func(u *neural.Update) { u.Factor *= 1.25 },
			func(u *neural.Update) { u.Factor /= 2 },
			func(u *neural.Update) { u.Shift = moved(u.Shift, 0.25) },
			func(u *neural.Update) { u.LogScale = moved(u.LogScale, 0.25) },
			func(u *neural.Update) { u.Shift, u.LogScale = u.LogScale, u.Shift },
			func(u *neural.Update) { u.Coord, u.Reads = u.Reads, u.Coord },
		} {
			layers := slices.Clone(b.Flow.Layers())
			u := layers[layer].Updates[0]
			change(&u)
			layers[layer] = neural.Layer{Updates: []neural.Update{u}}
			f, err := neural.NewFlow(2, layers...)
			if err != nil {
				t.Fatal(err)
			}
			r, err := wasserstein.FourBound(f)
			var e *wasserstein.FlowError
			if errors.As(err, &e) {
				refused++
				continue
			} else if err != nil {
				t.Fatal(err)
			}
			kept++
			var x, y [][]float64
			for _, z := range points {
				v, err := neural.Forward(f, z)
				if err != nil {
					t.Fatal(err)
				}
				x, y = append(x, v), append(y, b.Target(z))
			}
			w, err := empirical.W2(x[:400], y[:400])
			if got, _ := r.Float64(); err != nil || got < w-0.02 {
				t.Errorf("layer %d: W2 <= %v, measured %v (%v)", layer, got, w, err)
			}
		}
	}
	if refused < 10 || kept < 8 {
		t.Errorf("%d refused, %d with a bound", refused, kept)
	}
}

// moved adds d to the value in the middle.
func moved(f neural.PL, d float64) neural.PL {
	x, y := f.Knots()
	if len(x) == 0 {
		return neural.Constant(d)
	}
	y = slices.Clone(y)
	y[len(y)/2] += d
	g, err := neural.NewPL(x, y)
	if err != nil {
		panic(err)
	}
	return g
}

// TestFourBoundLinear: for t(z) = z/2 the noise comes back exactly, and what is left of
// the bound can be computed by hand: all terms but those of the curvature.
func TestFourBoundLinear(t *testing.T) {
	pl := func(x, y []float64) neural.PL {
		f, err := neural.NewPL(x, y)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	swap := func(s, slope, knee float64) []neural.Layer {
		z, y := []float64{-knee, 0, knee}, []float64{-slope * knee, 0, slope * knee}
		back := []float64{knee, 0, -knee}
		a := []float64{math.Log(slope), math.Log(slope), math.Log(slope)}
		return []neural.Layer{
			{Updates: []neural.Update{{Coord: 0, Reads: 1, Factor: s, Shift: pl(z, y)}}},
			{Updates: []neural.Update{{Coord: 1, Reads: 0, Factor: 1, Shift: pl(y, back)}}},
			{Updates: []neural.Update{{Coord: 1, Reads: 0, Factor: 1 / s, LogScale: pl(y, a)}}},
		}
	}
	build := func(s1, s2, m1, m2, knee1, knee2 float64) *neural.Flow {
		f, err := neural.NewFlow(2, append(swap(s1, m1, knee1), swap(s2, m2, knee2)...)...)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	off := func(m float64) float64 { // |m z - tau|
		return math.Sqrt(against(func(z float64) float64 { d := m*z - math.Erf(z/math.Sqrt2); return d * d }))
	}
	for _, c := range []struct{ s1, s2, m1, m2 float64 }{{0.25, 0.5, 0.5, 0.5}, {1, 0.25, 0.5, 0.25}, {0.125, 1, 0.25, 0.5}} {
		r, err := wasserstein.FourBound(build(c.s1, c.s2, c.m1, c.m2, 1<<10, 1<<10))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := r.Float64()
		want := math.Hypot(c.s2*(c.m1+c.s1)+off(c.m2), c.s1+off(c.m1))
		if got < want || got > 1.02*want {
			t.Errorf("%+v: W2 <= %v, want %v", c, got, want)
		}
	}
	// Knots that end before the noise does, and a second shift that is no inverse.
	var e *wasserstein.FlowError
	for _, knees := range [][2]float64{{40, 1 << 10}, {1 << 10, 40}, {31, 1 << 10}} {
		if _, err := wasserstein.FourBound(build(0.25, 0.25, 0.5, 0.5, knees[0], knees[1])); !errors.As(err, &e) {
			t.Errorf("knots to %v: %v", knees, err)
		}
	}
	f := build(0.25, 0.25, 0.5, 0.5, 1<<10, 1<<10)
	layers := slices.Clone(f.Layers())
	layers[1] = build(0.25, 0.25, 0.25, 0.25, 1<<10, 1<<10).Layers()[1]
	g, err := neural.NewFlow(2, layers...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wasserstein.FourBound(g); !errors.As(err, &e) {
		t.Errorf("no inverse: %v", err)
	}
}
