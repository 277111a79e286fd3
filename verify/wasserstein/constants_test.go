package wasserstein_test

import (
	"math"
	"testing"

	"flowproof/verify/wasserstein"
)

// against integrates f(z) phi(z) over the line by the midpoint rule.
func against(f func(z float64) float64) float64 {
	const n, reach = 200000, 10.0
	sum := 0.0
	for k := range n {
		z := reach * (2*(float64(k)+0.5)/n - 1)
		sum += f(z) * density(z) * 2 * reach / n
	}
	return sum
}

// TestConstants: each constant against its definition, integrated or minimised
// numerically.
func TestConstants(t *testing.T) {
	c := against(func(z float64) float64 { return z * math.Sin(math.Pi*(cdf(z)-0.5)) })
	u := against(func(z float64) float64 { return z * (2*cdf(z) - 1) })
	// Two points: the best are the means of two half-lines, here of all pairs of them.
	two := math.Inf(1)
	for cut := -1.0; cut <= 1; cut += 1.0 / 64 {
		m := cdf(cut)
		two = min(two, 2-density(cut)*density(cut)/(m*(1-m)))
	}
	// The limit of two clusters, far on the way to it.
	clusters := clusterIntegral(1, 1e5, 0) * 1e5
	want := []float64{
		math.Sqrt(against(func(z float64) float64 { d := z - (2*cdf(z) - 1); return d * d })),
		math.Sqrt(against(func(z float64) float64 { d := max(math.Abs(z)-1, 0); return d * d })),
		math.Sqrt(0.5 - c*c),
		math.Sqrt(1.0/3 - u*u),
		clusters,
		math.Sqrt(against(func(z float64) float64 { return 2 * z * z })),
		math.Sqrt(two),
		2 * math.Pi / math.Sqrt(2*math.Pi*math.E), // e^(log 2 pi + h(r) - 2 h(z)), h(r) the entropy of N(0, 1)
	}
	got, err := wasserstein.Constants()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d constants, want %d", len(got), len(want))
	}
	for k, c := range got {
		lo, hi := c.Value.Bounds()
		l, _ := lo.Float64()
		h, _ := hi.Float64()
		if want[k] < l-1e-6 || want[k] > h+1e-6 || h-l > 1e-5 {
			t.Errorf("%s, %s: %v to %v, want %v", c.ID, c.Says, l, h, want[k])
		}
	}
	// The figures that the chapter prints, cut off.
	for k, digits := range []float64{0.4527, 0.3881, 0.2241, 0.1225, 0.2659, 1.4142, 1.1676, 1.5203} {
		lo, hi := got[k].Value.Bounds()
		l, _ := lo.Float64()
		h, _ := hi.Float64()
		if l < digits || h >= digits+1e-4 {
			t.Errorf("%s, %s: %v to %v, the chapter says %v", got[k].ID, got[k].Says, l, h, digits)
		}
	}
}
