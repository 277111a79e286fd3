package geometry

import (
	"flowproof/constructions/fault"
	"flowproof/exactmath"
	"flowproof/exactmath/orientation"
)

// RequirePositive returns nil if the determinant of the target is positive, ErrSingular
// or ErrOrientation if it is not, decided exactly.
func RequirePositive(target exactmath.Matrix) error {
	o, err := orientation.Of(target, orientation.Options{})
	switch {
	case err != nil:
		return err
	case o.Sign == 0:
		return fault.ErrSingular
	case o.Sign < 0:
		return fault.ErrOrientation
	}
	return nil
}
