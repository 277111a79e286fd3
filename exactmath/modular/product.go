// Package modular multiplies block triangular factors exactly, from residues
// modulo many primes: the fast way, for numbers of up to about 96,000 bits.
package modular

import (
	"math"
	"math/big"
	"runtime"
	"slices"

	"flowproof/exactmath"
	"flowproof/exactmath/internal/residue"
)

// Product is some rows of the product of factors, n x n in block order: place k
// is coordinate order[k], and the parts are the first p places and the others.
// It grows factor by factor.
//
// The state is a plane for each prime: the rows [S1, S2] of the product modulo
// the prime, of ld float64 numbers each, S1 and S2 at columns off[0] and off[1],
// both filled up to whole groups with zeros. There are as many rows as strips of
// 6 need, the last ones being zero. Factors wait in a queue of bounded size, since
// it is quicker to multiply six planes by all of them than all planes by one. When
// the numbers outgrow the primes they are put together and taken modulo more; as
// many as the factors to come are likely to need, so that this is rare.
type Product struct {
	machine
	p, n, first, rows int
	order, place      []int
	width, off        [2]int // of the parts, in groups and in columns
	ld, stride        int
	ahead             int          // factors expected
	spans             residue.Pair // of S1 and S2, the queue included
	waiting           []step
	digits            int // of those waiting

	// Without the queue:
	flat    residue.Span
	used    [][2]interval     // columns of S1 and of S2 that may not be zero, for each strip of 6 rows
	start   *residue.Integers // before there are planes; nil for the identity
	primes  []residue.Prime
	room    *big.Int // the product of the primes
	table   *residue.Table
	planes  []float64
	scratch [][]float64 // of each thread
}

// machine is what a product runs on.
type machine struct {
	kern    residue.Kernel
	threads int
	memory  int64 // for the planes, in bytes
	work    int64 // multiplications of words left
	queue   int   // digits of factors that may wait
}

type interval struct{ lo, hi int }

// step is a factor, split: to the columns of part 1-from are added those of part
// from, times weight; then those of part from are scaled.
type step struct {
	from          int
	weight, scale *residue.Integers
}

// New returns rows from..to-1 of the identity, in block order. The parts are the
// first p and the other places of the order, a permutation of 0..n-1, 1 <= p <
// n. How many factors are expected decides about time alone. Methods fail with
// exactmath.ErrTooLarge rather than make planes of more than the given memory, in
// bytes, or do more than the given work, in multiplications of 64-bit words.
func New(order []int, p, from, to, factors int, memory, work int64) *Product {
	return newProduct(machine{residue.Fastest(), runtime.GOMAXPROCS(0), memory, work, 1 << 23}, order, p, from, to, factors)
}

func newProduct(m machine, order []int, p, from, to, factors int) *Product {
	n, g := len(order), m.kern.Lanes
	x := &Product{machine: m, p: p, n: n, first: from, rows: to - from, order: order, place: make([]int, n), ahead: factors, room: new(big.Int)}
	for k, i := range order {
		x.place[i] = k
	}
	x.width = [2]int{residue.Ceil(p, g), residue.Ceil(n-p, g)}
	x.off[1] = x.width[0] * g
	x.ld = x.off[1] + x.width[1]*g
	x.spans, x.flat = residue.Pair{residue.One(), residue.One()}, residue.One()
	x.used = make([][2]interval, residue.Ceil(x.rows, 6))
	x.stride = len(x.used)*6*x.ld + 16 // off the powers of two, so that planes do not meet in one cache set
	for s := range x.used {
		k := from + 6*s
		x.used[s] = [2]interval{{k, min(k+6, p)}, {max(k-p, 0), min(k+6, n) - p}}
	}
	x.scratch = make([][]float64, m.threads)
	return x
}

// Wait lets factors wait, 8 bytes a digit, until they have more digits; 64 MB is
// what they may take otherwise.
func (x *Product) Wait(digits int) { x.queue = digits }

// Bits bounds the bits of the numbers that Rows visits.
func (x *Product) Bits() int { return room(x.spans.Whole()).BitLen() }

// Unit returns the exponent and the odd denominator of the unit 2^exp / den in
// which Rows counts.
func (x *Product) Unit() (exp int, den *big.Int) {
	s := x.spans.Whole()
	return s.Exp, s.Den
}

// Norm bounds the sum of the absolute values along a row.
func (x *Product) Norm() *big.Rat { return x.spans.Whole().Sum }

// Set makes S the matrix of which each visits the entries, in the order of the
// coordinates. It is called before any other method. It fails with
// exactmath.ErrTooLarge.
func (x *Product) Set(each func(visit func(i, j int, v *big.Rat))) error {
	if x.start = x.split(residue.Rationals(each), x.memory/8); x.start == nil {
		return exactmath.ErrTooLarge
	}
	x.spans = residue.Pair{x.start.Span, x.start.Span}
	x.fill()
	return x.admit(x.spans)
}

// Multiply replaces S by S E. The shapes have to fit: that is the caller's to
// see to. With exactmath.ErrTooLarge nothing has changed.
func (x *Product) Multiply(e exactmath.Factor) error {
	from, g := 1, x.kern.Lanes
	if e.Upper {
		from = 0
	}
	rows, cols := e.Weight.Dims()
	weight := residue.Split(residue.Of(e.Weight), residue.Panels(rows, cols, g), g, x.memory/8)
	if weight == nil {
		return exactmath.ErrTooLarge
	}
	var scale *residue.Integers
	var bound *residue.Span
	if e.Scale != nil {
		scale = residue.Split(residue.Rationals(func(visit func(i, j int, v *big.Rat)) {
			for j, d := range e.Scale {
				visit(0, j, d)
			}
		}), residue.Panels(1, rows, g), g, math.MaxInt64)
		bound = &scale.Span
	}
	next := x.spans.Times(from, weight.Span, bound)
	if err := x.admit(next); err != nil {
		return err
	}
	x.spans, x.waiting = next, append(x.waiting, step{from, weight, scale})
	x.ahead--
	if x.digits += weight.Digits(); x.digits > x.queue {
		x.flush()
	}
	return nil
}

// Subtract replaces S by S - m, the n x n matrix m being in the order of the
// coordinates. With exactmath.ErrTooLarge nothing has changed.
func (x *Product) Subtract(m exactmath.Matrix) error {
	z := x.split(residue.Of(m), x.memory/8)
	if z == nil {
		return exactmath.ErrTooLarge
	}
	next := x.spans.Whole().Add(z.Span)
	if err := x.admit(residue.Pair{next, next}); err != nil {
		return err
	}
	x.spans, x.ahead = residue.Pair{next, next}, 0
	x.flush()
	x.add(z, func(p residue.Prime) uint64 { return p.U - 1 })
	x.fill()
	return nil
}

// fill takes note that no column may be relied on to be zero.
func (x *Product) fill() {
	x.flat = x.spans.Whole()
	for s := range x.used {
		x.used[s] = [2]interval{{0, x.n}, {0, x.n}}
	}
}

// admit refuses numbers that would take more than the limits.
func (x *Product) admit(next residue.Pair) error {
	bits := room(next.Whole()).BitLen()
	// A multiplication takes at most n/4 steps for each residue, to put numbers
	// together as many as there are primes; a word is worth eight of them.
	primes := int64(bits/23 + 6)
	x.work -= int64(x.rows) * int64(x.n) * primes / 8 * (primes + int64(x.n)/4)
	if x.work < 0 || bits > x.most() {
		return exactmath.ErrTooLarge
	}
	return nil
}

// most is how many bits there is room for; at least 6 primes are taken.
func (x *Product) most() int {
	return 23 * (int(min(residue.MaxPrimes, x.memory/8/int64(x.stride))) - 5)
}

// flush multiplies by the factors in the queue.
func (x *Product) flush() {
	x.grow()
	// Every thread takes as many tasks, each of at most 6 primes.
	k := len(x.primes)
	tasks := min(k, residue.Ceil(k, 6*x.threads)*x.threads)
	residue.Parallel(x.threads, tasks, func(thread, t int) {
		used := slices.Clone(x.used)
		for _, f := range x.waiting {
			x.multiply(thread, t*k/tasks, (t+1)*k/tasks, f, used)
			spread(used, f.from)
		}
	})
	for _, f := range x.waiting {
		spread(x.used, f.from)
	}
	x.flat, x.waiting, x.digits = x.spans.Whole(), nil, 0
}

// Rows visits the rows of these coordinates, several at once and in any order:
// num[j] times the unit is the entry (i, j), in the order of the coordinates, and
// belongs to the visitor. A number is known to be zero if all its residues are.
func (x *Product) Rows(coordinates []int, visit func(i int, num []big.Int)) {
	x.flush()
	x.put(coordinates, visit)
}

// put is Rows without the queue.
func (x *Product) put(coordinates []int, visit func(i int, num []big.Int)) {
	if x.table == nil {
		x.table = residue.NewTable(x.primes, x.room)
	}
	g := x.kern.Lanes
	units := x.table.Units(func(p residue.Prime) uint64 { return p.Mul(p.Pow(2, -x.flat.Exp), p.Mod(x.flat.Den)) })
	coordinate := make([]int, x.ld) // of a column; -1 for a place that is not used
	for j := range coordinate {
		coordinate[j] = -1
	}
	for k, i := range x.order {
		coordinate[x.column(k)] = i
	}
	each := max(1, residue.Chunk*g/x.ld) // rows to a task: as many as are put together at once
	residue.Parallel(x.threads, residue.Ceil(len(coordinates), each), func(thread, task int) {
		these := coordinates[task*each : min(len(coordinates), task*each+each)]
		for count := 1; len(these) > 0; these, count = these[count:], 1 {
			first := x.place[these[0]]
			for count < len(these) && x.place[these[count]] == first+count {
				count++
			}
			num, rows := make([]big.Int, count*x.n), x.planes[(first-x.first)*x.ld:]
			for at := 0; at < count*x.ld; at += residue.Chunk * g {
				size := min(residue.Chunk, (count*x.ld-at)/g)
				x.table.Ints(x.kern, rows[at:], x.stride, size, units, x.buffer(thread, x.table.Scratch(x.kern)), func(s int) *big.Int {
					if j := coordinate[(at+s)%x.ld]; j >= 0 {
						return &num[(at+s)/x.ld*x.n+j]
					}
					return nil
				})
			}
			for k := range count {
				visit(these[k], num[k*x.n:(k+1)*x.n])
			}
		}
	})
}

// grow takes care that there are primes for the numbers, the queue included: for
// all factors to come, if those in the queue are like them, up to eight times as
// many bits.
func (x *Product) grow() {
	total := x.spans.Whole()
	bound, before := room(total), room(x.flat).BitLen()
	common := new(big.Int).GCD(nil, nil, total.Den, x.room)
	if bound.Cmp(x.room) <= 0 && common.Cmp(big.NewInt(1)) == 0 {
		return
	}
	bits, old := bound.BitLen(), x.start
	if x.ahead > 0 && len(x.waiting) > 0 {
		bound.Lsh(bound, uint(min(x.ahead*max(0, bits-before)/len(x.waiting)+24, 7*bits, max(0, x.most()-bits))))
	}
	if x.planes != nil {
		old = x.split(x.entries(), math.MaxInt64)
	}
	x.start, x.planes = nil, nil // the memory is needed
	x.primes, x.room = residue.Primes(bound, total.Den)
	x.table, x.planes = nil, make([]float64, x.stride*len(x.primes))
	if old != nil {
		x.add(old, func(residue.Prime) uint64 { return 1 })
		return
	}
	for i := range x.primes {
		for k := range x.rows {
			x.planes[i*x.stride+k*x.ld+x.column(x.first+k)] = 1
		}
	}
}

// spread takes note that the other part has got columns of part from.
func spread(used [][2]interval, from int) {
	for s := range used {
		if r := used[s][from]; r.lo < r.hi {
			used[s][1-from] = interval{0, math.MaxInt}
		}
	}
}

// room is what the product of the primes has to exceed for matrices within s.
func room(s residue.Span) *big.Int {
	b := s.Integers()
	return b.Lsh(b.Add(b, big.NewInt(1)), 2)
}

// entries visits the numbers of which the planes hold the residues.
func (x *Product) entries() residue.Entries {
	all := make([][]big.Int, x.n)
	x.put(x.order[x.first:x.first+x.rows], func(i int, num []big.Int) { all[i] = num })
	return func(f residue.Piece) *big.Int {
		for i, row := range all {
			for j := range row {
				residue.Words(i, j, &row[j], x.flat.Exp, f)
			}
		}
		return x.flat.Den
	}
}

// column is where place k of the block order is in a row of a plane.
func (x *Product) column(k int) int {
	if k < x.p {
		return k
	}
	return k - x.p + x.off[1]
}

// split lays out the rows of an n x n matrix as the planes do; nil if that takes
// more than limit digits.
func (x *Product) split(entries residue.Entries, limit int64) *residue.Integers {
	g := x.kern.Lanes
	lay := residue.Layout{Row: make([]int, x.n), Col: make([]int, x.n), Lane: make([]int, x.n), Groups: x.rows * x.ld / g}
	for k, i := range x.order {
		j := x.column(k)
		lay.Row[i], lay.Col[i], lay.Lane[i] = (k-x.first)*x.ld/g, j/g, j%g
	}
	return residue.Split(func(f residue.Piece) *big.Int {
		return entries(func(i, j int, sign float64, u uint64, e int) {
			if k := x.place[i] - x.first; 0 <= k && k < x.rows {
				f(i, j, sign, u, e)
			}
		})
	}, lay, g, limit)
}

// buffer returns scratch memory of the thread, with anything in it.
func (x *Product) buffer(thread, size int) []float64 {
	if len(x.scratch[thread]) < size {
		x.scratch[thread] = make([]float64, size)
	}
	return x.scratch[thread][:size]
}

// add adds z times c(p) to the planes.
func (x *Product) add(z *residue.Integers, c func(p residue.Prime) uint64) {
	const chunk = 1 << 10
	g := x.kern.Lanes
	for lo := 0; lo < len(x.primes); lo += 6 {
		// The last six may overlap those before, which then add nothing.
		at := min(lo, len(x.primes)-6)
		primes, mod, factor := x.primes[at:at+6], residue.Moduli(x.primes[at:at+6]...), make([]uint64, 6)
		for i := lo - at; i < 6; i++ {
			factor[i] = c(primes[i])
		}
		w := z.Weights(primes, factor)
		residue.Parallel(x.threads, residue.Ceil(z.Groups, chunk), func(_, k int) {
			from, to := k*chunk, min(z.Groups, k*chunk+chunk)
			z.Residues(x.kern, x.planes[at*x.stride+from*g:], x.stride, w, from, to, &mod, true)
		})
	}
}

// multiply multiplies the planes lo..hi-1, at most 6, by a factor.
func (x *Product) multiply(thread, lo, hi int, f step, used [][2]interval) {
	primes, g, mod, one := x.primes[lo:hi], x.kern.Lanes, residue.Moduli(x.primes[lo:hi]...), make([]uint64, hi-lo)
	for i := range one {
		one[i] = 1
	}
	size := f.weight.Groups * g
	buf := x.buffer(thread, 6*size)
	f.weight.Residues(x.kern, buf, size, f.weight.Weights(primes, one), 0, f.weight.Groups, &mod, false)
	for i, p := range primes {
		x.strips(x.planes[(lo+i)*x.stride:], buf[i*size:(i+1)*size], f.from, used, p)
	}
	if f.scale == nil {
		return
	}
	size = f.scale.Groups * g
	f.scale.Residues(x.kern, buf, size, f.scale.Weights(primes, one), 0, f.scale.Groups, &mod, false)
	for i, p := range primes {
		for r := range x.rows {
			s := x.planes[(lo+i)*x.stride+r*x.ld+x.off[f.from]:]
			for j, d := range buf[i*size : (i+1)*size] {
				s[j] = residue.Reduce(s[j]*d, p.P, p.Inv)
			}
		}
	}
}

// strips adds to one part of a plane the other part, from, times the weight b.
func (x *Product) strips(s, b []float64, from int, used [][2]interval, p residue.Prime) {
	g, mod := x.kern.Lanes, residue.Moduli(p, p, p, p, p, p)
	k := len(b) / (x.width[1-from] * g) // rows of b
	for l := 0; l < k; l += residue.MaxProduct {
		for t, u := range used {
			lo, hi := max(u[from].lo, l), min(u[from].hi, l+residue.MaxProduct, k)
			if row := s[6*t*x.ld:]; lo < hi {
				x.kern.Strip(row[x.off[1-from]:], x.ld, row[x.off[from]+lo:], x.ld, b[lo*g:], g, k*g, hi-lo, x.width[1-from], &mod, true)
			}
		}
	}
}
