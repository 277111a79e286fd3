package spectral

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// belowNorm reports, in exact arithmetic, that |x v| > t |v| for some v: a proof
// that t is no upper bound of the norm. v is the leading right singular vector.
func belowNorm(x *exactmath.Floats, t float64) bool {
	r, c := x.Dims()
	var svd mat.SVD
	svd.Factorize(mat.NewDense(r, c, x.Float64s()), mat.SVDThin)
	var vm mat.Dense
	svd.VTo(&vm)
	v := dense.ToRational(must(exactmath.FromFloat64(c, 1, mat.Col(nil, 0, &vm))))
	left := dense.NormFrobSq(must(dense.ToRational(x).Mul(v)))
	right := new(big.Rat).SetFloat64(t)
	right.Mul(right, right).Mul(right, dense.NormFrobSq(v))
	return left.Cmp(right) > 0
}

func random(r, c int, rng *rand.Rand, scale float64) *exactmath.Floats {
	d := make([]float64, r*c)
	for k := range d {
		d[k] = scale * rng.NormFloat64()
	}
	return must(exactmath.FromFloat64(r, c, d))
}

// TestBoundAboveTruth: the exact quotient |xv|/|v| at the singular vector, which
// is as close to the norm as float64 vectors come, must not exceed the bound,
// and must exceed the bound lowered by a billionth.
func TestBoundAboveTruth(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 2, 3, 8, 17, 40} {
		for _, scale := range []float64{1, 1e-200, 1e200, 0x1p-1040} {
			x := random(n, n+n%3, rng, scale)
			b := Norm(x)
			if belowNorm(x, b.Bound) {
				t.Errorf("n=%d scale %g: the bound %v is below the norm", n, scale, b)
			}
			if scale > 1e-300 && !belowNorm(x, b.Bound*(1-1e-8)) {
				t.Errorf("n=%d scale %g: the bound %v is loose", n, scale, b)
			}
		}
	}
}

// TestKnownNorms uses matrices whose norm is known in closed form.
func TestKnownNorms(t *testing.T) {
	ones := make([]float64, 30*20)
	diag := make([]float64, 9)
	for k := range ones {
		ones[k] = 1
	}
	diag[0], diag[4], diag[8] = 3, -5, 1e-300
	hilbert := make([]float64, 4)
	copy(hilbert, []float64{1, 0.5, 0.5, 0.25})
	for name, c := range map[string]struct {
		x    exactmath.Matrix
		want float64
	}{
		"zero":     {must(exactmath.FromFloat64(2, 3, make([]float64, 6))), 0},
		"ones":     {must(exactmath.FromFloat64(30, 20, ones)), math.Sqrt(600)},
		"diagonal": {must(exactmath.FromFloat64(3, 3, diag)), 5},
		"rank one": {must(exactmath.FromFloat64(2, 2, hilbert)), 1.25},
		"rational": {must(dense.NewRational(1, 2, []*big.Rat{big.NewRat(3, 7), big.NewRat(4, 7)})), 5. / 7},
		"1x1":      {must(exactmath.FromFloat64(1, 1, []float64{-2})), 2},
	} {
		b := Norm(c.x)
		if b.Bound < c.want || b.Bound > c.want*(1+1e-10) || math.Abs(b.Estimate-c.want) > 1e-12*c.want {
			t.Errorf("%s: %+v, want %v", name, b, c.want)
		}
	}
	huge := must(dense.NewRational(1, 1, []*big.Rat{new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 2000))}))
	if b := Norm(huge); !math.IsInf(b.Bound, 1) {
		t.Errorf("2^2000: %+v, want +Inf", b)
	}
	tiny := must(dense.NewRational(1, 1, []*big.Rat{new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 2000))}))
	if b := Norm(tiny); b.Bound <= 0 || b.Bound > 1e-300 {
		t.Errorf("2^-2000: %+v, want a tiny positive bound", b)
	}
}

// TestCertifyRefuses: the factorization must fail for t below the norm.
func TestCertifyRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for range 20 {
		x, _, _ := scale(12, 9, random(12, 9, rng, 1).Float64s())
		fsq := frobSq(x)
		var svd mat.SVD
		svd.Factorize(x, mat.SVDNone)
		s := svd.Values(nil)[0]
		if _, ok := certify(float, x, fsq, s*(1-1e-9)); ok {
			t.Error("a t below the norm was certified")
		}
		if b, ok := certify(float, x, fsq, s*(1+1e-9)); !ok || b < s || b > s*(1+1e-8) {
			t.Errorf("certify(1+1e-9) = %v, %v; norm %v", b, ok, s)
		}
	}
}

func TestCholesky(t *testing.T) {
	for _, c := range []struct {
		a, b, d float64
		want    bool
	}{{1, 0.5, 1, true}, {1, 1, 1, false}, {1, 2, 1, false}, {-1, 0, 1, false}, {math.Inf(1), 0, 1, false}, {math.NaN(), 0, 1, false}} {
		if got := cholesky(float, mat.NewSymDense(2, []float64{c.a, c.b, c.b, c.d})); got != c.want {
			t.Errorf("[%v %v; %v]: %v, want %v", c.a, c.b, c.d, got, c.want)
		}
	}
}

func TestSparseNorm(t *testing.T) {
	n := 3000
	es := make([]sparse.Entry, n)
	for i := range es {
		es[i] = sparse.Entry{Row: i, Col: (i*7 + 1) % n, Value: 1.5}
	}
	x := must(sparse.New(n, n, es))
	if b := Norm(x); b.Bound < 1.5 || b.Bound > 1.5*(1+1e-12) || math.Abs(b.Estimate-1.5) > 1e-9 {
		t.Errorf("1.5 times a permutation: %+v", b)
	}
	if b := Norm(must(sparse.New(n, n, nil))); b.Bound > 1e-300 || b.Estimate != 0 {
		t.Errorf("sparse zero: %+v", b)
	}
	rng := rand.New(rand.NewPCG(3, 1))
	var few []sparse.Entry
	seen := map[[2]int]bool{}
	for range 4000 {
		k := [2]int{rng.IntN(1100), rng.IntN(1100)}
		if !seen[k] {
			seen[k] = true
			few = append(few, sparse.Entry{Row: k[0], Col: k[1], Value: rng.NormFloat64()})
		}
	}
	s := must(sparse.New(1100, 1100, few))
	d := Entries(1100, 1100, s.Float64s(), 0)
	if b := Norm(s); b.Bound < d.Estimate || b.Estimate > d.Bound {
		t.Errorf("sparse %+v, dense %+v", b, d)
	}
}

func BenchmarkNorm(b *testing.B) {
	for _, n := range []int{64, 256, 512} {
		x := random(n, n, rand.New(rand.NewPCG(1, 1)), 1)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				Norm(x)
			}
		})
	}
}
