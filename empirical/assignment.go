// Package empirical measures distances between samples. Nothing in it is a proof:
// what it returns stands beside a certified bound and is never used for one.
package empirical

import (
	"errors"
	"math"
	"slices"
)

// ErrShape: the samples are not two lists of as many points of one dimension.
var ErrShape = errors.New("want two samples of as many points, at least one, of one dimension")

// ErrNotFinite: a coordinate of a sample is NaN or infinite.
var ErrNotFinite = errors.New("a coordinate is not a finite number")

// Assignment is a best matching of two samples of N points: point i of the first
// goes to point To[i] of the second.
type Assignment struct {
	To   []int
	Cost float64 // sum of the costs
	// Gap is Cost less the value of the dual solution found with it: the cost of no
	// matching is lower than Cost - Gap, up to rounding.
	Gap float64
}

// assign returns a matching of least total cost for an n x n matrix of finite costs,
// row by row, by successive shortest paths with potentials (Jonker and Volgenant 1987).
// It begins with the potentials v of the columns, if there are any, and returns those
// of the rows at the end.
func assign(n int, cost, v []float64) (*Assignment, []float64) {
	m := &matching{n: n, cost: cost, u: make([]float64, n), v: v, row: make([]int, n), col: make([]int, n)}
	for j := range n {
		m.row[j], m.col[j] = -1, -1
	}
	if v == nil {
		m.v = make([]float64, n)
		for j := range m.v {
			m.v[j] = math.Inf(1)
			for i := range n {
				m.v[j] = min(m.v[j], cost[i*n+j])
			}
		}
	}
	m.reduce()
	for i := range n {
		m.u[i] = math.Inf(1)
		for j, c := range m.costs(i) {
			m.u[i] = min(m.u[i], c-m.v[j])
		}
	}
	search := newSearch(m)
	for i := range n {
		if m.col[i] < 0 {
			search.augment(i)
		}
	}
	return m.assignment(), m.u
}

// matching is a partial matching in which cost[i, j] >= u_i + v_j everywhere, with
// equality where row i has column j.
type matching struct {
	n        int
	cost     []float64
	u, v     []float64
	row, col []int // of a column and of a row, -1: free
}

// costs returns the costs of row i.
func (m *matching) costs(i int) []float64 { return m.cost[i*m.n : i*m.n+m.n] }

// reduce is augmenting row reduction: a free row takes its cheapest column from
// whoever has it, and lowers that column's potential until the second cheapest is as
// good. A few rounds of it leave few rows to the searches.
func (m *matching) reduce() {
	free := make([]int, m.n)
	for i := range free {
		free[i] = i
	}
	for range 4 {
		var left []int
		for k, steps := 0, 0; k < len(free); steps++ {
			other, lowered := m.take(free[k])
			switch {
			case other < 0:
				k++
			case lowered && steps < 4*m.n: // who lost the column goes next, while that makes progress
				free[k] = other
			default:
				left = append(left, other)
				k++
			}
		}
		if free = left; len(free) == 0 {
			return
		}
	}
}

// take gives row i its cheapest column, or the second cheapest if that is as cheap and
// the first one taken. It returns the row that had it, -1 if it was free, and whether
// there was a second one that is dearer.
func (m *matching) take(i int) (other int, lowered bool) {
	first, second, best, next := math.Inf(1), math.Inf(1), -1, -1
	for j, c := range m.costs(i) {
		if d := c - m.v[j]; d < first {
			first, second, best, next = d, first, j, best
		} else if d < second {
			second, next = d, j
		}
	}
	if m.row[best] >= 0 && first == second && next >= 0 {
		best = next
	}
	other = m.row[best]
	if first < second && !math.IsInf(second, 1) {
		m.v[best] -= second - first
	}
	m.row[best], m.col[i] = i, best
	if other >= 0 {
		m.col[other] = -1
	}
	return other, first < second
}

// search finds shortest paths over reduced costs.
type search struct {
	*matching
	dist []float64 // to a column
	from []int     // the row before it
	done []bool
}

func newSearch(m *matching) *search {
	return &search{m, make([]float64, m.n), make([]int, m.n), make([]bool, m.n)}
}

// augment gives row start a column: Dijkstra's search leads to the nearest free one,
// the potentials follow, and the rows on the way change columns.
func (s *search) augment(start int) {
	for j, c := range s.costs(start) {
		s.dist[j], s.from[j], s.done[j] = c-s.u[start]-s.v[j], start, false
	}
	var ready []int
	end := s.nearest()
	for s.row[end] >= 0 {
		ready = append(ready, end)
		i := s.row[end]
		base := s.dist[end] - (s.cost[i*s.n+end] - s.u[i] - s.v[end])
		for j, c := range s.costs(i) {
			if d := base + c - s.u[i] - s.v[j]; !s.done[j] && d < s.dist[j] {
				s.dist[j], s.from[j] = d, i
			}
		}
		end = s.nearest()
	}
	length := s.dist[end]
	s.u[start] += length
	for _, j := range ready {
		d := length - s.dist[j]
		s.u[s.row[j]] += d
		s.v[j] -= d
	}
	for j := end; ; {
		i := s.from[j]
		s.row[j] = i
		j, s.col[i] = s.col[i], j
		if i == start {
			return
		}
	}
}

// nearest returns the column of least distance that is not done, a free one if there
// is a choice, and marks it done.
func (s *search) nearest() int {
	best := -1
	for j, d := range s.dist {
		if !s.done[j] && (best < 0 || d < s.dist[best] || d == s.dist[best] && s.row[j] < 0) {
			best = j
		}
	}
	s.done[best] = true
	return best
}

// assignment sums up a complete matching.
func (m *matching) assignment() *Assignment {
	a := &Assignment{To: m.col}
	dual, worst := 0.0, 0.0
	for i := range m.n {
		a.Cost += m.cost[i*m.n+m.col[i]]
		dual += m.u[i] + m.v[i]
		for j, c := range m.costs(i) {
			worst = min(worst, c-m.u[i]-m.v[j])
		}
	}
	a.Gap = a.Cost - (dual + float64(m.n)*worst)
	return a
}

// W2 returns the 2-Wasserstein distance of two samples of as many points, with
// equal weights: the root of the mean squared distance of the best matching. It fails
// with ErrShape, ErrNotFinite.
func W2(x, y [][]float64) (float64, error) {
	n := len(x)
	if n == 0 || len(y) != n {
		return 0, ErrShape
	}
	for _, p := range slices.Concat(x, y) {
		if len(p) != len(x[0]) {
			return 0, ErrShape
		}
		for _, v := range p {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return 0, ErrNotFinite
			}
		}
	}
	a, _ := match(x, y)
	return math.Sqrt(max(a.Cost, 0) / float64(n)), nil
}

// match solves for a quarter of the points first: potentials of the columns are
// then the best that the rows of the quarter allow, and little is left to do.
func match(x, y [][]float64) (a *Assignment, u []float64) {
	const direct = 200
	n := len(x)
	cost := squares(x, y)
	if n <= direct {
		return assign(n, cost, nil)
	}
	_, coarse := match(x[:n/4], y[:n/4])
	v := make([]float64, n)
	for j := range v {
		v[j] = math.Inf(1)
		for i, w := range coarse {
			v[j] = min(v[j], cost[i*n+j]-w)
		}
	}
	return assign(n, cost, v)
}

// squares returns the squared distances, a row for each point of x.
func squares(x, y [][]float64) []float64 {
	cost := make([]float64, 0, len(x)*len(y))
	for _, p := range x {
		for _, q := range y {
			s := 0.0
			for k := range p {
				t := p[k] - q[k]
				s += t * t
			}
			cost = append(cost, s)
		}
	}
	return cost
}
