package dense

import (
	"math"
	"math/big"
	"math/bits"

	"flowproof/exactmath"
)

// ToDyadic returns x as integers over one power of two, and false if some entry
// is not a dyadic rational.
func ToDyadic(x exactmath.Matrix) (*Dyadic, bool) {
	switch x := x.(type) {
	case *Dyadic:
		return x, true
	case exactmath.Pieces:
		return fromPieces(x), true
	}
	rows, cols := x.Dims()
	exp, ok := math.MaxInt, true
	x.Each(func(_, _ int, v *big.Rat) {
		d := v.Denom()
		e := d.BitLen() - 1
		if int(d.TrailingZeroBits()) != e {
			ok = false
		}
		exp = min(exp, -e)
	})
	if !ok {
		return nil, false
	}
	if exp == math.MaxInt {
		exp = 0
	}
	z := newDyadic(rows, cols, exp)
	x.Each(func(i, j int, v *big.Rat) {
		z.num[i*cols+j].Lsh(v.Num(), uint(1-v.Denom().BitLen()-exp))
	})
	return z, true
}

func fromPieces(x exactmath.Pieces) *Dyadic {
	exp := math.MaxInt
	x.Pieces(func(_, _ int, _ float64, u uint64, e int) {
		if u != 0 {
			exp = min(exp, e+bits.TrailingZeros64(u))
		}
	})
	if exp == math.MaxInt {
		exp = 0
	}
	rows, cols := x.Dims()
	z := newDyadic(rows, cols, exp)
	var t big.Int
	x.Pieces(func(i, j int, sign float64, u uint64, e int) {
		if e < exp { // the bits below are zero
			u, e = u>>(exp-e), exp
		}
		t.Lsh(t.SetUint64(u), uint(e-exp))
		if sign < 0 {
			t.Neg(&t)
		}
		v := &z.num[i*cols+j]
		v.Add(v, &t)
	})
	return z
}
