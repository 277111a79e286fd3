package polish

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/conditioned"
	"flowproof/constructions/fault"
	"flowproof/constructions/internal/floatflow"
	"flowproof/constructions/internal/numeric"
	"flowproof/constructions/internal/sample"
	"flowproof/constructions/refine"
	"flowproof/constructions/rotation"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify"
	certified "flowproof/verify/condition"
)

// TestObjectiveGradient compares the analytic gradient with central differences.
func TestObjectiveGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		p, q, k, first, power int
		scaled                bool
	}{
		{2, 2, 6, 0, 1, false},
		{2, 3, 6, 1, 2, false},
		{3, 2, 5, 0, 4, true},
		{1, 4, 3, 1, 12, true},
		{1, 1, 1, 0, 3, true},
		{3, 3, 0, 0, 2, true},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			n := c.p + c.q
			pt := polishPoint{floatflow.Parts{P: c.p, Q: c.q}, alternatingKinds(c.k, c.first), c.scaled}
			o := newObjective(pt, floatflow.General(n, n, sample.RandomVector(n*n, rng)), floatflow.General(n, n, sample.RandomVector(n*n, rng)))
			o.lambda = floatflow.General(n, n, sample.RandomVector(n*n, rng))
			o.rho, o.weight, o.power = 1.7, 0.6, c.power
			for i := range o.emphasis {
				o.emphasis[i] = 1 + rng.Float64()
			}
			x := sample.RandomVector(pt.dim(), rng)
			g := make([]float64, len(x))
			f := o.value(x, g)
			if again := o.value(x, nil); again != f {
				t.Errorf("value %v with the gradient, %v without", f, again)
			}
			for i := range x {
				const h = 1e-5
				at := x[i]
				x[i] = at + h
				up := o.value(x, nil)
				x[i] = at - h
				down := o.value(x, nil)
				x[i] = at
				if d := (up - down) / (2 * h); math.Abs(d-g[i]) > 1e-6*(1+math.Abs(f)) {
					t.Errorf("derivative %d is %v, differences give %v", i, g[i], d)
				}
			}
		})
	}
}

// TestObjectiveResidual: R = 0 exactly where the product of the flow is M = P^-1 Q.
func TestObjectiveResidual(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	pt := polishPoint{floatflow.Parts{P: 2, Q: 3}, alternatingKinds(6, 0), true}
	x := sample.RandomVector(pt.dim(), rng)
	ls, lt := pt.layers(x)
	m := floatflow.Flow{Parts: pt.Parts, Layers: ls}.Matrix()
	for j, v := range lt {
		for i := range 5 {
			m.Data[i*5+j] *= math.Exp(v)
		}
	}
	left := floatflow.General(5, 5, sample.RandomVector(25, rng))
	right := floatflow.NewGeneral(5, 5)
	floatflow.Gemm(1, left, m, 0, right)
	o := newObjective(pt, left, right)
	o.value(x, nil)
	if o.residual > 1e-10*floatflow.Norm2(right.Data) {
		t.Errorf("residual %v at the flow itself", o.residual)
	}
	x[3] += 1e-3
	if o.value(x, nil); o.residual < 1e-6 {
		t.Errorf("residual %v off the flow", o.residual)
	}
}

// TestPowerTrace compares with the singular values.
func TestPowerTrace(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	for _, shape := range [][2]int{{3, 3}, {2, 5}, {5, 2}} {
		x := floatflow.General(shape[0], shape[1], sample.RandomVector(shape[0]*shape[1], rng))
		var svd mat.SVD
		if !svd.Factorize(mat.NewDense(shape[0], shape[1], x.Data), mat.SVDNone) {
			t.Fatal("no SVD")
		}
		for m := 1; m <= 12; m++ {
			want := 0.0
			for _, s := range svd.Values(nil) {
				want += math.Pow(s, 2*float64(m))
			}
			if got, _ := powerTrace(x, m); math.Abs(got-want) > 1e-11*want {
				t.Errorf("%v, power %d: %v, want %v", shape, m, got, want)
			}
		}
	}
}

// checkRefinement checks the result of Refine at the end of a polished flow.
func checkRefinement(t *testing.T, f *coupling.Flow, rep refine.Report, target exactmath.Matrix, prec uint) {
	t.Helper()
	sample.CheckReport(t, f, sample.Reported{ResidualMax: rep.ResidualMax, TargetMax: rep.TargetMax, Depth: rep.Depth, Scaled: rep.Scaled}, target, prec)
}

// checkPolished checks a result of Polish against packages verify and condition.
func checkPolished(t *testing.T, f *coupling.Flow, rep Report, target exactmath.Matrix, depth int) {
	t.Helper()
	checkRefinement(t, f, rep.Refine, target, 47)
	if f.Depth() > depth {
		t.Errorf("depth %d, want %d", f.Depth(), depth)
	}
	top, product := 1.0, 1.0
	for k, l := range f.Layers() {
		c := certified.Layer(l)
		tight := 1.02
		if l.Scale().Kind() != coupling.ScaleOne {
			tight = 2
		}
		if e := rep.Conditions[k]; !(e <= c.Bound*(1+1e-9) && c.Bound <= tight*e) {
			t.Errorf("layer %d: condition reported %v, certified at most %v", k, e, c.Bound)
		}
		top = max(top, rep.Conditions[k])
		product *= rep.Conditions[k]
	}
	if top != rep.Max || math.Abs(product-rep.Product) > 1e-9*product {
		t.Errorf("reported largest %v and product %v, have %v and %v", rep.Max, rep.Product, top, product)
	}
}

// polishCases are dimensions and depths. The limits of the tests are for six
// layers; with -long the others are reported beside them.
func polishCases() (cases [][2]int) {
	dims, depths := []int{8, 9, 16}, []int{6}
	if *sample.Long {
		dims, depths = []int{8, 9, 16, 17, 32, 64}, []int{5, 6, 8}
	}
	for _, n := range dims {
		for _, k := range depths {
			cases = append(cases, [2]int{n, k})
		}
	}
	return cases
}

// TestPolishGaussian: six layers of small condition for Gaussian maps of
// determinant 1, the product at most 400 times the condition of the map.
func TestPolishGaussian(t *testing.T) {
	for _, c := range polishCases() {
		n, depth := c[0], c[1]
		g := sample.UnitDet(sample.GaussianTarget(n, 1))
		s := sample.SingularValues(g)
		target := g.Matrix(t)
		f, rep, err := Polish(nil, target, sample.Half(t, n), Options{Depth: depth, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		checkPolished(t, f, rep, target, depth)
		cond := s[0] / s[n-1]
		t.Logf("n = %d, cond %.0f, depth %d: largest %.2f, product %.3g = %.0f cond, %d evaluations",
			n, cond, depth, rep.Max, rep.Product, rep.Product/cond, rep.Evals)
		if depth == 6 && (rep.Max > 6 || rep.Product > 400*cond) {
			t.Errorf("n = %d: largest condition %v, product %v, cond %v", n, rep.Max, rep.Product, cond)
		}
		for k, l := range f.Layers() {
			if l.Scale().Kind() != coupling.ScaleOne {
				t.Errorf("n = %d: layer %d has a scale", n, k)
			}
		}
	}
}

// TestPolishIllConditioned: the product of the layers' conditions stays within a
// constant of the condition of the map, singular values in geometric progression.
func TestPolishIllConditioned(t *testing.T) {
	n, conds := 8, []float64{1, 100}
	if *sample.Long {
		n, conds = 32, []float64{1, 10, 100, 1000, 10000}
	}
	for _, cond := range conds {
		g := sample.UnitDet(sample.SvdTarget("geometric", sample.Geometric(n, math.Sqrt(cond)), 1))
		target := g.Matrix(t)
		f, rep, err := Polish(nil, target, sample.Half(t, n), Options{})
		if err != nil {
			t.Fatal(err)
		}
		checkPolished(t, f, rep, target, 6)
		t.Logf("n = %d, cond %.0f: largest %.2f, product %.3g = %.0f cond", n, cond, rep.Max, rep.Product, rep.Product/cond)
		if rep.Product > 1000*cond {
			t.Errorf("n = %d, cond %v: product %v", n, cond, rep.Product)
		}
	}
}

// TestPolishRotation: well below the closed form, from it and from random starts.
func TestPolishRotation(t *testing.T) {
	for _, c := range polishCases() {
		n, depth := c[0], c[1]
		rng := rand.New(rand.NewPCG(uint64(n), 9))
		target := sample.AsFloats(t, sample.Haar(n, rng))
		f0, err := rotation.Orthogonal(target, sample.Half(t, n))
		if err != nil {
			t.Fatal(err)
		}
		f, rep, err := Polish(f0, target, sample.Half(t, n), Options{Depth: depth, Starts: 1})
		if err != nil {
			t.Fatal(err)
		}
		checkPolished(t, f, rep, target, depth)
		t.Logf("n = %d, depth %d: closed form %.2f, polished %.2f from %s, product %.0f, %d evaluations",
			n, depth, rep.GivenMax, rep.Max, rep.Start, rep.Product, rep.Evals)
		if depth == 6 && (rep.Max > 3.6 || rep.Max > rep.GivenMax) {
			t.Errorf("n = %d: largest condition %v, closed form %v", n, rep.Max, rep.GivenMax)
		}
	}
}

// TestPolishFixed: maps for which one kind of start or the other is needed.
func TestPolishFixed(t *testing.T) {
	n := 8
	minus := sample.Eye(n)
	minus.Scale(-1, minus)
	for name, c := range map[string]struct {
		m     *mat.Dense
		depth int
		limit float64
	}{
		"swap":           {sample.Permuted([]int{4, 5, 6, 7, 0, 1, 2, 3}), 6, 4.2},
		"minus identity": {minus, 6, 2.7},
		"witness":        {sample.Givens(n, 0, 1, math.Pi/2), 6, 3},
	} {
		target := sample.AsFloats(t, c.m)
		f0, err := rotation.Orthogonal(target, sample.Half(t, n))
		if err != nil {
			t.Fatal(err)
		}
		f, rep, err := Polish(f0, target, sample.Half(t, n), Options{Depth: c.depth})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkPolished(t, f, rep, target, c.depth)
		if rep.Max > c.limit {
			t.Errorf("%s: largest condition %v, want at most %v", name, rep.Max, c.limit)
		}
	}
}

// TestPolishScaled: determinants far from 1, with no start and with one that has
// scales in the middle.
func TestPolishScaled(t *testing.T) {
	for _, n := range []int{4, 5, 8} {
		for _, by := range []float64{1e3, 1e-3, 0x1p-200} {
			target := sample.UnitDet(sample.GaussianTarget(n, 3)).Scaled(by).Matrix(t)
			f, rep, err := Polish(nil, target, sample.Half(t, n), Options{})
			if err != nil {
				t.Errorf("n = %d, times %g: %v", n, by, err)
				continue
			}
			checkPolished(t, f, rep, target, 6)
			if limit := 30 * math.Max(by, 1/by); rep.Max > limit {
				t.Errorf("n = %d, times %g: largest condition %v, want at most %v", n, by, rep.Max, limit)
			}
		}
		target := sample.GaussianTarget(n, 4).Matrix(t)
		f0, err := conditioned.Conditioned(target, sample.Half(t, n), conditioned.Options{})
		if err != nil {
			t.Fatal(err)
		}
		f, rep, err := Polish(f0, target, sample.Half(t, n), Options{Starts: -1})
		if err != nil {
			t.Fatal(err)
		}
		if rep.Start != "given" {
			t.Errorf("start %q", rep.Start)
		}
		checkPolished(t, f, rep, target, 13)
		if rep.Max > rep.GivenMax {
			t.Errorf("n = %d: largest condition %v, was %v", n, rep.Max, rep.GivenMax)
		}
	}
}

// TestPolishPrecision: polish and then refine to more than float64.
func TestPolishPrecision(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 2))
	target := sample.AsFloats(t, sample.Haar(6, rng))
	f, rep, err := Polish(nil, target, sample.Half(t, 6), Options{Prec: 300, Starts: 1})
	if err != nil {
		t.Fatal(err)
	}
	checkRefinement(t, f, rep.Refine, target, 300)
}

func TestPolishDeterministic(t *testing.T) {
	target := sample.UnitDet(sample.GaussianTarget(6, 2)).Matrix(t)
	var first []byte
	for k := range 2 {
		f, _, err := Polish(nil, target, sample.Half(t, 6), Options{Seed: 5, MaxEval: 2000})
		if err != nil {
			t.Fatal(err)
		}
		if b := sample.FlowBytes(f); k == 0 {
			first = b
		} else if !bytes.Equal(first, b) {
			t.Error("two runs differ")
		}
	}
}

func TestPolishErrors(t *testing.T) {
	n := 6
	part := sample.Half(t, n)
	rng := rand.New(rand.NewPCG(7, 2))
	m := sample.Haar(n, rng)
	var conv *fault.ConvergenceError
	_, rep, err := Polish(nil, sample.AsFloats(t, m), part, Options{Depth: 3, Starts: 1, MaxEval: 1000})
	if !errors.As(err, &conv) || conv.Method != "polish" || conv.Depth != 3 || len(rep.Failed) != 1 {
		t.Errorf("three layers: %v, %+v", err, rep)
	}
	// The witness of PROOFS.md needs six layers.
	if _, _, err := Polish(nil, sample.AsFloats(t, sample.Givens(n, 0, 1, math.Pi/2)), part, Options{Depth: 5, Starts: 1}); !errors.As(err, &conv) {
		t.Errorf("witness in five layers: %v", err)
	}
	// A flow that is no use as a start does no harm.
	huge := mat.NewDense(3, 3, nil)
	huge.Apply(func(i, j int, _ float64) float64 { return 1e308 }, huge)
	l, err := coupling.NewLayer(part, coupling.Lower, sample.AsFloats(t, huge), coupling.Scale{})
	if err != nil {
		t.Fatal(err)
	}
	wild, err := coupling.NewFlow(part, l)
	if err != nil {
		t.Fatal(err)
	}
	f, rep, err := Polish(wild, sample.AsFloats(t, m), part, Options{Depth: 6, Starts: 1})
	if err != nil {
		t.Fatal("from layers of 1e308: ", err)
	}
	checkPolished(t, f, rep, sample.AsFloats(t, m), 6)
	var shape *fault.ShapeError
	if _, _, err := Polish(nil, sample.AsFloats(t, sample.Eye(4)), part, Options{}); !errors.As(err, &shape) {
		t.Errorf("wrong shape: %v", err)
	}
	if _, _, err := Polish(nil, sample.AsFloats(t, sample.FlippedRow(m)), part, Options{}); !errors.Is(err, fault.ErrOrientation) {
		t.Errorf("determinant -1: %v", err)
	}
	ones := mat.NewDense(n, n, nil)
	ones.Apply(func(_, _ int, _ float64) float64 { return 1 }, ones)
	for name, singular := range map[string]*mat.Dense{"zero": mat.NewDense(n, n, nil), "ones": ones} {
		if _, _, err := Polish(nil, sample.AsFloats(t, singular), part, Options{}); !errors.Is(err, fault.ErrSingular) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPolishIdentity: what is given is among the candidates.
func TestPolishIdentity(t *testing.T) {
	part := sample.Half(t, 6)
	target := sample.AsFloats(t, sample.Eye(6))
	empty, err := coupling.NewFlow(part)
	if err != nil {
		t.Fatal(err)
	}
	f, rep, err := Polish(empty, target, part, Options{Depth: 6})
	if err != nil {
		t.Fatal(err)
	}
	if res, err := verify.Check(f, target); err != nil || res.Verdict != verify.Exact || rep.Max != 1 {
		t.Errorf("the identity: %v, %v, largest condition %v", res, err, rep.Max)
	}
}

func BenchmarkPolish(b *testing.B) {
	for _, n := range []int{16, 64} {
		b.Run(fmt.Sprintf("SO/n=%d", n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(uint64(n), 9))
			m := sample.Haar(n, rng)
			target, err := exactmath.FromFloat64(n, n, numeric.RowMajor(m))
			if err != nil {
				b.Fatal(err)
			}
			part, err := coupling.Half(n)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, _, err := Polish(nil, target, part, Options{Starts: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRefine(b *testing.B) {
	for _, c := range []struct {
		n    int
		prec uint
	}{{64, 53}, {64, 256}, {64, 1024}, {256, 256}} {
		b.Run(fmt.Sprintf("n=%d/bits=%d", c.n, c.prec), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(uint64(c.n), 9))
			target, err := exactmath.FromFloat64(c.n, c.n, numeric.RowMajor(sample.Haar(c.n, rng)))
			if err != nil {
				b.Fatal(err)
			}
			part, err := coupling.Half(c.n)
			if err != nil {
				b.Fatal(err)
			}
			f, err := rotation.Orthogonal(target, part)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				_, rep, err := refine.Refine(f, target, c.prec, refine.Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(rep.Rounds), "rounds")
				b.ReportMetric(float64(rep.Iterations), "iterations")
			}
		})
	}
}

// TestPolishPartitions: parts in any order, of sizes that differ by more than one.
func TestPolishPartitions(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 2))
	n := 6
	target := sample.AsFloats(t, sample.Haar(n, rng))
	for _, s := range []string{"checkerboard", "1,4", "0,2,3,5"} {
		part, err := coupling.ParsePartition(n, s)
		if err != nil {
			t.Fatal(err)
		}
		f, rep, err := Polish(nil, target, part, Options{Prec: 100})
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		checkRefinement(t, f, rep.Refine, target, 100)
	}
}
