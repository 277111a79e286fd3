package constructions

import (
	"fmt"
	"math/big"

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
// rank, q = p or p + 1. PROOFS.md, lemma 2.2 and theorem 2.6.
func (m *linear) five0() []qfactor {
	p, q := m.p, m.q
	inv, _ := m.whole().inverse()
	r := inv.block(p, m.n(), 0, p)
	bigC, bigR := m.c.neg(), r
	var k commutator
	if q == p {
		g, _ := bigC.solve(bigR)
		k = commute(g)
	} else {
		// nu' makes C invertible; nu^T is the last row of C^-1, rho has nu^T e rho = 1.
		bigC = completeBasis(bigC)
		cinv, _ := bigC.inverse()
		y := cinv.block(p, q, 0, q).mul(m.e)
		j := firstNonZero(y)
		bigR = bigR.beside(qUnit(q, j).scale(new(big.Rat).Inv(y.rat(0, j))))
		bigC, bigR = border(bigC, bigR)
		g, _ := bigC.solve(bigR)
		k = commuteBordered(g.block(0, p, 0, p), g.block(p, q, 0, p), g.rat(p, p))
	}
	return m.fiveFrom(bigC, k)
}

func firstNonZero(y *qmat) int {
	for j := range y.num {
		if y.num[j].Sign() != 0 {
			return j
		}
	}
	return 0
}

// border changes the last columns of C and R, which are free up to C u and R v,
// so that G = C^-1 R = [[g, 0], [w, t]], with t = 1 unless w = 0.
func border(bigC, bigR *qmat) (*qmat, *qmat) {
	q := bigC.rows
	p := q - 1
	ginv, _ := bigR.solve(bigC)
	z := ginv.block(p, q, 0, q) // det of the leading block becomes z_q + z' u
	if j := firstNonZero(z); j < p {
		u := new(big.Rat).SetInt64(1)
		u.Sub(u, z.rat(0, p)).Quo(u, z.rat(0, j))
		bigC = addColumn(bigC, p, j, u)
	}
	g, _ := bigC.solve(bigR)
	v, _ := g.block(0, p, 0, p).solve(g.block(0, p, p, q).neg())
	for j := range p {
		bigR = addColumn(bigR, p, j, v.rat(j, 0))
	}
	return bigC, bigR
}

// addColumn returns x with u times column j added to column to.
func addColumn(x *qmat, to, j int, u *big.Rat) *qmat {
	shear := qIdentity(x.cols)
	return x.mul(shear.add(qUnit(x.cols, j).scale(u).mul(qUnit(x.cols, to).transpose())))
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
