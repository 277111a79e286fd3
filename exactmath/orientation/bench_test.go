package orientation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
)

// kinds of n x n matrices, from the easiest to the hardest.
var kinds = []struct {
	name string
	make func(n int, rng *rand.Rand) exactmath.Matrix
}{
	{"normal", func(n int, rng *rand.Rand) exactmath.Matrix { return floats(n, normals(n*n, rng)...) }},
	{"range", func(n int, rng *rand.Rand) exactmath.Matrix {
		v := normals(n*n, rng)
		for k := range v {
			v[k] = math.Ldexp(v[k], rng.IntN(2000)-1000)
		}
		return floats(n, v...)
	}},
	{"near", func(n int, rng *rand.Rand) exactmath.Matrix { return floats(n, product(n, n-1, rng)...) }},
	{"integers", func(n int, rng *rand.Rand) exactmath.Matrix {
		v := make([]float64, n*n)
		for k := range v {
			v[k] = float64(rng.IntN(19) - 9)
		}
		return floats(n, v...)
	}},
	{"corank1", func(n int, rng *rand.Rand) exactmath.Matrix {
		v := normals(n*n, rng)
		copy(v, v[n:2*n])
		for k := range v {
			v[k] = math.RoundToEven(v[k] * (1 << 40))
		}
		for j := range n {
			v[j] = v[n+j] + v[2*n+j]
		}
		return floats(n, v...)
	}},
	{"rank300of512", func(n int, rng *rand.Rand) exactmath.Matrix { return floats(n, integerProduct(n, n*300/512, rng)...) }},
}

func normals(n int, rng *rand.Rand) []float64 {
	v := make([]float64, n)
	for k := range v {
		v[k] = rng.NormFloat64()
	}
	return v
}

// product is the rounded product of n x r and r x n matrices.
func product(n, r int, rng *rand.Rand) []float64 {
	a, b, v := normals(n*r, rng), normals(r*n, rng), make([]float64, n*n)
	for i := range n {
		for k := range r {
			for j := range n {
				v[i*n+j] += a[i*r+k] * b[k*n+j]
			}
		}
	}
	return v
}

func integerProduct(n, r int, rng *rand.Rand) []float64 {
	a, b, v := make([]float64, n*r), make([]float64, r*n), make([]float64, n*n)
	for k := range a {
		a[k], b[k] = float64(rng.Int64N(1<<21)-1<<20), float64(rng.Int64N(1<<21)-1<<20)
	}
	for i := range n {
		for k := range r {
			for j := range n {
				v[i*n+j] += a[i*r+k] * b[k*n+j]
			}
		}
	}
	return v
}

func BenchmarkOf(b *testing.B) {
	for _, n := range []int{64, 128, 256, 512} {
		for _, k := range kinds {
			b.Run(fmt.Sprintf("kind=%s/n=%d", k.name, n), func(b *testing.B) {
				m := k.make(n, rand.New(rand.NewPCG(1, 1)))
				for b.Loop() {
					o, err := Of(m, Options{})
					if err != nil {
						b.Fatal(err)
					}
					if o.Sign == 0 && o.Rank == n {
						b.Fatal(o)
					}
				}
			})
		}
	}
}
