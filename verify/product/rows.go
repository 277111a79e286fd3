package product

import (
	"math/big"
	"math/bits"

	"flowproof/exactmath"
	"flowproof/exactmath/modular"
)

// rows is a matrix of sparse rows over a common denominator, rows and columns in
// block order.
type rows struct {
	row  [][]term
	den  *big.Int
	bits int // every row of numerators sums to less than 2^bits

	val  []big.Int // the row in work: zero but at the columns used
	used []int
	seen []bool
}

// term is a non-zero entry of a row.
type term struct {
	col int
	num *big.Int
}

// newRows returns the n x n identity.
func newRows(n int) *rows {
	x := &rows{row: make([][]term, n), den: big.NewInt(1), bits: 1, val: make([]big.Int, n), seen: make([]bool, n)}
	for i := range x.row {
		x.row[i] = []term{{i, x.den}}
	}
	return x
}

// each visits entries that are not zero.
type each func(visit func(i, j int, v *big.Rat))

// integers returns the entries times their common denominator, in n rows, and the
// bits of the largest number.
func (e each) integers(n int) (rows [][]term, den *big.Int, size int) {
	rows, den = make([][]term, n), big.NewInt(1)
	g := new(big.Int)
	e(func(_, _ int, v *big.Rat) {
		den.Mul(den, g.Quo(v.Denom(), g.GCD(nil, nil, den, v.Denom())))
	})
	size = den.BitLen()
	e(func(i, j int, v *big.Rat) {
		num := new(big.Int).Quo(den, v.Denom())
		rows[i] = append(rows[i], term{j, num.Mul(num, v.Num())})
		size = max(size, num.BitLen())
	})
	return rows, den, size
}

// lengths counts the non-zero entries of each row.
func lengths(m exactmath.Matrix) []int {
	rows, cols := m.Dims()
	out := make([]int, rows)
	switch m := m.(type) {
	case *exactmath.Floats:
		for k, v := range m.View() {
			if v != 0 {
				out[k/cols]++
			}
		}
	case *exactmath.Sparse:
		for i := range out {
			at, _ := m.Row(i)
			out[i] = len(at)
		}
	default:
		m.Each(func(i, _ int, _ *big.Rat) { out[i]++ })
	}
	return out
}

// steps counts the multiplications by a factor with rows of these lengths, which
// reads the columns from from on.
func (x *rows) steps(from int, lengths []int) (steps int64) {
	for _, row := range x.row {
		for _, t := range row {
			if k := t.col - from; 0 <= k && k < len(lengths) {
				steps += int64(lengths[k] + 1)
			}
		}
	}
	return steps
}

// multiply multiplies by a factor from the right, in the given number of steps.
func (x *rows) multiply(f modular.Factor, steps int64, limits *Limits) error {
	count, cols := f.Weight.Dims()
	from, to := cols, 0 // the first column read, the first one written
	if f.Upper {
		from, to = 0, count
	}
	weight, unit, size := each(f.Weight.Each).integers(count)
	scale, scaleUnit := [][]term{nil}, big.NewInt(1)
	if f.Scale != nil {
		var most int
		scale, scaleUnit, most = each(func(visit func(i, j int, v *big.Rat)) {
			for j, d := range f.Scale {
				visit(0, j, d)
			}
		}).integers(1)
		size = max(size+scaleUnit.BitLen(), most+unit.BitLen())
	}
	size += bits.Len(uint(cols)) + 1
	words := int64(x.bits/64+1) * int64(size/64+1)
	entries := steps
	for _, row := range x.row {
		entries += int64(len(row))
	}
	if steps > limits.Work/words || entries > limits.Memory/int64((x.bits+size)/8+64) {
		return ErrTooLarge
	}
	limits.Work -= steps * words
	common, a, t := new(big.Int).Mul(unit, scaleUnit), new(big.Int), new(big.Int)
	for i, row := range x.row {
		for _, s := range row {
			v, k := x.at(s.col), s.col-from
			if k < 0 || count <= k {
				v.Add(v, t.Mul(s.num, common))
				continue
			}
			a.Mul(s.num, scaleUnit)
			for _, w := range weight[k] {
				z := x.at(to + w.col)
				z.Add(z, t.Mul(a, w.num))
			}
			if v.Mul(s.num, unit); f.Scale != nil {
				v.Mul(v, scale[0][k].num)
			}
		}
		x.store(i)
	}
	x.den = common.Mul(common, x.den)
	x.bits += size
	return nil
}

// subtract subtracts m, in the order of the coordinates.
func (x *rows) subtract(m exactmath.Matrix, order, place []int) {
	target, den, size := each(m.Each).integers(len(x.row))
	t := new(big.Int)
	for i, row := range x.row {
		for _, s := range row {
			x.at(s.col).Mul(s.num, den)
		}
		for _, s := range target[order[i]] {
			z := x.at(place[s.col])
			z.Sub(z, t.Mul(s.num, x.den))
		}
		x.store(i)
	}
	x.den = den.Mul(den, x.den)
	x.bits += size + bits.Len(uint(len(x.row))) + 1
}

// at returns val[j], to be changed.
func (x *rows) at(j int) *big.Int {
	if !x.seen[j] {
		x.seen[j] = true
		x.used = append(x.used, j)
	}
	return &x.val[j]
}

// store makes the row in work row i, and clears it.
func (x *rows) store(i int) {
	x.row[i] = nil
	for _, j := range x.used {
		if x.val[j].Sign() != 0 {
			x.row[i] = append(x.row[i], term{j, new(big.Int).Set(&x.val[j])})
		}
		x.val[j].SetInt64(0)
		x.seen[j] = false
	}
	x.used = x.used[:0]
}
