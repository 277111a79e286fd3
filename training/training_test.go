package training

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/mat"

	"flowproof/internal/gemm"
)

// noisy gives every parameter of a new model a random part, since the last
// layers of a new model are 0.
func noisy[T Float](t *testing.T, c Config, seed uint64) *Model[T] {
	t.Helper()
	m, err := New[T](c, seed)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 7))
	for i := range m.theta {
		m.theta[i] += T(0.6 / math.Sqrt(float64(c.Hidden)) * rng.NormFloat64())
	}
	return m
}

func normal[T Float](rows, cols int, seed uint64) gemm.Matrix[T] {
	rng := rand.New(rand.NewPCG(seed, 8))
	x := gemm.New[T](rows, cols)
	for i := range x.Data {
		x.Data[i] = T(rng.NormFloat64())
	}
	return x
}

func clone[T Float](x gemm.Matrix[T]) gemm.Matrix[T] {
	x.Data = append([]T(nil), x.Data...)
	return x
}

var configs = []Config{
	{Dim: 2, Couplings: 1, Hidden: 3, HiddenLayers: 1, LogScale: 2},
	{Dim: 2, Couplings: 4, Hidden: 5, HiddenLayers: 2, LogScale: 1.5},
	{Dim: 5, Couplings: 3, Hidden: 4, HiddenLayers: 3, LogScale: 2},
	{Dim: 5, Couplings: 3, Hidden: 6, HiddenLayers: 1, Additive: true},
	{Dim: 3, Couplings: 2, Hidden: 4, HiddenLayers: 2, LogScale: 2}, // output as wide as hidden
}

// The derivatives of both losses against central differences.
func TestGradient(t *testing.T) {
	for _, c := range configs {
		m := noisy[float64](t, c, 3)
		const rows = 7
		x, want := normal[float64](rows, c.Dim, 1), normal[float64](rows, c.Dim, 2)
		g := NewGradient(m, rows, 2)
		copy(g.Input().Data, x.Data)
		for name, loss := range map[string]Loss[float64]{
			"likelihood":    (*Gradient[float64]).Likelihood,
			"least squares": func(g *Gradient[float64]) (float64, []float64) { return g.LeastSquares(want) },
		} {
			_, grad := loss(g)
			grad = append([]float64(nil), grad...)
			for i := range m.theta {
				const h = 1e-6
				old := m.theta[i]
				m.theta[i] = old + h
				up, _ := loss(g)
				m.theta[i] = old - h
				down, _ := loss(g)
				m.theta[i] = old
				if got, want := grad[i], (up-down)/(2*h); !(math.Abs(got-want) <= 1e-6*(1+math.Abs(want))) {
					t.Fatalf("%+v, %s: derivative %d is %g, differences give %g", c, name, i, got, want)
				}
			}
		}
	}
}

// Forward, Likelihood and Jacobian tell the same story: the loss is that of the
// density computed from the mapped points and the determinant of the Jacobian,
// the Jacobian is that of differences, the inverse takes back.
func TestModel(t *testing.T) {
	for _, c := range configs {
		m := noisy[float64](t, c, 5)
		const rows = 6
		x := normal[float64](rows, c.Dim, 9)
		z, logDet := clone(x), make([]float64, rows)
		m.Forward(z, logDet, 1)
		sum := 0.0
		for i := range rows {
			j := m.Jacobian(x.Row(i))
			det, sign := mat.LogDet(mat.NewDense(c.Dim, c.Dim, j.Data))
			if sign != 1 || math.Abs(det-logDet[i]) > 1e-10 {
				t.Errorf("%+v: log-determinant %g, that of the Jacobian %g, sign %g", c, logDet[i], det, sign)
			}
			for k := range c.Dim {
				const h = 1e-6
				up, down := clone(x), clone(x)
				up.Row(i)[k] += h
				down.Row(i)[k] -= h
				m.Forward(up, nil, 1)
				m.Forward(down, nil, 1)
				for r := range c.Dim {
					want := (up.Row(i)[r] - down.Row(i)[r]) / (2 * h)
					if got := j.Row(r)[k]; math.Abs(got-want) > 1e-6*(1+math.Abs(want)) {
						t.Fatalf("%+v: Jacobian (%d, %d) is %g, differences give %g", c, r, k, got, want)
					}
				}
			}
			for _, v := range z.Row(i) {
				sum += v*v/2 + math.Log(2*math.Pi)/2
			}
			sum -= det
		}
		g := NewGradient(m, rows, 1)
		copy(g.Input().Data, x.Data)
		if loss, _ := g.Likelihood(); math.Abs(loss-sum/rows) > 1e-10 {
			t.Errorf("%+v: loss %g, from densities %g", c, loss, sum/rows)
		}
		m.Inverse(z, 1)
		if diff := cmp.Diff(x.Data, z.Data, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-11 })); diff != "" {
			t.Errorf("%+v: inverse: %s", c, diff)
		}
	}
}

// Singular values of the Jacobian against those of its rows' Gram matrix.
func TestSingularValues(t *testing.T) {
	m := noisy[float64](t, configs[2], 4)
	x := normal[float64](1, 5, 3).Row(0)
	got, err := SingularValues(m, x)
	if err != nil {
		t.Fatal(err)
	}
	j := mat.NewDense(5, 5, m.Jacobian(x).Data)
	var gram mat.SymDense
	gram.SymOuterK(1, j)
	var eigen mat.EigenSym
	if !eigen.Factorize(&gram, false) {
		t.Fatal("no eigenvalues")
	}
	for i, v := range eigen.Values(nil) { // the smallest first
		if want := math.Sqrt(v); math.Abs(got[4-i]-want) > 1e-9*(1+want) {
			t.Errorf("singular value %d is %g, want %g", 4-i, got[4-i], want)
		}
	}
}

// Couplings set to shears are shears, between others that are the identity.
func TestSetLinear(t *testing.T) {
	for _, additive := range []bool{false, true} {
		m, err := New[float64](Config{Dim: 5, Couplings: 3, Hidden: 7, HiddenLayers: 2, LogScale: 2, Additive: additive}, 1)
		if err != nil {
			t.Fatal(err)
		}
		weight := normal[float64](2, 3, 5)
		if err := m.SetLinear(1, weight); err != nil {
			t.Fatal(err)
		}
		x := normal[float64](9, 5, 6)
		z := clone(x)
		m.Forward(z, nil, 1)
		for i := range x.Rows {
			want := append([]float64(nil), x.Row(i)...)
			for r := range 2 {
				for c := range 3 {
					want[r] += weight.Row(r)[c] * x.Row(i)[2+c]
				}
			}
			if diff := cmp.Diff(want, z.Row(i), cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-13 })); diff != "" {
				t.Fatal(diff)
			}
		}
		var e *ConfigError
		if err := m.SetLinear(0, weight); !errors.As(err, &e) || e.Field != "weight" {
			t.Error(err)
		}
	}
	m, err := New[float64](Config{Dim: 5, Couplings: 3, Hidden: 5, HiddenLayers: 2, LogScale: 2}, 1)
	if err != nil {
		t.Fatal(err)
	}
	var e *ConfigError
	if err := m.SetLinear(1, normal[float64](2, 3, 5)); !errors.As(err, &e) || e.Field != "hidden units" {
		t.Error(err)
	}
}

// A new model is the identity.
func TestNewIsIdentity(t *testing.T) {
	m, err := New[float32](configs[1], 1)
	if err != nil {
		t.Fatal(err)
	}
	x := normal[float32](10, 2, 1)
	z := clone(x)
	m.Forward(z, nil, 1)
	if diff := cmp.Diff(x.Data, z.Data); diff != "" {
		t.Error(diff)
	}
}

// The float32 exponential over its whole range, and the hyperbolic tangent.
func TestElementary(t *testing.T) {
	for x := float32(-87.2); x < 88.37; x += 0.00013 {
		want := math.Exp(float64(x))
		if got := float64(exp32(x)); math.Abs(got-want) > 3*0x1p-24*want {
			t.Fatalf("exp(%v) = %v, want %v", x, got, want)
		}
	}
	for x := float32(-25); x < 25; x += 0.00013 {
		if got, want := float64(tanh(x)), math.Tanh(float64(x)); math.Abs(got-want) > 2e-7 {
			t.Fatalf("tanh(%v) = %v, want %v", x, got, want)
		}
	}
	for _, x := range []float32{float32(math.Inf(-1)), -1000, -88} {
		if got := exp32(x); got != 0 {
			t.Errorf("exp(%v) = %v", x, got)
		}
	}
	if got := exp32(float32(math.NaN())); got == got {
		t.Errorf("exp(NaN) = %v", got)
	}
	if got := exp32(1000); !(got > 2.3e38) {
		t.Errorf("exp(1000) = %v", got)
	}
}

// gaussian is a source of normal points with mean 1 and deviations 0.5 and 2.
type gaussian struct{}

func (gaussian) Batch(seed uint64, step int, to gemm.Matrix[float32]) {
	rng := rand.New(rand.NewPCG(seed, uint64(step)))
	for i := range to.Rows {
		row := to.Row(i)
		row[0], row[1] = float32(1+0.5*rng.NormFloat64()), float32(1+2*rng.NormFloat64())
	}
}

// Descent reaches the entropy of a normal law, which is known: log(2 pi e) for
// deviations whose product is 1.
func TestLearns(t *testing.T) {
	r, err := Start[float32](Config{Dim: 2, Couplings: 2, Hidden: 8, HiddenLayers: 1, LogScale: 2}, Options{Steps: 600, Batch: 256, Rate: 0.02, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	g := NewGradient(r.Model, 256, 1)
	for range r.Options.Steps {
		if _, ok := r.Advance(g, gaussian{}, (*Gradient[float32]).Likelihood); !ok {
			t.Fatal("diverged")
		}
	}
	x := gemm.New[float32](4096, 2)
	gaussian{}.Batch(99, 1<<30, x)
	logDet, sum := make([]float64, x.Rows), 0.0
	r.Model.Forward(x, logDet, 1)
	for i := range x.Rows {
		for _, v := range x.Row(i) {
			sum += float64(v)*float64(v)/2 + math.Log(2*math.Pi)/2
		}
		sum -= logDet[i]
	}
	if got, want := sum/float64(x.Rows), math.Log(2*math.Pi*math.E); math.Abs(got-want) > 0.06 {
		t.Errorf("loss %g, entropy %g", got, want)
	}
}

// The number of threads changes no bit.
func TestThreads(t *testing.T) {
	var first []float32
	for threads := 1; threads <= 3; threads++ {
		r, err := Start[float32](Config{Dim: 2, Couplings: 2, Hidden: 128, HiddenLayers: 2, LogScale: 2}, Options{Steps: 5, Batch: 300, Rate: 0.01, Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		g := NewGradient(r.Model, 300, threads)
		for range 5 {
			r.Advance(g, gaussian{}, (*Gradient[float32]).Likelihood)
		}
		if first == nil {
			first = r.Model.theta
		}
		if diff := cmp.Diff(first, r.Model.theta); diff != "" {
			t.Fatalf("%d threads: %s", threads, diff)
		}
	}
}

// A batch of infinities leaves the parameters alone.
func TestDiverges(t *testing.T) {
	r, err := Start[float32](configs[0], Options{Steps: 5, Batch: 4, Rate: 0.01})
	if err != nil {
		t.Fatal(err)
	}
	before := append([]float32(nil), r.Model.theta...)
	g := NewGradient(r.Model, 4, 1)
	bad := source(func(to gemm.Matrix[float32]) { to.Data[3] = float32(math.Inf(1)) })
	if _, ok := r.Advance(g, bad, (*Gradient[float32]).Likelihood); ok || r.Step() != 0 {
		t.Errorf("an infinite batch passes, step %d", r.Step())
	}
	if diff := cmp.Diff(before, r.Model.theta); diff != "" {
		t.Error(diff)
	}
}

type source func(to gemm.Matrix[float32])

func (s source) Batch(_ uint64, _ int, to gemm.Matrix[float32]) { s(to) }

func TestCheck(t *testing.T) {
	good := configs[1]
	for name, spoil := range map[string]func(c *Config){
		"dimension": func(c *Config) { c.Dim = 1 }, "couplings": func(c *Config) { c.Couplings = 0 }, "hidden units": func(c *Config) { c.Hidden = 0 },
		"hidden layers": func(c *Config) { c.HiddenLayers = 0 }, "bound of the log-scale": func(c *Config) { c.LogScale = math.NaN() },
		"parameters": func(c *Config) { c.Dim, c.Hidden, c.Couplings = 1<<16, 1<<14, 1<<10 },
	} {
		c := good
		spoil(&c)
		_, err := New[float32](c, 1)
		if e, ok := err.(*ConfigError); !ok || e.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, o := range map[string]Options{
		"steps": {Batch: 1, Rate: 1}, "batch": {Steps: 1, Rate: 1}, "rate": {Steps: 1, Batch: 1, Rate: math.NaN()}, "clip": {Steps: 1, Batch: 1, Rate: 1, Clip: math.Inf(1)},
	} {
		_, err := Start[float32](good, o)
		if e, ok := err.(*ConfigError); !ok || e.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	for _, c := range []Config{{Dim: 2, Couplings: 8, Hidden: 64, HiddenLayers: 2, LogScale: 2}, {Dim: 784, Couplings: 8, Hidden: 256, HiddenLayers: 2, LogScale: 2}} {
		b.Run(fmt.Sprintf("dim%d", c.Dim), func(b *testing.B) {
			r, err := Start[float32](c, Options{Steps: 1 << 30, Batch: 256, Rate: 1e-3})
			if err != nil {
				b.Fatal(err)
			}
			g := NewGradient(r.Model, 256, 2)
			x := normal[float32](256, c.Dim, 1)
			s := source(func(to gemm.Matrix[float32]) { copy(to.Data, x.Data) })
			for b.Loop() {
				r.Advance(g, s, (*Gradient[float32]).Likelihood)
			}
		})
	}
}
