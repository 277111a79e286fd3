// Package ratmat is matrices of rational numbers over one denominator, for
// constructions.
package ratmat

import (
	"math/big"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// Matrix is a matrix of rationals: the integers num, row by row, over the one
// denominator den > 0. Every operation returns a new matrix in lowest terms: no
// prime divides den and all of num.
type Matrix struct {
	Rows, Cols int
	Num        []big.Int
	Den        big.Int
}

// New returns the zero matrix.
func New(rows, cols int) *Matrix {
	x := &Matrix{Rows: rows, Cols: cols, Num: make([]big.Int, rows*cols)}
	x.Den.SetInt64(1)
	return x
}

// Func returns the matrix with entries f(i, j).
func Func(rows, cols int, f func(i, j int) *big.Rat) *Matrix {
	vals := make([]*big.Rat, rows*cols)
	x := New(rows, cols)
	for k := range vals {
		vals[k] = f(k/cols, k%cols)
		x.Den.Set(LCM(&x.Den, vals[k].Denom()))
	}
	var t big.Int
	for k, v := range vals {
		x.Num[k].Mul(v.Num(), t.Quo(&x.Den, v.Denom()))
	}
	return x
}

// LCM returns the least common multiple of two positive numbers.
func LCM(a, b *big.Int) *big.Int {
	if a.Cmp(b) == 0 {
		return a
	}
	g := new(big.Int).GCD(nil, nil, a, b)
	return g.Mul(a, g.Quo(b, g))
}

// Identity returns the identity.
func Identity(n int) *Matrix {
	x := New(n, n)
	for i := range n {
		x.At(i, i).SetInt64(1)
	}
	return x
}

// Diag returns the diagonal matrix of d.
func Diag(d []*big.Rat) *Matrix {
	return Func(len(d), len(d), func(i, j int) *big.Rat {
		if i != j {
			return new(big.Rat)
		}
		return d[i]
	})
}

// Unit returns the unit column e_i of length n.
func Unit(n, i int) *Matrix {
	x := New(n, 1)
	x.Num[i].SetInt64(1)
	return x
}

// At returns the numerator of entry (i, j).
func (x *Matrix) At(i, j int) *big.Int { return &x.Num[i*x.Cols+j] }

// Rat returns entry (i, j) as a number of its own.
func (x *Matrix) Rat(i, j int) *big.Rat { return new(big.Rat).SetFrac(x.At(i, j), &x.Den) }

// Matrix returns x as dyadic integers if it is dyadic, as rationals otherwise.
func (x *Matrix) Matrix() (exactmath.Matrix, error) {
	if z := int(x.Den.TrailingZeroBits()); x.Den.BitLen() == z+1 {
		num := make([]*big.Int, len(x.Num))
		for k := range num {
			num[k] = &x.Num[k]
		}
		return dense.NewDyadic(x.Rows, x.Cols, num, -z)
	}
	data := make([]*big.Rat, len(x.Num))
	for k := range data {
		data[k] = new(big.Rat).SetFrac(&x.Num[k], &x.Den)
	}
	return dense.NewRational(x.Rows, x.Cols, data)
}

// lowest divides num and den by their common divisor.
func (x *Matrix) lowest() *Matrix {
	if x.Den.Sign() < 0 {
		x.Den.Neg(&x.Den)
		for k := range x.Num {
			x.Num[k].Neg(&x.Num[k])
		}
	}
	if g := content(x.Num, &x.Den); g.Cmp(one) != 0 {
		x.Den.Quo(&x.Den, g)
		for k := range x.Num {
			x.Num[k].Quo(&x.Num[k], g)
		}
	}
	return x
}

var one = big.NewInt(1)

// content returns the greatest common divisor of v and start.
func content(v []big.Int, start *big.Int) *big.Int {
	g := new(big.Int).Abs(start)
	for k := range v {
		if g.Cmp(one) == 0 {
			break
		}
		if v[k].Sign() != 0 {
			g.GCD(nil, nil, g, new(big.Int).Abs(&v[k]))
		}
	}
	return g
}

// Mul returns x y; the shapes must fit.
func (x *Matrix) Mul(y *Matrix) *Matrix {
	z := New(x.Rows, y.Cols)
	var t big.Int
	for i := range x.Rows {
		for k := range x.Cols {
			a := x.At(i, k)
			if a.Sign() == 0 {
				continue
			}
			for j := range y.Cols {
				if b := y.At(k, j); b.Sign() != 0 {
					z.At(i, j).Add(z.At(i, j), t.Mul(a, b))
				}
			}
		}
	}
	z.Den.Mul(&x.Den, &y.Den)
	return z.lowest()
}

// MulAll returns the product from left to right.
func (x *Matrix) MulAll(ys ...*Matrix) *Matrix {
	for _, y := range ys {
		x = x.Mul(y)
	}
	return x
}

// Add returns x + y; the shapes must fit.
func (x *Matrix) Add(y *Matrix) *Matrix { return x.combine(y, (*big.Int).Add) }

// Sub returns x - y; the shapes must fit.
func (x *Matrix) Sub(y *Matrix) *Matrix { return x.combine(y, (*big.Int).Sub) }

func (x *Matrix) combine(y *Matrix, f func(z, a, b *big.Int) *big.Int) *Matrix {
	z := New(x.Rows, x.Cols)
	z.Den.Set(LCM(&x.Den, &y.Den))
	fx, fy := new(big.Int).Quo(&z.Den, &x.Den), new(big.Int).Quo(&z.Den, &y.Den)
	var a, b big.Int
	for k := range z.Num {
		f(&z.Num[k], a.Mul(&x.Num[k], fx), b.Mul(&y.Num[k], fy))
	}
	return z.lowest()
}

// Neg returns -x.
func (x *Matrix) Neg() *Matrix {
	z := New(x.Rows, x.Cols)
	z.Den.Set(&x.Den)
	for k := range z.Num {
		z.Num[k].Neg(&x.Num[k])
	}
	return z
}

// Scale returns v x.
func (x *Matrix) Scale(v *big.Rat) *Matrix {
	z := New(x.Rows, x.Cols)
	for k := range z.Num {
		z.Num[k].Mul(&x.Num[k], v.Num())
	}
	z.Den.Mul(&x.Den, v.Denom())
	return z.lowest()
}

// Transpose returns x^T.
func (x *Matrix) Transpose() *Matrix {
	z := New(x.Cols, x.Rows)
	z.Den.Set(&x.Den)
	for i := range x.Rows {
		for j := range x.Cols {
			z.At(j, i).Set(x.At(i, j))
		}
	}
	return z
}

// Pick returns the given rows and columns.
func (x *Matrix) Pick(rows, cols []int) *Matrix {
	z := New(len(rows), len(cols))
	z.Den.Set(&x.Den)
	for i, r := range rows {
		for j, c := range cols {
			z.At(i, j).Set(x.At(r, c))
		}
	}
	return z.lowest()
}

// Block returns rows r0..r1-1 and columns c0..c1-1.
func (x *Matrix) Block(r0, r1, c0, c1 int) *Matrix { return x.Pick(Span(r0, r1), Span(c0, c1)) }

// Span returns from, from+1, .., to-1.
func Span(from, to int) []int {
	s := make([]int, 0, max(to-from, 0))
	for i := from; i < to; i++ {
		s = append(s, i)
	}
	return s
}

// Beside returns [x, y].
func (x *Matrix) Beside(y *Matrix) *Matrix {
	z := New(x.Rows, x.Cols+y.Cols)
	z.Den.Set(LCM(&x.Den, &y.Den))
	for k, s := range []*Matrix{x, y} {
		f := new(big.Int).Quo(&z.Den, &s.Den)
		for i := range s.Rows {
			for j := range s.Cols {
				z.At(i, k*x.Cols+j).Mul(s.At(i, j), f)
			}
		}
	}
	return z
}

// Above returns [x; y].
func (x *Matrix) Above(y *Matrix) *Matrix {
	return x.Transpose().Beside(y.Transpose()).Transpose()
}

// Direct returns diag(x, y).
func (x *Matrix) Direct(y *Matrix) *Matrix {
	return x.Beside(New(x.Rows, y.Cols)).Above(New(y.Rows, x.Cols).Beside(y))
}

// IsZero reports whether all entries are 0.
func (x *Matrix) IsZero() bool {
	for k := range x.Num {
		if x.Num[k].Sign() != 0 {
			return false
		}
	}
	return true
}

// Equal reports whether x = y.
func (x *Matrix) Equal(y *Matrix) bool {
	return x.Rows == y.Rows && x.Cols == y.Cols && x.Sub(y).IsZero()
}

// Scalar returns lambda if x = lambda I.
func (x *Matrix) Scalar() (*big.Rat, bool) {
	lambda := x.Rat(0, 0)
	return lambda, x.Equal(Identity(x.Rows).Scale(lambda))
}

// Diagonal returns the diagonal of x if x is a diagonal of positive numbers.
func (x *Matrix) Diagonal() ([]*big.Rat, bool) {
	d := make([]*big.Rat, x.Rows)
	for i := range d {
		if d[i] = x.Rat(i, i); d[i].Sign() <= 0 {
			return nil, false
		}
	}
	return d, x.Equal(Diag(d))
}

// Primitive returns x with column j multiplied by a positive rational that makes
// its entries integers without a common divisor.
func (x *Matrix) Primitive() *Matrix {
	z := x.Transpose()
	z.Den.SetInt64(1)
	for i := range z.Rows {
		row := z.Num[i*z.Cols : (i+1)*z.Cols]
		if g := content(row, new(big.Int)); g.Sign() != 0 {
			for k := range row {
				row[k].Quo(&row[k], g)
			}
		}
	}
	return z.Transpose()
}
