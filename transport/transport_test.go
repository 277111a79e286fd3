package transport

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSplit(t *testing.T) {
	for _, c := range []struct {
		d    int
		text string
		want Split
	}{
		{2, "1|1", Split{[]int{0}, []int{1}}},
		{2, "0|1", Split{[]int{0}, []int{1}}},
		{2, "1|0", Split{[]int{1}, []int{0}}},
		{3, "1|2", Split{[]int{0}, []int{1, 2}}},
		{3, "2|1", Split{[]int{0, 1}, []int{2}}},
		{3, "0,2|1", Split{[]int{0, 2}, []int{1}}},
		{3, "2| 1,0", Split{[]int{2}, []int{1, 0}}},
		{4, "3|1", Split{[]int{0, 1, 2}, []int{3}}},
	} {
		got, err := ParseSplit(c.d, c.text)
		if err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("%d %s: %v, %v, want %v", c.d, c.text, got, err, c.want)
		}
		if again, err := ParseSplit(c.d, got.String()); err != nil || !cmp.Equal(again, got) {
			t.Errorf("%s is read as %v, %v", got, again, err)
		}
	}
	for _, text := range []string{"", "1", "1|", "|1", "0|0", "1|2|3", "a|b", "2|1", "-1|3", "0,1|"} {
		if s, err := ParseSplit(2, text); err == nil {
			t.Errorf("%q is read as %v", text, s)
		}
	}
}

func TestPermute(t *testing.T) {
	h := &Histogram{Lo: []float64{0, 1, 2}, Hi: []float64{10, 11, 12}, Cells: []int{2, 3, 4}}
	for k := range 24 {
		h.Weights = append(h.Weights, uint64(k))
	}
	order := []int{2, 0, 1}
	g := h.Permute(order)
	if !cmp.Equal(g.Cells, []int{4, 2, 3}) || !cmp.Equal(g.Lo, []float64{2, 0, 1}) {
		t.Errorf("%v from %v", g.Cells, g.Lo)
	}
	for i := range 2 {
		for j := range 3 {
			for k := range 4 {
				if got, want := g.Weights[(k*2+i)*3+j], h.Weights[(i*3+j)*4+k]; got != want {
					t.Errorf("cell %d %d %d: %d, want %d", i, j, k, got, want)
				}
			}
		}
	}
}

func TestFromSamples(t *testing.T) {
	points := [][]float64{{0, 0}, {1, 1}, {0.5, 0.25}, {0.49, 1}, {1, 0}}
	h, err := FromSamples(points, 2, []float64{0, 0}, []float64{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	// A point on an inner border belongs to the upper cell, one at the end to the last.
	if !cmp.Equal(h.Weights, []uint64{1, 1, 2, 1}) {
		t.Errorf("%v", h.Weights)
	}
	if d := h.SampleDistance(); math.Abs(d-math.Sqrt(0.25/3*2)) > 1e-9 {
		t.Errorf("distance %v", d)
	}
	if e := h.Edge(0, 4, 3); e.Cmp(big.NewRat(3, 8)) != 0 {
		t.Errorf("edge %v", e)
	}
	var b *BoxError
	if _, err := FromSamples(points, 2, []float64{0, 0}, []float64{1, 0.5}); !errors.As(err, &b) {
		t.Errorf("a point outside: %v", err)
	}
	if _, _, err := Bounds([][]float64{{1, 2}, {1, 3}}); !errors.As(err, &b) {
		t.Errorf("a flat axis: %v", err)
	}
	var e *HistogramError
	for name, h := range map[string]*Histogram{
		"no cells":       {},
		"few weights":    {Lo: []float64{0}, Hi: []float64{1}, Cells: []int{2}, Weights: []uint64{1}},
		"no mass":        {Lo: []float64{0}, Hi: []float64{1}, Cells: []int{2}, Weights: []uint64{0, 0}},
		"no interval":    {Lo: []float64{1}, Hi: []float64{1}, Cells: []int{1}, Weights: []uint64{1}},
		"NaN":            {Lo: []float64{math.NaN()}, Hi: []float64{1}, Cells: []int{1}, Weights: []uint64{1}},
		"heavy":          {Lo: []float64{0}, Hi: []float64{1}, Cells: []int{1}, Weights: []uint64{MaxWeight + 1}},
		"many cells":     {Lo: []float64{0, 0}, Hi: []float64{1, 1}, Cells: []int{1 << 20, 1 << 20}, Weights: []uint64{1}},
		"five axes":      {Lo: make([]float64, 5), Hi: []float64{1, 1, 1, 1, 1}, Cells: []int{1, 1, 1, 1, 1}, Weights: []uint64{1}},
		"missing corner": {Lo: []float64{0}, Hi: []float64{1, 2}, Cells: []int{1, 1}, Weights: []uint64{1}},
	} {
		if err := h.Check(); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
