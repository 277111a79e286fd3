package verify

import (
	"math/big"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/modular"
)

// rowwise composes a flow row by row, with nothing but big integers and in the
// memory of one row: for sparse layers, and for numbers of any size. A row of
// the product, in block order, is val / den; val is zero but at the columns used.
type rowwise struct {
	order  []int
	layers []sparseLayer
	den    *big.Int

	val  []big.Int
	used []int
	seen []bool
}

// sparseLayer is a layer over the denominator unit of its weight times that of
// its scales.
type sparseLayer struct {
	from, end, to           int // columns read, from..end-1, and the first one written
	weight                  [][]term
	scale                   []term // nil for none
	unit, scaleUnit, common *big.Int
}

// term is a non-zero entry of a row.
type term struct {
	col int
	num *big.Int
}

// integers returns the rows of m times its common denominator.
func integers(m exactmath.Matrix) (rows [][]term, den *big.Int) {
	n, _ := m.Dims()
	rows, den = make([][]term, n), big.NewInt(1)
	g := new(big.Int)
	m.Each(func(_, _ int, v *big.Rat) {
		den.Mul(den, g.Quo(v.Denom(), g.GCD(nil, nil, den, v.Denom())))
	})
	m.Each(func(i, j int, v *big.Rat) {
		num := new(big.Int).Quo(den, v.Denom())
		rows[i] = append(rows[i], term{j, num.Mul(num, v.Num())})
	})
	return rows, den
}

func newRowwise(c *modular.Chain) (*rowwise, error) {
	n := c.P + c.Q
	x := &rowwise{order: c.Order, den: big.NewInt(1), val: make([]big.Int, n), seen: make([]bool, n)}
	for _, s := range c.Steps {
		l := sparseLayer{from: c.P, end: n, scaleUnit: big.NewInt(1)}
		if s.Upper {
			l = sparseLayer{end: c.P, to: c.P, scaleUnit: l.scaleUnit}
		}
		l.weight, l.unit = integers(s.Weight)
		if s.Scale != nil {
			d, err := dense.NewRational(1, len(s.Scale), s.Scale)
			if err != nil {
				return nil, err
			}
			var rows [][]term
			rows, l.scaleUnit = integers(d)
			l.scale = rows[0]
		}
		l.common = new(big.Int).Mul(l.unit, l.scaleUnit)
		x.den.Mul(x.den, l.common)
		x.layers = append(x.layers, l)
	}
	return x, nil
}

// at returns val[j], to be changed.
func (x *rowwise) at(j int) *big.Int {
	if !x.seen[j] {
		x.seen[j] = true
		x.used = append(x.used, j)
	}
	return &x.val[j]
}

// row makes val row i of the product.
func (x *rowwise) row(i int) {
	for _, j := range x.used {
		x.val[j].SetInt64(0)
		x.seen[j] = false
	}
	x.used = x.used[:0]
	x.at(i).SetInt64(1)
	var a, t big.Int
	for _, l := range x.layers {
		before := x.used[:len(x.used):len(x.used)]
		for _, j := range before {
			if j < l.from || l.end <= j {
				x.val[j].Mul(&x.val[j], l.common)
			}
		}
		for _, j := range before {
			v := &x.val[j]
			if j < l.from || l.end <= j || v.Sign() == 0 {
				continue
			}
			a.Mul(v, l.scaleUnit)
			for _, w := range l.weight[j-l.from] {
				z := x.at(l.to + w.col)
				z.Add(z, t.Mul(&a, w.num))
			}
			if v.Mul(v, l.unit); l.scale != nil {
				v.Mul(v, l.scale[j-l.from].num)
			}
		}
	}
}

// matrix returns the product, in the order of the coordinates: sparse if its
// entries are float64 numbers.
func (x *rowwise) matrix() (exactmath.Matrix, error) {
	n, floats := len(x.val), true
	var entries []exactmath.Entry
	var exact []*big.Rat
	for i := range n {
		x.row(i)
		for _, j := range x.used {
			v := new(big.Rat).SetFrac(&x.val[j], x.den)
			f, ok := v.Float64()
			floats = floats && ok && (f != 0 || v.Sign() == 0) // Rat.Float64 calls an underflow to 0 exact
			entries = append(entries, exactmath.Entry{Row: x.order[i], Col: x.order[j], Value: f})
			exact = append(exact, v)
		}
	}
	if floats {
		return exactmath.NewSparse(n, n, entries)
	}
	all := make([]*big.Rat, n*n)
	for k := range all {
		all[k] = new(big.Rat)
	}
	for k, e := range entries {
		all[e.Row*n+e.Col] = exact[k]
	}
	return dense.NewRational(n, n, all)
}

// residual returns the largest |entry| of target - product and the sum of the
// squares of all.
func (x *rowwise) residual(target exactmath.Matrix) (most, frobSq *big.Rat) {
	rows, den := integers(target)
	place := make([]int, len(x.val)) // of a coordinate in block order
	for k, i := range x.order {
		place[i] = k
	}
	largest, sum, t := new(big.Int), new(big.Int), new(big.Int)
	for i := range x.val {
		x.row(i)
		for _, j := range x.used {
			x.val[j].Mul(&x.val[j], den)
		}
		for _, w := range rows[x.order[i]] {
			z := x.at(place[w.col])
			z.Sub(z, t.Mul(w.num, x.den))
		}
		for _, j := range x.used {
			v := &x.val[j]
			if v.CmpAbs(largest) > 0 {
				largest.Abs(v)
			}
			sum.Add(sum, t.Mul(v, v))
		}
	}
	den.Mul(den, x.den)
	return new(big.Rat).SetFrac(largest, den), new(big.Rat).SetFrac(sum, t.Mul(den, den))
}
