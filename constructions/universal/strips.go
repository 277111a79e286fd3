package universal

import (
	"math"

	"flowproof/transport"
)

// strips finds the best ways to cut a law on a line into intervals: those that make
// the mean variance inside the intervals least, for each number of them, by dynamic
// programming. Interval ends are edges of the grid refined r times; positions count
// in its parts.
type strips struct {
	r            int
	s0, s1, s2   []float64 // mass, first and second moment to the left of an edge
	first, count int       // edges from first on, outside of which there is no mass
	best         [][]float64
	from         [][]int32
}

// newStrips takes the weights of the grid cells.
func newStrips(w []float64, r int) *strips {
	n := len(w) * r
	s := &strips{r: r, s0: make([]float64, n+1), s1: make([]float64, n+1), s2: make([]float64, n+1)}
	total := 0.0
	for _, v := range w {
		total += v
	}
	last := 0
	s.first = -1
	for e := range n {
		m := w[e/r] / float64(r) / total
		x := float64(e) + 0.5
		s.s0[e+1] = s.s0[e] + m
		s.s1[e+1] = s.s1[e] + m*x
		s.s2[e+1] = s.s2[e] + m*(x*x+1./12)
		if m > 0 {
			last = e + 1
			if s.first < 0 {
				s.first = e
			}
		}
	}
	s.count = last - s.first + 1
	return s
}

// cost returns the mass of the interval times the variance inside.
func (s *strips) cost(i, j int) float64 {
	m := s.s0[j] - s.s0[i]
	if m <= 0 {
		return 0
	}
	x := s.s1[j] - s.s1[i]
	return max(s.s2[j]-s.s2[i]-x*x/m, 0)
}

// cut returns the fewest intervals whose mean variance is at most v, in parts^2; at
// most one an edge.
func (s *strips) cut(v float64) []transport.Span {
	n := s.count
	if len(s.best) == 0 {
		b := make([]float64, n)
		for j := range b {
			b[j] = s.cost(s.first, s.first+j)
		}
		s.best, s.from = [][]float64{b}, [][]int32{make([]int32, n)}
	}
	k := 0
	for s.best[k][n-1] > v && k+2 < n {
		if k++; k == len(s.best) {
			s.layer()
		}
	}
	out := make([]transport.Span, k+1)
	for j, t := n-1, k; t >= 0; t-- {
		i := int(s.from[t][j])
		if t == 0 {
			i = 0
		}
		out[t] = transport.Span{From: s.first + i, To: s.first + j}
		j = i
	}
	return out
}

// layer adds the best cuts into one interval more. The best place for the last cut
// does not move left as the right end moves right, since the cost satisfies the
// quadrangle inequality: divide and conquer.
func (s *strips) layer() {
	n, prev := s.count, s.best[len(s.best)-1]
	b, from := make([]float64, n), make([]int32, n)
	for j := range b {
		b[j] = math.Inf(1)
	}
	var solve func(lo, hi, left, right int)
	solve = func(lo, hi, left, right int) {
		if lo > hi {
			return
		}
		mid := (lo + hi) / 2
		at := left
		for i := left; i <= min(right, mid-1); i++ {
			if c := prev[i] + s.cost(s.first+i, s.first+mid); c < b[mid] {
				b[mid], at = c, i
			}
		}
		from[mid] = int32(at)
		solve(lo, mid-1, left, at)
		solve(mid+1, hi, at, right)
	}
	k := len(s.best)
	solve(k+1, n-1, k, n-2)
	s.best, s.from = append(s.best, b), append(s.from, from)
}
