package exchange_test

import (
	"errors"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/exchange"
	"flowproof/empirical"
	"flowproof/neural"
)

var (
	bimodal = exchange.Mixture{Means: []float64{-1, 1}, SD: 0.3}
	narrow  = exchange.Mixture{Means: []float64{-0.7, 0.7}, SD: 0.25}
	wave    = exchange.Wave{Height: 0.6, Rate: 2}
	given   = exchange.Passive{Mean: exchange.Wave{Height: 0.7, Rate: 1.5}, LogSD: exchange.Wave{Height: 0.5, Rate: 3}}
)

// flows are the constructions that have a parameter s, by name.
var flows = map[string]func(exchange.Options) (*exchange.Built, error){
	"padding-marginal": func(o exchange.Options) (*exchange.Built, error) { return exchange.OneCoupling(bimodal, o) },
	"zero-padding":     func(o exchange.Options) (*exchange.Built, error) { return exchange.ZeroPadding(bimodal, o) },
	"gaussian-padding": func(o exchange.Options) (*exchange.Built, error) { return exchange.GaussianPadding(bimodal, o) },
	"one-padding-coordinate": func(o exchange.Options) (*exchange.Built, error) {
		return exchange.OneCoordinate(bimodal, narrow, wave, o)
	},
	"four-couplings": func(o exchange.Options) (*exchange.Built, error) {
		o.Knee = 2
		return exchange.FourCouplings(exchange.Uniform{}, exchange.Uniform{}, o)
	},
	"four-couplings, mixed": func(o exchange.Options) (*exchange.Built, error) {
		return exchange.FourCouplings(bimodal, narrow, o)
	},
	"five-couplings": func(o exchange.Options) (*exchange.Built, error) {
		return exchange.FiveCouplings(narrow, bimodal, wave, given.LogSD, o)
	},
	"passive-coordinate": func(o exchange.Options) (*exchange.Built, error) {
		return exchange.PassiveCoordinate(bimodal, given, o)
	},
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// latent returns quasi-random points of N(0, I), and beside them the points of a
// grid that reaches far into the tails.
func latent(b *exchange.Built, n int) (normal, all [][]float64) {
	d := b.Flow.Dim()
	normal = empirical.Normal(empirical.Points(n, d, []float64{0.1, 0.7, 0.3}[:d]))
	all = append(all, normal...)
	ticks := []float64{-7.5, -5, -3, -1, -0.01, 0, 0.01, 1, 3, 5, 7.5}
	at := make([]int, d)
	for k := 0; k >= 0; {
		z := make([]float64, d)
		for i, j := range at {
			z[i] = ticks[j]
		}
		all = append(all, z)
		for k = d - 1; k >= 0; k-- {
			if at[k]++; at[k] < len(ticks) {
				break
			}
			at[k] = 0
		}
	}
	if b.Zero {
		for _, z := range all {
			for _, k := range b.LatentPadding {
				z[k] = 0
			}
		}
	}
	return normal, all
}

// TestWithin: at every point, deep in the tails too, the flow is as near to the point
// of the proof as the chapter says; and at some it is not ten times nearer.
func TestWithin(t *testing.T) {
	for name, make := range flows {
		for _, s := range []float64{0.1, 0.01} {
			b, err := make(exchange.DefaultOptions(s))
			if err != nil {
				t.Fatal(name, err)
			}
			_, all := latent(b, 2000)
			sharp := 0.0
			for _, z := range all {
				x, y, e := must(neural.Forward(b.Flow, z)), b.Target(z), b.Within(z)
				for k := range x {
					d := math.Abs(x[k] - y[k])
					if !(d <= e[k]*(1+1e-6)+1e-9) {
						t.Fatalf("%s, s = %v, z = %v: coordinate %d is %v from %v, the bound is %v", name, s, z, k, d, y[k], e[k])
					}
					if e[k] > 0 {
						sharp = max(sharp, d/e[k])
					}
				}
			}
			if sharp < 0.1 {
				t.Errorf("%s, s = %v: the error is at most %v of its bound", name, s, sharp)
			}
		}
	}
}

// rms is the root mean squared error of the coupling.
func rms(b *exchange.Built, points [][]float64) float64 {
	sum := 0.0
	for _, z := range points {
		x, y := must(neural.Forward(b.Flow, z)), b.Target(z)
		for k := range x {
			sum += (x[k] - y[k]) * (x[k] - y[k])
		}
	}
	return math.Sqrt(sum / float64(len(points)))
}

func svd(n int, a []float64) []float64 {
	var s mat.SVD
	if !s.Factorize(mat.NewDense(n, n, a), mat.SVDNone) {
		panic("no singular values")
	}
	return s.Values(nil)
}

// TestLimit: the error falls like s, and the condition number does not rise.
func TestLimit(t *testing.T) {
	for name, make := range flows {
		if name == "zero-padding" || name == "four-couplings" || name == "padding-marginal" {
			continue // no error that depends on s; an error of the tails; a determinant of s
		}
		var errs, worst []float64
		for _, s := range []float64{0.01, 0.001} {
			b := must(make(exchange.DefaultOptions(s)))
			points, _ := latent(b, 1500)
			errs = append(errs, rms(b, points))
			kappa := 0.0
			for _, z := range points {
				if !near(z) {
					continue
				}
				v := svd(b.Flow.Dim(), must(b.Flow.Jacobian(z)))
				kappa = max(kappa, v[0]/v[len(v)-1])
			}
			worst = append(worst, kappa)
		}
		if q := errs[0] / errs[1]; q < 8 || q > 13 {
			t.Errorf("%s: errors %v for s = 0.01, 0.001", name, errs)
		}
		if worst[1] > 1.2*worst[0] {
			t.Errorf("%s: condition numbers %v", name, worst)
		}
	}
}

func near(z []float64) bool {
	for _, v := range z {
		if math.Abs(v) > 3 {
			return false
		}
	}
	return true
}

// TestDeterminant: log det is log T' of what was exchanged, here of the two maps of
// four couplings, though single layers scale by s and 1/s.
func TestDeterminant(t *testing.T) {
	b := must(flows["gaussian-padding"](exchange.DefaultOptions(1e-3)))
	for _, z := range [][]float64{{0.3, -1}, {-1.2, 0.4}, {0, 2}} {
		y := bimodal.T(z[0]) + 1e-3*z[1]
		got, want := must(b.Flow.LogDet(z)), -bimodal.LogSlope(y)
		if math.Abs(got-want) > 1e-4 {
			t.Errorf("log det %v at %v, want %v", got, z, want)
		}
		j := must(b.Flow.Jacobian(z))
		if d := math.Log(math.Abs(j[0]*j[3] - j[1]*j[2])); math.Abs(d-got) > 1e-6 {
			t.Errorf("the Jacobian's log det is %v at %v, want %v", d, z, got)
		}
	}
}

// TestLogDet: the determinants of the targets are those of difference quotients.
func TestLogDet(t *testing.T) {
	for name, make := range flows {
		b := must(make(exchange.DefaultOptions(0.1)))
		if b.LogDet == nil {
			continue
		}
		d := b.Flow.Dim()
		for _, z := range [][]float64{{0.3, -0.4, 0.7}, {-1.1, 0.9, -2}} {
			z, j := z[:d], mat.NewDense(d, d, nil)
			for k := range d {
				const h = 1e-5
				up, down := append([]float64(nil), z...), append([]float64(nil), z...)
				up[k], down[k] = up[k]+h, down[k]-h
				x, y := b.Target(up), b.Target(down)
				for i := range d {
					j.Set(i, k, (x[i]-y[i])/(2*h))
				}
			}
			if got, want := b.LogDet(z), math.Log(math.Abs(mat.Det(j))); math.Abs(got-want) > 1e-5 {
				t.Errorf("%s: log det %v at %v, want %v", name, got, z, want)
			}
		}
	}
}

// TestLikelihood: the divergence of the exchange is half of s^2 E S'^2 plus what the
// noise gains, integrated here with the smooth map and no flow; it falls like s^2,
// that of the others at least like s.
func TestLikelihood(t *testing.T) {
	kl := func(b *exchange.Built) float64 {
		points, _ := latent(b, 4000)
		sum := 0.0
		for _, z := range points {
			sum += must(b.LogRatio(z)) / float64(len(points))
		}
		return sum
	}
	o := exchange.DefaultOptions(0.02)
	o.Refine = 32 // the interpolation of log S' adds O(h^2) to O(s^2)
	b := must(exchange.GaussianPadding(bimodal, o))
	points, _ := latent(b, 4000)
	want := 0.0
	for _, p := range points {
		y := bimodal.T(p[0])
		dz := o.Noise * p[1] * math.Exp(bimodal.LogSlope(y))
		w := (y - bimodal.T(p[0]-dz)) / o.Noise
		want += ((p[0]-dz)*(p[0]-dz) - p[0]*p[0] + w*w - p[1]*p[1]) / 2 / float64(len(points))
	}
	if got := kl(b); math.Abs(got-want) > 0.02*want {
		t.Errorf("KL %v, want %v", got, want)
	}
	for name, make := range flows {
		if b := must(make(exchange.DefaultOptions(0.1))); b.LogDet == nil || name == "four-couplings" {
			continue // no density; an error of the tails
		}
		coarse, fine := kl(must(make(exchange.DefaultOptions(0.02)))), kl(must(make(exchange.DefaultOptions(0.002))))
		if !(math.Abs(fine) < coarse/8) {
			t.Errorf("%s: KL %v for s = 0.02, %v for 0.002", name, coarse, fine)
		}
	}
}

// TestLaws: T and S are inverse, the mixture has its distribution function, and the
// slopes are difference quotients.
func TestLaws(t *testing.T) {
	for _, l := range []exchange.Law{bimodal, narrow, exchange.Uniform{}, exchange.Mixture{Means: []float64{-2, 0, 0.1, 5}, SD: 0.7}} {
		for z := -4.0; z <= 4; z += 0.37 {
			y := l.T(z)
			if back := l.S(y); math.Abs(back-z) > 1e-9 {
				t.Errorf("%v: S(T(%v)) = %v", l, z, back)
			}
			const h = 1e-5
			up, down := l.T(z+h), l.T(z-h)
			if got, want := l.LogSlope(y), math.Log(2*h/(up-down)); math.Abs(got-want) > 1e-4*(1+math.Abs(want)) {
				t.Errorf("%v: log S' = %v at %v, a difference quotient has %v", l, got, y, want)
			}
			if got, want := l.Roughness(y), math.Abs((l.LogSlope(up)-l.LogSlope(down))/(up-down)); math.Abs(got-want) > 1e-3*(1+want) {
				t.Errorf("%v: |(log S')'| = %v at %v, a difference quotient has %v", l, got, y, want)
			}
			if m, ok := l.(exchange.Mixture); ok {
				mass := 0.0
				for _, mean := range m.Means {
					mass += math.Erfc((mean-y)/m.SD/math.Sqrt2) / 2 / float64(len(m.Means))
				}
				if want := math.Erfc(-z/math.Sqrt2) / 2; math.Abs(mass-want) > 1e-12 {
					t.Errorf("%v: mass %v below T(%v), want %v", l, mass, z, want)
				}
			}
		}
	}
}

// TestCouplings counts them.
func TestCouplings(t *testing.T) {
	for name, want := range map[string]int{"padding-marginal": 1, "zero-padding": 2, "gaussian-padding": 2, "one-padding-coordinate": 4, "four-couplings": 4, "five-couplings": 5, "passive-coordinate": 2} {
		if got := must(flows[name](exchange.DefaultOptions(0.1))).Couplings(); got != want {
			t.Errorf("%s: %d couplings, want %d", name, got, want)
		}
	}
}

// TestTwoAtoms: the Lipschitz constant times delta^2 is 2/(3 sqrt(2 pi)) a^3 as slope
// grows and the noise goes to 0: the limit of price-clusters is attained, in any
// direction of the two points. delta^2 is integrated, not sampled.
func TestTwoAtoms(t *testing.T) {
	limit := 2 / (3 * math.Sqrt(2*math.Pi))
	for _, angle := range []float64{0, 0.5, math.Pi / 4, 1.2} {
		v := [2]float64{math.Cos(angle), math.Sin(angle)}
		for _, slope := range []float64{10, 100} {
			const noise = 1e-5
			b := must(exchange.TwoAtoms(v, slope*v[0], noise))
			// Over z2 by the midpoint rule on the ramp; the noise adds 2 noise^2 at most.
			square := 0.0
			const n = 20000
			for k := range n {
				z2 := (float64(k) + 0.5) / n / slope
				z := []float64{0, z2}
				x, y := must(neural.Forward(b.Flow, z)), b.Target(z)
				d := (x[0]-y[0])*(x[0]-y[0]) + (x[1]-y[1])*(x[1]-y[1])
				square += 2 * d * math.Exp(-z2*z2/2) / math.Sqrt(2*math.Pi) / n / slope
			}
			lip := svd(2, must(b.Flow.Jacobian([]float64{0, 0})))[0]
			got := lip * (square + 2*noise*noise)
			if got < limit*(1-1.0/(20*slope*slope)) || got > limit*1.01 {
				t.Errorf("angle %v, slope %v: Lipschitz constant times delta^2 is %v, the limit is %v", angle, slope, got, limit)
			}
			// Two atoms: the smallest singular value is at most delta / e_2.
			far := svd(2, must(b.Flow.Jacobian([]float64{0, 1})))
			if most := math.Sqrt(square) / math.Sqrt(2-2/math.Pi); far[1] > most {
				t.Errorf("angle %v: smallest singular value %v, at most %v", angle, far[1], most)
			}
			_, all := latent(b, 500)
			for _, z := range all {
				x, y, e := must(neural.Forward(b.Flow, z)), b.Target(z), b.Within(z)
				for k := range x {
					if d := math.Abs(x[k] - y[k]); d > e[k]+1e-12 {
						t.Fatalf("z = %v: coordinate %d is %v off, the bound is %v", z, k, d, e[k])
					}
				}
			}
		}
	}
}

// TestOptions: what is out of range is refused.
func TestOptions(t *testing.T) {
	for _, o := range []exchange.Options{{}, {Noise: math.NaN(), Knee: 7, Refine: 4}, {Noise: 0.1, Knee: 9, Refine: 4}, {Noise: 0.1, Knee: 7}, {Noise: 1e-6, Knee: 7, Refine: 64}} {
		var e *exchange.OptionError
		if _, err := exchange.GaussianPadding(bimodal, o); !errors.As(err, &e) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, m := range []exchange.Mixture{{}, {Means: []float64{0}}, {Means: []float64{0}, SD: -1}, {Means: []float64{math.NaN()}, SD: 1}, {Means: []float64{math.Inf(1)}, SD: 1},
		{Means: []float64{-1e6, 1e6}, SD: 1e-3}, {Means: []float64{-30, 30}, SD: 1}} {
		if b, err := exchange.GaussianPadding(m, exchange.DefaultOptions(0.1)); err == nil {
			t.Errorf("%+v is taken: %v", m, b)
		}
	}
	if _, err := exchange.OneCoordinate(bimodal, narrow, exchange.Wave{Height: math.NaN(), Rate: 1}, exchange.DefaultOptions(0.1)); err == nil {
		t.Error("a wave that is no number is taken")
	}
	var e *exchange.OptionError
	if _, err := exchange.TwoAtoms([2]float64{1, 0}, 10, 0.2); !errors.As(err, &e) {
		t.Errorf("noise as wide as the gap: %v", err)
	}
}
