package transport

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Split says which coordinates the first coupling of a two-coupling flow updates:
// those of First, in this order; the second one updates those of Second. The first
// coupling reads Second[0], the second one First[0].
type Split struct{ First, Second []int }

// Order returns the coordinates of the first block, then those of the second.
func (s Split) Order() []int { return append(slices.Clone(s.First), s.Second...) }

// String returns the blocks as ParseSplit reads them: "0,1|2".
func (s Split) String() string {
	list := func(block []int) string {
		var words []string
		for _, c := range block {
			words = append(words, strconv.Itoa(c))
		}
		return strings.Join(words, ",")
	}
	return list(s.First) + "|" + list(s.Second)
}

// ParseSplit reads the blocks of R^d: two lists of coordinates, "0,2|1", or the
// sizes of the blocks, "2|1", which is to say coordinates 0..1 and 2. Two single
// numbers are sizes if they add up to d.
func ParseSplit(d int, text string) (Split, error) {
	left, right, ok := strings.Cut(text, "|")
	var s Split
	for _, side := range []struct {
		text string
		to   *[]int
	}{{left, &s.First}, {right, &s.Second}} {
		for _, w := range strings.Split(side.text, ",") {
			v, err := strconv.Atoi(strings.TrimSpace(w))
			if err != nil || !ok {
				return Split{}, fmt.Errorf("%q, want two sizes such as 1|%d, or two lists of coordinates such as 0|%s", text, d-1, rest(d))
			}
			*side.to = append(*side.to, v)
		}
	}
	if p := s.First[0]; len(s.First) == 1 && len(s.Second) == 1 && p > 0 && p < d && p+s.Second[0] == d {
		s.First, s.Second = nil, nil
		for c := range d {
			if c < p {
				s.First = append(s.First, c)
			} else {
				s.Second = append(s.Second, c)
			}
		}
	}
	if err := s.Check(d); err != nil {
		return Split{}, err
	}
	return s, nil
}

// rest lists the coordinates 1..d-1.
func rest(d int) string {
	var words []string
	for c := 1; c < d; c++ {
		words = append(words, strconv.Itoa(c))
	}
	return strings.Join(words, ",")
}

// Check verifies that the blocks hold each coordinate 0..d-1 once, and neither is
// empty.
func (s Split) Check(d int) error {
	all := s.Order()
	slices.Sort(all)
	for k, c := range all {
		if c != k || len(all) != d {
			return fmt.Errorf("blocks %v and %v, want each coordinate 0 to %d once", s.First, s.Second, d-1)
		}
	}
	if len(s.First) == 0 || len(s.Second) == 0 {
		return fmt.Errorf("blocks %v and %v, want at least one coordinate in each", s.First, s.Second)
	}
	return nil
}

// Span is an interval of the refined grid along one axis, from edge From to edge
// To, From < To.
type Span struct{ From, To int }

// Strand is a part of a cell: a box in the first q-1 coordinates of the second
// block. The flow runs along its last coordinate, downwards if Down.
type Strand struct {
	Box  []Span // q-1 of them
	Down bool
}

// Cell is a box in the coordinates of the first block, with its strands in the
// order in which the noise runs through them.
type Cell struct {
	Box     []Span    // p of them
	Centre  []float64 // p of them: where the flow's first block stays while the cell is selected
	Strands []Strand
}

// Plan couples the noise of a two-coupling flow with a histogram: the first
// coordinate of the second block of the noise selects a cell, in the order of
// Cells; that of the first block runs through the strands of the cell.
//
// Axes are those of the histogram permuted by Split.Order. Edges of axis j count
// in parts of 1/Refine[j] of a grid cell.
type Plan struct {
	Split  Split
	Refine []int
	Window float64 // R > 0: reading errors are integrated over [-R, R]
	Cells  []Cell
}
