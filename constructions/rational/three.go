package rational

import (
	"math/big"

	"flowproof/constructions/internal/blocks"
	"flowproof/constructions/internal/ratmat"
	"flowproof/coupling"
)

// two returns M as U L, nil if it is not: e and a - b e^-1 c must be positive
// diagonals.
func two(m *blocks.Map) []blocks.Layer {
	d2, ok := m.E.Diagonal()
	if !ok {
		return nil
	}
	einv, _ := m.E.Inverse()
	x := m.B.Mul(einv)
	d1, ok := m.A.Sub(x.Mul(m.C)).Diagonal()
	if !ok {
		return nil
	}
	return []blocks.Layer{{Kind: coupling.Upper, X: x, Scale: d1}, {Kind: coupling.Lower, X: m.C, Scale: d2}}
}

// three returns M as U(X) L(Y, D2) U(Z, D1), nil if no such form was found. It
// must have c = -D2 r D1, r the lower left block of M^-1; then Y = c D1^-1 and
//
//	c D1^-1 Z = e - D2,   X c = a - D1,   a D1^-1 Z + X D2 = b
//
// are linear equations for X and Z.
func three(m *blocks.Map) []blocks.Layer {
	inv, _ := m.Whole().Inverse()
	d1, d2, ok := middleScales(m, inv.Block(m.P, m.Dim(), 0, m.P))
	if !ok {
		return nil
	}
	s1, s2 := ratmat.Diag(d1), ratmat.Diag(d2)
	s2inv, _ := s2.Inverse()
	z, ok := m.C.Particular(m.E.Sub(s2)) // D1^-1 Z, up to the kernel of c
	if !ok {
		return nil
	}
	if kernel := m.C.Kernel(); kernel.Cols > 0 {
		c2 := s2inv.Mul(m.C)
		rest := m.B.Sub(m.A.Mul(z)).Mul(c2).Sub(m.A).Add(s1) // a kernel u c2
		u, ok := m.A.Mul(kernel).Particular(rest)
		if !ok {
			return nil
		}
		if u, ok = c2.Transpose().Particular(u.Transpose()); !ok {
			return nil
		}
		z = z.Add(kernel.Mul(u.Transpose()))
	}
	x := m.B.Sub(m.A.Mul(z)).Mul(s2inv)
	y, _ := s1.Inverse()
	return []blocks.Layer{{Kind: coupling.Upper, X: x}, {Kind: coupling.Lower, X: m.C.Mul(y), Scale: d2}, {Kind: coupling.Upper, X: s1.Mul(z), Scale: d1}}
}

// middleScales returns positive D1, D2 with c = -D2 r D1 that agree with y^T e =
// y^T D2 for y^T c = 0 and a x = D1 x for c x = 0. What these leave open is set to
// 1 at one place of each connected part of the pattern of c.
func middleScales(m *blocks.Map, r *ratmat.Matrix) (d1, d2 []*big.Rat, ok bool) {
	left := m.C.Transpose().Kernel()
	d2, ok = forced(left, m.E.Transpose().Mul(left))
	if !ok {
		return nil, nil, false
	}
	right := m.C.Kernel()
	if d1, ok = forced(right, m.A.Mul(right)); !ok {
		return nil, nil, false
	}
	ratio := func(i, j int) (*big.Rat, bool) { // D2_i D1_j
		if m.C.At(i, j).Sign()*r.At(i, j).Sign() >= 0 {
			return nil, m.C.At(i, j).Sign() == 0 && r.At(i, j).Sign() == 0
		}
		v := new(big.Rat).Quo(m.C.Rat(i, j), r.Rat(i, j))
		return v.Neg(v), true
	}
	for j := range d1 {
		if !spread(m, d1, d2, ratio) {
			return nil, nil, false
		}
		if d1[j] == nil {
			d1[j] = big.NewRat(1, 1)
		}
	}
	return d1, d2, spread(m, d1, d2, ratio)
}

// forced returns the d with d_i v_ij = image_ij, nil where every v_ij is 0; false
// if there is none that is positive.
func forced(v, image *ratmat.Matrix) ([]*big.Rat, bool) {
	d := make([]*big.Rat, v.Rows)
	for i := range d {
		for j := range v.Cols {
			if v.At(i, j).Sign() != 0 {
				d[i] = new(big.Rat).Quo(image.Rat(i, j), v.Rat(i, j))
			}
		}
		for j := range v.Cols {
			w := new(big.Rat)
			if d[i] != nil {
				w.Mul(d[i], v.Rat(i, j))
			}
			if w.Cmp(image.Rat(i, j)) != 0 || d[i] != nil && d[i].Sign() <= 0 {
				return nil, false
			}
		}
	}
	return d, true
}

// spread fills in the scales that follow from those already known, false where
// signs disagree. Ratios that disagree are left to the final comparison.
func spread(m *blocks.Map, d1, d2 []*big.Rat, ratio func(i, j int) (*big.Rat, bool)) bool {
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
