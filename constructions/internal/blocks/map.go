// Package blocks is a rational map cut into four blocks along a partition, the
// smaller part first, and its factors.
package blocks

import (
	"math/big"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/ratmat"
	"flowproof/coupling"
	"flowproof/exactmath"
)

// Map is a target map in block order, M = [[a, b], [c, e]] with a of size p x
// p and e q x q, p <= q: when the partition's second part is the smaller one,
// the parts swap names, and with them the kinds of layer.
type Map struct {
	P, Q       int
	A, B, C, E *ratmat.Matrix
	Part       coupling.Partition
	Swapped    bool
}

// New fails with a *ShapeError if the target does not fit the partition,
// with ErrSingular or ErrOrientation unless its determinant is positive.
func New(target exactmath.Matrix, part coupling.Partition) (*Map, error) {
	n := part.Dim()
	if r, c := target.Dims(); r != n || c != n || n < 2 {
		return nil, &fault.ShapeError{Rows: r, Cols: c, Dim: n}
	}
	m := &Map{P: part.P(), Q: part.Q(), Part: part}
	order := part.Order()
	if m.P > m.Q {
		m.P, m.Q, m.Swapped = m.Q, m.P, true
		order = append(part.Second(), part.First()...)
	}
	x := ratmat.Func(n, n, func(i, j int) *big.Rat { return target.At(order[i], order[j]) })
	switch x.Det().Sign() {
	case 0:
		return nil, fault.ErrSingular
	case -1:
		return nil, fault.ErrOrientation
	}
	return m.With(x), nil
}

// With returns the map x on the same partition.
func (m *Map) With(x *ratmat.Matrix) *Map {
	p, n := m.P, m.Dim()
	return &Map{p, m.Q, x.Block(0, p, 0, p), x.Block(0, p, p, n), x.Block(p, n, 0, p), x.Block(p, n, p, n), m.Part, m.Swapped}
}

func (m *Map) Dim() int { return m.P + m.Q }

func (m *Map) Whole() *ratmat.Matrix { return m.A.Beside(m.B).Above(m.C.Beside(m.E)) }

func (m *Map) Transpose() *Map { return m.With(m.Whole().Transpose()) }

// Rename returns the same map with the names of the parts swapped; then p may
// exceed q.
func (m *Map) Rename() *Map {
	return &Map{m.Q, m.P, m.E, m.C, m.B, m.A, m.Part, !m.Swapped}
}

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
