// Package universal builds two-coupling flows that push the standard normal law to
// within a given W2 distance of any histogram (PROOFS.md, "Universality"). It works
// in floating point and proves nothing: verify/wasserstein certifies what it makes.
package universal

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"flowproof/exactmath/normal"
	"flowproof/neural"
	"flowproof/transport"
)

// Fractions of delta that the sources of error may take.
const (
	shareSelect = 0.04 // selector zones
	shareRamp   = 0.12 // ramps in place of jumps
	shareLinear = 0.04 // linear in z in place of linear in Phi(z)
	shareTail   = 0.01 // noise beyond the window
	shareNoise  = 0.20 // noise of each block
	guard       = 0.45 // of the distance of two slots
)

// maxParts is the number of parts into which an axis is cut at most: strips end at
// their edges.
const maxParts = 4096

// ErrDelta: the bound asked for is not a positive number.
var ErrDelta = errors.New("delta is not a positive number")

// SizeError reports a flow that would be too large: with more than Limit of What,
// and Need of them or more.
type SizeError struct {
	What        string // "cells" or "knots"
	Need, Limit int
}

// knotBytes is about what a knot takes, in the flow and while it is made.
const knotBytes = 200

func (e *SizeError) Error() string {
	s := fmt.Sprintf("the flow needs %d %s or more", e.Need, e.What)
	if e.What == "knots" {
		s += fmt.Sprintf(" (some %d MB)", e.Need*knotBytes>>20)
	}
	return s + fmt.Sprintf(", want at most %d; a larger delta needs fewer", e.Limit)
}

// Options are the choices left to the caller of Build.
type Options struct {
	MaxCells int // 0 means 8,192
	MaxKnots int // 0 means 500,000
}

// Built is a flow with the plan that couples its noise with the histogram.
type Built struct {
	Flow     *neural.Flow
	Plan     *transport.Plan
	Estimate float64   // of the bound, in floating point
	Noise    []float64 // the constant scales, by coordinates
}

// Build returns a flow of two couplings
//
//	x1 = E1 z1 + a(z2[0]),   x2 = E2 z2 + g(x1[0])
//
// with constant diagonal E1, E2 and piecewise-linear a, g: z2[0] selects a cell of
// the first block's space, x1[0] is the cell's centre plus fresh noise, and g reads
// x2 off that noise. W2 to the histogram is meant to be at most delta:
// universal-bound in proofs/universality.md.
//
// Errors: *transport.HistogramError, ErrDelta, *SizeError; those of Split.Check.
func Build(h *transport.Histogram, split transport.Split, delta float64, opt Options) (*Built, error) {
	if err := h.Check(); err != nil {
		return nil, err
	}
	if err := split.Check(h.Dim()); err != nil {
		return nil, err
	}
	if !(delta > 0) || math.IsInf(delta, 1) {
		return nil, ErrDelta
	}
	if opt.MaxCells == 0 {
		opt.MaxCells = 1 << 13
	}
	if opt.MaxKnots == 0 {
		opt.MaxKnots = 500000
	}
	b := newBuilder(h, split, delta, opt)
	s, err := b.search()
	if err != nil {
		return nil, err
	}
	return b.flow(s)
}

// builder holds what does not change in the search for a plan.
type builder struct {
	h        *transport.Histogram // in the order of the blocks
	split    transport.Split
	p, q     int
	delta    float64
	opt      Options
	refine   []int
	law      tensor
	first    *strips
	window   float64 // R
	box2     float64 // H^2
	diagonal float64
	noise1   float64 // eps_j, j >= 1; eps_0 is at most that
	noise2   float64 // eps'
}

func newBuilder(h *transport.Histogram, split transport.Split, delta float64, opt Options) *builder {
	b := &builder{h: h.Permute(split.Order()), split: split, p: len(split.First), q: len(split.Second), delta: delta, opt: opt}
	d := b.h.Dim()
	b.law = tensor{b.h.Cells, make([]float64, len(h.Weights))}
	for k, w := range b.h.Weights {
		b.law.data[k] = float64(w)
	}
	b.refine = make([]int, d)
	for j := range d {
		side := b.h.Hi[j] - b.h.Lo[j]
		b.diagonal = math.Hypot(b.diagonal, side)
		parts := min(max(16*side/delta, 256), maxParts)
		b.refine[j] = max(1, int(math.Ceil(parts/float64(b.h.Cells[j]))))
	}
	for j := b.p; j < d; j++ {
		m := b.law.marginal(j)
		lo, hi := 0, len(m)
		for m[lo] == 0 {
			lo++
		}
		for m[hi-1] == 0 {
			hi--
		}
		side := b.edge(j, hi) - b.edge(j, lo)
		b.box2 += side * side
	}
	b.window = 3
	for 2*normal.ApproxCDF(-b.window)*b.box2 > shareTail*delta*shareTail*delta && b.window < 12 {
		b.window += 0.125
	}
	b.noise1 = shareNoise * delta / math.Sqrt(float64(b.p))
	b.noise2 = shareNoise * delta / math.Sqrt(float64(b.q))
	b.first = newStrips(b.law.marginal(0), b.refine[0])
	return b
}

// unit is the length of one part along the axis, lo its lower end, edge the i-th
// edge of the unrefined grid.
func (b *builder) unit(axis int) float64 {
	return (b.h.Hi[axis] - b.h.Lo[axis]) / float64(b.h.Cells[axis]*b.refine[axis])
}
func (b *builder) lo(axis int) float64 { return b.h.Lo[axis] }
func (b *builder) edge(axis, i int) float64 {
	t := float64(i) / float64(b.h.Cells[axis])
	return b.h.Lo[axis]*(1-t) + b.h.Hi[axis]*t
}

// sketch is a choice of cells and strands, with the bound that it allows.
type sketch struct {
	boxes  [][]transport.Span
	pi     []float64
	centre [][]float64
	curves []*curve
	eps0   float64
	bound  float64 // V1 + N1 + (sqrt(V2 + noise) + reading)^2
	parts  struct{ v1, n1, v2 float64 }
}

// search bisects on the variance allowed inside a strip for the fewest cells with
// which the bound is below delta.
func (b *builder) search() (*sketch, error) {
	goal := (1 - shareSelect) * b.delta
	goal *= goal
	var best *sketch
	var large *SizeError
	lo, hi := 0.0, 1.2*goal/float64(b.p+b.q-1)
	for n := range 15 {
		v := (lo + hi) / 2
		if n == 0 {
			v = hi
		}
		s, err := b.sketch(v)
		switch {
		case errors.As(err, &large):
			lo = v
		case err != nil:
			return nil, err
		case s.bound > goal:
			hi = v
		default:
			if best == nil || len(s.boxes) <= len(best.boxes) {
				best = s
			}
			lo = v
		}
		if n == 0 && lo == v {
			break
		}
	}
	switch {
	case best != nil:
		return best, nil
	case large != nil:
		return nil, large
	}
	return nil, fmt.Errorf("delta %v needs strips narrower than 1/%d of a side of the box, which is the limit", b.delta, maxParts)
}

// sketch lays out cells and strands with a variance of at most v inside each strip.
func (b *builder) sketch(v float64) (*sketch, error) {
	vs := make([]float64, b.p+b.q)
	for j := range vs {
		vs[j] = v / (b.unit(j) * b.unit(j))
	}
	s := &sketch{boxes: nested(b.law, b.refine, b.p, vs, b.first)}
	if len(s.boxes) > b.opt.MaxCells {
		return nil, &SizeError{"cells", len(s.boxes), b.opt.MaxCells}
	}
	inner := b.cells(s)
	s.eps0 = min(guard*s.least()/b.window, b.noise1)
	if !(s.eps0 > 0) {
		return nil, &SizeError{"cells", len(s.boxes), b.opt.MaxCells}
	}
	cov := 0.0
	knots := 0
	for k := range s.boxes {
		if knots > b.opt.MaxKnots {
			return nil, &SizeError{"knots", knots * len(s.boxes) / k, b.opt.MaxKnots}
		}
		c := b.newCurve(inner[k].law, inner[k].aux, nested(inner[k].law, b.refine[b.p:], b.q-1, vs[b.p:], nil))
		s.curves = append(s.curves, c)
		knots += len(c.u)
		s.parts.v2 += s.pi[k] * c.variance
		cov += s.pi[k] * c.cov
	}
	s.parts.n1 = s.eps0*s.eps0 + float64(b.p-1)*b.noise1*b.noise1 - 2*s.eps0*cov
	s.bound = b.bound(s, (shareRamp+shareLinear+shareTail)*b.delta)
	return s, nil
}

// bound is V1 + N1 + (sqrt(V2 + noise) + read)^2.
func (b *builder) bound(s *sketch, read float64) float64 {
	x2 := math.Sqrt(s.parts.v2+float64(b.q)*b.noise2*b.noise2) + read
	return s.parts.v1 + s.parts.n1 + x2*x2
}

// inside is the law of the second block inside a cell of the first, and the first
// moments of x1[0] there.
type inside struct{ law, aux tensor }

// cells fills in the mass and the centre of each cell and V1, the variance of x1 about
// the centres.
func (b *builder) cells(s *sketch) (out []inside) {
	all := total(b.law.data)
	means := make([]float64, len(s.boxes)) // of x1[0]
	spread := make([]float64, len(s.boxes))
	for k, box := range s.boxes {
		in := b.inside(box)
		out = append(out, in)
		s.pi = append(s.pi, total(in.law.data)/all)
		c, variance, _ := b.moments(b.law, 0, box)
		s.centre = append(s.centre, c)
		means[k], spread[k] = c[0], variance
	}
	b.slots(s)
	for k := range s.boxes {
		off := s.centre[k][0] - means[k]
		s.parts.v1 += s.pi[k] * (spread[k] + off*off)
	}
	return out
}

func (b *builder) inside(box []transport.Span) inside {
	in := inside{law: b.law}
	for j := range b.p {
		f, middle := fractions(in.law.shape[0], b.refine[j], box[j])
		if j == 0 {
			g := make([]float64, len(f))
			for i := range f {
				g[i] = f[i] * (b.lo(0) + b.unit(0)*middle[i])
			}
			in.aux = in.law.slab(g)
		} else {
			in.aux = in.aux.slab(f)
		}
		in.law = in.law.slab(f)
	}
	return in
}

// least returns the least distance of neighbouring centres, along their first
// coordinate.
func (s *sketch) least() float64 {
	least := math.Inf(1)
	for k := 1; k < len(s.centre); k++ {
		least = min(least, s.centre[k][0]-s.centre[k-1][0])
	}
	return least
}

// moments returns the mean of the coordinates of the box, the sum of their variances
// and the mass, under a law t whose axis 0 is the given axis and which may have more
// axes than the box.
func (b *builder) moments(t tensor, axis int, box []transport.Span) (mean []float64, variance, mass float64) {
	for j := range box {
		along := t
		for i := range j {
			f, _ := fractions(along.shape[0], b.refine[axis+i], box[i])
			along = along.slab(f)
		}
		var m, first, second float64
		r := b.refine[axis+j]
		f, _ := fractions(along.shape[0], r, box[j])
		for i, w := range along.within(b.refine[axis+j+1:], box[j+1:]) {
			if w *= f[i]; w == 0 {
				continue
			}
			x, y := float64(max(box[j].From, i*r)), float64(min(box[j].To, (i+1)*r))
			m += w
			first += w * (x + y) / 2
			second += w * (x*x + x*y + y*y) / 3
		}
		u := b.unit(axis + j)
		mean = append(mean, b.lo(axis+j)+u*first/m)
		variance += max(second/m-first/m*first/m, 0) * u * u
		mass = m
	}
	return mean, variance, mass
}

// slots moves the first coordinates of centres that share a strip apart: equally
// spaced in the middle half of the strip.
func (b *builder) slots(s *sketch) {
	for k := 0; k < len(s.boxes); {
		m := 1
		for k+m < len(s.boxes) && s.boxes[k+m][0] == s.boxes[k][0] {
			m++
		}
		if m > 1 {
			lo := b.lo(0) + b.unit(0)*float64(s.boxes[k][0].From)
			w := b.unit(0) * float64(s.boxes[k][0].To-s.boxes[k][0].From)
			mid := 0.0
			mass := 0.0
			for i := range m {
				mid += s.pi[k+i] * s.centre[k+i][0]
				mass += s.pi[k+i]
			}
			mid = min(max(mid/mass, lo+0.3*w), lo+0.7*w)
			for i := range m {
				s.centre[k+i][0] = mid + w/2*((float64(i)+0.5)/float64(m)-0.5)
			}
		}
		k += m
	}
}

// flow turns the sketch into knots.
func (b *builder) flow(s *sketch) (*Built, error) {
	slope := b.slope(s)
	polygons := make([]polygon, len(s.curves))
	ramp := 0.0
	for k, c := range s.curves {
		var lost float64
		polygons[k], lost = c.ramps(slope)
		ramp += s.pi[k] * lost
	}
	zs, vs, linear, err := b.knots(s, polygons)
	if err != nil {
		return nil, err
	}
	a, sel, err := b.staircase(s)
	if err != nil {
		return nil, err
	}
	g, err := b.reader(s, zs, vs)
	if err != nil {
		return nil, err
	}
	out := &Built{Plan: &transport.Plan{Split: b.split, Refine: b.refine, Window: b.window}}
	for k := range s.boxes {
		out.Plan.Cells = append(out.Plan.Cells, transport.Cell{Box: s.boxes[k], Centre: s.centre[k], Strands: s.curves[k].strands})
	}
	if err := b.couplings(out, s.eps0, a, g); err != nil {
		return nil, err
	}
	tail := 2 * normal.ApproxCDF(-b.window) * b.box2
	out.Estimate = math.Sqrt(b.bound(s, math.Sqrt(ramp)+math.Sqrt(linear)+math.Sqrt(tail))) + math.Sqrt(sel)
	return out, nil
}

// knots reads the polygons on a mesh so fine that functions linear in z cost no more
// than their share, linear.
func (b *builder) knots(s *sketch, polygons []polygon) (zs [][]float64, vs [][][]float64, linear float64, err error) {
	zs, vs = make([][]float64, len(polygons)), make([][][]float64, len(polygons))
	for step := 0.6; ; step *= 0.85 {
		n := int(math.Ceil(b.window / step))
		mesh := make([]float64, 2*n+1)
		for i := range mesh {
			mesh[i] = b.window * float64(i-n) / float64(n)
		}
		linear = 0
		knots := 0
		for k := range polygons {
			var lost float64
			zs[k], vs[k], lost = polygons[k].read(mesh)
			linear += s.pi[k] * lost
			knots += len(zs[k])
		}
		if knots > b.opt.MaxKnots {
			return nil, nil, 0, &SizeError{"knots", knots, b.opt.MaxKnots}
		}
		if linear <= shareLinear*b.delta*shareLinear*b.delta || step < 0.01 {
			return zs, vs, linear, nil
		}
	}
}

// couplings makes the flow of the two couplings with shifts a and g.
func (b *builder) couplings(out *Built, eps0 float64, a, g []neural.PL) (err error) {
	out.Noise = make([]float64, b.p+b.q)
	var first, second neural.Layer
	for j, c := range b.split.First {
		e := b.noise1
		if j == 0 {
			e = eps0
		}
		out.Noise[c] = e
		first.Updates = append(first.Updates, neural.Update{Coord: c, Reads: b.split.Second[0], Factor: e, Shift: a[j]})
	}
	for l, c := range b.split.Second {
		out.Noise[c] = b.noise2
		second.Updates = append(second.Updates, neural.Update{Coord: c, Reads: b.split.First[0], Factor: b.noise2, Shift: g[l]})
	}
	out.Flow, err = neural.NewFlow(b.p+b.q, first, second)
	return err
}

// slope returns the least slope of ramps, the same for all jumps, at which they cost
// no more than their share.
func (b *builder) slope(s *sketch) float64 {
	goal := shareRamp * b.delta * shareRamp * b.delta
	cubes := 0.0
	for k, c := range s.curves {
		for i, j := range c.jump {
			cubes += s.pi[k] * j * j * j * normal.ApproxDensity(normal.ApproxQuantile(c.u[i+1]))
		}
	}
	lost := func(slope float64) float64 {
		sum := 0.0
		for k, c := range s.curves {
			_, l := c.ramps(slope)
			sum += s.pi[k] * l
		}
		return sum
	}
	// Rows of next to no mass are jumps as well, and not in this sum.
	hi := max(cubes/(12*goal), 1)
	if cubes == 0 && lost(hi) <= goal {
		return hi
	}
	for n := 0; lost(hi) > goal && n < 60; n++ {
		hi *= 2
	}
	lo := hi / 64
	if lost(lo) <= goal {
		return lo
	}
	for range 8 {
		if mid := math.Sqrt(lo * hi); lost(mid) <= goal {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// staircase returns a, and a bound of what its zones cost: zone k, of mass tau_k
// around the quantile that separates cells k and k+1, costs at most tau_k (|c_{k+1}
// - c_k|^2 + H^2).
func (b *builder) staircase(s *sketch) (a []neural.PL, cost float64, err error) {
	m := len(s.boxes)
	if m == 1 {
		for j := range b.p {
			a = append(a, neural.Constant(s.centre[0][j]))
		}
		return a, 0, nil
	}
	sum, weights := 0.0, 0.0
	w, price, c := make([]float64, m-1), make([]float64, m-1), make([]float64, m-1)
	for k := range m - 1 {
		sum += s.pi[k]
		c[k] = sum
		d := distance(s.centre[k+1], s.centre[k])
		price[k] = d*d + b.box2
		w[k] = normal.ApproxDensity(normal.ApproxQuantile(sum)) * math.Sqrt(price[k])
		weights += w[k] * price[k]
	}
	budget := shareSelect * b.delta * shareSelect * b.delta
	x, y := make([]float64, 0, 2*m), make([][]float64, b.p)
	for k := range m - 1 {
		tau := min(w[k]/weights*budget, min(s.pi[k], s.pi[k+1])/2)
		cost += tau * price[k]
		x = append(x, normal.ApproxQuantile(c[k]-tau/2), normal.ApproxQuantile(c[k]+tau/2))
		for j := range y {
			y[j] = append(y[j], s.centre[k][j], s.centre[k+1][j])
		}
	}
	for j := range y {
		f, err := neural.NewPL(slices.Clone(x), y[j])
		if err != nil {
			return nil, 0, fmt.Errorf("the selector's knots run together in float64: %w", err)
		}
		a = append(a, f)
	}
	return a, cost, nil
}

// reader returns g: the curves' knots, those of cell k about its slot.
func (b *builder) reader(s *sketch, zs [][]float64, vs [][][]float64) (g []neural.PL, err error) {
	var x []float64
	y := make([][]float64, b.q)
	for k := range zs {
		for i, z := range zs[k] {
			t := s.centre[k][0] + s.eps0*z
			if n := len(x); n > 0 && t <= x[n-1] {
				continue // rounded onto its neighbour
			}
			x = append(x, t)
			for l := range y {
				y[l] = append(y[l], vs[k][i][l])
			}
		}
	}
	for l := range y {
		f, err := neural.NewPL(slices.Clone(x), y[l])
		if err != nil {
			return nil, fmt.Errorf("the reader's knots run together in float64: %w", err)
		}
		g = append(g, f)
	}
	return g, nil
}
