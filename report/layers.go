package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"strings"
	"text/tabwriter"

	"flowproof/internal/number"
	"flowproof/study"
	"flowproof/verify/wasserstein"
)

// Layers is what `verify universal -table layers` prints: for each number of
// couplings, with and without padding, what is proved and what was measured.
type Layers []LayersEntry

// LayersEntry is a statement of the chapter. Constants are proved, and so are the
// bounds and limits of two_couplings; measured are the others.
type LayersEntry struct {
	ID        string       `json:"id"` // "": none, an open question
	Couplings string       `json:"couplings"`
	Padding   string       `json:"padding"`
	Holds     string       `json:"holds"` // "can", "cannot" or "open"
	Says      string       `json:"says"`
	Instance  string       `json:"instance,omitempty"`
	Constants []Constant   `json:"constants,omitempty"`
	Measured  []LayersRow  `json:"measured,omitempty"`
	Two       []CurvePoint `json:"two_couplings,omitempty"`
}

// Constant is a number that lies between its two ends.
type Constant struct {
	ID      string      `json:"id"`
	Says    string      `json:"says"`
	Formula string      `json:"formula"`
	Lower   json.Number `json:"lower"`
	Upper   json.Number `json:"upper"`
}

// LayersRow is study.Measured.
type LayersRow struct {
	S         number.Float `json:"s"`
	Knee      number.Float `json:"knee,omitempty"`
	Couplings int          `json:"couplings"`
	Units     int          `json:"units"`
	RMS       number.Float `json:"rms"`
	DataRMS   number.Float `json:"rms_data"`
	Within    number.Float `json:"rms_bound"`
	W2Bound   json.Number  `json:"w2_bound,omitempty"` // proved
	KL        number.Float `json:"kl"`                 // null where the target has no density
	Condition struct {
		Median number.Float `json:"median"`
		Most99 number.Float `json:"p99"`
		Max    number.Float `json:"max"`
	} `json:"condition"` // where no latent coordinate is beyond 3
	Lipschitz number.Float `json:"lipschitz"`
}

// CurvePoint is a line of `verify universal -deltas`. w2_bound and limits are proved;
// for a file of points they are those of its histogram.
type CurvePoint struct {
	Target    string      `json:"target"`
	Partition string      `json:"partition"`
	Delta     json.Number `json:"delta"`
	W2Bound   json.Number `json:"w2_bound"`
	// Measured with as many points as asked for; the floor is that of two samples of
	// the target.
	W2Measured number.Float `json:"w2_measured"`
	W2Floor    number.Float `json:"w2_floor"`
	Cells      int          `json:"cells"`
	Seconds    float64      `json:"seconds"` // to build and to certify
	Condition  struct {
		Median  number.Float `json:"median"`
		Plateau number.Float `json:"plateau"`
		Sup     number.Float `json:"sup"` // at most this
	} `json:"condition"`
	Lipschitz number.Float `json:"lipschitz"` // at most this
	LogDet    number.Float `json:"log_det"`
	Units     []int        `json:"units"`
	Limits    Limits       `json:"limits"`
}

// Limits are proved for all maps that come within delta.
type Limits struct {
	Lipschitz number.Float `json:"lipschitz"`
	Reason    string       `json:"reason"` // "spread" or "clusters"
	Smallest  number.Float `json:"smallest"`
	Condition number.Float `json:"condition"`
	LogDet    number.Float `json:"log_det"` // of the mean of log det, from above
	// TwoCouplings is for flows of two couplings alone: of the supremum of the condition
	// number.
	TwoCouplings number.Float `json:"two_couplings"`
}

// NewLimits reads a price in d dimensions.
func NewLimits(p *wasserstein.Price, d int) Limits {
	return Limits{number.Float(p.Lipschitz), p.Reason, number.Float(p.Smallest), number.Float(p.Condition), number.Float(p.LogDet), number.Float(twoCouplings(p, d))}
}

// twoCouplings is (L^D / det)^(1 / (D-1)), rounded down (price-two-couplings). The
// errors of exp and log are far below the 1e-9 that is taken off.
func twoCouplings(p *wasserstein.Price, d int) float64 {
	if d < 2 || !(p.Lipschitz > 0) {
		return 0
	}
	return math.Exp((float64(d)*math.Log(p.Lipschitz)-p.LogDet)/float64(d-1)) * (1 - 1e-9)
}

// NewCurvePoint reads a point.
func NewCurvePoint(p *study.CurvePoint) CurvePoint {
	c := CurvePoint{
		Target: p.Target, Partition: p.Partition, Delta: json.Number(p.Delta), W2Bound: json.Number(number.Up(p.Bound, 5)),
		Lipschitz: number.Float(p.SupLipschitz), LogDet: number.Float(p.LogDet), Units: p.Units, Limits: NewLimits(p.Limits, p.Dim),
		W2Measured: number.Float(p.Measured), W2Floor: number.Float(p.Floor), Cells: p.Cells, Seconds: p.Seconds,
	}
	c.Condition.Median, c.Condition.Plateau, c.Condition.Sup = number.Float(p.Median), number.Float(p.Plateau), number.Float(p.Sup)
	return c
}

// Line writes the point as one line of JSON.
func (c CurvePoint) Line(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(c)
}

// CurveHead is the first line of a curve in text.
const CurveHead = "   delta      W2 <=  measured   floor  ratio  cells        units   kappa: median   plateau     sup <=   every map >=    log det   every map <=  seconds"

// Text writes the point as a line below CurveHead. ratio is that of the bound to what
// was measured, where that is at least 2.5 times the floor and so means something. A limit
// of condition numbers below 1, which says nothing, is printed as 1.
func (c CurvePoint) Text(w io.Writer) error {
	var units []string
	for _, u := range c.Units {
		units = append(units, fmt.Sprint(u))
	}
	ratio := "-"
	if bound, err := c.W2Bound.Float64(); err == nil && float64(c.W2Measured) >= 2.5*float64(c.W2Floor) {
		ratio = fmt.Sprintf("%.2f", bound/float64(c.W2Measured))
	}
	_, err := fmt.Fprintf(w, "%8s %10s %9.4f %7.4f %6s %6d %12s %15.4g %9.4g %10.4g %14s %10.4f %14s %8.2f\n", c.Delta, c.W2Bound,
		float64(c.W2Measured), float64(c.W2Floor), ratio, c.Cells, strings.Join(units, " + "), float64(c.Condition.Median), float64(c.Condition.Plateau),
		float64(c.Condition.Sup), shortDown(max(c.Limits.Condition, 1)), float64(c.LogDet), placesUp(c.Limits.LogDet), c.Seconds)
	return err
}

// NewConstant reads a constant; its ends are rounded outwards to 7 places.
func NewConstant(c wasserstein.Constant) Constant {
	lo, hi := c.Value.Bounds()
	unit := big.NewRat(1, 1e7)
	return Constant{c.ID, c.Says, c.Formula, json.Number(multiple(lo, unit).FloatString(7)), json.Number(new(big.Rat).Add(multiple(hi, unit), unit).FloatString(7))}
}

// multiple returns the largest multiple of unit that is at most x.
func multiple(x, unit *big.Rat) *big.Rat {
	q := new(big.Rat).Quo(x, unit)
	n := new(big.Int).Div(q.Num(), q.Denom()) // rounds down, as the denominator is positive
	return q.Mul(new(big.Rat).SetInt(n), unit)
}

// placesUp prints x to 4 places, rounded up.
func placesUp(x number.Float) string {
	if f := float64(x); math.IsInf(f, 0) || math.IsNaN(f) {
		return fmt.Sprint(f)
	}
	unit := big.NewRat(1, 1e4)
	up := multiple(new(big.Rat).Neg(new(big.Rat).SetFloat64(float64(x))), unit)
	return up.Neg(up).FloatString(4)
}

// NewLayers reads the entries.
func NewLayers(entries []*study.LayersEntry) Layers {
	var out Layers
	for _, e := range entries {
		l := LayersEntry{ID: e.ID, Couplings: e.Couplings, Padding: e.Padding, Holds: e.Holds, Says: e.Says, Instance: e.Instance}
		for _, c := range e.Constants {
			l.Constants = append(l.Constants, NewConstant(c))
		}
		for _, m := range e.Rows {
			r := LayersRow{
				S: number.Float(m.Noise), Knee: number.Float(m.Knee), Couplings: m.Couplings, Units: m.Units,
				RMS: number.Float(m.RMS), DataRMS: number.Float(m.DataRMS), Within: number.Float(m.Within), KL: number.Float(m.KL), Lipschitz: number.Float(m.Lipschitz),
			}
			if m.Bound != nil {
				r.W2Bound = json.Number(number.Up(m.Bound, 4))
			}
			r.Condition.Median, r.Condition.Most99, r.Condition.Max = number.Float(m.Median), number.Float(m.Most99), number.Float(m.Largest)
			l.Measured = append(l.Measured, r)
		}
		for _, p := range e.Two {
			l.Two = append(l.Two, NewCurvePoint(p))
		}
		out = append(out, l)
	}
	return out
}

// JSON writes the table as one indented array.
func (l Layers) JSON(w io.Writer) error {
	return WriteJSON(w, l)
}

// Text writes the table and, below, the measurements of each entry.
func (l Layers) Text(w io.Writer) error {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "couplings\tpadding\t\tstatement\t")
	for _, e := range l {
		id := e.ID
		if id == "" {
			id = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", e.Couplings, e.Padding, e.Holds, id, e.Says)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, e := range l {
		if len(e.Constants)+len(e.Measured)+len(e.Two) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s", e.ID)
		if e.Instance != "" {
			fmt.Fprintf(&b, ": %s", e.Instance)
		}
		fmt.Fprintln(&b)
		t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
		for _, c := range e.Constants {
			fmt.Fprintf(&b, "  %s to %s  %s, %s\n", c.Lower, c.Upper, c.Formula, c.Says)
		}
		if len(e.Measured) > 0 {
			fmt.Fprintln(t, "s\tknee\tcouplings\tunits\trms error\tits bound\tW2 <=\tKL\tkappa: median\t99 %\tmax\tLipschitz\t")
		}
		for _, r := range e.Measured {
			knee, kl, bound := "-", "-", "-"
			if r.W2Bound != "" {
				bound = string(r.W2Bound)
			}
			if !math.IsNaN(float64(r.KL)) {
				kl = fmt.Sprintf("%.2g", float64(r.KL))
			}
			if r.Knee > 0 {
				knee = fmt.Sprint(float64(r.Knee))
			}
			fmt.Fprintf(t, "%v\t%s\t%d\t%d\t%.4g\t%.4g\t%s\t%s\t%.4g\t%.4g\t%.4g\t%.4g\t\n", float64(r.S), knee, r.Couplings, r.Units, float64(r.RMS), float64(r.Within), bound, kl,
				float64(r.Condition.Median), float64(r.Condition.Most99), float64(r.Condition.Max), float64(r.Lipschitz))
		}
		if err := t.Flush(); err != nil {
			return err
		}
		if len(e.Two) > 0 {
			fmt.Fprintln(&b, CurveHead)
		}
		for _, p := range e.Two {
			if err := p.Text(&b); err != nil {
				return err
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Constants is what `verify universal -table constants` prints.
type Constants []Constant

// NewConstants reads them.
func NewConstants(cs []wasserstein.Constant) Constants {
	var out Constants
	for _, c := range cs {
		out = append(out, NewConstant(c))
	}
	return out
}

// JSON writes them as one indented array.
func (c Constants) JSON(w io.Writer) error {
	return WriteJSON(w, c)
}

// Text writes them as a table.
func (c Constants) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, k := range c {
		fmt.Fprintf(t, "%s\t%s to %s\t%s\t%s\n", k.ID, k.Lower, k.Upper, k.Formula, k.Says)
	}
	return t.Flush()
}
