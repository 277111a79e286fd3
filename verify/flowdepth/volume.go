package flowdepth

import (
	"math"
	"math/big"

	"flowproof/exactmath/ball"
)

// Target says what is known of the law P: it lives on a set of Pieces connected
// pieces of R^Dim, which are curves of the total length Length, or points.
type Target struct {
	Dim    int
	Pieces int64
	Length *big.Rat // nil or 0: points
	// Gap: P has the mass 1/Pieces in each of the points, and they are at least this
	// far apart, two points exactly. nil: nothing of that is known.
	Gap *big.Rat
}

// Check returns an *ArgumentError if the target is none.
func (t Target) Check() error {
	switch {
	case t.Dim < 1 || t.Dim > MaxDim:
		return &ArgumentError{"d", itoa(int64(t.Dim)), "1 to " + itoa(MaxDim)}
	case t.Pieces < 1:
		return &ArgumentError{"k", itoa(t.Pieces), "at least 1"}
	case t.Length != nil && t.Length.Sign() < 0:
		return &ArgumentError{"length", t.Length.RatString(), "at least 0"}
	case t.Gap != nil && (t.Gap.Sign() <= 0 || t.Pieces < 2 || t.curves()):
		return &ArgumentError{"distance", t.Gap.RatString(), "a positive number, for two points or more"}
	}
	return nil
}

func (t Target) curves() bool { return t.Length != nil && t.Length.Sign() > 0 }

// spread returns k^(1/d).
func (e *Eval) spread(t Target) ball.Ball {
	if t.Pieces == 1 {
		return e.Int(1)
	}
	return e.Exp(e.Quo(e.Log(e.Int(t.Pieces)), e.Int(int64(t.Dim))))
}

// Volume returns a lower bound of W_p(F#gamma, P), for every injective F that shrinks
// volumes by a factor of D at most, shrink = D^(1/d) (depth-volume):
//
//	points:  shrink k^(-1/d) E|Z_d| for p = 1, shrink k^(-1/d) sqrt(d) for p = 2;
//	curves:  W_p^p >= INT over s > 0 of p s^(p-1) P( |Z_d| > (V(s) / (omega_d D))^(1/d) ),
//	         V(s) = omega_(d-1) length s^(d-1) + k omega_d s^d,
//
// the integral by the least value on each of a number of steps.
func (e *Eval) Volume(t Target, shrink ball.Ball, p int) ball.Ball {
	if t.curves() {
		return e.tube(t, shrink, p)
	}
	size := e.MeanNorm(t.Dim)
	if p == 2 {
		size = e.Sqrt(e.Int(int64(t.Dim)))
	}
	return e.Quo(e.Mul(shrink, size), e.spread(t))
}

// tubeSteps is the number of steps of the integral for curves: a rectangle less than
// the integral loses at most a part in that number.
const tubeSteps = 400

// ballRatio returns
//
//	omega_(d-1) / omega_d = Gamma(d/2 + 1) / (sqrt(pi) Gamma((d+1)/2)) = d / (sqrt(2 pi) E|Z_d|).
func (e *Eval) ballRatio(d int) ball.Ball {
	root := e.Sqrt(e.Mul(e.Int(2), e.normal.Pi()))
	return e.Quo(e.Int(int64(d)), e.Mul(root, e.MeanNorm(d)))
}

func (e *Eval) tube(t Target, shrink ball.Ball, p int) ball.Ball {
	top := e.reach(t, shrink.Estimate())
	ratio := e.Mul(e.ballRatio(t.Dim), e.Rat(t.Length))
	k, d := e.Int(t.Pieces), e.Int(int64(t.Dim))
	sum, below := e.Int(0), e.Int(0) // s^p
	for i := int64(1); i <= tubeSteps; i++ {
		s := e.Rat(new(big.Rat).Mul(top, big.NewRat(i, tubeSteps)))
		// V(s) / omega_d = s^d (ratio / s + k), its d-th root over shrink
		r := e.Exp(e.Quo(e.Log(e.Add(e.Quo(ratio, s), k)), d))
		r = e.Quo(e.Mul(s, r), shrink)
		above := e.power(s, p)
		sum = e.Add(sum, e.Mul(e.Sub(above, below), e.Tail(t.Dim, r)))
		below = above
	}
	if p == 2 {
		return e.Root(sum)
	}
	return sum
}

// reach returns about the s beyond which the integrand of tube is nothing: where
// the radius is sqrt(d) + 4.
func (e *Eval) reach(t Target, shrink float64) *big.Rat {
	d := float64(t.Dim)
	ratio := e.ballRatio(t.Dim).Estimate()
	length, _ := t.Length.Float64()
	goal := d * math.Log((math.Sqrt(d)+4)*shrink)
	lo, hi := -800.0, 800.0 // log s
	for range 100 {
		mid := (lo + hi) / 2
		if d*mid+math.Log(ratio*length*math.Exp(-mid)+float64(t.Pieces)) < goal {
			lo = mid
		} else {
			hi = mid
		}
	}
	return new(big.Rat).SetFloat64(math.Exp(hi))
}
