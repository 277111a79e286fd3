// Package simplify makes flows shorter without changing the map.
package simplify

import (
	"math/big"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// Merge returns the flow of the same map with identity layers dropped and
// neighbours of one kind made one: [[D, X], [0, I]] [[D', X'], [0, I]] =
// [[D D', X + D X'], [0, I]], and likewise for Lower. Neighbours whose scales are
// of kind ScaleExp are left apart unless the left one's is ScaleOne or the right
// one's is, since exp(s) is not rational.
func Merge(f *coupling.Flow) (*coupling.Flow, error) {
	var out []coupling.Layer
	for _, l := range f.Layers() {
		if l.IsIdentity() {
			continue
		}
		if k := len(out) - 1; k >= 0 && out[k].Kind() == l.Kind() {
			if m, ok, err := mergeTwo(f.Partition(), out[k], l); err != nil {
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
	return coupling.NewFlow(f.Partition(), out...)
}

func mergeTwo(part coupling.Partition, a, b coupling.Layer) (coupling.Layer, bool, error) {
	if a.Scale().Kind() == coupling.ScaleExp {
		return coupling.Layer{}, false, nil // D X' would not be rational
	}
	rows, cols := a.Weight().Dims()
	sum := dense.ToRational(a.Weight())
	right := make([]*big.Rat, 0, rows*cols)
	for i := range rows {
		d := a.Scale().At(i)
		for j := range cols {
			v := b.Weight().At(i, j)
			right = append(right, v.Mul(v, d))
		}
	}
	r, err := dense.NewRational(rows, cols, right)
	if err != nil {
		return coupling.Layer{}, false, err
	}
	if sum, err = sum.Add(r); err != nil {
		return coupling.Layer{}, false, err
	}
	scale := b.Scale()
	switch {
	case a.Scale().Kind() == coupling.ScaleExact && b.Scale().Kind() == coupling.ScaleExp:
		return coupling.Layer{}, false, nil
	case a.Scale().Kind() == coupling.ScaleExact:
		d := make([]*big.Rat, rows)
		for i := range d {
			d[i] = a.Scale().At(i)
			d[i].Mul(d[i], b.Scale().At(i))
		}
		if scale, err = coupling.ExactScale(d); err != nil {
			return coupling.Layer{}, false, err
		}
	}
	var weight exactmath.Matrix = sum
	if d, ok := dense.ToDyadic(sum); ok {
		weight = d
	}
	l, err := coupling.NewLayer(part, a.Kind(), weight, scale)
	return l, err == nil, err
}
