package constructions

import (
	"math/big"
	"math/rand/v2"

	"flowproof/coupling"
)

// four returns M as U(X1) L(X2) U(X3) L(X4) D, nil if no such form was found. With
// al the upper left block of M^-1, e D2^-1 = I + X2 X3 and D1 al = I + X3 X2. Two
// candidates for D = diag(D1, D2) are tried: det M spread over the
// second part, and the one that makes all diagonal entries ±1.
func (m *linear) four() []qfactor {
	if _, ok := m.e.inverse(); !ok {
		return nil
	}
	inv, _ := m.whole().inverse()
	al := inv.block(0, m.p, 0, m.p)
	_, d := m.normalise(coupling.Lower)
	if d == nil {
		d = ones(m.q)
	}
	if fs := m.fourWith(al, ones(m.p), d); fs != nil {
		return fs
	}
	d1, d2 := ones(m.p), ones(m.q)
	for i := range d1 {
		if v := al.rat(i, i); v.Sign() != 0 {
			d1[i].Inv(v.Abs(v))
		}
	}
	for i := range d2 {
		if v := m.e.rat(i, i); v.Sign() != 0 {
			d2[i].Abs(v)
		}
	}
	return m.fourWith(al, d1, d2)
}

func ones(n int) []*big.Rat {
	d := make([]*big.Rat, n)
	for i := range d {
		d[i] = big.NewRat(1, 1)
	}
	return d
}

// fourWith is four for given end scales D1 and D2, which move to the last two
// layers.
func (m *linear) fourWith(al *qmat, d1, d2 []*big.Rat) []qfactor {
	p, q := m.p, m.q
	s1, s2 := qDiag(d1), qDiag(d2)
	s1inv, _ := s1.inverse()
	s2inv, _ := s2.inverse()
	w, a := m.e.mul(s2inv), s1.mul(al)
	x2, x3, ok := flanders(w.sub(qIdentity(q)), a.sub(qIdentity(p)))
	if !ok {
		return nil
	}
	winv, _ := w.inverse()
	x4 := winv.mul(m.c.mul(s1inv).sub(x2))
	x1 := m.b.mul(s2inv).sub(x3).mul(winv)
	// X3 and X4 stand left of D = diag(D1, D2): U(X3) L(X4) D = U(X3 .., D1) L(X4 .., D2).
	return []qfactor{
		{kind: coupling.Upper, x: x1}, {kind: coupling.Lower, x: x2},
		{coupling.Upper, x3, d1}, {coupling.Lower, x4.mul(s1), d2},
	}
}

// flanders looks for x (q x p) and y (p x q) with x y = w and y x = a: they exist
// if and only if w and a agree but for nilpotent Jordan blocks, whose sizes differ
// by at most 1 (Flanders 1951). If w = F G and T^-1 a T = diag(G F, 0) then x =
// [F, 0] T^-1, y = T [G; 0] will do; or the same with w and a exchanged.
func flanders(w, a *qmat) (x, y *qmat, ok bool) {
	if x, y, ok = flandersFrom(w, a); !ok {
		y, x, ok = flandersFrom(a, w)
	}
	return x, y, ok
}

// flandersFrom tries F = I and F of full column rank.
func flandersFrom(w, a *qmat) (x, y *qmat, ok bool) {
	q, p := w.rows, a.rows
	pivots := w.echelon().cols
	thin := w.pick(span(0, q), pivots)
	g, _ := thin.particular(w)
	for _, f := range [][2]*qmat{{qIdentity(q), w}, {thin, g}} {
		k := f[0].cols
		if k > p {
			continue
		}
		t, ok := similar(a, f[1].mul(f[0]).direct(newQ(p-k, p-k)))
		if !ok {
			continue
		}
		tinv, _ := t.inverse()
		return f[0].beside(newQ(q, p-k)).mul(tinv), t.mul(f[1].above(newQ(p-k, q))), true
	}
	return nil, nil, false
}

// similar returns an invertible x with w x = x a, false if none was found. It
// finds one if w is cyclic with a cyclic unit vector, or w = a, or the matrices
// are similar and at most 6 x 6.
func similar(w, a *qmat) (*qmat, bool) {
	n := w.rows
	if w.equal(a) {
		return qIdentity(n), true
	}
	wk, ak := qIdentity(n), qIdentity(n)
	for range n { // equal power sums: equal characteristic polynomials
		if wk, ak = wk.mul(w), ak.mul(a); trace(wk).Cmp(trace(ak)) != 0 {
			return nil, false
		}
	}
	if kw, ok := krylov(w); ok {
		if ka, ok := krylov(a); ok {
			if !conjugate(w, kw).equal(conjugate(a, ka)) {
				return nil, false
			}
			inv, _ := ka.inverse()
			return kw.mul(inv), true
		}
	}
	if n > 6 {
		return nil, false
	}
	return intertwiner(w, a)
}

func trace(x *qmat) *big.Rat {
	sum := new(big.Rat)
	for i := range x.rows {
		sum.Add(sum, x.rat(i, i))
	}
	return sum
}

// krylov returns [v, x v, .., x^(n-1) v] for the first unit vector v for which it
// is invertible.
func krylov(x *qmat) (*qmat, bool) {
	for i := range x.rows {
		v := qUnit(x.rows, i)
		k := v
		for range x.rows - 1 {
			v = x.mul(v)
			k = k.beside(v)
		}
		if k.rank() == x.rows {
			return k, true
		}
	}
	return nil, false
}

// intertwiner solves w x = x a as a linear system and looks for an invertible
// solution among small integer combinations drawn from a fixed seed: if there is
// one, almost all are.
func intertwiner(w, a *qmat) (*qmat, bool) {
	n := w.rows
	system := qFunc(n*n, n*n, func(r, c int) *big.Rat {
		i, j, k, l := r/n, r%n, c/n, c%n // entry (i, j) of w x - x a, coefficient of x_kl
		v := new(big.Rat)
		if l == j {
			v.Add(v, w.rat(i, k))
		}
		if k == i {
			v.Sub(v, a.rat(l, j))
		}
		return v
	})
	basis := system.kernel()
	rng := rand.New(rand.NewPCG(4, 0))
	for range 8 {
		mix := newQ(basis.cols, 1)
		for k := range mix.num {
			mix.num[k].SetInt64(int64(rng.IntN(9) - 4))
		}
		x := basis.mul(mix)
		x.rows, x.cols = n, n
		if _, ok := x.inverse(); ok {
			return x, true
		}
	}
	return nil, false
}
