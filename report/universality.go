package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"flowproof/exactmath/ball"
	"flowproof/internal/number"
	"flowproof/study"
)

// Universality is what `verify universal -json` prints. Numbers under w2_bound,
// terms and limits are proved, and rounded the safe way; the others are measured.
type Universality struct {
	Target    string      `json:"target"`
	Dimension int         `json:"dimension"`
	Partition string      `json:"partition"`
	Grid      []int       `json:"grid"`
	Delta     json.Number `json:"delta"`
	Seed      uint64      `json:"seed"`

	Verdict string      `json:"verdict"` // "certified"
	W2Bound json.Number `json:"w2_bound"`
	Terms   struct {
		Cells   json.Number `json:"cells"`
		Noise1  json.Number `json:"noise_first"`
		Strands json.Number `json:"strands"`
		Noise2  json.Number `json:"noise_second"`
		Read    json.Number `json:"reading"`
		Select  json.Number `json:"selector"`
	} `json:"terms"` // the squares under the roots of the bound, upper ends

	Samples *Samples `json:"samples,omitempty"`

	Points     int          `json:"points"`
	W2Measured number.Float `json:"w2_measured"`
	W2Floor    number.Float `json:"w2_floor"`
	W2Lower    number.Float `json:"w2_projected"`
	W2Sliced   number.Float `json:"w2_sliced"`

	Units     []int `json:"units"` // ReLU units of the couplings
	Cells     int   `json:"cells"`
	Condition struct {
		Median  number.Float `json:"median"`
		Plateau number.Float `json:"plateau"`
		Sup     number.Float `json:"sup"` // at most this
	} `json:"condition"`
	Lipschitz struct {
		Plateau number.Float `json:"plateau"`
		Sup     number.Float `json:"sup"`
	} `json:"lipschitz"`
	LogDet    number.Float `json:"log_det"`
	Limits    Limits       `json:"limits"`
	RoundTrip RoundTrip    `json:"roundtrip"`
	Hinges    Hinges       `json:"hinges"`
	Seconds   struct {
		Build   float64 `json:"build"`
		Certify float64 `json:"certify"`
		Measure float64 `json:"measure"`
	} `json:"seconds"`
}

// Samples is said of a target given as points: their number, a proved bound of their
// distance from the histogram, and the sum of the two bounds.
type Samples struct {
	Count       int          `json:"count"`
	ToHistogram number.Float `json:"to_histogram"`
	W2Bound     number.Float `json:"w2_bound"`
}

// Hinges is what the form of the couplings costs in floating point: how far 98 of 100
// samples are at most from what interpolation in float64 makes of the same noise,
// measured, and the largest slope of a shift.
type Hinges struct {
	Float64 number.Float `json:"float64"` // as sums of ReLU units
	Float32 number.Float `json:"float32"`
	Knots32 number.Float `json:"knots_float32"` // interpolated between knots in float32
	Slope   number.Float `json:"slope"`
}

// NewUniversality reads a record.
func NewUniversality(r *study.UniversalityRecord) *Universality {
	c := r.Case
	u := &Universality{
		Target: c.Target, Dimension: c.Histogram.Dim(), Partition: c.Split.String(), Grid: c.Histogram.Cells,
		Delta: json.Number(c.DeltaText), Seed: c.Seed, Verdict: "certified", W2Bound: json.Number(number.Up(r.Bound.Bound, 5)),
		Points: c.Points, W2Measured: number.Float(r.Measured), W2Floor: number.Float(r.Floor), W2Lower: number.Float(r.Projected), W2Sliced: number.Float(r.Sliced),
		Units: r.Flow.Units(), Cells: r.Bound.Cells, LogDet: number.Float(r.LogDet),
	}
	if c.Samples > 0 {
		bound, _ := r.Bound.Bound.Float64()
		apart := c.Histogram.SampleDistance()
		u.Samples = &Samples{c.Samples, number.Float(apart), number.Float((bound + apart) * (1 + 0x1p-40))}
	}
	for to, x := range map[*json.Number]ball.Ball{
		&u.Terms.Cells: r.Bound.V1, &u.Terms.Noise1: r.Bound.N1, &u.Terms.Strands: r.Bound.V2,
		&u.Terms.Noise2: r.Bound.Noise2, &u.Terms.Read: r.Bound.Read, &u.Terms.Select: r.Bound.Select,
	} {
		*to = upperEnd(x)
	}
	u.Condition.Median, u.Condition.Plateau, u.Condition.Sup = number.Float(r.Median), number.Float(r.Plateau), number.Float(r.Sup)
	u.Lipschitz.Plateau, u.Lipschitz.Sup = number.Float(r.PlateauLipschitz), number.Float(r.SupLipschitz)
	u.Limits = NewLimits(r.Price, c.Histogram.Dim())
	u.RoundTrip = RoundTrip{number.Float(r.RoundTrip64), number.Float(r.RoundTrip32)}
	u.Hinges = Hinges{number.Float(r.Hinges.Float64), number.Float(r.Hinges.Float32), number.Float(r.Hinges.Knots32), number.Float(r.Slope)}
	u.Seconds.Build, u.Seconds.Certify, u.Seconds.Measure = r.BuildSeconds, r.CertifySeconds, r.MeasureSeconds
	return u
}

// upperEnd prints the upper end of a ball, rounded up.
func upperEnd(x ball.Ball) json.Number {
	_, hi := x.Bounds()
	if hi.Sign() < 0 {
		f, _ := hi.Float64()
		return json.Number(fmt.Sprintf("%.4e", math.Nextafter(f*(1-5e-5), 0)))
	}
	return json.Number(number.Up(hi, 5))
}

// JSON writes the report as one indented object.
func (u *Universality) JSON(w io.Writer) error {
	return WriteJSON(w, u)
}

// Text writes the report as a compact table.
func (u *Universality) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, dimension %d, grid %s, seed %d\n", u.Target, u.Dimension, product(u.Grid), u.Seed)
	fmt.Fprintf(&b, "universal: 2 couplings on %s, %d + %d ReLU units, %d cells\n\n", u.Partition, u.Units[0], u.Units[1], u.Cells)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(label, format string, args ...any) {
		fmt.Fprintf(t, "  %s\t%s\n", label, fmt.Sprintf(format, args...))
	}
	row("verdict", "certified: W2(flow of the standard normal law, target) <= %s", u.W2Bound)
	row("asked", "%s", u.Delta)
	if u.Samples != nil {
		row("samples", "%d points, at most %s from their histogram: W2(flow, points) <= %s", u.Samples.Count,
			upFloat(float64(u.Samples.ToHistogram), 5), upFloat(float64(u.Samples.W2Bound), 5))
	}
	if u.Points > 0 {
		row("measured", "W2 %.4g between %d points each (two samples of the target: %.4g), a projection %.4g, sliced %.4g",
			float64(u.W2Measured), u.Points, float64(u.W2Floor), float64(u.W2Lower), float64(u.W2Sliced))
	}
	row("condition", "median %s, on the selector's plateaus up to %.4g, anywhere at most %.4g", measured(u.Condition.Median), float64(u.Condition.Plateau), float64(u.Condition.Sup))
	row("Lipschitz", "on plateaus %.4g, anywhere at most %.4g", float64(u.Lipschitz.Plateau), float64(u.Lipschitz.Sup))
	row("limits", "no map within %s has a Lipschitz constant below %s (%s), or one below %s times the least stretch",
		u.Delta, shortDown(u.Limits.Lipschitz), u.Limits.Reason, shortDown(u.Limits.Condition))
	if u.Limits.TwoCouplings > 1 {
		row("", "no flow of two couplings within %s has condition numbers below %s everywhere", u.Delta, shortDown(u.Limits.TwoCouplings))
	}
	row("log det", "%.4f everywhere, of no map within %s above %s on average", float64(u.LogDet), u.Delta, placesUp(u.Limits.LogDet))
	if u.Points > 0 {
		row("round trip", "%.1e in float64, %.1e in float32", float64(u.RoundTrip.Float64), float64(u.RoundTrip.Float32))
		row("as ReLU sums", "98 %% of the samples off by at most %.1e in float64, %.1e in float32 (interpolated in float32: %.1e): open units add up slopes of up to %.1e, which must cancel",
			float64(u.Hinges.Float64), float64(u.Hinges.Float32), float64(u.Hinges.Knots32), float64(u.Hinges.Slope))
	}
	row("seconds", "%.3f build, %.3f certify, %.3f measure", u.Seconds.Build, u.Seconds.Certify, u.Seconds.Measure)
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func measured(x number.Float) string {
	if x == 0 {
		return "not measured"
	}
	return fmt.Sprintf("%.4g", float64(x))
}

func product(ns []int) string {
	var s []string
	for _, n := range ns {
		s = append(s, fmt.Sprint(n))
	}
	return strings.Join(s, " x ")
}
