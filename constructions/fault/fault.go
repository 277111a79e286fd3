// Package fault has the errors of the constructions that callers can test for.
package fault

import (
	"errors"
	"fmt"
)

// Errors that a caller can test for with errors.Is.
var (
	// ErrOrientation: the determinant is negative.
	ErrOrientation = errors.New("no stack of coupling layers can represent an orientation-reversing map (determinant < 0)")
	// ErrSingular: the determinant is zero.
	ErrSingular = errors.New("the map is singular (determinant 0); coupling layers are invertible, so no stack of them can represent it")
	// ErrPrecision: float64 does not hold enough digits of the inverse.
	ErrPrecision = errors.New("the map is invertible, but so near a singular one that this construction fails in float64; " +
		"conditioned does not, nor do the exact ones")
	// ErrPartition: the two parts differ by more than one coordinate.
	ErrPartition = errors.New("this construction needs a partition whose parts differ by at most one coordinate")
)

// ShapeError reports a target that is not square, or does not fit the partition.
type ShapeError struct {
	Rows, Cols int
	Dim        int // of the partition
}

func (e *ShapeError) Error() string {
	return fmt.Sprintf("the target is %dx%d, want %dx%d as the partition has", e.Rows, e.Cols, e.Dim, e.Dim)
}

// NotOrthogonalError reports a target too far from the orthogonal matrices for
// the orthogonal construction.
type NotOrthogonalError struct {
	Defect float64 // largest singular value distance |sigma - 1|, estimated
	Limit  float64
}

func (e *NotOrthogonalError) Error() string {
	return fmt.Sprintf("the target is not orthogonal: a singular value is %.2g away from 1, want at most %.2g", e.Defect, e.Limit)
}

// BoundError reports that rounding kept a construction from a bound that is
// proved for it in exact arithmetic.
type BoundError struct {
	Name       string // of what is bounded
	Got, Bound float64
}

func (e *BoundError) Error() string {
	return fmt.Sprintf("rounding errors: the %s is up to %.6g, proved in exact arithmetic to be at most %.6g", e.Name, e.Got, e.Bound)
}

// ConvergenceError reports that a numerical method did not reach its goal.
type ConvergenceError struct {
	Method   string  // "refine" or "polish"
	Reason   string  // what stood in the way
	Depth    int     // layers of the flow
	Rounds   int     // corrections made, or starts tried
	Residual float64 // log2 of the largest |entry| of target - product that was left
	Goal     float64 // log2 of the largest that was wanted
}

func (e *ConvergenceError) Error() string {
	return fmt.Sprintf("%s: residual 2^%.1f after %d rounds at depth %d, want 2^%.1f: %s",
		e.Method, e.Residual, e.Rounds, e.Depth, e.Goal, e.Reason)
}

// ErrNoConvergence reports that an iteration of the numerical linear algebra
// underneath (SVD, QR algorithm) did not converge.
var ErrNoConvergence = errors.New("the SVD or the QR algorithm did not converge")
