package condition

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func random(r, c int, rng *rand.Rand, scale float64) *exactmath.Floats {
	d := make([]float64, r*c)
	for k := range d {
		d[k] = scale * rng.NormFloat64()
	}
	return must(exactmath.FromFloat64(r, c, d))
}

// TestLayer compares with the SVD of the full n x n matrix.
func TestLayer(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for n := 2; n <= 9; n++ {
		part := must(coupling.Half(n))
		p, q := part.P(), part.Q()
		for k, scale := range []func(int) coupling.Scale{
			func(int) coupling.Scale { return coupling.Scale{} },
			func(m int) coupling.Scale {
				d := make([]*big.Rat, m)
				for i := range d {
					d[i] = new(big.Rat).SetFloat64(math.Exp(rng.NormFloat64()))
				}
				return must(coupling.ExactScale(d))
			},
			func(m int) coupling.Scale {
				s := make([]*big.Rat, m)
				for i := range s {
					s[i] = big.NewRat(int64(rng.IntN(9)-4), 3)
				}
				return coupling.ExpScale(s)
			},
		} {
			for _, kind := range []coupling.Kind{coupling.Lower, coupling.Upper} {
				rows, cols := q, p
				if kind == coupling.Upper {
					rows, cols = p, q
				}
				x, s := random(rows, cols, rng, 1), scale(rows)
				l := must(coupling.NewLayer(part, kind, x, s))
				full := mat.NewDense(n, n, nil)
				dst, src := p, 0
				if kind == coupling.Upper {
					dst, src = 0, p
				}
				for i := range n {
					full.Set(i, i, 1)
				}
				for i, d := range run.Scales(s, rows) {
					full.Set(dst+i, dst+i, d)
					for j := range cols {
						full.Set(dst+i, src+j, x.Float64s()[i*cols+j])
					}
				}
				var svd mat.SVD
				svd.Factorize(full, mat.SVDNone)
				want, got := svd.Cond(), Layer(l)
				if !(got.Bound >= want*(1-1e-12) && got.Bound <= want*(1+1e-9)) || math.Abs(got.Estimate-want) > 1e-9*want {
					t.Errorf("n=%d %v scale %d: %+v, SVD of the layer %v", n, kind, k, got, want)
				}
			}
		}
	}
}
