package constructions

import (
	"math/big"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// Published returns a flow whose product is exactly the target, of determinant >
// 0, by way of an LU decomposition with pivoting, in the spirit of the first proof
// that a constant number of layers is enough (Koehler, Mehta and Risteski, ICML
// 2021). It is the baseline that other constructions are compared with: depth at
// most PublishedDepth(n), 32 for n even and 38 for n odd, and no bound on the
// conditioning. PROOFS.md, theorem 2.11.
//
//	M = P diag(L1, I) L(l) diag(I, L2) D diag(I, U2) U(u) diag(U1, I)
//
// with P a signed permutation of determinant 1 (six layers), L1, L2, U1, U2
// unitriangular and D a positive diagonal. Each of diag(L1, I), .. is a commutator
// of diag(V, V^-1), four layers, and a positive diagonal, which the scales provide:
// seven layers. If q = p + 1, the last row of L2 and the last column of U2 are
// commutators of a lower and an upper layer, four layers each. The rest is
// merging: n even 6 - 1 + 7 + 7 + 7 - 1 + 7, n odd 6 - 1 + 7 + 10 + 10 - 1 + 7.
//
// All arithmetic is rational. Errors: *ShapeError, ErrPartition, ErrSingular,
// ErrOrientation.
func Published(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	m, err := newLinear(target, part)
	if err != nil {
		return nil, err
	}
	if m.q-m.p > 1 {
		return nil, ErrPartition
	}
	perm, l, d, u := pivotedLU(m.whole())
	o := m.with(l)
	fs := m.with(perm).six(coupling.Lower)
	fs = append(fs, m.firstUnipotent(o.a)...)
	fs = append(fs, qfactor{kind: coupling.Lower, x: o.c})
	fs = append(fs, m.secondUnipotent(o.e, true)...)
	fs = m.absorb(fs, d[:m.p], d[m.p:])
	o = m.with(u)
	fs = append(fs, m.secondUnipotent(o.e, false)...)
	fs = append(fs, qfactor{kind: coupling.Upper, x: o.b})
	fs = append(fs, m.firstUnipotent(o.a)...)
	return m.flow(fs)
}

// PublishedDepth is a depth that Published never exceeds in dimension n.
func PublishedDepth(n int) int { return 32 + n%2*6 }

// pivotedLU returns x = perm l diag(d) u with perm a signed permutation matrix, l
// and u unit triangular and d > 0.
func pivotedLU(x *qmat) (perm, l *qmat, d []*big.Rat, u *qmat) {
	n := x.rows
	rows := x.echelon().rows // the rows of x in the order of their pivots
	sorted := x.pick(rows, span(0, n))
	l = unitLower(sorted)
	u, _ = l.solve(sorted)
	d = make([]*big.Rat, n)
	signs := make([]*big.Rat, n)
	inverse := make([]*big.Rat, n)
	perm = newQ(n, n)
	for k, r := range rows {
		v := u.rat(k, k)
		signs[k] = big.NewRat(int64(v.Sign()), 1)
		inverse[k] = new(big.Rat).Inv(v)
		d[k] = new(big.Rat).Abs(v)
		perm.at(r, k).SetInt64(int64(v.Sign()))
	}
	s := qDiag(signs)
	return perm, s.mulAll(l, s), d, qDiag(inverse).mul(u)
}

// absorb multiplies the factors from the right by diag(d1, d2), which the last
// two layers, of different kinds, take up as scales:
//
//	[[S, Y], [0, I]] [[I, 0], [X, T]] diag(d1, d2) = [[S d1, Y], [0, I]] [[I, 0], [X d1, T d2]].
func (m *linear) absorb(fs []qfactor, d1, d2 []*big.Rat) []qfactor {
	k := len(fs) - 1
	if fs[k].kind == coupling.Upper {
		d1, d2 = d2, d1
	}
	fs[k].x = fs[k].x.mul(qDiag(d1))
	fs[k].scale = timesDiag(fs[k].scale, d2)
	fs[k-1].scale = timesDiag(fs[k-1].scale, d1)
	return fs
}

func timesDiag(s, d []*big.Rat) []*big.Rat {
	out := make([]*big.Rat, len(d))
	for i := range d {
		out[i] = d[i]
		if s != nil {
			out[i] = new(big.Rat).Mul(s[i], d[i])
		}
	}
	return out
}

// firstUnipotent returns diag(g, I), g (p x p) unitriangular, as U L U L U L U,
// nothing if g = I. With V E V^-1 = g E and a positive diagonal E of distinct
// entries, diag(g, I) = diag(V, V^-1) E diag(V^-1, V) E^-1.
func (m *linear) firstUnipotent(g *qmat) []qfactor {
	p := g.rows
	if g.equal(qIdentity(p)) {
		return nil
	}
	e, einv := make([]*big.Rat, p), make([]*big.Rat, p)
	for i := range e {
		e[i], einv[i] = big.NewRat(int64(i+1), 1), big.NewRat(1, int64(i+1))
	}
	ge := g.mul(qDiag(e))
	var v *qmat
	if isLower(g) {
		v = lowerEigenvectors(ge)
	} else {
		v = upperEigenvectors(ge)
	}
	vinv, _ := v.inverse()
	id := qIdentity(p)
	wide := func(x *qmat) *qmat { return x.beside(newQ(p, m.q-p)) }
	tall := func(x *qmat) *qmat { return x.above(newQ(m.q-p, p)) }
	// diag(V, V^-1) = U(V - 1) L(1) U(V^-1 - 1) L(-V) = L(V^-1 - 1) U(1) L(V - 1) U(-V^-1)
	fs := alternate(coupling.Upper, wide(v.sub(id)), tall(id), wide(vinv.sub(id)), tall(v.neg()))
	fs = m.absorb(fs, e, ones(m.q))
	fs = append(fs, alternate(coupling.Lower, tall(v.sub(id)), wide(id), tall(vinv.sub(id)), wide(v.neg()))...)
	return m.absorb(fs, einv, ones(m.q))
}

// secondUnipotent returns diag(I, g), g (q x q) unitriangular, lower if lower is
// set. With the parts renamed it is firstUnipotent if q = p; if q = p + 1, g =
// [[g', 0], [y, 1]] = diag(g', 1) (I + e_q [y, 0]), and its like for upper
// ones.
func (m *linear) secondUnipotent(g *qmat, lower bool) []qfactor {
	p, q := m.p, m.q
	fs := renamed((&linear{p: p, q: p}).firstUnipotent(g.block(0, p, 0, p)))
	if q == p {
		return fs
	}
	for i, f := range fs {
		if f.kind == coupling.Lower {
			fs[i].x = f.x.above(newQ(1, p))
			if f.scale != nil {
				fs[i].scale = append(f.scale[:p:p], big.NewRat(1, 1))
			}
		} else {
			fs[i].x = f.x.beside(newQ(p, 1))
		}
	}
	first := qUnit(p, 0)
	if lower {
		if y := g.block(p, q, 0, p); !y.isZero() {
			x, y := qUnit(q, p).mul(first.transpose()), first.mul(y.beside(newQ(1, 1)))
			return append(fs, alternate(coupling.Lower, x, y, x.neg(), y.neg())...)
		}
		return fs
	}
	if x := g.block(0, p, p, q); !x.isZero() {
		x, y := x.above(newQ(1, 1)).mul(first.transpose()), first.mul(qUnit(q, p).transpose())
		return append(alternate(coupling.Upper, y.neg(), x, y, x.neg()), fs...)
	}
	return fs
}

// renamed returns the factors with the names of the two parts swapped.
func renamed(fs []qfactor) []qfactor {
	for i := range fs {
		fs[i].kind = other(fs[i].kind)
	}
	return fs
}

func isLower(x *qmat) bool {
	for i := range x.rows {
		for j := i + 1; j < x.cols; j++ {
			if x.at(i, j).Sign() != 0 {
				return false
			}
		}
	}
	return true
}
