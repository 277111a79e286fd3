package constructions

import "math/big"

// echelon is the outcome of fraction-free Gauss-Jordan elimination (Bareiss
// 1968): the integer matrix row-equivalent to num in which pivot column cols[k]
// is det times the unit column e_k. All entries are minors of num, which is
// what keeps them small.
type echelon struct {
	num  []big.Int // rows x width
	cols []int     // pivot columns, increasing; their number is the rank
	det  big.Int   // the minor on the pivot columns and pivot rows, sign included
	rows []int     // rows[k] is the row of num that pivot k came from
}

// eliminate reduces num (rows x width, changed in place), taking pivots from the
// first limit columns.
func eliminate(num []big.Int, rows, width, limit int) echelon {
	e := echelon{num: num, rows: span(0, rows)}
	e.det.SetInt64(1)
	at := func(i, j int) *big.Int { return &num[i*width+j] }
	var t, u big.Int
	sign := 1
	for j := 0; j < limit && len(e.cols) < rows; j++ {
		k := len(e.cols)
		p := smallest(k, rows, func(i int) *big.Int { return at(i, j) })
		if p < 0 {
			continue
		}
		if p != k {
			for c := range width {
				*at(k, c), *at(p, c) = *at(p, c), *at(k, c)
			}
			e.rows[k], e.rows[p] = e.rows[p], e.rows[k]
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
		e.cols = append(e.cols, j)
	}
	e.rows = e.rows[:len(e.cols)]
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

func (x *qmat) echelon() echelon {
	num := make([]big.Int, len(x.num))
	for k := range num {
		num[k].Set(&x.num[k])
	}
	return eliminate(num, x.rows, x.cols, x.cols)
}

func (x *qmat) rank() int { return len(x.echelon().cols) }

// pivotRows returns the indices of rank many independent rows, increasing.
func (x *qmat) pivotRows() []int { return x.transpose().echelon().cols }

// det returns the determinant of a square x.
func (x *qmat) det() *big.Rat {
	e := x.echelon()
	if len(e.cols) < x.rows {
		return new(big.Rat)
	}
	den := new(big.Int).Exp(&x.den, big.NewInt(int64(x.rows)), nil)
	return new(big.Rat).SetFrac(&e.det, den)
}

// inverse returns the inverse of a square x, false if x is singular.
func (x *qmat) inverse() (*qmat, bool) { return x.solve(qIdentity(x.rows)) }

// solve returns the y with x y = rhs for a square x, false if x is singular.
func (x *qmat) solve(rhs *qmat) (*qmat, bool) {
	n, w := x.rows, x.cols+rhs.cols
	num := make([]big.Int, n*w)
	for i := range n {
		for j := range n {
			num[i*w+j].Set(x.at(i, j))
		}
		for j := range rhs.cols {
			num[i*w+n+j].Set(rhs.at(i, j))
		}
	}
	e := eliminate(num, n, w, n)
	if len(e.cols) < n {
		return nil, false
	}
	z := newQ(n, rhs.cols)
	for i := range n {
		for j := range rhs.cols {
			z.at(i, j).Mul(&num[i*w+n+j], &x.den)
		}
	}
	z.den.Mul(&e.det, &rhs.den)
	return z.lowest(), true
}

// kernel returns a matrix whose columns are a basis of {v : x v = 0}.
func (x *qmat) kernel() *qmat {
	e := x.echelon()
	free := complement(x.cols, e.cols)
	z := newQ(x.cols, len(free))
	for j, f := range free {
		z.at(f, j).Set(&e.det)
		for k, c := range e.cols {
			z.at(c, j).Neg(&e.num[k*x.cols+f])
		}
	}
	return z.primitive()
}

// complement returns the numbers 0..n-1 that are not in the increasing list.
func complement(n int, list []int) []int {
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

// columnRank reports whether x has full column rank.
func (x *qmat) injective() bool { return x.rank() == x.cols }
