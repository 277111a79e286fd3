// Package constructions is the face of the theorems: it lists the constructions by
// name, runs one of them, and chooses one ("auto"). A construction turns a target map
// into a flow of coupling layers. The theorems have a package for each chapter of
// PROOFS.md:
//
//	rotation     1  rotations, six layers of bounded condition
//	rational     2  any map, exactly, over the rationals
//	lowerbound   3  why fewer layers do not suffice
//	permutation  4  permutations, with or without signs
//	conditioned  5  any map, conditioning bounded
//	refine       6  any precision
//	continuation    well conditioned layers along a path (proofs/general.md)
//	polish       6  layers as well conditioned as optimisation finds
//	universal, exchange  nonlinear flows (proofs/universality.md)
//
// The errors of all of them are in package fault. Nothing here decides whether a
// flow is right; that is package verify's, which imports none of these.
package constructions

import (
	"cmp"
	"context"
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
	Depth    int    // constructions that take one: the depth of the flow; 0 means theirs
	Prec     uint   // if not 0, the flow is refined to this many bits
	Seed     uint64 // for constructions that draw random numbers

	Effort   Effort             // auto: how long to look
	Context  context.Context    // ends a search early: auto returns the best flow by then, or the context's error; may be nil
	Progress func(done float64) // hears from a search how much is done, 0 to 1; may be nil
	Best     func(*Built)       // auto: hears of every flow that is better than those before; may be nil

	start  *coupling.Flow // for polish
	search *Search
}

// usualDepth is the depth that suffices for every map.
const usualDepth = 6

// maxDepth returns MaxDepth or its default.
func (o Options) maxDepth() int { return cmp.Or(o.MaxDepth, usualDepth) }

// Construction is a named way to turn a target into a flow.
type Construction struct {
	Name       string
	Summary    string // one line
	Theorem    string // in PROOFS.md
	TakesDepth bool   // whether it heeds Options.Depth
	Build      func(exactmath.Matrix, coupling.Partition, Options) (*coupling.Flow, error)
}

// DepthError reports that a depth was asked of a construction that takes none.
type DepthError struct{ Construction string }

func (e *DepthError) Error() string {
	return fmt.Sprintf("%s takes no depth: it has that of its theorem", e.Construction)
}

// ErrUnknown is wrapped by the error for a name that no construction has.
var ErrUnknown = errors.New("unknown construction")

// List returns all constructions but auto, in the order in which to show them.
func List() []Construction {
	return []Construction{
		{"orthogonal", "rotations: six additive layers, each of condition below 7.7 in every dimension",
			"PROOFS.md, theorem 1", false, plain(rotation.Orthogonal)},
		{"permutation", "permutations, with or without signs: at most six additive sparse layers of half-integers",
			"PROOFS.md, theorems 4.1 and 4.9", false, plain(permutation.Permutation)},
		{"permutation-integer", "permutations, with or without signs: at most six additive sparse layers of integers",
			"PROOFS.md, theorems 4.2 and 4.9", false, plain(permutation.PermutationInteger)},
		{"continuation", "any map: well conditioned layers, six of them or as many as asked for, by following a path from a rotation",
			"none: found by iteration (proofs/general.md), checked like any other", true, continued},
		{"polish", "any map: layers as well conditioned as optimisation finds, six of them or as many as asked for",
			"none: found by optimisation, checked like any other", true, polished},
		{"five", "exact over the rationals where a block c or b has full rank: five layers",
			"PROOFS.md, theorem 2.6", false, plain(rational.Five)},
		{"six", "exact over the rationals, any map: six layers, badly conditioned",
			"PROOFS.md, theorem 2.8", false, plain(rational.Six)},
		{"any-partition", "exact over the rationals, any map, parts of any sizes p < q: 2 ceil(q/p) + 2 layers",
			"PROOFS.md, theorem 2.10", false, plain(rational.AnyPartition)},
		{"published", fmt.Sprintf("any map, exact: the LUP route in the style of the paper, at most %d layers, %d if n is odd",
			rational.PublishedDepth(2), rational.PublishedDepth(3)),
			"PROOFS.md, theorem 2.11", false, plain(rational.Published)},
		{"eight", "any map: eight layers in closed form, conditioned by a polynomial in cond M without n",
			"PROOFS.md, theorem 5.5", false, plain(conditioned.Eight)},
		{"conditioned", "any map: thirteen layers or, if asked for, eleven; of balanced maps within a constant of the best conditioning",
			"PROOFS.md, theorem 5.2", true, func(m exactmath.Matrix, p coupling.Partition, opt Options) (*coupling.Flow, error) {
				return conditioned.Conditioned(m, p, conditioned.Options{Depth: opt.Depth})
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
	Search *Search
}

// Build runs the named construction and refines the flow if Options.Prec asks
// for it. "auto" chooses a construction; Built says which.
//
// Errors: an unknown name fails with one that wraps ErrUnknown; *DepthError; others
// are those of the construction and of Refine.
func Build(name string, target exactmath.Matrix, part coupling.Partition, opt Options) (*Built, error) {
	opt.search = &Search{Effort: opt.Effort}
	b, err := build(name, target, part, opt)
	if err != nil {
		return nil, err
	}
	b.Search = opt.search
	if opt.Prec == 0 {
		return b, nil
	}
	b.Construction += fmt.Sprintf(", refined to %d bits", opt.Prec)
	b.Flow, _, err = refine.Refine(b.Flow, target, opt.Prec, refine.Options{Seed: opt.Seed})
	return b, err
}

// build runs the named construction.
func build(name string, target exactmath.Matrix, part coupling.Partition, opt Options) (*Built, error) {
	if name == "auto" {
		if opt.Depth != 0 {
			return nil, &DepthError{name}
		}
		return auto(target, part, opt)
	}
	names := []string{"auto"}
	for _, c := range List() {
		if c.Name == name {
			if opt.Depth != 0 && !c.TakesDepth {
				return nil, &DepthError{name}
			}
			f, err := c.Build(target, part, opt)
			return &Built{Flow: f, Construction: name, Theorem: c.Theorem}, err
		}
		names = append(names, c.Name)
	}
	return nil, fmt.Errorf("%w %q: want one of %s", ErrUnknown, name, strings.Join(names, ", "))
}
