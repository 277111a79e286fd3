// Package numeric has the linear algebra in float64 that constructions share.
package numeric

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
)

// RowMajor returns the entries, row by row.
func RowMajor(w *mat.Dense) []float64 {
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

// ToGrid rounds the entries to multiples of 2^-gridBits.
func ToGrid(w *mat.Dense) *mat.Dense {
	w.Apply(func(_, _ int, v float64) float64 {
		return math.RoundToEven(v*(1<<gridBits)) / (1 << gridBits)
	}, w)
	return w
}

// Product returns the product of the given matrices.
func Product(first *mat.Dense, rest ...mat.Matrix) *mat.Dense {
	out := first
	for _, m := range rest {
		next := new(mat.Dense)
		next.Mul(out, m)
		out = next
	}
	return out
}

// FlipLast changes the sign of the last column.
func FlipLast(q *mat.Dense) {
	n, _ := q.Dims()
	for i := range n {
		q.Set(i, n-1, -q.At(i, n-1))
	}
}

// Negated returns -w.
func Negated(w *mat.Dense) *mat.Dense { return Scaled(-1, w) }

// Sum returns x + y.
func Sum(x, y mat.Matrix) *mat.Dense {
	out := new(mat.Dense)
	out.Add(x, y)
	return out
}

// Minus returns x - y.
func Minus(x, y mat.Matrix) *mat.Dense {
	out := new(mat.Dense)
	out.Sub(x, y)
	return out
}

// Scaled returns s x.
func Scaled(s float64, x mat.Matrix) *mat.Dense {
	out := new(mat.Dense)
	out.Scale(s, x)
	return out
}

// Columns returns x diag(d).
func Columns(x mat.Matrix, d []float64) *mat.Dense {
	out := mat.DenseCopyOf(x)
	out.Apply(func(_, j int, v float64) float64 { return v * d[j] }, out)
	return out
}

// Transposed returns a copy of x^T.
func Transposed(x mat.Matrix) *mat.Dense { return mat.DenseCopyOf(x.T()) }

// MaxAbs returns the largest absolute value, 0 if there is none.
func MaxAbs(x []float64) float64 {
	m := 0.0
	for _, v := range x {
		m = max(m, math.Abs(v))
	}
	return m
}

// SVD returns m = U diag(s) V^T, s falling: U and V square, or of as many columns as m
// if thin is set. It fails with ErrNoConvergence.
func SVD(m mat.Matrix, thin bool) (u *mat.Dense, s []float64, v *mat.Dense, err error) {
	kind := mat.SVDFull
	if thin {
		kind = mat.SVDThin
	}
	var svd mat.SVD
	if !svd.Factorize(m, kind) {
		return nil, nil, nil, fault.ErrNoConvergence
	}
	u, v = new(mat.Dense), new(mat.Dense)
	svd.UTo(u)
	svd.VTo(v)
	return u, svd.Values(nil), v, nil
}

// Cut returns copies of the blocks of m along p: [[a, b], [c, e]], a of p rows and
// columns.
func Cut(m *mat.Dense, p int) (a, b, c, e *mat.Dense) {
	rows, cols := m.Dims()
	block := func(r0, r1, c0, c1 int) *mat.Dense { return mat.DenseCopyOf(m.Slice(r0, r1, c0, c1)) }
	return block(0, p, 0, p), block(0, p, p, cols), block(p, rows, 0, p), block(p, rows, p, cols)
}
