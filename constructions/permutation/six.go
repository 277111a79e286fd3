package permutation

import (
	"flowproof/coupling"
	"flowproof/exactmath/sparse"
)

// This file writes M = L(-X0) U(X1) L(X2) U(X3) L(X4) U(X5), PROOFS.md,
// theorem 4.1. All of it is combinatorics: every matrix in sight is a signed
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
	image []int     // Y0: point of F -> index in S, 0..q-1
	sign  []float64 // with this sign
	nu    int       // the index in S that Y0 misses, or -1 if q = p
}

// completer is a completion in the making.
type completer struct {
	*permBlocks
	completion
	taken []bool // points of S, 0..q-1, that have a preimage
}

// complete chooses Y0. Any choice will do. This one makes the commutator G
// trivial where it can: it pairs the points before an arc F -> S, going back,
// with those after it, going on, and pure cycles of one type in opposite
// directions. If q = p + 1 it likes to miss a fixed point.
func (m *permBlocks) complete() completion {
	c := &completer{m, completion{make([]int, m.P), make([]float64, m.P), -1}, make([]bool, m.Q)}
	for f := range c.image {
		c.image[f] = -1
		if s := m.to[f]; !m.first(s) {
			c.pair(f, s, m.sign[f])
		}
	}
	c.alongArcs()
	c.alongCycles()
	c.rest()
	return c.completion
}

// pair sets Y0 f = sign s.
func (c *completer) pair(f, s int, sign float64) {
	c.image[f], c.completion.sign[f] = s-c.P, sign
	c.taken[s-c.P] = true
}

// zip sets Y0 f = sign s, and Y0 M^-1 f = M Y0 f as long as there is room.
func (c *completer) zip(f, s int, sign float64) {
	m := c.permBlocks
	for m.first(f) && !m.first(s) && c.image[f] < 0 && !c.taken[s-m.P] {
		c.pair(f, s, sign)
		f, sign, s = m.from[f], sign*m.sign[m.from[f]]*m.sign[s], m.to[s]
	}
}

// alongArcs pairs what comes before an arc F -> S with what comes after it.
func (c *completer) alongArcs() {
	m := c.permBlocks
	for f := range m.P {
		if s := m.to[f]; !m.first(s) {
			c.zip(m.from[f], m.to[s], m.sign[f]*m.sign[m.from[f]]*m.sign[s])
		}
	}
}

// alongCycles pairs cycles within F with cycles of the same type within S.
func (c *completer) alongCycles() {
	inF, inS, _ := c.cyclesByPart()
	free := make(map[cycleType][]int) // points of S, one of each cycle that is free
	for _, cycle := range inS {
		if s := cycle.point[0]; !c.taken[s-c.P] {
			free[cycle.cycleType] = append(free[cycle.cycleType], s)
		}
	}
	for _, cycle := range inF {
		f := cycle.point[0]
		if list := free[cycle.cycleType]; len(list) > 0 && c.image[f] < 0 {
			c.zip(f, list[len(list)-1], 1)
			free[cycle.cycleType] = list[:len(list)-1]
		}
	}
}

// rest pairs what is left of F, run by run, with what is left of S.
func (c *completer) rest() {
	left, done := c.left(), make([]bool, c.P)
	for f := range c.P {
		for g := f; c.first(g) && !done[g]; g = c.from[g] {
			done[g] = true
			if c.image[g] < 0 {
				c.pair(g, c.P+left[0], 1)
				left = left[1:]
			}
		}
	}
	if len(left) > 0 {
		c.nu = left[0]
	}
}

// left lists the points of S, 0..q-1, that have no preimage: runs in their order,
// and fixed points last.
func (c *completer) left() (left []int) {
	m := c.permBlocks
	var fixed []int
	seen := make([]bool, m.Q)
	for s := m.P; s < len(m.to); s++ {
		if m.to[s] == s && !c.taken[s-m.P] {
			fixed = append(fixed, s-m.P)
			continue
		}
		for t := s; !m.first(t) && !seen[t-m.P]; t = m.to[t] {
			seen[t-m.P] = true
			if !c.taken[t-m.P] {
				left = append(left, t-m.P)
			}
		}
	}
	return append(left, fixed...)
}

// involutory is what is left to factor: G = C^T R = J1 J2 on R^q, where C =
// [-c, nu] and R = [r, rho] are signed permutations and J1, J2 signed
// involutions; y2 y3 = J1 - I, y3 y2 = J2 - I.
type involutory struct {
	c, g   signed
	j1, j2 signed
	y2, y3 []sparse.Entry
}

func (m *permBlocks) involutory(y completion, integer bool) *involutory {
	w := &involutory{c: newSigned(m.Q), g: newSigned(m.Q), j1: newSigned(m.Q), j2: newSigned(m.Q)}
	inverse := make([]int, m.Q) // of C, up to sign
	for f, s := range y.image {
		w.c.set(f, s, -y.sign[f])
		inverse[s] = f
	}
	if y.nu >= 0 {
		w.c.set(m.P, y.nu, 1)
		inverse[y.nu] = m.P
	}
	for i := range m.Q {
		// R e_i = sign * e_s
		s, sign := 0, 1.0
		switch {
		case i == m.P:
			s = m.from[m.P+y.nu]
		case !m.first(m.from[i]):
			s = m.from[i]
		default:
			f := m.from[i]
			s, sign = m.from[m.P+y.image[f]], -m.sign[f]*y.sign[f]
		}
		j := inverse[s-m.P]
		w.g.set(i, j, sign*m.sign[s]*w.c.sign[j])
	}
	w.split(m.Q > m.P, integer)
	return w
}

// six returns the six layers, those that vanish left out.
func (m *permBlocks) six(integer bool) (*coupling.Flow, error) {
	y := m.complete()
	w := m.involutory(y, integer)
	x0, x2, x4 := layer{kind: coupling.Lower}, layer{kind: coupling.Lower}, layer{kind: coupling.Lower}
	x1, x3, x5 := layer{kind: coupling.Upper}, layer{kind: coupling.Upper}, layer{kind: coupling.Upper}
	upper := func(x *layer, i, j int, v float64) { // at row i, column C e_j
		if i < m.P {
			x.add(i, w.c.to[j], v*w.c.sign[j])
		}
	}
	lower := func(x *layer, i, j int, v float64) { // at row C e_i, column j
		if j < m.P {
			x.add(w.c.to[i], j, v*w.c.sign[i])
		}
	}
	for f := range m.P {
		if g := m.to[f]; m.first(g) {
			x0.add(y.image[f], g, -m.sign[f]*y.sign[f]) // -X0 = -Y0 a^T
			upper(&x1, g, f, -m.sign[f])                // -a E^T C^T
			s := m.from[m.P+y.image[f]]
			x5.add(f, s-m.P, y.sign[f]*m.sign[s]) // Y0^T e
		}
	}
	for i := range m.Q {
		upper(&x1, w.j2.to[i], i, w.j2.sign[i])  // E^T J2 C^T
		lower(&x4, w.j1.to[i], i, -w.j1.sign[i]) // -C J1 E
		upper(&x5, w.j1.to[i], i, w.j1.sign[i])  // E^T J1 C^T
	}
	for _, e := range w.y2 {
		lower(&x2, e.Row, e.Col, e.Value)                            // C y2 E
		lower(&x4, w.j1.to[e.Row], e.Col, -w.j1.sign[e.Row]*e.Value) // -C J1 y2 E
	}
	for _, e := range w.y3 {
		upper(&x3, e.Row, e.Col, e.Value)                            // E^T y3 C^T
		upper(&x1, w.j2.to[e.Row], e.Col, -w.j2.sign[e.Row]*e.Value) // -E^T J2 y3 C^T
	}
	return additive(m.Frame, x0, x1, x2, x3, x4, x5)
}
