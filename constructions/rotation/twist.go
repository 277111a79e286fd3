package rotation

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/internal/numeric"
)

// twist is the freedom left in writing a rotation by theta as a commutator
// P A^-1 P^-1 A of two 2x2 matrices: A is a reflection F over rho, and, with R
// the rotation by theta/2, either
//
//	P = -(1/lambda) R, and X3 is what belongs to it, or
//	X3 = lambda R^T, and X2 = (1/lambda) R (F/rho - 1), if isometric,
//
// for any lambda, rho > 0. When n is odd, A has to keep the last axis, and rho is
// 1 (PROOFS.md, section 1.3).
type twist struct {
	lambda, rho float64
	isometric   bool
}

// quarterRoot is 2^(-1/4).
const quarterRoot = 0.8408964152537145430311254762332148950400342623567845108132260859

// provedTwist returns the parameters for which the bounds are proved.
func provedTwist(odd bool) twist {
	if odd {
		return twist{1, 1, true}
	}
	return twist{1, quarterRoot, true}
}

// twists returns the parameters worth trying: the worst case over all M is
// smallest at provedTwist, but most M are kinder.
func twists(odd bool) []twist {
	t := []twist{provedTwist(odd)}
	for _, lambda := range []float64{7. / 16, 15. / 32, 1. / 2, 17. / 32, 9. / 16, 5. / 8, 3. / 4, 1} {
		if odd {
			t = append(t, twist{lambda, 1, false})
			continue
		}
		for _, rho := range []float64{3. / 4, 7. / 9, 13. / 16, 7. / 8, 15. / 16, 1} {
			t = append(t, twist{lambda, rho, false})
		}
	}
	return t
}

// mat2 is a 2x2 matrix [[a, b], [c, d]].
type mat2 struct{ a, b, c, d float64 }

func (x mat2) mul(y mat2) mat2 {
	return mat2{x.a*y.a + x.b*y.c, x.a*y.b + x.b*y.d, x.c*y.a + x.d*y.c, x.c*y.b + x.d*y.d}
}

func (x mat2) t() mat2 { return mat2{x.a, x.c, x.b, x.d} }

// plus returns s x + t y.
func plus(s float64, x mat2, t float64, y mat2) mat2 {
	return mat2{s*x.a + t*y.a, s*x.b + t*y.b, s*x.c + t*y.c, s*x.d + t*y.d}
}

// choice is what layers are chosen by.
type choice struct {
	name     string                        // of the cost
	estimate func(norms []float64) float64 // the cost, from estimated norms of X0..X5
	certify  func(x [6]*mat.Dense) float64 // a proved upper bound of the cost of final weights
	bound    float64                       // proved for the cost, of the first twist tried
}

// inner returns the norms of D2, D3 and D4 on a plane of the given angle; they
// grow with the angle (PROOFS.md, section 1.4).
func (t twist) inner(angle float64) [3]float64 {
	l, r, c := t.lambda, t.rho, math.Cos(angle/2)
	if t.isometric {
		return [3]float64{(1 + 1/r) / l, l, (1 + r*math.Sqrt(max(0, 1+l*l-2*l*c))) / l}
	}
	return [3]float64{1 / l, l * (1 + 1/r), r / l * math.Sqrt(max(0, 1+l*l-2*l*c))}
}

// rests returns D1..D5 on the fixed space of G.
func (t twist) rests() [5]float64 {
	if t.isometric {
		return [5]float64{0, 0, 1, -1, 1}
	}
	return [5]float64{-1, -1, 0, 0, 1}
}

// vector returns the entries of a matrix without gaps between its rows.
func vector(x *mat.Dense) blas64.Vector {
	data := x.RawMatrix().Data
	return blas64.Vector{N: len(data), Inc: 1, Data: data}
}

// blockDiagonal is a q x q matrix in the basis Z: a 2x2 block for each plane, a
// multiple of the identity on the rest.
type blockDiagonal struct {
	plane []mat2
	rest  float64
}

// halfTurn returns the rotation by half the angle.
func halfTurn(pl numeric.Plane) mat2 {
	c, s := math.Cos(pl.Angle/2), math.Sin(pl.Angle/2)
	return mat2{c, -s, s, c}
}

// reflection returns the reflection of the plane that keeps the projection of
// the last axis onto it; any reflection will do if there is none.
func (h *halved) reflection(pl numeric.Plane) mat2 {
	x, y := 1., 0.
	if h.axis != nil {
		if l := math.Hypot(h.axis[pl.I], h.axis[pl.J]); l > 0 {
			x, y = h.axis[pl.I]/l, h.axis[pl.J]/l
		}
	}
	return mat2{x*x - y*y, 2 * x * y, 2 * x * y, y*y - x*x}
}
