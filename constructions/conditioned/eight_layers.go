package conditioned

import (
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/numeric"
)

// eightScales are the free scales of the construction, all positive.
type eightScales struct {
	mu     float64 // a2 = mu f
	sigma  float64 // y = sigma y0
	lambda float64 // X2 ~ lambda, X3 ~ 1/lambda
	alpha  float64 // A ~ alpha, if q = p
}

// scales returns the choices worth trying, the one that EightBound is proved for
// first. For q > p, mu = |tau| / |h_j| makes the construction break down, and the
// first choice stays away from that on the side that is always safe.
func (st *straightened) scales() []eightScales {
	g := math.Sqrt(st.rmin * st.rmax)
	if st.q == st.p {
		return []eightScales{{math.Hypot(1, g), 1 / g, 1, 1}, {g, 1 / g, 1, 1}, {g, 1 / g, 5. / 8, 1}}
	}
	ks := []eightScales{{max(g, 2*math.Abs(st.tau)/minAbs(st.h)), 1, 1, 1}}
	for _, f := range []float64{1. / 4, 1. / 2, 1, 3. / 2, 2, 3} {
		ks = append(ks, eightScales{f * g, 1 / g, 1, 1})
	}
	return ks
}

// layers returns the weights -X0, -Z, -X0', X1, .., X5 of
//
//	M = L(-X0) U(-Z) L(-X0') U(X1) L(X2) U(X3) L(X4) U(X5).
func (st *straightened) layers(k eightScales) (x [8]*mat.Dense, err error) {
	m, err := st.symmetrise(k)
	if err != nil {
		return x, err
	}
	five, err := m.five(k)
	if err != nil {
		return x, err
	}
	x[0], x[1], x[2] = numeric.Negated(st.x0), numeric.Negated(m.z), numeric.Negated(m.x0)
	copy(x[3:], five[:])
	return x, nil
}

// symmetrised is M3 = L(X0') U(Z) L(X0) M = [[a, b], [c, e]], for which C^-1 R is
// symmetric, C = [-c, nb]: its eigenvalues are h, its eigenvectors the columns of V,
// the last of which is e_q if q > p (PROOFS.md, section 5.4, step 3).
type symmetrised struct {
	p, q       int
	z, x0      *mat.Dense // Z (p x q) and X0' (q x p)
	a, b, c, e *mat.Dense
	big        *mat.Dense // C, q x q
	v          *mat.Dense // q x q, orthogonal
	h          []float64
}

// symmetrise chooses a2 = mu f, c3 = sigma c1 y0 + nb xi^T and with them
//
//	Z = (a2 - a) c1^+ + z nu^T,   X0' = (c3 - c1) a2^-1,   z = a2 u - v,   nb = nu - c1 u.
//
// There is no nu, u, v, xi if q = p.
func (st *straightened) symmetrise(k eightScales) (*symmetrised, error) {
	p, q := st.p, st.q
	m := &symmetrised{p: p, q: q, h: slices.Clone(st.h), v: mat.NewDense(q, q, nil), big: mat.NewDense(q, q, nil)}
	m.v.Slice(0, p, 0, p).(*mat.Dense).Mul(st.y.T(), st.ug)

	c3 := numeric.Scaled(k.sigma, numeric.Product(st.c1, st.y))
	m.z = numeric.Product(numeric.Minus(numeric.Scaled(k.mu, st.f), st.a), st.c1inv)
	if q > p {
		m.v.Set(p, p, 1)
		m.h = append(m.h, st.tau)
		xi, err := st.xi(k, m.v.Slice(0, p, 0, p))
		if err != nil {
			return nil, err
		}
		nb := numeric.Minus(st.nu, numeric.Product(st.c1, st.u))
		z := numeric.Minus(numeric.Scaled(k.mu, numeric.Product(st.f, st.u)), st.v)
		c3 = numeric.Sum(c3, numeric.Product(nb, xi.T()))
		m.z = numeric.Sum(m.z, numeric.Product(z, st.nu.T()))
		m.big.Slice(0, q, p, q).(*mat.Dense).Copy(nb)
	}
	numeric.ToGrid(m.z)
	m.x0 = numeric.ToGrid(numeric.Product(numeric.Scaled(1/k.mu, numeric.Minus(c3, st.c1)), st.f.T()))

	// M3 = L(X0') U(Z) M1, from the rounded weights: their rounding is no error.
	m.a, m.b = numeric.Sum(numeric.Product(m.z, st.c1), st.a), numeric.Sum(numeric.Product(m.z, st.e1), st.b)
	m.c, m.e = numeric.Sum(numeric.Product(m.x0, m.a), st.c1), numeric.Sum(numeric.Product(m.x0, m.b), st.e1)
	m.big.Slice(0, q, 0, p).(*mat.Dense).Scale(-1, m.c)
	return m, nil
}

// xi solves xi^T (y^-1 H y - tau a2^-1) = -w a2 y a2^-1, where y^-1 H y = V diag(h)
// V^T for the given V.
func (st *straightened) xi(k eightScales, v mat.Matrix) (*mat.Dense, error) {
	n := numeric.Product(numeric.Columns(v, st.h), mat.DenseCopyOf(v).T())
	n.Sub(n, numeric.Scaled(st.tau/k.mu, numeric.Transposed(st.f)))
	rhs := numeric.Scaled(-k.sigma, numeric.Product(st.w, st.f, numeric.Product(st.y, st.f.T())))
	xi := new(mat.Dense)
	if err := xi.Solve(n.T(), rhs.T()); singular(err) {
		return nil, fault.ErrPrecision
	}
	return xi, nil
}

// five returns the weights of M3 = U(X1) L(X2) U(X3) L(X4) U(X5) (PROOFS.md, lemmas
// 5.3 and 5.4): with P = V Pi V^T, Pi e_next(j) = e_j, and At = V diag(pi) V^T,
//
//	C^-1 R = P At^-1 P^-1 At,   B = C P,   W = B At B^-1.
//
// All is found in the basis V, where L = C V and B V = L Pi, so that W = L
// diag(pi_next(j)) L^-1.
func (m *symmetrised) five(k eightScales) (x [5]*mat.Dense, err error) {
	p, q := m.p, m.q
	pi, next := m.products(k)
	l, linv := numeric.Product(m.big, m.v), new(mat.Dense)
	if err := linv.Inverse(l); singular(err) {
		return x, fault.ErrPrecision
	}
	bv, bvInv := mat.NewDense(q, q, nil), mat.NewDense(q, q, nil) // L Pi and its inverse
	ld, ldInv := mat.NewDense(q, q, nil), mat.NewDense(q, q, nil) // L diag(pi_next(j)) and L diag(1 / pi_next(j))
	for j, to := range next {
		for i := range q {
			bv.Set(i, to, l.At(i, j))
			bvInv.Set(to, i, linv.At(j, i))
			ld.Set(i, j, l.At(i, j)*pi[to])
			ldInv.Set(i, j, l.At(i, j)/pi[to])
		}
	}
	w, winv := numeric.Product(ld, linv), numeric.Product(ldInv, linv)
	v := m.v.Slice(0, p, 0, p)

	// X2 = B E, X3 = (A - I) E^T B^-1, but for the factors lambda and 1/lambda.
	x2 := numeric.Product(numeric.Scaled(k.lambda, bv.Slice(0, q, 0, p)), v.T())
	x3 := mat.DenseCopyOf(bvInv.Slice(0, p, 0, q))
	x3.Apply(func(i, _ int, t float64) float64 { return t * (pi[i] - 1) / k.lambda }, x3)
	x3 = numeric.Product(mat.DenseCopyOf(v), x3)
	// X5 = -E^T C^-1 (e - W), X4 = W^-1 (c - X2), X1 = (b - a X5 - X3) W^-1.
	x5 := numeric.Product(m.v, linv, numeric.Minus(m.e, w))
	x5 = numeric.Scaled(-1, x5.Slice(0, p, 0, q))
	x4 := numeric.Product(winv, numeric.Minus(m.c, x2))
	x1 := numeric.Product(numeric.Minus(numeric.Minus(m.b, numeric.Product(m.a, x5)), x3), winv)
	return [5]*mat.Dense{x1, x2, x3, x4, x5}, nil
}

// products returns the running products of h, scaled so that the one of e_q is 1 if
// q > p, and else so that the geometric mean of the largest and the smallest is alpha.
func (m *symmetrised) products(k eightScales) (pi []float64, next []int) {
	pi, next = runningProducts(m.h)
	scale := k.alpha / math.Sqrt(minAbs(pi)*numeric.MaxAbs(pi))
	if m.q > m.p {
		scale = 1 / pi[m.p]
	}
	for j := range pi {
		pi[j] *= scale
	}
	return pi, next
}

// runningProducts returns pi and a cyclic successor next with
// h_j = pi_j / pi_next(j), for h of product 1. The cycle is ordered so that the
// |pi_j| stay within a factor max|h| / min|h| of each other.
func runningProducts(h []float64) (pi []float64, next []int) {
	order := make([]int, len(h))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool { return math.Abs(h[order[i]]) > math.Abs(h[order[j]]) })
	pi, next = make([]float64, len(h)), make([]int, len(h))
	lo, hi, cur := 0, len(h)-1, 1.0
	prev := -1
	for range h {
		j := order[lo]
		if math.Abs(cur) < 1 {
			j = order[hi]
			hi--
		} else {
			lo++
		}
		pi[j] = cur
		if prev >= 0 {
			next[prev] = j
		}
		prev = j
		cur /= h[j]
	}
	if prev >= 0 {
		next[prev] = order[0]
	}
	return pi, next
}

func minAbs(x []float64) float64 {
	m := math.Inf(1)
	for _, v := range x {
		m = min(m, math.Abs(v))
	}
	return m
}
