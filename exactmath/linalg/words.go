package linalg

import (
	"math/bits"

	"flowproof/exactmath/internal/residue"
)

// words is a matrix of integers of one or two words in two's complement, row by
// row: entry k is lo[k] + 2^64 hi[k], without hi if it is nil.
type words struct {
	rows, cols int
	lo, hi     []uint64
}

// words returns A, or nil if the sum of the absolute values of a row may reach
// 2^126.
func (z *integers) words() *words {
	long := z.bits + bits.Len(uint(z.cols)) + 1
	if long > 126 {
		return nil
	}
	w := &words{rows: z.rows, cols: z.cols, lo: make([]uint64, z.rows*z.cols)}
	if long > 62 {
		w.hi = make([]uint64, len(w.lo))
	}
	residue.Of(z.m)(func(i, j int, sign float64, u uint64, e int) {
		if u == 0 {
			return
		}
		s := uint(e - z.exp)
		if e < z.exp { // the bits below are zero
			u, s = u>>(z.exp-e), 0
		}
		lo, hi := u<<s, u>>(64-s)
		if s >= 64 {
			hi = u << (s - 64)
		}
		var c uint64
		k := i*z.cols + j
		if sign < 0 {
			w.lo[k], c = bits.Sub64(w.lo[k], lo, 0)
			if w.hi != nil {
				w.hi[k] -= hi + c
			}
		} else {
			w.lo[k], c = bits.Add64(w.lo[k], lo, 0)
			if w.hi != nil {
				w.hi[k] += hi + c
			}
		}
	})
	return w
}

// block copies some rows and columns, in that order.
func (w *words) block(row, col []int) *words {
	z := &words{rows: len(row), cols: len(col), lo: make([]uint64, len(row)*len(col))}
	if w.hi != nil {
		z.hi = make([]uint64, len(z.lo))
	}
	for i, r := range row {
		for j, c := range col {
			z.lo[i*z.cols+j] = w.lo[r*w.cols+c]
			if w.hi != nil {
				z.hi[i*z.cols+j] = w.hi[r*w.cols+c]
			}
		}
	}
	return z
}

// at returns entry k as two words.
func (w *words) at(k int) (lo, hi uint64) {
	if w.hi != nil {
		return w.lo[k], w.hi[k]
	}
	return w.lo[k], uint64(int64(w.lo[k]) >> 63)
}

// less sets r to r - w y modulo 2^128, for columns y and r.
func (w *words) less(y, rlo, rhi []uint64) {
	n := w.cols
	for i := range rlo {
		lo, hi := rlo[i], rhi[i]
		row := w.lo[i*n : (i+1)*n]
		if w.hi == nil {
			// Below 2^62 in absolute value after the division, so one word does.
			y := y[:len(row)]
			for j, v := range row {
				lo -= v * y[j]
			}
			rlo[i], rhi[i] = lo, 0
			continue
		}
		high, y := w.hi[i*n:(i+1)*n], y[:len(row)]
		high = high[:len(row)]
		for j, v := range row {
			h, l := bits.Mul64(v, y[j])
			var c uint64
			lo, c = bits.Sub64(lo, l, 0)
			hi -= h + high[j]*y[j] + c
		}
		rlo[i], rhi[i] = lo, hi
	}
}

// big is a prime below 2^59.
type prime59 struct {
	p      uint64
	lo, hi uint64 // 1/p modulo 2^128
	two64  uint64 // 2^64 modulo p
}

func newPrime59(p uint64) *prime59 {
	f := &prime59{p: p, two64: bits.Rem64(1, 0, p)}
	lo, hi := p, uint64(0) // Newton's iteration, from 3 bits
	for range 6 {
		h, l := bits.Mul64(lo, p) // t = 2 - inv p
		h += hi * p
		l, c := bits.Sub64(2, l, 0)
		h, _ = bits.Sub64(0, h, c)
		nh, nl := bits.Mul64(lo, l)
		nh += lo*h + hi*l
		lo, hi = nl, nh
	}
	f.lo, f.hi = lo, hi
	return f
}

// mod returns a number in two's complement modulo p.
func (f *prime59) mod(lo, hi uint64) uint64 {
	if int64(hi) < 0 {
		var c uint64
		lo, c = bits.Sub64(0, lo, 0)
		hi = -hi - c
		if r := bits.Rem64(hi, lo, f.p); r != 0 {
			return f.p - r
		}
		return 0
	}
	return bits.Rem64(hi, lo, f.p)
}

// quotient returns the exact quotient by p modulo 2^128.
func (f *prime59) quotient(lo, hi uint64) (uint64, uint64) {
	h, l := bits.Mul64(lo, f.lo)
	return l, h + lo*f.hi + hi*f.lo
}

func (f *prime59) mul(a, b uint64) uint64 {
	h, l := bits.Mul64(a, b)
	return bits.Rem64(h, l, f.p)
}

// inverse returns 1/a, a not 0 modulo p.
func (f *prime59) inverse(a uint64) uint64 {
	r, s, u, v := int64(f.p), int64(a%f.p), int64(0), int64(1)
	for s != 0 {
		q := r / s
		r, s, u, v = s, r-q*s, v, u-q*v
	}
	if u < 0 {
		u += int64(f.p)
	}
	return uint64(u)
}

// times sets y to c x modulo p, both with entries below p: fewer than 1,024
// products of two such numbers stay below 2^128.
func (f *prime59) times(c, x, y []uint64) {
	n := len(x)
	for i := range y {
		var sum uint64
		for from := 0; from < n; from += 1 << 10 {
			to := min(n, from+1<<10)
			row, x := c[i*n+from:i*n+to], x[from:to]
			x = x[:len(row)]
			var lo, hi, carry uint64
			for j, v := range row {
				h, l := bits.Mul64(v, x[j])
				lo, carry = bits.Add64(lo, l, 0)
				hi += h + carry
			}
			if sum += bits.Rem64(hi, lo, f.p); sum >= f.p {
				sum -= f.p
			}
		}
		y[i] = sum
	}
}

// invert replaces the n x n matrix a, entries below p, by its inverse. It returns
// the determinant, 0 if it is singular, and the order of the rows in which the
// leading minors are not zero.
func (f *prime59) invert(n int, a []uint64, threads int) (det uint64, order []int) {
	p, two := f.p, 2*f.p
	order, det = count(n), 1
	if n < 96 {
		threads = 1
	}
	// Entries stay below 2 p.
	for k := range n {
		r := k
		for r < n && a[r*n+k]%p == 0 {
			r++
		}
		if r == n {
			return 0, nil
		}
		pivot := a[k*n : (k+1)*n]
		if r != k {
			order[r], order[k] = order[k], order[r]
			other := a[r*n : (r+1)*n]
			for j, v := range pivot {
				pivot[j], other[j] = other[j], v
			}
			det = p - det
		}
		d := pivot[k] % p
		det = f.mul(det, d)
		d = f.inverse(d)
		pivot[k] = 1
		f.scale(pivot, d)
		tasks := residue.Ceil(n, 32)
		if threads == 1 {
			tasks = 1
		}
		residue.Parallel(threads, tasks, func(_, t int) {
			for i := t * n / tasks; i < (t+1)*n/tasks; i++ {
				if i == k {
					continue
				}
				row := a[i*n : (i+1)*n]
				m := row[k]
				if m >= p {
					m -= p
				}
				if row[k] = 0; m == 0 {
					continue
				}
				m = p - m
				// m' = floor(m 2^64 / p): then m x - floor(m' x / 2^64) p is below 2 p.
				quick, _ := bits.Div64(m, 0, p)
				row = row[:len(pivot)]
				for j, x := range pivot {
					q, _ := bits.Mul64(quick, x)
					v := row[j] + m*x - q*p
					if v >= two {
						v -= two
					}
					row[j] = v
				}
			}
		})
	}
	// The inverse of the rows in their new order, columns put back.
	row := make([]uint64, n)
	for i := range n {
		for k, r := range order {
			v := a[i*n+k]
			if v >= p {
				v -= p
			}
			row[r] = v
		}
		copy(a[i*n:], row)
	}
	return det, order
}

// scale multiplies a row by m < p; what comes out is below p.
func (f *prime59) scale(row []uint64, m uint64) {
	quick, _ := bits.Div64(m, 0, f.p)
	for j, x := range row {
		q, _ := bits.Mul64(quick, x)
		v := m*x - q*f.p
		if v >= f.p {
			v -= f.p
		}
		row[j] = v
	}
}
