package condition

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath/spectral"
	"flowproof/internal/flowtest"
)

// The bound of a product is no less than the product of the bounds, the largest is
// the largest of both kinds, and a flow of no layers has condition number 1.
func TestFlow(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 21))
	for depth := range 9 {
		for range 4 {
			c := Of(flowtest.Random(t, flowtest.Partition(t, 5, rng), depth, rng))
			if len(c.Layers) != depth {
				t.Fatalf("%d numbers for %d layers", len(c.Layers), depth)
			}
			product, estimate, bound := big.NewRat(1, 1), 1.0, 1.0
			for _, k := range c.Layers {
				product.Mul(product, rat(k.Bound))
				estimate, bound = math.Max(estimate, k.Estimate), math.Max(bound, k.Bound)
			}
			if c.Largest != (Number{estimate, bound}) {
				t.Errorf("depth %d: largest %v, want %v", depth, c.Largest, Number{estimate, bound})
			}
			if rat(c.Product).Cmp(product) < 0 || !within(c.Product, product, 1e-14) {
				t.Errorf("depth %d: product %v of %v", depth, c.Product, c.Layers)
			}
		}
	}
}

// Roundings of what is subtracted from a singular value and added to it go the safe
// way, below what the final rounding to float64 could put right.
func TestLambdaAway(t *testing.T) {
	away, _ := new(big.Rat).SetString("1/1180591620717411303424") // 2^-70
	for _, s := range []float64{3, 1.5, 1024, 0.25, 0.75, 1.0 / 1024} {
		v := spectral.Values{Low: []float64{s}, High: []float64{s}}
		want := new(big.Rat).Sub(rat(s), away)
		if s < 1 {
			want.Add(rat(s), away).Inv(want)
		}
		got := lambda(v, 1, new(big.Float).SetMantExp(big.NewFloat(1), -70))
		if rat(got).Cmp(want) > 0 || !within(got, want, 1e-15) {
			t.Errorf("a singular value within 2^-70 of %v: limit %v, want at most %s", s, got, want.FloatString(25))
		}
	}
}

// Exponentials beyond float64 and beyond balls.
func TestExpBeyond(t *testing.T) {
	huge := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 200))
	if got := exp(huge); !math.IsInf(got, 1) {
		t.Errorf("exp(2^200) is %v", got)
	}
	if got := exp(huge.Neg(huge)); got != 0 {
		t.Errorf("exp(-2^200) is %v", got)
	}
}

// Where all scales are above 1, or all below, the identity of the other part counts.
func TestSparseNormsOfIdentity(t *testing.T) {
	for _, d := range []float64{4, 0.25} {
		f, g := sparseNorms(spectral.Bounds{}, []float64{d}, []float64{1 / d})
		for _, b := range []struct {
			spectral.Bounds
			want float64
		}{{f, math.Max(1, d)}, {g, math.Max(1, 1/d)}} {
			if b.Estimate != b.want || b.Bound < b.want || b.Bound > b.want*(1+1e-14) {
				t.Errorf("scale %v: norm %v, want %v", d, b.Bounds, b.want)
			}
		}
	}
}

// Scales may be larger than the numbers that stand for them, and so may their
// inverses, also where the weight is all that counts.
func TestSparseNormsOfLargeWeights(t *testing.T) {
	rel := new(big.Rat).Add(big.NewRat(1, 1), rat(relScale))
	for e := range 80 {
		x := math.Ldexp(1.5, e)
		f, g := sparseNorms(spectral.Bounds{Estimate: x, Bound: x}, []float64{3, 1.0 / 3}, []float64{1.0 / 3, 3})
		want := new(big.Rat).Add(rat(x), new(big.Rat).Mul(rat(3), rel))
		if rat(f.Bound).Cmp(want) < 0 {
			t.Errorf("weight %g: norm %v, want at least %s", x, f.Bound, want.FloatString(10))
		}
		want.Add(rat(x), big.NewRat(1, 1)).Mul(want, rat(3)).Mul(want, rel)
		if rat(g.Bound).Cmp(want) < 0 {
			t.Errorf("weight %g: inverse norm %v, want at least %s", x, g.Bound, want.FloatString(10))
		}
	}
}
