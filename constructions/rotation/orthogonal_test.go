package rotation

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/numeric"
	"flowproof/constructions/internal/sample"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/spectral"
	"flowproof/verify"
	certified "flowproof/verify/condition"
)

// checkRotation decomposes m and checks the flow exactly: depth, residual and
// the proved bound on every layer's condition.
func checkRotation(t *testing.T, m *mat.Dense, part coupling.Partition) *coupling.Flow {
	t.Helper()
	x := sample.AsFloats(t, m)
	n := part.Dim()
	f, err := Orthogonal(x, part)
	if err != nil {
		t.Fatal(err)
	}
	if f.Depth() > 6 {
		t.Errorf("depth %d, want at most 6", f.Depth())
	}
	res, err := verify.Check(f, x)
	if err != nil {
		t.Fatal(err)
	}
	if tol := big.NewRat(int64(n), 1e13); !res.Within(tol) {
		r, _ := res.Relative().Float64()
		t.Errorf("relative residual %.3g, want at most %v", math.Sqrt(r), tol.FloatString(15))
	}
	bound := OrthogonalBoundEven
	if n%2 == 1 {
		bound = OrthogonalBoundOdd
	}
	for k, l := range f.Layers() {
		c := certified.Layer(l)
		if !(c.Bound <= bound) {
			t.Errorf("layer %d: condition %v above the proved %v", k, c, bound)
		}
		if !(c.Estimate <= c.Bound && c.Bound <= 1.01*c.Estimate) {
			t.Errorf("layer %d: bound %v not within 1%% above the estimate %v", k, c.Bound, c.Estimate)
		}
		if l.Scale().Kind() != coupling.ScaleOne {
			t.Errorf("layer %d is not additive", k)
		}
	}
	return f
}

// TestOrthogonalRandom is the theorem of PROOFS.md, section 1, on random
// rotations.
func TestOrthogonalRandom(t *testing.T) {
	var dims []int
	for n := 2; n <= 40; n++ {
		dims = append(dims, n)
	}
	for _, n := range append(dims, 64, 65, 127, 128) {
		for seed := range uint64(5) {
			t.Run(fmt.Sprintf("n=%d/seed=%d", n, seed+1), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed+1, uint64(n)))
				f := checkRotation(t, sample.Haar(n, rng), sample.Half(t, n))
				if n > 2 && f.Depth() != 6 {
					t.Errorf("depth %d, want 6", f.Depth())
				}
			})
		}
	}
}

func TestOrthogonalWeird(t *testing.T) {
	for _, n := range []int{2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33} {
		rng := rand.New(rand.NewPCG(7, uint64(n)))
		for name, m := range sample.WeirdRotations(n, rng) {
			t.Run(fmt.Sprintf("n=%d/%s", n, name), func(t *testing.T) {
				checkRotation(t, m, sample.Half(t, n))
			})
		}
	}
}

// TestOrthogonalPartitions: any index set, and either part the larger one.
func TestOrthogonalPartitions(t *testing.T) {
	for n := 2; n <= 9; n++ {
		rng := rand.New(rand.NewPCG(11, uint64(n)))
		for _, size := range []int{n / 2, n - n/2} {
			part, err := coupling.NewPartition(n, rng.Perm(n)[:size])
			if err != nil {
				t.Fatal(err)
			}
			t.Run(fmt.Sprintf("n=%d/first=%v", n, part), func(t *testing.T) {
				checkRotation(t, sample.Haar(n, rng), part)
			})
		}
	}
}

func TestOrthogonalDepth(t *testing.T) {
	swap := mat.NewDense(8, 8, nil)
	for i := range 8 {
		swap.Set((i+4)%8, i, 1)
	}
	minus := sample.Eye(8)
	minus.Scale(-1, minus)
	for name, c := range map[string]struct {
		m    *mat.Dense
		want int
	}{
		"identity":         {sample.Eye(8), 0},
		"plane":            {sample.Givens(8, 0, 7, 1), 3},
		"minus identity":   {minus, 4},
		"swap of halves":   {swap, 5},
		"plane in a part":  {sample.Givens(8, 0, 1, 1), 6},
		"plane, dimension": {sample.Givens(2, 0, 1, 1), 3},
	} {
		n, _ := c.m.Dims()
		if got := checkRotation(t, c.m, sample.Half(t, n)).Depth(); got != c.want {
			t.Errorf("%s: depth %d, want %d", name, got, c.want)
		}
	}
}

// TestTwistBounds checks the closed-form norms of PROOFS.md, section 1.4,
// against the singular values of the 2x2 blocks, over angles and parameters.
func TestTwistBounds(t *testing.T) {
	norm := func(b mat2) float64 {
		var svd mat.SVD
		svd.Factorize(mat.NewDense(2, 2, []float64{b.a, b.b, b.c, b.d}), mat.SVDNone)
		return svd.Values(nil)[0]
	}
	for _, tw := range []twist{
		{lambda: 7. / 16, rho: 1}, {lambda: 7. / 16, rho: 7. / 9}, {lambda: 1, rho: 1}, {lambda: 0.3, rho: 0.6},
		{lambda: 1, rho: 1, isometric: true}, {lambda: 0.8, rho: 1, isometric: true}, {lambda: 1, rho: quarterRoot, isometric: true}, {lambda: 0.7, rho: 0.6, isometric: true},
	} {
		for k := range 101 {
			angle := math.Pi * float64(k) / 100
			h := &halved{planes: []numeric.Plane{{I: 0, J: 1, Angle: angle}}, axis: []float64{math.Cos(float64(k)), math.Sin(float64(k))}}
			d := h.blocks(tw)
			l, r, m, in := tw.lambda, tw.rho, math.Sqrt(1+tw.lambda*tw.lambda-2*tw.lambda*math.Cos(angle/2)), tw.inner(angle)
			want := [5]float64{l + r*m, in[0], in[1], in[2], 1 / r}
			if tw.isometric {
				want[0] = r * m
			}
			for i, w := range want {
				// D3 is a sum of a conformal and an anticonformal part too.
				if got := norm(d[i].plane[0]); math.Abs(got-w) > 1e-12 {
					t.Errorf("lambda %v rho %v angle %v: |D%d| = %v, want %v", l, r, angle, i+1, got, w)
				}
			}
		}
	}
}

// provedNorms returns the bounds on |X0|, .., |X5| of PROOFS.md, section 1.4.
func provedNorms(t twist) [6]float64 {
	root, inner, rests := math.Hypot(1, t.lambda), t.inner(math.Pi), t.rests()
	norms := [6]float64{1, 1 + t.rho*root, 0, 0, 0, 1 + max(1, 1/t.rho)}
	if !t.isometric {
		norms[1] = 1 + max(1, t.lambda+t.rho*root)
	}
	for k, x := range inner {
		norms[k+2] = max(x, math.Abs(rests[k+1]))
	}
	return norms
}

// TestOrthogonalConstant recomputes the two constants from the bounds on the
// six norms, PROOFS.md, section 1.4.
func TestOrthogonalConstant(t *testing.T) {
	for _, c := range []struct {
		odd            bool
		bound, product float64
	}{{false, OrthogonalBoundEven, 13_341}, {true, OrthogonalBoundOdd, 13_800}} {
		worst, product := 0.0, 1.0
		for _, x := range provedNorms(provedTwist(c.odd)) {
			k := (x + math.Sqrt(x*x+4)) / 2
			worst, product = max(worst, k), product*k*k
		}
		if !(product <= c.product && product > c.product-100) {
			t.Errorf("odd %v: the product of the bounds is %v, PROOFS.md says %v", c.odd, product, c.product)
		}
		if k := worst * worst; !(k <= c.bound && k > c.bound-0.001) {
			t.Errorf("odd %v: the bounds give %v, the constant is %v", c.odd, k, c.bound)
		}
	}
}

// TestIsometricTwist: Lemma 1.5' of PROOFS.md, on random and weird rotations: the
// product, and the proved norms.
func TestIsometricTwist(t *testing.T) {
	for _, n := range []int{2, 3, 5, 8, 9, 17, 33} {
		rng := rand.New(rand.NewPCG(13, uint64(n)))
		all := sample.WeirdRotations(n, rng)
		all["random"] = sample.Haar(n, rng)
		for name, m := range all {
			for _, tw := range []twist{{1, 1, true}, {0.75, 1, true}, {1, quarterRoot, true}, {0.8, 0.6, true}} {
				if n%2 == 1 && tw.rho != 1 {
					continue
				}
				h, err := newHalved(m, n/2)
				if err != nil {
					t.Fatal(err)
				}
				x := h.layers(tw)
				f, err := geometry.Frame{Part: sample.Half(t, n), P: n / 2, Q: n - n/2}.Stacked(coupling.Lower, x[:]...)
				if err != nil {
					t.Fatal(err)
				}
				res, err := verify.Check(f, sample.AsFloats(t, m))
				if err != nil {
					t.Fatal(err)
				}
				if !res.Within(big.NewRat(int64(n), 1e13)) {
					t.Errorf("n=%d %s, %+v: residual %s", n, name, tw, res.ResidualMax.FloatString(20))
				}
				for k, bound := range provedNorms(tw) {
					if norm := spectral.Dense(x[k]).Bound; norm > bound+1e-9 {
						t.Errorf("n=%d %s, %+v: |X%d| = %v, want at most %v", n, name, tw, k, norm, bound)
					}
				}
			}
		}
	}
}

func TestOrthogonalErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	improper := sample.Haar(6, rng)
	for j := range 6 {
		improper.Set(2, j, -improper.At(2, j))
	}
	if _, err := Orthogonal(sample.AsFloats(t, improper), sample.Half(t, 6)); !errors.Is(err, fault.ErrOrientation) {
		t.Errorf("improper: %v, want ErrOrientation", err)
	}
	bad := sample.Haar(6, rng)
	bad.Set(0, 0, bad.At(0, 0)+0.01)
	var notOrthogonal *fault.NotOrthogonalError
	if _, err := Orthogonal(sample.AsFloats(t, bad), sample.Half(t, 6)); !errors.As(err, &notOrthogonal) {
		t.Errorf("not orthogonal: %v", err)
	}
	var shape *fault.ShapeError
	if _, err := Orthogonal(sample.AsFloats(t, sample.Eye(5)), sample.Half(t, 6)); !errors.As(err, &shape) {
		t.Errorf("shape: %v", err)
	}
	part, err := coupling.NewPartition(6, []int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Orthogonal(sample.AsFloats(t, sample.Eye(6)), part); !errors.Is(err, fault.ErrPartition) {
		t.Errorf("partition 2 + 4: %v, want ErrPartition", err)
	}
}

// TestOrthogonalFloat32 decomposes a rotation known to seven digits: accepted,
// with a residual of that size.
func TestOrthogonalFloat32(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	m := sample.Haar(26, rng)
	m.Apply(func(_, _ int, v float64) float64 { return float64(float32(v)) }, m)
	x := sample.AsFloats(t, m)
	f, err := Orthogonal(x, sample.Half(t, 26))
	if err != nil {
		t.Fatal(err)
	}
	res, err := verify.Check(f, x)
	if err != nil {
		t.Fatal(err)
	}
	if !res.Within(big.NewRat(1, 1e6)) || res.Within(big.NewRat(1, 1e10)) {
		t.Errorf("residual %v, want about 1e-7", res.ResidualMax.FloatString(12))
	}
}

func BenchmarkOrthogonal(b *testing.B) {
	for _, n := range []int{64, 128, 256, 512} {
		m := sample.Haar(n, rand.New(rand.NewPCG(1, 1)))
		x, err := exactmath.FromFloat64(n, n, numeric.RowMajor(m))
		if err != nil {
			b.Fatal(err)
		}
		part, err := coupling.Half(n)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Orthogonal(x, part); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
