package ballmat

import (
	"math/big"

	"flowproof/exactmath"
	"flowproof/exactmath/bound"
	"flowproof/exactmath/dense"
)

// Step is one block triangular factor: [[D, X], [0, I]] if Upper, [[I, 0], [X,
// D]] otherwise.
type Step struct {
	Upper  bool
	Weight *Matrix // X: p x q if Upper, else q x p
	Scale  *Matrix // the diagonal of D as one row, or nil for D = I
}

// Compose returns the columns of the first p coordinates and the columns of the
// last q of the product of the steps, the last one acting first, as sets that
// hold them for all weights and scales in their sets, with midpoints rounded to
// prec bits after each step. Errors are those of MulAdd.
func Compose(p, q int, steps []Step, prec uint) (left, right *Matrix, err error) {
	if p < 1 || q < 1 {
		return nil, nil, &exactmath.ShapeError{Op: "Compose", R1: p, C1: p, R2: q, C2: q}
	}
	id := dense.IdentityDyadic(p + q)
	var s [2]*Matrix
	for k, at := range [][2]int{{0, p}, {p, p + q}} {
		mid, err := id.Block(0, p+q, at[0], at[1])
		if err != nil {
			return nil, nil, err
		}
		s[k] = &Matrix{mid: mid}
	}
	for k, st := range steps {
		from, to := 1, 0
		if st.Upper {
			from, to = 0, 1
		}
		if k == 0 {
			s[to], err = first(s[to], st.Weight, from*p)
		} else {
			s[to], err = MulAdd(s[to], s[from], st.Weight, prec)
		}
		if err != nil {
			return nil, nil, err
		}
		if st.Scale != nil {
			if s[from], err = scale(s[from], st.Scale, prec); err != nil {
				return nil, nil, err
			}
		}
	}
	return s[0], s[1], nil
}

// first is MulAdd for the columns of the identity from row at on: w is put there.
func first(s, w *Matrix, at int) (*Matrix, error) {
	n, cols := s.mid.Dims()
	rows, c := w.mid.Dims()
	if c != cols || rows != n-cols {
		return nil, &exactmath.ShapeError{Op: "Compose", R1: n, C1: cols, R2: rows, C2: c}
	}
	exp := min(s.mid.Exp(), w.mid.Exp())
	num := make([]big.Int, n*cols)
	for i := range n {
		for j := range cols {
			m, k := s.mid, i
			if at <= i && i < at+rows {
				m, k = w.mid, i-at
			}
			num[i*cols+j].Lsh(m.Num(k, j), uint(m.Exp()-exp))
		}
	}
	mid, err := dense.OwnDyadic(n, cols, num, exp)
	return &Matrix{mid, w.rad}, err
}

// scale multiplies the columns of s by the entries of the row d.
func scale(s, d *Matrix, prec uint) (*Matrix, error) {
	n, cols := s.mid.Dims()
	if r, c := d.mid.Dims(); r != 1 || c != cols {
		return nil, &exactmath.ShapeError{Op: "Compose", R1: n, C1: cols, R2: r, C2: c}
	}
	num := make([]big.Int, n*cols)
	for i := range n {
		for j := range cols {
			num[i*cols+j].Mul(s.mid.Num(i, j), d.mid.Num(0, j))
		}
	}
	// |s d - s' d'| <= r_s |d| + (|s| + r_s) r_d
	rad := s.rad.Mul(most(d.mid)).Add(most(s.mid).Add(s.rad).Mul(d.rad))
	return rounded(n, cols, num, s.mid.Exp()+d.mid.Exp(), prec, rad)
}

// most bounds the largest |entry|.
func most(m *dense.Dyadic) bound.Upper { return bound.AboveRat(m.MaxAbs()) }
