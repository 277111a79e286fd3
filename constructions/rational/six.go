// Package rational is chapter 2 of PROOFS.md: flows whose product is exactly the
// target, in rational arithmetic: six layers for parts of equal size or nearly so,
// fewer where a closed form has them, as many as are needed for parts of any sizes,
// and the LU route of the first proof that a constant number suffices.
package rational

import (
	"flowproof/constructions/internal/blocks"
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
//
// Statement: six-rational (proofs/rational.md).
func Six(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	m, err := blocks.NewBalanced(target, part)
	if err != nil {
		return nil, err
	}
	if f, err := atMostFour(m); f != nil || err != nil {
		return f, err
	}
	if fs, ok := five(m); ok {
		return m.Flow(fs)
	}
	return m.Flow(six(m, coupling.Lower))
}

// atMostFour returns a flow of at most four layers, nil if no closed form was
// found. It works for parts of any sizes.
func atMostFour(m *blocks.Map) (*coupling.Flow, error) {
	for _, form := range []func(*blocks.Map) []blocks.Layer{(*blocks.Map).One, two, three, four} {
		for _, o := range []*blocks.Map{m, m.Rename()} {
			if fs := form(o); fs != nil && o.Compose(fs).Equal(o.Whole()) {
				return o.Flow(fs)
			}
		}
	}
	return nil, nil
}
