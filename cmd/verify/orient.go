package main

import (
	"errors"
	"fmt"

	"flowproof/constructions"
	"flowproof/constructions/fault"
	"flowproof/exactmath"
	"flowproof/exactmath/linalg"
	"flowproof/exactmath/orientation"
	"flowproof/targets"
)

// oriented is a target with the sign of its determinant.
type oriented struct {
	*targets.Target
	det *orientation.Orientation // nil if it could not be decided
	how string                   // the proof of det, or why there is none
}

// unrepresentableError reports a target whose determinant is proved not to be
// positive. Nothing else exits with exitUnrepresentable.
type unrepresentableError struct {
	name string
	det  orientation.Orientation
}

func (e *unrepresentableError) Error() string {
	if e.det.Sign == 0 {
		return fmt.Sprintf("%s: %s: coupling layers are invertible, so no stack of them represents it (proof: %s)", e.name, detWord(e.det), e.det.How)
	}
	return fmt.Sprintf("%s: the determinant is negative, and coupling layers preserve orientation, so no stack of them represents the map (proof: %s); "+
		"-det flip represents it with the sign of one coordinate flipped, -det pad represents diag(M, -1) with one coordinate more", e.name, e.det.How)
}

// detWord is the answer in words.
func detWord(o orientation.Orientation) string {
	switch {
	case o.Sign > 0:
		return "positive"
	case o.Sign < 0:
		return "negative"
	}
	return fmt.Sprintf("singular (rank %d)", o.Rank)
}

// orient decides the sign of the determinant, once and exactly, and applies -det to
// a target that reverses orientation. The error is an *unrepresentableError if there
// is no flow.
func (s *source) orient(t *targets.Target, spin *spinner) (*oriented, error) {
	mode, coordinate, err := s.detMode()
	if err != nil {
		return nil, err
	}
	spin.say("deciding the sign of the determinant")
	det, err := orientation.Of(t.Matrix, orientation.Options{Progress: func(done float64) {
		spin.say(fmt.Sprintf("deciding the sign of the determinant: %.0f %%", 100*done))
	}})
	switch {
	case tooLarge(err) && mode == "error":
		return &oriented{Target: t, how: "undecided: " + err.Error()}, nil
	case err != nil:
		return nil, fmt.Errorf("%s: the sign of the determinant is undecided: %w", t.Name, err)
	case det.Sign > 0:
		return &oriented{t, &det, det.How}, nil
	case det.Sign == 0 || mode == "error":
		return nil, &unrepresentableError{t.Name, det}
	}
	turned := orientation.Orientation{Sign: 1, Rank: t.Dim, How: det.How + "; the sign turned by -det " + mode}
	if mode == "pad" {
		turned.Rank++
		t, err = targets.Pad(t)
	} else {
		t, err = targets.Flip(t, coordinate)
	}
	return &oriented{t, &turned, turned.How}, err
}

// tooLarge reports whether the orientation was not decided for want of room.
func tooLarge(err error) bool {
	return errors.Is(err, linalg.ErrTooLarge) || errors.Is(err, exactmath.ErrTooLarge)
}

// contradicts replaces the error of a construction that takes the determinant for
// zero or negative, as constructions in floating point can, where it is proved to be
// positive, and says which depth is enough where the one allowed is not.
func (t *oriented) contradicts(construction string, err error) error {
	if e := (*constructions.DepthNeededError)(nil); errors.As(err, &e) && e.Deeper != nil {
		return fmt.Errorf("%w: -max-depth %d allows it", err, e.Deeper.Depth)
	}
	if t.det == nil || t.det.Sign <= 0 || !errors.Is(err, fault.ErrOrientation) && !errors.Is(err, fault.ErrSingular) {
		return err
	}
	return fmt.Errorf("%s works in float64, where the map is singular to working precision; its determinant is positive (proof: %s), "+
		"and -construction six is exact", construction, t.how)
}
