// Package sparse stores matrices by their non-zero entries.
package sparse

import (
	"math"
	"math/big"
	"sort"

	"flowproof/exactmath"
)

// Matrix is a matrix of which only the non-zero entries are stored, in
// compressed rows: row i has the values val[start[i]:start[i+1]] in the columns
// col[start[i]:start[i+1]], which increase strictly. Every value is a finite
// non-zero float64, standing for the dyadic rational that it is.
type Matrix struct {
	rows, cols int
	start      []int
	col        []int
	val        []float64
}

// Entry is one non-zero entry of a sparse matrix.
type Entry struct {
	Row, Col int // 0-based
	Value    float64
}

// New returns the rows x cols matrix with the given entries and zeros
// elsewhere; zero values are dropped. It fails with a *exactmath.ShapeError for an index
// out of range or given twice, with an *exactmath.EntryError for a value that is NaN or
// infinite.
func New(rows, cols int, entries []Entry) (*Matrix, error) {
	es := append([]Entry(nil), entries...)
	sort.Slice(es, func(a, b int) bool {
		return es[a].Row < es[b].Row || es[a].Row == es[b].Row && es[a].Col < es[b].Col
	})
	x := &Matrix{rows: rows, cols: cols, start: make([]int, rows+1)}
	for k, e := range es {
		twice := k > 0 && es[k-1].Row == e.Row && es[k-1].Col == e.Col
		if e.Row < 0 || rows <= e.Row || e.Col < 0 || cols <= e.Col || twice {
			return nil, &exactmath.ShapeError{Op: "sparse.New", R1: rows, C1: cols, R2: e.Row, C2: e.Col}
		}
		if math.IsNaN(e.Value) || math.IsInf(e.Value, 0) {
			return nil, &exactmath.EntryError{Row: e.Row, Col: e.Col, Value: e.Value}
		}
		if e.Value != 0 {
			x.start[e.Row+1]++
			x.col = append(x.col, e.Col)
			x.val = append(x.val, e.Value)
		}
	}
	for i := range rows {
		x.start[i+1] += x.start[i]
	}
	return x, nil
}

// Dims returns the shape.
func (x *Matrix) Dims() (rows, cols int) { return x.rows, x.cols }

// NNZ returns the number of stored entries.
func (x *Matrix) NNZ() int { return len(x.val) }

// Row returns the columns and values of row i. The caller must not change them.
func (x *Matrix) Row(i int) (cols []int, vals []float64) {
	return x.col[x.start[i]:x.start[i+1]], x.val[x.start[i]:x.start[i+1]]
}

// At returns entry (i, j) as a rational.
func (x *Matrix) At(i, j int) *big.Rat {
	cols, vals := x.Row(i)
	v := new(big.Rat)
	if k := sort.SearchInts(cols, j); k < len(cols) && cols[k] == j {
		v.SetFloat64(vals[k])
	}
	return v
}

// Float64s returns all entries, zeros included, row by row; nothing is rounded.
func (x *Matrix) Float64s() []float64 {
	out := make([]float64, x.rows*x.cols)
	for i := range x.rows {
		cols, vals := x.Row(i)
		for k, j := range cols {
			out[i*x.cols+j] = vals[k]
		}
	}
	return out
}

// Each visits the non-zero entries row by row.
func (x *Matrix) Each(visit func(i, j int, v *big.Rat)) {
	var v big.Rat
	for i := range x.rows {
		cols, vals := x.Row(i)
		for k, j := range cols {
			visit(i, j, v.SetFloat64(vals[k]))
		}
	}
}

// Pieces calls f for the stored entries; see the interface of that name.
func (x *Matrix) Pieces(f func(i, j int, sign float64, u uint64, e int)) {
	for i := range x.rows {
		cols, vals := x.Row(i)
		for k, v := range vals {
			u, e := exactmath.Mantissa(v)
			f(i, cols[k], math.Copysign(1, v), u, e)
		}
	}
}

// Permutation returns the n x n matrix that sends e_j to e_perm[j]: entry
// (perm[j], j) is 1. It fails with a *exactmath.ShapeError if perm is not a permutation
// of 0..n-1.
func Permutation(perm []int) (*Matrix, error) {
	n := len(perm)
	x := &Matrix{n, n, make([]int, n+1), make([]int, n), make([]float64, n)}
	for j, i := range perm {
		if i < 0 || n <= i || x.val[i] != 0 {
			return nil, &exactmath.ShapeError{Op: "sparse.Permutation", R1: n, C1: n, R2: i, C2: j}
		}
		x.start[j+1], x.col[i], x.val[i] = j+1, j, 1
	}
	return x, nil
}
