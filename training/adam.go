package training

import (
	"math"

	"flowproof/internal/gemm"
)

// Options say how to descend: Adam (Kingma and Ba, ICLR 2015) with a rate that
// falls from Rate to 0 along half a cosine over Steps.
type Options struct {
	Steps, Batch int
	Rate         float64
	Clip         float64 // largest norm of a gradient; 0 means any
	Seed         uint64  // of the model and of the batches
}

// Check says what is wrong with the options, if anything is: a *ConfigError.
func (o Options) Check() error {
	switch {
	case o.Steps < 1 || o.Steps > 1<<30:
		return &ConfigError{"steps", "1 to 2^30"}
	case o.Batch < 1 || o.Batch > 1<<20:
		return &ConfigError{"batch", "1 to 2^20"}
	case !(o.Rate > 0 && o.Rate <= 1):
		return &ConfigError{"rate", "above 0, at most 1"}
	case !(o.Clip >= 0) || math.IsInf(o.Clip, 0):
		return &ConfigError{"clip", "a number from 0"}
	}
	return nil
}

// Adam is the state of a descent after Steps steps.
type Adam[T Float] struct {
	Steps         int
	first, second []T // running means of the derivatives and of their squares
}

// NewAdam begins a descent of that many parameters.
func NewAdam[T Float](parameters int) *Adam[T] {
	return &Adam[T]{0, make([]T, parameters), make([]T, parameters)}
}

// Step changes theta by a step against factor times its derivative.
func (a *Adam[T]) Step(theta, grad []T, factor T, rate float64) {
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	a.Steps++
	t := float64(a.Steps)
	root := math.Sqrt(1 - math.Pow(beta2, t))
	step := T(rate * root / (1 - math.Pow(beta1, t)))
	tiny := T(epsilon * root)
	for i, g := range grad {
		g *= factor
		a.first[i] = beta1*a.first[i] + (1-beta1)*g
		a.second[i] = beta2*a.second[i] + (1-beta2)*g*g
		theta[i] -= step * a.first[i] / (T(math.Sqrt(float64(a.second[i]))) + tiny)
	}
}

// RateAt is the rate of a step, counted from 0: half a cosine from Rate to 0.
func (o Options) RateAt(step int) float64 {
	return o.Rate * (1 + math.Cos(math.Pi*float64(step)/float64(o.Steps))) / 2
}

// A Source fills a batch with the rows of a step. It must depend on nothing but
// the seed and the step.
type Source[T Float] interface {
	Batch(seed uint64, step int, to gemm.Matrix[T])
}

// A Run is a training run: a model and the state of its descent.
type Run[T Float] struct {
	Model   *Model[T]
	Options Options
	Note    string // whatever the caller wants to keep with it
	adam    *Adam[T]
}

// Start begins a run with a new model.
func Start[T Float](c Config, o Options) (*Run[T], error) {
	model, err := New[T](c, o.Seed)
	if err != nil {
		return nil, err
	}
	return StartFrom(model, o)
}

// StartFrom begins a run with a model, which it changes.
func StartFrom[T Float](m *Model[T], o Options) (*Run[T], error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	return &Run[T]{m, o, "", NewAdam[T](len(m.theta))}, nil
}

// Step is the number of steps taken.
func (r *Run[T]) Step() int { return r.adam.Steps }

// A Loss is what a step descends: Likelihood of a Gradient, or a closure around
// LeastSquares.
type Loss[T Float] func(g *Gradient[T]) (float64, []T)

// Advance takes one step, and returns the loss before it. A loss or a gradient
// that is not finite ends the descent: the parameters stay, and ok is false.
func (r *Run[T]) Advance(g *Gradient[T], source Source[T], loss Loss[T]) (value float64, ok bool) {
	source.Batch(r.Options.Seed, r.Step(), g.Input())
	value, grad := loss(g)
	square := 0.0
	for _, v := range grad {
		square += float64(v) * float64(v)
	}
	if math.IsNaN(value) || math.IsInf(value, 0) || math.IsNaN(square) || math.IsInf(square, 0) {
		return value, false
	}
	factor := T(1)
	if norm := math.Sqrt(square); r.Options.Clip > 0 && norm > r.Options.Clip {
		factor = T(r.Options.Clip / norm)
	}
	r.adam.Step(r.Model.theta, grad, factor, r.Options.RateAt(r.Step()))
	return value, true
}
