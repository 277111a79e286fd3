package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"
)

func general(rng *rand.Rand, rows, cols int) blas64.General {
	m := blas64.General{Rows: rows, Cols: cols, Stride: cols + rng.IntN(3), Data: make([]float64, rows*(cols+3))}
	for i := range m.Data {
		m.Data[i] = rng.NormFloat64()
	}
	return m
}

// The products agree with gonum's to rounding, for all shapes and both transposes,
// and nothing beside C is written.
func TestDgemm(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	sizes := []int{1, 5, 6, 7, 8, 15, 16, 17, 31, 33, 64, 100, 193, 250, 520}
	pick := func() int { return sizes[rng.IntN(len(sizes))] }
	for range 150 {
		m, n, k := pick(), pick(), pick()
		for _, tA := range []blas.Transpose{blas.NoTrans, blas.Trans} {
			for _, tB := range []blas.Transpose{blas.NoTrans, blas.Trans} {
				a, b := general(rng, m, k), general(rng, k, n)
				if tA == blas.Trans {
					a = general(rng, k, m)
				}
				if tB == blas.Trans {
					b = general(rng, n, k)
				}
				alpha, beta := rng.NormFloat64(), []float64{0, 1, -0.5}[rng.IntN(3)]
				c := general(rng, m, n)
				want := append([]float64(nil), c.Data...)
				gonum.Implementation{}.Dgemm(tA, tB, m, n, k, alpha, a.Data, a.Stride, b.Data, b.Stride, beta, want, c.Stride)
				BLAS{}.Dgemm(tA, tB, m, n, k, alpha, a.Data, a.Stride, b.Data, b.Stride, beta, c.Data, c.Stride)
				for i, v := range c.Data {
					if d := math.Abs(v - want[i]); !(d <= 1e-14*float64(k+10)) {
						t.Fatalf("%dx%dx%d %c %c, entry %d: got %g, want %g", m, n, k, tA, tB, i, v, want[i])
					}
				}
			}
		}
	}
}

func BenchmarkDgemm(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{32, 64, 128, 256, 512} {
		x, y, z := general(rng, n, n), general(rng, n, n), general(rng, n, n)
		for _, impl := range []struct {
			name string
			blas.Float64
		}{{"gonum", gonum.Implementation{}}, {"kernel", BLAS{}}} {
			for _, tr := range []struct{ a, b blas.Transpose }{{blas.NoTrans, blas.NoTrans}, {blas.Trans, blas.NoTrans}, {blas.NoTrans, blas.Trans}} {
				b.Run(fmt.Sprintf("%s/%c%c/%d", impl.name, tr.a, tr.b, n), func(b *testing.B) {
					for b.Loop() {
						impl.Dgemm(tr.a, tr.b, n, n, n, 1, x.Data, x.Stride, y.Data, y.Stride, 0, z.Data, z.Stride)
					}
					b.ReportMetric(2e-9*float64(n*n*n)/b.Elapsed().Seconds()*float64(b.N), "GFLOP/s")
				})
			}
		}
	}
}
