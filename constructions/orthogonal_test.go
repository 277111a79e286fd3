package constructions

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/spectral"
	"flowproof/verify"
	certified "flowproof/verify/condition"
)

// haar returns a random rotation, by QR of a Gaussian matrix.
func haar(n int, rng *rand.Rand) *mat.Dense {
	g := mat.NewDense(n, n, nil)
	g.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, g)
	var qr mat.QR
	qr.Factorize(g)
	q := new(mat.Dense)
	qr.QTo(q)
	if mat.Det(q) < 0 {
		for i := range n {
			q.Set(i, 0, -q.At(i, 0))
		}
	}
	return q
}

func eye(n int) *mat.Dense {
	m := mat.NewDense(n, n, nil)
	for i := range n {
		m.Set(i, i, 1)
	}
	return m
}

// givens returns the rotation by theta of the plane (i, j).
func givens(n, i, j int, theta float64) *mat.Dense {
	m := eye(n)
	c, s := math.Cos(theta), math.Sin(theta)
	m.Set(i, i, c)
	m.Set(j, j, c)
	m.Set(i, j, -s)
	m.Set(j, i, s)
	return m
}

// permuted returns the matrix e_j -> sign e_perm[j], the sign on the last
// column chosen to make the determinant 1.
func permuted(perm []int) *mat.Dense {
	n := len(perm)
	m := mat.NewDense(n, n, nil)
	for j, i := range perm {
		m.Set(i, j, 1)
	}
	if mat.Det(m) < 0 {
		m.Set(perm[n-1], n-1, -1)
	}
	return m
}

func blockDiag(a, b mat.Matrix) *mat.Dense {
	p, _ := a.Dims()
	q, _ := b.Dims()
	m := mat.NewDense(p+q, p+q, nil)
	m.Slice(0, p, 0, p).(*mat.Dense).Copy(a)
	m.Slice(p, p+q, p, p+q).(*mat.Dense).Copy(b)
	return m
}

// weirdRotations returns rotations on which a careless construction fails.
func weirdRotations(n int, rng *rand.Rand) map[string]*mat.Dense {
	p, q := n/2, n-n/2
	shift, reverse := make([]int, n), make([]int, n)
	for i := range n {
		shift[i], reverse[i] = (i+p)%n, n-1-i
	}
	minus := eye(n)
	for i := range n - n%2 {
		minus.Set(i, i, -1)
	}
	w := map[string]*mat.Dense{
		"identity":         eye(n),
		"minus identity":   minus,
		"swap of parts":    permuted(shift),
		"reversal":         permuted(reverse),
		"plane across":     givens(n, 0, n-1, 1.1),
		"plane by pi":      givens(n, 0, n-1, math.Pi),
		"tiny angle":       givens(n, 0, n-1, 1e-9),
		"block diagonal":   blockDiag(haar(p, rng), haar(q, rng)), // c = 0
		"one far plane":    product(haar(n, rng), givens(n, 0, 1, 3)),
		"nearly -identity": product(minus, givens(n, 0, n-1, 1e-8)),
	}
	if n >= 4 {
		w["J and I"] = givens(n, 0, 1, math.Pi/2)
		w["I and J"] = givens(n, n-2, n-1, math.Pi/2)
		flip := eye(n)
		flip.Set(0, 0, -1)
		flip.Set(n-1, n-1, -1)
		w["two signs"] = flip
		// a has rank 1, c has rank p - 1 or less: both singular.
		swapped := permuted(shift)
		w["a and c singular"] = product(swapped, givens(n, 0, p, math.Pi/2))
		// Repeated angles: a rotation by one angle in every plane, conjugated.
		r := eye(n)
		for i := 0; i+1 < n; i += 2 {
			r = product(r, givens(n, i, i+1, 2))
		}
		h := haar(n, rng)
		w["repeated angles"] = product(h, r, h.T())
		w["repeated angles, aligned"] = r
	}
	for _, name := range slices.Sorted(maps.Keys(w)) {
		near := mat.DenseCopyOf(w[name])
		near.Apply(func(_, _ int, v float64) float64 { return v + 1e-15*(2*rng.Float64()-1) }, near)
		w[name+", within 1e-15"] = near
	}
	return w
}

func asFloats(t *testing.T, m *mat.Dense) *exactmath.Floats {
	t.Helper()
	r, c := m.Dims()
	x, err := exactmath.FromFloat64(r, c, rowMajor(m))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// checkRotation decomposes m and checks the flow exactly: depth, residual and
// the proved bound on every layer's condition.
func checkRotation(t *testing.T, m *mat.Dense, part coupling.Partition) *coupling.Flow {
	t.Helper()
	x := asFloats(t, m)
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

func half(t *testing.T, n int) coupling.Partition {
	t.Helper()
	p, err := coupling.Half(n)
	if err != nil {
		t.Fatal(err)
	}
	return p
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
				f := checkRotation(t, haar(n, rng), half(t, n))
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
		for name, m := range weirdRotations(n, rng) {
			t.Run(fmt.Sprintf("n=%d/%s", n, name), func(t *testing.T) {
				checkRotation(t, m, half(t, n))
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
				checkRotation(t, haar(n, rng), part)
			})
		}
	}
}

func TestOrthogonalDepth(t *testing.T) {
	swap := mat.NewDense(8, 8, nil)
	for i := range 8 {
		swap.Set((i+4)%8, i, 1)
	}
	minus := eye(8)
	minus.Scale(-1, minus)
	for name, c := range map[string]struct {
		m    *mat.Dense
		want int
	}{
		"identity":         {eye(8), 0},
		"plane":            {givens(8, 0, 7, 1), 3},
		"minus identity":   {minus, 4},
		"swap of halves":   {swap, 5},
		"plane in a part":  {givens(8, 0, 1, 1), 6},
		"plane, dimension": {givens(2, 0, 1, 1), 3},
	} {
		n, _ := c.m.Dims()
		if got := checkRotation(t, c.m, half(t, n)).Depth(); got != c.want {
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
			h := &halved{planes: []plane{{0, 1, angle}}, axis: []float64{math.Cos(float64(k)), math.Sin(float64(k))}}
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
		all := weirdRotations(n, rng)
		all["random"] = haar(n, rng)
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
				f, err := frame{part: half(t, n), p: n / 2, q: n - n/2}.stacked(coupling.Lower, x[:]...)
				if err != nil {
					t.Fatal(err)
				}
				res, err := verify.Check(f, asFloats(t, m))
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
	improper := haar(6, rng)
	for j := range 6 {
		improper.Set(2, j, -improper.At(2, j))
	}
	if _, err := Orthogonal(asFloats(t, improper), half(t, 6)); !errors.Is(err, ErrOrientation) {
		t.Errorf("improper: %v, want ErrOrientation", err)
	}
	bad := haar(6, rng)
	bad.Set(0, 0, bad.At(0, 0)+0.01)
	var notOrthogonal *NotOrthogonalError
	if _, err := Orthogonal(asFloats(t, bad), half(t, 6)); !errors.As(err, &notOrthogonal) {
		t.Errorf("not orthogonal: %v", err)
	}
	var shape *ShapeError
	if _, err := Orthogonal(asFloats(t, eye(5)), half(t, 6)); !errors.As(err, &shape) {
		t.Errorf("shape: %v", err)
	}
	part, err := coupling.NewPartition(6, []int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Orthogonal(asFloats(t, eye(6)), part); !errors.Is(err, ErrPartition) {
		t.Errorf("partition 2 + 4: %v, want ErrPartition", err)
	}
}

// TestOrthogonalFloat32 decomposes a rotation known to seven digits: accepted,
// with a residual of that size.
func TestOrthogonalFloat32(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	m := haar(26, rng)
	m.Apply(func(_, _ int, v float64) float64 { return float64(float32(v)) }, m)
	x := asFloats(t, m)
	f, err := Orthogonal(x, half(t, 26))
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
		m := haar(n, rand.New(rand.NewPCG(1, 1)))
		x, err := exactmath.FromFloat64(n, n, rowMajor(m))
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
