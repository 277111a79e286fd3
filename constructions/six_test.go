package constructions

import (
	"errors"
	"fmt"
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
)

// integers returns the n x n matrix with the given entries.
func integers(n int, at func(i, j int) int64) *dense.Rational {
	data := make([]*big.Rat, n*n)
	for k := range data {
		data[k] = big.NewRat(at(k/n, k%n), 1)
	}
	m, _ := dense.NewRational(n, n, data)
	return m
}

// list returns the square matrix with the given rows of integers, "1 2; 3 4".
func list(rows string) *dense.Rational {
	lines := strings.Split(rows, ";")
	return integers(len(lines), func(i, j int) int64 {
		var v int64
		fmt.Sscan(strings.Fields(lines[i])[j], &v)
		return v
	})
}

// blocksOf returns diag(x, y, ..).
func blocksOf(blocks ...*dense.Rational) *dense.Rational {
	n := 0
	for _, b := range blocks {
		r, _ := b.Dims()
		n += r
	}
	data := make([]*big.Rat, n*n)
	for k := range data {
		data[k] = new(big.Rat)
	}
	at := 0
	for _, b := range blocks {
		r, _ := b.Dims()
		b.Each(func(i, j int, v *big.Rat) { data[(at+i)*n+at+j].Set(v) })
		at += r
	}
	m, _ := dense.NewRational(n, n, data)
	return m
}

// determinant is Leibniz' formula by expansion along the first row.
func determinant(m exactmath.Matrix, rows, cols []int) *big.Rat {
	if len(rows) == 0 {
		return big.NewRat(1, 1)
	}
	sum := new(big.Rat)
	for k, c := range cols {
		v := m.At(rows[0], c)
		if v.Sign() == 0 {
			continue
		}
		rest := append(append([]int(nil), cols[:k]...), cols[k+1:]...)
		v.Mul(v, determinant(m, rows[1:], rest))
		if k%2 == 1 {
			v.Neg(v)
		}
		sum.Add(sum, v)
	}
	return sum
}

func randomInts(rng *rand.Rand, n int, bound int64) *dense.Rational {
	return integers(n, func(_, _ int) int64 { return rng.Int64N(2*bound+1) - bound })
}

// positive draws until the determinant is positive.
func positive(tb testing.TB, draw func() *dense.Rational) *dense.Rational {
	tb.Helper()
	for range 1000 {
		m := draw()
		n, _ := m.Dims()
		part, _ := coupling.Half(n)
		if _, err := newLinear(m, part); err == nil {
			return m
		}
	}
	tb.Fatal("no matrix of positive determinant in 1000 draws")
	return nil
}

// unimodular returns a product of random elementary matrices.
func unimodular(rng *rand.Rand, n int) *dense.Rational {
	m := dense.IdentityRational(n)
	for range 3 * n {
		i, j := rng.IntN(n), rng.IntN(n-1)
		if j >= i {
			j++
		}
		v := int64(rng.IntN(5) - 2)
		m, _ = m.Mul(integers(n, func(r, c int) int64 {
			if r == i && c == j {
				return v
			}
			return int64(delta(r, c))
		}))
	}
	return m
}

// randomPartition has p coordinates, in any places, in its first part.
func randomPartition(rng *rand.Rand, n, p int) coupling.Partition {
	part, _ := coupling.NewPartition(n, rng.Perm(n)[:p])
	return part
}

// checkExact fails unless the flow is exactly the target, in at most depth
// layers, dyadic weights stored as such.
func checkExact(tb testing.TB, f *coupling.Flow, err error, target exactmath.Matrix, depth int) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("%v: %v", dense.ToRational(target).Float64s(), err)
	}
	r, err := verify.Check(f, target)
	if err != nil {
		tb.Fatal(err)
	}
	if r.Verdict != verify.Exact || r.Depth > depth {
		tb.Fatalf("%v on %v: %s, depth %d, want exact and at most %d", dense.ToRational(target).Float64s(), f.Partition(), r.Verdict, r.Depth, depth)
	}
	for _, l := range f.Layers() {
		if _, rational := l.Weight().(*dense.Rational); rational {
			if _, dyadic := dense.ToDyadic(l.Weight()); dyadic {
				tb.Fatal("a dyadic weight is stored as rationals")
			}
		}
	}
}

// checkSix builds the target in every way that theorem 2.8 promises and returns
// the depth of Six.
func checkSix(tb testing.TB, target exactmath.Matrix, part coupling.Partition) int {
	tb.Helper()
	for _, leftmost := range []coupling.Kind{coupling.Lower, coupling.Upper} {
		f, err := SixFrom(target, part, leftmost)
		checkExact(tb, f, err, target, 6)
		if layers := f.Layers(); f.Depth() == 6 && layers[0].Kind() != leftmost {
			tb.Fatalf("six layers begin with %v, want %v", layers[0].Kind(), leftmost)
		}
	}
	f, err := Six(target, part)
	most := 6
	if part.Dim() == 2 {
		most = 4
	}
	checkExact(tb, f, err, target, most)
	for i, l := range f.Layers() {
		if l.Scale().Kind() != coupling.ScaleOne && f.Depth() >= 5 && i != len(f.Layers())-1 {
			tb.Fatal("a scale before the last of five or six layers")
		}
	}
	return f.Depth()
}

// Every 2 x 2 matrix with entries -3..3 and every 3 x 3 matrix with entries
// -1..1: exactly represented if the determinant is positive, refused for the
// right reason otherwise.
func TestSixExhaustive(t *testing.T) {
	for _, c := range []struct{ n, bound, step int }{{2, 3, 1}, {3, 1, 1}} {
		side := 2*c.bound + 1
		total := 1
		for range c.n * c.n {
			total *= side
		}
		part := half(t, c.n)
		depths := map[int]int{}
		for id := range total {
			v := id
			m := integers(c.n, func(_, _ int) int64 {
				x := v%side - c.bound
				v /= side
				return int64(x)
			})
			f, err := Six(m, part)
			switch determinant(m, span(0, c.n), span(0, c.n)).Sign() {
			case 1:
				if c.n == 2 || id%5 == 0 {
					checkSix(t, m, part)
				}
				checkExact(t, f, err, m, 2*c.n)
				depths[f.Depth()]++
			case 0:
				if !errors.Is(err, ErrSingular) {
					t.Fatalf("%v: error %v, want ErrSingular", m.Float64s(), err)
				}
			default:
				if !errors.Is(err, ErrOrientation) {
					t.Fatalf("%v: error %v, want ErrOrientation", m.Float64s(), err)
				}
			}
		}
		t.Logf("n = %d: maps by depth %v", c.n, depths)
	}
}

// All signed permutation matrices of determinant 1.
func TestSixSignedPermutations(t *testing.T) {
	most := 4
	if *long {
		most = 5
	}
	for n := 2; n <= most; n++ {
		for p := n / 2; p <= (n+1)/2; p++ {
			part, _ := coupling.NewPartition(n, span(0, p))
			visitPermutations(span(0, n), 0, func(perm []int) {
				for signs := range 1 << n {
					m := integers(n, func(i, j int) int64 {
						if perm[j] != i {
							return 0
						}
						return 1 - 2*int64(signs>>j&1)
					})
					if determinant(m, span(0, n), span(0, n)).Sign() > 0 {
						checkSix(t, m, part)
					}
				}
			})
		}
	}
}

func visitPermutations(perm []int, k int, visit func([]int)) {
	if k == len(perm) {
		visit(perm)
		return
	}
	for i := k; i < len(perm); i++ {
		perm[k], perm[i] = perm[i], perm[k]
		visitPermutations(perm, k+1, visit)
		perm[k], perm[i] = perm[i], perm[k]
	}
}

func TestSixRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 0))
	for n := 2; n <= 9; n++ {
		for p := n / 2; p <= (n+1)/2; p++ {
			for range 6 {
				checkSix(t, unimodular(rng, n), randomPartition(rng, n, p))
				checkSix(t, positive(t, func() *dense.Rational { return randomInts(rng, n, 2) }), randomPartition(rng, n, p))
				sparse := func() *dense.Rational {
					return integers(n, func(_, _ int) int64 {
						if rng.IntN(3) > 0 {
							return 0
						}
						return rng.Int64N(7) - 3
					})
				}
				checkSix(t, positive(t, sparse), randomPartition(rng, n, p))
			}
		}
	}
}

// degenerate are the maps on which a careless commutator breaks.
func degenerate() map[string]*dense.Rational {
	j := list("0 -1; 1 0")
	id := dense.IdentityRational
	scale := func(v int64, n int) *dense.Rational {
		return id(n).Scale(big.NewRat(v, 1))
	}
	out := map[string]*dense.Rational{
		"identity 2": id(2), "identity 7": id(7), "-identity 2": scale(-1, 2), "-identity 8": scale(-1, 8),
		"3 identity 5":       scale(3, 5),
		"diag(1,-1,-1)":      list("1 0 0; 0 -1 0; 0 0 -1"),
		"diag(J,I3)":         blocksOf(j, id(3)),
		"diag(J,I6)":         blocksOf(j, id(6)),
		"diag(I3,3-cycle)":   blocksOf(id(3), list("0 0 1; 1 0 0; 0 1 0")),
		"diag(-I2,I2)":       blocksOf(scale(-1, 2), id(2)),
		"diag(-I2,I3)":       blocksOf(scale(-1, 2), id(3)),
		"diag(I2,-I2,1)":     blocksOf(id(2), scale(-1, 2), id(1)),
		"diag(2,1,1/2..)":    blocksOf(scale(2, 1), id(1), scale(-1, 2), scale(5, 1)),
		"c = I, G = I":       list("0 0 -1 0; 0 0 0 -1; 1 0 5 1; 0 1 2 7"),
		"c = I, G = -I":      list("0 0 1 0; 0 0 0 1; 1 0 5 1; 0 1 2 7"),
		"c = I, G unipotent": list("0 0 -1 1; 0 0 0 -1; 1 0 1 2; 0 1 3 4"),
		"c = I, G diagonal":  list("0 0 -2 0 0 0; 0 0 0 -2 0 0; 0 0 0 0 4 0; 1 0 0 1 1 1; 0 1 0 0 1 1; 0 0 -1 2 0 1"),
		"rank one c":         list("1 2 0 1; 0 1 1 0; 1 1 1 0; 1 1 0 1"),
		"c = 0":              list("2 1 3 4; 1 1 5 6; 0 0 3 1; 0 0 2 1"),
		"b = 0":              list("2 1 0 0; 1 1 0 0; 7 8 3 1; 9 1 2 1"),
		"c = b = 0":          list("2 1 0 0; 1 1 0 0; 0 0 3 1; 0 0 2 1"),
		"swap":               list("0 0 1 0; 0 0 0 1; 1 0 0 0; 0 1 0 0"),
		"swap of 5":          list("0 0 0 1 0; 0 0 0 0 1; 1 0 0 0 0; 0 1 0 0 0; 0 0 1 0 0"),
		"companion":          list("0 0 0 0 1; 1 0 0 0 2; 0 1 0 0 0; 0 0 1 0 3; 0 0 0 1 1"),
		"unipotent":          list("1 1 0 0 0; 0 1 1 0 0; 0 0 1 1 0; 0 0 0 1 1; 0 0 0 0 1"),
		"transvection":       list("1 0 0 0 0; 0 1 0 0 0; 0 0 1 0 0; 0 0 0 1 0; 0 0 0 1 1"),
		"two Jordan blocks":  blocksOf(list("-1 1; 0 -1"), list("-1 1; 0 -1")),
	}
	return out
}

func TestSixDegenerate(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	for name, m := range degenerate() {
		n, _ := m.Dims()
		for p := n / 2; p <= (n+1)/2; p++ {
			part, _ := coupling.NewPartition(n, span(0, p))
			t.Logf("%s, p = %d: depth %d", name, p, checkSix(t, m, part))
			m = transposedRational(m)
			checkSix(t, m, part)
			checkSix(t, m, randomPartition(rng, n, p))
			checkSix(t, m, half(t, n))
		}
	}
	checker, _ := coupling.Checkerboard(8)
	checkSix(t, degenerate()["diag(J,I6)"], checker)
}

func transposedRational(m *dense.Rational) *dense.Rational {
	n, _ := m.Dims()
	data := make([]*big.Rat, n*n)
	for k := range data {
		data[k] = m.At(k%n, k/n)
	}
	z, _ := dense.NewRational(n, n, data)
	return z
}

// Larger maps, rational entries, float64 entries, determinants far from 1.
func TestSixLarge(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 0))
	for _, n := range []int{16, 17} {
		m := positive(t, func() *dense.Rational { return randomInts(rng, n, 9) })
		if depth := checkSix(t, m, half(t, n)); depth != 5 {
			t.Errorf("a generic map of %d coordinates took %d layers, want 5", n, depth)
		}
	}
	checkSix(t, positive(t, func() *dense.Rational {
		data := make([]*big.Rat, 49)
		for k := range data {
			data[k] = big.NewRat(rng.Int64N(19)-9, rng.Int64N(6)+1)
		}
		m, _ := dense.NewRational(7, 7, data)
		return m
	}), half(t, 7))
	huge := positive(t, func() *dense.Rational { return randomInts(rng, 4, 10000) })
	checkSix(t, huge, half(t, 4))
	checkSix(t, huge.Scale(big.NewRat(1, 1<<40)), half(t, 4))
	floats := make([]float64, 64)
	for k := range floats {
		floats[k] = rng.NormFloat64() * float64(int64(1)<<rng.IntN(40))
	}
	floats[0] = 5e-324
	m, _ := exactmath.FromFloat64(8, 8, floats)
	if _, err := Six(m, half(t, 8)); errors.Is(err, ErrOrientation) {
		for j := range 8 {
			floats[j] = -floats[j]
		}
		m, _ = exactmath.FromFloat64(8, 8, floats)
	}
	checkSix(t, m, half(t, 8))
}

// A product of k layers is found in no more than k layers: with random scales if
// k <= 3, without scales if k = 4 and the block e (a, if L is leftmost) is
// invertible.
func TestSixFewLayers(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	for k := range 5 {
		for range 60 {
			n := 2 + rng.IntN(6)
			part := randomPartition(rng, n, n/2)
			if n%2 == 1 && rng.IntN(2) == 0 {
				part = randomPartition(rng, n, n/2+1)
			}
			f := randomExactFlow(t, rng, part, k, k < 4)
			target, err := verify.Compose(f)
			if err != nil {
				t.Fatal(err)
			}
			depth := k
			if k == 4 && !reachesFour(f, target) {
				depth = 6
			}
			g, err := Six(target, part)
			checkExact(t, g, err, target, depth)
		}
	}
}

func reachesFour(f *coupling.Flow, target exactmath.Matrix) bool {
	if f.Depth() < 4 {
		return true
	}
	updated := f.Partition().Second()
	if f.Layers()[0].Kind() == coupling.Lower {
		updated = f.Partition().First()
	}
	return determinant(target, updated, updated).Sign() != 0
}

// randomExactFlow has k layers of small integer weights, many of them singular;
// scaled makes the scales small rationals.
func randomExactFlow(t *testing.T, rng *rand.Rand, part coupling.Partition, k int, scaled bool) *coupling.Flow {
	t.Helper()
	weight := func(size int) []*big.Rat {
		data := make([]*big.Rat, size)
		zeros := rng.IntN(3)
		for i := range data {
			data[i] = big.NewRat(rng.Int64N(7)-3, 1)
			if rng.IntN(3) < zeros {
				data[i].SetInt64(0)
			}
		}
		return data
	}
	var scale func() *big.Rat
	if scaled {
		scale = func() *big.Rat { return big.NewRat(rng.Int64N(3)+1, rng.Int64N(2)+1) }
	}
	return flowtest.Alternating(t, part, k, rng, weight, scale)
}

// fiveTarget draws a map whose block b has full rank and whose block c has or has
// not; swapped says whether the second part is the smaller one, and so plays the
// first.
func fiveTarget(t *testing.T, rng *rand.Rand, part coupling.Partition, full bool) (m *dense.Rational, swapped bool) {
	t.Helper()
	small, large := part.First(), part.Second()
	if swapped = len(small) > len(large); swapped {
		small, large = large, small
	}
	for range 1000 {
		m = positive(t, func() *dense.Rational {
			return integers(part.Dim(), func(i, j int) int64 {
				if !full && j == small[0] && slices.Contains(large, i) {
					return 0
				}
				return rng.Int64N(9) - 4
			})
		})
		l, err := newLinear(m, part)
		if err != nil {
			t.Fatal(err)
		}
		if l.b.rank() == l.p && (l.c.rank() == l.p) == full {
			return m, swapped
		}
	}
	t.Fatal("no such map in 1000 draws")
	return nil, false
}

// Theorem 2.6: five layers, whose first is U if c has full rank and else L, both
// cases for every size and partition; and a refusal that names the ranks.
func TestFive(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 0))
	byB := list("1 0 1 0; 0 1 0 1; 0 0 1 0; 0 0 0 1") // c = 0, b invertible
	f, err := Five(byB, half(t, 4))
	checkExact(t, f, err, byB, 5)
	for n := 2; n <= 9; n++ {
		for p := n / 2; p <= (n+1)/2; p++ {
			for _, full := range []bool{true, false} {
				part := randomPartition(rng, n, p)
				m, swapped := fiveTarget(t, rng, part, full)
				f, err := Five(m, part)
				checkExact(t, f, err, m, 5)
				want := coupling.Upper
				if full == swapped {
					want = coupling.Lower
				}
				for i, l := range f.Layers() {
					if i+1 < f.Depth() && l.Scale().Kind() != coupling.ScaleOne {
						t.Errorf("n = %d, p = %d: a scale in layer %d", n, p, i)
					}
				}
				if kind := f.Layers()[0].Kind(); n > 3 && f.Depth() != 5 || f.Depth() == 5 && kind != want {
					t.Errorf("n = %d, p = %d, c of full rank: %v: %d layers, the first %v", n, p, full, f.Depth(), kind)
				}
			}
		}
	}
	_, err = Five(blocksOf(list("0 -1; 1 0"), dense.IdentityRational(3)), half(t, 5))
	var none *FiveError
	if !errors.As(err, &none) || none.RankC != 0 || none.RankB != 0 || none.Want != 2 || none.Error() == "" {
		t.Errorf("block diagonal: error %v", err)
	}
}

// Theorem 2.6, last statement: five additive layers on parts of p < q <= 2p
// coordinates if c is injective and [c, e c] has rank q.
func TestFiveWide(t *testing.T) {
	rng := rand.New(rand.NewPCG(16, 0))
	for _, c := range []struct{ p, q int }{{1, 2}, {2, 3}, {2, 4}, {3, 4}, {3, 5}, {3, 6}, {4, 6}, {4, 8}} {
		found := 0
		for range 200 {
			target := unimodular(rng, c.p+c.q)
			m, err := newLinear(target, randomPartition(rng, c.p+c.q, c.p))
			if err != nil {
				t.Fatal(err)
			}
			if !m.c.injective() || m.c.beside(m.e.mul(m.c)).rank() < c.q {
				continue
			}
			fs := m.five0()
			f, err := m.flow(fs)
			checkExact(t, f, err, target, 5)
			for _, l := range f.Layers() {
				if l.Scale().Kind() != coupling.ScaleOne {
					t.Errorf("%d + %d: a scale", c.p, c.q)
				}
			}
			if found++; found == 3 {
				break
			}
		}
		if found < 3 {
			t.Errorf("%d + %d: only %d maps in general position", c.p, c.q, found)
		}
	}
}

func TestSixRefuses(t *testing.T) {
	wide, _ := coupling.NewPartition(5, []int{2})
	m := dense.IdentityRational(5)
	builders := map[string]func(exactmath.Matrix, coupling.Partition) (*coupling.Flow, error){
		"five": Five, "six": Six, "published": Published, "any": AnyPartition,
		"from": func(m exactmath.Matrix, p coupling.Partition) (*coupling.Flow, error) {
			return SixFrom(m, p, coupling.Upper)
		},
	}
	for name, build := range builders {
		if _, err := build(m, wide); errors.Is(err, ErrPartition) == (name == "any") {
			t.Errorf("%s: parts of 1 and 4: error %v", name, err)
		}
		var shape *ShapeError
		if _, err := build(m, half(t, 4)); !errors.As(err, &shape) {
			t.Errorf("%s: wrong size: error %v", name, err)
		}
		if _, err := build(list("1 2; 2 4"), half(t, 2)); !errors.Is(err, ErrSingular) {
			t.Errorf("%s: singular: error %v", name, err)
		}
		if _, err := build(list("0 1; 1 0"), half(t, 2)); !errors.Is(err, ErrOrientation) {
			t.Errorf("%s: negative determinant: error %v", name, err)
		}
	}
}

// The same flow, bit for bit, each time.
func TestSixDeterministic(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 0))
	part, _ := coupling.NewPartition(8, []int{1, 4})
	m := blocksOf(list("0 -1; 1 0"), unimodular(rng, 6))
	for name, build := range map[string]func(exactmath.Matrix, coupling.Partition) (*coupling.Flow, error){"any": AnyPartition} {
		f, err := build(m, part)
		g, err2 := build(m, part)
		if err != nil || err2 != nil || fmt.Sprint(layerTexts(f)) != fmt.Sprint(layerTexts(g)) {
			t.Errorf("%s: two runs differ (%v, %v)", name, err, err2)
		}
	}
}

func layerTexts(f *coupling.Flow) (out []string) {
	for _, l := range f.Layers() {
		s := l.Kind().String()
		l.Weight().Each(func(i, j int, v *big.Rat) { s += fmt.Sprint(" ", i, j, v) })
		out = append(out, s)
	}
	return out
}

func BenchmarkSix(b *testing.B) {
	for _, n := range []int{8, 16, 32} {
		rng := rand.New(rand.NewPCG(9, uint64(n)))
		m := positive(b, func() *dense.Rational { return randomInts(rng, n, 9) })
		part, _ := coupling.Half(n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Six(m, part); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
