package flowdepth

import (
	"math"
	"math/big"

	"flowproof/exactmath/ball"
)

// Piece says that a random variable is Scale |z| + Offset where |z| lies between From
// and To, z standard normal.
type Piece struct {
	From, To      ball.Ball
	Endless       bool // To is infinite
	Scale, Offset ball.Ball
}

// Group stands for Count independent random variables, each a function of the modulus
// of a standard normal number of its own: Pieces, which together cover [0, infinity).
type Group struct {
	Count  int
	Pieces []Piece
}

// normalGroup is the Group of Count numbers scale z + offset sgn z.
func (e *Eval) normalGroup(count int, scale, offset ball.Ball) Group {
	return Group{count, []Piece{{From: e.Int(0), Endless: true, Scale: scale, Offset: offset}}}
}

// MeanSquare returns the mean of Q, the sum of the squares of all variables of the
// groups.
func (e *Eval) MeanSquare(groups []Group) ball.Ball {
	sum := e.Int(0)
	for _, g := range groups {
		one := e.Int(0)
		for _, p := range g.Pieces {
			// INT of (a z + o)^2 phi: a^2 [Phi - z phi] - 2 a o [phi] + o^2 [Phi]
			a, o := p.Scale, p.Offset
			phi, cdf, z := e.density(p.From), e.cdf(p.From), p.From
			mass, first, second := e.Neg(cdf), phi, e.Sub(e.Mul(z, phi), cdf)
			if p.Endless {
				mass, second = e.Add(mass, e.Int(1)), e.Add(second, e.Int(1))
			} else {
				phi, cdf = e.density(p.To), e.cdf(p.To)
				mass, first = e.Add(mass, cdf), e.Sub(first, phi)
				second = e.Add(second, cdf, e.Neg(e.Mul(p.To, phi)))
			}
			one = e.Add(one, e.Mul(e.Sq(a), second), e.Mul(e.Int(2), a, o, first), e.Mul(e.Sq(o), mass))
		}
		sum = e.Add(sum, e.Mul(e.Int(2), one, e.Int(int64(g.Count))))
	}
	return e.atLeastZero(sum)
}

// laplace returns E exp(-t Q): with q = 1 + 2 t a^2 the factor of a piece is
//
//	2 q^(-1/2) exp(-t o^2 / q) [ Phi(sqrt(q) z + 2 t a o / sqrt(q)) ].
func (e *Eval) laplace(groups []Group, t ball.Ball) ball.Ball {
	product := e.Int(1)
	for _, g := range groups {
		one := e.Int(0)
		for _, p := range g.Pieces {
			a, o := p.Scale, p.Offset
			q := e.Add(e.Int(1), e.Mul(e.Int(2), t, e.Sq(a)))
			root := e.Sqrt(q)
			shift := e.Quo(e.Mul(e.Int(2), t, a, o), root)
			upper := e.Int(1)
			if !p.Endless {
				upper = e.cdf(e.Add(e.Mul(root, p.To), shift))
			}
			mass := e.Sub(upper, e.cdf(e.Add(e.Mul(root, p.From), shift)))
			factor := e.Exp(e.Neg(e.Quo(e.Mul(t, e.Sq(o)), q)))
			one = e.Add(one, e.Quo(e.Mul(e.Int(2), factor, mass), root))
		}
		product = e.Mul(product, e.power(one, g.Count))
	}
	return product
}

// The steps of MeanRoot: the ratio of neighbouring t, and the first and the last t, times
// E Q, as powers of 2.
const (
	rootRatio = 1 + 1./32
	rootFrom  = -14
	rootTo    = 18
)

// MeanRoot returns an upper bound of E sqrt(Q), Q the sum of the squares of all
// variables of the groups (depth-mean-root):
//
//	sqrt(Q) = (1 / (2 sqrt(pi))) INT over t > 0 of (1 - exp(-t Q)) t^(-3/2) dt,
//
// and N(t) = 1 - E exp(-t Q) is concave: beyond two points it lies below the line
// through them. It is at most t E Q, and at most 1.
func (e *Eval) MeanRoot(groups []Group) ball.Ball {
	mean := e.MeanSquare(groups)
	size := mean.Estimate()
	if size == 0 || e.Err() != nil {
		return e.Root(mean)
	}
	t := math.Ldexp(1/size, rootFrom)
	end := math.Ldexp(1/size, rootTo)
	b := e.Float(t)
	root := e.Sqrt(b)
	sum := e.Mul(e.Int(2), mean, root)
	lastT, last := e.Int(0), e.Int(0)
	n := e.Sub(e.Int(1), e.laplace(groups, b))
	for t < end {
		slope := e.Quo(e.Sub(n, last), e.Sub(b, lastT))
		t *= rootRatio
		c := e.Float(t)
		next := e.Sqrt(c)
		// INT from b to c of (n + slope (t - b)) t^(-3/2)
		base := e.Sub(n, e.Mul(slope, b))
		steps := e.Sub(e.Quo(e.Int(1), root), e.Quo(e.Int(1), next))
		sum = e.Add(sum, e.Mul(e.Int(2), base, steps), e.Mul(e.Int(2), slope, e.Sub(next, root)))
		lastT, last, b, root = b, n, c, next
		n = e.Sub(e.Int(1), e.laplace(groups, b))
	}
	sum = e.Add(sum, e.Quo(e.Int(2), root))
	return e.Quo(sum, e.Mul(e.Int(2), e.Sqrt(e.normal.Pi())))
}

// upper returns the upper end of x, and lower its lower end.
func upper(x ball.Ball) *big.Rat { _, hi := x.Bounds(); return hi }
func lower(x ball.Ball) *big.Rat { lo, _ := x.Bounds(); return lo }
