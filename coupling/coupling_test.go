package coupling

import (
	"errors"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
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
		"scale length":     func() error { _, err := NewLayer(part, Lower, w(3, 2), must(ExactScale(rats(2)))); return err },
		"too many scales": func() error {
			_, err := NewLayer(part, Lower, w(3, 2), must(ExactScale(rats(2, 3, 4, 5))))
			return err
		},
		"too many exponents": func() error { _, err := NewLayer(part, Upper, w(2, 3), ExpScale(rats(1, 2, 3))); return err },
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
		if _, err := ExactScale(rats(1, v)); !errors.As(err, &e) || e.Index != 1 || e.Error() == "" {
			t.Errorf("scale %v: %v", v, err)
		}
	}
}

func TestScales(t *testing.T) {
	if s := must(ExactScale(rats(1, 1))); s.Kind() != ScaleOne {
		t.Error("all ones is not additive")
	}
	if s := ExpScale(rats(0, 0)); s.Kind() != ScaleOne {
		t.Error("exp(0) is not additive")
	}
}

// TestDepth counts U I U L D as three, in every storage of the zero.
func TestDepth(t *testing.T) {
	part := must(Half(4))
	zero, entry := make([]float64, 4), []float64{0, 0, 0, 0x1p-1074}
	x := must(exactmath.FromFloat64(2, 2, entry))
	u, l := must(NewLayer(part, Upper, x, Scale{})), must(NewLayer(part, Lower, x, Scale{}))
	for _, z := range []exactmath.Matrix{
		must(exactmath.FromFloat64(2, 2, zero)), must(sparse.New(2, 2, nil)), dense.ToRational(must(sparse.New(2, 2, nil))),
	} {
		nothing, scaled := must(NewLayer(part, Lower, z, Scale{})), must(NewLayer(part, Upper, z, ExpScale(rats(1, 0))))
		if !nothing.IsIdentity() || scaled.IsIdentity() || u.IsIdentity() {
			t.Errorf("%T: identities %v, %v, %v", z, nothing, scaled, u)
		}
		if d := must(NewFlow(part, u, nothing, u, l, scaled)).Depth(); d != 3 {
			t.Errorf("%T: depth %d, want 3", z, d)
		}
	}
}
