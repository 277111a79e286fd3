package targets

import (
	"math"
	"math/big"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/exactmath/dense"
)

var rotations = []string{"random-orthogonal", "givens", "householder-pair", "random-rotation"}

func TestRotationsAreOrthogonal(t *testing.T) {
	for _, name := range rotations {
		for _, n := range []int{2, 3, 4, 5, 31, 32, 33, 64, 65, 100} {
			for seed := range uint64(3) {
				q := mustMake(t, name, n, seed, Options{}).Matrix.Float64s()
				if r := orthogonality(q, n); r > 4e-15 {
					t.Errorf("%s %d seed %d: |Q^T Q - I| = %.2g", name, n, seed, r)
				}
			}
		}
	}
	for _, n := range []int{2, 3, 26, 64} {
		if r := orthogonality(mustMake(t, "glow-init", n, 1, Options{}).Matrix.Float64s(), n); r > 1e-6 || r < 1e-9 {
			t.Errorf("glow-init %d: |Q^T Q - I| = %.2g, want float32 accuracy", n, r)
		}
	}
}

// The determinants, computed by exact elimination for small n and by gonum's LU
// for larger n, against what the documentation says.
func TestDeterminants(t *testing.T) {
	one := func(name string) bool { return name != "integer" && name != "lu" }
	for _, i := range List() {
		if i.MaxDim == MaxPermutation || !i.Seeded {
			continue
		}
		for _, n := range []int{2, 3, 4, 5, 8, 9, 12} {
			for seed := range uint64(8) {
				m := mustMake(t, i.Name, n, seed, Options{}).Matrix
				d := exactDet(t, m)
				f, _ := d.Float64()
				tol := 1e-13
				switch i.Name {
				case "glow-init":
					tol = 1e-5
				case "ill-conditioned":
					tol = 1e-8
				case "unimodular", "companion":
					tol = 0
				}
				if d.Sign() <= 0 || one(i.Name) && math.Abs(f-1) > tol {
					t.Errorf("%s %d seed %d: determinant %v", i.Name, n, seed, f)
				}
			}
		}
		for _, n := range []int{64, 101} {
			m := mustMake(t, i.Name, n, 1, Options{}).Matrix
			log, sign := mat.LogDet(mat.NewDense(n, n, m.Float64s()))
			if sign != 1 || one(i.Name) && math.Abs(log) > 1e-4 {
				t.Errorf("%s %d: determinant %v exp(%v)", i.Name, n, sign, log)
			}
		}
	}
}

// Haar's measure on SO(n): E tr Q = 0 and E (tr Q)^2 = 1 for n >= 3; a column is
// uniform on the sphere, so E q_ij^2 = 1/n and E q_ij^4 = 3/(n(n+2)).
func TestHaarMoments(t *testing.T) {
	const n, samples = 4, 20_000
	s := newSampler("test", 1)
	var tr, tr2 float64
	var q2, q4 [n * n]float64
	for range samples {
		q := haar(n, s)
		sum := 0.0
		for i := range n {
			sum += q[i*n+i]
		}
		tr += sum / samples
		tr2 += sum * sum / samples
		for k, v := range q {
			q2[k] += v * v / samples
			q4[k] += v * v * v * v / samples
		}
	}
	if math.Abs(tr) > 0.03 || math.Abs(tr2-1) > 0.05 {
		t.Errorf("E tr = %.3f, E tr^2 = %.3f, want 0 and 1", tr, tr2)
	}
	for k := range q2 {
		if math.Abs(q2[k]-0.25) > 0.01 || math.Abs(q4[k]-0.125) > 0.01 {
			t.Errorf("entry %d: E q^2 = %.4f, E q^4 = %.4f, want 0.25 and 0.125", k, q2[k], q4[k])
		}
	}
}

// In SO(3) the angle of rotation a has density (1 - cos a)/pi; in SO(2) it is
// uniform.
func TestHaarAngles(t *testing.T) {
	s := newSampler("test", 2)
	var three, two []float64
	for range 20_000 {
		q := haar(3, s)
		three = append(three, math.Acos(max(-1, min(1, (q[0]+q[4]+q[8]-1)/2))))
		q = haar(2, s)
		two = append(two, math.Atan2(q[2], q[0]))
	}
	if d := kolmogorov(three, func(a float64) float64 { return (a - math.Sin(a)) / math.Pi }); d > 2 {
		t.Errorf("SO(3): Kolmogorov-Smirnov statistic %.2f", d)
	}
	if d := kolmogorov(two, func(a float64) float64 { return a/(2*math.Pi) + 0.5 }); d > 2 {
		t.Errorf("SO(2): Kolmogorov-Smirnov statistic %.2f", d)
	}
}

// The product of reflections against the plain product of their matrices.
func TestReflectorProduct(t *testing.T) {
	s := newSampler("test", 3)
	for _, n := range []int{2, 5, 33, 70} {
		h := make([]reflector, n-1)
		d := make([]float64, n)
		want := mat.NewDense(n, n, identityDense(n))
		for k := range h {
			h[k], d[k] = reflectorOf(s.normals(n - k))
			e := mat.NewDense(n, n, identityDense(n))
			for i, a := range h[k].v {
				for j, b := range h[k].v {
					e.Set(k+i, k+j, e.At(k+i, k+j)-h[k].beta*a*b)
				}
			}
			want.Mul(want, e)
		}
		d[n-1] = -1
		want.Mul(want, mat.NewDiagDense(n, d))
		got := mat.NewDense(n, n, reflectorProduct(h, d))
		if !mat.EqualApprox(got, want, 1e-14) {
			t.Errorf("n = %d: the products differ", n)
		}
	}
}

// Reflections map their vector to the first axis, whatever its first entry.
func TestReflectorOf(t *testing.T) {
	for _, x := range [][]float64{{3, 4}, {-3, 4}, {0, 2}, {1e-300, 1}, {-1, 0, 0}} {
		h, sign := reflectorOf(x)
		y := append([]float64(nil), x...)
		h.apply(y, make([]float64, 1))
		norm := math.Sqrt(dot(x, x))
		for i, v := range y {
			want := 0.0
			if i == 0 {
				want = norm * sign
			}
			if math.Abs(v-want) > 1e-15*norm*4 {
				t.Errorf("%v goes to %v, want %v e_1", x, y, norm*sign)
			}
		}
	}
}

// What sets the Q of LAPACK apart from Haar's measure, seen on gonum's Q of
// Gaussian matrices and wanted of ours: its first entry is negative. Its
// determinant is -1 in even dimension, which is why ours is changed.
func TestGlowInitSigns(t *testing.T) {
	for seed := range uint64(50) {
		var qr mat.QR
		var q mat.Dense
		qr.Factorize(mat.NewDense(8, 8, newSampler("test", seed).normals(64)))
		qr.QTo(&q)
		if q.At(0, 0) >= 0 || math.Abs(mat.Det(&q)+1) > 1e-12 {
			t.Errorf("seed %d: gonum's Q begins with %v and has determinant %v", seed, q.At(0, 0), mat.Det(&q))
		}
		if v := mustMake(t, "glow-init", 8, seed, Options{}).Matrix.Float64s()[0]; v >= 0 {
			t.Errorf("seed %d: first entry %v, want it negative", seed, v)
		}
	}
	m := mustMake(t, "glow-init", 8, 1, Options{}).Matrix.Float64s()
	for k, v := range m {
		if float64(float32(v)) != v {
			t.Errorf("entry %d is no float32: %v", k, v)
		}
	}
}

func TestGivens(t *testing.T) {
	for _, a := range []float64{0, 1, -1, 3, math.Pi / 2, 1e22, 5e-324, -1e-200, math.MaxFloat64} {
		m := mustMake(t, "givens", 5, 1, Options{Angle: &a}).Matrix
		s, c := math.Sincos(a)
		for _, e := range []struct {
			i, j int
			v    float64
		}{{0, 0, c}, {0, 4, -s}, {4, 0, s}, {4, 4, c}, {2, 2, 1}, {1, 2, 0}} {
			got, _ := m.At(e.i, e.j).Float64()
			if math.Abs(got-e.v) > 5e-16*min(1, math.Abs(a)) {
				t.Errorf("angle %v: entry (%d, %d) is %v, want %v", a, e.i, e.j, got, e.v)
			}
		}
	}
	if m := mustMake(t, "givens", 2, 1, Options{Angle: new(float64)}); m.Perm == nil {
		t.Error("angle 0 is not recognised as the identity")
	}
}

func TestHouseholderPairHasRankTwo(t *testing.T) {
	const n = 9
	m := dense.ToRational(mustMake(t, "householder-pair", n, 1, Options{}).Matrix)
	d, err := m.Sub(dense.IdentityRational(n))
	if err != nil {
		t.Fatal(err)
	}
	var svd mat.SVD
	svd.Factorize(mat.NewDense(n, n, d.Float64s()), mat.SVDNone)
	if v := svd.Values(nil); v[1] < 1e-3 || v[2] > 1e-14 {
		t.Errorf("singular values of M - I: %v, want two", v)
	}
}

func TestMinusIdentityAndBlockDiagJ(t *testing.T) {
	for _, n := range []int{2, 3, 4, 7} {
		m := mustMake(t, "minus-identity", n, 0, Options{}).Matrix
		if !dense.Equal(m, dense.IdentityRational(n).Neg()) {
			t.Errorf("minus-identity %d is %v", n, m)
		}
		if n < 3 {
			continue
		}
		m = mustMake(t, "block-diag-j", n, 0, Options{}).Matrix
		x := apply(m, counting(n))
		want := counting(n)
		want[0], want[1] = -1, 0
		if n == 3 {
			want = []float64{0, -2, 1}
		}
		for i := range x {
			if x[i] != want[i] {
				t.Errorf("block-diag-j %d maps 0..%d to %v, want %v", n, n-1, x, want)
				break
			}
		}
		if exactDet(t, m).Cmp(big.NewRat(1, 1)) != 0 {
			t.Errorf("block-diag-j %d: determinant not 1", n)
		}
	}
}
