package study

import (
	"math/big"

	"flowproof/certificate/encode"
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
	unit := new(big.Rat).SetInt64(1)
	tenth := big.NewRat(1, 10)
	for thousand := big.NewRat(1000, 1); new(big.Rat).Mul(unit, thousand).Cmp(room) > 0; { // 1000 units at most
		unit.Mul(unit, tenth)
	}
	q := new(big.Rat).Quo(room, unit)
	n := new(big.Int).Add(q.Num(), new(big.Int).Sub(q.Denom(), big.NewInt(1)))
	claim := q.SetInt(n.Quo(n, q.Denom()))
	if claim.Mul(claim, unit); claim.Cmp(delta) > 0 {
		return delta
	}
	return claim
}
