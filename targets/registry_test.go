package targets

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestMakeErrors(t *testing.T) {
	nan, angle := math.NaN(), 1.0
	for _, c := range []struct {
		name string
		d    int
		opt  Options
		kind any // pointer to a variable of the error's type
		want string
	}{
		{"random-orthogonal", 0, Options{}, new(*DimensionError), "random-orthogonal: dimension 0, want 2 or more"},
		{"random-orthogonal", 1, Options{}, new(*DimensionError), "dimension 1, want 2"},
		{"random-orthogonal", -3, Options{}, new(*DimensionError), "dimension -3, want 2"},
		{"random-orthogonal", 1e9, Options{}, new(*DimensionError), "dimension 1000000000, want 4096 or less"},
		{"permutation", 1e9, Options{}, new(*DimensionError), "want 10000000 or less"},
		{"hadamard", 12, Options{}, new(*DimensionError), "dimension 12, want a power of two"},
		{"bit-reversal", 12, Options{}, new(*DimensionError), "want a power of two"},
		{"zigzag", 12, Options{}, new(*DimensionError), "want a square"},
		{"squeeze", 6, Options{}, new(*DimensionError), "want a multiple of 4"},
		{"block-diag-j", 2, Options{}, new(*DimensionError), "want 3 or more"},
		{"permutation", 4, Options{Perm: []int{0, 1}}, new(*DimensionError), "want 2, the length"},
		{"permutation", 0, Options{}, new(*DimensionError), "dimension 0"},
		{"permutation", 0, Options{Perm: []int{}}, new(*DimensionError), "dimension 0"},
		{"permutation", 0, Options{Perm: []int{0, 2, 2, 3}}, new(*PermutationError), "value 2 is already at entry 1, and 1 is missing"},
		{"permutation", 0, Options{Perm: []int{0, 1, 7}}, new(*PermutationError), "entry 2 of the permutation (counted from 0): value 7 is out of range, want each of 0..2 once"},
		{"permutation", 0, Options{Perm: []int{1, 3, 3}}, new(*PermutationError), "2 is missing; want each of 1..3 once"},
		{"permutation", 0, Options{Perm: []int{0, -1}}, new(*PermutationError), "value -1 is out of range"},
		{"identity", 4, Options{Angle: &angle}, new(*OptionError), "identity: option angle does not apply"},
		{"gaussian", 4, Options{Cond: 3}, new(*OptionError), "option cond does not apply"},
		{"dct", 4, Options{Unscaled: true}, new(*OptionError), "option unscaled"},
		{"givens", 4, Options{Angle: &nan}, new(*OptionError), "finite number of radians"},
		{"ill-conditioned", 4, Options{Cond: 0.5}, new(*OptionError), "want a number of 1 to 1e+12"},
		{"ill-conditioned", 4, Options{Cond: 1e13}, new(*OptionError), "want a number of 1 to 1e+12"},
		{"ill-conditioned", 4, Options{Cond: nan}, new(*OptionError), "want a number of 1 to 1e+12"},
		{"integer", 4, Options{MaxEntry: -1}, new(*OptionError), "option max-entry is -1"},
		{"companion", 4, Options{MaxEntry: 1e7}, new(*OptionError), "max-entry is 10000000"},
		{"squeeze", 8, Options{Shape: []int{2, 4}}, new(*OptionError), "has 2 numbers"},
		{"squeeze", 8, Options{Shape: []int{8, 1, 1}}, new(*OptionError), "even height and width"},
		{"squeeze", 8, Options{Shape: []int{2, 4, 4}}, new(*OptionError), "whose product is 8"},
		{"squeeze", 8, Options{Shape: []int{-2, -2, 2}}, new(*OptionError), "whose product is 8"},
		{"checkerboard", 8, Options{Shape: []int{1, 2, 2}}, new(*OptionError), "whose product is 8"},
		{"randm-orthogonal", 8, Options{}, new(*UnknownError), `unknown target "randm-orthogonal": did you mean "random-orthogonal"?`},
		{"DCT", 8, Options{}, new(*UnknownError), `unknown target "DCT"`},
		{"", 8, Options{}, new(*UnknownError), `unknown target ""`},
		{"no-such-thing-at-all", 8, Options{}, new(*UnknownError), "want one of the named targets"},
	} {
		x, err := Make(c.name, c.d, 1, c.opt)
		if err == nil || x != nil {
			t.Errorf("%s %d: no error", c.name, c.d)
			continue
		}
		if !errors.As(err, c.kind) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %d %+v: %T %q, want %T %q", c.name, c.d, c.opt, err, err, c.kind, c.want)
		}
		if _, unknown := c.kind.(**UnknownError); unknown != errors.Is(err, ErrUnknown) {
			t.Errorf("%s: errors.Is(err, ErrUnknown) is %v", c.name, !unknown)
		}
	}
}

func TestList(t *testing.T) {
	seen := map[string]bool{}
	for _, i := range List() {
		if seen[i.Name] || !Known(i.Name) || i.Summary == "" || strings.Contains(i.Summary, "\n") {
			t.Errorf("%+v", i)
		}
		seen[i.Name] = true
		if _, err := Make(i.Name, 16, 1, Options{}); err != nil {
			t.Errorf("%s does not exist in dimension 16: %v", i.Name, err)
		}
	}
	if Known("nothing") {
		t.Error("there is no target nothing")
	}
}
