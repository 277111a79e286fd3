// Package weird draws numbers for tests that break careless code.
package weird

import (
	"math"
	"math/rand/v2"
)

// Float draws extreme numbers, mixed with ordinary ones.
func Float(rng *rand.Rand) float64 {
	weird := []float64{0, math.Copysign(0, -1), 1, -1, 0.5, 3, 0x1p-1074, -0x1p-1074, 0x1.fffffffffffffp-1023,
		0x1p-1022, math.MaxFloat64, -math.MaxFloat64, 0x1p1000, 0x1p-1000, 1 + 0x1p-52, 1 - 0x1p-53, math.Pi}
	switch rng.IntN(3) {
	case 0:
		return weird[rng.IntN(len(weird))]
	case 1:
		return math.Ldexp(rng.NormFloat64(), rng.IntN(600)-300)
	}
	return rng.NormFloat64()
}

// Floats draws n of them.
func Floats(n int, rng *rand.Rand) []float64 {
	d := make([]float64, n)
	for k := range d {
		d[k] = Float(rng)
	}
	return d
}
