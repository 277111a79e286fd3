package coupling

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowproof/exactmath"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func rats(v ...float64) []*big.Rat {
	out := make([]*big.Rat, len(v))
	for i, f := range v {
		out[i] = new(big.Rat).SetFloat64(f)
	}
	return out
}

// randomFlow returns a flow of the given depth with entries that are small
// multiples of 1/4, some layers with scales.
func randomFlow(part Partition, depth int, rng *rand.Rand) *Flow {
	var layers []Layer
	for range depth {
		kind := Kind(rng.IntN(2))
		rows, cols := part.Q(), part.P()
		if kind == Upper {
			rows, cols = cols, rows
		}
		data := make([]float64, rows*cols)
		for k := range data {
			data[k] = float64(rng.IntN(9)-4) / 4
		}
		var scale Scale
		if rng.IntN(2) == 0 {
			d := make([]float64, rows)
			for k := range d {
				d[k] = float64(1+rng.IntN(8)) / 4
			}
			scale = must(FloatScale(d))
		}
		layers = append(layers, must(NewLayer(part, kind, must(exactmath.FromFloat64(rows, cols, data)), scale)))
	}
	return must(NewFlow(part, layers...))
}

// matrix composes a flow from full n x n matrices written down from the
// definition: another way than anything in this package.
func matrix(f *Flow) *exactmath.Rational {
	n, order, p := f.Partition().Dim(), f.Partition().Order(), f.Partition().P()
	product := exactmath.IdentityRational(n)
	for _, l := range f.Layers() {
		e := make([]*big.Rat, n*n)
		for k := range e {
			e[k] = new(big.Rat)
		}
		at := func(i, j int) *big.Rat { return e[order[i]*n+order[j]] }
		for i := range n {
			at(i, i).SetInt64(1)
		}
		rows, cols := l.Weight().Dims()
		dst, src := p, 0
		if l.Kind() == Upper {
			dst, src = 0, p
		}
		for i := range rows {
			at(dst+i, dst+i).Set(l.Scale().At(i))
			for j := range cols {
				at(dst+i, src+j).Set(l.Weight().At(i, j))
			}
		}
		product = must(product.Mul(must(exactmath.NewRational(n, n, e))))
	}
	return product
}

func randomPartition(n int, rng *rand.Rand) Partition {
	return must(NewPartition(n, rng.Perm(n)[:1+rng.IntN(n-1)]))
}

// TestRunIsTheMatrix: with quarter-integers float64 is exact, so running the
// flow must give the matrix's columns exactly, and the inverse must undo it.
func TestRunIsTheMatrix(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n := 2; n <= 7; n++ {
		for range 20 {
			f := randomFlow(randomPartition(n, rng), 1+rng.IntN(4), rng)
			m := matrix(f)
			for j := range n {
				x := make([]float64, n)
				x[j] = 1
				y := must(f.Apply(x))
				for i := range n {
					if want := m.At(i, j); want.Cmp(new(big.Rat).SetFloat64(y[i])) != 0 {
						t.Fatalf("n=%d: entry (%d, %d) is %v, want %v", n, i, j, y[i], want)
					}
				}
				back := must(f.Inverse(y))
				for i := range n {
					if math.Abs(back[i]-x[i]) > 1e-9 {
						t.Fatalf("n=%d: inverse gives %v, want %v", n, back, x)
					}
				}
			}
		}
	}
}

func TestMergeKeepsTheMatrix(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for range 200 {
		n := 2 + rng.IntN(5)
		f := randomFlow(randomPartition(n, rng), rng.IntN(7), rng)
		g := must(f.Merge())
		if !exactmath.Equal(matrix(f), matrix(g)) {
			t.Fatal("Merge changed the matrix")
		}
		layers := g.Layers()
		if len(layers) > f.Depth() || g.Depth() != len(layers) {
			t.Errorf("%d layers of depth %d after merging a flow of depth %d", len(layers), g.Depth(), f.Depth())
		}
		for k, l := range layers {
			if l.IsIdentity() || k > 0 && layers[k-1].Kind() == l.Kind() {
				t.Errorf("layer %d should have been merged", k)
			}
		}
	}
}

func TestMergeCancels(t *testing.T) {
	part := must(Half(4))
	x := must(exactmath.FromFloat64(2, 2, []float64{1, 2, 3, 4}))
	minus := must(exactmath.FromFloat64(2, 2, []float64{-1, -2, -3, -4}))
	u := must(NewLayer(part, Upper, x, Scale{}))
	v := must(NewLayer(part, Upper, minus, Scale{}))
	l := must(NewLayer(part, Lower, x, Scale{}))
	f := must(NewFlow(part, l, u, v, l))
	if g := must(f.Merge()); g.Depth() != 1 {
		t.Errorf("depth %d after L U U^-1 L, want 1", g.Depth())
	}
	e := must(NewLayer(part, Upper, x, ExpScale(rats(1, 2))))
	if g := must(must(NewFlow(part, e, u)).Merge()); len(g.Layers()) != 2 {
		t.Error("exp(1) X was taken for rational")
	}
	if g := must(must(NewFlow(part, u, e)).Merge()); len(g.Layers()) != 1 || g.Layers()[0].Scale().Kind() != ScaleExp {
		t.Error("X + X' with scales exp(s) should merge")
	}
}

func TestFloat32(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	f := randomFlow(must(Half(6)), 4, rng)
	x32, x64 := make([]float32, 6), make([]float64, 6)
	for i := range x32 {
		x32[i] = rng.Float32()
		x64[i] = float64(x32[i])
	}
	y32, y64 := must(Compile[float32](f).Forward(x32)), must(f.Apply(x64))
	for i := range y32 {
		if d := math.Abs(float64(y32[i]) - y64[i]); d > 1e-4*(1+math.Abs(y64[i])) {
			t.Errorf("float32 gives %v, float64 %v", y32[i], y64[i])
		}
	}
}

func TestPartitions(t *testing.T) {
	type view struct{ First, Second, Order []int }
	see := func(p Partition) view { return view{p.First(), p.Second(), p.Order()} }
	for _, c := range []struct {
		text string
		n    int
		want view
	}{
		{"half", 5, view{[]int{0, 1}, []int{2, 3, 4}, []int{0, 1, 2, 3, 4}}},
		{"checkerboard", 5, view{[]int{1, 3}, []int{0, 2, 4}, []int{1, 3, 0, 2, 4}}},
		{"3, 0", 4, view{[]int{0, 3}, []int{1, 2}, []int{0, 3, 1, 2}}},
	} {
		p := must(ParsePartition(c.n, c.text))
		if d := cmp.Diff(c.want, see(p)); d != "" {
			t.Errorf("%s: %s", c.text, d)
		}
		if d := cmp.Diff(see(p), see(must(ParsePartition(c.n, p.String())))); d != "" {
			t.Errorf("%s does not read back: %s", p, d)
		}
		if p.P()+p.Q() != c.n || p.Dim() != c.n {
			t.Errorf("%s: sizes %d and %d", c.text, p.P(), p.Q())
		}
	}
	for _, bad := range []struct {
		text string
		n    int
	}{{"half", 1}, {"half", 0}, {"half", -3}, {"checkerboard", 1}, {"", 4}, {"0,x", 4}, {"0,0", 4}, {"4", 4}, {"-1", 4}, {"0,1,2,3", 4}} {
		var e *PartitionError
		if _, err := ParsePartition(bad.n, bad.text); !errors.As(err, &e) || e.Error() == "" {
			t.Errorf("%q of %d: %v, want a *PartitionError", bad.text, bad.n, err)
		}
	}
}

func FuzzParsePartition(f *testing.F) {
	for _, s := range []string{"half", "checkerboard", "0,2,5", "1", ",", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePartition(6, s)
		if err != nil {
			return
		}
		seen := make([]bool, 6)
		for _, i := range p.Order() {
			seen[i] = true
		}
		if d := cmp.Diff([]bool{true, true, true, true, true, true}, seen); d != "" || p.P() == 0 || p.Q() == 0 {
			t.Errorf("%q: %v", s, p.Order())
		}
	})
}

func TestInvalidLayers(t *testing.T) {
	part := must(Half(5))
	w := func(r, c int) exactmath.Matrix { return must(exactmath.FromFloat64(r, c, make([]float64, r*c))) }
	for name, f := range map[string]func() error{
		"lower transposed": func() error { _, err := NewLayer(part, Lower, w(2, 3), Scale{}); return err },
		"upper transposed": func() error { _, err := NewLayer(part, Upper, w(3, 2), Scale{}); return err },
		"kind":             func() error { _, err := NewLayer(part, Kind(2), w(3, 2), Scale{}); return err },
		"nil weight":       func() error { _, err := NewLayer(part, Lower, nil, Scale{}); return err },
		"no partition":     func() error { _, err := NewLayer(Partition{}, Lower, w(0, 0), Scale{}); return err },
		"scale length":     func() error { _, err := NewLayer(part, Lower, w(3, 2), must(FloatScale([]float64{2}))); return err },
		"flow": func() error {
			_, err := NewFlow(must(Half(4)), must(NewLayer(part, Lower, w(3, 2), Scale{})))
			return err
		},
	} {
		if err := f(); !errors.Is(err, ErrInvalidLayer) {
			t.Errorf("%s: %v, want ErrInvalidLayer", name, err)
		}
	}
	for _, v := range []float64{0, -1} {
		var e *ScaleError
		if _, err := FloatScale([]float64{1, v}); !errors.As(err, &e) || e.Index != 1 || e.Error() == "" {
			t.Errorf("scale %v: %v", v, err)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1)} {
		if _, err := FloatScale([]float64{v}); err == nil {
			t.Errorf("scale %v was accepted", v)
		}
	}
	var shape *exactmath.ShapeError
	f := must(NewFlow(part))
	if _, err := f.Apply(make([]float64, 4)); !errors.As(err, &shape) {
		t.Errorf("short vector: %v", err)
	}
	if _, err := f.Inverse(make([]float64, 6)); !errors.As(err, &shape) {
		t.Errorf("long vector: %v", err)
	}
}

func TestScales(t *testing.T) {
	if s := must(FloatScale([]float64{1, 1})); s.Kind() != ScaleOne {
		t.Error("all ones is not additive")
	}
	if s := ExpScale(rats(0, 0)); s.Kind() != ScaleOne {
		t.Error("exp(0) is not additive")
	}
	if d := cmp.Diff([]float64{math.Exp(0.5), 1}, ExpScale(rats(0.5, 0)).Float64s(2)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]float64{1, 1}, Scale{}.Float64s(2)); d != "" {
		t.Error(d)
	}
}

func ExampleFlow_Inverse() {
	part, _ := Half(2)
	x, _ := exactmath.FromFloat64(1, 1, []float64{3})
	shear, _ := NewLayer(part, Lower, x, Scale{})
	flow, _ := NewFlow(part, shear)
	y, _ := flow.Apply([]float64{1, 1})
	back, _ := flow.Inverse(y)
	fmt.Println(y, back)
	// Output: [1 4] [1 1]
}
