package product

import (
	"math"
	"math/big"

	"flowproof/exactmath"
)

// Rows is some rows of a rational product.
type Rows struct {
	exp    int
	den    *big.Int
	num    []([]big.Int) // times 2^exp / den
	floats []float64
}

// Rows returns rows from..to-1, in the order of the coordinates.
func (x *Product) Rows(from, to int) *Rows {
	n := len(x.order)
	r := &Rows{num: make([][]big.Int, to-from), floats: make([]float64, (to-from)*n)}
	r.exp, r.den = x.Unit()
	fill := func(i int, num []big.Int) {
		r.num[i-from] = num
		for j := range num {
			r.floats[(i-from)*n+j] = r.round(&num[j])
		}
	}
	if x.dense != nil {
		list := make([]int, to-from)
		for i := range list {
			list[i] = from + i
		}
		x.dense.Rows(list, fill)
		return r
	}
	for i := from; i < to; i++ {
		num := make([]big.Int, n)
		for _, t := range x.rows.row[x.place[i]] {
			num[x.order[t.col]].Set(t.num)
		}
		fill(i, num)
	}
	return r
}

// round returns num times the unit, rounded to nearest even.
func (r *Rows) round(num *big.Int) float64 {
	if r.den.IsUint64() && r.den.Uint64() == 1 {
		return exactmath.Round(num, r.exp)
	}
	n := new(big.Int).Lsh(num, uint(max(r.exp, 0)))
	d := new(big.Int).Lsh(r.den, uint(max(-r.exp, 0)))
	f, _ := new(big.Rat).SetFrac(n, d).Float64()
	return f
}

// Float64s returns the entries rounded to nearest even, row by row; ±Inf if they
// are too large.
func (r *Rows) Float64s() []float64 { return r.floats }

// Residual returns the largest |target - entry|, the target given row by row.
func (r *Rows) Residual(target []float64) *big.Rat {
	n := len(r.num[0])
	most, floor, d := new(big.Rat), 0.0, new(big.Int)
	for k, t := range target {
		// The difference is within half a unit of that of the rounded entry.
		f := r.floats[k]
		if math.Abs(t-f)*(1+0x1p-50)+math.Abs(f)*0x1p-52+0x1p-1070 <= floor {
			continue
		}
		d.SetInt64(0)
		e := r.exp
		if t != 0 {
			var m int64
			if m, e = exactmath.Odd(t); e > r.exp {
				d.Lsh(d.SetInt64(m), uint(e-r.exp))
				e = r.exp
			} else {
				d.SetInt64(m)
			}
		}
		d.Mul(d, r.den)
		d.Sub(d, new(big.Int).Lsh(&r.num[k/n][k%n], uint(r.exp-e)))
		den := new(big.Int).Lsh(r.den, uint(max(-e, 0)))
		if v := new(big.Rat).SetFrac(d.Lsh(d.Abs(d), uint(max(e, 0))), den); v.Cmp(most) > 0 {
			most = v
			floor, _ = v.Float64()
			floor = min(floor, math.MaxFloat64) * (1 - 0x1p-50)
		}
	}
	return most
}
