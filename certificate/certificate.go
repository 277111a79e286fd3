// Package certificate checks the files in which a flow and a claim about it
// travel to whoever wants to know; docs/certificate.md specifies them. The package
// trusts nothing that it reads and does not reach the packages that build flows,
// nor package encode, which writes the files.
package certificate

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"

	"flowproof/certificate/scan"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify/lowerbound"
	"flowproof/verify/product"
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
		return string(scan.AppendNumber([]byte("residual "), c.Bound))
	case ClaimDepth:
		return fmt.Sprintf("depth %d", c.Lower.Depth)
	}
	return string(c.Kind)
}

// Outcome is what Check found about a certificate that it accepts.
// Construction, Theorem and Seed tell a reader where the layers come from; no
// check depends on them.
type Outcome struct {
	Construction, Theorem string
	Seed                  *uint64 // nil: none
	Claim                 Claim
	Partition             coupling.Partition
	Layers                int
	Depth                 int              // of the flow; for NeedsDepth the one proved to be needed
	Target                exactmath.Matrix // n x n
	TargetSHA256          [32]byte
	Engine                bool // an engine multiplied
	Verdict               product.Verdict
	Residual              *big.Rat // largest |entry| of target - product; an upper bound for Enclosed, nil for NeedsDepth
}

// Reason classifies the refusal of a certificate.
type Reason = scan.Reason

// The reasons.
const (
	Malformed    = scan.Malformed
	Version      = scan.Version
	NotCanonical = scan.NotCanonical
	TooLarge     = scan.TooLarge
	Invalid      = scan.Invalid
	Digest       = scan.Digest
	ClaimFalse   = scan.ClaimFalse
	NotProved    = scan.NotProved
	Undecided    = scan.Undecided
)

// RejectError is the refusal of a certificate. Its sections are "header", "layer 3",
// "target", "reasons", "trailer" or "claim".
type RejectError = scan.RejectError

// remedy is what to try about a certificate that is undecided.
type remedy int

const (
	none    remedy = iota
	plain          // no engine
	sharper        // more bits of scales exp(s)
)

// scanner reads a certificate about linear flows.
type scanner struct {
	*scan.Scanner
	limits Limits      // of Entries: what is left
	engine func() bool // whether one is at work
	next   remedy      // of a refusal
}

func newScanner(r io.Reader, limits Limits) *scanner {
	return &scanner{Scanner: scan.New(r, limits.Limits), limits: limits}
}

// check is Check, and knows what may help.
func (s *scanner) check(err error) {
	if errors.Is(err, exactmath.ErrTooLarge) && s.engine != nil && s.engine() {
		s.next = plain
	}
	s.Check(err)
}

// Limits bounds what reading and checking may cost. A size that the file
// declares is compared with it before anything of that size is allocated. The
// first are those of the format; what is beyond Memory, Work or Done is undecided.
type Limits struct {
	Dim     int // n
	Layers  int
	Entries int64 // matrix entries, all matrices together

	// Bits: of the common denominator of a matrix or a scale, too.
	//
	// Memory: of the numbers of a layer read as text, and again of the product.
	// Work: to read numbers, and again to multiply or for the reasons, each time that
	// the file is read. Done: looked at all the time, but only between layers while an
	// engine multiplies.
	scan.Limits
}

// DefaultLimits admits all that the format does, and the work for dense float64
// flows up to about n = 2,048 and sparse ones to n = 100,000.
func DefaultLimits() Limits {
	memory := min(1<<32, int64(math.MaxInt/2)) // there is no more in 32 bits
	return Limits{Dim: 1 << 17, Layers: 1 << 12, Entries: 1 << 26,
		Limits: scan.Limits{Bytes: 1 << 30, Bits: 1 << 18, Limits: exactmath.Limits{Memory: memory, Work: 1 << 40}}}
}
