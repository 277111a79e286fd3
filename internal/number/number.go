// Package number writes numbers: a float64 that JSON can carry even when it is
// infinite, and decimals that are rounded in a direction.
package number

import (
	"encoding/json"
	"math"
)

// Float is a float64 whose JSON form is null if it is infinite or NaN.
type Float float64

// MarshalJSON writes the number, or null if it is not finite.
func (x Float) MarshalJSON() ([]byte, error) {
	if f := float64(x); !math.IsInf(f, 0) && !math.IsNaN(f) {
		return json.Marshal(f)
	}
	return []byte("null"), nil
}
