package exactmath

import (
	"sync"
	"testing"
)

// Once calls each function for each key and matrix, and keeps what it returned.
func TestOnce(t *testing.T) {
	type key struct{ k int }
	x, err := FromFloat64(1, 1, []float64{2})
	if err != nil {
		t.Fatal(err)
	}
	y, err := FromFloat64(1, 1, []float64{2})
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	ask := func(m *Floats, k any, v int) int { return m.Once(k, func() any { calls++; return v }).(int) }
	for _, c := range []struct {
		m       *Floats
		key     any
		v, want int
	}{{x, key{1}, 10, 10}, {x, key{1}, 11, 10}, {x, key{2}, 12, 12}, {y, key{1}, 13, 13}, {x, 1, 14, 14}, {y, key{1}, 15, 13}} {
		if got := ask(c.m, c.key, c.v); got != c.want {
			t.Errorf("%v: %d, want %d", c.key, got, c.want)
		}
	}
	if calls != 4 {
		t.Errorf("%d calls, want 4", calls)
	}
	var all sync.WaitGroup
	got := make([]int, 8)
	for i := range got {
		all.Go(func() { got[i] = x.Once(key{3}, func() any { return i }).(int) })
	}
	all.Wait()
	for _, v := range got {
		if v != got[0] {
			t.Errorf("asked at the same time: %v", got)
			break
		}
	}
}
