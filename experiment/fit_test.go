package experiment

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/exactmath"
	"flowproof/internal/gemm"
	"flowproof/targets"
	"flowproof/training"
)

// The derivative against central differences, and the loss against products
// computed by another library.
func TestFitGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, shape := range [][2]int{{2, 1}, {3, 2}, {4, 3}, {5, 6}} {
		n, layers := shape[0], shape[1]
		f := newLinearFlow(n, layers)
		for i := range f.theta {
			f.theta[i] = 0.5 * rng.NormFloat64()
		}
		m := gemm.New[float64](n, n)
		for i := range m.Data {
			m.Data[i] = rng.NormFloat64()
		}
		grad, none := make([]float64, len(f.theta)), make([]float64, len(f.theta))
		loss := f.gradient(m, grad, 1)
		var product mat.Dense
		product.CloneFrom(mat.NewDense(n, n, f.layer(0).Data))
		for k := 1; k < layers; k++ {
			product.Mul(&product, mat.NewDense(n, n, f.layer(k).Data))
		}
		product.Sub(&product, mat.NewDense(n, n, m.Data))
		if norm := mat.Norm(&product, 2); math.Abs(loss-norm*norm/float64(n)) > 1e-12*(1+loss) {
			t.Errorf("n = %d, %d layers: loss %g, from products %g", n, layers, loss, norm*norm/float64(n))
		}
		for i := range f.theta {
			const h = 1e-6
			old := f.theta[i]
			f.theta[i] = old + h
			up := f.gradient(m, none, 1)
			f.theta[i] = old - h
			down := f.gradient(m, none, 1)
			f.theta[i] = old
			if want := (up - down) / (2 * h); math.Abs(grad[i]-want) > 1e-6*(1+math.Abs(want)) {
				t.Fatalf("n = %d, %d layers: derivative %d is %g, differences give %g", n, layers, i, grad[i], want)
			}
		}
	}
}

// A product of two couplings is learned by two layers of the same order, and a
// map of negative determinant by no number of them.
func TestFit(t *testing.T) {
	options := training.Options{Steps: 1500, Batch: 1, Rate: 0.03, Seed: 3}
	target := []float64{1 + 0.5*0.4, 0.5, 0.4, 1} // U(0.5) L(0.4)
	run := func(entries []float64, layers int) *Fitted {
		m, err := exactmath.FromFloat64(2, 2, entries)
		if err != nil {
			t.Fatal(err)
		}
		r, err := (&Fit{Target: &targets.Target{Name: "test", Dim: 2, Matrix: m}, Layers: layers, Options: options}).Run(func(int) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := run(target, 2); !(r.Error < 1e-6) || r.Reached == nil || *r.Reached >= 1500 {
		t.Errorf("two layers: %+v", r)
	}
	// |M - F| is at least the smallest singular value of M where det F > 0 > det M.
	if r := run([]float64{1, 0, 0, -1}, 6); !(r.Error > 1/math.Sqrt2) || r.Reached != nil {
		t.Errorf("negative determinant: %+v", r)
	}
}
