// Package blocks is a rational map cut into four blocks along a partition, the
// smaller part first, and its factors.
package blocks

import (
	"math/big"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/ratmat"
	"flowproof/coupling"
	"flowproof/exactmath"
)

// Map is a target map in block order, M = [[a, b], [c, e]] with a of size p x p and
// e q x q, as its frame has it.
type Map struct {
	geometry.Frame
	A, B, C, E *ratmat.Matrix
}

// New fails with a *ShapeError if the target does not fit the partition, with
// ErrSingular or ErrOrientation unless its determinant is positive.
func New(target exactmath.Matrix, part coupling.Partition) (*Map, error) {
	f, err := geometry.NewFrame(target, part)
	if err != nil {
		return nil, err
	}
	n := f.Dim()
	x := ratmat.Func(n, n, func(i, j int) *big.Rat { return target.At(f.Order[i], f.Order[j]) })
	switch x.Det().Sign() {
	case 0:
		return nil, fault.ErrSingular
	case -1:
		return nil, fault.ErrOrientation
	}
	return (&Map{Frame: f}).With(x), nil
}

// NewBalanced is New for parts that differ by at most one coordinate; it fails with
// ErrPartition for others.
func NewBalanced(target exactmath.Matrix, part coupling.Partition) (*Map, error) {
	m, err := New(target, part)
	if err != nil {
		return nil, err
	}
	return m, m.Balanced()
}

// With returns the map x in the same frame.
func (m *Map) With(x *ratmat.Matrix) *Map {
	p, n := m.P, m.Dim()
	return &Map{m.Frame, x.Block(0, p, 0, p), x.Block(0, p, p, n), x.Block(p, n, 0, p), x.Block(p, n, p, n)}
}

// Whole returns M.
func (m *Map) Whole() *ratmat.Matrix { return m.A.Beside(m.B).Above(m.C.Beside(m.E)) }

// Transpose returns M^T.
func (m *Map) Transpose() *Map { return m.With(m.Whole().Transpose()) }

// Rename returns the same map with the names of the parts swapped; then p may
// exceed q.
func (m *Map) Rename() *Map { return &Map{m.Renamed(), m.E, m.C, m.B, m.A} }

// Normalise returns N of determinant 1 and positive d with M = N diag(d, I) for
// kind Upper, N diag(I, d) for Lower, d of length p or q: powers of two near the
// root of det M, and one entry that makes the product exact. A last layer of that
// kind takes d as its scale.
func (m *Map) Normalise(kind coupling.Kind) (*Map, []*big.Rat) {
	det := m.Whole().Det()
	from, size := 0, m.P
	if kind == coupling.Lower {
		from, size = m.P, m.Q
	}
	if det.Cmp(big.NewRat(1, 1)) == 0 {
		return m, nil
	}
	root := (det.Num().BitLen() - det.Denom().BitLen()) / size
	d := make([]*big.Rat, size)
	full := make([]*big.Rat, m.Dim())
	for i := range full {
		full[i] = big.NewRat(1, 1)
	}
	for i := range d {
		d[i] = ratmat.Pow2(root)
		if i == size-1 {
			d[i] = new(big.Rat).Mul(det, ratmat.Pow2(-root*i))
		}
		full[from+i].Inv(d[i])
	}
	return m.With(m.Whole().Mul(ratmat.Diag(full))), d
}
