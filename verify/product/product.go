// Package product multiplies coupling layers exactly, one after the other, in the
// memory of one layer and of the product.
package product

import (
	"math/big"
	"sync"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// Verdict is the outcome of comparing a product with a target.
type Verdict string

// The verdicts.
const (
	// Exact: the product equals the target as a matrix of rational numbers.
	Exact Verdict = "exact"
	// Residual: it does not, and the exact largest difference is known.
	Residual Verdict = "residual"
	// Enclosed: some scale is given as exp(s), and a rigorous upper bound is
	// known.
	Enclosed Verdict = "enclosed"
)

// Engine is dense arithmetic: a matrix S, n x n, that factors are multiplied to
// from the right. S begins as the identity. The coordinates have an order, in which
// p belong to the first part. Methods may fail with exactmath.ErrTooLarge.
type Engine interface {
	// Set makes S the matrix of these entries, (i, j) by coordinates. It may be
	// called once, before any other method.
	Set(each func(visit func(i, j int, v *big.Rat))) error
	// Multiply replaces S by S f.
	Multiply(f exactmath.Factor) error
	// Subtract replaces S by S - m.
	Subtract(m exactmath.Matrix) error
	// Rows visits the rows of these coordinates, several at once: num[j] 2^exp / den
	// is the entry (i, j), where Unit returns exp and den.
	Rows(coordinates []int, visit func(i int, num []big.Int))
	Unit() (exp int, den *big.Int)
	// Norm bounds the sums of |entries| along the rows.
	Norm() *big.Rat
}

// Maker makes an engine that expects so many factors, for the limits of a product.
type Maker func(order []int, p, factors int, memory, work int64) Engine

// Product is the exact product E1 E2 ... of coupling layers on one partition. It
// is kept as rows of the rational entries that are not zero, until a layer fills
// them and an engine, if there is one, takes over. Scales exp(s) are replaced by
// dyadic numbers, and what that changes is bounded.
type Product struct {
	part         coupling.Partition
	order, place []int // coordinates in block order, and the inverse
	layers, done int   // expected in all, and multiplied
	precision    int
	limits       exactmath.Limits
	rows         rows
	maker        Maker
	dense        Engine     // nil if rows are used
	slack        *big.Float // bounds the infinity norm of the error; nil if all scales were rational
}

// maxEngine bounds the dimension for which there is an engine: what it keeps of
// larger matrices fits into no memory, nor their size into 32 bits.
const maxEngine = 1 << 15

// New returns the identity. How many layers are expected decides about time alone.
// Scales exp(s) are replaced by numbers that are off by a factor of at most 1 ±
// 2^-precision, 64 <= precision <= 2^20. Dense layers are left to an engine, unless
// the maker is nil.
func New(part coupling.Partition, layers, precision int, limits exactmath.Limits, maker Maker) *Product {
	if part.Dim() > maxEngine {
		maker = nil
	}
	x := &Product{part: part, order: part.Order(), layers: layers, precision: precision, limits: limits, rows: identity(part.Dim()), maker: maker}
	x.place = make([]int, len(x.order))
	for k, i := range x.order {
		x.place[i] = k
	}
	return x
}

// Irrational reports whether a layer had scales exp(s).
func (x *Product) Irrational() bool { return x.slack != nil }

// Engine reports whether an engine is at work: then ErrTooLarge may be its answer
// where one without would go on.
func (x *Product) Engine() bool { return x.dense != nil }

// Multiply multiplies by a layer from the right. It fails with
// exactmath.ErrTooLarge before it uses more than the limits, with
// exactmath.ErrStopped; the product is of no use then.
func (x *Product) Multiply(l coupling.Layer) error {
	l, off, err := x.enclose(l)
	if err != nil {
		return err
	}
	if off != nil && x.slack == nil {
		x.slack = up()
	}
	if x.slack != nil { // P E - P' E' = (P - P') E + P' (E - E')
		if off == nil {
			off = up()
		}
		layer, err := norm(l, &x.limits)
		if err != nil {
			return err
		}
		before, err := x.norm()
		if err != nil {
			return err
		}
		x.slack.Mul(x.slack, up().Add(layer, off))
		x.slack.Add(x.slack, off.Mul(off, before))
	}
	f := Factor(l)
	if x.dense == nil {
		count := x.rows.entries()
		if _, dense := f.Weight.(*exactmath.Floats); dense {
			rows, cols := f.Weight.Dims() // without a look at the entries
			count += int64(rows) * int64(cols)
		} else {
			f.Weight.Each(func(int, int, *big.Rat) { count++ })
		}
		if n := int64(len(x.order)); x.maker == nil || 16*count < n*n {
			x.done++
			return x.rows.multiply(f, &x.limits)
		}
		if err := x.fill(); err != nil {
			return err
		}
	}
	x.done++
	if err := x.limits.Spend(0, 0); err != nil {
		return err
	}
	return x.dense.Multiply(f)
}

// fill changes from rows to residues.
func (x *Product) fill() (err error) {
	x.dense = x.maker(x.order, x.part.P(), x.layers-x.done, x.limits.Memory, x.limits.Work)
	if x.done > 0 { // otherwise it is the identity
		err = x.dense.Set(x.rows.each(x.order))
	}
	x.rows = nil
	return err
}

// Subtract subtracts the target, n x n in the order of the coordinates. It fails
// with a *exactmath.ShapeError if it is of another shape, with exactmath.ErrTooLarge.
func (x *Product) Subtract(target exactmath.Matrix) error {
	n := len(x.order)
	if r, c := target.Dims(); r != n || c != n {
		return &exactmath.ShapeError{Op: "Subtract", R1: r, C1: c, R2: n, C2: n}
	}
	if x.dense != nil {
		return x.dense.Subtract(target)
	}
	target.Each(func(i, j int, v *big.Rat) { x.rows.add(x.place[i], x.place[j], new(big.Rat).Neg(v)) })
	return nil
}

// Each visits the entries that are not 0, in the order of the coordinates; a row
// at a time, the rows in any order. The visitor must not write to v, but may keep
// it.
func (x *Product) Each(visit func(i, j int, v *big.Rat)) {
	if x.dense == nil {
		x.rows.each(x.order)(visit)
		return
	}
	unit := newUnit(x.dense)
	x.integers(func(i, j int, num *big.Int) { visit(i, j, unit.value(num)) })
}

// integers visits the entries that are not 0 as multiples of the unit.
func (x *Product) integers(visit func(i, j int, num *big.Int)) {
	var one sync.Mutex
	x.dense.Rows(x.order, func(i int, num []big.Int) {
		one.Lock()
		defer one.Unlock()
		for j := range num {
			if num[j].Sign() != 0 {
				visit(i, j, &num[j])
			}
		}
	})
}

// MaxAbs returns the largest |entry|: an upper bound of it if the product is
// irrational.
func (x *Product) MaxAbs() *big.Rat {
	most := new(big.Rat)
	if x.dense != nil {
		num := new(big.Int)
		x.integers(func(_, _ int, v *big.Int) {
			if v.CmpAbs(num) > 0 {
				num = v
			}
		})
		most.Abs(newUnit(x.dense).value(num))
	}
	for _, r := range x.rows {
		for _, v := range r {
			if v = new(big.Rat).Abs(v); v.Cmp(most) > 0 {
				most = v
			}
		}
	}
	return new(big.Rat).Add(most, x.Slack())
}

// Slack bounds the difference of every entry of the product from the number that
// Each visits: 0 if the product is rational.
func (x *Product) Slack() *big.Rat {
	z := new(big.Rat)
	if x.slack != nil {
		x.slack.Rat(z)
	}
	return z
}

// norm bounds the infinity norm of the product.
func (x *Product) norm() (*big.Float, error) {
	if x.dense != nil {
		return up().SetRat(x.dense.Norm()), nil
	}
	most := up()
	for _, r := range x.rows {
		sum := new(big.Rat)
		for _, v := range r {
			if err := add(sum, v, &x.limits); err != nil {
				return nil, err
			}
		}
		if s := up().SetRat(sum); s.Cmp(most) > 0 {
			most = s
		}
	}
	return most, nil
}

// Factor returns a layer with rational scales as the engine wants it.
func Factor(l coupling.Layer) exactmath.Factor {
	f := exactmath.Factor{Upper: l.Kind() == coupling.Upper, Weight: l.Weight()}
	if rows, _ := f.Weight.Dims(); l.Scale().Kind() == coupling.ScaleExact {
		for i := range rows {
			f.Scale = append(f.Scale, l.Scale().At(i))
		}
	}
	return f
}
