package universal

import (
	"math"
	"slices"

	"flowproof/exactmath/normal"
	"flowproof/transport"
)

// curve is gamma: (0, 1) -> R^q, a polygon with jumps, in the mass u: piece i goes
// from start[i] to end[i] while u goes from u[i] to u[i+1].
type curve struct {
	strands    []transport.Strand
	variance   float64 // E |x2' - mean of the strand|^2
	u          []float64
	start, end [][]float64
	x          []float64 // conditional mean of x1[0], a piece each
	jump       []float64 // |start[i+1] - end[i]|
	cov        float64   // E[z x1[0]]
}

// piece is a piece of a curve before it is laid: its mass, the mean of x1[0] in it,
// and its ends.
type piece struct {
	mass, x    float64
	start, end []float64
}

// newCurve lays a curve through the law t on the second block: strands, one for
// each box of the first q-1 coordinates, at the means of these, along the last
// coordinate, alternately up and down. aux has the first moments of x1[0]. Of the
// two directions that one is taken in which z and x1[0] are not negatively
// correlated.
func (b *builder) newCurve(t, aux tensor, boxes [][]transport.Span) *curve {
	c := &curve{}
	all := total(t.data)
	var pieces []piece
	for s, box := range boxes {
		strand, strandAux := t, aux
		means, variance, mass := b.moments(t, b.p, box)
		c.variance += variance * mass / all
		for axis := range b.q - 1 {
			f, _ := fractions(t.shape[axis], b.refine[b.p+axis], box[axis])
			strand, strandAux = strand.slab(f), strandAux.slab(f)
		}
		down := s%2 == 1
		c.strands = append(c.strands, transport.Strand{Box: box, Down: down})
		pieces = append(pieces, b.pieces(strand, strandAux, means, all, down)...)
	}
	c.lay(pieces, b.diagonal)
	if c.cov < 0 {
		slices.Reverse(pieces)
		for i := range pieces {
			pieces[i].start, pieces[i].end = pieces[i].end, pieces[i].start
		}
		slices.Reverse(c.strands)
		for i := range c.strands {
			c.strands[i].Down = !c.strands[i].Down
		}
		c.lay(pieces, b.diagonal)
	}
	return c
}

// pieces returns the pieces of a strand at the given means, one for each cell of the
// last coordinate that has mass, of all the mass.
func (b *builder) pieces(strand, aux tensor, means []float64, all float64, down bool) (out []piece) {
	last := b.p + b.q - 1
	for n, rows := 0, len(strand.data); n < rows; n++ {
		i := n
		if down {
			i = rows - 1 - n
		}
		w := strand.data[i]
		if w <= 0 {
			continue
		}
		lo, hi := b.edge(last, i), b.edge(last, i+1)
		if down {
			lo, hi = hi, lo
		}
		out = append(out, piece{w / all, aux.data[i] / w, append(slices.Clone(means), lo), append(slices.Clone(means), hi)})
	}
	return out
}

// lay makes the pieces the curve's; jumps that are nothing in terms of the diagonal
// of the box are rounding.
func (c *curve) lay(pieces []piece, diagonal float64) {
	c.u, c.start, c.end, c.x, c.jump, c.cov = []float64{0}, nil, nil, nil, nil, 0
	sum := 0.0
	for i, r := range pieces {
		sum += r.mass
		c.u = append(c.u, sum)
		c.start, c.end, c.x = append(c.start, r.start), append(c.end, r.end), append(c.x, r.x)
		if i > 0 {
			d := distance(r.start, pieces[i-1].end)
			if d < 1e-13*diagonal {
				d = 0
			}
			c.jump = append(c.jump, d)
			c.cov += normal.ApproxDensity(normal.ApproxQuantile(c.u[i])) * (r.x - pieces[i-1].x)
		}
	}
	c.u[len(c.u)-1] = 1
}

func distance(a, b []float64) float64 {
	d := 0.0
	for i := range a {
		d = math.Hypot(d, a[i]-b[i])
	}
	return d
}

// at returns gamma(u), at a jump from the left or from the right.
func (c *curve) at(u float64, right bool) []float64 {
	k, hit := slices.BinarySearch(c.u, u)
	if !hit || !right {
		k--
	}
	k = min(max(k, 0), len(c.start)-1)
	t := (u - c.u[k]) / (c.u[k+1] - c.u[k])
	v := make([]float64, len(c.start[k]))
	for l := range v {
		v[l] = c.start[k][l] + t*(c.end[k][l]-c.start[k][l])
	}
	return v
}

// polygon is a continuous curve in u.
type polygon struct {
	u []float64
	v [][]float64
}

// ramps replaces each jump J by a straight ramp of mass |J| phi(zeta) / slope, so
// that its slope in z is about the same for all; ramps that meet are merged. It
// returns the mean squared difference from gamma.
func (c *curve) ramps(slope float64) (polygon, float64) {
	g := polygon{[]float64{0}, [][]float64{c.start[0]}}
	lost, at := 0.0, 0.0
	for _, z := range append(c.zones(slope), [2]float64{1, 1}) {
		a, b := z[0], z[1]
		c.corners(at, a, func(k int) { g.u, g.v = append(g.u, c.u[k]), append(g.v, c.end[k-1]) })
		if a >= 1 {
			g.u, g.v = append(g.u, 1), append(g.v, c.end[len(c.end)-1])
			break
		}
		va, vb := c.at(a, false), c.at(b, true)
		g.u, g.v = append(g.u, a, b), append(g.v, va, vb)
		c.differ(a, b, va, vb, &lost)
		at = b
	}
	return g, lost
}

// zones are the intervals of u in which there are ramps, rising.
func (c *curve) zones(slope float64) (zones [][2]float64) {
	for i, j := range c.jump {
		if j == 0 {
			continue
		}
		u := c.u[i+1]
		rho := j * normal.ApproxDensity(normal.ApproxQuantile(u)) / slope
		a, b := max(u-rho/2, u/2), min(u+rho/2, 1-(1-u)/2)
		if n := len(zones); n > 0 && a <= zones[n-1][1] {
			zones[n-1][1] = max(zones[n-1][1], b)
		} else {
			zones = append(zones, [2]float64{a, b})
		}
	}
	return zones
}

// corners visits the k for which u[k] is inside (from, to).
func (c *curve) corners(from, to float64, visit func(k int)) {
	k, hit := slices.BinarySearch(c.u, from)
	if hit {
		k++
	}
	for ; k < len(c.u) && c.u[k] < to; k++ {
		visit(k)
	}
}

// differ adds to sum the integral of the squared difference of gamma from the line
// that goes from va to vb while u goes from a to b.
func (c *curve) differ(a, b float64, va, vb []float64, sum *float64) {
	line := func(u float64, right bool) []float64 {
		w := c.at(u, right)
		for l := range w {
			w[l] = va[l] + (vb[l]-va[l])*(u-a)/(b-a) - w[l]
		}
		return w
	}
	from := a
	add := func(to float64) {
		d0, d1 := line(from, true), line(to, false)
		for l := range d0 {
			*sum += (to - from) * (d0[l]*d0[l] + d0[l]*d1[l] + d1[l]*d1[l]) / 3
		}
		from = to
	}
	c.corners(a, b, func(k int) { add(c.u[k]) })
	add(b)
}

// read returns the knots (z, gamma(Phi(z))) of a function that is linear in z: the
// corners of the polygon and a mesh in z, inside [-R, R]; and a bound of the mean
// squared difference, mass theta |dV|^2 for each interval, theta <= tanh^2(w/4)/3,
// w = |b^2 - a^2| / 2 (PROOFS.md, "Universality").
func (g polygon) read(mesh []float64) (z []float64, v [][]float64, lost float64) {
	last := len(mesh) - 1
	lo, hi := normal.ApproxCDF(mesh[0]), normal.ApproxCDF(mesh[last])
	us := []float64{}
	zs := map[float64]float64{}
	for i, m := range mesh {
		u := normal.ApproxCDF(m)
		if i == 0 {
			u = lo
		}
		us = append(us, u)
		zs[u] = m
	}
	for _, u := range g.u {
		if lo < u && u < hi {
			us = append(us, u)
		}
	}
	slices.Sort(us)
	const apart = 1e-12 // knots nearer than this are one
	k := 0
	for _, u := range us {
		x, known := zs[u]
		if !known {
			x = normal.ApproxQuantile(u)
		}
		if n := len(z); n > 0 && x-z[n-1] < apart {
			continue
		}
		for k+2 < len(g.u) && g.u[k+1] <= u {
			k++
		}
		t := 0.0
		if w := g.u[k+1] - g.u[k]; w > 0 {
			t = min(max((u-g.u[k])/w, 0), 1)
		}
		w := make([]float64, len(g.v[k]))
		for l := range w {
			w[l] = g.v[k][l] + t*(g.v[k+1][l]-g.v[k][l])
		}
		z, v = append(z, x), append(v, w)
		if n := len(z) - 1; n > 0 {
			d := distance(v[n], v[n-1])
			th := math.Tanh(math.Abs(z[n]*z[n]-z[n-1]*z[n-1]) / 8)
			lost += (normal.ApproxCDF(z[n]) - normal.ApproxCDF(z[n-1])) * th * th / 3 * d * d
		}
	}
	return z, v, lost
}
