// Package ballmat is arithmetic with matrices known up to a bound: a midpoint
// matrix of dyadic numbers and one radius for all entries. Products of midpoints
// are exact, so that nothing is lost but what rounding to a precision loses, and
// that is counted.
package ballmat

import (
	"math/big"
	"runtime"

	"flowproof/exactmath"
	"flowproof/exactmath/bound"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/internal/residue"
)

// Matrix is the set of the matrices whose entries differ by at most the radius
// from those of the midpoint.
type Matrix struct {
	mid *dense.Dyadic
	rad bound.Upper
}

// New returns the ball matrix with the given midpoint and radius. It fails with a
// *RadiusError if the radius is negative or infinite.
func New(mid *dense.Dyadic, rad *big.Float) (*Matrix, error) {
	r := bound.Above(rad)
	if rad.Sign() < 0 || r.IsInf() {
		return nil, &RadiusError{rad}
	}
	return &Matrix{mid, r}, nil
}

// RadiusError reports a radius that is not a non-negative number.
type RadiusError struct{ Radius *big.Float }

func (e *RadiusError) Error() string {
	return "radius " + e.Radius.String() + ", want a finite number that is not negative"
}

// Mid returns the midpoint, and Rad the radius.
func (x *Matrix) Mid() *dense.Dyadic { return x.mid }

// Rad returns the radius.
func (x *Matrix) Rad() *big.Float { return x.rad.Float() }

// Contains reports whether m is in the set.
func (x *Matrix) Contains(m exactmath.Matrix) bool {
	diff, err := dense.Sub(m, x.mid)
	if err != nil {
		return false
	}
	return dense.MaxAbs(diff).Cmp(x.rad.Rat()) <= 0
}

// MulAdd returns a set that holds c + a b for all c, a, b in the three sets,
// whose midpoint entries have prec bits, relative to the largest. With K columns
// in a and radii r, the radius is
//
//	r_c + r_a |b|_1 + |a|_inf r_b + K r_a r_b + half a unit of the last bit kept.
//
// It fails with a *exactmath.ShapeError if the shapes do not fit, with
// ErrTooLarge if the numbers have too many bits.
func MulAdd(c, a, b *Matrix, prec uint) (*Matrix, error) {
	num, exp, err := mulAdd(c.mid, a.mid, b.mid)
	if err != nil {
		return nil, err
	}
	rad := c.rad
	if !a.rad.IsZero() {
		rad = rad.Add(a.rad.Mul(columnSum(b.mid)))
	}
	if !b.rad.IsZero() {
		_, k := a.mid.Dims()
		rad = rad.Add(rowSum(a.mid).Add(a.rad.Mul(bound.Uint(uint64(k)))).Mul(b.rad))
	}
	rows, cols := c.mid.Dims()
	return rounded(rows, cols, num, exp, prec, rad)
}

// rounded returns the ball matrix with midpoint num * 2^exp, rounded in place to
// prec bits of the largest entry, and radius rad plus the largest error of that.
func rounded(rows, cols int, num []big.Int, exp int, prec uint, rad bound.Upper) (*Matrix, error) {
	most := 0
	for k := range num {
		most = max(most, num[k].BitLen())
	}
	if s := most - int(prec); s > 0 {
		half := new(big.Int).Lsh(big.NewInt(1), uint(s-1))
		residue.Parallel(runtime.GOMAXPROCS(0), rows, func(_, i int) {
			for k := i * cols; k < (i+1)*cols; k++ {
				num[k].Rsh(num[k].Add(&num[k], half), uint(s))
			}
		})
		rad = rad.Add(bound.AboveInt(half).Shift(exp))
		exp += s
	}
	mid, err := dense.OwnDyadic(rows, cols, num, exp)
	return &Matrix{mid, rad}, err
}

func rowSum(m *dense.Dyadic) bound.Upper {
	n, _ := m.Dims()
	return largest(m, n, func(i, j int) int { return i })
}

func columnSum(m *dense.Dyadic) bound.Upper {
	_, n := m.Dims()
	return largest(m, n, func(i, j int) int { return j })
}

// largest bounds the largest of n sums of |entries|. They are taken in units of
// 2^-31 of the largest, and rounded up.
func largest(m *dense.Dyadic, n int, sum func(i, j int) int) bound.Upper {
	rows, cols := m.Dims()
	top := 0
	for i := range rows {
		for j := range cols {
			top = max(top, m.Num(i, j).BitLen())
		}
	}
	unit := max(top-31, 0)
	sums, most := make([]uint64, n), uint64(0)
	var t big.Int
	for i := range rows {
		for j := range cols {
			lost := t.Abs(m.Num(i, j)).TrailingZeroBits() < uint(unit) && t.Sign() > 0
			u := t.Rsh(&t, uint(unit)).Uint64()
			if lost {
				u++
			}
			k := sum(i, j)
			sums[k] += u
			most = max(most, sums[k])
		}
	}
	return bound.Uint(most).Shift(unit + m.Exp())
}
