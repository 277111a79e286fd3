package constructions

import (
	"fmt"
	"slices"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// PermutationBound is a condition number that no layer of Permutation exceeds,
// in any dimension (PROOFS.md, section 4).
const PermutationBound = 13.6

// NotPermutationError reports a list that is not a permutation of 0..n-1.
type NotPermutationError struct{ Index, Value, Len int }

func (e *NotPermutationError) Error() string {
	return fmt.Sprintf("entry %d of the permutation is %d, want every number from 0 to %d once", e.Index, e.Value, e.Len-1)
}

// Permutation writes the map e_j -> e_perm[j], perm even, as six additive
// coupling layers M = L U L U L U whose entries are half-integers, exact in
// float64, with a bounded number of non-zero entries in each row and column, and
// of condition number at most PermutationBound each. Time and memory are entries
// in n but for sorting. Layers that turn out to be the identity are left out, and
// their neighbours merged (PROOFS.md, section 4).
//
// Errors: *NotPermutationError, *ShapeError, ErrPartition (the parts must differ
// by at most one), ErrOrientation for an odd permutation.
func Permutation(perm []int, part coupling.Partition) (*coupling.Flow, error) {
	n := len(perm)
	image, err := inverseOf(perm)
	if err != nil {
		return nil, err
	}
	if n != part.Dim() {
		return nil, &ShapeError{n, n, part.Dim()}
	}
	if oddPermutation(perm) {
		return nil, ErrOrientation
	}
	f := frame{part: part, order: part.Order(), p: part.P(), q: part.Q()}
	if f.p > f.q {
		f.p, f.q, f.swapped = f.q, f.p, true
		f.order = append(part.Second(), part.First()...)
	}
	if f.q-f.p > 1 {
		return nil, ErrPartition
	}
	place := make([]int, n)
	for k, i := range f.order {
		place[i] = k
	}
	h := &shuffled{p: f.p, q: f.q, image: make([]int, n), preimage: make([]int, n)}
	for k, i := range f.order {
		h.image[k], h.preimage[k] = place[perm[i]], place[image[i]]
	}
	return f.sparseLayers(h.layers())
}

// inverseOf returns the inverse of a permutation.
func inverseOf(perm []int) ([]int, error) {
	inv := make([]int, len(perm))
	for i := range inv {
		inv[i] = -1
	}
	for j, i := range perm {
		if i < 0 || len(perm) <= i || inv[i] >= 0 {
			return nil, &NotPermutationError{j, i, len(perm)}
		}
		inv[i] = j
	}
	return inv, nil
}

// oddPermutation tells the parity by the number of cycles.
func oddPermutation(perm []int) bool {
	seen, odd := make([]bool, len(perm)), false
	for i := range perm {
		for j := perm[i]; !seen[i] && j != i; j = perm[j] {
			seen[j], odd = true, !odd
		}
		seen[i] = true
	}
	return odd
}

// sparseLayers returns the additive flow L U L U L U with the given weights in
// the frame's order, identity layers left out and neighbours merged.
func (f frame) sparseLayers(weights [6]entries) (*coupling.Flow, error) {
	type sum struct {
		kind  coupling.Kind
		terms entries
	}
	var sums []sum
	for k, w := range weights {
		kind := coupling.Lower
		if k%2 == 1 {
			kind = coupling.Upper
		}
		if w = w.collected(); len(w) == 0 {
			continue
		}
		for i := len(sums) - 1; i >= 0 && sums[i].kind == kind; i-- {
			w = append(w, sums[i].terms...).collected()
			sums = sums[:i]
		}
		if len(w) > 0 {
			sums = append(sums, sum{kind, w})
		}
	}
	var layers []coupling.Layer
	for _, s := range sums {
		rows, cols := f.q, f.p
		if s.kind == coupling.Upper {
			rows, cols = cols, rows
		}
		x, err := exactmath.NewSparse(rows, cols, s.terms)
		if err != nil {
			return nil, err
		}
		l, err := coupling.NewLayer(f.part, f.kind(s.kind), x, coupling.Scale{})
		if err != nil {
			return nil, err
		}
		layers = append(layers, l)
	}
	return coupling.NewFlow(f.part, layers...)
}

// entries is a sparse matrix as a list of entries, those of one place to be added.
type entries []exactmath.Entry

// collected returns the same matrix with one entry a place and no zeros, in order.
func (x entries) collected() entries {
	x = slices.Clone(x)
	slices.SortFunc(x, func(a, b exactmath.Entry) int {
		if a.Row != b.Row {
			return a.Row - b.Row
		}
		return a.Col - b.Col
	})
	out := x[:0]
	for _, e := range x {
		if k := len(out) - 1; k >= 0 && out[k].Row == e.Row && out[k].Col == e.Col {
			out[k].Value += e.Value
		} else {
			out = append(out, e)
		}
	}
	return slices.DeleteFunc(out, func(e exactmath.Entry) bool { return e.Value == 0 })
}

// shuffled is a permutation in block order, on its way to six layers as in
// section 1.2 of PROOFS.md: c is completed to an isometry of unit vectors.
type shuffled struct {
	p, q            int
	image, preimage []int
	row             []int  // c e_j = e_row[j] for j < p; row[p] is that of nu if q > p
	col             []int  // the inverse of row
	zero            []bool // columns j < p of M that stay in the first part
}

// signed is a vector +-e_at.
type signed struct {
	at   int
	sign float64
}

func (s signed) times(f float64) signed { return signed{s.at, s.sign * f} }

// complete chooses the rows of c for the columns on which c0 vanishes, and nu.
func (h *shuffled) complete() {
	h.row, h.col, h.zero = make([]int, h.q), make([]int, h.q), make([]bool, h.p)
	for i := range h.col {
		h.col[i] = -1
	}
	for j := range h.p {
		if h.image[j] >= h.p {
			h.row[j] = h.image[j] - h.p
			h.col[h.row[j]] = j
		} else {
			h.zero[j] = true
		}
	}
	free := 0
	for j := range h.q {
		if j < h.p && !h.zero[j] {
			continue
		}
		for h.col[free] >= 0 {
			free++
		}
		h.row[j], h.col[free] = free, j
	}
}

// c returns C e_j: C = [-c, nu].
func (h *shuffled) c(j int) signed {
	if j < h.p {
		return signed{h.row[j], -1}
	}
	return signed{h.row[j], 1}
}

// cT returns C^T v.
func (h *shuffled) cT(v signed) signed {
	j := h.col[v.at]
	return signed{j, v.sign * h.c(j).sign}
}

// r returns R e_i: R = [r, rho] with r = b^T - e0^T X0 and rho = e0^T nu.
func (h *shuffled) r(i int) signed {
	if i == h.p {
		return signed{h.preimage[h.p+h.row[i]] - h.p, 1}
	}
	j := h.preimage[i]
	if j >= h.p {
		return signed{j - h.p, 1}
	}
	return signed{h.preimage[h.p+h.row[j]] - h.p, -1}
}

// twin is G = C^T R as a product J1 J2 of signed involutions with equal traces,
// J2 keeping the last unit vector if q > p.
type twin struct{ j1, j2 []signed }

// involutions follows the cycles of G: on one of length k, with G f_j = f_{j+1} and
// f_{j+k} = sigma f_j, put J2 f_j = f_{m-j}, J1 f_j = f_{m+1-j}. The traces agree but
// on the cycles of determinant -1, where that of J2 is larger by 2 for m = 0 and
// smaller by 2 for m = 1: these alternate.
func (h *shuffled) involutions() twin {
	t := twin{make([]signed, h.q), make([]signed, h.q)}
	done, m := make([]bool, h.q), 0
	for k := range h.q {
		start := h.q - 1 - k // the last unit vector first: it is f_0 of a cycle with m = 0
		if done[start] {
			continue
		}
		var f []signed
		v := signed{start, 1}
		for {
			f = append(f, v)
			done[v.at] = true
			if v = h.cT(h.r(v.at)).times(v.sign); v.at == start {
				break
			}
		}
		length, sigma := len(f), v.sign
		shift := 0
		if reverses := length%2 == 0; reverses == (sigma > 0) {
			shift = m
			m = 1 - m
		}
		at := func(j int) signed { // f_j, for any integer j > -2 length
			s := 1.0
			for ; j < 0; j += length {
				s *= sigma
			}
			for ; j >= length; j -= length {
				s *= sigma
			}
			return f[j].times(s)
		}
		for j, v := range f {
			t.j2[v.at] = at(shift - j).times(v.sign)
			t.j1[v.at] = at(shift + 1 - j).times(v.sign)
		}
	}
	return t
}

// eigen sorts the coordinates by what a signed involution does to them: pairs
// that it exchanges up to sign, coordinates that it keeps, that it negates.
type eigen struct {
	pairs       [][2]signed // (x, J x)
	plus, minus []int
}

func newEigen(j []signed) (e eigen) {
	for x, y := range j {
		switch {
		case y.at > x:
			e.pairs = append(e.pairs, [2]signed{{x, 1}, y})
		case y.at == x && y.sign > 0:
			e.plus = append(e.plus, x)
		case y.at == x:
			e.minus = append(e.minus, x)
		}
	}
	return e
}

// conjugator returns P and P^-1 with P J2 P^-1 = J1: pairs go to pairs, kept
// coordinates to kept ones, negated ones to negated ones; a pair (x, J x) that is
// left over goes to a kept u and a negated w, by x -> (u + w)/2, and conversely.
func (t twin) conjugator() (p, inverse entries) {
	from, to := newEigen(t.j2), newEigen(t.j1)
	set := func(x, y signed) { // P x = y
		p = append(p, exactmath.Entry{Row: y.at, Col: x.at, Value: x.sign * y.sign})
		inverse = append(inverse, exactmath.Entry{Row: x.at, Col: y.at, Value: x.sign * y.sign})
	}
	common := min(len(from.pairs), len(to.pairs))
	for k := range common {
		set(from.pairs[k][0], to.pairs[k][0])
		set(from.pairs[k][1], to.pairs[k][1])
	}
	plus, minus := min(len(from.plus), len(to.plus)), min(len(from.minus), len(to.minus))
	for k := range plus {
		set(signed{from.plus[k], 1}, signed{to.plus[k], 1})
	}
	for k := range minus {
		set(signed{from.minus[k], 1}, signed{to.minus[k], 1})
	}
	// Half of the 2x2 block [[1, 1], [1, -1]], whose inverse is the block itself.
	half := func(x, jx, u, w signed) {
		for _, e := range []struct {
			x, y signed
			v    float64
		}{{x, u, 1}, {x, w, 1}, {jx, u, 1}, {jx, w, -1}} {
			v := e.v * e.x.sign * e.y.sign
			p = append(p, exactmath.Entry{Row: e.y.at, Col: e.x.at, Value: v / 2})
			inverse = append(inverse, exactmath.Entry{Row: e.x.at, Col: e.y.at, Value: v})
		}
	}
	for k, pair := range from.pairs[common:] {
		half(pair[0], pair[1], signed{to.plus[plus+k], 1}, signed{to.minus[minus+k], 1})
	}
	for k, pair := range to.pairs[common:] {
		half(signed{from.plus[plus+k], 1}, signed{from.minus[minus+k], 1}, pair[0], pair[1])
	}
	return p, inverse
}

// layers returns -X0, X1, .., X5, by Lemma 1.5 of PROOFS.md with H = At = J2 and
// -2 P0 in the place of P, P0 the conjugator:
//
//	X1 = a c^T - E^T ((J2 - 1) P0^-1/2 - J2) C^T    X2 = -2 C P0 E
//	X3 = E^T (1 - J2) P0^-1/2 C^T                    X4 = C (2 P0 J2 - J1) E
//	X5 = c^T e + E^T J1 C^T
func (h *shuffled) layers() (x [6]entries) {
	h.complete()
	t := h.involutions()
	p0, p0inv := t.conjugator()
	left := func(out *entries, m entries, f float64) { // E^T m C^T, p x q
		for _, e := range m {
			if c := h.c(e.Col); e.Row < h.p {
				*out = append(*out, exactmath.Entry{Row: e.Row, Col: c.at, Value: f * e.Value * c.sign})
			}
		}
	}
	right := func(out *entries, m entries, f float64) { // C m E, q x p
		for _, e := range m {
			if c := h.c(e.Row); e.Col < h.p {
				*out = append(*out, exactmath.Entry{Row: c.at, Col: e.Col, Value: f * e.Value * c.sign})
			}
		}
	}
	j1, j2 := asLinear(t.j1), asLinear(t.j2)
	// -X0: minus e_row[j] e_image[j]^T where c0 vanishes; there a c^T has an entry.
	for j, zero := range h.zero {
		if zero {
			x[0] = append(x[0], exactmath.Entry{Row: h.row[j], Col: h.image[j], Value: -1})
			x[1] = append(x[1], exactmath.Entry{Row: h.image[j], Col: h.row[j], Value: 1})
		}
	}
	j2inv := t.apply(p0inv)
	left(&x[1], j2inv, -0.5)
	left(&x[1], p0inv, 0.5)
	left(&x[1], j2, 1)
	right(&x[2], p0, -2)
	left(&x[3], p0inv, 0.5)
	left(&x[3], j2inv, -0.5)
	right(&x[4], t.after(p0), 2)
	right(&x[4], j1, -1)
	// c^T e = c^T e0 + c^T X0 b: row j has e0's row row[j], and b's row image[j].
	for j := range h.p {
		if k := h.preimage[h.p+h.row[j]]; k >= h.p {
			x[5] = append(x[5], exactmath.Entry{Row: j, Col: k - h.p, Value: 1})
		}
		if k := h.preimage[min(h.image[j], h.p-1)]; h.zero[j] && k >= h.p {
			x[5] = append(x[5], exactmath.Entry{Row: j, Col: k - h.p, Value: 1})
		}
	}
	left(&x[5], j1, 1)
	return x
}

func asLinear(j []signed) entries {
	out := make(entries, len(j))
	for x, y := range j {
		out[x] = exactmath.Entry{Row: y.at, Col: x, Value: y.sign}
	}
	return out
}

// apply returns J2 m.
func (t twin) apply(m entries) entries {
	out := make(entries, len(m))
	for k, e := range m {
		y := t.j2[e.Row]
		out[k] = exactmath.Entry{Row: y.at, Col: e.Col, Value: e.Value * y.sign}
	}
	return out
}

// after returns m J2: its column x is column J2 x of m.
func (t twin) after(m entries) entries {
	out := make(entries, len(m))
	for k, e := range m {
		y := t.j2[e.Col]
		out[k] = exactmath.Entry{Row: e.Row, Col: y.at, Value: e.Value * y.sign}
	}
	return out
}
