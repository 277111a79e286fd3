package lowerbound

import "math/big"

// shape reports whether the blocks exclude k <= 2 layers.
func (m *blocks) shape(k int) bool {
	switch k {
	case 0:
		return !(m.a.isIdentity() && m.b.isZero() && m.c.isZero() && m.e.isIdentity())
	case 1:
		return !(m.c.isZero() && m.e.isIdentity() && m.a.isPositiveDiagonal())
	case 2:
		return !(m.e.isPositiveDiagonal() && m.al.isPositiveDiagonal())
	}
	return false
}

// signs reports whether c = -D2 r D1 fails on a cycle of places.
func (m *blocks) signs(rows, cols []int) bool {
	if len(rows) == 0 || len(rows) != len(cols) || !within(rows, m.q) || !within(cols, m.p) {
		return false
	}
	if len(rows) == 1 {
		c, r := m.c[rows[0]][cols[0]].Sign(), m.r_[rows[0]][cols[0]].Sign()
		return c*r >= 0 && (c != 0 || r != 0)
	}
	left, right := big.NewRat(1, 1), big.NewRat(1, 1)
	for t, i := range rows {
		j, next := cols[t], cols[(t+1)%len(cols)]
		left.Mul(left, m.c[i][j]).Mul(left, m.r_[i][next])
		right.Mul(right, m.r_[i][j]).Mul(right, m.c[i][next])
	}
	return left.Cmp(right) != 0
}

// kernel reports whether vectors of the kernel force a scale that is not
// positive, or not unique.
func (m *blocks) kernel(reason Reason) bool {
	size, null, image := m.q, m.c.transpose(), m.e.transpose()
	if reason.First {
		size, null, image = m.p, m.c, m.a
	}
	if len(reason.Index) != 1 || !within(reason.Index, size) || len(reason.Vectors) < 1 || len(reason.Vectors) > 2 {
		return false
	}
	j := reason.Index[0]
	var forced []*big.Rat
	for _, v := range reason.Vectors {
		if len(v) != size || !present(v) || !null.apply(v).isZero() {
			return false
		}
		w := image.apply(v)[0][j] // = d_j v_j
		if s := w.Sign() * v[j].Sign(); s < 0 || s == 0 && w.Sign() != v[j].Sign() {
			return true
		} else if s > 0 {
			forced = append(forced, new(big.Rat).Quo(w, v[j]))
		}
	}
	return len(forced) == 2 && forced[0].Cmp(forced[1]) != 0
}

// rank reports whether e - D2, or al - D1, always has a larger rank than k layers
// can give it.
func (m *blocks) rank(k int, reason Reason) bool {
	// There are as many L layers other than the rightmost layer as U layers but
	// the leftmost.
	layers := (k - 1) / 2
	if k >= 3 && k%2 == 1 && m.c.isZero() {
		layers--
	}
	x, most := m.e, m.p*layers
	if reason.First {
		x, most = m.al, m.q*layers
	}
	rows, cols, index := reason.Rows, reason.Cols, reason.Index
	all := append(append(append([]int(nil), rows...), cols...), index...)
	if k < 1 || len(rows) != len(cols) || !within(all, len(x)) || !distinct(all) {
		return false
	}
	s, ok := x.schur(rows, cols, index)
	if !ok || len(rows)+len(index) <= most {
		return false
	}
	if len(reason.Weights) == 0 {
		return len(index) <= maxMinors && s.negate().isP0()
	}
	for _, w := range reason.Weights {
		if w == nil || w.Sign() <= 0 {
			return false
		}
	}
	return len(reason.Weights) == len(index) && s.transpose().lyapunov(reason.Weights).negate().definite() >= 0
}

// maxMinors bounds the size of a matrix of which all principal minors are looked
// at.
const maxMinors = 10

// coefficient reports whether the elementary symmetric functions of the given
// order differ for all scales.
func (m *blocks) coefficient(order int) bool {
	small, large := m.al, m.e
	if len(small) > len(large) {
		small, large = large, small
	}
	extra := len(large) - len(small)
	if order < 1 || order > len(large) || !fewMinors(len(large), order) {
		return false
	}
	// e_j(spectrum and extra ones) = sum over i of binomial(extra, i) e_{j-i}(spectrum)
	lo, hi := 0, 0
	for i := 0; i <= min(extra, order); i++ {
		if !fewMinors(len(small), order-i) {
			return false
		}
		l, h := small.minorSigns(order - i)
		lo, hi = min(lo, l), max(hi, h)
	}
	l, h := large.minorSigns(order)
	// One is never negative, the other never positive, and not both always 0.
	return lo >= 0 && h <= 0 && (hi > 0 || l < 0) || hi <= 0 && l >= 0 && (lo < 0 || h > 0)
}

// count bounds numbers of eigenvalues: with positive, zero and negative real part.
type count struct{ min, max [3]int }

// inertia reports whether the two spectra never have the same numbers.
func (m *blocks) inertia(pieces [2][]Piece) bool {
	x, ok := m.e.inertia(pieces[0])
	y, ok2 := m.al.inertia(pieces[1])
	if !ok || !ok2 {
		return false
	}
	if d := m.q - m.p; d > 0 {
		y.min[0], y.max[0] = y.min[0]+d, y.max[0]+d
	} else {
		x.min[0], x.max[0] = x.min[0]-d, x.max[0]-d
	}
	for i := range 3 {
		if x.max[i] < y.min[i] || y.max[i] < x.min[i] {
			return true
		}
	}
	return false
}

// inertia adds up the bounds of the pieces, false if they do not make x block
// triangular: zero wherever the row is in a later piece than the column.
func (x mat) inertia(pieces []Piece) (count, bool) {
	var sum count
	var all []int
	for _, piece := range pieces {
		if !within(piece.Index, len(x)) || !x.sub(piece.Index, all).isZero() {
			return sum, false
		}
		all = append(all, piece.Index...)
		c, ok := x.sub(piece.Index, piece.Index).halfPlanes(piece.Weights)
		if !ok {
			return sum, false
		}
		for i := range 3 {
			sum.min[i] += c.min[i]
			sum.max[i] += c.max[i]
		}
	}
	return sum, len(all) == len(x) && distinct(all)
}

// halfPlanes bounds the numbers of eigenvalues of x D for every positive diagonal
// D by means of X S + S X^T (Ostrowski and Schneider 1962).
func (x mat) halfPlanes(s []*big.Rat) (count, bool) {
	n := len(x)
	c := count{max: [3]int{n, n, n}}
	if len(s) == 0 {
		return c, true
	}
	positive, negative := 0, 0
	for _, v := range s {
		switch {
		case v == nil || v.Sign() == 0:
			return c, false
		case v.Sign() > 0:
			positive++
		default:
			negative++
		}
	}
	if len(s) != n {
		return c, false
	}
	k := x.lyapunov(s)
	sign := k.definite()
	switch {
	case sign > 0:
		c = count{[3]int{positive, 0, negative}, [3]int{positive, 0, negative}}
	case sign < 0 || positive*negative != 0:
		return c, false
	case k.isZero():
		c = count{[3]int{0, n, 0}, [3]int{0, n, 0}}
	case negative == 0:
		c.max[2] = 0
	default:
		c.max[0] = 0
	}
	return c, true
}
