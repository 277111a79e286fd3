package coupling

import (
	"fmt"
)

// Flow is a sequence of coupling layers on one partition. Its matrix is the
// product in the order of the layers, M = E1 E2 ... Ek: the last layer acts
// first. A Flow cannot be changed once built.
type Flow struct {
	part   Partition
	layers []Layer
}

// NewFlow returns the flow of the given layers, in product order: the last one
// acts first. Every layer must have been built for a partition of the same
// sizes; otherwise the error wraps ErrInvalidLayer.
func NewFlow(part Partition, layers ...Layer) (*Flow, error) {
	for i, l := range layers {
		if _, err := NewLayer(part, l.kind, l.weight, l.scale); err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	return &Flow{part, append([]Layer(nil), layers...)}, nil
}

// Partition returns the partition.
func (f *Flow) Partition() Partition { return f.part }

// Layers returns the layers in product order: the last one acts first.
func (f *Flow) Layers() []Layer { return append([]Layer(nil), f.layers...) }

// Depth is the number of layers, runs of neighbours of one kind counted once
// and layers that change nothing not at all.
func (f *Flow) Depth() int {
	depth, last := 0, Kind(-1)
	for _, l := range f.layers {
		if !l.IsIdentity() && l.kind != last {
			depth++
			last = l.kind
		}
	}
	return depth
}
