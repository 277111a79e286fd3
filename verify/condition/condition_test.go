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
	"flowproof/exactmath/ball"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
	"flowproof/exactmath/spectral"
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

func rat(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

// within reports whether |x - want| <= rel |x|, exactly.
func within(x float64, want *big.Rat, rel float64) bool {
	d := new(big.Rat).Sub(rat(x), want)
	limit := new(big.Rat).Mul(rat(math.Abs(x)), rat(rel))
	return d.Abs(d).Cmp(limit) <= 0
}

// TestBlocks: the entries of a layer and of its inverse, in exact arithmetic.
func TestBlocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	fraction := func() *big.Rat { return big.NewRat(rng.Int64N(1e6)+1, rng.Int64N(1e6)+1) }
	roundedForward, roundedInverse := 0, 0
	for range 40 {
		rows, cols := 1+rng.IntN(4), 1+rng.IntN(4)
		n := rows + cols
		x, d := make([]*big.Rat, rows*cols), make([]*big.Rat, rows)
		for k := range x {
			x[k] = fraction()
		}
		for k := range d {
			d[k] = fraction()
		}
		a, b := scales(must(coupling.ExactScale(d)), rows)
		f, g := blocks(must(dense.NewRational(rows, cols, x)), a, b)
		for i := range n {
			for j := range n {
				wantF, wantG := new(big.Rat), new(big.Rat)
				switch {
				case i == j && i < rows:
					wantF, wantG = d[i], new(big.Rat).Inv(d[i])
				case i == j:
					wantF, wantG = big.NewRat(1, 1), big.NewRat(1, 1)
				case i < rows && j >= rows:
					wantF = x[i*cols+j-rows]
					wantG = new(big.Rat).Neg(new(big.Rat).Quo(wantF, d[i]))
				}
				if v := f.data[i*n+j]; !within(v, wantF, f.rel) {
					t.Fatalf("forward (%d, %d) = %v, want %v to %v", i, j, v, wantF, f.rel)
				} else if !within(v, wantF, 0) {
					roundedForward++
				}
				if v := g.data[i*n+j]; !within(v, wantG, g.rel) {
					t.Fatalf("inverse (%d, %d) = %v, want %v to %v", i, j, v, wantG, g.rel)
				} else if !within(v, wantG, unit) {
					roundedInverse++
				}
			}
		}
	}
	if roundedForward == 0 || roundedInverse == 0 {
		t.Error("no entry was rounded: this test sees nothing")
	}
	m := matrix{2, []float64{1, 2, 3, 4}, 0.25}
	exact := matrix{2, m.data, 0}.norm()
	if got := m.norm(); got.Bound < 1.25*exact.Estimate || exact.Bound > exact.Estimate*(1+1e-9) {
		t.Errorf("norm of entries known to a quarter: %v, exactly known: %v", got, exact)
	}
}

// TestScalesExp: e^s and e^-s to relScale, against balls of 200 bits.
func TestScalesExp(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	rounded := 0
	for range 200 {
		s := big.NewRat(rng.Int64N(2e6)-1e6, rng.Int64N(1e4)+1000)
		d, inv := scales(coupling.ExpScale([]*big.Rat{s}), 1)
		for sign, v := range map[int64]float64{1: d[0], -1: inv[0]} {
			b, err := ball.ExpRat(new(big.Rat).Mul(s, big.NewRat(sign, 1)), 200)
			if err != nil {
				t.Fatal(err)
			}
			lo, hi := b.AbsBounds()
			if math.IsInf(v, 1) || v < 0x1p-1022 {
				continue
			}
			if !within(v, lo, relScale) || !within(v, hi, relScale) {
				t.Errorf("exp of %d times %v: %v is not within %v", sign, s, v, relScale)
			}
			if !within(v, lo, unit/4) {
				rounded++
			}
		}
	}
	if rounded == 0 {
		t.Error("no scale was rounded: this test sees nothing")
	}
}

// TestProduct: the bound is at least the exact product of the bounds.
func TestProduct(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for range 1000 {
		f := spectral.Bounds{Estimate: 1, Bound: 1 + rng.Float64()}
		g := spectral.Bounds{Estimate: 1, Bound: 1 + rng.Float64()}
		p := product(f, g)
		if rat(p.Bound).Cmp(new(big.Rat).Mul(rat(f.Bound), rat(g.Bound))) < 0 || p.Bound > f.Bound*g.Bound*(1+1e-15) {
			t.Fatalf("%v times %v: %v", f.Bound, g.Bound, p.Bound)
		}
	}
}

// TestLayerRange: scales and weights that leave float64 give +Inf and never NaN,
// and those that do not leave it keep a finite bound.
func TestLayerRange(t *testing.T) {
	pow := func(e int) *big.Rat {
		r := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(max(e, -e))))
		if e < 0 {
			r.Inv(r)
		}
		return r
	}
	part := must(coupling.Half(2))
	for _, d := range []int{-3000, -1080, -1074, -1030, -1000, -3, 0, 3, 1000, 1023, 1024, 3000} {
		for _, x := range []int{-3000, -1074, -1000, -5, 0, 5, 1000, 1023, 1024, 3000} {
			weight := must(dense.NewRational(1, 1, []*big.Rat{pow(x)}))
			for kind, s := range map[string]coupling.Scale{
				"exact": must(coupling.ExactScale([]*big.Rat{pow(d)})),
				"exp":   coupling.ExpScale([]*big.Rat{big.NewRat(int64(d*693147), 1000000)}),
			} {
				k := Layer(must(coupling.NewLayer(part, coupling.Upper, weight, s)))
				// max(D, 1) max(1/D, 1) <= cond <= (D + |X| + 1)(1/D + |X|/D + 1).
				low := float64(max(d, -d))
				high := float64(max(d, x, 0) + max(-d, x-d, 0))
				if math.IsNaN(k.Bound) || math.IsNaN(k.Estimate) || math.Log2(k.Bound) < low-0.1-1e-3*low {
					t.Errorf("%s scale 2^%d, weight 2^%d: %+v", kind, d, x, k)
				}
				if high < 1000 && max(d, -d, x) < 1000 && math.Log2(k.Bound) > high+4+1e-3*high {
					t.Errorf("%s scale 2^%d, weight 2^%d: %+v is loose", kind, d, x, k)
				}
			}
		}
	}
}

// TestSparseNorms: the bounds of a large sparse layer are above those of the
// same layer written out.
func TestSparseNorms(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	for range 200 {
		rows, cols := 1+rng.IntN(4), 1+rng.IntN(4)
		x := random(rows, cols, rng, math.Exp(rng.NormFloat64()))
		d := make([]*big.Rat, rows)
		for i := range d {
			d[i] = rat(math.Exp(2 * rng.NormFloat64()))
		}
		a, b := scales(must(coupling.ExactScale(d)), rows)
		forward, inverse := blocks(x, a, b)
		f, g := sparseNorms(spectral.Norm(x), a, b)
		if f.Bound < forward.norm().Estimate || g.Bound < inverse.norm().Estimate {
			t.Fatalf("bounds %v, %v of a layer of norms %v, %v", f, g, forward.norm(), inverse.norm())
		}
		if f.Bound > 3*forward.norm().Bound {
			t.Errorf("bound %v of a layer of norm %v", f, forward.norm())
		}
	}
	n := 3000
	part := must(coupling.Half(n))
	var es []sparse.Entry
	d := make([]*big.Rat, n/2)
	for i := range d {
		es = append(es, sparse.Entry{Row: i, Col: i, Value: 0.5})
		d[i] = big.NewRat(1, 4)
	}
	k := Layer(must(coupling.NewLayer(part, coupling.Lower, must(sparse.New(n/2, n/2, es)), must(coupling.ExactScale(d)))))
	if !(k.Bound >= 4 && k.Bound < 10) {
		t.Errorf("scales 1/4, weights 1/2: %+v", k)
	}
	// Scales beyond float64 on a weight of zero.
	d[0] = new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 2000))
	if k := Layer(must(coupling.NewLayer(part, coupling.Lower, must(sparse.New(n/2, n/2, nil)), must(coupling.ExactScale(d))))); !math.IsInf(k.Bound, 1) || math.IsNaN(k.Estimate) {
		t.Errorf("scale 2^-2000: %+v", k)
	}
}

// FuzzLayer: whatever the weight and the scales, the numbers are no NaN, the bound
// is not below the estimate by more than rounding, and not below what the entries
// show.
func FuzzLayer(f *testing.F) {
	f.Add(1.0, -2.0, 0.5, int64(3), int64(7), false)
	f.Add(1e-200, 1e-201, 1e200, int64(1), int64(1)<<62, false)
	f.Add(1e308, 0.0, 5e-324, int64(-7000), int64(9), true)
	f.Fuzz(func(t *testing.T, x, y, z float64, num, den int64, exp bool) {
		w, err := exactmath.FromFloat64(1, 2, []float64{x, y})
		if err != nil || den == 0 || math.IsNaN(z) || math.IsInf(z, 0) {
			return
		}
		s := coupling.ExpScale([]*big.Rat{big.NewRat(num%2000, den%1000+1000)})
		if !exp {
			d := new(big.Rat).Abs(big.NewRat(num, den))
			if d.Mul(d, new(big.Rat).Abs(rat(z))).Sign() == 0 {
				return
			}
			s = must(coupling.ExactScale([]*big.Rat{d}))
		}
		part := must(coupling.NewPartition(3, []int{0}))
		k := Layer(must(coupling.NewLayer(part, coupling.Upper, w, s)))
		if math.IsNaN(k.Bound) || math.IsNaN(k.Estimate) || k.Bound < 1 || k.Estimate > k.Bound*(1+1e-9) {
			t.Fatalf("%+v", k)
		}
		d, inv := scales(s, 1)
		// |E| >= max(D, |x|, 1), |E^-1| >= max(1/D, 1).
		if low := max(d[0], math.Abs(x), math.Abs(y), 1) * max(inv[0], 1); k.Bound < low*(1-1e-12) {
			t.Fatalf("bound %v, at least %v", k.Bound, low)
		}
	})
}
