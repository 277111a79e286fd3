package constructions

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"flowproof/constructions/continuation"
	"flowproof/constructions/fault"
	"flowproof/constructions/polish"
	"flowproof/constructions/rotation"
	"flowproof/coupling"
	"flowproof/exactmath"
)

// Effort says how long auto looks for a better conditioned flow.
type Effort int

const (
	// Normal follows one path to the target (see continuation), and polishes what
	// takes a second or two to polish.
	Normal Effort = iota
	// Quick takes a closed form, if one has few enough layers, and else the path with
	// hardly any work on the size of the layers.
	Quick
	// Thorough polishes, in every dimension.
	Thorough
)

// Efforts are their names, in the order of the constants.
var Efforts = []string{"normal", "quick", "thorough"}

func (e Effort) String() string { return Efforts[e] }

// ParseEffort reads a name.
func ParseEffort(name string) (Effort, error) {
	for i, s := range Efforts {
		if s == name {
			return Effort(i), nil
		}
	}
	return 0, fmt.Errorf("%q, want quick, normal or thorough", name)
}

// Search says what the searches for a flow took.
type Search struct {
	Effort     Effort
	Starts     int // points that a search set out from
	Iterations int // of conjugate gradients, and evaluations of the objective of polish
}

func (o Options) context() context.Context {
	if o.Context == nil {
		return context.Background()
	}
	return o.Context
}

// halves tells whether the parts differ by at most one coordinate.
func halves(part coupling.Partition) bool {
	d := part.P() - part.Q()
	return -1 <= d && d <= 1
}

// quickRounds is how often Quick makes the layers smaller.
const quickRounds = 1

// continued follows a path to the target.
func continued(target exactmath.Matrix, part coupling.Partition, opt Options) (*coupling.Flow, error) {
	o := continuation.Options{
		Context: opt.Context, Depth: cmp.Or(opt.Depth, usualDepth), Seed: opt.Seed, Progress: opt.Progress,
	}
	if opt.Effort == Quick {
		o.Rounds = quickRounds
	}
	f, rep, err := continuation.Find(target, part, o)
	opt.count(rep.Starts, rep.Iterations)
	return f, err
}

// polished polishes what continuation finds, or the closed form of a rotation; and
// random starts where that takes a second or two, or where nothing else is at hand. In n
// coordinates a start gets 12,000 evaluations of the objective, or 768,000 / n if
// that is less.
func polished(target exactmath.Matrix, part coupling.Partition, opt Options) (*coupling.Flow, error) {
	o := polish.Options{Depth: cmp.Or(opt.Depth, usualDepth), Seed: opt.Seed, MaxEval: polish.Fewer(polish.DefaultMaxEval, part.Dim())}
	start := opt.start
	if start == nil {
		if f, err := rotation.Orthogonal(target, part); err == nil {
			start = f
		} else if halves(part) && o.Depth >= usualDepth {
			if f, err := continued(target, part, opt); err == nil {
				start = f
			}
		}
	}
	switch {
	case part.Dim() <= polish.Quick:
	case start != nil:
		o.Starts = -1
	default:
		o.Starts = 1
	}
	f, rep, err := polish.Polish(start, target, part, o)
	opt.count(max(o.Starts, 0)+1, rep.Evals)
	if isConvergence(err) && o.Starts == 1 && rep.Lost == 0 && opt.context().Err() == nil {
		o.Seed++
		f, rep, err = polish.Polish(start, target, part, o)
		opt.count(1, rep.Evals)
	}
	return f, err
}

// count adds to what the searches took.
func (o Options) count(starts, iterations int) {
	if o.search != nil {
		o.search.Starts += starts
		o.search.Iterations += iterations
	}
}

func isConvergence(err error) bool {
	var conv *fault.ConvergenceError
	return errors.As(err, &conv)
}
