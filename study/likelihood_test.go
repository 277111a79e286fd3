package study

import (
	"testing"
)

// TestLikelihoods: nearer in W2, farther in KL, as proved and as measured; and what is
// proved lies below what is measured.
func TestLikelihoods(t *testing.T) {
	l := Likelihoods{Targets: []string{"square"}, Deltas: []string{"0.5", "0.3", "0.2"}, Points: 4096, Seed: 1}
	entries, err := l.Run()
	if err != nil {
		t.Fatal(err)
	}
	e := entries[0]
	lo, hi := e.Plane.Integral.Bounds()
	if l, _ := lo.Float64(); l > 1 || l < 0.9999 {
		t.Errorf("the density integrates to at least %v", l)
	}
	if h, _ := hi.Float64(); h < 1 || h > 1.0001 {
		t.Errorf("the density integrates to at most %v", h)
	}
	least, w2 := 0.0, 1.0
	for _, r := range e.Rows {
		k := r.Diverges.AtLeast.Estimate()
		b, _ := r.Bound.Float64()
		// For the square KL is above 1/(6 eps'^2) + log(2 pi) + log(eps eps') - log 4, and eps' <= 0.2 delta.
		if !(least < k && k <= r.KL*1.02) || b >= w2 || k < 0.5/b/b {
			t.Errorf("delta %s: KL at least %v, measured %v, before %v; W2 <= %v", r.Delta, k, r.KL, least, b)
		}
		least, w2 = k, b
	}
}
