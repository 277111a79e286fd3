// Package product multiplies coupling layers exactly, one after the other.
package product

import (
	"errors"
	"fmt"
	"math/big"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/ball"
)

// Limits bounds what a product may cost; 0 means no limit.
type Limits struct {
	Memory int64 // bytes
	Work   int64 // multiplications of 64-bit words
}

// ErrTooLarge is wrapped by the error of a product beyond a limit.
var ErrTooLarge = errors.New("the product is too large")

// Product is a matrix to be multiplied by layers: integers over one denominator.
type Product struct {
	part       coupling.Partition
	num        [][]big.Int // in the order of the coordinates
	den        *big.Int
	limits     Limits
	bits, work int64
	exp        bool
	low, high  *big.Rat // bounds of the norms, without and with the errors of the scales
}

// New returns the identity, ready to be multiplied by the given number of layers.
func New(part coupling.Partition, layers int, limits Limits) *Product {
	return &Product{part: part, den: big.NewInt(1), limits: limits, low: big.NewRat(1, 1), high: big.NewRat(1, 1)}
}

func (x *Product) room() {
	if x.num == nil {
		x.num = make([][]big.Int, x.part.Dim())
		for i := range x.num {
			x.num[i] = make([]big.Int, len(x.num))
			x.num[i][i].SetInt64(1)
		}
	}
}

// times returns v den, an integer.
func times(v *big.Rat, den *big.Int) *big.Int {
	z := new(big.Int).Quo(den, v.Denom())
	return z.Mul(z, v.Num())
}

func (x *Product) scales(l coupling.Layer) (scale []*big.Rat, radius *big.Rat, err error) {
	rows, _ := l.Weight().Dims()
	radius = new(big.Rat)
	for i := range rows {
		d := l.Scale().At(i)
		if l.Scale().Kind() == coupling.ScaleExp {
			x.exp = true
			b, err := ball.ExpRat(d, 512)
			if err != nil {
				return nil, nil, err
			}
			m, e := b.Mid()
			d.SetInt(m)
			two := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(max(e, -e))))
			if e < 0 {
				two.Inv(two)
			}
			d.Mul(d, two)
			if r := b.Rad(); r.Cmp(radius) > 0 {
				radius.Set(r)
			}
		}
		scale = append(scale, d)
	}
	return scale, radius, nil
}

// Multiply multiplies the product by the matrix of the layer, from the right.
func (x *Product) Multiply(l coupling.Layer) error {
	src, dst := x.part.First(), x.part.Second() // columns that are read, and added to
	if l.Kind() == coupling.Lower {
		src, dst = dst, src
	}
	scale, radius, err := x.scales(l)
	if err != nil {
		return err
	}
	unit, g, norm, high := big.NewInt(1), new(big.Int), big.NewRat(1, 1), 1
	norms := make([]*big.Rat, len(src))
	add := func(i int, v *big.Rat) {
		unit.Mul(unit, g.Quo(v.Denom(), g.GCD(nil, nil, unit, v.Denom())))
		norms[i].Add(norms[i], new(big.Rat).Abs(v))
		high = max(high, v.Num().BitLen()-v.Denom().BitLen()+1)
	}
	for i, d := range scale {
		norms[i] = new(big.Rat)
		add(i, d)
	}
	l.Weight().Each(func(i, _ int, v *big.Rat) { add(i, v) })
	for _, v := range norms {
		if v.Cmp(norm) > 0 {
			norm = v
		}
	}
	x.low.Mul(x.low, norm)
	x.high.Mul(x.high, radius.Add(radius, norm))

	n, width := int64(x.part.Dim()), int64(unit.BitLen()+high+20)
	steps := n * n
	l.Weight().Each(func(int, int, *big.Rat) { steps += n })
	x.work += steps * (x.bits/64 + 1) * (width/64 + 1)
	x.bits += width
	if x.limits.Memory > 0 && n*n > x.limits.Memory/(x.bits/8+32) {
		return fmt.Errorf("%w: it takes too much memory", ErrTooLarge)
	}
	if x.limits.Work > 0 && x.work > x.limits.Work {
		return fmt.Errorf("%w: it takes too many operations", ErrTooLarge)
	}
	x.room()
	var t big.Int
	for _, row := range x.num {
		for _, j := range dst {
			row[j].Mul(&row[j], unit)
		}
	}
	l.Weight().Each(func(i, j int, v *big.Rat) {
		w := times(v, unit)
		for _, row := range x.num {
			if a := &row[src[i]]; a.Sign() != 0 {
				row[dst[j]].Add(&row[dst[j]], t.Mul(a, w))
			}
		}
	})
	for i, d := range scale {
		w := times(d, unit)
		for _, row := range x.num {
			row[src[i]].Mul(&row[src[i]], w)
		}
	}
	x.den.Mul(x.den, unit)
	return nil
}

// Irrational reports whether some layer had scales exp(s).
func (x *Product) Irrational() bool { return x.exp }

// Subtract subtracts the target.
func (x *Product) Subtract(target exactmath.Matrix) error {
	n := x.part.Dim()
	if r, c := target.Dims(); r != n || c != n {
		return &exactmath.ShapeError{Op: "Subtract", R1: n, C1: n, R2: r, C2: c}
	}
	x.room()
	unit, g := big.NewInt(1), new(big.Int)
	target.Each(func(_, _ int, v *big.Rat) {
		unit.Mul(unit, g.Quo(v.Denom(), g.GCD(nil, nil, unit, v.Denom())))
	})
	for _, row := range x.num {
		for j := range row {
			row[j].Mul(&row[j], unit)
		}
	}
	target.Each(func(i, j int, v *big.Rat) {
		w := times(v, unit)
		x.num[i][j].Sub(&x.num[i][j], w.Mul(w, x.den))
	})
	x.den.Mul(x.den, unit)
	return nil
}

// MaxAbs returns the largest |entry|, an upper bound of it if Irrational.
func (x *Product) MaxAbs() *big.Rat {
	x.room()
	most := new(big.Int)
	for _, row := range x.num {
		for j := range row {
			if row[j].CmpAbs(most) > 0 {
				most.Abs(&row[j])
			}
		}
	}
	z := new(big.Rat).SetFrac(most, x.den)
	if x.exp {
		z.Add(z, new(big.Rat).Sub(x.high, x.low))
	}
	return z
}

// Rows is some rows of a rational product.
type Rows struct {
	num [][]big.Int
	den *big.Int
}

// Rows returns rows from <= i < to.
func (x *Product) Rows(from, to int) *Rows {
	x.room()
	return &Rows{x.num[from:to], x.den}
}

// Float64s returns the rows rounded to nearest even.
func (r *Rows) Float64s() (out []float64) {
	for _, row := range r.num {
		for j := range row {
			f, _ := new(big.Rat).SetFrac(&row[j], r.den).Float64()
			out = append(out, f)
		}
	}
	return out
}

// Residual returns the largest |target - entry|.
func (r *Rows) Residual(target []float64) *big.Rat {
	most, t, v := new(big.Rat), new(big.Rat), new(big.Rat)
	for i, row := range r.num {
		for j := range row {
			t.SetFloat64(target[i*len(row)+j])
			if t.Sub(t, v.SetFrac(&row[j], r.den)).Abs(t).Cmp(most) > 0 {
				most.Set(t)
			}
		}
	}
	return most
}
