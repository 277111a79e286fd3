package rational

import (
	"math/big"
	"math/rand/v2"

	"flowproof/constructions/internal/blocks"
	"flowproof/constructions/internal/ratmat"
	"flowproof/coupling"
)

// four returns M as U(X1) L(X2) U(X3) L(X4) D, nil if no such form was found. With
// al the upper left block of M^-1, e D2^-1 = I + X2 X3 and D1 al = I + X3 X2. Two
// candidates for D = diag(D1, D2) are tried: det M spread over the
// second part, and the one that makes all diagonal entries ±1.
func four(m *blocks.Map) []blocks.Layer {
	if _, ok := m.E.Inverse(); !ok {
		return nil
	}
	inv, _ := m.Whole().Inverse()
	al := inv.Block(0, m.P, 0, m.P)
	_, d := m.Normalise(coupling.Lower)
	if d == nil {
		d = ratmat.Ones(m.Q)
	}
	if fs := fourWith(m, al, ratmat.Ones(m.P), d); fs != nil {
		return fs
	}
	d1, d2 := ratmat.Ones(m.P), ratmat.Ones(m.Q)
	for i := range d1 {
		if v := al.Rat(i, i); v.Sign() != 0 {
			d1[i].Inv(v.Abs(v))
		}
	}
	for i := range d2 {
		if v := m.E.Rat(i, i); v.Sign() != 0 {
			d2[i].Abs(v)
		}
	}
	return fourWith(m, al, d1, d2)
}

// fourWith is four for given end scales D1 and D2, which move to the last two
// layers.
func fourWith(m *blocks.Map, al *ratmat.Matrix, d1, d2 []*big.Rat) []blocks.Layer {
	p, q := m.P, m.Q
	s1, s2 := ratmat.Diag(d1), ratmat.Diag(d2)
	s1inv, _ := s1.Inverse()
	s2inv, _ := s2.Inverse()
	w, a := m.E.Mul(s2inv), s1.Mul(al)
	x2, x3, ok := flanders(w.Sub(ratmat.Identity(q)), a.Sub(ratmat.Identity(p)))
	if !ok {
		return nil
	}
	winv, _ := w.Inverse()
	x4 := winv.Mul(m.C.Mul(s1inv).Sub(x2))
	x1 := m.B.Mul(s2inv).Sub(x3).Mul(winv)
	// X3 and X4 stand left of D = diag(D1, D2): U(X3) L(X4) D = U(X3 .., D1) L(X4 .., D2).
	return []blocks.Layer{
		{Kind: coupling.Upper, X: x1}, {Kind: coupling.Lower, X: x2},
		{Kind: coupling.Upper, X: x3, Scale: d1}, {Kind: coupling.Lower, X: x4.Mul(s1), Scale: d2},
	}
}

// flanders looks for x (q x p) and y (p x q) with x y = w and y x = a: they exist
// if and only if w and a agree but for nilpotent Jordan blocks, whose sizes differ
// by at most 1 (Flanders 1951). If w = F G and T^-1 a T = diag(G F, 0) then x =
// [F, 0] T^-1, y = T [G; 0] will do; or the same with w and a exchanged.
func flanders(w, a *ratmat.Matrix) (x, y *ratmat.Matrix, ok bool) {
	if x, y, ok = flandersFrom(w, a); !ok {
		y, x, ok = flandersFrom(a, w)
	}
	return x, y, ok
}

// flandersFrom tries F = I and F of full column rank.
func flandersFrom(w, a *ratmat.Matrix) (x, y *ratmat.Matrix, ok bool) {
	q, p := w.Rows, a.Rows
	pivots := w.Echelon().Cols
	thin := w.Pick(ratmat.Span(0, q), pivots)
	g, _ := thin.Particular(w)
	for _, f := range [][2]*ratmat.Matrix{{ratmat.Identity(q), w}, {thin, g}} {
		k := f[0].Cols
		if k > p {
			continue
		}
		t, ok := similar(a, f[1].Mul(f[0]).Direct(ratmat.New(p-k, p-k)))
		if !ok {
			continue
		}
		tinv, _ := t.Inverse()
		return f[0].Beside(ratmat.New(q, p-k)).Mul(tinv), t.Mul(f[1].Above(ratmat.New(p-k, q))), true
	}
	return nil, nil, false
}

// similar returns an invertible x with w x = x a, false if none was found. It
// finds one if w is cyclic with a cyclic unit vector, or w = a, or the matrices
// are similar and at most 6 x 6.
func similar(w, a *ratmat.Matrix) (*ratmat.Matrix, bool) {
	n := w.Rows
	if w.Equal(a) {
		return ratmat.Identity(n), true
	}
	wk, ak := ratmat.Identity(n), ratmat.Identity(n)
	for range n { // equal power sums: equal characteristic polynomials
		if wk, ak = wk.Mul(w), ak.Mul(a); trace(wk).Cmp(trace(ak)) != 0 {
			return nil, false
		}
	}
	if kw, ok := krylov(w); ok {
		if ka, ok := krylov(a); ok {
			if !ratmat.Conjugate(w, kw).Equal(ratmat.Conjugate(a, ka)) {
				return nil, false
			}
			inv, _ := ka.Inverse()
			return kw.Mul(inv), true
		}
	}
	if n > 6 {
		return nil, false
	}
	return intertwiner(w, a)
}

func trace(x *ratmat.Matrix) *big.Rat {
	sum := new(big.Rat)
	for i := range x.Rows {
		sum.Add(sum, x.Rat(i, i))
	}
	return sum
}

// krylov returns [v, x v, .., x^(n-1) v] for the first unit vector v for which it
// is invertible.
func krylov(x *ratmat.Matrix) (*ratmat.Matrix, bool) {
	for i := range x.Rows {
		v := ratmat.Unit(x.Rows, i)
		k := v
		for range x.Rows - 1 {
			v = x.Mul(v)
			k = k.Beside(v)
		}
		if k.Rank() == x.Rows {
			return k, true
		}
	}
	return nil, false
}

// intertwiner solves w x = x a as a linear system and looks for an invertible
// solution among small integer combinations drawn from a fixed seed: if there is
// one, almost all are.
func intertwiner(w, a *ratmat.Matrix) (*ratmat.Matrix, bool) {
	n := w.Rows
	system := ratmat.Func(n*n, n*n, func(r, c int) *big.Rat {
		i, j, k, l := r/n, r%n, c/n, c%n // entry (i, j) of w x - x a, coefficient of x_kl
		v := new(big.Rat)
		if l == j {
			v.Add(v, w.Rat(i, k))
		}
		if k == i {
			v.Sub(v, a.Rat(l, j))
		}
		return v
	})
	basis := system.Kernel()
	rng := rand.New(rand.NewPCG(4, 0))
	for range 8 {
		mix := ratmat.New(basis.Cols, 1)
		for k := range mix.Num {
			mix.Num[k].SetInt64(int64(rng.IntN(9) - 4))
		}
		x := basis.Mul(mix)
		x.Rows, x.Cols = n, n
		if _, ok := x.Inverse(); ok {
			return x, true
		}
	}
	return nil, false
}
