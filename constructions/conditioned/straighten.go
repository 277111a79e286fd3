package conditioned

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/numeric"
)

// straightened is M after its first two steps, for det M = 1 in block order,
// p <= q <= p+1: with the polar decomposition [a; c] = Q R and X0 as for the
// rotation whose first columns are Q, M1 = L(X0) M has the blocks a, b, c1 = Y R,
// e1, Y an isometry; C = [-c1, nu], and the matrix to be written as a commutator
// is U(-u) C^-1 R1 U(v) = [[g, 0], [w, tau]], where u is zero or a unit vector
// and g = Ug diag(h) Vg^T. There is no nu, u, v, w, tau if q = p
// (PROOFS.md, section 5.4).
type straightened struct {
	p, q       int
	x0         *mat.Dense // q x p
	a, b       *mat.Dense
	c1, e1     *mat.Dense
	c1inv      *mat.Dense // p x q, left inverse that vanishes on nu
	rmin, rmax float64    // extreme singular values of R
	nu         *mat.Dense // q x 1
	u, v       *mat.Dense // p x 1
	w          *mat.Dense // 1 x p
	tau        float64
	h          []float64  // p entries, the last one negative if det(Ug Vg^T) < 0
	ug         *mat.Dense // p x p
	y, f       *mat.Dense // p x p: y0, a rotation by half angles, and f, a reflection: [f, y0] undoes the rotation in g
}

func newStraightened(m *mat.Dense, p int) (*straightened, error) {
	n, _ := m.Dims()
	a, b, c, e := numeric.Cut(m, p)
	s := &straightened{p: p, q: n - p, a: a, b: b, tau: 1}
	if err := s.first(m.Slice(0, n, 0, p)); err != nil {
		return nil, err
	}
	// M1 = L(X0) M, and R1 is made of the lower blocks of M1^-1 = M^-1 L(-X0).
	s.c1, s.e1 = numeric.Sum(numeric.Product(s.x0, a), c), numeric.Sum(numeric.Product(s.x0, b), e)
	var inv mat.Dense
	if err := inv.Inverse(m); singular(err) {
		return nil, fault.ErrPrecision
	}
	_, _, r, sm := numeric.Cut(&inv, p)
	r1 := numeric.Minus(r, numeric.Product(sm, s.x0))
	g := numeric.Scaled(-1, numeric.Product(s.c1inv, r1)) // the first p rows and columns of C^-1 R1
	if s.q > p {
		var err error
		if g, err = s.odd(g, r1, sm); err != nil {
			return nil, err
		}
	}
	return s, s.polar(g)
}

// polar writes g = Ug diag(h) Ug^T O with O in SO(p), after h takes the sign of O, and
// undoes O.
func (s *straightened) polar(g *mat.Dense) error {
	ug, h, vg, err := numeric.SVD(g, false)
	if err != nil {
		return err
	}
	s.ug, s.h = ug, h
	o := numeric.Product(ug, vg.T())
	if numeric.DetSign(o) < 0 {
		h[s.p-1] = -h[s.p-1]
		numeric.FlipLast(vg)
		o = numeric.Product(ug, vg.T())
	}
	return s.unrotate(o)
}

// singular reports whether err is gonum's for an exactly singular matrix; for an
// ill-conditioned one it has an answer all the same.
func singular(err error) bool {
	var c mat.Condition
	return err != nil && (!errors.As(err, &c) || math.IsInf(float64(c), 1))
}

// first sets x0, c1inv, nu, rmin and rmax from the first p columns of M, [a; c] = Q R:
// with Qc = Up S V^T, Y = Up V^T and X0 = Up (1 + S)^-1 V^T Qa^T.
func (s *straightened) first(cols mat.Matrix) error {
	n, p := cols.Dims()
	u, r, v, err := numeric.SVD(cols, true)
	if err != nil {
		return err
	}
	s.rmax, s.rmin = r[0], r[p-1]
	iso := numeric.Product(u, v.T())
	qa, qc := mat.DenseCopyOf(iso.Slice(0, p, 0, p)), iso.Slice(p, n, 0, p)
	uc, sc, vc, err := numeric.SVD(qc, false)
	if err != nil {
		return err
	}
	up := mat.DenseCopyOf(uc.Slice(0, s.q, 0, p))
	y := numeric.Product(up, vc.T())
	up.Apply(func(_, j int, x float64) float64 { return x / (1 + sc[j]) }, up)
	s.x0 = numeric.ToGrid(numeric.Product(up, vc.T(), qa.T()))
	if s.q > p {
		s.nu = mat.DenseCopyOf(uc.Slice(0, s.q, p, s.q))
	}
	// R^-1 Y^T = V diag(1/r) V^T Y^T.
	rinv := mat.DenseCopyOf(v)
	rinv.Apply(func(_, j int, x float64) float64 { return x / r[j] }, rinv)
	s.c1inv = numeric.Product(rinv, v.T(), y.T())
	return nil
}

// odd sets u, v, w, tau from G = C^-1 [r1, rho], rho = s nu, whose leading p x p
// block is g11, and returns g = g11 - u w.
func (s *straightened) odd(g11, r1, sm *mat.Dense) (*mat.Dense, error) {
	p, q := s.p, s.q
	rho := numeric.Product(sm, s.nu)
	s.w = numeric.Product(numeric.Transposed(s.nu), r1)
	g12 := numeric.Scaled(-1, numeric.Product(s.c1inv, rho))
	g22 := mat.Dot(s.nu.ColView(0), rho.ColView(0))

	full, inv := mat.NewDense(q, q, nil), new(mat.Dense)
	full.Slice(0, p, 0, p).(*mat.Dense).Copy(g11)
	full.Slice(0, p, p, q).(*mat.Dense).Copy(g12)
	full.Slice(p, q, 0, p).(*mat.Dense).Copy(s.w)
	full.Set(p, p, g22)
	if err := inv.Inverse(full); singular(err) {
		return nil, fault.ErrPrecision
	}
	// 1/tau = t0 + k u, [k, t0] the last row of G^-1.
	t0, norm := inv.At(p, p), 0.0
	for j := range p {
		norm = math.Hypot(norm, inv.At(p, j))
	}
	s.u = mat.NewDense(p, 1, nil)
	s.tau = 1 / t0
	if math.Abs(t0) < norm {
		sign := math.Copysign(1, t0)
		for j := range p {
			s.u.Set(j, 0, sign*inv.At(p, j)/norm)
		}
		s.tau = 1 / (t0 + sign*norm)
	}
	// v = -g^-1 (g12 - u g22) = ((G^-1)_12 + (G^-1)_11 u) tau.
	i11, i12, _, _ := numeric.Cut(inv, p)
	s.v = numeric.Scaled(s.tau, numeric.Sum(numeric.Product(i11, s.u), i12))
	return numeric.Minus(g11, numeric.Product(s.u, s.w)), nil
}

// unrotate sets y and f in terms of the planes of O^T in SO(p): rotations by
// minus half the angles, and reflections, so that O^T = f y f^-1 y^-1.
func (s *straightened) unrotate(o *mat.Dense) error {
	t, z, err := numeric.RealSchur(numeric.Transposed(o))
	if err != nil {
		return err
	}
	planes, _ := numeric.RotationPlanes(t)
	y, f := mat.NewDense(s.p, s.p, nil), mat.NewDense(s.p, s.p, nil)
	for i := range s.p {
		y.Set(i, i, 1)
		f.Set(i, i, 1)
	}
	for _, pl := range planes {
		cos, sin := math.Cos(pl.Angle/2), math.Sin(pl.Angle/2)
		y.Set(pl.I, pl.I, cos)
		y.Set(pl.J, pl.I, -sin)
		y.Set(pl.I, pl.J, sin)
		y.Set(pl.J, pl.J, cos)
		f.Set(pl.J, pl.J, -1)
	}
	s.y = numeric.Product(z, y, z.T())
	s.f = numeric.Product(z, f, z.T())
	return nil
}
