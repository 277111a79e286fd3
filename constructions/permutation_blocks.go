package constructions

import (
	"fmt"

	"flowproof/coupling"
	"flowproof/exactmath/sparse"
)

// NotPermutationError reports a list that is not a permutation of 0..n-1.
type NotPermutationError struct {
	Index  int // 0-based place in the list
	Reason string
}

func (e *NotPermutationError) Error() string {
	return fmt.Sprintf("not a permutation: entry %d %s", e.Index, e.Reason)
}

// OddPermutationError reports a permutation of determinant -1. It wraps
// ErrOrientation, which names the two ways out.
type OddPermutationError struct{ N int }

func (e *OddPermutationError) Error() string {
	return fmt.Sprintf("the permutation of %d points is odd, its determinant is -1: %v", e.N, ErrOrientation)
}

// Unwrap returns ErrOrientation.
func (e *OddPermutationError) Unwrap() error { return ErrOrientation }

// permBlocks is an even permutation in block order, the smaller part first: the
// points 0..p-1 are the first part F, p..p+q-1 the second part S.
type permBlocks struct {
	frame
	to, from []int // point -> its image, its preimage
}

// newPermBlocks checks perm and brings it into block order.
func newPermBlocks(perm []int, part coupling.Partition) (*permBlocks, error) {
	n := len(perm)
	seen := make([]int, n)
	for j, i := range perm {
		if i < 0 || n <= i {
			return nil, &NotPermutationError{j, fmt.Sprintf("is %d, want 0..%d", i, n-1)}
		}
		if seen[i] != 0 {
			return nil, &NotPermutationError{j, fmt.Sprintf("is %d, as entry %d is; want each of 0..%d once", i, seen[i]-1, n-1)}
		}
		seen[i] = j + 1
	}
	target, err := sparse.Permutation(perm)
	if err != nil {
		return nil, err
	}
	f, err := newFrame(target, part)
	if err != nil {
		return nil, err
	}
	m := &permBlocks{f, make([]int, n), make([]int, n)}
	place := make([]int, n)
	for k, i := range f.order {
		place[i] = k
	}
	for k, i := range f.order {
		m.to[k] = place[perm[i]]
		m.from[m.to[k]] = k
	}
	if (n-len(cyclesOf(m.to)))%2 != 0 {
		return nil, &OddPermutationError{n}
	}
	return m, nil
}

// first reports whether the point is in F.
func (m *permBlocks) first(i int) bool { return i < m.p }

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

// pureCycles returns the cycles that stay in F and those that stay in S.
func (m *permBlocks) pureCycles() (inF, inS [][]int) {
	for _, c := range cyclesOf(m.to) {
		k := 0
		for _, i := range c {
			if m.first(i) {
				k++
			}
		}
		switch k {
		case len(c):
			inF = append(inF, c)
		case 0:
			inS = append(inS, c)
		}
	}
	return inF, inS
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

// weights is one layer of the frame, by the entries of its weight.
type weights struct {
	kind    coupling.Kind
	entries []sparse.Entry
}

// additive returns the flow of additive layers with the given weights: those
// that vanish are left out, and neighbours of one kind become one layer.
func (f frame) additive(layers ...weights) (*coupling.Flow, error) {
	var kept []weights
	var blocks []*sparse.Matrix
	for _, w := range layers {
		rows, cols := f.q, f.p
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
		l, err := coupling.NewLayer(f.part, f.kind(kept[k].kind), x, coupling.Scale{})
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return coupling.NewFlow(f.part, out...)
}
