package ratmat

import (
	"math/big"
)

// Echelon is the outcome of fraction-free Gauss-Jordan elimination (Bareiss
// 1968): the integer matrix row-equivalent to num in which pivot column cols[k]
// is det times the unit column e_k. All entries are minors of num, which is
// what keeps them small.
type Echelon struct {
	num  []big.Int // rows x width
	Cols []int     // pivot columns, increasing; their number is the rank
	det  big.Int   // the minor on the pivot columns and pivot rows, sign included
	Rows []int     // rows[k] is the row of num that pivot k came from
}

// eliminate reduces num (rows x width, changed in place), taking pivots from the
// first limit columns.
func eliminate(num []big.Int, rows, width, limit int) Echelon {
	e := Echelon{num: num, Rows: Span(0, rows)}
	e.det.SetInt64(1)
	at := func(i, j int) *big.Int { return &num[i*width+j] }
	var t, u big.Int
	sign := 1
	for j := 0; j < limit && len(e.Cols) < rows; j++ {
		k := len(e.Cols)
		p := smallest(k, rows, func(i int) *big.Int { return at(i, j) })
		if p < 0 {
			continue
		}
		if p != k {
			for c := range width {
				*at(k, c), *at(p, c) = *at(p, c), *at(k, c)
			}
			e.Rows[k], e.Rows[p] = e.Rows[p], e.Rows[k]
			sign = -sign
		}
		pivot := new(big.Int).Set(at(k, j))
		for i := range rows {
			if i == k {
				continue
			}
			f := new(big.Int).Set(at(i, j))
			for c := range width {
				x := at(i, c)
				t.Mul(x, pivot)
				if f.Sign() != 0 && at(k, c).Sign() != 0 {
					t.Sub(&t, u.Mul(f, at(k, c)))
				}
				if e.det.IsInt64() && e.det.Int64() == 1 {
					x.Set(&t)
				} else {
					x.Quo(&t, &e.det)
				}
			}
		}
		e.det.Set(pivot)
		e.Cols = append(e.Cols, j)
	}
	e.Rows = e.Rows[:len(e.Cols)]
	if sign < 0 {
		e.det.Neg(&e.det)
		for k := range num {
			num[k].Neg(&num[k])
		}
	}
	return e
}

// smallest returns the i in from..to-1 with the shortest non-zero v(i), -1 if
// there is none.
func smallest(from, to int, v func(int) *big.Int) int {
	best := -1
	for i := from; i < to; i++ {
		if v(i).Sign() != 0 && (best < 0 || v(i).BitLen() < v(best).BitLen()) {
			best = i
		}
	}
	return best
}

// Echelon eliminates x.
func (x *Matrix) Echelon() Echelon {
	num := make([]big.Int, len(x.Num))
	for k := range num {
		num[k].Set(&x.Num[k])
	}
	return eliminate(num, x.Rows, x.Cols, x.Cols)
}

// Rank returns the rank.
func (x *Matrix) Rank() int { return len(x.Echelon().Cols) }

// PivotRows returns the indices of rank many independent rows, increasing.
func (x *Matrix) PivotRows() []int { return x.Transpose().Echelon().Cols }

// Det returns the determinant of a square x.
func (x *Matrix) Det() *big.Rat {
	e := x.Echelon()
	if len(e.Cols) < x.Rows {
		return new(big.Rat)
	}
	den := new(big.Int).Exp(&x.Den, big.NewInt(int64(x.Rows)), nil)
	return new(big.Rat).SetFrac(&e.det, den)
}

// Inverse returns the inverse of a square x, false if x is singular.
func (x *Matrix) Inverse() (*Matrix, bool) { return x.Solve(Identity(x.Rows)) }

// Solve returns the y with x y = rhs for a square x, false if x is singular.
func (x *Matrix) Solve(rhs *Matrix) (*Matrix, bool) {
	n, w := x.Rows, x.Cols+rhs.Cols
	num := make([]big.Int, n*w)
	for i := range n {
		for j := range n {
			num[i*w+j].Set(x.At(i, j))
		}
		for j := range rhs.Cols {
			num[i*w+n+j].Set(rhs.At(i, j))
		}
	}
	e := eliminate(num, n, w, n)
	if len(e.Cols) < n {
		return nil, false
	}
	z := New(n, rhs.Cols)
	for i := range n {
		for j := range rhs.Cols {
			z.At(i, j).Mul(&num[i*w+n+j], &x.Den)
		}
	}
	z.Den.Mul(&e.det, &rhs.Den)
	return z.lowest(), true
}

// Kernel returns a matrix whose columns are a basis of {v : x v = 0}.
func (x *Matrix) Kernel() *Matrix {
	e := x.Echelon()
	free := Complement(x.Cols, e.Cols)
	z := New(x.Cols, len(free))
	for j, f := range free {
		z.At(f, j).Set(&e.det)
		for k, c := range e.Cols {
			z.At(c, j).Neg(&e.num[k*x.Cols+f])
		}
	}
	return z.Primitive()
}

// Complement returns the numbers 0..n-1 that are not in the increasing list.
func Complement(n int, list []int) []int {
	out := make([]int, 0, n-len(list))
	for i := range n {
		if len(list) > 0 && list[0] == i {
			list = list[1:]
		} else {
			out = append(out, i)
		}
	}
	return out
}

// Injective reports whether x has full column rank.
func (x *Matrix) Injective() bool { return x.Rank() == x.Cols }

// Particular returns some y with x y = rhs, false if there is none.
func (x *Matrix) Particular(rhs *Matrix) (*Matrix, bool) {
	aug := x.Beside(rhs)
	e := eliminate(aug.Num, aug.Rows, aug.Cols, x.Cols)
	y := New(x.Cols, rhs.Cols)
	for i := range aug.Rows {
		for j := range rhs.Cols {
			v := &aug.Num[i*aug.Cols+x.Cols+j]
			if i < len(e.Cols) {
				y.At(e.Cols[i], j).Set(v)
			} else if v.Sign() != 0 {
				return nil, false
			}
		}
	}
	y.Den.Set(&e.det)
	return y.lowest(), true
}

// Conjugate returns s^-1 g s.
func Conjugate(g, s *Matrix) *Matrix {
	m, _ := s.Solve(g.Mul(s))
	return m
}

// SchurComplement returns m_22 - m_21 m_12 / m_11, m_11 being 1 x 1.
func SchurComplement(m *Matrix) *Matrix {
	n := m.Rows
	inv := new(big.Rat).Inv(m.Rat(0, 0))
	return m.Block(1, n, 1, n).Sub(m.Block(1, n, 0, 1).Mul(m.Block(0, 1, 1, n)).Scale(inv))
}
