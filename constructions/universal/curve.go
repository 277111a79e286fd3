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

// newCurve lays a curve through the law t on the second block: strands, one for
// each box of the first q-1 coordinates, at the means of these, along the last
// coordinate, alternately up and down. aux has the first moments of x1[0]. Of the
// two directions that one is taken in which z and x1[0] are not negatively
// correlated.
func (b *builder) newCurve(t, aux tensor, boxes [][]transport.Span) *curve {
	p, q := b.p, b.q
	rows := t.shape[q-1]
	c := &curve{}
	all := total(t.data)
	type row struct {
		mass, x    float64
		start, end []float64
	}
	var list []row
	for s, box := range boxes {
		strand, strandAux := t, aux
		means, variance, mass := b.moments(t, p, box)
		c.variance += variance * mass / all
		for axis := range q - 1 {
			f, _ := fractions(t.shape[axis], b.refine[p+axis], box[axis])
			strand, strandAux = strand.slab(f), strandAux.slab(f)
		}
		down := s%2 == 1
		c.strands = append(c.strands, transport.Strand{Box: box, Down: down})
		for n := range rows {
			i := n
			if down {
				i = rows - 1 - n
			}
			w := strand.data[i]
			if w <= 0 {
				continue
			}
			lo, hi := b.edge(p+q-1, i), b.edge(p+q-1, i+1)
			if down {
				lo, hi = hi, lo
			}
			list = append(list, row{w / all, strandAux.data[i] / w, append(slices.Clone(means), lo), append(slices.Clone(means), hi)})
		}
	}
	lay := func() {
		c.u, c.start, c.end, c.x, c.jump, c.cov = []float64{0}, nil, nil, nil, nil, 0
		sum := 0.0
		for i, r := range list {
			sum += r.mass
			c.u = append(c.u, sum)
			c.start, c.end, c.x = append(c.start, r.start), append(c.end, r.end), append(c.x, r.x)
			if i > 0 {
				d := distance(r.start, list[i-1].end)
				if d < 1e-13*b.diagonal {
					d = 0
				}
				c.jump = append(c.jump, d)
				c.cov += normal.ApproxDensity(normal.ApproxQuantile(c.u[i])) * (r.x - list[i-1].x)
			}
		}
		c.u[len(c.u)-1] = 1
	}
	lay()
	if c.cov < 0 {
		slices.Reverse(list)
		for i := range list {
			list[i].start, list[i].end = list[i].end, list[i].start
		}
		slices.Reverse(c.strands)
		for i := range c.strands {
			c.strands[i].Down = !c.strands[i].Down
		}
		lay()
	}
	return c
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

// zone is a part of (0, 1) over which a straight ramp replaces the curve: around the
// middle u, where the curve goes the way long.
type zone struct{ middle, way, from, to float64 }

// zones are the parts where the curve is a jump, or would be steeper in z than slope:
// rows with so little mass are jumps too. Each is as wide as its way asks for, and
// those that meet are one, as wide as both together.
func (c *curve) zones(slope float64) (out []zone) {
	add := func(u, way, mass float64) {
		rho := way * normal.ApproxDensity(normal.ApproxQuantile(u)) / slope
		if way == 0 || rho <= mass {
			return
		}
		z := zone{u, way, max(u-rho/2, u/2), min(u+rho/2, 1-(1-u)/2)}
		for len(out) > 0 && z.from <= out[len(out)-1].to {
			l := out[len(out)-1]
			out = out[:len(out)-1]
			way := l.way + z.way
			u := l.middle + (z.middle-l.middle)*z.way/way
			rho := way * normal.ApproxDensity(normal.ApproxQuantile(u)) / slope
			z = zone{u, way, min(l.from, max(u-rho/2, u/2)), max(z.to, min(u+rho/2, 1-(1-u)/2))}
		}
		out = append(out, z)
	}
	for i := range c.start {
		mass := c.u[i+1] - c.u[i]
		add(c.u[i]+mass/2, distance(c.start[i], c.end[i]), mass)
		if i < len(c.jump) {
			add(c.u[i+1], c.jump[i], 0)
		}
	}
	return out
}

// ramps replaces the curve in each of its zones by a straight ramp, so that its slope
// in z is about the same for all. It returns the mean squared difference from gamma.
func (c *curve) ramps(slope float64) (polygon, float64) {
	zones := c.zones(slope)
	g := polygon{[]float64{0}, [][]float64{c.start[0]}}
	lost, at := 0.0, 0.0
	corners := func(from, to float64, visit func(k int)) {
		k, hit := slices.BinarySearch(c.u, from)
		if hit {
			k++
		}
		for ; k < len(c.u) && c.u[k] < to; k++ {
			visit(k)
		}
	}
	for _, z := range append(zones, zone{from: 1, to: 1}) {
		a, b := z.from, z.to
		corners(at, a, func(k int) { g.u, g.v = append(g.u, c.u[k]), append(g.v, c.end[k-1]) })
		if a >= 1 {
			g.u, g.v = append(g.u, 1), append(g.v, c.end[len(c.end)-1])
			break
		}
		va, vb := c.at(a, false), c.at(b, true)
		g.u, g.v = append(g.u, a, b), append(g.v, va, vb)
		line := func(u float64, right bool) (d2 []float64) {
			w := c.at(u, right)
			for l := range w {
				w[l] = va[l] + (vb[l]-va[l])*(u-a)/(b-a) - w[l]
			}
			return w
		}
		from := a
		piece := func(to float64) {
			d0, d1 := line(from, true), line(to, false)
			for l := range d0 {
				lost += (to - from) * (d0[l]*d0[l] + d0[l]*d1[l] + d1[l]*d1[l]) / 3
			}
			from = to
		}
		corners(a, b, func(k int) { piece(c.u[k]) })
		piece(b)
		at = b
	}
	return g, lost
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
