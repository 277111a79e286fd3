package conditioned

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/numeric"
)

// eightScales are the free scales of the construction, all positive.
type eightScales struct {
	mu     float64 // a2 = mu aref
	s      float64 // c3 = s c1 y + ..
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
	p, q := st.p, st.q
	ya := numeric.Product(st.y, st.aref.T()) // y aref^-1
	// The eigenbasis and eigenvalues of G3 = diag(y^-1 H y, tau).
	basis := mat.NewDense(q, q, nil)
	basis.Slice(0, p, 0, p).(*mat.Dense).Mul(st.y.T(), st.ug)
	h := append([]float64(nil), st.h...)

	cbar := mat.NewDense(q, q, nil) // [-c3, nu - c1 u]
	c3 := numeric.Product(st.c1, st.y)
	c3.Scale(k.s, c3)
	z := mat.NewDense(p, p, nil) // a2 - a
	z.Scale(k.mu, st.aref)
	z.Sub(z, st.a)
	zz := numeric.Product(z, st.c1inv) // Z
	if q > p {
		basis.Set(p, p, 1)
		h = append(h, st.tau)
		nubar := numeric.Product(st.c1, st.u)
		nubar.Sub(st.nu, nubar)
		// xi (N - tau/mu aref^-1) = -s w aref y aref^-1.
		rhs := numeric.Product(st.w, st.aref, ya)
		rhs.Scale(-k.s, rhs)
		vh := mat.DenseCopyOf(basis.Slice(0, p, 0, p))
		scaled := mat.DenseCopyOf(vh)
		scaled.Apply(func(_, j int, v float64) float64 { return v * st.h[j] }, scaled)
		nn := numeric.Product(scaled, vh.T())
		ar := mat.DenseCopyOf(st.aref.T())
		ar.Scale(st.tau/k.mu, ar)
		nn.Sub(nn, ar)
		var xi mat.Dense
		if err := xi.Solve(nn.T(), rhs.T()); singular(err) {
			return x, fault.ErrPrecision
		}
		c3.Add(c3, numeric.Product(nubar, xi.T()))
		// zz += (a2 u - v) nu^T
		au := numeric.Product(st.aref, st.u)
		au.Scale(k.mu, au)
		au.Sub(au, st.v)
		zz.Add(zz, numeric.Product(au, st.nu.T()))
		cbar.Slice(0, q, p, q).(*mat.Dense).Copy(nubar)
	}
	numeric.ToGrid(zz)
	d := mat.NewDense(q, p, nil)
	d.Sub(c3, st.c1)
	d.Scale(1/k.mu, d)
	x0p := numeric.ToGrid(numeric.Product(d, st.aref.T()))

	// M3 = L(X0') U(Z) L(X0) M, from the rounded weights: their rounding is no error.
	a3, b3 := numeric.Product(zz, st.c1), numeric.Product(zz, st.e1)
	a3.Add(a3, st.a)
	b3.Add(b3, st.b)
	c3, e3 := numeric.Product(x0p, a3), numeric.Product(x0p, b3)
	c3.Add(c3, st.c1)
	e3.Add(e3, st.e1)
	cbar.Slice(0, q, 0, p).(*mat.Dense).Scale(-1, c3)

	pi, next := runningProducts(h)
	if q > p {
		scaleAll(pi, 1/pi[p])
	} else {
		scaleAll(pi, k.alpha/math.Sqrt(minAbs(pi)*numeric.MaxAbs(pi)))
	}
	left := numeric.Product(cbar, basis)
	leftInv := new(mat.Dense)
	if err := leftInv.Inverse(left); singular(err) {
		return x, fault.ErrPrecision
	}
	// PV = V Pi with P e_next(j) = e_j: column next(j) of (C V Pi) is column j of C V.
	cp, cpInv := mat.NewDense(q, q, nil), mat.NewDense(q, q, nil)
	wd, wdInv := mat.DenseCopyOf(left), mat.DenseCopyOf(left)
	for j, nj := range next {
		for i := range q {
			cp.Set(i, nj, left.At(i, j))
			cpInv.Set(nj, i, leftInv.At(j, i))
			wd.Set(i, j, left.At(i, j)*pi[nj])
			wdInv.Set(i, j, left.At(i, j)/pi[nj])
		}
	}
	w, wInv := numeric.Product(wd, leftInv), numeric.Product(wdInv, leftInv)
	vp := basis.Slice(0, p, 0, p)
	x2 := mat.DenseCopyOf(cp.Slice(0, q, 0, p))
	x3 := mat.DenseCopyOf(cpInv.Slice(0, p, 0, q))
	x2.Apply(func(_, j int, v float64) float64 { return v * k.lambda }, x2)
	x3.Apply(func(i, _ int, v float64) float64 { return v * (pi[i] - 1) / k.lambda }, x3)
	x2 = numeric.Product(x2, vp.T())
	x3 = numeric.Product(mat.DenseCopyOf(vp), x3)

	ew := mat.NewDense(q, q, nil)
	ew.Sub(e3, w)
	x5 := numeric.Product(basis, leftInv, ew)
	x5 = mat.DenseCopyOf(x5.Slice(0, p, 0, q))
	x5.Scale(-1, x5)
	x4 := mat.NewDense(q, p, nil)
	x4.Sub(c3, x2)
	x4 = numeric.Product(wInv, x4)
	x1 := numeric.Product(a3, x5)
	x1.Sub(b3, x1)
	x1.Sub(x1, x3)
	x1 = numeric.Product(x1, wInv)
	return [8]*mat.Dense{numeric.Negated(st.x0), numeric.Negated(zz), numeric.Negated(x0p), x1, x2, x3, x4, x5}, nil
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

func scaleAll(x []float64, f float64) {
	for i := range x {
		x[i] *= f
	}
}

func minAbs(x []float64) float64 {
	m := math.Inf(1)
	for _, v := range x {
		m = min(m, math.Abs(v))
	}
	return m
}
