package simplify

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/internal/flowtest"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func TestMergeKeepsTheMatrix(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for range 200 {
		n := 2 + rng.IntN(5)
		f := flowtest.Random(t, flowtest.Partition(t, n, rng), rng.IntN(7), rng)
		g := must(Merge(f))
		if !dense.Equal(flowtest.Matrix(t, f), flowtest.Matrix(t, g)) {
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
	part := must(coupling.Half(4))
	x := must(exactmath.FromFloat64(2, 2, []float64{1, 2, 3, 4}))
	minus := must(exactmath.FromFloat64(2, 2, []float64{-1, -2, -3, -4}))
	u := must(coupling.NewLayer(part, coupling.Upper, x, coupling.Scale{}))
	v := must(coupling.NewLayer(part, coupling.Upper, minus, coupling.Scale{}))
	l := must(coupling.NewLayer(part, coupling.Lower, x, coupling.Scale{}))
	f := must(coupling.NewFlow(part, l, u, v, l))
	if g := must(Merge(f)); g.Depth() != 1 {
		t.Errorf("depth %d after L U U^-1 L, want 1", g.Depth())
	}
	e := must(coupling.NewLayer(part, coupling.Upper, x, coupling.ExpScale([]*big.Rat{big.NewRat(1, 1), big.NewRat(2, 1)})))
	if g := must(Merge(must(coupling.NewFlow(part, e, u)))); len(g.Layers()) != 2 {
		t.Error("exp(1) X was taken for rational")
	}
	if g := must(Merge(must(coupling.NewFlow(part, u, e)))); len(g.Layers()) != 1 || g.Layers()[0].Scale().Kind() != coupling.ScaleExp {
		t.Error("X + X' with scales exp(s) should merge")
	}
}
