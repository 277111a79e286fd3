package run

import (
	"math"
	"math/rand/v2"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
)

// Errors are the largest relative errors, in the Euclidean norm, seen when a flow
// was run in floating point of one type on random vectors, layer by layer. Forward
// compares with the target times the vector in float64; Inverse runs the flow and
// then its inverse, and compares with the vector. A run that overflows counts as
// +Inf. They are measured, and prove nothing.
type Errors struct{ Forward, Inverse float64 }

// measureVectors is the number of random vectors tried.
const measureVectors = 8

// Measure runs the flow of the target (n x n) in type T, with vectors drawn from
// seed. It fails with a *exactmath.ShapeError if the target does not fit the flow.
func Measure[T Float](f *coupling.Flow, target exactmath.Matrix, seed uint64) (Errors, error) {
	n := f.Partition().Dim()
	if r, c := target.Dims(); r != n || c != n {
		return Errors{}, &exactmath.ShapeError{Op: "Measure", R1: n, C1: n, R2: r, C2: c}
	}
	runner := Compile[T](f)
	times := action(target)
	rng := rand.New(rand.NewPCG(seed, 0x726f756e64)) // a stream of its own
	var e Errors
	for range measureVectors {
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
			return e, err
		}
		back, err := runner.Inverse(y)
		if err != nil {
			return e, err
		}
		e.Forward = worse(e.Forward, distance(y, times(wide)))
		e.Inverse = worse(e.Inverse, distance(back, wide))
	}
	return e, nil
}

// Usable reports whether the errors of a run in type T leave at least half of the
// digits of the type: Forward and Inverse at most sqrt(2^-52) = 1.5e-8 for float64,
// sqrt(2^-23) = 3.5e-4 for float32, or at most tol where that is more.
func Usable[T Float](e Errors, tol float64) bool {
	return e.Worst() <= max(tol, HalfDigits[T]())
}

// HalfDigits is the square root of the distance from 1 to the next number of type
// T, rounded to float64.
func HalfDigits[T Float]() float64 {
	var one T = 1
	bits := 23
	if one+T(0x1p-52) != one {
		bits = 52
	}
	return math.Sqrt(math.Ldexp(1, -bits))
}

// Worst is the larger of the two errors.
func (e Errors) Worst() float64 { return max(e.Forward, e.Inverse) }

// worse is max, but takes a NaN for +Inf: a flow that overflows is not a good one.
func worse(a, b float64) float64 {
	if math.IsNaN(b) {
		return math.Inf(1)
	}
	return max(a, b)
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
func distance[T Float](got []T, want []float64) float64 {
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
