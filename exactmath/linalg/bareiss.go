package linalg

import (
	"math/bits"
)

// bareiss is fraction-free elimination (Bareiss, Math. Comp. 22, 1968) in integers
// of a fixed number of words: after k steps entries are minors of k+1 rows, and
// their bound says how many words hold them. Divisors are odd, so that arithmetic
// modulo 2^64, 2^128, .. is exact: where no entry is odd, all of them are divided by
// 2. PROOFS.md, proposition 7.6.
type bareiss struct {
	rows, cols, ld int      // ld words for an entry, of which the first are in use
	v              []uint64 // in two's complement, the lowest word first
	row, col       []int    // the orders in which they are taken
}

// minors returns the rank, and the sign of the determinant of a square matrix,
// given the length of its longest entry.
func (w *words) minors(length int) (sign, rank int) {
	full := min(w.rows, w.cols)
	b := &bareiss{rows: w.rows, cols: w.cols, ld: max(2, wordsOf(full, length)), row: count(w.rows), col: count(w.cols)}
	b.v = make([]uint64, b.rows*b.cols*b.ld)
	for k := range w.lo {
		b.v[k*b.ld], b.v[k*b.ld+1] = w.at(k)
	}
	last := make([]uint64, b.ld) // the pivot before
	last[0], sign = 1, 1
	for k := range full {
		flips, ok := b.pivot(k, wordsOf(k+1, length))
		if !ok {
			return 0, k
		}
		sign *= flips
		if k+1 < full {
			b.step(k, wordsOf(k+1, length), wordsOf(k+2, length), last)
			last = b.at(k, k)
		}
	}
	if w.rows != w.cols {
		return 0, full
	}
	if top := b.at(full-1, full-1)[wordsOf(full, length)-1]; int64(top) < 0 {
		sign = -sign
	}
	return sign, full
}

// wordsOf is how many words hold the minors of k rows of entries below 2^length, in
// absolute value at most k^(k/2) 2^(k length) (Hadamard), and their sign.
func wordsOf(k, length int) int {
	return (k*length+(k*bits.Len(uint(k-1))+1)/2)/64 + 1
}

// at returns entry (i, j) in the orders, all its words.
func (b *bareiss) at(i, j int) []uint64 {
	return b.v[(b.row[i]*b.cols+b.col[j])*b.ld:][:b.ld:b.ld]
}

// pivot brings an odd entry to place (k, k), and returns the sign of what that does
// to the order; false if nothing but zero is left.
func (b *bareiss) pivot(k, words int) (sign int, ok bool) {
	for {
		even := -1 // the zero bits that all entries end with
		for i := k; i < b.rows; i++ {
			for j := k; j < b.cols; j++ {
				z := zeros(b.at(i, j)[:words])
				if z == 0 {
					sign = 1
					if i != k {
						b.row[i], b.row[k], sign = b.row[k], b.row[i], -sign
					}
					if j != k {
						b.col[j], b.col[k], sign = b.col[k], b.col[j], -sign
					}
					return sign, true
				}
				if z > 0 && (even < 0 || z < even) {
					even = z
				}
			}
		}
		if even < 0 {
			return 0, false
		}
		for i := k; i < b.rows; i++ {
			for j := k; j < b.cols; j++ {
				halve(b.at(i, j)[:words], even)
			}
		}
	}
}

// zeros is how many zero bits x ends with, -1 for 0.
func zeros(x []uint64) int {
	for k, w := range x {
		if w != 0 {
			return 64*k + bits.TrailingZeros64(w)
		}
	}
	return -1
}

// halve divides x by 2^s, exactly.
func halve(x []uint64, s int) {
	sign := uint64(int64(x[len(x)-1]) >> 63)
	word := func(k int) uint64 {
		if k < len(x) {
			return x[k]
		}
		return sign
	}
	for k := range x {
		at, shift := k+s/64, uint(s%64)
		x[k] = word(at)>>shift | word(at+1)<<(64-shift) // 0 bits for a shift by 64
	}
}

// step replaces the entries below and right of the pivot by
//
//	(a_kk a_ij - a_ik a_kj) / last,
//
// whose words they fill; before, they and the pivot's row and column have fewer.
func (b *bareiss) step(k, before, words int, last []uint64) {
	for i := k; i < b.rows; i++ {
		for j := k; j < b.cols; j++ {
			extend(b.at(i, j), before, words)
		}
	}
	extend(last, before, words)
	z, pivot, divisor, inverse := make([]uint64, words), b.at(k, k)[:words], last[:words], inverse64(last[0])
	for i := k + 1; i < b.rows; i++ {
		left := b.at(i, k)[:words]
		for j := k + 1; j < b.cols; j++ {
			x := b.at(i, j)[:words]
			minor(z, pivot, x, left, b.at(k, j)[:words], divisor, inverse)
			copy(x, z)
		}
	}
}

// minor sets z to (a x - l r) / d modulo 2^64 to its length, which all have, by
// columns; inverse is 1/d modulo 2^64.
func minor(z, a, x, l, r, d []uint64, inverse uint64) {
	n := len(z)
	a, x, l, r, d = a[:n], x[:n], l[:n], r[:n], d[:n]
	var t0, t1, t2, carry uint64 // what is left from column c on, with its sign
	for c := range z {
		for i, v := range a[:c+1] {
			hi, lo := bits.Mul64(v, x[c-i])
			t0, carry = bits.Add64(t0, lo, 0)
			t1, carry = bits.Add64(t1, hi, carry)
			t2 += carry
			hi, lo = bits.Mul64(l[i], r[c-i])
			t0, carry = bits.Sub64(t0, lo, 0)
			t1, carry = bits.Sub64(t1, hi, carry)
			t2 -= carry
		}
		for i, q := range z[:c] {
			hi, lo := bits.Mul64(q, d[c-i])
			t0, carry = bits.Sub64(t0, lo, 0)
			t1, carry = bits.Sub64(t1, hi, carry)
			t2 -= carry
		}
		z[c] = t0 * inverse
		hi, lo := bits.Mul64(z[c], d[0])
		_, carry = bits.Sub64(t0, lo, 0) // zero, but for this
		t0, carry = bits.Sub64(t1, hi, carry)
		t1, t2 = t2-carry, uint64(int64(t2-carry)>>63)
	}
}

// extend copies the sign of the first words of x into those up to number words.
func extend(x []uint64, before, words int) {
	for c := before; c < words; c++ {
		x[c] = uint64(int64(x[before-1]) >> 63)
	}
}

// inverse64 returns 1/d modulo 2^64, d odd.
func inverse64(d uint64) uint64 {
	x := d // right modulo 2^3
	for range 5 {
		x *= 2 - d*x
	}
	return x
}
