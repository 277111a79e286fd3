package rotation

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/numeric"
	"flowproof/exactmath/spectral"
)

// halved is M after its first step: with X0 = Up (I+S)^-1 V^T a^T for the thin
// SVD c0 = Up S V^T, the matrix N = L(X0) M = [[a, b], [c, e]] has the isometry
// c = Up V^T in its lower left corner, and what is left to do is to write
// G = C^T R in SO(q) as a multiplicative commutator, C = [-c, nu], R = [r, rho]
// (PROOFS.md, section 1.2). G = Z T Z^T has the given planes and axes.
type halved struct {
	p, q   int
	x0     *mat.Dense // q x p
	ac, ce *mat.Dense // a c^T and c^T e, p x q
	zp     *mat.Dense // first p rows of Z
	v      *mat.Dense // C Z
	planes []numeric.Plane
	rest   []int
	axis   []float64 // last row of Z if q > p, else nil
}

func newHalved(m *mat.Dense, p int) (*halved, error) {
	n, _ := m.Dims()
	q := n - p
	a, b := m.Slice(0, p, 0, p), m.Slice(0, p, p, n)
	c0, e0 := m.Slice(p, n, 0, p), m.Slice(p, n, p, n)

	var svd mat.SVD
	if !svd.Factorize(c0, mat.SVDFull) {
		return nil, fault.ErrNoConvergence
	}
	var u, vt mat.Dense
	svd.UTo(&u)
	svd.VTo(&vt)
	s := svd.Values(nil)
	up := u.Slice(0, q, 0, p)
	var c, scaled mat.Dense
	c.Mul(up, vt.T())
	scaled.CloneFrom(up)
	scaled.Apply(func(_, j int, x float64) float64 { return x / (1 + s[j]) }, &scaled)
	x0 := numeric.Product(&scaled, vt.T(), a.T())

	e := numeric.Product(x0, b)
	e.Add(e, e0)
	// r = the lower left block of N^-1 = M^T L(-X0).
	r := numeric.Product(mat.DenseCopyOf(e0.T()), x0)
	r.Sub(b.T(), r)

	cc, rr := mat.NewDense(q, q, nil), mat.NewDense(q, q, nil)
	cc.Slice(0, q, 0, p).(*mat.Dense).Scale(-1, &c)
	rr.Slice(0, q, 0, p).(*mat.Dense).Copy(r)
	if q > p {
		nu := u.Slice(0, q, p, q)
		cc.Slice(0, q, p, q).(*mat.Dense).Copy(nu)
		rr.Slice(0, q, p, q).(*mat.Dense).Mul(e.T(), nu)
	}
	g := numeric.Product(mat.DenseCopyOf(cc.T()), rr)
	t, z, err := numeric.RealSchur(g)
	if err != nil {
		return nil, err
	}
	h := &halved{p: p, q: q, x0: x0, v: numeric.Product(cc, z), zp: mat.DenseCopyOf(z.Slice(0, p, 0, q))}
	h.ac, h.ce = numeric.Product(mat.DenseCopyOf(a), c.T()), numeric.Product(mat.DenseCopyOf(c.T()), e)
	h.planes, h.rest = numeric.RotationPlanes(t)
	if q > p {
		h.axis = mat.Row(nil, p, z)
	}
	return h, nil
}

// layers returns -X0, X1, .., X5 for the given twist. With Zp the first p rows
// of Z and V = C Z, and block-diagonal D1..D5 (2x2 blocks on the planes),
//
//	X1 = a c^T - Zp D1 V^T    D1 = -lambda R^T - rho F + rho lambda F R^T
//	X2 = V D2 Zp^T            D2 = -1/lambda R
//	X3 = Zp D3 V^T            D3 = lambda R^T - lambda/rho F R^T
//	X4 = V D4 Zp^T            D4 = rho/lambda R F - rho R F R^T
//	X5 = c^T e + Zp D5 V^T    D5 = 1/rho R F R^T
//
// where R is the rotation by half the angle and F the reflection that keeps the
// axis; on the +1 eigenvectors of G the five are -1, -1, 0, 0, 1. An isometric
// twist has
//
//	D1 = -rho F + rho lambda F R^T   D2 = 1/lambda R (F/rho - 1)   D3 = lambda R^T
//	D4 = rho/lambda R F - 1/lambda R - rho R F R^T   D5 = 1/rho R F R^T
//
// and 0, 0, 1, -1, 1 there.
func (h *halved) layers(t twist) [6]*mat.Dense {
	d := h.blocks(t)
	var x [6]*mat.Dense
	x[0] = new(mat.Dense)
	x[0].Scale(-1, h.x0)
	x[1] = h.zdv(d[0])
	x[1].Sub(h.ac, x[1])
	x[2] = h.vdz(d[1])
	x[3] = h.zdv(d[2])
	x[4] = h.vdz(d[3])
	x[5] = h.zdv(d[4])
	x[5].Add(h.ce, x[5])
	return x
}

// choose returns the layers for the twist, of those given, of least cost, their
// weights rounded to multiples of 2^-52. It fails with a *BoundError if none keeps
// the bound.
func (h *halved) choose(ts []twist, c choice) (best [6]*mat.Dense, err error) {
	norms := h.pencil()
	costs, least := make([]float64, len(ts)), math.Inf(1)
	for k, t := range ts {
		costs[k] = c.estimate(norms(t))
	}
	numeric.Cheapest(costs, c.bound, func(k int) float64 {
		x := h.layers(ts[k])
		for _, w := range x {
			numeric.ToGrid(w)
		}
		cost := c.certify(x)
		if cost < least {
			best, least = x, cost
		}
		return cost
	})
	if !(least <= c.bound) {
		return best, &fault.BoundError{Name: c.name, Got: least, Bound: c.bound}
	}
	return best, nil
}

// pencil returns a function that gives the norms of X0..X5 for a twist, those of
// X0, X1 and X5 estimated, those of the others bounded by those of D2, D3, D4.
// X1 and X5 are combinations of fixed matrices, so that a twist costs no product:
//
//	X1 = a c^T + K0 + lambda K1 + rho K2 - rho lambda K3,   X5 = c^T e + K0 + 1/rho K5,
//
// and X1 = a c^T + rho K2 - rho lambda K3 for an isometric twist.
func (h *halved) pencil() func(twist) []float64 {
	unit := func(block func(r, f mat2) mat2, rest float64) *mat.Dense {
		d := blockDiagonal{make([]mat2, len(h.planes)), rest}
		for k, pl := range h.planes {
			d.plane[k] = block(halfTurn(pl), h.reflection(pl))
		}
		return h.zdv(d)
	}
	k0 := unit(func(mat2, mat2) mat2 { return mat2{} }, 1)
	k1 := unit(func(r, _ mat2) mat2 { return r.t() }, 0)
	k2 := unit(func(_, f mat2) mat2 { return f }, 0)
	k3 := unit(func(r, f mat2) mat2 { return f.mul(r.t()) }, 0)
	k5 := unit(func(r, f mat2) mat2 { return r.mul(f).mul(r.t()) }, 0)
	x1, x5, sum := mat.NewDense(h.p, h.q, nil), mat.NewDense(h.p, h.q, nil), new(mat.Dense)
	x1.Add(h.ac, k0)
	x5.Add(h.ce, k0)
	combine := func(x *mat.Dense, factors []float64, terms ...*mat.Dense) float64 {
		sum.CloneFrom(x)
		for i, k := range terms {
			blas64.Axpy(factors[i], vector(k), vector(sum))
		}
		return spectral.Estimate(sum)
	}
	norm0, turn := spectral.Estimate(h.x0), 0.0
	for _, pl := range h.planes {
		turn = max(turn, pl.Angle)
	}
	return func(t twist) []float64 {
		l, r := t.lambda, t.rho
		norms := []float64{norm0, 0, 0, 0, 0, combine(x5, []float64{1 / r}, k5)}
		if t.isometric {
			norms[1] = combine(h.ac, []float64{r, -r * l}, k2, k3)
		} else {
			norms[1] = combine(x1, []float64{l, r, -r * l}, k1, k2, k3)
		}
		inner, rests := t.inner(turn), t.rests()
		for k, x := range inner {
			if len(h.planes) > 0 {
				norms[k+2] = x
			}
			if len(h.rest) > 0 {
				norms[k+2] = max(norms[k+2], math.Abs(rests[k+1]))
			}
		}
		return norms
	}
}

// blocks returns D1..D5.
func (h *halved) blocks(t twist) (d [5]blockDiagonal) {
	for k, rest := range t.rests() {
		d[k] = blockDiagonal{make([]mat2, len(h.planes)), rest}
	}
	l, rho := t.lambda, t.rho
	for k, pl := range h.planes {
		r, f := halfTurn(pl), h.reflection(pl)
		fr := f.mul(r.t())
		rf := r.mul(f)
		rfr := rf.mul(r.t())
		d[4].plane[k] = plus(1/rho, rfr, 0, r)
		if t.isometric {
			d[0].plane[k] = plus(-rho, f, rho*l, fr)
			d[1].plane[k] = plus(1/(l*rho), rf, -1/l, r)
			d[2].plane[k] = plus(l, r.t(), 0, r)
			d[3].plane[k] = plus(1, plus(rho/l, rf, -1/l, r), -rho, rfr)
			continue
		}
		d[0].plane[k] = plus(1, plus(-l, r.t(), -rho, f), rho*l, fr)
		d[1].plane[k] = plus(-1/l, r, 0, r)
		d[2].plane[k] = plus(l, r.t(), -l/rho, fr)
		d[3].plane[k] = plus(rho/l, rf, -rho, rfr)
	}
	return d
}

// zdv returns Zp D V^T, p x q.
func (h *halved) zdv(d blockDiagonal) *mat.Dense { return numeric.Product(h.times(h.zp, d), h.v.T()) }

// vdz returns V D Zp^T, q x p.
func (h *halved) vdz(d blockDiagonal) *mat.Dense { return numeric.Product(h.times(h.v, d), h.zp.T()) }

// times returns m D.
func (h *halved) times(m *mat.Dense, d blockDiagonal) *mat.Dense {
	rows, q := m.Dims()
	out := mat.NewDense(rows, q, nil)
	for i := range rows {
		src, dst := m.RawRowView(i), out.RawRowView(i)
		for k, pl := range h.planes {
			b, x, y := d.plane[k], src[pl.I], src[pl.J]
			dst[pl.I], dst[pl.J] = x*b.a+y*b.c, x*b.b+y*b.d
		}
		for _, j := range h.rest {
			dst[j] = d.rest * src[j]
		}
	}
	return out
}
