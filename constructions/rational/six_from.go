package rational

import (
	"flowproof/constructions/internal/blocks"
	"flowproof/constructions/internal/ratmat"
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
//
// Statement: six-rational (proofs/rational.md).
func SixFrom(target exactmath.Matrix, part coupling.Partition, leftmost coupling.Kind) (*coupling.Flow, error) {
	m, err := blocks.NewBalanced(target, part)
	if err != nil {
		return nil, err
	}
	if m.Swapped {
		leftmost = leftmost.Other()
	}
	return m.Flow(six(m, leftmost))
}

func six(m *blocks.Map, leftmost coupling.Kind) []blocks.Layer {
	n, d := m.Normalise(leftmost.Other())
	if leftmost == coupling.Lower {
		return blocks.ScaleLast(six0(n), d)
	}
	inv, _ := n.Whole().Inverse()
	return blocks.ScaleLast(blocks.Inverted(six0(n.With(inv))), d)
}

// six0 returns L U L U L U for determinant 1: five factors after the step that
// makes c injective.
func six0(m *blocks.Map) []blocks.Layer {
	x0 := firstStep(m)
	n := *m
	n.C, n.E = m.C.Add(x0.Mul(m.A)), m.E.Add(x0.Mul(m.B))
	return append([]blocks.Layer{{Kind: coupling.Lower, X: x0.Neg()}}, five0(&n)...)
}

// firstStep returns X0 (q x p), a partial permutation of rank p - rank c, such
// that c + X0 a is injective. PROOFS.md, lemma 2.7.
func firstStep(m *blocks.Map) *ratmat.Matrix {
	x0 := ratmat.New(m.Q, m.P)
	kernel := m.C.Kernel()
	if kernel.Cols == 0 {
		return x0
	}
	free := ratmat.Complement(m.Q, m.C.PivotRows())
	for k, j := range m.A.Mul(kernel).PivotRows() {
		x0.At(free[k], j).SetInt64(1)
	}
	return x0
}
