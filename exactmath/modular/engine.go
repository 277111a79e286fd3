package modular

import (
	"math"
	"runtime"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/internal/residue"
)

// step is a Step, split: to the columns of part 1-from are added the columns of
// part from, times weight; then those of part from are scaled.
type step struct {
	from          int
	weight, scale *residue.Integers
}

// machine is what an engine runs on.
type machine struct {
	kern    residue.Kernel
	threads int
	budget  int // of memory for planes, in float64 numbers
	least   int // n^3 times primes below which one thread is faster (BenchmarkCompose)
}

func best(threads int) machine {
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	return machine{residue.Fastest(), threads, 1 << 24, 1 << 24}
}

// engine is a chain, split, and the state for some primes. The state is, for
// each prime, a plane: rows first..first+rows-1 of the partial product [S1, S2],
// times unit modulo the prime, of ld float64 numbers each, S1 and S2 at column
// off[0] and off[1], both filled up to whole groups with zeros. There are as
// many rows as strips of 6 need, those beyond n being zero.
type engine struct {
	machine
	p, n       int
	width, off [2]int // of the parts, in groups and in columns
	ld         int
	order      []int
	steps      []step
	target     *residue.Integers // in rows like those of the planes; nil for none
	total      residue.Span      // of target - product

	primes              []residue.Prime
	unit                []uint64
	first, rows, stride int
	planes              []float64
	scratch             [][]float64 // of each thread
}

func (c *Chain) engine(target exactmath.Matrix, m machine) (*engine, error) {
	if err := c.Validate(target); err != nil {
		return nil, err
	}
	n, g := c.P+c.Q, m.kern.Lanes
	e := &engine{machine: m, p: c.P, n: n, steps: make([]step, len(c.Steps)), order: c.Order, scratch: make([][]float64, m.threads)}
	for i := len(e.order); i < n; i++ {
		e.order = append(e.order, i)
	}
	e.width = [2]int{residue.Ceil(c.P, g), residue.Ceil(c.Q, g)}
	e.off[1] = e.width[0] * g
	e.ld = e.off[1] + e.width[1]*g
	residue.Parallel(e.threads, len(c.Steps)+1, func(_, k int) {
		if k == len(c.Steps) {
			if target != nil {
				e.target = residue.Split(target, e.layout(), g)
			}
			return
		}
		s, z := &c.Steps[k], &e.steps[k]
		if !s.Upper {
			z.from = 1
		}
		rows, cols := s.Weight.Dims()
		z.weight = residue.Split(s.Weight, residue.Panels(rows, cols, g), g)
		if d, err := dense.NewRational(1, rows, s.Scale); s.Scale != nil && err == nil { // the length was checked
			z.scale = residue.Split(d, residue.Panels(1, rows, g), g)
		}
	})
	e.total = c.Bounds(func(k int) residue.Span { return e.steps[k].weight.Span }, func(k int) residue.Span { return e.steps[k].scale.Span })
	if target != nil {
		e.total = e.total.Add(e.target.Span)
	}
	return e, nil
}

// column is where the k-th column of the block order is in a row of a plane.
func (e *engine) column(k int) int {
	if k < e.p {
		return k
	}
	return k - e.p + e.off[1]
}

// layout keeps an n x n matrix as the planes do.
func (e *engine) layout() residue.Layout {
	z, g := residue.Panels(e.n, e.n, e.kern.Lanes), e.kern.Lanes
	for k, i := range e.order {
		j := e.column(k)
		z.Row[i], z.Col[i], z.Lane[i] = k*e.ld/g, j/g, j%g
	}
	z.Groups = e.n * e.ld / g
	return z
}

// buffer returns scratch memory of the thread, with anything in it.
func (e *engine) buffer(thread, size int) []float64 {
	if len(e.scratch[thread]) < size {
		e.scratch[thread] = make([]float64, size)
	}
	return e.scratch[thread][:size]
}

// use makes planes for the primes, at least 6, within the budget of memory: the
// product is worked on some rows at a time.
func (e *engine) use(primes []residue.Prime) {
	e.primes, e.unit = primes, make([]uint64, len(primes))
	e.rows = 6 * residue.Ceil(min(e.n, max(6, e.budget/(e.ld*len(primes)))), 6)
	e.stride = e.rows*e.ld + 16 // off the powers of two, so that planes do not meet in one cache set
	e.planes = make([]float64, e.stride*len(primes))
}

// compute makes the planes, from the given row on, unit * (target - product), or
// -unit * product without a target.
func (e *engine) compute(first int) {
	e.first = first
	// Every thread takes as many tasks, each of at most 6 primes.
	tasks := min(len(e.primes), residue.Ceil(len(e.primes), 6*e.threads)*e.threads)
	residue.Parallel(e.threads, tasks, func(thread, k int) {
		e.product(thread, k*len(e.primes)/tasks, (k+1)*len(e.primes)/tasks)
	})
	if e.target == nil {
		return
	}
	const chunk = 1 << 10
	g := e.kern.Lanes
	base, groups := first*e.ld/g, min(e.rows, e.n-first)*e.ld/g
	for lo := 0; lo < len(e.primes); lo += 6 {
		// The last six may overlap those before, which then add nothing.
		at := min(lo, len(e.primes)-6)
		primes, mod := e.primes[at:at+6], residue.Moduli(e.primes[at:at+6]...)
		w := e.target.Weights(primes, append(make([]uint64, lo-at), e.unit[lo:at+6]...))
		residue.Parallel(e.threads, residue.Ceil(groups, chunk), func(_, k int) {
			from, to := k*chunk, min(groups, k*chunk+chunk)
			e.target.Residues(e.kern, e.planes[at*e.stride+from*g:], e.stride, w, base+from, base+to, &mod, true)
		})
	}
}

type interval struct{ lo, hi int }

// product makes planes lo..hi-1, at most 6, -unit * product.
func (e *engine) product(thread, lo, hi int) {
	primes, g, mod := e.primes[lo:hi], e.kern.Lanes, residue.Moduli(e.primes[lo:hi]...)
	one, state := make([]uint64, hi-lo), make([][]float64, hi-lo)
	for i, p := range primes {
		one[i], state[i] = 1, e.planes[(lo+i)*e.stride:][:e.rows*e.ld]
		clear(state[i])
		for r := range min(e.rows, e.n-e.first) {
			state[i][r*e.ld+e.column(e.first+r)] = -p.Balanced(e.unit[lo+i])
		}
	}
	// The columns of S1 and of S2 that may not be zero, for each strip of 6 rows:
	// at first those of the identity.
	used := make([][2]interval, e.rows/6)
	for s := range used {
		first := e.first + 6*s
		used[s] = [2]interval{{first, min(first+6, e.p)}, {max(first-e.p, 0), min(first+6, e.n) - e.p}}
	}
	for _, st := range e.steps {
		from, x := st.from, st.weight
		size := x.Groups * g
		buf := e.buffer(thread, 6*size)
		x.Residues(e.kern, buf, size, x.Weights(primes, one), 0, x.Groups, &mod, false)
		for i, p := range primes {
			e.multiply(state[i], buf[i*size:(i+1)*size], from, used, p)
		}
		for s := range used {
			if r := used[s][from]; r.lo < r.hi {
				used[s][1-from] = interval{0, math.MaxInt}
			}
		}
		if x = st.scale; x != nil {
			size = x.Groups * g
			x.Residues(e.kern, buf, size, x.Weights(primes, one), 0, x.Groups, &mod, false)
			for i, p := range primes {
				for r := range e.rows {
					s := state[i][r*e.ld+e.off[from]:]
					for j, d := range buf[i*size : (i+1)*size] {
						s[j] = residue.Reduce(s[j]*d, p.P, p.Inv)
					}
				}
			}
		}
	}
}

// multiply adds to one part the other part, from, times the weight b.
func (e *engine) multiply(s, b []float64, from int, used [][2]interval, p residue.Prime) {
	g, mod := e.kern.Lanes, residue.Moduli(p, p, p, p, p, p)
	k := len(b) / (e.width[1-from] * g) // rows of b
	for l := 0; l < k; l += residue.MaxProduct {
		for t := range used {
			lo, hi := max(used[t][from].lo, l), min(used[t][from].hi, l+residue.MaxProduct, k)
			if row := s[6*t*e.ld:]; lo < hi {
				e.kern.Strip(row[e.off[1-from]:], e.ld, row[e.off[from]+lo:], e.ld, b[lo*g:], g, k*g, hi-lo, e.width[1-from], &mod, true)
			}
		}
	}
}
