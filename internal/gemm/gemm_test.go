package gemm

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

func random[T Float](rng *rand.Rand, rows, cols int) Matrix[T] {
	m := Matrix[T]{rows, cols, cols + rng.IntN(3), nil}
	m.Data = make([]T, rows*m.Stride)
	for i := range m.Data {
		m.Data[i] = T(rng.NormFloat64())
	}
	return m
}

// Every kernel, every shape at the edges of its blocks, both transposes,
// against exact sums, with the bound of a recursive sum.
func testProducts[T Float](t *testing.T, kernels []kernel[T], unit float64) {
	sizes := []int{1, 2, 5, 6, 7, 13, 31, 32, 33}
	sum, product := new(big.Float).SetPrec(400), new(big.Float).SetPrec(400) // exact for such numbers
	factor, other := new(big.Float), new(big.Float)
	for _, kern := range kernels {
		rng := rand.New(rand.NewPCG(1, 2))
		for range 120 {
			m, n, k := sizes[rng.IntN(len(sizes))], sizes[rng.IntN(len(sizes))], sizes[rng.IntN(len(sizes))]
			if rng.IntN(40) == 0 {
				k = depth + rng.IntN(300)
			}
			if rng.IntN(40) == 0 {
				m = tall + rng.IntN(10)
			}
			a, b, c := random[T](rng, m, k), random[T](rng, k, n), random[T](rng, m, n)
			left, right := a.N(), b.N()
			if rng.IntN(2) == 0 {
				a = random[T](rng, k, m)
				left = a.T()
			}
			if rng.IntN(2) == 0 {
				b = random[T](rng, n, k)
				right = b.T()
			}
			alpha := T([]float64{1, -1, 0.5}[rng.IntN(3)])
			before := append([]T(nil), c.Data...)
			addWith(kern, c, alpha, left, right, 1+rng.IntN(3))
			for i := range m {
				for j := range n {
					sum.SetFloat64(float64(before[i*c.Stride+j]))
					size := math.Abs(float64(before[i*c.Stride+j]))
					for l := range k {
						x, y := float64(alpha)*float64(at(left, i, l)), float64(at(right, l, j))
						sum.Add(sum, product.Mul(factor.SetFloat64(x), other.SetFloat64(y)))
						size += math.Abs(x * y)
					}
					want, _ := sum.Float64()
					got := float64(c.Data[i*c.Stride+j])
					if !(math.Abs(got-want) <= float64(k+2)*unit*size) {
						t.Fatalf("lanes %d, %d x %d x %d: element (%d, %d) is %v, not %v", kern.lanes, m, k, n, i, j, got, want)
					}
				}
				for j := n; j < c.Stride && i*c.Stride+j < len(c.Data); j++ {
					if c.Data[i*c.Stride+j] != before[i*c.Stride+j] {
						t.Fatalf("lanes %d: wrote beyond column %d of row %d", kern.lanes, n, i)
					}
				}
			}
		}
	}
}

func at[T Float](o Operand[T], i, j int) T {
	if o.transposed {
		i, j = j, i
	}
	return o.m.Data[i*o.m.Stride+j]
}

func TestProducts(t *testing.T) {
	testProducts(t, kernels32(), 0x1p-24)
	testProducts(t, kernels64(), 0x1p-53)
}

// Threads and vector widths change no bit.
func TestSameBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	a, b := random[float32](rng, 131, 300), random[float32](rng, 300, 517)
	var first []float32
	for _, kern := range kernels32()[1:] {
		for threads := 1; threads <= 5; threads++ {
			c := New[float32](131, 517)
			addWith(kern, c, 1, a.N(), b.N(), threads)
			if first == nil {
				first = c.Data
			}
			if diff := cmp.Diff(first, c.Data); diff != "" {
				t.Fatalf("lanes %d, %d threads: %s", kern.lanes, threads, diff)
			}
		}
	}
}

func TestShapes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("shapes that do not fit pass")
		}
	}()
	Set(New[float64](2, 2), New[float64](2, 3).N(), New[float64](2, 2).N(), 1)
}

func BenchmarkFloat32(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	x, y, z := random[float32](rng, 256, 256), random[float32](rng, 256, 256), New[float32](256, 256)
	b.Run("gemm", func(b *testing.B) {
		for b.Loop() {
			Set(z, x.N(), y.N(), 1)
		}
		b.ReportMetric(2*256*256*256*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	})
	b.Run("gonum", func(b *testing.B) {
		for b.Loop() {
			blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, general32(x), general32(y), 0, general32(z))
		}
		b.ReportMetric(2*256*256*256*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	})
}

func general32(m Matrix[float32]) blas32.General {
	return blas32.General{Rows: m.Rows, Cols: m.Cols, Stride: m.Stride, Data: m.Data}
}
