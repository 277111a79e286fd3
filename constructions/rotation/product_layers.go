package rotation

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"flowproof/exactmath/spectral"
)

// Bounds on the products of the six condition numbers of ProductLayers, the square
// roots of ConditionedBoundEven and ConditionedBoundOdd.
const (
	ProductLayersBoundEven = 9573
	ProductLayersBoundOdd  = 10598
)

// ProductLayers returns six layers of a rotation, as Orthogonal does, with the
// parameters that make the product of the condition numbers small, instead of the
// largest of them.
func ProductLayers(m *mat.Dense, p int) ([6]*mat.Dense, error) {
	h, err := newHalved(m, p)
	if err != nil {
		return [6]*mat.Dense{}, err
	}
	bound := float64(ProductLayersBoundEven)
	if h.q > p {
		bound = ProductLayersBoundOdd
	}
	return h.choose(productTwists(h.q > p), choice{
		name: "product of the condition numbers of the layers of a rotation",
		estimate: func(norms []float64) float64 {
			out := 1.0
			for _, x := range norms {
				out *= spectral.Shear(x)
			}
			return out
		},
		certify: func(x [6]*mat.Dense) float64 {
			out := 1.0
			for _, w := range x {
				out = math.Nextafter(out*spectral.ShearBound(spectral.Dense(w).Bound), math.Inf(1))
			}
			return out
		},
		bound: bound,
	})
}

// productTwists returns the parameters worth trying; the first one is the one
// that ConditionedBoundEven and ConditionedBoundOdd are proved for.
func productTwists(odd bool) []twist {
	if odd {
		return []twist{{lambda: 3. / 4, rho: 1}, {lambda: 5. / 8, rho: 1}, {lambda: 7. / 8, rho: 1}, {lambda: 1, rho: 1}, {lambda: 5. / 4, rho: 1}}
	}
	t := []twist{{lambda: 7. / 10, rho: 3. / 4}}
	for _, lambda := range []float64{5. / 8, 3. / 4, 7. / 8, 1, 5. / 4} {
		for _, rho := range []float64{5. / 8, 3. / 4, 7. / 8, 1} {
			t = append(t, twist{lambda: lambda, rho: rho})
		}
	}
	return t
}
