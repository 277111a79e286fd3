package product

import (
	"math/big"

	"flowproof/exactmath"
)

// rows is a matrix of which row i maps columns to the entries that are not zero,
// rows and columns in block order. Entries are never written to.
type rows []row

type row map[int]*big.Rat

// identity returns the n x n identity.
func identity(n int) rows {
	x := make(rows, n)
	for i := range x {
		x[i] = row{i: big.NewRat(1, 1)}
	}
	return x
}

// entries counts the entries that are not zero.
func (x rows) entries() (count int64) {
	for _, r := range x {
		count += int64(len(r))
	}
	return count
}

// each visits the entries in the order of the coordinates, given that of places.
func (x rows) each(order []int) func(visit func(i, j int, v *big.Rat)) {
	return func(visit func(i, j int, v *big.Rat)) {
		for k, r := range x {
			for j, v := range r {
				visit(order[k], order[j], v)
			}
		}
	}
}

// term is a non-zero entry of a row.
type term struct {
	col   int
	value *big.Rat
}

// multiply multiplies by a factor from the right.
func (x rows) multiply(f exactmath.Factor, limits *exactmath.Limits) error {
	count, cols := f.Weight.Dims()
	from, to := cols, 0 // the first column read, the first one written
	if f.Upper {
		from, to = 0, count
	}
	factor := make([][]term, len(x))
	f.Weight.Each(func(i, j int, v *big.Rat) {
		factor[from+i] = append(factor[from+i], term{to + j, new(big.Rat).Set(v)})
	})
	for i, d := range f.Scale {
		factor[from+i] = append(factor[from+i], term{from + i, d})
	}
	for i, r := range x {
		if err := limits.Spend(0, int64(len(r))*8+64); err != nil { // a look at the row
			return err
		}
		if !r.reached(factor) {
			continue
		}
		x[i] = make(row, len(r))
		for j, v := range r {
			if j < from || from+count <= j || f.Scale == nil {
				x.add(i, j, v)
			}
			for _, t := range factor[j] {
				if err := spend(limits, v, t.value); err != nil {
					return err
				}
				x.add(i, t.col, new(big.Rat).Mul(v, t.value))
			}
		}
	}
	return nil
}

// reached reports whether a factor, given by the entries of its rows, changes r.
func (r row) reached(factor [][]term) bool {
	for j := range r {
		if len(factor[j]) > 0 {
			return true
		}
	}
	return false
}

// add adds v to entry (i, j).
func (x rows) add(i, j int, v *big.Rat) {
	if z := x[i][j]; z != nil {
		v = new(big.Rat).Add(z, v)
	}
	if x[i][j] = v; v.Sign() == 0 {
		delete(x[i], j)
	}
}

// spend takes note of a product of two numbers and of its addition.
func spend(limits *exactmath.Limits, a, b *big.Rat) error {
	words := exactmath.Words(a.Num()) + exactmath.Words(a.Denom()) + exactmath.Words(b.Num()) + exactmath.Words(b.Denom())
	return limits.Spend(words*8+64, words*words+512) // allocation and reduction to lowest terms
}
