package product

import (
	"math"
	"math/big"

	"flowproof/exactmath"
	"flowproof/exactmath/modular"
)

// unit is 2^exp / den.
type unit struct {
	exp int
	den *big.Int
}

func newUnit(x *modular.Product) (u unit) {
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
	unit
	num    [][]big.Int
	floats []float64
}

// Rows returns rows from..to-1, in the order of the coordinates. It fails with
// ErrTooLarge.
func (x *Product) Rows(from, to int) (*Rows, error) {
	if x.dense == nil {
		if err := x.fill(); err != nil {
			return nil, err
		}
	}
	n, list := len(x.order), make([]int, to-from)
	r := &Rows{newUnit(x.dense), make([][]big.Int, to-from), make([]float64, (to-from)*n)}
	for i := range list {
		list[i] = from + i
	}
	x.dense.Rows(list, func(i int, num []big.Int) {
		r.num[i-from] = num
		for j := range num {
			r.floats[(i-from)*n+j] = r.round(&num[j])
		}
	})
	return r, nil
}

// Float64s returns the entries rounded to nearest even, row by row; ±Inf if they
// are too large.
func (r *Rows) Float64s() []float64 { return r.floats }

// Residual returns the largest |target - entry|, the target given row by row.
func (r *Rows) Residual(target []float64) *big.Rat {
	n := len(r.num[0])
	most, floor := new(big.Rat), 0.0
	for k, t := range target {
		// The difference is within half a unit of that of the rounded entry.
		f := r.floats[k]
		if math.Abs(t-f)*(1+0x1p-50)+math.Abs(f)*0x1p-52+0x1p-1070 <= floor {
			continue
		}
		v := r.value(&r.num[k/n][k%n])
		v.Sub(new(big.Rat).SetFloat64(t), v)
		if v.Abs(v).Cmp(most) > 0 {
			most = v
			floor, _ = v.Float64()
			floor = min(floor, math.MaxFloat64) * (1 - 0x1p-50)
		}
	}
	return most
}
