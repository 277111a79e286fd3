package rational

import (
	"fmt"

	"flowproof/constructions/internal/blocks"
	"flowproof/constructions/internal/ratmat"
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
//
// Statement: five-full-rank (proofs/rational.md).
func Five(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	m, err := blocks.NewBalanced(target, part)
	if err != nil {
		return nil, err
	}
	if fs, ok := five(m); ok {
		return m.Flow(fs)
	}
	return nil, &FiveError{m.C.Rank(), m.B.Rank(), m.P}
}

// five returns U L U L U if c has full column rank, L U L U L if b has full row
// rank, false otherwise. The parts must differ by at most one coordinate.
func five(m *blocks.Map) ([]blocks.Layer, bool) {
	if m.C.Injective() {
		n, d := m.Normalise(coupling.Upper)
		return blocks.ScaleLast(five0(n), d), true
	}
	if m.B.Transpose().Injective() {
		n, d := m.Normalise(coupling.Lower)
		return blocks.ScaleLast(blocks.Transposed(five0(n.Transpose())), d), true
	}
	return nil, false
}

// five0 returns the weights of U L U L U for determinant 1, c of full column
// rank, and q = p, or q = p + 1, or q <= 2p and [c, r] of rank q, r the lower
// left block of the inverse. PROOFS.md, lemma 2.2 and theorem 2.6.
func five0(m *blocks.Map) []blocks.Layer {
	p, q := m.P, m.Q
	inv, _ := m.Whole().Inverse()
	bigC, bigR := m.C.Neg(), inv.Block(p, m.Dim(), 0, p)
	if q == p {
		g, _ := bigC.Solve(bigR)
		return fiveFrom(m, bigC, commute(g))
	}
	// nu' makes C invertible, nu^T is made of the last rows of C^-1, nu^T e rho = I.
	bigC = completeBasis(bigC)
	cinv, _ := bigC.Inverse()
	y := cinv.Block(p, q, 0, q).Mul(m.E)
	rho, _ := y.Particular(ratmat.Identity(q - p))
	bigC, bigR = border(bigC, bigR.Beside(rho), p)
	g, _ := bigC.Solve(bigR)
	return fiveFrom(m, bigC, commuteBordered(g.Block(0, p, 0, p), g.Block(p, q, 0, p), g.Rat(p, p)))
}

// border changes nu' and rho, which are free up to c u and r v, so that G = C^-1 R
// = [[g, 0], [w, t]], g of size p x p. If w has full row rank t = I; if w = 0 and q
// = p + 1, t is a number.
func border(bigC, bigR *ratmat.Matrix, p int) (*ratmat.Matrix, *ratmat.Matrix) {
	q := bigC.Rows
	ginv, _ := bigR.Solve(bigC)
	z, t := ginv.Block(p, q, 0, p), ginv.Block(p, q, p, q) // t becomes t + z u
	if u, ok := z.Particular(ratmat.Identity(q - p).Sub(t)); ok {
		bigC = bigC.Mul(shear(u))
	}
	g, _ := bigC.Solve(bigR)
	v, _ := g.Block(0, p, 0, p).Solve(g.Block(0, p, p, q).Neg())
	return bigC, bigR.Mul(shear(v))
}

// shear returns [[I, u], [0, I]].
func shear(u *ratmat.Matrix) *ratmat.Matrix {
	return ratmat.Identity(u.Rows).Beside(u).Above(ratmat.New(u.Cols, u.Rows).Beside(ratmat.Identity(u.Cols)))
}

// fiveFrom returns the weights that a commutator gives: with B = C P and W = B
// diag(A, 1) B^-1, A = h^-1.
func fiveFrom(m *blocks.Map, bigC *ratmat.Matrix, k commutator) []blocks.Layer {
	p, q := m.P, m.Q
	sinv, _ := k.s.Inverse()
	ainv := k.h
	a, _ := ainv.Inverse()
	b := bigC.Mul(k.p)
	binv, _ := b.Inverse()
	pad := ratmat.Identity(q - p)
	w := b.MulAll(a.Direct(pad), binv)
	winv := b.MulAll(ainv.Direct(pad), binv)
	x2 := b.Block(0, q, 0, p).Mul(sinv)
	x3 := k.s.MulAll(a.Sub(ratmat.Identity(p)), binv.Block(0, p, 0, q))
	x5, _ := bigC.Solve(w.Sub(m.E))
	x5 = x5.Block(0, p, 0, q)
	x4 := winv.Mul(m.C.Sub(x2))
	x1 := m.B.Sub(m.A.Mul(x5)).Sub(x3).Mul(winv)
	return blocks.Alternate(coupling.Upper, x1, x2, x3, x4, x5)
}
