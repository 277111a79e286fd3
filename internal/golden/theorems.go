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
	"flowproof/theorem"
)

// shown is a construction with the maps to show it on.
type shown struct {
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

// line returns the i-th theorem line of a statement. Its ID is fixed here, so that
// one that does not exist is a fault of this program.
func line(id string, i int) string {
	s, ok := theorem.ByID(id)
	if !ok || i >= len(s.Lines) {
		panic(fmt.Sprintf("package theorem has no line %d of %q", i, id))
	}
	return s.Lines[i]
}

func theorems() []shown {
	return []shown{
		{"orthogonal", line("rotation-six", 0), asked{name: "orthogonal"}, []target{
			{"random-orthogonal", 2, 1, ""}, {"random-orthogonal", 3, 1, ""}, {"random-orthogonal", 8, 1, "checkerboard"},
			{"random-orthogonal", 9, 1, ""}, {"minus-identity", 4, 0, ""}, {"block-diag-j", 5, 0, ""}, {"reverse", 8, 0, ""}, {"dct", 17, 0, ""},
			{"random-orthogonal", 66, 1, ""}}},
		{"conditioned-13", line("conditioned-thirteen", 0), asked{name: "conditioned"}, []target{
			{"gaussian", 4, 1, ""}, {"gaussian", 5, 1, ""}, {"integer", 6, 1, ""}}},
		{"conditioned-11", line("conditioned-thirteen", 1), asked{"conditioned", constructions.Options{Depth: 11}}, []target{
			{"toeplitz", 4, 1, ""}}},
		{"eight", line("eight-polynomial", 0), asked{name: "eight"}, []target{
			{"gaussian", 4, 1, ""}, {"gaussian", 5, 1, "checkerboard"}, {"lu", 6, 1, ""}}},
		{"five", line("five-full-rank", 0), asked{name: "five"}, []target{
			{"integer", 4, 1, ""}, {"unimodular", 5, 1, ""}, {"companion", 4, 1, "checkerboard"}, {"integer", 7, 1, ""}}},
		{"six", line("six-rational", 0), asked{name: "six"}, []target{
			{"minus-identity", 2, 0, ""}, {"block-diag-j", 3, 0, ""}, {"block-diag-j", 4, 0, ""}, {"minus-identity", 6, 0, ""}, {"reverse", 5, 0, ""},
			{"triangular", 5, 1, ""}}},
		{"any-partition", line("any-partition", 0), asked{name: "any-partition"}, []target{
			{"integer", 5, 1, "3"}, {"minus-identity", 6, 0, "0,1,2,3"}, {"unimodular", 7, 1, "1,6"}}},
		{"published", line("published-route", 0), asked{name: "published"}, []target{
			{"integer", 4, 1, ""}, {"integer", 5, 1, "checkerboard"}}},
		{"permutation", line("permutation-half-integers", 0), asked{name: "permutation"}, []target{
			{"permutation", 3, 1, ""}, {"reverse", 4, 0, ""}, {"permutation", 9, 1, ""}, {"permutation", 16, 1, "checkerboard"}, {"zigzag", 64, 0, ""}}},
		{"permutation-integer", line("permutation-integers", 0), asked{name: "permutation-integer"}, []target{
			{"permutation", 5, 2, ""}, {"permutation", 8, 1, ""}}},
		{"signed-permutation", line("signed-permutation", 0), asked{name: "permutation"}, []target{
			{"block-diag-j", 3, 0, ""}, {"reverse flipped", 3, 0, ""}, {"block-diag-j", 6, 0, ""}, {"minus-identity", 8, 0, "checkerboard"}, {"reverse flipped", 7, 0, ""},
			{"reverse padded", 10, 0, ""}, {"reverse flipped", 34, 0, ""}}},
		{"signed-permutation-integer", line("signed-permutation", 1), asked{name: "permutation-integer"}, []target{
			{"block-diag-j", 7, 0, ""}, {"reverse padded", 15, 0, ""}}},
		{"refine", line("newton-converges", 0), asked{"orthogonal", constructions.Options{Prec: 256}}, []target{
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
		c := &encode.Certificate{Construction: "lower bound", Theorem: line("six-needed", 0), Target: t.Matrix}
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
