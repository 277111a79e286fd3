package lowerbound

import (
	"math/big"
	"slices"

	"flowproof/exactmath"
)

// mat is a matrix of integers, row by row. Entries are shared, and never change.
type mat [][]*big.Int

func build[T any](rows, cols int, at func(i, j int) T) [][]T {
	z := make([][]T, rows)
	for i := range z {
		z[i] = make([]T, cols)
		for j := range z[i] {
			z[i][j] = at(i, j)
		}
	}
	return z
}

// meter counts what computations take. It panics with what Spend returns; check
// recovers it.
type meter struct{ limits *exactmath.Limits }

// exhausted is what a meter panics with.
type exhausted struct{ error }

func (w meter) spend(work int64) {
	if err := w.limits.Spend(0, work); err != nil {
		panic(exhausted{err})
	}
}

// product returns x y as a number of its own.
func (w meter) product(x, y *big.Int) *big.Int {
	w.spend(exactmath.Words(x)*exactmath.Words(y) + 16)
	return new(big.Int).Mul(x, y)
}

// integers returns x times the least common denominator.
func (w meter) integers(x [][]*big.Rat) mat {
	unit := big.NewInt(1)
	for _, v := range slices.Concat(x...) {
		w.spend(exactmath.Words(unit)*exactmath.Words(v.Denom()) + 16)
		g := new(big.Int).GCD(nil, nil, unit, v.Denom())
		unit.Mul(unit, g.Quo(v.Denom(), g))
	}
	return build(len(x), len(x[0]), func(i, j int) *big.Int {
		v := new(big.Int).Quo(unit, x[i][j].Denom())
		return w.product(v, x[i][j].Num())
	})
}

// scaled returns the values times a positive number.
func (w meter) scaled(values []*big.Rat) []*big.Int { return w.integers([][]*big.Rat{values})[0] }

// sub returns the given rows and columns.
func (x mat) sub(rows, cols []int) mat {
	return build(len(rows), len(cols), func(i, j int) *big.Int { return x[rows[i]][cols[j]] })
}

// transpose returns that of a matrix with one row or more.
func (x mat) transpose() mat {
	return build(len(x[0]), len(x), func(i, j int) *big.Int { return x[j][i] })
}

// apply returns x v as a row.
func (x mat) apply(w meter, v []*big.Int) mat {
	return build(1, len(x), func(_, i int) *big.Int {
		sum := new(big.Int)
		for k := range v {
			sum.Add(sum, w.product(x[i][k], v[k]))
		}
		return sum
	})
}

// isDiagonal reports whether x is 0 off the diagonal, and its diagonal entries
// satisfy ok.
func (x mat) isDiagonal(ok func(v *big.Int) bool) bool {
	for i := range x {
		for j, v := range x[i] {
			if i != j && v.Sign() != 0 || i == j && !ok(v) {
				return false
			}
		}
	}
	return true
}

func (x mat) isZero() bool { return x.isDiagonal(func(v *big.Int) bool { return v.Sign() == 0 }) }

func positive(v *big.Int) bool { return v.Sign() > 0 }

// step returns the Schur complement of the entry x_00, times x_00 / prev: one step
// of Bareiss's elimination, where prev is the x_00 of the step before, 1 at first.
// Entries stay minors of the matrix that it began with, so the division is exact.
func (x mat) step(w meter, prev *big.Int) mat {
	return build(len(x)-1, len(x)-1, func(i, j int) *big.Int {
		v, down, right := x[i+1][j+1], x[i+1][0], x[0][j+1]
		if v.Sign() == 0 && (down.Sign() == 0 || right.Sign() == 0) {
			w.spend(1)
			return v // most are, if x is sparse
		}
		z := w.product(x[0][0], v)
		z.Sub(z, w.product(down, right))
		w.spend(exactmath.Words(z) * exactmath.Words(prev))
		return z.Quo(z, prev)
	})
}

// schur returns, for a square x = [[A, B], [C, D]] with A n x n, the sign of det A
// and, unless that is 0, a positive multiple of C A^-1 B - D.
func (x mat) schur(w meter, n int) (det int, minusS mat) {
	prev, det := big.NewInt(1), 1
	for ; n > 0; n-- {
		p := slices.IndexFunc(x[:n], func(row []*big.Int) bool { return row[0].Sign() != 0 })
		if p < 0 {
			return 0, nil
		}
		x = slices.Concat(x[p:p+1], x[:p], x[p+1:]) // a cycle of p + 1 rows
		prev, x, det = x[0][0], x.step(w, prev), det*(1-p%2*2)
	}
	// Now x = prev (D - C A^-1 B), and prev is det A up to the sign of the cycles.
	flip := big.NewInt(int64(-prev.Sign()))
	return det * prev.Sign(), build(len(x), len(x), func(i, j int) *big.Int { return w.product(flip, x[i][j]) })
}

// minorSigns returns the smallest and the largest sign, 0 included, of the
// principal minors of the orders from least to most, 1 for order 0, that belong to
// the indices chosen and further ones not below from.
func (x mat) minorSigns(w meter, chosen []int, from, least, most int) (low, high int) {
	missing := least - len(chosen)
	if missing <= 0 {
		det, _ := x.sub(chosen, chosen).schur(w, len(chosen))
		low, high = min(low, det), max(high, det)
	}
	for i := from; len(chosen) < most && i <= len(x)-max(1, missing); i++ {
		l, h := x.minorSigns(w, append(slices.Clip(chosen), i), i+1, least, most)
		low, high = min(low, l), max(high, h)
	}
	return low, high
}

// definite returns 1 if the symmetric x is positive definite, 0 if it is positive
// semidefinite only, -1 otherwise. For prev see step: it is 1 at first.
func (x mat) definite(w meter, prev *big.Int) int {
	switch {
	case len(x) == 0:
		return 1
	case x[0][0].Sign() > 0:
		return x.step(w, prev).definite(w, x[0][0])
	case x[0][0].Sign() < 0 || !x[:1].isZero():
		return -1
	}
	rest := mat(build(len(x)-1, len(x)-1, func(i, j int) *big.Int { return x[i+1][j+1] }))
	return min(0, rest.definite(w, prev))
}
