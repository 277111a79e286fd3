package freegroup

import "testing"

// Lemma 3.1: what products of up to four layers, with a positive diagonal at the
// end, satisfy.
func TestFewLayersNecessary(t *testing.T) {
	a := new(Algebra)
	x1, x3 := a.Letter("X1", "p", "q"), a.Letter("X3", "p", "q")
	x2, x4 := a.Letter("X2", "q", "p"), a.Letter("X4", "q", "p")
	d1, d1i := a.Unit("D1", "p", "p")
	d2, d2i := a.Unit("D2", "q", "q")
	d, di := a.Diagonal(d1, d2), a.Diagonal(d1i, d2i)
	layers := []Matrix{a.Upper(x1), a.Lower(x2), a.Upper(x3), a.Lower(x4)}
	back := []Matrix{a.Upper(x1.Neg()), a.Lower(x2.Neg()), a.Upper(x3.Neg()), a.Lower(x4.Neg())}
	product := func(k int) (m, inv Matrix) {
		m, inv = layers[0], back[0]
		for i := 1; i < k; i++ {
			m, inv = Compose(m, layers[i]), Compose(back[i], inv)
		}
		m, inv = Compose(m, d), Compose(di, inv)
		same(t, Compose(m, inv), a.Identity("p", "q"))
		return m, inv
	}
	m, inv := product(2)
	equal(t, "k=2: e", m.Block[1][1], d2)
	equal(t, "k=2: al", inv.Block[0][0], d1i)
	m, inv = product(3)
	c := m.Block[1][0]
	equal(t, "k=3: c", c, Product(d2, inv.Block[1][0], d1).Neg())
	equal(t, "k=3: e", m.Block[1][1].Sub(d2), Product(c, d1i, x3, d2))
	equal(t, "k=3: a", m.Block[0][0].Sub(d1), x1.Mul(c))
	m, inv = product(4)
	equal(t, "k=4: e", m.Block[1][1].Mul(d2i), a.One("q").Add(x2.Mul(x3)))
	equal(t, "k=4: al", d1.Mul(inv.Block[0][0]), a.One("p").Add(x3.Mul(x2)))
	confluent(t, a)
}

// Theorem 3.3: in U L U .. L U with m lower layers, e - 1 = sum X_i phi_i and
// c = sum X_i psi_i with psi_1 = 1 for the layer that acts first, where phi_i and
// psi_i are the first part as layer i finds it.
func TestLowerLayersAddUp(t *testing.T) {
	a := new(Algebra)
	for m := 1; m <= 4; m++ {
		state := a.Identity("p", "q")
		e, c := a.One("q"), a.Zero("q", "p")
		for i := range m {
			state = Compose(a.Upper(a.Letter("Y", "p", "q")), state)
			x := a.Letter("X", "q", "p")
			if i == 0 {
				equal(t, "psi_1", state.Block[0][0], a.One("p"))
			}
			c, e = c.Add(x.Mul(state.Block[0][0])), e.Add(x.Mul(state.Block[0][1]))
			state = Compose(a.Lower(x), state)
		}
		state = Compose(a.Upper(a.Letter("Y", "p", "q")), state)
		equal(t, "c", state.Block[1][0], c)
		equal(t, "e", state.Block[1][1], e)
	}
}

// Section 2.4: U(X) L(Y, D2) U(Z, D1) from the equations that X and Z solve.
func TestThreeLayers(t *testing.T) {
	a := new(Algebra)
	s, _ := a.Unit("D1", "p", "p") // only positive diagonals make layers
	d2 := a.Letter("D2", "q", "q")
	x, y, z := a.Letter("X", "p", "q"), a.Letter("Y", "q", "p"), a.Letter("Z", "p", "q")
	m := Compose(a.Upper(x), a.Lower(y), a.Diagonal(a.One("p"), d2), a.Upper(z), a.Diagonal(s, a.One("q")))
	same(t, m, Full(s.Add(Product(x, y, s)), z.Add(Product(x, y, z)).Add(x.Mul(d2)), y.Mul(s), d2.Add(y.Mul(z))))
	same(t, Compose(a.Upper(z), a.Diagonal(s, a.One("q"))), Full(s, z, a.Zero("q", "p"), a.One("q")))
}

// Theorem 2.10, first half: one pair U L turns the rows J of M into rows of the
// identity. The second part is split as S + J.
func TestPeel(t *testing.T) {
	a := new(Algebra)
	objects := []Object{"p", "S", "J"}
	name := func(s string, i, j int) string { return s + "_" + string(objects[i]+objects[j]) }
	m := Matrix{objects, objects, make([][]Poly, 3)}
	for i := range 3 {
		for j := range 3 {
			m.Block[i] = append(m.Block[i], a.Letter(name("m", i, j), objects[i], objects[j]))
		}
	}
	ys, yj := a.Letter("Y_S", "p", "S"), a.Letter("Y_J", "p", "J")
	// Row J of M^-1, its last entry first: [r, s_S, s_J].
	r, ss, sj := a.Letter("r_J", "J", "p"), a.Letter("s_JS", "J", "S"), a.Letter("s_JJ", "J", "J")
	for j, o := range objects {
		one := a.Zero("J", o)
		if o == "J" {
			one = a.One(o)
		}
		must(t, a.Rule(sj.Mul(m.Block[2][j]), one.Sub(r.Mul(m.Block[0][j])).Sub(ss.Mul(m.Block[1][j]))))
	}
	// r Y = s - [0, I], solvable as r has full row rank
	must(t, a.Rule(r.Mul(ys), ss))
	must(t, a.Rule(r.Mul(yj), sj.Sub(a.One("J"))))
	equal(t, "row", Product(r, m.Block[0][0]).Add(ss.Mul(m.Block[1][0])).Add(sj.Mul(m.Block[2][0])), a.Zero("J", "p"))
	u := a.Identity(objects...)
	u.Block[0][1], u.Block[0][2] = ys, yj
	n := Compose(a.Shear(2, 0, r, objects...), u, m)
	for j, o := range objects {
		want := a.Zero("J", o)
		if o == "J" {
			want = a.One(o)
		}
		equal(t, "row J, column "+string(o), n.Block[2][j], want)
	}
	confluent(t, a)
}

// Theorem 2.10, second half: the five factors of a core take the columns y beside
// it along.
func TestWideCore(t *testing.T) {
	a := new(Algebra)
	objects := []Object{"p", "S", "J"}
	var wide, core []Matrix
	z := map[int]Poly{}
	for i := range 5 {
		if i%2 == 0 {
			x := a.Letter("X", "p", "S")
			z[i] = a.Letter("Z", "p", "J")
			u := a.Identity(objects...)
			u.Block[0][1], u.Block[0][2] = x, z[i]
			wide, core = append(wide, u), append(core, a.Upper(x))
		} else {
			x := a.Letter("X", "S", "p")
			wide, core = append(wide, a.Shear(1, 0, x, objects...)), append(core, a.Lower(x))
		}
	}
	m, n := Compose(wide[0], wide[1:]...), Compose(core[0], core[1:]...)
	x1, x2 := core[0].Block[0][1], core[1].Block[1][0]
	for i := range 2 {
		for j := range 2 {
			equal(t, "core", m.Block[i][j], n.Block[i][j])
		}
		equal(t, "row J", m.Block[2][i], a.Zero("J", objects[i]))
	}
	equal(t, "y1", m.Block[0][2], Sum(z[0], z[2], Product(x1, x2, z[2]), n.Block[0][0].Mul(z[4])))
	equal(t, "y2", m.Block[1][2], x2.Mul(z[2]).Add(n.Block[1][0].Mul(z[4])))
}

// Theorem 2.11: diag(V, V^-1) in four factors (Whitehead), diag(g, 1) from two of
// them, and the commutator of a lower and an upper layer.
func TestPublishedSteps(t *testing.T) {
	a := new(Algebra)
	v, vi := a.Unit("V", "p", "p")
	one := a.One("p")
	four := func(v, vi Poly) Matrix {
		return Compose(a.Upper(v.Sub(one)), a.Lower(one), a.Upper(vi.Sub(one)), a.Lower(v.Neg()))
	}
	same(t, four(v, vi), a.Diagonal(v, vi))
	same(t, four(vi, v), a.Diagonal(vi, v))
	e, ei := a.Unit("E", "p", "p")
	same(t, Compose(four(v, vi), a.Diagonal(e, one), four(vi, v), a.Diagonal(ei, one)), a.Diagonal(Product(v, e, vi, ei), one))
	confluent(t, a)

	b := new(Algebra)
	y, x := b.Letter("Y", "p", "q"), b.Letter("X", "q", "p")
	must(t, b.Rule(y.Mul(x), b.Zero("p", "p")))
	same(t, Compose(b.Lower(x), b.Upper(y), b.Lower(x.Neg()), b.Upper(y.Neg())), b.Diagonal(b.One("p"), b.One("q").Add(x.Mul(y))))
}

// Lemma 5.3: the layers in terms of C, P, A where s nu' = rho.
func TestCommutatorForm(t *testing.T) {
	a := new(Algebra)
	ip, ik, pp, pk := biproduct(t, a, "p", "k", "q")
	c, ci := a.Unit("C", "q", "q")
	p, pi := a.Unit("P", "q", "q")
	h, hi := a.Unit("A", "p", "p")
	f, y := a.Letter("f", "p", "q"), a.Letter("y", "p", "p")
	onep, oneq := a.One("p"), a.One("q")
	at := oneq.Add(Product(ip, h.Sub(onep), pp))
	ati := oneq.Add(Product(ip, hi.Sub(onep), pp))
	bigR, bigRi := Product(c, p, ati, pi, at), Product(ati, p, at, pi, ci)
	b, bi := c.Mul(p), pi.Mul(ci)
	w, wi := Product(b, at, bi), Product(b, ati, bi)
	small := c.Mul(ip).Neg()
	e := Product(c, ip, f).Add(Product(c, ik, pk, bigRi))
	x2, x3 := b.Mul(ip), Product(h.Sub(onep), pp, bi)
	x5 := Product(pp, ci, e.Sub(w)).Neg()
	x4 := wi.Mul(small.Sub(x2))
	b1 := Product(y, pp, ci, w) // b' W^-1 nu' = 0
	top := hi.Add(Product(b1, wi, small))
	x1 := b1.Sub(x3).Mul(wi)
	n := Compose(a.Upper(x1), a.Lower(x2), a.Upper(x3), a.Lower(x4), a.Upper(x5))
	inv := Compose(a.Upper(x5.Neg()), a.Lower(x4.Neg()), a.Upper(x3.Neg()), a.Lower(x2.Neg()), a.Upper(x1.Neg()))
	equal(t, "a", n.Block[0][0], top)
	equal(t, "s nu' = rho", Product(inv.Block[1][1], c, ik), bigR.Mul(ik))
	equal(t, "X1", x1, Product(Product(top.Sub(hi), pp).Add(Product(onep.Sub(hi), pp, pi)), ci).Neg())
	equal(t, "X4", x4, Product(c, p, ati, pi.Add(oneq), ip).Neg())
	equal(t, "X5", x5, Product(pp, ci, e).Neg().Add(Product(pp, p, at, pi, ci)))
}

// Section 5.4, step 3: two additive layers before the five factors, for q = p + k.
func TestEightSteps(t *testing.T) {
	a := new(Algebra)
	ip, ik, pp, pk := biproduct(t, a, "p", "k", "q")
	c, ci := a.Unit("C", "q", "q")
	a2, a2i := a.Unit("a2", "p", "p")
	y, yi := a.Unit("y", "p", "p")
	top := a.Letter("a", "p", "p")
	u, v, xi := a.Letter("u", "p", "k"), a.Letter("v", "p", "k"), a.Letter("xi", "k", "p")
	g, w, tau := a.Letter("g", "p", "p"), a.Letter("w", "k", "p"), a.Letter("tau", "k", "k")
	confluent(t, a)
	onep, oneq := a.One("p"), a.One("q")
	shear := func(x Poly) Poly { return oneq.Add(Product(ip, x, pk)) }
	wide := func(x Poly) Poly { return oneq.Add(Product(ip, x.Sub(onep), pp)) }
	// C^-1 R = U(u) [[g, 0], [w, tau]] U(-v)
	corner := Sum(Product(ip, g, pp), Product(ik, w, pp), Product(ik, tau, pk))
	bigR := Product(c, shear(u), corner, shear(v.Neg()))
	c1, nu, r1, rho := c.Mul(ip).Neg(), c.Mul(ik), bigR.Mul(ip), bigR.Mul(ik)
	// s1 c1 = -r1 a and s1 nu = rho determine s1.
	s1 := Product(bigR, wide(top), ci)
	equal(t, "s1 c1", s1.Mul(c1), r1.Mul(top).Neg())
	equal(t, "s1 nu", s1.Mul(nu), rho)

	z := a2.Mul(u).Sub(v)
	bigZ := Product(a2.Sub(top), pp, ci).Neg().Add(Product(z, pk, ci))
	nb, rb := nu.Sub(c1.Mul(u)), rho.Add(r1.Mul(v))
	c3 := c1.Mul(y).Add(nb.Mul(xi))
	x0 := c3.Sub(c1).Mul(a2i)
	equal(t, "a3", top.Add(bigZ.Mul(c1)), a2)
	equal(t, "c3", c1.Add(x0.Mul(a2)), c3)
	s3 := s1.Sub(r1.Mul(bigZ))
	r3 := r1.Sub(s3.Mul(x0))
	equal(t, "s3 nb", s3.Mul(nb), rb)
	yt := wide(y).Sub(Product(ik, xi, pp))
	yti := wide(yi).Add(Product(ik, xi, yi, pp))
	equal(t, "Yt Yt^-1", yt.Mul(yti), oneq)
	bigC3 := c3.Neg().Mul(pp).Add(nb.Mul(pk))
	bigR3 := r3.Mul(pp).Add(rb.Mul(pk))
	equal(t, "C3", bigC3, Product(c, shear(u), yt))
	equal(t, "R3", bigR3, Product(bigR, shear(v), wide(a2), yt, wide(a2i)))
	inverse := Product(yti, shear(u.Neg()), ci)
	equal(t, "C3^-1", inverse.Mul(bigC3), oneq)
	got := inverse.Mul(bigR3)
	equal(t, "corner", Product(pp, got, ip), Product(yi, g, a2, y, a2i))
	equal(t, "zero", Product(pp, got, ik), a.Zero("p", "k"))
	equal(t, "tau", Product(pk, got, ik), tau)
	equal(t, "*", Product(pk, got, ip), Sum(Product(xi, yi, g, a2, y, a2i), Product(w, a2, y, a2i), Product(tau, xi, a2i).Neg()))
}
