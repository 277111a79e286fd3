// Package coupling is the vocabulary of linear affine coupling flows: the
// partition of the coordinates, the layer, the flow. It has no arithmetic
// engine of its own.
package coupling

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Partition splits the coordinates 0..n-1 into a first part, of p coordinates,
// and a second part, of q = n - p. Both are non-empty and kept in increasing
// order. A Partition cannot be changed once built.
type Partition struct {
	order []int // the first part, then the second
	p     int
}

// PartitionError says why a partition cannot be built.
type PartitionError struct{ Reason string }

func (e *PartitionError) Error() string { return "partition: " + e.Reason }

// NewPartition returns the partition of 0..n-1 whose first part is the given
// set of coordinates, in any order. It fails with a *PartitionError unless they
// are distinct, in range, and leave both parts non-empty.
func NewPartition(n int, first []int) (p Partition, err error) {
	if len(first) < 1 || len(first) >= n {
		return p, &PartitionError{fmt.Sprintf("first part has %d of %d coordinates, want 1 to %d", len(first), n, n-1)}
	}
	in := make([]bool, n)
	for _, i := range first {
		if i < 0 || n <= i {
			return p, &PartitionError{fmt.Sprintf("coordinate %d is out of range 0..%d", i, n-1)}
		}
		if in[i] {
			return p, &PartitionError{fmt.Sprintf("coordinate %d is listed twice", i)}
		}
		in[i] = true
	}
	p.p = len(first)
	for _, part := range []bool{true, false} {
		for i := range n {
			if in[i] == part {
				p.order = append(p.order, i)
			}
		}
	}
	return p, nil
}

// Half is the default partition: the first floor(n/2) coordinates and the rest.
// It fails with a *PartitionError for n < 2.
func Half(n int) (Partition, error) { return NewPartition(n, every(n, 0, 1)) }

// Checkerboard takes the odd coordinates as first part, floor(n/2) of them, and
// the even ones as second: the alternating mask of RealNVP.
func Checkerboard(n int) (Partition, error) { return NewPartition(n, every(n, 1, 2)) }

// every returns floor(n/2) integers from first on, step apart.
func every(n, first, step int) []int {
	v := make([]int, max(n, 0)/2)
	for k := range v {
		v[k] = first + k*step
	}
	return v
}

// ParsePartition reads "half", "checkerboard", or the comma-separated
// coordinates of the first part.
func ParsePartition(n int, s string) (Partition, error) {
	switch s {
	case "half":
		return Half(n)
	case "checkerboard":
		return Checkerboard(n)
	}
	var first []int
	for _, f := range strings.Split(s, ",") {
		i, err := strconv.Atoi(strings.TrimSpace(f))
		if err != nil {
			return Partition{}, &PartitionError{fmt.Sprintf("%q is neither half, nor checkerboard, nor a list of coordinates such as 0,2,5", s)}
		}
		first = append(first, i)
	}
	return NewPartition(n, first)
}

// String returns the one name of the partition that ParsePartition reads back:
// "half" or "checkerboard" if it is that, else the coordinates of the first part.
func (p Partition) String() string {
	first := p.First()
	switch {
	case slices.Equal(first, every(p.Dim(), 0, 1)):
		return "half"
	case slices.Equal(first, every(p.Dim(), 1, 2)):
		return "checkerboard"
	}
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(first), "[]"), " ", ",")
}

// Dim returns n = p + q.
func (p Partition) Dim() int { return len(p.order) }

// P returns the size of the first part.
func (p Partition) P() int { return p.p }

// Q returns the size of the second part.
func (p Partition) Q() int { return len(p.order) - p.p }

// WeightDims returns the shape of the weight of a layer: q x p for Lower, p x q for
// Upper.
func (p Partition) WeightDims(kind Kind) (rows, cols int) {
	if kind == Upper {
		return p.P(), p.Q()
	}
	return p.Q(), p.P()
}

// Order returns the coordinates of the first part, then those of the second:
// Order()[k] is the coordinate at place k of the block order, in which the
// matrix of a layer is [[D, X], [0, I]] or [[I, 0], [X, D]].
func (p Partition) Order() []int { return slices.Clone(p.order) }

// First returns the coordinates of the first part, increasing.
func (p Partition) First() []int { return slices.Clone(p.order[:p.p]) }

// Second returns the coordinates of the second part, increasing.
func (p Partition) Second() []int { return slices.Clone(p.order[p.p:]) }
