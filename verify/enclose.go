package verify

import (
	"fmt"
	"math/big"
	"slices"

	"flowproof/coupling"
	"flowproof/exactmath/ball"
)

// enclosePrec is the precision, in bits, to which exp(s) is enclosed.
const enclosePrec = 512

// enclose replaces every scale exp(s) by a dyadic approximation and returns the
// flow of rational scales together with a bound on every entry of the difference
// of the two products: 0 if nothing was replaced.
//
// With E_k the layer and F_k its replacement, |E_k - F_k| <= d_k in the infinity
// norm (d_k the largest error of a scale) and |F_k| <= f_k, telescoping gives
// |E_1..E_m - F_1..F_m| <= prod (f_k + d_k) - prod f_k.
func enclose(f *coupling.Flow) (*coupling.Flow, *big.Rat, error) {
	layers := f.Layers()
	if !slices.ContainsFunc(layers, func(l coupling.Layer) bool { return l.Scale().Kind() == coupling.ScaleExp }) {
		return f, new(big.Rat), nil
	}
	low, high := big.NewRat(1, 1), big.NewRat(1, 1)
	for k, l := range layers {
		d := new(big.Rat)
		if l.Scale().Kind() == coupling.ScaleExp {
			scale, err := enclosedScale(l, d)
			if err != nil {
				return nil, nil, fmt.Errorf("layer %d: %w", k, err)
			}
			if l, err = coupling.NewLayer(f.Partition(), l.Kind(), l.Weight(), scale); err != nil {
				return nil, nil, err
			}
			layers[k] = l
		}
		norm := normInf(l)
		low.Mul(low, norm)
		high.Mul(high, d.Add(d, norm))
	}
	g, err := coupling.NewFlow(f.Partition(), layers...)
	return g, high.Sub(high, low), err
}

// enclosedScale returns the midpoints of the scales exp(s) and raises d to the
// largest radius.
func enclosedScale(l coupling.Layer, d *big.Rat) (coupling.Scale, error) {
	rows, _ := l.Weight().Dims()
	mid := make([]*big.Rat, rows)
	for i := range mid {
		b, err := ball.ExpRat(l.Scale().At(i), enclosePrec)
		if err != nil {
			return coupling.Scale{}, fmt.Errorf("scale %d: %w", i, err)
		}
		m, e := b.Mid()
		mid[i] = pow2(e)
		mid[i].Mul(mid[i], new(big.Rat).SetInt(m))
		if r := b.Rad(); d.Cmp(r) < 0 {
			d.Set(r)
		}
	}
	return coupling.ExactScale(mid)
}

func pow2(e int) *big.Rat {
	one := big.NewInt(1)
	if e < 0 {
		return new(big.Rat).SetFrac(one, new(big.Int).Lsh(one, uint(-e)))
	}
	return new(big.Rat).SetInt(new(big.Int).Lsh(one, uint(e)))
}

// normInf returns the infinity norm of the n x n matrix of a layer with rational
// scales.
func normInf(l coupling.Layer) *big.Rat {
	rows, _ := l.Weight().Dims()
	sums := make([]*big.Rat, rows)
	for i := range sums {
		sums[i] = l.Scale().At(i)
	}
	l.Weight().Each(func(i, _ int, v *big.Rat) {
		if v.Sign() < 0 {
			sums[i].Sub(sums[i], v)
		} else {
			sums[i].Add(sums[i], v)
		}
	})
	norm := big.NewRat(1, 1) // the rows of the part that is kept
	for _, s := range sums {
		if norm.Cmp(s) < 0 {
			norm = s
		}
	}
	return norm
}
