package rational

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/constructions/internal/ratmat"
	"flowproof/constructions/internal/sample"
	"flowproof/exactmath/dense"
)

// commutatorCases are matrices of determinant 1 that are hard to write as
// commutators: scalar, derogatory, with repeated eigenvalues, with zero minors.
func commutatorCases() map[string]*ratmat.Matrix {
	return map[string]*ratmat.Matrix{
		"I":                 sample.Ratmat(sample.List("1 0; 0 1")),
		"-I":                sample.Ratmat(sample.List("-1 0; 0 -1")),
		"1":                 sample.Ratmat(sample.List("1")),
		"-I4":               sample.Ratmat(dense.IdentityRational(4).Scale(big.NewRat(-1, 1))),
		"zero minor":        sample.Ratmat(sample.List("0 -1; 1 0")),
		"unipotent":         sample.Ratmat(sample.List("1 1; 0 1")),
		"unipotent 4":       sample.Ratmat(sample.List("1 1 0 0; 0 1 0 0; 0 0 1 1; 0 0 0 1")),
		"transvection":      sample.Ratmat(sample.List("1 0 0 0; 0 1 0 0; 0 0 1 0; 5 0 0 1")),
		"derogatory":        sample.Ratmat(sample.List("2 0 0 0; 0 2 0 0; 0 0 2 0; 0 0 0 1")).Scale(big.NewRat(1, 1)),
		"permutation":       sample.Ratmat(sample.List("0 0 1; 1 0 0; 0 1 0")),
		"reversal":          sample.Ratmat(sample.List("0 0 0 1; 0 0 1 0; 0 1 0 0; 1 0 0 0")),
		"companion":         sample.Ratmat(sample.List("0 0 1; 1 0 -3; 0 1 3")),
		"diagonal":          sample.Ratmat(sample.List("1 0 0; 0 -1 0; 0 0 -1")),
		"two blocks":        sample.Ratmat(sample.List("-1 1 0 0; 0 -1 0 0; 0 0 -1 1; 0 0 0 -1")),
		"scalar and a unit": sample.Ratmat(sample.List("3 0 0; 0 3 0; 0 0 3")).Direct(sample.Ratmat(sample.List("1"))),
	}
}

// G = P H P^-1 H^-1, multiplied out by package dense.
func TestCommute(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	cases := commutatorCases()
	for k := range 40 {
		n := 1 + k%7
		cases[string(rune('a'+k))] = sample.Ratmat(sample.Unimodular(rng, max(n, 2)))
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
		s, si, p, pi, h, hi := sample.Rational(t, k.s), sample.Rational(t, sinv), sample.Rational(t, k.p), sample.Rational(t, pinv), sample.Rational(t, k.h), sample.Rational(t, hinv)
		got := sample.ProductOf(t, p, si, s, h, si, s, pi, s, hi, si)
		if !dense.Equal(got, sample.Rational(t, g)) {
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
		g := sample.RandomRatmat(rng, p, p)
		if g.Det().Sign() != 0 {
			gs = append(gs, g)
		}
	}
	for _, g := range gs {
		p := g.Rows
		t1 := new(big.Rat).Inv(g.Det())
		ws := []*ratmat.Matrix{ratmat.New(1, p)}
		if t1.Cmp(big.NewRat(1, 1)) == 0 {
			ws = append(ws, ratmat.Unit(p, 0).Transpose(), sample.RandomRatmat(rng, 1, p))
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
			s, si, pp, pi, h, hi := sample.Rational(t, k.s.Direct(one)), sample.Rational(t, sinv), sample.Rational(t, k.p), sample.Rational(t, pinv), sample.Rational(t, k.h.Direct(one)), sample.Rational(t, hinv)
			if !dense.Equal(sample.ProductOf(t, pp, h, pi, s, hi, si), sample.Rational(t, whole)) {
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
		g := sample.Ratmat(sample.Unimodular(rng, max(p, 2))).Block(0, p, 0, p)
		w := sample.RandomRatmat(rng, k, p)
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
		s, si, pp, pi, h, hi := sample.Rational(t, c.s.Direct(pad)), sample.Rational(t, sinv), sample.Rational(t, c.p), sample.Rational(t, pinv), sample.Rational(t, c.h.Direct(pad)), sample.Rational(t, hinv)
		if !dense.Equal(sample.ProductOf(t, pp, h, pi, s, hi, si), sample.Rational(t, g.Beside(ratmat.New(p, k)).Above(w.Beside(pad)))) {
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
		cases[string(rune('a'+k))] = sample.Ratmat(sample.Unimodular(rng, 2+k%5))
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
		m := sample.Rational(t, ratmat.Conjugate(g, prescribe(g, delta)))
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
		sample.Ratmat(sample.List("2 4 6; 1 7 3; 0 0 5")),
		sample.Ratmat(sample.List("2 4 6 8; 1 7 3 4; 0 0 5 0; 0 0 0 5")),
	} {
		n := g.Rows
		if mu, ok := ratmat.SchurComplement(g).Scalar(); !ok || mu.Cmp(big.NewRat(5, 1)) != 0 {
			t.Fatal("the Schur complement of the example is not 5 I")
		}
		delta := []*big.Rat{big.NewRat(2, 1), big.NewRat(3, 1), big.NewRat(25, 3), big.NewRat(5, 1)}[:n]
		m := sample.Rational(t, ratmat.Conjugate(g, prescribe(g, delta)))
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
		s := sample.Ratmat(sample.Unimodular(rng, max(a.Rows, 2)))
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
		if _, ok := similar(sample.Ratmat(sample.List(pair[0])), sample.Ratmat(sample.List(pair[1]))); ok {
			t.Errorf("%v are not similar", pair)
		}
	}
	// x y = w and y x = a, nilpotent parts included.
	for range 100 {
		q, p := 1+rng.IntN(4), 1+rng.IntN(4)
		x, y := sample.RandomRatmat(rng, q, p), sample.RandomRatmat(rng, p, q)
		w, a := x.Mul(y), y.Mul(x)
		if u, v, ok := flanders(w, a); ok && (!u.Mul(v).Equal(w) || !v.Mul(u).Equal(a)) {
			t.Fatal("x y is not w, or y x not a")
		} else if !ok && x.Rank() == min(p, q) && y.Rank() == min(p, q) {
			t.Fatalf("no factors found for %v %v", w.Num, a.Num)
		}
	}
}
