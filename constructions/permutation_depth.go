package constructions

import "sort"

// The reasons why a permutation needs as many layers as DepthBounds says.
const (
	reasonIdentity = "the identity is the empty product"
	reasonThree    = "the product of three layers is no permutation matrix but the identity: " +
		"its inverse has minus the middle weight where the transpose has no negative entry"
	reasonFour = "the product of four layers is a permutation matrix only if that keeps the parts " +
		"and has the same cycle lengths above 1 in both"
	reasonFive = "in a product of five layers the eigenvalues of the cycles inside one part that are not positive numbers " +
		"must be among those of the other part, where too few are free"
)

// depth implements PermutationDepth.
func (m *permBlocks) depth() DepthBounds {
	inF, inS := m.pureCycles()
	kept, identity := 0, true
	for _, cycles := range [][][]int{inF, inS} {
		for _, c := range cycles {
			kept += len(c)
			identity = identity && len(c) == 1
		}
	}
	mixed := kept < len(m.to)
	switch {
	case identity && !mixed:
		return DepthBounds{0, 0, reasonIdentity}
	case !mixed && sameLengths(inF, inS):
		return DepthBounds{4, 4, reasonThree}
	case !m.anglesFit(inF, inS):
		return DepthBounds{6, 6, reasonFive}
	case m.exchanges() || m.rewirable() != nil:
		return DepthBounds{5, 5, reasonFour}
	}
	return DepthBounds{5, 6, reasonFour}
}

// exchanges reports whether all of F goes to S: then X0 = 0, and five of the six
// layers are left.
func (m *permBlocks) exchanges() bool {
	for f := range m.p {
		if m.first(m.to[f]) {
			return false
		}
	}
	return true
}

// rewirable returns a rewiring, or nil if none was found or none is needed.
func (m *permBlocks) rewirable() *rewiring {
	if m.exchanges() {
		return nil
	}
	return m.runs().rewire()
}

// sameLengths reports whether both lists have the same cycle lengths, fixed
// points apart.
func sameLengths(a, b [][]int) bool {
	x, y := lengthsAbove1(a), lengthsAbove1(b)
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	return len(x)+len(y) == 0
}

// lengthsAbove1 returns the lengths > 1, sorted.
func lengthsAbove1(cycles [][]int) (out []int) {
	for _, c := range cycles {
		if len(c) > 1 {
			out = append(out, len(c))
		}
	}
	sort.Ints(out)
	return out
}

// anglesFit is the condition that five layers need, PROOFS.md, theorem 4.3(c).
// Let N_F(t) and N_S(t) be the numbers of cycles inside F and inside S whose length
// is a multiple of the order of the angle t. The sum of max(0, N_F(t) - N_S(t))
// over all t != 0 is at most the number of points of S that are in no cycle inside
// S, and the same with F and S exchanged. There are phi(d) angles of order d.
func (m *permBlocks) anglesFit(inF, inS [][]int) bool {
	roomF, roomS := m.p, m.q
	net := make(map[int]int) // order -> N_F - N_S
	add := func(cycles [][]int, room *int, sign int) {
		count := make(map[int]int)
		for _, c := range cycles {
			*room -= len(c)
			count[len(c)]++
		}
		for length, k := range count {
			for d := 1; d*d <= length; d++ {
				if length%d == 0 {
					net[d] += sign * k
					if d*d < length {
						net[length/d] += sign * k
					}
				}
			}
		}
	}
	add(inF, &roomF, 1)
	add(inS, &roomS, -1)
	for d, k := range net {
		if d > 1 && k > 0 {
			roomS -= k * totient(d)
		} else if d > 1 {
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
