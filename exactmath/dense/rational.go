package dense

import (
	"math/big"

	"flowproof/exactmath"
)

// Rational is a dense matrix of arbitrary rationals. Commands need little of its
// arithmetic, which follows the definitions and shares nothing with the engine: tests
// compare with it.
type Rational struct {
	rows, cols int
	data       []big.Rat
}

// NewRational returns the rows x cols matrix with the given entries, row by
// row, copied. It fails with a *exactmath.ShapeError if len(data) is not rows*cols.
func NewRational(rows, cols int, data []*big.Rat) (*Rational, error) {
	if rows < 0 || cols < 0 || len(data) != rows*cols {
		return nil, misfit("NewRational", rows, cols, 1, len(data))
	}
	z := zeroRational(rows, cols)
	for k, v := range data {
		z.data[k].Set(v)
	}
	return z, nil
}

func zeroRational(rows, cols int) *Rational {
	return &Rational{rows, cols, make([]big.Rat, rows*cols)}
}

// IdentityRational returns the n x n identity.
func IdentityRational(n int) *Rational {
	z := zeroRational(n, n)
	for i := range n {
		z.data[i*n+i].SetInt64(1)
	}
	return z
}

// ToRational returns x with big.Rat entries.
func ToRational(x exactmath.Matrix) *Rational {
	if r, ok := x.(*Rational); ok {
		return r
	}
	z := zeroRational(x.Dims())
	x.Each(func(i, j int, v *big.Rat) { z.data[i*z.cols+j].Set(v) })
	return z
}

// Dims returns the shape.
func (x *Rational) Dims() (rows, cols int) { return x.rows, x.cols }

// At returns entry (i, j) as a number of its own.
func (x *Rational) At(i, j int) *big.Rat { return new(big.Rat).Set(&x.data[i*x.cols+j]) }

// Float64s returns the entries rounded to nearest even, row by row.
func (x *Rational) Float64s() []float64 {
	out := make([]float64, len(x.data))
	for k := range x.data {
		out[k], _ = x.data[k].Float64()
	}
	return out
}

// Each visits the non-zero entries row by row.
func (x *Rational) Each(visit func(i, j int, v *big.Rat)) {
	for k := range x.data {
		if x.data[k].Sign() != 0 {
			visit(k/x.cols, k%x.cols, &x.data[k])
		}
	}
}

// Mul returns x y. It fails with a *exactmath.ShapeError unless x.cols == y.rows.
func (x *Rational) Mul(y *Rational) (*Rational, error) {
	if x.cols != y.rows {
		return nil, misfit("Mul", x.rows, x.cols, y.rows, y.cols)
	}
	z := zeroRational(x.rows, y.cols)
	var t big.Rat
	for i := range x.rows {
		for k := range x.cols {
			a := &x.data[i*x.cols+k]
			if a.Sign() == 0 {
				continue
			}
			for j := range y.cols {
				if b := &y.data[k*y.cols+j]; b.Sign() != 0 {
					c := &z.data[i*z.cols+j]
					c.Add(c, t.Mul(a, b))
				}
			}
		}
	}
	return z, nil
}

// Add returns x + y. It fails with a *exactmath.ShapeError unless the shapes agree.
func (x *Rational) Add(y *Rational) (*Rational, error) { return x.combine("Add", y, (*big.Rat).Add) }

// Sub returns x - y. It fails with a *exactmath.ShapeError unless the shapes agree.
func (x *Rational) Sub(y *Rational) (*Rational, error) { return x.combine("Sub", y, (*big.Rat).Sub) }

func (x *Rational) combine(op string, y *Rational, f func(z, a, b *big.Rat) *big.Rat) (*Rational, error) {
	if x.rows != y.rows || x.cols != y.cols {
		return nil, misfit(op, x.rows, x.cols, y.rows, y.cols)
	}
	z := zeroRational(x.rows, x.cols)
	for k := range z.data {
		f(&z.data[k], &x.data[k], &y.data[k])
	}
	return z, nil
}

// Neg returns -x.
func (x *Rational) Neg() *Rational {
	z := zeroRational(x.rows, x.cols)
	for k := range z.data {
		z.data[k].Neg(&x.data[k])
	}
	return z
}

// Scale returns m x.
func (x *Rational) Scale(m *big.Rat) *Rational {
	z := zeroRational(x.rows, x.cols)
	for k := range z.data {
		z.data[k].Mul(&x.data[k], m)
	}
	return z
}

// Block returns rows r0..r1-1 and columns c0..c1-1. It fails with a *exactmath.ShapeError
// unless 0 <= r0 <= r1 <= rows and 0 <= c0 <= c1 <= cols.
func (x *Rational) Block(r0, r1, c0, c1 int) (*Rational, error) {
	if r0 < 0 || r1 < r0 || x.rows < r1 || c0 < 0 || c1 < c0 || x.cols < c1 {
		return nil, misfit("Block", x.rows, x.cols, r1, c1)
	}
	z := zeroRational(r1-r0, c1-c0)
	for i := r0; i < r1; i++ {
		for j := c0; j < c1; j++ {
			z.data[(i-r0)*z.cols+j-c0].Set(&x.data[i*x.cols+j])
		}
	}
	return z, nil
}

// NormInf returns the largest row sum of |entries|.
func (x *Rational) NormInf() *big.Rat {
	most, sum, t := new(big.Rat), new(big.Rat), new(big.Rat)
	for i := range x.rows {
		sum.SetInt64(0)
		for k := i * x.cols; k < (i+1)*x.cols; k++ {
			sum.Add(sum, t.Abs(&x.data[k]))
		}
		if sum.Cmp(most) > 0 {
			most.Set(sum)
		}
	}
	return most
}
