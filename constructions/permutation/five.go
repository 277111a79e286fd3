package permutation

import (
	"flowproof/coupling"
)

// five returns M = U(X1) L(X2) U(X3) L(X4) U(X5) with integer weights from a
// rewiring: W on S and A on F are signed permutations with W - I = X2 X3 and A - I =
// X3 X2, e - c X5 = W and a^T + X5 b^T = A. PROOFS.md, lemma 4.7.
func (m *permBlocks) five(r *rewiring) (*coupling.Flow, error) {
	w := newSigned(m.Q)   // W
	fwd := newSigned(m.P) // A^-1
	for s := m.P; s < len(m.to); s++ {
		w.set(s-m.P, m.to[s]-m.P, m.sign[s]) // wrong at the ends of runs, set below
	}
	for f := range m.P {
		fwd.set(f, m.to[f], m.sign[f])
	}
	x5 := layer{kind: coupling.Upper}
	for y, z := range r.to {
		s, t := r.inS[y][len(r.inS[y])-1], r.inS[z][0]
		f := m.from[t]
		w.set(s-m.P, t-m.P, r.sign[y])
		fwd.set(f, m.to[s], -r.sign[y]*m.sign[f]*m.sign[s])
		x5.add(f, s-m.P, -r.sign[y]*m.sign[f])
	}
	x1 := layer{kind: coupling.Upper} // (b - X3) W^-1
	x2 := layer{kind: coupling.Lower}
	x3 := layer{kind: coupling.Upper}
	x4 := layer{kind: coupling.Lower} // W^-1 (c - X2)
	back := newSigned(m.Q)            // W^-1
	for i, j := range w.to {
		back.set(j, i, w.sign[i])
	}
	add2 := func(i, j int, v float64) {
		x2.add(i, j, v)
		x4.add(back.to[i], j, -v*back.sign[i])
	}
	add3 := func(i, j int, v float64) {
		x3.add(i, j, v)
		x1.add(i, w.to[j], -v*w.sign[j])
	}
	for f := range m.P {
		if s := m.to[f]; !m.first(s) {
			x4.add(back.to[s-m.P], f, back.sign[s-m.P]*m.sign[f])
		}
		if s := m.from[f]; !m.first(s) {
			x1.add(f, w.to[s-m.P], w.sign[s-m.P]*m.sign[s])
		}
	}
	factorCycles(w, fwd, add2, add3)
	return additive(m.Frame, x1, x2, x3, x4, x5)
}

// signedCycle is a cycle of a signed permutation: it sends sign[i] point[i] to
// sign[i+1] point[i+1], and the last to the type's sign times the first.
type signedCycle struct {
	cycleType
	point []int
	sign  []float64
}

func (s signed) cycles() []signedCycle {
	var out []signedCycle
	for _, c := range cyclesOf(s.to) {
		v := signedCycle{cycleType{len(c), 1}, c, make([]float64, len(c))}
		for i, j := range c {
			v.sign[i] = v.cycleType.sign
			v.cycleType.sign *= s.sign[j]
		}
		out = append(out, v)
	}
	return out
}

// factorCycles finds X2 and X3 with X2 X3 = W - I and X3 X2 = A - I, given W and
// A^-1, whose cycles match; it passes their entries to add2 and add3.
func factorCycles(w, inverse signed, add2, add3 func(i, j int, v float64)) {
	free := make(map[cycleType][]signedCycle)
	var rest []signedCycle
	for _, c := range w.cycles() {
		free[c.cycleType] = append(free[c.cycleType], c)
	}
	for _, f := range inverse.cycles() {
		list := free[f.cycleType]
		if len(list) == 0 {
			rest = append(rest, f)
			continue
		}
		free[f.cycleType] = list[:len(list)-1]
		s, k := list[len(list)-1], f.length
		if k == 1 && f.cycleType.sign > 0 {
			continue // both W - I and A - I vanish here
		}
		// X2 sends f_{-i} to s_i, and A sends f_i to f_{i-1}, W sends s_i to s_{i+1}.
		at := func(i int) (int, float64) { // f_{-i}, 0 <= i <= k
			if i == 0 {
				return f.point[0], f.sign[0]
			}
			return f.point[k-i], f.cycleType.sign * f.sign[k-i]
		}
		for i := range k {
			j, v := at(i)
			add2(s.point[i], j, s.sign[i]*v)
			add3(j, s.point[i], -s.sign[i]*v)
			j, v = at(i + 1)
			add3(j, s.point[i], s.sign[i]*v)
		}
	}
	factorExchanges(free, rest, add2, add3)
}

// factorExchanges does the same for the cycles of A^-1 that match no cycle of W of
// their type, but two fixed points of sign -1 the cycle of length 2.
func factorExchanges(free map[cycleType][]signedCycle, rest []signedCycle, add2, add3 func(i, j int, v float64)) {
	minus, swap := cycleType{1, -1}, cycleType{2, 1}
	for _, f := range rest {
		switch f.cycleType {
		case swap: // f_0 - f_1 against s
			s := free[minus][0]
			free[minus] = free[minus][1:]
			for i, v := range []float64{f.sign[0], -f.sign[1]} {
				add2(s.point[0], f.point[i], v)
				add3(f.point[i], s.point[0], -v)
			}
		case minus:
			s := free[swap][0]
			free[swap] = free[swap][1:]
			for i, v := range []float64{s.sign[0], -s.sign[1]} {
				add2(s.point[i], f.point[0], v)
				add3(f.point[0], s.point[i], -v)
			}
		}
	}
}

// three returns quarter turns, and nothing else, as U(b) L(c) U(b): b c = -1 in each
// plane. PROOFS.md, theorem 4.9(a).
func (m *permBlocks) three() (*coupling.Flow, error) {
	b, c := layer{kind: coupling.Upper}, layer{kind: coupling.Lower}
	for f := range m.P {
		if s := m.to[f]; !m.first(s) {
			c.add(s-m.P, f, m.sign[f])
			b.add(f, s-m.P, m.sign[s])
		}
	}
	return additive(m.Frame, b, c, b)
}
