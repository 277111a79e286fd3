package ballmat

import (
	"errors"
	"math"
	"math/big"
	"runtime"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/internal/layout"
	"flowproof/exactmath/internal/residue"
)

// ErrTooLarge is returned if numbers have too many bits, about 96,000.
var ErrTooLarge = errors.New("too many bits for multi-modular arithmetic")

// mulAdd returns c + a b as integers times 2^exp, row by row, from residues.
func mulAdd(c, a, b *dense.Dyadic) (num []big.Int, exp int, err error) {
	rows, k := a.Dims()
	inner, cols := b.Dims()
	if r, s := c.Dims(); r != rows || s != cols || inner != k || rows < 1 || cols < 1 || k < 1 {
		return nil, 0, &exactmath.ShapeError{Op: "MulAdd", R1: rows, C1: k, R2: inner, C2: cols}
	}
	kern, threads := residue.Fastest(), runtime.GOMAXPROCS(0)
	g := kern.Lanes
	var x, y, z *residue.Integers
	split := []func(){
		func() { x = residue.Split(residue.Of(a), layout.Rows(rows, k, g), g, math.MaxInt64) },
		func() { y = residue.Split(residue.Of(b), residue.Panels(k, cols, g), g, math.MaxInt64) },
		func() { z = residue.Split(residue.Of(c), layout.Rows(rows, cols, g), g, math.MaxInt64) },
	}
	residue.Parallel(threads, 3, func(_, i int) { split[i]() })
	total := z.Span.Add(x.Times(y.Span))
	bound := total.Integers()
	bound.Lsh(bound.Add(bound, big.NewInt(1)), 2)
	if bound.BitLen() > residue.MaxPrimes*23 {
		return nil, 0, ErrTooLarge
	}
	primes, product := residue.Primes(bound, big.NewInt(1))
	m := multiplier{
		kern: kern, threads: threads, x: x, y: y, z: z, k: k, cols: cols,
		primes: primes, table: residue.NewTable(primes, product),
	}
	m.units = m.table.Units(func(p residue.Prime) uint64 { return p.Pow(2, -total.Exp) })
	num = make([]big.Int, rows*cols)
	const budget = 1 << 24 // float64 numbers
	block := 6 * residue.Ceil(min(rows, max(48, budget/(m.wide()*len(primes)))), 6)
	m.planes, m.stride = make([]float64, len(primes)*(block*m.wide()+16)), block*m.wide()+16
	m.scratch = make([][3][]float64, threads)
	for first := 0; first < rows; first += block {
		m.compute(first, min(block, rows-first), num)
	}
	return num, total.Exp, nil
}

// multiplier is a product c + a b on its way, with one plane for each prime, of
// rows of wide() numbers.
type multiplier struct {
	kern    residue.Kernel
	threads int
	x, y, z *residue.Integers // a, b, c
	k, cols int
	primes  []residue.Prime
	units   []float64
	table   *residue.Table
	planes  []float64
	stride  int
	scratch [][3][]float64 // of each thread
}

// long and wide are the lengths of the rows of a and of c.
func (m *multiplier) long() int { return residue.Ceil(m.k, m.kern.Lanes) * m.kern.Lanes }
func (m *multiplier) wide() int { return residue.Ceil(m.cols, m.kern.Lanes) * m.kern.Lanes }

// compute sets rows first..first+rows-1 of num.
func (m *multiplier) compute(first, rows int, num []big.Int) {
	g, n := m.kern.Lanes, len(m.primes)
	tasks := min(n, residue.Ceil(n, 6*m.threads)*m.threads)
	residue.Parallel(m.threads, tasks, func(thread, t int) { m.product(thread, t*n/tasks, (t+1)*n/tasks, first, rows) })
	groups := rows * m.wide() / g
	residue.Parallel(m.threads, residue.Ceil(groups, residue.Chunk), func(thread, t int) {
		from := t * residue.Chunk * g
		m.table.Ints(m.kern, m.planes[from:], m.stride, min(residue.Chunk, groups-t*residue.Chunk), m.units, m.buffer(thread, 0, m.table.Scratch(m.kern)), func(s int) *big.Int {
			i, j := (from+s)/m.wide(), (from+s)%m.wide()
			if j >= m.cols {
				return nil
			}
			return &num[(first+i)*m.cols+j]
		})
	})
}

func (m *multiplier) buffer(thread, which, size int) []float64 {
	b := &m.scratch[thread][which]
	if len(*b) < size {
		*b = make([]float64, size)
	}
	return (*b)[:size]
}

// product makes planes lo..hi-1, at most 6, c + a b.
func (m *multiplier) product(thread, lo, hi, first, rows int) {
	g, primes, mod := m.kern.Lanes, m.primes[lo:hi], residue.Moduli(m.primes[lo:hi]...)
	one := []uint64{1, 1, 1, 1, 1, 1}
	strips := residue.Ceil(rows, 6)
	part := func(which int, x *residue.Integers, from, to, size int) []float64 {
		buf := m.buffer(thread, which, 6*size)
		x.Residues(m.kern, buf, size, x.Weights(primes, one), from, to, &mod, false)
		for i := range primes { // rows that fill up the last strip
			clear(buf[i*size+(to-from)*g : (i+1)*size])
		}
		return buf
	}
	a := part(0, m.x, first*m.long()/g, (first+rows)*m.long()/g, 6*strips*m.long())
	b := part(1, m.y, 0, m.y.Groups, m.y.Groups*g)
	c := part(2, m.z, first*m.wide()/g, (first+rows)*m.wide()/g, 6*strips*m.wide())
	for i, p := range primes {
		out := m.planes[(lo+i)*m.stride:][:6*strips*m.wide()]
		copy(out, c[i*len(out):])
		mod := residue.Moduli(p, p, p, p, p, p)
		x, y := a[i*6*strips*m.long():], b[i*m.y.Groups*g:]
		for l := 0; l < m.k; l += residue.MaxProduct {
			for s := range strips {
				m.kern.Strip(out[6*s*m.wide():], m.wide(), x[6*s*m.long()+l:], m.long(), y[l*g:], g, m.k*g, min(residue.MaxProduct, m.k-l), m.wide()/g, &mod, true)
			}
		}
	}
}
