package permutation

// runs lists the maximal runs of a permutation inside a part, those of the
// cycles that visit both. A run of S, number y, is followed by a run of F, which
// has the same number, and this by the run next[y] of S.
//
// signS[y] is the product of the signs on the arcs inside the run y of S, signF[y]
// that of those inside the run y of F and at both its ends.
type runs struct {
	inS, inF     [][]int
	signS, signF []float64
	next         []int
	pureS, pureF []signedCycle
}

func (m *permBlocks) runs() *runs {
	r := &runs{}
	r.pureF, r.pureS, _ = m.cyclesByPart()
	number := make([]int, len(m.to)) // of the run of S that begins here
	for f := range m.P {
		t := m.to[f]
		if m.first(t) {
			continue
		}
		number[t] = len(r.inS)
		var run []int
		sign := 1.0
		for ; !m.first(t); t = m.to[t] {
			run = append(run, t)
			sign *= m.sign[t]
		}
		last := m.sign[run[len(run)-1]] // on the arc from S to F
		r.inS, r.signS = append(r.inS, run), append(r.signS, sign*last)
		run, sign = nil, last
		for ; m.first(t); t = m.to[t] {
			run = append(run, t)
			sign *= m.sign[t]
		}
		r.inF, r.signF = append(r.inF, run), append(r.signF, sign)
		r.next = append(r.next, t) // the point, for now
	}
	for y, t := range r.next {
		r.next[y] = number[t]
	}
	return r
}

// rewiring closes the runs of S to a signed permutation W of S, and those of F
// to one of F, the inverse of A: run y of S is followed by sign[y] times run
// to[y] of S, and the run of F before that one, prev[to[y]], by -sign[y] times
// the signs of the two arcs that are cut times run y of F. PROOFS.md, lemma 4.7.
type rewiring struct {
	*runs
	to   []int
	sign []float64
}

// smallRewiring is the number of runs up to which all rewirings are tried.
const smallRewiring = 5

// rewire looks for a rewiring whose W and A match, and returns nil if it finds
// none: for up to smallRewiring runs there is none then.
func (r *runs) rewire() *rewiring {
	if len(r.next) > smallRewiring {
		return r.rewireLarge()
	}
	w := &rewiring{r, make([]int, len(r.next)), make([]float64, len(r.next))}
	for y := range w.to {
		w.to[y] = y
	}
	var try func(k int) bool
	try = func(k int) bool {
		if k == len(w.to) {
			for signs := range 1 << k {
				for y := range w.sign {
					w.sign[y] = float64(1 - 2*(signs>>y&1))
				}
				if w.matches() {
					return true
				}
			}
			return false
		}
		for i := k; i < len(w.to); i++ {
			w.to[k], w.to[i] = w.to[i], w.to[k]
			if try(k + 1) {
				return true
			}
			w.to[k], w.to[i] = w.to[i], w.to[k]
		}
		return false
	}
	if try(0) {
		return w
	}
	return nil
}

// followers returns the permutation of the runs of F: x is followed by y if the
// run of S that follows x, next[x], is to[y].
func (w *rewiring) followers() []int {
	from := make([]int, len(w.to))
	for y, z := range w.to {
		from[z] = y
	}
	out := make([]int, len(w.to))
	for x, z := range w.next {
		out[x] = from[z]
	}
	return out
}

func (w *rewiring) matches() bool {
	m := matched(w.pureS, w.pureF)
	for _, c := range cyclesOf(w.to) {
		t := cycleType{0, 1}
		for _, y := range c {
			t.length += len(w.inS[y])
			t.sign *= w.sign[y] * w.signS[y]
		}
		m[t]++
	}
	for _, c := range cyclesOf(w.followers()) {
		t := cycleType{0, 1}
		for _, y := range c {
			t.length += len(w.inF[y])
			t.sign *= -w.sign[y] * w.signF[y]
		}
		m[t]--
	}
	return m.fits()
}
