package freegroup

import "testing"

// Each test states an identity of PROOFS.md between blocks of the sizes p and q,
// for all p and q, and all rings.

// same fails unless m and n agree block by block.
func same(t *testing.T, m, n Matrix) {
	t.Helper()
	if d := Difference(m, n); d != "" {
		t.Error(d)
	}
}

// equal fails unless x = y.
func equal(t *testing.T, what string, x, y Poly) {
	t.Helper()
	if !x.Equal(y) {
		t.Errorf("%s: %v is not %v", what, x, y)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func confluent(t *testing.T, a *Algebra) {
	t.Helper()
	if !a.Confluent() {
		t.Error("the rules are not confluent")
	}
}

// withInverse declares v to be the inverse of 1 + x y.
func withInverse(t *testing.T, a *Algebra, name string, x, y Poly) (w, v Poly) {
	t.Helper()
	w = a.One(x.rows).Add(x.Mul(y))
	v = a.Letter(name, x.rows, x.rows)
	must(t, a.Rule(Product(x, y, v), a.One(x.rows).Sub(v)))
	must(t, a.Rule(Product(v, x, y), a.One(x.rows).Sub(v)))
	return w, v
}

// Lemma 1.1, necessity: what a product of five factors, with a positive diagonal
// at the end, satisfies.
func TestFiveFactorsNecessary(t *testing.T) {
	a := new(Algebra)
	one := a.One
	x1, x3, x5 := a.Letter("X1", "p", "q"), a.Letter("X3", "p", "q"), a.Letter("X5", "p", "q")
	x2, x4 := a.Letter("X2", "q", "p"), a.Letter("X4", "q", "p")
	d1, d1i := a.Unit("D1", "p", "p")
	d2, d2i := a.Unit("D2", "q", "q")
	m := Compose(a.Upper(x1), a.Lower(x2), a.Upper(x3), a.Lower(x4), a.Upper(x5), a.Diagonal(d1, d2))
	inv := Compose(a.Diagonal(d1i, d2i), a.Upper(x5.Neg()), a.Lower(x4.Neg()), a.Upper(x3.Neg()), a.Lower(x2.Neg()), a.Upper(x1.Neg()))
	same(t, Compose(m, inv), a.Identity("p", "q"))
	same(t, Compose(inv, m), a.Identity("p", "q"))
	c, e := m.Block[1][0], m.Block[1][1]
	al, r := inv.Block[0][0], inv.Block[1][0]
	w, big := one("q").Add(x2.Mul(x3)), one("p").Add(x3.Mul(x2))
	equal(t, "(1)", e.Mul(d2i).Sub(Product(c, d1i, x5)), w)
	equal(t, "(2)", d1.Mul(al).Add(Product(x5, d2, r)), big)
	equal(t, "W r = -c A", Product(w, d2, r), Product(c, d1i, big).Neg())
	equal(t, "W X2 = X2 A", w.Mul(x2), x2.Mul(big))
	equal(t, "c", c.Mul(d1i), x2.Add(w.Mul(x4)))
	confluent(t, a)
}

// Lemma 1.1, sufficiency. If (1), (2) hold and W is invertible then, as the lemma
// derives, a = A^-1 + b' W^-1 c; with X2, X3, X5, c, b' as free letters all else
// is determined, and the five factors give a, b, c, e.
func TestFiveFactors(t *testing.T) {
	a := new(Algebra)
	x3, x5, b1 := a.Letter("X3", "p", "q"), a.Letter("X5", "p", "q"), a.Letter("b'", "p", "q")
	x2, c := a.Letter("X2", "q", "p"), a.Letter("c", "q", "p")
	w, wi := withInverse(t, a, "W^-1", x2, x3)
	confluent(t, a)
	equal(t, "W W^-1", w.Mul(wi), a.One("q"))
	equal(t, "W^-1 W", wi.Mul(w), a.One("q"))
	bigA := a.One("p").Add(x3.Mul(x2))
	ai := a.One("p").Sub(Product(x3, wi, x2))
	equal(t, "A A^-1", bigA.Mul(ai), a.One("p"))
	equal(t, "A^-1 A", ai.Mul(bigA), a.One("p"))

	e := w.Add(c.Mul(x5))             // (1)
	top := ai.Add(Product(b1, wi, c)) // a
	b := b1.Add(top.Mul(x5))          // b' = b - a X5
	r := Product(wi, c, bigA).Neg()   // W r = -c A
	al := bigA.Sub(x5.Mul(r))         // (2)
	s := wi.Sub(Product(r, b1, wi))   // the rest of N^-1
	be := Product(bigA, b1, wi).Neg().Sub(x5.Mul(s))
	n := Full(top, b, c, e)
	same(t, Compose(n, Full(al, be, r, s)), a.Identity("p", "q"))
	same(t, Compose(Full(al, be, r, s), n), a.Identity("p", "q"))

	x4 := wi.Mul(c.Sub(x2))
	x1 := b1.Sub(x3).Mul(wi)
	same(t, Compose(a.Upper(x1), a.Lower(x2), a.Upper(x3), a.Lower(x4), a.Upper(x5)), n)
	equal(t, "X1 c", x1.Mul(c), Sum(top, ai.Neg(), Product(x3, wi, c).Neg()))
	if Difference(Compose(a.Upper(x1), a.Lower(x2), a.Upper(x3), a.Lower(x4.Neg()), a.Upper(x5)), n) == "" {
		t.Error("a wrong sign goes unnoticed")
	}
}

// Theorem 2.1 for q = p: the five factors of the commutator, letter by letter in
// the group ring of a free group. Free letters a, c, e, P, A.
func TestFiveFromCommutatorSquare(t *testing.T) {
	g := new(Algebra)
	a, e := g.Letter("a", "p", "p"), g.Letter("e", "p", "p")
	c, ci := g.Unit("c", "p", "p")
	p, pi := g.Unit("P", "p", "p")
	h, hi := g.Unit("A", "p", "p")
	confluent(t, g)
	comm := Product(p, hi, pi, h) // G = C^-1 R, C = -c, R = r
	r := c.Mul(comm).Neg()
	ri := Product(hi, p, h, pi, ci).Neg()
	equal(t, "r r^-1", r.Mul(ri), g.One("p"))
	b := Product(a, ci, e).Add(ri) // r^-1 = b - a c^-1 e
	bi := c.Mul(p).Neg()
	bii := pi.Mul(ci).Neg()
	w := Product(bi, h, bii)
	wi := Product(bi, hi, bii)
	x2 := bi
	x3 := h.Sub(g.One("p")).Mul(bii)
	x5 := ci.Mul(e.Sub(w))
	x4 := wi.Mul(c.Sub(x2))
	x1 := b.Sub(a.Mul(x5)).Sub(x3).Mul(wi)
	same(t, Compose(g.Upper(x1), g.Lower(x2), g.Upper(x3), g.Lower(x4), g.Upper(x5)), Full(a, b, c, e))
}

// biproduct makes letters that split q into p and k: i_p, i_k include, p_p, p_k
// project.
func biproduct(t *testing.T, a *Algebra, p, k, q Object) (ip, ik, pp, pk Poly) {
	ip, ik = a.Letter("i_p", q, p), a.Letter("i_k", q, k)
	pp, pk = a.Letter("p_p", p, q), a.Letter("p_k", k, q)
	must(t, a.Rule(pp.Mul(ip), a.One(p)))
	must(t, a.Rule(pk.Mul(ik), a.One(k)))
	must(t, a.Rule(pp.Mul(ik), a.Zero(p, k)))
	must(t, a.Rule(pk.Mul(ip), a.Zero(k, p)))
	must(t, a.Rule(ik.Mul(pk), a.One(q).Sub(ip.Mul(pp))))
	return ip, ik, pp, pk
}

// Theorem 2.1 for q = p + k, whatever k: C = [-c, nu'], R = [r, rho], At = diag(A, 1).
// Free letters C, P, A, b', and f, the part of e that C leaves free; S is the
// change of basis of Lemma 2.2.
func TestFiveFromCommutator(t *testing.T) {
	a := new(Algebra)
	ip, ik, pp, pk := biproduct(t, a, "p", "k", "q")
	c, ci := a.Unit("C", "q", "q")
	p, pi := a.Unit("P", "q", "q")
	h, hi := a.Unit("A", "p", "p")
	f, b1 := a.Letter("f", "p", "q"), a.Letter("b'", "p", "q")
	confluent(t, a)
	onep, oneq := a.One("p"), a.One("q")
	at := oneq.Add(Product(ip, h.Sub(onep), pp))
	ati := oneq.Add(Product(ip, hi.Sub(onep), pp))
	equal(t, "At At^-1", at.Mul(ati), oneq)
	bigR := Product(c, p, ati, pi, at) // G = C^-1 R = P At^-1 P^-1 At
	bigRi := Product(ati, p, at, pi, ci)
	small, r := c.Mul(ip).Neg(), bigR.Mul(ip)
	nu := pk.Mul(ci) // nu^T
	equal(t, "nu^T c", nu.Mul(small), a.Zero("k", "p"))
	equal(t, "nu^T nu'", Product(nu, c, ik), a.One("k"))

	// nu^T e R = [0, 1] determines nu^T e.
	e := Product(c, ip, f).Add(Product(c, ik, pk, bigRi))
	equal(t, "nu^T e r", Product(nu, e, r), a.Zero("k", "p"))
	equal(t, "nu^T e rho", Product(nu, e, bigR, ik), a.One("k"))

	b := c.Mul(p)
	bi := pi.Mul(ci)
	w, wi := Product(b, at, bi), Product(b, ati, bi)
	equal(t, "W R = C At", w.Mul(bigR), c.Mul(at))
	x2, x3 := b.Mul(ip), Product(h.Sub(onep), pp, bi)
	equal(t, "W", w, oneq.Add(x2.Mul(x3)))
	equal(t, "A", h, onep.Add(x3.Mul(x2)))
	x5 := Product(pp, ci, e.Sub(w)).Neg()
	equal(t, "(1)", e.Sub(small.Mul(x5)), w)
	x4 := wi.Mul(small.Sub(x2))
	x1 := b1.Sub(x3).Mul(wi)
	top := hi.Add(Product(b1, wi, small))
	n := Full(top, b1.Add(top.Mul(x5)), small, e)
	same(t, Compose(a.Upper(x1), a.Lower(x2), a.Upper(x3), a.Lower(x4), a.Upper(x5)), n)
	// (2), with al from the upper left block of N^-1
	inv := Compose(a.Upper(x5.Neg()), a.Lower(x4.Neg()), a.Upper(x3.Neg()), a.Lower(x2.Neg()), a.Upper(x1.Neg()))
	equal(t, "r", inv.Block[1][0], r)
	equal(t, "(2)", inv.Block[0][0].Add(x5.Mul(r)), h)
}

// Lemma 2.2: a commutator of diag(S, 1)^-1 G diag(S, 1) gives the same layers
// when X2 and X3 are taken back.
func TestChangeOfBasis(t *testing.T) {
	a := new(Algebra)
	ip, _, pp, _ := biproduct(t, a, "p", "k", "q")
	s, si := a.Unit("S", "p", "p")
	c, ci := a.Unit("C", "q", "q")
	p, pi := a.Unit("P", "q", "q") // the P of the conjugate
	h, hi := a.Unit("A", "p", "p") // and its A
	one := a.One("p")
	wide := func(x Poly) Poly { return a.One("q").Add(Product(ip, x.Sub(one), pp)) }
	ss, ssi := wide(s), wide(si)
	g := Product(ss, p, wide(hi), pi, wide(h), ssi)
	// In the old basis: P' = S P S^-1 and A' = S A S^-1.
	p1, p1i, h1 := Product(ss, p, ssi), Product(ss, pi, ssi), Product(s, h, si)
	equal(t, "G", g, Product(p1, wide(Product(s, hi, si)), p1i, wide(h1)))
	// What the program computes from C S, P, A, and X2 S^-1, S X3.
	x2, x3 := Product(c, ss, p, ip, si), Product(s, h.Sub(one), pp, pi, ssi, ci)
	equal(t, "X2", x2, Product(c, p1, ip))
	equal(t, "X3", x3, Product(h1.Sub(one), pp, p1i, ci))
}

// Theorem 2.8: the first step, the other order, the other partition.
func TestSixOrders(t *testing.T) {
	a := new(Algebra)
	m := Full(a.Letter("a", "p", "p"), a.Letter("b", "p", "q"), a.Letter("c", "q", "p"), a.Letter("e", "q", "q"))
	x0 := a.Letter("X0", "q", "p")
	step := Compose(a.Lower(x0), m)
	equal(t, "c + X0 a", step.Block[1][0], m.Block[1][0].Add(x0.Mul(m.Block[0][0])))
	equal(t, "e + X0 b", step.Block[1][1], m.Block[1][1].Add(x0.Mul(m.Block[0][1])))
	same(t, Compose(a.Lower(x0.Neg()), step), m)

	var six, back []Matrix
	for i := range 6 {
		x := a.Letter("Y", "q", "p")
		layer, inverse := a.Lower(x), a.Lower(x.Neg())
		if i%2 == 1 {
			x = a.Letter("Y", "p", "q")
			layer, inverse = a.Upper(x), a.Upper(x.Neg())
		}
		six, back = append(six, layer), append([]Matrix{inverse}, back...)
	}
	same(t, Compose(six[0], append(six[1:], back...)...), a.Identity("p", "q"))
	same(t, Compose(back[0], append(back[1:], six...)...), a.Identity("p", "q"))

	// Swapping the names of the parts turns U into L.
	swap := Matrix{[]Object{"q", "p"}, []Object{"p", "q"}, [][]Poly{{a.Zero("q", "p"), a.One("q")}, {a.One("p"), a.Zero("p", "q")}}}
	swapBack := Matrix{[]Object{"p", "q"}, []Object{"q", "p"}, [][]Poly{{a.Zero("p", "q"), a.One("p")}, {a.One("q"), a.Zero("q", "p")}}}
	x := a.Letter("X", "p", "q")
	same(t, Compose(swap, a.Upper(x), swapBack), a.Lower(x))
	// The scale of a last layer U or L, and those of both parts in the last two.
	d, d2 := a.Letter("D", "p", "p"), a.Letter("D2", "q", "q")
	onep, oneq := a.One("p"), a.One("q")
	scaled := func(x Poly) Matrix { return Full(d, x, a.Zero("q", "p"), oneq) } // U(x, D)
	same(t, Compose(a.Upper(x), a.Diagonal(d, oneq)), scaled(x))
	same(t, Compose(a.Lower(x0), a.Diagonal(onep, d2)), Full(onep, a.Zero("p", "q"), x0, d2))
	same(t, Compose(a.Upper(x), a.Diagonal(d, d2)), Compose(a.Diagonal(onep, d2), scaled(x.Mul(d2))))
}
