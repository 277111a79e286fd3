package permutation

import (
	"fmt"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/geometry"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
)

// OddPermutationError reports a permutation, with or without signs, of
// determinant -1. It wraps ErrOrientation.
type OddPermutationError struct{ N int }

func (e *OddPermutationError) Error() string {
	return fmt.Sprintf("the permutation of %d points has determinant -1: %v", e.N, fault.ErrOrientation)
}

// Unwrap returns ErrOrientation.
func (e *OddPermutationError) Unwrap() error { return fault.ErrOrientation }

// permBlocks is a permutation with signs, of determinant 1, in block order, the
// smaller part first: the points 0..p-1 are the first part F, p..p+q-1 the second
// part S. It sends e_i to sign[i] e_to[i].
type permBlocks struct {
	geometry.Frame
	signed
	from []int // the inverse of to
}

// newPermBlocks checks the target and brings it into block order.
func newPermBlocks(target exactmath.Matrix, part coupling.Partition) (*permBlocks, error) {
	f, err := geometry.NewBalanced(target, part)
	if err != nil {
		return nil, err
	}
	perm, sign, ok := sparse.SignedPermutation(target)
	if !ok {
		return nil, ErrNotPermutation
	}
	n := len(perm)
	if sparse.PermutationSign(perm, sign) < 0 {
		return nil, &OddPermutationError{n}
	}
	m := &permBlocks{f, newSigned(n), make([]int, n)}
	place := make([]int, n)
	for k, i := range f.Order {
		place[i] = k
	}
	for k, i := range f.Order {
		m.set(k, place[perm[i]], sign[i])
		m.from[m.to[k]] = k
	}
	return m, nil
}

// first reports whether the point is in F.
func (m *permBlocks) first(i int) bool { return i < m.P }

// cyclesOf returns the cycles of a permutation, each from its least point on.
func cyclesOf(to []int) [][]int {
	var cycles [][]int
	seen := make([]bool, len(to))
	points := make([]int, 0, len(to))
	for i := range to {
		start := len(points)
		for j := i; !seen[j]; j = to[j] {
			seen[j] = true
			points = append(points, j)
		}
		if len(points) > start {
			cycles = append(cycles, points[start:len(points):len(points)])
		}
	}
	return cycles
}

// cyclesByPart returns the cycles that stay in F, those that stay in S, and those
// that visit both.
func (m *permBlocks) cyclesByPart() (inF, inS, mixed []signedCycle) {
	for _, c := range m.cycles() {
		k := 0
		for _, i := range c.point {
			if m.first(i) {
				k++
			}
		}
		switch k {
		case c.length:
			inF = append(inF, c)
		case 0:
			inS = append(inS, c)
		default:
			mixed = append(mixed, c)
		}
	}
	return inF, inS, mixed
}

// sumEntries returns the rows x cols matrix with the given entries, those at one
// place added up. It takes time linear in their number.
func sumEntries(rows, cols int, entries []sparse.Entry) (*sparse.Matrix, error) {
	start := make([]int, rows+1)
	for _, e := range entries {
		start[e.Row+1]++
	}
	for i := range rows {
		start[i+1] += start[i]
	}
	sorted := make([]sparse.Entry, len(entries))
	fill := append([]int(nil), start[:rows]...)
	for _, e := range entries {
		k := fill[e.Row]
		fill[e.Row]++
		for ; k > start[e.Row] && sorted[k-1].Col > e.Col; k-- {
			sorted[k] = sorted[k-1]
		}
		sorted[k] = e
	}
	out := sorted[:0]
	for _, e := range sorted {
		if k := len(out) - 1; k >= 0 && out[k].Row == e.Row && out[k].Col == e.Col {
			out[k].Value += e.Value
		} else {
			out = append(out, e)
		}
	}
	return sparse.New(rows, cols, out)
}

// layer is an additive layer of the frame, by the entries of its weight.
type layer struct {
	kind    coupling.Kind
	entries []sparse.Entry
}

// add adds v to the weight at row i, column j.
func (x *layer) add(i, j int, v float64) {
	x.entries = append(x.entries, sparse.Entry{Row: i, Col: j, Value: v})
}

// additive returns the flow of additive layers with the given weights: those
// that vanish are left out, and neighbours of one kind become one layer.
func additive(f geometry.Frame, layers ...layer) (*coupling.Flow, error) {
	var kept []layer
	var blocks []*sparse.Matrix
	for _, w := range layers {
		rows, cols := f.Q, f.P
		if w.kind == coupling.Upper {
			rows, cols = cols, rows
		}
		last := len(kept) - 1
		if last >= 0 && kept[last].kind == w.kind {
			w.entries = append(w.entries, kept[last].entries...)
			kept, blocks = kept[:last], blocks[:last]
		}
		x, err := sumEntries(rows, cols, w.entries)
		if err != nil {
			return nil, err
		}
		if x.NNZ() > 0 {
			kept, blocks = append(kept, w), append(blocks, x)
		}
	}
	var out []coupling.Layer
	for k, x := range blocks {
		l, err := coupling.NewLayer(f.Part, f.Kind(kept[k].kind), x, coupling.Scale{})
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return coupling.NewFlow(f.Part, out...)
}
