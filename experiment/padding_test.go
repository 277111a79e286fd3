package experiment

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowproof/internal/gemm"
	"flowproof/targets"
	"flowproof/training"
)

func smallCase(t *testing.T, p Padding, steps int) *Case {
	t.Helper()
	d, err := Density("square")
	if err != nil {
		t.Fatal(err)
	}
	return &Case{Data: d, Padding: p, Depth: 4, Hidden: 16, Threads: 1, Options: training.Options{Steps: steps, Batch: 128, Rate: 0.01, Clip: 10, Seed: 1}}
}

func quiet(int) error { return nil }

// What the entropies of named densities are: uniform laws have the logarithm of
// their area.
func TestEntropy(t *testing.T) {
	for name, want := range map[string]float64{"square": 1, "checkerboard": 0.5} {
		d, err := Density(name)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(d.Entropy-want) > 1e-12 {
			t.Errorf("%s: %g bits a dimension, want %g", name, d.Entropy, want)
		}
	}
	if _, err := Density("cube"); err == nil {
		t.Error("an unknown density passes")
	}
}

// A flow that is the identity has a likelihood that is known: that of the square
// under N(0, I), and with padding the bound is the same number, since the padding
// of deviation 1 is fitted exactly.
func TestBits(t *testing.T) {
	want := (math.Log(2*math.Pi)/2 + 1.0/6) / math.Ln2 // E x^2 = 1/3
	for _, p := range []Padding{{None, 0}, {Gaussian, 1}, {Gaussian, 2}} {
		c := smallCase(t, p, 1)
		m, err := training.New[float32](c.config(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.likelihood(m, 40000); math.Abs(got-want) > 0.02 {
			t.Errorf("%v: %g bits, want %g", p, got, want)
		}
	}
	// Of quiet noise it is more, by the divergence of N(0, s^2) from N(0, 1).
	c := smallCase(t, Padding{Noise, 1}, 1)
	m, err := training.New[float32](c.config(), 1)
	if err != nil {
		t.Fatal(err)
	}
	excess := (-math.Log(Quiet) + Quiet*Quiet/2 - 0.5) / math.Ln2
	if got := c.likelihood(m, 40000); math.Abs(got-want-excess) > 0.02 {
		t.Errorf("noise: %g bits, want %g", got, want+excess)
	}
	if got := smallCase(t, Padding{Zeros, 1}, 1).bits(1); !math.IsNaN(got) {
		t.Errorf("zeros have a density: %g", got)
	}
}

// The padding is what its kind says.
func TestPadding(t *testing.T) {
	for _, p := range []Padding{{Zeros, 2}, {Noise, 2}, {Gaussian, 2}} {
		c := smallCase(t, p, 1)
		x := gemm.New[float32](2000, c.dim())
		c.Batch(1, 0, x)
		mean := 0.0
		for i := range x.Rows {
			for _, v := range x.Row(i)[2:] {
				mean += float64(v) * float64(v) / float64(4*x.Rows)
			}
		}
		if got, want := math.Sqrt(mean), p.deviation(); math.Abs(got-want) > 0.05*want {
			t.Errorf("%v: deviation %g, want %g", p, got, want)
		}
	}
}

// A run stopped in the middle goes on from the last look and ends in the same
// parameters; stopping returns the error that stopped it.
func TestStopped(t *testing.T) {
	c := smallCase(t, Padding{Gaussian, 1}, 250)
	whole, err := c.Train(nil, quiet)
	if err != nil {
		t.Fatal(err)
	}
	keep := Folder{t.TempDir()}
	stop := errors.New("stop")
	if _, err := c.Train(keep, func(step int) error {
		if step == 130 {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	first := -1
	rest, err := c.Train(keep, func(step int) error {
		if first < 0 {
			first = step
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if first != 100 {
		t.Errorf("goes on at step %d", first)
	}
	if diff := cmp.Diff(whole.Run.Model.Parameters(), rest.Run.Model.Parameters()); diff != "" {
		t.Error(diff)
	}
	c.Options.Rate = 0.02
	var stale *StaleError
	if _, err := c.Train(keep, quiet); !errors.As(err, &stale) {
		t.Errorf("other options: %v", err)
	}
	if whole.Learned != rest.Learned {
		t.Errorf("learned at %d, resumed at %d", whole.Learned, rest.Learned)
	}
}

// Measurements of flows that are known: the identity, and a stretch by 4 of one
// coordinate.
func TestMeasure(t *testing.T) {
	c := smallCase(t, Padding{None, 0}, 1)
	run, err := training.Start[float32](c.config(), c.Options)
	if err != nil {
		t.Fatal(err)
	}
	points := Points{200, 100, 20}
	r, err := c.Measure(&Trained{Run: run, Learned: -1}, points)
	if err != nil {
		t.Fatal(err)
	}
	if r.Condition.Median != 1 || r.Condition.Max != 1 || r.Smallest != 1 || *r.Trip != 0 || r.Learned != nil {
		t.Errorf("identity: %+v", r)
	}
	if !(*r.W2 > 3**r.Floor) || !(*r.Sliced <= *r.W2) {
		t.Errorf("identity: W2 %g, floor %g, sliced %g", *r.W2, *r.Floor, *r.Sliced)
	}
	// The last bias of coupling 0's network before its shift: the raw log-scale.
	bias := run.Model.Parameters()
	at := 16*1 + 16 + 16*16 + 16 + 2*16 // weights and biases before it
	bias[at] = float32(2 * math.Atanh(math.Log(4)/2))
	r, err = c.Measure(&Trained{Run: run, Learned: 300}, points)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Spectra{r.Spectra, r.Samples} {
		if math.Abs(s.Condition.Median-4) > 1e-5 || math.Abs(s.Largest-4) > 1e-5 || s.Smallest != 1 || s.Points != 20 {
			t.Errorf("stretch: %+v", s)
		}
	}
	if *r.Learned != 300 {
		t.Errorf("learned at %d", *r.Learned)
	}
}

// Images lie where they should, and normal pixels have the likelihood that is
// computed another way: by drawing.
func TestImages(t *testing.T) {
	d, err := SampleImages()
	if err != nil {
		t.Fatal(err)
	}
	if d.Dim != 196 {
		t.Fatalf("%d dimensions", d.Dim)
	}
	const n = 100000
	rng := rand.New(rand.NewPCG(1, 1))
	x, mean, square := make([]float64, d.Dim), make([]float64, d.Dim), make([]float64, d.Dim)
	for range n {
		d.Draw(rng, x, false)
		for j, v := range x {
			if !(v >= -2 && v < 2) {
				t.Fatalf("pixel %d is %g", j, v)
			}
			mean[j] += v / n
			square[j] += v * v / n
		}
	}
	bits := 0.0
	for range n {
		d.Draw(rng, x, true)
		for j, v := range x {
			s := square[j] - mean[j]*mean[j]
			bits += (math.Log2(2*math.Pi*s)/2 + (v-mean[j])*(v-mean[j])/s/2*math.Log2E) / n / float64(d.Dim)
		}
	}
	if got := d.Level - d.Bits; math.Abs(got-bits) > 0.03*math.Abs(bits) {
		t.Errorf("normal pixels: %g bits, by drawing %g", got, bits)
	}
}

// Records come in the order of the cases, whatever the number of workers, and are
// the same; an error stops the whole.
func TestRun(t *testing.T) {
	d, err := Density("square")
	if err != nil {
		t.Fatal(err)
	}
	g := Grid{Data: []*Data{d}, Paddings: []Padding{{None, 0}, {Zeros, 1}, {Gaussian, 1}}, Depths: []int{2}, Seeds: []uint64{1, 2}, Hidden: 8,
		Options: training.Options{Steps: 20, Batch: 32, Rate: 0.01}}
	var first []Record
	for workers := 1; workers <= 3; workers++ {
		var got []Record
		last := 0
		err := Run(context.Background(), g.Cases(), nil, Points{64, 32, 4}, workers, func(c *Case, r *Record) error {
			r.Seconds = 0
			got = append(got, *r)
			return nil
		}, func(steps, all int) {
			if all != 120 || steps < last {
				t.Errorf("%d of %d steps after %d", steps, all, last)
			}
			last = steps
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 6 || last != 120 {
			t.Fatalf("%d records, %d steps", len(got), last)
		}
		if first == nil {
			first = got
		}
		if diff := cmp.Diff(first, got); diff != "" {
			t.Errorf("%d workers: %s", workers, diff)
		}
	}
	broken := errors.New("broken")
	if err := Run(context.Background(), g.Cases(), nil, Points{64, 32, 4}, 2, func(*Case, *Record) error { return broken }, func(int, int) {}); !errors.Is(err, broken) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Run(ctx, g.Cases(), nil, Points{64, 32, 4}, 2, func(*Case, *Record) error { return nil }, func(int, int) {}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A run that starts at six layers is a rotation before its first step: its
// condition number is 1 and its map is the target's.
func TestStartSix(t *testing.T) {
	c := smallCase(t, Padding{Gaussian, 1}, 1)
	c.Start, c.Depth = Six, 8
	m, err := c.model()
	if err != nil {
		t.Fatal(err)
	}
	target, err := targets.Make("random-orthogonal", 4, 1, targets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x := gemm.New[float32](4, 4)
	for i := range 4 {
		x.Row(i)[i] = 1
	}
	m.Forward(x, nil, 1) // row j is column j of the matrix
	for i := range 4 {
		for j := range 4 {
			if want := target.Matrix.Float64s()[4*i+j]; math.Abs(float64(x.Row(j)[i])-want) > 1e-5 {
				t.Errorf("entry (%d, %d) is %g, want %g", i, j, x.Row(j)[i], want)
			}
		}
	}
	for depth, want := range map[int]string{6: "couplings", 7: ""} {
		c.Depth = depth
		_, err := c.model()
		var e *training.ConfigError
		if got := errors.As(err, &e); got != (want != "") || got && e.Field != want {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
}
