package certificate

import (
	"math"
	"math/big"
	"math/bits"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

// expBits is what an enclosed scale is taken to need.
const expBits = 4096

// admit refuses a flow whose product would take more memory or work than the
// limits allow. Over their common denominators, layers of b_1, .., b_k bits, row
// sums included, have a product of at most b_1 + .. + b_k bits.
func (s *scanner) admit(f *coupling.Flow) {
	total, largest := 0, 0
	for _, l := range f.Layers() {
		rows, cols := l.Weight().Dims()
		b := bits.Len(uint(cols)) + s.width(l.Weight())
		switch l.Scale().Kind() {
		case coupling.ScaleExact:
			d := make([]*big.Rat, rows)
			for i := range d {
				d[i] = l.Scale().At(i)
			}
			column, _ := dense.NewRational(rows, 1, d)
			b += s.width(column)
		case coupling.ScaleExp:
			b += expBits
		}
		total, largest = total+b, max(largest, b)
	}
	if s.err == nil {
		words := int64(total/64+1) * int64(largest/64+1)
		entries, steps := fill(f)
		if steps > s.limits.Work/words {
			s.fail(TooLarge, "the product takes too many operations")
		}
		if entries > s.limits.Memory/int64(total/2+64) { // residues take up to four times the bits
			s.fail(TooLarge, "the product takes too much memory")
		}
	}
}

// width returns the bits of the largest entry over the common denominator.
func (s *scanner) width(m exactmath.Matrix) int {
	high, low, odd := 0, 0, big.NewInt(1) // denominator odd * 2^low
	if f, ok := m.(*exactmath.Floats); ok {
		for _, v := range f.View() {
			if v != 0 {
				_, e := exactmath.Odd(v)
				_, top := math.Frexp(v)
				high, low = max(high, top), max(low, -e)
			}
		}
		return high + low + 1
	}
	var d, g big.Int
	m.Each(func(_, _ int, v *big.Rat) {
		high = max(high, v.Num().BitLen()-v.Denom().BitLen()+1)
		z := v.Denom().TrailingZeroBits()
		low = max(low, int(z))
		if d.Rsh(v.Denom(), z); s.err == nil && d.BitLen() > 1 && g.Rem(odd, &d).Sign() != 0 {
			odd.Mul(odd, d.Quo(&d, g.GCD(nil, nil, odd, &d)))
			s.spend(&s.limits.Work, int64(odd.BitLen()/64+1)*int64(d.BitLen()/64+1), "operations")
			if odd.BitLen() > s.limits.Bits {
				s.fail(TooLarge, "the common denominator of a layer has more than %d bits", s.limits.Bits)
			}
		}
	})
	return high + low + odd.BitLen()
}

// fill bounds the number of entries of the product that are not 0, and of the
// multiplications that it takes: when layer [[D, X], [0, I]] acts from the right,
// the columns S of the first part become S D, those of the second T + S X, so a
// column gains at most the entries of those that X mixes into it.
func fill(f *coupling.Flow) (entries, steps int64) {
	n, p := f.Partition().Dim(), f.Partition().P()
	count := make([]int64, n) // by column, in block order
	for k := range count {
		count[k] = 1
	}
	for _, l := range f.Layers() {
		read, written := count[p:], count[:p]
		if l.Kind() == coupling.Upper {
			read, written = written, read
		}
		x, ok := l.Weight().(*sparse.Matrix)
		for k := range read {
			if !ok {
				steps += read[k] * int64(len(written))
				continue
			}
			cols, _ := x.Row(k)
			steps += read[k] * int64(len(cols)+1)
			for _, j := range cols {
				written[j] = min(written[j]+read[k], int64(n))
			}
		}
		for j := range written {
			if !ok {
				written[j] = int64(n)
			}
		}
	}
	for _, c := range count {
		entries += c
	}
	return entries, steps
}
