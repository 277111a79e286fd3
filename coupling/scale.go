package coupling

import (
	"fmt"
	"math"
	"math/big"
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
	one, ones := big.NewRat(1, 1), true
	s := Scale{kind: ScaleExact}
	for i, v := range d {
		if v.Sign() <= 0 {
			return Scale{}, &ScaleError{i, v}
		}
		ones = ones && v.Cmp(one) == 0
		s.val = append(s.val, new(big.Rat).Set(v))
	}
	if ones {
		return Scale{}, nil
	}
	return s, nil
}

// FloatScale is ExactScale for float64 entries, each the dyadic that it is.
func FloatScale(d []float64) (Scale, error) {
	v := make([]*big.Rat, len(d))
	for i, f := range d {
		if v[i] = new(big.Rat).SetFloat64(f); v[i] == nil {
			return Scale{}, fmt.Errorf("scale %d is %v, want a positive finite number", i, f)
		}
	}
	return ExactScale(v)
}

// ExpScale returns the scale exp(s_i), the log-scales copied. All zeros give the
// additive scale.
func ExpScale(s []*big.Rat) Scale {
	zeros := true
	out := Scale{kind: ScaleExp}
	for _, v := range s {
		zeros = zeros && v.Sign() == 0
		out.val = append(out.val, new(big.Rat).Set(v))
	}
	if zeros {
		return Scale{}
	}
	return out
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

// Float64s returns the n scales in float64: rounded to nearest if exact,
// through math.Exp if given as logarithms.
func (s Scale) Float64s(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i], _ = s.At(i).Float64()
		if s.kind == ScaleExp {
			out[i] = math.Exp(out[i])
		}
	}
	return out
}
