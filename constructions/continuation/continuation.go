// Package continuation finds well conditioned flows of any map of positive determinant
// by following a path from a rotation, whose layers are known in closed form (proofs/general.md).
//
//	point.go         a flow in float64, the derivative of its product
//	path.go          the maps on the way
//	step.go          one step: the linear equation and its solution
//	precondition.go  what makes that quick
package continuation

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas/blas64"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/floatflow"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/rescale"
	"flowproof/constructions/refine"
	"flowproof/constructions/rotation"
	"flowproof/coupling"
	"flowproof/exactmath"
)

// Options are the choices left to the caller. The zero value stands for the defaults.
type Options struct {
	// Context ends the search early: what is found by then comes back, or the
	// context's error. Nil means never.
	Context context.Context
	Depth   int // layers of the result, at least 6; 0 means 6
	Rounds  int // of making the layers smaller at the end of the path; 0 means 8
	Seed    uint64
	// Progress, if not nil, is told from time to time how much is done, from 0 to 1.
	Progress func(done float64)
}

// Report says what Find did.
type Report struct {
	Starts     int       // rotations that a path was started from
	Steps      int       // along the path, and at its end
	Iterations int       // of conjugate gradients in all
	Conditions []float64 // of the layers, estimated
	Max        float64   // the largest of them
	Product    float64   // and their product
	Refine     refine.Report
}

const (
	leastDepth    = 6
	defaultRounds = 8
	starts        = 4  // rotations that are tried
	prec          = 53 // bits of the residual, below the largest entry
)

// Find returns a flow of the target of Options.Depth layers, alternating and additive
// but for scales |det M|^(1/n) in the last two. It follows M = U S V^T along U S^tau V^T
// from the six layers of a rotation, making the layers smaller as it goes, and refines
// what it ends with. Nothing is proved about how small they are; verify decides whether
// they are a flow of the target.
//
// Errors: *fault.ShapeError, fault.ErrPartition (the parts must differ by at most one),
// fault.ErrSingular, fault.ErrOrientation, fault.ErrNoConvergence,
// *fault.ConvergenceError, *DepthError, the context's error.
func Find(target exactmath.Matrix, part coupling.Partition, opt Options) (*coupling.Flow, Report, error) {
	if e := rescale.CommonExponent(target); e != 0 {
		return findRescaled(target, part, opt, e)
	}
	s, err := newSearch(target, part, opt)
	if err != nil {
		return nil, Report{}, err
	}
	for s.rep.Starts < starts {
		f, err := s.try()
		var conv *fault.ConvergenceError
		if err == nil || !errors.As(err, &conv) {
			return f, s.rep, err
		}
		s.failed = conv
		if s.rep.Iterations > totalLimit/2 {
			break
		}
	}
	return nil, s.rep, s.failed
}

// findRescaled is Find for a target that is not ordinary.
func findRescaled(target exactmath.Matrix, part coupling.Partition, opt Options, e int) (*coupling.Flow, Report, error) {
	near, err := rescale.TimesTwoTo(target, -e)
	if err != nil {
		return nil, Report{}, err
	}
	f, rep, err := Find(near, part, opt)
	if err != nil {
		return nil, rep, err
	}
	if f, err = rescale.FlowTimesTwoTo(f, e); err != nil {
		return nil, rep, err
	}
	rep.Max, rep.Product, rep.Conditions = floatflow.Conditions(f)
	rep.Refine.Rescale(f, e)
	return f, rep, nil
}

// search is the state of Find.
type search struct {
	geometry.Frame
	target exactmath.Matrix
	opt    Options
	path   *path
	scale  float64 // |det M|^(1/n), 1 if it is that to rounding
	failed *fault.ConvergenceError
	rep    Report
}

// DepthError reports a depth that no path is followed at.
type DepthError struct{ Depth int }

func (e *DepthError) Error() string {
	return fmt.Sprintf("depth %d is not offered by this construction, want %d or more", e.Depth, leastDepth)
}

func newSearch(target exactmath.Matrix, part coupling.Partition, opt Options) (*search, error) {
	f, err := geometry.NewFrame(target, part)
	if err != nil {
		return nil, err
	}
	s := &search{Frame: f, target: target, opt: opt}
	if s.opt.Context == nil {
		s.opt.Context = context.Background()
	}
	if s.opt.Depth == 0 {
		s.opt.Depth = leastDepth
	}
	if s.opt.Depth < leastDepth {
		return nil, &DepthError{s.opt.Depth}
	}
	if s.opt.Rounds == 0 {
		s.opt.Rounds = defaultRounds
	}
	if s.opt.Progress == nil {
		s.opt.Progress = func(float64) {}
	}
	if err := geometry.RequirePositive(target); err != nil {
		return nil, err
	}
	m := f.Dense(target)
	if s.path, s.scale, err = newPath(m); err != nil {
		return nil, err
	}
	// An additive flow follows a determinant that is 1 to about this.
	const additiveBelow = 1e-6
	if math.Abs(math.Log(s.scale)) < additiveBelow {
		s.scale = 1
	}
	return s, nil
}

func (s *search) fail(why string, residual float64) error {
	return &fault.ConvergenceError{Method: "continuation", Reason: why, Depth: s.opt.Depth, Rounds: s.rep.Steps,
		Residual: math.Log2(residual), Goal: -prec}
}

// try follows the path from another start.
func (s *search) try() (*coupling.Flow, error) {
	rng := rand.New(rand.NewPCG(s.opt.Seed, uint64(s.rep.Starts)))
	p := s.path
	if s.rep.Starts > 0 {
		p = p.turned(rng)
	}
	s.rep.Starts++
	f, err := s.start(p)
	if err != nil {
		return nil, err
	}
	w := &walk{search: s, path: p, point: f, solver: newSolver(s.opt.Context, f, costs(s.opt.Depth))}
	defer func() { s.rep.Iterations += w.solver.iters }()
	if err := w.follow(); err != nil {
		return nil, err
	}
	w.settle(s.opt.Rounds)
	if err := w.land(); err != nil {
		return nil, err
	}
	return s.finish(w.point, w.solver)
}

func costs(depth int) []float64 {
	c := make([]float64, depth)
	for i := range c {
		c[i] = 1
	}
	c[0], c[depth-1] = outerCost, outerCost
	return c
}

// start returns the layers of the rotation M(0).
func (s *search) start(p *path) (*point, error) {
	m := p.at(0)
	o, err := exactmath.FromFloat64(m.Rows, m.Cols, m.Data)
	if err != nil {
		return nil, err
	}
	part, err := coupling.NewPartition(s.P+s.Q, firsts(s.P))
	if err != nil {
		return nil, err
	}
	flow, err := rotation.Orthogonal(o, part)
	if err != nil {
		return nil, err
	}
	f := &point{Parts: floatflow.Parts{P: s.P, Q: s.Q}, first: 1}
	for i, l := range flow.Layers() {
		if i == 0 && l.Kind() == coupling.Upper {
			f.first = 0
		}
		rows, cols := l.Weight().Dims()
		f.x = append(f.x, floatflow.CopyGeneral(floatflow.General(rows, cols, l.Weight().Float64s())))
	}
	if len(f.x) < leastDepth {
		return nil, s.fail("the polar factor has fewer than six layers, where the derivative may not be onto", 1)
	}
	f.deepen(s.opt.Depth)
	return f, nil
}

// firsts returns 0 .. p-1.
func firsts(p int) []int {
	z := make([]int, p)
	for i := range z {
		z[i] = i
	}
	return z
}

// walk is a point on its way along the path.
type walk struct {
	*search
	path   *path
	point  *point
	solver *solver
	pull   float64
}

// residual is |A^-1 m B^-1 - I|_F / n^(1/2).
func (w *walk) residual(m blas64.General) float64 {
	c := newTangent(w.point).seen(m)
	return floatflow.Norm2(c.Data) / math.Sqrt(float64(m.Rows))
}

const (
	stride     = 0.5  // of max |log s|, in one step of the path
	farthest   = 0.35 // residual after a step that is not accepted
	near       = 0.15 // residual after which the next step may be longer
	solveTo    = 0.01 // what is left of the linear equation, over n^(1/2)
	shortest   = 2e-4 // step of tau below which the path is given up
	smoothings = 3    // steps at the start of the path
	mostPull   = 0.5
)

// follow goes from tau = 0 to tau = 1.
func (w *walk) follow() error {
	n := math.Sqrt(float64(w.P + w.Q))
	w.pull = mostPull
	step := min(1, stride/w.path.reach())
	m := w.path.at(0)
	for tau, k := 0.0, -smoothings; tau < 1; {
		next := tau
		if k++; k > 0 {
			next = min(1, tau+step)
			if 1-next < step/8 {
				next = 1
			}
			m = w.path.at(next)
		}
		before, y := w.point.clone(), floatflow.CopyGeneral(w.solver.y)
		if err := w.solver.step(w.point, m, w.pull, solveTo*n); err != nil {
			return err
		}
		w.rep.Steps++
		res := w.residual(m)
		if !(res < farthest) {
			w.point, w.solver.y = before, y
			if w.pull, step = w.pull/2, step/2; step < shortest || w.solver.iters > totalLimit {
				return w.fail("the path cannot be followed", res)
			}
			k = min(k, 0)
			continue
		}
		if res < near {
			step, w.pull = step*1.25, min(mostPull, w.pull*1.2)
		}
		tau = next
		w.opt.Progress(0.5 * tau * tau)
	}
	return nil
}

// settle makes the layers smaller at the end of the path, for some rounds or until
// their size settles.
func (w *walk) settle(rounds int) {
	const least, most, enough = 0.01, 0.05, 3e-3
	n := math.Sqrt(float64(w.P + w.Q))
	m := w.path.at(1)
	w.pull = min(w.pull, 0.25)
	for k := range rounds {
		before := w.point.clone()
		if w.solver.step(w.point, m, w.pull, solveTo*n) != nil {
			w.point = before
			return
		}
		w.rep.Steps++
		switch res := w.residual(m); {
		case !(res < farthest):
			w.point, w.pull = before, w.pull/4
			clear(w.solver.y.Data)
		case res > most:
			w.pull /= 2
		case res < least:
			w.pull = min(mostPull, w.pull*1.2)
		}
		w.opt.Progress(0.5 + 0.25*float64(k+1)/float64(rounds))
	}
}

// land ends with Newton's iteration, without a pull.
func (w *walk) land() error {
	const limit, good, tiny = 12, 1e-11, 1e-15
	n := math.Sqrt(float64(w.P + w.Q))
	m := w.path.at(1)
	res := w.residual(m)
	for range limit {
		if res < good {
			return nil
		}
		before := w.point.clone()
		if err := w.solver.step(w.point, m, 0, max(1e-4*res, tiny)*n); err != nil {
			return err
		}
		w.rep.Steps++
		next := w.residual(m)
		if !(next < res/2) {
			if next > res {
				w.point = before
			}
			break
		}
		res = next
	}
	if res < 1e-4 {
		return nil // the rest is for refine, which sees the target exactly
	}
	return w.fail("Newton's iteration at the end of the path did not converge", res)
}

// finish refines the layers and measures them.
func (s *search) finish(f *point, solver *solver) (*coupling.Flow, error) {
	flow, err := s.flow(f)
	if err != nil {
		return nil, err
	}
	s.opt.Progress(0.8)
	opt := refine.Options{Seed: s.opt.Seed, MaxRestarts: -1}
	if s.Part.P() <= s.Part.Q() { // else refine has the blocks in another order
		opt.Solve = solver.correct
	}
	flow, s.rep.Refine, err = refine.Refine(flow, s.target, prec, opt)
	if err != nil {
		return nil, err
	}
	s.rep.Max, s.rep.Product, s.rep.Conditions = floatflow.Conditions(flow)
	s.opt.Progress(1)
	return flow, nil
}

// flow returns the layers at f. The last two take the scale t up,
//
//	[[I, 0], [X, I]] [[I, Y], [0, I]] t = [[I, 0], [X, t I]] [[t I, t Y], [0, I]].
func (s *search) flow(f *point) (*coupling.Flow, error) {
	var layers []coupling.Layer
	for i, x := range f.x {
		kind := coupling.Upper
		if f.dst(i) == 1 {
			kind = coupling.Lower
		}
		var d []float64
		if s.scale != 1 && i >= len(f.x)-2 {
			for range x.Rows {
				d = append(d, s.scale)
			}
			if i == len(f.x)-1 {
				x = floatflow.CopyGeneral(x)
				floatflow.ScaleRows(x, d, false)
			}
		}
		weight, err := exactmath.FromFloat64(x.Rows, x.Cols, x.Data)
		if err != nil {
			return nil, err
		}
		scale, err := floatflow.Scale(d)
		if err != nil {
			return nil, err
		}
		l, err := coupling.NewLayer(s.Part, s.Kind(kind), weight, scale)
		if err != nil {
			return nil, err
		}
		layers = append(layers, l)
	}
	return coupling.NewFlow(s.Part, layers...)
}
