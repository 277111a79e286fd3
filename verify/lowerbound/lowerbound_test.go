package lowerbound_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/internal/flowtest"
	"flowproof/verify"
	"flowproof/verify/lowerbound"
)

// list returns the square matrix with the given rows, "1 2; 3 4".
func list(rows string) *dense.Rational {
	var data []*big.Rat
	lines := strings.Split(rows, ";")
	for _, line := range lines {
		for _, f := range strings.Fields(line) {
			v, ok := new(big.Rat).SetString(f)
			if !ok {
				panic(f)
			}
			data = append(data, v)
		}
	}
	m, err := dense.NewRational(len(lines), len(lines), data)
	if err != nil {
		panic(err)
	}
	return m
}

func first(t testing.TB, n, p int) coupling.Partition {
	t.Helper()
	var f []int
	for i := range p {
		f = append(f, i)
	}
	part, err := coupling.NewPartition(n, f)
	if err != nil {
		t.Fatal(err)
	}
	return part
}

// example is a true bound: depth, and the reasons for L and for U leftmost.
type example struct {
	name   string
	target string
	p      int
	depth  int
	lower  string
	upper  string
}

var examples = []example{
	{"not the identity", "1 0; 0 2", 1, 1, "shape", "shape"},
	{"not one layer", "2 0; 0 2", 1, 2, "shape", "shape"},
	{"not two layers", "-1 -2; 1 -1", 1, 3, "shape", "rank index 0"},
	{"only the inverse is not diagonal", "0 -1 0; 1 0 0; 0 0 1", 2, 3, "shape", "shape"},
	{"skew blocks", "0 -1 0 0; 1 0 0 0; 0 0 0 -1; 0 0 1 0", 2, 4, "rank index 0 1 weights 1 1", "rank first index 0 1 weights 2 2"},
	{"-I2", "-1 0; 0 -1", 1, 4, "kernel index 0 vector 1", "kernel first index 0 vector -1/2"},
	{"two forced scales", "2 1 0 0; 1 1 0 0; 0 0 1 0; 0 0 0 1", 2, 4,
		"kernel index 0 vector 1 1 vector 1 2", "kernel first index 0 vector 1 1 vector 1/3 2/3"},
	{"-I3", "1 0 0; 0 -1 0; 0 0 -1", 1, 6, "rank first index 0 1", "rank index 0 1"},
	{"-I3 with weights", "1 0 0; 0 -1 0; 0 0 -1", 1, 6, "rank first index 0 1 weights 1 2", "rank index 1 0 weights 1/2 1"},
	{"diag(J, I2): no trace", "0 -1 0 0; 1 0 0 0; 0 0 1 0; 0 0 0 1", 2, 6, "coefficient order 1", "coefficient order 1"},
	{"diag(J, I3): half planes", "0 -1 0 0 0; 1 0 0 0 0; 0 0 1 0 0; 0 0 0 1 0; 0 0 0 0 1", 2, 6,
		"inertia e 0 1 weights 1 1 al 0 1 2 weights 1 1 1", "inertia e 2 0 1 weights 3 1 2 al 1 0 weights -1 -1"},
	{"nothing", "-1 0; 0 -1", 1, 0, "", ""},
	{"sign of one entry", "0 0 1 0; 0 0 0 1; 1 0 0 0; 0 1 0 0", 2, 4, "signs rows 0 cols 0", "signs rows 1 cols 1"},
	{"cycle", "0 0 -1/2 1/2; 0 0 1/2 -3/2; 1 1 0 0; 1 2 0 0", 2, 4, "signs rows 0 1 cols 0 1", "signs rows 0 1 cols 1 0"},
	{"off the diagonal", "1 1 0 0 0; 1 0 2 1 1; 0 1 1 2 1; 0 1 1 1 3; 0 1 -1 2 -1", 1, 5,
		"rank first rows 0 3 cols 1 2", "rank rows 0 3 cols 1 2"},
}

// because reads a reason as a certificate writes it: a word that is no number
// begins a field.
func because(text string) (r lowerbound.Reason) {
	words := strings.Fields(text)
	for k, w := range words {
		v, ok := new(big.Rat).SetString(w)
		switch last := len(r.Fields) - 1; {
		case k == 0:
			r.Rule = lowerbound.Rule(w)
		case !ok || last < 0 || strings.ContainsAny(w, "eEpP"): // exponents make vast numbers
			r.Fields = append(r.Fields, lowerbound.Field{Name: w})
		default:
			r.Fields[last].Values = append(r.Fields[last].Values, v)
		}
	}
	return r
}

func certificate(e example) lowerbound.Certificate {
	c := lowerbound.Certificate{Depth: e.depth}
	c.Reasons[coupling.Lower], c.Reasons[coupling.Upper] = because(e.lower), because(e.upper)
	return c
}

func TestExamples(t *testing.T) {
	for _, e := range examples {
		m := list(e.target)
		n, _ := m.Dims()
		if err := lowerbound.Check(m, first(t, n, e.p), certificate(e)); err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
	}
}

// What each example becomes when it is spoilt is refused, with no panic.
func TestSpoilt(t *testing.T) {
	// each changes every field of the names, and says whether there was one.
	each := func(r *lowerbound.Reason, names string, change func(v []*big.Rat) []*big.Rat) (any bool) {
		for k, f := range r.Fields {
			if strings.Contains(" "+names+" ", " "+f.Name+" ") {
				r.Fields[k].Values, any = change(f.Values), true
			}
		}
		return any
	}
	const integers = "rows cols index order e al"
	spoil := map[string]func(c *lowerbound.Certificate, r *lowerbound.Reason) (changed bool, want error){
		"deeper": func(c *lowerbound.Certificate, _ *lowerbound.Reason) (bool, error) {
			c.Depth++
			return true, lowerbound.ErrUnproved
		},
		"far": func(c *lowerbound.Certificate, _ *lowerbound.Reason) (bool, error) {
			c.Depth += 40
			return true, lowerbound.ErrUnproved
		},
		"as far as can be": func(c *lowerbound.Certificate, _ *lowerbound.Reason) (bool, error) {
			c.Depth = math.MaxInt
			return true, lowerbound.ErrUnproved
		},
		"no rule": func(_ *lowerbound.Certificate, r *lowerbound.Reason) (bool, error) {
			r.Rule = ""
			return true, lowerbound.ErrForm
		},
		"one only": func(c *lowerbound.Certificate, _ *lowerbound.Reason) (bool, error) {
			c.Reasons[0] = lowerbound.Reason{}
			return true, lowerbound.ErrForm
		},
		"null": func(_ *lowerbound.Certificate, r *lowerbound.Reason) (bool, error) {
			return each(r, integers+" weights vector", func(v []*big.Rat) []*big.Rat { v[0] = nil; return v }), lowerbound.ErrForm
		},
		"no values": func(_ *lowerbound.Certificate, r *lowerbound.Reason) (bool, error) {
			return each(r, integers+" weights vector", func([]*big.Rat) []*big.Rat { return nil }), lowerbound.ErrForm
		},
		"first of something": func(_ *lowerbound.Certificate, r *lowerbound.Reason) (bool, error) {
			return each(r, "first", func([]*big.Rat) []*big.Rat { return []*big.Rat{new(big.Rat)} }), lowerbound.ErrForm
		},
		"short": func(_ *lowerbound.Certificate, r *lowerbound.Reason) (bool, error) {
			return each(r, "weights vector", func(v []*big.Rat) []*big.Rat {
				if len(v) > 1 {
					return v[1:]
				}
				return append(v, v[0])
			}), lowerbound.ErrUnproved
		},
		"twice an index": func(_ *lowerbound.Certificate, r *lowerbound.Reason) (bool, error) {
			return r.Rule != lowerbound.Signs && each(r, integers, func(v []*big.Rat) []*big.Rat { return append(v, v...) }), lowerbound.ErrUnproved
		},
		"unequal": func(_ *lowerbound.Certificate, r *lowerbound.Reason) (bool, error) {
			return each(r, "cols", func(v []*big.Rat) []*big.Rat { return append(v, new(big.Rat)) }), lowerbound.ErrUnproved
		},
		"very long": func(_ *lowerbound.Certificate, r *lowerbound.Reason) (bool, error) {
			return each(r, integers+" weights vector", func(v []*big.Rat) []*big.Rat {
				return slices.Repeat([]*big.Rat{v[0]}, 100_000)
			}), lowerbound.ErrUnproved
		},
		"negative weights": func(_ *lowerbound.Certificate, r *lowerbound.Reason) (bool, error) {
			return r.Rule == lowerbound.Rank && each(r, "weights", func(v []*big.Rat) []*big.Rat {
				for i := range v {
					v[i] = new(big.Rat).Neg(v[i])
				}
				return v
			}), lowerbound.ErrUnproved
		},
		"weight 0": func(_ *lowerbound.Certificate, r *lowerbound.Reason) (bool, error) {
			return each(r, "weights", func(v []*big.Rat) []*big.Rat { v[len(v)-1] = new(big.Rat); return v }), lowerbound.ErrUnproved
		},
	}
	for _, bad := range []string{"99", "-1", "1/2", "-1/3", "9223372036854775807", "18446744073709551616", "-18446744073709551616", "1e400", "1e-400"} {
		v, _ := new(big.Rat).SetString(bad)
		spoil["index "+bad] = func(_ *lowerbound.Certificate, r *lowerbound.Reason) (bool, error) {
			return each(r, integers, func(list []*big.Rat) []*big.Rat { list[len(list)-1] = v; return list }), lowerbound.ErrUnproved
		}
		spoil["one more, "+bad] = func(_ *lowerbound.Certificate, r *lowerbound.Reason) (bool, error) {
			return each(r, integers, func(list []*big.Rat) []*big.Rat { return append(list, v) }), lowerbound.ErrUnproved
		}
	}
	for _, e := range examples {
		m := list(e.target)
		n, _ := m.Dims()
		if e.depth == 0 {
			continue
		}
		for name, change := range spoil {
			c := certificate(e)
			changed, want := change(&c, &c.Reasons[1])
			if !changed {
				continue
			}
			if err := lowerbound.Check(m, first(t, n, e.p), c); !errors.Is(err, want) {
				t.Errorf("%s, %s: error %v, want %v", e.name, name, err, want)
			}
		}
		var shape *exactmath.ShapeError
		if err := lowerbound.Check(m, first(t, n+1, 1), certificate(e)); !errors.As(err, &shape) {
			t.Errorf("%s on another dimension: error %v", e.name, err)
		}
	}
	singular := lowerbound.Certificate{Depth: 1, Reasons: [2]lowerbound.Reason{because("shape"), because("shape")}}
	if err := lowerbound.Check(list("1 2; 2 4"), first(t, 2, 1), singular); !errors.Is(err, lowerbound.ErrUnproved) {
		t.Errorf("singular: %v", err)
	}
}

// Each rule takes its fields in their order, and no others.
func TestForm(t *testing.T) {
	names := []string{"first", "order", "rows", "cols", "index", "vector", "weights", "e", "al"}
	reason := func(rule lowerbound.Rule, words []string) lowerbound.Reason {
		r := lowerbound.Reason{Rule: rule}
		for _, w := range words {
			f := lowerbound.Field{Name: w}
			if w != "first" {
				f.Values = []*big.Rat{new(big.Rat)}
			}
			r.Fields = append(r.Fields, f)
		}
		return r
	}
	taken := map[lowerbound.Rule]string{ // all sequences of at most five fields
		lowerbound.Shape:       ";",
		lowerbound.Signs:       "rows cols;",
		lowerbound.Kernel:      "index vector; index vector vector; first index vector; first index vector vector;",
		lowerbound.Rank:        "index; index weights; rows cols; rows cols index; rows cols index weights; first index; first index weights; first rows cols; first rows cols index; first rows cols index weights;",
		lowerbound.Coefficient: "order;",
		lowerbound.Inertia: "e al; e weights al; e al weights; e weights al weights; e e al; e al al; e e e al; e e al al; e al al al; " +
			"e weights e al; e e weights al; e e al weights; e weights al al; e al weights al; e al al weights; e e e e al; e e e al al; e e al al al; e al al al al; " +
			"e weights e e al; e e weights e al; e e e weights al; e e e al weights; " +
			"e weights e al al; e e weights al al; e e al weights al; e e al al weights; " +
			"e weights al al al; e al weights al al; e al al weights al; e al al al weights; " +
			"e weights e weights al; e weights e al weights; e e weights al weights; " +
			"e weights al weights al; e weights al al weights; e al weights al weights;",
		"": "", "magic": "", "Shape": "", "shape rows": "",
	}
	for rule, list := range taken {
		want := map[string]bool{}
		for s := range strings.SplitSeq(list, ";") {
			want[strings.TrimSpace(s)] = true
		}
		if delete(want, ""); rule == lowerbound.Shape {
			want[""] = true
		}
		var visit func(words []string)
		visit = func(words []string) {
			text := strings.Join(words, " ")
			err := reason(rule, words).Validate()
			if (err == nil) != want[text] || err != nil && !errors.Is(err, lowerbound.ErrForm) {
				t.Errorf("rule %q with the fields %q: %v", rule, text, err)
			}
			delete(want, text)
			for _, w := range names {
				if len(words) < 5 {
					visit(append(words[:len(words):len(words)], w))
				}
			}
		}
		visit(nil)
		if len(want) > 0 {
			t.Errorf("rule %q: %v not looked at", rule, want)
		}
	}
	for _, text := range []string{"signs rows 0 cols 0 x 0", "signs x 0 rows 0 cols 0", "rank Index 0", "shape x 0", "coefficient orders 1"} {
		if err := because(text).Validate(); !errors.Is(err, lowerbound.ErrForm) {
			t.Errorf("%q: %v", text, err)
		}
	}
	one := []*big.Rat{new(big.Rat)}
	for _, name := range []string{"rows cols", "rows ", " rows", ""} { // not words
		r := lowerbound.Reason{Rule: lowerbound.Signs, Fields: []lowerbound.Field{{Name: name, Values: one}, {Name: "cols", Values: one}}}
		if err := r.Validate(); !errors.Is(err, lowerbound.ErrForm) {
			t.Errorf("a field %q: %v", name, err)
		}
	}
}

// Few principal minors have the full order, or nearly, and many smaller ones: those
// are not looked at.
func TestManyCoordinates(t *testing.T) {
	const n = 60
	m := dense.IdentityRational(n).Scale(big.NewRat(-1, 1))
	for _, text := range []string{"coefficient order 30", "coefficient order 29", "coefficient order 15", "rank index" + strings.Repeat(" 1", 50),
		"rank index 0 1 2 3 4 5 6 7 8 9 10"} {
		c := lowerbound.Certificate{Depth: 5, Reasons: [2]lowerbound.Reason{because(text), because(text)}}
		if err := lowerbound.Check(m, first(t, n, n/2), c); !errors.Is(err, lowerbound.ErrUnproved) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// product is the exact product of k random layers, the leftmost of a random kind.
func product(tb testing.TB, rng *rand.Rand, part coupling.Partition, k int) exactmath.Matrix {
	tb.Helper()
	weight := func(size int) []*big.Rat {
		data := make([]*big.Rat, size)
		zeros := rng.IntN(4)
		for i := range data {
			data[i] = new(big.Rat)
			if rng.IntN(4) >= zeros {
				data[i].SetInt64(rng.Int64N(5) - 2)
			}
		}
		return data
	}
	f := flowtest.Alternating(tb, part, k, rng, weight, func() *big.Rat { return big.NewRat(rng.Int64N(4)+1, rng.Int64N(2)+1) })
	m, err := verify.Compose(f)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// No reason, drawn at random, may prove a false bound.
func TestSound(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	rules := []lowerbound.Rule{lowerbound.Shape, lowerbound.Signs, lowerbound.Kernel, lowerbound.Rank, lowerbound.Coefficient, lowerbound.Inertia}
	proved := map[lowerbound.Rule]int{}
	for trial := range 6000 {
		n := 2 + rng.IntN(4)
		p := 1 + rng.IntN(n-1)
		part := first(t, n, p)
		k := rng.IntN(8)
		m := product(t, rng, part, k)
		rule := rules[trial%len(rules)]
		for depth := 1; depth <= 8; depth++ {
			// Same reason for both orders: fine for soundness, and often enough true.
			c := lowerbound.Certificate{Depth: depth, Reasons: [2]lowerbound.Reason{randomReason(rng, rule, n-p), randomReason(rng, rule, p)}}
			if err := lowerbound.Check(m, part, c); errors.Is(err, lowerbound.ErrForm) {
				t.Fatalf("%+v: %v", c, err)
			} else if err != nil {
				continue
			}
			if depth > k {
				t.Fatalf("%d layers on %d + %d, and a proof that %d are needed: %+v\n%v", k, p, n-p, depth, c, dense.ToRational(m).Float64s())
			}
			proved[rule]++
		}
	}
	t.Logf("true bounds proved by chance: %v", proved)
}

// randomReason draws data of about the right sizes, the first part having p
// coordinates.
func randomReason(rng *rand.Rand, rule lowerbound.Rule, p int) lowerbound.Reason {
	indices := func() (out []int) {
		for i := range 5 {
			if rng.IntN(2) == 0 {
				out = append(out, i)
			}
		}
		rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
		return out[:min(len(out), 1+rng.IntN(3))]
	}
	values := func(n int) (out []*big.Rat) {
		for range n {
			v := rng.Int64N(4) - 1
			out = append(out, big.NewRat(v, 1))
		}
		return out
	}
	r := lowerbound.Reason{Rule: rule}
	add := func(name string, values []*big.Rat) {
		r.Fields = append(r.Fields, lowerbound.Field{Name: name, Values: values})
	}
	if (rule == lowerbound.Kernel || rule == lowerbound.Rank) && rng.IntN(2) == 0 {
		add("first", nil)
	}
	switch rule {
	case lowerbound.Signs:
		rows, cols := indices(), indices()
		k := max(1, min(len(rows), len(cols)))
		add("rows", rats(append(rows, 0)[:k]...))
		add("cols", rats(append(cols, 0)[:k]...))
	case lowerbound.Kernel:
		add("index", rats(rng.IntN(3)))
		for range 1 + rng.IntN(2) {
			add("vector", values(1+rng.IntN(4)))
		}
	case lowerbound.Rank:
		index := indices()
		if len(index) == 0 || rng.IntN(3) == 0 {
			add("rows", rats(rng.IntN(4)))
			add("cols", rats(rng.IntN(4)))
		}
		if len(index) > 0 {
			add("index", rats(index...))
			if rng.IntN(2) == 0 {
				add("weights", values(len(index)))
			}
		}
	case lowerbound.Coefficient:
		add("order", rats(1+rng.IntN(3)))
	case lowerbound.Inertia:
		for i, name := range []string{"e", "al"} {
			size := []int{rng.IntN(4) + 1, p}[i]
			var all []int
			for j := range size {
				all = append(all, j)
			}
			if rng.IntN(2) == 0 {
				for _, j := range all {
					add(name, rats(j))
					add("weights", values(1))
				}
			} else {
				add(name, rats(all...))
				add("weights", values(size))
			}
		}
	}
	return r
}

func rats(list ...int) (out []*big.Rat) {
	for _, i := range list {
		out = append(out, big.NewRat(int64(i), 1))
	}
	return out
}

// charpoly returns the elementary symmetric functions of the spectrum of x D, or
// of D x, from its principal minors, after ones have been added to the spectrum.
func charpoly(x exactmath.Matrix, at, d []int, extra int) []*big.Rat {
	out := []*big.Rat{big.NewRat(1, 1)}
	for range at {
		out = append(out, new(big.Rat))
	}
	for set := 1; set < 1<<len(at); set++ {
		var chosen []int
		scale := big.NewRat(1, 1)
		for i, k := range at {
			if set>>i&1 == 1 {
				chosen = append(chosen, k)
				scale.Mul(scale, big.NewRat(int64(d[i]), 1))
			}
		}
		out[len(chosen)].Add(out[len(chosen)], scale.Mul(scale, minor(x, chosen, chosen)))
	}
	for range extra { // times 1 + z
		out = append(out, new(big.Rat))
		for j := len(out) - 1; j > 0; j-- {
			out[j].Add(out[j], out[j-1])
		}
	}
	return out
}

func minor(x exactmath.Matrix, rows, cols []int) *big.Rat {
	if len(rows) == 0 {
		return big.NewRat(1, 1)
	}
	sum := new(big.Rat)
	for k, c := range cols {
		rest := append(append([]int(nil), cols[:k]...), cols[k+1:]...)
		v := x.At(rows[0], c)
		if v.Mul(v, minor(x, rows[1:], rest)); k%2 == 1 {
			v.Neg(v)
		}
		sum.Add(sum, v)
	}
	return sum
}

// What the spectral rules accept for a block diagonal map is true: for random
// scales the two characteristic polynomials differ.
func TestSpectralRules(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 0))
	proved := map[lowerbound.Rule]int{}
	for trial := range 20000 {
		n := 3 + rng.IntN(3)
		p := n / 2
		part := first(t, n, p)
		data := make([]*big.Rat, n*n)
		for k := range data {
			data[k] = new(big.Rat)
			if i, j := k/n, k%n; (i < p) == (j < p) && (i == j || rng.IntN(2) == 0) {
				data[k].SetInt64(rng.Int64N(3) - 1)
			}
		}
		m, err := dense.NewRational(n, n, data)
		if err != nil {
			t.Fatal(err)
		}
		rule := []lowerbound.Rule{lowerbound.Coefficient, lowerbound.Inertia}[trial%2]
		reason := randomReason(rng, rule, p)
		c := lowerbound.Certificate{Depth: 6, Reasons: [2]lowerbound.Reason{reason, reason}}
		if rule == lowerbound.Inertia {
			e, al := pieces(rng, n-p), pieces(rng, p)
			reason.Fields = append(named("e", e), named("al", al)...)
			c.Reasons[coupling.Upper] = reason
			c.Reasons[coupling.Lower].Fields = append(named("e", al), named("al", e)...)
		}
		if lowerbound.Check(m, part, c) != nil {
			continue
		}
		proved[rule]++
		// With M D^-1 = diag(a D1^-1, e D2^-1): the spectra of e D2^-1 and D1 a^-1
		// agree if and only if those of their inverses do.
		var one, two []int
		for i := range n {
			if i < p {
				one = append(one, i)
			} else {
				two = append(two, i)
			}
		}
		for range 10 {
			var d []int
			for range n {
				d = append(d, 1+rng.IntN(20))
			}
			x, y := charpoly(m, two, d, 0), charpoly(inverseBlock(t, m, p), one, d[n-p:], n-2*p)
			if slices.EqualFunc(x, y, func(x, y *big.Rat) bool { return x.Cmp(y) == 0 }) {
				t.Fatalf("rule %q accepted %+v, but the spectra agree for the scales %v\n%v", rule, reason, d, m.Float64s())
			}
		}
	}
	for _, r := range []lowerbound.Rule{lowerbound.Coefficient, lowerbound.Inertia} {
		if proved[r] < 20 {
			t.Errorf("rule %q was accepted %d times only", r, proved[r])
		}
	}
}

// pieces cuts 0..size-1 into pieces with weights ±1, ±2: fields without a name for
// the indices, each followed by its weights.
func pieces(rng *rand.Rand, size int) (out []lowerbound.Field) {
	for i := 0; i < size; i++ {
		if i == 0 || rng.IntN(2) == 0 {
			out = append(out, lowerbound.Field{}, lowerbound.Field{Name: "weights"})
		}
		k := len(out) - 1
		w := big.NewRat(1+rng.Int64N(2), 1)
		if rng.IntN(2) == 0 {
			w.Neg(w)
		}
		out[k-1].Values, out[k].Values = append(out[k-1].Values, rats(i)...), append(out[k].Values, w)
	}
	return out
}

// named returns the fields with a name for those without.
func named(name string, fields []lowerbound.Field) []lowerbound.Field {
	fields = slices.Clone(fields)
	for k := range fields {
		fields[k].Name = cmp.Or(fields[k].Name, name)
	}
	return fields
}

// inverseBlock returns a matrix whose leading p x p block is the inverse of that
// of m, by Cramer's rule.
func inverseBlock(t *testing.T, m exactmath.Matrix, p int) exactmath.Matrix {
	t.Helper()
	var all []int
	for i := range p {
		all = append(all, i)
	}
	without := func(k int) []int { return append(append([]int(nil), all[:k]...), all[k+1:]...) }
	det := minor(m, all, all)
	var data []*big.Rat
	for i := range p {
		for j := range p {
			v := minor(m, without(j), without(i))
			if (i+j)%2 == 1 {
				v.Neg(v)
			}
			data = append(data, v.Quo(v, det))
		}
	}
	inv, err := dense.NewRational(p, p, data)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// FuzzCheck feeds arbitrary certificates for products of k layers: none may prove
// that more than k are needed, and none may break the checker.
func FuzzCheck(f *testing.F) {
	for _, e := range examples {
		f.Add(e.lower, e.upper, e.depth, uint64(1), uint8(e.depth))
	}
	f.Fuzz(func(t *testing.T, lower, upper string, depth int, seed uint64, layers uint8) {
		c := certificate(example{depth: depth, lower: lower, upper: upper})
		rng := rand.New(rand.NewPCG(seed, 0))
		n := 2 + rng.IntN(4)
		part := first(t, n, 1+rng.IntN(n-1))
		k := int(layers % 8)
		m := product(t, rng, part, k)
		if err := lowerbound.Check(m, part, c); err == nil && c.Depth > k {
			t.Fatalf("%d layers, and a proof that %d are needed", k, c.Depth)
		}
	})
}

func ExampleCheck() {
	// diag(1, -1, -1) on the parts {0} and {1, 2}: e - D2 has full rank for every D2.
	m := list("1 0 0; 0 -1 0; 0 0 -1")
	part, _ := coupling.NewPartition(3, []int{0})
	first := lowerbound.Field{Name: "first"}
	index := lowerbound.Field{Name: "index", Values: []*big.Rat{big.NewRat(0, 1), big.NewRat(1, 1)}}
	cert := lowerbound.Certificate{Depth: 6}
	cert.Reasons[coupling.Upper] = lowerbound.Reason{Rule: lowerbound.Rank, Fields: []lowerbound.Field{index}}
	// The parts swap names if L is leftmost.
	cert.Reasons[coupling.Lower] = lowerbound.Reason{Rule: lowerbound.Rank, Fields: []lowerbound.Field{first, index}}
	fmt.Println(lowerbound.Check(m, part, cert))
	cert.Depth = 7
	fmt.Println(lowerbound.Check(m, part, cert))
	// Output:
	// <nil>
	// the reason does not prove the bound: 6 layers beginning with L, rule "rank"
}
