package product

import (
	"fmt"
	"math/big"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// precision is that of a scale exp(s): the dyadic number in its place is off by a
// factor of at most 1 ± 2^-precision.
const precision = 512

// exp returns a number of which exp(s) is at most 2^-precision times it away:
// PROOFS.md, lemma 7.5. It sums the Taylor series at |s| / 2^m and squares m times.
func exp(s *big.Rat) *big.Float {
	m := max(0, s.Num().BitLen()-s.Denom().BitLen()+1) + 16
	w := precision + m + 64
	number := func() *big.Float { return new(big.Float).SetPrec(uint(w)) }
	x := number().Quo(number().SetInt(s.Num()), number().SetInt(s.Denom()))
	x.SetMantExp(x.Abs(x), -m)
	z, t := number().SetInt64(1), number().SetInt64(1)
	for n := int64(1); t.Sign() > 0 && t.MantExp(nil) > -w; n++ {
		z.Add(z, t.Quo(t.Mul(t, x), number().SetInt64(n)))
	}
	for ; m > 0; m-- {
		z.Mul(z, z)
	}
	if s.Sign() < 0 {
		z.Quo(number().SetInt64(1), z)
	}
	return z
}

// enclose returns the layer with dyadic scales in place of exp(s), and a bound of
// what that changes, in the infinity norm; the layer itself and nil if its scales
// are rational.
func enclose(part coupling.Partition, l coupling.Layer) (coupling.Layer, *big.Float, error) {
	if l.Scale().Kind() != coupling.ScaleExp {
		return l, nil, nil
	}
	rows, _ := l.Weight().Dims()
	off, d := up(), make([]*big.Rat, rows)
	for i := range d {
		s := l.Scale().At(i)
		if s.Num().BitLen()-s.Denom().BitLen() >= 20 {
			return l, nil, fmt.Errorf("%w: scale %d is exp of more than ±2^19", exactmath.ErrTooLarge, i)
		}
		z := exp(s)
		d[i], _ = z.Rat(nil)
		if z = up().SetMantExp(up().Set(z), -precision); off.Cmp(z) < 0 {
			off = z
		}
	}
	scale, err := coupling.ExactScale(d)
	if err != nil {
		return l, nil, err
	}
	l, err = coupling.NewLayer(part, l.Kind(), l.Weight(), scale)
	return l, off, err
}

// norm bounds the infinity norm of a layer with rational scales.
func norm(l coupling.Layer) *big.Float {
	rows, _ := l.Weight().Dims()
	sums, most := make([]big.Rat, rows), big.NewRat(1, 1) // of the part that is kept
	l.Weight().Each(func(i, _ int, v *big.Rat) { sums[i].Add(&sums[i], new(big.Rat).Abs(v)) })
	for i := range sums {
		if s := &sums[i]; s.Add(s, l.Scale().At(i)).Cmp(most) > 0 {
			most = s
		}
	}
	return up().SetRat(most)
}

// up returns a number of 64 bits that rounds up what is stored in it.
func up() *big.Float { return new(big.Float).SetPrec(64).SetMode(big.ToPositiveInf) }
