// Package geometry is the order in which constructions in float64 see a target and
// its partition, the smaller part first, and the way back to layers.
package geometry

import (
	"slices"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/numeric"
	"flowproof/coupling"
	"flowproof/exactmath"
)

// Frame is the order in which a construction sees the coordinates: the smaller
// part first, so that p <= q always. When the partition's second part is the
// smaller one, the parts swap names, and with them the kinds of layer.
type Frame struct {
	Part    coupling.Partition
	Order   []int
	P, Q    int
	Swapped bool
}

// NewFrame fails with a *ShapeError if the target does not fit the partition.
func NewFrame(target exactmath.Matrix, part coupling.Partition) (Frame, error) {
	n := part.Dim()
	if r, c := target.Dims(); r != n || c != n || n < 2 {
		return Frame{}, &fault.ShapeError{Rows: r, Cols: c, Dim: n}
	}
	f := Frame{Part: part, Order: part.Order(), P: part.P(), Q: part.Q()}
	if f.P > f.Q {
		f = f.Renamed()
	}
	return f, nil
}

// Balanced fails with ErrPartition if the parts differ by more than one coordinate.
func (f Frame) Balanced() error {
	if f.Q-f.P > 1 {
		return fault.ErrPartition
	}
	return nil
}

// NewBalanced returns a frame that is balanced. It fails as NewFrame and Balanced do.
func NewBalanced(target exactmath.Matrix, part coupling.Partition) (Frame, error) {
	f, err := NewFrame(target, part)
	if err == nil {
		err = f.Balanced()
	}
	return f, err
}

// Renamed returns the frame with the names of the parts swapped; then p may exceed q.
func (f Frame) Renamed() Frame {
	return Frame{f.Part, slices.Concat(f.Order[f.P:], f.Order[:f.P]), f.Q, f.P, !f.Swapped}
}

// Dim returns n = p + q.
func (f Frame) Dim() int { return f.P + f.Q }

// Dense returns the target in the frame's order, rounded to float64.
func (f Frame) Dense(target exactmath.Matrix) *mat.Dense {
	n := len(f.Order)
	data := target.Float64s()
	m := mat.NewDense(n, n, nil)
	for i, oi := range f.Order {
		for j, oj := range f.Order {
			m.Set(i, j, data[oi*n+oj])
		}
	}
	return m
}

// Kind translates a layer kind of the frame into one of the partition.
func (f Frame) Kind(k coupling.Kind) coupling.Kind {
	if f.Swapped {
		return k.Other()
	}
	return k
}

// Stacked returns the additive flow with a layer for each weight, whose kinds
// alternate from first on.
func (f Frame) Stacked(first coupling.Kind, weights ...*mat.Dense) (*coupling.Flow, error) {
	var layers []coupling.Layer
	kind := first
	for _, w := range weights {
		rows, cols := w.Dims()
		x, err := exactmath.FromFloat64(rows, cols, numeric.RowMajor(w))
		if err != nil {
			return nil, err
		}
		l, err := coupling.NewLayer(f.Part, f.Kind(kind), x, coupling.Scale{})
		if err != nil {
			return nil, err
		}
		layers = append(layers, l)
		kind = kind.Other()
	}
	return coupling.NewFlow(f.Part, layers...)
}

// KindAt returns the kind of layer k of L U L U L U.
func KindAt(k int) coupling.Kind {
	if k%2 == 0 {
		return coupling.Lower
	}
	return coupling.Upper
}
