package permutation

import (
	"errors"
	"math"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/sample"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
	"flowproof/verify"
)

// visitEven calls visit for all even permutations of n points.
func visitEven(n int, visit func(perm []int)) {
	perm := make([]int, n)
	for i := range perm {
		perm[i] = i
	}
	sample.VisitPermutations(perm, 0, func(perm []int) {
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

// matrixOf returns the matrix that sends e_j to e_perm[j].
func matrixOf(perm []int) *sparse.Matrix { return permMust(sparse.Permutation(perm)) }

// visitSigned calls visit for all permutations of n points with signs, those of
// determinant 1.
func visitSigned(n int, visit func(perm []int, sign []float64)) {
	perm, sign := make([]int, n), make([]float64, n)
	for i := range perm {
		perm[i] = i
	}
	sample.VisitPermutations(perm, 0, func(perm []int) {
		for set := range uint(1) << n {
			for i := range sign {
				sign[i] = 1 - 2*float64(set>>i&1)
			}
			if (n-len(cyclesOf(perm))+bits.OnesCount(set))%2 == 0 {
				visit(perm, sign)
			}
		}
	})
}

// randomSigned returns a random permutation with signs, of determinant 1.
func randomSigned(rng *rand.Rand, n int) *sparse.Matrix {
	perm, sign := rng.Perm(n), make([]float64, n)
	negative := n - len(cyclesOf(perm))
	for i := range sign {
		sign[i] = 1 - 2*float64(rng.IntN(2))
		if sign[i] < 0 {
			negative++
		}
	}
	if negative%2 == 1 {
		sign[0] = -sign[0]
	}
	return permMust(sparse.FromSigned(perm, sign))
}

// permHolds multiplies the layers out in integers, over one power of two, and
// compares with the target.
func permHolds(f *coupling.Flow, target *sparse.Matrix) bool {
	n, _ := target.Dims()
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
		cols, vals := target.Row(i)
		row[cols[0]] -= int64(vals[0]) * one
		for _, v := range row {
			if v != 0 {
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

// builder is one of the constructors.
type builder = func(exactmath.Matrix, coupling.Partition) (*coupling.Flow, error)

// checkPermutation checks all constructors on one permutation: the product, the
// depth, the kinds of entries.
func checkPermutation(t *testing.T, target *sparse.Matrix, part coupling.Partition) DepthBounds {
	t.Helper()
	bounds, err := PermutationDepth(target, part)
	if err != nil {
		t.Fatal(err)
	}
	perm, sign, _ := sparse.SignedPermutation(target)
	plan := permMust(newPermBlocks(target, part)).plan()
	for k, build := range []builder{Permutation, PermutationInteger, PermutationSix} {
		f, err := build(target, part)
		if err != nil {
			t.Fatalf("%v %v on %v: %v", perm, sign, part, err)
		}
		if !permHolds(f, target) {
			t.Fatalf("%v %v on %v, constructor %d: wrong product", perm, sign, part, k)
		}
		d, want := f.Depth(), bounds.Upper
		if k == 2 && (plan.rewiring != nil || plan.turns) { // which it does not look for
			want = d
		}
		if d != want || d > 6 || d < bounds.Lower {
			t.Fatalf("%v %v on %v, constructor %d: depth %d, bounds %+v", perm, sign, part, k, d, bounds)
		}
		if len(f.Layers()) != d {
			t.Fatalf("%v %v on %v: %d layers, depth %d", perm, sign, part, len(f.Layers()), d)
		}
		row, top, integer := entriesOf(f)
		if row > 8 || top > 2 || k == 1 && !integer {
			t.Fatalf("%v %v on %v, constructor %d: %d entries in a row, largest %v, integer %v", perm, sign, part, k, row, top, integer)
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
	if *sample.Long {
		top = 9
	}
	for n := 2; n <= top; n++ {
		part := sample.Half(t, n)
		got := map[[2]int]int{}
		visitEven(n, func(perm []int) {
			b := checkPermutation(t, matrixOf(perm), part)
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

// TestSignedExhaustive is theorem 4.9 for all permutations with signs of up to 5
// points (6 with -long), and counts the bounds on the least depth.
func TestSignedExhaustive(t *testing.T) {
	counts := map[int]map[[2]int]int{
		2: {{0, 0}: 1, {3, 3}: 2, {4, 4}: 1},
		3: {{0, 0}: 1, {3, 3}: 4, {4, 4}: 4, {5, 5}: 12, {6, 6}: 3},
		4: {{0, 0}: 1, {3, 3}: 16, {4, 4}: 61, {5, 5}: 104, {6, 6}: 10},
		5: {{0, 0}: 1, {3, 3}: 36, {4, 4}: 177, {4, 5}: 24, {5, 5}: 936, {5, 6}: 552, {6, 6}: 194},
	}
	top := 5
	if *sample.Long {
		top = 6
	}
	for n := 2; n <= top; n++ {
		part := sample.Half(t, n)
		got := map[[2]int]int{}
		visitSigned(n, func(perm []int, sign []float64) {
			b := checkPermutation(t, permMust(sparse.FromSigned(perm, sign)), part)
			got[[2]int{b.Lower, b.Upper}]++
		})
		if want, ok := counts[n]; ok && !cmp.Equal(got, want) {
			t.Errorf("n = %d: bounds %v, want %v", n, got, want)
		}
		t.Logf("n = %d: %v", n, got)
	}
}

// TestPermutationPartitions takes all permutations with signs, on all partitions
// into parts that differ by at most one, larger first part included.
func TestPermutationPartitions(t *testing.T) {
	top := 4
	if *sample.Long {
		top = 6
	}
	for n := 2; n <= top; n++ {
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
			visitSigned(n, func(perm []int, sign []float64) {
				checkPermutation(t, permMust(sparse.FromSigned(perm, sign)), part)
			})
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
			b := checkPermutation(t, matrixOf(perm), sample.Half(t, n))
			t.Logf("n = %d, %s: at least %d, at most %d", n, name, b.Lower, b.Upper)
			checkPermutation(t, matrixOf(perm), checker)
		}
	}
}

// TestRewiringPureCycles plants cycles of all small types inside the parts: the
// search has to find runs for each, with the signs that they need.
func TestRewiringPureCycles(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	const trials = 150
	found := 0
	for range trials {
		n := 90 + rng.IntN(40)
		p := n / 2
		perm, sign := make([]int, n), make([]float64, n)
		for i := range sign {
			perm[i], sign[i] = -1, 1-2*float64(rng.IntN(2))
		}
		for _, part := range [][2]int{{0, p}, {p, n}} {
			at := part[0]
			for range rng.IntN(6) {
				length := 1 + rng.IntN(4)
				for k := range length {
					perm[at+k] = at + (k+1)%length
				}
				at += length
			}
		}
		var rest []int // visits both parts
		for i, j := range perm {
			if j < 0 {
				rest = append(rest, i)
			}
		}
		images := rng.Perm(len(rest))
		for k, i := range rest {
			perm[i] = rest[images[k]]
		}
		if sparse.PermutationSign(perm, sign) < 0 {
			sign[rest[0]] = -sign[rest[0]]
		}
		target := permMust(sparse.FromSigned(perm, sign))
		if b := checkPermutation(t, target, sample.Half(t, n)); b.Upper == 5 {
			found++
		}
	}
	if found < trials-5 { // the search promises nothing; these are 146
		t.Errorf("five layers for %d of %d", found, trials)
	}
}

// normFromBelow is |x^T x v| / |x v| after ten steps of the power method: at most the
// spectral norm of x, and near it.
func normFromBelow(x *sparse.Matrix) float64 {
	rows, cols := x.Dims()
	rng := rand.New(rand.NewPCG(3, 3))
	v, u := make([]float64, cols), make([]float64, rows)
	for j := range v {
		v[j] = rng.NormFloat64()
	}
	norm := 0.0
	for range 10 {
		var before, after float64
		for i := range u {
			u[i] = 0
			at, vals := x.Row(i)
			for k, j := range at {
				u[i] += vals[k] * v[j]
			}
			before += u[i] * u[i]
		}
		clear(v)
		for i := range u {
			at, vals := x.Row(i)
			for k, j := range at {
				v[j] += vals[k] * u[i]
			}
		}
		for j := range v {
			after += v[j] * v[j]
		}
		if before == 0 {
			return 0
		}
		norm = math.Sqrt(after / before)
		for j := range v {
			v[j] /= math.Sqrt(after)
		}
	}
	return norm
}

// TestPermutationLarge goes through package verify, and measures the layers.
func TestPermutationLarge(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	check := func(target *sparse.Matrix, part coupling.Partition, build builder, bound float64) {
		t.Helper()
		f, err := build(target, part)
		if err != nil {
			t.Fatal(err)
		}
		r, err := verify.Check(f, target)
		if err != nil {
			t.Fatal(err)
		}
		if row, _, _ := entriesOf(f); r.Verdict != verify.Exact || r.Depth > 6 || row > 8 {
			t.Fatalf("n = %d: %s, depth %d, %d entries in a row", part.Dim(), r.Verdict, r.Depth, row)
		}
		for _, l := range f.Layers() {
			if c := additiveCondition(normFromBelow(l.Weight().(*sparse.Matrix))); c > bound {
				t.Fatalf("n = %d: a layer of condition %v, want at most %v", part.Dim(), c, bound)
			}
		}
	}
	all := func(target *sparse.Matrix, part coupling.Partition) {
		t.Helper()
		check(target, part, Permutation, PermutationBound)
		check(target, part, PermutationInteger, PermutationBound)
		if part.Dim()%2 == 0 {
			check(target, part, PermutationSix, PermutationSixBound)
		} else {
			check(target, part, PermutationSix, PermutationBound)
		}
	}
	dims := []int{16, 17, 255, 256, 2048}
	if *sample.Long {
		dims = []int{16, 17, 64, 65, 255, 256, 1000, 2047, 2048, 10_000}
	}
	for _, n := range dims {
		part := sample.Half(t, n)
		for range 2 {
			for _, target := range []*sparse.Matrix{matrixOf(randomEven(rng, n)), randomSigned(rng, n)} {
				all(target, part)
				if b, _ := PermutationDepth(target, part); n >= 255 && b.Upper != 5 {
					t.Errorf("n = %d: no five layers found for a random permutation", n)
				}
			}
		}
		for _, perm := range namedPermutations(n) {
			all(matrixOf(perm), part)
		}
	}
	const n = 100_000
	check(matrixOf(randomEven(rng, n)), sample.Half(t, n), PermutationSix, PermutationSixBound)
	check(randomSigned(rng, n), sample.Half(t, n), PermutationInteger, PermutationBound)
	check(randomSigned(rng, n+1), sample.Half(t, n+1), Permutation, PermutationBound)
	if *sample.Long {
		all(randomSigned(rng, n), sample.Half(t, n))
		all(matrixOf(randomEven(rng, n+1)), sample.Half(t, n+1))
	}
}

// TestPermutationCondition measures every layer by its singular values, against
// the constants of theorem 4.1, and the product of the six against that of the
// theorem.
func TestPermutationCondition(t *testing.T) {
	worst := map[string]float64{}
	measure := func(target *sparse.Matrix, part coupling.Partition) {
		for name, build := range map[string]builder{"least": Permutation, "integer": PermutationInteger, "six": PermutationSix} {
			f, err := build(target, part)
			if err != nil {
				t.Fatal(err)
			}
			bound := PermutationBound
			if name == "six" && part.Dim()%2 == 0 {
				bound, name = PermutationSixBound, "six, n even"
			}
			product := 1.0
			for _, l := range f.Layers() {
				r, c := l.Weight().Dims()
				var s mat.SVD
				s.Factorize(mat.NewDense(r, c, l.Weight().Float64s()), mat.SVDNone)
				k := additiveCondition(s.Values(nil)[0])
				worst[name] = max(worst[name], k)
				product *= k
			}
			worst["product, "+name] = max(worst["product, "+name], product)
			if worst[name] > bound || name == "six, n even" && product > PermutationSixProduct {
				perm, sign, _ := sparse.SignedPermutation(target)
				t.Fatalf("%v %v on %v, %s: a layer of condition %v, the product %v", perm, sign, part, name, worst[name], product)
			}
		}
	}
	for n := 2; n <= 6; n++ {
		visitEven(n, func(perm []int) { measure(matrixOf(perm), sample.Half(t, n)) })
	}
	for n := 2; n <= 4; n++ {
		visitSigned(n, func(perm []int, sign []float64) { measure(permMust(sparse.FromSigned(perm, sign)), sample.Half(t, n)) })
	}
	rng := rand.New(rand.NewPCG(5, 5))
	for range 40 {
		n := 7 + rng.IntN(40)
		measure(matrixOf(randomEven(rng, n)), sample.Half(t, n))
		measure(randomSigned(rng, n), sample.Half(t, n))
	}
	for n := 7; n <= 32; n++ {
		for _, perm := range namedPermutations(n) {
			measure(matrixOf(perm), sample.Half(t, n))
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

// TestPermutationConstants computes the constants from the norms in theorem 4.1.
func TestPermutationConstants(t *testing.T) {
	product := 1.0
	for _, x := range []float64{1, 1 + math.Sqrt(8.0/3), 2, math.Sqrt2, 2.56, 2} {
		product *= additiveCondition(x)
	}
	for name, c := range map[string][2]float64{
		"all": {additiveCondition(3), PermutationBound}, "n even": {additiveCondition(1 + math.Sqrt(8.0/3)), PermutationSixBound},
		"product": {product, PermutationSixProduct},
	} {
		if c[0] >= c[1] || c[0] < 0.999*c[1] {
			t.Errorf("%s: the norms give %v, promised is %v", name, c[0], c[1])
		}
	}
}

func TestPermutationErrors(t *testing.T) {
	four := sample.Half(t, 4)
	for _, bad := range []*dense.Rational{dense.ToRational(permMust(exactmath.FromFloat64(4, 4, make([]float64, 16)))), denseOf(4, []sparse.Entry{
		{Row: 0, Col: 0, Value: 1}, {Row: 1, Col: 1, Value: 2}, {Row: 2, Col: 2, Value: 1}, {Row: 3, Col: 3, Value: 1}})} {
		if _, err := Permutation(bad, four); !errors.Is(err, ErrNotPermutation) {
			t.Errorf("%v: %v", bad.Float64s(), err)
		}
	}
	for _, m := range []*sparse.Matrix{matrixOf([]int{1, 0, 2, 3}), permMust(sparse.FromSigned([]int{0, 1, 2, 3}, []float64{1, 1, -1, 1}))} {
		var odd *OddPermutationError
		_, err := Permutation(m, four)
		if !errors.Is(err, fault.ErrOrientation) || !errors.As(err, &odd) || odd.N != 4 || !strings.Contains(err.Error(), "-1") {
			t.Errorf("odd: %v", err)
		}
	}
	var shape *fault.ShapeError
	for _, n := range []int{1, 3, 5} {
		if _, err := PermutationDepth(matrixOf(randomEven(rand.New(rand.NewPCG(1, 1)), n)), four); !errors.As(err, &shape) {
			t.Errorf("n = %d: %v", n, err)
		}
	}
	part, err := coupling.NewPartition(4, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := PermutationSix(matrixOf([]int{0, 1, 2, 3}), part); !errors.Is(err, fault.ErrPartition) {
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

// FuzzPermutation reads a permutation, its signs and a partition from bytes.
func FuzzPermutation(f *testing.F) {
	f.Add([]byte{1, 0, 3, 2}, uint16(0), uint16(0b0011))
	f.Add([]byte{2, 0, 1, 4, 3, 5, 6}, uint16(1), uint16(0b1010100))
	f.Add([]byte{1, 0}, uint16(1), uint16(1))
	f.Add([]byte{0, 0}, uint16(0), uint16(1))
	f.Add([]byte{9}, uint16(0), uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, signs, mask uint16) {
		n := min(len(data), 12)
		es := make([]sparse.Entry, n)
		var first []int
		for i := range es {
			es[i] = sparse.Entry{Row: int(data[i]) % n, Col: i, Value: 1 - 2*float64(signs>>i&1)}
			if mask>>i&1 == 1 {
				first = append(first, i)
			}
		}
		part, err := coupling.NewPartition(n, first)
		if err != nil {
			return
		}
		target, err := sparse.New(n, n, es)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Permutation(target, part); err != nil {
			if !errors.Is(err, ErrNotPermutation) && !errors.Is(err, fault.ErrPartition) && !errors.Is(err, fault.ErrOrientation) {
				t.Fatal(err)
			}
			return
		}
		checkPermutation(t, target, part)
	})
}

func BenchmarkPermutation(b *testing.B) {
	target := matrixOf(randomEven(rand.New(rand.NewPCG(2, 2)), 100_000))
	part, err := coupling.Half(100_000)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Permutation(target, part); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPermutationSix(b *testing.B) {
	target := matrixOf(randomEven(rand.New(rand.NewPCG(2, 2)), 100_000))
	part, err := coupling.Half(100_000)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := PermutationSix(target, part); err != nil {
			b.Fatal(err)
		}
	}
}
