package product

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/ball"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/modular"
	"flowproof/exactmath/sparse"
	"flowproof/internal/chaintest"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// residues makes the engine that the command uses.
func residues(order []int, p, factors int, memory, work int64) Engine {
	return modular.New(order, p, 0, len(order), factors, memory, work)
}

// flow makes layers of the factors, on the partition that they are for.
func flow(c *chaintest.Chain) (coupling.Partition, []coupling.Layer) {
	part := must(coupling.NewPartition(c.P+c.Q, c.Order[:c.P]))
	var out []coupling.Layer
	for _, f := range c.Factors {
		kind, scale := coupling.Lower, coupling.Scale{}
		if f.Upper {
			kind = coupling.Upper
		}
		if f.Scale != nil {
			scale = must(coupling.ExactScale(f.Scale))
		}
		out = append(out, must(coupling.NewLayer(part, kind, f.Weight, scale)))
	}
	return part, out
}

// value is the matrix of a product.
func value(x *Product) *dense.Rational {
	n := len(x.order)
	v := make([]*big.Rat, n*n)
	for k := range v {
		v[k] = new(big.Rat)
	}
	x.Each(func(i, j int, w *big.Rat) { v[i*n+j] = w })
	return must(dense.NewRational(n, n, v))
}

// TestProduct compares rows, residues, and changes from the ones to the others
// and back, with math/big.
func TestProduct(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for name, m := range chaintest.Makers {
		for trial := range 8 {
			p := 1 + r.IntN(6)
			q := p + r.IntN(2)
			if name == "extreme" || name == "wide" || name == "subnormal" {
				p, q = 1+p/4, 1+q/4
			}
			c := chaintest.Random(t, r, m, p, q, 1+r.IntN(5), trial%2 == 1, false)
			c.Order = must(coupling.ParsePartition(p+q, []string{"half", "checkerboard"}[r.IntN(2)])).Order()
			c.P = (p + q) / 2
			want := c.Plain(t)
			part, layers := flow(c)
			target := chaintest.Entries(t, r, m, p+q, p+q)
			diff := must(want.Sub(dense.ToRational(target)))
			for _, path := range []string{"as it comes", "rows", "rows, then residues", "residues"} {
				x := New(part, len(layers), Precision, exactmath.Unlimited(), residues)
				if path == "rows" || path == "rows, then residues" {
					x.maker = nil
				}
				if path == "residues" {
					must(0, x.fill())
				}
				for k, l := range layers {
					if path == "rows, then residues" && k == len(layers)/2 {
						x.maker = residues
						must(0, x.fill())
					}
					if err := x.Multiply(l); err != nil {
						t.Fatal(err)
					}
				}
				if !dense.Equal(value(x), want) {
					t.Fatalf("%s, %s: product differs", name, path)
				}
				if f, err := exactmath.FromFloat64(p+q, p+q, target.Float64s()); err == nil && dense.Equal(f, target) {
					compareRows(t, x, want, f)
				}
				if norm, _ := must(x.norm()).Rat(nil); norm.Cmp(want.NormInf()) < 0 {
					t.Errorf("%s, %s: norm %v above the bound %v", name, path, want.NormInf(), norm)
				}
				if err := x.Subtract(target); err != nil {
					t.Fatal(err)
				}
				if !dense.Equal(value(x), diff) || x.MaxAbs().Cmp(dense.MaxAbs(diff)) != 0 || x.Irrational() || x.Slack().Sign() != 0 {
					t.Fatalf("%s, %s: difference differs", name, path)
				}
			}
		}
	}
}

// compareRows compares some rows of x.
func compareRows(t *testing.T, x *Product, want *dense.Rational, target *exactmath.Floats) {
	t.Helper()
	n := len(x.order)
	for from := 0; from < n; from += 3 {
		to := min(n, from+3)
		r := x.Rows(from, to)
		most := new(big.Rat)
		for i := from; i < to; i++ {
			for j := range n {
				if f, _ := want.At(i, j).Float64(); r.Float64s()[(i-from)*n+j] != f {
					t.Fatalf("entry (%d, %d) is rounded to %v, want %v", i, j, r.Float64s()[(i-from)*n+j], f)
				}
				d := target.At(i, j)
				if d.Sub(d, want.At(i, j)).Abs(d).Cmp(most) > 0 {
					most = d
				}
			}
		}
		if got := r.Residual(target.View()[from*n : to*n]); got.Cmp(most) != 0 {
			t.Fatalf("rows %d to %d: residual %v, want %v", from, to-1, got, most)
		}
	}
}

// TestRowsNearby has targets that are the product, rounded and moved by some
// units in the last place, which is where Residual takes a short cut.
func TestRowsNearby(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, m := range []string{"normal", "tiny", "subnormal", "half", "rational", "sparse"} {
		for range 20 {
			c := chaintest.Random(t, r, chaintest.Makers[m], 3, 4, 3, m == "rational", false)
			part, layers := flow(c)
			x := New(part, len(layers), Precision, exactmath.Unlimited(), residues)
			for _, l := range layers {
				if err := x.Multiply(l); err != nil {
					t.Fatal(err)
				}
			}
			want := c.Plain(t)
			f := want.Float64s()
			for k := range f {
				for range r.IntN(3) {
					f[k] = math.Nextafter(f[k], float64(r.IntN(3)-1))
				}
			}
			compareRows(t, x, want, must(exactmath.FromFloat64(7, 7, f)))
		}
	}
}

// TestExp compares with balls.
func TestExp(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	list := []*big.Rat{big.NewRat(0, 1), big.NewRat(1, 1), big.NewRat(-1000, 1), big.NewRat(1000, 1), big.NewRat(-1, 3), big.NewRat(1, 1<<62), big.NewRat(500000, 1)}
	for range 200 {
		list = append(list, big.NewRat(r.Int64N(1<<40)-1<<39, 1+r.Int64N(1<<39)))
	}
	for k, s := range list {
		if s.Num().BitLen()-s.Denom().BitLen() > 19 {
			continue
		}
		for _, precision := range []int{64, 100, Precision, MaxPrecision} {
			if precision > Precision && k%20 > 0 {
				continue
			}
			limits := exactmath.Unlimited()
			z := must(exp(s, precision, &limits))
			if limits.Work == math.MaxInt64 {
				t.Fatal("no work was charged")
			}
			b := must(ball.ExpRat(s, uint(precision+40)))
			got, _ := z.Rat(nil)
			slack := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), uint(precision)))
			slack.Mul(slack, got)
			off := new(big.Rat).Sub(got, mid(b))
			if off.Abs(off).Add(off, b.Rad()).Cmp(slack) > 0 {
				t.Errorf("exp(%v) is off by more than 2^-%d", s, precision)
			}
		}
	}
}

// TestSlack compares the bound of the error with what PROOFS.md, section 7.5, says
// about full matrices of rationals; and products of less precision with those of
// more, which are within it.
func TestSlack(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 4))
	part := must(coupling.NewPartition(5, []int{0, 3}))
	for trial := range 60 {
		var layers []coupling.Layer
		for k := range 1 + r.IntN(5) {
			kind := coupling.Kind((k + trial) % 2)
			rows, cols := part.WeightDims(kind)
			w, scale := make([]float64, rows*cols), coupling.Scale{}
			for i := range w {
				w[i] = math.Ldexp(r.NormFloat64(), r.IntN(3)*(r.IntN(40)-20)) * float64(r.IntN(2))
			}
			v := make([]*big.Rat, rows)
			for i := range v {
				v[i] = big.NewRat(r.Int64N(400)-200, 1+r.Int64N(20)*(1+r.Int64N(20)))
			}
			switch r.IntN(4) {
			case 0:
				for i := range v {
					v[i].Abs(v[i]).Add(v[i], big.NewRat(1, 7))
				}
				scale = must(coupling.ExactScale(v))
			case 1, 2:
				if trial%5 == 0 { // all of the part shrinks
					for i := range v {
						v[i].Abs(v[i]).Neg(v[i]).Sub(v[i], big.NewRat(1, 2))
					}
					for i := range w {
						w[i] = math.Copysign(min(math.Abs(w[i]), 0x1p-20), w[i])
					}
				}
				scale = coupling.ExpScale(v)
			}
			layers = append(layers, must(coupling.NewLayer(part, kind, must(exactmath.FromFloat64(rows, cols, w)), scale)))
		}
		truth := new(Product)
		for _, precision := range []int{MaxPrecision, 64, Precision} {
			maker := Maker(residues)
			if trial%2 == 0 {
				maker = nil
			}
			x := New(part, len(layers), precision, exactmath.Unlimited(), maker)
			for _, l := range layers {
				if err := x.Multiply(l); err != nil {
					t.Fatal(err)
				}
			}
			want, p := slack(t, part, layers, precision)
			if !dense.Equal(value(x), p) {
				t.Fatalf("trial %d, %d bits: another product", trial, precision)
			}
			most := new(big.Rat).Mul(want, big.NewRat(1<<20+1, 1<<20))
			if x.dense != nil { // an engine knows less about the sums along the rows
				most.SetInt64(math.MaxInt64).Mul(most, want)
			}
			if got := x.Slack(); got.Cmp(want) < 0 || got.Cmp(most) > 0 {
				t.Fatalf("trial %d, %d bits: slack %v, want %v", trial, precision, got, want)
			}
			if precision == MaxPrecision {
				truth = x
				continue
			}
			d := dense.MaxAbs(must(value(x).Sub(value(truth))))
			if d.Cmp(new(big.Rat).Add(x.Slack(), truth.Slack())) > 0 {
				t.Errorf("trial %d: the products of %d and of %d bits differ by %v", trial, precision, MaxPrecision, d)
			}
		}
	}
}

// slack is the bound of the error in the infinity norm, unrounded: for each layer, b
// becomes b (|E'| + d) + |P'| d. The product of the E' comes with it.
func slack(t *testing.T, part coupling.Partition, layers []coupling.Layer, precision int) (b *big.Rat, p *dense.Rational) {
	t.Helper()
	n, limits := part.Dim(), exactmath.Unlimited()
	b, p = new(big.Rat), dense.IdentityRational(n)
	for _, l := range layers {
		e, d := make([]*big.Rat, n*n), new(big.Rat)
		for k := range e {
			e[k] = new(big.Rat)
		}
		for i := range n {
			e[i*n+i].SetInt64(1)
		}
		dst, src := part.Second(), part.First()
		if l.Kind() == coupling.Upper {
			dst, src = src, dst
		}
		for i, to := range dst {
			if e[to*n+to] = l.Scale().At(i); l.Scale().Kind() == coupling.ScaleExp {
				e[to*n+to], _ = must(exp(e[to*n+to], precision, &limits)).Rat(nil)
				if e[to*n+to].Cmp(d) > 0 {
					d.Set(e[to*n+to])
				}
			}
			for j, from := range src {
				e[to*n+from] = l.Weight().At(i, j)
			}
		}
		d.Quo(d, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(precision))))
		m := must(dense.NewRational(n, n, e))
		b.Mul(b, new(big.Rat).Add(m.NormInf(), d))
		b.Add(b, d.Mul(d, p.NormInf()))
		p = must(p.Mul(m))
	}
	return b, p
}

func mid(b ball.Ball) *big.Rat {
	m, e := b.Mid()
	z := new(big.Rat).SetFrac(m, new(big.Int).Lsh(big.NewInt(1), uint(max(-e, 0))))
	return z.Mul(z, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(max(e, 0)))))
}

// TestIrrational encloses products whose values are known: [[e^s, 0], [0, 1]]
// twice, with a shear between, in balls.
func TestIrrational(t *testing.T) {
	part := must(coupling.Half(2))
	one := func(v float64) exactmath.Matrix { return must(exactmath.FromFloat64(1, 1, []float64{v})) }
	for _, s := range []*big.Rat{big.NewRat(1, 3), big.NewRat(-7, 2), big.NewRat(40, 1)} {
		scale := coupling.ExpScale([]*big.Rat{s})
		x := New(part, 3, Precision, exactmath.Unlimited(), residues)
		for _, l := range []coupling.Layer{
			must(coupling.NewLayer(part, coupling.Upper, one(0.5), scale)),
			must(coupling.NewLayer(part, coupling.Lower, one(3), coupling.Scale{})),
			must(coupling.NewLayer(part, coupling.Upper, one(-0.25), scale)),
		} {
			if err := x.Multiply(l); err != nil {
				t.Fatal(err)
			}
		}
		// [[d, 1/2], [0, 1]] [[1, 0], [3, 1]] = [[d + 3/2, 1/2], [3, 1]], times
		// [[d, -1/4], [0, 1]] = [[d^2 + 3/2 d, -d/4 - 3/8 + 1/2], [3 d, 1/4]]
		d := must(ball.ExpRat(s, 700))
		rat := func(a, b int64) ball.Ball { return must(ball.FromRat(big.NewRat(a, b), 700)) }
		want := []ball.Ball{
			must(must(d.Mul(d)).Add(must(d.Mul(rat(3, 2))))), must(rat(1, 8).Sub(must(d.Mul(rat(1, 4))))),
			must(d.Mul(rat(3, 1))), rat(1, 4),
		}
		if !x.Irrational() || x.Slack().Sign() <= 0 {
			t.Fatal("not irrational")
		}
		got := value(x)
		for k, w := range want {
			diff := new(big.Rat).Sub(got.At(k/2, k%2), mid(w))
			if diff.Abs(diff).Sub(diff, w.Rad()).Cmp(x.Slack()) > 0 {
				t.Errorf("exp(%v): entry %d is not within %v", s, k, x.Slack())
			}
		}
		if limit := new(big.Rat).Mul(dense.MaxAbs(got), big.NewRat(1, 1<<60)); x.Slack().Cmp(limit) > 0 {
			t.Errorf("exp(%v): slack %v is not sharp", s, x.Slack())
		}
		bound := x.MaxAbs()
		if bound.Sub(bound, dense.MaxAbs(got)).Cmp(x.Slack()) != 0 {
			t.Error("MaxAbs leaves out the slack")
		}
	}
	_, err := enclosed(part, big.NewRat(1<<40, 1))
	if !errors.Is(err, exactmath.ErrTooLarge) {
		t.Errorf("exp of 2^40: %v", err)
	}
}

// enclosed is enclose for a layer with one scale exp(s).
func enclosed(part coupling.Partition, s *big.Rat) (coupling.Layer, error) {
	w := must(exactmath.FromFloat64(1, 1, []float64{0}))
	x := New(part, 1, Precision, exactmath.Unlimited(), nil)
	l, _, err := x.enclose(must(coupling.NewLayer(part, coupling.Upper, w, coupling.ExpScale([]*big.Rat{s}))))
	return l, err
}

// TestLimits stops hostile layers before they take much.
func TestLimits(t *testing.T) {
	const n = 4000
	part := must(coupling.Half(n))
	column, row := make([]sparse.Entry, n/2), make([]sparse.Entry, n/2)
	for i := range column {
		column[i] = sparse.Entry{Row: i, Col: 0, Value: 1}
		row[i] = sparse.Entry{Row: 0, Col: i, Value: 1}
	}
	full := []coupling.Layer{ // of 4n entries, but their product has n^2 / 4
		must(coupling.NewLayer(part, coupling.Upper, must(sparse.New(n/2, n/2, column)), coupling.Scale{})),
		must(coupling.NewLayer(part, coupling.Lower, must(sparse.New(n/2, n/2, row)), coupling.Scale{})),
	}
	for name, l := range map[string]exactmath.Limits{"memory": {Memory: 1 << 24, Work: math.MaxInt64}, "work": {Memory: math.MaxInt64, Work: 1 << 20}} {
		x := New(part, 2, Precision, l, residues)
		err := x.Multiply(full[0])
		if err == nil {
			err = x.Multiply(full[1])
		}
		if !errors.Is(err, exactmath.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	small := must(coupling.Half(2))
	huge := must(dense.NewDyadic(1, 1, []*big.Int{big.NewInt(1)}, 1<<20))
	x := New(small, 100, Precision, exactmath.Limits{Memory: 1 << 20, Work: 1 << 30}, residues)
	var err error
	for k := 0; k < 100 && err == nil; k++ {
		err = x.Multiply(must(coupling.NewLayer(small, coupling.Kind(k%2), huge, coupling.Scale{})))
	}
	if !errors.Is(err, exactmath.ErrTooLarge) {
		t.Errorf("numbers that grow by a million bits with each layer: %v", err)
	}
	var shape *exactmath.ShapeError
	if err := New(small, 0, Precision, exactmath.Unlimited(), nil).Subtract(huge); !errors.As(err, &shape) {
		t.Errorf("target 1 x 1 for n = 2: %v", err)
	}
}
