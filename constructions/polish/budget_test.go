package polish

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/floatflow"
	"flowproof/constructions/internal/rescale"
	"flowproof/constructions/internal/sample"
	"flowproof/constructions/refine"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/verify"
)

// TestBudgets: evaluations and iterations stay within what is documented.
func TestBudgets(t *testing.T) {
	for name, target := range sample.HardMaps(t) {
		n, _ := target.Dims()
		part := sample.Half(t, n)
		opt := Options{MaxEval: Fewer(DefaultMaxEval, n)}
		if n > Quick {
			opt.Starts = 1
		}
		_, rep, err := Polish(nil, target, part, opt)
		var conv *fault.ConvergenceError
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
		if one := min(60+4*n*n, 2000); rep.Refine.Iterations > RefineBudget(n)+one {
			t.Errorf("%s: %d iterations", name, rep.Refine.Iterations)
		}
	}
}

// checkReported checks what a report says of the residual and of the target.
func checkReported(t *testing.T, name string, f *coupling.Flow, rep refine.Report, target exactmath.Matrix) {
	t.Helper()
	r := sample.Must1(verify.Check(f, target))
	if rep.ResidualMax.Cmp(r.ResidualMax) != 0 || rep.TargetMax.Cmp(dense.MaxAbs(target)) != 0 || rep.Depth != f.Depth() || !rep.Scaled {
		t.Errorf("%s: reported %+v, residual is %v", name, rep, r.ResidualMax)
	}
}

// TestMinimiseEnds: with an objective that overflows near the start, and with
// few evaluations allowed, the search ends, at a point no worse than the start.
func TestMinimiseEnds(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 14))
	pt := polishPoint{floatflow.Parts{P: 1, Q: 1}, alternatingKinds(6, 0), true}
	for _, size := range []float64{1, 1e5, 1e40, 1e100, 1e150, 1e300} {
		for _, evals := range []int{0, 1, 7, 300} {
			o := newObjective(pt, floatflow.General(2, 2, []float64{1, 0, 0, 1}), floatflow.General(2, 2, []float64{size, 1, -1, 0}))
			o.rho, o.power = size, 12
			x := sample.RandomVector(pt.dim(), rng)
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
		g := sample.GaussianTarget(n, 8)
		for _, e := range []int{300, -300, 900, -900} {
			target := sample.Must1(rescale.TimesTwoTo(g.Matrix(t), e))
			f, rep, err := Polish(nil, target, sample.Half(t, n), Options{Starts: 1, MaxEval: 3000})
			if err != nil {
				t.Errorf("n = %d, times 2^%d: %v", n, e, err)
				continue
			}
			name := fmt.Sprintf("n = %d, times 2^%d", n, e)
			sample.CheckWithin(t, name, f, target, 1e-14)
			checkReported(t, name, f, rep.Refine, target)
			g, again, err := refine.Refine(f, target, 200, refine.Options{})
			if err != nil {
				t.Errorf("n = %d, times 2^%d: %v", n, e, err)
				continue
			}
			sample.CheckWithin(t, name, g, target, 0x1p-197)
			checkReported(t, name, g, again, target)
		}
	}
	// Flows of no layer and of one get the identity to carry a scale.
	part := sample.Half(t, 3)
	for k, f := range []*coupling.Flow{
		sample.Must1(coupling.NewFlow(part)),
		sample.Must1(coupling.NewFlow(part, sample.Must1(coupling.NewLayer(part, coupling.Upper, sample.Must1(exactmath.FromFloat64(1, 2, []float64{3, 4})), coupling.Scale{})))),
	} {
		h := sample.Must1(rescale.FlowTimesTwoTo(f, -1000))
		want := sample.Must1(rescale.TimesTwoTo(sample.Must1(verify.Compose(f)), -1000))
		if r := sample.Must1(verify.Check(h, want)); r.Verdict != verify.Exact || h.Depth() != 2 {
			t.Errorf("%d layers: %v, depth %d", k, r.Verdict, h.Depth())
		}
	}
}
