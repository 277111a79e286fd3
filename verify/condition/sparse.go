package condition

import (
	"math"

	"flowproof/exactmath/sparse"
)

// sparseDense is the side up to which a sparse matrix is certified as a dense
// one; beyond, a factorization would take more than seconds.
const sparseDense = 1024

// sparseNorm bounds |x| by sqrt(|x|_1 |x|_inf), sums rounded up.
func sparseNorm(x *sparse.Matrix) Norm {
	rows, cols := x.Dims()
	if max(rows, cols) <= sparseDense {
		return denseNorm(rows, cols, x.Float64s(), 0)
	}
	one, inf := 0.0, 0.0
	sums := make([]float64, cols)
	for i := range rows {
		row := 0.0
		js, vals := x.Row(i)
		for k, j := range js {
			v := math.Abs(vals[k])
			row, sums[j] = up(row+v), up(sums[j]+v)
		}
		inf = max(inf, row)
	}
	for _, s := range sums {
		one = max(one, s)
	}
	return Norm{sparseEstimate(x), up(up(math.Sqrt(one)) * up(math.Sqrt(inf)))}
}

// sparseEstimate estimates the norm from below by power iteration on x^T x.
func sparseEstimate(x *sparse.Matrix) float64 {
	rows, cols := x.Dims()
	v, w := make([]float64, cols), make([]float64, rows)
	for j := range v {
		v[j] = 1 + float64(j%13)/16
	}
	est := 0.0
	for range 100 {
		normalize(v)
		for i := range w {
			js, vals := x.Row(i)
			w[i] = 0
			for k, j := range js {
				w[i] += vals[k] * v[j]
			}
		}
		next := normalize(w)
		if next == 0 || next-est <= 1e-9*next {
			return max(next, est)
		}
		est = next
		clear(v)
		for i := range w {
			js, vals := x.Row(i)
			for k, j := range js {
				v[j] += vals[k] * w[i]
			}
		}
	}
	return est
}

// normalize scales v to length 1 and returns the length it had.
func normalize(v []float64) float64 {
	top := 0.0
	for _, x := range v {
		top = max(top, math.Abs(x))
	}
	if top == 0 {
		return 0
	}
	sum := 0.0
	for k := range v {
		v[k] /= top
		sum += v[k] * v[k]
	}
	l := math.Sqrt(sum)
	for k := range v {
		v[k] /= l
	}
	return l * top
}
