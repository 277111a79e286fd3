package transport

import (
	"fmt"
	"math"
)

// BoxError reports a box that does not hold the points, or that cannot be derived
// from them.
type BoxError struct{ Reason string }

func (e *BoxError) Error() string { return "box: " + e.Reason }

// Bounds returns the least box that holds the points. It fails with a *BoxError if
// a coordinate is the same at all points.
func Bounds(points [][]float64) (lo, hi []float64, err error) {
	lo, hi = append(lo, points[0]...), append(hi, points[0]...)
	for _, p := range points {
		for j, v := range p {
			lo[j], hi[j] = min(lo[j], v), max(hi[j], v)
		}
	}
	for j := range lo {
		if lo[j] == hi[j] {
			return nil, nil, &BoxError{fmt.Sprintf("coordinate %d is %v at every point, want a box that says how wide it is", j, lo[j])}
		}
	}
	return lo, hi, nil
}

// FromSamples returns the histogram of the points on a grid of n cells along each
// axis of the box; a point on a border belongs to the upper cell, but for the upper
// ends of the box. It fails with a *BoxError if a point is outside, with a
// *HistogramError.
func FromSamples(points [][]float64, n int, lo, hi []float64) (*Histogram, error) {
	d := len(lo)
	h := &Histogram{Lo: lo, Hi: hi, Cells: make([]int, d)}
	size := 1
	for j := range d {
		h.Cells[j] = n
		if n < 1 || size > MaxCells/n {
			return nil, &HistogramError{fmt.Sprintf("a grid of %d cells along each of %d axes, want at least 1 and at most %d in all", n, d, MaxCells)}
		}
		size *= n
	}
	h.Weights = make([]uint64, size)
	if err := h.corners(); err != nil {
		return nil, err
	}
	for i, p := range points {
		at := 0
		for j, v := range p {
			if v < lo[j] || v > hi[j] {
				return nil, &BoxError{fmt.Sprintf("point %d has the coordinate %v on axis %d, want %v to %v", i+1, v, j, lo[j], hi[j])}
			}
			at = at*n + cellOf(v, lo[j], hi[j], n)
		}
		h.Weights[at]++
	}
	return h, h.Check()
}

// cellOf returns the cell that holds v.
func cellOf(v, lo, hi float64, n int) int {
	// Halves, since hi - lo may overflow.
	k := min(int((v/2-lo/2)/(hi/2-lo/2)*float64(n)), n-1)
	return max(k, 0)
}

func (h *Histogram) corners() error {
	for j := range h.Lo {
		if !(h.Lo[j] < h.Hi[j]) || math.IsInf(h.Lo[j], 0) || math.IsInf(h.Hi[j], 0) {
			return &HistogramError{fmt.Sprintf("axis %d from %v to %v, want an interval", j, h.Lo[j], h.Hi[j])}
		}
	}
	return nil
}

// SampleDistance returns an upper bound of W2 between the empirical law of points
// and their histogram: within a cell a point and a uniform one are at most h_j^2/3
// apart in the mean square along axis j.
func (h *Histogram) SampleDistance() float64 {
	sum := 0.0
	for j, c := range h.Cells {
		side := (h.Hi[j] - h.Lo[j]) / float64(c)
		sum += side * side / 3
	}
	return math.Sqrt(sum) * (1 + 0x1p-40) // cells were found, and this is computed, in float64
}
