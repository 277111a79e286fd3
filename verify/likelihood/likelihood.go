// Package likelihood proves what flows of two couplings are worth as densities: how
// far, at least, they are from a histogram in the divergence KL, how far flows that
// keep volume stay away in W2, and that a flow's density integrates to 1
// (proofs/universality.md, section 7).
package likelihood

import (
	"fmt"
	"math/big"

	"flowproof/exactmath/ball"
	"flowproof/exactmath/normal"
	"flowproof/neural"
	"flowproof/transport"
)

// FlowError reports a flow that is not of the form that the statements are about.
type FlowError struct{ Reason string }

func (e *FlowError) Error() string { return "flow: " + e.Reason }

// bits of the balls.
const bits = 128

// Divergence is what is proved of KL(P || flow), P a histogram.
type Divergence struct {
	Residual ball.Ball // E |x2 - g(x1)|^2 / eps'^2, over the coordinates of x2: the least mean of |z2|^2
	Entropy  ball.Ball // of P
	AtLeast  ball.Ball // KL is at least every number of it that is below all others: its lower end
}

// Diverges bounds KL(P || flow) from below (likelihood-diverges): with z = F^-1(x),
//
//	KL = -h(P) + E_P |z|^2 / 2 + (D/2) log(2 pi) + log det DF,
//
// where E_P |z2|^2 is computed from the flow's knots, and z1^2 >= 0 is left out.
//
// Errors: *FlowError, *transport.HistogramError, those of package ball.
func Diverges(h *transport.Histogram, f *neural.Flow) (*Divergence, error) {
	if err := h.Check(); err != nil {
		return nil, err
	}
	if err := form(h.Dim(), f); err != nil {
		return nil, err
	}
	c := ball.NewCalc(bits)
	out := &Divergence{Residual: c.Int(0), Entropy: entropy(c, h)}
	logDet := c.Int(0)
	for _, l := range f.Layers() {
		for _, u := range l.Updates {
			logDet = c.Add(logDet, c.Log(c.Float(u.Factor)))
		}
	}
	for _, u := range f.Layers()[1].Updates {
		r := residual(c, h, u)
		out.Residual = c.Add(out.Residual, c.Quo(r, c.Sq(c.Float(u.Factor))))
	}
	twoPi := c.Mul(c.Int(2), c.Keep(normal.Pi(bits)))
	out.AtLeast = c.Add(c.Neg(out.Entropy), c.Quo(out.Residual, c.Int(2)), c.Quo(c.Mul(c.Int(int64(h.Dim())), c.Log(twoPi)), c.Int(2)), logDet)
	return out, c.Err()
}

// form checks that f is two couplings of constant scales, of which the second updates
// what the first one leaves.
func form(dim int, f *neural.Flow) error {
	fail := func(format string, args ...any) error { return &FlowError{fmt.Sprintf(format, args...)} }
	if f.Dim() != dim || len(f.Layers()) != 2 {
		return fail("%d couplings in dimension %d, want 2 in dimension %d", len(f.Layers()), f.Dim(), dim)
	}
	updated := map[int]bool{}
	for k, l := range f.Layers() {
		for _, u := range l.Updates {
			if updated[u.Coord] || !u.LogScale.IsZero() {
				return fail("coupling %d updates coordinate %d again or by a scale that is not constant", k, u.Coord)
			}
			updated[u.Coord] = true
		}
	}
	if len(updated) != dim {
		return fail("%d coordinates are updated, want %d", len(updated), dim)
	}
	return nil
}

// entropy encloses the differential entropy of the histogram: minus the sum of the
// masses times the logarithms of mass over volume.
func entropy(c *ball.Calc, h *transport.Histogram) ball.Ball {
	total := new(big.Rat).SetInt(h.Total())
	volume := big.NewRat(1, 1)
	for j := range h.Cells {
		volume.Mul(volume, new(big.Rat).Sub(h.Edge(j, 1, 1), h.Edge(j, 1, 0)))
	}
	counts := map[uint64]int64{}
	for _, w := range h.Weights {
		if w > 0 {
			counts[w]++
		}
	}
	sum := c.Int(0)
	for w, n := range counts {
		mass := new(big.Rat).Quo(new(big.Rat).SetInt(new(big.Int).SetUint64(w)), total)
		density := c.Rat(new(big.Rat).Quo(mass, volume))
		sum = c.Sub(sum, c.Mul(c.Rat(mass.Mul(mass, big.NewRat(n, 1))), c.Log(density)))
	}
	return sum
}

// column is what a histogram says of one coordinate y where another one, x, lies in a
// row of cells: the mass of the row, and the sums of mass times mean and mean square.
type column struct{ mass, mean, square *big.Rat }

// columns returns those of the cells of axis x, for the axis y.
func columns(h *transport.Histogram, x, y int) []column {
	sums := make([][]uint64, h.Cells[x]) // by the cells of x and y
	for i := range sums {
		sums[i] = make([]uint64, h.Cells[y])
	}
	at := make([]int, h.Dim())
	for _, w := range h.Weights { // at most 2^62 in all
		sums[at[x]][at[y]] += w
		for j := h.Dim() - 1; j >= 0; j-- {
			if at[j]++; at[j] < h.Cells[j] {
				break
			}
			at[j] = 0
		}
	}
	total := new(big.Rat).SetInt(h.Total())
	var out []column
	for _, row := range sums {
		c := column{new(big.Rat), new(big.Rat), new(big.Rat)}
		for k, w := range row {
			if w == 0 {
				continue
			}
			mass := new(big.Rat).Quo(new(big.Rat).SetInt(new(big.Int).SetUint64(w)), total)
			a, b := h.Edge(y, 1, k), h.Edge(y, 1, k+1)
			c.mass.Add(c.mass, mass)
			c.mean.Add(c.mean, mul(mass, add(a, b), big.NewRat(1, 2)))
			c.square.Add(c.square, mul(mass, add(mul(a, a), mul(a, b), mul(b, b)), big.NewRat(1, 3)))
		}
		out = append(out, c)
	}
	return out
}

func mul(xs ...*big.Rat) *big.Rat {
	p := big.NewRat(1, 1)
	for _, x := range xs {
		p.Mul(p, x)
	}
	return p
}

func add(xs ...*big.Rat) *big.Rat {
	s := new(big.Rat)
	for _, x := range xs {
		s.Add(s, x)
	}
	return s
}

// residual encloses E (y - g(x))^2 over the histogram, y the coordinate of the update
// and x the one that it reads: within a cell they are independent.
func residual(c *ball.Calc, h *transport.Histogram, u neural.Update) ball.Ball {
	sum := c.Int(0)
	for i, col := range columns(h, u.Reads, u.Coord) {
		if col.mass.Sign() == 0 {
			continue
		}
		first, second := means(c, u.Shift, h.Edge(u.Reads, 1, i), h.Edge(u.Reads, 1, i+1))
		// E y^2 - 2 E y E g + E g^2, each times the mass.
		sum = c.Add(sum, c.Rat(col.square), c.Mul(c.Int(-2), c.Rat(col.mean), first), c.Mul(c.Rat(col.mass), second))
	}
	return sum
}

// means encloses the means of g and of g^2 on [a, b]: on a piece of length d with the
// values u and v at its ends these are (u + v) / 2 and (u^2 + u v + v^2) / 3.
func means(c *ball.Calc, g neural.PL, a, b *big.Rat) (first, second ball.Ball) {
	knots, values := g.Knots()
	value := func(t *big.Rat) ball.Ball {
		k := 0
		for k < len(knots) && new(big.Rat).SetFloat64(knots[k]).Cmp(t) < 0 {
			k++
		}
		switch {
		case len(knots) == 0:
			return c.Int(0)
		case k == 0:
			return c.Float(values[0])
		case k == len(knots):
			return c.Float(values[k-1])
		}
		x0, x1, y0, y1 := c.Float(knots[k-1]), c.Float(knots[k]), c.Float(values[k-1]), c.Float(values[k])
		return c.Add(y0, c.Mul(c.Quo(c.Sub(y1, y0), c.Sub(x1, x0)), c.Sub(c.Rat(t), x0)))
	}
	first, second = c.Int(0), c.Int(0)
	from, u := a, value(a)
	piece := func(to *big.Rat, v ball.Ball) {
		d := c.Rat(new(big.Rat).Sub(to, from))
		first = c.Add(first, c.Mul(d, c.Frac(1, 2), c.Add(u, v)))
		second = c.Add(second, c.Mul(d, c.Frac(1, 3), c.Add(c.Sq(u), c.Mul(u, v), c.Sq(v))))
		from, u = to, v
	}
	for k, x := range knots {
		if t := new(big.Rat).SetFloat64(x); a.Cmp(t) < 0 && t.Cmp(b) < 0 {
			piece(t, c.Float(values[k]))
		}
	}
	piece(b, value(b))
	width := c.Rat(new(big.Rat).Sub(b, a))
	return c.Quo(first, width), c.Quo(second, width)
}

// VolumePreserving encloses sqrt(D) - sd(P): no flow of any depth whose determinant is 1
// everywhere comes nearer to P in W2 than its lower end, if that is positive
// (one-scale). Errors: *transport.HistogramError, those of package ball.
func VolumePreserving(h *transport.Histogram) (ball.Ball, error) {
	if err := h.Check(); err != nil {
		return ball.Ball{}, err
	}
	c := ball.NewCalc(bits)
	variance := new(big.Rat)
	for y := range h.Cells {
		mean, square := new(big.Rat), new(big.Rat)
		for _, col := range columns(h, (y+1)%h.Dim(), y) {
			mean.Add(mean, col.mean)
			square.Add(square, col.square)
		}
		variance.Add(variance, square.Sub(square, mean.Mul(mean, mean)))
	}
	return c.Sub(c.Sqrt(c.Int(int64(h.Dim()))), c.Sqrt(c.Rat(variance))), c.Err()
}
