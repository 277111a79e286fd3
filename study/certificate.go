package study

import (
	"math/big"

	"flowproof/certificate/encode"
	"flowproof/internal/number"
)

// Certificate returns the content of the certificate that a record bears out.
func (r *UniversalityRecord) Certificate() *encode.Distance {
	return &encode.Distance{
		Construction: "universal", Theorem: "universal-bound", Claim: distanceClaim(r.Bound.Bound, r.Case.Delta),
		Histogram: r.Case.Histogram, Plan: r.Plan, Flow: r.Flow,
	}
}

// distanceClaim rounds a bound up to four decimal digits, with room for checkers
// whose enclosures are wider by 10^-5 of it, but not beyond what was asked for.
func distanceClaim(bound, delta *big.Rat) *big.Rat {
	room := new(big.Rat).Mul(bound, big.NewRat(100_001, 100_000))
	claim, _ := new(big.Rat).SetString(number.Up(room, 4))
	if claim.Cmp(delta) > 0 {
		return delta
	}
	return claim
}
