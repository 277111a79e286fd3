package sample

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify"
)

// weighted is the Laplacian of a rows x cols grid with weights 10^-spread .. 10^spread,
// and a little on the diagonal: a sparse matrix as circuits have, of condition 1e8
// and more.
func weighted(t *testing.T, rows, cols int, spread float64, seed uint64) exactmath.Matrix {
	rng := rand.New(rand.NewPCG(seed, 14))
	n := rows * cols
	m := mat.NewDense(n, n, nil)
	join := func(a, b int) {
		g := math.Pow(10, spread*(2*rng.Float64()-1))
		for _, k := range []int{a, b} {
			m.Set(k, k, m.At(k, k)+g)
		}
		m.Set(a, b, -g)
		m.Set(b, a, -g)
	}
	for i := range rows {
		for j := range cols {
			k := i*cols + j
			m.Set(k, k, m.At(k, k)+1e-6)
			if j+1 < cols {
				join(k, k+1)
			}
			if i+1 < rows {
				join(k, k+cols)
			}
		}
	}
	return AsFloats(t, m)
}

// HardMaps are maps that polish finds no flow of six layers for, or only after long.
func HardMaps(t *testing.T) map[string]exactmath.Matrix {
	floats := func(n int, v ...float64) exactmath.Matrix { return Must1(exactmath.FromFloat64(n, n, v)) }
	binomial := mat.NewDense(8, 8, nil)
	binomial.Apply(func(i, j int, _ float64) float64 {
		return math.Round(math.Gamma(float64(i+j+1)) / math.Gamma(float64(i+1)) / math.Gamma(float64(j+1)))
	}, binomial)
	hilbert := mat.NewDense(8, 8, nil)
	hilbert.Apply(func(i, j int, _ float64) float64 { return 1 / float64(i+j+1) }, hilbert)
	ms := map[string]exactmath.Matrix{
		"Fibonacci":   floats(2, 63245986, 39088169, 39088169, 24157817),
		"small scale": floats(3, 1, 0, 0, 0, 1, 0, 0, 0, 1e-20),
		"large shear": floats(2, 1e5, 1, -1, 0),
		"Hilbert":     AsFloats(t, hilbert),
		"grid of 14":  weighted(t, 2, 7, 3, 1),
		"subnormal":   floats(2, 0x1p-1074, 0, 0x1p-1073, 0x1p-1070),
	}
	if *Long {
		ms["binomial"] = AsFloats(t, binomial)
		ms["cond 1e14"] = SvdTarget("", Geometric(6, 1e7), 1).Matrix(t)
		ms["near the end"] = floats(2, 0x1p1023, 0, -0x1p1022, 0x1p1023)
		ms["grid of 28"] = weighted(t, 4, 7, 3, 1)
		ms["grid of 207"] = weighted(t, 9, 23, 2.5, 1)
	}
	return ms
}

// CheckWithin checks the relative residual, in the Frobenius norm, exactly.
func CheckWithin(t *testing.T, name string, f *coupling.Flow, target exactmath.Matrix, tol float64) {
	t.Helper()
	r, err := verify.Check(f, target)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if rel, _ := r.Relative().Float64(); !(math.Sqrt(rel) <= tol) {
		t.Errorf("%s: relative residual %g", name, math.Sqrt(rel))
	}
}
