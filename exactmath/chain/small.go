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
	smallWork  = 60_000 // multiplications of words
	smallWords = 24
)

// factor is a weight or a scale, row by row: entry k is sign[k] * (lo[k] + 2^64
// hi[k]) * 2^exp, the integer below 2^bits.
type factor struct {
	exp, bits int
	lo, hi    []uint64
	negative  []bool
}

// newFactor returns false for entries with odd denominators, or of more than 128
// bits.
func newFactor(entries residue.Entries, cols, size int) (*factor, bool) {
	low, high := 1<<30, -1<<30
	den := entries(func(_, _ int, _ float64, u uint64, e int) {
		if u != 0 {
			low, high = min(low, e+bits.TrailingZeros64(u)), max(high, e+bits.Len64(u))
		}
	})
	if low > high {
		low, high = 0, 0
	}
	if high-low > 128 || !den.IsInt64() || den.Int64() != 1 {
		return nil, false
	}
	z := &factor{low, high - low, make([]uint64, size), make([]uint64, size), make([]bool, size)}
	entries(func(i, j int, sign float64, u uint64, e int) {
		s := e - low
		if s < 0 { // the bits below are zero
			u, s = u>>-s, 0
		}
		k := i*cols + j
		z.negative[k] = sign < 0
		if s >= 64 {
			z.hi[k] |= u << (s - 64)
		} else {
			z.lo[k] |= u << s
			z.hi[k] |= u >> (64 - s)
		}
	})
	return z, true
}

// small is the product so far: entry (i, j) is the integer in two's complement at
// s[(i*n + j)*words], times 2^exp of its part, and below 2^bits of its part in
// absolute value.
type small struct {
	n, p, words int
	exp, bits   [2]int
	s           []uint64
	minus       []uint64 // room for one integer
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
		length[from]+weight.bits+bits.Len(uint(k))+e-exp[1-from])
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
	var exps, lengths [][2]int
	work := 0
	for k := range c.Steps {
		s := &c.Steps[k]
		from, rows, cols := 1, c.Q, c.P
		if s.Upper {
			from, rows, cols = 0, c.P, c.Q
		}
		if weights[k], ok = newFactor(residue.Of(s.Weight), cols, rows*cols); !ok {
			return nil, 0, false
		}
		if s.Scale != nil {
			if scales[k], ok = newFactor(residue.Rationals(func(visit func(i, j int, v *big.Rat)) {
				for j, d := range s.Scale {
					visit(0, j, d)
				}
			}), rows, rows); !ok {
				return nil, 0, false
			}
		}
		x.exp, x.bits = x.plan(from, weights[k], scales[k], rows)
		exps, lengths = append(exps, x.exp), append(lengths, x.bits)
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
	x.exp, x.s, x.minus = [2]int{}, make([]uint64, n*n*x.words), make([]uint64, x.words)
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
	x.align(0, exp)
	x.align(1, exp)
	return x.integers(), exp, true
}

// multiply adds part from times the weight to the other part, and scales part
// from, given the exponents and bits that come out.
func (x *small) multiply(from int, weight, scale *factor, exp, length [2]int) {
	lo, hi := x.part(from)
	to, end := x.part(1 - from)
	cols, w := end-to, length[1-from]/64+1
	x.align(1-from, exp[1-from])
	shift := uint(x.exp[from] + weight.exp - exp[1-from])
	for i := range x.n {
		row := x.s[i*x.n*x.words : (i+1)*x.n*x.words]
		for l := lo; l < hi; l++ {
			s := row[l*x.words:][:w]
			if zero(s) {
				continue
			}
			if shift > 0 { // an integer is below 2^length after it, like the sum
				s = append([]uint64(nil), s...)
				shiftLeft(s, shift)
			}
			x.accumulate(row[to*x.words:], s, weight, (l-lo)*cols, cols)
		}
	}
	if scale != nil {
		w := length[from]/64 + 1
		for i := range x.n {
			for j := lo; j < hi; j++ {
				out := x.s[(i*x.n+j)*x.words:][:x.words]
				s := append([]uint64(nil), out[:w]...)
				clear(out)
				x.accumulate(out, s, scale, j-lo, 1)
				extend(out, w)
			}
		}
	}
	x.exp = exp
	for i := range x.n {
		for j := to; j < end; j++ {
			extend(x.s[(i*x.n+j)*x.words:][:x.words], w)
		}
	}
}

// accumulate adds s times entries at, at+1, .. of f to the integers at out, in as
// many words as s has.
func (x *small) accumulate(out, s []uint64, f *factor, at, count int) {
	minus := x.minus[:len(s)]
	var c uint64
	for t, v := range s {
		minus[t], c = bits.Sub64(0, v, c)
	}
	for j := range count {
		y := s
		if f.negative[at+j] {
			y = minus
		}
		a := out[j*x.words:][:len(s)]
		if v := f.lo[at+j]; v != 0 {
			addProduct(a, y, v)
		}
		if v := f.hi[at+j]; v != 0 {
			addProduct(a[1:], y, v)
		}
	}
}

// addProduct adds y times v to a, modulo 2^64 to the length of a.
func addProduct(a, y []uint64, v uint64) {
	var carry, c uint64
	y = y[:len(a)]
	for t := range a {
		h, l := bits.Mul64(y[t], v)
		l, c = bits.Add64(l, carry, 0)
		h += c
		a[t], c = bits.Add64(a[t], l, 0)
		carry = h + c
	}
}

// align gives a part a smaller exponent.
func (x *small) align(part, exp int) {
	shift := uint(x.exp[part] - exp)
	if x.exp[part] = exp; shift == 0 {
		return
	}
	lo, hi := x.part(part)
	for i := range x.n {
		for j := lo; j < hi; j++ {
			shiftLeft(x.s[(i*x.n+j)*x.words:][:x.words], shift)
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

// shiftLeft multiplies by 2^shift.
func shiftLeft(s []uint64, shift uint) {
	k, r := int(shift/64), shift%64
	for t := len(s) - 1; t >= 0; t-- {
		var v uint64
		if t >= k {
			if v = s[t-k] << r; t > k {
				v |= s[t-k-1] >> (64 - r)
			}
		}
		s[t] = v
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
