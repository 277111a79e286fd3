package constructions

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// goodResidual is the relative residual, estimated in float64, up to which auto
// takes a flow as it comes; beyond, it refines.
const goodResidual = 1e-12

// auto chooses the construction that suits the target: orthogonal if it is
// orthogonal to working precision, ...
func auto(target exactmath.Matrix, part coupling.Partition, opt Options) (*Built, error) {
	b, err := build("orthogonal", target, part, opt)
	var notOrthogonal *NotOrthogonalError
	if !errors.As(err, &notOrthogonal) {
		return refined(b, target, opt, err)
	}
	return nil, err
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
	if s, ok := target.(*exactmath.Sparse); ok && s.NNZ() == 0 {
		return math.Inf(1)
	}
	n := f.Partition().Dim()
	run := coupling.Compile[float64](f)
	want := mat.NewDense(n, n, target.Float64s())
	var diff float64
	e := make([]float64, n)
	for j := range n {
		e[j] = 1
		y, err := run.Forward(e)
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
