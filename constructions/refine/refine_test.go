package refine

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/conditioned"
	"flowproof/constructions/fault"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/sample"
	"flowproof/constructions/rotation"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/verify"
)

// checkRefined checks what Refine promises against package verify, which shares
// no code with it.
func checkRefined(t *testing.T, f *coupling.Flow, rep Report, target exactmath.Matrix, prec uint) {
	t.Helper()
	sample.CheckReport(t, f, sample.Reported{ResidualMax: rep.ResidualMax, TargetMax: rep.TargetMax, Depth: rep.Depth, Scaled: rep.Scaled}, target, prec)
}

// float32Rotation is a random rotation, orthogonal only to single precision.
func float32Rotation(n int, rng *rand.Rand) *mat.Dense {
	m := sample.Haar(n, rng)
	m.Apply(func(_, _ int, v float64) float64 { return float64(float32(v)) }, m)
	return m
}

// nudged returns m plus noise, so that no closed form is exact for it.
func nudged(m *mat.Dense, by float64, rng *rand.Rand) *mat.Dense {
	z := mat.DenseCopyOf(m)
	z.Apply(func(_, _ int, v float64) float64 { return v + by*rng.NormFloat64() }, z)
	return z
}

func TestRefineRotations(t *testing.T) {
	for _, n := range []int{2, 3, 8, 9, 16, 17, 32} {
		rng := rand.New(rand.NewPCG(uint64(n), 1))
		for name, m := range map[string]*mat.Dense{"haar": sample.Haar(n, rng), "float32": float32Rotation(n, rng)} {
			target := sample.AsFloats(t, m)
			f, err := rotation.Orthogonal(target, sample.Half(t, n))
			if err != nil {
				t.Fatal(err)
			}
			for _, prec := range []uint{53, 54, 128, 256, 1024} {
				t.Run(fmt.Sprintf("%s/%d/%d", name, n, prec), func(t *testing.T) {
					g, rep, err := Refine(f, target, prec, Options{})
					if err != nil {
						t.Fatal(err)
					}
					want := prec
					if prec == 53 { // rounding is left
						want = 49
					}
					checkRefined(t, g, rep, target, want)
					if g.Depth() != f.Depth() {
						t.Errorf("depth %d, was %d", g.Depth(), f.Depth())
					}
					if prec == 53 && name == "haar" && rep.Scaled {
						t.Error("a rotation needs no scale in float64")
					}
				})
			}
		}
	}
}

// TestRefineRounding: rounded to float64, the layers leave little more than the
// unit roundoff, whatever they are.
func TestRefineRounding(t *testing.T) {
	for _, n := range []int{8, 9, 16, 17, 32} {
		target := sample.UnitDet(sample.GaussianTarget(n, 5)).Matrix(t)
		for name, build := range closedForms {
			f, err := build(target, sample.Half(t, n))
			if err != nil {
				t.Fatal(err)
			}
			g, rep, err := Refine(f, target, 53, Options{})
			if err != nil {
				t.Fatal(err)
			}
			checkRefined(t, g, rep, target, 48)
			for k, l := range g.Layers() {
				if _, ok := l.Weight().(*exactmath.Floats); !ok {
					t.Errorf("n = %d, %s: layer %d is a %T", n, name, k, l.Weight())
				}
			}
		}
	}
}

var closedForms = map[string]func(exactmath.Matrix, coupling.Partition) (*coupling.Flow, error){
	"eight": conditioned.Eight,
	"eleven": func(m exactmath.Matrix, p coupling.Partition) (*coupling.Flow, error) {
		return conditioned.Conditioned(m, p, conditioned.Options{Depth: 11})
	},
	"thirteen": func(m exactmath.Matrix, p coupling.Partition) (*coupling.Flow, error) {
		return conditioned.Conditioned(m, p, conditioned.Options{})
	},
}

// TestRefineScaled: flows with scales in the middle, targets of any determinant
// and of entries far from 1.
func TestRefineScaled(t *testing.T) {
	for _, n := range []int{2, 3, 8, 9, 17} {
		for _, scale := range []float64{1, 1e6, 0x1p-40} {
			target := sample.GaussianTarget(n, 11).Scaled(scale).Matrix(t)
			for name, build := range closedForms {
				f, err := build(target, sample.Half(t, n))
				if err != nil {
					t.Fatal(err)
				}
				g, rep, err := Refine(f, target, 200, Options{})
				if err != nil {
					t.Errorf("n = %d, times %g, %s: %v", n, scale, name, err)
					continue
				}
				checkRefined(t, g, rep, target, 200)
			}
		}
	}
}

// TestRefineSingular starts at points where the derivative of the product is not
// onto: closed forms of maps with much symmetry, the targets a little off.
func TestRefineSingular(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, n := range []int{8, 9, 12} {
		minus := sample.Eye(n)
		minus.Scale(-1, minus)
		if n%2 == 1 {
			minus.Set(0, 0, 1)
		}
		swap := make([]int, n)
		for i := range swap {
			swap[i] = (i + n/2) % n
		}
		start := map[string]*mat.Dense{
			"identity":       sample.Eye(n),
			"minus identity": minus,
			"witness":        sample.Givens(n, 0, 1, math.Pi/2),
			"swap":           evenPermutation(swap),
		}
		for _, name := range slices.Sorted(maps.Keys(start)) {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				target := sample.AsFloats(t, nudged(start[name], 1e-9, rng))
				f, err := rotation.Orthogonal(target, sample.Half(t, n))
				if err != nil {
					t.Fatal(err)
				}
				g, rep, err := Refine(f, target, 128, Options{Depth: 6})
				if err != nil {
					t.Fatal(err)
				}
				checkRefined(t, g, rep, target, 128)
			})
		}
	}
}

// evenPermutation is the permutation's matrix, one sign flipped if it is odd.
func evenPermutation(perm []int) *mat.Dense {
	m := sample.Permuted(perm)
	if mat.Det(m) < 0 {
		for j := range perm {
			m.Set(0, j, -m.At(0, j))
		}
	}
	return m
}

// TestRefineRoundingIsEnough: a singular point that leaves no more than rounding
// comes back as it is for float64, and is refused for more.
func TestRefineRoundingIsEnough(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	n := 10
	a, b := reflection(n, rng), reflection(n, rng)
	m := new(mat.Dense)
	m.Mul(a, b)
	target := sample.AsFloats(t, m)
	f, err := rotation.Orthogonal(target, sample.Half(t, n))
	if err != nil {
		t.Fatal(err)
	}
	g, rep, err := Refine(f, target, 53, Options{MaxRestarts: -1})
	if err != nil || g == nil {
		t.Fatal(err)
	}
	checkRefined(t, g, rep, target, 46)
	var conv *fault.ConvergenceError
	if _, _, err := Refine(f, target, 200, Options{MaxRestarts: -1}); !errors.As(err, &conv) {
		t.Errorf("without restarts: %v, want a *ConvergenceError", err)
	}
	g, rep, err = Refine(f, target, 200, Options{MaxRestarts: 2})
	if err != nil {
		t.Fatal(err)
	}
	checkRefined(t, g, rep, target, 200)
	if rep.Restarts == 0 {
		t.Error("refined without a restart")
	}
}

// reflection is a random Householder matrix.
func reflection(n int, rng *rand.Rand) *mat.Dense {
	v := mat.NewVecDense(n, sample.RandomVector(n, rng))
	h := sample.Eye(n)
	h.RankOne(h, -2/mat.Dot(v, v), v, v)
	return h
}

// TestRefineExact: what is exact already comes back as it was.
func TestRefineExact(t *testing.T) {
	target := sample.AsFloats(t, sample.Givens(8, 0, 1, math.Pi/2))
	rng := rand.New(rand.NewPCG(5, 1))
	part := sample.Half(t, 8)
	var layers []coupling.Layer
	for k := range 6 {
		x := mat.NewDense(4, 4, nil)
		x.Apply(func(_, _ int, _ float64) float64 { return float64(rng.IntN(5) - 2) }, x)
		l, err := coupling.NewLayer(part, geometry.KindAt(k), sample.AsFloats(t, x), coupling.Scale{})
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, l)
	}
	f, err := coupling.NewFlow(part, layers...)
	if err != nil {
		t.Fatal(err)
	}
	m, err := verify.Compose(f)
	if err != nil {
		t.Fatal(err)
	}
	g, rep, err := Refine(f, m, 4096, Options{})
	if err != nil || rep.Rounds != 0 || rep.ResidualMax.Sign() != 0 {
		t.Fatalf("%+v, %v, want nothing to do", rep, err)
	}
	for k, l := range g.Layers() {
		if !dense.Equal(l.Weight(), layers[k].Weight()) {
			t.Errorf("layer %d has changed", k)
		}
	}
	if _, _, err := Refine(f, target, 64, Options{MaxRounds: 3}); err == nil {
		t.Error("a flow far from its target was refined in three rounds")
	}
}

// TestRefineRational: a target that is not dyadic, and one given by exp(s).
func TestRefineRational(t *testing.T) {
	n := 6
	d := make([]*big.Rat, n*n)
	rng := rand.New(rand.NewPCG(8, 1))
	m := sample.Haar(n, rng)
	for k := range d {
		d[k] = new(big.Rat).SetFrac64(int64(m.At(k/n, k%n)*3e9), 3e9+1)
	}
	target, err := dense.NewRational(n, n, d)
	if err != nil {
		t.Fatal(err)
	}
	f, err := conditioned.Conditioned(target, sample.Half(t, n), conditioned.Options{})
	if err != nil {
		t.Fatal(err)
	}
	logs := make([]*big.Rat, n/2)
	for i := range logs {
		logs[i] = big.NewRat(int64(i), 1e7)
	}
	layers := f.Layers()
	if layers[0], err = coupling.NewLayer(f.Partition(), layers[0].Kind(), layers[0].Weight(), coupling.ExpScale(logs)); err != nil {
		t.Fatal(err)
	}
	if f, err = coupling.NewFlow(f.Partition(), layers...); err != nil {
		t.Fatal(err)
	}
	g, rep, err := Refine(f, target, 160, Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkRefined(t, g, rep, target, 160)
}

func TestRefineErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	n := 8
	part := sample.Half(t, n)
	m := sample.Haar(n, rng)
	target := sample.AsFloats(t, m)
	f, err := rotation.Orthogonal(target, part)
	if err != nil {
		t.Fatal(err)
	}
	layers := f.Layers()
	short, err := coupling.NewFlow(part, layers[:4]...)
	if err != nil {
		t.Fatal(err)
	}
	empty, err := coupling.NewFlow(part)
	if err != nil {
		t.Fatal(err)
	}
	var wild []*coupling.Flow
	for _, size := range []float64{1e30, 1e100, 1e307} {
		var ls []coupling.Layer
		for _, l := range layers {
			x := mat.NewDense(4, 4, l.Weight().Float64s())
			x.Scale(size, x)
			w, err := coupling.NewLayer(part, l.Kind(), sample.AsFloats(t, x), coupling.Scale{})
			if err != nil {
				t.Fatal(err)
			}
			ls = append(ls, w)
		}
		w, err := coupling.NewFlow(part, ls...)
		if err != nil {
			t.Fatal(err)
		}
		wild = append(wild, w)
	}
	double := mat.DenseCopyOf(m)
	double.Scale(1.0001, double)
	for name, c := range map[string]struct {
		flow   *coupling.Flow
		target exactmath.Matrix
		opt    Options
	}{
		"four layers":              {short, target, Options{}},
		"no layers":                {empty, target, Options{}},
		"determinant":              {f, sample.AsFloats(t, double), Options{Additive: true}},
		"no rounds":                {f, sample.AsFloats(t, double), Options{MaxRounds: 1}},
		"orientation reversing":    {f, sample.AsFloats(t, sample.FlippedRow(m)), Options{}},
		"layers of 1e30":           {wild[0], target, Options{}},
		"layers of 1e100":          {wild[1], target, Options{}},
		"layers of 1e307":          {wild[2], target, Options{}},
		"far away, and six layers": {empty, target, Options{Depth: 6, MaxRounds: 2}},
	} {
		_, rep, err := Refine(c.flow, c.target, 128, c.opt)
		var conv *fault.ConvergenceError
		if !errors.As(err, &conv) {
			t.Errorf("%s: error %v, want a *ConvergenceError", name, err)
			continue
		}
		if text := conv.Error(); !strings.HasPrefix(text, "refine: residual 2^") || strings.Contains(text, "\n") {
			t.Errorf("%s: message %q", name, text)
		}
		if conv.Method != "refine" || conv.Reason == "" || conv.Residual < conv.Goal || conv.Depth != rep.Depth {
			t.Errorf("%s: %+v", name, conv)
		}
	}
	var shape *fault.ShapeError
	if _, _, err := Refine(f, sample.AsFloats(t, sample.Eye(6)), 64, Options{}); !errors.As(err, &shape) {
		t.Errorf("wrong shape: %v", err)
	}
	if _, _, err := Refine(f, sample.AsFloats(t, mat.NewDense(n, n, nil)), 64, Options{}); !errors.Is(err, fault.ErrSingular) {
		t.Errorf("zero target: %v", err)
	}
}

func TestRefineDeterministic(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	target := sample.AsFloats(t, nudged(sample.Eye(10), 1e-9, rng))
	f, err := rotation.Orthogonal(target, sample.Half(t, 10))
	if err != nil {
		t.Fatal(err)
	}
	var first []byte
	for k := range 2 {
		g, _, err := Refine(f, target, 100, Options{Depth: 6, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		if b := sample.FlowBytes(g); k == 0 {
			first = b
		} else if !bytes.Equal(first, b) {
			t.Error("two runs differ")
		}
	}
}
