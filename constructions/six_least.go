package constructions

import (
	"math/big"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// Six returns a flow of at most six layers (at most four if n = 2) whose product
// is exactly the target, of determinant > 0, on a partition whose parts differ
// by at most one coordinate: the shallowest of the closed forms that apply.
// PROOFS.md, theorem 2.8 and section 2.4:
//
//	depth 0, 1, 2  exactly when so few layers suffice;
//	depth 3        if the scales that U L U forces follow from its blocks, or all scales 1 fit;
//	depth 4        if the two blocks that U L U L ties together are similar after an end scale that is tried;
//	depth 5        if c or b has full rank;
//	depth 6        always.
//
// All arithmetic is rational. Errors: *ShapeError, ErrPartition, ErrSingular,
// ErrOrientation.
func Six(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	m, err := newLinear(target, part)
	if err != nil {
		return nil, err
	}
	if m.q-m.p > 1 {
		return nil, ErrPartition
	}
	if f, err := m.atMostFour(); f != nil || err != nil {
		return f, err
	}
	if fs, ok := m.five(); ok {
		return m.flow(fs)
	}
	return m.flow(m.six(coupling.Lower))
}

// atMostFour returns a flow of at most four layers, nil if no closed form was
// found. It works for parts of any sizes.
func (m *linear) atMostFour() (*coupling.Flow, error) {
	for _, form := range []func(*linear) []qfactor{(*linear).one, (*linear).two, (*linear).three, (*linear).four} {
		for _, o := range []*linear{m, m.rename()} {
			if fs := form(o); fs != nil && o.compose(fs).equal(o.whole()) {
				return o.flow(fs)
			}
		}
	}
	return nil, nil
}

// rename returns the same map with the names of the parts swapped; then p may
// exceed q.
func (m *linear) rename() *linear {
	return &linear{m.q, m.p, m.e, m.c, m.b, m.a, m.part, !m.swapped}
}

// compose returns the product of the factors in block order.
func (m *linear) compose(fs []qfactor) *qmat {
	x := qIdentity(m.n())
	for _, f := range fs {
		x = x.mul(m.factorMatrix(f))
	}
	return x
}

func (m *linear) factorMatrix(f qfactor) *qmat {
	size := m.p
	if f.kind == coupling.Lower {
		size = m.q
	}
	d := qIdentity(size)
	if f.scale != nil {
		d = qDiag(f.scale)
	}
	if f.kind == coupling.Upper {
		return d.beside(f.x).above(newQ(m.q, m.p).beside(qIdentity(m.q)))
	}
	return qIdentity(m.p).beside(newQ(m.p, m.q)).above(f.x.beside(d))
}

// one returns M as U, nil if it is not.
func (m *linear) one() []qfactor {
	if d, ok := m.a.diagonal(); ok && m.c.isZero() && m.e.equal(qIdentity(m.q)) {
		return []qfactor{{coupling.Upper, m.b, d}}
	}
	return nil
}

// two returns M as U L, nil if it is not: e and a - b e^-1 c must be positive
// diagonals.
func (m *linear) two() []qfactor {
	d2, ok := m.e.diagonal()
	if !ok {
		return nil
	}
	einv, _ := m.e.inverse()
	x := m.b.mul(einv)
	d1, ok := m.a.sub(x.mul(m.c)).diagonal()
	if !ok {
		return nil
	}
	return []qfactor{{coupling.Upper, x, d1}, {coupling.Lower, m.c, d2}}
}

// three returns M as U(X) L(Y, D2) U(Z, D1), nil if no such form was found. It
// must have c = -D2 r D1, r the lower left block of M^-1; then Y = c D1^-1 and
//
//	c D1^-1 Z = e - D2,   X c = a - D1,   a D1^-1 Z + X D2 = b
//
// are linear equations for X and Z.
func (m *linear) three() []qfactor {
	inv, _ := m.whole().inverse()
	d1, d2, ok := m.middleScales(inv.block(m.p, m.n(), 0, m.p))
	if !ok {
		return nil
	}
	s1, s2 := qDiag(d1), qDiag(d2)
	s2inv, _ := s2.inverse()
	z, ok := m.c.particular(m.e.sub(s2)) // D1^-1 Z, up to the kernel of c
	if !ok {
		return nil
	}
	if kernel := m.c.kernel(); kernel.cols > 0 {
		c2 := s2inv.mul(m.c)
		rest := m.b.sub(m.a.mul(z)).mul(c2).sub(m.a).add(s1) // a kernel u c2
		u, ok := m.a.mul(kernel).particular(rest)
		if !ok {
			return nil
		}
		if u, ok = c2.transpose().particular(u.transpose()); !ok {
			return nil
		}
		z = z.add(kernel.mul(u.transpose()))
	}
	x := m.b.sub(m.a.mul(z)).mul(s2inv)
	y, _ := s1.inverse()
	return []qfactor{{kind: coupling.Upper, x: x}, {coupling.Lower, m.c.mul(y), d2}, {coupling.Upper, s1.mul(z), d1}}
}

// particular returns some y with x y = rhs, false if there is none.
func (x *qmat) particular(rhs *qmat) (*qmat, bool) {
	aug := x.beside(rhs)
	e := eliminate(aug.num, aug.rows, aug.cols, x.cols)
	y := newQ(x.cols, rhs.cols)
	for i := range aug.rows {
		for j := range rhs.cols {
			v := &aug.num[i*aug.cols+x.cols+j]
			if i < len(e.cols) {
				y.at(e.cols[i], j).Set(v)
			} else if v.Sign() != 0 {
				return nil, false
			}
		}
	}
	y.den.Set(&e.det)
	return y.lowest(), true
}

// middleScales returns positive D1, D2 with c = -D2 r D1 that agree with y^T e =
// y^T D2 for y^T c = 0 and a x = D1 x for c x = 0. What these leave open is set to
// 1 at one place of each connected part of the pattern of c.
func (m *linear) middleScales(r *qmat) (d1, d2 []*big.Rat, ok bool) {
	left := m.c.transpose().kernel()
	d2, ok = forced(left, m.e.transpose().mul(left))
	if !ok {
		return nil, nil, false
	}
	right := m.c.kernel()
	if d1, ok = forced(right, m.a.mul(right)); !ok {
		return nil, nil, false
	}
	ratio := func(i, j int) (*big.Rat, bool) { // D2_i D1_j
		if m.c.at(i, j).Sign()*r.at(i, j).Sign() >= 0 {
			return nil, m.c.at(i, j).Sign() == 0 && r.at(i, j).Sign() == 0
		}
		v := new(big.Rat).Quo(m.c.rat(i, j), r.rat(i, j))
		return v.Neg(v), true
	}
	for j := range d1 {
		if !m.spread(d1, d2, ratio) {
			return nil, nil, false
		}
		if d1[j] == nil {
			d1[j] = big.NewRat(1, 1)
		}
	}
	return d1, d2, m.spread(d1, d2, ratio)
}

// forced returns the d with d_i v_ij = image_ij, nil where every v_ij is 0; false
// if there is none that is positive.
func forced(v, image *qmat) ([]*big.Rat, bool) {
	d := make([]*big.Rat, v.rows)
	for i := range d {
		for j := range v.cols {
			if v.at(i, j).Sign() != 0 {
				d[i] = new(big.Rat).Quo(image.rat(i, j), v.rat(i, j))
			}
		}
		for j := range v.cols {
			w := new(big.Rat)
			if d[i] != nil {
				w.Mul(d[i], v.rat(i, j))
			}
			if w.Cmp(image.rat(i, j)) != 0 || d[i] != nil && d[i].Sign() <= 0 {
				return nil, false
			}
		}
	}
	return d, true
}

// spread fills in the scales that follow from those already known, false where
// signs disagree. Ratios that disagree are left to the final comparison.
func (m *linear) spread(d1, d2 []*big.Rat, ratio func(i, j int) (*big.Rat, bool)) bool {
	for changed := true; changed; {
		changed = false
		for i := range d2 {
			for j := range d1 {
				v, ok := ratio(i, j)
				if !ok {
					return false
				}
				if v == nil || (d2[i] == nil) == (d1[j] == nil) {
					continue
				}
				changed = true
				if d2[i] == nil {
					d2[i] = v.Quo(v, d1[j])
				} else {
					d1[j] = v.Quo(v, d2[i])
				}
			}
		}
	}
	return true
}
