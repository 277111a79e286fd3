package lowerbound

import (
	"math/big"
	"slices"
)

// shape reports whether the blocks exclude k <= 2 layers.
func (m *blocks) shape(k int, _ Reason) bool {
	one := func(v *big.Int) bool { return v.Cmp(m.unit) == 0 }
	return k == 0 && !m.m.isDiagonal(one) ||
		k == 1 && !(m.c.isZero() && m.e.isDiagonal(one) && m.a.isDiagonal(positive)) ||
		k == 2 && !(m.e.isDiagonal(positive) && m.al.isDiagonal(positive))
}

// signs reports whether c = -D2 r D1 fails on a cycle of places.
func (m *blocks) signs(k int, reason Reason) bool {
	rows, cols := ints(reason.Fields[0].Values, len(m.e)), ints(reason.Fields[1].Values, len(m.al))
	if k != 3 || len(rows) == 0 || len(rows) != len(cols) || len(rows) > len(m.e)*len(m.al) {
		return false
	}
	if i, j := rows[0], cols[0]; len(rows) == 1 {
		return m.c[i][j].Sign() != -m.r[i][j].Sign()
	}
	left, right := big.NewInt(1), big.NewInt(1)
	for t, i := range rows {
		j, next := cols[t], cols[(t+1)%len(cols)]
		left = m.product(m.product(left, m.c[i][j]), m.r[i][next])
		right = m.product(m.product(right, m.r[i][j]), m.c[i][next])
	}
	return left.Cmp(right) != 0
}

// kernel reports whether vectors of the kernel force a scale that is not
// positive, or not unique.
func (m *blocks) kernel(k int, reason Reason) bool {
	null, image, fields := m.c.transpose(), m.e.transpose(), reason.Fields
	if fields[0].Name == "first" {
		null, image, fields = m.c, m.a, fields[1:]
	}
	index := ints(fields[0].Values, len(image))
	lastW, lastV := new(big.Int), new(big.Int)
	for _, f := range fields[1:] {
		if k != 3 || len(index) != 1 || len(f.Values) != len(image) {
			return false
		}
		vector := m.scaled(f.Values)
		w, v := image.apply(m.meter, vector)[0][index[0]], vector[index[0]] // w = v times the scale
		switch {
		case !null.apply(m.meter, vector).isZero():
			return false
		case w.Sign() != v.Sign() || m.product(w, lastV).Cmp(m.product(lastW, v)) != 0:
			return true
		}
		lastW, lastV = w, v
	}
	return false
}

// maxSize bounds the size of a matrix of which all principal minors are looked at,
// maxMinors the number of those of one order.
const maxSize, maxMinors = 10, 1024

// rank reports whether e - D2, or al - D1, always has a larger rank than k layers
// can give it.
func (m *blocks) rank(k int, reason Reason) bool {
	x, each := m.e, len(m.al)
	if reason.Fields[0].Name == "first" {
		x, each = m.al, len(m.e)
	}
	// There are as many L layers other than the rightmost layer as U layers but
	// the leftmost.
	layers := (k - 1) / 2
	if k >= 3 && k%2 == 1 && m.c.isZero() {
		layers--
	}
	values := make(map[string][]*big.Rat)
	for _, f := range reason.Fields {
		values[f.Name] = f.Values
	}
	r, h := len(values["rows"]), len(values["index"])
	list := ints(slices.Concat(values["rows"], values["cols"], values["index"]), len(x))
	if k < 1 || len(list) != 2*r+h || !distinct(list) || r+h <= each*min(layers, len(x)) {
		return false
	}
	det, minusS := x.sub(slices.Concat(list[:r], list[2*r:]), list[r:]).schur(m.meter, r)
	switch weights := values["weights"]; {
	case det != 0 && len(weights) > 0:
		// T S + S^T T <= 0, T > 0: -S^T D has no eigenvalues in the left half plane.
		_, high, ok := minusS.transpose().halfPlanes(m.meter, weights)
		return ok && high[2] == 0 && weights[0].Sign() > 0
	case det != 0 && h <= maxSize:
		low, _ := minusS.minorSigns(m.meter, nil, 0, 1, h)
		return low >= 0
	}
	return false
}

// coefficient reports whether the elementary symmetric functions of the given
// order differ for all scales.
func (m *blocks) coefficient(k int, reason Reason) bool {
	n := max(len(m.e), len(m.al))
	list := ints(reason.Fields[0].Values, n+1)
	if !m.sameSpectra(k) || len(list) != 1 || list[0] == 0 ||
		new(big.Int).Binomial(int64(n), int64(list[0])).Cmp(big.NewInt(maxMinors)) > 0 {
		return false
	}
	order := list[0]
	// e_j(spectrum and d ones) = sum over i of binomial(d, i) e_{j-i}(spectrum)
	low, high := m.e.minorSigns(m.meter, nil, 0, max(0, order-n+len(m.e)), order)
	low2, high2 := m.al.minorSigns(m.meter, nil, 0, max(0, order-n+len(m.al)), order)
	// Each side has one sign, or is always 0, and not both the same.
	return low*high == 0 && low2*high2 == 0 && low+high != low2+high2
}

func (m *blocks) sameSpectra(k int) bool { return k == 4 || k == 5 && m.c.isZero() }

// inertia reports whether the two spectra never have the same numbers of
// eigenvalues with positive, zero and negative real part.
func (m *blocks) inertia(k int, reason Reason) bool {
	al := slices.IndexFunc(reason.Fields, func(f Field) bool { return f.Name == "al" })
	low, high, ok := m.e.spectrum(m.meter, reason.Fields[:al])
	low2, high2, ok2 := m.al.spectrum(m.meter, reason.Fields[al:])
	for i, ones := range [3]int{len(m.e) - len(m.al)} {
		if high[i] < low2[i]+ones || high2[i]+ones < low[i] {
			return ok && ok2 && m.sameSpectra(k)
		}
	}
	return false
}

// spectrum adds up what halfPlanes says about the pieces, false if they do not make
// x block triangular: zero wherever the row is in a later piece than the column.
func (x mat) spectrum(w meter, fields []Field) (low, high [3]int, ok bool) {
	var all []int // of the pieces that come later
	var weights []*big.Rat
	for _, f := range slices.Backward(fields) {
		if f.Name == "weights" {
			weights = f.Values
			continue
		}
		index := ints(f.Values, len(x))
		if len(index) == 0 || len(all)+len(index) > len(x) || !x.sub(all, index).isZero() {
			return low, high, false
		}
		l, h, ok := x.sub(index, index).halfPlanes(w, weights)
		if !ok {
			return low, high, false
		}
		for i := range 3 {
			low[i], high[i] = low[i]+l[i], high[i]+h[i]
		}
		all, weights = append(all, index...), nil
	}
	return low, high, len(all) == len(x) && distinct(all)
}

// halfPlanes bounds the numbers of eigenvalues of x D with positive, zero and
// negative real part, for every positive diagonal D, by means of X S + S X^T, S the
// weights (Ostrowski and Schneider 1962); false if they do not bound them.
func (x mat) halfPlanes(w meter, weights []*big.Rat) (low, high [3]int, ok bool) {
	n := len(x)
	var signs [3]int
	for _, v := range weights {
		signs[1-v.Sign()]++
	}
	switch {
	case len(weights) == 0:
		return low, [3]int{n, n, n}, true
	case len(weights) != n || signs[1] > 0:
		return low, high, false
	}
	s := w.scaled(weights)
	h := mat(build(n, n, func(i, j int) *big.Int { return new(big.Int).Add(w.product(x[i][j], s[j]), w.product(x[j][i], s[i])) }))
	switch definite := h.definite(w, big.NewInt(1)); {
	case definite > 0:
		return signs, signs, true
	case definite < 0 || signs[0] > 0 && signs[2] > 0:
		return low, high, false
	case h.isZero():
		return [3]int{0, n, 0}, [3]int{0, n, 0}, true
	}
	return low, [3]int{signs[0], n, signs[2]}, true
}
