package ball

import (
	"math/big"

	"flowproof/exactmath/bound"
)

// Calc does arithmetic on balls and remembers the first error, after which every
// result is the number 0: a formula can be written as it stands in its proof, and
// Err is asked at the end. A Calc is for one goroutine.
type Calc struct {
	prec uint
	err  error
}

// NewCalc returns a Calc whose inputs have the given precision in bits.
func NewCalc(prec uint) *Calc { return &Calc{prec: prec} }

// Err returns the first error, nil if there was none.
func (c *Calc) Err() error { return c.err }

func (c *Calc) keep(z Ball, err error) Ball {
	if c.err == nil {
		c.err = err
	}
	if c.err != nil {
		return Ball{}
	}
	return z
}

// Rat, Float and Int are inputs.
func (c *Calc) Rat(x *big.Rat) Ball       { return c.keep(FromRat(x, c.prec)) }
func (c *Calc) Float(x float64) Ball      { return c.keep(FromFloat64(x, c.prec)) }
func (c *Calc) Int(x int64) Ball          { return c.Rat(new(big.Rat).SetInt64(x)) }
func (c *Calc) Frac(p, q int64) Ball      { return c.Rat(big.NewRat(p, q)) }
func (c *Calc) Keep(x Ball, e error) Ball { return c.keep(x, e) }

// Add returns the sum of its arguments.
func (c *Calc) Add(xs ...Ball) Ball {
	sum := newBall(c.prec)
	for _, x := range xs {
		sum = c.keep(sum.Add(x))
	}
	return sum
}

// Mul returns the product of its arguments.
func (c *Calc) Mul(x Ball, ys ...Ball) Ball {
	for _, y := range ys {
		x = c.keep(x.Mul(y))
	}
	return x
}

// Sub, Quo, Neg, Sqrt, Exp and Log are those of Ball.
func (c *Calc) Sub(x, y Ball) Ball { return c.keep(x.Sub(y)) }
func (c *Calc) Quo(x, y Ball) Ball { return c.keep(x.Quo(y)) }
func (c *Calc) Neg(x Ball) Ball    { return x.Neg() }
func (c *Calc) Sq(x Ball) Ball     { return c.keep(x.Mul(x)) }
func (c *Calc) Exp(x Ball) Ball    { return c.keep(x.Exp()) }
func (c *Calc) Log(x Ball) Ball    { return c.keep(x.Log()) }
func (c *Calc) Sqrt(x Ball) Ball   { return c.keep(x.Sqrt()) }

// Root returns the square root of a number that is known not to be negative, while
// the ball that encloses it may reach below 0.
func (c *Calc) Root(x Ball) Ball {
	lo, hi := x.Bounds()
	if lo.Sign() >= 0 {
		return c.Sqrt(x)
	}
	return c.Hull(c.Int(0), c.Sqrt(c.Rat(hi)))
}

// Hull returns a ball that contains x, y and all between.
func (c *Calc) Hull(x, y Ball) Ball { return c.keep(x.hull(y)) }

// hull returns a ball around x and y: around the midpoint of the midpoints, half their
// distance and both radii wide.
func (x Ball) hull(y Ball) (Ball, error) {
	half := point(big.NewFloat(0.5))
	z, d := x.add(y).mul(half), x.add(y.Neg()).mul(half)
	z.rad = z.rad.Add(bound.Above(&d.mid)).Add(d.rad)
	return z.check("hull")
}

// Cmp returns -1 if every number of x is below every number of y, 1 if every one
// is above, and 0 if the balls do not tell.
func (x Ball) Cmp(y Ball) int {
	xl, xh := x.ends()
	yl, yh := y.ends()
	switch {
	case xh.Cmp(yl) < 0:
		return -1
	case xl.Cmp(yh) > 0:
		return 1
	}
	return 0
}

// Bounds returns the ends of x, exactly.
func (x Ball) Bounds() (lower, upper *big.Rat) {
	lo, hi := x.ends()
	return rat(lo), rat(hi)
}

// Estimate returns the midpoint in float64.
func (x Ball) Estimate() float64 {
	f, _ := x.mid.Float64()
	return f
}

// Point returns the ball whose midpoint is that of x and whose radius is 0.
func (x Ball) Point() Ball { return point(&x.mid) }

// Widen returns the ball of all numbers that are at most r >= 0 from x.
func (x Ball) Widen(r *big.Rat) (Ball, error) {
	z := x.Round(x.Prec())
	z.rad = z.rad.Add(bound.AboveRat(r))
	return z.check("widening")
}
