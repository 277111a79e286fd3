package conditioned

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/numeric"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/spectral"
)

// EightBound returns the condition number that no layer of Eight exceeds for a
// map of n coordinates, |det M| = 1 and the given condition number, in exact
// arithmetic: 20 cond^3 + 2 for n even, 19600 cond^10 + 2 for n odd
// (PROOFS.md, section 5.4). Measured ones are far smaller.
func EightBound(n int, cond float64) float64 {
	if n%2 == 0 {
		return 20*math.Pow(cond, 3) + 2
	}
	return 19600*math.Pow(cond, 10) + 2
}

// Eight writes any M with det M > 0, n >= 2 odd or even, as eight coupling layers
//
//	M = L(-X0) U(-Z) L(-X0') U(X1) L(X2) U(X3) L(X4) U(X5)
//
// in closed form, each of condition number at most EightBound(n, cond M) if
// |det M| = 1: a polynomial in cond M in which n does not appear. For any other
// determinant M = t M', det M' = 1, the last two layers carry the scale t, and
// their bound grows by max(t, 1/t). The first three layers turn the map into one
// whose commutator (section 2) is symmetric, hence diagonal in an orthonormal
// basis, where cyclic shifts and running products solve it (PROOFS.md, section
// 5.4). Of a few choices of the free scales, for M and for its transpose, the
// one with the smallest product of condition numbers is taken.
//
// The target is read in float64 up to a power of two, and rounding errors grow
// with the layers' norms: with cond M = 10 the relative residual is of the order
// of 1e-14, and it grows with a power of cond M. Conditioned does not suffer
// from that.
//
// Errors: *ShapeError, ErrPartition (the parts must differ by at most one),
// ErrOrientation (determinant negative), ErrSingular, ErrPrecision (singular to
// working precision), ErrNoConvergence, *BoundError (rounding broke the bound).
//
// Statement: eight-polynomial (proofs/conditioned.md).
func Eight(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	f, m, exp, err := prepare(target, part)
	if err != nil {
		return nil, err
	}
	logDet, cond, err := logDetCond(m)
	if err != nil {
		return nil, err
	}
	n := f.P + f.Q
	t := math.Exp(logDet / float64(n))
	m.Scale(1/t, m)
	x, err := bestEight(m, f.P, EightBound(n, cond))
	if err != nil {
		return nil, err
	}
	b := geometry.LayerList{Frame: f}
	for k := range 6 {
		b.Add(geometry.KindAt(k), x[k], 0, nil, 0)
	}
	// L(X4) U(X5) t I = [[I, 0], [X4, t I]] [[t I, t X5], [0, I]].
	b.Add(coupling.Lower, x[6], 0, constant(f.Q, t), exp)
	x[7].Scale(t, x[7])
	b.Add(coupling.Upper, x[7], exp, constant(f.P, t), exp)
	return b.Flow()
}

// logDetCond returns log |det m| and the condition number of m, less than which
// it is not but for rounding.
func logDetCond(m *mat.Dense) (logDet, cond float64, err error) {
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDNone) {
		return 0, 0, fault.ErrNoConvergence
	}
	s := svd.Values(nil)
	n := len(s)
	rounding := 1e-14 * float64(n) * s[0]
	if s[n-1] <= 10*rounding {
		return 0, 0, fault.ErrPrecision
	}
	var lu mat.LU
	lu.Factorize(m)
	logDet, _ = lu.LogDet()
	return logDet, (s[0] - rounding) / (s[n-1] + rounding), nil
}

// bestEight returns the weights of the candidate, of those whose layers keep the
// bound, of least product of the condition numbers, both certified.
func bestEight(m *mat.Dense, p int, bound float64) (best [8]*mat.Dense, err error) {
	var all [][8]*mat.Dense
	var means []float64
	for _, transposed := range []bool{false, true} {
		mm := m
		if transposed {
			mm = mat.DenseCopyOf(m.T())
		}
		st, err := newStraightened(mm, p)
		if err != nil {
			return best, err
		}
		for _, k := range st.scales() {
			x, err := st.layers(k)
			if err != nil {
				continue
			}
			if transposed {
				x = transposedProduct(x)
			}
			all = append(all, x)
			mean, _ := meanAndLargest(x, spectral.Estimate)
			means = append(means, mean)
		}
	}
	if len(all) == 0 {
		return best, fault.ErrPrecision
	}
	least, broken := math.Inf(1), math.Inf(1)
	numeric.Cheapest(means, math.MaxFloat64, func(k int) float64 {
		mean, largest := meanAndLargest(all[k], func(w *mat.Dense) float64 { return spectral.Dense(w).Bound })
		if !(largest <= bound) {
			broken = min(broken, largest)
			return math.Inf(1)
		}
		if mean < least {
			best, least = all[k], mean
		}
		return mean
	})
	if math.IsInf(least, 1) {
		return best, &fault.BoundError{Name: "largest condition number of a layer", Got: broken, Bound: bound}
	}
	return best, nil
}

// meanAndLargest returns the geometric mean and the largest of the condition
// numbers of additive layers, for the given way to take the norms of the weights.
func meanAndLargest(x [8]*mat.Dense, norm func(*mat.Dense) float64) (mean, largest float64) {
	sum := 0.0
	for _, w := range x {
		c := spectral.ShearBound(norm(w))
		sum, largest = sum+math.Log(c), max(largest, c)
	}
	return math.Exp(sum / float64(len(x))), largest
}

// transposedProduct returns the weights of (L(x0) U(x1) .. U(x7))^T, which is
// L(x7^T) U(x6^T) .. U(x0^T).
func transposedProduct(x [8]*mat.Dense) (out [8]*mat.Dense) {
	for k := range x {
		out[7-k] = mat.DenseCopyOf(x[k].T())
	}
	return out
}

func constant(n int, v float64) []float64 {
	d := make([]float64, n)
	for i := range d {
		d[i] = v
	}
	return d
}
