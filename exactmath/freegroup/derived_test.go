package freegroup

import (
	"maps"
	"testing"
)

// What follows from equations is shown here by writing it as a combination of
// them: every letter is free, an equation is the difference of its sides, and the
// identity holds letter by letter whether or not the equations do. Where all of
// them vanish, so does what is proved.

// inverses has free letters for the blocks of N and of its inverse, and the
// differences that vanish because it is one.
type inverses struct {
	a, b, c, e, al, be, r, s Poly
	right, left              Matrix // N N^-1 - 1 and N^-1 N - 1
}

// withInverses makes the letters; c is given, or made if it is zero.
func withInverses(g *Algebra, c, r Poly) inverses {
	n := inverses{
		a: g.Letter("a", "p", "p"), b: g.Letter("b", "p", "q"), c: c, e: g.Letter("e", "q", "q"),
		al: g.Letter("al", "p", "p"), be: g.Letter("be", "p", "q"), r: r, s: g.Letter("s", "q", "q"),
	}
	minusOne := func(m Matrix) Matrix {
		for i, o := range m.Rows {
			m.Block[i][i] = m.Block[i][i].Sub(g.One(o))
		}
		return m
	}
	m, inv := Full(n.a, n.b, n.c, n.e), Full(n.al, n.be, n.r, n.s)
	n.right, n.left = minusOne(Compose(m, inv)), minusOne(Compose(inv, m))
	return n
}

// Lemma 1.1, sufficiency, from N N^-1 = 1, (1) and (2) alone: a - b' W^-1 c is the
// inverse of A, and the five factors are N.
func TestFiveFactorsDerived(t *testing.T) {
	g := new(Algebra)
	n := withInverses(g, g.Letter("c", "q", "p"), g.Letter("r", "q", "p"))
	x2, x3, x5 := g.Letter("X2", "q", "p"), g.Letter("X3", "p", "q"), g.Letter("X5", "p", "q")
	w, wi := withInverse(t, g, "W^-1", x2, x3)
	confluent(t, g)
	one := g.One("p")
	bigA := one.Add(x3.Mul(x2))
	ai := one.Sub(Product(x3, wi, x2))
	equal(t, "A A^-1", bigA.Mul(ai), one)
	first := n.e.Sub(n.c.Mul(x5)).Sub(w)      // (1)
	second := n.al.Add(x5.Mul(n.r)).Sub(bigA) // (2)
	b1 := n.b.Sub(n.a.Mul(x5))

	schur := n.a.Sub(Product(b1, wi, n.c)).Mul(bigA).Sub(one)
	below := n.right.Block[1][0].Sub(first.Mul(n.r)).Sub(n.c.Mul(second))
	equal(t, "(a - b' W^-1 c) A - 1", schur, n.right.Block[0][0].Sub(n.a.Mul(second)).Sub(Product(b1, wi, below)))
	top := ai.Add(Product(b1, wi, n.c))
	equal(t, "a", n.a.Sub(top), schur.Mul(ai))

	x4 := wi.Mul(n.c.Sub(x2))
	x1 := b1.Sub(x3).Mul(wi)
	five := Compose(g.Upper(x1), g.Lower(x2), g.Upper(x3), g.Lower(x4), g.Upper(x5))
	same(t, five, Full(top, b1.Add(top.Mul(x5)), n.c, w.Add(n.c.Mul(x5))))
	equal(t, "b", n.b.Sub(five.Block[0][1]), n.a.Sub(top).Mul(x5))
	equal(t, "e", n.e.Sub(five.Block[1][1]), first)
}

// Theorem 2.1 and Lemmas 1.4, 1.5' and 5.3: (1) and (2) hold, and b' W^-1 nu' = 0,
// if W R = C At with At = diag(A, 1), C = [-c, nu'] and R = [r, rho], whatever W is.
func TestCriterionDerived(t *testing.T) {
	g := new(Algebra)
	ip, ik, pp, pk := biproduct(t, g, "p", "k", "q")
	c, ci := g.Unit("C", "q", "q")
	w, wi := g.Unit("W", "q", "q")
	bigA, ai := g.Unit("A", "p", "p")
	at := g.One("q").Add(Product(ip, bigA.Sub(g.One("p")), pp))
	ati := g.One("q").Add(Product(ip, ai.Sub(g.One("p")), pp))
	bigR, bigRi := Product(wi, c, at), Product(ati, ci, w)
	rho, nu1, nu := bigR.Mul(ik), c.Mul(ik), pk.Mul(ci)
	n := withInverses(g, c.Mul(ip).Neg(), bigR.Mul(ip))
	confluent(t, g)
	equal(t, "R R^-1", bigR.Mul(bigRi), g.One("q"))
	equal(t, "W r", w.Mul(n.r), n.c.Mul(bigA).Neg())
	equal(t, "W rho", w.Mul(rho), nu1)
	equal(t, "nu c", nu.Mul(n.c), g.Zero("k", "p"))
	equal(t, "nu nu'", nu.Mul(nu1), g.One("k"))

	// (1) and (2) from c al + e r = 0 and nu e rho = 1.
	x5 := Product(pp, ci, n.e.Sub(w)).Neg()
	unit := Product(nu, n.e, rho).Sub(g.One("k"))
	lower := n.right.Block[1][0]
	first := n.e.Sub(n.c.Mul(x5)).Sub(w)
	equal(t, "(1)", first, Product(c, ik, Product(nu, lower, pp).Add(unit.Mul(pk)), bigRi))
	second := n.al.Add(x5.Mul(n.r)).Sub(bigA)
	equal(t, "(2)", second, Product(pp, ci, lower.Sub(first.Mul(n.r))).Neg())

	// Lemma 5.3 has s nu' = rho instead, which implies nu e rho = 1.
	tied := n.s.Mul(nu1).Sub(rho)
	equal(t, "nu e rho", unit, Product(nu, n.right.Block[1][1], nu1).Sub(Product(nu, n.e, tied)))
	// Then b' rho = 0; r has the left inverse p_p R^-1.
	b1 := n.b.Sub(n.a.Mul(x5))
	equal(t, "r^+ r", Product(pp, bigRi, n.r), g.One("p"))
	equal(t, "r b' rho", Product(n.r, b1, rho),
		n.left.Block[1][1].Mul(rho).Sub(Product(n.left.Block[1][0], x5, rho)).Sub(Product(n.s, first, rho)).Sub(tied))
	equal(t, "b' W^-1", b1.Mul(wi), Product(b1, rho, pk, ci).Sub(Product(b1, wi, n.c, pp, ci)))
	// e rho = nu' and b rho = 0, as Lemma 1.2 has them, imply s nu' = rho.
	equal(t, "s nu'", tied, n.left.Block[1][1].Mul(rho).Sub(Product(n.r, n.b, rho)).Sub(n.s.Mul(n.e.Mul(rho).Sub(nu1))))
}

// Lemma 3.1, the converse for two layers, and Lemma 2.9 (c), the last equation of
// three: from N N^-1 = 1 again.
func TestFewLayersSufficient(t *testing.T) {
	g := new(Algebra)
	d1, d1i := g.Unit("D1", "p", "p")
	d2, d2i := g.Unit("D2", "q", "q")
	n := withInverses(g, g.Letter("c", "q", "p"), g.Letter("r", "q", "p"))
	confluent(t, g)
	e, al := n.e.Sub(d2), n.al.Sub(d1i) // both vanish: e = D2, al = D1^-1
	// a - b e^-1 c = al^-1 = D1, so that N = U(b D2^-1, D1) L(c, D2).
	below := n.right.Block[1][0].Sub(e.Mul(n.r)).Sub(n.c.Mul(al))
	schur := n.a.Sub(Product(n.b, d2i, n.c)).Mul(d1i).Sub(g.One("p"))
	equal(t, "(a - b e^-1 c) D1^-1 - 1", schur, n.right.Block[0][0].Sub(n.a.Mul(al)).Sub(Product(n.b, d2i, below)))
	zero := g.Zero("q", "p")
	two := Compose(Full(d1, n.b.Mul(d2i), zero, g.One("q")), Full(g.One("p"), g.Zero("p", "q"), n.c, d2))
	same(t, two, Full(n.a.Sub(schur.Mul(d1)), n.b, n.c, n.e.Sub(e)))

	// q = p and c invertible: U(X) L(c D1^-1, D2) U(Z, D1) is N if c = -D2 r D1.
	h := new(Algebra)
	c, ci := h.Unit("c", "p", "p")
	s1, s1i := h.Unit("D1", "p", "p")
	s2, s2i := h.Unit("D2", "p", "p")
	a, e2 := h.Letter("a", "p", "p"), h.Letter("e", "p", "p")
	confluent(t, h)
	one, none := h.One("p"), h.Zero("p", "p")
	r, ri := Product(s2i, c, s1i).Neg(), Product(s1, ci, s2).Neg()
	equal(t, "r r^-1", r.Mul(ri), one)
	b := Product(a, ci, e2).Add(ri) // r^-1 = b - a c^-1 e
	x, z := a.Sub(s1).Mul(ci), Product(s1, ci, e2.Sub(s2))
	same(t, Compose(Full(one, x, none, one), Full(one, none, c.Mul(s1i), s2), Full(s1, z, none, one)), Full(a, b, c, e2))
}

// cyclic returns the words of a square x with their coefficients, two words that
// differ by a cyclic exchange of their halves being one: of equal polynomials the
// traces are equal at all matrices over a commutative ring.
func cyclic(t *testing.T, x Poly) map[string]int64 {
	t.Helper()
	if x.err != nil || x.rows != x.cols {
		t.Fatalf("no trace: %v", x)
	}
	out := map[string]int64{}
	for w, c := range x.terms {
		least := w
		for k := range len(w) {
			least = min(least, w[k:]+w[:k])
		}
		out[least] += c
	}
	return out
}

// Proposition 2.12: if L(-X0)(-1) is a product of five additive layers, (1) and (2) have
// the traces -2q and -2p on one side, and one trace on the other.
func TestMinusOneTraces(t *testing.T) {
	a := new(Algebra)
	x0, x2 := a.Letter("X0", "q", "p"), a.Letter("X2", "q", "p")
	x3, x5 := a.Letter("X3", "p", "q"), a.Letter("X5", "p", "q")
	onep, oneq := a.One("p"), a.One("q")
	n := Compose(a.Lower(x0.Neg()), a.Diagonal(onep.Neg(), oneq.Neg()))
	inv := Compose(a.Diagonal(onep.Neg(), oneq.Neg()), a.Lower(x0))
	same(t, Compose(n, inv), a.Identity("p", "q"))
	c, e, al, r := n.Block[1][0], n.Block[1][1], inv.Block[0][0], inv.Block[1][0]
	// The sides of (1) and (2) differ by first and second.
	first := e.Sub(c.Mul(x5)).Sub(oneq.Add(x2.Mul(x3)))
	second := al.Add(x5.Mul(r)).Sub(onep.Add(x3.Mul(x2)))
	left, right := cyclic(t, first.Add(oneq).Add(oneq)), cyclic(t, second.Add(onep).Add(onep))
	if len(left) != 2 || !maps.Equal(left, right) {
		t.Errorf("traces %v and %v", left, right)
	}
}
