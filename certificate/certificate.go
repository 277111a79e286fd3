// Package certificate is the file in which a flow and a claim about it travel to
// whoever wants to check them; docs/certificate.md specifies it. The package
// trusts nothing that it reads and does not reach the packages that build flows.
package certificate

import (
	"fmt"
	"math/big"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify"
	"flowproof/verify/lowerbound"
)

// ClaimKind says what a certificate claims.
type ClaimKind string

// The claims.
const (
	ClaimExact    ClaimKind = "exact"    // the product of the layers is the target
	ClaimResidual ClaimKind = "residual" // no |entry| of target - product exceeds Claim.Bound
	ClaimDepth    ClaimKind = "depth"    // no flow of fewer than Claim.Lower.Depth layers is the target
)

// Claim is what the checker is to find true.
type Claim struct {
	Kind  ClaimKind
	Bound *big.Rat               // ClaimResidual: positive
	Lower lowerbound.Certificate // ClaimDepth: the depth and the reasons
}

// String returns the claim as the file words it.
func (c Claim) String() string {
	switch c.Kind {
	case ClaimResidual:
		return string(appendNumber([]byte("residual "), c.Bound))
	case ClaimDepth:
		return fmt.Sprintf("depth %d", c.Lower.Depth)
	}
	return string(c.Kind)
}

// ClaimFrom returns the claim that a result bears out: exact, or the residual
// rounded up to 24 bits, and twice that if exponential scales were enclosed, so
// that less sharp checkers agree.
func ClaimFrom(r *verify.Result) Claim {
	if r.Verdict == verify.Exact {
		return Claim{Kind: ClaimExact}
	}
	b := new(big.Float).SetPrec(24).SetMode(big.ToPositiveInf).SetRat(r.ResidualMax)
	if r.Verdict == verify.Enclosed {
		b.Add(b, b)
	}
	bound, _ := b.Rat(nil)
	return Claim{Kind: ClaimResidual, Bound: bound}
}

// Certificate is the content of a file. Construction, Theorem and Seed tell a
// reader where the layers come from; no check depends on them.
type Certificate struct {
	Construction, Theorem string  // 1 to 200 printable ASCII characters
	Seed                  *uint64 // nil: none
	Claim                 Claim
	Flow                  *coupling.Flow   // no layers for ClaimDepth, only the partition
	Target                exactmath.Matrix // n x n
}

// Outcome is what Check found about a certificate that it accepts.
type Outcome struct {
	*Certificate
	TargetSHA256 [32]byte
	Depth        int // of the flow; for NeedsDepth the one proved to be needed
	Verdict      verify.Verdict
	Residual     *big.Rat // largest |entry| of target - product; an upper bound for Enclosed, nil for NeedsDepth
}

// Reason classifies the refusal of a certificate.
type Reason string

// The reasons.
const (
	Malformed    Reason = "malformed"     // not a sentence of the grammar
	Version      Reason = "version"       // of another version of the format
	NotCanonical Reason = "not canonical" // not the one way to write this content
	Truncated    Reason = "truncated"     // ends too early
	Trailing     Reason = "trailing data" // goes on after its end
	TooLarge     Reason = "too large"     // beyond a limit
	Invalid      Reason = "invalid"       // a value that the format excludes
	Digest       Reason = "digest"        // a SHA-256 does not match
	ClaimFalse   Reason = "claim false"   // well formed, and not true
)

// RejectError is the refusal of a certificate.
type RejectError struct {
	Reason  Reason
	Section string // "header", "layer 3", "target", "trailer" or "claim"
	Offset  int64  // bytes read when the refusal was certain
	Detail  string
}

func (e *RejectError) Error() string {
	return fmt.Sprintf("certificate rejected: %s: %s (%s, byte %d)", e.Reason, e.Detail, e.Section, e.Offset)
}

// Limits bounds what reading and checking may cost. A size that the file
// declares is compared with it before anything of that size is allocated.
type Limits struct {
	Bytes   int64 // length of the file
	Dim     int   // n
	Layers  int
	Entries int64 // stored matrix entries, all matrices together
	Bits    int   // of a numerator or denominator, and of a layer's common denominator
	Memory  int64 // bytes of the numbers read as text and of the product
	Work    int64 // multiplications of 64-bit words
}

// DefaultLimits admits dense float64 flows up to about n = 2,048 and sparse ones
// to n = 100,000.
func DefaultLimits() Limits {
	return Limits{Bytes: 1 << 30, Dim: 1 << 17, Layers: 1 << 12, Entries: 1 << 26, Bits: 1 << 18, Memory: 1 << 32, Work: 1 << 40}
}
