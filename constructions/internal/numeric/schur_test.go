package numeric

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
)

// TestSchurNeedsNumbers: what has no Schur form is an error, after all bases were
// tried, and no panic.
func TestSchurNeedsNumbers(t *testing.T) {
	for _, n := range []int{4, 9} {
		rng := rand.New(rand.NewPCG(1, 1))
		g := mat.NewDense(n, n, nil)
		g.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, g)
		g.Set(n-1, 0, math.NaN())
		if _, _, err := RealSchur(g); !errors.Is(err, fault.ErrNoConvergence) {
			t.Errorf("n=%d: %v, want ErrNoConvergence", n, err)
		}
	}
}
