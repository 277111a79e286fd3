package experiment

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"flowproof/constructions/rotation"
	"flowproof/coupling"
	"flowproof/internal/gemm"
	"flowproof/targets"
	"flowproof/training"
)

// A Kind is what stands in the coordinates that are added.
type Kind string

// The kinds of padding.
const (
	None     Kind = "none"
	Zeros    Kind = "zeros"
	Noise    Kind = "noise" // normal, deviation Quiet
	Gaussian Kind = "gaussian"
)

// Quiet is the deviation of the padding of kind Noise.
const Quiet = 0.01

// Kinds lists the kinds of padding.
func Kinds() []Kind { return []Kind{None, Zeros, Noise, Gaussian} }

// A Padding adds Extra times as many coordinates as the data has, behind them.
type Padding struct {
	Kind  Kind `json:"kind"`
	Extra int  `json:"extra"`
}

func (p Padding) String() string {
	if p.Kind == None {
		return "none"
	}
	return fmt.Sprintf("%s x%d", p.Kind, p.Extra)
}

// deviation is that of the padding.
func (p Padding) deviation() float64 {
	switch p.Kind {
	case Noise:
		return Quiet
	case Gaussian:
		return 1
	}
	return 0
}

// A Case is one training run of the padding experiment.
type Case struct {
	Data    *Data
	Padding Padding
	Depth   int // couplings
	Hidden  int // units of each of two hidden layers
	Start   Start
	Options training.Options
	Threads int
}

// Start is what a run begins with.
type Start string

// The starts.
const (
	Identity Start = "identity"
	// Six is a random rotation as six additive layers of bounded condition (package
	// rotation), in couplings that begin as these shears.
	Six Start = "six"
)

// Starts lists the starts.
func Starts() []Start { return []Start{Identity, Six} }

// model returns the model that a run begins with.
func (c *Case) model() (*training.Model[float32], error) {
	m, err := training.New[float32](c.config(), c.Options.Seed)
	if err != nil || c.Start != Six {
		return m, err
	}
	t, err := targets.Make("random-orthogonal", c.dim(), c.Options.Seed, targets.Options{})
	if err != nil {
		return nil, err
	}
	part, err := coupling.Half(c.dim())
	if err != nil {
		return nil, err
	}
	flow, err := rotation.Orthogonal(t.Matrix, part)
	if err != nil {
		return nil, err
	}
	k := 0
	for _, l := range slices.Backward(flow.Layers()) { // the last one acts first
		if lower := k%2 == 0; lower != (l.Kind() == coupling.Lower) {
			k++
		}
		if k >= c.Depth {
			return nil, &training.ConfigError{Field: "couplings", Want: "seven or more, to start at six layers"}
		}
		rows, cols := l.Weight().Dims()
		weight := gemm.New[float32](rows, cols)
		for i, v := range l.Weight().Float64s() {
			weight.Data[i] = float32(v)
		}
		if err := m.SetLinear(k, weight); err != nil {
			return nil, err
		}
		k++
	}
	return m, nil
}

// config is the architecture of a case.
func (c *Case) config() training.Config {
	return training.Config{Dim: c.dim(), Couplings: c.Depth, Hidden: c.Hidden, HiddenLayers: 2, LogScale: 2}
}

// Check says what is wrong with the case, if anything is: a *training.ConfigError.
func (c *Case) Check() error { return errors.Join(c.config().Check(), c.Options.Check()) }

func (c *Case) dim() int { return c.Data.Dim * (1 + c.Padding.Extra) }

// Name tells the case from all others of an experiment; it can be a file's name.
func (c *Case) Name() string {
	name := fmt.Sprintf("%s-%s%d-depth%d-seed%d", c.Data.Name, c.Padding.Kind, c.Padding.Extra, c.Depth, c.Options.Seed)
	if c.Start == Six {
		name += "-six"
	}
	return name
}

// Batch fills the rows with padded data: the source of a training run.
func (c *Case) Batch(seed uint64, step int, to gemm.Matrix[float32]) {
	c.fill(rand.New(rand.NewPCG(seed, uint64(step))), false, to)
}

// heldOut is a stream of random numbers that no step of no run uses.
func heldOut(part uint64) *rand.Rand { return rand.New(rand.NewPCG(part, math.MaxUint64)) }

func (c *Case) fill(rng *rand.Rand, held bool, to gemm.Matrix[float32]) {
	x := make([]float64, c.Data.Dim)
	for i := range to.Rows {
		row := to.Row(i)
		c.Data.Draw(rng, x, held)
		for j, v := range x {
			row[j] = float32(v)
		}
		for j := len(x); j < len(row); j++ {
			row[j] = 0
			if s := c.Padding.deviation(); s > 0 {
				row[j] = float32(s * rng.NormFloat64())
			}
		}
	}
}

// bits turns a mean negative log-density of padded points, in nats, into bits a
// dimension of the data. With noise e ~ q in the padding,
//
//	-log p(x) <= E[-log p(x, e)] - H(q),
//
// by Jensen's inequality, so that what is returned is an upper bound then; a
// padding of zeros has no density, and NaN is returned.
func (c *Case) bits(nats float64) float64 {
	if s := c.Padding.deviation(); s > 0 {
		nats -= float64(c.dim()-c.Data.Dim) * (math.Log(2*math.Pi*math.E)/2 + math.Log(s))
	} else if c.Padding.Kind != None {
		return math.NaN()
	}
	return nats/math.Ln2/float64(c.Data.Dim) + c.Data.Bits
}

// A Trained is a case after its descent.
type Trained struct {
	Run      *training.Run[float32]
	Diverged bool
	// Learned is the first step, of those looked at, at which held-out data had at
	// most Data.Level bits a dimension; -1 if none.
	Learned int
}

// A Keeper keeps what an interruption must not lose. Load returns nil if there
// is nothing yet.
type Keeper interface {
	Load(c *Case) (*Trained, error)
	Save(c *Case, t *Trained) error
}

// Every is the number of steps between two looks at held-out data, and between
// two calls of Keeper.Save.
const Every = 100

// Train runs the descent of a case, from where keep has it, if keep is not nil.
// It ends early if say returns an error, and returns that error then; say hears
// the number of steps done.
func (c *Case) Train(keep Keeper, say func(step int) error) (*Trained, error) {
	var t *Trained
	var err error
	if keep != nil {
		if t, err = keep.Load(c); err != nil {
			return nil, err
		}
	}
	if t == nil {
		m, err := c.model()
		if err != nil {
			return nil, err
		}
		run, err := training.StartFrom(m, c.Options)
		if err != nil {
			return nil, err
		}
		t = &Trained{Run: run, Learned: -1}
	}
	g := training.NewGradient(t.Run.Model, c.Options.Batch, c.Threads)
	for t.Run.Step() < c.Options.Steps && !t.Diverged {
		if err := say(t.Run.Step()); err != nil {
			return nil, err
		}
		_, ok := t.Run.Advance(g, c, (*training.Gradient[float32]).Likelihood)
		t.Diverged = !ok
		if t.Run.Step()%Every != 0 && t.Run.Step() < c.Options.Steps && ok {
			continue
		}
		if t.Learned < 0 && c.likelihood(t.Run.Model, 512) <= c.Data.Level {
			t.Learned = t.Run.Step()
		}
		if keep != nil {
			if err := keep.Save(c, t); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

// likelihood returns the bits a dimension of held-out points.
func (c *Case) likelihood(m *training.Model[float32], points int) float64 {
	return c.bits(c.nats(m, points))
}

// nats returns the mean negative log-density of padded held-out points.
func (c *Case) nats(m *training.Model[float32], points int) float64 {
	x, logDet := gemm.New[float32](points, c.dim()), make([]float64, points)
	c.fill(heldOut(1), true, x)
	m.Forward(x, logDet, c.Threads)
	sum := float64(len(x.Data)) / 2 * math.Log(2*math.Pi)
	for i := range points {
		sum -= logDet[i]
		for _, v := range x.Row(i) {
			sum += float64(v) * float64(v) / 2
		}
	}
	return sum / float64(points)
}
