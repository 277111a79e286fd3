// Package transport is the vocabulary of claims about Wasserstein distances:
// histograms with rational masses, and the plans that say which part of the noise
// goes to which part of a histogram.
package transport

import (
	"fmt"
	"math/big"
)

// Limits of a histogram.
const (
	MaxDim   = 4
	MaxCells = 1 << 22
	// MaxWeight bounds each weight, so that sums and moments stay short.
	MaxWeight = 1 << 40
)

// Histogram is a law on a box of R^D: the box is cut into a grid of equal cells,
// each cell has a mass proportional to its weight, and inside a cell the law is
// uniform.
//
// Invariant: 1 <= len(Cells) = len(Lo) = len(Hi) <= MaxDim; Lo[j] < Hi[j], finite;
// Cells[j] >= 1; len(Weights) is their product, at most MaxCells; weights are at
// most MaxWeight and not all 0.
type Histogram struct {
	Lo, Hi  []float64 // corners of the box; exact, as dyadic rationals
	Cells   []int     // along each axis
	Weights []uint64  // row-major: the last axis runs fastest
}

// HistogramError reports numbers that are no histogram.
type HistogramError struct{ Reason string }

func (e *HistogramError) Error() string { return "histogram: " + e.Reason }

// Check verifies the invariant; it fails with a *HistogramError.
func (h *Histogram) Check() error {
	fail := func(format string, args ...any) error { return &HistogramError{fmt.Sprintf(format, args...)} }
	d := len(h.Cells)
	if d < 1 || d > MaxDim || len(h.Lo) != d || len(h.Hi) != d {
		return fail("dimension %d with corners of %d and %d, want one dimension from 1 to %d", d, len(h.Lo), len(h.Hi), MaxDim)
	}
	n := 1
	for _, c := range h.Cells {
		if c < 1 || c > MaxCells/n {
			return fail("%v cells, want at least one along each axis and at most %d in all", h.Cells, MaxCells)
		}
		n *= c
	}
	if err := h.corners(); err != nil {
		return err
	}
	if len(h.Weights) != n {
		return fail("%d weights, want %d", len(h.Weights), n)
	}
	some := false
	for k, w := range h.Weights {
		if w > MaxWeight {
			return fail("weight %d is %d, want at most 2^40", k, w)
		}
		some = some || w > 0
	}
	if !some {
		return fail("all weights are 0")
	}
	return nil
}

// Dim returns D.
func (h *Histogram) Dim() int { return len(h.Cells) }

// Total returns the sum of the weights.
func (h *Histogram) Total() *big.Int {
	sum, t := new(big.Int), new(big.Int)
	for _, w := range h.Weights {
		sum.Add(sum, t.SetUint64(w))
	}
	return sum
}

// Permute returns the histogram whose axis j is axis order[j] of h.
func (h *Histogram) Permute(order []int) *Histogram {
	d := h.Dim()
	stride := make([]int, d) // of h
	for j, s := d-1, 1; j >= 0; j-- {
		stride[j] = s
		s *= h.Cells[j]
	}
	out := &Histogram{Lo: make([]float64, d), Hi: make([]float64, d), Cells: make([]int, d), Weights: make([]uint64, len(h.Weights))}
	for j, a := range order {
		out.Lo[j], out.Hi[j], out.Cells[j] = h.Lo[a], h.Hi[a], h.Cells[a]
	}
	at := make([]int, d)
	for k := range out.Weights {
		from := 0
		for j, a := range order {
			from += at[j] * stride[a]
		}
		out.Weights[k] = h.Weights[from]
		for j := d - 1; j >= 0; j-- {
			if at[j]++; at[j] < out.Cells[j] {
				break
			}
			at[j] = 0
		}
	}
	return out
}

// Edge returns the coordinate of an edge of the grid refined r times along the axis:
// Lo + (Hi - Lo) e / (Cells r), exactly.
func (h *Histogram) Edge(axis, r, e int) *big.Rat {
	lo, hi := new(big.Rat).SetFloat64(h.Lo[axis]), new(big.Rat).SetFloat64(h.Hi[axis])
	hi.Sub(hi, lo).Mul(hi, big.NewRat(int64(e), int64(h.Cells[axis])*int64(r)))
	return hi.Add(hi, lo)
}
