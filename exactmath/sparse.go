package exactmath

import (
	"math"
	"math/big"
	"sort"
)

// Sparse is a matrix of which only the non-zero entries are stored, in
// compressed rows: row i has the values val[start[i]:start[i+1]] in the columns
// col[start[i]:start[i+1]], which increase strictly. Every value is a finite
// non-zero float64, standing for the dyadic rational that it is.
type Sparse struct {
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

// NewSparse returns the rows x cols matrix with the given entries and zeros
// elsewhere; zero values are dropped. It fails with a *ShapeError for an index
// out of range or given twice, with an *EntryError for a value that is NaN or
// infinite.
func NewSparse(rows, cols int, entries []Entry) (*Sparse, error) {
	es := append([]Entry(nil), entries...)
	sort.Slice(es, func(a, b int) bool {
		return es[a].Row < es[b].Row || es[a].Row == es[b].Row && es[a].Col < es[b].Col
	})
	x := &Sparse{rows: rows, cols: cols, start: make([]int, rows+1)}
	for k, e := range es {
		twice := k > 0 && es[k-1].Row == e.Row && es[k-1].Col == e.Col
		if e.Row < 0 || rows <= e.Row || e.Col < 0 || cols <= e.Col || twice {
			return nil, &ShapeError{"NewSparse", rows, cols, e.Row, e.Col}
		}
		if math.IsNaN(e.Value) || math.IsInf(e.Value, 0) {
			return nil, &EntryError{e.Row, e.Col, e.Value}
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
func (x *Sparse) Dims() (rows, cols int) { return x.rows, x.cols }

// NNZ returns the number of stored entries.
func (x *Sparse) NNZ() int { return len(x.val) }

// Row returns the columns and values of row i. The caller must not change them.
func (x *Sparse) Row(i int) (cols []int, vals []float64) {
	return x.col[x.start[i]:x.start[i+1]], x.val[x.start[i]:x.start[i+1]]
}

// At returns entry (i, j) as a rational.
func (x *Sparse) At(i, j int) *big.Rat {
	cols, vals := x.Row(i)
	v := new(big.Rat)
	if k := sort.SearchInts(cols, j); k < len(cols) && cols[k] == j {
		v.SetFloat64(vals[k])
	}
	return v
}

// Float64s returns all entries, zeros included, row by row; nothing is rounded.
func (x *Sparse) Float64s() []float64 {
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
func (x *Sparse) Each(visit func(i, j int, v *big.Rat)) {
	var v big.Rat
	for i := range x.rows {
		cols, vals := x.Row(i)
		for k, j := range cols {
			visit(i, j, v.SetFloat64(vals[k]))
		}
	}
}

// Pieces calls f for the stored entries; see the interface of that name.
func (x *Sparse) Pieces(f func(i, j int, sign float64, u uint64, e int)) {
	for i := range x.rows {
		cols, vals := x.Row(i)
		for k, v := range vals {
			u, e := mantissa(v)
			f(i, cols[k], math.Copysign(1, v), u, e)
		}
	}
}

// SparsePermutation returns the n x n matrix that sends e_j to e_perm[j]: entry
// (perm[j], j) is 1. It fails with a *ShapeError if perm is not a permutation
// of 0..n-1.
func SparsePermutation(perm []int) (*Sparse, error) {
	n := len(perm)
	x := &Sparse{n, n, make([]int, n+1), make([]int, n), make([]float64, n)}
	for j, i := range perm {
		if i < 0 || n <= i || x.val[i] != 0 {
			return nil, &ShapeError{"SparsePermutation", n, n, i, j}
		}
		x.start[j+1], x.col[i], x.val[i] = j+1, j, 1
	}
	return x, nil
}
