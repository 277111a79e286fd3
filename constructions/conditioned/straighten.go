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
	q := n - p
	s := &straightened{p: p, q: q}
	s.a, s.b = mat.DenseCopyOf(m.Slice(0, p, 0, p)), mat.DenseCopyOf(m.Slice(0, p, p, n))
	c, e := mat.DenseCopyOf(m.Slice(p, n, 0, p)), mat.DenseCopyOf(m.Slice(p, n, p, n))

	if err := s.first(m.Slice(0, n, 0, p)); err != nil {
		return nil, err
	}
	s.c1 = numeric.Product(s.x0, s.a)
	s.c1.Add(s.c1, c)
	s.e1 = numeric.Product(s.x0, s.b)
	s.e1.Add(s.e1, e)

	var inv mat.Dense
	if err := inv.Inverse(m); singular(err) {
		return nil, fault.ErrPrecision
	}
	sm := mat.DenseCopyOf(inv.Slice(p, n, p, n))
	r1 := numeric.Product(sm, s.x0)
	r1.Sub(inv.Slice(p, n, 0, p), r1)

	g := numeric.Product(mat.DenseCopyOf(s.c1inv), r1) // minus the first p rows and columns of C^-1 R1
	g.Scale(-1, g)
	s.tau = 1
	if q > p {
		var err error
		if g, err = s.odd(g, r1, sm); err != nil {
			return nil, err
		}
	}
	var svd mat.SVD
	if !svd.Factorize(g, mat.SVDFull) {
		return nil, fault.ErrNoConvergence
	}
	s.ug = new(mat.Dense)
	var vg mat.Dense
	svd.UTo(s.ug)
	svd.VTo(&vg)
	s.h = svd.Values(nil)
	// g = Ug diag(h) Ug^T O with O in SO(p), after h takes the sign of O.
	o := numeric.Product(s.ug, vg.T())
	if numeric.DetSign(o) < 0 {
		s.h[p-1] = -s.h[p-1]
		numeric.FlipLast(&vg)
		o = numeric.Product(s.ug, vg.T())
	}
	return s, s.unrotate(o)
}

// singular reports whether err is gonum's for an exactly singular matrix; for an
// ill-conditioned one it has an answer all the same.
func singular(err error) bool {
	var c mat.Condition
	return err != nil && (!errors.As(err, &c) || math.IsInf(float64(c), 1))
}

// first sets x0, c1inv, nu, rmin and rmax from the first p columns of M.
func (s *straightened) first(cols mat.Matrix) error {
	n, p := cols.Dims()
	var svd mat.SVD
	if !svd.Factorize(cols, mat.SVDThin) {
		return fault.ErrNoConvergence
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	sv := svd.Values(nil)
	s.rmax, s.rmin = sv[0], sv[p-1]
	iso := numeric.Product(&u, v.T())
	qa, qc := mat.DenseCopyOf(iso.Slice(0, p, 0, p)), iso.Slice(p, n, 0, p)
	var svd2 mat.SVD
	if !svd2.Factorize(qc, mat.SVDFull) {
		return fault.ErrNoConvergence
	}
	var uc, vc mat.Dense
	svd2.UTo(&uc)
	svd2.VTo(&vc)
	sc := svd2.Values(nil)
	up := mat.DenseCopyOf(uc.Slice(0, s.q, 0, p))
	y := numeric.Product(up, vc.T())
	up.Apply(func(_, j int, x float64) float64 { return x / (1 + sc[j]) }, up)
	s.x0 = numeric.ToGrid(numeric.Product(up, vc.T(), qa.T()))
	if s.q > p {
		s.nu = mat.DenseCopyOf(uc.Slice(0, s.q, p, s.q))
	}
	// R^-1 Y^T = V S^-1 V^T Y^T.
	rinv := mat.DenseCopyOf(&v)
	rinv.Apply(func(_, j int, x float64) float64 { return x / sv[j] }, rinv)
	s.c1inv = numeric.Product(rinv, v.T(), y.T())
	return nil
}

// odd sets u, v, w, tau from G = C^-1 [r1, rho], rho = s nu, whose leading p x p
// block is g11, and returns g = g11 - u w.
func (s *straightened) odd(g11, r1, sm *mat.Dense) (*mat.Dense, error) {
	p, q := s.p, s.q
	rho := numeric.Product(sm, s.nu)
	s.w = numeric.Product(mat.DenseCopyOf(s.nu.T()), r1)
	g12 := numeric.Product(s.c1inv, rho)
	g12.Scale(-1, g12)
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
	g := numeric.Product(s.u, s.w)
	g.Sub(g11, g)
	// v = -g^-1 (g12 - u g22) = ((G^-1)_12 + (G^-1)_11 u) tau.
	s.v = numeric.Product(mat.DenseCopyOf(inv.Slice(0, p, 0, p)), s.u)
	s.v.Add(s.v, inv.Slice(0, p, p, q))
	s.v.Scale(s.tau, s.v)
	return g, nil
}

// unrotate sets y and f in terms of the planes of O^T in SO(p): rotations by
// minus half the angles, and reflections, so that O^T = f y f^-1 y^-1.
func (s *straightened) unrotate(o *mat.Dense) error {
	t, z, err := numeric.RealSchur(mat.DenseCopyOf(o.T()))
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
