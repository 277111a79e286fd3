package exactmath

import (
	"math"
	"math/big"
	"sync"
)

// Floats is a dense matrix of finite float64 numbers, each standing for exactly
// the dyadic rational that it is. Negative zero is stored as zero.
type Floats struct {
	rows, cols int
	data       []float64
	known      sync.Map // see Once
}

// FromFloat64 returns the rows x cols matrix with the given entries, row by
// row. It copies data. It fails with a *ShapeError if len(data) is not
// rows*cols, with an *EntryError if an entry is NaN or infinite.
func FromFloat64(rows, cols int, data []float64) (*Floats, error) {
	if rows < 0 || cols < 0 || len(data) != rows*cols {
		return nil, &ShapeError{"FromFloat64", rows, cols, 1, len(data)}
	}
	out := make([]float64, len(data))
	for k, v := range data {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, &EntryError{k / cols, k % cols, v}
		}
		out[k] = v + 0 // -0 + 0 = 0
	}
	return &Floats{rows: rows, cols: cols, data: out}, nil
}

// Dims returns the shape.
func (x *Floats) Dims() (rows, cols int) { return x.rows, x.cols }

// Once returns what compute returns, which is called only for the first time that key
// is asked for: a matrix does not change, so what is proved of it is proved once. A
// key of a type that its package does not export keeps other packages from putting
// anything in its place.
func (x *Floats) Once(key any, compute func() any) any {
	v, ok := x.known.Load(key)
	if !ok {
		v, _ = x.known.LoadOrStore(key, compute())
	}
	return v
}

// At returns entry (i, j) as a rational.
func (x *Floats) At(i, j int) *big.Rat {
	return new(big.Rat).SetFloat64(x.data[i*x.cols+j])
}

// Float64s returns a copy of the entries, row by row; nothing is rounded.
func (x *Floats) Float64s() []float64 { return append([]float64(nil), x.data...) }

// Each visits the non-zero entries row by row.
func (x *Floats) Each(visit func(i, j int, v *big.Rat)) {
	var v big.Rat
	for k, f := range x.data {
		if f != 0 {
			visit(k/x.cols, k%x.cols, v.SetFloat64(f))
		}
	}
}

// View returns the entries themselves, row by row, for readers on a hot path.
// The caller must not write to them.
func (x *Floats) View() []float64 { return x.data }

// Pieces calls f for the non-zero entries; see the interface of that name.
func (x *Floats) Pieces(f func(i, j int, sign float64, u uint64, e int)) {
	for i := range x.rows {
		for j, v := range x.data[i*x.cols : (i+1)*x.cols] {
			if v != 0 {
				u, e := Mantissa(v)
				f(i, j, math.Copysign(1, v), u, e)
			}
		}
	}
}

// Mantissa returns u < 2^53 and e with |v| = u * 2^e, for a finite v.
func Mantissa(v float64) (u uint64, e int) {
	b := math.Float64bits(v)
	if u, e = b&(1<<52-1), int(b>>52)&0x7ff; e == 0 {
		return u, -1074
	}
	return u | 1<<52, e - 1075
}
