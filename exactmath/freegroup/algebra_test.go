package freegroup

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// prime is the modulus of the matrices that letters are evaluated at.
const prime = 10007

type dense [][]int64

func (x dense) mul(y dense) dense {
	z := make(dense, len(x))
	for i := range x {
		z[i] = make([]int64, len(y[0]))
		for k, v := range x[i] {
			for j, w := range y[k] {
				z[i][j] = (z[i][j] + v*w) % prime
			}
		}
	}
	return z
}

func scalar(n int, c int64) dense {
	z := make(dense, n)
	for i := range z {
		z[i] = make([]int64, n)
		z[i][i] = c
	}
	return z
}

// evaluate substitutes matrices for the letters.
func evaluate(x Poly, size map[Object]int, at map[byte]dense) dense {
	sum := make(dense, size[x.rows])
	for i := range sum {
		sum[i] = make([]int64, size[x.cols])
	}
	for w, c := range x.terms {
		term := scalar(size[x.rows], (c%prime+prime)%prime)
		for _, l := range []byte(w) {
			term = term.mul(at[l])
		}
		for i := range sum {
			for j := range sum[i] {
				sum[i][j] = (sum[i][j] + term[i][j]) % prime
			}
		}
	}
	return sum
}

func (x dense) equal(y dense) bool {
	for i := range x {
		for j := range x[i] {
			if x[i][j] != y[i][j] {
				return false
			}
		}
	}
	return len(x) == len(y)
}

// Random polynomials in letters with an inverse, evaluated at matrices, obey the
// same sums and products.
func TestEvaluation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	a := new(Algebra)
	size := map[Object]int{"p": 2, "q": 3}
	x, y := a.Letter("x", "p", "q"), a.Letter("y", "q", "p")
	g, gi := a.Unit("g", "p", "p")
	at := map[byte]dense{1: {{1, 2, 3}, {4, 5, 7}}, 2: {{2, 0}, {1, 9}, {5, 5}}, 3: {{2, 1}, {1, 1}}, 4: {{1, prime - 1}, {prime - 1, 2}}}
	if !at[3].mul(at[4]).equal(scalar(2, 1)) {
		t.Fatal("the test's inverse is none")
	}
	pool := []Poly{a.One("p"), g, gi, x.Mul(y), Product(g, x, y), Product(x, y, gi)}
	for range 300 {
		u, v := pool[rng.IntN(len(pool))], pool[rng.IntN(len(pool))]
		du, dv := evaluate(u, size, at), evaluate(v, size, at)
		product := u.Mul(v)
		if !evaluate(product, size, at).equal(du.mul(dv)) {
			t.Fatalf("(%v) (%v) = %v", u, v, product)
		}
		difference := u.Sub(v)
		for i := range du {
			for j := range du[i] {
				du[i][j] = (du[i][j] - dv[i][j] + prime) % prime
			}
		}
		if !evaluate(difference, size, at).equal(du) {
			t.Fatalf("(%v) - (%v) = %v", u, v, difference)
		}
		if len(pool) < 40 && len(product.terms) < 20 {
			pool = append(pool, product, difference)
		}
	}
}

func TestErrors(t *testing.T) {
	a, b := new(Algebra), new(Algebra)
	x, y := a.Letter("x", "p", "q"), a.Letter("y", "q", "p")
	for name, bad := range map[string]Poly{
		"sum":      x.Add(y),
		"product":  x.Mul(x),
		"sticky":   x.Add(y).Mul(x).Sub(x).Neg(),
		"algebras": x.Mul(b.Letter("x", "q", "p")),
		"matrix":   Compose(a.Upper(x), a.Identity("p")).Block[0][0],
		"layer":    a.Shear(0, 1, y, "p", "q").Block[0][1],
	} {
		if !errors.Is(bad.Err(), ErrType) {
			t.Errorf("%s: error %v, want ErrType", name, bad.Err())
		}
		if bad.Equal(bad) {
			t.Errorf("%s: an error equals itself", name)
		}
	}
	if x.Equal(y) || x.Equal(a.Zero("p", "q")) || !x.Sub(x).Equal(a.Zero("p", "q")) {
		t.Error("Equal")
	}
	for name, err := range map[string]error{
		"longer":      a.Rule(x, Product(x, y, x)),
		"later":       a.Rule(x, a.Letter("z", "p", "q")),
		"type":        a.Rule(x.Mul(y), a.One("q")),
		"two words":   a.Rule(x.Mul(y).Add(a.One("p")), a.One("p")),
		"coefficient": a.Rule(x.Mul(y).Neg(), a.One("p")),
		"one":         a.Rule(a.One("p"), a.Zero("p", "p")),
		"no word":     a.Rule(a.Zero("p", "q"), a.Zero("p", "q")),
	} {
		if !errors.Is(err, ErrRule) {
			t.Errorf("%s: error %v, want ErrRule", name, err)
		}
	}
	if err := a.Rule(x.Add(y), x); !errors.Is(err, ErrType) {
		t.Errorf("a rule from an error: %v", err)
	}
	c := new(Algebra)
	for range 255 {
		if err := c.Letter("x", "p", "p").Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Letter("x", "p", "p").Err(); !errors.Is(err, ErrLetters) {
		t.Errorf("letter 256: %v", err)
	}
	if Difference(a.Identity("p"), a.Identity("p", "q")) == "" || Difference(a.Identity("p"), a.Identity("q")) == "" {
		t.Error("Difference")
	}
}

func TestConfluent(t *testing.T) {
	// x y -> 1 alone is confluent; with y z -> 1 the word x y z is z and x.
	a := new(Algebra)
	x, y, z := a.Letter("x", "p", "p"), a.Letter("y", "p", "p"), a.Letter("z", "p", "p")
	must(t, a.Rule(x.Mul(y), a.One("p")))
	confluent(t, a)
	must(t, a.Rule(y.Mul(z), a.One("p")))
	if a.Confluent() {
		t.Error("x y z has two normal forms")
	}
	must(t, a.Rule(z, x))
	must(t, a.Rule(y.Mul(x), a.One("p")))
	confluent(t, a)
	if !z.Mul(y).Equal(a.One("p")) {
		t.Error("z y is not 1")
	}
	// One left side inside another.
	b := new(Algebra)
	u := b.Letter("u", "p", "p")
	must(t, b.Rule(Product(u, u, u), u))
	must(t, b.Rule(u.Mul(u), b.One("p")))
	confluent(t, b)
	c := new(Algebra)
	u = c.Letter("u", "p", "p")
	must(t, c.Rule(Product(u, u, u, u), c.Zero("p", "p")))
	must(t, c.Rule(u.Mul(u), c.One("p")))
	if c.Confluent() {
		t.Error("u^4 is 1 and 0")
	}
}

func TestString(t *testing.T) {
	a := new(Algebra)
	x, y := a.Letter("x", "p", "q"), a.Letter("y", "q", "p")
	g, gi := a.Unit("g", "p", "p")
	for want, got := range map[string]Poly{
		"0":                      a.Zero("p", "q"),
		"1":                      g.Mul(gi),
		"- 1 + g + 2 x y":        Sum(x.Mul(y), x.Mul(y), g, a.One("p").Neg()),
		"g^-1 - x y":             gi.Sub(x.Mul(y)),
		ErrLetters.Error():       {err: ErrLetters},
		"x y g^-1 - 3 x y x y g": Product(x, y, gi).Sub(Product(x.Add(x).Add(x), y, x, y, g)),
	} {
		if got.String() != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func Example() {
	a := new(Algebra)
	v, vi := a.Unit("V", "p", "p")
	one := a.One("p")
	m := Compose(a.Upper(v.Sub(one)), a.Lower(one), a.Upper(vi.Sub(one)), a.Lower(v.Neg()))
	for _, row := range m.Block {
		for _, x := range row {
			fmt.Println(x)
		}
	}
	// Output:
	// V
	// 0
	// 0
	// V^-1
}
