package certificate

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
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
func Check(r io.Reader, limits Limits, maker product.Maker, each func(coupling.Layer)) (o *Outcome, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			o, err = nil, p.error
		default:
			panic(p)
		}
	}()
	s := newScanner(r, limits)
	o, digest := s.header()
	x := product.New(o.Partition, o.Layers, product.Limits{Memory: limits.Memory, Work: limits.Work}, maker)
	last := coupling.Kind(-1)
	for i := range o.Layers {
		s.limits.Memory = limits.Memory // the layer before is gone
		l := s.layer(i+1, o.Partition)
		s.check(x.Multiply(l))
		if l.Kind() != last && !l.IsIdentity() {
			o.Depth, last = o.Depth+1, l.Kind()
		}
		if each != nil {
			each(l)
		}
	}
	s.target(o, x, digest)
	s.trailer(o)
	s.section = "claim"
	if o.Claim.Kind == ClaimDepth {
		o.Residual = nil
		s.judgeDepth(o)
	} else {
		s.judge(o, x)
	}
	return o, nil
}

// target reads the target, whose SHA-256 is to be digest. If it is large, and no
// scale exp(s) in the way, it is seen beside the product.
func (s *scanner) target(o *Outcome, x *product.Product, digest string) {
	s.section = "target"
	n, encoding := o.Partition.Dim(), s.key("target")
	if n*n <= NearAbove || x.Irrational() {
		x = nil
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %s\n", n, n, strings.Replace(encoding, Near, Floats, 1))
	s.canon = h
	o.Target, o.Residual = s.matrix(encoding, n, n, x)
	s.canon = io.Discard
	o.TargetSHA256 = [32]byte(h.Sum(nil))
	s.need(fmt.Sprintf("%x", o.TargetSHA256) == digest, Digest, "the SHA-256 of the target is %x", o.TargetSHA256)
}

// trailer reads all after the target.
func (s *scanner) trailer(o *Outcome) {
	s.section = "reasons"
	if o.Claim.Kind == ClaimDepth {
		for kind := range o.Claim.Lower.Reasons {
			o.Claim.Lower.Reasons[kind] = s.reason(coupling.Kind(kind))
		}
	}
	s.section = "trailer"
	want := fmt.Sprintf("%x", s.file.Sum(nil))
	s.need(s.key("sha256") == want, Digest, "the SHA-256 of what comes before is %s", want)
	_, err := s.in.ReadByte()
	s.need(err != nil, Trailing, "something follows the last line")
	if !errors.Is(err, io.EOF) || s.src.N == 0 {
		s.io(err)
	}
}

// judge decides about a claim that compares the target with the product.
func (s *scanner) judge(o *Outcome, x *product.Product) {
	if o.Residual == nil {
		s.check(x.Subtract(o.Target))
		o.Residual = x.MaxAbs()
	}
	o.Verdict = product.Residual
	if x.Irrational() {
		o.Verdict = product.Enclosed
	} else if o.Residual.Sign() == 0 {
		o.Verdict = product.Exact
	}
	holds := o.Verdict == product.Exact
	if o.Claim.Kind == ClaimResidual {
		holds = o.Residual.Cmp(o.Claim.Bound) <= 0
	}
	about, _ := o.Residual.Float64()
	s.need(holds, ClaimFalse, "claim %v, and the largest residual is about %.3g", o.Claim, about)
}
