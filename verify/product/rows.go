package product

import (
	"math/big"
	"math/bits"

	"flowproof/exactmath/modular"
)

// rows is a matrix over a common denominator, of which each row maps columns to
// the numerators that are not zero; rows and columns are in block order.
type rows struct {
	row  []row
	den  *big.Int
	bits int // every row of numerators sums to less than 2^bits
}

type row map[int]*big.Int

// add adds a b to the numerator in column j.
func (r row) add(j int, a, b *big.Int) {
	t := new(big.Int).Mul(a, b)
	if z := r[j]; z != nil {
		t.Add(t, z)
	}
	if r[j] = t; t.Sign() == 0 {
		delete(r, j)
	}
}

// identity returns the n x n identity.
func identity(n int) *rows {
	x := &rows{make([]row, n), big.NewInt(1), 1}
	for i := range x.row {
		x.row[i] = row{i: x.den}
	}
	return x
}

// term is a non-zero entry of a row.
type term struct {
	col int
	num *big.Int
}

// each visits entries.
type each func(visit func(i, j int, v *big.Rat))

// integers returns the entries times their common denominator, in n rows, and a
// bound of the bits that the sum of a row takes.
func (e each) integers(n int) (rows [][]term, den *big.Int, size int) {
	rows, den = make([][]term, n), big.NewInt(1)
	g, most := new(big.Int), 0
	e(func(_, _ int, v *big.Rat) {
		den.Mul(den, g.Quo(v.Denom(), g.GCD(nil, nil, den, v.Denom())))
	})
	e(func(i, j int, v *big.Rat) {
		num := new(big.Int).Quo(den, v.Denom())
		rows[i] = append(rows[i], term{j, num.Mul(num, v.Num())})
		size, most = max(size, num.BitLen()), max(most, len(rows[i]))
	})
	return rows, den, max(size, den.BitLen()) + bits.Len(uint(most))
}

// factor visits the rows of a factor that differ from those of the identity,
// counted from the first of them: it is the row of place from.
func factor(f modular.Factor) (from int, entries each) {
	count, cols := f.Weight.Dims()
	from, to := cols, 0
	if f.Upper {
		from, to = 0, count
	}
	return from, func(visit func(i, j int, v *big.Rat)) {
		f.Weight.Each(func(i, j int, v *big.Rat) { visit(i, to+j, v) })
		for k := range count {
			d := big.NewRat(1, 1)
			if f.Scale != nil {
				d = f.Scale[k]
			}
			visit(k, from+k, d)
		}
	}
}

// steps counts the multiplications that a factor takes.
func (x *rows) steps(f modular.Factor) (steps int64) {
	from, entries := factor(f)
	lengths := make([]int64, len(x.row))
	entries(func(i, _ int, _ *big.Rat) { lengths[from+i]++ })
	for _, r := range x.row {
		for j := range r {
			steps += max(lengths[j], 1)
		}
	}
	return steps
}

// multiply multiplies by a factor from the right, in the given number of steps.
func (x *rows) multiply(f modular.Factor, steps int64, limits *Limits) error {
	from, entries := factor(f)
	count, _ := f.Weight.Dims()
	factor, den, size := entries.integers(count)
	words := int64(x.bits/64+1) * int64(size/64+1)
	if steps > limits.Work/words || steps > limits.Memory/int64((x.bits+size)/8+64) {
		return ErrTooLarge
	}
	limits.Work -= steps * words
	for i, r := range x.row {
		x.row[i] = make(row, len(r))
		for j, v := range r {
			if k := j - from; k < 0 || count <= k {
				x.row[i].add(j, v, den)
			} else {
				for _, t := range factor[k] {
					x.row[i].add(t.col, v, t.num)
				}
			}
		}
	}
	x.den = den.Mul(den, x.den)
	x.bits += size
	return nil
}

// subtract subtracts the entries of a matrix in block order.
func (x *rows) subtract(entries each) {
	target, den, size := entries.integers(len(x.row))
	minus := new(big.Int).Neg(x.den)
	for i, r := range x.row {
		x.row[i] = make(row, len(r))
		for j, v := range r {
			x.row[i].add(j, v, den)
		}
		for _, t := range target[i] {
			x.row[i].add(t.col, t.num, minus)
		}
	}
	x.den = den.Mul(den, x.den)
	x.bits += size + 1
}
