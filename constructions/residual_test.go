package constructions

import (
	"math"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/internal/flowtest"
)

// The residual in float64 is that of the exact product, also with scales, layers of
// one kind in a row, and targets off by little and by much.
func TestRelativeResidual(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 14))
	for n := 2; n < 9; n++ {
		f := flowtest.Random(t, flowtest.Partition(t, n, rng), 1+rng.IntN(6), rng)
		product := flowtest.Matrix(t, f).Float64s()
		for _, size := range []float64{0, 1e-9, 1e-3, 2} {
			off, sum, norm := append([]float64(nil), product...), 0.0, 0.0
			for k := range off {
				off[k] += size * rng.NormFloat64() * math.Abs(product[k])
				sum, norm = math.Hypot(sum, off[k]-product[k]), math.Hypot(norm, off[k])
			}
			target := flowtest.Must[*exactmath.Floats](t)(exactmath.FromFloat64(n, n, off))
			got, want := relativeResidual(f, target), sum/norm
			if math.Abs(got-want) > 1e-6*want+1e-12 {
				t.Errorf("n = %d, off by %g: residual %g, want %g", n, size, got, want)
			}
			if rational := relativeResidual(f, dense.ToRational(target)); rational != got {
				t.Errorf("n = %d: %g for rational numbers, %g for floats", n, rational, got)
			}
		}
	}
}
