package numeric

import (
	"cmp"
	"math"
	"slices"
)

// Cheapest certifies candidates, those of least estimate first, until one is
// within the bound and so near to the least estimate left that no other is worth
// the time. Estimates decide the order and no more: they may be far too small.
func Cheapest(estimates []float64, bound float64, certify func(k int) float64) {
	const near = 1.01
	order := make([]int, len(estimates))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(estimates[a], estimates[b]) })
	least := math.Inf(1)
	for _, k := range order {
		if least <= bound && least <= near*estimates[k] {
			return
		}
		least = min(least, certify(k))
	}
}
