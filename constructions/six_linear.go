package constructions

import (
	"math/big"

	"flowproof/coupling"
	"flowproof/coupling/simplify"
	"flowproof/exactmath"
)

// linear is a target map in block order, M = [[a, b], [c, e]] with a of size p x
// p and e q x q, p <= q: when the partition's second part is the smaller one,
// the parts swap names, and with them the kinds of layer.
type linear struct {
	p, q       int
	a, b, c, e *qmat
	part       coupling.Partition
	swapped    bool
}

// qfactor is one layer of a linear; scale is nil for an additive one.
type qfactor struct {
	kind  coupling.Kind
	x     *qmat
	scale []*big.Rat
}

// newLinear fails with a *ShapeError if the target does not fit the partition,
// with ErrSingular or ErrOrientation unless its determinant is positive.
func newLinear(target exactmath.Matrix, part coupling.Partition) (*linear, error) {
	n := part.Dim()
	if r, c := target.Dims(); r != n || c != n || n < 2 {
		return nil, &ShapeError{r, c, n}
	}
	m := &linear{p: part.P(), q: part.Q(), part: part}
	order := part.Order()
	if m.p > m.q {
		m.p, m.q, m.swapped = m.q, m.p, true
		order = append(part.Second(), part.First()...)
	}
	x := qFunc(n, n, func(i, j int) *big.Rat { return target.At(order[i], order[j]) })
	switch x.det().Sign() {
	case 0:
		return nil, ErrSingular
	case -1:
		return nil, ErrOrientation
	}
	return m.with(x), nil
}

// with returns the map x on the same partition.
func (m *linear) with(x *qmat) *linear {
	p, n := m.p, m.n()
	return &linear{p, m.q, x.block(0, p, 0, p), x.block(0, p, p, n), x.block(p, n, 0, p), x.block(p, n, p, n), m.part, m.swapped}
}

func (m *linear) n() int { return m.p + m.q }

func (m *linear) whole() *qmat { return m.a.beside(m.b).above(m.c.beside(m.e)) }

func (m *linear) transpose() *linear { return m.with(m.whole().transpose()) }

// normalise returns N of determinant 1 and positive d with M = N diag(d, I) for
// kind Upper, N diag(I, d) for Lower, d of length p or q: powers of two near the
// root of det M, and one entry that makes the product exact. A last layer of that
// kind takes d as its scale.
func (m *linear) normalise(kind coupling.Kind) (*linear, []*big.Rat) {
	det := m.whole().det()
	from, size := 0, m.p
	if kind == coupling.Lower {
		from, size = m.p, m.q
	}
	if det.Cmp(big.NewRat(1, 1)) == 0 {
		return m, nil
	}
	root := (det.Num().BitLen() - det.Denom().BitLen()) / size
	d := make([]*big.Rat, size)
	full := make([]*big.Rat, m.n())
	for i := range full {
		full[i] = big.NewRat(1, 1)
	}
	for i := range d {
		d[i] = pow2(root)
		if i == size-1 {
			d[i] = new(big.Rat).Mul(det, pow2(-root*i))
		}
		full[from+i].Inv(d[i])
	}
	return m.with(m.whole().mul(qDiag(full))), d
}

// alternate returns additive factors of alternating kinds.
func alternate(first coupling.Kind, weights ...*qmat) []qfactor {
	out := make([]qfactor, len(weights))
	for i, x := range weights {
		out[i] = qfactor{kind: first, x: x}
		first = other(first)
	}
	return out
}

func other(k coupling.Kind) coupling.Kind { return coupling.Lower + coupling.Upper - k }

// scaleLast puts the scale d on the last factor.
func scaleLast(fs []qfactor, d []*big.Rat) []qfactor {
	fs[len(fs)-1].scale = d
	return fs
}

// transposed returns the factors of the transposed product; all must be
// additive.
func transposed(fs []qfactor) []qfactor {
	out := make([]qfactor, len(fs))
	for i, f := range fs {
		out[len(fs)-1-i] = qfactor{kind: other(f.kind), x: f.x.transpose()}
	}
	return out
}

// inverted returns the factors of the inverse product; all must be additive.
func inverted(fs []qfactor) []qfactor {
	out := make([]qfactor, len(fs))
	for i, f := range fs {
		out[len(fs)-1-i] = qfactor{kind: f.kind, x: f.x.neg()}
	}
	return out
}

// flow returns the factors as a flow on the partition, merged.
func (m *linear) flow(fs []qfactor) (*coupling.Flow, error) {
	layers := make([]coupling.Layer, len(fs))
	for i, f := range fs {
		kind := f.kind
		if m.swapped {
			kind = other(kind)
		}
		weight, err := f.x.matrix()
		if err != nil {
			return nil, err
		}
		var scale coupling.Scale
		if f.scale != nil {
			if scale, err = coupling.ExactScale(f.scale); err != nil {
				return nil, err
			}
		}
		if layers[i], err = coupling.NewLayer(m.part, kind, weight, scale); err != nil {
			return nil, err
		}
	}
	f, err := coupling.NewFlow(m.part, layers...)
	if err != nil {
		return nil, err
	}
	return simplify.Merge(f)
}
