package constructions

import (
	"sort"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// This file writes M = L(-X0) U(X1) L(X2) U(X3) L(X4) U(X5), PROOFS.md, section
// "Permutations". All of it is combinatorics: every matrix in sight is a signed
// permutation or has a few entries a row.

// signed is a signed permutation of 0..n-1: e_i goes to sign[i] e_to[i].
type signed struct {
	to   []int
	sign []float64
}

func newSigned(n int) signed { return signed{make([]int, n), make([]float64, n)} }

func (s signed) set(i, to int, sign float64) { s.to[i], s.sign[i] = to, sign }

// completion is the first step: Y0 completes the partial permutation c0: F -> S
// to an injection, so that c = c0 + X0 a = Y0 with X0 = Y0 a^T.
type completion struct {
	image []int // Y0: point of F -> index in S, 0..q-1
	nu    int   // the index in S that Y0 misses, or -1 if q = p
}

// complete chooses Y0. Any choice will do. This one makes the commutator G
// trivial where it can: it pairs the points before an arc F -> S, going back,
// with those after it, going on, and pure cycles of one length in opposite
// directions. If q = p + 1 it likes to miss a fixed point.
func (m *permBlocks) complete() completion {
	c := completion{make([]int, m.p), -1}
	taken := make([]bool, m.q)
	for f := range c.image {
		c.image[f] = -1
		if s := m.to[f]; !m.first(s) {
			c.image[f] = s - m.p
			taken[s-m.p] = true
		}
	}
	free := func(f, s int) bool { return m.first(f) && !m.first(s) && c.image[f] < 0 && !taken[s-m.p] }
	zip := func(f, s int) {
		for free(f, s) {
			c.image[f] = s - m.p
			taken[s-m.p] = true
			f, s = m.from[f], m.to[s]
		}
	}
	for f := range m.p {
		if s := m.to[f]; !m.first(s) {
			zip(m.from[f], m.to[s])
		}
	}
	inF, inS := m.pureCycles()
	byLength := make(map[int][]int) // length -> points of S, one of each cycle that is free
	for _, cycle := range inS {
		if !taken[cycle[0]-m.p] {
			byLength[len(cycle)] = append(byLength[len(cycle)], cycle[0])
		}
	}
	for _, cycle := range inF {
		if rest := byLength[len(cycle)]; len(rest) > 0 && c.image[cycle[0]] < 0 {
			zip(cycle[0], rest[len(rest)-1])
			byLength[len(cycle)] = rest[:len(rest)-1]
		}
	}
	var left, fixed []int // what is left of S, runs in order
	seen := make([]bool, m.q)
	for s := m.p; s < len(m.to); s++ {
		if m.to[s] == s && !taken[s-m.p] {
			fixed = append(fixed, s-m.p)
			continue
		}
		for t := s; !m.first(t) && !seen[t-m.p]; t = m.to[t] {
			seen[t-m.p] = true
			if !taken[t-m.p] {
				left = append(left, t-m.p)
			}
		}
	}
	left = append(left, fixed...)
	done := make([]bool, m.p)
	for f := range m.p {
		for g := f; m.first(g) && !done[g]; g = m.from[g] {
			done[g] = true
			if c.image[g] < 0 {
				c.image[g], left = left[0], left[1:]
			}
		}
	}
	if len(left) > 0 {
		c.nu = left[0]
	}
	return c
}

// involutory is what is left to factor: G = C^T R = J1 J2 on R^q, where C =
// [-c, nu] and R = [r, rho] are signed permutations and J1, J2 signed
// involutions; y2 y3 = J1 - I, y3 y2 = J2 - I.
type involutory struct {
	c, g   signed
	j1, j2 signed
	y2, y3 []exactmath.Entry
}

func (m *permBlocks) involutory(y completion, integer bool) *involutory {
	w := &involutory{c: newSigned(m.q), g: newSigned(m.q), j1: newSigned(m.q), j2: newSigned(m.q)}
	inverse := make([]int, m.q) // of C, up to sign
	for f, s := range y.image {
		w.c.set(f, s, -1)
		inverse[s] = f
	}
	if y.nu >= 0 {
		w.c.set(m.p, y.nu, 1)
		inverse[y.nu] = m.p
	}
	for i := range m.q {
		// R e_i = sign * e_s
		s, sign := 0, 1.0
		switch {
		case i == m.p:
			s = m.from[m.p+y.nu]
		case !m.first(m.from[i]):
			s = m.from[i]
		default:
			s, sign = m.from[m.p+y.image[m.from[i]]], -1
		}
		j := inverse[s-m.p]
		w.g.set(i, j, sign*w.c.sign[j])
	}
	w.split(m.q > m.p, integer)
	return w
}

// path is a cycle of G drawn as a line: J1 and J2 exchange its vertices v_0, ..,
// v_{k-1} with their neighbours in turn, and each end is fixed up to sign by the
// involution that is not at work there. v_i is sign[i] times the unit vector
// point[i].
type path struct {
	point      []int
	sign       []float64
	from2      bool    // v_0 is fixed by J2, not J1
	start, end float64 // signs of the two fixed ends
}

// newPath draws the cycle of G through f_0 = e_start: with f_{j+1} = G f_j, J2
// maps f_j to f_{m-j} and J1 maps f_j to f_{m+1-j}; m = 0 if from2, else -1.
func (w *involutory) newPath(cycle []int, from2 bool) path {
	k := len(cycle)
	f := make([]float64, k) // f_j = f[j] e_cycle[j]
	f[0] = 1
	for j := 1; j < k; j++ {
		f[j] = f[j-1] * w.g.sign[cycle[j-1]]
	}
	end := f[k-1] * w.g.sign[cycle[k-1]]
	p := path{make([]int, k), make([]float64, k), from2, 1, end}
	for i := range k {
		j := (i + 1) / 2 // v_i = f_j or f_{-j}
		if (i%2 == 1) == from2 || j == 0 {
			p.point[i], p.sign[i] = cycle[j], f[j]
		} else {
			p.point[i], p.sign[i] = cycle[k-j], end*f[k-j]
		}
	}
	return p
}

// reversed is the path from its other end on; if negated, that of -J1 and -J2,
// whose product is the same: then the signs at the ends change, the vertices
// alternate in sign, so that the involutions still exchange them without one, and
// an excess of one involution becomes one of the other.
func (p path) reversed(negated bool) path {
	k := len(p.point)
	r := path{make([]int, k), make([]float64, k), p.by2(k - 1), p.end, p.start}
	if negated {
		r.start, r.end = -p.end, -p.start
	}
	for i := range k {
		r.point[i], r.sign[i] = p.point[k-1-i], p.sign[k-1-i]
		if negated && i%2 == 1 {
			r.sign[i] = -r.sign[i]
		}
	}
	return r
}

// by2 reports whether J2, not J1, exchanges v_i and v_{i+1}.
func (p path) by2(i int) bool { return p.from2 == (i%2 == 1) }

// bad reports whether J1 and J2 have different traces on the path.
func (p path) bad() bool { return (len(p.point)%2 == 0) == (p.end == p.start) }

// split writes G = J1 J2 and finds y2, y3. If odd, J2 fixes e_{q-1}, and neither
// y2 E^T E nor E^T E y3 touches it.
func (w *involutory) split(odd, integer bool) {
	var good, bad []path
	last := -1
	if odd {
		last = len(w.g.to) - 1
	}
	var badCycles [][]int
	for _, cycle := range cyclesOf(w.g.to) {
		for k, i := range cycle {
			if i == last {
				cycle = append(cycle[k:len(cycle):len(cycle)], cycle[:k]...)
				break
			}
		}
		if p := w.newPath(cycle, true); !p.bad() {
			good = append(good, p)
		} else {
			badCycles = append(badCycles, cycle)
		}
	}
	// Bad cycles come in pairs, since det G = 1; the pairs of nearest lengths are best.
	sort.SliceStable(badCycles, func(i, j int) bool { return len(badCycles[i]) < len(badCycles[j]) })
	for i := 0; i+1 < len(badCycles); i += 2 {
		a, b := badCycles[i], badCycles[i+1]
		if b[0] == last {
			a, b = b, a
		}
		x, z := w.opposed(a, b, last)
		bad = append(bad, x, z)
	}
	for _, p := range append(good, bad...) {
		w.involutions(p)
	}
	pair := pairing{w, last, integer}
	for _, p := range good {
		pair.alone(p)
	}
	for i := 0; i < len(bad); i += 2 {
		pair.across(bad[i], bad[i+1])
	}
}

// opposed draws two bad cycles: x with an excess of eigenvectors of J1 for -1, z
// with one of J2. The start of each is fixed with the same sign. The shorter
// path ends, if possible, with the sign 1, where pairing it with an arc of the
// longer one costs less.
func (w *involutory) opposed(a, b []int, last int) (x, z path) {
	short, long := a, b
	if len(a) > len(b) {
		short, long = b, a
	}
	minus := len(short)%2 == 1 && (len(long)%2 == 1 || long[0] != last)
	draw := func(cycle []int, from2 bool) path {
		switch {
		case !minus:
			return w.newPath(cycle, from2)
		case len(cycle)%2 == 1:
			return w.newPath(cycle, from2).reversed(false)
		default:
			return w.newPath(cycle, !from2).reversed(true)
		}
	}
	return draw(a, true), draw(b, false)
}

func (w *involutory) involutions(p path) {
	k := len(p.point)
	set := func(by2 bool, i, j int, sign float64) {
		s := w.j1
		if by2 {
			s = w.j2
		}
		s.set(p.point[i], p.point[j], sign*p.sign[i]*p.sign[j])
		s.set(p.point[j], p.point[i], sign*p.sign[i]*p.sign[j])
	}
	set(p.from2, 0, 0, p.start)
	for i := range k - 1 {
		set(p.by2(i), i, i+1, 1)
	}
	set(p.by2(k-1), k-1, k-1, p.end)
}

// The six layers.
func (m *permBlocks) six(integer bool) (*coupling.Flow, error) {
	y := m.complete()
	w := m.involutory(y, integer)
	x0 := weights{kind: coupling.Lower}
	x1 := weights{kind: coupling.Upper}
	x2 := weights{kind: coupling.Lower}
	x3 := weights{kind: coupling.Upper}
	x4 := weights{kind: coupling.Lower}
	x5 := weights{kind: coupling.Upper}
	upper := func(x *weights, i, j int, v float64) { // at row i, column C e_j
		if i < m.p {
			x.entries = append(x.entries, exactmath.Entry{Row: i, Col: w.c.to[j], Value: v * w.c.sign[j]})
		}
	}
	lower := func(x *weights, i, j int, v float64) { // at row C e_i, column j
		if j < m.p {
			x.entries = append(x.entries, exactmath.Entry{Row: w.c.to[i], Col: j, Value: v * w.c.sign[i]})
		}
	}
	for f := range m.p {
		if g := m.to[f]; m.first(g) {
			x0.entries = append(x0.entries, exactmath.Entry{Row: y.image[f], Col: g, Value: -1}) // -X0 = -Y0 a^T
			upper(&x1, g, f, -1)                                                                 // -a E^T C^T
			x5.entries = append(x5.entries, exactmath.Entry{Row: f, Col: m.from[m.p+y.image[f]] - m.p, Value: 1})
		}
	}
	for i := range m.q {
		upper(&x1, w.j2.to[i], i, w.j2.sign[i])  // E^T J2 C^T
		lower(&x4, w.j1.to[i], i, -w.j1.sign[i]) // -C J1 E
		upper(&x5, w.j1.to[i], i, w.j1.sign[i])  // c^T e + E^T J1 C^T
	}
	for _, e := range w.y2 {
		lower(&x2, e.Row, e.Col, e.Value)                            // C y2 E
		lower(&x4, w.j1.to[e.Row], e.Col, -w.j1.sign[e.Row]*e.Value) // -C J1 y2 E
	}
	for _, e := range w.y3 {
		upper(&x3, e.Row, e.Col, e.Value)                            // E^T y3 C^T
		upper(&x1, w.j2.to[e.Row], e.Col, -w.j2.sign[e.Row]*e.Value) // -E^T J2 y3 C^T
	}
	return m.additive(x0, x1, x2, x3, x4, x5)
}
