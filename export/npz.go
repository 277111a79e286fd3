package export

import (
	"fmt"
	"io"

	"codeberg.org/sbinet/npyio/npz"
	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
)

// writeNPZ writes the flow as a NumPy archive: 00_L.npy, 01_U.npy, .. are the weights
// in product order (the last acts first), L of shape q x p, U of shape p x q,
// NN_scale.npy the scales of layer NN where they are not all 1, and target.npy
// the n x n target. Rows and columns are in block order: the coordinates of the
// first part, then those of the second; perm.npy holds that order where it is
// not 0..n-1. Everything is float64 in C order, rounded to nearest.
func writeNPZ(w io.Writer, f *coupling.Flow, target exactmath.Matrix) error {
	z := npz.NewWriter(w)
	for k, l := range f.Layers() {
		rows, cols := l.Weight().Dims()
		name := fmt.Sprintf("%02d_%v.npy", k, l.Kind())
		if err := z.Write(name, mat.NewDense(rows, cols, l.Weight().Float64s())); err != nil {
			return err
		}
		if l.Scale().Kind() != coupling.ScaleOne {
			if err := z.Write(fmt.Sprintf("%02d_scale.npy", k), run.Scales(l.Scale(), rows)); err != nil {
				return err
			}
		}
	}
	order := f.Partition().Order()
	if err := z.Write("target.npy", blockOrder(target, order)); err != nil {
		return err
	}
	if !increasing(order) {
		perm := make([]int64, len(order))
		for i, v := range order {
			perm[i] = int64(v)
		}
		if err := z.Write("perm.npy", perm); err != nil {
			return err
		}
	}
	return z.Close()
}

func blockOrder(m exactmath.Matrix, order []int) *mat.Dense {
	n := len(order)
	data := m.Float64s()
	out := mat.NewDense(n, n, nil)
	for i, oi := range order {
		for j, oj := range order {
			out.Set(i, j, data[oi*n+oj])
		}
	}
	return out
}

func increasing(v []int) bool {
	for i := 1; i < len(v); i++ {
		if v[i] < v[i-1] {
			return false
		}
	}
	return true
}
