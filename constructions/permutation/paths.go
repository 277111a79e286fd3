package permutation

import (
	"sort"
)

// This file writes a signed permutation of determinant 1 as a product of two
// signed involutions with equal traces, PROOFS.md, lemma 4.4.

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

// split writes G = J1 J2 and finds y2, y3. If odd, J2 fixes the last unit vector,
// y2 sends it to 0, and y3 sends nothing to it.
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
