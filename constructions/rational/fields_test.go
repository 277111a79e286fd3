package rational

import (
	"testing"

	"flowproof/constructions/internal/sample"
)

// powers of a small field's size, and the group SL_n over it, matrices as numbers
// in base q, entry (i, j) the digit n i + j.
type smallGroup struct {
	q, n int
	pow  []int
	sum  [][]int // of rows, as numbers
}

func newSmallGroup(q, n int) *smallGroup {
	g := &smallGroup{q: q, n: n, pow: []int{1}}
	for i := range n * n {
		g.pow = append(g.pow, q*g.pow[i])
	}
	rows := g.pow[n]
	for a := range rows {
		g.sum = append(g.sum, make([]int, rows))
		for b := range rows {
			for i := range n {
				g.sum[a][b] += (a/g.pow[i] + b/g.pow[i]) % q * g.pow[i]
			}
		}
	}
	return g
}

// order of SL_n over the field.
func (g *smallGroup) order() int {
	size := 1
	for i := range g.n {
		size *= g.pow[g.n] - g.pow[i]
	}
	return size / (g.q - 1)
}

// addRow returns x with row src added to row dst.
func (g *smallGroup) addRow(x, dst, src int) int {
	row := func(i int) int { return x / g.pow[g.n*i] % g.pow[g.n] }
	return x + (g.sum[row(dst)][row(src)]-row(dst))*g.pow[g.n*dst]
}

// counts returns how many matrices are products of at most 1, 2, .. alternating
// additive layers, the leftmost of the last kind being lower or upper in turn, up
// to the depth at which all are.
func (g *smallGroup) counts(p int, lower bool) []int {
	reached := make([]bool, g.pow[g.n*g.n])
	id := 0
	for i := range g.n {
		id += g.pow[g.n*i+i]
	}
	reached[id] = true
	var out []int
	for len(out) == 0 || out[len(out)-1] < g.order() && len(out) < 4*g.n {
		for dst := range g.n {
			for src := range g.n {
				if lower && dst >= p && src < p || !lower && dst < p && src >= p {
					g.close(reached, dst, src)
				}
			}
		}
		lower = !lower
		count := 0
		for _, in := range reached {
			if in {
				count++
			}
		}
		out = append(out, count)
	}
	return out
}

// close multiplies the set by the multiples of one elementary matrix: those of all
// places of a layer commute and generate the layers of that kind.
func (g *smallGroup) close(reached []bool, dst, src int) {
	for x, in := range reached {
		if in {
			for range g.q - 1 {
				x = g.addRow(x, dst, src)
				reached[x] = true
			}
		}
	}
}

// Over fields too small for theorem 2.8, by enumeration of the whole group: six
// additive layers suffice and are needed on parts of 2 and 1, 2 and 2, 2 and 3
// coordinates, 2n on 1 and n-1, whichever kind comes first.
func TestSmallFields(t *testing.T) {
	type group struct{ q, n, p int }
	groups := []group{{2, 3, 1}, {3, 3, 1}, {2, 4, 2}, {2, 4, 1}}
	if *sample.Long {
		groups = append(groups, group{5, 3, 1}, group{2, 5, 2}, group{2, 5, 1})
	}
	for _, c := range groups {
		g := newSmallGroup(c.q, c.n)
		for _, lower := range []bool{false, true} {
			counts := g.counts(c.p, lower)
			if len(counts) != AnyDepth(c.p, c.n-c.p) || counts[len(counts)-1] != g.order() {
				t.Errorf("SL_%d(F_%d) on %d + %d: products of 1, 2, .. layers %v of %d", c.n, c.q, c.p, c.n-c.p, counts, g.order())
			}
		}
	}
}
