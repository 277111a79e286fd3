package report

import (
	"math"
	"math/rand/v2"

	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
	"flowproof/internal/number"
)

// RoundTrip is what happens when the flow is run in floating point on random
// vectors, layer by layer: the largest relative errors seen, in the Euclidean
// norm. Forward compares with the target times the vector in float64, Inverse
// runs the flow and then its inverse and compares with the vector.
type RoundTrip struct {
	Float64 number.Float `json:"float64"`
	Float32 number.Float `json:"float32"`
}

// roundTripVectors is the number of random vectors tried.
const roundTripVectors = 8

// roundTrips measures forward and inverse errors with vectors drawn from seed.
func roundTrips(f *coupling.Flow, target exactmath.Matrix, seed uint64) (forward, inverse RoundTrip, err error) {
	if forward.Float64, inverse.Float64, err = trip[float64](f, target, seed); err != nil {
		return
	}
	forward.Float32, inverse.Float32, err = trip[float32](f, target, seed)
	return
}

func trip[T run.Float](f *coupling.Flow, target exactmath.Matrix, seed uint64) (forward, inverse number.Float, err error) {
	n := f.Partition().Dim()
	runner := run.Compile[T](f)
	times := action(target)
	rng := rand.New(rand.NewPCG(seed, 0x726f756e64)) // a stream of its own
	for range roundTripVectors {
		x := make([]T, n)
		wide := make([]float64, n)
		for i := range x {
			// Sums of uniforms: nearly normal, and the same on every machine.
			for range 4 {
				wide[i] += rng.Float64() - 0.5
			}
			x[i] = T(wide[i])
			wide[i] = float64(x[i])
		}
		y, err := runner.Forward(x)
		if err != nil {
			return 0, 0, err
		}
		back, err := runner.Inverse(y)
		if err != nil {
			return 0, 0, err
		}
		forward = worse(forward, distance(y, times(wide)))
		inverse = worse(inverse, distance(back, wide))
	}
	return forward, inverse, nil
}

// worse is max, but lets a NaN through: a flow that overflows is not a good one.
func worse(a number.Float, b float64) number.Float {
	if math.IsNaN(b) {
		return number.Float(math.Inf(1))
	}
	return max(a, number.Float(b))
}

// action returns x -> m x in float64.
func action(m exactmath.Matrix) func([]float64) []float64 {
	n, _ := m.Dims()
	if s, ok := m.(*sparse.Matrix); ok {
		return func(x []float64) []float64 {
			y := make([]float64, n)
			for i := range y {
				cols, vals := s.Row(i)
				for k, j := range cols {
					y[i] += vals[k] * x[j]
				}
			}
			return y
		}
	}
	data := m.Float64s()
	return func(x []float64) []float64 {
		y := make([]float64, n)
		for i := range y {
			for j, v := range x {
				y[i] += data[i*n+j] * v
			}
		}
		return y
	}
}

// distance returns |got - want| / |want|.
func distance[T run.Float](got []T, want []float64) float64 {
	var d, w float64
	for i := range want {
		d = math.Hypot(d, float64(got[i])-want[i])
		w = math.Hypot(w, want[i])
	}
	if w == 0 {
		return d
	}
	return d / w
}
