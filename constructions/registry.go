package constructions

import (
	"errors"
	"fmt"
	"strings"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// Options are the choices that a construction may heed.
type Options struct {
	MaxDepth int    // auto: the largest depth allowed; 0 means 6
	Prec     uint   // if not 0, the flow is refined to this many bits
	Seed     uint64 // for constructions that draw random numbers
}

// Construction is a named way to turn a target into a flow.
type Construction struct {
	Name    string
	Summary string // one line
	Build   func(exactmath.Matrix, coupling.Partition, Options) (*coupling.Flow, error)
}

// ErrUnknown is wrapped by the error for a name that no construction has.
var ErrUnknown = errors.New("unknown construction")

// List returns all constructions but auto, in the order in which to show them.
func List() []Construction {
	return []Construction{
		{"orthogonal", "rotations: six additive layers, each of condition below 8.3 in every dimension",
			func(m exactmath.Matrix, p coupling.Partition, _ Options) (*coupling.Flow, error) {
				return Orthogonal(m, p)
			}},
		{"five", "exact over the rationals where a block c or b has full rank: five layers",
			func(m exactmath.Matrix, p coupling.Partition, _ Options) (*coupling.Flow, error) {
				return Five(m, p)
			}},
		{"six", "exact over the rationals, any map: six layers, badly conditioned",
			func(m exactmath.Matrix, p coupling.Partition, _ Options) (*coupling.Flow, error) {
				return Six(m, p)
			}},
		{"eight", "any map: eight layers in closed form, conditioned by a polynomial in cond M without n",
			func(m exactmath.Matrix, p coupling.Partition, _ Options) (*coupling.Flow, error) {
				return Eight(m, p)
			}},
		{"conditioned", "any map: thirteen layers (-max-depth 11: eleven) within a constant of the best conditioning",
			func(m exactmath.Matrix, p coupling.Partition, opt Options) (*coupling.Flow, error) {
				depth := 13
				if opt.MaxDepth == 11 || opt.MaxDepth == 12 {
					depth = 11
				}
				return Conditioned(m, p, ConditionedOptions{Depth: depth})
			}},
	}
}

// Build runs the named construction, refines the flow if Options.Prec asks for
// it, and returns it with the name of the construction that made it, which for
// "auto" is the one chosen. An unknown name fails with an error that wraps
// ErrUnknown; other errors are those of the construction and of Refine.
func Build(name string, target exactmath.Matrix, part coupling.Partition, opt Options) (*coupling.Flow, string, error) {
	f, used, err := build(name, target, part, opt)
	if err != nil || opt.Prec == 0 {
		return f, used, err
	}
	f, _, err = Refine(f, target, opt.Prec, RefineOptions{Seed: opt.Seed})
	return f, fmt.Sprintf("%s, refined to %d bits", used, opt.Prec), err
}

func build(name string, target exactmath.Matrix, part coupling.Partition, opt Options) (*coupling.Flow, string, error) {
	if name == "auto" {
		return auto(target, part, opt)
	}
	names := []string{"auto"}
	for _, c := range List() {
		if c.Name == name {
			f, err := c.Build(target, part, opt)
			return f, name, err
		}
		names = append(names, c.Name)
	}
	return nil, "", fmt.Errorf("%w %q: want one of %s", ErrUnknown, name, strings.Join(names, ", "))
}
