package main

import (
	"fmt"

	"flowproof/constructions"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/targets"
)

// theorem is a construction with the maps to show it on.
type theorem struct {
	construction, statement string
	build                   func(exactmath.Matrix, coupling.Partition) (*coupling.Flow, error)
	maps                    []target
}

// target is a named target; the partition is half unless given.
type target struct {
	name      string
	d         int
	seed      uint64
	partition string
}

func theorems() []theorem {
	return []theorem{
		{"orthogonal", "rotations: six additive layers, condition bounded by a constant for all n", constructions.Orthogonal, []target{
			{"random-orthogonal", 2, 1, ""}, {"random-orthogonal", 3, 1, ""}, {"random-orthogonal", 8, 1, "checkerboard"},
			{"random-orthogonal", 9, 1, ""}, {"minus-identity", 4, 0, ""}, {"block-diag-j", 5, 0, ""}, {"reverse", 8, 0, ""}, {"dct", 17, 0, ""},
			{"random-orthogonal", 66, 1, ""}}},
		{"conditioned-13", "positive determinant: thirteen layers, product of conditions within a constant of the least", conditioned(13), []target{
			{"gaussian", 4, 1, ""}, {"gaussian", 5, 1, ""}, {"integer", 6, 1, ""}}},
		{"conditioned-11", "positive determinant: eleven layers, product of conditions within a constant of the least", conditioned(11), []target{
			{"toeplitz", 4, 1, ""}}},
		{"eight", "positive determinant: eight layers, conditions polynomial in that of the map", constructions.Eight, []target{
			{"gaussian", 4, 1, ""}, {"gaussian", 5, 1, "checkerboard"}, {"lu", 6, 1, ""}}},
	}
}

func conditioned(depth int) func(exactmath.Matrix, coupling.Partition) (*coupling.Flow, error) {
	return func(m exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
		return constructions.Conditioned(m, part, constructions.ConditionedOptions{Depth: depth})
	}
}

// byTheorem returns the certificates of the theorems.
func byTheorem() (out []item, err error) {
	for _, th := range theorems() {
		for _, m := range th.maps {
			t, err := targets.Make(m.name, m.d, m.seed, targets.Options{})
			if err != nil {
				return nil, err
			}
			if m.partition == "" {
				m.partition = "half"
			}
			part, err := coupling.ParsePartition(m.d, m.partition)
			if err != nil {
				return nil, err
			}
			i := item{name: fmt.Sprintf("%s-%s-%d", th.construction, m.name, m.d), construction: th.construction, theorem: th.statement, target: t.Matrix}
			if t.Seeded {
				i.seed = &t.Seed
			}
			if i.flow, err = th.build(t.Matrix, part); err != nil {
				return nil, fmt.Errorf("%s: %w", i.name, err)
			}
			out = append(out, i)
		}
	}
	return out, nil
}
