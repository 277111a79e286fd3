// Package wasserstein certifies that a flow of two couplings pushes the standard
// normal law to within a distance of a histogram in W2, from the flow's knots as
// they are stored, a plan, integers and balls. It never imports what builds flows.
// Statement and proof: PROOFS.md, "Universality".
package wasserstein

import (
	"errors"
	"fmt"
	"math/big"
	"runtime"
	"slices"
	"sync"

	"flowproof/exactmath/ball"
	"flowproof/exactmath/normal"
	"flowproof/neural"
	"flowproof/transport"
)

// Limits bounds what a check may cost.
type Limits struct {
	Cells  int   // of a plan, and strands of a cell
	Points int64 // at which integrals are evaluated, all cells together
	Table  int64 // cells of the plan times grid cells of the second block
	Prec   uint  // bits

	Done <-chan struct{} // closed: stop; nil: go on
}

// DefaultLimits admits what a few minutes can check.
func DefaultLimits() Limits {
	return Limits{Cells: 1 << 13, Points: 1 << 22, Table: 1 << 28, Prec: 1024}
}

// LimitError reports a plan or a flow beyond a limit.
type LimitError struct{ Reason string }

func (e *LimitError) Error() string { return "too large: " + e.Reason }

// ErrStopped is returned when Limits.Done was closed.
var ErrStopped = errors.New("stopped before it was done")

// FlowError reports a flow that is not of the form that the theorem is about.
type FlowError struct{ Reason string }

func (e *FlowError) Error() string { return "flow: " + e.Reason }

// Result is a certified bound with the terms of its formula.
type Result struct {
	Bound *big.Rat // W2 is at most this
	Prec  uint     // bits at which it was found

	// The squares under the roots, enclosed.
	V1     ball.Ball // cells: E |x1 - c|^2
	N1     ball.Ball // noise of the first block
	V2     ball.Ball // strands
	Noise2 ball.Ball // noise of the second block
	Read   ball.Ball // reading: ramps, linearisation, rounding, tails
	Select ball.Ball // selector zones

	Cells, Pieces int
}

// Bound returns an upper bound of W2 between the image of N(0, I) under f and h:
// universal-bound in proofs/universality.md.
// The precision is raised, from 128 bits to at most limits.Prec, until the radius of the
// enclosure is below a millionth of the bound.
//
// Errors: *FlowError, *PlanError, *transport.HistogramError, *LimitError.
func Bound(h *transport.Histogram, plan *transport.Plan, f *neural.Flow, limits Limits) (*Result, error) {
	b, err := newBounder(h, plan, f, limits)
	if err != nil {
		return nil, err
	}
	return b.sharpen(func(lo, hi *big.Rat) bool {
		rad := new(big.Rat).Sub(hi, lo)
		return rad.Mul(rad, big.NewRat(1<<19, 1)).Cmp(hi) <= 0
	})
}

// Decision is what is known of a claim that the bound is at most a number.
type Decision int

// The decisions. Exceeds says that the bound of this plan is more, and nothing of
// the distance itself.
const (
	Open Decision = iota
	Holds
	Exceeds
)

// Decide tells whether the bound that Bound encloses is at most r, or more than r by
// a part in 2^16; in between it is Open, since the bound depends, by much less, on
// the cuts that stand for quantiles, which another checker may choose otherwise. The
// precision is raised from 128 bits to at most limits.Prec until that is decided.
//
// Errors: those of Bound.
func Decide(h *transport.Histogram, plan *transport.Plan, f *neural.Flow, r *big.Rat, limits Limits) (*Result, Decision, error) {
	b, err := newBounder(h, plan, f, limits)
	if err != nil {
		return nil, Open, err
	}
	d := Open
	well := new(big.Rat).Mul(r, big.NewRat(1<<16+1, 1<<16))
	res, err := b.sharpen(func(lo, hi *big.Rat) bool {
		switch {
		case hi.Cmp(r) <= 0:
			d = Holds
		case lo.Cmp(well) > 0:
			d = Exceeds
		}
		return d != Open || lo.Cmp(r) > 0
	})
	return res, d, err
}

// sharpen encloses the bound with more and more bits until the ends please, or
// there are no more.
func (b *bounder) sharpen(enough func(lo, hi *big.Rat) bool) (*Result, error) {
	for prec := uint(128); ; prec *= 2 {
		r, err := b.at(prec)
		if err != nil {
			return nil, err
		}
		total, err := r.total(prec)
		last := 2*prec > b.limits.Prec
		if err == nil {
			var lo *big.Rat
			lo, r.Bound = total.Bounds()
			if enough(lo, r.Bound) || last {
				return r, nil
			}
		}
		if last {
			return nil, &LimitError{fmt.Sprintf("%d bits do not suffice to enclose the bound", prec)}
		}
	}
}

// total returns sqrt(V1 + N1 + (sqrt(V2 + Noise2) + sqrt(Read))^2) + sqrt(Select).
func (r *Result) total(prec uint) (ball.Ball, error) {
	c := ball.NewCalc(prec)
	x2 := c.Add(c.Root(c.Add(r.V2, r.Noise2)), c.Root(r.Read))
	return c.Add(c.Root(c.Add(r.V1, r.N1, c.Sq(x2))), c.Root(r.Select)), c.Err()
}

// bounder is the exact part of the bound: masses and knots.
type bounder struct {
	limits   Limits
	cells    []cell
	shift1   []neural.PL // a, by coordinates of the first block
	shift2   []neural.PL // g, of the second
	eps1     []*big.Rat  // E1
	eps2     []*big.Rat
	window   *big.Rat
	readBox  *big.Rat // H^2: squared diagonal of the box of g and of the curves
	shiftBox *big.Rat // that of g alone
	cellBox  *big.Rat // that of a
	pieces   int
}

func newBounder(h *transport.Histogram, plan *transport.Plan, f *neural.Flow, limits Limits) (*bounder, error) {
	if err := h.Check(); err != nil {
		return nil, err
	}
	if f.Dim() != h.Dim() {
		return nil, &FlowError{fmt.Sprintf("dimension %d, while the histogram has %d", f.Dim(), h.Dim())}
	}
	b := &bounder{limits: limits}
	if len(plan.Cells) == 0 || len(plan.Cells) > limits.Cells {
		return nil, &LimitError{fmt.Sprintf("%d cells, want 1 to %d", len(plan.Cells), limits.Cells)}
	}
	for k, c := range plan.Cells {
		if len(c.Strands) == 0 || len(c.Strands) > limits.Cells {
			return nil, &LimitError{fmt.Sprintf("cell %d has %d strands, want 1 to %d", k, len(c.Strands), limits.Cells)}
		}
	}
	if !(plan.Window > 0) || plan.Window > 1000 {
		return nil, planError("the window is %v, want a number from 0 to 1000", plan.Window)
	}
	b.window = new(big.Rat).SetFloat64(plan.Window)
	g, err := newGrid(h, plan)
	if err != nil {
		return nil, err
	}
	if t := int64(len(plan.Cells)) * int64(g.strip); t > limits.Table {
		return nil, &LimitError{fmt.Sprintf("%d cells times %d grid cells, want at most %d", len(plan.Cells), g.strip, limits.Table)}
	}
	if err := b.flow(f, plan.Split); err != nil {
		return nil, err
	}
	if b.cells, err = g.cells(plan); err != nil {
		return nil, err
	}
	points := int64(0)
	for k := range b.cells {
		b.pieces += len(b.cells[k].pieces)
		lo, hi := b.reach(&b.cells[k])
		points += int64(len(b.cells[k].pieces) + hi - lo)
	}
	if points > limits.Points {
		return nil, &LimitError{fmt.Sprintf("%d points to evaluate integrals at, want at most %d", points, limits.Points)}
	}
	b.boxes()
	return b, nil
}

// reach returns the range of knots of g that the cell's window holds.
func (b *bounder) reach(c *cell) (lo, hi int) {
	r := new(big.Rat).Mul(b.window, b.eps1[0])
	left, _ := new(big.Rat).Sub(c.centre[0], r).Float64()
	right, _ := new(big.Rat).Add(c.centre[0], r).Float64()
	x, _ := b.shift2[0].Knots()
	lo, _ = slices.BinarySearch(x, left)
	hi, _ = slices.BinarySearch(x, right)
	return lo, hi
}

// flow reads the two couplings and refuses any other form.
func (b *bounder) flow(f *neural.Flow, split transport.Split) error {
	if len(f.Layers()) != 2 {
		return &FlowError{fmt.Sprintf("%d couplings, want 2", len(f.Layers()))}
	}
	read := func(l neural.Layer, which string, block []int, reads int) (shift []neural.PL, eps []*big.Rat, err error) {
		if len(l.Updates) != len(block) {
			return nil, nil, &FlowError{fmt.Sprintf("the %s coupling updates %d coordinates, want %d", which, len(l.Updates), len(block))}
		}
		for _, c := range block {
			i := slices.IndexFunc(l.Updates, func(u neural.Update) bool { return u.Coord == c })
			switch {
			case i < 0:
				return nil, nil, &FlowError{fmt.Sprintf("the %s coupling does not update coordinate %d", which, c)}
			case l.Updates[i].Reads != reads:
				return nil, nil, &FlowError{fmt.Sprintf("coordinate %d reads coordinate %d, want %d", c, l.Updates[i].Reads, reads)}
			case !l.Updates[i].LogScale.IsZero():
				return nil, nil, &FlowError{fmt.Sprintf("the scale of coordinate %d is not constant", c)}
			}
			s := l.Updates[i].Shift
			if x, _ := s.Knots(); len(x) == 0 {
				s = neural.Constant(0)
			}
			shift, eps = append(shift, s), append(eps, new(big.Rat).SetFloat64(l.Updates[i].Factor))
		}
		return shift, eps, nil
	}
	var err error
	if b.shift1, b.eps1, err = read(f.Layers()[0], "first", split.First, split.Second[0]); err != nil {
		return err
	}
	b.shift2, b.eps2, err = read(f.Layers()[1], "second", split.Second, split.First[0])
	return err
}

// boxes fills in the squared diagonals.
func (b *bounder) boxes() {
	side := func(s neural.PL) (lo, hi *big.Rat) {
		l, h := s.Range()
		return new(big.Rat).SetFloat64(l), new(big.Rat).SetFloat64(h)
	}
	square := func(lo, hi *big.Rat) *big.Rat {
		d := new(big.Rat).Sub(hi, lo)
		return d.Mul(d, d)
	}
	b.cellBox, b.shiftBox, b.readBox = new(big.Rat), new(big.Rat), new(big.Rat)
	for j, s := range b.shift1 {
		lo, hi := side(s)
		for k := range b.cells {
			lo, hi = least(lo, b.cells[k].centre[j]), most(hi, b.cells[k].centre[j])
		}
		b.cellBox.Add(b.cellBox, square(lo, hi))
	}
	for l, s := range b.shift2 {
		lo, hi := side(s)
		b.shiftBox.Add(b.shiftBox, square(lo, hi))
		for k := range b.cells {
			c := &b.cells[k]
			if l < len(b.shift2)-1 {
				for _, m := range c.means {
					lo, hi = least(lo, m[l]), most(hi, m[l])
				}
				continue
			}
			for i := range c.pieces {
				p := &c.pieces[i]
				lo, hi = least(lo, least(p.from, p.to)), most(hi, most(p.from, p.to))
			}
		}
		b.readBox.Add(b.readBox, square(lo, hi))
	}
}

func least(x, y *big.Rat) *big.Rat {
	if y.Cmp(x) < 0 {
		return y
	}
	return x
}

func most(x, y *big.Rat) *big.Rat {
	if y.Cmp(x) > 0 {
		return y
	}
	return x
}

// at evaluates the terms in balls of the given precision.
func (b *bounder) at(prec uint) (*Result, error) {
	n, err := normal.New(prec)
	if err != nil {
		return nil, err
	}
	c := ball.NewCalc(prec)
	v1, v2 := new(big.Rat), new(big.Rat)
	t := new(big.Rat)
	for k := range b.cells {
		v1.Add(v1, t.Mul(b.cells[k].mass, b.cells[k].v1))
		v2.Add(v2, t.Mul(b.cells[k].mass, b.cells[k].v2))
	}
	noise1, noise2 := new(big.Rat), new(big.Rat)
	for _, e := range b.eps1 {
		noise1.Add(noise1, t.Mul(e, e))
	}
	for _, e := range b.eps2 {
		noise2.Add(noise2, t.Mul(e, e))
	}
	r := &Result{Prec: prec, V1: c.Rat(v1), V2: c.Rat(v2), Noise2: c.Rat(noise2), Cells: len(b.cells), Pieces: b.pieces}

	type part struct {
		read, cov ball.Ball
		err       error
	}
	parts := make([]part, len(b.cells))
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := range next {
				p := &parts[k]
				select {
				case <-b.limits.Done:
					p.err = ErrStopped
					continue
				default:
				}
				i := integrals{Calc: ball.NewCalc(prec), normal: n}
				p.read, p.cov = b.reading(&i, &b.cells[k])
				p.err = i.Err()
			}
		}()
	}
	for k := range b.cells {
		next <- k
	}
	close(next)
	wg.Wait()
	cov := c.Int(0)
	for k := range parts {
		if parts[k].err != nil {
			return nil, parts[k].err
		}
		pi := c.Rat(b.cells[k].mass)
		r.Read = c.Add(r.Read, c.Mul(pi, parts[k].read))
		cov = c.Add(cov, c.Mul(pi, parts[k].cov))
	}
	r.N1 = c.Sub(c.Rat(noise1), c.Mul(c.Int(2), c.Rat(b.eps1[0]), cov))
	i := integrals{Calc: c, normal: n}
	r.Select = b.selecting(&i)
	return r, c.Err()
}

// cut is a number z at which a formula changes: near the quantile at mass, which it
// need not be.
type cut struct {
	z    *big.Rat
	mass *big.Rat // nil if z is a knot
}

// cuts estimates the quantiles at the given masses; any finite numbers would do.
func cuts(masses []*big.Rat) []cut {
	out := make([]cut, len(masses))
	for i, u := range masses {
		out[i] = cut{new(big.Rat).SetFloat64(normal.ApproxQuantileRat(u)), u}
	}
	return out
}

// reading returns, for one cell, a bound of E |g(y + eps z) - gamma(Phi(z))|^2, z
// standard normal, and E[z x1] in the coupling of the proof (equation 4).
//
// The curve's pieces meet at quantiles, for which the cuts stand. Where a cut is on
// the wrong side of z, of mass |Phi(cut) - u|, another piece's formula was used; the
// integrand that belongs there is at most the squared diagonal of the box.
func (b *bounder) reading(i *integrals, c *cell) (read, cov ball.Ball) {
	masses := make([]*big.Rat, 0, len(c.pieces))
	u := new(big.Rat)
	for k := range c.pieces {
		u = new(big.Rat).Add(u, c.pieces[k].mass)
		masses = append(masses, u)
	}
	between := cuts(masses[:len(masses)-1])
	points := slices.Clone(between)
	minus := new(big.Rat).Neg(b.window)
	for _, z := range b.knotsIn(c, minus, b.window) {
		points = append(points, cut{z, nil})
	}
	slices.SortStableFunc(points, func(x, y cut) int { return x.z.Cmp(y.z) })

	cov = i.Int(0)
	wrong := i.Int(0)
	for k, m := range between {
		p := i.at(m.z)
		off := i.off(p, m.mass)
		wrong = i.Add(wrong, off)
		// |phi(zeta) - phi(z)| = |E[Z; Z between]| <= sqrt(|Phi(zeta) - Phi(z)|)
		density := i.widen(p.density, i.Sqrt(off))
		step := new(big.Rat).Sub(c.pieces[k+1].mean, c.pieces[k].mean)
		cov = i.Add(cov, i.Mul(density, i.Rat(step)))
	}
	left, right := i.at(minus), i.at(b.window)
	tails := i.Add(left.cdf, i.Sub(i.Int(1), right.cdf))
	read = i.Mul(i.Add(wrong, tails), i.Rat(b.readBox))

	// Pieces to the left of the window are skipped.
	n := 0
	for n < len(points) && points[n].z.Cmp(minus) <= 0 {
		n++
	}
	at := 0 // piece
	for _, m := range points[:n] {
		if m.mass != nil {
			at++
		}
	}
	from := left
	for ; ; n++ {
		to := right
		if n < len(points) && points[n].z.Cmp(b.window) < 0 {
			to = i.at(points[n].z)
		}
		if from.z.Cmp(to.z) < 0 {
			read = i.Add(read, b.readPiece(i, c, at, masses, from, to))
		}
		if to == right {
			break
		}
		if points[n].mass != nil {
			at++
		}
		from = to
	}
	return read, cov
}

// readPiece returns the integral of |g - gamma|^2 phi between two points with no
// knot and no cut in between, the curve being on the given piece.
func (b *bounder) readPiece(i *integrals, c *cell, at int, masses []*big.Rat, from, to *point) ball.Ball {
	p := &c.pieces[at]
	mid := new(big.Rat).Add(from.z, to.z)
	x := mid.Mul(mid, big.NewRat(1, 2)).Mul(mid, b.eps1[0])
	x.Add(x, c.centre[0])
	sum := i.Int(0)
	for l, g := range b.shift2 {
		value, slope := line(g, x)
		// g(y + eps z) = value + slope (y + eps z - x)
		be := new(big.Rat).Mul(slope, b.eps1[0])
		al := new(big.Rat).Sub(c.centre[0], x)
		al.Mul(al, slope).Add(al, value)
		if l < len(b.shift2)-1 {
			al.Sub(al, c.means[p.strand][l])
			sum = i.Add(sum, i.square(al, be, new(big.Rat), from, to))
			continue
		}
		// gamma(u) = from + (to - from) (u - u0) / mass, u0 = u1 - mass
		bb := new(big.Rat).Sub(p.to, p.from)
		bb.Quo(bb, p.mass)
		aa := new(big.Rat).Sub(masses[at], p.mass)
		aa.Mul(aa, bb).Sub(p.from, aa)
		sum = i.Add(sum, i.square(al.Sub(al, aa), be, bb, from, to))
	}
	return sum
}

// knotsIn returns the z at which y + eps z is a knot of g, lo < z < hi, increasing.
func (b *bounder) knotsIn(c *cell, lo, hi *big.Rat) []*big.Rat {
	left := new(big.Rat).Mul(lo, b.eps1[0])
	left.Add(left, c.centre[0])
	right := new(big.Rat).Mul(hi, b.eps1[0])
	right.Add(right, c.centre[0])
	var zs []*big.Rat
	for _, x := range union(b.shift2) {
		t := new(big.Rat).SetFloat64(x)
		if t.Cmp(left) > 0 && t.Cmp(right) < 0 {
			t.Sub(t, c.centre[0])
			zs = append(zs, t.Quo(t, b.eps1[0]))
		}
	}
	return zs
}

// union returns the knots of all the functions, increasing.
func union(fs []neural.PL) []float64 {
	all, _ := fs[0].Knots()
	shared := true
	for _, f := range fs[1:] {
		x, _ := f.Knots()
		if !slices.Equal(x, all) {
			shared = false
		}
	}
	if shared {
		return all
	}
	all = nil
	for _, f := range fs {
		x, _ := f.Knots()
		all = append(all, x...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// line returns f(x) and the slope of f at x, which is not a knot, exactly.
func line(f neural.PL, x *big.Rat) (value, slope *big.Rat) {
	xs, ys := f.Knots()
	near, _ := x.Float64()
	k, _ := slices.BinarySearch(xs, near)
	rat := func(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }
	for k > 0 && rat(xs[k-1]).Cmp(x) > 0 {
		k--
	}
	for k < len(xs) && rat(xs[k]).Cmp(x) <= 0 {
		k++
	}
	switch k {
	case 0:
		return rat(ys[0]), new(big.Rat)
	case len(xs):
		return rat(ys[k-1]), new(big.Rat)
	}
	x0, y0 := rat(xs[k-1]), rat(ys[k-1])
	slope = rat(ys[k])
	slope.Sub(slope, y0)
	width := rat(xs[k])
	slope.Quo(slope, width.Sub(width, x0))
	value = x0.Sub(x, x0)
	return value.Mul(value, slope).Add(value, y0), slope
}

// selecting returns a bound of E |X - X'|^2, where X' is the flow with a(z) replaced
// by the centre of the cell that z selects: the integral of |a - c|^2 + H^2 over the
// z at which a is not that centre.
func (b *bounder) selecting(i *integrals) ball.Ball {
	masses := make([]*big.Rat, len(b.cells))
	u := new(big.Rat)
	for k := range b.cells {
		u = new(big.Rat).Add(u, b.cells[k].mass)
		masses[k] = u
	}
	points := cuts(masses[:len(masses)-1])
	wrong := i.Int(0)
	for _, m := range points {
		wrong = i.Add(wrong, i.off(i.at(m.z), m.mass))
	}
	for _, x := range union(b.shift1) {
		points = append(points, cut{new(big.Rat).SetFloat64(x), nil})
	}
	slices.SortStableFunc(points, func(x, y cut) int { return x.z.Cmp(y.z) })
	box := new(big.Rat).Add(b.cellBox, b.shiftBox)
	sum := i.Mul(wrong, i.Rat(box))

	from, at := i.infinity(-1), 0
	for n := 0; n <= len(points); n++ {
		to := i.infinity(1)
		if n < len(points) {
			to = i.at(points[n].z)
		}
		if from.z == nil || to.z == nil || from.z.Cmp(to.z) < 0 {
			sum = i.Add(sum, b.zone(i, at, from, to))
		}
		if n < len(points) && points[n].mass != nil {
			at++
		}
		from = to
	}
	return sum
}

// zone returns the integral of (|a - c|^2 + H^2) phi between two neighbouring
// points, 0 if a is c there.
func (b *bounder) zone(i *integrals, at int, from, to *point) ball.Ball {
	x := new(big.Rat)
	switch {
	case from.z == nil && to.z == nil:
	case from.z == nil:
		x.Sub(to.z, big.NewRat(1, 1))
	case to.z == nil:
		x.Add(from.z, big.NewRat(1, 1))
	default:
		x.Add(from.z, to.z).Mul(x, big.NewRat(1, 2))
	}
	c := &b.cells[at]
	sum, away := i.Int(0), false
	for j, a := range b.shift1 {
		value, slope := line(a, x)
		al := new(big.Rat).Mul(slope, x)
		al.Sub(value, al).Sub(al, c.centre[j])
		if al.Sign() != 0 || slope.Sign() != 0 {
			away = true
			sum = i.Add(sum, i.square(al, slope, new(big.Rat), from, to))
		}
	}
	if !away {
		return sum
	}
	return i.Add(sum, i.Mul(i.Rat(b.shiftBox), i.Sub(to.cdf, from.cdf)))
}
