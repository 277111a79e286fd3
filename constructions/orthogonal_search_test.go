package constructions

import (
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/spectral"
	certified "flowproof/verify/condition"
)

//go:embed testdata/rotations/*.csv
var worstRotations embed.FS

// readRotation reads a matrix of float64 numbers, row by row.
func readRotation(t *testing.T, name string) *mat.Dense {
	t.Helper()
	b, err := worstRotations.ReadFile("testdata/rotations/" + name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	m := mat.NewDense(len(rows), len(rows[0]), nil)
	for i, row := range rows {
		for j, s := range row {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			m.Set(i, j, v)
		}
	}
	return m
}

// TestOrthogonalWorst: rotations that were made to deceive an estimate of the
// norms ("deceives"), and the worst that searches found ("worst").
func TestOrthogonalWorst(t *testing.T) {
	files, err := worstRotations.ReadDir("testdata/rotations")
	if err != nil || len(files) < 3 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		t.Run(f.Name(), func(t *testing.T) {
			m := readRotation(t, f.Name())
			n, _ := m.Dims()
			t.Logf("largest layer %.5f", largest(t, checkRotation(t, m, half(t, n))))
			// The six layers as well, where three are enough.
			h, err := newHalved(m, n/2)
			if err != nil {
				t.Fatal(err)
			}
			b := orthogonalBound(n)
			flow, err := frame{part: half(t, n), p: n / 2, q: n - n/2}.bestRotation(h, twists(n%2 == 1), b,
				func(norms []float64) float64 { return spectral.Shear(slices.Max(norms)) })
			if err != nil {
				t.Fatal(err)
			}
			if k := largest(t, flow); !(k <= b.largest) {
				t.Errorf("six layers of condition up to %v", k)
			}
		})
	}
}

func largest(t *testing.T, f *coupling.Flow) float64 {
	t.Helper()
	k := 1.0
	for _, l := range f.Layers() {
		k = max(k, certified.Layer(l).Bound)
	}
	return k
}

// TestEstimatesDecideNothing: whatever is estimated, zero, or nonsense that
// recommends the worst twists, the flow keeps the bounds of the theorem.
func TestEstimatesDecideNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 1))
	for n := 2; n <= 9; n++ {
		all := weirdRotations(n, rng)
		all["random"] = haar(n, rng)
		b := orthogonalBound(n)
		for name, m := range all {
			h, err := newHalved(m, n/2)
			if err != nil {
				t.Fatal(err)
			}
			f := frame{part: half(t, n), p: n / 2, q: n - n/2}
			for kind, estimate := range map[string]func([]float64) float64{
				"zero":   func([]float64) float64 { return 0 },
				"worst":  func(norms []float64) float64 { return 1 / slices.Max(norms) },
				"random": func([]float64) float64 { return 10 * rng.Float64() },
			} {
				flow, err := f.bestRotation(h, twists(n%2 == 1), b, estimate)
				if err != nil {
					t.Errorf("n=%d %s, %s estimates: %v", n, name, kind, err)
					continue
				}
				product := 1.0
				for _, l := range flow.Layers() {
					product *= certified.Layer(l).Bound
				}
				if k := largest(t, flow); !(k <= b.largest && product <= b.product) {
					t.Errorf("n=%d %s, %s estimates: largest %v, product %v", n, name, kind, k, product)
				}
			}
		}
	}
}

// TestBoundError: where nothing keeps the bounds, of one layer or of the product,
// there is an error and no flow.
func TestBoundError(t *testing.T) {
	h, err := newHalved(haar(6, rand.New(rand.NewPCG(31, 1))), 3)
	if err != nil {
		t.Fatal(err)
	}
	f := frame{part: half(t, 6), p: 3, q: 3}
	for _, b := range []conditions{{2, OrthogonalProductEven}, {OrthogonalBoundEven, 10}} {
		var bound *BoundError
		if flow, err := f.bestRotation(h, twists(false), b, slices.Max[[]float64]); !errors.As(err, &bound) || flow != nil || bound.Bound != b.largest {
			t.Errorf("%+v: %v, %v", b, flow, err)
		}
	}
}

// TestProvedTwist: the parameters of the proof alone, with no other to choose,
// keep the bounds of the theorem.
func TestProvedTwist(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 1))
	for n := 2; n <= 21; n++ {
		all := weirdRotations(n, rng)
		all["random"] = haar(n, rng)
		b := orthogonalBound(n)
		for name, m := range all {
			h, err := newHalved(m, n/2)
			if err != nil {
				t.Fatal(err)
			}
			f := frame{part: half(t, n), p: n / 2, q: n - n/2}
			if _, err := f.bestRotation(h, []twist{provedTwist(n%2 == 1)}, b, slices.Max[[]float64]); err != nil {
				t.Errorf("n=%d %s: %v", n, name, err)
			}
		}
	}
}

// TestWithin: where a vanishing layer lets two others merge into one that breaks
// the bound, they stay apart.
func TestWithin(t *testing.T) {
	f := frame{part: half(t, 4), p: 2, q: 2}
	weight := func(x float64) *mat.Dense { return mat.NewDense(2, 2, []float64{x, 0, 0, x / 2}) }
	b := orthogonalBound(4)
	for _, c := range []struct {
		last   float64
		layers int
	}{{-1, 1}, {1, 3}} {
		flow, got, err := f.within(b, coupling.Lower, weight(2), weight(0), weight(c.last))
		if err != nil {
			t.Fatal(err)
		}
		if len(flow.Layers()) != c.layers || !got.keeps(b) || !(largest(t, flow) <= b.largest) {
			t.Errorf("weights 2, 0, %v: %d layers, %v; want %d layers", c.last, len(flow.Layers()), got, c.layers)
		}
	}
}

// TestOrthogonalTiny: angles so small that blocks are subnormal, or vanish when
// they are squared.
func TestOrthogonalTiny(t *testing.T) {
	for _, n := range []int{2, 3, 4, 5, 8} {
		for _, angle := range []float64{1e-323, 1e-310, 1e-300, 1e-200, 1e-160, 1e-100, 1e-17, 1e-16, 1e-8} {
			for _, m := range []*mat.Dense{givens(n, 0, n-1, angle), givens(n, 0, 1, angle), product(givens(n, 0, n-1, angle), givens(n, 0, n-1, math.Pi/2))} {
				checkRotation(t, m, half(t, n))
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
		x, err := exactmath.FromFloat64(n, n, rowMajor(m))
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
	worst = startRotation(n, rng)
	cond = value(worst)
	for range steps {
		m := worst
		size := math.Pow(10, -6*rng.Float64())
		switch rng.IntN(4) {
		case 0:
			m = product(m, nearIdentity(n, size, rng))
		case 1:
			m = product(nearIdentity(n, size, rng), m)
		default:
			i := rng.IntN(n)
			j := (i + 1 + rng.IntN(n-1)) % n
			g := givens(n, i, j, math.Pi*size*rng.NormFloat64())
			if rng.IntN(2) == 0 {
				m = product(m, g)
			} else {
				m = product(g, m)
			}
		}
		if v := value(m); v > cond {
			worst, cond = m, v
		}
	}
	return worst, cond
}

// startRotation returns where a search starts.
func startRotation(n int, rng *rand.Rand) *mat.Dense {
	switch rng.IntN(4) {
	case 0:
		return haar(n, rng)
	case 1: // few angles, in general position
		r := eye(n)
		for i := 0; i+1 < n; i += 2 {
			r = product(r, givens(n, i, i+1, []float64{math.Pi, math.Pi - 1e-3, 2, 0}[rng.IntN(4)]))
		}
		h := haar(n, rng)
		return product(h, r, h.T())
	case 2: // near a block diagonal one: c is small
		return product(blockDiag(haar(n/2, rng), haar(n-n/2, rng)), nearIdentity(n, math.Pow(10, -6*rng.Float64()), rng))
	}
	w := weirdRotations(n, rng)
	names := make([]string, 0, len(w))
	for name := range w {
		names = append(names, name)
	}
	slices.Sort(names)
	return w[names[rng.IntN(len(names))]]
}

// nearIdentity returns a rotation at a distance of about size from the identity.
func nearIdentity(n int, size float64, rng *rand.Rand) *mat.Dense {
	g := mat.NewDense(n, n, nil)
	for i := range n {
		g.Set(i, i, 1)
		for j := range i {
			v := size * rng.NormFloat64() / math.Sqrt(float64(n))
			g.Set(i, j, v)
			g.Set(j, i, -v)
		}
	}
	var qr mat.QR
	qr.Factorize(g)
	q := new(mat.Dense)
	qr.QTo(q)
	if detSign(q) < 0 {
		flipLast(q)
	}
	return q
}

// TestOrthogonalSearch looks for rotations that break the bounds: a little in each
// run, and with -long for as many minutes as it takes.
func TestOrthogonalSearch(t *testing.T) {
	dims, starts, steps := []int{4, 5, 6, 7, 8, 12, 13}, 4, 60
	if *long {
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
		} else if *long {
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
