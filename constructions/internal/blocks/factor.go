package blocks

import (
	"math/big"

	"flowproof/constructions/internal/ratmat"
	"flowproof/coupling"
	"flowproof/coupling/simplify"
)

// Factor is one layer of a linear; scale is nil for an additive one.
type Factor struct {
	Kind  coupling.Kind
	X     *ratmat.Matrix
	Scale []*big.Rat
}

// Alternate returns additive factors of alternating kinds.
func Alternate(first coupling.Kind, weights ...*ratmat.Matrix) []Factor {
	out := make([]Factor, len(weights))
	for i, x := range weights {
		out[i] = Factor{Kind: first, X: x}
		first = Other(first)
	}
	return out
}

func Other(k coupling.Kind) coupling.Kind { return coupling.Lower + coupling.Upper - k }

// ScaleLast puts the scale d on the last factor.
func ScaleLast(fs []Factor, d []*big.Rat) []Factor {
	fs[len(fs)-1].Scale = d
	return fs
}

// Transposed returns the factors of the transposed product; all must be
// additive.
func Transposed(fs []Factor) []Factor {
	out := make([]Factor, len(fs))
	for i, f := range fs {
		out[len(fs)-1-i] = Factor{Kind: Other(f.Kind), X: f.X.Transpose()}
	}
	return out
}

// Inverted returns the factors of the inverse product; all must be additive.
func Inverted(fs []Factor) []Factor {
	out := make([]Factor, len(fs))
	for i, f := range fs {
		out[len(fs)-1-i] = Factor{Kind: f.Kind, X: f.X.Neg()}
	}
	return out
}

// Flow returns the factors as a flow on the partition, merged.
func (m *Map) Flow(fs []Factor) (*coupling.Flow, error) {
	layers := make([]coupling.Layer, len(fs))
	for i, f := range fs {
		kind := f.Kind
		if m.Swapped {
			kind = Other(kind)
		}
		weight, err := f.X.Matrix()
		if err != nil {
			return nil, err
		}
		var scale coupling.Scale
		if f.Scale != nil {
			if scale, err = coupling.ExactScale(f.Scale); err != nil {
				return nil, err
			}
		}
		if layers[i], err = coupling.NewLayer(m.Part, kind, weight, scale); err != nil {
			return nil, err
		}
	}
	f, err := coupling.NewFlow(m.Part, layers...)
	if err != nil {
		return nil, err
	}
	return simplify.Merge(f)
}

// Compose returns the product of the factors in block order.
func (m *Map) Compose(fs []Factor) *ratmat.Matrix {
	x := ratmat.Identity(m.Dim())
	for _, f := range fs {
		x = x.Mul(m.factorMatrix(f))
	}
	return x
}

func (m *Map) factorMatrix(f Factor) *ratmat.Matrix {
	size := m.P
	if f.Kind == coupling.Lower {
		size = m.Q
	}
	d := ratmat.Identity(size)
	if f.Scale != nil {
		d = ratmat.Diag(f.Scale)
	}
	if f.Kind == coupling.Upper {
		return d.Beside(f.X).Above(ratmat.New(m.Q, m.P).Beside(ratmat.Identity(m.Q)))
	}
	return ratmat.Identity(m.P).Beside(ratmat.New(m.P, m.Q)).Above(f.X.Beside(d))
}

// One returns M as U, nil if it is not.
func (m *Map) One() []Factor {
	if d, ok := m.A.Diagonal(); ok && m.C.IsZero() && m.E.Equal(ratmat.Identity(m.Q)) {
		return []Factor{{coupling.Upper, m.B, d}}
	}
	return nil
}
