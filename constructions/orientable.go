package constructions

import (
	"fmt"

	"flowproof/exactmath"
	"flowproof/exactmath/orientation"
)

// orientable returns nil if det target > 0, and ErrOrientation or ErrSingular
// otherwise, each of them proved. Floating point only tells when to ask.
//
// Errors: those, and the errors of orientation.Of.
func orientable(target exactmath.Matrix) error {
	o, err := orientation.Of(target, orientation.Options{})
	switch {
	case err != nil:
		return fmt.Errorf("the sign of the determinant: %w", err)
	case o.Sign == 0:
		return ErrSingular
	case o.Sign < 0:
		return ErrOrientation
	}
	return nil
}

// IllConditionedError reports a map that is invertible, but so badly conditioned
// that a construction in float64 cannot work with it.
type IllConditionedError struct {
	Construction string
	Condition    float64 // of the map, estimated; +Inf where the estimate overflows
}

func (e *IllConditionedError) Error() string {
	return fmt.Sprintf("%s works in float64, and the map, of condition about %.2g, is singular to that precision; "+
		"six is exact for any map, conditioned has the smallest errors", e.Construction, e.Condition)
}
