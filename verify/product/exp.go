package product

import (
	"fmt"
	"math/big"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// The precisions for scales exp(s): one that decides at once about what is no
// extreme case, and one that reaches what docs/certificate.md asks for. 4,096
// layers, each off by a factor of 1 ± 2^-MaxPrecision, keep 2^-4096.
const (
	Precision    = 512
	MaxPrecision = 4096 + 128
)

// exp returns a number of which exp(s) is at most 2^-precision times it away:
// PROOFS.md, lemma 7.5. It sums the Taylor series at |s| / 2^m and squares m times.
func exp(s *big.Rat, precision int, limits *exactmath.Limits) (*big.Float, error) {
	m := max(0, s.Num().BitLen()-s.Denom().BitLen()+1) + 16
	w := precision + m + 64
	words := int64(w)/64 + 1
	if err := limits.Spend(words*8, words*(exactmath.Words(s.Num())+exactmath.Words(s.Denom()))); err != nil {
		return nil, err
	}
	number := func() *big.Float { return new(big.Float).SetPrec(uint(w)) }
	x := number().Quo(number().SetInt(s.Num()), number().SetInt(s.Denom()))
	x.SetMantExp(x.Abs(x), -m)
	z, t := number().SetInt64(1), number().SetInt64(1)
	for n := int64(1); t.Sign() > 0 && t.MantExp(nil) > -w; n++ {
		z.Add(z, t.Quo(t.Mul(t, x), number().SetInt64(n)))
		if err := limits.Spend(0, 2*words*words+64); err != nil {
			return nil, err
		}
	}
	for k := m; k > 0; k-- {
		z.Mul(z, z)
	}
	if s.Sign() < 0 {
		z.Quo(number().SetInt64(1), z)
	}
	return z, limits.Spend(0, int64(m+1)*words*words)
}

// enclose returns the layer with dyadic scales in place of exp(s), and a bound of
// what that changes, in the infinity norm; the layer itself and nil if its scales
// are rational.
func (x *Product) enclose(l coupling.Layer) (coupling.Layer, *big.Float, error) {
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
		z, err := exp(s, x.precision, &x.limits)
		if err != nil {
			return l, nil, err
		}
		d[i], _ = z.Rat(nil)
		if z = up().SetMantExp(up().Set(z), -x.precision); off.Cmp(z) < 0 {
			off = z
		}
	}
	scale, err := coupling.ExactScale(d)
	if err != nil {
		return l, nil, err
	}
	l, err = coupling.NewLayer(x.part, l.Kind(), l.Weight(), scale)
	return l, off, err
}

// norm bounds the infinity norm of a layer with rational scales.
func norm(l coupling.Layer, limits *exactmath.Limits) (most *big.Float, err error) {
	rows, _ := l.Weight().Dims()
	sums := make([]big.Rat, rows)
	for i := range sums {
		sums[i].Set(l.Scale().At(i))
	}
	l.Weight().Each(func(i, _ int, v *big.Rat) {
		if err == nil {
			err = add(&sums[i], v, limits)
		}
	})
	most = up().SetInt64(1) // of the part that is kept
	for i := range sums {
		if s := up().SetRat(&sums[i]); s.Cmp(most) > 0 {
			most = s
		}
	}
	return most, err
}

// add adds |v| to sum.
func add(sum, v *big.Rat, limits *exactmath.Limits) error {
	words := exactmath.Words(sum.Denom()) + exactmath.Words(v.Denom())
	sum.Add(sum, new(big.Rat).Abs(v))
	return limits.Spend(0, words*words+64)
}

// up returns a number of 64 bits that rounds up what is stored in it.
func up() *big.Float { return new(big.Float).SetPrec(64).SetMode(big.ToPositiveInf) }
