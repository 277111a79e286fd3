package product

import (
	"math/big"

	"flowproof/exactmath"
)

// rows is a matrix of which row i maps columns to the entries that are not zero,
// rows and columns in block order. Entries are never written to.
type rows []map[int]*big.Rat

// identity returns the n x n identity.
func identity(n int) rows {
	x := make(rows, n)
	for i := range x {
		x[i] = map[int]*big.Rat{i: big.NewRat(1, 1)}
	}
	return x
}

// entries counts the entries that are not zero.
func (x rows) entries() (count int) {
	for _, r := range x {
		count += len(r)
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
func (x rows) multiply(f exactmath.Factor, limits *Limits) error {
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
		x[i] = make(map[int]*big.Rat, len(r))
		for j, v := range r {
			if j < from || from+count <= j || f.Scale == nil {
				x.add(i, j, v)
			}
			for _, t := range factor[j] {
				if x.add(i, t.col, new(big.Rat).Mul(v, t.value)); limits.spend(v, t.value) < 0 {
					return exactmath.ErrTooLarge
				}
			}
		}
	}
	return nil
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

// spend takes note of a product of two numbers and of its addition, and returns
// what is left of the scarcer of memory and work.
func (l *Limits) spend(a, b *big.Rat) int64 {
	words := int64(a.Num().BitLen()+a.Denom().BitLen()+b.Num().BitLen()+b.Denom().BitLen())/64 + 1
	l.Memory -= words*8 + 64
	l.Work -= words*words + 512 // allocation and reduction to lowest terms
	return min(l.Memory, l.Work)
}
