package lowerbound_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"fmt"

	"github.com/google/go-cmp/cmp"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
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

// example is a true bound: depth, and the reasons for L and for U leftmost, in
// JSON.
type example struct {
	name   string
	target string
	p      int
	depth  int
	lower  string
	upper  string
}

var examples = []example{
	{"not the identity", "1 0; 0 2", 1, 1, `{"rule":"shape"}`, `{"rule":"shape"}`},
	{"not one layer", "2 0; 0 2", 1, 2, `{"rule":"shape"}`, `{"rule":"shape"}`},
	{"not two layers", "-1 -2; 1 -1", 1, 3, `{"rule":"shape"}`, `{"rule":"rank","index":[0]}`},
	{"-I2", "-1 0; 0 -1", 1, 4, `{"rule":"kernel","index":[0],"vectors":[["1"]]}`, `{"rule":"kernel","index":[0],"vectors":[["-1/2"]],"first":true}`},
	{"two forced scales", "2 1 0 0; 1 1 0 0; 0 0 1 0; 0 0 0 1", 2, 4,
		`{"rule":"kernel","index":[0],"vectors":[["1","1"],["1","2"]]}`,
		`{"rule":"kernel","index":[0],"vectors":[["1","1"],["1","2"]],"first":true}`},
	{"-I3", "1 0 0; 0 -1 0; 0 0 -1", 1, 6, `{"rule":"rank","index":[0,1],"first":true}`, `{"rule":"rank","index":[0,1]}`},
	{"-I3 with weights", "1 0 0; 0 -1 0; 0 0 -1", 1, 6, `{"rule":"rank","index":[0,1],"first":true,"weights":["1","2"]}`, `{"rule":"rank","index":[1,0],"weights":["1/2","1"]}`},
	{"diag(J, I2): no trace", "0 -1 0 0; 1 0 0 0; 0 0 1 0; 0 0 0 1", 2, 6, `{"rule":"coefficient","order":1}`, `{"rule":"coefficient","order":1}`},
	{"diag(J, I3): half planes", "0 -1 0 0 0; 1 0 0 0 0; 0 0 1 0 0; 0 0 0 1 0; 0 0 0 0 1", 2, 6,
		`{"rule":"inertia","pieces":[[{"index":[0,1],"weights":["1","1"]}],[{"index":[0,1,2],"weights":["1","1","1"]}]]}`,
		`{"rule":"inertia","pieces":[[{"index":[2,0,1],"weights":["3","1","2"]}],[{"index":[1,0],"weights":["-1","-1"]}]]}`},
	{"nothing", "-1 0; 0 -1", 1, 0, `{}`, `{}`},
	{"sign of one entry", "0 0 1 0; 0 0 0 1; 1 0 0 0; 0 1 0 0", 2, 4, `{"rule":"signs","rows":[0],"cols":[0]}`, `{"rule":"signs","rows":[1],"cols":[1]}`},
	{"cycle", "0 0 -1/2 1/2; 0 0 1/2 -3/2; 1 1 0 0; 1 2 0 0", 2, 4, `{"rule":"signs","rows":[0,1],"cols":[0,1]}`, `{"rule":"signs","rows":[0,1],"cols":[1,0]}`},
	{"off the diagonal", "1 1 0 0 0; 1 0 2 1 1; 0 1 1 2 1; 0 1 1 1 3; 0 1 -1 2 -1", 1, 5,
		`{"rule":"rank","rows":[0,3],"cols":[1,2],"first":true}`, `{"rule":"rank","rows":[0,3],"cols":[1,2]}`},
}

func certificate(t testing.TB, e example) lowerbound.Certificate {
	t.Helper()
	c := lowerbound.Certificate{Depth: e.depth}
	for k, s := range map[coupling.Kind]string{coupling.Lower: e.lower, coupling.Upper: e.upper} {
		if err := json.Unmarshal([]byte(s), &c.Reasons[k]); err != nil {
			t.Fatal(e.name, err)
		}
	}
	return c
}

func TestExamples(t *testing.T) {
	for _, e := range examples {
		m := list(e.target)
		n, _ := m.Dims()
		if err := lowerbound.Check(m, first(t, n, e.p), certificate(t, e)); err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
	}
}

// What each example becomes when it is spoilt is refused, with no panic.
func TestSpoilt(t *testing.T) {
	spoil := map[string]func(*lowerbound.Certificate) bool{
		"deeper":   func(c *lowerbound.Certificate) bool { c.Depth++; return c.Depth > 1 },
		"far":      func(c *lowerbound.Certificate) bool { c.Depth += 40; return true },
		"no rule":  func(c *lowerbound.Certificate) bool { c.Reasons[1].Rule = ""; return c.Depth > 0 },
		"one only": func(c *lowerbound.Certificate) bool { c.Reasons[0] = lowerbound.Reason{}; return c.Depth > 0 },
		"index out of range": func(c *lowerbound.Certificate) bool {
			r := &c.Reasons[1]
			r.Index, r.Rows = append(r.Index, 99), append(r.Rows, -1)
			for i := range r.Pieces {
				r.Pieces[i] = append(r.Pieces[i], lowerbound.Piece{Index: []int{7}})
			}
			return r.Rule != lowerbound.Shape && r.Rule != lowerbound.Coefficient
		},
		"repeated index": func(c *lowerbound.Certificate) bool {
			r := &c.Reasons[1]
			r.Index = append(r.Index, r.Index...)
			for i := range r.Pieces {
				r.Pieces[i] = append(r.Pieces[i], r.Pieces[i]...)
			}
			return r.Index != nil || r.Pieces[0] != nil
		},
		"null": func(c *lowerbound.Certificate) bool {
			r := &c.Reasons[1]
			for i := range r.Weights {
				r.Weights[i] = nil
			}
			for _, v := range r.Vectors {
				v[0] = nil
			}
			for i := range r.Pieces {
				for j := range r.Pieces[i] {
					r.Pieces[i][j].Weights[0] = nil
				}
			}
			return r.Weights != nil || r.Vectors != nil || r.Pieces[0] != nil
		},
		"short": func(c *lowerbound.Certificate) bool {
			r := &c.Reasons[1]
			if r.Weights != nil {
				r.Weights = r.Weights[1:]
			}
			for i := range r.Vectors {
				r.Vectors[i] = r.Vectors[i][1:]
			}
			for i := range r.Pieces {
				for j := range r.Pieces[i] {
					r.Pieces[i][j].Weights = r.Pieces[i][j].Weights[1:]
				}
			}
			return r.Weights != nil || r.Vectors != nil || r.Pieces[0] != nil
		},
		"order": func(c *lowerbound.Certificate) bool {
			c.Reasons[1].Order = 99
			return c.Reasons[1].Rule == lowerbound.Coefficient
		},
		"unequal": func(c *lowerbound.Certificate) bool {
			c.Reasons[1].Cols = append(c.Reasons[1].Cols, 0)
			return c.Reasons[1].Rule == lowerbound.Signs || c.Reasons[1].Rule == lowerbound.Rank
		},
		"negative weights": func(c *lowerbound.Certificate) bool {
			for i, w := range c.Reasons[1].Weights {
				c.Reasons[1].Weights[i] = new(big.Rat).Neg(w)
			}
			return c.Reasons[1].Weights != nil
		},
	}
	for _, e := range examples {
		m := list(e.target)
		n, _ := m.Dims()
		if e.depth == 0 {
			continue
		}
		for name, change := range spoil {
			c := certificate(t, e)
			if !change(&c) {
				continue
			}
			if err := lowerbound.Check(m, first(t, n, e.p), c); !errors.Is(err, lowerbound.ErrUnproved) {
				t.Errorf("%s, %s: error %v, want ErrUnproved", e.name, name, err)
			}
		}
		var shape *exactmath.ShapeError
		if err := lowerbound.Check(m, first(t, n+1, 1), certificate(t, e)); !errors.As(err, &shape) {
			t.Errorf("%s on another dimension: error %v", e.name, err)
		}
	}
	singular := lowerbound.Certificate{Depth: 1, Reasons: [2]lowerbound.Reason{{Rule: lowerbound.Shape}, {Rule: lowerbound.Shape}}}
	if err := lowerbound.Check(list("1 2; 2 4"), first(t, 2, 1), singular); !errors.Is(err, lowerbound.ErrUnproved) {
		t.Errorf("singular: %v", err)
	}
}

func TestJSON(t *testing.T) {
	for _, e := range examples {
		c := certificate(t, e)
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back lowerbound.Certificate
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c, back, cmp.Comparer(func(x, y *big.Rat) bool { return x == y || x != nil && y != nil && x.Cmp(y) == 0 })); d != "" {
			t.Errorf("%s: %s", e.name, d)
		}
	}
}

// product is the exact product of k random layers, the leftmost of a random kind.
func product(tb testing.TB, rng *rand.Rand, part coupling.Partition, k int) exactmath.Matrix {
	tb.Helper()
	kind := coupling.Kind(rng.IntN(2))
	var layers []coupling.Layer
	for range k {
		rows, cols := part.Q(), part.P()
		if kind == coupling.Upper {
			rows, cols = cols, rows
		}
		data := make([]*big.Rat, rows*cols)
		zeros := rng.IntN(4)
		for i := range data {
			data[i] = new(big.Rat)
			if rng.IntN(4) >= zeros {
				data[i].SetInt64(rng.Int64N(5) - 2)
			}
		}
		d := make([]*big.Rat, rows)
		for i := range d {
			d[i] = big.NewRat(rng.Int64N(4)+1, rng.Int64N(2)+1)
		}
		scale, err := coupling.ExactScale(d)
		if err != nil {
			tb.Fatal(err)
		}
		weight, err := dense.NewRational(rows, cols, data)
		if err != nil {
			tb.Fatal(err)
		}
		l, err := coupling.NewLayer(part, kind, weight, scale)
		if err != nil {
			tb.Fatal(err)
		}
		layers = append(layers, l)
		kind = coupling.Lower + coupling.Upper - kind
	}
	f, err := coupling.NewFlow(part, layers...)
	if err != nil {
		tb.Fatal(err)
	}
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
			if lowerbound.Check(m, part, c) != nil {
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
	r := lowerbound.Reason{Rule: rule, First: rng.IntN(2) == 0, Order: 1 + rng.IntN(3)}
	switch rule {
	case lowerbound.Signs:
		r.Rows, r.Cols = indices(), indices()
		k := min(len(r.Rows), len(r.Cols))
		r.Rows, r.Cols = r.Rows[:k], r.Cols[:k]
	case lowerbound.Kernel:
		r.Index = []int{rng.IntN(3)}
		for range 1 + rng.IntN(2) {
			r.Vectors = append(r.Vectors, values(1+rng.IntN(4)))
		}
	case lowerbound.Rank:
		r.Index = indices()
		if rng.IntN(3) == 0 {
			r.Rows, r.Cols = []int{rng.IntN(4)}, []int{rng.IntN(4)}
		}
		if rng.IntN(2) == 0 {
			r.Weights = values(len(r.Index))
		}
	case lowerbound.Inertia:
		for i := range r.Pieces {
			if size := []int{rng.IntN(4) + 1, p}[i]; rng.IntN(2) == 0 {
				for j := range size {
					r.Pieces[i] = append(r.Pieces[i], lowerbound.Piece{Index: []int{j}, Weights: values(1)})
				}
			} else {
				var all []int
				for j := range size {
					all = append(all, j)
				}
				r.Pieces[i] = []lowerbound.Piece{{Index: all, Weights: values(size)}}
			}
		}
	}
	return r
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
		if rule == lowerbound.Inertia {
			for i, size := range []int{n - p, p} {
				reason.Pieces[i] = pieces(rng, size)
			}
		}
		c := lowerbound.Certificate{Depth: 6, Reasons: [2]lowerbound.Reason{reason, reason}}
		c.Reasons[0].Pieces[0], c.Reasons[0].Pieces[1] = reason.Pieces[1], reason.Pieces[0]
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
			if cmp.Equal(x, y, cmp.Comparer(func(x, y *big.Rat) bool { return x.Cmp(y) == 0 })) {
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

// pieces cuts 0..size-1 into pieces with weights ±1, ±2.
func pieces(rng *rand.Rand, size int) (out []lowerbound.Piece) {
	for i := 0; i < size; i++ {
		if i == 0 || rng.IntN(2) == 0 {
			out = append(out, lowerbound.Piece{})
		}
		k := len(out) - 1
		w := big.NewRat(1+rng.Int64N(2), 1)
		if rng.IntN(2) == 0 {
			w.Neg(w)
		}
		out[k].Index, out[k].Weights = append(out[k].Index, i), append(out[k].Weights, w)
	}
	return out
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
		text, err := json.Marshal(certificate(f, e))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), uint64(1), uint8(e.depth))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64, layers uint8) {
		var c lowerbound.Certificate
		if json.Unmarshal([]byte(text), &c) != nil {
			return
		}
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
	rank := lowerbound.Reason{Rule: lowerbound.Rank, Index: []int{0, 1}}
	cert := lowerbound.Certificate{Depth: 6}
	cert.Reasons[coupling.Upper] = rank
	rank.First = true // the parts swap names if L is leftmost
	cert.Reasons[coupling.Lower] = rank
	fmt.Println(lowerbound.Check(m, part, cert))
	cert.Depth = 7
	fmt.Println(lowerbound.Check(m, part, cert))
	// Output:
	// <nil>
	// the reason does not prove the bound: 6 layers beginning with L, rule "rank"
}
