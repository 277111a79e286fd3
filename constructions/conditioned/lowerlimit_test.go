package conditioned

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/internal/ratmat"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/internal/flowtest"
)

// spectrum returns the singular values, the largest first.
func spectrum(t *testing.T, m exactmath.Matrix) []float64 {
	t.Helper()
	n, _ := m.Dims()
	var svd mat.SVD
	if !svd.Factorize(mat.NewDense(n, n, m.Float64s()), mat.SVDNone) {
		t.Fatal("no SVD")
	}
	return svd.Values(nil)
}

// limitAndProduct returns the limit of theorem 5.1 for the flow's matrix, written
// as a product over the singular values, and the product of the condition numbers of
// the layers, each taken from its n x n matrix.
func limitAndProduct(t *testing.T, f *coupling.Flow) (limit, product float64) {
	t.Helper()
	product = 1
	for _, l := range f.Layers() {
		one := flowtest.Must[*coupling.Flow](t)(coupling.NewFlow(f.Partition(), l))
		s := spectrum(t, flowtest.Matrix(t, one))
		product *= s[0] / s[len(s)-1]
	}
	s := spectrum(t, flowtest.Matrix(t, f))
	q := float64(max(f.Partition().P(), f.Partition().Q()))
	above, below := 1.0, 1.0
	for _, v := range s {
		above *= math.Pow(max(v, 1), 1/q)
		below *= math.Pow(max(1/v, 1), 1/q)
	}
	return max(1, s[0], above) * max(1, 1/s[len(s)-1], below), product
}

// Theorem 5.1: no product of condition numbers lies below the limit, whatever the
// sizes of the parts, the depth and the scales.
func TestLowerLimitOfRandomFlows(t *testing.T) {
	rng := rand.New(rand.NewPCG(18, 0))
	nearest := math.Inf(1)
	for trial := range 400 {
		part := flowtest.Partition(t, 2+rng.IntN(6), rng)
		weight := func(size int) []*big.Rat {
			data := make([]*big.Rat, size)
			for i := range data {
				data[i] = big.NewRat(rng.Int64N(9)-4, int64(1)<<rng.IntN(8))
				if trial%3 == 0 {
					data[i].SetInt64(0)
				}
			}
			return data
		}
		one := big.NewRat(int64(1)<<rng.IntN(10), int64(1)<<rng.IntN(10))
		scale := func() *big.Rat {
			if trial%2 == 0 {
				return one
			}
			return big.NewRat(int64(1)<<rng.IntN(8), int64(1)<<rng.IntN(8))
		}
		limit, product := limitAndProduct(t, flowtest.Alternating(t, part, 1+rng.IntN(6), rng, weight, scale))
		if product < limit*(1-1e-9) {
			t.Fatalf("%v: product %g, limit %g", part, product, limit)
		}
		nearest = min(nearest, product/limit)
	}
	if nearest > 1+1e-9 {
		t.Errorf("no flow reached the limit: nearest %g", nearest)
	}
}

// Flows that reach it: one scale for the larger part, both parts scaled alike, one
// coordinate up and one down.
func TestLowerLimitReached(t *testing.T) {
	for _, c := range []struct {
		p, q   int
		scales map[coupling.Kind][]int64 // powers of 2
	}{
		{1, 3, map[coupling.Kind][]int64{coupling.Lower: {5, 5, 5}}},
		{1, 3, map[coupling.Kind][]int64{coupling.Lower: {-5, -5, -5}}},
		{2, 2, map[coupling.Kind][]int64{coupling.Lower: {4, 4}, coupling.Upper: {4, 4}}},
		{2, 3, map[coupling.Kind][]int64{coupling.Lower: {6, 0, -3}}},
	} {
		part, err := coupling.NewPartition(c.p+c.q, ratmat.Span(0, c.p))
		if err != nil {
			t.Fatal(err)
		}
		var layers []coupling.Layer
		for _, kind := range []coupling.Kind{coupling.Lower, coupling.Upper} {
			powers := c.scales[kind]
			if powers == nil {
				continue
			}
			var d []*big.Rat
			for _, k := range powers {
				d = append(d, ratmat.Pow2(int(k)))
			}
			scale := flowtest.Must[coupling.Scale](t)(coupling.ExactScale(d))
			rows, cols := part.WeightDims(kind)
			zero := flowtest.Must[exactmath.Matrix](t)(ratmat.New(rows, cols).Matrix())
			layers = append(layers, flowtest.Must[coupling.Layer](t)(coupling.NewLayer(part, kind, zero, scale)))
		}
		limit, product := limitAndProduct(t, flowtest.Must[*coupling.Flow](t)(coupling.NewFlow(part, layers...)))
		if math.Abs(product/limit-1) > 1e-9 {
			t.Errorf("%d + %d, %v: product %g, limit %g", c.p, c.q, c.scales, product, limit)
		}
	}
}
