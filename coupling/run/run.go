// Package run runs flows in floating point, as a flow library would.
package run

import (
	"math"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
)

// Float is the type that a flow is run in.
type Float interface{ float32 | float64 }

// Runner runs a flow in floating point of type T:
// weights and scales rounded to T, one layer after the other. It is safe for
// concurrent use.
type Runner[T Float] struct {
	part   coupling.Partition
	layers []layer[T]
}

type layer[T Float] struct {
	dst, src []int // coordinates updated, coordinates read
	rows     []sparseRow[T]
	scale    []T
}

type sparseRow[T Float] struct {
	col []int
	val []T
}

// Compile rounds the layers of f to T and returns a runner.
func Compile[T Float](f *coupling.Flow) *Runner[T] {
	part := f.Partition()
	r := &Runner[T]{part: part}
	for _, l := range f.Layers() {
		c := layer[T]{dst: part.Second(), src: part.First()}
		if l.Kind() == coupling.Upper {
			c.dst, c.src = c.src, c.dst
		}
		c.rows = rowsOf[T](l.Weight())
		for _, s := range Scales(l.Scale(), len(c.dst)) {
			c.scale = append(c.scale, T(s))
		}
		r.layers = append(r.layers, c)
	}
	return r
}

// Scales returns the n scales s of a layer in float64: rounded to nearest if exact,
// through math.Exp if given as logarithms.
func Scales(s coupling.Scale, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i], _ = s.At(i).Float64()
		if s.Kind() == coupling.ScaleExp {
			out[i] = math.Exp(out[i])
		}
	}
	return out
}

func rowsOf[T Float](w exactmath.Matrix) []sparseRow[T] {
	n, m := w.Dims()
	rows := make([]sparseRow[T], n)
	if s, ok := w.(*sparse.Matrix); ok {
		for i := range rows {
			cols, vals := s.Row(i)
			rows[i].col = cols
			for _, v := range vals {
				rows[i].val = append(rows[i].val, T(v))
			}
		}
		return rows
	}
	data := w.Float64s()
	for i := range rows {
		for j, v := range data[i*m : (i+1)*m] {
			if v != 0 {
				rows[i].col = append(rows[i].col, j)
				rows[i].val = append(rows[i].val, T(v))
			}
		}
	}
	return rows
}

// Forward returns the image of x. It fails with a *exactmath.ShapeError unless
// x has length n.
func (r *Runner[T]) Forward(x []T) ([]T, error) {
	y, err := r.copy("Forward", x)
	if err != nil {
		return nil, err
	}
	for k := len(r.layers) - 1; k >= 0; k-- {
		l := &r.layers[k]
		for i, d := range l.dst {
			y[d] = T(y[d]*l.scale[i]) + l.dot(i, y)
		}
	}
	return y, nil
}

// Inverse returns the preimage of y: every layer is undone by a subtraction and
// a division. It fails with a *exactmath.ShapeError unless y has length n.
func (r *Runner[T]) Inverse(y []T) ([]T, error) {
	x, err := r.copy("Inverse", y)
	if err != nil {
		return nil, err
	}
	for k := range r.layers {
		l := &r.layers[k]
		for i, d := range l.dst {
			x[d] = (x[d] - l.dot(i, x)) / l.scale[i]
		}
	}
	return x, nil
}

func (r *Runner[T]) copy(op string, x []T) ([]T, error) {
	if len(x) != r.part.Dim() {
		return nil, &exactmath.ShapeError{Op: op, R1: r.part.Dim(), C1: r.part.Dim(), R2: len(x), C2: 1}
	}
	return append([]T(nil), x...), nil
}

// dot returns row i of the weight times the part of x that the layer reads. The
// conversion to T keeps the compiler from fusing, so that every machine agrees.
func (l *layer[T]) dot(i int, x []T) T {
	var sum T
	row := &l.rows[i]
	for k, j := range row.col {
		sum += T(row.val[k] * x[l.src[j]])
	}
	return sum
}
