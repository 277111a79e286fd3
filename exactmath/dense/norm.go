package dense

import (
	"math"
	"math/big"
	"math/bits"

	"flowproof/exactmath"
)

// MaxAbs returns the largest |entry|, 0 for a zero or empty matrix.
func MaxAbs(x exactmath.Matrix) *big.Rat {
	if d, ok := x.(*Dyadic); ok {
		return d.MaxAbs()
	}
	m, t := new(big.Rat), new(big.Rat)
	x.Each(func(_, _ int, v *big.Rat) {
		if t.Abs(v).Cmp(m) > 0 {
			m.Set(t)
		}
	})
	return m
}

// NormFrobSq returns the sum of the squares of all entries.
func NormFrobSq(x exactmath.Matrix) *big.Rat {
	switch x := x.(type) {
	case *exactmath.Floats:
		return floatsNormFrobSq(x.View())
	case *Dyadic:
		return x.NormFrobSq()
	}
	sum, t := new(big.Rat), new(big.Rat)
	x.Each(func(_, _ int, v *big.Rat) { sum.Add(sum, t.Mul(v, v)) })
	return sum
}

// floatsNormFrobSq returns the sum of the squares of all entries: those of one exponent
// add up in 192 bits.
func floatsNormFrobSq(data []float64) *big.Rat {
	var sums [2048][3]uint64
	last := len(sums)
	for _, v := range data {
		b := math.Float64bits(v)
		e, m := int(b>>52)&0x7ff, b&(1<<52-1)
		if e == 0 {
			e = 1
		} else {
			m |= 1 << 52
		}
		last = min(last, e)
		s := &sums[e]
		hi, lo := bits.Mul64(m, m)
		var c uint64
		s[0], c = bits.Add64(s[0], lo, 0)
		s[1], c = bits.Add64(s[1], hi, c)
		s[2] += c
	}
	total, t := new(big.Int), new(big.Int)
	for e := len(sums) - 1; e >= last; e-- {
		total.Lsh(total, 2)
		for i, s := range sums[e] {
			total.Add(total, t.Lsh(t.SetUint64(s), uint(64*i)))
		}
	}
	return ldexp(total, 2*(last-1075))
}
