package checkpoint

import (
	"math/big"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"
)

func TestKeyOf(t *testing.T) {
	self := types.NewList()
	self.Append(self)
	for want, k := range map[string]any{"w": "w", "7": 7, "2.5": 2.5, "true": true, "None": nil, "#3": self, "18446744073709551616": new(big.Int).Lsh(big.NewInt(1), 64)} {
		if got := keyOf(k, 3); got != want {
			t.Errorf("key %q, want %q", got, want)
		}
	}
}

// TestSpreadOut: a few numbers of an enormous storage are not worth reading it,
// and a small storage does not become an enormous tensor.
func TestSpreadOut(t *testing.T) {
	s := storage{"U8", 1 << 40, func(at, n int64) ([]byte, error) {
		t.Errorf("%d bytes read at %d", n, at)
		return make([]byte, n), nil
	}}
	for want, x := range map[string]tensorRef{
		"is spread over":         {s, 0, []int{2, 2}, []int{1 << 30, 1}},
		"want at most":           {s, 0, []int{5000, 5000}, []int{0, 0}},
		"in a storage of 109951": {s, 1 << 40, []int{1}, []int{1}},
	} {
		if _, err := x.read(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestSearchIsBounded: lists of integers are read in search of permutations
// until that has taken too much.
func TestSearchIsBounded(t *testing.T) {
	read := 0
	list := Tensor{DType: "I64", Shape: []int{2}, cost: maxSearch / 4, read: func() (*array, error) {
		read++
		return &array{[]float64{1, 0}, true}, nil
	}}
	f := &File{tensors: []Tensor{list, list, list, list, list, list}}
	if n := len(f.Candidates()); n != read || n < 3 || n > 4 {
		t.Errorf("%d candidates, %d read; want 3 or 4", n, read)
	}
}
