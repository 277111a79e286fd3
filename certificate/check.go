package certificate

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"flowproof/coupling"
	"flowproof/verify/product"
)

// Check reads a certificate and checks its claim, in exact arithmetic and within
// the limits, in the memory of the largest layer, the target and the product.
// Dense layers are multiplied by an engine of the maker (engine.New, say), which is
// relied on then; without one, for maker nil, by rational numbers, and dense layers
// of dimension 100 take seconds, those of dimension 500 minutes. Unless each is nil,
// it gets the layers in their order, as soon as they are read: before anything is
// known about the claim. Anything but a canonical file whose claim is true is refused
// with a *RejectError; if r fails, the error wraps that of r.
//
// A few files have numbers that no engine holds, or scales exp(s) so extreme that
// the claim is open at the precision that Check begins with. If r is an io.Seeker,
// it reads them again, at product.MaxPrecision or without an engine. What is open
// then is refused as Undecided: for the claim ClaimExact about scales exp(s), that
// is always so, unless it is refuted.
func Check(r io.Reader, limits Limits, maker product.Maker, each func(coupling.Layer)) (*Outcome, error) {
	seeker, _ := r.(io.Seeker)
	var start int64
	if seeker != nil {
		var err error
		if start, err = seeker.Seek(0, io.SeekCurrent); err != nil { // a pipe
			seeker = nil
		}
	}
	p := &pass{precision: product.Precision, maker: maker, each: each}
	for {
		s := newScanner(r, limits)
		o, err := p.check(s)
		var refusal *RejectError
		if !errors.As(err, &refusal) || s.next == none {
			return o, err
		}
		if seeker == nil {
			refusal.Detail += "; a file that can be read twice may be decided"
			return o, err
		}
		if s.next == plain {
			p.maker = nil
		} else {
			p.precision = product.MaxPrecision
		}
		if _, err := seeker.Seek(start, io.SeekStart); err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
	}
}

// pass is one way to check a certificate.
type pass struct {
	precision int // of scales exp(s)
	maker     product.Maker
	each      func(coupling.Layer)
	given     int    // layers that each got, in this pass or one before,
	digest    []byte // and the SHA-256 of the file up to there
}

func (p *pass) check(s *scanner) (o *Outcome, err error) {
	if err := s.Run(func() { o = p.read(s) }); err != nil {
		return nil, err
	}
	return o, nil
}

// read is check; it ends by a panic that Run recovers.
func (p *pass) read(s *scanner) *Outcome {
	o, digest := s.header()
	memory, work := s.Limits.Memory, s.Limits.Work
	x := product.New(o.Partition, o.Layers, p.precision, s.Limits.Limits, p.maker)
	s.engine = x.Engine
	last := coupling.Kind(-1)
	for i := range o.Layers {
		s.Limits.Memory = memory // the layer before is gone
		l := s.layer(i+1, o.Partition)
		s.check(x.Multiply(l))
		if l.Kind() != last && !l.IsIdentity() {
			o.Depth, last = o.Depth+1, l.Kind()
		}
		if i == p.given {
			p.given, p.digest = i+1, s.Sum()
			if p.each != nil {
				p.each(l)
			}
		}
		s.Need(i+1 != p.given || bytes.Equal(p.digest, s.Sum()), Undecided, "the file changed while it was read")
	}
	s.target(o, x, digest)
	s.trailer(o)
	s.Section, o.Engine = "claim", x.Engine()
	if o.Claim.Kind == ClaimDepth {
		o.Residual = nil
		s.judgeDepth(o, work)
	} else {
		s.judge(o, x, p.precision)
	}
	return o
}

// target reads the target, whose SHA-256 is to be digest. If it is large, and no
// scale exp(s) in the way, it is seen beside the product.
func (s *scanner) target(o *Outcome, x *product.Product, digest string) {
	s.Section = "target"
	n, encoding := o.Partition.Dim(), s.Key("target")
	if int64(n)*int64(n) <= NearAbove || x.Irrational() {
		x = nil
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %s\n", n, n, strings.Replace(encoding, Near, Floats, 1))
	s.Canon = h
	o.Target, o.Residual = s.matrix(encoding, n, n, x)
	s.Canon = io.Discard
	o.TargetSHA256 = [32]byte(h.Sum(nil))
	s.Need(fmt.Sprintf("%x", o.TargetSHA256) == digest, Digest, "the SHA-256 of the target is %x", o.TargetSHA256)
}

// trailer reads all after the target.
func (s *scanner) trailer(o *Outcome) {
	s.Section = "reasons"
	if o.Claim.Kind == ClaimDepth {
		for kind := range o.Claim.Lower.Reasons {
			o.Claim.Lower.Reasons[kind] = s.reason(coupling.Kind(kind))
		}
	}
	s.End()
}

// judge decides about a claim that compares the target with the product.
func (s *scanner) judge(o *Outcome, x *product.Product, precision int) {
	if o.Residual == nil {
		s.check(x.Subtract(o.Target))
		o.Residual = x.MaxAbs()
	}
	bound := new(big.Rat)
	if o.Claim.Kind == ClaimResidual {
		bound = o.Claim.Bound
	}
	o.Verdict = product.Residual
	if x.Irrational() {
		o.Verdict = product.Enclosed
	} else if o.Residual.Sign() == 0 {
		o.Verdict = product.Exact
	}
	if o.Residual.Cmp(bound) <= 0 { // 0 is the residual of no enclosure
		return
	}
	// The largest |entry| is at most the slack away from what was computed.
	twice := new(big.Rat).Add(x.Slack(), x.Slack())
	least, _ := twice.Sub(o.Residual, twice).Float64()
	s.Need(twice.Cmp(bound) <= 0, ClaimFalse, "claim %v, and the largest residual is about %.3g", o.Claim, least)
	switch {
	case precision < product.MaxPrecision:
		s.next = sharper
	case x.Engine(): // which bounds the norm of the product less sharply
		s.next = plain
	}
	s.Fail(Undecided, "claim %v, at a precision of %d bits for exp(s) neither proved nor refuted", o.Claim, precision)
}
