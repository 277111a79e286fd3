package constructions

import (
	"math/big"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// qmat is a matrix of rationals: the integers num, row by row, over the one
// denominator den > 0. Every operation returns a new matrix in lowest terms: no
// prime divides den and all of num.
type qmat struct {
	rows, cols int
	num        []big.Int
	den        big.Int
}

func newQ(rows, cols int) *qmat {
	x := &qmat{rows: rows, cols: cols, num: make([]big.Int, rows*cols)}
	x.den.SetInt64(1)
	return x
}

// qFunc returns the matrix with entries f(i, j).
func qFunc(rows, cols int, f func(i, j int) *big.Rat) *qmat {
	vals := make([]*big.Rat, rows*cols)
	x := newQ(rows, cols)
	for k := range vals {
		vals[k] = f(k/cols, k%cols)
		x.den.Set(lcm(&x.den, vals[k].Denom()))
	}
	var t big.Int
	for k, v := range vals {
		x.num[k].Mul(v.Num(), t.Quo(&x.den, v.Denom()))
	}
	return x
}

func lcm(a, b *big.Int) *big.Int {
	if a.Cmp(b) == 0 {
		return a
	}
	g := new(big.Int).GCD(nil, nil, a, b)
	return g.Mul(a, g.Quo(b, g))
}

func qIdentity(n int) *qmat {
	x := newQ(n, n)
	for i := range n {
		x.at(i, i).SetInt64(1)
	}
	return x
}

// qDiag returns the diagonal matrix of d.
func qDiag(d []*big.Rat) *qmat {
	return qFunc(len(d), len(d), func(i, j int) *big.Rat {
		if i != j {
			return new(big.Rat)
		}
		return d[i]
	})
}

// qUnit returns the unit column e_i of length n.
func qUnit(n, i int) *qmat {
	x := newQ(n, 1)
	x.num[i].SetInt64(1)
	return x
}

func (x *qmat) at(i, j int) *big.Int { return &x.num[i*x.cols+j] }

// rat returns entry (i, j) as a number of its own.
func (x *qmat) rat(i, j int) *big.Rat { return new(big.Rat).SetFrac(x.at(i, j), &x.den) }

// matrix returns x as dyadic integers if it is dyadic, as rationals otherwise.
func (x *qmat) matrix() (exactmath.Matrix, error) {
	if z := int(x.den.TrailingZeroBits()); x.den.BitLen() == z+1 {
		num := make([]*big.Int, len(x.num))
		for k := range num {
			num[k] = &x.num[k]
		}
		return dense.NewDyadic(x.rows, x.cols, num, -z)
	}
	data := make([]*big.Rat, len(x.num))
	for k := range data {
		data[k] = new(big.Rat).SetFrac(&x.num[k], &x.den)
	}
	return dense.NewRational(x.rows, x.cols, data)
}

// lowest divides num and den by their common divisor.
func (x *qmat) lowest() *qmat {
	if x.den.Sign() < 0 {
		x.den.Neg(&x.den)
		for k := range x.num {
			x.num[k].Neg(&x.num[k])
		}
	}
	if g := content(x.num, &x.den); g.Cmp(one) != 0 {
		x.den.Quo(&x.den, g)
		for k := range x.num {
			x.num[k].Quo(&x.num[k], g)
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

// mul returns x y; the shapes must fit.
func (x *qmat) mul(y *qmat) *qmat {
	z := newQ(x.rows, y.cols)
	var t big.Int
	for i := range x.rows {
		for k := range x.cols {
			a := x.at(i, k)
			if a.Sign() == 0 {
				continue
			}
			for j := range y.cols {
				if b := y.at(k, j); b.Sign() != 0 {
					z.at(i, j).Add(z.at(i, j), t.Mul(a, b))
				}
			}
		}
	}
	z.den.Mul(&x.den, &y.den)
	return z.lowest()
}

// mulAll returns the product from left to right.
func (x *qmat) mulAll(ys ...*qmat) *qmat {
	for _, y := range ys {
		x = x.mul(y)
	}
	return x
}

func (x *qmat) add(y *qmat) *qmat { return x.combine(y, (*big.Int).Add) }

func (x *qmat) sub(y *qmat) *qmat { return x.combine(y, (*big.Int).Sub) }

func (x *qmat) combine(y *qmat, f func(z, a, b *big.Int) *big.Int) *qmat {
	z := newQ(x.rows, x.cols)
	z.den.Set(lcm(&x.den, &y.den))
	fx, fy := new(big.Int).Quo(&z.den, &x.den), new(big.Int).Quo(&z.den, &y.den)
	var a, b big.Int
	for k := range z.num {
		f(&z.num[k], a.Mul(&x.num[k], fx), b.Mul(&y.num[k], fy))
	}
	return z.lowest()
}

func (x *qmat) neg() *qmat {
	z := newQ(x.rows, x.cols)
	z.den.Set(&x.den)
	for k := range z.num {
		z.num[k].Neg(&x.num[k])
	}
	return z
}

// scale returns v x.
func (x *qmat) scale(v *big.Rat) *qmat {
	z := newQ(x.rows, x.cols)
	for k := range z.num {
		z.num[k].Mul(&x.num[k], v.Num())
	}
	z.den.Mul(&x.den, v.Denom())
	return z.lowest()
}

func (x *qmat) transpose() *qmat {
	z := newQ(x.cols, x.rows)
	z.den.Set(&x.den)
	for i := range x.rows {
		for j := range x.cols {
			z.at(j, i).Set(x.at(i, j))
		}
	}
	return z
}

// pick returns the given rows and columns.
func (x *qmat) pick(rows, cols []int) *qmat {
	z := newQ(len(rows), len(cols))
	z.den.Set(&x.den)
	for i, r := range rows {
		for j, c := range cols {
			z.at(i, j).Set(x.at(r, c))
		}
	}
	return z.lowest()
}

// block returns rows r0..r1-1 and columns c0..c1-1.
func (x *qmat) block(r0, r1, c0, c1 int) *qmat { return x.pick(span(r0, r1), span(c0, c1)) }

func (x *qmat) col(j int) *qmat { return x.block(0, x.rows, j, j+1) }

// span returns from, from+1, .., to-1.
func span(from, to int) []int {
	s := make([]int, 0, max(to-from, 0))
	for i := from; i < to; i++ {
		s = append(s, i)
	}
	return s
}

// beside returns [x, y].
func (x *qmat) beside(y *qmat) *qmat {
	z := newQ(x.rows, x.cols+y.cols)
	z.den.Set(lcm(&x.den, &y.den))
	for k, s := range []*qmat{x, y} {
		f := new(big.Int).Quo(&z.den, &s.den)
		for i := range s.rows {
			for j := range s.cols {
				z.at(i, k*x.cols+j).Mul(s.at(i, j), f)
			}
		}
	}
	return z
}

// above returns [x; y].
func (x *qmat) above(y *qmat) *qmat {
	return x.transpose().beside(y.transpose()).transpose()
}

// direct returns diag(x, y).
func (x *qmat) direct(y *qmat) *qmat {
	return x.beside(newQ(x.rows, y.cols)).above(newQ(y.rows, x.cols).beside(y))
}

func (x *qmat) isZero() bool {
	for k := range x.num {
		if x.num[k].Sign() != 0 {
			return false
		}
	}
	return true
}

func (x *qmat) equal(y *qmat) bool {
	return x.rows == y.rows && x.cols == y.cols && x.sub(y).isZero()
}

// scalar returns lambda if x = lambda I.
func (x *qmat) scalar() (*big.Rat, bool) {
	lambda := x.rat(0, 0)
	return lambda, x.equal(qIdentity(x.rows).scale(lambda))
}

// diagonal returns the diagonal of x if x is a diagonal of positive numbers.
func (x *qmat) diagonal() ([]*big.Rat, bool) {
	d := make([]*big.Rat, x.rows)
	for i := range d {
		if d[i] = x.rat(i, i); d[i].Sign() <= 0 {
			return nil, false
		}
	}
	return d, x.equal(qDiag(d))
}

// primitive returns x with column j multiplied by a positive rational that makes
// its entries integers without a common divisor.
func (x *qmat) primitive() *qmat {
	z := x.transpose()
	z.den.SetInt64(1)
	for i := range z.rows {
		row := z.num[i*z.cols : (i+1)*z.cols]
		if g := content(row, new(big.Int)); g.Sign() != 0 {
			for k := range row {
				row[k].Quo(&row[k], g)
			}
		}
	}
	return z.transpose()
}
