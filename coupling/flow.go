package coupling

import (
	"fmt"
	"math/big"

	"flowproof/exactmath"
)

// Flow is a sequence of coupling layers on one partition. Its matrix is the
// product in the order of the layers, M = E1 E2 ... Ek: the last layer acts
// first. A Flow cannot be changed once built.
type Flow struct {
	part   Partition
	layers []Layer
}

// NewFlow returns the flow of the given layers, in product order: the last one
// acts first. Every layer must have been built for a partition of the same
// sizes; otherwise the error wraps ErrInvalidLayer.
func NewFlow(part Partition, layers ...Layer) (*Flow, error) {
	for i, l := range layers {
		if _, err := NewLayer(part, l.kind, l.weight, l.scale); err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	return &Flow{part, append([]Layer(nil), layers...)}, nil
}

// Partition returns the partition.
func (f *Flow) Partition() Partition { return f.part }

// Layers returns the layers in product order: the last one acts first.
func (f *Flow) Layers() []Layer { return append([]Layer(nil), f.layers...) }

// Depth is the number of layers, runs of neighbours of one kind counted once
// and layers that change nothing not at all.
func (f *Flow) Depth() int {
	depth, last := 0, Kind(-1)
	for _, l := range f.layers {
		if !l.IsIdentity() && l.kind != last {
			depth++
			last = l.kind
		}
	}
	return depth
}

// Merge returns the flow of the same map with identity layers dropped and
// neighbours of one kind made one: [[D, X], [0, I]] [[D', X'], [0, I]] =
// [[D D', X + D X'], [0, I]], and likewise for Lower. Neighbours whose scales are
// of kind ScaleExp are left apart unless the left one's is ScaleOne or the
// right one's is, since exp(s) is not rational.
func (f *Flow) Merge() (*Flow, error) {
	var out []Layer
	for _, l := range f.layers {
		if l.IsIdentity() {
			continue
		}
		if k := len(out) - 1; k >= 0 && out[k].kind == l.kind {
			if m, ok, err := f.mergeTwo(out[k], l); err != nil {
				return nil, err
			} else if ok {
				if out = out[:k]; !m.IsIdentity() {
					out = append(out, m)
				}
				continue
			}
		}
		out = append(out, l)
	}
	return NewFlow(f.part, out...)
}

func (f *Flow) mergeTwo(a, b Layer) (Layer, bool, error) {
	if a.scale.kind == ScaleExp {
		return Layer{}, false, nil // D X' would not be rational
	}
	rows, cols := a.weight.Dims()
	sum := exactmath.ToRational(a.weight)
	right := make([]*big.Rat, 0, rows*cols)
	for i := range rows {
		d := a.scale.At(i)
		for j := range cols {
			v := b.weight.At(i, j)
			right = append(right, v.Mul(v, d))
		}
	}
	r, err := exactmath.NewRational(rows, cols, right)
	if err != nil {
		return Layer{}, false, err
	}
	if sum, err = sum.Add(r); err != nil {
		return Layer{}, false, err
	}
	scale := b.scale
	switch {
	case a.scale.kind == ScaleExact && b.scale.kind == ScaleExp:
		return Layer{}, false, nil
	case a.scale.kind == ScaleExact:
		d := make([]*big.Rat, rows)
		for i := range d {
			d[i] = a.scale.At(i)
			d[i].Mul(d[i], b.scale.At(i))
		}
		if scale, err = ExactScale(d); err != nil {
			return Layer{}, false, err
		}
	}
	var weight exactmath.Matrix = sum
	if d, ok := exactmath.ToDyadic(sum); ok {
		weight = d
	}
	l, err := NewLayer(f.part, a.kind, weight, scale)
	return l, err == nil, err
}

// Apply returns the image of x, of length n, computed layer by layer in float64.
func (f *Flow) Apply(x []float64) ([]float64, error) { return Compile[float64](f).Forward(x) }

// Inverse returns the preimage of y, of length n, computed layer by layer in
// float64 by subtraction and division only.
func (f *Flow) Inverse(y []float64) ([]float64, error) { return Compile[float64](f).Inverse(y) }
