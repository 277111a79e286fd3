package rotation

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/numeric"
	"flowproof/constructions/internal/sample"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/spectral"
	certified "flowproof/verify/condition"
)

// TestOrthogonalWorst: rotations that were made to deceive an estimate of the
// norms ("deceives"), and the worst that searches found ("worst").
func TestOrthogonalWorst(t *testing.T) {
	files, err := sample.WorstRotations.ReadDir("testdata/rotations")
	if err != nil || len(files) < 3 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		t.Run(f.Name(), func(t *testing.T) {
			m := sample.ReadRotation(t, f.Name())
			n, _ := m.Dims()
			t.Logf("largest layer %.5f", sample.Largest(t, checkRotation(t, m, sample.Half(t, n))))
			// The six layers as well, where three are enough.
			h, err := newHalved(m, n/2)
			if err != nil {
				t.Fatal(err)
			}
			b := orthogonalBound(n)
			flow, err := bestRotation(geometry.Frame{Part: sample.Half(t, n), P: n / 2, Q: n - n/2}, h, twists(n%2 == 1), b,
				func(norms []float64) float64 { return spectral.Shear(slices.Max(norms)) })
			if err != nil {
				t.Fatal(err)
			}
			if k := sample.Largest(t, flow); !(k <= b.largest) {
				t.Errorf("six layers of condition up to %v", k)
			}
		})
	}
}

// eachRotation visits degenerate rotations and a random one, halved, of the dimensions
// from 2 to the last.
func eachRotation(t *testing.T, rng *rand.Rand, last int, visit func(name string, n int, f geometry.Frame, h *halved)) {
	t.Helper()
	for n := 2; n <= last; n++ {
		all := sample.WeirdRotations(n, rng)
		all["random"] = sample.Haar(n, rng)
		for name, m := range all {
			h, err := newHalved(m, n/2)
			if err != nil {
				t.Fatal(err)
			}
			visit(name, n, geometry.Frame{Part: sample.Half(t, n), P: n / 2, Q: n - n/2}, h)
		}
	}
}

// TestEstimatesDecideNothing: whatever is estimated, zero, or nonsense that
// recommends the worst twists, the flow keeps the bounds of the theorem.
func TestEstimatesDecideNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 1))
	eachRotation(t, rng, 9, func(name string, n int, f geometry.Frame, h *halved) {
		b := orthogonalBound(n)
		for kind, estimate := range map[string]func([]float64) float64{
			"zero":   func([]float64) float64 { return 0 },
			"worst":  func(norms []float64) float64 { return 1 / slices.Max(norms) },
			"random": func([]float64) float64 { return 10 * rng.Float64() },
		} {
			flow, err := bestRotation(f, h, twists(n%2 == 1), b, estimate)
			if err != nil {
				t.Errorf("n=%d %s, %s estimates: %v", n, name, kind, err)
				continue
			}
			product := 1.0
			for _, l := range flow.Layers() {
				product *= certified.Layer(l).Bound
			}
			if k := sample.Largest(t, flow); !(k <= b.largest && product <= b.product) {
				t.Errorf("n=%d %s, %s estimates: largest %v, product %v", n, name, kind, k, product)
			}
		}
	})
}

// TestBoundError: where nothing keeps the bounds, of one layer or of the product,
// there is an error and no flow.
func TestBoundError(t *testing.T) {
	h, err := newHalved(sample.Haar(6, rand.New(rand.NewPCG(31, 1))), 3)
	if err != nil {
		t.Fatal(err)
	}
	f := geometry.Frame{Part: sample.Half(t, 6), P: 3, Q: 3}
	for _, b := range []conditions{{2, OrthogonalProductEven}, {OrthogonalBoundEven, 10}} {
		var bound *fault.BoundError
		if flow, err := bestRotation(f, h, twists(false), b, slices.Max[[]float64]); !errors.As(err, &bound) || flow != nil || bound.Bound != b.largest {
			t.Errorf("%+v: %v, %v", b, flow, err)
		}
	}
}

// TestProvedTwist: the parameters of the proof alone, with no other to choose,
// keep the bounds of the theorem.
func TestProvedTwist(t *testing.T) {
	eachRotation(t, rand.New(rand.NewPCG(19, 1)), 21, func(name string, n int, f geometry.Frame, h *halved) {
		if _, err := bestRotation(f, h, []twist{provedTwist(n%2 == 1)}, orthogonalBound(n), slices.Max[[]float64]); err != nil {
			t.Errorf("n=%d %s: %v", n, name, err)
		}
	})
}

// TestWithin: where a vanishing layer lets two others merge into one that breaks
// the bound, they stay apart.
func TestWithin(t *testing.T) {
	f := geometry.Frame{Part: sample.Half(t, 4), P: 2, Q: 2}
	weight := func(x float64) *mat.Dense { return mat.NewDense(2, 2, []float64{x, 0, 0, x / 2}) }
	b := orthogonalBound(4)
	for _, c := range []struct {
		last   float64
		layers int
	}{{-1, 1}, {1, 3}} {
		flow, got, err := within(f, b, coupling.Lower, weight(2), weight(0), weight(c.last))
		if err != nil {
			t.Fatal(err)
		}
		if len(flow.Layers()) != c.layers || !got.keeps(b) || !(sample.Largest(t, flow) <= b.largest) {
			t.Errorf("weights 2, 0, %v: %d layers, %v; want %d layers", c.last, len(flow.Layers()), got, c.layers)
		}
	}
}

// TestOrthogonalTiny: angles so small that blocks are subnormal, or vanish when
// they are squared.
func TestOrthogonalTiny(t *testing.T) {
	for _, n := range []int{2, 3, 4, 5, 8} {
		for _, angle := range []float64{1e-323, 1e-310, 1e-300, 1e-200, 1e-160, 1e-100, 1e-17, 1e-16, 1e-8} {
			for _, m := range []*mat.Dense{sample.Givens(n, 0, n-1, angle), sample.Givens(n, 0, 1, angle), numeric.Product(sample.Givens(n, 0, n-1, angle), sample.Givens(n, 0, n-1, math.Pi/2))} {
				checkRotation(t, m, sample.Half(t, n))
			}
		}
	}
}

// badRotation looks for a rotation of n coordinates whose largest layer is badly
// conditioned, by a random walk that keeps what is worse: from a random rotation,
// or a degenerate or a clustered one, multiplied by rotations of a plane or of all,
// by steps of random sizes.
func badRotation(tb testing.TB, n, steps int, rng *rand.Rand) (worst *mat.Dense, cond float64) {
	part, err := coupling.Half(n)
	if err != nil {
		tb.Fatal(err)
	}
	value := func(m *mat.Dense) float64 {
		x, err := exactmath.FromFloat64(n, n, numeric.RowMajor(m))
		if err != nil {
			tb.Fatal(err)
		}
		f, err := Orthogonal(x, part)
		if err != nil {
			tb.Fatalf("n=%d: %v: %v", n, err, mat.Formatted(m))
		}
		k := 1.0
		for _, l := range f.Layers() {
			k = max(k, certified.Layer(l).Bound)
		}
		return k
	}
	worst = sample.StartRotation(n, rng)
	cond = value(worst)
	for range steps {
		m := worst
		size := math.Pow(10, -6*rng.Float64())
		switch rng.IntN(4) {
		case 0:
			m = numeric.Product(m, sample.NearIdentity(n, size, rng))
		case 1:
			m = numeric.Product(sample.NearIdentity(n, size, rng), m)
		default:
			i := rng.IntN(n)
			j := (i + 1 + rng.IntN(n-1)) % n
			g := sample.Givens(n, i, j, math.Pi*size*rng.NormFloat64())
			if rng.IntN(2) == 0 {
				m = numeric.Product(m, g)
			} else {
				m = numeric.Product(g, m)
			}
		}
		if v := value(m); v > cond {
			worst, cond = m, v
		}
	}
	return worst, cond
}

// TestOrthogonalSearch looks for rotations that break the bounds: a little in each
// run, and with -long for as many minutes as it takes.
func TestOrthogonalSearch(t *testing.T) {
	dims, starts, steps := []int{4, 5, 6, 7, 8, 12, 13}, 4, 60
	if *sample.Long {
		dims, starts, steps = nil, 8, 3000
		for n := 4; n <= 33; n++ {
			dims = append(dims, n)
		}
	}
	for _, n := range dims {
		rng := rand.New(rand.NewPCG(23, uint64(n)))
		b := orthogonalBound(n)
		var m *mat.Dense
		worst := 0.0
		for range starts {
			r, k := badRotation(t, n, max(30, steps/max(1, n/8)), rng)
			if k > worst {
				m, worst = r, k
			}
		}
		t.Logf("n=%d: %.5f of %v", n, worst, b.largest)
		if worst > b.largest {
			t.Errorf("n=%d: %v is above the bound %v:\n%v", n, worst, b.largest, csvOf(m))
		} else if *sample.Long {
			t.Logf("\n%s", csvOf(m))
		}
	}
}

func csvOf(m *mat.Dense) string {
	var b strings.Builder
	rows, cols := m.Dims()
	for i := range rows {
		for j := range cols {
			if j > 0 {
				b.WriteByte(',')
			}
			fmt.Fprint(&b, m.At(i, j))
		}
		b.WriteByte('\n')
	}
	return b.String()
}
