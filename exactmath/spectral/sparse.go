package spectral

import (
	"math"

	"flowproof/exactmath/sparse"
)

// sparseDense is the side up to which a sparse matrix is certified as a dense
// one; beyond, a factorization would take more than seconds.
const sparseDense = 1024

// sparseNorm bounds |x| by sqrt(|x|_1 |x|_inf), sums rounded up.
func sparseNorm(x *sparse.Matrix) Bounds {
	rows, cols := x.Dims()
	if max(rows, cols) <= sparseDense {
		return Entries(rows, cols, x.Float64s(), 0)
	}
	top := 0.0
	for i := range rows {
		_, vals := x.Row(i)
		for _, v := range vals {
			top = max(top, math.Abs(v))
		}
	}
	if top == 0 {
		return Bounds{}
	}
	_, e := math.Frexp(top)
	one, inf := 0.0, 0.0
	sums := make([]float64, cols)
	for i := range rows {
		row := 0.0
		js, vals := x.Row(i)
		for k, j := range js {
			v := ldexpUp(math.Abs(vals[k]), -e)
			row, sums[j] = addUp(row, v), addUp(sums[j], v)
		}
		inf = max(inf, row)
	}
	for _, s := range sums {
		one = max(one, s)
	}
	b := up(up(math.Sqrt(one)) * up(math.Sqrt(inf)))
	est := power(rows, cols,
		func(y, v []float64) {
			for i := range y {
				js, vals := x.Row(i)
				y[i] = 0
				for k, j := range js {
					y[i] += math.Ldexp(vals[k], -e) * v[j]
				}
			}
		},
		func(v, y []float64) {
			clear(v)
			for i := range y {
				js, vals := x.Row(i)
				for k, j := range js {
					v[j] += math.Ldexp(vals[k], -e) * y[i]
				}
			}
		})
	return Bounds{math.Ldexp(min(est, b), e), ldexpUp(b, e)}
}

// addUp returns x + y rounded up, exactly if the sum is a float64.
func addUp(x, y float64) float64 {
	s := x + y
	big, small := max(x, y), min(x, y)
	if s-big < small { // s - big is exact
		return up(s)
	}
	return s
}
