package main

import (
	"cmp"
	"fmt"
	"strings"

	"flowproof/certificate"
	"flowproof/certificate/encode"
	"flowproof/constructions"
	"flowproof/constructions/lowerbound"
	"flowproof/coupling"
	"flowproof/study"
	"flowproof/targets"
)

// theorem is a construction with the maps to show it on.
type theorem struct {
	construction, statement string
	asked                   asked
	maps                    []target
}

// asked is what is asked of package constructions.
type asked struct {
	name string
	opt  constructions.Options
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
		{"orthogonal", "rotations: six additive layers, condition bounded by a constant for all n", asked{name: "orthogonal"}, []target{
			{"random-orthogonal", 2, 1, ""}, {"random-orthogonal", 3, 1, ""}, {"random-orthogonal", 8, 1, "checkerboard"},
			{"random-orthogonal", 9, 1, ""}, {"minus-identity", 4, 0, ""}, {"block-diag-j", 5, 0, ""}, {"reverse", 8, 0, ""}, {"dct", 17, 0, ""},
			{"random-orthogonal", 66, 1, ""}}},
		{"conditioned-13", "positive determinant: thirteen layers, product of conditions within a constant of the least", asked{name: "conditioned"}, []target{
			{"gaussian", 4, 1, ""}, {"gaussian", 5, 1, ""}, {"integer", 6, 1, ""}}},
		{"conditioned-11", "positive determinant: eleven layers, product of conditions within a constant of the least", asked{"conditioned", constructions.Options{Depth: 11}}, []target{
			{"toeplitz", 4, 1, ""}}},
		{"eight", "positive determinant: eight layers, conditions polynomial in that of the map", asked{name: "eight"}, []target{
			{"gaussian", 4, 1, ""}, {"gaussian", 5, 1, "checkerboard"}, {"lu", 6, 1, ""}}},
		{"five", "rationals: five layers where an off-diagonal block has full rank", asked{name: "five"}, []target{
			{"integer", 4, 1, ""}, {"unimodular", 5, 1, ""}, {"companion", 4, 1, "checkerboard"}, {"integer", 7, 1, ""}}},
		{"six", "rationals: six layers for every map of positive determinant", asked{name: "six"}, []target{
			{"minus-identity", 2, 0, ""}, {"block-diag-j", 3, 0, ""}, {"block-diag-j", 4, 0, ""}, {"minus-identity", 6, 0, ""}, {"reverse", 5, 0, ""},
			{"triangular", 5, 1, ""}}},
		{"any-partition", "rationals: the least depth that suffices for every map, parts of any sizes", asked{name: "any-partition"}, []target{
			{"integer", 5, 1, "3"}, {"minus-identity", 6, 0, "0,1,2,3"}, {"unimodular", 7, 1, "1,6"}}},
		{"published", "rationals: the LUP route in the style of the paper", asked{name: "published"}, []target{
			{"integer", 4, 1, ""}, {"integer", 5, 1, "checkerboard"}}},
		{"permutation", "even permutations: six additive sparse layers of half-integers", asked{name: "permutation"}, []target{
			{"permutation", 3, 1, ""}, {"reverse", 4, 0, ""}, {"permutation", 9, 1, ""}, {"permutation", 16, 1, "checkerboard"}, {"zigzag", 64, 0, ""}}},
		{"permutation-integer", "even permutations: additive layers of integers", asked{name: "permutation-integer"}, []target{
			{"permutation", 5, 2, ""}, {"permutation", 8, 1, ""}}},
		{"signed-permutation", "permutations with signs: six additive sparse layers of half-integers", asked{name: "permutation"}, []target{
			{"block-diag-j", 3, 0, ""}, {"reverse flipped", 3, 0, ""}, {"block-diag-j", 6, 0, ""}, {"minus-identity", 8, 0, "checkerboard"}, {"reverse flipped", 7, 0, ""},
			{"reverse padded", 10, 0, ""}, {"reverse flipped", 34, 0, ""}}},
		{"signed-permutation-integer", "permutations with signs: additive layers of integers", asked{name: "permutation-integer"}, []target{
			{"block-diag-j", 7, 0, ""}, {"reverse padded", 15, 0, ""}}},
		{"refine", "any precision: residual below 2^-256, layers of 256-bit dyadics", asked{"orthogonal", constructions.Options{Prec: 256}}, []target{
			{"random-orthogonal", 4, 1, ""}, {"random-orthogonal", 5, 1, "checkerboard"}}},
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
		t, part, err := m.make()
		if err != nil {
			return nil, err
		}
		c := &encode.Certificate{Construction: "lower bound", Theorem: "no flow of fewer layers, whatever its scales", Target: t.Matrix}
		if t.Seeded {
			c.Seed = &t.Seed
		}
		lower, err := lowerbound.DepthLowerBound(t.Matrix, part)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.file("depth", t), err)
		}
		if c.Flow, err = coupling.NewFlow(part); err != nil {
			return nil, err
		}
		c.Claim = certificate.Claim{Kind: certificate.ClaimDepth, Lower: lower}
		out = append(out, item{m.file("depth", t), c})
	}
	return out, nil
}

// byTheorem returns the certificates of the theorems.
func byTheorem() (out []item, err error) {
	for _, th := range theorems() {
		for _, m := range th.maps {
			t, part, err := m.make()
			if err != nil {
				return nil, err
			}
			c := study.Linear{Target: t, Partition: part, Construction: th.asked.name, Options: th.asked.opt}
			r, err := c.Build()
			if err == nil {
				err = r.Compose()
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.file(th.construction, t), err)
			}
			cert := r.Certificate()
			cert.Construction, cert.Theorem = th.construction, th.statement
			out = append(out, item{m.file(th.construction, t), cert})
		}
	}
	return out, nil
}

// file names the certificate of the target t.
func (m target) file(prefix string, t *targets.Target) string {
	return fmt.Sprintf("%s-%s-%d", prefix, strings.ReplaceAll(m.name, " ", "-"), t.Dim)
}

// make returns the target and the partition.
func (m target) make() (*targets.Target, coupling.Partition, error) {
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
		return nil, coupling.Partition{}, err
	}
	part, err := coupling.ParsePartition(t.Dim, cmp.Or(m.partition, "half"))
	return t, part, err
}
