package main

import (
	"fmt"
	"strings"

	"flowproof/certificate"
	"flowproof/constructions/conditioned"
	"flowproof/constructions/lowerbound"
	"flowproof/constructions/permutation"
	"flowproof/constructions/rational"
	"flowproof/constructions/refine"
	"flowproof/constructions/rotation"
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

// target is a named target, which " flipped" or " padded" after its name turns as
// -det does; the partition is half unless given.
type target struct {
	name      string
	d         int
	seed      uint64
	partition string
}

func theorems() []theorem {
	return []theorem{
		{"orthogonal", "rotations: six additive layers, condition bounded by a constant for all n", rotation.Orthogonal, []target{
			{"random-orthogonal", 2, 1, ""}, {"random-orthogonal", 3, 1, ""}, {"random-orthogonal", 8, 1, "checkerboard"},
			{"random-orthogonal", 9, 1, ""}, {"minus-identity", 4, 0, ""}, {"block-diag-j", 5, 0, ""}, {"reverse", 8, 0, ""}, {"dct", 17, 0, ""},
			{"random-orthogonal", 66, 1, ""}}},
		{"conditioned-13", "positive determinant: thirteen layers, product of conditions within a constant of the least", conditionedIn(13), []target{
			{"gaussian", 4, 1, ""}, {"gaussian", 5, 1, ""}, {"integer", 6, 1, ""}}},
		{"conditioned-11", "positive determinant: eleven layers, product of conditions within a constant of the least", conditionedIn(11), []target{
			{"toeplitz", 4, 1, ""}}},
		{"eight", "positive determinant: eight layers, conditions polynomial in that of the map", conditioned.Eight, []target{
			{"gaussian", 4, 1, ""}, {"gaussian", 5, 1, "checkerboard"}, {"lu", 6, 1, ""}}},
		{"five", "rationals: five layers where an off-diagonal block has full rank", rational.Five, []target{
			{"integer", 4, 1, ""}, {"unimodular", 5, 1, ""}, {"companion", 4, 1, "checkerboard"}, {"integer", 7, 1, ""}}},
		{"six", "rationals: six layers for every map of positive determinant", rational.Six, []target{
			{"minus-identity", 2, 0, ""}, {"block-diag-j", 3, 0, ""}, {"block-diag-j", 4, 0, ""}, {"minus-identity", 6, 0, ""}, {"reverse", 5, 0, ""},
			{"triangular", 5, 1, ""}}},
		{"any-partition", "rationals: the least depth that suffices for every map, parts of any sizes", rational.AnyPartition, []target{
			{"integer", 5, 1, "3"}, {"minus-identity", 6, 0, "0,1,2,3"}, {"unimodular", 7, 1, "1,6"}}},
		{"published", "rationals: the LUP route in the style of the paper", rational.Published, []target{
			{"integer", 4, 1, ""}, {"integer", 5, 1, "checkerboard"}}},
		{"permutation", "even permutations: six additive sparse layers of half-integers", permutation.Permutation, []target{
			{"permutation", 3, 1, ""}, {"reverse", 4, 0, ""}, {"permutation", 9, 1, ""}, {"permutation", 16, 1, "checkerboard"}, {"zigzag", 64, 0, ""}}},
		{"permutation-integer", "even permutations: additive layers of integers", permutation.PermutationInteger, []target{
			{"permutation", 5, 2, ""}, {"permutation", 8, 1, ""}}},
		{"signed-permutation", "permutations with signs: six additive sparse layers of half-integers", permutation.Permutation, []target{
			{"block-diag-j", 3, 0, ""}, {"reverse flipped", 3, 0, ""}, {"block-diag-j", 6, 0, ""}, {"minus-identity", 8, 0, "checkerboard"}, {"reverse flipped", 7, 0, ""},
			{"reverse padded", 10, 0, ""}, {"reverse flipped", 34, 0, ""}}},
		{"signed-permutation-integer", "permutations with signs: additive layers of integers", permutation.PermutationInteger, []target{
			{"block-diag-j", 7, 0, ""}, {"reverse padded", 15, 0, ""}}},
		{"refine", "any precision: residual below 2^-256, layers of 256-bit dyadics", refined(256), []target{
			{"random-orthogonal", 4, 1, ""}, {"random-orthogonal", 5, 1, "checkerboard"}}},
	}
}

func refined(prec uint) func(exactmath.Matrix, coupling.Partition) (*coupling.Flow, error) {
	return func(m exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
		f, err := rotation.Orthogonal(m, part)
		if err != nil {
			return nil, err
		}
		f, _, err = refine.Refine(f, m, prec, refine.Options{})
		return f, err
	}
}

func conditionedIn(depth int) func(exactmath.Matrix, coupling.Partition) (*coupling.Flow, error) {
	return func(m exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
		return conditioned.Conditioned(m, part, conditioned.Options{Depth: depth})
	}
}

// depths are maps with lower bounds of the depth.
func depths() []target {
	return []target{
		{"minus-identity", 2, 0, ""}, {"givens", 2, 1, ""}, {"block-diag-j", 3, 0, ""}, {"block-diag-j", 4, 0, ""}, {"block-diag-j", 5, 0, ""},
		{"reverse", 4, 0, ""}, {"integer", 4, 1, ""}, {"unimodular", 5, 1, ""}, {"integer", 5, 2, "1"}, {"minus-identity", 6, 0, "0,1,2,3"}, {"triangular", 4, 1, ""},
	}
}

// byDepth returns the certificates of lower bounds.
func byDepth() (out []item, err error) {
	for _, m := range depths() {
		i, part, err := m.item("depth")
		if err != nil {
			return nil, err
		}
		i.construction, i.theorem = "lower bound", "no flow of fewer layers, whatever its scales"
		lower, err := lowerbound.DepthLowerBound(i.target, part)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", i.name, err)
		}
		if i.flow, err = coupling.NewFlow(part); err != nil {
			return nil, err
		}
		i.claim = &certificate.Claim{Kind: certificate.ClaimDepth, Lower: lower}
		out = append(out, i)
	}
	return out, nil
}

// byTheorem returns the certificates of the theorems.
func byTheorem() (out []item, err error) {
	for _, th := range theorems() {
		for _, m := range th.maps {
			i, part, err := m.item(th.construction)
			if err != nil {
				return nil, err
			}
			i.construction, i.theorem = th.construction, th.statement
			if i.flow, err = th.build(i.target, part); err != nil {
				return nil, fmt.Errorf("%s: %w", i.name, err)
			}
			out = append(out, i)
		}
	}
	return out, nil
}

// item returns an item with the target, and the partition.
func (m target) item(prefix string) (item, coupling.Partition, error) {
	name, turn, _ := strings.Cut(m.name, " ")
	t, err := targets.Make(name, m.d, m.seed, targets.Options{})
	switch {
	case err != nil:
	case turn == "flipped":
		t, err = targets.Flip(t, 0)
	case turn == "padded":
		t, err = targets.Pad(t)
	}
	if err != nil {
		return item{}, coupling.Partition{}, err
	}
	if m.partition == "" {
		m.partition = "half"
	}
	part, err := coupling.ParsePartition(t.Dim, m.partition)
	i := item{name: fmt.Sprintf("%s-%s-%d", prefix, strings.ReplaceAll(m.name, " ", "-"), t.Dim), target: t.Matrix}
	if t.Seeded {
		i.seed = &t.Seed
	}
	return i, part, err
}
