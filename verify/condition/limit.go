package condition

import (
	"math"
	"math/big"

	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
	"flowproof/exactmath/spectral"
)

// Limits are numbers that the product of the condition numbers of the layers of a
// flow is proved to be at least, at any depth.
type Limits struct {
	Target  float64 // of every flow whose product is the target
	Product float64 // of every flow whose product is that of the flow at hand
}

// LowerLimits returns the limits of PROOFS.md, theorem 5.1, for a target of parts
// of which the larger has q coordinates, and for the product of a flow that
// differs from it by at most the square root of residual in the Frobenius norm, so
// that no singular value differs by more (Weyl). They are rounded down, never less
// than 1, and finite: what is beyond float64 is its largest number.
//
// Singular values are known to about n^2 2^-53 of the largest, so that the limits
// of targets near singular ones are less than they might be.
func LowerLimits(target exactmath.Matrix, q int, residual *big.Rat) Limits {
	v, ok := enclose(target)
	if !ok {
		return Limits{1, 1}
	}
	l := Limits{Target: lambda(v, q, new(big.Float))}
	l.Product = l.Target
	if residual.Sign() != 0 {
		r := number(big.ToPositiveInf).SetRat(residual)
		// A root to nearest, of 64 bits, and one unit more.
		r.Sqrt(r)
		r.Add(r, number(big.ToPositiveInf).SetMantExp(r, -62))
		l.Product = min(l.Target, lambda(v, q, r)) // roots may differ in their last digits
	}
	return l
}

// enclose returns the singular values of the target; for a permutation with or
// without signs they are 1.
func enclose(m exactmath.Matrix) (spectral.Values, bool) {
	if _, _, ok := sparse.SignedPermutation(m); ok {
		n, _ := m.Dims()
		ones := make([]float64, n)
		for i := range ones {
			ones[i] = 1
		}
		return spectral.Values{Low: ones, High: ones}, true
	}
	return spectral.Enclose(m)
}

// lambda is a lower bound of
//
//	max(1, s_1, (prod max(s_i, 1))^(1/q)) max(1, 1/s_n, (prod max(1/s_i, 1))^(1/q))
//
// for all s_i that differ by at most away from what v encloses.
func lambda(v spectral.Values, q int, away *big.Float) float64 {
	one := big.NewFloat(1)
	grow := func() *big.Float { return number(big.ToNegativeInf).SetInt64(1) }
	top, prod, topInv, prodInv := grow(), grow(), grow(), grow()
	for i := range v.Low {
		s := scaled(v.Low[i], v.Exp, big.ToNegativeInf)
		if s.Sub(s, away); s.Cmp(one) > 0 {
			prod.Mul(prod, s)
			top = larger(top, s)
		}
		s = scaled(v.High[i], v.Exp, big.ToPositiveInf)
		if s.Add(s, away); s.Sign() > 0 && s.Cmp(one) < 0 {
			inv := grow()
			inv.Quo(inv, s)
			prodInv.Mul(prodInv, inv)
			topInv = larger(topInv, inv)
		}
	}
	out := grow()
	out.Mul(larger(top, root(prod, q)), larger(topInv, root(prodInv, q)))
	f, _ := out.Float64() // to nearest
	if math.IsInf(f, 1) {
		return math.MaxFloat64
	}
	if exact(f).Cmp(out) > 0 {
		f = math.Nextafter(f, 0)
	}
	return f
}

// number returns a float of 64 bits that rounds in the given direction.
func number(mode big.RoundingMode) *big.Float { return new(big.Float).SetPrec(64).SetMode(mode) }

// scaled returns x 2^e as a float that rounds in the given direction: SetMantExp takes
// over the direction of x.
func scaled(x float64, e int, mode big.RoundingMode) *big.Float {
	return number(mode).SetMantExp(exact(x), e).SetMode(mode)
}

func exact(x float64) *big.Float { return number(big.ToNearestEven).SetFloat64(x) }

func larger(x, y *big.Float) *big.Float {
	if x.Cmp(y) >= 0 {
		return x
	}
	return y
}

// root returns a number whose q-th power is at most x, x >= 1, and hardly smaller
// than the root: a guess in float64, checked.
func root(x *big.Float, q int) *big.Float {
	m := new(big.Float)
	e := x.MantExp(m)
	f, _ := m.Float64()
	whole, part := math.Modf((float64(e) + math.Log2(f)) / float64(q))
	for shrink := 0x1p-44; shrink < 0.5; shrink *= 16 {
		r := number(big.ToNegativeInf).SetMantExp(exact(math.Exp2(part)*(1-shrink)), int(whole))
		power := number(big.ToPositiveInf).SetInt64(1)
		for range q {
			power.Mul(power, r)
		}
		if power.Cmp(x) <= 0 {
			return r
		}
	}
	return number(big.ToNegativeInf).SetInt64(1)
}

// Estimate estimates the condition number of a matrix by the SVD, +Inf if that
// finds it singular, NaN if it does not converge.
func Estimate(m exactmath.Matrix) float64 {
	if _, _, ok := sparse.SignedPermutation(m); ok {
		return 1
	}
	s := spectral.Estimates(m)
	if len(s) == 0 {
		return math.NaN()
	}
	if s[len(s)-1] == 0 {
		return math.Inf(1)
	}
	return s[0] / s[len(s)-1]
}
