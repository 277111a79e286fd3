package exchange_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// The chapter states the exchange for maps of R^D with a matrix for a scale, and the
// flow with one coordinate of padding for functions of several coordinates. The flows
// of this package have neither, so these tests run the formulas themselves.

// jacobian is that of f at x by difference quotients.
func jacobian(f func([]float64) []float64, x []float64, h float64) *mat.Dense {
	n := len(x)
	j := mat.NewDense(n, n, nil)
	for k := range n {
		up, down := append([]float64(nil), x...), append([]float64(nil), x...)
		up[k], down[k] = up[k]+h, down[k]-h
		a, b := f(up), f(down)
		for i := range n {
			j.Set(i, k, (a[i]-b[i])/(2*h))
		}
	}
	return j
}

// TestExchangeOfThePlane: T(z) = z + a (sin z2, sin z1), for which |DT| <= 1 + a, |DS|
// <= 1 / (1 - a), and DS is a / (1 - a)^3-Lipschitz. The error, the determinant, the
// norm and the inverse are what the theorem says.
func TestExchangeOfThePlane(t *testing.T) {
	const a = 0.6
	const big, small, curve = 1 + a, 1 / (1 - a), a / ((1 - a) * (1 - a) * (1 - a))
	forward := func(z []float64) []float64 { return []float64{z[0] + a*math.Sin(z[1]), z[1] + a*math.Sin(z[0])} }
	inverse := func(y []float64) []float64 {
		z := []float64{y[0], y[1]}
		for range 200 { // contracts by a
			z = []float64{y[0] - a*math.Sin(z[1]), y[1] - a*math.Sin(z[0])}
		}
		return z
	}
	slope := func(z []float64) *mat.Dense {
		return mat.NewDense(2, 2, []float64{1, a * math.Cos(z[1]), a * math.Cos(z[0]), 1})
	}
	times := func(m *mat.Dense, x, y float64) (float64, float64) {
		return m.At(0, 0)*x + m.At(0, 1)*y, m.At(1, 0)*x + m.At(1, 1)*y
	}
	rng := rand.New(rand.NewPCG(7, 8))
	for _, s := range []float64{0.3, 0.03} {
		exchange := func(zw []float64) []float64 {
			y := forward(zw[:2])
			y[0], y[1] = y[0]+s*zw[2], y[1]+s*zw[3]
			z := inverse(y)
			v0, v1 := times(slope(z), (zw[0]-z[0])/s, (zw[1]-z[1])/s)
			return []float64{v0, v1, y[0], y[1]}
		}
		sharp := 0.0
		for range 200 {
			zw := []float64{rng.NormFloat64() * 2, rng.NormFloat64() * 2, rng.NormFloat64(), rng.NormFloat64()}
			out := exchange(zw)
			w := math.Hypot(zw[2], zw[3])
			got, most := math.Hypot(out[0]+zw[2], out[1]+zw[3]), big*curve*s*w*w/2
			if got > most*(1+1e-9)+1e-12 {
				t.Fatalf("s = %v: v is %v from -w, at most %v", s, got, most)
			}
			sharp = max(sharp, got/most)
			j := jacobian(exchange, zw, 1e-5)
			if got, want := math.Abs(mat.Det(j)), mat.Det(slope(inverse(out[2:]))); math.Abs(got-want) > 1e-5 {
				t.Errorf("s = %v: |det| %v, want %v", s, got, want)
			}
			norm := svd(4, j.RawMatrix().Data)[0]
			if most := 1 + s + big + big*big*curve*w*(1+big*small) + big*big*curve*small*w*s; norm > most {
				t.Errorf("s = %v: the norm is %v, at most %v", s, norm, most)
			}
			// The inverse of 8.5, at (-w, T(z)).
			y := forward(zw[:2])
			var ds mat.Dense
			if err := ds.Inverse(slope(zw[:2])); err != nil {
				t.Fatal(err)
			}
			d0, d1 := times(&ds, zw[2], zw[3])
			z := []float64{zw[0] - s*d0, zw[1] - s*d1}
			at := forward(z)
			back := exchange([]float64{z[0], z[1], (y[0] - at[0]) / s, (y[1] - at[1]) / s})
			for k, want := range []float64{-zw[2], -zw[3], y[0], y[1]} {
				if math.Abs(back[k]-want) > 1e-9 {
					t.Errorf("s = %v: the inverse leads to %v, want (-w, T(z)) = %v, %v", s, back, zw[2:], y)
					break
				}
			}
		}
		if sharp < 0.01 {
			t.Errorf("s = %v: the error is at most %v of its bound", s, sharp)
		}
	}
}

// TestRosenblatt: a map of three coordinates whose steps depend on those before in
// scale and in shape, with one coordinate of padding and D + 1 = 4 couplings. Errors
// are O(s), the determinant is the product of the slopes, condition numbers settle.
func TestRosenblatt(t *testing.T) {
	// q(c; z) is increasing in z: its slope is at least (1 - 0.4) 0.9.
	q := func(before []float64, z float64) (value, slope float64) {
		c := 0.0
		for k, x := range before {
			c += x * float64(k+1)
		}
		scale := 1.2 + 0.3*math.Sin(c)
		return scale*(z+0.4*math.Sin(z+c)) + 0.5*math.Cos(c), scale * (1 + 0.4*math.Cos(z+c))
	}
	r := func(before []float64, x float64) (z float64) {
		for range 100 {
			v, d := q(before, z)
			// Newton with the steps cut: |q'| varies by a factor of 2.4 at most.
			z -= max(min((v-x)/max(d, 1), 1), -1)
		}
		return z
	}
	for _, s := range []float64{0.02, 0.002} {
		// x_j comes into the place of the noise, the noise into that of z_j.
		flow := func(in []float64) []float64 {
			z, w := in[:3], in[3]
			var x []float64
			for j := range 3 {
				v, _ := q(x, z[j])
				y := v + s*w
				back := r(x, y)
				_, d := q(x, back)
				w = (z[j] - back) / s * d
				x = append(x, y)
			}
			return append(x, w)
		}
		rng := rand.New(rand.NewPCG(9, 10))
		worst, kappa := 0.0, 0.0
		for range 100 {
			in := make([]float64, 4)
			for k := range in {
				in[k] = max(min(rng.NormFloat64(), 2.5), -2.5)
			}
			var want []float64
			for j := range 3 {
				v, _ := q(want, in[j])
				want = append(want, v)
			}
			want = append(want, -in[3])
			got := flow(in)
			product, err := 1.0, 0.0
			for j := range 3 {
				_, d := q(got[:j], r(got[:j], got[j]))
				product *= d
			}
			for k := range got {
				err += (got[k] - want[k]) * (got[k] - want[k])
			}
			worst = max(worst, math.Sqrt(err)/s)
			j := jacobian(flow, in, 1e-5)
			if det := math.Abs(mat.Det(j)); math.Abs(det-product) > 1e-3*product {
				t.Errorf("s = %v: |det| %v, the product of the slopes %v", s, det, product)
			}
			v := svd(4, j.RawMatrix().Data)
			kappa = max(kappa, v[0]/v[3])
		}
		if worst < 1 || worst > 12 || kappa > 40 {
			t.Errorf("s = %v: errors up to %v s, condition numbers to %v", s, worst, kappa)
		}
	}
}
