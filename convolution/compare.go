package convolution

import (
	"math"

	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
	"flowproof/internal/number"
)

// Difference is the largest absolute difference over all pixels and channels of
// an image with values from 0 to 1.
type Difference struct {
	// Forward: the convolution by the matrix against the coupling layers.
	Forward number.Float `json:"forward"`
	// Inverse: the image against the layers undone after they were applied.
	Inverse number.Float `json:"inverse"`
}

// Comparison is a 1x1 convolution done both ways, in float64 and in float32.
type Comparison struct {
	Channels int        `json:"channels"`
	Height   int        `json:"height"`
	Width    int        `json:"width"`
	Float64  Difference `json:"float64"`
	Float32  Difference `json:"float32"`
}

// Compare convolves the image with the c x c matrix directly, in float64, and
// through the flow, in float64 and float32. It fails with a
// *exactmath.ShapeError unless flow, matrix and image have the same number of
// channels.
func Compare(f *coupling.Flow, matrix exactmath.Matrix, t *Tensor) (*Comparison, error) {
	n := f.Partition().Dim()
	if r, c := matrix.Dims(); r != n || c != n || t.C != n {
		return nil, &exactmath.ShapeError{Op: "Compare", R1: r, C1: c, R2: n, C2: t.C}
	}
	out := &Comparison{Channels: t.C, Height: t.H, Width: t.W}
	m := matrix.Float64s()
	var err error
	if out.Float64, err = differences[float64](f, m, t); err != nil {
		return nil, err
	}
	out.Float32, err = differences[float32](f, m, t)
	return out, err
}

// differences goes through the image pixel by pixel: y is what the layers make of
// one, back what they make of that, want what the matrix makes of it.
func differences[T run.Float](f *coupling.Flow, m []float64, t *Tensor) (d Difference, err error) {
	runner := run.Compile[T](f)
	n := t.C
	values, x := make([]float64, n), make([]T, n)
	for p := range t.H * t.W {
		t.pixel(p, values)
		for k, v := range values {
			x[k] = T(v)
		}
		y, err := runner.Forward(x)
		if err != nil {
			return d, err
		}
		back, err := runner.Inverse(y)
		if err != nil {
			return d, err
		}
		for i := range n {
			var want float64
			for j, v := range values {
				want += m[i*n+j] * v
			}
			d.Forward = max(d.Forward, number.Float(math.Abs(float64(y[i])-want)))
			d.Inverse = max(d.Inverse, number.Float(math.Abs(float64(back[i])-values[i])))
		}
	}
	return d, nil
}
