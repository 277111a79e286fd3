package wasserstein

import (
	"math/big"

	"flowproof/exactmath/ball"
	"flowproof/exactmath/normal"
)

// Constant is a number that a statement of the chapter names.
type Constant struct {
	ID      string // of the statement
	Says    string // what it is
	Formula string
	Value   ball.Ball
}

// Constants returns the constants of the lower limits (PROOFS.md, "Universality"),
// each in a ball.
func Constants() ([]Constant, error) {
	n, err := normal.New(pricePrec)
	if err != nil {
		return nil, err
	}
	i := &integrals{Calc: ball.NewCalc(pricePrec), normal: n}
	pi, one := n.Pi(), i.Int(1)
	arc := i.arcsine(1 << 9)
	at := i.at(big.NewRat(-1, 1))
	out := []Constant{
		{"one-coupling", "W2 from the uniform law on [-1, 1]^D, times sqrt(r)", "sqrt(4/3 - 2/sqrt(pi))",
			i.Sqrt(i.Sub(i.Frac(4, 3), i.Quo(i.Int(2), i.Sqrt(pi))))},
		{"one-coupling", "W2 from any law on [-1, 1]^D, times sqrt(r)", "sqrt(2 (2 Phi(-1) - phi(1)))",
			i.Sqrt(i.Mul(i.Int(2), i.Sub(i.Mul(i.Int(2), at.cdf), at.density)))},
		{"one-coupling", "W2 from the unit circle, affine maps before and after", "sqrt(1/2 - c^2), c = E z sin(pi (Phi(z) - 1/2))",
			i.Sqrt(i.Sub(i.Frac(1, 2), i.Sq(arc)))},
		{"one-coupling", "W2 from the unit sphere of R^3, affine maps before and after", "sqrt(1/3 - 1/pi)",
			i.Sqrt(i.Sub(i.Frac(1, 3), i.Quo(one, pi)))},
		{"price-clusters", "Lipschitz constant times delta^2 / a^3, delta to 0", "2 / (3 sqrt(2 pi))",
			i.Quo(i.Int(2), i.Mul(i.Int(3), i.Sqrt(i.Mul(i.Int(2), pi))))},
		{"price-atoms", "quantisation error e_1 in the plane", "sqrt(2)", i.Sqrt(i.Int(2))},
		{"price-atoms", "quantisation error e_2 in the plane", "sqrt(2 - 2/pi)",
			i.Sqrt(i.Sub(i.Int(2), i.Quo(i.Int(2), pi)))},
		{"price-volume", "e^(E log det) / (delta (1 + delta)) on the unit circle", "sqrt(2 pi / e)",
			i.Sqrt(i.Quo(i.Mul(i.Int(2), pi), i.Exp(one)))},
	}
	return out, i.Err()
}

// arcsine returns a ball that contains c = E[z sin(pi (Phi(z) - 1/2))], the
// covariance of z and the arcsine law. n is a power of 2, at least 2.
//
// With I = phi(Phi^-1), c = 2 INT_0^(1/2) I(1/2 + t) pi cos(pi t) dt (by parts). I is
// concave, its second derivative being -1/I. On a step of length h it lies above its chord, by h^2 / (8 min I)
// at most; on the last, where I falls to 0, below its value at the start and above 0.
// A chord a + b t against pi cos(pi t) has the primitive (a + b t) sin(pi t) + (b / pi)
// cos(pi t).
func (i *integrals) arcsine(n int) ball.Ball {
	sin, cos := i.turns(n)
	pi := i.normal.Pi()
	step := i.Frac(1, int64(2*n))
	heights := make([]ball.Ball, n) // I at 1/2 + k / 2n
	for k := range heights {
		z := i.Keep(i.normal.Quantile(new(big.Rat).Add(big.NewRat(1, 2), big.NewRat(int64(k), int64(2*n)))))
		heights[k] = i.Keep(i.normal.Density(z))
	}
	sum := i.Int(0)
	for k := range n {
		rise := i.Sub(sin[k+1], sin[k])
		if k == n-1 {
			sum = i.Add(sum, i.Hull(i.Int(0), i.Mul(heights[k], rise)))
			break
		}
		b := i.Quo(i.Sub(heights[k+1], heights[k]), step)
		chord := i.Sub(i.Mul(heights[k+1], sin[k+1]), i.Mul(heights[k], sin[k]))
		chord = i.Add(chord, i.Mul(i.Quo(b, pi), i.Sub(cos[k+1], cos[k])))
		above := i.Quo(i.Mul(i.Sq(step), rise), i.Mul(i.Int(8), heights[k+1]))
		sum = i.Add(sum, chord, i.Hull(i.Int(0), above))
	}
	return i.Mul(i.Int(2), sum)
}

// turns returns sin and cos of k pi / 2n, k = 0 to n, n a power of 2: the half-angle
// formulas from a right angle, then the addition theorem.
func (i *integrals) turns(n int) (sin, cos []ball.Ball) {
	s, c := i.Int(1), i.Int(0)
	for m := 1; m < n; m *= 2 {
		s, c = i.Sqrt(i.Mul(i.Sub(i.Int(1), c), i.Frac(1, 2))), i.Sqrt(i.Mul(i.Add(i.Int(1), c), i.Frac(1, 2)))
	}
	sin, cos = []ball.Ball{i.Int(0)}, []ball.Ball{i.Int(1)}
	for k := range n {
		sin = append(sin, i.Add(i.Mul(sin[k], c), i.Mul(cos[k], s)))
		cos = append(cos, i.Sub(i.Mul(cos[k], c), i.Mul(sin[k], s)))
	}
	return sin, cos
}
