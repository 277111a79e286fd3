package condition

import "flowproof/coupling"

// Flow is what is known of the conditioning of a flow: the condition number of each
// layer, the largest, and their product. Bounds are rigorous, estimates come from the
// SVD.
type Flow struct {
	Layers  []Number // in product order
	Largest Number
	Product float64 // bound
}

// Of returns the condition numbers of the layers of f; those of no layers are 1.
func Of(f *coupling.Flow) Flow {
	c := Flow{Layers: []Number{}, Largest: Number{1, 1}, Product: 1}
	for _, l := range f.Layers() {
		k := Layer(l)
		c.Layers = append(c.Layers, k)
		c.Largest = Number{max(c.Largest.Estimate, k.Estimate), max(c.Largest.Bound, k.Bound)}
		c.Product = up(c.Product * k.Bound)
	}
	return c
}
