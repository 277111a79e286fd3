package conditioned

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/sample"
	"flowproof/constructions/rotation"
	"flowproof/coupling"
)

// conditionedBound is the bound stated for Conditioned.
func conditionedBound(s []float64) float64 {
	n := len(s)
	p, q := n/2, n-n/2
	c := ConditionedBoundEven
	if n%2 == 1 {
		c = ConditionedBoundOdd
	}
	return c * max(s[0], 1) * max(1/s[n-1], 1) * max(1, 1/s[p-1], s[min(q, n-1)])
}

// The constants are the squares of what is certified of a rotation, rounded up.
func TestConditionedConstant(t *testing.T) {
	for c, certified := range map[float64]float64{
		ConditionedBoundEven: rotation.ProductLayersBoundEven, ConditionedBoundOdd: rotation.ProductLayersBoundOdd,
	} {
		if square := certified * certified; square > c || square < 0.99*c {
			t.Errorf("constant %g, stated %g", square, c)
		}
	}
}

func TestConditioned(t *testing.T) {
	ts := sample.WeirdTargets()
	for n := 2; n <= 20; n++ {
		ts = append(ts, sample.GaussianTarget(n, 1))
	}
	for _, n := range []int{32, 33, 64, 65} {
		ts = append(ts, sample.GaussianTarget(n, 2), sample.SvdTarget(fmt.Sprintf("svd-%d", n), sample.Geometric(n, 3), uint64(n)))
	}
	ts = append(ts,
		sample.SvdTarget("ill-conditioned-12", sample.Geometric(12, 1e6), 5),
		sample.SvdTarget("ill-conditioned-13", sample.Geometric(13, 1e6), 6),
		sample.SvdTarget("lopsided-8", []float64{128, .5, .5, .5, .5, .5, .5, .5}, 7),
		sample.SvdTarget("lopsided-9", []float64{2, 2, 2, 2, 2, 2, 2, 2, 1. / 256}, 8),
		sample.SvdTarget("large-det-16", sample.Geometric(16, 2), 9).Scaled(math.Pow(1e14, 1./16)),
		sample.SvdTarget("small-det-15", sample.Geometric(15, 2), 10).Scaled(1e-3),
		sample.SvdTarget("huge-7", sample.Geometric(7, 2), 11).Scaled(0x1p1000),
		sample.SvdTarget("tiny-8", sample.Geometric(8, 2), 12).Scaled(0x1p-1030),
		sample.Fill("nearly-singular-4", 4, func(i, j int) float64 { return sample.Delta(i, j) * math.Exp2(-80*float64(i/2)) }),
	)
	for _, tt := range ts {
		for _, depth := range []int{13, 11} {
			t.Run(fmt.Sprintf("%s/%d", tt.Name, depth), func(t *testing.T) {
				part, err := coupling.Half(tt.N)
				if err != nil {
					t.Fatal(err)
				}
				target := tt.Matrix(t)
				f, err := Conditioned(target, part, Options{Depth: depth})
				if err != nil {
					t.Fatal(err)
				}
				m := sample.Measure(t, f, target)
				s := sample.SingularValues(tt)
				inRange := s[tt.N-1] >= s[0]*0x1p-60 && s[0] <= 0x1p500 && s[0] >= 0x1p-500 // of products in float64
				t.Logf("depth %d, residual %.1e, product/bound-without-C %.3g", m.Depth, m.Residual, m.Product/(conditionedBound(s)/conditionedC(tt.N)))
				if m.Depth > depth {
					t.Errorf("depth %d, want at most %d", m.Depth, depth)
				}
				if m.Residual > 1e-13 {
					t.Errorf("relative residual %g", m.Residual)
				}
				if low := m.LowerLimit(target); inRange && m.Product < low*(1-1e-9) {
					t.Errorf("product of condition numbers %g, proved at least %g", m.Product, low)
				}
				if b := conditionedBound(s); inRange && m.Product > b*(1+1e-9) {
					t.Errorf("product of condition numbers %g, proved at most %g", m.Product, b)
				}
			})
		}
	}
}

func conditionedC(n int) float64 {
	if n%2 == 1 {
		return ConditionedBoundOdd
	}
	return ConditionedBoundEven
}

// The errors, and targets beyond the float64 range.
func TestConditionedRefuses(t *testing.T) {
	half := func(n int) coupling.Partition {
		p, err := coupling.Half(n)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	one, err := coupling.NewPartition(4, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	diag := func(d ...float64) sample.Target {
		return sample.Fill("", len(d), func(i, j int) float64 { return d[i] * sample.Delta(i, j) })
	}
	var depth *DepthError
	var shape *fault.ShapeError
	for _, tt := range []struct {
		name   string
		target sample.Target
		part   coupling.Partition
		depth  int
		is     error
		as     any
	}{
		{"depth", diag(1, 1), half(2), 12, nil, &depth},
		{"shape", diag(1, 1, 1), half(2), 0, nil, &shape},
		{"partition", diag(1, 1, 1, 1), one, 0, fault.ErrPartition, nil},
		{"orientation", diag(1, 2, -1, 1), half(4), 0, fault.ErrOrientation, nil},
		{"zero", diag(0, 0, 0), half(3), 0, fault.ErrSingular, nil},
		{"rank two", sample.Fill("", 4, func(i, j int) float64 { return float64(i + j) }), half(4), 0, fault.ErrSingular, nil},
		{"nearly singular, negative", diag(1, 1, 0x1p-80, -0x1p-80), half(4), 0, fault.ErrOrientation, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Conditioned(tt.target.Matrix(t), tt.part, Options{Depth: tt.depth})
			if tt.is != nil && !errors.Is(err, tt.is) || tt.as != nil && !errors.As(err, tt.as) || err == nil || err.Error() == "" {
				t.Errorf("error %v", err)
			}
		})
	}
}

func BenchmarkConditioned(b *testing.B) {
	for _, n := range []int{64, 65, 128} {
		target := sample.GaussianTarget(n, 1).Matrix(b)
		part, err := coupling.Half(n)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Conditioned(target, part, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
