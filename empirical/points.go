package empirical

import (
	"math"
	"slices"

	"flowproof/exactmath/normal"
	"flowproof/transport"
)

// Points returns n quasi-random points of [0, 1)^d, shifted by the given vector
// modulo 1: multiples of (1/g, 1/g^2, ..), g > 1 the root of g^(d+1) = g + 1, for
// d = 1 the golden ratio.
func Points(n, d int, shift []float64) [][]float64 {
	g := 2.0
	for range 64 {
		g = math.Pow(1+g, 1/float64(d+1))
	}
	out := make([][]float64, n)
	for i := range out {
		out[i] = make([]float64, d)
		for k := range d {
			_, f := math.Modf(shift[k] + float64(i+1)*math.Pow(g, -float64(k+1)))
			out[i][k] = f
		}
	}
	return out
}

// Normal turns points of the unit cube into points of N(0, I), coordinate by
// coordinate.
func Normal(u [][]float64) [][]float64 {
	out := make([][]float64, len(u))
	for i, p := range u {
		for _, v := range p {
			out[i] = append(out[i], normal.ApproxQuantile(max(v, 0x1p-60)))
		}
	}
	return out
}

// Sampler draws from a histogram: the axes one after the other, each from its law
// given those before.
type Sampler struct {
	h *transport.Histogram
	// below[j][k] is the mass of all cells before the k-th, cells being counted by
	// their first j+1 axes.
	below [][]float64
}

// NewSampler prepares to draw from h, which must be valid.
func NewSampler(h *transport.Histogram) *Sampler {
	s := &Sampler{h: h}
	n := 1
	for _, c := range h.Cells {
		n *= c
		inner := len(h.Weights) / n
		sums := make([]float64, n+1)
		for k := range n {
			sums[k+1] = sums[k]
			for _, w := range h.Weights[k*inner : (k+1)*inner] {
				sums[k+1] += float64(w)
			}
		}
		s.below = append(s.below, sums)
	}
	return s
}

// At returns the point of the histogram that u, a point of the unit cube, stands
// for; uniform u give points of the histogram's law.
func (s *Sampler) At(u []float64) []float64 {
	x := make([]float64, len(u))
	cell := 0
	for j, c := range s.h.Cells {
		sums := s.below[j][cell*c : (cell+1)*c+1]
		goal := sums[0] + u[j]*(sums[c]-sums[0])
		k, hit := slices.BinarySearch(sums, goal)
		if !hit {
			k--
		}
		k = min(max(k, 0), c-1)
		for k < c-1 && sums[k+1] == sums[k] {
			k++
		}
		t := 0.5
		if w := sums[k+1] - sums[k]; w > 0 {
			t = (goal - sums[k]) / w
		}
		side := (s.h.Hi[j] - s.h.Lo[j]) / float64(c)
		x[j] = s.h.Lo[j] + side*(float64(k)+min(max(t, 0), 1))
		cell = cell*c + k
	}
	return x
}
