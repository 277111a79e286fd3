package constructions

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// frame is the order in which a construction sees the coordinates: the smaller
// part first, so that p <= q always. When the partition's second part is the
// smaller one, the parts swap names, and with them the kinds of layer.
type frame struct {
	part    coupling.Partition
	order   []int
	p, q    int
	swapped bool
}

// newFrame fails with ErrPartition if the parts differ by more than one
// coordinate, and with a *ShapeError if the target does not fit the partition.
func newFrame(target exactmath.Matrix, part coupling.Partition) (frame, error) {
	n := part.Dim()
	if r, c := target.Dims(); r != n || c != n || n < 2 {
		return frame{}, &ShapeError{r, c, n}
	}
	f := frame{part: part, order: part.Order(), p: part.P(), q: part.Q()}
	if f.p > f.q {
		f.p, f.q, f.swapped = f.q, f.p, true
		f.order = append(part.Second(), part.First()...)
	}
	if f.q-f.p > 1 {
		return frame{}, ErrPartition
	}
	return f, nil
}

// dense returns the target in the frame's order, rounded to float64.
func (f frame) dense(target exactmath.Matrix) *mat.Dense {
	n := len(f.order)
	data := target.Float64s()
	m := mat.NewDense(n, n, nil)
	for i, oi := range f.order {
		for j, oj := range f.order {
			m.Set(i, j, data[oi*n+oj])
		}
	}
	return m
}

// kind translates a layer kind of the frame into one of the partition.
func (f frame) kind(k coupling.Kind) coupling.Kind {
	if !f.swapped {
		return k
	}
	return coupling.Lower + coupling.Upper - k
}

// stacked returns the additive flow with a layer for each weight, whose kinds
// alternate from first on.
func (f frame) stacked(first coupling.Kind, weights ...*mat.Dense) (*coupling.Flow, error) {
	var layers []coupling.Layer
	kind := first
	for _, w := range weights {
		rows, cols := w.Dims()
		x, err := exactmath.FromFloat64(rows, cols, rowMajor(w))
		if err != nil {
			return nil, err
		}
		l, err := coupling.NewLayer(f.part, f.kind(kind), x, coupling.Scale{})
		if err != nil {
			return nil, err
		}
		layers = append(layers, l)
		kind = coupling.Lower + coupling.Upper - kind
	}
	return coupling.NewFlow(f.part, layers...)
}

func rowMajor(w *mat.Dense) []float64 {
	rows, cols := w.Dims()
	out := make([]float64, 0, rows*cols)
	for i := range rows {
		out = append(out, w.RawRowView(i)...)
	}
	return out
}

// gridBits is the number of fractional bits that layers of bounded norm keep:
// as fine as float64 is near 2, and coarse enough that six layers compose over
// a common denominator of 312 bits.
const gridBits = 52

// toGrid rounds the entries to multiples of 2^-gridBits.
func toGrid(w *mat.Dense) *mat.Dense {
	w.Apply(func(_, _ int, v float64) float64 {
		return math.RoundToEven(v*(1<<gridBits)) / (1 << gridBits)
	}, w)
	return w
}

// product returns the product of the given matrices.
func product(first *mat.Dense, rest ...mat.Matrix) *mat.Dense {
	out := first
	for _, m := range rest {
		next := new(mat.Dense)
		next.Mul(out, m)
		out = next
	}
	return out
}
