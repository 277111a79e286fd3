package constructions

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// polishStages are the rounds of the augmented Lagrangian with a given power.
// Higher powers bring the largest condition down, and the product of all up.
var polishStages = []struct{ power, rounds int }{{4, 12}, {12, 18}}

// descend runs L-BFGS on the augmented Lagrangian, updating the multipliers after
// each round, and the weight of the residual where it does not fall fast enough.
func (o *objective) descend(x []float64, maxEval int) []float64 {
	const (
		iterations = 200  // of L-BFGS between two updates
		growth     = 1.5  // of rho, if the residual is not down to a quarter
		tolerance  = 1e-3 // of the gradient
		settled    = 2e-4 // relative change of the size that ends a stage
	)
	small := 1e-6 * norm2(o.right.Data)
	last, size := math.Inf(1), math.Inf(1)
	for _, st := range polishStages {
		o.power = st.power
		for range st.rounds {
			if o.evals >= maxEval {
				return x
			}
			x = o.minimise(x, min(iterations, maxEval-o.evals), tolerance)
			o.value(x, nil)
			axpy(o.rho, o.r.Data, o.lambda.Data)
			if o.residual > last/4 {
				o.rho *= growth
			}
			last = o.residual
			ls, t := o.layers(x)
			before := size
			size = o.size(ls, t, nil, nil)
			if o.residual < small && math.Abs(size-before) < settled*size {
				break
			}
		}
	}
	return x
}

// minimise runs L-BFGS from x. A line search that fails near a minimum is no
// error: the best point so far is returned.
func (o *objective) minimise(x []float64, iterations int, tolerance float64) []float64 {
	at, g := make([]float64, len(x)), make([]float64, len(x))
	seen := false
	problem := optimize.Problem{
		// The value and the gradient are always asked for together.
		Func: func(x []float64) float64 {
			copy(at, x)
			seen = true
			return o.value(x, g)
		},
		Grad: func(grad, x []float64) {
			if !seen || !slices.Equal(at, x) {
				o.value(x, g)
			}
			copy(grad, g)
		},
	}
	settings := &optimize.Settings{MajorIterations: iterations, GradientThreshold: tolerance, Converger: optimize.NeverTerminate{}}
	method := &optimize.LBFGS{Store: 15, Linesearcher: &optimize.MoreThuente{}}
	res, err := optimize.Minimize(problem, x, settings, method)
	if res == nil || err != nil && len(res.X) != len(x) {
		return x
	}
	return res.X
}
