// Package engine is the fast arithmetic for products of dense layers: residues
// modulo many primes.
package engine

import (
	"flowproof/exactmath/modular"
	"flowproof/verify/product"
)

// New is a product.Maker.
func New(order []int, p, factors int, memory, work int64) product.Engine {
	return modular.New(order, p, 0, len(order), factors, memory, work)
}
