package constructions

import (
	"flowproof/coupling"
	"flowproof/exactmath"
)

// SixFrom returns a flow whose product is exactly the target, of determinant >
// 0, on a partition whose parts differ by at most one coordinate, in six layers
// of alternating kinds:
//
//	M = L U L U L U  for leftmost = coupling.Lower,
//	M = U L U L U L  for leftmost = coupling.Upper,
//
// fewer where some of them are the identity. All arithmetic is rational, all
// layers additive but the last, which carries a positive diagonal of determinant
// det M. PROOFS.md, theorem 2.8.
//
// Errors: *ShapeError, ErrPartition, ErrSingular, ErrOrientation.
func SixFrom(target exactmath.Matrix, part coupling.Partition, leftmost coupling.Kind) (*coupling.Flow, error) {
	m, err := newLinear(target, part)
	if err != nil {
		return nil, err
	}
	if m.q-m.p > 1 {
		return nil, ErrPartition
	}
	if m.swapped {
		leftmost = other(leftmost)
	}
	return m.flow(m.six(leftmost))
}

func (m *linear) six(leftmost coupling.Kind) []qfactor {
	n, d := m.normalise(other(leftmost))
	if leftmost == coupling.Lower {
		return scaleLast(n.six0(), d)
	}
	inv, _ := n.whole().inverse()
	return scaleLast(inverted(n.with(inv).six0()), d)
}

// six0 returns L U L U L U for determinant 1: five factors after the step that
// makes c injective.
func (m *linear) six0() []qfactor {
	x0 := m.firstStep()
	n := *m
	n.c, n.e = m.c.add(x0.mul(m.a)), m.e.add(x0.mul(m.b))
	return append([]qfactor{{kind: coupling.Lower, x: x0.neg()}}, n.five0()...)
}

// firstStep returns X0 (q x p), a partial permutation of rank p - rank c, such
// that c + X0 a is injective. PROOFS.md, lemma 2.7.
func (m *linear) firstStep() *qmat {
	x0 := newQ(m.q, m.p)
	kernel := m.c.kernel()
	if kernel.cols == 0 {
		return x0
	}
	free := complement(m.q, m.c.pivotRows())
	for k, j := range m.a.mul(kernel).pivotRows() {
		x0.at(free[k], j).SetInt64(1)
	}
	return x0
}
