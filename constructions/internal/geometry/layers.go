package geometry

import (
	"math"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/internal/numeric"
	"flowproof/constructions/internal/ratmat"
	"flowproof/coupling"
	"flowproof/coupling/simplify"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

// LayerList collects layers with scales; the first error sticks.
type LayerList struct {
	Frame  Frame
	layers []coupling.Layer
	err    error
}

// Add appends the layer of the given kind in the frame, with weight w * 2^wexp
// (nil: zero) and scales d * 2^dexp (nil: ones), each kept exactly.
func (b *LayerList) Add(kind coupling.Kind, w *mat.Dense, wexp int, d []float64, dexp int) {
	if b.err != nil {
		return
	}
	var l coupling.Layer
	if l, b.err = b.layer(kind, w, wexp, d, dexp); b.err == nil {
		b.layers = append(b.layers, l)
	}
}

func (b *LayerList) layer(kind coupling.Kind, w *mat.Dense, wexp int, d []float64, dexp int) (coupling.Layer, error) {
	weight, err := b.weight(kind, w, wexp)
	if err != nil {
		return coupling.Layer{}, err
	}
	two, r := ratmat.Pow2(dexp), make([]*big.Rat, len(d))
	for i, v := range d {
		if r[i] = new(big.Rat).SetFloat64(v); r[i] == nil {
			return coupling.Layer{}, &exactmath.EntryError{Row: i, Col: i, Value: v}
		}
		r[i].Mul(r[i], two)
	}
	scale, err := coupling.ExactScale(r)
	if err != nil {
		return coupling.Layer{}, err
	}
	return coupling.NewLayer(b.Frame.Part, b.Frame.Kind(kind), weight, scale)
}

func (b *LayerList) weight(kind coupling.Kind, w *mat.Dense, exp int) (exactmath.Matrix, error) {
	if w == nil {
		rows, cols := b.Frame.Q, b.Frame.P
		if kind == coupling.Upper {
			rows, cols = cols, rows
		}
		return sparse.New(rows, cols, nil)
	}
	rows, cols := w.Dims()
	data := numeric.RowMajor(w)
	if exp != 0 {
		shifted, exact := make([]float64, len(data)), true
		for k, v := range data {
			shifted[k] = math.Ldexp(v, exp)
			exact = exact && math.Ldexp(shifted[k], -exp) == v
		}
		if !exact {
			x, err := exactmath.FromFloat64(rows, cols, data)
			if err != nil {
				return nil, err
			}
			d, _ := dense.ToDyadic(x) // float64 numbers are dyadic
			return Shifted(d, exp)
		}
		data = shifted
	}
	return exactmath.FromFloat64(rows, cols, data)
}

// Flow returns the flow of the layers, merged.
func (b *LayerList) Flow() (*coupling.Flow, error) {
	if b.err != nil {
		return nil, b.err
	}
	f, err := coupling.NewFlow(b.Frame.Part, b.layers...)
	if err != nil {
		return nil, err
	}
	return simplify.Merge(f)
}

// Identity returns the layer of the kind that changes nothing.
func Identity(part coupling.Partition, kind coupling.Kind) (coupling.Layer, error) {
	rows, cols := part.WeightDims(kind)
	zero, err := sparse.New(rows, cols, nil)
	if err != nil {
		return coupling.Layer{}, err
	}
	return coupling.NewLayer(part, kind, zero, coupling.Scale{})
}
