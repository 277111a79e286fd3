package transport

import (
	"fmt"
	"slices"
)

// Split says which coordinates the first coupling of a two-coupling flow updates:
// those of First, in this order; the second one updates those of Second. The first
// coupling reads Second[0], the second one First[0].
type Split struct{ First, Second []int }

// Order returns the coordinates of the first block, then those of the second.
func (s Split) Order() []int { return append(slices.Clone(s.First), s.Second...) }

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
