// Package rescale multiplies maps and flows by powers of two, exactly, so that
// targets that are huge or tiny come into the range of iterations in float64.
package rescale

import (
	"math/big"

	"flowproof/constructions/internal/floatflow"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/ratmat"
	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/coupling/simplify"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// ordinaryBits: entries of which the largest is between 2^-ordinaryBits and
// 2^ordinaryBits leave room for the products and squares of iterations in float64.
const ordinaryBits = 256

// CommonExponent returns the e for which the largest entry of 2^-e target is near 1,
// and 0 for targets that are ordinary, or zero.
func CommonExponent(target exactmath.Matrix) int {
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

// TimesTwoTo returns 2^e m, exactly.
func TimesTwoTo(m exactmath.Matrix, e int) (exactmath.Matrix, error) {
	if d, ok := dense.ToDyadic(m); ok {
		return geometry.Shifted(d, e)
	}
	rows, cols := m.Dims()
	two, data := ratmat.Pow2(e), make([]*big.Rat, 0, rows*cols)
	for i := range rows {
		for j := range cols {
			data = append(data, new(big.Rat).Mul(m.At(i, j), two))
		}
	}
	return dense.NewRational(rows, cols, data)
}

// FlowTimesTwoTo returns a flow of 2^e times the map of f, whose scales must be
// exact: the last two layers take the factor up,
//
//	[[I, 0], [X, D']] [[D, Y], [0, I]] 2^e = [[I, 0], [X, 2^e D']] [[2^e D, 2^e Y], [0, I]],
//
// after a layer of the other kind, the identity, if there are fewer than two.
func FlowTimesTwoTo(f *coupling.Flow, e int) (*coupling.Flow, error) {
	part, two := f.Partition(), ratmat.Pow2(e)
	layers := append([]coupling.Layer(nil), f.Layers()...)
	for len(layers) < 2 || layers[len(layers)-1].Kind() == layers[len(layers)-2].Kind() {
		kind := coupling.Lower
		if len(layers) > 0 {
			kind = layers[len(layers)-1].Kind().Other()
		}
		l, err := geometry.Identity(part, kind)
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
			if weight, err = TimesTwoTo(weight, e); err != nil {
				return nil, err
			}
		}
		rows, _ := weight.Dims()
		d := make([]*big.Rat, rows)
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

// RationalScales merges f, with exp(s) replaced by its float64 value.
func RationalScales(f *coupling.Flow) (*coupling.Flow, error) {
	part := f.Partition()
	var layers []coupling.Layer
	for _, l := range f.Layers() {
		if l.Scale().Kind() == coupling.ScaleExp {
			rows, _ := l.Weight().Dims()
			scale, err := floatflow.Scale(run.Scales(l.Scale(), rows))
			if err != nil {
				return nil, err
			}
			if l, err = coupling.NewLayer(part, l.Kind(), l.Weight(), scale); err != nil {
				return nil, err
			}
		}
		layers = append(layers, l)
	}
	f, err := coupling.NewFlow(part, layers...)
	if err != nil {
		return nil, err
	}
	return simplify.Merge(f)
}
