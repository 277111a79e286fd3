package constructions

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/sample"
	"flowproof/constructions/permutation"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
	"flowproof/targets"
	"flowproof/verify"
)

// made returns a named target.
func made(t *testing.T, name string, n int) *targets.Target {
	t.Helper()
	x, err := targets.Make(name, n, 2, targets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestAuto: what is chosen for each kind of target, and that it is right.
func TestAuto(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	short := sample.Haar(26, rng)
	short.Apply(func(_, _ int, v float64) float64 { return float64(float32(v)) }, short)
	big14 := made(t, "gaussian", 4).Matrix.Float64s()
	for k := range big14 {
		big14[k] *= 3162.2776601683795 // |det| = 1e14
	}
	large, err := exactmath.FromFloat64(4, 4, big14)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		target    exactmath.Matrix
		partition string
		opt       Options
		want      string // beginning of the construction's name
		verdict   verify.Verdict
	}{
		"permutation":                 {made(t, "shuffle", 9).Matrix, "half", Options{}, "permutation", verify.Exact},
		"permutation of 64":           {made(t, "permutation", 64).Matrix, "checkerboard", Options{}, "permutation", verify.Exact},
		"rotation":                    {made(t, "random-orthogonal", 12).Matrix, "half", Options{}, "orthogonal", verify.Residual},
		"witness":                     {made(t, "block-diag-j", 5).Matrix, "half", Options{}, "permutation", verify.Exact},
		"rotation in float32":         {sample.AsFloats(t, short), "half", Options{}, "orthogonal, refined", verify.Residual},
		"rotation, 200 bits":          {made(t, "random-orthogonal", 8).Matrix, "half", Options{Prec: 200}, "orthogonal, refined to 200 bits", verify.Residual},
		"gaussian":                    {made(t, "gaussian", 9).Matrix, "half", Options{}, "polish", verify.Residual},
		"determinant 1e14":            {large, "half", Options{}, "continuation", verify.Residual},
		"integer":                     {made(t, "integer", 8).Matrix, "half", Options{}, "", verify.Residual},
		"eight layers allowed":        {made(t, "gaussian", 6).Matrix, "half", Options{MaxDepth: 8}, "polish", verify.Residual},
		"rotation, uneven parts":      {made(t, "random-orthogonal", 6).Matrix, "0,1", Options{MaxDepth: 8}, "polish", verify.Residual},
		"ill-conditioned, few digits": {sample.Must1(exactmath.FromFloat64(2, 2, []float64{1e9, 1, 0, 1})), "half", Options{}, "", verify.Residual},
	} {
		t.Run(name, func(t *testing.T) {
			n, _ := c.target.Dims()
			part, err := coupling.ParsePartition(n, c.partition)
			if err != nil {
				t.Fatal(err)
			}
			b, err := Build("auto", c.target, part, c.opt)
			if err != nil {
				t.Fatal(err)
			}
			r, err := verify.Check(b.Flow, c.target)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(b.Construction, c.want) || b.Theorem == "" || b.Flow.Depth() > max(6, c.opt.MaxDepth) {
				t.Errorf("%q (%s), depth %d; want %q", b.Construction, b.Theorem, b.Flow.Depth(), c.want)
			}
			if c.verdict == verify.Exact && r.Verdict != verify.Exact || !r.Within(big.NewRat(1, 1e12)) {
				t.Errorf("verdict %s, residual %s", r.Verdict, r.ResidualMax.FloatString(20))
			}
		})
	}
}

func TestAutoRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		entries []float64
		want    error
	}{
		"mirror":       {[]float64{1, 0, 0, -1}, fault.ErrOrientation},
		"odd shear":    {[]float64{0, 2, 3, 0}, fault.ErrOrientation},
		"singular":     {[]float64{1, 1, 1, 1}, fault.ErrSingular},
		"zero":         {make([]float64, 4), fault.ErrSingular},
		"no such name": {[]float64{1, 0, 0, 1}, ErrUnknown},
	} {
		build := "auto"
		if c.want == ErrUnknown {
			build = "alchemy"
		}
		if _, err := Build(build, sample.Must1(exactmath.FromFloat64(2, 2, c.entries)), sample.Half(t, 2), Options{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	odd := sample.Must1(sparse.Permutation([]int{1, 0, 2}))
	if _, err := Build("auto", odd, sample.Half(t, 3), Options{}); !errors.Is(err, fault.ErrOrientation) {
		t.Errorf("odd permutation: %v", err)
	}
	if _, err := Build("permutation", diagonal(t, 1, 2, 3, 1), sample.Half(t, 4), Options{}); !errors.Is(err, permutation.ErrNotPermutation) {
		t.Errorf("diagonal matrix: %v", err)
	}
}

func diagonal(t *testing.T, v ...float64) *exactmath.Floats {
	return sample.AsFloats(t, mat.DenseCopyOf(mat.NewDiagDense(len(v), v)))
}

// TestAutoKnowsPermutations: with and without signs, in whatever storage.
func TestAutoKnowsPermutations(t *testing.T) {
	for name, m := range map[string]exactmath.Matrix{
		"dense":             sample.AsFloats(t, sample.Eye(4)),
		"dense, signs":      diagonal(t, 1, -1, 1, -1),
		"quarter turn":      sample.Must1(exactmath.FromFloat64(2, 2, []float64{0, -1, 1, 0})),
		"rationals":         dense.ToRational(diagonal(t, 1, -1, -1)),
		"sparse with signs": sample.Must1(sparse.FromSigned([]int{1, 0, 2, 3}, []float64{1, 1, 1, -1})),
	} {
		n, _ := m.Dims()
		b, err := Build("auto", m, sample.Half(t, n), Options{})
		if err != nil || b.Construction != "permutation" {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
}

// TestEveryConstruction runs each by name on a map that suits it.
func TestEveryConstruction(t *testing.T) {
	suited := map[string]string{"permutation": "reverse", "permutation-integer": "reverse", "orthogonal": "random-orthogonal"}
	for _, c := range List() {
		name := suited[c.Name]
		if name == "" {
			name = "integer"
		}
		x := made(t, name, 4).Matrix
		b, err := Build(c.Name, x, sample.Half(t, 4), Options{})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		r, err := verify.Check(b.Flow, x)
		if err != nil || !r.Within(big.NewRat(1, 1e9)) || b.Construction != c.Name || b.Theorem != c.Theorem || c.Summary == "" {
			t.Errorf("%s: %v, %+v", c.Name, err, r)
		}
	}
}

// TestDepthAsked: a depth is heeded where one is taken, and refused elsewhere.
func TestDepthAsked(t *testing.T) {
	x, part := made(t, "gaussian", 4).Matrix, sample.Half(t, 4)
	for name, depth := range map[string]int{"conditioned": 11, "polish": 7} {
		b, err := Build(name, x, part, Options{Depth: depth})
		if err != nil || b.Flow.Depth() != depth {
			t.Errorf("%s: %+v, %v; want %d layers", name, b, err, depth)
		}
	}
	takes := 0
	for _, name := range append(names(), "auto") {
		_, err := Build(name, x, part, Options{Depth: 5})
		var refused *DepthError
		if !errors.As(err, &refused) {
			takes++
		} else if refused.Construction != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if takes != 3 {
		t.Errorf("%d constructions take a depth, want 3", takes)
	}
}

func names() (out []string) {
	for _, c := range List() {
		out = append(out, c.Name)
	}
	return out
}
