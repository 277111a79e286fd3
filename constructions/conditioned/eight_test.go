package conditioned

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/numeric"
	"flowproof/constructions/internal/sample"
	"flowproof/coupling"
	"flowproof/exactmath"
)

func eightTargets() []sample.Target {
	ts := sample.WeirdTargets()
	for n := 2; n <= 20; n++ {
		ts = append(ts, sample.GaussianTarget(n, 1))
	}
	for _, n := range []int{32, 33, 64, 65} {
		ts = append(ts, sample.GaussianTarget(n, 2), sample.SvdTarget(fmt.Sprintf("svd-%d", n), sample.Geometric(n, 3), uint64(n)))
	}
	for _, n := range []int{2, 3, 4, 5, 8, 9, 16, 17} {
		ts = append(ts, sample.Target{Name: fmt.Sprintf("rotation-%d", n), N: n, Data: numeric.RowMajor(sample.RandomRotation(n, uint64(n)))})
	}
	return append(ts,
		sample.SvdTarget("large-det-16", sample.Geometric(16, 2), 9).Scaled(math.Pow(1e14, 1./16)),
		sample.SvdTarget("small-det-15", sample.Geometric(15, 2), 10).Scaled(1e-3),
		sample.SvdTarget("ill-conditioned-12", sample.Geometric(12, 30), 5),
		sample.SvdTarget("ill-conditioned-13", sample.Geometric(13, 30), 6),
	)
}

func TestEight(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, tt := range eightTargets() {
		t.Run(tt.Name, func(t *testing.T) {
			target := tt.Matrix(t)
			s := sample.SingularValues(tt)
			cond := s[0] / s[tt.N-1]
			det := 1.0 // t = |det M|^(1/n)
			for _, v := range s {
				det *= math.Pow(v, 1/float64(tt.N))
			}
			sizes := []int{tt.N / 2}
			if tt.N%2 == 1 {
				sizes = append(sizes, tt.N/2+1)
			}
			for _, p := range sizes {
				part, err := coupling.NewPartition(tt.N, rng.Perm(tt.N)[:p])
				if err != nil {
					t.Fatal(err)
				}
				f, err := Eight(target, part)
				if err != nil {
					t.Fatal(err)
				}
				m := sample.Measure(t, f, target)
				t.Logf("p = %d: depth %d, residual %.1e, cond %.3g, product/cond %.3g, largest %.3g",
					p, m.Depth, m.Residual, cond, m.Product/cond, numeric.MaxAbs(m.Layers))
				if m.Depth > 8 {
					t.Errorf("depth %d", m.Depth)
				}
				if limit := 1e-13 + 1e-16*cond*cond; m.Residual > limit {
					t.Errorf("relative residual %g, want at most %g", m.Residual, limit)
				}
				bound := EightBound(tt.N, cond)
				for k, c := range m.Layers {
					limit := bound
					if k >= len(m.Layers)-2 {
						limit *= max(det, 1/det)
					}
					if c > limit*(1+1e-6) {
						t.Errorf("layer %d of %d: condition number %g, proved at most %g", k, len(m.Layers), c, limit)
					}
				}
				if low := m.LowerLimit(target); m.Product < low*(1-1e-9) {
					t.Errorf("product of condition numbers %g, proved at least %g", m.Product, low)
				}
			}
		})
	}
}

// The norms that PROOFS.md, section 5.4, bounds, for the choice of scales that it
// is about, against the bounds in terms of the quantities they are derived from.
func TestEightNorms(t *testing.T) {
	for _, tt := range eightTargets() {
		s := sample.SingularValues(tt)
		cond := s[0] / s[tt.N-1]
		if cond > 1e3 {
			continue // beyond what rounding lets the bounds be tested at
		}
		t.Run(tt.Name, func(t *testing.T) {
			tt := sample.UnitDet(tt)
			m := mat.NewDense(tt.N, tt.N, tt.Data)
			s := sample.SingularValues(tt)
			lo, hi := s[tt.N-1], s[0]
			st, err := newStraightened(m, tt.N/2)
			if err != nil {
				t.Fatal(err)
			}
			x, err := st.layers(st.scales()[0])
			if err != nil {
				t.Fatal(err)
			}
			g := math.Pow(cond, 1.5)
			limits := [8]float64{1, 3 * cond, math.Sqrt(cond), 4.42 * g, math.Sqrt(cond), 2 * g, 2 * g, 3.42 * g}
			check := func(what string, got, limit float64) {
				if !(got <= limit*(1+1e-9)+1e-12) {
					t.Errorf("%s: %g, proved at most %g", what, got, limit)
				}
			}
			check("rmax", st.rmax, hi)
			check("1/rmin", 1/st.rmin, 1/lo)
			hmax, hmin := numeric.MaxAbs(st.h), minAbs(st.h)
			if st.q > st.p {
				g3, g5 := math.Pow(cond, 3), math.Pow(cond, 5)
				limits = [8]float64{1, 16.1 * g3, 4.25 * g3, 138.7 * g5, 9.45 * g3, 41.8 * g5, 64.7 * g5, 38 * g5}
				check("|g|", hmax, math.Sqrt2/(lo*lo))
				check("|g^-1|", 1/hmin, (1+math.Sqrt2)*hi*hi)
				check("|tau|", math.Abs(st.tau), math.Sqrt2/(lo*lo))
				check("1/|tau|", 1/math.Abs(st.tau), math.Sqrt2*hi*hi)
				check("|v|", mat.Norm(st.v, 2), math.Sqrt2*cond*cond)
				check("|w|", mat.Norm(st.w, 2), 1/(lo*lo))
			} else {
				check("|g|", hmax, 1/(st.rmin*lo))
				check("|g^-1|", 1/hmin, hi*st.rmax)
				for _, h := range st.h {
					if h <= 0 {
						t.Errorf("eigenvalue %g of a polar factor", h)
					}
				}
			}
			for k, w := range x {
				var svd mat.SVD
				svd.Factorize(w, mat.SVDNone)
				check(fmt.Sprintf("layer %d", k), svd.Values(nil)[0], limits[k])
			}
		})
	}
}

// ratDetSign returns the sign of det x by elimination over the rationals.
func ratDetSign(x exactmath.Matrix) int {
	n, _ := x.Dims()
	a := make([][]*big.Rat, n)
	for i := range a {
		for j := range n {
			a[i] = append(a[i], x.At(i, j))
		}
	}
	sign := 1
	for k := range n {
		pivot := slices.IndexFunc(a[k:], func(row []*big.Rat) bool { return row[k].Sign() != 0 })
		if pivot < 0 {
			return 0
		}
		if pivot > 0 {
			a[k], a[k+pivot], sign = a[k+pivot], a[k], -sign
		}
		sign *= a[k][k].Sign()
		for i := k + 1; i < n; i++ {
			f := new(big.Rat).Quo(a[i][k], a[k][k])
			for j := k; j < n; j++ {
				a[i][j] = new(big.Rat).Sub(a[i][j], new(big.Rat).Mul(f, a[k][j]))
			}
		}
	}
	return sign
}

// Matrices of entries -1, 0, 1 have vanishing blocks, repeated singular values
// and eigenvalues far more often than chance has it elsewhere.
func TestTernary(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		n := 2 + rng.IntN(8)
		tt := sample.Fill("ternary", n, func(int, int) float64 { return float64(rng.IntN(3) - 1) })
		target := tt.Matrix(t)
		part, err := coupling.Half(n)
		if err != nil {
			t.Fatal(err)
		}
		wide, errWide := Conditioned(target, part, Options{Depth: 11})
		f, err := Eight(target, part)
		if sign := ratDetSign(target); sign <= 0 {
			want := fault.ErrSingular
			if sign < 0 {
				want = fault.ErrOrientation
			}
			if !errors.Is(err, want) || !errors.Is(errWide, want) {
				t.Errorf("%v: errors %v, %v, want %v", tt.Data, err, errWide, want)
			}
			continue
		}
		if err != nil || errWide != nil {
			t.Errorf("%v: errors %v, %v", tt.Data, err, errWide)
			continue
		}
		s := sample.SingularValues(tt)
		cond := s[0] / s[n-1]
		if m := sample.Measure(t, wide, target); m.Residual > 1e-13 || m.Product > conditionedBound(s) {
			t.Errorf("%v: eleven layers have residual %g, product %g, cond %g", tt.Data, m.Residual, m.Product, cond)
		}
		if m := sample.Measure(t, f, target); m.Residual > 1e-13+1e-16*cond*cond || m.Depth > 8 {
			t.Errorf("%v: eight layers have residual %g, depth %d, cond %g", tt.Data, m.Residual, m.Depth, cond)
		}
	}
}

// Running products against their definition, on random multisets of product 1.
func TestRunningProducts(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for n := 1; n <= 40; n++ {
		h, sum := make([]float64, n), 0.0
		for i := range h {
			h[i] = 3 * rng.NormFloat64()
			sum += h[i]
		}
		for i := range h {
			h[i] = math.Exp(h[i] - sum/float64(n))
		}
		if n > 1 {
			h[0], h[n-1] = -h[0], -h[n-1]
		}
		pi, next := runningProducts(h)
		seen := make([]bool, n)
		for j, i := 0, 0; j < n; j, i = j+1, next[i] {
			if seen[i] {
				t.Fatalf("n = %d: the successor is not one cycle", n)
			}
			seen[i] = true
			if q := pi[i] / pi[next[i]]; math.Abs(q/h[i]-1) > 1e-12 {
				t.Errorf("n = %d: pi_%d / pi_next = %g, want %g", n, i, q, h[i])
			}
		}
		if got, limit := numeric.MaxAbs(pi)/minAbs(pi), numeric.MaxAbs(h)/minAbs(h); got > limit*(1+1e-12) {
			t.Errorf("n = %d: running products span %g, want at most %g", n, got, limit)
		}
	}
}

func TestEightRefuses(t *testing.T) {
	part := func(n, p int) coupling.Partition {
		first := make([]int, p)
		for i := range first {
			first[i] = i
		}
		out, err := coupling.NewPartition(n, first)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	var shape *fault.ShapeError
	for _, tt := range []struct {
		name   string
		target sample.Target
		part   coupling.Partition
		is     error
		as     any
	}{
		{"shape", sample.Fill("", 3, sample.Delta), part(2, 1), nil, &shape},
		{"partition", sample.Fill("", 4, sample.Delta), part(4, 1), fault.ErrPartition, nil},
		{"orientation", sample.Fill("", 2, func(i, j int) float64 { return float64(i+j) - sample.Delta(i, j) }), part(2, 1), fault.ErrOrientation, nil},
		{"swap", sample.Fill("", 2, func(i, j int) float64 { return 1 - sample.Delta(i, j) }), part(2, 1), fault.ErrOrientation, nil},
		{"zero", sample.Fill("", 3, func(i, j int) float64 { return 0 }), part(3, 1), fault.ErrSingular, nil},
		{"rank two", sample.Fill("", 4, func(i, j int) float64 { return float64(i + j) }), part(4, 2), fault.ErrSingular, nil},
		{"singular in float64", sample.Fill("", 2, func(i, j int) float64 { return sample.Delta(i, j) * math.Exp2(-80*float64(i)) }), part(2, 1), fault.ErrPrecision, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Eight(tt.target.Matrix(t), tt.part)
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) || tt.as != nil && !errors.As(err, tt.as) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func BenchmarkEight(b *testing.B) {
	for _, n := range []int{64, 65, 128} {
		target := sample.GaussianTarget(n, 1).Matrix(b)
		part, err := coupling.Half(n)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Eight(target, part); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
