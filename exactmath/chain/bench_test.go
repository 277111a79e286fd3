package chain

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
)

func BenchmarkProduct(b *testing.B) {
	for _, n := range []int{8, 16, 24, 32, 64} {
		rng := rand.New(rand.NewPCG(1, uint64(n)))
		c := &Chain{P: n / 2, Q: n - n/2}
		for k := range 6 {
			w := make([]float64, n*n/4)
			for i := range w {
				w[i] = rng.NormFloat64()
			}
			m, err := exactmath.FromFloat64(n/2, n/2, w)
			if err != nil {
				b.Fatal(err)
			}
			c.Steps = append(c.Steps, Step{Upper: k%2 == 0, Weight: m})
		}
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := c.Product(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
