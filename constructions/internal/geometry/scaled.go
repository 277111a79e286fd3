package geometry

import (
	"math"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/ratmat"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// ScaledDense returns the target in the frame's order as m * 2^exp, m rounded to
// float64 with its largest entry in [1/2, 2]: no target is too large or too
// small. It fails with ErrSingular for the zero matrix.
func ScaledDense(f Frame, target exactmath.Matrix) (m *mat.Dense, exp int, err error) {
	n := f.P + f.Q
	exp = math.MinInt
	target.Each(func(_, _ int, v *big.Rat) {
		if v.Sign() != 0 {
			exp = max(exp, v.Num().BitLen()-v.Denom().BitLen())
		}
	})
	if exp == math.MinInt {
		return nil, 0, fault.ErrSingular
	}
	data := make([]float64, n*n)
	var t big.Rat
	scale := ratmat.Pow2(-exp)
	target.Each(func(i, j int, v *big.Rat) {
		data[i*n+j], _ = t.Mul(v, scale).Float64()
	})
	m = mat.NewDense(n, n, nil)
	for i, oi := range f.Order {
		for j, oj := range f.Order {
			m.Set(i, j, data[oi*n+oj])
		}
	}
	return m, exp, nil
}

// Shifted returns x * 2^exp.
func Shifted(x *dense.Dyadic, exp int) (*dense.Dyadic, error) {
	rows, cols := x.Dims()
	num := make([]*big.Int, 0, rows*cols)
	for i := range rows {
		for j := range cols {
			num = append(num, x.Num(i, j))
		}
	}
	return dense.NewDyadic(rows, cols, num, x.Exp()+exp)
}
