package rotation

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/internal/sample"
	"flowproof/exactmath/spectral"
)

// The constants are the squares of the products of the six bounds of PROOFS.md,
// section 1.4, at the parameters that productTwists puts first, and those are the
// best ones up to a quarter of a percent.
func TestProductLayersConstant(t *testing.T) {
	product := func(k twist) float64 {
		m := math.Hypot(1, k.lambda)
		out := 1.0
		for _, x := range []float64{1, 1 + max(1, k.lambda+k.rho*m), max(1, 1/k.lambda),
			k.lambda * (1 + 1/k.rho), k.rho / k.lambda * m, 1 + max(1, 1/k.rho)} {
			out *= spectral.Shear(x)
		}
		return out
	}
	for _, tt := range []struct {
		odd   bool
		bound float64
	}{{false, ProductLayersBoundEven}, {true, ProductLayersBoundOdd}} {
		proved := product(productTwists(tt.odd)[0])
		if !(proved*(1+1e-9) <= tt.bound && proved > 0.999*tt.bound) {
			t.Errorf("odd %v: %v is proved of a rotation, certified up to %v", tt.odd, proved, tt.bound)
		}
		for lambda := 0.3; lambda < 2; lambda += 0.01 {
			for rho := 0.3; rho < 2; rho += 0.01 {
				if tt.odd {
					rho = 1
				}
				if c := product(twist{lambda: lambda, rho: rho}); c < 0.9975*proved {
					t.Fatalf("odd %v: lambda %g, rho %g give %g, less than %g", tt.odd, lambda, rho, c, proved)
				}
				if tt.odd {
					break
				}
			}
		}
	}
}

// TestProductLayers: whatever is estimated, the six layers of a rotation have a
// product of condition numbers within the bound; rotations on which an estimate
// from a fixed start was far too small among them.
func TestProductLayers(t *testing.T) {
	rng := rand.New(rand.NewPCG(29, 1))
	check := func(name string, m *mat.Dense) {
		t.Helper()
		n, _ := m.Dims()
		x, err := ProductLayers(m, n/2)
		if err != nil {
			t.Errorf("n=%d %s: %v", n, name, err)
			return
		}
		product := 1.0
		for _, w := range x {
			product *= mat.Cond(shearMatrix(w), 2)
		}
		bound := float64(ProductLayersBoundEven)
		if n%2 == 1 {
			bound = ProductLayersBoundOdd
		}
		if product > bound {
			t.Errorf("n=%d %s: product %v, proved at most %v", n, name, product, bound)
		}
	}
	for n := 2; n <= 13; n++ {
		all := sample.WeirdRotations(n, rng)
		all["random"] = sample.Haar(n, rng)
		for name, m := range all {
			check(name, m)
		}
	}
	files, err := sample.WorstRotations.ReadDir("testdata/rotations")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		check(f.Name(), sample.ReadRotation(t, f.Name()))
	}
	for range 40 {
		n := 4 + rng.IntN(6)
		check("start of a search", sample.StartRotation(n, rng))
	}
}

// shearMatrix returns [[I, w], [0, I]].
func shearMatrix(w *mat.Dense) *mat.Dense {
	rows, cols := w.Dims()
	m := sample.Eye(rows + cols)
	m.Slice(0, rows, rows, rows+cols).(*mat.Dense).Copy(w)
	return m
}
