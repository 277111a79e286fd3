package orientation

import (
	"math"
	"math/big"
	"math/bits"
	"slices"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// entry is a non-zero number near v * 2^exp in column col, 1/2 <= |v| <= 1: that
// number itself, or within a relative error of its pattern's rho.
type entry struct {
	col, exp int
	v        float64
}

// pattern is the non-zero entries of a rows x cols matrix m, row by row.
type pattern struct {
	m    exactmath.Matrix
	rows [][]entry
	cols int
	rho  float64
}

func read(m exactmath.Matrix) *pattern {
	n, c := m.Dims()
	z := &pattern{m: m, rows: make([][]entry, n), cols: c}
	if p, ok := m.(*exactmath.Floats); ok {
		z.floats(c, p.View())
		return z
	}
	m.Each(func(i, j int, v *big.Rat) {
		if v.Sign() == 0 {
			return
		}
		f, e, exact := split(v)
		if !exact {
			z.rho = 0x1p-52
		}
		z.rows[i] = append(z.rows[i], entry{j, e, f})
	})
	return z
}

func (z *pattern) floats(c int, data []float64) {
	count := 0
	for _, v := range data {
		if v != 0 {
			count++
		}
	}
	all := make([]entry, 0, count)
	for i := range z.rows {
		from := len(all)
		for j, v := range data[i*c : (i+1)*c] {
			if v != 0 {
				f, e := math.Frexp(v)
				all = append(all, entry{j, e, f})
			}
		}
		z.rows[i] = all[from:len(all):len(all)]
	}
}

// split returns f and e with f * 2^e near v, not 0: 1/2 <= |f| <= 1, and the
// relative error is 0 if exact, at most 2^-53 + 2^-63 otherwise, since f is the
// rounded value of a quotient of at least 64 bits that was rounded towards zero.
func split(v *big.Rat) (f float64, e int, exact bool) {
	a, b := v.Num(), v.Denom()
	shift := 64 - a.BitLen() + b.BitLen() // of the quotient: 64 or 65 bits then
	var q, r, d big.Int
	q.Lsh(a, uint(max(shift, 0)))
	d.Lsh(b, uint(max(-shift, 0)))
	q.QuoRem(&q, &d, &r)
	f, e = math.Frexp(exactmath.Round(&q, 0))
	exact = r.Sign() == 0 && q.BitLen()-int(q.TrailingZeroBits()) <= 53
	return f, e - shift, exact
}

// maxDigits bounds what the exact methods are given, in bits: rows x columns x
// the longest integer, half a gigabyte.
const maxDigits = 1 << 32

// matrix is what the exact methods read: the block, with rows and columns
// multiplied by powers of two, which changes neither the sign nor the rank, where
// entries are float64 numbers and of very different sizes.
func (z *pattern) matrix(b block) (exactmath.Matrix, error) {
	rows, cols := len(b.rows), len(b.cols)
	at := make([]int, z.cols)
	for j := range at {
		at[j] = -1
	}
	for k, j := range b.cols {
		at[j] = k
	}
	each := func(f func(i, j int, x entry)) {
		for k, i := range b.rows {
			for _, x := range z.rows[i] {
				if c := at[x.col]; c >= 0 {
					f(k, c, x)
				}
			}
		}
	}
	if z.rho > 0 {
		if rows == len(z.rows) && cols == z.cols {
			return z.m, nil
		}
		zero := new(big.Rat)
		data := make([]*big.Rat, rows*cols)
		for k := range data {
			data[k] = zero
		}
		each(func(i, j int, x entry) { data[i*cols+j] = z.m.At(b.rows[i], x.col) })
		return dense.NewRational(rows, cols, data)
	}
	// The last bits of rows, then of columns, become units.
	low := func(x entry) int {
		return x.exp - 53 + bits.TrailingZeros64(uint64(math.Abs(math.Ldexp(x.v, 53))))
	}
	row, col, long := make([]int, rows), make([]int, cols), 0
	for _, to := range [][]int{row, col} {
		for k := range to {
			to[k] = math.MaxInt
		}
	}
	each(func(i, j int, x entry) { row[i] = min(row[i], low(x)) })
	each(func(i, j int, x entry) { col[j] = min(col[j], low(x)-row[i]) })
	each(func(i, j int, x entry) { long = max(long, x.exp-row[i]-col[j]) })
	if int64(rows)*int64(cols)*int64(long) > maxDigits {
		return nil, exactmath.ErrTooLarge
	}
	num := make([]big.Int, rows*cols)
	each(func(i, j int, x entry) {
		v := &num[i*cols+j]
		shift := x.exp - 53 - row[i] - col[j]
		if v.SetInt64(int64(math.Ldexp(x.v, 53))); shift >= 0 {
			v.Lsh(v, uint(shift))
		} else {
			v.Rsh(v, uint(-shift)) // zeros
		}
	})
	return dense.OwnDyadic(rows, cols, num, 0)
}

// peel takes away, as long as there is one, a row or a column with a single
// entry, the pivot, and with it the column or row of the pivot: elimination by
// it changes no other entry. It returns the pivots and the rows and columns that
// are left with two entries or more; those with none are dropped.
func (z *pattern) peel() (pivots [][2]int, sign int, rows, cols []int) {
	n := len(z.rows)
	inRow, inCol := make([]int, n), make([]int, z.cols) // entries left
	start := make([]int, z.cols+1)                      // of the columns' lists
	for i, r := range z.rows {
		inRow[i] = len(r)
		for _, x := range r {
			inCol[x.col]++
			start[x.col+1]++
		}
	}
	sign = 1
	if slices.Min(inRow) > 1 && slices.Min(inCol) > 1 {
		return nil, sign, count(n), count(z.cols)
	}
	for j := range z.cols {
		start[j+1] += start[j]
	}
	list, next := make([]int, start[z.cols]), slices.Clone(start)
	for i, r := range z.rows {
		for _, x := range r {
			list[next[x.col]] = i
			next[x.col]++
		}
	}
	goneRow, goneCol := make([]bool, n), make([]bool, z.cols)
	var single [][2]int // {0, row} or {1, column}, when it came to have one entry
	for i, c := range inRow {
		if c == 1 {
			single = append(single, [2]int{0, i})
		}
	}
	for j, c := range inCol {
		if c == 1 {
			single = append(single, [2]int{1, j})
		}
	}
	for len(single) > 0 {
		s := single[len(single)-1]
		single = single[:len(single)-1]
		i, j := -1, -1
		if s[0] == 0 {
			if i = s[1]; goneRow[i] || inRow[i] != 1 {
				continue
			}
			for _, x := range z.rows[i] {
				if !goneCol[x.col] {
					j = x.col
				}
			}
		} else {
			if j = s[1]; goneCol[j] || inCol[j] != 1 {
				continue
			}
			for _, r := range list[start[j]:start[j+1]] {
				if !goneRow[r] {
					i = r
				}
			}
		}
		goneRow[i], goneCol[j] = true, true
		pivots = append(pivots, [2]int{i, j})
		for _, x := range z.rows[i] {
			if !goneCol[x.col] {
				if inCol[x.col]--; inCol[x.col] == 1 {
					single = append(single, [2]int{1, x.col})
				}
			} else if x.col == j && x.v < 0 {
				sign = -sign
			}
		}
		for _, r := range list[start[j]:start[j+1]] {
			if !goneRow[r] {
				if inRow[r]--; inRow[r] == 1 {
					single = append(single, [2]int{0, r})
				}
			}
		}
	}
	for i := range n {
		if !goneRow[i] && inRow[i] > 0 {
			rows = append(rows, i)
		}
	}
	for j := range z.cols {
		if !goneCol[j] && inCol[j] > 0 {
			cols = append(cols, j)
		}
	}
	return pivots, sign, rows, cols
}

// block is rows and columns that share entries with no others.
type block struct{ rows, cols []int }

// blocks are the connected parts of these rows and columns.
func (z *pattern) blocks(rows, cols []int) []block {
	parent := count(len(z.rows) + z.cols) // rows, then columns
	find := func(k int) int {
		for parent[k] != k {
			parent[k] = parent[parent[k]]
			k = parent[k]
		}
		return k
	}
	kept := make([]bool, z.cols)
	for _, j := range cols {
		kept[j] = true
	}
	for _, i := range rows {
		for _, x := range z.rows[i] {
			if kept[x.col] {
				parent[find(len(z.rows)+x.col)] = find(i)
			}
		}
	}
	at := map[int]int{}
	var all []block
	for _, i := range rows {
		r := find(i)
		if _, ok := at[r]; !ok {
			at[r] = len(all)
			all = append(all, block{})
		}
		b := &all[at[r]]
		b.rows = append(b.rows, i)
	}
	for _, j := range cols {
		b := &all[at[find(len(z.rows)+j)]]
		b.cols = append(b.cols, j)
	}
	return all
}

func count(n int) []int {
	z := make([]int, n)
	for i := range z {
		z[i] = i
	}
	return z
}
