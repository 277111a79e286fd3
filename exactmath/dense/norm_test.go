package dense

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
)

func TestFloatsNormFrobSq(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	number := []func() float64{
		rng.NormFloat64,
		func() float64 { return math.Float64frombits(rng.Uint64() >> 12) },
		func() float64 { return math.Ldexp(rng.NormFloat64(), rng.IntN(2000)-1000) },
		func() float64 { return []float64{0, 1, -math.MaxFloat64, math.SmallestNonzeroFloat64}[rng.IntN(4)] },
		func() float64 { return 0 },
	}
	for trial := range 200 {
		v := make([]float64, rng.IntN(12))
		for i := range v {
			v[i] = number[trial%len(number)]()
		}
		x := must(exactmath.FromFloat64(1, len(v), v))
		if got, want := NormFrobSq(x), NormFrobSq(ToRational(x)); got.Cmp(want) != 0 {
			t.Fatalf("%v: %v, want %v", v, got, want)
		}
	}
}

// So many squares of one exponent that they overflow 128 bits.
func TestFloatsNormFrobSqCarries(t *testing.T) {
	const n = 1<<22 + 2000
	v := make([]float64, n)
	for i := range v {
		v[i] = 1<<53 - 1
	}
	want := new(big.Rat).SetFloat64(1<<53 - 1)
	want.Mul(want, want).Mul(want, big.NewRat(n, 1))
	if got := floatsNormFrobSq(v); got.Cmp(want) != 0 {
		t.Errorf("%d numbers 2^53 - 1: %v, want %v", n, got, want)
	}
}
