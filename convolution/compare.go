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
	direct := convolve(matrix.Float64s(), t)
	out := &Comparison{Channels: t.C, Height: t.H, Width: t.W}
	var err error
	if out.Float64, err = differences[float64](f, t, direct); err != nil {
		return nil, err
	}
	out.Float32, err = differences[float32](f, t, direct)
	return out, err
}

// convolve multiplies every pixel by the matrix.
func convolve(m []float64, t *Tensor) []float64 {
	out := make([]float64, len(t.data))
	n := t.C
	for p := 0; p < len(t.data); p += n {
		for i := range n {
			for j, v := range t.data[p : p+n] {
				out[p+i] += m[i*n+j] * v
			}
		}
	}
	return out
}

func differences[T run.Float](f *coupling.Flow, t *Tensor, direct []float64) (d Difference, err error) {
	runner := run.Compile[T](f)
	x := make([]T, t.C)
	for p := 0; p < len(t.data); p += t.C {
		for k := range x {
			x[k] = T(t.data[p+k])
		}
		y, err := runner.Forward(x)
		if err != nil {
			return d, err
		}
		back, err := runner.Inverse(y)
		if err != nil {
			return d, err
		}
		for k := range x {
			d.Forward = max(d.Forward, number.Float(math.Abs(float64(y[k])-direct[p+k])))
			d.Inverse = max(d.Inverse, number.Float(math.Abs(float64(back[k])-t.data[p+k])))
		}
	}
	return d, nil
}
