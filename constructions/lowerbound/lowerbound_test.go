package lowerbound

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/ratmat"
	"flowproof/constructions/internal/sample"
	"flowproof/constructions/rational"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/verify"
	"flowproof/verify/lowerbound"
)

func bound(t *testing.T, m exactmath.Matrix, part coupling.Partition) int {
	t.Helper()
	cert, err := DepthLowerBound(m, part)
	if err != nil {
		t.Fatal(err)
	}
	if err := lowerbound.Check(m, part, cert); err != nil {
		t.Fatalf("the certificate is refused: %v", err)
	}
	return cert.Depth
}

// The witnesses of theorem 3.6: six layers are needed, and suffice.
func TestSixIsNeeded(t *testing.T) {
	j := sample.List("0 -1; 1 0")
	id := dense.IdentityRational
	witnesses := map[string]*dense.Rational{
		"diag(1,J)":           sample.BlocksOf(id(1), j),
		"diag(1,-1,-1)":       sample.BlocksOf(id(1), id(2).Scale(big.NewRat(-1, 1))),
		"diag(J,I3)":          sample.BlocksOf(j, id(3)),
		"diag(I3,3-cycle)":    sample.BlocksOf(id(3), sample.List("0 0 1; 1 0 0; 0 1 0")),
		"diag(J,-2,1,2,3,-5)": sample.BlocksOf(j, sample.List("-2"), sample.List("-1"), sample.List("2 1; 1 2"), sample.List("3 1; 1 7")),
	}
	for n := 4; n <= 17; n++ {
		witnesses[fmt.Sprintf("diag(J,I%d)", n-2)] = sample.BlocksOf(j, id(n-2))
		if p := n / 2; n%2 == 1 { // diag(a, -I_q), det a = (-1)^q
			a := id(p)
			if p%2 == 0 {
				a = sample.BlocksOf(sample.List("-1"), id(p-1))
			}
			witnesses[fmt.Sprintf("diag(a,-I%d)", n-p)] = sample.BlocksOf(a, id(n-p).Scale(big.NewRat(-1, 1)))
		}
	}
	for name, m := range witnesses {
		n, _ := m.Dims()
		part := sample.Half(t, n)
		if got := bound(t, m, part); got != 6 {
			t.Errorf("%s: bound %d, want 6", name, got)
		}
		f, err := rational.Six(m, part)
		sample.CheckExact(t, f, err, m, 6)
		if f.Depth() != 6 {
			t.Errorf("%s: depth %d contradicts the bound", name, f.Depth())
		}
	}
	// n = 2: four layers are needed by diag(-1, -1).
	if got := bound(t, id(2).Scale(big.NewRat(-1, 1)), sample.Half(t, 2)); got != 4 {
		t.Errorf("-I: bound %d, want 4", got)
	}
	// One coordinate against n - 1: -I needs 2n layers.
	for n := 2; n <= 12; n += 2 {
		part, _ := coupling.NewPartition(n, []int{n / 2})
		if got := bound(t, id(n).Scale(big.NewRat(-1, 1)), part); got != 2*n {
			t.Errorf("-I on 1 + %d: bound %d, want %d", n-1, got, 2*n)
		}
	}
}

// Theorem 3.7: on parts of p < q coordinates, AnyDepth layers are needed by diag(a,
// -I), and suffice.
func TestAnyDepthIsLeast(t *testing.T) {
	for n := 3; n <= 10; n++ {
		for p := 1; 2*p < n; p++ {
			q := n - p
			m := sample.Integers(n, func(i, j int) int64 {
				switch {
				case i != j:
					return 0
				case i == 0:
					return 1 - 2*int64(q%2)
				case i < p:
					return 1
				}
				return -1
			})
			small, _ := coupling.NewPartition(n, ratmat.Span(0, p))
			large, _ := coupling.NewPartition(n, ratmat.Span(p, n))
			for _, part := range []coupling.Partition{small, large} {
				if got := bound(t, m, part); got != rational.AnyDepth(p, q) {
					t.Errorf("%d + %d: bound %d, want %d", part.P(), part.Q(), got, rational.AnyDepth(p, q))
				}
				f, err := rational.AnyPartition(m, part)
				sample.CheckExact(t, f, err, m, rational.AnyDepth(p, q))
				if f.Depth() != rational.AnyDepth(p, q) {
					t.Errorf("%d + %d: depth %d contradicts the bound", part.P(), part.Q(), f.Depth())
				}
			}
		}
	}
}

// The bound never exceeds the depth of a flow that exists, and is the least depth
// of every 2 x 2 map with entries -3..3.
func TestBoundIsSound(t *testing.T) {
	part := sample.Half(t, 2)
	maps := 0
	for id := range 7 * 7 * 7 * 7 {
		v := id
		m := sample.Integers(2, func(_, _ int) int64 { v, id = v/7, v%7; return int64(id) - 3 })
		f, err := rational.Six(m, part)
		if sample.Determinant(m, ratmat.Span(0, 2), ratmat.Span(0, 2)).Sign() <= 0 {
			if err == nil {
				t.Fatalf("%v: no error", m.Float64s())
			}
			continue
		}
		if err != nil {
			t.Fatalf("%v: %v", m.Float64s(), err)
		}
		maps++
		if got := bound(t, m, part); got != f.Depth() {
			t.Fatalf("%v: bound %d, but depth %d", m.Float64s(), got, f.Depth())
		}
	}
	if maps < 1000 {
		t.Errorf("only %d maps of positive determinant", maps)
	}
	rng := rand.New(rand.NewPCG(12, 0))
	reached := map[int]int{}
	for trial := range 800 {
		n := 2 + rng.IntN(6)
		part := sample.RandomPartition(rng, n, 1+rng.IntN(n-1))
		k := trial % 8
		f := sample.RandomExactFlow(t, rng, part, k, trial%3 > 0)
		m, err := verify.Compose(f)
		if err != nil {
			t.Fatal(err)
		}
		got := bound(t, m, part)
		if got > k {
			t.Fatalf("bound %d for a product of %d layers on %v: %v", got, k, part, dense.ToRational(m).Float64s())
		}
		reached[k-got]++
	}
	t.Logf("depth of the random product less the bound: %v", reached)
	for range 150 {
		n := 2 + rng.IntN(4)
		part := sample.RandomPartition(rng, n, 1+rng.IntN(n-1))
		m := sample.Positive(t, func() *dense.Rational { return sample.RandomInts(rng, n, 1) })
		f, err := rational.AnyPartition(m, part)
		sample.CheckExact(t, f, err, m, rational.AnyDepth(part.P(), part.Q()))
		if got := bound(t, m, part); got > f.Depth() || f.Depth() <= 3 && got != f.Depth() {
			t.Fatalf("%v on %v: bound %d, depth %d", m.Float64s(), part, got, f.Depth())
		}
	}
}

// Block diagonal maps on 1 + 2 and 2 + 2 coordinates with small entries: the
// bound says six exactly when the criterion of section 3 does, worked out by hand
// for these sizes.
func TestBoundBlockDiagonal(t *testing.T) {
	draw := func(id *int) int64 {
		v := *id%3 - 1
		*id /= 3
		return int64(v)
	}
	for id := range 3 * 81 {
		v := id
		entries := [5]int64{}
		for k := range entries {
			entries[k] = draw(&v)
		}
		a, e := entries[0], entries[1:]
		det := e[0]*e[3] - e[1]*e[2]
		if a*det <= 0 {
			continue
		}
		m := sample.Integers(3, func(i, j int) int64 {
			switch {
			case i == 0 && j == 0:
				return a
			case i > 0 && j > 0:
				return e[2*(i-1)+j-1]
			}
			return 0
		})
		// det(D - e) > 0 for all D > 0 if and only if -e has no negative principal minor.
		six := det >= 0 && e[0] <= 0 && e[3] <= 0
		if got := bound(t, m, sample.Half(t, 3)); (got == 6) != six {
			t.Errorf("%v: bound %d, six needed: %v", m.Float64s(), got, six)
		}
	}
	sign := func(x, y int64) (neg, zero, pos bool) { // of x/d1 + y/d2
		return x < 0 || y < 0, x*y < 0 || x == 0 && y == 0, x > 0 || y > 0
	}
	rng := rand.New(rand.NewPCG(13, 0))
	for range 300 {
		a, e := sample.RandomInts(rng, 2, 2), sample.RandomInts(rng, 2, 2)
		m := sample.BlocksOf(a, e)
		if sample.Determinant(a, ratmat.Span(0, 2), ratmat.Span(0, 2)).Sign()*sample.Determinant(e, ratmat.Span(0, 2), ratmat.Span(0, 2)).Sign() <= 0 {
			continue
		}
		entry := func(x *dense.Rational, i int) int64 { return x.At(i, i).Num().Int64() }
		s := int64(sample.Determinant(a, ratmat.Span(0, 2), ratmat.Span(0, 2)).Sign()) // a^-1 has the diagonal of the adjugate
		n1, z1, p1 := sign(entry(e, 0), entry(e, 1))
		n2, z2, p2 := sign(s*entry(a, 1), s*entry(a, 0))
		six := !(n1 && n2 || z1 && z2 || p1 && p2) // the traces never agree
		if got := bound(t, m, sample.Half(t, 4)); (got == 6) != six {
			t.Errorf("%v: bound %d, six needed: %v", m.Float64s(), got, six)
		}
	}
}

// Every rule is found on some map.
func TestBoundRules(t *testing.T) {
	seen := map[lowerbound.Rule]bool{}
	rng := rand.New(rand.NewPCG(14, 0))
	maps := []*dense.Rational{}
	for _, m := range sample.Degenerate() {
		maps = append(maps, m)
	}
	for range 300 {
		maps = append(maps, sample.RandomInts(rng, 2+rng.IntN(4), 1))
	}
	for _, m := range maps {
		n, _ := m.Dims()
		cert, err := DepthLowerBound(m, sample.Half(t, n))
		if errors.Is(err, fault.ErrSingular) || errors.Is(err, fault.ErrOrientation) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range cert.Reasons {
			seen[r.Rule] = true
		}
	}
	for _, r := range []lowerbound.Rule{lowerbound.Shape, lowerbound.Signs, lowerbound.Kernel, lowerbound.Rank, lowerbound.Coefficient, lowerbound.Inertia} {
		if !seen[r] {
			t.Errorf("rule %q was never used", r)
		}
	}
}

// More than ten coordinates need weights in place of minors.
func TestBoundWithWeights(t *testing.T) {
	const n = 14
	part, _ := coupling.NewPartition(n, []int{0})
	// The second block is skew but for a scaling and one entry -1, so e - D is never
	// singular.
	m := sample.Integers(n, func(i, j int) int64 {
		switch {
		case i == 0 && j == 0, i == n-1 && j == n-1:
			return -1
		case j == i+1 && i%2 == 1:
			return -2
		case i == j+1 && j%2 == 1:
			return 3
		}
		return 0
	})
	cert, err := DepthLowerBound(m, part)
	if err != nil || cert.Depth != 2*n {
		t.Errorf("%+v, %v", cert, err)
	}
	for _, r := range cert.Reasons {
		if f := r.Fields[len(r.Fields)-1]; f.Name != "weights" || len(f.Values) != n-1 {
			t.Errorf("%+v", r)
		}
	}
	f, err := rational.AnyPartition(m, part)
	sample.CheckExact(t, f, err, m, 2*n)
}

func TestBoundRefuses(t *testing.T) {
	wide, err := coupling.NewPartition(5, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DepthLowerBound(dense.IdentityRational(5), wide); err != nil {
		t.Errorf("parts of 1 and 4: %v", err)
	}
	var shape *fault.ShapeError
	if _, err := DepthLowerBound(dense.IdentityRational(5), sample.Half(t, 4)); !errors.As(err, &shape) {
		t.Errorf("wrong size: error %v", err)
	}
	if _, err := DepthLowerBound(sample.List("1 2; 2 4"), sample.Half(t, 2)); !errors.Is(err, fault.ErrSingular) {
		t.Errorf("singular: error %v", err)
	}
	if _, err := DepthLowerBound(sample.List("0 1; 1 0"), sample.Half(t, 2)); !errors.Is(err, fault.ErrOrientation) {
		t.Errorf("negative determinant: error %v", err)
	}
}
