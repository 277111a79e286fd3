package lowerbound

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// TestEachReasonIsSound tries whole families of reasons, made to nearly hold, on
// products of k layers of which the leftmost is known: no reason may exclude them.
// That the families are not empty words shows on maps that are no such products.
func TestEachReasonIsSound(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	held := map[Rule]int{}
	for trial := range 1200 {
		n := 2 + rng.IntN(4)
		p := 1 + rng.IntN(n-1)
		k := []int{1, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6}[rng.IntN(11)]
		kind := coupling.Kind(rng.IntN(2))
		part, err := coupling.NewPartition(n, rng.Perm(n)[:p])
		if err != nil {
			t.Fatal(err)
		}
		free := trial%4 == 0
		m := layers(rng, part, kind, k)
		if free {
			if m = layers(rng, part, kind, k+1+rng.IntN(2)); k == 4 || k == 5 {
				m = diagonal(rng, part)
			}
		}
		limits := exactmath.Unlimited()
		both, err := meter{&limits}.split(m, part)
		if err != nil {
			t.Fatal(err)
		}
		b := both[kind]
		for rule, family := range map[Rule][]Reason{
			Shape: {{Rule: Shape}}, Signs: signsFamily(rng, b), Kernel: kernelFamily(rng, b), Rank: rankFamily(rng, b),
			Coefficient: coefficientFamily(b), Inertia: inertiaFamily(rng, b),
		} {
			for _, r := range family {
				if err := r.Validate(); err != nil {
					t.Fatal(err)
				}
				if !rules[rule].holds(b, k, r) {
					continue
				}
				if held[rule]++; !free {
					t.Fatalf("a product of %d layers on %v that begins with %v, and it is excluded: %v\n%v", k, part, kind, r, m.Float64s())
				}
			}
		}
	}
	t.Logf("reasons that held where they may: %v", held)
	for rule := range rules {
		if held[rule] < 20 {
			t.Errorf("rule %q held %d times only", rule, held[rule])
		}
	}
}

// layers is the product of k layers of alternating kinds with small entries, many
// of them zero.
func layers(rng *rand.Rand, part coupling.Partition, kind coupling.Kind, k int) *dense.Rational {
	n := part.Dim()
	m := dense.IdentityRational(n)
	style := rng.IntN(4)
	for range k {
		e := make([]*big.Rat, n*n)
		for i := range e {
			e[i] = new(big.Rat)
		}
		for i := range n {
			e[i*n+i].SetInt64(1)
		}
		dst, src := part.Second(), part.First()
		if kind == coupling.Upper {
			dst, src = src, dst
		}
		for i, to := range dst {
			if style&1 == 0 {
				e[to*n+to] = big.NewRat(1+rng.Int64N(4), 1+rng.Int64N(2))
			}
			for j, from := range src {
				if style < 2 || i == j || rng.IntN(4) == 0 {
					e[to*n+from].SetInt64(rng.Int64N(5) - 2)
				}
			}
		}
		x, err := dense.NewRational(n, n, e)
		if err == nil {
			m, err = m.Mul(x)
		}
		if err != nil {
			panic(err)
		}
		kind = 1 - kind
	}
	return m
}

// diagonal is block diagonal and invertible, with a nonzero diagonal.
func diagonal(rng *rand.Rand, part coupling.Partition) *dense.Rational {
	n := part.Dim()
	e := make([]*big.Rat, n*n)
	for i := range e {
		e[i] = new(big.Rat)
	}
	for _, block := range [][]int{part.First(), part.Second()} {
		for k, i := range block {
			e[i*n+i].SetInt64(1 - 2*rng.Int64N(2))
			for _, j := range block[:k] {
				e[i*n+j].SetInt64(rng.Int64N(3) - 1)
			}
		}
	}
	m, err := dense.NewRational(n, n, e)
	if err != nil {
		panic(err)
	}
	return m
}

func numbers(v ...int) (out []*big.Rat) {
	for _, x := range v {
		out = append(out, big.NewRat(int64(x), 1))
	}
	return out
}

// tuples returns all lists of the length given with values from low to high.
func tuples(length, low, high int) [][]int {
	out := [][]int{nil}
	for range length {
		var next [][]int
		for _, t := range out {
			for v := low; v <= high; v++ {
				next = append(next, append(t[:len(t):len(t)], v))
			}
		}
		out = next
	}
	return out
}

func signsFamily(rng *rand.Rand, b *blocks) (out []Reason) {
	q, p := len(b.e), len(b.al)
	add := func(rows, cols []int) {
		out = append(out, Reason{Signs, []Field{{"rows", numbers(rows...)}, {"cols", numbers(cols...)}}})
	}
	for i := range q {
		for j := range p {
			add([]int{i}, []int{j})
		}
	}
	for range 20 {
		m := 2 + rng.IntN(2)
		rows, cols := make([]int, m), make([]int, m)
		for i := range rows {
			rows[i], cols[i] = rng.IntN(q), rng.IntN(p)
		}
		add(rows, cols)
	}
	return out
}

// kernelFamily has all small vectors, in and out of the kernel, and pairs.
func kernelFamily(rng *rand.Rand, b *blocks) (out []Reason) {
	for _, first := range []bool{false, true} {
		size := len(b.e)
		var head []Field
		if first {
			size, head = len(b.al), []Field{{"first", nil}}
		}
		all := tuples(size, -1, 2)
		for j := range size {
			for _, v := range all {
				fields := append(head[:len(head):len(head)], Field{"index", numbers(j)}, Field{"vector", numbers(v...)})
				out = append(out, Reason{Kernel, fields})
				if rng.IntN(4) == 0 {
					out = append(out, Reason{Kernel, append(fields[:len(fields):len(fields)], Field{"vector", numbers(all[rng.IntN(len(all))]...)})})
				}
			}
		}
	}
	return out
}

// rankFamily has sets of indices of every size, with weights of both signs.
func rankFamily(rng *rand.Rand, b *blocks) (out []Reason) {
	for range 40 {
		var fields []Field
		size := len(b.e)
		if rng.IntN(2) == 0 {
			size, fields = len(b.al), []Field{{"first", nil}}
		}
		list := rng.Perm(size)
		r := rng.IntN(size/2 + 1)
		h := rng.IntN(size - 2*r + 1)
		if r+h == 0 {
			continue
		}
		if r > 0 {
			fields = append(fields, Field{"rows", numbers(list[:r]...)}, Field{"cols", numbers(list[r : 2*r]...)})
		}
		if h > 0 {
			if fields = append(fields, Field{"index", numbers(list[2*r : 2*r+h]...)}); rng.IntN(2) == 0 {
				fields = append(fields, Field{"weights", weightsOf(rng, h)})
			}
		}
		out = append(out, Reason{Rank, fields})
	}
	return out
}

// weightsOf returns weights of one sign, mostly; few of them 0.
func weightsOf(rng *rand.Rand, count int) (out []*big.Rat) {
	sign := 1 - 2*rng.IntN(2)
	for range count {
		v := sign * (1 + rng.IntN(2))
		switch rng.IntN(12) {
		case 0:
			v = 0
		case 1, 2:
			v = -v
		}
		out = append(out, numbers(v)...)
	}
	return out
}

func coefficientFamily(b *blocks) (out []Reason) {
	for order := range len(b.e) + len(b.al) + 1 {
		out = append(out, Reason{Coefficient, []Field{{"order", numbers(order)}}})
	}
	return out
}

// inertiaFamily cuts the indices into pieces, most of the time all of them, once
// each.
func inertiaFamily(rng *rand.Rand, b *blocks) (out []Reason) {
	for range 60 {
		r := Reason{Rule: Inertia}
		for k, name := range []string{"e", "al"} {
			list := rng.Perm([]int{len(b.e), len(b.al)}[k])
			if rng.IntN(2) == 0 {
				list[0] = rng.IntN(len(list))
			}
			if rng.IntN(8) == 0 && len(list) > 1 {
				list = list[1:]
			}
			for len(list) > 0 {
				m := 1 + rng.IntN(len(list))
				r.Fields = append(r.Fields, Field{name, numbers(list[:m]...)})
				if rng.IntN(6) > 0 {
					r.Fields = append(r.Fields, Field{"weights", weightsOf(rng, m)})
				}
				list = list[m:]
			}
		}
		out = append(out, r)
	}
	return out
}
