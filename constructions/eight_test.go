package constructions

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath"
)

func eightTargets() []namedTarget {
	ts := weirdTargets()
	for n := 2; n <= 20; n++ {
		ts = append(ts, gaussianTarget(n, 1))
	}
	for _, n := range []int{32, 33, 64, 65} {
		ts = append(ts, gaussianTarget(n, 2), svdTarget(fmt.Sprintf("svd-%d", n), geometric(n, 3), uint64(n)))
	}
	for _, n := range []int{2, 3, 4, 5, 8, 9, 16, 17} {
		ts = append(ts, namedTarget{fmt.Sprintf("rotation-%d", n), n, rowMajor(randomRotation(n, uint64(n)))})
	}
	return append(ts,
		svdTarget("large-det-16", geometric(16, 2), 9).scaled(math.Pow(1e14, 1./16)),
		svdTarget("small-det-15", geometric(15, 2), 10).scaled(1e-3),
		svdTarget("ill-conditioned-12", geometric(12, 30), 5),
		svdTarget("ill-conditioned-13", geometric(13, 30), 6),
	)
}

func TestEight(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, tt := range eightTargets() {
		t.Run(tt.name, func(t *testing.T) {
			target := tt.matrix(t)
			s := singularValues(tt)
			cond := s[0] / s[tt.n-1]
			det := 1.0 // t = |det M|^(1/n)
			for _, v := range s {
				det *= math.Pow(v, 1/float64(tt.n))
			}
			sizes := []int{tt.n / 2}
			if tt.n%2 == 1 {
				sizes = append(sizes, tt.n/2+1)
			}
			for _, p := range sizes {
				part, err := coupling.NewPartition(tt.n, rng.Perm(tt.n)[:p])
				if err != nil {
					t.Fatal(err)
				}
				f, err := Eight(target, part)
				if err != nil {
					t.Fatal(err)
				}
				m := measure(t, f, target)
				t.Logf("p = %d: depth %d, residual %.1e, cond %.3g, product/cond %.3g, largest %.3g",
					p, m.depth, m.residual, cond, m.product/cond, maxAbs(m.layers))
				if m.depth > 8 {
					t.Errorf("depth %d", m.depth)
				}
				if limit := 1e-13 + 1e-16*cond*cond; m.residual > limit {
					t.Errorf("relative residual %g, want at most %g", m.residual, limit)
				}
				bound := EightBound(tt.n, cond)
				for k, c := range m.layers {
					limit := bound
					if k >= len(m.layers)-2 {
						limit *= max(det, 1/det)
					}
					if c > limit*(1+1e-6) {
						t.Errorf("layer %d of %d: condition number %g, proved at most %g", k, len(m.layers), c, limit)
					}
				}
				if low := m.lowerLimit(target); m.product < low*(1-1e-9) {
					t.Errorf("product of condition numbers %g, proved at least %g", m.product, low)
				}
			}
		})
	}
}

// The norms that PROOFS.md, section 5.4, bounds, for the choice of scales that it
// is about, against the bounds in terms of the quantities they are derived from.
func TestEightNorms(t *testing.T) {
	for _, tt := range eightTargets() {
		s := singularValues(tt)
		cond := s[0] / s[tt.n-1]
		if cond > 1e3 {
			continue // beyond what rounding lets the bounds be tested at
		}
		t.Run(tt.name, func(t *testing.T) {
			tt := unitDet(tt)
			m := mat.NewDense(tt.n, tt.n, tt.data)
			s := singularValues(tt)
			lo, hi := s[tt.n-1], s[0]
			st, err := newStraightened(m, tt.n/2)
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
			hmax, hmin := maxAbs(st.h), minAbs(st.h)
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
		tt := fill("ternary", n, func(int, int) float64 { return float64(rng.IntN(3) - 1) })
		target := tt.matrix(t)
		part, err := coupling.Half(n)
		if err != nil {
			t.Fatal(err)
		}
		wide, errWide := Conditioned(target, part, ConditionedOptions{Depth: 11})
		f, err := Eight(target, part)
		if sign := ratDetSign(target); sign <= 0 {
			want := ErrSingular
			if sign < 0 {
				want = ErrOrientation
			}
			if !errors.Is(err, want) || !errors.Is(errWide, want) {
				t.Errorf("%v: errors %v, %v, want %v", tt.data, err, errWide, want)
			}
			continue
		}
		if err != nil || errWide != nil {
			t.Errorf("%v: errors %v, %v", tt.data, err, errWide)
			continue
		}
		s := singularValues(tt)
		cond := s[0] / s[n-1]
		if m := measure(t, wide, target); m.residual > 1e-13 || m.product > conditionedBound(s) {
			t.Errorf("%v: eleven layers have residual %g, product %g, cond %g", tt.data, m.residual, m.product, cond)
		}
		if m := measure(t, f, target); m.residual > 1e-13+1e-16*cond*cond || m.depth > 8 {
			t.Errorf("%v: eight layers have residual %g, depth %d, cond %g", tt.data, m.residual, m.depth, cond)
		}
	}
}

// Weights and scales that are not numbers end as errors, never as layers.
func TestLayerListRefuses(t *testing.T) {
	part, err := coupling.Half(2)
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	var entry *exactmath.EntryError
	var scale *coupling.ScaleError
	for _, tt := range []struct {
		w, d float64
		wexp int
		as   any
	}{{nan, 1, 0, &entry}, {nan, 1, 5, &entry}, {1, nan, 0, &entry}, {1, math.Inf(1), 0, &entry}, {1, -1, 0, &scale}} {
		b := layerList{frame: frame{part: part, p: 1, q: 1}}
		b.add(coupling.Lower, mat.NewDense(1, 1, []float64{tt.w}), tt.wexp, []float64{tt.d}, 0)
		b.add(coupling.Upper, nil, 0, nil, 0) // the first error sticks
		if f, err := b.flow(); f != nil || !errors.As(err, tt.as) {
			t.Errorf("weight %g, scale %g: error %v", tt.w, tt.d, err)
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
		if got, limit := maxAbs(pi)/minAbs(pi), maxAbs(h)/minAbs(h); got > limit*(1+1e-12) {
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
	var shape *ShapeError
	for _, tt := range []struct {
		name   string
		target namedTarget
		part   coupling.Partition
		is     error
		as     any
	}{
		{"shape", fill("", 3, delta), part(2, 1), nil, &shape},
		{"partition", fill("", 4, delta), part(4, 1), ErrPartition, nil},
		{"orientation", fill("", 2, func(i, j int) float64 { return float64(i+j) - delta(i, j) }), part(2, 1), ErrOrientation, nil},
		{"swap", fill("", 2, func(i, j int) float64 { return 1 - delta(i, j) }), part(2, 1), ErrOrientation, nil},
		{"zero", fill("", 3, func(i, j int) float64 { return 0 }), part(3, 1), ErrSingular, nil},
		{"rank two", fill("", 4, func(i, j int) float64 { return float64(i + j) }), part(4, 2), ErrSingular, nil},
		{"singular in float64", fill("", 2, func(i, j int) float64 { return delta(i, j) * math.Exp2(-80*float64(i)) }), part(2, 1), ErrPrecision, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Eight(tt.target.matrix(t), tt.part)
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) || tt.as != nil && !errors.As(err, tt.as) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func BenchmarkEight(b *testing.B) {
	for _, n := range []int{64, 65, 128} {
		target := gaussianTarget(n, 1).matrix(b)
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
