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
