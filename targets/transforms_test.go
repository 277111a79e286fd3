package targets

import (
	"math"
	"math/big"
	"testing"
)

const testPrec = 400

func bigInt(n int64) *big.Float { return new(big.Float).SetPrec(testPrec).SetInt64(n) }

func bigSqrt(x *big.Float) *big.Float { return new(big.Float).SetPrec(testPrec).Sqrt(x) }

// halfCos returns cos(a/2) from c = cos a, 0 <= a <= pi.
func halfCos(c *big.Float) *big.Float {
	x := new(big.Float).SetPrec(testPrec).Add(c, bigInt(1))
	return bigSqrt(x.Quo(x, bigInt(2)))
}

// The cosine transform in 400 bits: cos(pi/(2n)) in radicals, its multiples by
// Chebyshev's recurrence. No series, no pi.
func TestDCTAgainstRadicals(t *testing.T) {
	sqrt5 := bigSqrt(bigInt(5))
	tenth := bigSqrt(new(big.Float).SetPrec(testPrec).Add(bigInt(10), new(big.Float).Add(sqrt5, sqrt5)))
	start := map[int]*big.Float{ // cos(pi/(2n))
		1: bigInt(0),
		3: new(big.Float).SetPrec(testPrec).Quo(bigSqrt(bigInt(3)), bigInt(2)),
		5: tenth.Quo(tenth, bigInt(4)),
	}
	for odd, c := range start {
		for n := odd; n <= 96; n *= 2 {
			if n > odd {
				c = halfCos(c)
			}
			if n > 1 {
				compareDCT(t, n, c)
			}
		}
	}
}

func compareDCT(t *testing.T, n int, c *big.Float) {
	cosine := []*big.Float{bigInt(1), c}
	for m := 2; m < 4*n; m++ {
		x := new(big.Float).SetPrec(testPrec).Mul(c, cosine[m-1])
		cosine = append(cosine, x.Sub(x.Add(x, x), cosine[m-2]))
	}
	got := mustMake(t, "dct", n, 0, Options{}).Matrix.Float64s()
	for k := range n {
		unit := new(big.Float).SetPrec(testPrec).Quo(bigInt(2), bigInt(int64(n)))
		if k == 0 {
			unit.Quo(unit, bigInt(2))
		}
		unit = bigSqrt(unit)
		for j := range n {
			x := new(big.Float).SetPrec(testPrec).Mul(unit, cosine[(2*j+1)*k%(4*n)])
			want, _ := x.Float64()
			// Chebyshev's recurrence leaves a crumb where the cosine is 0.
			if got[k*n+j] != want && math.Abs(want) > 1e-100 || math.Abs(want) < 1e-100 && got[k*n+j] != 0 {
				t.Fatalf("n = %d, entry (%d, %d): %v, want %v", n, k, j, got[k*n+j], want)
			}
		}
	}
}

func TestTransformsAreOrthogonal(t *testing.T) {
	for _, n := range []int{2, 3, 5, 7, 8, 37, 64} {
		if r := orthogonality(mustMake(t, "dct", n, 0, Options{}).Matrix.Float64s(), n); r > 1e-15*math.Sqrt(float64(n)) {
			t.Errorf("dct %d: |Q^T Q - I| = %.2g", n, r)
		}
	}
	for n := 2; n <= 128; n *= 2 {
		r := orthogonality(mustMake(t, "hadamard", n, 0, Options{}).Matrix.Float64s(), n)
		if exact := math.Sqrt(float64(n)) == math.Trunc(math.Sqrt(float64(n))); exact && r != 0 || r > 1e-15 {
			t.Errorf("hadamard %d: |Q^T Q - I| = %.2g", n, r)
		}
	}
}

// Sylvester's doubling [[H, H], [H, -H]].
func TestHadamardByDoubling(t *testing.T) {
	h := [][]float64{{1}}
	for len(h) < 64 {
		n := len(h)
		next := make([][]float64, 2*n)
		for i := range next {
			next[i] = make([]float64, 2*n)
			for j := range next[i] {
				next[i][j] = h[i%n][j%n]
				if i >= n && j >= n {
					next[i][j] = -next[i][j]
				}
			}
		}
		h = next
		got := mustMake(t, "hadamard", 2*n, 0, Options{}).Matrix.Float64s()
		for k, v := range got {
			if want := h[k/(2*n)][k%(2*n)] / math.Sqrt(float64(2*n)); math.Abs(v-want) > 2.3e-16*math.Abs(want) {
				t.Fatalf("n = %d, entry %d: %v, want %v", 2*n, k, v, want)
			}
		}
	}
}

func TestSincos(t *testing.T) {
	s := newSampler("test", 1)
	for range 2000 {
		a := math.Ldexp(s.normal(), s.between(60))
		sin, cos := sincos(a)
		wantSin, wantCos := math.Sincos(a)
		if math.Abs(sin-wantSin) > 5e-16 || math.Abs(cos-wantCos) > 5e-16 {
			t.Errorf("sincos(%v) = %v, %v, want %v, %v", a, sin, cos, wantSin, wantCos)
		}
		if math.Abs(sin*sin+cos*cos-1) > 3e-16 {
			t.Errorf("sincos(%v): squares add up to %v", a, sin*sin+cos*cos)
		}
	}
	// Known to be hard: published values.
	for _, c := range []struct{ a, sin, cos float64 }{
		{1e22, -0.85220084976718880177, 0.52321478539513894549},
		{6381956970095103 * 0x1p797, 1, -4.68716592425462761112e-19},
	} {
		sin, cos := sincos(c.a)
		if sin != c.sin || cos != c.cos {
			t.Errorf("sincos(%v) = %v, %v, want %v, %v", c.a, sin, cos, c.sin, c.cos)
		}
	}
	for _, a := range []float64{5e-324, -1e-310, 1e-20} {
		if sin, cos := sincos(a); sin != a || cos != 1 {
			t.Errorf("sincos(%v) = %v, %v", a, sin, cos)
		}
	}
}
