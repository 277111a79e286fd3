package permutation

import (
	"math/rand/v2"
	"sort"
)

// This file finds rewirings of permutations with many runs.

// rewiringAttempts is how often rewireLarge shuffles the runs and tries again, and
// about how many runs more it is willing to shuffle in all if they are few.
const (
	rewiringAttempts = 16
	rewiringWork     = 4000
)

// rewireLarge makes one long cycle of W and one of A, and short ones of the
// runs to match the cycles that M has inside the parts. It takes time linear in
// the number of points.
func (r *runs) rewireLarge() *rewiring {
	for seed := range uint64(rewiringAttempts + rewiringWork/len(r.next)) {
		w := &rewiring{r, make([]int, len(r.next)), make([]float64, len(r.next))}
		if inW, inA, ok := w.close(rand.New(rand.NewPCG(seed, 0))); ok && w.solveSigns(inW, inA) && w.matches() {
			return w
		}
	}
	return nil
}

// close chooses w.to. It returns the signs that the cycles should have: inW[y] is
// that of the cycle of W with the run y of S, inA[y] that of the cycle of A with
// the run y of F.
func (w *rewiring) close(rng *rand.Rand) (inW, inA []float64, ok bool) {
	excess, groupS, groupF := w.demands()
	m := len(w.next)
	for ; excess > 0; excess-- {
		groupS = append(groupS, cycleType{1, 1}) // a fixed point, which needs no partner
	}
	for ; excess < 0; excess++ {
		groupF = append(groupF, cycleType{1, 1})
	}
	// The permutations to, followers and next multiply to an even one. With one long
	// cycle each this is a condition on the number of the short ones; an exchange of
	// one part against two fixed points of the other changes it.
	if (len(groupS)+len(groupF)+m-len(cyclesOf(w.next)))%2 != 0 {
		swap, fixed := cycleType{2, 1}, []cycleType{{1, -1}, {1, 1}}
		if rng.IntN(2) == 0 {
			groupS, groupF = append(groupS, fixed...), append(groupF, swap)
		} else {
			groupS, groupF = append(groupS, swap), append(groupF, fixed...)
		}
	}
	inW, inA = make([]float64, m), make([]float64, m)
	for y := range w.to {
		w.to[y], inW[y], inA[y] = -1, 1, 1
	}
	hasImage, isImage := make([]bool, m), make([]bool, m)
	order := rng.Perm(m)
	for _, groups := range [][]cycleType{groupS, groupF} {
		sort.SliceStable(groups, func(i, j int) bool { return groups[i].length > groups[j].length })
	}
	byS, byF := stockByLength(order, w.inS), stockByLength(order, w.inF)
	for _, t := range groupS {
		g := takeRuns(byS, t.length, hasImage, isImage, nil)
		if g == nil {
			return nil, nil, false
		}
		for i, y := range g {
			w.to[y], inW[y] = g[(i+1)%len(g)], t.sign
		}
	}
	for _, t := range groupF {
		g := takeRuns(byF, t.length, hasImage, isImage, w.next)
		if g == nil {
			return nil, nil, false
		}
		for i, x := range g {
			w.to[g[(i+1)%len(g)]], inA[x] = w.next[x], t.sign
		}
	}
	return inW, inA, w.closeRest()
}

// demands lists the short cycles that the runs have to form: in W to match the
// cycles of M inside F, in A to match those inside S. What is left of the runs of
// S is then longer than what is left of those of F by excess.
func (w *rewiring) demands() (excess int, groupS, groupF []cycleType) {
	net := matched(w.pureS, w.pureF)
	types := make([]cycleType, 0, len(net))
	for t := range net {
		types = append(types, t)
	}
	sort.Slice(types, func(i, j int) bool {
		return types[i].length < types[j].length || types[i].length == types[j].length && types[i].sign < types[j].sign
	})
	for _, t := range types {
		for k := net[t]; k > 0; k-- {
			groupF = append(groupF, t)
			excess += t.length
		}
		for k := net[t]; k < 0; k++ {
			groupS = append(groupS, t)
			excess -= t.length
		}
	}
	for y := range w.inS {
		excess += len(w.inS[y]) - len(w.inF[y])
	}
	return excess, groupS, groupF
}

// stockByLength lists the runs by length, in the given order.
func stockByLength(order []int, runs [][]int) map[int][]int {
	out := make(map[int][]int)
	for _, y := range order {
		out[len(runs[y])] = append(out[len(runs[y])], y)
	}
	return out
}

// takeRuns finds runs of the given total length: of S, which become images of each
// other, or of F if next is given, whose nexts become images of each other's. It
// skips what has an image or is one, and marks what it takes.
func takeRuns(stock map[int][]int, total int, hasImage, isImage []bool, next []int) (group []int) {
	for length := total; total > 0; length = min(length, total) {
		list := stock[length]
		if len(list) == 0 {
			if length--; length == 0 {
				return nil
			}
			continue
		}
		y := list[len(list)-1]
		stock[length] = list[:len(list)-1]
		z := y
		if next != nil {
			z = next[y]
		}
		if !hasImage[y] && !isImage[z] {
			hasImage[y], isImage[z] = true, true
			group = append(group, y)
			total -= length
		}
	}
	return group
}

// closeRest completes to, so that the runs that are in no short cycle form one
// cycle of W and one of A. It contracts the prescribed arcs and calls fullCycles.
func (w *rewiring) closeRest() bool {
	m := len(w.to)
	from := make([]int, m)
	for y := range from {
		from[y] = -1
	}
	for y, z := range w.to {
		if z >= 0 {
			from[z] = y
		}
	}
	place := make([]int, m) // of a run without successor
	var open []int
	for y, z := range w.to {
		if z < 0 {
			place[y] = len(open)
			open = append(open, y)
		}
	}
	if len(open) == 0 {
		return true
	}
	last := make([]int, m) // run without predecessor -> end of its chain, by place
	first := make([]int, len(open))
	for z := range from {
		if from[z] < 0 {
			y := z
			for w.to[y] >= 0 {
				y = w.to[y]
			}
			last[z] = place[y]
			first[place[y]] = z
		}
	}
	nu := make([]int, len(open))
	for i, y := range open {
		z := w.next[y]
		for from[z] >= 0 {
			z = w.next[from[z]]
		}
		nu[i] = last[z]
	}
	if (len(nu)-len(cyclesOf(nu)))%2 != 0 {
		return false
	}
	sigma, _ := fullCycles(nu)
	for i, y := range open {
		w.to[y] = first[sigma[i]]
	}
	return true
}

// solveSigns chooses the signs so that the cycles of W and of A have those of inW
// and inA. Run y is an edge between the cycle of W and the cycle of A whose signs
// it enters; flipping edges of a spanning forest, leaves first, repairs all cycles
// but the roots.
func (w *rewiring) solveSigns(inW, inA []float64) bool {
	for y := range w.sign {
		w.sign[y] = 1
	}
	ends, wrong := w.signGraph(inW, inA)
	order, up := spanningForest(ends, len(wrong))
	for k := len(order) - 1; k >= 0; k-- {
		v := order[k]
		if !wrong[v] {
			continue
		}
		y := up[v]
		if y < 0 {
			return false
		}
		w.sign[y] = -1
		parent := ends[y][0] + ends[y][1] - v
		wrong[parent] = !wrong[parent]
	}
	return true
}

// signGraph numbers the cycles of W, and after them those of A. ends[y] are the two
// that run y is in; wrong[k] tells whether the sign of cycle k is not the one asked
// for, with w.sign = 1 everywhere.
func (w *rewiring) signGraph(inW, inA []float64) (ends [][2]int, wrong []bool) {
	ofW := cyclesOf(w.to)
	cycles := append(ofW, cyclesOf(w.followers())...)
	ends, wrong = make([][2]int, len(w.to)), make([]bool, len(cycles))
	for k, c := range cycles {
		sign := 1.0
		for _, y := range c {
			if k < len(ofW) {
				ends[y][0] = k
				sign *= w.signS[y]
			} else {
				ends[y][1] = k
				sign *= -w.signF[y] // the sign in A is the product of -sign[y] signF[y]
			}
		}
		if k < len(ofW) {
			wrong[k] = sign != inW[c[0]]
		} else {
			wrong[k] = sign != inA[c[0]]
		}
	}
	return ends, wrong
}

// spanningForest returns the n vertices of a graph with the given edges so that each
// comes after its parent, and the edge to the parent of each, -1 at a root.
func spanningForest(ends [][2]int, n int) (order, up []int) {
	edges := make([][]int, n)
	for y, e := range ends {
		edges[e[0]] = append(edges[e[0]], y)
		edges[e[1]] = append(edges[e[1]], y)
	}
	up = make([]int, n)
	seen := make([]bool, n)
	for root := range n {
		if seen[root] {
			continue
		}
		seen[root], up[root] = true, -1
		order = append(order, root)
		for k := len(order) - 1; k < len(order); k++ {
			for _, y := range edges[order[k]] {
				if next := ends[y][0] + ends[y][1] - order[k]; !seen[next] {
					seen[next], up[next] = true, y
					order = append(order, next)
				}
			}
		}
	}
	return order, up
}
