package lowerbound

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// Rule names the theorem that a reason applies.
type Rule string

// The rules, for k layers, and their fields; those in brackets may be left out.
const (
	// Shape: k <= 2. The blocks are not those of such a product: I for k = 0; c = 0,
	// e = I and a a positive diagonal for k = 1; e and al positive diagonals for k = 2.
	// No fields.
	Shape Rule = "shape"
	// Signs: k = 3, where c = -D2 r D1. With one row i and column j: c_ij and r_ij
	// are not both zero, nor of opposite signs. With rows i_1..i_m and columns
	// j_1..j_m: the product of c(i_t, j_t) r(i_t, j_{t+1}) differs from that of
	// r(i_t, j_t) c(i_t, j_{t+1}), j_{m+1} = j_1. Fields: rows cols.
	Signs Rule = "signs"
	// Kernel: k = 3, where y^T e = y^T D2 if y^T c = 0, and a x = D1 x if c x = 0
	// (first). One or two such vectors force an entry of the scale, at the one index,
	// that is not positive, or two different ones. Fields: [first] index vector
	// [vector].
	Kernel Rule = "kernel"
	// Rank: e - D2 has rank at most p m for some positive diagonal D2, and al - D1
	// (first) has rank at most q m for some D1, m = floor((k-1)/2), one less if k >= 3
	// is odd and c = 0. But the submatrix of e - D whose rows are in rows or index and
	// whose columns are in cols or index, all three sets disjoint, is never singular:
	// the minor of e on rows and cols is not zero, and its Schur complement S on index
	// makes -S a P0 matrix (no principal minor is negative), or, with weights T > 0,
	// T S + S^T T negative semidefinite. Fields: [first] [rows cols] [index [weights]],
	// and not first alone.
	Rank Rule = "rank"
	// Coefficient: k = 4, or k = 5 and c = 0, where e D2^-1 and D1 al have the same
	// spectrum, the smaller filled up with ones. But the elementary symmetric
	// functions of the order given of the two spectra never agree: the signs of the
	// principal minors settle it. Fields: order.
	Coefficient Rule = "coefficient"
	// Inertia: as Coefficient, but the numbers of eigenvalues in the open left half
	// plane, on the imaginary axis, and in the open right half plane never agree. The
	// fields e and al are the index sets of the diagonal blocks of e and al in a block
	// triangular form; the weights after one, a diagonal S, bound the numbers of the
	// eigenvalues of X D for the block X and every D: X S + S X^T positive definite,
	// or semidefinite and S of one sign. Fields: e [weights] .. al [weights] ...
	Inertia Rule = "inertia"
)

// Reason is a rule with the data that it needs, in the order of the rule's fields.
type Reason struct {
	Rule   Rule
	Fields []Field
}

// Field is a word of a reason and the numbers that follow it: none for first, one
// or more otherwise. Indices are integers, 0-based within a part.
type Field struct {
	Name   string
	Values []*big.Rat
}

// ErrForm is wrapped by the error for what is no reason at all: an unknown rule,
// or fields that are not those of the rule.
var ErrForm = errors.New("not the form of a reason")

// rules has for each rule the sequences of fields that it takes, and whether what
// they say shows that the map is not a product of k layers.
var rules = map[Rule]struct {
	form  *regexp.Regexp
	holds func(m *blocks, k int, r Reason) bool
}{
	Shape:       {regexp.MustCompile(`^$`), (*blocks).shape},
	Signs:       {regexp.MustCompile(`^rows cols $`), (*blocks).signs},
	Kernel:      {regexp.MustCompile(`^(first )?index vector (vector )?$`), (*blocks).kernel},
	Rank:        {regexp.MustCompile(`^(first )?(rows cols |(rows cols )?index (weights )?)$`), (*blocks).rank},
	Coefficient: {regexp.MustCompile(`^order $`), (*blocks).coefficient},
	Inertia:     {regexp.MustCompile(`^(e (weights )?)+(al (weights )?)+$`), (*blocks).inertia},
}

// Validate returns an error that wraps ErrForm unless the rule exists and takes
// these fields, each with values. It does not look at the values.
func (r Reason) Validate() error {
	var names strings.Builder
	for _, f := range r.Fields {
		if strings.Contains(f.Name, " ") || (f.Name == "first") != (len(f.Values) == 0) || slices.Contains(f.Values, nil) {
			return fmt.Errorf("%w: field %.20q with %d values", ErrForm, f.Name, len(f.Values))
		}
		names.WriteString(f.Name + " ")
	}
	if form := rules[r.Rule].form; form == nil || !form.MatchString(names.String()) {
		return fmt.Errorf("%w: rule %.20q with the fields %.80q", ErrForm, r.Rule, names.String())
	}
	return nil
}

// ints returns the values if they are integers from 0 to n - 1, otherwise nil.
func ints(values []*big.Rat, n int) []int {
	list := make([]int, len(values))
	for k, v := range values {
		i := v.Num().Int64()
		if v.Cmp(big.NewRat(i, 1)) != 0 || i < 0 || int64(n) <= i {
			return nil
		}
		list[k] = int(i)
	}
	return list
}

func distinct(list []int) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(list)))) == len(list)
}
