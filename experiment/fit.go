package experiment

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions"
	"flowproof/constructions/lowerbound"
	"flowproof/coupling"
	"flowproof/internal/gemm"
	"flowproof/targets"
	"flowproof/training"
	"flowproof/verify/condition"
)

// A Fit is one descent of a flow of linear affine couplings towards a matrix:
// the mean squared error of the images of normal points, |E_1 .. E_K - M|^2 / n
// in the Frobenius norm, whose derivative is taken exactly. The first part is the
// first floor(n/2) coordinates.
type Fit struct {
	Target  *targets.Target
	Layers  int // K; E_K acts first and is lower, with E_(K-1) upper, and so on
	Options training.Options
	Threads int
}

// A Fitted is what a descent found.
type Fitted struct {
	Target string `json:"target"`
	N      int    `json:"n"`
	Layers int    `json:"layers"`
	Seed   uint64 `json:"seed"`
	Steps  int    `json:"steps"`
	// Error is |E_1 .. E_K - M| / |M|, Frobenius norms; Reached is the first step, of
	// every hundredth, at which it was at most Close; nil if none.
	Error   float64 `json:"error"`
	Reached *int    `json:"steps_to_close"`
	// Condition numbers of the layers: the largest, and their product.
	Largest  *float64 `json:"largest_condition"`
	Product  *float64 `json:"product_of_conditions"`
	Diverged bool     `json:"diverged"`
	Seconds  float64  `json:"seconds"`
}

// A Reference is what is known without any descent: the least number of layers
// that the map needs in either order, proved, and the flow that the program
// builds, of that many layers.
type Reference struct {
	Target  string  `json:"target"`
	N       int     `json:"n"`
	Seed    uint64  `json:"seed"`
	AtLeast int     `json:"depth_at_least"`
	Depth   int     `json:"depth_built"`
	By      string  `json:"construction"`
	Largest float64 `json:"largest_condition"` // proved upper bounds
	Product float64 `json:"product_of_conditions"`
}

// NewReference builds the flow of a target.
func NewReference(t *targets.Target, seed uint64) (*Reference, error) {
	part, err := coupling.Half(t.Dim)
	if err != nil {
		return nil, err
	}
	lower, err := lowerbound.DepthLowerBound(t.Matrix, part)
	if err != nil {
		return nil, err
	}
	built, err := constructions.Build("auto", t.Matrix, part, constructions.Options{Seed: seed})
	if err != nil {
		return nil, err
	}
	c := condition.Of(built.Flow)
	return &Reference{Target: t.Name, N: t.Dim, Seed: seed, AtLeast: lower.Depth, Depth: built.Flow.Depth(), By: built.Construction,
		Largest: c.Largest.Bound, Product: c.Product}, nil
}

// Close is the relative error that counts as reached.
const Close = 1e-3

// MaxFit bounds the dimension of a fit.
const MaxFit = 256

// linearFlow is a product of couplings with the parameters of each: the weight,
// then the log-scales.
type linearFlow struct {
	n, p  int
	theta []float64
	upper []bool
	x     []gemm.Matrix[float64] // weights, views of theta
	s     [][]float64            // log-scales, views of theta
}

func newLinearFlow(n, layers int) *linearFlow {
	f := &linearFlow{n: n, p: n / 2}
	q := n - f.p
	size := 0
	for k := range layers {
		f.upper = append(f.upper, (layers-1-k)%2 == 1)
		size += f.p * q
		if f.upper[k] {
			size += f.p
		} else {
			size += q
		}
	}
	f.theta = make([]float64, size)
	f.x, f.s = f.views(f.theta)
	return f
}

// views cuts a vector of parameters.
func (f *linearFlow) views(theta []float64) (x []gemm.Matrix[float64], s [][]float64) {
	for _, upper := range f.upper {
		rows, cols := f.n-f.p, f.p
		if upper {
			rows, cols = cols, rows
		}
		x = append(x, gemm.Matrix[float64]{Rows: rows, Cols: cols, Stride: cols, Data: theta[:rows*cols]})
		s = append(s, theta[rows*cols:rows*cols+rows])
		theta = theta[rows*cols+rows:]
	}
	return x, s
}

// block returns the block of e that holds the weight of layer k, and the first
// of the rows that the layer updates.
func (f *linearFlow) block(k int, e gemm.Matrix[float64]) (weight gemm.Matrix[float64], row int) {
	if f.upper[k] {
		return gemm.Matrix[float64]{Rows: f.p, Cols: f.n - f.p, Stride: e.Stride, Data: e.Data[f.p:]}, 0
	}
	return gemm.Matrix[float64]{Rows: f.n - f.p, Cols: f.p, Stride: e.Stride, Data: e.Data[f.p*e.Stride:]}, f.p
}

// layer returns E_k.
func (f *linearFlow) layer(k int) gemm.Matrix[float64] {
	e := gemm.New[float64](f.n, f.n)
	for i := range f.n {
		e.Row(i)[i] = 1
	}
	weight, row := f.block(k, e)
	for i := range weight.Rows {
		copy(weight.Row(i), f.x[k].Row(i))
		e.Row(row + i)[row+i] = math.Exp(f.s[k][i])
	}
	return e
}

// gradient returns |E_1 .. E_K - M|^2 / n and its derivative.
//
// With P_k = E_1 .. E_(k-1) and S_k = E_(k+1) .. E_K the derivative by E_k is
// P_k^T G S_k^T, where G = 2 (E_1 .. E_K - M) / n.
func (f *linearFlow) gradient(m gemm.Matrix[float64], grad []float64, threads int) float64 {
	layers := len(f.x)
	e := make([]gemm.Matrix[float64], layers)
	prefix := make([]gemm.Matrix[float64], layers+1) // prefix[k] = E_1 .. E_k
	prefix[0] = gemm.New[float64](f.n, f.n)
	for i := range f.n {
		prefix[0].Row(i)[i] = 1
	}
	product := func(a, b gemm.Operand[float64]) gemm.Matrix[float64] {
		c := gemm.New[float64](f.n, f.n)
		gemm.Set(c, a, b, threads)
		return c
	}
	for k := range layers {
		e[k] = f.layer(k)
		prefix[k+1] = product(prefix[k].N(), e[k].N())
	}
	g := gemm.New[float64](f.n, f.n) // G S_k^T
	loss := 0.0
	for i, v := range prefix[layers].Data {
		r := v - m.Data[i]
		loss += r * r / float64(f.n)
		g.Data[i] = 2 * r / float64(f.n)
	}
	dx, ds := f.views(grad)
	for k := layers - 1; k >= 0; k-- {
		d := product(prefix[k].T(), g.N())
		weight, row := f.block(k, d)
		for i := range weight.Rows {
			copy(dx[k].Row(i), weight.Row(i))
			ds[k][i] = d.Row(row + i)[row+i] * math.Exp(f.s[k][i])
		}
		g = product(g.N(), e[k].T())
	}
	return loss
}

// Run descends; it ends early if say, which hears the number of steps done,
// returns an error, and returns that error then.
func (f *Fit) Run(say func(step int) error) (*Fitted, error) {
	if err := f.Options.Check(); err != nil {
		return nil, err
	}
	n := f.Target.Dim
	if n < 2 || n > MaxFit {
		return nil, fmt.Errorf("dimension %d: want 2 to %d", n, MaxFit)
	}
	if f.Layers < 1 || f.Layers > 64 {
		return nil, fmt.Errorf("%d layers: want 1 to 64", f.Layers)
	}
	m := gemm.Matrix[float64]{Rows: n, Cols: n, Stride: n, Data: f.Target.Matrix.Float64s()}
	flow := newLinearFlow(n, f.Layers)
	rng := rand.New(rand.NewPCG(f.Options.Seed, 0x2545f4914f6cdd1d))
	for _, x := range flow.x {
		for i := range x.Data {
			x.Data[i] = rng.NormFloat64() / float64(n) // the product of some layers is near I
		}
	}
	out := &Fitted{Target: f.Target.Name, N: n, Layers: f.Layers, Seed: f.Options.Seed}
	size := mat.Norm(mat.NewDense(n, n, m.Data), 2)
	grad, adam := make([]float64, len(flow.theta)), training.NewAdam[float64](len(flow.theta))
	for step := range f.Options.Steps {
		if err := say(step); err != nil {
			return nil, err
		}
		loss := flow.gradient(m, grad, f.Threads)
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			out.Diverged = true
			break
		}
		if step%100 == 0 && out.Reached == nil && math.Sqrt(loss*float64(n)) <= Close*size {
			out.Reached = &step
		}
		adam.Step(flow.theta, grad, 1, f.Options.RateAt(step))
	}
	out.Steps = adam.Steps
	out.Error = math.Sqrt(flow.gradient(m, grad, f.Threads)*float64(n)) / size
	out.Largest, out.Product = flow.conditions()
	return out, nil
}

// RunFits runs descents, several at a time, each on one thread; the results have the
// order of the fits. say hears the number of steps that all have taken and have still
// to take. It stops at the first error, or when ctx ends.
func RunFits(ctx context.Context, fits []*Fit, workers int, say func(steps, all int)) ([]*Fitted, error) {
	var jobs []job[Fitted]
	for _, f := range fits {
		jobs = append(jobs, job[Fitted]{f.Options.Steps, func(say func(int) error) (*Fitted, error) {
			begin := time.Now()
			r, err := f.Run(say)
			if err != nil {
				return nil, err
			}
			r.Seconds = time.Since(begin).Seconds()
			return r, nil
		}})
	}
	var out []*Fitted
	err := inOrder(ctx, jobs, workers, func(_ int, r *Fitted) error {
		out = append(out, r)
		return nil
	}, say)
	return out, err
}

// conditions returns the largest condition number of a layer and their product,
// nil where they are not finite.
func (f *linearFlow) conditions() (largest, product *float64) {
	worst, all := 0.0, 1.0
	for k := range f.x {
		var svd mat.SVD
		e := f.layer(k)
		for _, v := range e.Data {
			if v-v != 0 {
				return nil, nil
			}
		}
		if !svd.Factorize(mat.NewDense(f.n, f.n, e.Data), mat.SVDNone) {
			return nil, nil
		}
		worst = max(worst, svd.Cond())
		all *= svd.Cond()
	}
	return finite(worst), finite(all)
}
