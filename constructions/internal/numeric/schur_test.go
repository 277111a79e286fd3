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
	for _, n := range []int{4, 9, 80} {
		rng := rand.New(rand.NewPCG(1, 1))
		g := mat.NewDense(n, n, nil)
		g.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, g)
		g.Set(n-1, 0, math.NaN())
		if _, _, err := RealSchur(g); !errors.Is(err, fault.ErrNoConvergence) {
			t.Errorf("n=%d: %v, want ErrNoConvergence", n, err)
		}
	}
}

// Both QR algorithms, also for matrices that defeat simple shifts: cycles, which are
// their own Hessenberg forms, Jordan blocks, and rotations of order 4.
func TestSchurBothWays(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 7, 76, 90} {
		for name, f := range map[string]func(i, j int) float64{
			"normal": func(_, _ int) float64 { return rng.NormFloat64() },
			"cycle": func(i, j int) float64 {
				if (j+1)%n == i {
					return 1
				}
				return 0
			},
			"Jordan block": func(i, j int) float64 {
				if i == j || i+1 == j {
					return 2
				}
				return 0
			},
			"quarter turns": func(i, j int) float64 {
				if i+j == n-1 && i < j {
					return -1
				} else if i+j == n-1 {
					return 1
				}
				return 0
			},
		} {
			g := mat.NewDense(n, n, nil)
			g.Apply(func(i, j int, _ float64) float64 { return f(i, j) }, g)
			for way, qr := range map[string]func(t, z *mat.Dense) bool{"unblocked": unblocked, "multishift": multishift} {
				if way == "multishift" && n <= 75 {
					continue
				}
				h, z := hessenberg(g)
				if !qr(h, z) {
					t.Errorf("%s, n = %d: %s does not converge", name, n, way)
					continue
				}
				checkSchur(t, name+", "+way, g, h, z)
			}
			h, z, err := RealSchur(g)
			if err != nil {
				t.Fatal(err)
			}
			checkSchur(t, name, g, h, z)
		}
	}
}

// checkSchur: z h z^T is g, z is orthogonal, and h has blocks of at most two.
func checkSchur(t *testing.T, name string, g, h, z *mat.Dense) {
	t.Helper()
	n, _ := g.Dims()
	tol := 1e-13 * float64(n) * (1 + mat.Norm(g, 2))
	if d := Product(z, h, mat.DenseCopyOf(z.T())); !mat.EqualApprox(d, g, tol) {
		t.Errorf("%s, n = %d: not a factorization", name, n)
	}
	for i := range n {
		for j := range i {
			if v := h.At(i, j); v != 0 && (i-j > 1 || j > 0 && h.At(j, j-1) != 0) {
				t.Errorf("%s, n = %d: entry (%d, %d) is %g", name, n, i, j, v)
			}
		}
		for j := range n {
			dot, want := mat.Dot(z.RowView(i), z.RowView(j)), 0.0
			if i == j {
				want = 1
			}
			if math.Abs(dot-want) > 1e-12 {
				t.Errorf("%s, n = %d: rows %d and %d of Z", name, n, i, j)
			}
		}
	}
}
