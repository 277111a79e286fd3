package rational

import (
	"math/rand/v2"
	"testing"

	"flowproof/constructions/internal/sample"
	"flowproof/exactmath/dense"
)

func TestPublished(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 0))
	for n := 2; n <= 10; n++ {
		deepest := 0
		for p := n / 2; p <= (n+1)/2; p++ {
			for range 4 {
				for _, m := range []*dense.Rational{
					sample.Positive(t, func() *dense.Rational { return sample.RandomInts(rng, n, 5) }),
					sample.Unimodular(rng, n),
				} {
					f, err := Published(m, sample.RandomPartition(rng, n, p))
					sample.CheckExact(t, f, err, m, PublishedDepth(n))
					deepest = max(deepest, f.Depth())
				}
			}
		}
		if n >= 4 && deepest != PublishedDepth(n) {
			t.Errorf("n = %d: depth at most %d, the count says %d", n, deepest, PublishedDepth(n))
		}
	}
	for name, m := range sample.Degenerate() {
		n, _ := m.Dims()
		f, err := Published(m, sample.Half(t, n))
		sample.CheckExact(t, f, err, m, PublishedDepth(n))
		t.Logf("%s: depth %d", name, f.Depth())
	}
	if PublishedDepth(4) > 47 || PublishedDepth(5) > 47 {
		t.Error("more than 47 layers")
	}
}
