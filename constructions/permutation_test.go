package constructions

import (
	"errors"
	"math"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath/sparse"
	"flowproof/verify"
)

// visitEven calls visit for all even permutations of n points.
func visitEven(n int, visit func(perm []int)) {
	perm := make([]int, n)
	for i := range perm {
		perm[i] = i
	}
	visitPermutations(perm, 0, func(perm []int) {
		if (n-len(cyclesOf(perm)))%2 == 0 {
			visit(perm)
		}
	})
}

// randomEven returns a random even permutation.
func randomEven(rng *rand.Rand, n int) []int {
	perm := rng.Perm(n)
	if (n-len(cyclesOf(perm)))%2 != 0 {
		perm[0], perm[1] = perm[1], perm[0]
	}
	return perm
}

// permHolds multiplies the layers out in integers, over one power of two, and
// compares with the permutation.
func permHolds(f *coupling.Flow, perm []int) bool {
	n := len(perm)
	parts := [2][]int{f.Partition().First(), f.Partition().Second()}
	m := make([][]int64, n)
	for i := range m {
		m[i] = make([]int64, n)
		m[i][i] = 1
	}
	one := int64(1)
	for _, l := range f.Layers() {
		rows, cols := parts[1], parts[0] // columns of the rows' part are read, of the other written
		if l.Kind() == coupling.Upper {
			rows, cols = cols, rows
		}
		x := l.Weight().(*sparse.Matrix)
		one *= 2
		for _, row := range m {
			for _, j := range cols {
				row[j] *= 2
			}
			for i, r := range rows {
				at, vals := x.Row(i)
				for k, j := range at {
					v := int64(2 * vals[k])
					if float64(v) != 2*vals[k] {
						return false
					}
					row[cols[j]] += row[r] * v
				}
				row[r] *= 2
			}
		}
	}
	for i, row := range m {
		for j, v := range row {
			if want := int64(0); perm[j] == i {
				if v != one {
					return false
				}
			} else if v != want {
				return false
			}
		}
	}
	return true
}

// entriesOf returns the largest number of entries in a row, the largest entry,
// and whether all are integers.
func entriesOf(f *coupling.Flow) (row int, top float64, integer bool) {
	integer = true
	for _, l := range f.Layers() {
		x := l.Weight().(*sparse.Matrix)
		rows, _ := x.Dims()
		for i := range rows {
			_, vals := x.Row(i)
			row = max(row, len(vals))
			for _, v := range vals {
				top = max(top, math.Abs(v))
				integer = integer && v == math.Trunc(v)
			}
		}
	}
	return row, top, integer
}

// checkPermutation checks all constructors on one permutation: the product, the
// depth, the kinds of entries.
func checkPermutation(t *testing.T, perm []int, part coupling.Partition) DepthBounds {
	t.Helper()
	bounds, err := PermutationDepth(perm, part)
	if err != nil {
		t.Fatal(err)
	}
	for k, build := range []func([]int, coupling.Partition) (*coupling.Flow, error){Permutation, PermutationInteger, PermutationSix} {
		f, err := build(perm, part)
		if err != nil {
			t.Fatalf("%v on %v: %v", perm, part, err)
		}
		if !permHolds(f, perm) {
			t.Fatalf("%v on %v, constructor %d: wrong product", perm, part, k)
		}
		want := bounds.Upper
		if k == 2 && want == 5 {
			want = 6
		}
		if d := f.Depth(); d > want || d < bounds.Lower || k < 2 && d != want {
			t.Fatalf("%v on %v, constructor %d: depth %d, bounds %+v", perm, part, k, d, bounds)
		}
		if len(f.Layers()) != f.Depth() {
			t.Fatalf("%v on %v: %d layers, depth %d", perm, part, len(f.Layers()), f.Depth())
		}
		row, top, integer := entriesOf(f)
		if row > 8 || top > 2 || k == 1 && !integer {
			t.Fatalf("%v on %v, constructor %d: %d entries in a row, largest %v, integer %v", perm, part, k, row, top, integer)
		}
	}
	return bounds
}

// TestPermutationExhaustive is theorems 4.1, 4.2 and 4.3 for all even
// permutations of up to 8 points (9 with -long), and counts the bounds on the
// least depth.
func TestPermutationExhaustive(t *testing.T) {
	counts := map[int]map[[2]int]int{
		2: {{0, 0}: 1},
		3: {{0, 0}: 1, {5, 5}: 2},
		4: {{0, 0}: 1, {4, 4}: 1, {5, 5}: 10},
		5: {{0, 0}: 1, {4, 4}: 3, {5, 5}: 42, {5, 6}: 12, {6, 6}: 2},
		6: {{0, 0}: 1, {4, 4}: 13, {5, 5}: 234, {5, 6}: 108, {6, 6}: 4},
		7: {{0, 0}: 1, {4, 4}: 34, {5, 5}: 1440, {5, 6}: 984, {6, 6}: 61},
		8: {{0, 0}: 1, {4, 4}: 145, {5, 5}: 12288, {5, 6}: 7392, {6, 6}: 334},
	}
	top := 8
	if *long {
		top = 9
	}
	for n := 2; n <= top; n++ {
		part := half(t, n)
		got := map[[2]int]int{}
		visitEven(n, func(perm []int) {
			b := checkPermutation(t, perm, part)
			got[[2]int{b.Lower, b.Upper}]++
		})
		for b, k := range counts[n] {
			if got[b] != k {
				t.Errorf("n = %d: %d permutations with bounds %v, want %d", n, got[b], b, k)
			}
		}
		t.Logf("n = %d: %v", n, got)
	}
}

// TestPermutationPartitions takes all partitions into parts that differ by at
// most one, larger first part included.
func TestPermutationPartitions(t *testing.T) {
	for n := 2; n <= 6; n++ {
		for set := range 1 << n {
			if k := bits.OnesCount(uint(set)); k != n/2 && k != (n+1)/2 {
				continue
			}
			var first []int
			for i := range n {
				if set>>i&1 == 1 {
					first = append(first, i)
				}
			}
			part, err := coupling.NewPartition(n, first)
			if err != nil {
				t.Fatal(err)
			}
			visitEven(n, func(perm []int) { checkPermutation(t, perm, part) })
		}
	}
}

// namedPermutations are the reorderings that flows use, made even by exchanging
// the last two images where they are odd.
func namedPermutations(n int) map[string][]int {
	h := n / 2
	out := map[string][]int{}
	for name, to := range map[string]func(j int) int{
		"swap of halves": func(j int) int { return (j + h) % n },
		"reversal":       func(j int) int { return n - 1 - j },
		"shuffle": func(j int) int {
			if j < n-h {
				return 2 * j
			}
			return 2*(j-(n-h)) + 1
		},
		"rotation": func(j int) int { return (j + 1) % n },
		"cycle of the first part": func(j int) int {
			if j < h {
				return (j + 1) % h
			}
			return j
		},
		"bit reversal": func(j int) int {
			if n&(n-1) != 0 {
				return j ^ 1&(n-1-n%2)
			}
			return int(bits.Reverse64(uint64(j)) >> (64 - bits.TrailingZeros(uint(n))))
		},
	} {
		perm := make([]int, n)
		seen := make([]bool, n)
		ok := true
		for j := range perm {
			perm[j] = to(j)
			ok = ok && perm[j] < n && !seen[perm[j]]
			if ok {
				seen[perm[j]] = true
			}
		}
		if !ok {
			continue
		}
		if (n-len(cyclesOf(perm)))%2 != 0 {
			perm[n-1], perm[n-2] = perm[n-2], perm[n-1]
		}
		out[name] = perm
	}
	return out
}

func TestPermutationNamed(t *testing.T) {
	for _, n := range []int{8, 9, 16, 27, 32} {
		checker, err := coupling.Checkerboard(n)
		if err != nil {
			t.Fatal(err)
		}
		for name, perm := range namedPermutations(n) {
			t.Logf("n = %d, %s: %+v", n, name, checkPermutation(t, perm, half(t, n)))
			checkPermutation(t, perm, checker)
		}
	}
}

// TestPermutationLarge goes through package verify.
func TestPermutationLarge(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	check := func(perm []int, part coupling.Partition, build func([]int, coupling.Partition) (*coupling.Flow, error)) {
		t.Helper()
		f, err := build(perm, part)
		if err != nil {
			t.Fatal(err)
		}
		target, err := sparse.Permutation(perm)
		if err != nil {
			t.Fatal(err)
		}
		r, err := verify.Check(f, target)
		if err != nil {
			t.Fatal(err)
		}
		if row, _, _ := entriesOf(f); r.Verdict != verify.Exact || r.Depth > 6 || row > 8 {
			t.Fatalf("n = %d: %s, depth %d, %d entries in a row", len(perm), r.Verdict, r.Depth, row)
		}
	}
	for _, n := range []int{16, 17, 64, 65, 255, 256, 1000, 2047, 2048} {
		part := half(t, n)
		for range 3 {
			perm := randomEven(rng, n)
			for _, build := range []func([]int, coupling.Partition) (*coupling.Flow, error){Permutation, PermutationInteger, PermutationSix} {
				check(perm, part, build)
			}
			if b, _ := PermutationDepth(perm, part); n >= 255 && b.Upper != 5 {
				t.Errorf("n = %d: no five layers found for a random permutation", n)
			}
		}
		for _, perm := range namedPermutations(n) {
			check(perm, part, Permutation)
			check(perm, part, PermutationSix)
		}
	}
	n := 100_000
	check(randomEven(rng, n), half(t, n), PermutationSix)
	check(randomEven(rng, n+1), half(t, n+1), Permutation)
}

// TestPermutationCondition measures every layer by its singular values, against
// the constants of theorem 4.1.
func TestPermutationCondition(t *testing.T) {
	worst := map[string]float64{}
	measure := func(perm []int, part coupling.Partition) {
		for name, build := range map[string]func([]int, coupling.Partition) (*coupling.Flow, error){
			"least": Permutation, "integer": PermutationInteger, "six": PermutationSix} {
			f, err := build(perm, part)
			if err != nil {
				t.Fatal(err)
			}
			bound := PermutationBound
			if name == "six" && len(perm)%2 == 0 {
				bound, name = PermutationSixBound, "six, n even"
			}
			for _, l := range f.Layers() {
				r, c := l.Weight().Dims()
				x := mat.NewDense(r, c, l.Weight().Float64s())
				if additiveCondition(mat.Norm(x, 2)) <= worst[name] {
					continue // by its Frobenius norm
				}
				var s mat.SVD
				s.Factorize(x, mat.SVDNone)
				worst[name] = max(worst[name], additiveCondition(s.Values(nil)[0]))
			}
			if worst[name] > bound {
				t.Fatalf("%v on %v, %s: a layer of condition %v", perm, part, name, worst[name])
			}
		}
	}
	for n := 2; n <= 6; n++ {
		visitEven(n, func(perm []int) { measure(perm, half(t, n)) })
	}
	rng := rand.New(rand.NewPCG(5, 5))
	for range 60 {
		n := 7 + rng.IntN(40)
		measure(randomEven(rng, n), half(t, n))
	}
	for n := 7; n <= 32; n++ {
		for _, perm := range namedPermutations(n) {
			measure(perm, half(t, n))
		}
	}
	t.Log(worst)
}

// additiveCondition is the condition number of an additive layer whose weight
// has norm x.
func additiveCondition(x float64) float64 {
	r := (x + math.Sqrt(x*x+4)) / 2
	return r * r
}

func TestPermutationErrors(t *testing.T) {
	four := half(t, 4)
	for _, bad := range [][]int{{0, 1, 2, 4}, {0, -1, 2, 3}, {0, 1, 1, 3}} {
		var e *NotPermutationError
		if _, err := Permutation(bad, four); !errors.As(err, &e) || bad[e.Index] == e.Index {
			t.Errorf("%v: %v", bad, err)
		}
	}
	var odd *OddPermutationError
	_, err := Permutation([]int{1, 0, 2, 3}, four)
	if !errors.Is(err, ErrOrientation) || !errors.As(err, &odd) || odd.N != 4 {
		t.Errorf("odd: %v", err)
	}
	for _, word := range []string{"-1", "-det flip", "-det pad"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("odd: %v does not say %q", err, word)
		}
	}
	var shape *ShapeError
	for _, perm := range [][]int{{}, {0}, {0, 1, 2}, {0, 1, 2, 3, 4}} {
		if _, err := PermutationDepth(perm, four); !errors.As(err, &shape) {
			t.Errorf("%v: %v", perm, err)
		}
	}
	part, err := coupling.NewPartition(4, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := PermutationSix([]int{0, 1, 2, 3}, part); !errors.Is(err, ErrPartition) {
		t.Errorf("parts 1 and 3: %v", err)
	}
}

func TestFullCycles(t *testing.T) {
	check := func(nu []int) {
		t.Helper()
		sigma, phi := fullCycles(nu)
		if len(cyclesOf(sigma)) != 1 || len(cyclesOf(phi)) != 1 {
			t.Fatalf("%v: %v and %v", nu, sigma, phi)
		}
		for i := range nu {
			if sigma[phi[i]] != nu[i] {
				t.Fatalf("%v: %v after %v", nu, sigma, phi)
			}
		}
	}
	for n := 1; n <= 8; n++ {
		visitEven(n, check)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		check(randomEven(rng, 2+rng.IntN(200)))
	}
}

// FuzzPermutation reads a permutation and a partition from bytes.
func FuzzPermutation(f *testing.F) {
	f.Add([]byte{1, 0, 3, 2}, uint16(0b0011))
	f.Add([]byte{2, 0, 1, 4, 3, 5, 6}, uint16(0b1010100))
	f.Add([]byte{0, 0}, uint16(1))
	f.Add([]byte{9}, uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, mask uint16) {
		perm := make([]int, min(len(data), 12))
		var first []int
		for i := range perm {
			perm[i] = int(data[i])
			if mask>>i&1 == 1 {
				first = append(first, i)
			}
		}
		part, err := coupling.NewPartition(len(perm), first)
		if err != nil {
			return
		}
		if _, err := Permutation(perm, part); err != nil {
			var not *NotPermutationError
			if !errors.As(err, &not) && !errors.Is(err, ErrPartition) && !errors.Is(err, ErrOrientation) {
				t.Fatal(err)
			}
			return
		}
		checkPermutation(t, perm, part)
	})
}

func BenchmarkPermutation(b *testing.B) {
	perm := randomEven(rand.New(rand.NewPCG(2, 2)), 100_000)
	part, err := coupling.Half(len(perm))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Permutation(perm, part); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPermutationSix(b *testing.B) {
	perm := randomEven(rand.New(rand.NewPCG(2, 2)), 100_000)
	part, err := coupling.Half(len(perm))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := PermutationSix(perm, part); err != nil {
			b.Fatal(err)
		}
	}
}
