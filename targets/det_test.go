package targets

import (
	"errors"
	"math/big"
	"testing"

	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

// storages returns one matrix of each storage, 3 x 3, none of them symmetric.
func storages(t *testing.T) map[string]*Target {
	t.Helper()
	out := map[string]*Target{
		"permutation": mustMake(t, "permutation", 0, 0, Options{Perm: []int{2, 0, 1}}),
		"signed":      mustMake(t, "block-diag-j", 3, 0, Options{}),
		"floats":      mustMake(t, "gaussian", 3, 1, Options{}),
	}
	for name, text := range map[string]string{
		"dyadic":   "36893488147419103233 1 2\n3 4 5\n6 7 9",
		"rational": "1/3 1 2\n3 4 5\n6 7 9",
	} {
		x, err := parseText(text)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = x
	}
	return out
}

func TestFlip(t *testing.T) {
	for name, x := range storages(t) {
		for c := range 3 {
			y, err := Flip(x, c)
			if err != nil {
				t.Fatal(err)
			}
			if y.Dim != 3 || y.Perm != nil && name != "signed" || y.Name != x.Name || y.Seed != x.Seed {
				t.Errorf("%s: %+v", name, y)
			}
			for i := range 3 {
				for j := range 3 {
					want := x.Matrix.At(i, j)
					if i == c {
						want.Neg(want)
					}
					if y.Matrix.At(i, j).Cmp(want) != 0 {
						t.Errorf("%s flipped at %d: entry (%d, %d) is %v, want %v", name, c, i, j, y.Matrix.At(i, j), want)
					}
				}
			}
			// Once more: back again, permutation and all.
			z, err := Flip(y, c)
			if err != nil || !dense.Equal(z.Matrix, x.Matrix) || (z.Perm == nil) != (x.Perm == nil) {
				t.Errorf("%s flipped twice at %d: %v, %v", name, c, z, err)
			}
		}
		for _, c := range []int{-1, 3} {
			var o *OptionError
			if _, err := Flip(x, c); !errors.As(err, &o) {
				t.Errorf("%s flipped at %d: %v", name, c, err)
			}
		}
	}
}

func TestPad(t *testing.T) {
	for name, x := range storages(t) {
		y, err := Pad(x)
		if err != nil {
			t.Fatal(err)
		}
		if y.Dim != 4 || y.Perm != nil {
			t.Errorf("%s: %+v", name, y)
		}
		for i := range 4 {
			for j := range 4 {
				want := new(big.Rat)
				switch {
				case i < 3 && j < 3:
					want = x.Matrix.At(i, j)
				case i == j:
					want.SetInt64(-1)
				}
				if y.Matrix.At(i, j).Cmp(want) != 0 {
					t.Errorf("%s padded: entry (%d, %d) is %v, want %v", name, i, j, y.Matrix.At(i, j), want)
				}
			}
		}
	}
}

// An odd permutation has determinant -1; both ways out give 1, sparsely.
func TestWaysOut(t *testing.T) {
	odd := mustMake(t, "reverse", 6, 0, Options{})
	if Even(odd.Perm) || exactDet(t, odd.Matrix).Sign() != -1 {
		t.Fatal("reversal of 6 points is odd")
	}
	flipped, err := Flip(odd, 2)
	if err != nil {
		t.Fatal(err)
	}
	padded, err := Pad(odd)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []*Target{flipped, padded} {
		if _, ok := x.Matrix.(*sparse.Matrix); !ok || exactDet(t, x.Matrix).Cmp(big.NewRat(1, 1)) != 0 {
			t.Errorf("%q: %T, determinant %v", x.Note, x.Matrix, exactDet(t, x.Matrix))
		}
	}
}
