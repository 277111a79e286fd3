package sparse

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowproof/exactmath"
)

// All views of a matrix, against a plain table of its entries.
func TestViews(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	values := []float64{0, 1, -2.5, math.MaxFloat64, -math.SmallestNonzeroFloat64, 0x1p-1000, math.Copysign(0, -1)}
	for range 200 {
		rows, cols := 1+r.IntN(5), 1+r.IntN(5)
		want, count := make([]float64, rows*cols), 0
		var entries []Entry
		for _, k := range r.Perm(rows * cols)[:r.IntN(rows*cols+1)] {
			v := values[r.IntN(len(values))]
			entries = append(entries, Entry{k / cols, k % cols, v})
			if want[k] = v; v != 0 {
				count++
			} else {
				want[k] = 0 // of either sign
			}
		}
		before := append([]Entry(nil), entries...)
		x, err := New(rows, cols, entries)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before, entries); d != "" {
			t.Fatal("the entries given were changed", d)
		}
		if m, n := x.Dims(); m != rows || n != cols || x.NNZ() != count {
			t.Fatalf("%d x %d with %d entries, want %d x %d with %d", m, n, x.NNZ(), rows, cols, count)
		}
		if d := cmp.Diff(want, x.Float64s()); d != "" {
			t.Fatal(d)
		}
		each, pieces, last := make([]float64, rows*cols), make([]float64, rows*cols), -1
		x.Each(func(i, j int, v *big.Rat) {
			if i*cols+j <= last {
				t.Fatalf("entry (%d, %d) out of order", i, j)
			}
			last = i*cols + j
			each[last], _ = v.Float64()
		})
		x.Pieces(func(i, j int, sign float64, u uint64, e int) {
			pieces[i*cols+j] += sign * math.Ldexp(float64(u), e)
		})
		if d := cmp.Diff([][]float64{want, want}, [][]float64{each, pieces}); d != "" {
			t.Fatal(d)
		}
		for k, v := range want {
			if x.At(k/cols, k%cols).Cmp(new(big.Rat).SetFloat64(v)) != 0 {
				t.Fatalf("entry (%d, %d) is %v, want %v", k/cols, k%cols, x.At(k/cols, k%cols), v)
			}
		}
	}
}

func TestBadEntries(t *testing.T) {
	var shape *exactmath.ShapeError
	for name, es := range map[string][]Entry{
		"row -1": {{-1, 0, 1}}, "row 2": {{2, 0, 1}}, "column -1": {{0, -1, 1}}, "column 3": {{0, 3, 1}},
		"twice": {{1, 2, 1}, {0, 0, 5}, {1, 2, 1}}, "a zero twice": {{1, 2, 0}, {1, 2, 0}},
	} {
		if _, err := New(2, 3, es); !errors.As(err, &shape) {
			t.Errorf("%s: %v, want a ShapeError", name, err)
		}
	}
	var entry *exactmath.EntryError
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if _, err := New(2, 3, []Entry{{1, 2, v}}); !errors.As(err, &entry) || entry.Row != 1 || entry.Col != 2 {
			t.Errorf("%v: %v, want an EntryError at (1, 2)", v, err)
		}
	}
	if _, err := New(2, 3, []Entry{{1, 2, 1}, {0, 2, 1}, {1, 1, 1}}); err != nil {
		t.Error(err)
	}
}

func TestPermutation(t *testing.T) {
	x, err := Permutation([]int{2, 0, 1})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]float64{0, 1, 0, 0, 0, 1, 1, 0, 0}, x.Float64s()); d != "" || x.NNZ() != 3 {
		t.Error(d, x.NNZ())
	}
	for i := range 3 {
		if cols, vals := x.Row(i); len(cols) != 1 || len(vals) != 1 || vals[0] != 1 {
			t.Errorf("row %d: %v, %v", i, cols, vals)
		}
	}
	var shape *exactmath.ShapeError
	for _, p := range [][]int{{0, 0}, {1, 2}, {-1, 0}, {1, 0, 1}} {
		if _, err := Permutation(p); !errors.As(err, &shape) {
			t.Errorf("%v: %v, want a ShapeError", p, err)
		}
	}
	if x, err := Permutation(nil); err != nil || x.NNZ() != 0 {
		t.Errorf("of nothing: %v, %v", x, err)
	}
}
