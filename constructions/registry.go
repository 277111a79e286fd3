package constructions

import (
	"errors"
	"fmt"
	"strings"

	"flowproof/constructions/conditioned"
	"flowproof/constructions/permutation"
	"flowproof/constructions/rational"
	"flowproof/constructions/refine"
	"flowproof/constructions/rotation"
	"flowproof/coupling"
	"flowproof/exactmath"
)

// Options are the choices that a construction may heed.
type Options struct {
	MaxDepth int    // auto: the largest depth allowed; 0 means 6
	Prec     uint   // if not 0, the flow is refined to this many bits
	Seed     uint64 // for constructions that draw random numbers
}

// depth returns MaxDepth or its default.
func (o Options) depth() int {
	if o.MaxDepth == 0 {
		return 6
	}
	return o.MaxDepth
}

// Construction is a named way to turn a target into a flow.
type Construction struct {
	Name    string
	Summary string // one line
	Theorem string // in PROOFS.md
	Build   func(exactmath.Matrix, coupling.Partition, Options) (*coupling.Flow, error)
}

// ErrUnknown is wrapped by the error for a name that no construction has.
var ErrUnknown = errors.New("unknown construction")

// List returns all constructions but auto, in the order in which to show them.
func List() []Construction {
	return []Construction{
		{"orthogonal", "rotations: six additive layers, each of condition below 7.7 in every dimension", "PROOFS.md, theorem 1",
			plain(rotation.Orthogonal)},
		{"permutation", "permutations, with or without signs: at most six additive sparse layers of half-integers", "PROOFS.md, theorems 4.1 and 4.9",
			plain(permutation.Permutation)},
		{"permutation-integer", "permutations, with or without signs: at most six additive sparse layers of integers", "PROOFS.md, theorems 4.2 and 4.9",
			plain(permutation.PermutationInteger)},
		{"polish", "any map: layers as well conditioned as optimisation finds, six or -max-depth of them", "none: found by optimisation, checked like any other",
			polished},
		{"five", "exact over the rationals where a block c or b has full rank: five layers", "PROOFS.md, theorem 2.6",
			plain(rational.Five)},
		{"six", "exact over the rationals, any map: six layers, badly conditioned", "PROOFS.md, theorem 2.8",
			plain(rational.Six)},
		{"any-partition", "exact over the rationals, any map, parts of any sizes p < q: 2 ceil(q/p) + 2 layers", "PROOFS.md, theorem 2.10",
			plain(rational.AnyPartition)},
		{"published", "any map, exact: the LUP route in the style of the paper, at most 47 layers", "PROOFS.md, theorem 2.11",
			plain(rational.Published)},
		{"eight", "any map: eight layers in closed form, conditioned by a polynomial in cond M without n", "PROOFS.md, theorem 5.5",
			plain(conditioned.Eight)},
		{"conditioned", "any map: thirteen layers (-max-depth 11: eleven), of balanced maps within a constant of the best conditioning", "PROOFS.md, theorem 5.2",
			func(m exactmath.Matrix, p coupling.Partition, opt Options) (*coupling.Flow, error) {
				depth := 13
				if opt.MaxDepth == 11 || opt.MaxDepth == 12 {
					depth = 11
				}
				return conditioned.Conditioned(m, p, conditioned.Options{Depth: depth})
			}},
	}
}

// plain turns a construction without options into one that ignores them.
func plain(f func(exactmath.Matrix, coupling.Partition) (*coupling.Flow, error)) func(exactmath.Matrix, coupling.Partition, Options) (*coupling.Flow, error) {
	return func(m exactmath.Matrix, part coupling.Partition, _ Options) (*coupling.Flow, error) {
		return f(m, part)
	}
}

// Built is a flow with the construction that made it, by name, and its theorem.
type Built struct {
	Flow         *coupling.Flow
	Construction string
	Theorem      string
	// Deeper is set by auto if the flow does not run in float64 and one of more
	// layers than Options.MaxDepth does.
	Deeper *Deeper
}

// Build runs the named construction and refines the flow if Options.Prec asks
// for it. "auto" chooses a construction; Built says which. An unknown name fails
// with an error that wraps ErrUnknown; other errors are those of the
// construction and of Refine.
func Build(name string, target exactmath.Matrix, part coupling.Partition, opt Options) (*Built, error) {
	b, err := build(name, target, part, opt)
	if err != nil || opt.Prec == 0 {
		return b, err
	}
	b.Construction += fmt.Sprintf(", refined to %d bits", opt.Prec)
	b.Flow, _, err = refine.Refine(b.Flow, target, opt.Prec, refine.Options{Seed: opt.Seed})
	return b, err
}

// build runs the named construction.
func build(name string, target exactmath.Matrix, part coupling.Partition, opt Options) (*Built, error) {
	if name == "auto" {
		return auto(target, part, opt)
	}
	names := []string{"auto"}
	for _, c := range List() {
		if c.Name == name {
			f, err := c.Build(target, part, opt)
			return &Built{Flow: f, Construction: name, Theorem: c.Theorem}, err
		}
		names = append(names, c.Name)
	}
	return nil, fmt.Errorf("%w %q: want one of %s", ErrUnknown, name, strings.Join(names, ", "))
}
