package certificate

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/verify"
)

// Check reads a certificate and checks its claim, in exact arithmetic and within
// the limits. Anything but a canonical file whose claim is true is refused with
// a *RejectError; if r fails, the error wraps that of r.
func Check(r io.Reader, limits Limits) (*Outcome, error) {
	s := newScanner(r, limits)
	c, part, count, sum := s.header()
	var layers []coupling.Layer
	for i := 0; i < count && s.err == nil; i++ {
		layers = append(layers, s.layer(i, part))
	}
	if s.err != nil {
		return nil, s.err
	}
	o := &Outcome{Certificate: c}
	s.section = "target"
	var err error
	if c.Flow, err = coupling.NewFlow(part, layers...); err == nil {
		err = c.validate()
	}
	if s.valid(nil, err); s.err != nil {
		return nil, s.err
	}
	product := s.target(o, sum)
	for _, kind := range kinds(c) {
		s.section = "reasons"
		c.Claim.Lower.Reasons[kind] = s.reason(kind)
	}
	s.section = "trailer"
	if want := fmt.Sprintf("%x", s.sum.Sum(nil)); s.key("sha256") != want {
		s.fail(Digest, "the SHA-256 of what comes before is %s", want)
	}
	if _, err := s.in.ReadByte(); err == nil {
		s.fail(Trailing, "something follows the last line")
	} else if !errors.Is(err, io.EOF) || s.src.N == 0 {
		s.io(err)
	}
	s.section = "claim"
	switch {
	case s.err != nil:
	case c.Claim.Kind == ClaimDepth:
		s.judgeDepth(o)
	default:
		s.judge(o, product)
	}
	if s.err != nil {
		return nil, s.err
	}
	return o, nil
}

// target reads the target and returns the product, if it had to be composed.
func (s *scanner) target(o *Outcome, sum string) (product exactmath.Matrix) {
	n := o.Flow.Partition().Dim()
	name := s.key("target")
	var rounded []float64
	if s.admit(o.Flow); s.err == nil && (name == near || name == float64s) {
		var err error
		product, rounded, err = reference(o.Flow)
		s.valid(nil, err)
	}
	o.Target = s.matrix(n, n, name, rounded)
	s.settle(func(w *bufio.Writer) {
		writeTarget(w, o.Target, rounded)
		o.TargetSHA256 = SHA256(o.Target)
	})
	if got := fmt.Sprintf("%x", o.TargetSHA256); got != sum {
		s.fail(Digest, "the SHA-256 of the target is %s", got)
	}
	return product
}

// judge decides about the claim.
func (s *scanner) judge(o *Outcome, product exactmath.Matrix) {
	o.Depth = o.Flow.Depth()
	if product == nil {
		r, err := verify.Check(o.Flow, o.Target)
		if err != nil {
			s.fail(Invalid, "%v", err)
			return
		}
		o.Verdict, o.Residual = r.Verdict, r.ResidualMax
	} else {
		if o.Verdict, o.Residual = verify.Residual, largest(o.Target, product); o.Residual.Sign() == 0 {
			o.Verdict = verify.Exact
		}
	}
	if o.Claim.Kind == ClaimExact && o.Verdict != verify.Exact ||
		o.Claim.Kind == ClaimResidual && o.Residual.Cmp(o.Claim.Bound) > 0 {
		f, _ := o.Residual.Float64()
		s.fail(ClaimFalse, "claim %v, and the largest residual is about %.3g", o.Claim, f)
	}
}

// largest returns the largest |entry| of target - product, matrices of the same
// shape.
func largest(target, product exactmath.Matrix) *big.Rat {
	f, isFloat := target.(*exactmath.Floats)
	p, isDyadic := product.(*dense.Dyadic)
	exp := 0
	if isDyadic {
		exp = p.Exp()
	}
	fine := isFloat && isDyadic && exp <= 0 && !slices.ContainsFunc(f.View(), func(v float64) bool {
		_, e := exactmath.Odd(v)
		return e < exp && v != 0
	})
	if !fine {
		diff, _ := dense.Sub(target, product)
		return dense.MaxAbs(diff)
	}
	_, cols := p.Dims()
	most, d := new(big.Int), new(big.Int)
	for k, v := range f.View() { // integers over 2^exp, without an allocation for each
		if d.SetInt64(0); v != 0 {
			m, e := exactmath.Odd(v)
			d.Lsh(d.SetInt64(m), uint(e-exp))
		}
		if d.Sub(d, p.Num(k/cols, k%cols)).CmpAbs(most) > 0 {
			most, d = d, most
		}
	}
	return new(big.Rat).SetFrac(most.Abs(most), new(big.Int).Lsh(big.NewInt(1), uint(-exp)))
}
