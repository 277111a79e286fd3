package flowdepth

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath/normal"
	"flowproof/neural"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func near(t *testing.T, name string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*(1+math.Abs(want))) {
		t.Errorf("%s: %v, want %v", name, got, want)
	}
}

// radial integrates f(r) against the density of |Z_d| by the midpoint rule, the
// density normalised by the sum itself.
func radial(d int, f func(r float64) float64) float64 {
	sum, mass := 0.0, 0.0
	const n = 200000
	top := math.Sqrt(float64(d)) + 12
	for i := range n {
		r := top * (float64(i) + 0.5) / n
		w := math.Exp(float64(d-1)*math.Log(r/math.Sqrt(float64(d))) - r*r/2 + float64(d)/2)
		sum, mass = sum+w*f(r), mass+w
	}
	return sum / mass
}

// TestNorms compares the law of |Z_d| with numerical integration.
func TestNorms(t *testing.T) {
	e := must(New(128))
	for _, d := range []int{1, 2, 3, 7, 8, 65} {
		near(t, "mean", e.MeanNorm(d).Estimate(), radial(d, func(r float64) float64 { return r }), 1e-7)
		for _, rho := range []float64{0.3, 1, math.Sqrt(float64(d)) + 0.5} {
			beyond := func(r float64) float64 {
				if r > rho {
					return 1
				}
				return 0
			}
			near(t, "tail", e.Tail(d, e.Float(rho)).Estimate(), radial(d, beyond), 2e-4)
			near(t, "mean of minimum", e.MeanMin(d, rat(rho)).Estimate(), radial(d, func(r float64) float64 { return min(r, rho) }), 1e-7)
		}
	}
	if e.Err() != nil {
		t.Fatal(e.Err())
	}
}

// TestRamps compares Ramp with integration, and Collar with its definition, from below.
func TestRamps(t *testing.T) {
	e := must(New(128))
	for _, c := range [][2]float64{{1, 0.5}, {1, 4}, {0.3, 20}, {2, 2}} {
		x, lip := c[0], c[1]
		for p := 1; p <= 2; p++ {
			sum := 0.0
			const n = 200000
			u := min(x/lip, 10)
			for i := range n {
				z := u * (float64(i) + 0.5) / n
				sum += 2 * u / n * normal.ApproxDensity(z) * math.Pow(x-lip*z, float64(p))
			}
			near(t, "ramp", e.Ramp(e.Float(x), e.Float(lip), p).Estimate(), sum, 1e-8)
		}
		for _, k := range []int64{2, 10, 1000} {
			z0, sum := normal.ApproxQuantile(1/float64(k)), 0.0
			const n = 20000
			for i := range n {
				sum += x / n * (1 - 1/(float64(k)*normal.ApproxCDF(z0+x/lip*(float64(i)+0.5)/n)))
			}
			got := e.Collar(k, e.Float(x), e.Float(lip)).Estimate()
			if got > sum || got < sum*0.99-1e-9 {
				t.Errorf("collar %d: %v, integral %v", k, got, sum)
			}
		}
	}
}

// TestLine: random Lipschitz maps of a line do not come nearer to two points than Ramp
// says, and the clipped line comes as near.
func TestLine(t *testing.T) {
	e := must(New(128))
	rng := rand.New(rand.NewPCG(1, 1))
	const n = 4000
	for range 40 {
		lip := math.Exp(2 * rng.NormFloat64())
		h, slope := make([]float64, n), lip
		for i := 1; i < n; i++ {
			if rng.IntN(50) == 0 {
				slope = lip * rng.Float64()
			}
			h[i] = h[i-1] + slope*16/n
		}
		middle := h[n/2] + lip*(rng.Float64()-0.5)
		cost, best := 0.0, 0.0
		for i := range n {
			z := 16 * ((float64(i)+0.5)/n - 0.5)
			w := 16. / n * normal.ApproxDensity(z)
			goal := math.Copysign(1, z)
			cost += w * math.Abs(h[i]-middle-goal)
			best += w * math.Abs(math.Max(-1, math.Min(1, lip*z))-goal)
		}
		bound := e.Ramp(e.Int(1), e.Float(lip), 1).Estimate()
		if cost < bound-1e-3 {
			t.Errorf("Lipschitz constant %v: a map comes to %v, bound %v", lip, cost, bound)
		}
		near(t, "clipped line", best, bound, 2e-2)
	}
}

// TestVolumeIsSharp: one point, and F(x) = s x; two points and diagonal flows stay above.
func TestVolumeIsSharp(t *testing.T) {
	e := must(New(96))
	one := Target{Dim: 3, Pieces: 1}
	got := e.Volume(one, e.Frac(1, 5), 1).Estimate()
	near(t, "one point", got, radial(3, func(r float64) float64 { return r / 5 }), 1e-7)
	// The segment of length 2 in the plane has a closed form.
	curve := Target{Dim: 2, Pieces: 1, Length: big.NewRat(2, 1)}
	for _, s := range []float64{1, 0.3, 0.05} {
		d0 := s * s
		a := 2 / (math.Pi * math.Sqrt(2*d0))
		want := math.Sqrt(math.Pi*d0/2) * math.Exp(a*a) * math.Erfc(a)
		got := e.Volume(curve, e.Float(s), 1).Estimate()
		if got > want || got < 0.98*want {
			t.Errorf("segment at %v: %v, closed form %v", s, got, want)
		}
	}
}

// TestMeanRoot compares with samples, and with E|Z_d|, from above.
func TestMeanRoot(t *testing.T) {
	e := must(New(96))
	for _, d := range []int{1, 2, 9} {
		got, want := e.MeanRoot([]Group{e.normalGroup(d, e.Int(1), e.Int(0))}).Estimate(), e.MeanNorm(d).Estimate()
		if got < want || got > want*1.0005 {
			t.Errorf("d = %d: %v, want %v from above", d, got, want)
		}
	}
	rng := rand.New(rand.NewPCG(2, 1))
	groups := []Group{
		{1, []Piece{{From: e.Int(0), To: e.Frac(1, 4), Scale: e.Int(3), Offset: e.Int(-1)},
			{From: e.Frac(1, 4), Endless: true, Scale: e.Frac(1, 2), Offset: e.Frac(-3, 8)}}},
		e.normalGroup(2, e.Frac(1, 3), e.Frac(-1, 5)),
	}
	sum, squares := 0.0, 0.0
	const n = 400000
	for range n {
		z := math.Abs(rng.NormFloat64())
		v := 3*z - 1
		if z > 0.25 {
			v = z/2 - 0.375
		}
		q := v * v
		for range 2 {
			w := math.Abs(rng.NormFloat64())/3 - 0.2
			q += w * w
		}
		sum, squares = sum+math.Sqrt(q), squares+q
	}
	near(t, "mean root", e.MeanRoot(groups).Estimate(), sum/n, 3e-3)
	near(t, "mean square", e.MeanSquare(groups).Estimate(), squares/n, 5e-3)
}

// TestDepths is the table of two points at -1 and 1: least depths, log-scales >= -S.
func TestDepths(t *testing.T) {
	e := must(New(Prec))
	r := func(s string) *big.Rat { x, _ := new(big.Rat).SetString(s); return x }
	for _, c := range []struct {
		d        int
		s        string
		eps      string
		at, kind int64
	}{
		{2, "1", "0.1", 5, 0}, {2, "1", "0.3", 3, 0}, {8, "1", "0.01", 12, 0}, {64, "1", "0.001", 18, 0}, {3072, "1", "0.1", 13, 0},
		{2, "2", "0.1", 4, 1}, {8, "1.2", "0.1", 19, 1}, {64, "4", "0.3", 3, 1},
		{2, "0", "0.5", 0, 0}, {2, "0", "0.9", 1, 0},
	} {
		l := Layers{LogScale, r(c.s), c.d / 2}
		if c.kind == 1 {
			l.Kind = Lipschitz
		}
		b, err := e.DepthOf(Target{Dim: c.d, Pieces: 2, Gap: big.NewRat(2, 1)}, l, r(c.eps), 1)
		if err != nil || b.AtLeast != c.at {
			t.Errorf("%+v: %+v, %v", c, b, err)
		}
		if b != nil && b.AtLeast > 1 && !exceeds(b.Limit.Value, r(c.eps)) {
			t.Errorf("%+v: the limit %v does not exclude", c, b.Limit.Value)
		}
	}
	var a *ArgumentError
	for _, x := range []struct {
		t Target
		l Layers
		e string
	}{
		{Target{Dim: 0, Pieces: 2}, Layers{LogScale, r("1"), 1}, "0.1"}, {Target{Dim: 2, Pieces: 0}, Layers{LogScale, r("1"), 1}, "0.1"},
		{Target{Dim: 2, Pieces: 2}, Layers{Lipschitz, r("0.5"), 0}, "0.1"}, {Target{Dim: 2, Pieces: 2}, Layers{LogScale, r("-1"), 1}, "0.1"},
		{Target{Dim: 2, Pieces: 2}, Layers{LogScale, r("1"), 3}, "0.1"}, {Target{Dim: 2, Pieces: 2}, Layers{LogScale, r("1"), 1}, "0"},
	} {
		if _, err := e.DepthOf(x.t, x.l, r(x.e), 1); !errors.As(err, &a) {
			t.Errorf("%+v: %v", x, err)
		}
	}
	var d *DepthError
	if _, err := e.DepthOf(Target{Dim: 2, Pieces: 2}, Layers{LogScale, r("1e-200"), 1}, r("0.1"), 1); !errors.As(err, &d) {
		t.Errorf("tiny scales: %v", err)
	}
}

// TestCondition: 112.4 for the plane and 0.1; its boxes prove it, and nothing bolder.
func TestCondition(t *testing.T) {
	e := must(New(Prec))
	two, eps := Target{Dim: 2, Pieces: 2, Gap: big.NewRat(2, 1)}, big.NewRat(1, 10)
	c := must(e.ConditionOf(two, eps, 1))
	if c.AtLeast < 112.4 || c.AtLeast > 145.2 || math.Abs(c.Lipschitz-3.96844) > 1e-4 {
		t.Errorf("%v, %v", c.AtLeast, c.Lipschitz)
	}
	if !e.CheckCondition(two, eps, 1, c) {
		t.Fatal("the boxes do not prove it")
	}
	for name, change := range map[string]func(c *Condition){
		"condition": func(c *Condition) { c.AtLeast *= 1.01 },
		"lipschitz": func(c *Condition) { c.Lipschitz *= 1.001 },
		"stretch":   func(c *Condition) { c.Stretch *= 0.999 },
		"a box":     func(c *Condition) { c.Boxes[5].Lipschitz *= 1.01 },
		"a gap":     func(c *Condition) { c.Boxes[5].From *= 1.001 },
		"no end":    func(c *Condition) { c.Boxes = c.Boxes[:len(c.Boxes)-1] },
	} {
		d := *c
		d.Boxes = append([]Box(nil), c.Boxes...)
		if change(&d); e.CheckCondition(two, eps, 1, &d) {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestReachRefuses: flows that the proof does not fit, and a bound that grows with a step
// that forgets too little.
func TestReachRefuses(t *testing.T) {
	pl := func(x, y float64) neural.PL { return must(neural.NewPL([]float64{-x, x}, []float64{-y, y})) }
	flow := func(back float64, knot float64) *neural.Flow {
		return must(neural.NewFlow(2,
			neural.Layer{Updates: []neural.Update{{Coord: 1, Reads: 0, Factor: 0.5, Shift: pl(0x1p-20, 64)}}},
			neural.Layer{Updates: []neural.Update{{Coord: 0, Reads: 1, Factor: 0.5, Shift: pl(knot, 0.6)}}},
			neural.Layer{Updates: []neural.Update{{Coord: 1, Reads: 0, Factor: 0.5, Shift: pl(0.6, back)}}}))
	}
	c := Cube{2, []int{0}, big.NewRat(1, 1)}
	ramp := rat(0x1p-20)
	good := must(Reach(flow(-32, 32), c, ramp))
	bad := must(Reach(flow(-31.5, 32), c, ramp))
	if g, b := down(good.W1), down(bad.W1); g > 0.6 || b < g+0.01 {
		t.Errorf("W1 %v, with half a unit that stays %v", g, b)
	}
	var f *FlowError
	if _, err := Reach(flow(-32, 60), c, ramp); !errors.As(err, &f) {
		t.Errorf("a knot too far: %v", err)
	}
	if _, err := Reach(flow(-32, 32), c, rat(0x1p-21)); !errors.As(err, &f) {
		t.Errorf("a ramp that is met: %v", err)
	}
	// The flow, sampled: its coupling is within the bound.
	rng := rand.New(rand.NewPCG(3, 1))
	sum := 0.0
	const n = 100000
	for range n {
		z := []float64{rng.NormFloat64(), rng.NormFloat64()}
		x := must(neural.Forward(flow(-32, 32), z))
		sum += math.Hypot(x[0]-math.Copysign(1, z[0]), x[1])
	}
	near(t, "the coupling", sum/n, down(good.W1), 5e-3)
}
