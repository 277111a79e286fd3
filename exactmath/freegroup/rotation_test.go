package freegroup

import "testing"

// rotor has the letters of section 1.3: a half rotation R and a reflection F on
// every plane at once, F R F = R^-1, F F = 1, and numbers lambda, rho for each plane,
// which commute with both. The fixed space is the case that all are 1. For q = p + k
// the reflections fix the last k coordinates, and rho = 1.
type rotor struct {
	lam, lami, rho, rhoi, r, ri, f Poly
	ip, pp                         Poly
	ik, pk                         Poly // for q = p + k alone
}

func newRotor(t *testing.T, a *Algebra, wide bool) rotor {
	var x rotor
	x.ip, x.pp, x.rho, x.rhoi = a.One("q"), a.One("q"), a.One("q"), a.One("q")
	if wide {
		x.ip, x.ik, x.pp, x.pk = biproduct(t, a, "p", "k", "q")
	}
	x.lam, x.lami = a.Unit("lambda", "q", "q")
	numbers := []Poly{x.lam, x.lami}
	if !wide {
		x.rho, x.rhoi = a.Unit("rho", "q", "q")
		for _, v := range []Poly{x.rho, x.rhoi} {
			for _, u := range []Poly{x.lam, x.lami} {
				must(t, a.Rule(v.Mul(u), u.Mul(v)))
			}
		}
		numbers = append(numbers, x.rho, x.rhoi)
	}
	x.r, x.ri = a.Unit("R", "q", "q")
	x.f = a.Letter("F", "q", "q")
	for _, u := range numbers {
		for _, v := range []Poly{x.r, x.ri, x.f} {
			must(t, a.Rule(v.Mul(u), u.Mul(v)))
		}
	}
	one := a.One("q")
	must(t, a.Rule(x.f.Mul(x.f), one))
	must(t, a.Rule(x.f.Mul(x.r), x.ri.Mul(x.f)))
	must(t, a.Rule(x.f.Mul(x.ri), x.r.Mul(x.f)))
	if wide {
		must(t, a.Rule(x.f.Mul(x.ik), x.ik))
		must(t, a.Rule(x.pk.Mul(x.f), x.pk))
		// The same with i_k p_k = 1 - i_p p_p.
		rest := x.f.Sub(one).Add(x.ip.Mul(x.pp))
		must(t, a.Rule(Product(x.f, x.ip, x.pp), rest))
		must(t, a.Rule(Product(x.ip, x.pp, x.f), rest))
	}
	return x
}

// Lemma 1.5: the layers of Lemma 5.3 for the P and At of section 1.3 are those with
// D1 .. D5 (D2 = P is its definition); and what Lemma 1.4 needs.
func TestRotationForm(t *testing.T) {
	for _, wide := range []bool{false, true} {
		g := new(Algebra)
		x := newRotor(t, g, wide)
		c, ci := g.Unit("C", "q", "q")
		a := g.Letter("a", x.ip.cols, x.ip.cols)
		e := g.Letter("e", "q", "q")
		one, onep := g.One("q"), g.One(x.ip.cols)
		h, at := x.rho.Mul(x.f), x.rhoi.Mul(x.f) // H and At = H^-1
		p, pi := x.lami.Mul(x.r).Neg(), x.lam.Mul(x.ri).Neg()
		turn, back := x.r.Mul(x.r), x.ri.Mul(x.ri) // G and its transpose
		equal(t, "H At", h.Mul(at), one)
		equal(t, "P P^-1", p.Mul(pi), one)
		equal(t, "(3)", Product(p, at, pi), turn.Mul(at))
		equal(t, "(3), transposed", turn.Mul(at), at.Mul(back))
		equal(t, "G At G", Product(turn, at, turn), at)
		equal(t, "C^-1 R is the commutator", Product(p, h, pi, at), turn)

		bigA, ai := Product(x.pp, at, x.ip), Product(x.pp, h, x.ip)
		equal(t, "A A^-1", bigA.Mul(ai), onep)
		equal(t, "At", at.Sub(one), Product(x.ip, bigA.Sub(onep), x.pp))
		if wide {
			equal(t, "nu^T W = rho^T", Product(x.pk, ci, c, at, back, ci), Product(x.pk, back, ci))
		}

		cT := x.pp.Mul(ci).Neg() // c^T = -E^T C^T
		equal(t, "c^T c", Product(cT, c, x.ip).Neg(), onep)
		bracket := one.Sub(x.lam.Mul(x.ri)) // 1 - lambda R^T
		d1 := x.lam.Mul(x.ri).Neg().Sub(Product(x.rho, x.f, bracket))
		d3 := x.lam.Mul(x.ri).Sub(Product(x.lam, x.rhoi, x.f, x.ri))
		d4 := Product(x.rho, x.lami, x.r, x.f, bracket)
		d5 := Product(x.rhoi, x.r, x.f, x.ri)
		x1 := Product(a.Sub(ai), x.pp).Add(Product(onep.Sub(ai), x.pp, pi)).Mul(ci).Neg()
		equal(t, "X1", x1, a.Mul(cT).Sub(Product(x.pp, d1, ci)))
		equal(t, "X3", Product(bigA.Sub(onep), x.pp, pi, ci), Product(x.pp, d3, ci))
		equal(t, "X4", Product(c, p, h, pi.Add(one), x.ip).Neg(), Product(c, d4, x.ip))
		equal(t, "X5", Product(x.pp, ci, e).Neg().Add(Product(x.pp, p, at, pi, ci)), cT.Mul(e).Add(Product(x.pp, d5, ci)))
	}
}

// Lemma 1.5': any y2, y3 with y2 y3 = Bt - 1, y3 y2 = At - 1, y2 i_k = 0 give five
// factors of N if Bt G = At. With involutions for At and Bt these are the layers of
// Lemma 4.4 too.
func TestPairForm(t *testing.T) {
	g := new(Algebra)
	ip, ik, pp, pk := biproduct(t, g, "p", "k", "q")
	c, ci := g.Unit("C", "q", "q")
	at, ati := g.Unit("At", "q", "q")
	bt, bti := g.Unit("Bt", "q", "q")
	y2, y3 := g.Letter("y2", "q", "q"), g.Letter("y3", "q", "q")
	f, y := g.Letter("f", "p", "q"), g.Letter("y", "p", "p")
	one, onep := g.One("q"), g.One("p")
	must(t, g.Rule(y2.Mul(y3), bt.Sub(one)))
	must(t, g.Rule(y3.Mul(y2), at.Sub(one)))
	must(t, g.Rule(y2.Mul(ik), g.Zero("q", "k")))
	must(t, g.Rule(at.Mul(ik), ik))
	must(t, g.Rule(pk.Mul(at), pk))
	// What these imply: y3 y2 y3 and y2 y3 y2 in two ways, and i_k p_k = 1 - i_p p_p.
	must(t, g.Rule(y3.Mul(bt), at.Mul(y3)))
	must(t, g.Rule(y2.Mul(at), bt.Mul(y2)))
	must(t, g.Rule(y3.Mul(bti), ati.Mul(y3)))
	must(t, g.Rule(y2.Mul(ati), bti.Mul(y2)))
	must(t, g.Rule(ati.Mul(ik), ik))
	must(t, g.Rule(pk.Mul(ati), pk))
	must(t, g.Rule(Product(y2, ip, pp), y2))
	for _, x := range []Poly{at, ati} {
		rest := x.Sub(one).Add(ip.Mul(pp))
		must(t, g.Rule(Product(x, ip, pp), rest))
		must(t, g.Rule(Product(ip, pp, x), rest))
	}

	bigR, bigRi := Product(c, bti, at), Product(ati, bt, ci) // G = Bt^-1 At
	w, wi := Product(c, bt, ci), Product(c, bti, ci)
	bigA, ai := Product(pp, at, ip), Product(pp, ati, ip)
	small := c.Mul(ip).Neg()
	equal(t, "W R = C At", w.Mul(bigR), c.Mul(at))
	equal(t, "At = diag(A, 1)", at.Sub(one), Product(ip, bigA.Sub(onep), pp))
	equal(t, "A A^-1", bigA.Mul(ai), onep)
	x2, x3 := Product(c, y2, ip), Product(pp, y3, ci)
	equal(t, "X2 X3", x2.Mul(x3), w.Sub(one))
	equal(t, "X3 X2", x3.Mul(x2), bigA.Sub(onep))

	e := Product(c, ip, f).Add(Product(c, ik, pk, bigRi)) // nu^T e R = [0, 1]
	x5 := Product(pp, ci, e.Sub(w)).Neg()
	x4 := wi.Mul(small.Sub(x2))
	b1 := Product(y, pp, ci, w) // b' W^-1 nu' = 0
	top := ai.Add(Product(b1, wi, small))
	x1 := b1.Sub(x3).Mul(wi)
	n := Compose(g.Upper(x1), g.Lower(x2), g.Upper(x3), g.Lower(x4), g.Upper(x5))
	same(t, n, Full(top, b1.Add(top.Mul(x5)), small, e))
	cT := pp.Mul(ci).Neg()
	equal(t, "X4", x4, Product(c, bti, one.Add(y2), ip).Neg())
	equal(t, "X1", x1, top.Mul(cT).Add(Product(pp, ati, one.Sub(y3), ci)))
	equal(t, "X5", x5, cT.Mul(e).Add(Product(pp, bt, ci)))
}

// The choice after Lemma 1.5', y3 = lambda R^T and y2 = (1/lambda) R (F/rho - 1), for
// q = p with any rho and for q = p + k with rho = 1.
func TestPairChoice(t *testing.T) {
	for _, wide := range []bool{false, true} {
		g := new(Algebra)
		x := newRotor(t, g, wide)
		one := g.One("q")
		at, ati := x.rhoi.Mul(x.f), x.rho.Mul(x.f)
		turn := x.r.Mul(x.r)
		bt, bti := turn.Mul(at), Product(x.rho, x.r, x.f, x.ri)
		y3, y2 := x.lam.Mul(x.ri), Product(x.lami, x.r, at.Sub(one))
		equal(t, "Bt Bt^-1", bt.Mul(bti), one)
		equal(t, "Bt G", bt.Mul(turn), at)
		equal(t, "y2 y3", y2.Mul(y3), bt.Sub(one))
		equal(t, "y3 y2", y3.Mul(y2), at.Sub(one))
		// As X1 = a c^T - E^T D1 C^T, X2 = C D2 E, ...; Bt = J1.
		bracket := one.Sub(x.lam.Mul(x.ri)) // 1 - lambda R^T
		equal(t, "D1", ati.Mul(one.Sub(y3)).Neg(), Product(x.rho, x.f, bracket).Neg())
		equal(t, "D4", bti.Mul(one.Add(y2)).Neg(), Product(x.rho, x.lami, x.r, x.f, bracket).Sub(x.lami.Mul(x.r)))
		equal(t, "D5", bt, Product(x.rhoi, x.r, x.f, x.ri))
		if wide { // rho = 1
			equal(t, "y2 e_q", y2.Mul(x.ik), g.Zero("q", "k"))
			equal(t, "y2, rho = 1", y2, Product(x.lami, x.r, one.Sub(x.f)).Neg())
			equal(t, "D1, rho = 1", ati.Mul(one.Sub(y3)).Neg(), x.f.Neg().Add(Product(x.lam, x.f, x.ri)))
			equal(t, "D4, rho = 1", bti.Mul(one.Add(y2)).Neg(), Product(x.r, x.f, x.lami.Mul(one.Sub(x.f)).Sub(x.ri)))
		}
	}
}
