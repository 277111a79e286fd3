package constructions

import (
	"math/big"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

// ordinaryBits: entries of which the largest is between 2^-ordinaryBits and
// 2^ordinaryBits leave room for the products and squares of iterations in float64.
const ordinaryBits = 256

// commonExponent returns the e for which the largest entry of 2^-e target is near 1,
// and 0 for targets that are ordinary, or zero.
func commonExponent(target exactmath.Matrix) int {
	top := dense.MaxAbs(target)
	if top.Sign() == 0 {
		return 0
	}
	e := top.Num().BitLen() - top.Denom().BitLen()
	if -ordinaryBits <= e && e <= ordinaryBits {
		return 0
	}
	return e
}

// timesTwoTo returns 2^e m, exactly.
func timesTwoTo(m exactmath.Matrix, e int) (exactmath.Matrix, error) {
	if d, ok := dense.ToDyadic(m); ok {
		return shifted2(d, e)
	}
	rows, cols := m.Dims()
	two, data := pow2(e), make([]*big.Rat, 0, rows*cols)
	for i := range rows {
		for j := range cols {
			data = append(data, new(big.Rat).Mul(m.At(i, j), two))
		}
	}
	return dense.NewRational(rows, cols, data)
}

// flowTimesTwoTo returns a flow of 2^e times the map of f, whose scales must be
// exact: the last two layers take the factor up,
//
//	[[I, 0], [X, D']] [[D, Y], [0, I]] 2^e = [[I, 0], [X, 2^e D']] [[2^e D, 2^e Y], [0, I]],
//
// after a layer of the other kind, the identity, if there are fewer than two.
func flowTimesTwoTo(f *coupling.Flow, e int) (*coupling.Flow, error) {
	part, two := f.Partition(), pow2(e)
	layers := append([]coupling.Layer(nil), f.Layers()...)
	for len(layers) < 2 || layers[len(layers)-1].Kind() == layers[len(layers)-2].Kind() {
		kind := coupling.Lower
		if len(layers) > 0 {
			kind = other(layers[len(layers)-1].Kind())
		}
		zero, err := sparse.New(kindRows(part, kind), kindRows(part, other(kind)), nil)
		if err != nil {
			return nil, err
		}
		l, err := coupling.NewLayer(part, kind, zero, coupling.Scale{})
		if err != nil {
			return nil, err
		}
		layers = append(layers, l)
	}
	for k := len(layers) - 2; k < len(layers); k++ {
		l := layers[k]
		weight := l.Weight()
		if k == len(layers)-1 {
			var err error
			if weight, err = timesTwoTo(weight, e); err != nil {
				return nil, err
			}
		}
		d := make([]*big.Rat, kindRows(part, l.Kind()))
		for i := range d {
			d[i] = new(big.Rat).Mul(l.Scale().At(i), two)
		}
		scale, err := coupling.ExactScale(d)
		if err != nil {
			return nil, err
		}
		if layers[k], err = coupling.NewLayer(part, l.Kind(), weight, scale); err != nil {
			return nil, err
		}
	}
	return coupling.NewFlow(part, layers...)
}

// kindRows returns the number of coordinates that a layer of the kind updates.
func kindRows(part coupling.Partition, kind coupling.Kind) int {
	rows, _ := part.WeightDims(kind)
	return rows
}

// polishRescaled is Polish for a target that is not ordinary.
func polishRescaled(f0 *coupling.Flow, target exactmath.Matrix, part coupling.Partition, opt PolishOptions, e int) (*coupling.Flow, PolishReport, error) {
	near, err := timesTwoTo(target, -e)
	if err != nil {
		return nil, PolishReport{}, err
	}
	given := 0.0
	if f0 != nil {
		if f0, err = rationalScales(f0); err != nil {
			return nil, PolishReport{}, err
		}
		given, _, _ = flowConditions(f0)
		if f0, err = flowTimesTwoTo(f0, -e); err != nil {
			return nil, PolishReport{}, err
		}
	}
	f, rep, err := Polish(f0, near, part, opt)
	if err != nil {
		return nil, rep, err
	}
	if f, err = flowTimesTwoTo(f, e); err != nil {
		return nil, rep, err
	}
	rep.GivenMax = given
	rep.Max, rep.Product, rep.Conditions = flowConditions(f)
	rep.Refine.rescale(f, e)
	return f, rep, nil
}

// refineRescaled is Refine for a target that is not ordinary.
func refineRescaled(f *coupling.Flow, target exactmath.Matrix, prec uint, opt RefineOptions, e int) (*coupling.Flow, RefineReport, error) {
	near, err := timesTwoTo(target, -e)
	if err != nil {
		return nil, RefineReport{}, err
	}
	if f, err = flowTimesTwoTo(f, -e); err != nil {
		return nil, RefineReport{}, err
	}
	f, rep, err := Refine(f, near, prec, opt)
	if err != nil {
		return nil, rep, err
	}
	if f, err = flowTimesTwoTo(f, e); err != nil {
		return nil, rep, err
	}
	rep.rescale(f, e)
	return f, rep, nil
}

// rescale makes a report about 2^-e times the target one about the target.
func (rep *RefineReport) rescale(f *coupling.Flow, e int) {
	two := pow2(e)
	rep.Depth, rep.Scaled = f.Depth(), true
	for _, v := range []**big.Rat{&rep.ResidualMax, &rep.TargetMax} {
		if *v != nil {
			*v = new(big.Rat).Mul(*v, two)
		}
	}
}
