package polish

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"

	"flowproof/constructions/internal/floatflow"
)

// stage is a number of rounds of the augmented Lagrangian with a given power.
type stage struct{ power, rounds int }

// polishStages are the rounds at the target. Higher powers bring the largest
// condition down, and the product of all up.
var polishStages = []stage{{4, 12}, {12, 18}}

const (
	lbfgsIterations = 200  // between two updates of the multipliers
	lbfgsStore      = 15   // steps that make up the approximate Hessian
	rhoGrowth       = 1.5  // of rho, if the residual is not down to a quarter
	gradientEnough  = 1e-3 // norm of the gradient that ends a round
	settled         = 2e-4 // relative change of the size that ends a stage
	// With a target of condition beyond hardCond, a relative residual after a stage
	// beyond which the next one has not been seen to help.
	lost, hardCond = 1e-2, 1e7

	// From a random start the target is approached through maps with the same
	// singular vectors and singular values s^tau, of condition firstCond, then
	// condGrowth times that and so on, or in annealStages steps if that is more,
	// annealRounds rounds each: directions in which the target is very small are
	// otherwise never found.
	firstCond, condGrowth, annealStages, annealRounds = 30, 4, 8, 3
)

// descend runs L-BFGS on the augmented Lagrangian from x, updating the multipliers
// after each round, and the weight of the residual where it does not fall fast
// enough. With singular values s of the target, it approaches the target as told
// above; s is nil for a start that is near a flow of the target already.
func (o *objective) descend(x, s []float64, maxEval int) []float64 {
	if len(s) > 0 {
		left, right := floatflow.CopyGeneral(o.left), floatflow.CopyGeneral(o.right)
		cond := s[0] / s[len(s)-1]
		mean := 0.0 // of the logarithms: the determinant stays as it is
		for _, v := range s {
			mean += math.Log(v) / float64(len(s))
		}
		growth := max(condGrowth, math.Pow(cond/firstCond, 1./annealStages))
		for c := float64(firstCond); c < 0.99*cond; c *= growth {
			// P and Q hold s^-1/2 and s^1/2.
			f := make([]float64, len(s))
			for i, v := range s {
				f[i] = math.Exp((math.Log(v) - mean) * (1 - math.Log(c)/math.Log(cond)) / 2)
			}
			floatflow.ScaleRows(copyInto(o.left, left), f, false)
			floatflow.ScaleRows(copyInto(o.right, right), f, true)
			x = o.run(x, stage{polishStages[0].power, annealRounds}, maxEval/2)
		}
		copyInto(o.left, left)
		copyInto(o.right, right)
	}
	for _, st := range polishStages {
		x = o.run(x, st, maxEval)
		if hard(s) && o.residual > lost*floatflow.Norm2(o.right.Data) {
			o.lost = true
			break
		}
	}
	return x
}

// hard tells whether singular values s are those of a target beyond hardCond.
func hard(s []float64) bool { return len(s) > 0 && s[0] > hardCond*s[len(s)-1] }

// run runs one stage, or less of it if maxEval evaluations in all are reached.
func (o *objective) run(x []float64, st stage, maxEval int) []float64 {
	o.power = st.power
	small := 1e-6 * floatflow.Norm2(o.right.Data)
	last, size := math.Inf(1), math.Inf(1)
	for range st.rounds {
		if o.evals >= maxEval {
			break
		}
		x = o.minimise(x, lbfgsIterations, maxEval-o.evals, gradientEnough)
		o.value(x, nil)
		floatflow.Axpy(o.rho, o.r.Data, o.lambda.Data)
		if o.residual > last/4 {
			o.rho *= rhoGrowth
		}
		last = o.residual
		ls, t := o.layers(x)
		before := size
		size = o.size(ls, t, nil, nil)
		if o.residual < small && math.Abs(size-before) < settled*size {
			break
		}
	}
	return x
}

// minimise runs L-BFGS from x, for at most the given number of iterations and
// evaluations of the objective. It returns the last point that ended an iteration:
// where the gradient is below the tolerance, where a line search finds nothing
// better, or where a limit or the range of float64 was reached.
//
// The loop is here rather than in optimize.Minimize, which looks at its limits only
// between two iterations: a line search that meets a NaN would go on for ever.
func (o *objective) minimise(x []float64, iterations, evals int, tolerance float64) []float64 {
	best := slices.Clone(x)
	loc := &optimize.Location{X: slices.Clone(x), Gradient: make([]float64, len(x))}
	evaluate := func() (ok bool) {
		evals--
		loc.F = o.value(loc.X, loc.Gradient)
		return finite(loc.F) && finite(floatflow.Norm2(loc.Gradient))
	}
	if !evaluate() {
		return best
	}
	lbfgs := &optimize.LBFGS{Store: lbfgsStore}
	search := &optimize.LinesearchMethod{NextDirectioner: lbfgs, Linesearcher: &optimize.MoreThuente{}}
	for k := 1; k < iterations; k++ { // the start counts as the first
		if floats.Norm(loc.Gradient, math.Inf(1)) < tolerance {
			break
		}
		next := search.Iterate
		if k == 1 {
			next = search.Init
		}
		op, err := next(loc)
		for ; err == nil && op != optimize.MajorIteration; op, err = search.Iterate(loc) {
			if evals <= 0 || !finite(floats.Norm(loc.X, math.Inf(1))) || !evaluate() {
				return best
			}
		}
		if err != nil {
			break
		}
		copy(best, loc.X)
	}
	return best
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
