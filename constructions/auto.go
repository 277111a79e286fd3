package constructions

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
)

// goodResidual is the relative residual, estimated in float64, up to which auto
// takes a flow as it comes; beyond, it refines.
const goodResidual = 1e-12

// auto chooses the construction that suits the target: permutation if it is one, with
// or without signs,
// orthogonal if it is that to working precision, else the best conditioned flow
// that it finds of at most Options.MaxDepth layers: polish, or a closed form.
func auto(target exactmath.Matrix, part coupling.Partition, opt Options) (*Built, error) {
	if _, _, ok := sparse.SignedPermutation(target); ok { // exact and sparse: nothing to refine
		if b, err := build("permutation", target, part, opt); !errors.Is(err, ErrPartition) {
			return b, err
		}
	}
	b, err := build("orthogonal", target, part, opt)
	var notOrthogonal *NotOrthogonalError
	if !errors.As(err, &notOrthogonal) && !errors.Is(err, ErrPartition) {
		return refined(b, target, opt, err)
	}
	var best *Built
	least := math.Inf(1)
	for _, c := range []struct {
		name  string
		depth int
	}{{"polish", 5}, {"eight", 8}, {"conditioned", 11}} {
		if opt.depth() < c.depth {
			continue
		}
		candidate, failed := build(c.name, target, part, opt)
		if failed != nil {
			if c.name == "polish" { // its reasons are the general ones
				err = failed
			}
			continue
		}
		worst, _, _ := flowConditions(candidate.Flow)
		if good := relativeResidual(candidate.Flow, target) <= goodResidual; best == nil || good && worst < least {
			best, least = candidate, worst
		}
	}
	if best != nil {
		return refined(best, target, opt, nil)
	}
	// What is left is exact, for matrices with few digits, and badly conditioned.
	for _, name := range []string{"six", "any-partition"} {
		if part.Dim() > sixLimit {
			break
		}
		if b, failed := build(name, target, part, opt); failed == nil && b.Flow.Depth() <= opt.depth() {
			return b, nil
		}
	}
	return nil, err
}

// sixLimit is the largest dimension in which auto falls back on exact rational
// layers, whose numbers grow to thousands of digits.
const sixLimit = 32

// polished runs Polish from the closed form of a rotation, where there is one, and
// from random starts: one if they take long, and another if that fails.
func polished(target exactmath.Matrix, part coupling.Partition, opt Options) (*coupling.Flow, error) {
	o := PolishOptions{Depth: opt.depth(), Seed: opt.Seed}
	if part.Dim() > quickPolish {
		o.Starts = 1
	}
	start := nearby(target, part)
	f, _, err := Polish(start, target, part, o)
	var conv *ConvergenceError
	if errors.As(err, &conv) && o.Starts == 1 {
		o.Seed++
		f, _, err = Polish(start, target, part, o)
	}
	return f, err
}

// quickPolish is the largest dimension in which Polish takes a second or two.
const quickPolish = 24

// nearby returns the six layers of a target that is orthogonal, for Polish to
// start from, and nil for others.
func nearby(target exactmath.Matrix, part coupling.Partition) *coupling.Flow {
	f, err := Orthogonal(target, part)
	if err != nil {
		return nil
	}
	return f
}

// refined refines a flow that is near the target only, such as one of a target
// that is orthogonal to float32.
func refined(b *Built, target exactmath.Matrix, opt Options, err error) (*Built, error) {
	if err != nil || opt.Prec != 0 || relativeResidual(b.Flow, target) <= goodResidual {
		return b, err
	}
	b.Construction += ", refined"
	b.Flow, _, err = Refine(b.Flow, target, 53, RefineOptions{Seed: opt.Seed})
	return b, err
}

// relativeResidual estimates |target - product| / |target| in the Frobenius
// norm, in float64.
func relativeResidual(f *coupling.Flow, target exactmath.Matrix) float64 {
	if s, ok := target.(*sparse.Matrix); ok && s.NNZ() == 0 {
		return math.Inf(1)
	}
	n := f.Partition().Dim()
	runner := run.Compile[float64](f)
	want := mat.NewDense(n, n, target.Float64s())
	var diff float64
	e := make([]float64, n)
	for j := range n {
		e[j] = 1
		y, err := runner.Forward(e)
		if err != nil {
			return math.Inf(1)
		}
		e[j] = 0
		for i, v := range y {
			diff = math.Hypot(diff, v-want.At(i, j))
		}
	}
	return diff / mat.Norm(want, 2)
}
