package chain

import (
	"math/big"
	"math/bits"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/internal/residue"
)

// Small products are multiplied by the definition, in integers of a fixed number
// of words, large enough by a bound that is known beforehand: the primes of the
// residues would take longer to set up. The place where the one is as fast as the
// other is set by BenchmarkProduct.
const (
	smallWork  = 110_000 // multiplications of words
	smallWords = 24
)

// factor is a weight or a scale, column by column: entry k is lo[k] - 2^bits, or
// lo[k] + 2^64 hi[k] - 2^bits if long, times 2^exp, that integer at most 2^bits in
// absolute value. So the words are those of numbers that are not negative.
type factor struct {
	exp, bits int
	lo, hi    []uint64
	long      bool
}

// newFactor returns false for entries with odd denominators, or of more than 127
// bits.
func newFactor(m exactmath.Matrix) (*factor, bool) {
	rows, cols := m.Dims()
	if f, ok := m.(*exactmath.Floats); ok { // the same without a call for each entry
		low, high := 1<<30, -1<<30
		for _, v := range f.View() {
			if v != 0 {
				u, e := exactmath.Mantissa(v)
				low, high = min(low, e+bits.TrailingZeros64(u)), max(high, e+bits.Len64(u))
			}
		}
		z, ok := emptyFactor(low, high, rows, cols)
		if !ok {
			return nil, false
		}
		for i := range rows {
			for j, v := range f.View()[i*cols : (i+1)*cols] {
				u, e := exactmath.Mantissa(v)
				z.set(j*rows+i, v < 0, u, e)
			}
		}
		return z, true
	}
	return fromEntries(residue.Of(m), rows, cols)
}

func fromEntries(entries residue.Entries, rows, cols int) (*factor, bool) {
	low, high := 1<<30, -1<<30
	den := entries(func(_, _ int, _ float64, u uint64, e int) {
		if u != 0 {
			low, high = min(low, e+bits.TrailingZeros64(u)), max(high, e+bits.Len64(u))
		}
	})
	if !den.IsInt64() || den.Int64() != 1 {
		return nil, false
	}
	z, ok := emptyFactor(low, high, rows, cols)
	if ok {
		entries(func(i, j int, sign float64, u uint64, e int) { z.set(j*rows+i, sign < 0, u, e) })
	}
	return z, ok
}

// emptyFactor has room for bits low to high.
func emptyFactor(low, high, rows, cols int) (*factor, bool) {
	if low > high {
		low, high = 0, 0
	}
	if high-low > 127 {
		return nil, false
	}
	size := rows * cols
	z := &factor{exp: low, bits: high - low, lo: make([]uint64, size), long: high-low > 63}
	last := z.lo // where the bias goes
	if z.long {
		z.hi = make([]uint64, size)
		last = z.hi
	}
	for k := range last {
		last[k] = 1 << (z.bits % 64)
	}
	return z, true
}

// set adds a piece to entry k.
func (z *factor) set(k int, negative bool, u uint64, e int) {
	if u == 0 {
		return
	}
	s := e - z.exp
	if s < 0 { // the bits below are zero
		u, s = u>>-s, 0
	}
	lo, hi, c := u<<s, uint64(0), uint64(0)
	if s < 64 {
		hi = u >> (64 - s)
	} else {
		hi = u << (s - 64)
	}
	if negative {
		if z.lo[k], c = bits.Sub64(z.lo[k], lo, 0); z.long {
			z.hi[k] -= hi + c
		}
	} else if z.lo[k], c = bits.Add64(z.lo[k], lo, 0); z.long {
		z.hi[k] += hi + c
	}
}

// small is the product so far: entry (i, j) is the integer in two's complement at
// s[(i*n + j)*words], times 2^exp of its part, and below 2^bits of its part in
// absolute value.
type small struct {
	n, p, words int
	exp, bits   [2]int
	s           []uint64
	y           []uint64 // room for the integers of a row of a part, word by word
	bias        []uint64 // and for their sum
	room, zeros []uint64 // and for one of them; and zeros
}

// part is the columns of a part.
func (x *small) part(k int) (from, to int) {
	if k == 0 {
		return 0, x.p
	}
	return x.p, x.n
}

// plan is what exponents and bits become by a step: those of the part 1-from have
// room for the sum of the old entry and of k products.
func (x *small) plan(from int, weight, scale *factor, k int) (exp, length [2]int) {
	exp, length = x.exp, x.bits
	e := exp[from] + weight.exp
	exp[1-from] = min(exp[1-from], e)
	length[1-from] = 1 + max(length[1-from]+x.exp[1-from]-exp[1-from],
		length[from]+weight.bits+bits.Len(uint(k-1))+e-exp[1-from])
	if scale != nil {
		exp[from], length[from] = exp[from]+scale.exp, length[from]+scale.bits
	}
	return exp, length
}

// product returns the product of the steps, in block order, as integers times
// 2^exp; false if that would take too long.
func (c *Chain) product() (num []big.Int, exp int, ok bool) {
	n := c.P + c.Q
	x := &small{n: n, p: c.P, bits: [2]int{1, 1}}
	if bits.UintSize != 64 || n*n*len(c.Steps) > smallWork {
		return nil, 0, false
	}
	weights, scales := make([]*factor, len(c.Steps)), make([]*factor, len(c.Steps))
	exps, lengths, work := make([][2]int, len(c.Steps)), make([][2]int, len(c.Steps)), 0
	for k := range c.Steps {
		s := &c.Steps[k]
		from, rows, cols := 1, c.Q, c.P
		if s.Upper {
			from, rows, cols = 0, c.P, c.Q
		}
		if weights[k], ok = newFactor(s.Weight); !ok {
			return nil, 0, false
		}
		if s.Scale != nil {
			if scales[k], ok = fromEntries(residue.Rationals(func(visit func(i, j int, v *big.Rat)) {
				for j, d := range s.Scale {
					visit(0, j, d)
				}
			}), 1, rows); !ok {
				return nil, 0, false
			}
		}
		x.exp, x.bits = x.plan(from, weights[k], scales[k], rows)
		exps[k], lengths[k] = x.exp, x.bits
		if k > 0 {
			work += n * rows * cols * (x.bits[1-from]/64 + 1) * (weights[k].bits/64 + 1)
		}
		if work > smallWork {
			return nil, 0, false
		}
	}
	exp = min(x.exp[0], x.exp[1])
	for k := range 2 {
		x.words = max(x.words, (x.bits[k]+x.exp[k]-exp)/64+1)
	}
	for _, l := range lengths {
		x.words = max(x.words, max(l[0], l[1])/64+1)
	}
	if x.words > smallWords {
		return nil, 0, false
	}
	x.exp = [2]int{}
	all := make([]uint64, (n*n+n+3)*x.words)
	cut := func(k int) (z []uint64) {
		z, all = all[:k*x.words:k*x.words], all[k*x.words:]
		return z
	}
	x.s, x.y, x.bias, x.room, x.zeros = cut(n*n), cut(n), cut(1), cut(1), cut(1)
	for i := range n {
		x.s[(i*n+i)*x.words] = 1
	}
	for k := range c.Steps {
		from := 1
		if c.Steps[k].Upper {
			from = 0
		}
		x.multiply(from, weights[k], scales[k], exps[k], lengths[k])
	}
	x.align(0, exp, x.words)
	x.align(1, exp, x.words)
	return x.integers(), exp, true
}

// multiply adds part from times the weight to the other part, and scales part
// from, given the exponents and bits that come out.
func (x *small) multiply(from int, weight, scale *factor, exp, length [2]int) {
	lo, hi := x.part(from)
	to, end := x.part(1 - from)
	k, w := hi-lo, length[1-from]/64+1
	x.align(1-from, exp[1-from], w)
	shift := uint(x.exp[from] + weight.exp - exp[1-from])
	for i := range x.n {
		row := x.s[i*x.n*x.words : (i+1)*x.n*x.words]
		if zero(row[lo*x.words : hi*x.words]) {
			continue
		}
		x.spread(row[lo*x.words:], k, w, shift, weight.bits)
		for j := range end - to {
			x.addProducts(row[(to+j)*x.words:][:x.words], weight, j*k, k, w)
		}
	}
	if scale != nil {
		w := length[from]/64 + 1
		for i := range x.n {
			for j := range k {
				out := x.s[(i*x.n+lo+j)*x.words:][:x.words]
				x.spread(out, 1, w, 0, scale.bits)
				clear(out)
				x.addProducts(out, scale, j, 1, w)
			}
		}
	}
	x.exp = exp
}

// spread sets x.y to k integers at s, times 2^shift, in w words: word t of number
// l at y[t*k + l]; and x.bias to what the bias of a factor of so many bits adds to
// their sum of products, 2^bits times their sum, with the other sign.
func (x *small) spread(s []uint64, k, w int, shift uint, size int) {
	sum := x.bias[:w]
	clear(sum)
	for l := range k {
		s, y := s[l*x.words:][:w], x.y[l:]
		if shift > 0 {
			shifted := x.room[:w]
			copy(shifted, s)
			shiftLeft(shifted, shift)
			s = shifted
		}
		var c uint64
		for t, v := range s {
			y[t*k] = v
			sum[t], c = bits.Add64(sum[t], v, c)
		}
	}
	var c uint64
	for t, v := range sum {
		sum[t], c = bits.Sub64(0, v, c)
	}
	shiftLeft(sum, uint(size))
}

// shiftLeft multiplies by 2^shift.
func shiftLeft(s []uint64, shift uint) {
	k, r := int(shift/64), shift%64
	for t := len(s) - 1; t > k; t-- {
		s[t] = s[t-k]<<r | s[t-k-1]>>(64-r)
	}
	if k < len(s) {
		s[k] = s[0] << r
	}
	clear(s[:min(k, len(s))])
}

// addProducts adds to the first w words of out, modulo 2^64 to their number, the
// sum of the numbers at x.y times entries at, .., at+k-1 of f, and fills out with the sign.
func (x *small) addProducts(out []uint64, f *factor, at, k, w int) {
	addWords(out[:w], x.y, x.bias, f.lo[at:at+k], f.bits < 60)
	if f.long && w > 1 {
		addWords(out[1:w], x.y, x.zeros, f.hi[at:at+k], false)
	}
	extend(out, w)
}

// addWords adds to a, modulo 2^64 to its length, the sum of v[l] times the number
// with the words y[l], y[k+l], .., k = len(v), and the number with the words b. If
// short, the v[l] are below 2^61.
func addWords(a, y, b, v []uint64, short bool) {
	l, k := 0, len(v)
	var zeros [smallWords]uint64
	for ; l+4 <= k; l += 4 {
		if short {
			addShort(a, y[l:], b, k, (*[4]uint64)(v[l:]))
		} else {
			addFour(a, y[l:], b, k, (*[4]uint64)(v[l:]))
		}
		b = zeros[:]
	}
	var c uint64
	if l == 0 {
		for t := range a {
			a[t], c = bits.Add64(a[t], b[t], c)
		}
	}
	for ; l < k; l++ {
		var carry uint64
		for t := range a {
			h, m := bits.Mul64(v[l], y[t*k+l])
			m, c = bits.Add64(m, carry, 0)
			h += c
			a[t], c = bits.Add64(a[t], m, 0)
			carry = h + c
		}
	}
}

// addFour is addWords for four numbers, whose words are k apart.
func addFour(a, y, b []uint64, k int, v *[4]uint64) {
	v0, v1, v2, v3 := v[0], v[1], v[2], v[3]
	b = b[:len(a)]
	var carry, top uint64
	for t := range a {
		q := (*[4]uint64)(y[t*k:])
		lo, c := bits.Add64(a[t], carry, 0)
		hi := top + c
		lo, c = bits.Add64(lo, b[t], 0)
		hi += c
		h, m := bits.Mul64(v0, q[0])
		lo, c = bits.Add64(lo, m, 0)
		hi, c = bits.Add64(hi, h, c)
		top = c
		h, m = bits.Mul64(v1, q[1])
		lo, c = bits.Add64(lo, m, 0)
		hi, c = bits.Add64(hi, h, c)
		top += c
		h, m = bits.Mul64(v2, q[2])
		lo, c = bits.Add64(lo, m, 0)
		hi, c = bits.Add64(hi, h, c)
		top += c
		h, m = bits.Mul64(v3, q[3])
		lo, c = bits.Add64(lo, m, 0)
		hi, c = bits.Add64(hi, h, c)
		a[t], carry, top = lo, hi, top+c
	}
}

// addShort is addFour for numbers below 2^61: four products and three words more
// are below 2^128.
func addShort(a, y, b []uint64, k int, v *[4]uint64) {
	v0, v1, v2, v3 := v[0], v[1], v[2], v[3]
	b = b[:len(a)]
	var carry uint64
	for t := range a {
		q := (*[4]uint64)(y[t*k:])
		lo, c := bits.Add64(a[t], carry, 0)
		hi := c
		lo, c = bits.Add64(lo, b[t], 0)
		hi += c
		h, m := bits.Mul64(v0, q[0])
		lo, c = bits.Add64(lo, m, 0)
		hi, _ = bits.Add64(hi, h, c)
		h, m = bits.Mul64(v1, q[1])
		lo, c = bits.Add64(lo, m, 0)
		hi, _ = bits.Add64(hi, h, c)
		h, m = bits.Mul64(v2, q[2])
		lo, c = bits.Add64(lo, m, 0)
		hi, _ = bits.Add64(hi, h, c)
		h, m = bits.Mul64(v3, q[3])
		lo, c = bits.Add64(lo, m, 0)
		hi, _ = bits.Add64(hi, h, c)
		a[t], carry = lo, hi
	}
}

// align gives a part a smaller exponent; w words have room for the outcome.
func (x *small) align(part, exp, w int) {
	shift := uint(x.exp[part] - exp)
	if x.exp[part] = exp; shift == 0 {
		return
	}
	lo, hi := x.part(part)
	for i := range x.n {
		for at := (i*x.n + lo) * x.words; at < (i*x.n+hi)*x.words; at += x.words {
			if s := x.s[at:][:x.words]; !zero(s[:w]) {
				shiftLeft(s[:w], shift)
				extend(s, w)
			}
		}
	}
}

func zero(s []uint64) bool {
	for _, v := range s {
		if v != 0 {
			return false
		}
	}
	return true
}

// extend carries the sign of the first w words to the others.
func extend(s []uint64, w int) {
	sign := uint64(int64(s[w-1]) >> 63)
	for t := w; t < len(s); t++ {
		s[t] = sign
	}
}

// integers returns the entries.
func (x *small) integers() []big.Int {
	num, slab := make([]big.Int, x.n*x.n), make([]big.Word, len(x.s))
	for k := range num {
		s, w := x.s[k*x.words:(k+1)*x.words], slab[k*x.words:(k+1)*x.words:(k+1)*x.words]
		negative := int64(s[x.words-1]) < 0
		var c uint64
		for t, v := range s {
			if negative {
				v, c = bits.Sub64(0, v, c)
			}
			w[t] = big.Word(v)
		}
		if num[k].SetBits(w); negative {
			num[k].Neg(&num[k])
		}
	}
	return num
}

// runSmall is run for what is small enough.
func (c *Chain) runSmall(target exactmath.Matrix) (*dense.Dyadic, bool) {
	if target != nil {
		if _, ok := dense.ToDyadic(target); !ok {
			return nil, false
		}
	}
	num, exp, ok := c.product()
	if !ok {
		return nil, false
	}
	n := c.P + c.Q
	if c.Order != nil {
		out := make([]big.Int, n*n)
		for k := range num {
			out[c.Order[k/n]*n+c.Order[k%n]] = num[k]
		}
		num = out
	}
	z, err := dense.OwnDyadic(n, n, num, exp)
	if err != nil {
		return nil, false
	}
	if target != nil {
		t, _ := dense.ToDyadic(target)
		if z, err = t.Sub(z); err != nil {
			return nil, false
		}
	}
	return z, true
}
