package targets

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowproof/exactmath/sparse"
)

// moved returns which coordinate the named permutation brings to each place.
func moved(t *testing.T, name string, d int, opt Options) []int {
	t.Helper()
	x := mustMake(t, name, d, 1, opt)
	if x.Perm == nil {
		t.Fatalf("%s %d: no permutation", name, d)
	}
	y := apply(x.Matrix, counting(d))
	out := make([]int, d)
	for i, v := range y {
		out[i] = int(v)
		if x.Perm[out[i]] != i {
			t.Fatalf("%s %d: the matrix brings %d to %d, Perm says %d", name, d, out[i], i, x.Perm[out[i]])
		}
	}
	return out
}

func TestPermutationsAreValid(t *testing.T) {
	for _, i := range List() {
		for d := 2; d <= 66; d++ {
			x, err := Make(i.Name, d, 1, Options{})
			if err != nil || i.MaxDim == MaxDense {
				continue
			}
			perm, sign, ok := sparse.SignedPermutation(x.Matrix)
			if !ok {
				t.Errorf("%s %d: no signed permutation", i.Name, d)
			}
			plain := true
			for _, s := range sign {
				plain = plain && s == 1
			}
			if plain != (x.Perm != nil) || plain && !cmp.Equal(perm, x.Perm) {
				t.Errorf("%s %d: Perm is %v, the matrix is %v %v", i.Name, d, x.Perm, perm, sign)
			}
			if i.Name == "permutation" && !Even(x.Perm) {
				t.Errorf("permutation %d is odd", d)
			}
		}
	}
}

func TestSmallPermutations(t *testing.T) {
	for _, c := range []struct {
		name string
		want []int // coordinate that comes to each place
	}{
		{"identity", []int{0, 1, 2}},
		{"reverse", []int{3, 2, 1, 0}},
		{"shuffle", []int{0, 3, 1, 4, 2, 5}},
		{"shuffle", []int{0, 3, 1, 4, 2}},
		{"shuffle", []int{0, 1}},
		{"zigzag", []int{0, 1, 3, 6, 4, 2, 5, 7, 8}},
		{"checkerboard", []int{0, 2, 4, 6, 8, 1, 3, 5, 7}},
		{"checkerboard", []int{0, 2, 5, 7, 1, 3, 4, 6}}, // 2 x 4
		{"checkerboard", []int{0, 2, 4, 1, 3}},          // 1 x 5
		{"squeeze", []int{0, 1, 2, 3}},
	} {
		if diff := cmp.Diff(c.want, moved(t, c.name, len(c.want), Options{})); diff != "" {
			t.Errorf("%s %d (-want +got):\n%s", c.name, len(c.want), diff)
		}
	}
}

// Figure A.6 of ITU-T T.81: the place of each coefficient in the zigzag.
func TestZigzagIsJPEGs(t *testing.T) {
	want := []int{
		0, 1, 5, 6, 14, 15, 27, 28,
		2, 4, 7, 13, 16, 26, 29, 42,
		3, 8, 12, 17, 25, 30, 41, 43,
		9, 11, 18, 24, 31, 40, 44, 53,
		10, 19, 23, 32, 39, 45, 52, 54,
		20, 22, 33, 38, 46, 51, 55, 60,
		21, 34, 37, 47, 50, 56, 59, 61,
		35, 36, 48, 49, 57, 58, 62, 63,
	}
	if diff := cmp.Diff(want, mustMake(t, "zigzag", 64, 0, Options{}).Perm); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBitReversalOfText(t *testing.T) {
	for w := 1; w <= 10; w++ {
		n := 1 << w
		got := moved(t, "bit-reversal", n, Options{})
		for i := range n {
			var back string
			for _, b := range fmt.Sprintf("%0*b", w, i) {
				back = string(b) + back
			}
			if j, _ := strconv.ParseInt(back, 2, 64); got[i] != int(j) {
				t.Fatalf("n = %d: place %d gets %d, want %d", n, i, got[i], j)
			}
		}
	}
}

// Squeeze, written as it is defined: from the output's indices to the input's.
func TestSqueezeDefinition(t *testing.T) {
	for _, s := range []struct {
		d, c, h, w int
		given      bool
	}{
		{64, 1, 8, 8, false}, {12, 3, 2, 2, false}, {48, 3, 4, 4, false}, {192, 3, 8, 8, false}, {3072, 3, 32, 32, false},
		{8, 1, 2, 4, false}, {20, 1, 2, 10, false}, {24, 1, 4, 6, false}, {128, 1, 8, 16, false}, {108, 3, 6, 6, false},
		{24, 3, 4, 2, true}, {64, 4, 2, 8, true}, {40, 5, 2, 4, true},
	} {
		opt := Options{}
		if s.given {
			opt.Shape = []int{s.c, s.h, s.w}
		}
		got := moved(t, "squeeze", s.d, opt)
		i := 0
		for k := range 4 * s.c { // output channel, row, column
			for y := range s.h / 2 {
				for x := range s.w / 2 {
					c, dy, dx := k/4, k%4/2, k%2
					if want := c*s.h*s.w + (2*y+dy)*s.w + 2*x + dx; got[i] != want {
						t.Fatalf("%+v: place %d gets %d, want %d", s, i, got[i], want)
					}
					i++
				}
			}
		}
	}
}

// The mask of RealNVP is 1 where row + column is even, in every channel.
func TestCheckerboardSplitsByColour(t *testing.T) {
	for _, shape := range [][]int{{1, 8, 8}, {3, 4, 4}, {2, 3, 5}, {3, 1, 7}} {
		c, h, w := shape[0], shape[1], shape[2]
		got := moved(t, "checkerboard", c*h*w, Options{Shape: shape})
		last, black := -1, false
		for i, k := range got {
			odd := (k%(h*w)/w+k%w)%2 == 1
			if odd && !black {
				black, last = true, -1
			}
			if odd != black || k <= last {
				t.Fatalf("%v: place %d gets %d, after %d", shape, i, k, last)
			}
			last = k
		}
	}
}

func TestLargePermutationsStaySparse(t *testing.T) {
	for _, c := range []struct {
		name string
		d    int
	}{{"permutation", 100_000}, {"identity", 100_001}, {"minus-identity", 100_000}, {"zigzag", 90_000}, {"squeeze", 97_200},
		{"bit-reversal", 1 << 17}, {"block-diag-j", 99_999}, {"checkerboard", 99_991}} {
		x := mustMake(t, c.name, c.d, 1, Options{})
		s, ok := x.Matrix.(*sparse.Matrix)
		if !ok || s.NNZ() != c.d {
			t.Errorf("%s %d: matrix is %T", c.name, c.d, x.Matrix)
		}
	}
}

// The parity by cycles against the parity by inversions, for all permutations of
// up to 6 points.
func TestEven(t *testing.T) {
	var visit func(p []int, rest []int)
	visit = func(p, rest []int) {
		if len(rest) == 0 {
			inversions := 0
			for i := range p {
				for j := range i {
					if p[j] > p[i] {
						inversions++
					}
				}
			}
			if Even(p) != (inversions%2 == 0) {
				t.Errorf("Even(%v) = %v with %d inversions", p, Even(p), inversions)
			}
		}
		for k := range rest {
			q := append(append([]int(nil), rest[:k]...), rest[k+1:]...)
			visit(append(append([]int(nil), p...), rest[k]), q)
		}
	}
	for n := range 7 {
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		visit(nil, all)
	}
}

func TestGivenPermutation(t *testing.T) {
	x := mustMake(t, "permutation", 0, 1, Options{Perm: []int{2, 0, 1}})
	if diff := cmp.Diff([]int{2, 0, 1}, x.Perm); diff != "" || x.OneBased || x.Seeded || x.Dim != 3 {
		t.Errorf("%s %+v", diff, x)
	}
	if x.Matrix.At(2, 0).Sign() != 1 { // e_0 -> e_2
		t.Error("entry (2, 0) is not 1")
	}
	x = mustMake(t, "permutation", 3, 1, Options{Perm: []int{3, 1, 2}})
	if diff := cmp.Diff([]int{2, 0, 1}, x.Perm); diff != "" || !x.OneBased {
		t.Errorf("%s, one-based %v", diff, x.OneBased)
	}
}
