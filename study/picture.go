package study

import (
	"math"

	"flowproof/empirical"
	"flowproof/neural"
	"flowproof/transport"
)

// Sample returns n samples of the record's flow, of quasi-random noise.
func (r *UniversalityRecord) Sample(n int) ([][]float64, error) {
	points := empirical.Normal(empirical.Points(n, r.Flow.Dim(), shift(r.Flow.Dim(), r.Case.Seed, 5)))
	for i, z := range points {
		x, err := neural.Forward(r.Flow, z)
		if err != nil {
			return nil, err
		}
		points[i] = x
	}
	return points, nil
}

// Noise are the two coordinates of the noise that the couplings read: the one that runs
// through a cell, which the second coupling reads as data, and the one that selects it.
func (r *UniversalityRecord) Noise() (runs, selects int) {
	return r.Case.Split.First[0], r.Case.Split.Second[0]
}

// Conditions returns the decimal logarithms of the flow's condition numbers at the
// middles of an n x n grid over [-reach, reach]^2 in the two coordinates of Noise, the
// other coordinates being 0; the selecting one runs fastest.
func (r *UniversalityRecord) Conditions(n int, reach float64) ([]float64, error) {
	runs, selects := r.Noise()
	out := make([]float64, n*n)
	z := make([]float64, r.Flow.Dim())
	at := func(k int) float64 { return reach * (2*(float64(k)+0.5)/float64(n) - 1) }
	for i := range n {
		for j := range n {
			z[runs], z[selects] = at(i), at(j)
			_, kappa, err := condition(r.Flow, z)
			if err != nil {
				return nil, err
			}
			out[i*n+j] = math.Log10(kappa)
		}
	}
	return out, nil
}

// Marginal returns the masses of the histogram's cells by their coordinates on two
// axes, the second running fastest.
func Marginal(h *transport.Histogram, first, second int) []float64 {
	out := make([]float64, h.Cells[first]*h.Cells[second])
	total := 0.0
	at := make([]int, h.Dim())
	for _, w := range h.Weights {
		out[at[first]*h.Cells[second]+at[second]] += float64(w)
		total += float64(w)
		for j := h.Dim() - 1; j >= 0; j-- {
			if at[j]++; at[j] < h.Cells[j] {
				break
			}
			at[j] = 0
		}
	}
	for k := range out {
		out[k] /= total
	}
	return out
}
