package exactmath

import (
	"math"
	"math/big"
	"math/bits"
)

// Floats is a dense matrix of finite float64 numbers, each standing for exactly
// the dyadic rational that it is. Negative zero is stored as zero.
type Floats struct {
	rows, cols int
	data       []float64
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
	return &Floats{rows, cols, out}, nil
}

// FromFloat32 is FromFloat64 for float32 entries, which it represents exactly.
func FromFloat32(rows, cols int, data []float32) (*Floats, error) {
	wide := make([]float64, len(data))
	for k, v := range data {
		wide[k] = float64(v)
	}
	return FromFloat64(rows, cols, wide)
}

// Dims returns the shape.
func (x *Floats) Dims() (rows, cols int) { return x.rows, x.cols }

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

// Dyadic returns the same matrix as integers over one power of two.
func (x *Floats) Dyadic() *Dyadic {
	exp := 0
	seen := false
	for _, v := range x.data {
		if v == 0 {
			continue
		}
		if _, e := Odd(v); !seen || e < exp {
			exp, seen = e, true
		}
	}
	z := newDyadic(x.rows, x.cols, exp)
	for k, v := range x.data {
		if v != 0 {
			m, e := Odd(v)
			z.num[k].SetInt64(m)
			z.num[k].Lsh(&z.num[k], uint(e-exp))
		}
	}
	return z
}

// NormFrobSq returns the sum of the squares of all entries: those of one exponent
// add up in 192 bits.
func (x *Floats) NormFrobSq() *big.Rat {
	var sums [2048][3]uint64
	last := len(sums)
	for _, v := range x.data {
		b := math.Float64bits(v)
		e, m := int(b>>52)&0x7ff, b&(1<<52-1)
		if e == 0 {
			e = 1
		} else {
			m |= 1 << 52
		}
		last = min(last, e)
		s := &sums[e]
		hi, lo := bits.Mul64(m, m)
		var c uint64
		s[0], c = bits.Add64(s[0], lo, 0)
		s[1], c = bits.Add64(s[1], hi, c)
		s[2] += c
	}
	total, t := new(big.Int), new(big.Int)
	for e := len(sums) - 1; e >= last; e-- {
		total.Lsh(total, 2)
		for i, s := range sums[e] {
			total.Add(total, t.Lsh(t.SetUint64(s), uint(64*i)))
		}
	}
	return ldexp(total, 2*(last-1075))
}

// Odd returns the odd integer m and the exponent e with v = m * 2^e, for a
// finite v != 0; subnormal numbers included.
func Odd(v float64) (m int64, e int) {
	b := math.Float64bits(v)
	e = int(b>>52) & 0x7ff
	m = int64(b & (1<<52 - 1))
	if e == 0 {
		e = 1
	} else {
		m |= 1 << 52
	}
	e -= 1075
	z := bits.TrailingZeros64(uint64(m))
	m, e = m>>z, e+z
	if v < 0 {
		m = -m
	}
	return m, e
}
