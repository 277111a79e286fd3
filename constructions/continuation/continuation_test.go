package continuation

import (
	"context"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/floatflow"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify"
)

func randomMatrix(rng *rand.Rand, rows, cols int, size float64) blas64.General {
	m := floatflow.NewGeneral(rows, cols)
	for i := range m.Data {
		m.Data[i] = size * rng.NormFloat64()
	}
	return m
}

func randomPoint(rng *rand.Rand, p, q, k, first int) *point {
	f := &point{Parts: floatflow.Parts{P: p, Q: q}, first: first}
	for i := range k {
		f.x = append(f.x, randomMatrix(rng, f.size(f.dst(i)), f.size(f.src(i)), 0.5))
	}
	return f
}

func (f *point) product() blas64.General {
	m := floatflow.IdentityGeneral(f.N())
	for i := range f.x {
		f.right(i, 1, m)
	}
	return m
}

// The derivative agrees with differences of the product, its adjoint with its
// transpose, and factors with both.
func TestTangent(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ p, q, k, first int }{{2, 2, 6, 1}, {2, 3, 6, 1}, {3, 4, 7, 0}, {1, 1, 8, 1}, {3, 3, 5, 0}} {
		f := randomPoint(rng, c.p, c.q, c.k, c.first)
		n := f.N()
		var d, g []blas64.General
		for _, x := range f.x {
			d = append(d, randomMatrix(rng, x.Rows, x.Cols, 1))
			g = append(g, floatflow.NewGeneral(x.Rows, x.Cols))
		}
		v := newTangent(f)
		got := floatflow.NewGeneral(n, n)
		v.apply(d, got)

		const h = 1e-6
		moved := func(s float64) blas64.General {
			e := f.clone()
			for i := range e.x {
				floatflow.Axpy(s, d[i].Data, e.x[i].Data)
			}
			return e.product()
		}
		diff := moved(h)
		floatflow.Axpy(-1, moved(-h).Data, diff.Data)
		diff = v.between(diff)
		for i, x := range got.Data {
			if w := diff.Data[i] / (2 * h); math.Abs(x-w) > 1e-5*(1+math.Abs(w)) {
				t.Fatalf("%+v, entry %d: %g, differences say %g", c, i, x, w)
			}
		}
		y := randomMatrix(rng, n, n, 1)
		v.adjoint(y, g)
		sum := 0.0
		for i := range d {
			sum += floatflow.Dot(d[i].Data, g[i].Data)
		}
		if want := floatflow.Dot(y.Data, got.Data); math.Abs(sum-want) > 1e-9*(1+math.Abs(want)) {
			t.Errorf("%+v: <J d, y> = %g, <d, J^T y> = %g", c, want, sum)
		}
		v.factors(func(_, i int, l, r blas64.General) {
			w, z := floatflow.NewGeneral(n, r.Rows), floatflow.NewGeneral(n, n)
			floatflow.Gemm(1, l, d[i], 0, w)
			floatflow.Gemm(1, w, r, 0, z)
			floatflow.Axpy(-1, z.Data, got.Data)
		})
		if s := floatflow.Norm2(got.Data); s > 1e-9 {
			t.Errorf("%+v: sum of L d R is off by %g", c, s)
		}
	}
}

// Splitting a layer leaves the product as it is, and makes the largest layer smaller.
func TestDeepen(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, k := range []int{6, 7, 8, 11} {
		f := randomPoint(rng, 2, 3, 6, 1)
		want := f.product()
		f.deepen(k)
		got := f.product()
		floatflow.Axpy(-1, want.Data, got.Data)
		if s := floatflow.Norm2(got.Data); len(f.x) != k || s > 1e-12 {
			t.Errorf("%d layers, want %d; the product moved by %g", len(f.x), k, s)
		}
	}
}

// With one term in each half the preconditioner is the inverse.
func TestSimultaneous(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const n = 7
	square := func() blas64.General {
		x, z := randomMatrix(rng, n, n, 1), floatflow.IdentityGeneral(n)
		blas64.Gemm(plain, transposed, 1, x, x, 0.1, z)
		return z
	}
	pa, pb, qa, qb, y := square(), square(), square(), square(), randomMatrix(rng, n, n, 1)
	c := &preconditioner{a: 1, b: 1, w: floatflow.NewGeneral(n, n), z: floatflow.NewGeneral(n, n)}
	c.u, c.p, _ = simultaneous(pa, pb)
	c.v, c.q, _ = simultaneous(qa, qb)
	z := c.solve(y)
	back, w := floatflow.NewGeneral(n, n), floatflow.NewGeneral(n, n)
	for _, pq := range [][2]blas64.General{{pa, qa}, {pb, qb}} {
		floatflow.Gemm(1, pq[0], z, 0, w)
		floatflow.Gemm(1, w, pq[1], 1, back)
	}
	floatflow.Axpy(-1, y.Data, back.Data)
	if s := floatflow.Norm2(back.Data); s > 1e-8 {
		t.Errorf("off by %g", s)
	}
}

// spectrum returns a matrix with singular values in geometric progression.
func spectrum(rng *rand.Rand, n int, cond, scale float64) exactmath.Matrix {
	var u, v mat.QR
	u.Factorize(mat.NewDense(n, n, randomMatrix(rng, n, n, 1).Data))
	v.Factorize(mat.NewDense(n, n, randomMatrix(rng, n, n, 1).Data))
	var a, b, m mat.Dense
	u.QTo(&a)
	v.QTo(&b)
	if mat.Det(&a)*mat.Det(&b) < 0 {
		for i := range n {
			a.Set(i, 0, -a.At(i, 0))
		}
	}
	a.Apply(func(_, j int, x float64) float64 { return x * scale * math.Pow(cond, 0.5-float64(j)/float64(n-1)) }, &a)
	m.Mul(&a, b.T())
	x, err := exactmath.FromFloat64(n, n, m.RawMatrix().Data)
	if err != nil {
		panic(err)
	}
	return x
}

// Flows of maps of all kinds have the residual and the depth asked for, and layers of
// about the condition that the page promises.
func TestFind(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, c := range []struct {
		n, depth    int
		cond, scale float64
		partition   string
		largest     float64
	}{
		{16, 6, 30, 1, "half", 6}, {17, 6, 30, 1, "half", 6}, {16, 8, 30, 1, "checkerboard", 5}, {16, 11, 30, 1, "half", 4},
		{12, 6, 1e4, 1, "half", 43}, {12, 6, 1e6, 1, "half", 403}, {9, 6, 20, 7.5, "half", 40},
		{5, 6, 10, 0.2, "0,2,4", 60}, {8, 6, 10, 0x1p400, "half", math.Inf(1)}, {3, 6, 10, 1, "half", 12},
	} {
		part, err := coupling.ParsePartition(c.n, c.partition)
		if err != nil {
			t.Fatal(err)
		}
		target := spectrum(rng, c.n, c.cond, c.scale)
		f, rep, err := Find(target, part, Options{Depth: c.depth})
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		r, err := verify.Check(f, target)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Within(big.NewRat(1, 1e14)) || f.Depth() != c.depth || !(rep.Max <= c.largest) {
			t.Errorf("%+v: %d layers, largest %.3g (starts %d, steps %d, iterations %d), residual %s", c, f.Depth(), rep.Max,
				rep.Starts, rep.Steps, rep.Iterations, r.ResidualMax.FloatString(20))
		}
	}
}

// The polar factor of a positive map is the identity, of fewer than six layers: the
// path starts elsewhere.
func TestFindPositive(t *testing.T) {
	x, err := exactmath.FromFloat64(4, 4, []float64{8, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5})
	if err != nil {
		t.Fatal(err)
	}
	part, _ := coupling.Half(4)
	f, rep, err := Find(x, part, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := verify.Check(f, x)
	if err != nil || !r.Within(big.NewRat(1, 1e14)) || rep.Starts < 2 {
		t.Errorf("%v, residual %v, %d starts", err, r, rep.Starts)
	}
}

func TestFindRefuses(t *testing.T) {
	flip, _ := exactmath.FromFloat64(4, 4, []float64{-1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4})
	half, _ := coupling.Half(4)
	if _, _, err := Find(flip, half, Options{}); !errors.Is(err, fault.ErrOrientation) {
		t.Errorf("negative determinant: %v", err)
	}
	uneven, _ := coupling.ParsePartition(4, "0")
	good := spectrum(rand.New(rand.NewPCG(1, 1)), 4, 5, 1)
	if _, _, err := Find(good, uneven, Options{}); !errors.Is(err, fault.ErrPartition) {
		t.Errorf("uneven parts: %v", err)
	}
	var depth *DepthError
	if _, _, err := Find(good, half, Options{Depth: 5}); !errors.As(err, &depth) || depth.Depth != 5 {
		t.Errorf("five layers: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Find(good, half, Options{Context: ctx}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
