package refine

import (
	"math/big"

	"gonum.org/v1/gonum/blas/blas64"

	"flowproof/constructions/internal/floatflow"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/chain"
	"flowproof/exactmath/dense"
)

// difference is target - product, num / den exactly, in the order of the
// coordinates.
type difference struct {
	num *dense.Dyadic
	den *big.Int
}

// exactResidual returns target - product of a flow without scales exp(s).
func exactResidual(f *coupling.Flow, target exactmath.Matrix) (difference, error) {
	part := f.Partition()
	c := chain.Chain{P: part.P(), Q: part.Q(), Order: part.Order()}
	for _, l := range f.Layers() {
		s := chain.Step{Upper: l.Kind() == coupling.Upper, Weight: l.Weight()}
		if l.Scale().Kind() != coupling.ScaleOne {
			rows, _ := l.Weight().Dims()
			for i := range rows {
				s.Scale = append(s.Scale, l.Scale().At(i))
			}
		}
		c.Steps = append(c.Steps, s)
	}
	num, den, err := c.Residual(target)
	return difference{num, den}, err
}

// max returns the largest |entry|.
func (d difference) max() *big.Rat {
	v := d.num.MaxAbs()
	return v.Quo(v, new(big.Rat).SetInt(d.den))
}

// floats returns the entries times 2^-exp in float64 and block order, exp being
// such that the largest |entry| is of the order of 1.
func (d difference) floats(order []int) (m blas64.General, exp int) {
	n := len(order)
	m = floatflow.NewGeneral(n, n)
	top := d.num.MaxAbs()
	if top.Sign() == 0 {
		return m, 0
	}
	exp = top.Num().BitLen() - top.Denom().BitLen()
	den := new(big.Float).SetInt(d.den)
	e := den.MantExp(den)
	f, _ := den.Float64()
	for i, oi := range order {
		for j, oj := range order {
			m.Data[i*n+j] = ldexpFloat(d.num.Num(oi, oj), d.num.Exp()-exp) / f
		}
	}
	return m, exp - e
}
