package exactmath

import (
	"errors"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is spent is gone, what cannot be spent is not, and a closed channel stops.
func TestLimits(t *testing.T) {
	done := make(chan struct{})
	l := Limits{Memory: 10, Work: 5, Done: done}
	for _, c := range []struct {
		memory, work int64
		want         error
		left         [2]int64
	}{
		{3, 2, nil, [2]int64{7, 3}}, {8, 0, ErrTooLarge, [2]int64{7, 3}}, {0, 4, ErrTooLarge, [2]int64{7, 3}},
		{7, 3, nil, [2]int64{0, 0}}, {0, 0, nil, [2]int64{0, 0}}, {0, 1, ErrTooLarge, [2]int64{0, 0}},
	} {
		err := l.Spend(c.memory, c.work)
		if d := cmp.Diff(c.left, [2]int64{l.Memory, l.Work}); !errors.Is(err, c.want) || d != "" {
			t.Errorf("%d and %d: %v, want %v; %s", c.memory, c.work, err, c.want, d)
		}
	}
	close(done)
	if err := l.Spend(0, 0); !errors.Is(err, ErrStopped) {
		t.Errorf("stopped: %v", err)
	}
	for bits, want := range map[uint]int64{0: 1, 62: 1, 63: 2, 64: 2, 127: 3} { // of 2^bits
		if got := Words(new(big.Int).Lsh(big.NewInt(-1), bits)); got != want {
			t.Errorf("2^%d: %d words, want %d", bits, got, want)
		}
	}
}
