package universal_test

import (
	"errors"
	"math"
	"testing"

	"flowproof/constructions/universal"
	"flowproof/transport"
	"flowproof/verify/wasserstein"
)

func box(cells ...int) *transport.Histogram {
	h := &transport.Histogram{Cells: cells}
	n := 1
	for _, c := range cells {
		h.Lo, h.Hi = append(h.Lo, -1), append(h.Hi, 1)
		n *= c
	}
	h.Weights = make([]uint64, n)
	return h
}

func square() *transport.Histogram {
	h := box(1, 1)
	h.Weights[0] = 1
	return h
}

func checkerboard() *transport.Histogram {
	h := box(4, 4)
	for k := range h.Weights {
		if (k/4+k%4)%2 == 0 {
			h.Weights[k] = 1
		}
	}
	return h
}

func ring() *transport.Histogram {
	h := box(64, 64)
	for k := range h.Weights {
		for s := range 64 {
			x, y := (k/64)*16+s/8*2+1-512, (k%64)*16+s%8*2+1-512
			if r := x*x + y*y; 358*358 <= r && r <= 435*435 {
				h.Weights[k]++
			}
		}
	}
	return h
}

// TestBuild: the certified bound is at most delta at once, since the estimate that
// the builder goes by is above it.
func TestBuild(t *testing.T) {
	for name, h := range map[string]*transport.Histogram{"square": square(), "checkerboard": checkerboard(), "ring": ring()} {
		for _, delta := range []float64{0.5, 0.2, 0.1, 0.05} {
			b, err := universal.Build(h, transport.Split{First: []int{0}, Second: []int{1}}, delta, universal.Options{})
			if err != nil {
				t.Fatal(name, delta, err)
			}
			r, err := wasserstein.Bound(h, b.Plan, b.Flow, wasserstein.DefaultLimits())
			if err != nil {
				t.Fatal(name, delta, err)
			}
			bound, _ := r.Bound.Float64()
			if bound > delta || bound > b.Estimate || bound < 0.5*delta {
				t.Errorf("%s: bound %v, estimate %v, asked %v", name, bound, b.Estimate, delta)
			}
		}
	}
}

// TestErrors: what cannot be built is refused before much work is done.
func TestErrors(t *testing.T) {
	split := transport.Split{First: []int{0}, Second: []int{1}}
	for _, delta := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := universal.Build(square(), split, delta, universal.Options{}); !errors.Is(err, universal.ErrDelta) {
			t.Errorf("delta %v: %v", delta, err)
		}
	}
	var s *universal.SizeError
	if _, err := universal.Build(square(), split, 0.01, universal.Options{MaxCells: 3}); !errors.As(err, &s) || s.What != "cells" || s.Limit != 3 || s.Need <= 3 {
		t.Errorf("three cells: %v", err)
	}
	if _, err := universal.Build(square(), split, 0.01, universal.Options{MaxKnots: 30}); !errors.As(err, &s) || s.What != "knots" || s.Need <= 30 {
		t.Errorf("thirty knots: %v", err)
	}
	if _, err := universal.Build(square(), split, 1e-9, universal.Options{}); err == nil {
		t.Error("delta 1e-9 was built")
	}
	var h *transport.HistogramError
	if _, err := universal.Build(&transport.Histogram{}, split, 1, universal.Options{}); !errors.As(err, &h) {
		t.Errorf("no histogram: %v", err)
	}
	if _, err := universal.Build(square(), transport.Split{First: []int{0}}, 1, universal.Options{}); err == nil {
		t.Error("half a split was built")
	}
}

// TestLightRows: rows of next to no mass between heavy ones are run over as if they had
// none; the flow is no steeper for them.
func TestLightRows(t *testing.T) {
	steepest := func(weights ...uint64) float64 {
		h := &transport.Histogram{Lo: []float64{-1, -1}, Hi: []float64{1, 1}, Cells: []int{1, len(weights)}, Weights: weights}
		b, err := universal.Build(h, transport.Split{First: []int{0}, Second: []int{1}}, 0.3, universal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		first, second := b.Flow.Layers()[0].Updates[0], b.Flow.Layers()[1].Updates[0]
		return first.Factor * second.Shift.Lipschitz()
	}
	const heavy = 1 << 39
	for _, light := range [][]uint64{{1, 1, 1, 1}, {1 << 10, 1, 1, 1 << 10}, {1, 0, 1 << 15, 1}} {
		with := steepest(append(append([]uint64{heavy, heavy}, light...), heavy, heavy)...)
		without := steepest(heavy, heavy, 0, 0, 0, 0, heavy, heavy)
		if with > 1.5*without || with < without/1.5 {
			t.Errorf("%v: slope %v in the noise, %v without these rows", light, with, without)
		}
	}
}
