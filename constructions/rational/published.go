package rational

import (
	"math/big"

	"flowproof/constructions/internal/blocks"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/ratmat"
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
//
// Statement: published-route (proofs/rational.md).
func Published(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	m, err := blocks.NewBalanced(target, part)
	if err != nil {
		return nil, err
	}
	perm, l, d, u := pivotedLU(m.Whole())
	o := m.With(l)
	fs := six(m.With(perm), coupling.Lower)
	fs = append(fs, firstUnipotent(m, o.A)...)
	fs = append(fs, blocks.Layer{Kind: coupling.Lower, X: o.C})
	fs = append(fs, secondUnipotent(m, o.E, true)...)
	fs = absorb(m, fs, d[:m.P], d[m.P:])
	o = m.With(u)
	fs = append(fs, secondUnipotent(m, o.E, false)...)
	fs = append(fs, blocks.Layer{Kind: coupling.Upper, X: o.B})
	fs = append(fs, firstUnipotent(m, o.A)...)
	return m.Flow(fs)
}

// PublishedDepth is a depth that Published never exceeds in dimension n.
func PublishedDepth(n int) int { return 32 + n%2*6 }

// pivotedLU returns x = perm l diag(d) u with perm a signed permutation matrix, l
// and u unit triangular and d > 0.
func pivotedLU(x *ratmat.Matrix) (perm, l *ratmat.Matrix, d []*big.Rat, u *ratmat.Matrix) {
	n := x.Rows
	rows := x.Echelon().Rows // the rows of x in the order of their pivots
	sorted := x.Pick(rows, ratmat.Span(0, n))
	l = unitLower(sorted)
	u, _ = l.Solve(sorted)
	d = make([]*big.Rat, n)
	signs := make([]*big.Rat, n)
	inverse := make([]*big.Rat, n)
	perm = ratmat.New(n, n)
	for k, r := range rows {
		v := u.Rat(k, k)
		signs[k] = big.NewRat(int64(v.Sign()), 1)
		inverse[k] = new(big.Rat).Inv(v)
		d[k] = new(big.Rat).Abs(v)
		perm.At(r, k).SetInt64(int64(v.Sign()))
	}
	s := ratmat.Diag(signs)
	return perm, s.MulAll(l, s), d, ratmat.Diag(inverse).Mul(u)
}

// absorb multiplies the factors from the right by diag(d1, d2), which the last
// two layers, of different kinds, take up as scales:
//
//	[[S, Y], [0, I]] [[I, 0], [X, T]] diag(d1, d2) = [[S d1, Y], [0, I]] [[I, 0], [X d1, T d2]].
func absorb(m *blocks.Map, fs []blocks.Layer, d1, d2 []*big.Rat) []blocks.Layer {
	k := len(fs) - 1
	if fs[k].Kind == coupling.Upper {
		d1, d2 = d2, d1
	}
	fs[k].X = fs[k].X.Mul(ratmat.Diag(d1))
	fs[k].Scale = timesDiag(fs[k].Scale, d2)
	fs[k-1].Scale = timesDiag(fs[k-1].Scale, d1)
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
func firstUnipotent(m *blocks.Map, g *ratmat.Matrix) []blocks.Layer {
	p := g.Rows
	if g.Equal(ratmat.Identity(p)) {
		return nil
	}
	e, einv := make([]*big.Rat, p), make([]*big.Rat, p)
	for i := range e {
		e[i], einv[i] = big.NewRat(int64(i+1), 1), big.NewRat(1, int64(i+1))
	}
	ge := g.Mul(ratmat.Diag(e))
	var v *ratmat.Matrix
	if isLower(g) {
		v = lowerEigenvectors(ge)
	} else {
		v = upperEigenvectors(ge)
	}
	vinv, _ := v.Inverse()
	id := ratmat.Identity(p)
	wide := func(x *ratmat.Matrix) *ratmat.Matrix { return x.Beside(ratmat.New(p, m.Q-p)) }
	tall := func(x *ratmat.Matrix) *ratmat.Matrix { return x.Above(ratmat.New(m.Q-p, p)) }
	// diag(V, V^-1) = U(V - 1) L(1) U(V^-1 - 1) L(-V) = L(V^-1 - 1) U(1) L(V - 1) U(-V^-1)
	fs := blocks.Alternate(coupling.Upper, wide(v.Sub(id)), tall(id), wide(vinv.Sub(id)), tall(v.Neg()))
	fs = absorb(m, fs, e, ratmat.Ones(m.Q))
	fs = append(fs, blocks.Alternate(coupling.Lower, tall(v.Sub(id)), wide(id), tall(vinv.Sub(id)), wide(v.Neg()))...)
	return absorb(m, fs, einv, ratmat.Ones(m.Q))
}

// secondUnipotent returns diag(I, g), g (q x q) unitriangular, lower if lower is
// set. With the parts renamed it is firstUnipotent if q = p; if q = p + 1, g =
// [[g', 0], [y, 1]] = diag(g', 1) (I + e_q [y, 0]), and its like for upper
// ones.
func secondUnipotent(m *blocks.Map, g *ratmat.Matrix, lower bool) []blocks.Layer {
	p, q := m.P, m.Q
	fs := renamed(firstUnipotent((&blocks.Map{Frame: geometry.Frame{P: p, Q: p}}), g.Block(0, p, 0, p)))
	if q == p {
		return fs
	}
	for i, f := range fs {
		if f.Kind == coupling.Lower {
			fs[i].X = f.X.Above(ratmat.New(1, p))
			if f.Scale != nil {
				fs[i].Scale = append(f.Scale[:p:p], big.NewRat(1, 1))
			}
		} else {
			fs[i].X = f.X.Beside(ratmat.New(p, 1))
		}
	}
	first := ratmat.Unit(p, 0)
	if lower {
		if y := g.Block(p, q, 0, p); !y.IsZero() {
			x, y := ratmat.Unit(q, p).Mul(first.Transpose()), first.Mul(y.Beside(ratmat.New(1, 1)))
			return append(fs, blocks.Alternate(coupling.Lower, x, y, x.Neg(), y.Neg())...)
		}
		return fs
	}
	if x := g.Block(0, p, p, q); !x.IsZero() {
		x, y := x.Above(ratmat.New(1, 1)).Mul(first.Transpose()), first.Mul(ratmat.Unit(q, p).Transpose())
		return append(blocks.Alternate(coupling.Upper, y.Neg(), x, y, x.Neg()), fs...)
	}
	return fs
}

// renamed returns the factors with the names of the two parts swapped.
func renamed(fs []blocks.Layer) []blocks.Layer {
	for i := range fs {
		fs[i].Kind = fs[i].Kind.Other()
	}
	return fs
}

func isLower(x *ratmat.Matrix) bool {
	for i := range x.Rows {
		for j := i + 1; j < x.Cols; j++ {
			if x.At(i, j).Sign() != 0 {
				return false
			}
		}
	}
	return true
}
