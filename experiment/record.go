package experiment

import (
	"math"
	"math/rand/v2"
	"slices"

	"flowproof/empirical"
	"flowproof/internal/gemm"
	"flowproof/training"
)

// Points is how many points each measurement takes.
type Points struct {
	Likelihood int
	Distance   int // of both samples
	Jacobian   int // of data, and of samples
}

// A Record is what was measured of a trained flow. A nil number could not be
// measured: there is no density, or a result was not finite.
type Record struct {
	Dataset string  `json:"dataset"`
	Padding Padding `json:"padding"`
	Depth   int     `json:"depth"`
	Hidden  int     `json:"hidden"`
	Start   Start   `json:"start"`
	Seed    uint64  `json:"seed"`
	// AtStart is the median condition number before the first step.
	AtStart float64 `json:"condition_at_start"`
	// Bits is of held-out data; with padding an upper bound of it, by Jensen's
	// inequality. Nats is of the padded points, whatever they are.
	Bits    *float64 `json:"nll_bits_per_dim"`
	IsBound bool     `json:"nll_is_bound"`
	Entropy *float64 `json:"entropy_bits_per_dim"`
	Nats    *float64 `json:"nll_nats_padded"`
	// Distances of as many samples as held-out points, the padding dropped; Floor is
	// that of two samples of the data. W2 only in up to three dimensions.
	W2      *float64 `json:"w2"`
	Floor   *float64 `json:"w2_floor"`
	Sliced  *float64 `json:"sliced_w2"`
	Spectra          // at held-out data
	Samples Spectra  `json:"samples"`            // at samples of the flow
	Trip    *float64 `json:"roundtrip_float32"`  // largest error of a coordinate, data to noise and back
	Learned *int     `json:"steps_to_level"`     // nil: not reached
	Level   *float64 `json:"level_bits_per_dim"` // which level
	Steps   int      `json:"steps"`
	Diverge bool     `json:"diverged"`
	Seconds float64  `json:"seconds"`
}

// Spectra sums up the singular values of the Jacobian, data to noise, at several
// points: quantiles of the condition number, and the extreme singular values.
// Infinite condition numbers count as the largest float64.
type Spectra struct {
	Condition Quantiles `json:"condition"`
	Smallest  float64   `json:"smallest_singular"`
	Largest   float64   `json:"largest_singular"`
	Points    int       `json:"points"`
	Failed    int       `json:"failed"` // points where the Jacobian is not finite
}

// Quantiles of condition numbers.
type Quantiles struct {
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
	Max    float64 `json:"max"`
}

// Measure measures a trained flow; it does not fill Seconds.
func (c *Case) Measure(t *Trained, p Points) (*Record, error) {
	m := t.Run.Model
	nats := c.nats(m, p.Likelihood)
	r := &Record{
		Dataset: c.Data.Name, Padding: c.Padding, Depth: c.Depth, Hidden: c.Hidden, Start: c.Start, Seed: c.Options.Seed,
		Nats: finite(nats), Bits: finite(c.bits(nats)), IsBound: c.Padding.Kind == Noise || c.Padding.Kind == Gaussian,
		Entropy: finite(c.Data.Entropy), Level: finite(c.Data.Level), Steps: t.Run.Step(), Diverge: t.Diverged,
	}
	if t.Learned >= 0 {
		r.Learned = &t.Learned
	}
	data := gemm.New[float32](p.Distance, c.dim())
	c.fill(heldOut(2), true, data)
	samples := gemm.New[float32](p.Distance, c.dim())
	c.noise(rand.New(rand.NewPCG(c.Options.Seed, math.MaxUint64-1)), samples)
	m.Inverse(samples, c.Threads)
	if err := c.distances(r, data, samples); err != nil {
		return nil, err
	}
	r.Trip = finite(roundTrip(m, data, c.Threads))
	begun, err := c.model()
	if err != nil {
		return nil, err
	}
	r.AtStart = spectra(training.Convert[float64](begun), data, p.Jacobian).Condition.Median
	wide := training.Convert[float64](m)
	r.Spectra = spectra(wide, data, p.Jacobian)
	r.Samples = spectra(wide, samples, p.Jacobian)
	return r, nil
}

// noise fills the rows with what the flow is started from: normal numbers.
func (c *Case) noise(rng *rand.Rand, to gemm.Matrix[float32]) {
	for i := range to.Data {
		to.Data[i] = float32(rng.NormFloat64())
	}
}

// distances compares samples with data, where all samples are finite.
func (c *Case) distances(r *Record, data, samples gemm.Matrix[float32]) error {
	again := gemm.New[float32](data.Rows, data.Cols)
	c.fill(heldOut(3), true, again)
	x, y, z := c.unpadded(data), c.unpadded(samples), c.unpadded(again)
	for _, row := range y {
		for _, v := range row {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil
			}
		}
	}
	sliced, _, err := empirical.Sliced(x, y, 64, 1)
	if err != nil {
		return err
	}
	r.Sliced = finite(sliced)
	if c.Data.Dim > 3 {
		return nil
	}
	distance, err := empirical.W2(x, y)
	if err != nil {
		return err
	}
	floor, err := empirical.W2(x, z)
	if err != nil {
		return err
	}
	r.W2, r.Floor = finite(distance), finite(floor)
	return nil
}

// unpadded returns the coordinates of the data.
func (c *Case) unpadded(x gemm.Matrix[float32]) [][]float64 {
	out := make([][]float64, x.Rows)
	for i := range out {
		for _, v := range x.Row(i)[:c.Data.Dim] {
			out[i] = append(out[i], float64(v))
		}
	}
	return out
}

func roundTrip(m *training.Model[float32], x gemm.Matrix[float32], threads int) float64 {
	z := gemm.Matrix[float32]{Rows: x.Rows, Cols: x.Cols, Stride: x.Stride, Data: slices.Clone(x.Data)}
	m.Forward(z, nil, threads)
	m.Inverse(z, threads)
	worst := 0.0
	for i, v := range z.Data {
		e := math.Abs(float64(v) - float64(x.Data[i]))
		if math.IsNaN(e) {
			return math.NaN()
		}
		worst = max(worst, e)
	}
	return worst
}

// spectra takes the first points of x.
func spectra(m *training.Model[float64], x gemm.Matrix[float32], points int) Spectra {
	s := Spectra{Smallest: math.Inf(1)}
	var conditions []float64
	for i := range min(points, x.Rows) {
		at := make([]float64, x.Cols)
		for j, v := range x.Row(i) {
			at[j] = float64(v)
		}
		values, err := training.SingularValues(m, at)
		if err != nil {
			s.Failed++
			continue
		}
		largest, smallest := values[0], values[len(values)-1]
		s.Largest, s.Smallest = max(s.Largest, largest), min(s.Smallest, smallest)
		conditions = append(conditions, min(largest/smallest, math.MaxFloat64))
	}
	s.Points = len(conditions)
	if s.Points == 0 {
		s.Smallest = 0
		return s
	}
	slices.Sort(conditions)
	s.Condition = Quantiles{conditions[s.Points/2], conditions[s.Points*9/10], conditions[s.Points-1]}
	return s
}

func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
