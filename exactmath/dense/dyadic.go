package dense

import (
	"math/big"
	"math/bits"

	"flowproof/exactmath"
)

// Dyadic is a dense matrix of dyadic rationals: entry (i, j) is the integer
// num[i*cols+j] times 2^exp. The representation is not unique; comparisons are
// between the numbers represented.
type Dyadic struct {
	rows, cols int
	exp        int
	num        []big.Int
}

func newDyadic(rows, cols, exp int) *Dyadic {
	return &Dyadic{rows, cols, exp, make([]big.Int, rows*cols)}
}

// NewDyadic returns the rows x cols matrix with entries num[i*cols+j] * 2^exp.
// It copies num, and fails with a *exactmath.ShapeError if len(num) is not rows*cols.
func NewDyadic(rows, cols int, num []*big.Int, exp int) (*Dyadic, error) {
	if rows < 0 || cols < 0 || len(num) != rows*cols {
		return nil, misfit("NewDyadic", rows, cols, 1, len(num))
	}
	z := newDyadic(rows, cols, exp)
	for k, v := range num {
		z.num[k].Set(v)
	}
	return z, nil
}

// OwnDyadic is NewDyadic without the copy: num, row by row, is the matrix's own
// from then on.
func OwnDyadic(rows, cols int, num []big.Int, exp int) (*Dyadic, error) {
	if rows < 0 || cols < 0 || len(num) != rows*cols {
		return nil, misfit("OwnDyadic", rows, cols, 1, len(num))
	}
	return &Dyadic{rows, cols, exp, num}, nil
}

// IdentityDyadic returns the n x n identity.
func IdentityDyadic(n int) *Dyadic {
	z := newDyadic(n, n, 0)
	for i := range n {
		z.num[i*n+i].SetInt64(1)
	}
	return z
}

// Dims returns the shape.
func (x *Dyadic) Dims() (rows, cols int) { return x.rows, x.cols }

// Exp returns the common exponent of two.
func (x *Dyadic) Exp() int { return x.exp }

// Num returns the integer at (i, j), to be multiplied by 2^Exp. The caller must
// not change it.
func (x *Dyadic) Num(i, j int) *big.Int { return &x.num[i*x.cols+j] }

// At returns entry (i, j) as a rational.
func (x *Dyadic) At(i, j int) *big.Rat { return ldexp(x.Num(i, j), x.exp) }

// ldexp returns m * 2^e.
func ldexp(m *big.Int, e int) *big.Rat {
	if e >= 0 {
		return new(big.Rat).SetInt(new(big.Int).Lsh(m, uint(e)))
	}
	d := new(big.Int).Lsh(big.NewInt(1), uint(-e))
	return new(big.Rat).SetFrac(m, d)
}

// Float64s returns the entries rounded to nearest even, row by row.
func (x *Dyadic) Float64s() []float64 {
	out := make([]float64, len(x.num))
	for k := range x.num {
		out[k] = exactmath.Round(&x.num[k], x.exp)
	}
	return out
}

// Pieces calls f for the words of the entries; see [exactmath.Pieces].
func (x *Dyadic) Pieces(f func(i, j int, sign float64, u uint64, e int)) {
	for k := range x.num {
		for w, u := range x.num[k].Bits() {
			f(k/x.cols, k%x.cols, float64(x.num[k].Sign()), uint64(u), x.exp+w*bits.UintSize)
		}
	}
}

// Each visits the non-zero entries row by row.
func (x *Dyadic) Each(visit func(i, j int, v *big.Rat)) {
	for k := range x.num {
		if x.num[k].Sign() != 0 {
			visit(k/x.cols, k%x.cols, ldexp(&x.num[k], x.exp))
		}
	}
}

// Mul returns x y. It fails with a *exactmath.ShapeError unless x.cols == y.rows.
func (x *Dyadic) Mul(y *Dyadic) (*Dyadic, error) {
	if x.cols != y.rows {
		return nil, misfit("Mul", x.rows, x.cols, y.rows, y.cols)
	}
	z := newDyadic(x.rows, y.cols, x.exp+y.exp)
	var t big.Int
	for i := range x.rows {
		for k := range x.cols {
			a := &x.num[i*x.cols+k]
			if a.Sign() == 0 {
				continue
			}
			for j := range y.cols {
				b := &y.num[k*y.cols+j]
				if b.Sign() != 0 {
					c := &z.num[i*z.cols+j]
					c.Add(c, t.Mul(a, b))
				}
			}
		}
	}
	return z, nil
}

// Add returns x + y. It fails with a *exactmath.ShapeError unless the shapes agree.
func (x *Dyadic) Add(y *Dyadic) (*Dyadic, error) { return x.combine("Add", y, (*big.Int).Add) }

// Sub returns x - y. It fails with a *exactmath.ShapeError unless the shapes agree.
func (x *Dyadic) Sub(y *Dyadic) (*Dyadic, error) { return x.combine("Sub", y, (*big.Int).Sub) }

func (x *Dyadic) combine(op string, y *Dyadic, f func(z, a, b *big.Int) *big.Int) (*Dyadic, error) {
	if x.rows != y.rows || x.cols != y.cols {
		return nil, misfit(op, x.rows, x.cols, y.rows, y.cols)
	}
	exp := min(x.exp, y.exp)
	z := newDyadic(x.rows, x.cols, exp)
	var a, b big.Int
	for k := range z.num {
		a.Lsh(&x.num[k], uint(x.exp-exp))
		b.Lsh(&y.num[k], uint(y.exp-exp))
		f(&z.num[k], &a, &b)
	}
	return z, nil
}

// Neg returns -x.
func (x *Dyadic) Neg() *Dyadic {
	z := newDyadic(x.rows, x.cols, x.exp)
	for k := range z.num {
		z.num[k].Neg(&x.num[k])
	}
	return z
}

// Block returns rows r0..r1-1 and columns c0..c1-1. It fails with a *exactmath.ShapeError
// unless 0 <= r0 <= r1 <= rows and 0 <= c0 <= c1 <= cols.
func (x *Dyadic) Block(r0, r1, c0, c1 int) (*Dyadic, error) {
	if r0 < 0 || r1 < r0 || x.rows < r1 || c0 < 0 || c1 < c0 || x.cols < c1 {
		return nil, misfit("Block", x.rows, x.cols, r1, c1)
	}
	z := newDyadic(r1-r0, c1-c0, x.exp)
	for i := r0; i < r1; i++ {
		for j := c0; j < c1; j++ {
			z.num[(i-r0)*z.cols+j-c0].Set(&x.num[i*x.cols+j])
		}
	}
	return z, nil
}

// Equal reports whether x and y are the same matrix of numbers.
func (x *Dyadic) Equal(y *Dyadic) bool {
	d, err := x.Sub(y)
	return err == nil && d.IsZero()
}

// IsZero reports whether every entry is 0.
func (x *Dyadic) IsZero() bool {
	for k := range x.num {
		if x.num[k].Sign() != 0 {
			return false
		}
	}
	return true
}

// MaxAbs returns the largest |entry|, 0 for an empty matrix.
func (x *Dyadic) MaxAbs() *big.Rat {
	m := new(big.Int)
	for k := range x.num {
		if m.CmpAbs(&x.num[k]) < 0 {
			m = &x.num[k]
		}
	}
	return ldexp(new(big.Int).Abs(m), x.exp)
}

// Norm1 returns the largest column sum of |entries|.
func (x *Dyadic) Norm1() *big.Rat {
	sums := make([]big.Int, x.cols)
	x.addAbs(func(i, j int) *big.Int { return &sums[j] })
	return ldexp(maxInt(sums), x.exp)
}

// NormInf returns the largest row sum of |entries|.
func (x *Dyadic) NormInf() *big.Rat {
	sums := make([]big.Int, x.rows)
	x.addAbs(func(i, j int) *big.Int { return &sums[i] })
	return ldexp(maxInt(sums), x.exp)
}

// NormFrobSq returns the sum of the squares of all entries.
func (x *Dyadic) NormFrobSq() *big.Rat {
	var sum, t big.Int
	for k := range x.num {
		sum.Add(&sum, t.Mul(&x.num[k], &x.num[k]))
	}
	return ldexp(&sum, 2*x.exp)
}

func (x *Dyadic) addAbs(sum func(i, j int) *big.Int) {
	var t big.Int
	for k := range x.num {
		s := sum(k/x.cols, k%x.cols)
		s.Add(s, t.Abs(&x.num[k]))
	}
}

func maxInt(v []big.Int) *big.Int {
	m := new(big.Int)
	for k := range v {
		if m.Cmp(&v[k]) < 0 {
			m = &v[k]
		}
	}
	return m
}

// ScaleInt returns m x.
func (x *Dyadic) ScaleInt(m *big.Int) *Dyadic {
	if m.IsInt64() && m.Int64() == 1 {
		return x
	}
	z := newDyadic(x.rows, x.cols, x.exp)
	for k := range z.num {
		z.num[k].Mul(&x.num[k], m)
	}
	return z
}

// ScaleColumns returns x with column j multiplied by d[j]. It fails with a
// *exactmath.ShapeError unless d has one entry for each column.
func (x *Dyadic) ScaleColumns(d []*big.Int) (*Dyadic, error) {
	if len(d) != x.cols {
		return nil, misfit("ScaleColumns", x.rows, x.cols, len(d), len(d))
	}
	z := newDyadic(x.rows, x.cols, x.exp)
	for k := range z.num {
		z.num[k].Mul(&x.num[k], d[k%x.cols])
	}
	return z, nil
}
