package certificate

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"flowproof/coupling"
)

// MaxLogScale bounds the |s| of scales exp(s): no flow has use for more, and they
// are costly to enclose.
const MaxLogScale = 1000

// header reads all before the layers; digest is the SHA-256 of the target.
func (s *scanner) header() (o *Outcome, digest string) {
	s.section = "header"
	s.need(s.key("flowproof certificate") == "1", Version, "want version 1 of the format")
	o = &Outcome{Construction: s.key("construction"), Theorem: s.key("theorem")}
	s.need(ValidText(o.Construction) && ValidText(o.Theorem), Invalid, "want 1 to 200 printable ASCII characters for construction and theorem")
	if seed := s.key("seed"); seed != "none" {
		v, err := strconv.ParseUint(seed, 10, 64)
		s.need(err == nil, Malformed, "want seed none or a number below 2^64")
		s.need(strconv.FormatUint(v, 10) == seed, NotCanonical, "the seed is to be written %d", v)
		o.Seed = &v
	}
	o.Claim = s.claim()
	n := s.integer(s.key("dimension"), s.limits.Dim)
	s.need(o.Claim.Kind != ClaimDepth || n <= maxReasons, TooLarge, "claims about the depth are for dimensions up to %d", maxReasons)
	first := s.key("partition")
	part, err := coupling.ParsePartition(n, first)
	s.check(err)
	s.need(part.String() == first, NotCanonical, "the partition has a name, or its coordinates are out of order")
	o.Partition = part
	o.Layers = s.integer(s.key("layers"), s.limits.Layers)
	s.need(o.Claim.Kind != ClaimDepth || o.Layers == 0, Invalid, "layers do not go with a claim about the depth")
	return o, s.key("target-sha256")
}

// ValidText reports whether t may be said about where the layers come from: 1 to
// 200 printable ASCII characters.
func ValidText(t string) bool {
	return 1 <= len(t) && len(t) <= 200 && strings.IndexFunc(t, func(r rune) bool { return r < ' ' || '~' < r }) < 0
}

func (s *scanner) claim() (c Claim) {
	kind, value, more := strings.Cut(s.key("claim"), " ")
	switch c.Kind = ClaimKind(kind); c.Kind {
	case ClaimResidual:
		c.Bound = s.number(value)
		s.need(c.Bound.Sign() > 0, Invalid, "the bound of the residual is not positive")
	case ClaimDepth:
		c.Lower.Depth = s.integer(value, s.limits.Layers)
		s.need(c.Lower.Depth > 0, Invalid, "depth 0 claims nothing")
	default:
		s.need(c.Kind == ClaimExact && !more, Invalid, "want claim exact, residual or depth")
	}
	return c
}

// layer reads the layer of the given number.
func (s *scanner) layer(number int, part coupling.Partition) coupling.Layer {
	s.section = fmt.Sprintf("layer %d", number)
	kind := coupling.Lower
	text := s.key("layer")
	if strings.HasSuffix(text, "U") {
		kind = coupling.Upper
	}
	rows, cols := part.WeightDims(kind)
	s.need(text == fmt.Sprintf("%d %v", number, kind), NotCanonical, "want layer %d, L or U", number)
	weight, _ := s.matrix(s.key("weight"), rows, cols, nil)
	l, err := coupling.NewLayer(part, kind, weight, s.scale(rows))
	s.check(err)
	return l
}

func (s *scanner) scale(count int) (scale coupling.Scale) {
	kind, values, more := strings.Cut(s.key("scale"), " ")
	if kind == "one" && !more {
		return scale
	}
	s.need(kind == "exact" || kind == "exp", Malformed, "want scale one, exact or exp")
	v := s.numbers(values, count)
	if kind == "exact" {
		s.width(newEntries(1, v))
		var err error
		scale, err = coupling.ExactScale(v)
		s.check(err)
	} else {
		for _, x := range v {
			s.need(new(big.Rat).Abs(x).Cmp(big.NewRat(MaxLogScale, 1)) <= 0, Invalid, "a log-scale is beyond ±%d", MaxLogScale)
		}
		scale = coupling.ExpScale(v)
	}
	s.need(scale.Kind() != coupling.ScaleOne, NotCanonical, "all scales are 1, which is to be written one")
	return scale
}
