package training

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"flowproof/internal/gemm"
)

// Jacobian returns dz/dx at a point, Dim x Dim by rows: element (i, j) is the
// derivative of z_i by x_j. At a kink of a rectifier it takes the side of 0.
func (m *Model[T]) Jacobian(x []T) gemm.Matrix[T] {
	at := gemm.Matrix[T]{Rows: 1, Cols: m.Dim, Stride: m.Dim, Data: append([]T(nil), x...)}
	tangents := gemm.New[T](m.Dim, m.Dim) // row j: the derivative by x_j
	for j := range m.Dim {
		tangents.Row(j)[j] = 1
	}
	for k := range m.Couplings {
		keep0, keep1, move0, move1 := m.parts(k)
		h, dh := columns(at, keep0, keep1), columns(tangents, keep0, keep1)
		for l, layer := range m.nets[k] {
			out, next := gemm.New[T](1, layer.w.Rows), gemm.New[T](dh.Rows, layer.w.Rows)
			layer.put(out, h, 1)
			gemm.Set(next, dh.N(), layer.w.T(), 1)
			h, dh = out, next
			if l == len(m.nets[k])-1 {
				break
			}
			for j, v := range h.Row(0) {
				if v > 0 {
					continue
				}
				h.Row(0)[j] = 0
				for i := range dh.Rows {
					dh.Row(i)[j] = 0
				}
			}
		}
		y, out, q := at.Row(0)[move0:move1], h.Row(0), move1-move0
		for j := range y {
			if m.Additive {
				y[j] += out[j]
				for i := range m.Dim {
					tangents.Row(i)[move0+j] += dh.Row(i)[j]
				}
				continue
			}
			s, slope := m.logScale(out[j])
			e := exp(s)
			for i := range m.Dim {
				t := &tangents.Row(i)[move0+j]
				*t = *t*e + y[j]*e*slope*dh.Row(i)[j] + dh.Row(i)[q+j]
			}
			y[j] = y[j]*e + out[q+j]
		}
	}
	jacobian := gemm.New[T](m.Dim, m.Dim)
	for i := range m.Dim {
		for j := range m.Dim {
			jacobian.Row(i)[j] = tangents.Row(j)[i]
		}
	}
	return jacobian
}

// SingularValues returns those of dz/dx at a point, the largest first, in
// float64. It fails if the Jacobian is not finite.
func SingularValues(m *Model[float64], x []float64) ([]float64, error) {
	j := m.Jacobian(x)
	for _, v := range j.Data {
		if v-v != 0 {
			return nil, fmt.Errorf("the Jacobian is not finite")
		}
	}
	var svd mat.SVD
	if !svd.Factorize(mat.NewDense(m.Dim, m.Dim, j.Data), mat.SVDNone) {
		return nil, fmt.Errorf("the singular values of the Jacobian did not converge")
	}
	return svd.Values(nil), nil
}
