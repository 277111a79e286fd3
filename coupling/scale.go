package coupling

import (
	"fmt"
	"math/big"
	"slices"
)

// ScaleKind tells how the positive scales of a layer are given.
type ScaleKind int

// The kinds of scale.
const (
	ScaleOne   ScaleKind = iota // all 1: an additive layer (NICE)
	ScaleExact                  // positive rationals
	ScaleExp                    // exp(s), s rational (RealNVP, Glow)
)

// Scale is the positive diagonal of a layer, one entry for each coordinate that
// the layer updates. The zero value is all ones.
type Scale struct {
	kind ScaleKind
	val  []*big.Rat
}

// ScaleError reports a scale that is not positive.
type ScaleError struct {
	Index int
	Value *big.Rat
}

func (e *ScaleError) Error() string {
	return fmt.Sprintf("scale %d is %s, want a positive number", e.Index, e.Value.RatString())
}

// ExactScale returns the scale with the given positive entries, copied. It
// fails with a *ScaleError if one is not positive. All ones give the additive
// scale.
func ExactScale(d []*big.Rat) (Scale, error) {
	for i, v := range d {
		if v.Sign() <= 0 {
			return Scale{}, &ScaleError{i, v}
		}
	}
	return newScale(ScaleExact, d, big.NewRat(1, 1)), nil
}

// ExpScale returns the scale exp(s_i), the log-scales copied. All zeros give the
// additive scale.
func ExpScale(s []*big.Rat) Scale { return newScale(ScaleExp, s, new(big.Rat)) }

// newScale copies val; the scale is additive if all of it is neutral.
func newScale(kind ScaleKind, val []*big.Rat, neutral *big.Rat) Scale {
	if !slices.ContainsFunc(val, func(v *big.Rat) bool { return v.Cmp(neutral) != 0 }) {
		return Scale{}
	}
	s := Scale{kind: kind}
	for _, v := range val {
		s.val = append(s.val, new(big.Rat).Set(v))
	}
	return s
}

// Kind tells how the scales are given.
func (s Scale) Kind() ScaleKind { return s.kind }

// At returns a copy of entry i as given: the scale itself, or the log-scale if
// the kind is ScaleExp; 1 for ScaleOne.
func (s Scale) At(i int) *big.Rat {
	if s.kind == ScaleOne {
		return big.NewRat(1, 1)
	}
	return new(big.Rat).Set(s.val[i])
}
