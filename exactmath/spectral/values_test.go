package spectral

import (
	"cmp"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// reflected returns H diag(s) H' exactly, for two reflections I - 2 v v^T/|v|^2 of
// n = 4^k coordinates, v of entries 1 and -1, so that 2/|v|^2 is a power of two:
// a matrix of known singular values |s_i|. s must have few digits.
func reflected(s []float64, rng *rand.Rand) *exactmath.Floats {
	n := len(s)
	v, w := make([]float64, n), make([]float64, n)
	for i := range n {
		v[i], w[i] = float64(2*rng.IntN(2)-1), float64(2*rng.IntN(2)-1)
	}
	data := make([]float64, n*n)
	c := 2 / float64(n)
	vsw := 0.0 // v^T diag(s) w
	for i := range n {
		vsw += v[i] * s[i] * w[i]
	}
	for i := range n {
		for j := range n {
			x := -c*v[i]*v[j]*s[j] - c*s[i]*w[i]*w[j] + c*c*v[i]*vsw*w[j]
			if i == j {
				x += s[i]
			}
			data[i*n+j] = x
		}
	}
	return must(exactmath.FromFloat64(n, n, data))
}

// TestEnclose: singular values that are known exactly, of matrices that are not
// diagonal, are enclosed, and narrowly.
func TestEnclose(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	for range 300 {
		n := []int{1, 4, 16, 64}[rng.IntN(4)]
		s := make([]float64, n)
		scale := math.Ldexp(1, rng.IntN(1800)-900)
		for i := range s {
			s[i] = scale * float64(1+rng.IntN(4096)>>rng.IntN(12))
			if rng.IntN(10) == 0 {
				s[i] = scale
			}
		}
		x := reflected(s, rng)
		if n == 1 { // the reflections of one coordinate are -1
			x = must(exactmath.FromFloat64(1, 1, s))
		}
		dyadic, _ := dense.ToDyadic(x)
		slices.SortFunc(s, func(a, b float64) int { return cmp.Compare(b, a) })
		for _, y := range []exactmath.Matrix{x, dyadic} {
			v, ok := Enclose(y)
			if !ok {
				t.Fatal("not enclosed")
			}
			for i := range s {
				lo, hi := mul(rat(v.Low[i]), pow2(v.Exp)), mul(rat(v.High[i]), pow2(v.Exp))
				if rat(s[i]).Cmp(lo) < 0 || rat(s[i]).Cmp(hi) > 0 {
					t.Fatalf("n=%d: singular value %d is %v, enclosed in [%v, %v] 2^%d", n, i, s[i], v.Low[i], v.High[i], v.Exp)
				}
				if width := v.High[i] - v.Low[i]; width > 1e-11 {
					t.Errorf("n=%d: width %v", n, width)
				}
			}
		}
	}
}

func pow2(e int) *big.Rat {
	r := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(max(e, -e))))
	if e < 0 {
		r.Inv(r)
	}
	return r
}

// TestEncloseGraded: small singular values of diagonal matrices, and a bound from
// above where nothing can be said from below.
func TestEncloseGraded(t *testing.T) {
	x := must(exactmath.FromFloat64(3, 3, []float64{0, 1, 0, 0x1p-700, 0, 0, 0, 0, -0x1p-300}))
	v, ok := Enclose(x)
	if !ok {
		t.Fatal("not enclosed")
	}
	for i, s := range []float64{1, 0x1p-300, 0x1p-700} {
		lo, hi := math.Ldexp(v.Low[i], v.Exp), math.Ldexp(v.High[i], v.Exp)
		if !(lo <= s && s <= hi && hi <= s*(1+1e-9)) {
			t.Errorf("%v in [%v, %v]", s, lo, hi)
		}
	}
	if v, ok := Enclose(must(exactmath.FromFloat64(2, 2, make([]float64, 4)))); !ok || v.High[0] != 0 {
		t.Errorf("zero: %v %v", v, ok)
	}
	rng := rand.New(rand.NewPCG(2, 5))
	for range 2000 {
		n := 1 + rng.IntN(5)
		data := make([]float64, n*n)
		for k := range data {
			data[k] = wild(rng)
		}
		x := must(exactmath.FromFloat64(n, n, data))
		v, ok := Enclose(x)
		if !ok {
			continue
		}
		top := 0.0
		for _, d := range data {
			top = max(top, math.Abs(d))
		}
		for i := range n {
			if !(0 <= v.Low[i] && v.Low[i] <= v.High[i]) {
				t.Fatalf("%v: %v", data, v)
			}
		}
		if rat(top).Cmp(mul(rat(v.High[0]), pow2(v.Exp))) > 0 {
			t.Fatalf("%v: the largest singular value is at most %v 2^%d, the largest entry is %v", data, v.High[0], v.Exp, top)
		}
		// The product of the singular values is |det|.
		det, low, high := ratDet(x), big.NewRat(1, 1), big.NewRat(1, 1)
		for i := range n {
			low.Mul(low, mul(rat(v.Low[i]), pow2(v.Exp)))
			high.Mul(high, mul(rat(v.High[i]), pow2(v.Exp)))
		}
		if det.Abs(det).Cmp(low) < 0 || det.Cmp(high) > 0 {
			t.Fatalf("%v: |det| is not in the product of %v", data, v)
		}
	}
}

// ratDet returns the determinant, by elimination over the rationals.
func ratDet(x exactmath.Matrix) *big.Rat {
	n, _ := x.Dims()
	a := make([][]*big.Rat, n)
	for i := range a {
		for j := range n {
			a[i] = append(a[i], x.At(i, j))
		}
	}
	det := big.NewRat(1, 1)
	for k := range n {
		pivot := slices.IndexFunc(a[k:], func(row []*big.Rat) bool { return row[k].Sign() != 0 })
		if pivot < 0 {
			return new(big.Rat)
		}
		if pivot > 0 {
			a[k], a[k+pivot] = a[k+pivot], a[k]
			det.Neg(det)
		}
		det.Mul(det, a[k][k])
		for i := k + 1; i < n; i++ {
			f := new(big.Rat).Quo(a[i][k], a[k][k])
			for j := k; j < n; j++ {
				a[i][j] = new(big.Rat).Sub(a[i][j], mul(f, a[k][j]))
			}
		}
	}
	return det
}

// TestEncloseAnything: from bad factors, known singular values are enclosed all the
// same: perturbed U, S, V, a matrix known to some relative error only, and rounding
// that a residual of zero does not show.
func TestEncloseAnything(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	const n = 4
	for range 4000 {
		s := make([]float64, n)
		for i := range s {
			s[i] = float64(1+rng.IntN(1023)) / 4096
		}
		x, e, _ := scale(n, n, reflected(s, rng).Float64s())
		slices.SortFunc(s, func(a, b float64) int { return cmp.Compare(b, a) })
		var svd mat.SVD
		svd.Factorize(x, mat.SVDFull)
		var u, v mat.Dense
		svd.UTo(&u)
		svd.VTo(&v)
		sv := svd.Values(nil)
		// Each of the ways to be bad on its own, by a random size.
		size, rel := math.Pow(10, -1-6*rng.Float64()), 0.0
		y := mat.DenseCopyOf(x)
		jitter := func(_, _ int, x float64) float64 { return x * (1 + size*(2*rng.Float64()-1)) }
		switch rng.IntN(5) {
		case 0:
			u.Apply(jitter, &u)
		case 1:
			v.Apply(jitter, &v)
		case 2:
			for i := range sv {
				sv[i] *= 1 + size*(2*rng.Float64()-1)
			}
			slices.SortFunc(sv, func(a, b float64) int { return cmp.Compare(b, a) })
		case 3: // U too long and S too short
			u.Scale(1+size, &u)
			for i := range sv {
				sv[i] /= 1 + size
			}
		case 4: // the entries to a relative error
			rel = 2 * size
			y.Apply(func(_, _ int, x float64) float64 { return x / (1 + size*rng.Float64()) }, y)
			svd.Factorize(y, mat.SVDFull)
			svd.UTo(&u)
			svd.VTo(&v)
			sv = svd.Values(nil)
		}
		low, high, ok := enclose(y, rel, &u, sv, &v)
		if !ok {
			continue
		}
		for i := range s {
			if want := math.Ldexp(s[i], -e); !(low[i] <= want && want <= high[i]) {
				t.Fatalf("singular value %d is %v, enclosed in [%v, %v]", i, want, low[i], high[i])
			}
		}
	}
	// A residual of zero: x is the product as rounded. s_1 s_2 = |det x|, exactly.
	for range 2000 {
		a, b := rng.Float64()*7, rng.Float64()*7
		u := mat.NewDense(2, 2, []float64{math.Cos(a), -math.Sin(a), math.Sin(a), math.Cos(a)})
		v := mat.NewDense(2, 2, []float64{math.Cos(b), -math.Sin(b), math.Sin(b), math.Cos(b)})
		sv := []float64{0.99, math.Pow(10, -6-8*rng.Float64())}
		var us, x mat.Dense
		us.Apply(func(_, j int, x float64) float64 { return x * sv[j] }, u)
		x.Mul(&us, v.T())
		low, high, ok := enclose(&x, 0, u, sv, v)
		if !ok {
			t.Fatal("not enclosed")
		}
		det := ratDet(must(exactmath.FromFloat64(2, 2, entries(&x))))
		if det.Abs(det).Cmp(mul(rat(low[0]), rat(low[1]))) < 0 || det.Cmp(mul(rat(high[0]), rat(high[1]))) > 0 {
			t.Fatalf("|det| is not in the product of [%v, %v]", low, high)
		}
	}
}
