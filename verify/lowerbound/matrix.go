package lowerbound

import "math/big"

// mat is a matrix of rationals, row by row. Operations do not change their
// operands.
type mat [][]*big.Rat

func ints(from, to int) []int {
	s := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		s = append(s, i)
	}
	return s
}

func within(list []int, n int) bool {
	for _, i := range list {
		if i < 0 || n <= i {
			return false
		}
	}
	return true
}

func distinct(list []int) bool {
	seen := make(map[int]bool)
	for _, i := range list {
		if seen[i] {
			return false
		}
		seen[i] = true
	}
	return true
}

func present(v []*big.Rat) bool {
	for _, x := range v {
		if x == nil {
			return false
		}
	}
	return true
}

// sub returns the given rows and columns.
func (x mat) sub(rows, cols []int) mat {
	z := make(mat, len(rows))
	for i, r := range rows {
		for _, c := range cols {
			z[i] = append(z[i], x[r][c])
		}
	}
	return z
}

func (x mat) transpose() mat {
	var z mat
	for j := 0; len(x) > 0 && j < len(x[0]); j++ {
		var row []*big.Rat
		for i := range x {
			row = append(row, x[i][j])
		}
		z = append(z, row)
	}
	return z
}

func (x mat) negate() mat {
	z := make(mat, len(x))
	for i := range x {
		for _, v := range x[i] {
			z[i] = append(z[i], new(big.Rat).Neg(v))
		}
	}
	return z
}

// apply returns x v as one row.
func (x mat) apply(v []*big.Rat) mat {
	row := make([]*big.Rat, len(x))
	for i := range x {
		row[i] = new(big.Rat)
		for j := range v {
			row[i].Add(row[i], new(big.Rat).Mul(x[i][j], v[j]))
		}
	}
	return mat{row}
}

// all reports whether every entry satisfies f(i, j, entry).
func (x mat) all(f func(i, j int, v *big.Rat) bool) bool {
	for i := range x {
		for j, v := range x[i] {
			if !f(i, j, v) {
				return false
			}
		}
	}
	return true
}

func (x mat) isZero() bool { return x.all(func(_, _ int, v *big.Rat) bool { return v.Sign() == 0 }) }

func (x mat) isIdentity() bool {
	return x.all(func(i, j int, v *big.Rat) bool {
		return i != j && v.Sign() == 0 || i == j && v.Cmp(big.NewRat(1, 1)) == 0
	})
}

func (x mat) isPositiveDiagonal() bool {
	return x.all(func(i, j int, v *big.Rat) bool { return i != j && v.Sign() == 0 || i == j && v.Sign() > 0 })
}

// eliminate brings x to reduced row echelon form on its first n columns, in
// place, and returns the determinant of that square part, nil if x has fewer
// pivots than rows.
func (x mat) eliminate(n int) *big.Rat {
	det, t := big.NewRat(1, 1), new(big.Rat)
	for k := range n {
		p := k
		for p < n && x[p][k].Sign() == 0 {
			p++
		}
		if p == n {
			return nil
		}
		if p != k {
			x[k], x[p] = x[p], x[k]
			det.Neg(det)
		}
		pivot := new(big.Rat).Set(x[k][k])
		det.Mul(det, pivot)
		for j := range x[k] {
			x[k][j] = new(big.Rat).Quo(x[k][j], pivot)
		}
		for i := range x {
			if f := x[i][k]; i != k && f.Sign() != 0 {
				for j := range x[i] {
					x[i][j] = new(big.Rat).Sub(x[i][j], t.Mul(f, x[k][j]))
				}
			}
		}
	}
	return det
}

// det returns the determinant of a square matrix; 1 for the empty one.
func (x mat) det() *big.Rat {
	if d := x.sub(ints(0, len(x)), ints(0, len(x))).eliminate(len(x)); d != nil {
		return d
	}
	return new(big.Rat)
}

// inverse returns the inverse of a square matrix, false if it is singular.
func (x mat) inverse() (mat, bool) {
	n := len(x)
	z := make(mat, n)
	for i := range z {
		z[i] = append(z[i], x[i]...)
		for j := range n {
			z[i] = append(z[i], new(big.Rat))
			if i == j {
				z[i][n+j].SetInt64(1)
			}
		}
	}
	if z.eliminate(n) == nil {
		return nil, false
	}
	return z.sub(ints(0, n), ints(n, 2*n)), true
}

// schur returns x[K, K] - x[K, J] x[I, J]^-1 x[I, K], false if x[I, J] is
// singular.
func (x mat) schur(rows, cols, index []int) (mat, bool) {
	z := x.sub(append(append([]int(nil), rows...), index...), append(append([]int(nil), cols...), index...))
	n := len(rows)
	if z.eliminate(n) == nil {
		return nil, false
	}
	return z.sub(ints(n, len(z)), ints(n, len(z))), true
}

// isP0 reports whether no principal minor is negative.
func (x mat) isP0() bool {
	for order := 1; order <= len(x); order++ {
		if low, _ := x.minorSigns(order); low < 0 {
			return false
		}
	}
	return true
}

// minorSigns returns the smallest and the largest sign, 0 included, of the
// principal minors of the given order; 0, 1 for order 0, and 0, 0 if there are
// none.
func (x mat) minorSigns(order int) (low, high int) {
	var visit func(from int, chosen []int)
	visit = func(from int, chosen []int) {
		if len(chosen) == order {
			s := x.sub(chosen, chosen).det().Sign()
			low, high = min(low, s), max(high, s)
			return
		}
		for i := from; i < len(x); i++ {
			visit(i+1, append(chosen[:len(chosen):len(chosen)], i))
		}
	}
	visit(0, nil)
	return low, high
}

// fewMinors reports whether an n x n matrix has at most 2^maxMinors principal
// minors of the given order.
func fewMinors(n, order int) bool {
	c := 1
	for i := 0; i < min(order, n-order); i++ {
		if c = c * (n - i) / (i + 1); c > 1<<maxMinors {
			return false
		}
	}
	return true
}

// lyapunov returns X S + S X^T for a diagonal S.
func (x mat) lyapunov(s []*big.Rat) mat {
	z := make(mat, len(x))
	for i := range x {
		for j := range x {
			v := new(big.Rat).Mul(x[i][j], s[j])
			z[i] = append(z[i], v.Add(v, new(big.Rat).Mul(x[j][i], s[i])))
		}
	}
	return z
}

// definite returns 1 if the symmetric x is positive definite, 0 if it is positive
// semidefinite only, -1 otherwise.
func (x mat) definite() int {
	if len(x) == 0 {
		return 1
	}
	d, n := x[0][0], len(x)
	if d.Sign() < 0 {
		return -1
	}
	if d.Sign() == 0 {
		if !x[:1].isZero() {
			return -1
		}
		return min(0, x.sub(ints(1, n), ints(1, n)).definite())
	}
	s, _ := x.schur([]int{0}, []int{0}, ints(1, n))
	return s.definite()
}
