package run

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/internal/flowtest"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// TestRunIsTheMatrix: with quarter-integers float64 is exact, so running the
// flow must give the matrix's columns exactly, and the inverse must undo it.
func TestRunIsTheMatrix(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n := 2; n <= 7; n++ {
		for range 20 {
			f := flowtest.Random(t, flowtest.Partition(t, n, rng), 1+rng.IntN(4), rng)
			m := flowtest.Matrix(t, f)
			for j := range n {
				x := make([]float64, n)
				x[j] = 1
				y := must(Compile[float64](f).Forward(x))
				for i := range n {
					if want := m.At(i, j); want.Cmp(new(big.Rat).SetFloat64(y[i])) != 0 {
						t.Fatalf("n=%d: entry (%d, %d) is %v, want %v", n, i, j, y[i], want)
					}
				}
				back := must(Compile[float64](f).Inverse(y))
				for i := range n {
					if math.Abs(back[i]-x[i]) > 1e-9 {
						t.Fatalf("n=%d: inverse gives %v, want %v", n, back, x)
					}
				}
			}
		}
	}
}

func TestFloat32(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	f := flowtest.Random(t, must(coupling.Half(6)), 4, rng)
	x32, x64 := make([]float32, 6), make([]float64, 6)
	for i := range x32 {
		x32[i] = rng.Float32()
		x64[i] = float64(x32[i])
	}
	y32, y64 := must(Compile[float32](f).Forward(x32)), must(Compile[float64](f).Forward(x64))
	for i := range y32 {
		if d := math.Abs(float64(y32[i]) - y64[i]); d > 1e-4*(1+math.Abs(y64[i])) {
			t.Errorf("float32 gives %v, float64 %v", y32[i], y64[i])
		}
	}
}

func TestLengths(t *testing.T) {
	var shape *exactmath.ShapeError
	r := Compile[float64](must(coupling.NewFlow(must(coupling.Half(5)))))
	if _, err := r.Forward(make([]float64, 4)); !errors.As(err, &shape) {
		t.Errorf("short vector: %v", err)
	}
	if _, err := r.Inverse(make([]float64, 6)); !errors.As(err, &shape) {
		t.Errorf("long vector: %v", err)
	}
}

func TestScales(t *testing.T) {
	logs := []*big.Rat{big.NewRat(1, 2), new(big.Rat)}
	if d := cmp.Diff([]float64{math.Exp(0.5), 1}, Scales(coupling.ExpScale(logs), 2)); d != "" {
		t.Error(d)
	}
	exact := must(coupling.ExactScale([]*big.Rat{big.NewRat(1, 3), big.NewRat(4, 1)}))
	if d := cmp.Diff([]float64{1. / 3, 4}, Scales(exact, 2)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]float64{1, 1}, Scales(coupling.Scale{}, 2)); d != "" {
		t.Error(d)
	}
}

func ExampleRunner() {
	part, _ := coupling.Half(2)
	x, _ := exactmath.FromFloat64(1, 1, []float64{3})
	shear, _ := coupling.NewLayer(part, coupling.Lower, x, coupling.Scale{})
	flow, _ := coupling.NewFlow(part, shear)
	runner := Compile[float64](flow)
	y, _ := runner.Forward([]float64{1, 1})
	back, _ := runner.Inverse(y)
	fmt.Println(y, back)
	// Output: [1 4] [1 1]
}
