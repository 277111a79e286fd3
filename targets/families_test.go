package targets

import (
	"math"
	"math/big"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func toMat(x *Target) *mat.Dense { return mat.NewDense(x.Dim, x.Dim, x.Matrix.Float64s()) }

func TestGaussianEntriesAreNormal(t *testing.T) {
	x := mustMake(t, "gaussian", 200, 1, Options{Unscaled: true}).Matrix.Float64s()
	if d := kolmogorov(x, func(v float64) float64 { return math.Erfc(-v/math.Sqrt2) / 2 }); d > 2 {
		t.Errorf("Kolmogorov-Smirnov statistic %.2f", d)
	}
	// Scaling changes nothing but a common factor.
	u := mustMake(t, "gaussian", 9, 1, Options{Unscaled: true}).Matrix.Float64s()
	s := mustMake(t, "gaussian", 9, 1, Options{}).Matrix.Float64s()
	for k := range u {
		if math.Abs(s[k]/u[k]-s[0]/u[0]) > 1e-15 {
			t.Errorf("entry %d: ratio %v, entry 0: %v", k, s[k]/u[k], s[0]/u[0])
		}
	}
}

func TestToeplitzDiagonals(t *testing.T) {
	for seed := range uint64(5) {
		m := toMat(mustMake(t, "toeplitz", 20, seed, Options{}))
		seen := map[float64]int{}
		for i := range 20 {
			for j := range 20 {
				seen[m.At(i, j)]++
				if i > 0 && j > 0 && m.At(i, j) != m.At(i-1, j-1) {
					t.Fatalf("seed %d: entries (%d, %d) and the one before differ", seed, i, j)
				}
			}
		}
		if len(seen) != 39 {
			t.Errorf("seed %d: %d values, want 39", seed, len(seen))
		}
	}
}

func TestTriangular(t *testing.T) {
	m := toMat(mustMake(t, "triangular", 30, 1, Options{}))
	for i := range 30 {
		for j := range 30 {
			if v := m.At(i, j); j < i && v != 0 || j > i && v == 0 || j == i && v <= 0 {
				t.Errorf("entry (%d, %d) is %v", i, j, v)
			}
		}
	}
}

func TestIntegerEntries(t *testing.T) {
	for _, e := range []int{0, 1, 3, 1000} {
		x := mustMake(t, "integer", 40, 1, Options{MaxEntry: e})
		want, top := float64(e), 0.0
		if e == 0 {
			want = 9
		}
		for _, v := range x.Matrix.Float64s() {
			if v != math.Trunc(v) || math.Abs(v) > want {
				t.Fatalf("max-entry %d: entry %v", e, v)
			}
			top = max(top, math.Abs(v))
		}
		if top < 0.99*want {
			t.Errorf("max-entry %d: largest entry %v", e, top)
		}
	}
	// Nearly every 2 x 2 matrix with entries -1, 0, 1 has to be drawn again.
	for seed := range uint64(200) {
		if d := exactDet(t, mustMake(t, "integer", 2, seed, Options{MaxEntry: 1}).Matrix); d.Sign() <= 0 {
			t.Errorf("seed %d: determinant %v", seed, d)
		}
	}
	if d := exactDet(t, mustMake(t, "integer", 40, 3, Options{}).Matrix); d.Sign() <= 0 || !d.IsInt() {
		t.Errorf("determinant %v", d)
	}
}

func TestUnimodularExactly(t *testing.T) {
	for _, n := range []int{2, 3, 10, 40} {
		x := mustMake(t, "unimodular", n, 5, Options{})
		if d := exactDet(t, x.Matrix); d.Cmp(big.NewRat(1, 1)) != 0 {
			t.Errorf("n = %d: determinant %v", n, d)
		}
	}
}

// The characteristic polynomial, from determinants of x - M at n+1 points, is the
// one whose coefficients stand in the last column.
func TestCompanionPolynomial(t *testing.T) {
	const n = 7
	m := mustMake(t, "companion", n, 1, Options{}).Matrix
	for x := int64(-3); x <= 4; x++ {
		value := new(big.Rat)
		for k := n; k >= 0; k-- { // Horner
			value.Mul(value, big.NewRat(x, 1))
			if k == n {
				value.Add(value, big.NewRat(1, 1))
			} else {
				value.Sub(value, m.At(k, n-1))
			}
		}
		data := m.Float64s()
		for k := range data {
			data[k] = -data[k]
			if k%(n+1) == 0 {
				data[k] += float64(x)
			}
		}
		y, err := fromDense(n, data, "")
		if err != nil {
			t.Fatal(err)
		}
		if d := exactDet(t, y.Matrix); d.Cmp(value) != 0 {
			t.Errorf("det(%d - M) = %v, want %v", x, d, value)
		}
	}
}

func TestIllConditionedSpectrum(t *testing.T) {
	for _, cond := range []float64{0, 1, 10, 1e6, 1e12} {
		x := mustMake(t, "ill-conditioned", 24, 1, Options{Cond: cond})
		if cond == 0 {
			cond = 1e6
		}
		var svd mat.SVD
		svd.Factorize(toMat(x), mat.SVDNone)
		for i, v := range svd.Values(nil) {
			want := math.Pow(cond, 0.5-float64(i)/23)
			if math.Abs(v-want) > 1e-12*want+1e-14*math.Sqrt(cond) {
				t.Errorf("cond %g: singular value %d is %v, want %v", cond, i, v, want)
			}
		}
	}
	if d := exactDet(t, mustMake(t, "ill-conditioned", 12, 1, Options{Cond: maxCond}).Matrix); d.Sign() != 1 {
		t.Error("the determinant has lost its sign")
	}
}

// Moved parameters, same sign: the matrix is well-conditioned, and no rotation.
func TestGlowLU(t *testing.T) {
	for _, n := range []int{2, 3, 12, 48} {
		m := toMat(mustMake(t, "lu", n, 1, Options{}))
		if c := mat.Cond(m, 2); c > 1e3 {
			t.Errorf("n = %d: condition %g", n, c)
		}
		if r := orthogonality(m.RawMatrix().Data, n); r < 0.01 {
			t.Errorf("n = %d: still orthogonal to %g", n, r)
		}
	}
}

func TestFactor(t *testing.T) {
	s := newSampler("test", 9)
	for _, n := range []int{1, 2, 3, 10, 40} {
		a := s.normals(n * n)
		f, ok := factor(n, a)
		if !ok {
			t.Fatal("singular")
		}
		ref := mat.NewDense(n, n, a)
		var svd mat.SVD
		svd.Factorize(ref, mat.SVDNone)
		least := svd.Values(nil)[n-1]
		if got := f.minSingular(); got < 0.999*least || got > 3*least {
			t.Errorf("n = %d: least singular value %v, want %v", n, got, least)
		}
		sign, mant, exp := f.det()
		if want := mat.Det(ref); math.Abs(sign*math.Ldexp(mant, exp)/want-1) > 1e-12 {
			t.Errorf("n = %d: determinant %v 2^%d, want %v", n, sign*mant, exp, want)
		}
		x := s.normals(n)
		for name, y := range map[string][]float64{"solve": f.solve(x), "transposed": f.solveTransposed(x)} {
			var b mat.VecDense
			if name == "solve" {
				b.MulVec(ref, mat.NewVecDense(n, y))
			} else {
				b.MulVec(ref.T(), mat.NewVecDense(n, y))
			}
			if !mat.EqualApprox(&b, mat.NewVecDense(n, x), 1e-10) {
				t.Errorf("n = %d, %s: residual", n, name)
			}
		}
	}
	if _, ok := factor(2, []float64{1, 2, 2, 4}); ok {
		t.Error("a singular matrix was factored")
	}
}

// f^n <= x < (f + ulp)^n, in exact arithmetic.
func TestRoot(t *testing.T) {
	s := newSampler("test", 10)
	for _, n := range []int{1, 2, 3, 7, 64} {
		for range 20 {
			mant, exp := 0.5+s.fraction()/2, s.between(200)
			f := root(mant, exp, n)
			x := new(big.Float).SetMantExp(big.NewFloat(mant), exp)
			below, above := bigPower(f*(1-4e-16), n), bigPower(f*(1+4e-16), n)
			if below.Cmp(x) > 0 || above.Cmp(x) < 0 {
				t.Errorf("root(%v, %d, %d) = %v", mant, exp, n, f)
			}
		}
	}
	if f := root(0.5, 11, 10); f != 2 {
		t.Errorf("the tenth root of 1024 is %v", f)
	}
}

func bigPower(f float64, n int) *big.Float {
	p := bigInt(1)
	for range n {
		p.Mul(p, big.NewFloat(f))
	}
	return p
}
