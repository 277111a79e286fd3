package constructions

import (
	"fmt"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// FiveError reports a map to which the closed form with five layers does not
// apply: both off-diagonal blocks lack full rank.
type FiveError struct {
	RankC, RankB, Want int // ranks of the blocks c and b; the size of the smaller part
}

func (e *FiveError) Error() string {
	return fmt.Sprintf("no closed form with five layers: the off-diagonal blocks have rank %d and %d, want %d for one of them", e.RankC, e.RankB, e.Want)
}

// Five returns a flow of at most five layers whose product is exactly the
// target, M = [[a, b], [c, e]] in block order, det M > 0, for a partition whose
// parts differ by at most one coordinate. With the smaller part first (p <= q):
//
//	M = U L U L U  if c (q x p) has rank p,
//	M = L U L U L  if b (p x q) has rank p.
//
// All arithmetic is rational, all layers additive but the last, which carries a
// positive diagonal of determinant det M. PROOFS.md, theorem 2.6.
//
// Errors: *ShapeError, ErrPartition, ErrSingular, ErrOrientation; *FiveError if
// neither block has rank p.
func Five(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	m, err := newLinear(target, part)
	if err != nil {
		return nil, err
	}
	if m.q-m.p > 1 {
		return nil, ErrPartition
	}
	if fs, ok := m.five(); ok {
		return m.flow(fs)
	}
	return nil, &FiveError{m.c.rank(), m.b.rank(), m.p}
}

// five returns U L U L U if c has full column rank, L U L U L if b has full row
// rank, false otherwise. The parts must differ by at most one coordinate.
func (m *linear) five() ([]qfactor, bool) {
	if m.c.injective() {
		n, d := m.normalise(coupling.Upper)
		return scaleLast(n.five0(), d), true
	}
	if m.b.transpose().injective() {
		n, d := m.normalise(coupling.Lower)
		return scaleLast(transposed(n.transpose().five0()), d), true
	}
	return nil, false
}

// five0 returns the weights of U L U L U for determinant 1, c of full column
// rank, and q = p, or q = p + 1, or q <= 2p and [c, r] of rank q, r the lower
// left block of the inverse. PROOFS.md, lemma 2.2 and theorem 2.6.
func (m *linear) five0() []qfactor {
	p, q := m.p, m.q
	inv, _ := m.whole().inverse()
	bigC, bigR := m.c.neg(), inv.block(p, m.n(), 0, p)
	if q == p {
		g, _ := bigC.solve(bigR)
		return m.fiveFrom(bigC, commute(g))
	}
	// nu' makes C invertible, nu^T is made of the last rows of C^-1, nu^T e rho = I.
	bigC = completeBasis(bigC)
	cinv, _ := bigC.inverse()
	y := cinv.block(p, q, 0, q).mul(m.e)
	rho, _ := y.particular(qIdentity(q - p))
	bigC, bigR = border(bigC, bigR.beside(rho), p)
	g, _ := bigC.solve(bigR)
	return m.fiveFrom(bigC, commuteBordered(g.block(0, p, 0, p), g.block(p, q, 0, p), g.rat(p, p)))
}

// border changes nu' and rho, which are free up to c u and r v, so that G = C^-1 R
// = [[g, 0], [w, t]], g of size p x p. If w has full row rank t = I; if w = 0 and q
// = p + 1, t is a number.
func border(bigC, bigR *qmat, p int) (*qmat, *qmat) {
	q := bigC.rows
	ginv, _ := bigR.solve(bigC)
	z, t := ginv.block(p, q, 0, p), ginv.block(p, q, p, q) // t becomes t + z u
	if u, ok := z.particular(qIdentity(q - p).sub(t)); ok {
		bigC = bigC.mul(shear(u))
	}
	g, _ := bigC.solve(bigR)
	v, _ := g.block(0, p, 0, p).solve(g.block(0, p, p, q).neg())
	return bigC, bigR.mul(shear(v))
}

// shear returns [[I, u], [0, I]].
func shear(u *qmat) *qmat {
	return qIdentity(u.rows).beside(u).above(newQ(u.cols, u.rows).beside(qIdentity(u.cols)))
}

// fiveFrom returns the weights that a commutator gives: with B = C P and W = B
// diag(A, 1) B^-1, A = h^-1.
func (m *linear) fiveFrom(bigC *qmat, k commutator) []qfactor {
	p, q := m.p, m.q
	sinv, _ := k.s.inverse()
	ainv := k.h
	a, _ := ainv.inverse()
	b := bigC.mul(k.p)
	binv, _ := b.inverse()
	pad := qIdentity(q - p)
	w := b.mulAll(a.direct(pad), binv)
	winv := b.mulAll(ainv.direct(pad), binv)
	x2 := b.block(0, q, 0, p).mul(sinv)
	x3 := k.s.mulAll(a.sub(qIdentity(p)), binv.block(0, p, 0, q))
	x5, _ := bigC.solve(w.sub(m.e))
	x5 = x5.block(0, p, 0, q)
	x4 := winv.mul(m.c.sub(x2))
	x1 := m.b.sub(m.a.mul(x5)).sub(x3).mul(winv)
	return alternate(coupling.Upper, x1, x2, x3, x4, x5)
}
