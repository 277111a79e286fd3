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
func assign(n int, cost, v []float64) (a *Assignment, u []float64) {
	u = make([]float64, n)
	row, col := make([]int, n), make([]int, n) // of a column and of a row, -1: free
	for j := range row {
		row[j], col[j] = -1, -1
	}
	if v == nil {
		v = make([]float64, n)
		for j := range v {
			v[j] = math.Inf(1)
			for i := range n {
				v[j] = min(v[j], cost[i*n+j])
			}
		}
	}
	// Augmenting row reduction: a free row takes its cheapest column from whoever
	// has it, and lowers that column's potential until the second cheapest is as
	// good. A few rounds of it leave few rows to the searches below.
	var free []int
	for i := range n {
		if col[i] < 0 {
			free = append(free, i)
		}
	}
	for range 4 {
		var left []int
		for k, steps := 0, 0; k < len(free); steps++ {
			i := free[k]
			first, second, best, next := math.Inf(1), math.Inf(1), -1, -1
			for j, c := range cost[i*n : i*n+n] {
				if d := c - v[j]; d < first {
					first, second, best, next = d, first, j, best
				} else if d < second {
					second, next = d, j
				}
			}
			if row[best] >= 0 && first == second && next >= 0 {
				best = next
			}
			other := row[best]
			if first < second && !math.IsInf(second, 1) {
				v[best] -= second - first
			}
			row[best], col[i] = i, best
			k++
			if other >= 0 {
				col[other] = -1
				// The one who lost the column goes next, while that makes progress.
				if first < second && steps < 4*n {
					k--
					free[k] = other
				} else {
					left = append(left, other)
				}
			}
		}
		if free = left; len(free) == 0 {
			break
		}
	}
	for i := range n {
		u[i] = math.Inf(1)
		for j, c := range cost[i*n : i*n+n] {
			u[i] = min(u[i], c-v[j])
		}
	}
	dist, from, done := make([]float64, n), make([]int, n), make([]bool, n)
	ready := make([]int, 0, n)
	for start := range n {
		if col[start] >= 0 {
			continue
		}
		// Dijkstra from the row over reduced costs to the nearest free column.
		i := start
		for j := range n {
			dist[j], from[j], done[j] = cost[i*n+j]-u[i]-v[j], i, false
		}
		ready = ready[:0]
		end, length := -1, 0.0
		for end < 0 {
			best := -1
			for j := range n {
				if !done[j] && (best < 0 || dist[j] < dist[best] || dist[j] == dist[best] && row[j] < 0) {
					best = j
				}
			}
			length = dist[best]
			done[best] = true
			if row[best] < 0 {
				end = best
				break
			}
			ready = append(ready, best)
			i = row[best]
			base := length - (cost[i*n+best] - u[i] - v[best])
			for j, c := range cost[i*n : i*n+n] {
				if d := base + c - u[i] - v[j]; !done[j] && d < dist[j] {
					dist[j], from[j] = d, i
				}
			}
		}
		u[start] += length
		for _, j := range ready {
			d := length - dist[j]
			u[row[j]] += d
			v[j] -= d
		}
		for j := end; ; {
			i := from[j]
			row[j] = i
			j, col[i] = col[i], j
			if i == start {
				break
			}
		}
	}
	a = &Assignment{To: col}
	dual, worst := 0.0, 0.0
	for i := range n {
		a.Cost += cost[i*n+col[i]]
		dual += u[i] + v[i]
		for j := range n {
			worst = min(worst, cost[i*n+j]-u[i]-v[j])
		}
	}
	a.Gap = a.Cost - (dual + float64(n)*worst)
	return a, u
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
