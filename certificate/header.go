package certificate

import (
	"fmt"
	"math/big"
	"strings"

	"flowproof/coupling"
)

// MaxLogScale bounds the |s| of scales exp(s): no flow has use for more, and they
// are costly to enclose.
const MaxLogScale = 1000

// header reads all before the layers; digest is the SHA-256 of the target.
func (s *scanner) header() (o *Outcome, digest string) {
	s.Section = "header"
	s.Need(s.Key("flowproof certificate") == "1", Version, "want version 1 of the format")
	o = &Outcome{}
	o.Construction, o.Theorem, o.Seed = s.Origin()
	o.Claim = s.claim()
	n := s.Integer(s.Key("dimension"), s.limits.Dim)
	s.Need(o.Claim.Kind != ClaimDepth || n <= maxReasons, TooLarge, "claims about the depth are for dimensions up to %d", maxReasons)
	first := s.Key("partition")
	part, err := coupling.ParsePartition(n, first)
	s.check(err)
	s.Need(part.String() == first, NotCanonical, "the partition has a name, or its coordinates are out of order")
	o.Partition = part
	o.Layers = s.Integer(s.Key("layers"), s.limits.Layers)
	s.Need(o.Claim.Kind != ClaimDepth || o.Layers == 0, Invalid, "layers do not go with a claim about the depth")
	return o, s.Key("target-sha256")
}

func (s *scanner) claim() (c Claim) {
	kind, value, more := strings.Cut(s.Key("claim"), " ")
	switch c.Kind = ClaimKind(kind); c.Kind {
	case ClaimResidual:
		c.Bound = s.Number(value)
		s.Need(c.Bound.Sign() > 0, Invalid, "the bound of the residual is not positive")
	case ClaimDepth:
		c.Lower.Depth = s.Integer(value, s.limits.Layers)
		s.Need(c.Lower.Depth > 0, Invalid, "depth 0 claims nothing")
	default:
		s.Need(c.Kind == ClaimExact && !more, Invalid, "want claim exact, residual or depth")
	}
	return c
}

// layer reads the layer of the given number.
func (s *scanner) layer(number int, part coupling.Partition) coupling.Layer {
	s.Section = fmt.Sprintf("layer %d", number)
	kind := coupling.Lower
	text := s.Key("layer")
	if strings.HasSuffix(text, "U") {
		kind = coupling.Upper
	}
	rows, cols := part.WeightDims(kind)
	s.Need(text == fmt.Sprintf("%d %v", number, kind), NotCanonical, "want layer %d, L or U", number)
	weight, _ := s.matrix(s.Key("weight"), rows, cols, nil)
	l, err := coupling.NewLayer(part, kind, weight, s.scale(rows))
	s.check(err)
	return l
}

func (s *scanner) scale(count int) (scale coupling.Scale) {
	kind, values, more := strings.Cut(s.Key("scale"), " ")
	if kind == "one" && !more {
		return scale
	}
	s.Need(kind == "exact" || kind == "exp", Malformed, "want scale one, exact or exp")
	v := s.Numbers(values, count)
	if kind == "exact" {
		s.width(newEntries(1, v))
		var err error
		scale, err = coupling.ExactScale(v)
		s.check(err)
	} else {
		for _, x := range v {
			s.Need(new(big.Rat).Abs(x).Cmp(big.NewRat(MaxLogScale, 1)) <= 0, Invalid, "a log-scale is beyond ±%d", MaxLogScale)
		}
		scale = coupling.ExpScale(v)
	}
	s.Need(scale.Kind() != coupling.ScaleOne, NotCanonical, "all scales are 1, which is to be written one")
	return scale
}
