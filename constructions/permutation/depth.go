package permutation

// The reasons why a permutation needs as many layers as DepthBounds says.
const (
	reasonIdentity = "the identity is the empty product"
	reasonTwo      = "the product of two layers is no permutation matrix, with or without signs, but the identity"
	reasonThree    = "the product of three layers is a permutation matrix, with or without signs, only if that is made of " +
		"fixed points and quarter turns: its inverse has minus the middle weight where the transpose has plus"
	reasonFour = "the product of four layers is a permutation matrix, with or without signs, only if each of its cycles keeps the parts " +
		"or is a run in one and a run as long in the other with sign -1, and the eigenvalues of the cycles inside both parts agree but for 1"
	reasonFive = "in a product of five layers the eigenvalues of the cycles inside one part that are not positive numbers " +
		"must be among those of the other part, where too few are free"
)

// plan says how Permutation builds its flow.
type plan struct {
	depth    int
	turns    bool      // by the three layers of quarter turns
	rewiring *rewiring // or from this; else by six layers, of which some vanish
}

func (m *permBlocks) plan() plan {
	inF, inS, mixed := m.cyclesByPart()
	net := matched(inS, inF)
	balanced := true
	for _, c := range mixed {
		balanced = balanced && m.balanced(c)
	}
	switch {
	case m.turns(inF, inS, mixed):
		return plan{depth: min(3*len(mixed), 3), turns: true}
	case balanced && len(net) == 0:
		return plan{depth: 4}
	case m.exchanges():
		return plan{depth: 5}
	}
	r := m.runs().rewire()
	switch {
	case r == nil:
		return plan{depth: 6}
	case len(mixed) == 0:
		return plan{depth: 4, rewiring: r}
	}
	return plan{depth: 5, rewiring: r}
}

// depth implements PermutationDepth.
func (m *permBlocks) depth() DepthBounds {
	inF, inS, mixed := m.cyclesByPart()
	balanced := true
	for _, c := range mixed {
		balanced = balanced && m.balanced(c)
	}
	net, upper := netAngles(inF, inS), m.plan().depth
	switch {
	case upper == 0:
		return DepthBounds{0, 0, reasonIdentity}
	case m.turns(inF, inS, mixed):
		return DepthBounds{3, upper, reasonTwo}
	case balanced && len(net) == 0:
		return DepthBounds{4, upper, reasonThree}
	case !m.anglesFit(net, inF, inS):
		return DepthBounds{6, upper, reasonFive}
	}
	return DepthBounds{5, upper, reasonFour}
}

// turns reports whether the permutation is made of fixed points and quarter turns
// of a plane of one coordinate of F and one of S.
func (m *permBlocks) turns(inF, inS, mixed []signedCycle) bool {
	for _, c := range mixed {
		if (c.cycleType != cycleType{2, -1}) {
			return false
		}
	}
	for _, c := range append(inF[:len(inF):len(inF)], inS...) {
		if (c.cycleType != cycleType{1, 1}) {
			return false
		}
	}
	return true
}

// balanced reports whether a cycle that visits both parts is a run of F followed
// by a run of S of the same length, with sign -1: those are the mixed cycles of
// products of four layers.
func (m *permBlocks) balanced(c signedCycle) bool {
	inF, entries := 0, 0 // points in F, arcs from F to S
	for _, i := range c.point {
		if m.first(i) {
			inF++
			if !m.first(m.to[i]) {
				entries++
			}
		}
	}
	return entries == 1 && 2*inF == c.length && c.cycleType.sign < 0
}

// exchanges reports whether all of F goes to S: then X0 = 0, and five of the six
// layers are left.
func (m *permBlocks) exchanges() bool {
	for f := range m.P {
		if m.first(m.to[f]) {
			return false
		}
	}
	return true
}

// netAngles returns N_F - N_S by the order of the angle, where it is not 0: N_F(t) and
// N_S(t) are the numbers of cycles inside F and inside S that have the eigenvalue
// exp(i t), for t != 0. A cycle of length k and sign 1 has the angles whose order
// divides k, one of sign -1 those whose order divides 2k, but not k.
func netAngles(inF, inS []signedCycle) map[int]int {
	net := make(map[int]int)
	for t, k := range matched(inF, inS) {
		top := t.length
		if t.sign < 0 {
			top = 2 * t.length
		}
		add := func(d int) {
			if t.sign > 0 || t.length%d != 0 {
				net[d] += k
			}
		}
		for d := 1; d*d <= top; d++ {
			if top%d == 0 {
				add(d)
				if d*d < top {
					add(top / d)
				}
			}
		}
	}
	delete(net, 1)
	for d, k := range net {
		if k == 0 {
			delete(net, d)
		}
	}
	return net
}

// anglesFit is the condition that five layers need, PROOFS.md, theorem 4.3(c): the
// sum of max(0, N_F(t) - N_S(t)) over all t != 0 is at most the number of points of
// S that are in no cycle inside S, and the same with F and S exchanged. There are
// phi(d) angles of order d.
func (m *permBlocks) anglesFit(net map[int]int, inF, inS []signedCycle) bool {
	roomF, roomS := m.P, m.Q
	for _, c := range inF {
		roomF -= c.length
	}
	for _, c := range inS {
		roomS -= c.length
	}
	for d, k := range net {
		if k > 0 {
			roomS -= k * totient(d)
		} else {
			roomF += k * totient(d)
		}
	}
	return roomF >= 0 && roomS >= 0
}

// totient is Euler's function.
func totient(d int) int {
	phi := d
	for p := 2; p*p <= d; p++ {
		if d%p == 0 {
			phi -= phi / p
			for d%p == 0 {
				d /= p
			}
		}
	}
	if d > 1 {
		phi -= phi / d
	}
	return phi
}
