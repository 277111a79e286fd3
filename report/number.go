// Package report turns what was built and checked into something to read: a
// table for people, one JSON object for programs.
package report

import (
	"math"
	"math/big"

	"flowproof/internal/number"
)

// upFloat is Up for a float64, which may be +Inf.
func upFloat(x float64, digits int) string {
	if math.IsInf(x, 1) || math.IsNaN(x) {
		return "inf"
	}
	return number.Up(new(big.Rat).SetFloat64(x), digits)
}
