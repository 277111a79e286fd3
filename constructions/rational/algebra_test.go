package rational

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/constructions/internal/ratmat"
	"flowproof/constructions/internal/sample"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// toQ returns the matrix as a rational one.
func toQ(m exactmath.Matrix) *ratmat.Matrix {
	r, c := m.Dims()
	return ratmat.Func(r, c, m.At)
}

// rational returns x with the arithmetic of package dense.
func rational(t *testing.T, x *ratmat.Matrix) *dense.Rational {
	t.Helper()
	m, err := x.Matrix()
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
func rationalsQ(rng *rand.Rand, rows, cols int) *ratmat.Matrix {
	return ratmat.Func(rows, cols, func(_, _ int) *big.Rat {
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
	lowest := func(x *ratmat.Matrix) {
		t.Helper()
		g := new(big.Int).Set(&x.Den)
		for k := range x.Num {
			g.GCD(nil, nil, g, new(big.Int).Abs(&x.Num[k]))
		}
		if x.Den.Sign() <= 0 || g.Cmp(big.NewInt(1)) != 0 {
			t.Fatalf("not in lowest terms: %v / %v", x.Num, &x.Den)
		}
	}
	for range 100 {
		n, m, k := 1+rng.IntN(5), 1+rng.IntN(5), 1+rng.IntN(5)
		x, y, z := rationalsQ(rng, n, m), rationalsQ(rng, m, k), rationalsQ(rng, n, m)
		xy, sum, diff := x.Mul(y), x.Add(z), x.Sub(z)
		for _, v := range []*ratmat.Matrix{xy, sum, diff, x.Scale(big.NewRat(-3, 4)), x.Neg()} {
			lowest(v)
		}
		if !dense.Equal(rational(t, xy), mulRational(t, rational(t, x), rational(t, y))) {
			t.Fatal("product")
		}
		want, _ := rational(t, x).Add(rational(t, z))
		if !dense.Equal(rational(t, sum), want) || !diff.Add(z).Equal(x) || !x.Add(x.Neg()).IsZero() {
			t.Fatal("sum")
		}
		if !dense.Equal(rational(t, x.Scale(big.NewRat(-3, 4))), rational(t, x).Scale(big.NewRat(-3, 4))) {
			t.Fatal("scale")
		}
		if !x.Transpose().Transpose().Equal(x) || !x.Beside(z).Block(0, n, m, 2*m).Equal(z) || !x.Above(z).Block(n, 2*n, 0, m).Equal(z) {
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
		if want := sample.Determinant(rational(t, x), ratmat.Span(0, n), ratmat.Span(0, n)); x.Det().Cmp(want) != 0 {
			t.Fatalf("determinant %v, want %v", x.Det(), want)
		}
		inv, ok := x.Inverse()
		if ok != (x.Det().Sign() != 0) || ok && !dense.Equal(mulRational(t, rational(t, x), rational(t, inv)), dense.IdentityRational(n)) {
			t.Fatal("inverse")
		}
		rows, cols, r := 1+rng.IntN(6), 1+rng.IntN(6), rng.IntN(4)
		r = min(r, rows, cols)
		// Unit columns and rows keep the two factors of full rank.
		y := ratmat.Identity(r).Above(rationalsQ(rng, rows-r, r)).Mul(ratmat.Identity(r).Beside(rationalsQ(rng, r, cols-r)))
		kernel := y.Kernel()
		if y.Rank() != r || kernel.Cols != cols-r || kernel.Rank() != cols-r || !y.Mul(kernel).IsZero() {
			t.Fatalf("rank %d of %d x %d, want %d", y.Rank(), rows, cols, r)
		}
		if pr := y.PivotRows(); len(pr) != r || y.Pick(pr, ratmat.Span(0, cols)).Rank() != r {
			t.Fatal("pivot rows")
		}
		rhs := y.Mul(rationalsQ(rng, cols, 2))
		if z, ok := y.Particular(rhs); !ok || !y.Mul(z).Equal(rhs) {
			t.Fatal("particular")
		}
		if r < rows {
			outside := ratmat.Unit(rows, rows-1).Add(rhs.Block(0, rhs.Rows, 0, 1)) // the last row is no pivot's, unless by chance
			z, ok := y.Particular(outside)
			if ok != (y.Beside(outside).Rank() == r) || ok && !y.Mul(z).Equal(outside) {
				t.Fatal("particular of a vector outside")
			}
		}
	}
}

// commutatorCases are matrices of determinant 1 that are hard to write as
// commutators: scalar, derogatory, with repeated eigenvalues, with zero minors.
func commutatorCases() map[string]*ratmat.Matrix {
	return map[string]*ratmat.Matrix{
		"I":                 toQ(sample.List("1 0; 0 1")),
		"-I":                toQ(sample.List("-1 0; 0 -1")),
		"1":                 toQ(sample.List("1")),
		"-I4":               toQ(dense.IdentityRational(4).Scale(big.NewRat(-1, 1))),
		"zero minor":        toQ(sample.List("0 -1; 1 0")),
		"unipotent":         toQ(sample.List("1 1; 0 1")),
		"unipotent 4":       toQ(sample.List("1 1 0 0; 0 1 0 0; 0 0 1 1; 0 0 0 1")),
		"transvection":      toQ(sample.List("1 0 0 0; 0 1 0 0; 0 0 1 0; 5 0 0 1")),
		"derogatory":        toQ(sample.List("2 0 0 0; 0 2 0 0; 0 0 2 0; 0 0 0 1")).Scale(big.NewRat(1, 1)),
		"permutation":       toQ(sample.List("0 0 1; 1 0 0; 0 1 0")),
		"reversal":          toQ(sample.List("0 0 0 1; 0 0 1 0; 0 1 0 0; 1 0 0 0")),
		"companion":         toQ(sample.List("0 0 1; 1 0 -3; 0 1 3")),
		"diagonal":          toQ(sample.List("1 0 0; 0 -1 0; 0 0 -1")),
		"two blocks":        toQ(sample.List("-1 1 0 0; 0 -1 0 0; 0 0 -1 1; 0 0 0 -1")),
		"scalar and a unit": toQ(sample.List("3 0 0; 0 3 0; 0 0 3")).Direct(toQ(sample.List("1"))),
	}
}

// G = P H P^-1 H^-1, multiplied out by package dense.
func TestCommute(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	cases := commutatorCases()
	for k := range 40 {
		n := 1 + k%7
		cases[string(rune('a'+k))] = toQ(sample.Unimodular(rng, max(n, 2)))
	}
	for name, g := range cases {
		if g.Det().Cmp(big.NewRat(1, 1)) != 0 {
			// make the determinant 1 by the last entry of the diagonal
			last := make([]*big.Rat, g.Rows)
			for i := range last {
				last[i] = big.NewRat(1, 1)
			}
			last[g.Rows-1].Inv(g.Det())
			g = g.Mul(ratmat.Diag(last))
		}
		k := commute(g)
		sinv, ok := k.s.Inverse()
		pinv, ok2 := k.p.Inverse()
		hinv, ok3 := k.h.Inverse()
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
	var gs []*ratmat.Matrix
	for _, g := range commutatorCases() {
		gs = append(gs, g)
	}
	for range 30 {
		p := 1 + rng.IntN(5)
		g := rationalsQ(rng, p, p)
		if g.Det().Sign() != 0 {
			gs = append(gs, g)
		}
	}
	for _, g := range gs {
		p := g.Rows
		t1 := new(big.Rat).Inv(g.Det())
		ws := []*ratmat.Matrix{ratmat.New(1, p)}
		if t1.Cmp(big.NewRat(1, 1)) == 0 {
			ws = append(ws, ratmat.Unit(p, 0).Transpose(), rationalsQ(rng, 1, p))
		}
		for _, w := range ws {
			k := commuteBordered(g, w, t1)
			whole := g.Beside(ratmat.New(p, 1)).Above(w.Beside(ratmat.Diag([]*big.Rat{t1})))
			one := ratmat.Identity(1)
			sinv, _ := k.s.Direct(one).Inverse()
			pinv, ok := k.p.Inverse()
			hinv, ok2 := k.h.Direct(one).Inverse()
			if !ok || !ok2 {
				t.Fatalf("%v: a factor is singular", g.Num)
			}
			s, si, pp, pi, h, hi := rational(t, k.s.Direct(one)), rational(t, sinv), rational(t, k.p), rational(t, pinv), rational(t, k.h.Direct(one)), rational(t, hinv)
			if !dense.Equal(mulRational(t, pp, h, pi, s, hi, si), rational(t, whole)) {
				t.Errorf("%v / %v, %v: P H P^-1 H^-1 is not G", g.Num, &g.Den, w.Num)
			}
			if k.p.Block(p, p+1, 0, p).IsZero() {
				t.Errorf("%v, %v: P keeps the span", g.Num, w.Num)
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
		g := toQ(sample.Unimodular(rng, max(p, 2))).Block(0, p, 0, p)
		w := rationalsQ(rng, k, p)
		if g.Det().Cmp(big.NewRat(1, 1)) != 0 || w.Rank() < k {
			continue
		}
		solved++
		c := commuteBordered(g, w, big.NewRat(1, 1))
		pad := ratmat.Identity(k)
		sinv, _ := c.s.Direct(pad).Inverse()
		pinv, ok := c.p.Inverse()
		hinv, ok2 := c.h.Direct(pad).Inverse()
		if !ok || !ok2 {
			t.Fatal("a factor is singular")
		}
		s, si, pp, pi, h, hi := rational(t, c.s.Direct(pad)), rational(t, sinv), rational(t, c.p), rational(t, pinv), rational(t, c.h.Direct(pad)), rational(t, hinv)
		if !dense.Equal(mulRational(t, pp, h, pi, s, hi, si), rational(t, g.Beside(ratmat.New(p, k)).Above(w.Beside(pad)))) {
			t.Error("P H P^-1 H^-1 is not G")
		}
		if c.p.Block(p, p+k, 0, p).Rank() < k {
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
		cases[string(rune('a'+k))] = toQ(sample.Unimodular(rng, 2+k%5))
	}
	for name, g := range cases {
		if _, scalar := g.Scalar(); scalar {
			continue
		}
		n := g.Rows
		delta := make([]*big.Rat, n)
		rest := g.Det()
		for i := range delta {
			delta[i] = big.NewRat(rng.Int64N(5)+1, rng.Int64N(3)+1)
			if i == n-1 {
				delta[i] = rest
			}
			rest = new(big.Rat).Quo(rest, delta[i])
		}
		m := rational(t, ratmat.Conjugate(g, prescribe(g, delta)))
		minor := big.NewRat(1, 1)
		for k := 1; k <= n; k++ {
			minor.Mul(minor, delta[k-1])
			if got := sample.Determinant(m, ratmat.Span(0, k), ratmat.Span(0, k)); got.Cmp(minor) != 0 {
				t.Errorf("%s: minor %d is %v, want %v", name, k, got, minor)
			}
		}
	}
}

// A Schur complement that comes out a scalar is sheared before the next step.
func TestPrescribeScalarSchur(t *testing.T) {
	for _, g := range []*ratmat.Matrix{
		toQ(sample.List("2 4 6; 1 7 3; 0 0 5")),
		toQ(sample.List("2 4 6 8; 1 7 3 4; 0 0 5 0; 0 0 0 5")),
	} {
		n := g.Rows
		if mu, ok := ratmat.SchurComplement(g).Scalar(); !ok || mu.Cmp(big.NewRat(5, 1)) != 0 {
			t.Fatal("the Schur complement of the example is not 5 I")
		}
		delta := []*big.Rat{big.NewRat(2, 1), big.NewRat(3, 1), big.NewRat(25, 3), big.NewRat(5, 1)}[:n]
		m := rational(t, ratmat.Conjugate(g, prescribe(g, delta)))
		minor := big.NewRat(1, 1)
		for k := 1; k <= n; k++ {
			minor.Mul(minor, delta[k-1])
			if got := sample.Determinant(m, ratmat.Span(0, k), ratmat.Span(0, k)); got.Cmp(minor) != 0 {
				t.Errorf("minor %d is %v, want %v", k, got, minor)
			}
		}
	}
}

func TestSimilar(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 6))
	for name, a := range commutatorCases() {
		s := toQ(sample.Unimodular(rng, max(a.Rows, 2)))
		if a.Rows < 2 {
			continue
		}
		w := ratmat.Conjugate(a, s)
		x, ok := similar(w, a)
		if !ok {
			t.Errorf("%s: not found similar to a conjugate", name)
			continue
		}
		if !w.Mul(x).Equal(x.Mul(a)) || x.Det().Sign() == 0 {
			t.Errorf("%s: w x is not x a", name)
		}
	}
	for _, pair := range [][2]string{{"1 1; 0 1", "1 0; 0 1"}, {"1 1; 0 1", "2 0; 0 1"}, {"1 1 0; 0 1 1; 0 0 1", "1 1 0; 0 1 0; 0 0 1"}, {"2 0; 0 3", "1 1; 1 4"}} {
		if _, ok := similar(toQ(sample.List(pair[0])), toQ(sample.List(pair[1]))); ok {
			t.Errorf("%v are not similar", pair)
		}
	}
	// x y = w and y x = a, nilpotent parts included.
	for range 100 {
		q, p := 1+rng.IntN(4), 1+rng.IntN(4)
		x, y := rationalsQ(rng, q, p), rationalsQ(rng, p, q)
		w, a := x.Mul(y), y.Mul(x)
		if u, v, ok := flanders(w, a); ok && (!u.Mul(v).Equal(w) || !v.Mul(u).Equal(a)) {
			t.Fatal("x y is not w, or y x not a")
		} else if !ok && x.Rank() == min(p, q) && y.Rank() == min(p, q) {
			t.Fatalf("no factors found for %v %v", w.Num, a.Num)
		}
	}
}
