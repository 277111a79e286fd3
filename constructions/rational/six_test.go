package rational

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/blocks"
	"flowproof/constructions/internal/ratmat"
	"flowproof/constructions/internal/sample"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/verify"
)

// checkSix builds the target in every way that theorem 2.8 promises and returns
// the depth of Six.
func checkSix(tb testing.TB, target exactmath.Matrix, part coupling.Partition) int {
	tb.Helper()
	for _, leftmost := range []coupling.Kind{coupling.Lower, coupling.Upper} {
		f, err := SixFrom(target, part, leftmost)
		sample.CheckExact(tb, f, err, target, 6)
		if layers := f.Layers(); f.Depth() == 6 && layers[0].Kind() != leftmost {
			tb.Fatalf("six layers begin with %v, want %v", layers[0].Kind(), leftmost)
		}
	}
	f, err := Six(target, part)
	most := 6
	if part.Dim() == 2 {
		most = 4
	}
	sample.CheckExact(tb, f, err, target, most)
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
		part := sample.Half(t, c.n)
		depths := map[int]int{}
		for id := range total {
			v := id
			m := sample.Integers(c.n, func(_, _ int) int64 {
				x := v%side - c.bound
				v /= side
				return int64(x)
			})
			f, err := Six(m, part)
			switch sample.Determinant(m, ratmat.Span(0, c.n), ratmat.Span(0, c.n)).Sign() {
			case 1:
				if c.n == 2 || id%5 == 0 {
					checkSix(t, m, part)
				}
				sample.CheckExact(t, f, err, m, 2*c.n)
				depths[f.Depth()]++
			case 0:
				if !errors.Is(err, fault.ErrSingular) {
					t.Fatalf("%v: error %v, want ErrSingular", m.Float64s(), err)
				}
			default:
				if !errors.Is(err, fault.ErrOrientation) {
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
	if *sample.Long {
		most = 5
	}
	for n := 2; n <= most; n++ {
		for p := n / 2; p <= (n+1)/2; p++ {
			part, _ := coupling.NewPartition(n, ratmat.Span(0, p))
			sample.VisitPermutations(ratmat.Span(0, n), 0, func(perm []int) {
				for signs := range 1 << n {
					m := sample.Integers(n, func(i, j int) int64 {
						if perm[j] != i {
							return 0
						}
						return 1 - 2*int64(signs>>j&1)
					})
					if sample.Determinant(m, ratmat.Span(0, n), ratmat.Span(0, n)).Sign() > 0 {
						checkSix(t, m, part)
					}
				}
			})
		}
	}
}

func TestSixRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 0))
	for n := 2; n <= 9; n++ {
		for p := n / 2; p <= (n+1)/2; p++ {
			for range 6 {
				checkSix(t, sample.Unimodular(rng, n), sample.RandomPartition(rng, n, p))
				checkSix(t, sample.Positive(t, func() *dense.Rational { return sample.RandomInts(rng, n, 2) }), sample.RandomPartition(rng, n, p))
				sparse := func() *dense.Rational {
					return sample.Integers(n, func(_, _ int) int64 {
						if rng.IntN(3) > 0 {
							return 0
						}
						return rng.Int64N(7) - 3
					})
				}
				checkSix(t, sample.Positive(t, sparse), sample.RandomPartition(rng, n, p))
			}
		}
	}
}

func TestSixDegenerate(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	for name, m := range sample.Degenerate() {
		n, _ := m.Dims()
		for p := n / 2; p <= (n+1)/2; p++ {
			part, _ := coupling.NewPartition(n, ratmat.Span(0, p))
			t.Logf("%s, p = %d: depth %d", name, p, checkSix(t, m, part))
			m = transposedRational(m)
			checkSix(t, m, part)
			checkSix(t, m, sample.RandomPartition(rng, n, p))
			checkSix(t, m, sample.Half(t, n))
		}
	}
	checker, _ := coupling.Checkerboard(8)
	checkSix(t, sample.Degenerate()["diag(J,I6)"], checker)
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
		m := sample.Positive(t, func() *dense.Rational { return sample.RandomInts(rng, n, 9) })
		if depth := checkSix(t, m, sample.Half(t, n)); depth != 5 {
			t.Errorf("a generic map of %d coordinates took %d layers, want 5", n, depth)
		}
	}
	checkSix(t, sample.Positive(t, func() *dense.Rational {
		data := make([]*big.Rat, 49)
		for k := range data {
			data[k] = big.NewRat(rng.Int64N(19)-9, rng.Int64N(6)+1)
		}
		m, _ := dense.NewRational(7, 7, data)
		return m
	}), sample.Half(t, 7))
	huge := sample.Positive(t, func() *dense.Rational { return sample.RandomInts(rng, 4, 10000) })
	checkSix(t, huge, sample.Half(t, 4))
	checkSix(t, huge.Scale(big.NewRat(1, 1<<40)), sample.Half(t, 4))
	floats := make([]float64, 64)
	for k := range floats {
		floats[k] = rng.NormFloat64() * float64(int64(1)<<rng.IntN(40))
	}
	floats[0] = 5e-324
	m, _ := exactmath.FromFloat64(8, 8, floats)
	if _, err := Six(m, sample.Half(t, 8)); errors.Is(err, fault.ErrOrientation) {
		for j := range 8 {
			floats[j] = -floats[j]
		}
		m, _ = exactmath.FromFloat64(8, 8, floats)
	}
	checkSix(t, m, sample.Half(t, 8))
}

// A product of k layers is found in no more than k layers: with random scales if
// k <= 3, without scales if k = 4 and the block e (a, if L is leftmost) is
// invertible.
func TestSixFewLayers(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	for k := range 5 {
		for range 60 {
			n := 2 + rng.IntN(6)
			part := sample.RandomPartition(rng, n, n/2)
			if n%2 == 1 && rng.IntN(2) == 0 {
				part = sample.RandomPartition(rng, n, n/2+1)
			}
			f := sample.RandomExactFlow(t, rng, part, k, k < 4)
			target, err := verify.Compose(f)
			if err != nil {
				t.Fatal(err)
			}
			depth := k
			if k == 4 && !reachesFour(f, target) {
				depth = 6
			}
			g, err := Six(target, part)
			sample.CheckExact(t, g, err, target, depth)
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
	return sample.Determinant(target, updated, updated).Sign() != 0
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
		m = sample.Positive(t, func() *dense.Rational {
			return sample.Integers(part.Dim(), func(i, j int) int64 {
				if !full && j == small[0] && slices.Contains(large, i) {
					return 0
				}
				return rng.Int64N(9) - 4
			})
		})
		l, err := blocks.New(m, part)
		if err != nil {
			t.Fatal(err)
		}
		if l.B.Rank() == l.P && (l.C.Rank() == l.P) == full {
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
	byB := sample.List("1 0 1 0; 0 1 0 1; 0 0 1 0; 0 0 0 1") // c = 0, b invertible
	f, err := Five(byB, sample.Half(t, 4))
	sample.CheckExact(t, f, err, byB, 5)
	for n := 2; n <= 9; n++ {
		for p := n / 2; p <= (n+1)/2; p++ {
			for _, full := range []bool{true, false} {
				part := sample.RandomPartition(rng, n, p)
				m, swapped := fiveTarget(t, rng, part, full)
				f, err := Five(m, part)
				sample.CheckExact(t, f, err, m, 5)
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
	_, err = Five(sample.BlocksOf(sample.List("0 -1; 1 0"), dense.IdentityRational(3)), sample.Half(t, 5))
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
			target := sample.Unimodular(rng, c.p+c.q)
			m, err := blocks.New(target, sample.RandomPartition(rng, c.p+c.q, c.p))
			if err != nil {
				t.Fatal(err)
			}
			if !m.C.Injective() || m.C.Beside(m.E.Mul(m.C)).Rank() < c.q {
				continue
			}
			fs := five0(m)
			f, err := m.Flow(fs)
			sample.CheckExact(t, f, err, target, 5)
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
		if _, err := build(m, wide); errors.Is(err, fault.ErrPartition) == (name == "any") {
			t.Errorf("%s: parts of 1 and 4: error %v", name, err)
		}
		var shape *fault.ShapeError
		if _, err := build(m, sample.Half(t, 4)); !errors.As(err, &shape) {
			t.Errorf("%s: wrong size: error %v", name, err)
		}
		if _, err := build(sample.List("1 2; 2 4"), sample.Half(t, 2)); !errors.Is(err, fault.ErrSingular) {
			t.Errorf("%s: singular: error %v", name, err)
		}
		if _, err := build(sample.List("0 1; 1 0"), sample.Half(t, 2)); !errors.Is(err, fault.ErrOrientation) {
			t.Errorf("%s: negative determinant: error %v", name, err)
		}
	}
}

// The same flow, bit for bit, each time.
func TestSixDeterministic(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 0))
	part, _ := coupling.NewPartition(8, []int{1, 4})
	m := sample.BlocksOf(sample.List("0 -1; 1 0"), sample.Unimodular(rng, 6))
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
		m := sample.Positive(b, func() *dense.Rational { return sample.RandomInts(rng, n, 9) })
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
