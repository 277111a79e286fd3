package sparse_test

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

// TestSignedPermutation: what is one, in each storage, and what is not.
func TestSignedPermutation(t *testing.T) {
	for _, c := range []struct {
		rows, cols int
		entries    []*big.Rat
		ok         bool
	}{
		{2, 2, rats(0, -1, 1, 0), true}, {2, 2, rats(1, 0, 0, 1), true}, {3, 3, rats(0, 0, 1, -1, 0, 0, 0, -1, 0), true},
		{2, 2, rats(0, 2, 1, 0), false}, {2, 2, rats(1, 1, 0, 0), false}, {2, 2, rats(1, 0, 1, 0), false}, {2, 2, rats(1, 1, 0, 1), false},
		{2, 2, rats(0, 0, 0, 0), false}, {2, 3, rats(1, 0, 0, 0, 1, 0), false}, {2, 2, []*big.Rat{big.NewRat(1, 3), {}, {}, big.NewRat(1, 1)}, false},
		{2, 2, []*big.Rat{new(big.Rat).Add(big.NewRat(1, 1), big.NewRat(1, 1<<62)), {}, {}, big.NewRat(1, 1)}, false},
	} {
		m, err := dense.NewRational(c.rows, c.cols, c.entries)
		if err != nil {
			t.Fatal(err)
		}
		storages := []exactmath.Matrix{m}
		if f, err := exactmath.FromFloat64(c.rows, c.cols, m.Float64s()); err == nil && dense.Equal(f, m) {
			var es []sparse.Entry
			for k, v := range f.View() {
				es = append(es, sparse.Entry{Row: k / c.cols, Col: k % c.cols, Value: v})
			}
			s, err := sparse.New(c.rows, c.cols, es)
			if err != nil {
				t.Fatal(err)
			}
			storages = append(storages, f, s)
		}
		for _, m := range storages {
			perm, sign, ok := sparse.SignedPermutation(m)
			if ok != c.ok {
				t.Errorf("%v as %T: %v, want %v", m.Float64s(), m, ok, c.ok)
			}
			if !ok {
				continue
			}
			back, err := sparse.FromSigned(perm, sign)
			if err != nil || !dense.Equal(back, m) {
				t.Errorf("%v as %T: %v %v, %v", m.Float64s(), m, perm, sign, err)
			}
		}
	}
}

func rats(v ...int64) (out []*big.Rat) {
	for _, x := range v {
		out = append(out, big.NewRat(x, 1))
	}
	return out
}

// TestPermutationSign counts inversions and signs.
func TestPermutationSign(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 2000 {
		perm := rng.Perm(rng.IntN(9))
		sign := make([]float64, len(perm))
		want := 1
		for j, i := range perm {
			for _, k := range perm[:j] {
				if k > i {
					want = -want
				}
			}
		}
		if got := sparse.PermutationSign(perm, nil); got != want {
			t.Fatalf("%v: %d, want %d", perm, got, want)
		}
		for j := range sign {
			sign[j] = 1 - 2*float64(rng.IntN(2))
			want *= int(sign[j])
		}
		if got := sparse.PermutationSign(perm, sign); got != want {
			t.Fatalf("%v %v: %d, want %d", perm, sign, got, want)
		}
	}
}

func TestFromSignedRefuses(t *testing.T) {
	var shape *exactmath.ShapeError
	for _, perm := range [][]int{{0, 0}, {0, 2}, {-1, 0}, {0}} {
		if _, err := sparse.FromSigned(perm, []float64{1, 1}); !errors.As(err, &shape) {
			t.Errorf("%v: %v", perm, err)
		}
	}
	var entry *exactmath.EntryError
	if _, err := sparse.FromSigned([]int{1, 0}, []float64{1, 0}); !errors.As(err, &entry) || entry.Row != 0 || entry.Col != 1 {
		t.Errorf("a sign 0: %v", err)
	}
}
