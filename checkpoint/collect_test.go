package checkpoint

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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
	s := storage{"U8", 1, 1 << 40, false, func(at, n int64) (io.Reader, error) {
		t.Errorf("%d bytes read at %d", n, at)
		return strings.NewReader(""), nil
	}}
	small := s
	small.count = 1 << 20
	for want, x := range map[string]tensorRef{
		"is spread over":          {s, 0, []int{2, 2}, []int{1 << 30, 1}},
		"want at most":            {s, 0, []int{5000, 5000}, []int{0, 0}},
		"in a storage of 1048576": {small, 1 << 20, []int{1}, []int{1}},
	} {
		if err := x.stream(nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestView compares a view with one made by indices alone.
func TestView(t *testing.T) {
	data := make([]byte, 200)
	for i := range data {
		data[i] = byte(i)
	}
	for _, x := range []tensorRef{
		{offset: 3, shape: []int{2, 3, 4}, stride: []int{12, 4, 1}}, // contiguous
		{offset: 3, shape: []int{1, 3, 1}, stride: []int{90, 1, 7}}, // likewise
		{offset: 0, shape: []int{4, 3}, stride: []int{1, 4}},
		{offset: 5, shape: []int{3, 2, 2}, stride: []int{0, 7, 1}},
		{offset: 99, shape: []int{3, 3}, stride: []int{0, 0}},
		{offset: 7, shape: nil, stride: nil},
		{offset: 1, shape: []int{2, 0, 3}, stride: []int{1, 1, 1}},
	} {
		x.storage = storage{"I16", 2, 100, false, func(at, n int64) (io.Reader, error) { return bytes.NewReader(data[at : at+n]), nil }}
		var want []byte
		n, _ := count(x.shape)
		for k := range n {
			at, rest := x.offset, k
			for axis := len(x.shape) - 1; axis >= 0; axis-- {
				at += rest % x.shape[axis] * x.stride[axis]
				rest /= x.shape[axis]
			}
			want = append(want, data[2*at:2*at+2]...)
		}
		err := x.stream(func(r io.Reader) error {
			got := make([]byte, 2*n)
			if _, err := io.ReadFull(r, got); err != nil && n > 0 {
				return err
			}
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("%v: %s", x.shape, d)
			}
			if _, err := r.Read(make([]byte, 2)); err != io.EOF {
				t.Errorf("%v: %v after the last, want the end", x.shape, err)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%v: %v", x.shape, err)
		}
	}
}

// TestSearchIsBounded: lists of integers are read in search of permutations
// until that has taken too much, and each only as far as it may be one.
func TestSearchIsBounded(t *testing.T) {
	const n = 8 << 20
	list := func(first uint64, read *int64) Tensor {
		x := Tensor{DType: "U64", Shape: []int{n}}
		x.array, _ = describe(x)
		x.stream = func(use func(io.Reader) error) error {
			return use(&ascending{first: first, read: read})
		}
		return x
	}
	var bad, good int64
	f := &File{tensors: []Tensor{list(n+1, &bad), list(n+1, &bad), list(0, &good), list(0, &good), list(0, &good), list(0, &good), list(0, &good), list(0, &good)}}
	if k := len(f.Candidates()); k != 4 || bad > 1<<18 || good > maxSearch+8*n {
		t.Errorf("%d candidates, %d and %d bytes read", k, bad, good)
	}
}

// ascending holds first, first + 1, .. as U64.
type ascending struct {
	first uint64
	read  *int64
}

func (a *ascending) Read(p []byte) (int, error) {
	for k := 0; k < len(p); k += 8 {
		binary.LittleEndian.PutUint64(p[k:], a.first)
		a.first++
	}
	*a.read += int64(len(p))
	return len(p), nil
}
