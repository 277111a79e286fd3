package wasserstein

import (
	"fmt"
	"math/big"

	"flowproof/transport"
)

// This file turns a plan into masses, means and variances, in integers alone.
// Lengths along axis j are counted in parts of 1/Refine[j] of a grid cell.

// piece is a row of a strand: while u, the position of the noise in its cell, goes
// from one end to the other of an interval of length Mass, the last coordinate goes
// from From to To, and the conditional mean of the first coordinate is Mean.
type piece struct {
	strand         int
	mass           *big.Rat // of the cell's
	from, to, mean *big.Rat
}

// cell is a cell of the plan with all that the bound needs to know of it.
type cell struct {
	mass   *big.Rat     // pi, of the whole
	centre []*big.Rat   // c
	v1     *big.Rat     // E |x1 - c|^2 given the cell
	v2     *big.Rat     // E |x2' - mean of the strand|^2 given the cell
	means  [][]*big.Rat // of the first q-1 coordinates of block 2, a strand each
	pieces []piece      // in the order of u, none of mass 0
}

// PlanError reports a plan that does not fit the histogram.
type PlanError struct{ Reason string }

func (e *PlanError) Error() string { return "plan: " + e.Reason }

func planError(format string, args ...any) error { return &PlanError{fmt.Sprintf(format, args...)} }

// grid is a histogram in the order of the plan's blocks.
type grid struct {
	*transport.Histogram
	refine []int
	p      int
	total  *big.Int
	strip  int // product of Cells over the second block
}

func newGrid(h *transport.Histogram, plan *transport.Plan) (*grid, error) {
	d := h.Dim()
	if err := plan.Split.Check(d); err != nil {
		return nil, planError("%v", err)
	}
	if len(plan.Refine) != d {
		return nil, planError("%d refinements, want %d", len(plan.Refine), d)
	}
	g := &grid{h.Permute(plan.Split.Order()), plan.Refine, len(plan.Split.First), h.Total(), 1}
	for j, r := range g.refine {
		if r < 1 || r > 1<<20 {
			return nil, planError("axis %d is refined %d times, want 1 to 2^20", j, r)
		}
		if j >= g.p {
			g.strip *= g.Cells[j]
		}
	}
	return g, nil
}

// check refuses spans that are not on the axes first, first+1, ..
func (g *grid) check(what string, spans []transport.Span, first, count int) error {
	if len(spans) != count {
		return planError("%s has %d spans, want %d", what, len(spans), count)
	}
	for k, s := range spans {
		if top := g.Cells[first+k] * g.refine[first+k]; s.From < 0 || s.From >= s.To || s.To > top {
			return planError("%s spans %d to %d on axis %d, want an interval within 0 to %d", what, s.From, s.To, first+k, top)
		}
	}
	return nil
}

// disjoint refuses two boxes with common interior.
func disjoint(what string, boxes [][]transport.Span) error {
	for i, a := range boxes {
		for k, b := range boxes[:i] {
			apart := false
			for j := range a {
				apart = apart || a[j].To <= b[j].From || b[j].To <= a[j].From
			}
			if !apart {
				return planError("%s %d and %d overlap", what, k, i)
			}
		}
	}
	return nil
}

// overlaps calls visit with each grid cell along the axis that the span meets, and
// with the part of it that lies within, from edge a to edge b.
func (g *grid) overlaps(axis int, s transport.Span, visit func(i, a, b int)) {
	r := g.refine[axis]
	for i := s.From / r; i*r < s.To; i++ {
		visit(i, max(s.From, i*r), min(s.To, (i+1)*r))
	}
}

// marginal gathers the mass along one axis by its moments: over parts from edge a
// to edge b of mass m, the sums of m, of m (a + b) and of m (a^2 + ab + b^2). The
// mean of x is sum1 / (2 sum0), the mean of x^2 is sum2 / (3 sum0).
type marginal struct{ sum [3]big.Int }

func (m *marginal) add(mass *big.Int, a, b int) {
	var t, u big.Int
	m.sum[0].Add(&m.sum[0], mass)
	m.sum[1].Add(&m.sum[1], t.Mul(mass, u.SetInt64(int64(a)+int64(b))))
	x, y := int64(a), int64(b)
	m.sum[2].Add(&m.sum[2], t.Mul(mass, u.SetInt64(x*x+x*y+y*y)))
}

// squares returns sum of m E(x - c)^2 for c in the same units.
func (m *marginal) squares(c *big.Rat) *big.Rat {
	s := new(big.Rat).SetFrac(&m.sum[2], big.NewInt(3))
	t := new(big.Rat).SetInt(&m.sum[1])
	s.Sub(s, t.Mul(t, c))
	t.SetInt(&m.sum[0])
	return s.Add(s, t.Mul(t, c).Mul(t, c))
}

// mean returns the mean of x; the mass must not be 0.
func (m *marginal) mean() *big.Rat {
	return new(big.Rat).SetFrac(&m.sum[1], new(big.Int).Lsh(&m.sum[0], 1))
}

// unit returns the length of one part along the axis.
func (g *grid) unit(axis int) *big.Rat {
	u := g.Edge(axis, g.refine[axis], 1)
	return u.Sub(u, g.Edge(axis, g.refine[axis], 0))
}

// place turns a position in parts into a coordinate.
func (g *grid) place(axis int, x *big.Rat) *big.Rat {
	y := new(big.Rat).Mul(g.unit(axis), x)
	return y.Add(y, g.Edge(axis, 1, 0))
}

// parts turns a coordinate into a position in parts.
func (g *grid) parts(axis int, y *big.Rat) *big.Rat {
	x := new(big.Rat).Sub(y, g.Edge(axis, 1, 0))
	return x.Quo(x, g.unit(axis))
}

// cells returns what the plan's cells hold, having verified that they are disjoint
// and hold all the mass.
func (g *grid) cells(plan *transport.Plan) ([]cell, error) {
	boxes := make([][]transport.Span, len(plan.Cells))
	for k, c := range plan.Cells {
		boxes[k] = c.Box
		if err := g.check(fmt.Sprintf("cell %d", k), c.Box, 0, g.p); err != nil {
			return nil, err
		}
	}
	if err := disjoint("cells", boxes); err != nil {
		return nil, err
	}
	all := new(big.Int).Set(g.total)
	for _, r := range g.refine[:g.p] {
		all.Mul(all, big.NewInt(int64(r)))
	}
	out, sum := make([]cell, len(plan.Cells)), new(big.Int)
	for k := range plan.Cells {
		mass, err := g.cell(&out[k], &plan.Cells[k], k, all)
		if err != nil {
			return nil, err
		}
		sum.Add(sum, mass)
	}
	if sum.Cmp(all) != 0 {
		return nil, planError("the cells hold %s of the mass, want all of it", new(big.Rat).SetFrac(sum, all).FloatString(9))
	}
	return out, nil
}

// cell fills in out and returns the mass in units of 1/all.
func (g *grid) cell(out *cell, c *transport.Cell, k int, all *big.Int) (*big.Int, error) {
	if len(c.Centre) != g.p {
		return nil, planError("cell %d has a centre of %d coordinates, want %d", k, len(c.Centre), g.p)
	}
	table, first := make([]big.Int, g.strip), make([]big.Int, g.strip)
	along := make([]marginal, g.p)
	mass := new(big.Int)
	at, from, to := make([]int, g.p), make([]int, g.p), make([]int, g.p)
	var walk func(axis, cellIndex int, size *big.Int)
	walk = func(axis, cellIndex int, size *big.Int) {
		if axis < g.p {
			g.overlaps(axis, c.Box[axis], func(i, a, b int) {
				at[axis], from[axis], to[axis] = i, a, b
				walk(axis+1, cellIndex*g.Cells[axis]+i, new(big.Int).Mul(size, big.NewInt(int64(b-a))))
			})
			return
		}
		here, m := new(big.Int), new(big.Int)
		ends := big.NewInt(int64(from[0]) + int64(to[0]))
		for s, w := range g.Weights[cellIndex*g.strip : (cellIndex+1)*g.strip] {
			if w == 0 {
				continue
			}
			m.Mul(m.SetUint64(w), size)
			here.Add(here, m)
			table[s].Add(&table[s], m)
			first[s].Add(&first[s], m.Mul(m, ends))
		}
		for j := range along {
			along[j].add(here, from[j], to[j])
		}
		mass.Add(mass, here)
	}
	walk(0, 0, big.NewInt(1))
	if mass.Sign() == 0 {
		return nil, planError("cell %d holds no mass", k)
	}
	out.mass = new(big.Rat).SetFrac(mass, all)
	out.v1 = new(big.Rat)
	for j := range along {
		v := new(big.Rat).SetFloat64(c.Centre[j])
		if v == nil {
			return nil, planError("cell %d has the centre %v", k, c.Centre)
		}
		out.centre = append(out.centre, v)
		u := g.unit(j)
		s := along[j].squares(g.parts(j, v))
		out.v1.Add(out.v1, s.Mul(s, u).Mul(s, u))
	}
	of := new(big.Rat).SetInt(mass)
	out.v1.Quo(out.v1, of)
	return mass, g.strands(out, c, k, mass, table, first)
}

// strands fills in v2, means and pieces from the cell's masses in the second block
// and from those times twice the position along axis 0.
func (g *grid) strands(out *cell, c *transport.Cell, k int, mass *big.Int, table, first []big.Int) error {
	d := g.Dim()
	rowsAxis := d - 1
	rows := g.Cells[rowsAxis]
	boxes := make([][]transport.Span, len(c.Strands))
	for s, strand := range c.Strands {
		boxes[s] = strand.Box
		if err := g.check(fmt.Sprintf("strand %d of cell %d", s, k), strand.Box, g.p, d-1-g.p); err != nil {
			return err
		}
	}
	if err := disjoint(fmt.Sprintf("cell %d: strands", k), boxes); err != nil {
		return err
	}
	all := new(big.Int).Set(mass)
	for _, r := range g.refine[g.p : d-1] {
		all.Mul(all, big.NewInt(int64(r)))
	}
	sum := new(big.Int)
	out.v2 = new(big.Rat)
	for s, strand := range c.Strands {
		row, rowFirst := make([]big.Int, rows), make([]big.Int, rows)
		across := make([]marginal, len(strand.Box))
		from, to := make([]int, len(strand.Box)), make([]int, len(strand.Box))
		whole := new(big.Int)
		var walk func(axis, index int, size *big.Int)
		walk = func(axis, index int, size *big.Int) {
			if axis < len(strand.Box) {
				g.overlaps(g.p+axis, strand.Box[axis], func(i, a, b int) {
					from[axis], to[axis] = a, b
					walk(axis+1, index*g.Cells[g.p+axis]+i, new(big.Int).Mul(size, big.NewInt(int64(b-a))))
				})
				return
			}
			here, m := new(big.Int), new(big.Int)
			for i := range rows {
				m.Mul(&table[index*rows+i], size)
				row[i].Add(&row[i], m)
				here.Add(here, m)
				rowFirst[i].Add(&rowFirst[i], m.Mul(&first[index*rows+i], size))
			}
			for j := range across {
				across[j].add(here, from[j], to[j])
			}
			whole.Add(whole, here)
		}
		walk(0, 0, big.NewInt(1))
		if whole.Sign() == 0 {
			return planError("strand %d of cell %d holds no mass", s, k)
		}
		sum.Add(sum, whole)
		means := make([]*big.Rat, len(across))
		for j := range across {
			mean := across[j].mean()
			u := g.unit(g.p + j)
			v := across[j].squares(mean)
			out.v2.Add(out.v2, v.Mul(v, u).Mul(v, u))
			means[j] = g.place(g.p+j, mean)
		}
		out.means = append(out.means, means)
		for n := range rows {
			i := n
			if strand.Down {
				i = rows - 1 - n
			}
			if row[i].Sign() == 0 {
				continue
			}
			lo, hi := g.Edge(rowsAxis, 1, i), g.Edge(rowsAxis, 1, i+1)
			if strand.Down {
				lo, hi = hi, lo
			}
			mean := new(big.Rat).SetFrac(&rowFirst[i], new(big.Int).Lsh(&row[i], 1))
			out.pieces = append(out.pieces, piece{s, new(big.Rat).SetFrac(&row[i], all), lo, hi, g.place(0, mean)})
		}
	}
	if sum.Cmp(all) != 0 {
		return planError("the strands of cell %d hold %s of its mass, want all of it", k, new(big.Rat).SetFrac(sum, all).FloatString(9))
	}
	out.v2.Quo(out.v2, new(big.Rat).SetInt(all))
	return nil
}
