package constructions

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// toQ returns the matrix as a qmat.
func toQ(m exactmath.Matrix) *qmat {
	r, c := m.Dims()
	return qFunc(r, c, m.At)
}

// rational returns x with the arithmetic of package dense.
func rational(t *testing.T, x *qmat) *dense.Rational {
	t.Helper()
	m, err := x.matrix()
	if err != nil {
		t.Fatal(err)
	}
	return dense.ToRational(m)
}

func mulRational(t *testing.T, x *dense.Rational, ys ...*dense.Rational) *dense.Rational {
	t.Helper()
	for _, y := range ys {
		z, err := x.Mul(y)
		if err != nil {
			t.Fatal(err)
		}
		x = z
	}
	return x
}

// rationalsQ draws a matrix with small rational entries and zeros.
func rationalsQ(rng *rand.Rand, rows, cols int) *qmat {
	return qFunc(rows, cols, func(_, _ int) *big.Rat {
		if rng.IntN(4) == 0 {
			return new(big.Rat)
		}
		return big.NewRat(rng.Int64N(19)-9, rng.Int64N(6)+1)
	})
}

// Sums, products, scalings and inverses against big.Rat entry by entry; lowest
// terms after every operation.
func TestQmat(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	lowest := func(x *qmat) {
		t.Helper()
		g := new(big.Int).Set(&x.den)
		for k := range x.num {
			g.GCD(nil, nil, g, new(big.Int).Abs(&x.num[k]))
		}
		if x.den.Sign() <= 0 || g.Cmp(big.NewInt(1)) != 0 {
			t.Fatalf("not in lowest terms: %v / %v", x.num, &x.den)
		}
	}
	for range 100 {
		n, m, k := 1+rng.IntN(5), 1+rng.IntN(5), 1+rng.IntN(5)
		x, y, z := rationalsQ(rng, n, m), rationalsQ(rng, m, k), rationalsQ(rng, n, m)
		xy, sum, diff := x.mul(y), x.add(z), x.sub(z)
		for _, v := range []*qmat{xy, sum, diff, x.scale(big.NewRat(-3, 4)), x.neg()} {
			lowest(v)
		}
		if !dense.Equal(rational(t, xy), mulRational(t, rational(t, x), rational(t, y))) {
			t.Fatal("product")
		}
		want, _ := rational(t, x).Add(rational(t, z))
		if !dense.Equal(rational(t, sum), want) || !diff.add(z).equal(x) || !x.add(x.neg()).isZero() {
			t.Fatal("sum")
		}
		if !dense.Equal(rational(t, x.scale(big.NewRat(-3, 4))), rational(t, x).Scale(big.NewRat(-3, 4))) {
			t.Fatal("scale")
		}
		if !x.transpose().transpose().equal(x) || !x.beside(z).block(0, n, m, 2*m).equal(z) || !x.above(z).block(n, 2*n, 0, m).equal(z) {
			t.Fatal("blocks")
		}
	}
}

// det against Leibniz, inverse and kernel against their definitions, rank against
// the construction of the matrix.
func TestEliminate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 1 + rng.IntN(5)
		x := rationalsQ(rng, n, n)
		if want := determinant(rational(t, x), span(0, n), span(0, n)); x.det().Cmp(want) != 0 {
			t.Fatalf("determinant %v, want %v", x.det(), want)
		}
		inv, ok := x.inverse()
		if ok != (x.det().Sign() != 0) || ok && !dense.Equal(mulRational(t, rational(t, x), rational(t, inv)), dense.IdentityRational(n)) {
			t.Fatal("inverse")
		}
		rows, cols, r := 1+rng.IntN(6), 1+rng.IntN(6), rng.IntN(4)
		r = min(r, rows, cols)
		// Unit columns and rows keep the two factors of full rank.
		y := qIdentity(r).above(rationalsQ(rng, rows-r, r)).mul(qIdentity(r).beside(rationalsQ(rng, r, cols-r)))
		kernel := y.kernel()
		if y.rank() != r || kernel.cols != cols-r || kernel.rank() != cols-r || !y.mul(kernel).isZero() {
			t.Fatalf("rank %d of %d x %d, want %d", y.rank(), rows, cols, r)
		}
		if pr := y.pivotRows(); len(pr) != r || y.pick(pr, span(0, cols)).rank() != r {
			t.Fatal("pivot rows")
		}
		rhs := y.mul(rationalsQ(rng, cols, 2))
		if z, ok := y.particular(rhs); !ok || !y.mul(z).equal(rhs) {
			t.Fatal("particular")
		}
		if r < rows {
			outside := qUnit(rows, rows-1).add(rhs.col(0)) // the last row is no pivot's, unless by chance
			z, ok := y.particular(outside)
			if ok != (y.beside(outside).rank() == r) || ok && !y.mul(z).equal(outside) {
				t.Fatal("particular of a vector outside")
			}
		}
	}
}

// commutatorCases are matrices of determinant 1 that are hard to write as
// commutators: scalar, derogatory, with repeated eigenvalues, with zero minors.
func commutatorCases() map[string]*qmat {
	return map[string]*qmat{
		"I":                 toQ(list("1 0; 0 1")),
		"-I":                toQ(list("-1 0; 0 -1")),
		"1":                 toQ(list("1")),
		"-I4":               toQ(dense.IdentityRational(4).Scale(big.NewRat(-1, 1))),
		"zero minor":        toQ(list("0 -1; 1 0")),
		"unipotent":         toQ(list("1 1; 0 1")),
		"unipotent 4":       toQ(list("1 1 0 0; 0 1 0 0; 0 0 1 1; 0 0 0 1")),
		"transvection":      toQ(list("1 0 0 0; 0 1 0 0; 0 0 1 0; 5 0 0 1")),
		"derogatory":        toQ(list("2 0 0 0; 0 2 0 0; 0 0 2 0; 0 0 0 1")).scale(big.NewRat(1, 1)),
		"permutation":       toQ(list("0 0 1; 1 0 0; 0 1 0")),
		"reversal":          toQ(list("0 0 0 1; 0 0 1 0; 0 1 0 0; 1 0 0 0")),
		"companion":         toQ(list("0 0 1; 1 0 -3; 0 1 3")),
		"diagonal":          toQ(list("1 0 0; 0 -1 0; 0 0 -1")),
		"two blocks":        toQ(list("-1 1 0 0; 0 -1 0 0; 0 0 -1 1; 0 0 0 -1")),
		"scalar and a unit": toQ(list("3 0 0; 0 3 0; 0 0 3")).direct(toQ(list("1"))),
	}
}

// G = P H P^-1 H^-1, multiplied out by package dense.
func TestCommute(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	cases := commutatorCases()
	for k := range 40 {
		n := 1 + k%7
		cases[string(rune('a'+k))] = toQ(unimodular(rng, max(n, 2)))
	}
	for name, g := range cases {
		if g.det().Cmp(big.NewRat(1, 1)) != 0 {
			// make the determinant 1 by the last entry of the diagonal
			last := make([]*big.Rat, g.rows)
			for i := range last {
				last[i] = big.NewRat(1, 1)
			}
			last[g.rows-1].Inv(g.det())
			g = g.mul(qDiag(last))
		}
		k := commute(g)
		sinv, ok := k.s.inverse()
		pinv, ok2 := k.p.inverse()
		hinv, ok3 := k.h.inverse()
		if !ok || !ok2 || !ok3 {
			t.Fatalf("%s: a factor is singular", name)
		}
		// p = s P in the basis of s, so the true P is p s^-1, the true H s h s^-1.
		s, si, p, pi, h, hi := rational(t, k.s), rational(t, sinv), rational(t, k.p), rational(t, pinv), rational(t, k.h), rational(t, hinv)
		got := mulRational(t, p, si, s, h, si, s, pi, s, hi, si)
		if !dense.Equal(got, rational(t, g)) {
			t.Errorf("%s: P H P^-1 H^-1 is not G", name)
		}
	}
}

// [[g, 0], [w, t]] = P diag(h, 1) P^-1 diag(h, 1)^-1, and P moves the span of the
// first p unit vectors.
func TestCommuteBordered(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	var gs []*qmat
	for _, g := range commutatorCases() {
		gs = append(gs, g)
	}
	for range 30 {
		p := 1 + rng.IntN(5)
		g := rationalsQ(rng, p, p)
		if g.det().Sign() != 0 {
			gs = append(gs, g)
		}
	}
	for _, g := range gs {
		p := g.rows
		t1 := new(big.Rat).Inv(g.det())
		ws := []*qmat{newQ(1, p)}
		if t1.Cmp(big.NewRat(1, 1)) == 0 {
			ws = append(ws, qUnit(p, 0).transpose(), rationalsQ(rng, 1, p))
		}
		for _, w := range ws {
			k := commuteBordered(g, w, t1)
			whole := g.beside(newQ(p, 1)).above(w.beside(qDiag([]*big.Rat{t1})))
			one := qIdentity(1)
			sinv, _ := k.s.direct(one).inverse()
			pinv, ok := k.p.inverse()
			hinv, ok2 := k.h.direct(one).inverse()
			if !ok || !ok2 {
				t.Fatalf("%v: a factor is singular", g.num)
			}
			s, si, pp, pi, h, hi := rational(t, k.s.direct(one)), rational(t, sinv), rational(t, k.p), rational(t, pinv), rational(t, k.h.direct(one)), rational(t, hinv)
			if !dense.Equal(mulRational(t, pp, h, pi, s, hi, si), rational(t, whole)) {
				t.Errorf("%v / %v, %v: P H P^-1 H^-1 is not G", g.num, &g.den, w.num)
			}
			if k.p.block(p, p+1, 0, p).isZero() {
				t.Errorf("%v, %v: P keeps the span", g.num, w.num)
			}
		}
	}
}

// The same with I, k x k, for t, and w of full row rank.
func TestCommuteWide(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	solved := 0
	defer func() {
		if solved < 20 {
			t.Errorf("only %d of 30 draws have determinant 1 and full rank", solved)
		}
	}()
	for range 30 {
		p := 1 + rng.IntN(4)
		k := 1 + rng.IntN(p)
		g := toQ(unimodular(rng, max(p, 2))).block(0, p, 0, p)
		w := rationalsQ(rng, k, p)
		if g.det().Cmp(big.NewRat(1, 1)) != 0 || w.rank() < k {
			continue
		}
		solved++
		c := commuteBordered(g, w, big.NewRat(1, 1))
		pad := qIdentity(k)
		sinv, _ := c.s.direct(pad).inverse()
		pinv, ok := c.p.inverse()
		hinv, ok2 := c.h.direct(pad).inverse()
		if !ok || !ok2 {
			t.Fatal("a factor is singular")
		}
		s, si, pp, pi, h, hi := rational(t, c.s.direct(pad)), rational(t, sinv), rational(t, c.p), rational(t, pinv), rational(t, c.h.direct(pad)), rational(t, hinv)
		if !dense.Equal(mulRational(t, pp, h, pi, s, hi, si), rational(t, g.beside(newQ(p, k)).above(w.beside(pad)))) {
			t.Error("P H P^-1 H^-1 is not G")
		}
		if c.p.block(p, p+k, 0, p).rank() < k {
			t.Error("E and P E do not span")
		}
	}
}

// The leading principal minors of s^-1 g s are as prescribed, for non-scalar g
// with and without a cyclic unit vector.
func TestPrescribe(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	cases := commutatorCases()
	for k := range 20 {
		cases[string(rune('a'+k))] = toQ(unimodular(rng, 2+k%5))
	}
	for name, g := range cases {
		if _, scalar := g.scalar(); scalar {
			continue
		}
		n := g.rows
		delta := make([]*big.Rat, n)
		rest := g.det()
		for i := range delta {
			delta[i] = big.NewRat(rng.Int64N(5)+1, rng.Int64N(3)+1)
			if i == n-1 {
				delta[i] = rest
			}
			rest = new(big.Rat).Quo(rest, delta[i])
		}
		m := rational(t, conjugate(g, prescribe(g, delta)))
		minor := big.NewRat(1, 1)
		for k := 1; k <= n; k++ {
			minor.Mul(minor, delta[k-1])
			if got := determinant(m, span(0, k), span(0, k)); got.Cmp(minor) != 0 {
				t.Errorf("%s: minor %d is %v, want %v", name, k, got, minor)
			}
		}
	}
}

// A Schur complement that comes out a scalar is sheared before the next step.
func TestPrescribeScalarSchur(t *testing.T) {
	for _, g := range []*qmat{
		toQ(list("2 4 6; 1 7 3; 0 0 5")),
		toQ(list("2 4 6 8; 1 7 3 4; 0 0 5 0; 0 0 0 5")),
	} {
		n := g.rows
		if mu, ok := schurComplement(g).scalar(); !ok || mu.Cmp(big.NewRat(5, 1)) != 0 {
			t.Fatal("the Schur complement of the example is not 5 I")
		}
		delta := []*big.Rat{big.NewRat(2, 1), big.NewRat(3, 1), big.NewRat(25, 3), big.NewRat(5, 1)}[:n]
		m := rational(t, conjugate(g, prescribe(g, delta)))
		minor := big.NewRat(1, 1)
		for k := 1; k <= n; k++ {
			minor.Mul(minor, delta[k-1])
			if got := determinant(m, span(0, k), span(0, k)); got.Cmp(minor) != 0 {
				t.Errorf("minor %d is %v, want %v", k, got, minor)
			}
		}
	}
}

func TestSimilar(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 6))
	for name, a := range commutatorCases() {
		s := toQ(unimodular(rng, max(a.rows, 2)))
		if a.rows < 2 {
			continue
		}
		w := conjugate(a, s)
		x, ok := similar(w, a)
		if !ok {
			t.Errorf("%s: not found similar to a conjugate", name)
			continue
		}
		if !w.mul(x).equal(x.mul(a)) || x.det().Sign() == 0 {
			t.Errorf("%s: w x is not x a", name)
		}
	}
	for _, pair := range [][2]string{{"1 1; 0 1", "1 0; 0 1"}, {"1 1; 0 1", "2 0; 0 1"}, {"1 1 0; 0 1 1; 0 0 1", "1 1 0; 0 1 0; 0 0 1"}, {"2 0; 0 3", "1 1; 1 4"}} {
		if _, ok := similar(toQ(list(pair[0])), toQ(list(pair[1]))); ok {
			t.Errorf("%v are not similar", pair)
		}
	}
	// x y = w and y x = a, nilpotent parts included.
	for range 100 {
		q, p := 1+rng.IntN(4), 1+rng.IntN(4)
		x, y := rationalsQ(rng, q, p), rationalsQ(rng, p, q)
		w, a := x.mul(y), y.mul(x)
		if u, v, ok := flanders(w, a); ok && (!u.mul(v).equal(w) || !v.mul(u).equal(a)) {
			t.Fatal("x y is not w, or y x not a")
		} else if !ok && x.rank() == min(p, q) && y.rank() == min(p, q) {
			t.Fatalf("no factors found for %v %v", w.num, a.num)
		}
	}
}
