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

func (x *Sparse) equal(y *Sparse) bool {
	if len(x.val) != len(y.val) {
		return false
	}
	for k := range x.val {
		if x.col[k] != y.col[k] || x.val[k] != y.val[k] {
			return false
		}
	}
	for i := range x.start {
		if x.start[i] != y.start[i] {
			return false
		}
	}
	return true
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

// sub returns x - y, sparse if every difference is a float64, else rational.
func (x *Sparse) sub(y *Sparse) (Matrix, error) {
	if x.rows != y.rows || x.cols != y.cols {
		return nil, &ShapeError{"Sub", x.rows, x.cols, y.rows, y.cols}
	}
	var es []Entry
	for i := range x.rows {
		xc, xv := x.Row(i)
		yc, yv := y.Row(i)
		for len(xc)+len(yc) > 0 {
			switch {
			case len(yc) == 0 || len(xc) > 0 && xc[0] < yc[0]:
				es = append(es, Entry{i, xc[0], xv[0]})
				xc, xv = xc[1:], xv[1:]
			case len(xc) == 0 || yc[0] < xc[0]:
				es = append(es, Entry{i, yc[0], -yv[0]})
				yc, yv = yc[1:], yv[1:]
			default:
				d := xv[0] - yv[0]
				if _, exact := new(big.Rat).Sub(new(big.Rat).SetFloat64(xv[0]), new(big.Rat).SetFloat64(yv[0])).Float64(); !exact {
					return ToRational(x).Sub(ToRational(y))
				}
				es = append(es, Entry{i, xc[0], d})
				xc, xv, yc, yv = xc[1:], xv[1:], yc[1:], yv[1:]
			}
		}
	}
	return NewSparse(x.rows, x.cols, es)
}
