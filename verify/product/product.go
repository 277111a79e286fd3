// Package product multiplies coupling layers exactly, one after the other, in the
// memory of one layer and of the product.
package product

import (
	"errors"
	"math"
	"math/big"
	"math/bits"
	"sync"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/modular"
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

// Limits bounds what a product may take; 0 stands for no limit.
type Limits struct {
	Memory int64 // bytes
	Work   int64 // multiplications of 64-bit words
}

// ErrTooLarge is returned for a layer that would take the product beyond its
// limits.
var ErrTooLarge = errors.New("the product takes too much memory or too many operations")

// Product is the exact product E1 E2 ... of coupling layers on one partition. It
// begins as rows of the entries that are not zero; residues modulo many primes
// take over from the first layer that fills the rows, and hand back when the
// numbers outgrow them. Scales exp(s) are replaced by dyadic numbers, and what
// that changes is bounded.
type Product struct {
	part         coupling.Partition
	order, place []int // coordinates in block order, and the inverse
	layers       int   // still expected
	limits       Limits
	rows         *rows
	dense        *modular.Product // nil if rows are used
	large        bool             // the numbers have outgrown residues
	slack        *big.Float       // bounds the infinity norm of the error; nil if all scales were rational
}

// New returns the identity. How many layers are expected decides about time
// alone.
func New(part coupling.Partition, layers int, limits Limits) *Product {
	for _, l := range []*int64{&limits.Memory, &limits.Work} {
		if *l == 0 {
			*l = math.MaxInt64
		}
	}
	x := &Product{part: part, order: part.Order(), layers: layers, limits: limits, rows: identity(part.Dim())}
	x.place = make([]int, len(x.order))
	for k, i := range x.order {
		x.place[i] = k
	}
	return x
}

// Irrational reports whether a layer had scales exp(s).
func (x *Product) Irrational() bool { return x.slack != nil }

// Multiply multiplies by a layer from the right. It fails with ErrTooLarge before
// it uses more than the limits; the product is of no use then.
func (x *Product) Multiply(l coupling.Layer) error {
	l, off, err := Enclose(x.part, l)
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
		x.slack.Mul(x.slack, up().Add(norm(l), off))
		x.slack.Add(x.slack, off.Mul(off, x.norm()))
	}
	x.layers--
	f := Factor(l)
	if x.dense != nil {
		if err = x.dense.Multiply(f); !errors.Is(err, modular.ErrTooLarge) {
			return err
		}
		x.outgrown()
	}
	n, steps := int64(len(x.order)), x.rows.steps(f)
	if steps*16 > n*n && !x.large {
		d := modular.New(x.order, x.part.P(), 0, len(x.order), x.layers+1, x.limits.Memory, x.limits.Work)
		exp, den := x.Unit()
		d.Set(x.Each, exp, den)
		if err = d.Multiply(f); !errors.Is(err, modular.ErrTooLarge) {
			x.dense, x.rows = d, nil
			return err
		}
	}
	return x.rows.multiply(f, steps, &x.limits)
}

// outgrown makes rows of the residues, which are too many.
func (x *Product) outgrown() {
	n := len(x.order)
	exp, den := x.dense.Unit()
	z := &rows{make([]row, n), den.Lsh(den, uint(max(-exp, 0))), 1}
	for i := range z.row {
		z.row[i] = row{}
	}
	x.Each(func(i, j int, num *big.Int) {
		num.Lsh(num, uint(max(exp, 0)))
		z.row[x.place[i]][x.place[j]] = num
		z.bits = max(z.bits, num.BitLen()+bits.Len(uint(n)))
	})
	x.dense, x.rows, x.large = nil, z, true
}

// Subtract subtracts the target, n x n in the order of the coordinates. It fails
// with a *exactmath.ShapeError if it is of another shape, with ErrTooLarge.
func (x *Product) Subtract(target exactmath.Matrix) error {
	n := len(x.order)
	if r, c := target.Dims(); r != n || c != n {
		return &exactmath.ShapeError{Op: "Subtract", R1: r, C1: c, R2: n, C2: n}
	}
	if x.dense != nil {
		if err := x.dense.Subtract(target); !errors.Is(err, modular.ErrTooLarge) {
			return err
		}
		x.outgrown()
	}
	x.rows.subtract(func(visit func(i, j int, v *big.Rat)) {
		target.Each(func(i, j int, v *big.Rat) { visit(x.place[i], x.place[j], v) })
	})
	return nil
}

// Unit returns the exponent and the denominator of the unit 2^exp / den in which
// Each counts.
func (x *Product) Unit() (exp int, den *big.Int) {
	if x.dense != nil {
		return x.dense.Unit()
	}
	return 0, new(big.Int).Set(x.rows.den)
}

// Each visits the entries that are not 0, num times the unit each, in the order
// of the coordinates; a row at a time, the rows in any order. The visitor may keep
// num.
func (x *Product) Each(visit func(i, j int, num *big.Int)) {
	if x.dense == nil {
		for k, r := range x.rows.row {
			for j, num := range r {
				visit(x.order[k], x.order[j], num)
			}
		}
		return
	}
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
	most := new(big.Int)
	x.Each(func(_, _ int, num *big.Int) {
		if num.CmpAbs(most) > 0 {
			most = num
		}
	})
	z := x.Value(most)
	if z.Abs(z); x.slack != nil {
		z.Add(z, x.Slack())
	}
	return z
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

// Value returns num times the unit.
func (x *Product) Value(num *big.Int) *big.Rat {
	exp, den := x.Unit()
	num = new(big.Int).Lsh(num, uint(max(exp, 0)))
	return new(big.Rat).SetFrac(num, den.Lsh(den, uint(max(-exp, 0))))
}

// norm bounds the infinity norm of the product.
func (x *Product) norm() *big.Float {
	if x.dense != nil {
		return up().SetRat(x.dense.Norm())
	}
	one := new(big.Int).Lsh(big.NewInt(1), uint(x.rows.bits))
	return up().SetRat(new(big.Rat).SetFrac(one, x.rows.den))
}

// Factor returns a layer with rational scales as the engine wants it.
func Factor(l coupling.Layer) modular.Factor {
	f := modular.Factor{Upper: l.Kind() == coupling.Upper, Weight: l.Weight()}
	if rows, _ := f.Weight.Dims(); l.Scale().Kind() == coupling.ScaleExact {
		for i := range rows {
			f.Scale = append(f.Scale, l.Scale().At(i))
		}
	}
	return f
}
