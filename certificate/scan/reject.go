package scan

import "fmt"

// Reason classifies the refusal of a certificate.
type Reason string

// The reasons. Undecided alone is no verdict on the certificate.
const (
	Malformed    Reason = "malformed"     // not a sentence of the grammar
	Version      Reason = "version"       // of another version of the format
	NotCanonical Reason = "not canonical" // not the one way to write this content
	Truncated    Reason = "truncated"     // ends too early
	Trailing     Reason = "trailing data" // goes on after its end
	TooLarge     Reason = "too large"     // beyond a limit of the format
	Invalid      Reason = "invalid"       // a value that the format excludes
	Digest       Reason = "digest"        // a SHA-256 does not match
	ClaimFalse   Reason = "claim false"   // well formed, and proved not to be true
	NotProved    Reason = "not proved"    // ClaimDepth: well formed, and a reason does not hold
	Undecided    Reason = "undecided"     // neither proved nor refuted: more memory, work, time or precision is needed
)

// RejectError is the refusal of a certificate.
type RejectError struct {
	Reason  Reason
	Section string // "header", "layer 3", "target", "reasons", "trailer" or "claim"
	Offset  int64  // bytes read when the refusal was certain
	Detail  string
}

func (e *RejectError) Error() string {
	if e.Reason == Undecided {
		return fmt.Sprintf("certificate undecided: %s (%s, byte %d)", e.Detail, e.Section, e.Offset)
	}
	return fmt.Sprintf("certificate rejected: %s: %s (%s, byte %d)", e.Reason, e.Detail, e.Section, e.Offset)
}
