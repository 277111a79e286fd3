package ratmat_test

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/constructions/internal/ratmat"
	"flowproof/constructions/internal/sample"
	"flowproof/exactmath/dense"
)

// Sums, products, scalings and inverses against big.Rat entry by entry; lowest
// terms after every operation.
func TestMatrix(t *testing.T) {
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
		x, y, z := sample.RandomRatmat(rng, n, m), sample.RandomRatmat(rng, m, k), sample.RandomRatmat(rng, n, m)
		xy, sum, diff := x.Mul(y), x.Add(z), x.Sub(z)
		for _, v := range []*ratmat.Matrix{xy, sum, diff, x.Scale(big.NewRat(-3, 4)), x.Neg()} {
			lowest(v)
		}
		if !dense.Equal(sample.Rational(t, xy), sample.ProductOf(t, sample.Rational(t, x), sample.Rational(t, y))) {
			t.Fatal("product")
		}
		want, _ := sample.Rational(t, x).Add(sample.Rational(t, z))
		if !dense.Equal(sample.Rational(t, sum), want) || !diff.Add(z).Equal(x) || !x.Add(x.Neg()).IsZero() {
			t.Fatal("sum")
		}
		if !dense.Equal(sample.Rational(t, x.Scale(big.NewRat(-3, 4))), sample.Rational(t, x).Scale(big.NewRat(-3, 4))) {
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
		x := sample.RandomRatmat(rng, n, n)
		if want := sample.Determinant(sample.Rational(t, x), ratmat.Span(0, n), ratmat.Span(0, n)); x.Det().Cmp(want) != 0 {
			t.Fatalf("determinant %v, want %v", x.Det(), want)
		}
		inv, ok := x.Inverse()
		if ok != (x.Det().Sign() != 0) || ok && !dense.Equal(sample.ProductOf(t, sample.Rational(t, x), sample.Rational(t, inv)), dense.IdentityRational(n)) {
			t.Fatal("inverse")
		}
		rows, cols, r := 1+rng.IntN(6), 1+rng.IntN(6), rng.IntN(4)
		r = min(r, rows, cols)
		// Unit columns and rows keep the two factors of full rank.
		y := ratmat.Identity(r).Above(sample.RandomRatmat(rng, rows-r, r)).Mul(ratmat.Identity(r).Beside(sample.RandomRatmat(rng, r, cols-r)))
		kernel := y.Kernel()
		if y.Rank() != r || kernel.Cols != cols-r || kernel.Rank() != cols-r || !y.Mul(kernel).IsZero() {
			t.Fatalf("rank %d of %d x %d, want %d", y.Rank(), rows, cols, r)
		}
		if pr := y.PivotRows(); len(pr) != r || y.Pick(pr, ratmat.Span(0, cols)).Rank() != r {
			t.Fatal("pivot rows")
		}
		rhs := y.Mul(sample.RandomRatmat(rng, cols, 2))
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
