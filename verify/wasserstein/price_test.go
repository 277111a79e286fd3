package wasserstein_test

import (
	"math"
	"math/big"
	"testing"

	"flowproof/transport"
	"flowproof/verify/wasserstein"
)

// two is half the mass in a small square at the left end of a strip, half at the
// right, 2a apart.
func two(left, right uint64) *transport.Histogram {
	h := &transport.Histogram{Lo: []float64{-1.5, 0}, Hi: []float64{1.5, 0.25}, Cells: []int{6, 1}, Weights: make([]uint64, 6)}
	h.Weights[0], h.Weights[5] = left, right
	return h
}

// clusterIntegral is the right side of (6), by the trapezium rule.
func clusterIntegral(a, l, t0 float64) float64 {
	const n = 200000
	sum := 0.0
	for k := range n {
		s := a / l * (float64(k) + 0.5) / n
		sum += (a - l*s) * (a - l*s) * density(t0+s)
	}
	return 2 * sum * a / l / n
}

// TestPrice compares the limits with their definitions, integrated numerically: at
// the limit the two sides of the inequality meet.
func TestPrice(t *testing.T) {
	for _, c := range []struct {
		h     *transport.Histogram
		delta float64
		a, t0 float64
	}{
		{two(1, 1), 0.1, 1, 0},
		{two(1, 1), 0.25, 1, 0},
		{two(1, 3), 0.1, 1, -quantile(0.25)},
		{two(999, 1), 0.01, 1, -quantile(0.001)},
	} {
		p, err := wasserstein.PriceOf(c.h, new(big.Rat).SetFloat64(c.delta))
		if err != nil {
			t.Fatal(err)
		}
		if p.Reason != "clusters" {
			t.Errorf("delta %v: the limit comes from %s", c.delta, p.Reason)
		}
		if got, want := clusterIntegral(c.a, p.Lipschitz, c.t0), c.delta*c.delta; math.Abs(got-want) > 1e-6*want {
			t.Errorf("delta %v: at L = %v the integral is %v, want %v", c.delta, p.Lipschitz, got, want)
		}
		// E (s |z| - rho)_+^2 for two coordinates, in polar ones.
		sum := 0.0
		const n = 400000
		for k := range n {
			r := 40 * (float64(k) + 0.5) / n
			if d := p.Smallest*r - p.Radius; d > 0 {
				sum += d * d * r * math.Exp(-r*r/2) * 40 / n
			}
		}
		if want := c.delta * c.delta; math.Abs(sum-want) > 1e-5*want {
			t.Errorf("delta %v: at s = %v the integral is %v, want %v", c.delta, p.Smallest, sum, want)
		}
		if p.Condition > p.Lipschitz/p.Smallest || p.Condition < 0.999999*p.Lipschitz/p.Smallest {
			t.Errorf("condition %v for %v and %v", p.Condition, p.Lipschitz, p.Smallest)
		}
	}
	// The closed form of the chapter for two clusters of equal mass.
	p, err := wasserstein.PriceOf(two(1, 1), big.NewRat(1, 4))
	if err != nil {
		t.Fatal(err)
	}
	if least := 0.265 / (0.25 * 0.25); p.Lipschitz < least || p.Lipschitz > 1.02*least {
		t.Errorf("L >= %v, the closed form says %v", p.Lipschitz, least)
	}
}

// gauss is a normal law of the plane of the given deviation, on 64 x 64 cells.
func gauss(sd float64) *transport.Histogram {
	const n, box = 64, 4.0
	h := &transport.Histogram{Lo: []float64{-box, -box}, Hi: []float64{box, box}, Cells: []int{n, n}, Weights: make([]uint64, n*n)}
	for k := range h.Weights {
		m := func(i int) float64 {
			return cdf((box*(2*float64(i+1)/n-1))/sd) - cdf((box*(2*float64(i)/n-1))/sd)
		}
		h.Weights[k] = uint64(m(k/n) * m(k%n) * 1e12)
	}
	return h
}

// TestPriceIsPaid: maps that exist obey the limits. diag(s) pushes N(0, I) to a
// normal law; the histogram of that law on a fine grid is near to it.
func TestPriceIsPaid(t *testing.T) {
	const n, box, sd = 64, 4.0, 0.8
	h := gauss(sd)
	// Within a cell a point moves by at most its diagonal.
	delta := 2 * box / n * math.Sqrt2
	p, err := wasserstein.PriceOf(h, new(big.Rat).SetFloat64(delta))
	if err != nil {
		t.Fatal(err)
	}
	if p.Lipschitz > sd || p.Lipschitz < sd-2*delta {
		t.Errorf("L >= %v, while %v suffices", p.Lipschitz, sd)
	}
	if p.Smallest < sd {
		t.Errorf("s <= %v, while %v is attained", p.Smallest, sd)
	}
}

// TestClusters: gaps that no axis shows, and none where there is none.
func TestClusters(t *testing.T) {
	h := &transport.Histogram{Lo: []float64{0, 0}, Hi: []float64{9, 9}, Cells: []int{9, 9}, Weights: make([]uint64, 81)}
	// An L around a point: every row and every column has mass.
	for k := range 9 {
		h.Weights[8*9+k], h.Weights[k*9+8] = 1, 1
		h.Weights[k], h.Weights[k*9] = 1, 1
	}
	h.Weights[4*9+4] = 32
	p, err := wasserstein.PriceOf(h, big.NewRat(1, 100))
	if err != nil {
		t.Fatal(err)
	}
	if p.Reason != "clusters" || math.Abs(p.Gap-3) > 1e-9 || p.Mass != 0.5 {
		t.Errorf("%+v, want two clusters 3 apart", p)
	}
	for k := range h.Weights {
		h.Weights[k] = 1
	}
	if p, err = wasserstein.PriceOf(h, big.NewRat(1, 100)); err != nil || p.Reason != "spread" {
		t.Errorf("%+v, %v: a square has no clusters", p, err)
	}
}

// TestVolume: of all laws of a total variance the normal law has the largest entropy,
// and diag(s) comes near to the limit of log det; the limit of a uniform law is what
// the formula says.
func TestVolume(t *testing.T) {
	const sd = 0.8
	h := gauss(sd)
	delta := big.NewRat(1, 100)
	p, err := wasserstein.PriceOf(h, delta)
	if err != nil {
		t.Fatal(err)
	}
	if got := 2 * math.Log(sd); p.LogDet < got || p.LogDet > got+0.05 {
		t.Errorf("E log det <= %v, while %v is attained", p.LogDet, got)
	}
	u := &transport.Histogram{Lo: []float64{-1, -2, 0}, Hi: []float64{1, 2, 1}, Cells: []int{1, 2, 3}, Weights: []uint64{1, 1, 1, 1, 1, 1}}
	if p, err = wasserstein.PriceOf(u, delta); err != nil {
		t.Fatal(err)
	}
	want := 3 * math.Log((math.Sqrt((4.0+16+1)/12)+0.01)/math.Sqrt(3))
	if math.Abs(p.LogDet-want) > 1e-12 {
		t.Errorf("E log det <= %v, want %v", p.LogDet, want)
	}
}
