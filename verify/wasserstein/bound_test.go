package wasserstein_test

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"flowproof/constructions/universal"
	"flowproof/neural"
	"flowproof/transport"
	"flowproof/verify/wasserstein"
)

// sample is a histogram with a flow for it.
type sample struct {
	name string
	h    *transport.Histogram
	b    *universal.Built
}

// samples are random and degenerate histograms in 2 to 4 dimensions, on all splits.
func samples(t *testing.T) []sample {
	rng := rand.New(rand.NewPCG(1, 1))
	var out []sample
	for _, c := range []struct {
		name  string
		cells []int
		split string
		delta float64
		zero  float64 // part of the cells without mass
	}{
		{"one cell", []int{1, 1}, "1|1", 0.3, 0},
		{"random", []int{5, 4}, "1|1", 0.4, 0},
		{"other order", []int{4, 5}, "1|0", 0.2, 0.3},
		{"sparse", []int{8, 8}, "1|1", 0.3, 0.9},
		{"1|2", []int{3, 4, 3}, "1|2", 0.6, 0.3},
		{"2|1", []int{3, 2, 4}, "2|1", 0.6, 0.3},
		{"mixed", []int{3, 2, 4}, "2|0,1", 0.6, 0.3},
		{"2|2", []int{2, 3, 2, 3}, "2|2", 1.2, 0.2},
		{"1|3", []int{2, 3, 2, 2}, "1|3", 1.2, 0.2},
	} {
		h := &transport.Histogram{Cells: c.cells}
		n := 1
		for j, k := range c.cells {
			h.Lo, h.Hi = append(h.Lo, -1+0.25*float64(j)), append(h.Hi, 1)
			n *= k
		}
		for range n {
			w := rng.Uint64N(1000)
			if rng.Float64() < c.zero {
				w = 0
			}
			h.Weights = append(h.Weights, w)
		}
		h.Weights[n/2] = 7
		split, err := transport.ParseSplit(len(c.cells), c.split)
		if err != nil {
			t.Fatal(err)
		}
		b, err := universal.Build(h, split, c.delta, universal.Options{})
		if err != nil {
			t.Fatal(c.name, err)
		}
		out = append(out, sample{c.name, h, b})
	}
	return out
}

// model is the coupling of the proof in floating point, from its definition: laws
// are lists of small boxes with masses, and every mean is a sum over them.
type model struct {
	*sample
	boxes [][]part // of each cell: parts of grid cells, cut to the cell
	order []int
	p     int
}

// part is a box with a mass; lo and hi by axes in the order of the blocks.
type part struct {
	mass   float64
	lo, hi []float64
}

func newModel(s *sample) *model {
	m := &model{sample: s, order: s.b.Plan.Split.Order(), p: len(s.b.Plan.Split.First)}
	d := s.h.Dim()
	total, _ := s.h.Total().Float64()
	at := make([]int, d)
	m.boxes = make([][]part, len(s.b.Plan.Cells))
	for _, w := range s.h.Weights {
		whole := part{float64(w) / total, make([]float64, d), make([]float64, d)}
		for k, axis := range m.order {
			side := (s.h.Hi[axis] - s.h.Lo[axis]) / float64(s.h.Cells[axis])
			whole.lo[k] = s.h.Lo[axis] + side*float64(at[axis])
			whole.hi[k] = whole.lo[k] + side
		}
		for k, c := range s.b.Plan.Cells {
			if q, ok := m.cut(whole, c.Box, 0); ok && w > 0 {
				m.boxes[k] = append(m.boxes[k], q)
			}
		}
		for j := d - 1; j >= 0; j-- {
			if at[j]++; at[j] < s.h.Cells[j] {
				break
			}
			at[j] = 0
		}
	}
	return m
}

// cut returns the part of q inside the spans, of axes first, first+1, ..
func (m *model) cut(q part, spans []transport.Span, first int) (part, bool) {
	out := part{q.mass, slices.Clone(q.lo), slices.Clone(q.hi)}
	for k, s := range spans {
		axis := m.order[first+k]
		unit := (m.h.Hi[axis] - m.h.Lo[axis]) / float64(m.h.Cells[axis]*m.b.Plan.Refine[first+k])
		lo, hi := max(q.lo[first+k], m.h.Lo[axis]+unit*float64(s.From)), min(q.hi[first+k], m.h.Lo[axis]+unit*float64(s.To))
		if hi <= lo+1e-13 {
			return out, false
		}
		out.mass *= (hi - lo) / (q.hi[first+k] - q.lo[first+k])
		out.lo[first+k], out.hi[first+k] = lo, hi
	}
	return out, true
}

// piece is a row of a strand.
type piece struct {
	mass, from, to, x float64
	mean              []float64
}

// curve returns the pieces of a cell's curve, and the variance across its strands.
func (m *model) curve(k int) (out []piece, variance float64) {
	d := m.h.Dim()
	all := 0.0
	for _, q := range m.boxes[k] {
		all += q.mass
	}
	for _, s := range m.b.Plan.Cells[k].Strands {
		rows := map[float64]*piece{}
		var parts []part
		sum, mean := 0.0, make([]float64, d-1-m.p)
		for _, q := range m.boxes[k] {
			c, ok := m.cut(q, s.Box, m.p)
			if !ok {
				continue
			}
			parts = append(parts, c)
			sum += c.mass
			for j := range mean {
				mean[j] += c.mass * (c.lo[m.p+j] + c.hi[m.p+j]) / 2
			}
			r := rows[c.lo[d-1]]
			if r == nil {
				r = &piece{from: c.lo[d-1], to: c.hi[d-1]}
				rows[c.lo[d-1]] = r
			}
			r.mass += c.mass
			r.x += c.mass * (c.lo[0] + c.hi[0]) / 2
		}
		for j := range mean {
			mean[j] /= sum
		}
		for _, c := range parts {
			for j, v := range mean {
				a, b := c.lo[m.p+j]-v, c.hi[m.p+j]-v
				variance += c.mass * (a*a + a*b + b*b) / 3 / all
			}
		}
		var keys []float64
		for key := range rows {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		if s.Down {
			slices.Reverse(keys)
		}
		for _, key := range keys {
			r := *rows[key]
			r.x /= r.mass
			r.mass /= all
			r.mean = mean
			if s.Down {
				r.from, r.to = r.to, r.from
			}
			out = append(out, r)
		}
	}
	return out, variance
}

func cdf(z float64) float64     { return math.Erfc(-z/math.Sqrt2) / 2 }
func density(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }

// quantile inverts cdf by bisection.
func quantile(u float64) float64 {
	lo, hi := -40.0, 40.0
	for range 120 {
		if mid := (lo + hi) / 2; cdf(mid) < u {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// integrate integrates f phi between neighbouring points, each interval cut into
// eight, by Gauss's rule with five nodes.
func integrate(points []float64, f func(z float64) float64) float64 {
	nodes := []float64{0, 0.5384693101056831, 0.9061798459386640}
	weights := []float64{0.5688888888888889, 0.4786286704993665, 0.2369268850561891}
	slices.Sort(points)
	sum := 0.0
	for k := 1; k < len(points); k++ {
		for n := range 8 {
			a := points[k-1] + (points[k]-points[k-1])*float64(n)/8
			b := points[k-1] + (points[k]-points[k-1])*float64(n+1)/8
			mid, half := (a+b)/2, (b-a)/2
			for i, x := range nodes {
				for _, s := range []float64{-1, 1} {
					z := mid + s*x*half
					w := weights[i] * half * f(z) * density(z)
					if i == 0 {
						w /= 2
					}
					sum += w
				}
			}
		}
	}
	return sum
}

// terms computes the squares under the roots from the definitions.
func (m *model) terms() (v1, n1, v2, noise2, read, sel float64) {
	plan, flow := m.b.Plan, m.b.Flow
	first, second := flow.Layers()[0].Updates, flow.Layers()[1].Updates
	eps0 := first[0].Factor
	lo, hi := make([]float64, len(second)), make([]float64, len(second))
	for l, u := range second {
		lo[l], hi[l] = u.Shift.Range()
		noise2 += u.Factor * u.Factor
	}
	g2 := 0.0
	for l := range lo {
		g2 += (hi[l] - lo[l]) * (hi[l] - lo[l])
	}
	curves := make([][]piece, len(plan.Cells))
	pi := make([]float64, len(plan.Cells))
	for k, c := range plan.Cells {
		for _, q := range m.boxes[k] {
			pi[k] += q.mass
			for j, v := range c.Centre {
				a, b := q.lo[j]-v, q.hi[j]-v
				v1 += q.mass * (a*a + a*b + b*b) / 3
			}
		}
		var v float64
		curves[k], v = m.curve(k)
		v2 += pi[k] * v
		for _, p := range curves[k] {
			for l, x := range p.mean {
				lo[l], hi[l] = min(lo[l], x), max(hi[l], x)
			}
			l := len(lo) - 1
			lo[l], hi[l] = min(lo[l], p.from, p.to), max(hi[l], p.from, p.to)
		}
	}
	h2 := 0.0
	for l := range lo {
		h2 += (hi[l] - lo[l]) * (hi[l] - lo[l])
	}
	for _, u := range first {
		n1 += u.Factor * u.Factor
	}
	for k, c := range plan.Cells {
		u, points := 0.0, []float64{-plan.Window, plan.Window}
		var ends []float64
		for i, p := range curves[k] {
			u += p.mass
			if ends = append(ends, u); i+1 < len(curves[k]) {
				z := quantile(u)
				n1 -= 2 * eps0 * pi[k] * density(z) * (curves[k][i+1].x - p.x)
				if math.Abs(z) < plan.Window {
					points = append(points, z)
				}
			}
		}
		xs, _ := second[0].Shift.Knots()
		for _, x := range xs {
			if z := (x - c.Centre[0]) / eps0; math.Abs(z) < plan.Window {
				points = append(points, z)
			}
		}
		read += pi[k] * (2*cdf(-plan.Window)*h2 + integrate(points, func(z float64) float64 {
			u := cdf(z)
			i, _ := slices.BinarySearch(ends[:len(ends)-1], u)
			p := curves[k][i]
			along := p.from + (p.to-p.from)*(1-(ends[i]-u)/p.mass)
			sum := 0.0
			for l, s := range second {
				at := along
				if l < len(p.mean) {
					at = p.mean[l]
				}
				d := s.Shift.At(c.Centre[0]+eps0*z) - at
				sum += d * d
			}
			return sum
		}))
	}
	points := []float64{-12, 12}
	sum := 0.0
	var ends []float64
	for _, p := range pi[:len(pi)-1] {
		sum += p
		ends, points = append(ends, quantile(sum)), append(points, quantile(sum))
	}
	if xs, _ := first[0].Shift.Knots(); len(pi) > 1 {
		points = append(points, xs...)
	}
	sel = integrate(points, func(z float64) float64 {
		k, _ := slices.BinarySearch(ends, z)
		d2 := 0.0
		for j, u := range first {
			d := u.Shift.At(z) - plan.Cells[k].Centre[j]
			d2 += d * d
		}
		if d2 == 0 {
			return 0
		}
		return d2 + g2
	})
	return
}

// TestTerms compares every term with its definition, integrated numerically.
func TestTerms(t *testing.T) {
	for _, s := range samples(t) {
		r, err := wasserstein.Bound(s.h, s.b.Plan, s.b.Flow, wasserstein.DefaultLimits())
		if err != nil {
			t.Fatal(s.name, err)
		}
		v1, n1, v2, noise2, read, sel := newModel(&s).terms()
		for _, c := range []struct {
			name      string
			got, want float64
		}{
			{"V1", r.V1.Estimate(), v1}, {"N1", r.N1.Estimate(), n1}, {"V2", r.V2.Estimate(), v2},
			{"noise", r.Noise2.Estimate(), noise2}, {"read", r.Read.Estimate(), read}, {"select", r.Select.Estimate(), sel},
		} {
			if math.Abs(c.got-c.want) > 1e-6*math.Abs(c.want)+1e-9 {
				t.Errorf("%s: %s is %.9g, by its definition %.9g", s.name, c.name, c.got, c.want)
			}
		}
		x := math.Sqrt(v2+noise2) + math.Sqrt(read)
		want := math.Sqrt(v1+n1+x*x) + math.Sqrt(sel)
		if got, _ := r.Bound.Float64(); got < want*(1-1e-7) || got > want*(1+1e-5) {
			t.Errorf("%s: the bound is %v, want %v", s.name, got, want)
		}
	}
}

// TestCoupling draws from the coupling of the proof: the mean squared distance of
// flow and target is below the bound, and the target's part has the target's law.
func TestCoupling(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for _, s := range samples(t) {
		r, err := wasserstein.Bound(s.h, s.b.Plan, s.b.Flow, wasserstein.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		m := newModel(&s)
		const n = 20000
		sum, counts := 0.0, map[int]float64{}
		d := s.h.Dim()
		for range n {
			z := make([]float64, d)
			for k := range z {
				z[k] = rng.NormFloat64()
			}
			x, err := neural.Forward(s.b.Flow, z)
			if err != nil {
				t.Fatal(err)
			}
			y := m.draw(z, rng)
			cell := 0
			for j := range d {
				k := slices.Index(m.order, j)
				sum += (x[j] - y[k]) * (x[j] - y[k])
				side := (s.h.Hi[j] - s.h.Lo[j]) / float64(s.h.Cells[j])
				cell = cell*s.h.Cells[j] + min(int((y[k]-s.h.Lo[j])/side), s.h.Cells[j]-1)
			}
			counts[cell]++
		}
		bound, _ := r.Bound.Float64()
		if rms := math.Sqrt(sum / n); rms > bound || rms < 0.8*bound {
			t.Errorf("%s: the coupling's distance is %v, the bound %v", s.name, rms, bound)
		}
		total, _ := s.h.Total().Float64()
		chi2, cells := 0.0, 0.0
		for k, w := range s.h.Weights {
			if want := float64(w) / total * n; want > 0 {
				chi2 += (counts[k] - want) * (counts[k] - want) / want
				cells++
			} else if counts[k] > 0 {
				t.Errorf("%s: a point in cell %d, which has no mass", s.name, k)
			}
		}
		if cells > 1 && math.Abs(chi2-(cells-1)) > 6*math.Sqrt(2*(cells-1))+6 {
			t.Errorf("%s: chi squared is %v for %v cells", s.name, chi2, cells)
		}
	}
}

// draw returns the target's point that the coupling gives to z, in the order of the
// blocks.
func (m *model) draw(z []float64, rng *rand.Rand) []float64 {
	plan, d := m.b.Plan, m.h.Dim()
	u, k := cdf(z[plan.Split.Second[0]]), 0
	mass := func(k int) (sum float64) {
		for _, q := range m.boxes[k] {
			sum += q.mass
		}
		return sum
	}
	for sum := mass(0); u > sum && k+1 < len(plan.Cells); sum += mass(k) {
		k++
	}
	v, sum := cdf(z[plan.Split.First[0]]), 0.0
	pieces, _ := m.curve(k)
	i := 0
	for sum = pieces[0].mass; v > sum && i+1 < len(pieces); sum += pieces[i].mass {
		i++
	}
	p := pieces[i]
	along := p.from + (p.to-p.from)*min(max(1-(sum-v)/p.mass, 0), 1)
	// A part of the cell in the strand and the row, by mass; uniform inside.
	strand, seen := 0, 0
	for strand = range plan.Cells[k].Strands {
		rows := map[float64]bool{}
		for _, q := range m.boxes[k] {
			if c, ok := m.cut(q, plan.Cells[k].Strands[strand].Box, m.p); ok {
				rows[c.lo[d-1]] = true
			}
		}
		if seen += len(rows); i < seen {
			break
		}
	}
	var parts []part
	all := 0.0
	for _, q := range m.boxes[k] {
		if c, ok := m.cut(q, plan.Cells[k].Strands[strand].Box, m.p); ok && c.lo[d-1] == min(p.from, p.to) {
			parts, all = append(parts, c), all+c.mass
		}
	}
	at := rng.Float64() * all
	n := 0
	for sum := parts[0].mass; at > sum && n+1 < len(parts); sum += parts[n].mass {
		n++
	}
	y := make([]float64, d)
	for j := range y {
		y[j] = parts[n].lo[j] + rng.Float64()*(parts[n].hi[j]-parts[n].lo[j])
	}
	y[d-1] = along
	return y
}

// TestRefuses: what is not a plan for this histogram, or not a flow of this form.
func TestRefuses(t *testing.T) {
	s := samples(t)[4] // 1|2
	var plan *wasserstein.PlanError
	var flow *wasserstein.FlowError
	var limit *wasserstein.LimitError
	try := func(name string, want any, change func(p *transport.Plan, u [][]neural.Update, l *wasserstein.Limits)) {
		p := *s.b.Plan
		p.Cells = slices.Clone(p.Cells)
		for k := range p.Cells {
			p.Cells[k].Box = slices.Clone(p.Cells[k].Box)
			p.Cells[k].Strands = slices.Clone(p.Cells[k].Strands)
		}
		var us [][]neural.Update
		for _, l := range s.b.Flow.Layers() {
			us = append(us, slices.Clone(l.Updates))
		}
		limits := wasserstein.DefaultLimits()
		change(&p, us, &limits)
		var layers []neural.Layer
		for _, u := range us {
			layers = append(layers, neural.Layer{Updates: u})
		}
		f, err := neural.NewFlow(s.h.Dim(), layers...)
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := wasserstein.Bound(s.h, &p, f, limits); err == nil || !errors.As(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	type (
		P = *transport.Plan
		U = [][]neural.Update
		L = *wasserstein.Limits
	)
	try("a cell less", &plan, func(p P, _ U, _ L) { p.Cells = p.Cells[1:] })
	try("a cell twice", &plan, func(p P, _ U, _ L) { p.Cells = append(p.Cells, p.Cells[0]) })
	try("a wider cell", &plan, func(p P, _ U, _ L) { p.Cells[0].Box[0].To++ })
	try("a narrower cell", &plan, func(p P, _ U, _ L) { p.Cells[0].Box[0].To-- })
	try("a cell off the grid", &plan, func(p P, _ U, _ L) { p.Cells[0].Box[0].From-- })
	try("a strand less", &plan, func(p P, _ U, _ L) { p.Cells[0].Strands = p.Cells[0].Strands[1:] })
	try("a strand twice", &plan, func(p P, _ U, _ L) {
		p.Cells[0].Strands = append(slices.Clone(p.Cells[0].Strands), p.Cells[0].Strands[0])
	})
	try("no centre", &plan, func(p P, _ U, _ L) { p.Cells[0].Centre = nil })
	try("no window", &plan, func(p P, _ U, _ L) { p.Window = 0 })
	try("a block twice", &plan, func(p P, _ U, _ L) { p.Split.Second = []int{0, 1} })
	try("refined 0 times", &plan, func(p P, _ U, _ L) { p.Refine = []int{0, 1, 1} })
	try("one coupling", &flow, func(_ P, u U, _ L) { u[1] = nil })
	try("a scale that varies", &flow, func(_ P, u U, _ L) {
		u[1][0].LogScale, _ = neural.NewPL([]float64{0, 1}, []float64{0, 1})
	})
	try("another coordinate read", &flow, func(_ P, u U, _ L) { u[0][0].Reads = 2 })
	try("few cells", &limit, func(_ P, _ U, l L) { l.Cells = 1 })
	try("few points", &limit, func(_ P, _ U, l L) { l.Points = 10 })
	try("a small table", &limit, func(_ P, _ U, l L) { l.Table = 10 })
}

// TestWeaker: knots moved by hand change the bound as they should: never to less
// than the true distance of one-dimensional projections.
func TestMovedKnots(t *testing.T) {
	s := samples(t)[1]
	before, err := wasserstein.Bound(s.h, s.b.Plan, s.b.Flow, wasserstein.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	first, second := s.b.Flow.Layers()[0], s.b.Flow.Layers()[1]
	x, y := second.Updates[0].Shift.Knots()
	moved := slices.Clone(y)
	for k := range moved {
		moved[k] += 0.5
	}
	u := second.Updates[0]
	if u.Shift, err = neural.NewPL(x, moved); err != nil {
		t.Fatal(err)
	}
	f, err := neural.NewFlow(2, first, neural.Layer{Updates: []neural.Update{u}})
	if err != nil {
		t.Fatal(err)
	}
	after, err := wasserstein.Bound(s.h, s.b.Plan, f, wasserstein.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	// The flow is 0.5 away from where it was, so the distance is at least 0.5 less
	// what it was.
	least := new(big.Rat).Sub(big.NewRat(1, 2), before.Bound)
	if after.Bound.Cmp(least) < 0 {
		t.Errorf("moved by 0.5: %s, before %s", after.Bound.FloatString(6), before.Bound.FloatString(6))
	}
}
