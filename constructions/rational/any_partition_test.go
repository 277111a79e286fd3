package rational

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/constructions/internal/blocks"
	"flowproof/constructions/internal/sample"
	"flowproof/coupling"
	"flowproof/exactmath/dense"
)

// Every pair of sizes with p + q <= 9: generic maps below AnyDepth, without scales
// if the determinant is 1, degenerate ones within it; -I with a single coordinate
// reaches it.
func TestAnyPartition(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 0))
	for n := 2; n <= 9; n++ {
		maps := []*dense.Rational{
			sample.Unimodular(rng, n),
			sample.Positive(t, func() *dense.Rational { return sample.RandomInts(rng, n, 1) }),
			sample.Integers(n, func(i, j int) int64 { // cyclic shift, the sign in the corner
				if j == (i+1)%n {
					return 1 - 2*int64((n-1)%2)*int64(i/(n-1))
				}
				return 0
			}),
			sample.Integers(n, func(i, j int) int64 { // diag(J, 1, .., 1)
				switch {
				case i+j == 1:
					return int64(i - j)
				case i == j && i > 1:
					return 1
				}
				return 0
			}),
		}
		minus := sample.Integers(n, func(i, j int) int64 {
			if i != j {
				return 0
			}
			return -1
		})
		if n%2 == 0 {
			maps = append(maps, minus)
		}
		for p := 1; p < n; p++ {
			for _, m := range maps {
				part := sample.RandomPartition(rng, n, p)
				f, err := AnyPartition(m, part)
				sample.CheckExact(t, f, err, m, AnyDepth(p, n-p))
			}
			for _, det1 := range []bool{false, true} {
				m := sample.Positive(t, func() *dense.Rational { return sample.RandomInts(rng, n, 9) })
				if det1 {
					m = sample.Rational(t, triangular(rng, n, 4).Mul(triangular(rng, n, 4).Transpose()))
				}
				f, err := AnyPartition(m, sample.RandomPartition(rng, n, p))
				sample.CheckExact(t, f, err, m, AnyDepth(p, n-p)-1)
				for _, l := range f.Layers() {
					if det1 && f.Depth() > 4 && l.Scale().Kind() != coupling.ScaleOne {
						t.Errorf("a map of determinant 1 on %d + %d, %d layers: a scale", p, n-p, f.Depth())
					}
				}
			}
		}
		if n%2 == 0 {
			f, err := AnyPartition(minus, sample.RandomPartition(rng, n, 1))
			if err != nil || f.Depth() != 2*n {
				t.Errorf("-I on 1 + %d: depth %d, want %d (%v)", n-1, f.Depth(), 2*n, err)
			}
		}
	}
}

func TestAnyDepth(t *testing.T) {
	for _, c := range []struct{ p, q, want int }{
		{1, 1, 4}, {1, 2, 6}, {2, 1, 6}, {2, 2, 6}, {2, 3, 6}, {7, 8, 6}, {1, 9, 20}, {2, 4, 6}, {2, 5, 8}, {2, 6, 8}, {3, 8, 8}, {8, 3, 8}, {4, 7, 6}, {4, 9, 8},
	} {
		if got := AnyDepth(c.p, c.q); got != c.want {
			t.Errorf("AnyDepth(%d, %d) = %d, want %d", c.p, c.q, got, c.want)
		}
	}
}

// Section 2.5: without scales, 2 ceil((q-1)/p) + 4 layers are enough for every map of
// determinant 1 on parts of p < q coordinates; for p + 2 <= q <= 2p that is eight,
// which -I needs if p + q is even.
func TestAdditiveAnyPartition(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 0))
	for _, c := range []struct{ p, q, depth int }{
		{1, 2, 6}, {1, 3, 8}, {2, 3, 6}, {2, 4, 8}, {2, 5, 8}, {2, 6, 10}, {3, 5, 8}, {3, 6, 8}, {4, 6, 8},
	} {
		n := c.p + c.q
		maps := []*dense.Rational{sample.Unimodular(rng, n), sample.Unimodular(rng, n), dense.IdentityRational(n)}
		if n%2 == 0 {
			maps = append(maps, dense.IdentityRational(n).Scale(big.NewRat(-1, 1)))
		}
		for _, target := range maps {
			part := sample.RandomPartition(rng, n, c.p)
			m, err := blocks.New(target, part)
			if err != nil {
				t.Fatal(err)
			}
			var fs []blocks.Layer
			ok := false
			for try := 0; !ok && try < 50; try++ {
				s := triangular(rng, c.q, 2).Mul(triangular(rng, c.q, 2).Transpose())
				fs, ok = additive(m, randomQ(rng, c.q, c.p, 3), s, c.p+1)
			}
			if !ok {
				t.Fatalf("%d + %d: nothing in general position in 50 draws", c.p, c.q)
			}
			if len(fs) != c.depth {
				t.Errorf("%d + %d: %d layers, want %d", c.p, c.q, len(fs), c.depth)
			}
			for _, f := range fs {
				if f.Scale != nil {
					t.Errorf("%d + %d: a scale", c.p, c.q)
				}
			}
			f, err := m.Flow(fs)
			sample.CheckExact(t, f, err, target, c.depth)
		}
	}
}
