package wasserstein

import (
	"math"
	"math/big"
	"testing"

	"flowproof/constructions/exchange"
	"flowproof/exactmath/ball"
	"flowproof/exactmath/normal"
	"flowproof/neural"
)

// TestSwap: the parts of the bound of four couplings, each against its definition.
func TestSwap(t *testing.T) {
	n, err := normal.New(pricePrec)
	if err != nil {
		t.Fatal(err)
	}
	i := &integrals{Calc: ball.NewCalc(pricePrec), normal: n}
	o := exchange.DefaultOptions(0.05)
	o.Knee = 1.7
	b, err := exchange.FourCouplings(exchange.Uniform{}, exchange.Uniform{}, o)
	if err != nil {
		t.Fatal(err)
	}
	layers := b.Flow.Layers()[:3]
	// 1/s that is not 1/s counts.
	loud := layers[2].Updates[0]
	loud.Factor *= 1.01
	for _, last := range []neural.Layer{layers[2], {Updates: []neural.Update{loud}}} {
		e, err := newSwap(i, []neural.Layer{layers[0], layers[1], last})
		if err != nil {
			t.Fatal(err)
		}
		f, err := neural.NewFlow(2, layers[0], layers[1], last)
		if err != nil {
			t.Fatal(err)
		}
		sharp := 0.0
		for w := -4.0; w <= 4; w += 0.0713 {
			for z := -4.0; z <= 4; z += 0.0317 {
				x, err := neural.Forward(f, []float64{w, z})
				if err != nil {
					t.Fatal(err)
				}
				most := leftAt(e, math.Abs(w))
				if d := math.Abs(x[1] + w); d > most*(1+1e-9)+1e-12 {
					t.Fatalf("w = %v, z = %v: v is %v from -w, at most %v", w, z, d, most)
				} else {
					sharp = max(sharp, d/most)
				}
			}
		}
		if sharp < 0.7 {
			t.Errorf("v is at most %v of the bound from -w", sharp)
		}
		if got, want := e.left(i, i.Float(1.5)).Estimate(), leftAt(e, 1.5); math.Abs(got-want) > 1e-9 {
			t.Errorf("left = %v, want %v", got, want)
		}
		if got, want := e.steep.Estimate(), layers[0].Updates[0].Shift.Lipschitz(); math.Abs(got-want) > 1e-12 {
			t.Errorf("steep %v, want %v", got, want)
		}
	}
	// Norms: of |z|, 1, from above; of t - tau.
	if got := i.rms(func(x *big.Rat) ball.Ball { return i.Rat(x) }).Estimate(); got < 1 || got > 1.03 {
		t.Errorf("rms of |z|: %v", got)
	}
	pl := layers[0].Updates[0].Shift
	sum := 0.0
	const steps = 400000
	for k := range steps {
		z := 10 * (2*(float64(k)+0.5)/steps - 1)
		d := pl.At(z) - math.Erf(z/math.Sqrt2)
		sum += d * d * math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) * 20 / steps
	}
	if got, want := i.fromUniform(pl).Estimate(), math.Sqrt(sum); math.Abs(got-want) > 1e-6*want {
		t.Errorf("t is %v from the uniform law's map, want %v", got, want)
	}
	if err := i.Err(); err != nil {
		t.Fatal(err)
	}
}

// leftAt is left in float64.
func leftAt(e *swap, w float64) float64 {
	s, _ := e.s.Float64()
	b := e.rough.Estimate() * s * w
	if b == 0 {
		return w * math.Expm1(e.off.Estimate())
	}
	return w * (math.Exp(e.off.Estimate())*math.Expm1(b)/b - 1)
}
