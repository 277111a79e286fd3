package constructions

import (
	"math/rand/v2"
	"testing"

	"flowproof/exactmath/dense"
)

// Every pair of sizes with p + q <= 9: generic maps below AnyDepth, degenerate ones within it; -I with a single coordinate reaches it.
func TestAnyPartition(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 0))
	for n := 2; n <= 9; n++ {
		maps := []*dense.Rational{
			unimodular(rng, n),
			positive(t, func() *dense.Rational { return randomInts(rng, n, 1) }),
			integers(n, func(i, j int) int64 { // cyclic shift, the sign in the corner
				if j == (i+1)%n {
					return 1 - 2*int64((n-1)%2)*int64(i/(n-1))
				}
				return 0
			}),
			integers(n, func(i, j int) int64 { // diag(J, 1, .., 1)
				switch {
				case i+j == 1:
					return int64(i - j)
				case i == j && i > 1:
					return 1
				}
				return 0
			}),
		}
		minus := integers(n, func(i, j int) int64 {
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
				part := randomPartition(rng, n, p)
				f, err := AnyPartition(m, part)
				checkExact(t, f, err, m, AnyDepth(p, n-p))
			}
			f, err := AnyPartition(positive(t, func() *dense.Rational { return randomInts(rng, n, 9) }), randomPartition(rng, n, p))
			if err != nil {
				t.Fatal(err)
			}
			if want := AnyDepth(p, n-p) - 1; f.Depth() > want {
				t.Errorf("a generic map on %d + %d: depth %d, want at most %d", p, n-p, f.Depth(), want)
			}
		}
		if n%2 == 0 {
			f, err := AnyPartition(minus, randomPartition(rng, n, 1))
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
