package blocks

import (
	"math/big"

	"flowproof/constructions/internal/ratmat"
	"flowproof/coupling"
	"flowproof/coupling/simplify"
)

// Layer is a layer of a Map; Scale is nil for an additive one.
type Layer struct {
	Kind  coupling.Kind
	X     *ratmat.Matrix
	Scale []*big.Rat
}

// Alternate returns additive factors of alternating kinds.
func Alternate(first coupling.Kind, weights ...*ratmat.Matrix) []Layer {
	out := make([]Layer, len(weights))
	for i, x := range weights {
		out[i] = Layer{Kind: first, X: x}
		first = first.Other()
	}
	return out
}

// ScaleLast puts the scale d on the last factor.
func ScaleLast(fs []Layer, d []*big.Rat) []Layer {
	fs[len(fs)-1].Scale = d
	return fs
}

// Transposed returns the factors of the transposed product; all must be
// additive.
func Transposed(fs []Layer) []Layer {
	out := make([]Layer, len(fs))
	for i, f := range fs {
		out[len(fs)-1-i] = Layer{Kind: f.Kind.Other(), X: f.X.Transpose()}
	}
	return out
}

// Inverted returns the factors of the inverse product; all must be additive.
func Inverted(fs []Layer) []Layer {
	out := make([]Layer, len(fs))
	for i, f := range fs {
		out[len(fs)-1-i] = Layer{Kind: f.Kind, X: f.X.Neg()}
	}
	return out
}

// Flow returns the factors as a flow on the partition, merged.
func (m *Map) Flow(fs []Layer) (*coupling.Flow, error) {
	layers := make([]coupling.Layer, len(fs))
	for i, f := range fs {
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
		if layers[i], err = coupling.NewLayer(m.Part, m.Kind(f.Kind), weight, scale); err != nil {
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
func (m *Map) Compose(fs []Layer) *ratmat.Matrix {
	x := ratmat.Identity(m.Dim())
	for _, f := range fs {
		x = x.Mul(m.layerMatrix(f))
	}
	return x
}

func (m *Map) layerMatrix(f Layer) *ratmat.Matrix {
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
func (m *Map) One() []Layer {
	if d, ok := m.A.Diagonal(); ok && m.C.IsZero() && m.E.Equal(ratmat.Identity(m.Q)) {
		return []Layer{{coupling.Upper, m.B, d}}
	}
	return nil
}
