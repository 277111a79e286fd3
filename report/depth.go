package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strings"
	"text/tabwriter"

	"flowproof/exactmath/ball"
	"flowproof/internal/number"
	"flowproof/study"
	"flowproof/verify/flowdepth"
)

// Interval is a pair of decimals that a number lies between, rounded outward.
type Interval [2]json.Number

// intervalDigits is the number of significant digits of an Interval.
const intervalDigits = 12

func newInterval(lo, hi *big.Rat) Interval {
	return Interval{json.Number(number.Down(lo, intervalDigits)), json.Number(number.UpSigned(hi, intervalDigits))}
}

func ballInterval(x ball.Ball) Interval { return newInterval(x.Bounds()) }

// Depth is what `verify depth-bound -json` prints. Every number is proved, and rounded
// the safe way, but for Seconds and what Map says of slopes.
type Depth struct {
	Target    string      `json:"target"`
	Dimension int         `json:"dimension"`
	Points    int64       `json:"points"`
	Layers    string      `json:"layers,omitempty"`
	Eps       json.Number `json:"eps"`
	Distance  string      `json:"distance"` // "W1" or "W2"

	// Bound is the ID of the statement that binds; empty if no bound says anything.
	Bound        string      `json:"bound"`
	Verdict      string      `json:"verdict"`        // "exact", "bounds", "no bound", "no depth"; "maps" without layers
	DepthAtLeast *int64      `json:"depth_at_least"` // null: no depth is enough, or no layers were given
	DepthReached *int64      `json:"depth_reached"`  // null: no flow is built
	W1Bound      json.Number `json:"w1_bound,omitempty"`
	W2Bound      json.Number `json:"w2_bound,omitempty"`
	Reason       string      `json:"reason,omitempty"` // why there is no bound, or no flow

	LipschitzAtLeast *number.Float `json:"lipschitz_at_least,omitempty"`
	StretchAtMost    *number.Float `json:"stretch_at_most,omitempty"`
	ConditionAtLeast *number.Float `json:"condition_at_least,omitempty"`
	Map              *DepthMap     `json:"map,omitempty"`
	Units            []int         `json:"units,omitempty"` // ReLU units of the layers of the flow

	Intermediate map[string]Interval `json:"intermediate"`
	Seconds      struct {
		Bound   float64 `json:"bound"`
		Build   float64 `json:"build"`
		Certify float64 `json:"certify"`
	} `json:"seconds"`
}

// DepthMap is the explicit map: slopes and the place where they change.
type DepthMap struct {
	Low       number.Float `json:"low"`
	Lipschitz number.Float `json:"lipschitz"`
	Kink      number.Float `json:"kink"`
	Condition number.Float `json:"condition"`
}

// NewDepth reads a record.
func NewDepth(r *study.DepthRecord) *Depth {
	c := r.Case
	d := &Depth{
		Target: targetText(c), Dimension: c.Target.Dim, Points: c.Target.Pieces, Eps: json.Number(c.Eps.RatString()), Distance: fmt.Sprintf("W%d", c.Power),
		Intermediate: map[string]Interval{}, Reason: r.Missing,
	}
	if f, exact := c.Eps.Float64(); exact || c.Eps.IsInt() {
		d.Eps = json.Number(fmt.Sprint(f))
	} else {
		d.Eps = json.Number(new(big.Float).SetRat(c.Eps).Text('g', 17))
	}
	if c.Layers != nil {
		d.Layers = layersText(*c.Layers)
	}
	d.bound(r)
	d.condition(r)
	if r.Reached > 0 {
		if c.Layers != nil {
			d.DepthReached = &r.Reached
		}
		w := json.Number(number.Up(r.W, 5))
		if c.Power == 2 {
			d.W2Bound = w
		} else {
			d.W1Bound = w
		}
		d.Intermediate["distance_of_flow"] = newInterval(new(big.Rat), r.W)
	}
	if p := r.Proof; p != nil {
		zero := new(big.Rat)
		d.Intermediate["mean_error"] = newInterval(zero, p.Main)
		d.Intermediate["off_diagonal"] = newInterval(zero, p.Skew)
		d.Intermediate["ramps"] = newInterval(zero, p.Near)
		d.Intermediate["far_out"] = newInterval(zero, p.Far)
		d.Intermediate["least_log_scale_of_flow"] = newInterval(p.LogScale, zero)
		d.Units = r.Flow.Units()
	}
	if m := r.Map; m != nil {
		d.Map = &DepthMap{number.Float(m.Low), number.Float(m.Lip), number.Float(m.Kink), number.Float(m.Lip / m.Low)}
	}
	if d.Verdict == "bounds" && d.DepthReached != nil && *d.DepthReached == *d.DepthAtLeast {
		d.Verdict = "exact"
	}
	d.Seconds.Bound, d.Seconds.Build, d.Seconds.Certify = r.BoundSeconds, r.BuildSeconds, r.CertifySeconds
	return d
}

// bound fills in what is proved of the depth.
func (d *Depth) bound(r *study.DepthRecord) {
	b := r.Bound
	if b == nil {
		d.Verdict, d.Bound = "maps", string(flowdepth.ByJoint)
		if r.Condition.AtLeast <= 1 {
			d.Bound = string(flowdepth.ByVolume)
		}
		return
	}
	d.Bound = string(b.Limit.Reason)
	switch {
	case b.AtLeast == 0:
		d.Verdict = "no depth"
	case b.Limit.Reason == flowdepth.None:
		d.Verdict, d.DepthAtLeast = "no bound", &b.AtLeast
	default:
		d.Verdict, d.DepthAtLeast = "bounds", &b.AtLeast
	}
	if b.Limit.Reason != flowdepth.None && b.Limit.Reason != flowdepth.ByComposition {
		d.Intermediate["distance_with_one_layer_less"] = ballInterval(b.Limit.Value)
		if b.Limit.Rho != nil {
			d.Intermediate["rho"] = newInterval(b.Limit.Rho, b.Limit.Rho)
		}
	}
	if d.Verdict == "no bound" {
		d.Reason = noBound(r)
	}
}

// noBound says why nothing is proved.
func noBound(r *study.DepthRecord) string {
	if r.Bound.Condition != nil || r.Case.Layers.Kind == flowdepth.LayerCondition {
		return "a map of the condition number of one layer is not excluded"
	}
	return "one layer is not excluded: eps is too large for these layers, or the target too spread out"
}

// condition fills in what every map pays.
func (d *Depth) condition(r *study.DepthRecord) {
	c := r.Condition
	if c == nil {
		return
	}
	of := func(x float64) *number.Float { f := number.Float(x); return &f }
	d.LipschitzAtLeast, d.ConditionAtLeast, d.StretchAtMost = of(c.Lipschitz), of(c.AtLeast), of(c.Stretch)
}

// JSON writes the report as one indented object.
func (d *Depth) JSON(w io.Writer) error { return WriteJSON(w, d) }

// targetText says what the target is.
func targetText(c *study.Depth) string {
	t := c.Target
	k := fmt.Sprintf("%d points", t.Pieces)
	if t.Pieces == 1 {
		k = "one point"
	}
	if t.Length != nil && t.Length.Sign() > 0 {
		k = fmt.Sprintf("a curve of length %s", asWritten(t.Length))
		if t.Pieces > 1 {
			k = fmt.Sprintf("%d curves of total length %s", t.Pieces, asWritten(t.Length))
		}
	}
	switch {
	case t.Gap == nil:
		return k
	case t.Pieces == 2:
		return fmt.Sprintf("two points at distance %s", asWritten(t.Gap))
	case c.Radius != nil:
		return fmt.Sprintf("the %d vertices of a cube of side %s", t.Pieces, asWritten(t.Gap))
	}
	return fmt.Sprintf("%s at distance %s or more", k, asWritten(t.Gap))
}

// layersText says which layers are meant.
func layersText(l flowdepth.Layers) string {
	v := asWritten(l.Value)
	switch l.Kind {
	case flowdepth.LogScale:
		if l.Value.Sign() == 0 {
			return "couplings that do not shrink volumes (additive ones, NICE), any networks"
		}
		return fmt.Sprintf("affine couplings with log-scales of at least -%s in at most %d coordinates, any networks (RealNVP)", v, l.Updated)
	case flowdepth.LogDet:
		return fmt.Sprintf("injective layers with log |det| of at least -%s", v)
	case flowdepth.Lipschitz:
		return fmt.Sprintf("%s-bi-Lipschitz layers", v)
	}
	return fmt.Sprintf("layers of condition number %s at most", v)
}

// asWritten prints a rational as people write it.
func asWritten(x *big.Rat) string {
	f, _ := x.Float64()
	return fmt.Sprint(f)
}

// Text writes the report as a compact table.
func (d *Depth) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, dimension %d, within %s in %s\n", d.Target, d.Dimension, d.Eps, d.Distance)
	if d.Layers != "" {
		fmt.Fprintln(&b, d.Layers)
	}
	b.WriteByte('\n')
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(label, format string, args ...any) {
		fmt.Fprintf(t, "  %s\t%s\n", label, fmt.Sprintf(format, args...))
	}
	d.depthRows(row)
	if d.ConditionAtLeast != nil {
		row("every map", "Lipschitz constant at least %s, least stretch at most %s, condition number at least %s",
			shortDown(*d.LipschitzAtLeast), short(*d.StretchAtMost), shortDown(*d.ConditionAtLeast))
	}
	if m := d.Map; m != nil {
		row("map", "slope %.5g up to %.4g, then %.5g, and %.5g in all other coordinates: condition number %.6g", float64(m.Lipschitz), float64(m.Kink), float64(m.Low), float64(m.Low), float64(m.Condition))
		if d.DepthReached == nil {
			row("", "%s <= %s, certified", d.Distance, d.W1Bound+d.W2Bound)
		}
	}
	row("seconds", "%.3f bound, %.3f build, %.3f certify", d.Seconds.Bound, d.Seconds.Build, d.Seconds.Certify)
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// depthRows says what is proved of the depth.
func (d *Depth) depthRows(row func(label, format string, args ...any)) {
	switch d.Verdict {
	case "exact":
		row("depth", "exactly %d", *d.DepthAtLeast)
	case "no bound":
		row("depth", "no bound: depth >= 1 (%s)", d.Reason)
	case "no depth":
		row("depth", "no flow of any depth")
	case "bounds":
		if d.DepthReached != nil {
			row("depth", "%d to %d", *d.DepthAtLeast, *d.DepthReached)
		} else {
			row("depth", "at least %d", *d.DepthAtLeast)
		}
	}
	if x, ok := d.Intermediate["distance_with_one_layer_less"]; ok {
		lo, _ := new(big.Rat).SetString(string(x[0]))
		at := "at any depth"
		if d.DepthAtLeast != nil {
			at = fmt.Sprintf("at %d", *d.DepthAtLeast-1)
		}
		row("at least", "%s no flow is below %s (%s)", at, plain(lo), d.Bound)
	} else if d.Bound == string(flowdepth.ByComposition) {
		row("at least", "that many layers for the condition number below (%s)", d.Bound)
	}
	switch {
	case d.DepthReached != nil && d.Units != nil:
		row("reached", "by a flow of %d layers, %d ReLU units: %s <= %s, certified", *d.DepthReached, total(d.Units), d.Distance, d.W1Bound+d.W2Bound)
	case d.DepthReached != nil:
		row("reached", "by a map of %d layers: %s <= %s, certified", *d.DepthReached, d.Distance, d.W1Bound+d.W2Bound)
	case d.Reason != "" && d.Verdict != "no bound":
		row("no flow", "%s", d.Reason)
	}
}

// plain prints a positive number rounded down to four digits.
func plain(x *big.Rat) string {
	v, _ := new(big.Rat).SetString(number.Down(x, 4))
	f, _ := v.Float64()
	return fmt.Sprintf("%.4g", f)
}

func total(ns []int) int {
	sum := 0
	for _, n := range ns {
		sum += n
	}
	return sum
}

// Cell is the report in one line.
func (d *Depth) Cell() string {
	var parts []string
	switch {
	case d.Verdict == "no depth":
		parts = append(parts, "no depth")
	case d.DepthAtLeast != nil && d.DepthReached != nil:
		parts = append(parts, fmt.Sprintf("depth %d..%d", *d.DepthAtLeast, *d.DepthReached))
	case d.DepthAtLeast != nil:
		parts = append(parts, fmt.Sprintf("depth >= %d", *d.DepthAtLeast))
	}
	if d.ConditionAtLeast != nil {
		parts = append(parts, fmt.Sprintf("Lipschitz >= %s, condition >= %s", shortDown(*d.LipschitzAtLeast), shortDown(*d.ConditionAtLeast)))
	}
	if d.Map != nil {
		parts = append(parts, fmt.Sprintf("map of condition %.6g", float64(d.Map.Condition)))
	}
	if w := d.W1Bound + d.W2Bound; w != "" {
		parts = append(parts, fmt.Sprintf("%s <= %s", d.Distance, w))
	}
	return strings.Join(parts, "; ")
}
