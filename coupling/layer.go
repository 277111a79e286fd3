package coupling

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"flowproof/exactmath"
)

// Kind tells which part a layer updates.
type Kind int

// The two kinds of layer, in block order (first part, second part).
const (
	Lower Kind = iota // x2 <- D x2 + X x1, matrix [[I, 0], [X, D]]
	Upper             // x1 <- D x1 + X x2, matrix [[D, X], [0, I]]
)

// String returns "L" or "U".
func (k Kind) String() string {
	if k == Upper {
		return "U"
	}
	return "L"
}

// Other returns the other kind.
func (k Kind) Other() Kind { return Lower + Upper - k }

// ErrInvalidLayer is wrapped by every refusal to build a layer or a flow.
var ErrInvalidLayer = errors.New("invalid layer")

// Layer is one linear affine coupling layer. A Layer cannot be changed once
// built, and an invalid one cannot be built.
type Layer struct {
	kind   Kind
	weight exactmath.Matrix
	scale  Scale
}

// NewLayer returns the layer of the given kind: weight is q x p for Lower,
// p x q for Upper; scale has q entries for Lower, p for Upper, or is the zero
// Scale. The weight is kept, not copied: exactmath matrices never change. An
// error wraps ErrInvalidLayer.
func NewLayer(part Partition, kind Kind, weight exactmath.Matrix, scale Scale) (Layer, error) {
	if kind != Lower && kind != Upper {
		return Layer{}, fmt.Errorf("%w: kind %d is neither Lower nor Upper", ErrInvalidLayer, int(kind))
	}
	if weight == nil || part.Dim() == 0 {
		return Layer{}, fmt.Errorf("%w: no weight or no partition", ErrInvalidLayer)
	}
	rows, cols := part.WeightDims(kind)
	if r, c := weight.Dims(); r != rows || c != cols {
		return Layer{}, fmt.Errorf("%w: %v weight is %dx%d, want %dx%d", ErrInvalidLayer, kind, r, c, rows, cols)
	}
	if scale.kind != ScaleOne && len(scale.val) != rows {
		return Layer{}, fmt.Errorf("%w: %v has %d scales, want %d", ErrInvalidLayer, kind, len(scale.val), rows)
	}
	return Layer{kind, weight, scale}, nil
}

// Kind returns Lower or Upper.
func (l Layer) Kind() Kind { return l.kind }

// Weight returns the block X: q x p for Lower, p x q for Upper.
func (l Layer) Weight() exactmath.Matrix { return l.weight }

// Scale returns the positive diagonal D.
func (l Layer) Scale() Scale { return l.scale }

// IsIdentity reports whether the layer changes nothing.
func (l Layer) IsIdentity() bool {
	if l.scale.kind != ScaleOne {
		return false
	}
	if f, ok := l.weight.(*exactmath.Floats); ok { // without a big.Rat for each entry
		return !slices.ContainsFunc(f.View(), func(v float64) bool { return v != 0 })
	}
	zero := true
	l.weight.Each(func(int, int, *big.Rat) { zero = false })
	return zero
}
