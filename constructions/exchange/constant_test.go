package exchange_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"flowproof/constructions/exchange"
	"flowproof/neural"
)

// bend is a piecewise-linear function with a slope on (-1, 1).
func bend(rng *rand.Rand) neural.PL {
	y := rng.NormFloat64()
	return must(neural.NewPL([]float64{-1, 1}, []float64{y, y + math.Copysign(0.3+rng.Float64(), rng.NormFloat64())}))
}

// largest returns the largest condition number met on lines on which what the first
// coupling reads, or what the second one reads, stays in the middle of a piece, out to
// the given distance.
func largest(f *neural.Flow, reach float64) float64 {
	most := 0.0
	for _, read := range []float64{-0.7, -0.2, 0.3, 0.8} {
		for k := range 41 {
			far := reach * (float64(k)/20 - 1)
			// z with x0 = read and z1 = far; and z with z1 = read and z0 = far.
			u := f.Layers()[0].Updates[0]
			scale := u.Factor * math.Exp(u.LogScale.At(far))
			for _, z := range [][]float64{{(read - u.Shift.At(far)) / scale, far}, {far, read}} {
				s := must(neural.SingularValues(f, z))
				most = max(most, s[0]/s[1])
			}
		}
	}
	return most
}

// TestConstantScales: with a scale that is not constant, in either coupling, condition
// numbers grow without bound; with constant ones they do not, and the largest is the
// square of the Lipschitz constant over the determinant.
func TestConstantScales(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for range 60 {
		first := neural.Update{Coord: 0, Reads: 1, Factor: 0.5 + rng.Float64(), Shift: bend(rng)}
		second := neural.Update{Coord: 1, Reads: 0, Factor: 0.5 + rng.Float64(), Shift: bend(rng)}
		flow := func(first, second neural.Update) *neural.Flow {
			return must(neural.NewFlow(2, neural.Layer{Updates: []neural.Update{first}}, neural.Layer{Updates: []neural.Update{second}}))
		}
		plain := flow(first, second)
		if near, far := largest(plain, 1e3), largest(plain, 1e6); far > near*(1+1e-6) {
			t.Errorf("constant scales: condition %v within 1e3, %v within 1e6", near, far)
		}
		z := []float64{rng.NormFloat64(), rng.NormFloat64()}
		s := must(neural.SingularValues(plain, z))
		if kappa, want := s[0]/s[1], s[0]*s[0]/(first.Factor*second.Factor); math.Abs(kappa-want) > 1e-9*want {
			t.Errorf("condition %v, norm squared over determinant %v", kappa, want)
		}
		one, other := first, second
		one.LogScale = bend(rng)
		other.LogScale = bend(rng)
		for name, f := range map[string]*neural.Flow{"first": flow(one, second), "second": flow(first, other), "both": flow(one, other)} {
			if near, far := largest(f, 1e3), largest(f, 1e5); far < 1e3*near {
				t.Errorf("%s scale not constant: condition %v within 1e3, %v within 1e5, want 1e4 times as much", name, near, far)
			}
		}
	}
}

// TestTwoAtomsCondition: the supremum of the condition number lies above 0.14 a^6 /
// delta^6 for every noise, and below 0.96 a^6 / delta^6 for the best one, as delta falls.
func TestTwoAtomsCondition(t *testing.T) {
	c := 2 / (3 * math.Sqrt(2*math.Pi))
	for _, delta := range []float64{0.1, 0.03, 0.01} {
		best := math.Inf(1)
		for _, eta := range []float64{0.2, 0.4, 1 / math.Sqrt(3), 0.8} {
			// |v| = 1: the ramp takes (1 - eta^2) delta^2, the noise the rest.
			v := [2]float64{0.8, 0.6}
			noise := eta * delta / math.Sqrt2
			slope := v[0] * c / ((1 - eta*eta) * delta * delta)
			b := must(exchange.TwoAtoms(v, slope, noise))
			s := must(neural.SingularValues(b.Flow, []float64{0, 0}))
			got := s[0] * s[0] / (noise * noise) * math.Pow(delta, 6)
			if got < 0.1404 {
				t.Errorf("delta %v, eta %v: condition %v / delta^6", delta, eta, got)
			}
			best = min(best, got)
		}
		// As delta goes to 0, 27/2 (2 / (3 sqrt(2 pi)))^2 = 0.9549.
		if delta < 0.02 && (best > 0.96*1.25 || best < 0.95) {
			t.Errorf("delta %v: the best is %v / delta^6", delta, best)
		}
		t.Logf("delta %v: %v", delta, best)
	}
}
