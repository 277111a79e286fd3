package product

import (
	"cmp"
	"math"
	"math/big"

	"flowproof/exactmath"
)

// unit is 2^exp / den.
type unit struct {
	exp int
	den *big.Int
}

func newUnit(x Engine) (u unit) {
	u.exp, u.den = x.Unit()
	return u
}

// value returns num times the unit.
func (u unit) value(num *big.Int) *big.Rat {
	n := new(big.Int).Lsh(num, uint(max(u.exp, 0)))
	return new(big.Rat).SetFrac(n, new(big.Int).Lsh(u.den, uint(max(-u.exp, 0))))
}

// round returns num times the unit, rounded to nearest even.
func (u unit) round(num *big.Int) float64 {
	if u.den.IsUint64() && u.den.Uint64() == 1 {
		return exactmath.Round(num, u.exp)
	}
	f, _ := u.value(num).Float64()
	return f
}

// Rows is some rows of a rational product.
type Rows struct {
	value  func(k int) *big.Rat // entry k, row by row
	floats []float64
}

// Rows returns rows from..to-1, in the order of the coordinates.
func (x *Product) Rows(from, to int) *Rows {
	n := len(x.order)
	r := &Rows{floats: make([]float64, (to-from)*n)}
	if x.dense == nil {
		zero := new(big.Rat)
		r.value = func(k int) *big.Rat { return cmp.Or(x.rows[x.place[from+k/n]][x.place[k%n]], zero) }
		for k := range r.floats {
			r.floats[k], _ = r.value(k).Float64()
		}
		return r
	}
	unit, list, num := newUnit(x.dense), make([]int, to-from), make([][]big.Int, to-from)
	for i := range list {
		list[i] = from + i
	}
	x.dense.Rows(list, func(i int, row []big.Int) {
		num[i-from] = row
		for j := range row {
			r.floats[(i-from)*n+j] = unit.round(&row[j])
		}
	})
	r.value = func(k int) *big.Rat { return unit.value(&num[k/n][k%n]) }
	return r
}

// Float64s returns the entries rounded to nearest even, row by row; ±Inf if they
// are too large.
func (r *Rows) Float64s() []float64 { return r.floats }

// Residual returns the largest |target - entry|, the target given row by row.
func (r *Rows) Residual(target []float64) *big.Rat {
	most, floor := new(big.Rat), 0.0
	for k, t := range target {
		// The difference is within half a unit of that of the rounded entry.
		f := r.floats[k]
		if math.Abs(t-f)*(1+0x1p-50)+math.Abs(f)*0x1p-52+0x1p-1070 <= floor {
			continue
		}
		v := new(big.Rat).SetFloat64(t)
		v.Sub(v, r.value(k))
		if v.Abs(v).Cmp(most) > 0 {
			most = v
			floor, _ = v.Float64()
			floor = min(floor, math.MaxFloat64) * (1 - 0x1p-50)
		}
	}
	return most
}
