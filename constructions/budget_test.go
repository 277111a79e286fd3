package constructions

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
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
	return asFloats(t, m)
}

// hardMaps are maps that polish finds no flow of six layers for, or only after long.
func hardMaps(t *testing.T) map[string]exactmath.Matrix {
	floats := func(n int, v ...float64) exactmath.Matrix { return must1(exactmath.FromFloat64(n, n, v)) }
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
		"Hilbert":     asFloats(t, hilbert),
		"grid of 14":  weighted(t, 2, 7, 3, 1),
		"subnormal":   floats(2, 0x1p-1074, 0, 0x1p-1073, 0x1p-1070),
	}
	if *long {
		ms["binomial"] = asFloats(t, binomial)
		ms["cond 1e14"] = svdTarget("", geometric(6, 1e7), 1).matrix(t)
		ms["near the end"] = floats(2, 0x1p1023, 0, -0x1p1022, 0x1p1023)
		ms["grid of 28"] = weighted(t, 4, 7, 3, 1)
		ms["grid of 207"] = weighted(t, 9, 23, 2.5, 1)
	}
	return ms
}

// TestBudgets: evaluations and iterations stay within what is documented.
func TestBudgets(t *testing.T) {
	for name, target := range hardMaps(t) {
		n, _ := target.Dims()
		part := half(t, n)
		opt := PolishOptions{MaxEval: fewer(defaultMaxEval, n)}
		if n > quickPolish {
			opt.Starts = 1
		}
		_, rep, err := Polish(nil, target, part, opt)
		var conv *ConvergenceError
		if err != nil && !errors.As(err, &conv) {
			t.Errorf("%s: %v", name, err)
		}
		starts, rounds := 2, 0 // of the augmented Lagrangian: one evaluation more each
		if opt.Starts == 1 {
			starts = 1
		}
		for _, st := range polishStages {
			rounds += st.rounds
		}
		rounds += (annealStages + 1) * annealRounds
		if limit := starts * (opt.MaxEval + opt.MaxEval/4 + 2*rounds); rep.Evals > limit || rep.Evals == 0 {
			t.Errorf("%s: %d evaluations, the limit is %d", name, rep.Evals, limit)
		}
		if one := min(60+4*n*n, 2000); rep.Refine.Iterations > refineBudget(n)+one {
			t.Errorf("%s: %d iterations", name, rep.Refine.Iterations)
		}
	}
}

// TestAutoOfHardMaps: auto answers, with a flow of the map or with the depth that has
// one.
func TestAutoOfHardMaps(t *testing.T) {
	for name, target := range hardMaps(t) {
		n, _ := target.Dims()
		part := half(t, n)
		b, err := Build("auto", target, part, Options{})
		var deeper *DepthNeededError
		switch {
		case errors.As(err, &deeper):
			if deeper.Depth != 6 || deeper.Deeper == nil || errors.Is(err, ErrSingular) || errors.Is(err, ErrOrientation) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			if b.Flow.Depth() > 6 {
				t.Errorf("%s: depth %d", name, b.Flow.Depth())
			}
			checkWithin(t, name, b.Flow, target, 1e-12)
		}
	}
}

// checkWithin checks the relative residual, in the Frobenius norm, exactly.
func checkWithin(t *testing.T, name string, f *coupling.Flow, target exactmath.Matrix, tol float64) {
	t.Helper()
	r, err := verify.Check(f, target)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if rel, _ := r.Relative().Float64(); !(math.Sqrt(rel) <= tol) {
		t.Errorf("%s: relative residual %g", name, math.Sqrt(rel))
	}
}

// checkReported checks what a report says of the residual and of the target.
func checkReported(t *testing.T, name string, f *coupling.Flow, rep RefineReport, target exactmath.Matrix) {
	t.Helper()
	r := must1(verify.Check(f, target))
	if rep.ResidualMax.Cmp(r.ResidualMax) != 0 || rep.TargetMax.Cmp(dense.MaxAbs(target)) != 0 || rep.Depth != f.Depth() || !rep.Scaled {
		t.Errorf("%s: reported %+v, residual is %v", name, rep, r.ResidualMax)
	}
}

// TestMinimiseEnds: with an objective that overflows near the start, and with
// few evaluations allowed, the search ends, at a point no worse than the start.
func TestMinimiseEnds(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 14))
	pt := polishPoint{parts{1, 1}, alternatingKinds(6, 0), true}
	for _, size := range []float64{1, 1e5, 1e40, 1e100, 1e150, 1e300} {
		for _, evals := range []int{0, 1, 7, 300} {
			o := newObjective(pt, general(2, 2, []float64{1, 0, 0, 1}), general(2, 2, []float64{size, 1, -1, 0}))
			o.rho, o.power = size, 12
			x := randomVector(pt.dim(), rng)
			start := o.value(x, nil)
			o.evals = 0
			y := o.minimise(x, 1000, evals, 1e-3)
			if o.evals > max(evals, 1) {
				t.Errorf("size %g: %d evaluations, %d allowed", size, o.evals, evals)
			}
			if end := o.value(y, nil); finite(start) && !(end <= start) {
				t.Errorf("size %g: from %g to %g", size, start, end)
			}
			for _, v := range y {
				if !finite(v) {
					t.Fatalf("size %g: ends at %v", size, y)
				}
			}
		}
	}
}

// TestRescaled: a target times a power of two far from 1 has the flow of the target,
// the power in the scales of its last two layers, and the same relative residual.
func TestRescaled(t *testing.T) {
	for _, n := range []int{2, 3, 5} {
		g := gaussianTarget(n, 8)
		for _, e := range []int{300, -300, 900, -900} {
			target := must1(timesTwoTo(g.matrix(t), e))
			f, rep, err := Polish(nil, target, half(t, n), PolishOptions{Starts: 1, MaxEval: 3000})
			if err != nil {
				t.Errorf("n = %d, times 2^%d: %v", n, e, err)
				continue
			}
			name := fmt.Sprintf("n = %d, times 2^%d", n, e)
			checkWithin(t, name, f, target, 1e-14)
			checkReported(t, name, f, rep.Refine, target)
			g, again, err := Refine(f, target, 200, RefineOptions{})
			if err != nil {
				t.Errorf("n = %d, times 2^%d: %v", n, e, err)
				continue
			}
			checkWithin(t, name, g, target, 0x1p-197)
			checkReported(t, name, g, again, target)
		}
	}
	// Flows of no layer and of one get the identity to carry a scale.
	part := half(t, 3)
	for k, f := range []*coupling.Flow{
		must1(coupling.NewFlow(part)),
		must1(coupling.NewFlow(part, must1(coupling.NewLayer(part, coupling.Upper, must1(exactmath.FromFloat64(1, 2, []float64{3, 4})), coupling.Scale{})))),
	} {
		h := must1(flowTimesTwoTo(f, -1000))
		want := must1(timesTwoTo(must1(verify.Compose(f)), -1000))
		if r := must1(verify.Check(h, want)); r.Verdict != verify.Exact || h.Depth() != 2 {
			t.Errorf("%d layers: %v, depth %d", k, r.Verdict, h.Depth())
		}
	}
}
