// Package encode writes certificates, the files that package certificate checks.
package encode

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"

	"flowproof/certificate"
	"flowproof/certificate/scan"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify"
	"flowproof/verify/lowerbound"
)

// Certificate is the content of a file. Construction, Theorem and Seed tell a
// reader where the layers come from; no check depends on them.
type Certificate struct {
	Construction, Theorem string  // 1 to 200 printable ASCII characters
	Seed                  *uint64 // nil: none
	Claim                 certificate.Claim
	Flow                  *coupling.Flow   // no layers for ClaimDepth, only the partition
	Target                exactmath.Matrix // n x n
}

// ClaimFrom returns the claim that a result bears out: exact, or the residual
// rounded up to 24 bits, and twice that if exponential scales were enclosed, so
// that less sharp checkers agree.
func ClaimFrom(r *verify.Result) certificate.Claim {
	if r.Verdict == verify.Exact {
		return certificate.Claim{Kind: certificate.ClaimExact}
	}
	b := new(big.Float).SetPrec(24).SetMode(big.ToPositiveInf).SetRat(r.ResidualMax)
	if r.Verdict == verify.Enclosed {
		b.Add(b, b)
	}
	bound, _ := b.Rat(nil)
	return certificate.Claim{Kind: certificate.ClaimResidual, Bound: bound}
}

// Write writes c. The bytes depend on the content alone: neither on the machine
// nor on how the matrices are stored. It fails if c is no certificate, or with
// the error of w. It does not judge the claim: that is for certificate.Check.
func Write(w io.Writer, c *Certificate) error {
	n := c.Flow.Partition().Dim()
	if rows, cols := c.Target.Dims(); rows != n || cols != n {
		return &exactmath.ShapeError{Op: "certificate", R1: rows, C1: cols, R2: n, C2: n}
	}
	if err := c.validate(); err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	product, err := reference(c)
	if err != nil {
		return err
	}
	h := sha256.New()
	b := bufio.NewWriter(io.MultiWriter(w, h))
	writeHeader(b, c)
	for i, l := range c.Flow.Layers() {
		writeLayer(b, i, l)
	}
	b.WriteString("target ")
	writeMatrix(b, c.Target, product)
	if c.Claim.Kind == certificate.ClaimDepth {
		for kind, r := range c.Claim.Lower.Reasons {
			writeReason(b, coupling.Kind(kind), r)
		}
	}
	if err := b.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "sha256 %x\n", h.Sum(nil))
	return err
}

// reference returns the product of the layers rounded to float64, if the target
// may be written relative to it; else nil.
func reference(c *Certificate) ([]float64, error) {
	n := c.Flow.Partition().Dim()
	if n*n <= certificate.NearAbove || certificate.Encoding(c.Target) != certificate.Floats {
		return nil, nil
	}
	product, err := verify.Compose(c.Flow)
	if errors.Is(err, verify.ErrIrrational) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return product.Float64s(), nil
}

// validate checks what no other type has checked already.
func (c *Certificate) validate() error {
	if err := validTexts(c.Construction, c.Theorem); err != nil {
		return err
	}
	for i, l := range c.Flow.Layers() {
		rows, _ := l.Weight().Dims()
		for k := 0; k < rows && l.Scale().Kind() == coupling.ScaleExp; k++ {
			if s := l.Scale().At(k); s.Abs(s).Cmp(big.NewRat(certificate.MaxLogScale, 1)) > 0 {
				return fmt.Errorf("layer %d: log-scale %d is beyond ±%d", i+1, k, certificate.MaxLogScale)
			}
		}
	}
	valid := false
	switch bound := c.Claim.Bound; c.Claim.Kind {
	case certificate.ClaimExact:
		valid = bound == nil
	case certificate.ClaimResidual:
		valid = bound != nil && bound.Sign() > 0
	case certificate.ClaimDepth:
		valid = bound == nil && c.Claim.Lower.Depth > 0 && len(c.Flow.Layers()) == 0
	}
	if !valid {
		return fmt.Errorf("claim %q has the wrong form", c.Claim.Kind)
	}
	return nil
}

func writeHeader(w *bufio.Writer, c *Certificate) {
	writeOrigin(w, 1, c.Construction, c.Theorem, c.Seed)
	part := c.Flow.Partition()
	fmt.Fprintf(w, "claim %v\ndimension %d\npartition %s\nlayers %d\ntarget-sha256 %x\n", c.Claim, part.Dim(), part, len(c.Flow.Layers()), SHA256(c.Target))
}

// validTexts checks what is said about where the content comes from.
func validTexts(texts ...string) error {
	for _, t := range texts {
		if !scan.ValidText(t) {
			return fmt.Errorf("%q is not a line of 1 to 200 printable ASCII characters", t)
		}
	}
	return nil
}

// writeOrigin writes the first lines of either version: where the content comes from.
func writeOrigin(w *bufio.Writer, version int, construction, theorem string, seed *uint64) {
	number := "none"
	if seed != nil {
		number = fmt.Sprint(*seed)
	}
	fmt.Fprintf(w, "flowproof certificate %d\nconstruction %s\ntheorem %s\nseed %s\n", version, construction, theorem, number)
}

// writeReason writes the reason why no flow that begins with the layer of the
// given kind is the target.
func writeReason(w *bufio.Writer, kind coupling.Kind, r lowerbound.Reason) {
	b := fmt.Appendf(nil, "reason %v %s", kind, r.Rule)
	for _, f := range r.Fields {
		b = append(append(b, ' '), f.Name...)
		for _, v := range f.Values {
			b = scan.AppendNumber(append(b, ' '), v)
		}
	}
	w.Write(append(b, '\n'))
}
