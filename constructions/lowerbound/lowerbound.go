// Package lowerbound is chapter 3 of PROOFS.md: it looks for certificates that a map
// has no flow of few layers, whatever their scales. They are checked by package
// verify/lowerbound, whose language it speaks.
package lowerbound

import (
	"math/big"
	"slices"

	"flowproof/constructions/internal/blocks"
	"flowproof/constructions/internal/ratmat"
	"flowproof/constructions/rational"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify/lowerbound"
)

// DepthLowerBound returns the best lower bound that it finds on the depth of any
// flow of the target on the partition, as a certificate that lowerbound.Check
// accepts: whatever the scales, fewer than Depth layers do not suffice. PROOFS.md,
// section 3.
//
// The bound is the least depth for 2 x 2 maps, and for all maps whose least depth
// is at most 3. It reaches 6 for n = 3 and n >= 4 on maps such as diag(1, -1, -1)
// and diag(J, I), J = [[0, -1], [1, 0]], and 2n on -I when one part has a single
// coordinate; it never exceeds AnyDepth.
//
// Errors: *ShapeError, ErrSingular, ErrOrientation (then no depth suffices).
//
// Statement: six-needed (proofs/lowerbound.md).
func DepthLowerBound(target exactmath.Matrix, part coupling.Partition) (lowerbound.Certificate, error) {
	m, err := blocks.New(target, part)
	if err != nil {
		return lowerbound.Certificate{}, err
	}
	inv, _ := m.Whole().Inverse()
	one, two := newRefuter(m, inv), newRefuter(m.Rename(), m.With(inv).Rename().Whole())
	for k := rational.AnyDepth(m.P, m.Q) - 1; k >= 0; k-- {
		cert := lowerbound.Certificate{Depth: k + 1}
		first, ok := one.refute(k)
		if !ok {
			continue
		}
		second, ok := two.refute(k)
		if !ok {
			continue
		}
		upper, lower := first, second // by the leftmost layer, in the partition's own names
		if m.Swapped {
			upper, lower = second, first
		}
		cert.Reasons[coupling.Upper], cert.Reasons[coupling.Lower] = upper, lower
		if lowerbound.Check(target, part, cert) == nil {
			return cert, nil
		}
	}
	return lowerbound.Certificate{}, nil
}

// refuter is a map with the first block column [al; r] of its inverse.
type refuter struct {
	*blocks.Map
	al, r *ratmat.Matrix
}

func newRefuter(m *blocks.Map, inverse *ratmat.Matrix) refuter {
	return refuter{m, inverse.Block(0, m.P, 0, m.P), inverse.Block(m.P, m.Dim(), 0, m.P)}
}

// refute looks for a reason why m is not a product of k alternating layers
// beginning with U.
func (m refuter) refute(k int) (lowerbound.Reason, bool) {
	if k <= 2 {
		return because(lowerbound.Shape), m.shape(k)
	}
	if k == 3 {
		if reason, ok := m.refuteSigns(); ok {
			return reason, true
		}
		if reason, ok := refuteKernel(m.C.Transpose(), m.E.Transpose()); ok {
			return reason, true
		}
		if reason, ok := refuteKernel(m.C, m.A); ok {
			return aboutFirst(reason), true
		}
	}
	layers := (k - 1) / 2
	if k%2 == 1 && m.C.IsZero() {
		layers--
	}
	if reason, ok := refuteRank(m.E, m.P*layers); ok {
		return reason, true
	}
	if reason, ok := refuteRank(m.al, m.Q*layers); ok {
		return aboutFirst(reason), true
	}
	if k == 4 || k == 5 && m.C.IsZero() {
		return refuteSpectra(m.E, m.al)
	}
	return lowerbound.Reason{}, false
}

// because returns a reason with those of the fields that have values.
func because(rule lowerbound.Rule, fields ...lowerbound.Field) lowerbound.Reason {
	empty := func(f lowerbound.Field) bool { return len(f.Values) == 0 }
	return lowerbound.Reason{Rule: rule, Fields: slices.DeleteFunc(fields, empty)}
}

// aboutFirst returns the reason with the field first before the others.
func aboutFirst(r lowerbound.Reason) lowerbound.Reason {
	r.Fields = slices.Concat([]lowerbound.Field{{Name: "first"}}, r.Fields)
	return r
}

func indices(name string, list ...int) lowerbound.Field {
	f := lowerbound.Field{Name: name}
	for _, i := range list {
		f.Values = append(f.Values, big.NewRat(int64(i), 1))
	}
	return f
}

// shape reports whether k <= 2 layers beginning with U do not suffice.
func (m refuter) shape(k int) bool {
	switch k {
	case 0:
		return !m.Whole().Equal(ratmat.Identity(m.Dim()))
	case 1:
		return m.One() == nil
	}
	_, e := m.E.Diagonal()
	_, a := m.al.Diagonal()
	return !e || !a
}

// refuteSigns looks for a place where c = -D2 r D1 fails: one entry of the wrong
// sign, or a cycle.
func (m refuter) refuteSigns() (lowerbound.Reason, bool) {
	none := lowerbound.Reason{}
	ratio := make([][]*big.Rat, m.Q) // D2_i D1_j
	for i := range m.Q {
		ratio[i] = make([]*big.Rat, m.P)
		for j := range m.P {
			c, s := m.C.Rat(i, j), m.r.Rat(i, j)
			if c.Sign()*s.Sign() >= 0 && (c.Sign() != 0 || s.Sign() != 0) {
				return because(lowerbound.Signs, indices("rows", i), indices("cols", j)), true
			}
			if c.Sign() != 0 {
				ratio[i][j] = c.Quo(c, s.Neg(s))
			}
		}
	}
	// Scales along a spanning forest of the pattern; an entry that disagrees with
	// them closes a cycle.
	d := make([]*big.Rat, m.P+m.Q) // D1, then D2
	from := make([]int, m.P+m.Q)
	var visit func(v int)
	visit = func(v int) {
		for w := range d {
			i, j := w-m.P, v
			if v >= m.P {
				i, j = v-m.P, w
			}
			if i < 0 || i >= m.Q || j >= m.P || ratio[i][j] == nil || d[w] != nil {
				continue
			}
			d[w], from[w] = new(big.Rat).Quo(ratio[i][j], d[v]), v
			visit(w)
		}
	}
	for v := range m.P {
		if d[v] == nil {
			d[v], from[v] = big.NewRat(1, 1), -1
			visit(v)
		}
	}
	for i := range m.Q {
		for j := range m.P {
			if ratio[i][j] != nil && ratio[i][j].Cmp(new(big.Rat).Mul(d[j], d[m.P+i])) != 0 {
				rows, cols := cycle(from, m.P, i, j)
				return because(lowerbound.Signs, indices("rows", rows...), indices("cols", cols...)), true
			}
		}
	}
	return none, false
}

// cycle returns the rows and columns of the cycle that the edge (row i, column
// j) closes in the forest: i_1 = i, j_1 = j, and from row i_t the edge to column
// j_{t+1}.
func cycle(from []int, p, i, j int) (rows, cols []int) {
	path := func(v int) (up []int) {
		for ; v >= 0; v = from[v] {
			up = append(up, v)
		}
		return up
	}
	a, b := path(p+i), path(j)
	for len(a) > 1 && len(b) > 1 && a[len(a)-2] == b[len(b)-2] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	// Row i up to the common ancestor, then down to column j.
	walk := a
	for k := len(b) - 2; k >= 0; k-- {
		walk = append(walk, b[k])
	}
	cols = []int{j}
	for k, v := range walk {
		if k%2 == 0 {
			rows = append(rows, v-p)
		} else if k+1 < len(walk) {
			cols = append(cols, v)
		}
	}
	return rows, cols
}

// refuteKernel looks for vectors v with null v = 0 whose image forces a scale
// that is not positive or not unique: image v = D v.
func refuteKernel(null, image *ratmat.Matrix) (lowerbound.Reason, bool) {
	kernel := null.Kernel()
	w := image.Mul(kernel)
	vector := func(j int) lowerbound.Field {
		f := lowerbound.Field{Name: "vector"}
		for i := range kernel.Rows {
			f.Values = append(f.Values, kernel.Rat(i, j))
		}
		return f
	}
	for i := range kernel.Rows {
		var seen *big.Rat
		var at int
		for j := range kernel.Cols {
			x, y := kernel.Rat(i, j), w.Rat(i, j)
			reason := because(lowerbound.Kernel, indices("index", i), vector(j))
			if s := x.Sign() * y.Sign(); s < 0 || s == 0 && x.Sign() != y.Sign() {
				return reason, true
			} else if s == 0 {
				continue
			}
			d := y.Quo(y, x)
			if seen != nil && seen.Cmp(d) != 0 {
				reason.Fields = append(reason.Fields, vector(at))
				return reason, true
			}
			seen, at = d, j
		}
	}
	return lowerbound.Reason{}, false
}
