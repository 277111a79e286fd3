package permutation

// fullCycles writes an even permutation of 0..n-1, n >= 1, as sigma after phi,
// nu(i) = sigma(phi(i)), both single cycles through all n points, in linear time.
// PROOFS.md, lemma 4.8.
func fullCycles(nu []int) (sigma, phi []int) {
	sigma, phi = make([]int, len(nu)), make([]int, len(nu))
	// extend inserts the rest of a cycle of nu, an even number of points, after its
	// point a, of which nu is known already.
	extend := func(a int, rest []int) {
		for ; len(rest) > 0; rest = rest[2:] {
			u, v, b := rest[0], rest[1], phi[a]
			// With the 3-cycle t = (b v u): sigma becomes sigma t, phi becomes t phi.
			sigma[u], sigma[v], sigma[b] = sigma[b], u, v
			phi[a], phi[u], phi[v] = v, b, u
			a = v
		}
	}
	ends := -1 // a point of the part that is done
	merge := func(a int) {
		if ends >= 0 {
			// With the transposition t = (phi(a) phi(ends)).
			b, c := phi[a], phi[ends]
			sigma[b], sigma[c] = sigma[c], sigma[b]
			phi[a], phi[ends] = c, b
		}
		ends = a
	}
	var even []int // a cycle of even length that waits for its partner
	for _, cycle := range cyclesOf(nu) {
		switch {
		case len(cycle)%2 == 1:
			a := cycle[0]
			sigma[a], phi[a] = a, a
			extend(a, cycle[1:])
			merge(a)
		case even == nil:
			even = cycle
		default:
			// (a b)(c d) is the square of (a c b d).
			a, b, c, d := even[0], even[1], cycle[0], cycle[1]
			for _, s := range [][]int{sigma, phi} {
				s[a], s[c], s[b], s[d] = c, b, d, a
			}
			extend(b, even[2:])
			extend(d, cycle[2:])
			merge(a)
			even = nil
		}
	}
	return sigma, phi
}

// matching counts cycles of signed permutations by length and sign, those of one
// positively and those of another negatively.
type matching map[cycleType]int

// cycleType is the type of a cycle of a signed permutation: its power length
// is sign times the identity.
type cycleType struct {
	length int
	sign   float64
}

// matched returns how many more cycles of each type are in a than in b, where
// that is not 0, cycles (1, 1) apart: they match anything.
func matched(a, b []signedCycle) matching {
	net := make(matching)
	for _, c := range a {
		net[c.cycleType]++
	}
	for _, c := range b {
		net[c.cycleType]--
	}
	for t, k := range net {
		if k == 0 || t == (cycleType{1, 1}) {
			delete(net, t)
		}
	}
	return net
}

// fits reports whether W - I = X2 X3 and A - I = X3 X2 with integer X2 and X3
// as five uses them: cycles of one type, or one exchange (2, 1) of one against
// the fixed points (1, -1) and (1, 1) of the other; (1, 1) is free.
func (m matching) fits() bool {
	for t, k := range m {
		if k != 0 && (t.length > 2 || t == cycleType{2, -1}) {
			return false
		}
	}
	return m[cycleType{2, 1}]+m[cycleType{1, -1}] == 0
}
