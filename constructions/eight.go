package constructions

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath"
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
// ErrOrientation (determinant negative), ErrSingular, *IllConditionedError (singular
// to working precision), ErrNoConvergence.
func Eight(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	f, err := newFrame(target, part)
	if err != nil {
		return nil, err
	}
	m, exp, err := scaledDense(f, target)
	if err != nil {
		return nil, err
	}
	logDet, cond, err := positiveDet(target, m)
	if err != nil {
		return nil, err
	}
	n := f.p + f.q
	t := math.Exp(logDet / float64(n))
	m.Scale(1/t, m)
	x, err := bestEight(m, f.p, EightBound(n, cond))
	if errors.Is(err, errSingularStep) {
		return nil, &IllConditionedError{"eight", cond}
	}
	if err != nil {
		return nil, err
	}
	b := layerList{frame: f}
	for k := range 6 {
		b.add(kindAt(k), x[k], 0, nil, 0)
	}
	// L(X4) U(X5) t I = [[I, 0], [X4, t I]] [[t I, t X5], [0, I]].
	b.add(coupling.Lower, x[6], 0, constant(f.q, t), exp)
	x[7].Scale(t, x[7])
	b.add(coupling.Upper, x[7], exp, constant(f.p, t), exp)
	return b.flow()
}

// positiveDet returns log det m and the condition number of m, the target up to
// a power of two, or the reason why there is no flow.
func positiveDet(target exactmath.Matrix, m *mat.Dense) (logDet, cond float64, err error) {
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDNone) {
		return 0, 0, ErrNoConvergence
	}
	s := svd.Values(nil)
	n := len(s)
	var lu mat.LU
	lu.Factorize(m)
	logDet, sign := lu.LogDet()
	near := signUnsure(s)
	if near || sign <= 0 {
		if err := orientable(target); err != nil {
			return 0, 0, err
		}
		return 0, 0, &IllConditionedError{"eight", s[0] / s[n-1]}
	}
	return logDet, s[0] / s[n-1], nil
}

// errSingularStep: a matrix on the way to the layers is singular in float64, which
// says nothing of the target.
var errSingularStep = errors.New("a step is singular in float64")

// bestEight returns the weights of the best of the candidates: the one that the
// bound is proved for, and any other whose layers obey it too.
func bestEight(m *mat.Dense, p int, bound float64) ([8]*mat.Dense, error) {
	var best [8]*mat.Dense
	least := math.Inf(1)
	for _, transposed := range []bool{false, true} {
		mm := m
		if transposed {
			mm = mat.DenseCopyOf(m.T())
		}
		st, err := newStraightened(mm, p)
		if err != nil {
			return best, err
		}
		for i, k := range st.scales() {
			x, err := st.layers(k)
			if err != nil {
				continue
			}
			sum, worst := 0.0, 0.0
			for _, w := range x {
				c := shearCondition(spectralNorm(w))
				sum, worst = sum+math.Log(c), max(worst, c)
			}
			if sum < least && (i == 0 || worst <= bound) {
				best, least = x, sum
				if transposed {
					best = transposedProduct(x)
				}
			}
		}
	}
	if math.IsInf(least, 1) {
		return best, errSingularStep
	}
	return best, nil
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
