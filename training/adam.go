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

// A Source fills a batch with the rows of a step. It must depend on nothing but
// the seed and the step.
type Source[T Float] interface {
	Batch(seed uint64, step int, to gemm.Matrix[T])
}

// A Run is a training run: a model and the state of its descent after Step
// steps.
type Run[T Float] struct {
	Model   *Model[T]
	Options Options
	Step    int
	m, v    []T
}

// Start begins a run.
func Start[T Float](c Config, o Options) (*Run[T], error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	model, err := New[T](c, o.Seed)
	if err != nil {
		return nil, err
	}
	return &Run[T]{model, o, 0, make([]T, len(model.theta)), make([]T, len(model.theta))}, nil
}

// A Loss is what a step descends: Likelihood of a Gradient, or a closure around
// LeastSquares.
type Loss[T Float] func(g *Gradient[T]) (float64, []T)

// Advance takes one step, and returns the loss before it. A loss or a gradient
// that is not finite ends the descent: the parameters stay, and ok is false.
func (r *Run[T]) Advance(g *Gradient[T], source Source[T], loss Loss[T]) (value float64, ok bool) {
	source.Batch(r.Options.Seed, r.Step, g.Input())
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
	r.adam(grad, factor)
	return value, true
}

func (r *Run[T]) adam(grad []T, factor T) {
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	o := r.Options
	rate := o.Rate * (1 + math.Cos(math.Pi*float64(r.Step)/float64(o.Steps))) / 2
	r.Step++
	t := float64(r.Step)
	root := math.Sqrt(1 - math.Pow(beta2, t))
	step := T(rate * root / (1 - math.Pow(beta1, t)))
	tiny := T(epsilon * root)
	for i, g := range grad {
		g *= factor
		r.m[i] = beta1*r.m[i] + (1-beta1)*g
		r.v[i] = beta2*r.v[i] + (1-beta2)*g*g
		r.Model.theta[i] -= step * r.m[i] / (T(math.Sqrt(float64(r.v[i]))) + tiny)
	}
}
