// Package flowdepth proves how deep a flow has to be: lower bounds of the Wasserstein
// distance between the image of the standard normal law and a law that lives on few
// points or curves, for all flows of a number of layers, and upper bounds for the
// flows that attain them. Everything is evaluated in balls. It never imports what
// builds flows. Statements and proofs: proofs/depth.md.
//
// The project's notation: d is the dimension, Z_d a standard normal vector of R^d, Phi
// and phi the distribution function and the density of N(0, 1), W_p the
// Wasserstein distance for the Euclidean norm, p = 1 or 2.
package flowdepth

import (
	"fmt"
	"math/big"

	"flowproof/exactmath/ball"
	"flowproof/exactmath/normal"
)

// Prec is the precision in bits at which lower bounds are evaluated: generous for
// distances between 1e-30 and 1e30 times the radius of the target.
const Prec = 320

// Eval evaluates in balls. Its first error sticks, as that of a ball.Calc: after it
// every result is 0, and Err returns it. An Eval is for one goroutine.
type Eval struct {
	*ball.Calc
	normal *normal.Normal
	mean   map[int]ball.Ball // E|Z_d| by d
	tail   ball.Ball         // 0 to 2^-4600
}

// New returns an Eval at a precision in bits, 32 to 4,096.
func New(prec uint) (*Eval, error) {
	n, err := normal.New(prec)
	if err != nil {
		return nil, err
	}
	e := &Eval{Calc: ball.NewCalc(prec), normal: n, mean: map[int]ball.Ball{}}
	half := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 4601))
	e.tail = e.Keep(e.Rat(half).Widen(half))
	return e, e.Err()
}

// cdf and density are Phi and phi.
func (e *Eval) cdf(x ball.Ball) ball.Ball {
	const far = 80 // 0 < 1 - Phi(x) < phi(80) < 2^-4600 beyond
	if x.Cmp(e.Int(far)) > 0 {
		return e.Sub(e.Int(1), e.tail)
	}
	if x.Cmp(e.Int(-far)) < 0 {
		return e.tail
	}
	return e.Keep(e.normal.CDF(x))
}

func (e *Eval) density(x ball.Ball) ball.Ball { return e.Keep(e.normal.Density(x)) }

// atLeastZero returns the part of x that is not negative; x must contain a number that is not.
func (e *Eval) atLeastZero(x ball.Ball) ball.Ball {
	lo, hi := x.Bounds()
	if lo.Sign() >= 0 {
		return x
	}
	if hi.Sign() <= 0 {
		return e.Int(0)
	}
	half := hi.Mul(hi, big.NewRat(1, 2))
	return e.Keep(e.Rat(half).Widen(half))
}

// power returns x^n, n >= 0, by squaring.
func (e *Eval) power(x ball.Ball, n int) ball.Ball {
	z := e.Int(1)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			z = e.Mul(z, x)
		}
		x = e.Sq(x)
	}
	return z
}

// exceeds reports whether every number of x is above r.
func exceeds(x ball.Ball, r *big.Rat) bool {
	lo, _ := x.Bounds()
	return lo.Cmp(r) > 0
}

// ArgumentError reports an argument that is out of range.
type ArgumentError struct {
	Name string // of the argument, as in the chapter: d, k, eps, ..
	Got  string
	Want string
}

func (e *ArgumentError) Error() string { return fmt.Sprintf("%s = %s, want %s", e.Name, e.Got, e.Want) }
