package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"flowproof/coupling/run"
	"flowproof/internal/number"
	"flowproof/internal/printable"
	"flowproof/verify"
)

// Text writes the report as a compact table.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, n = %d", printable.Line(r.Target), r.Dimension)
	if r.Seed != nil {
		fmt.Fprintf(&b, ", seed %d", *r.Seed)
	}
	if r.Note != "" {
		fmt.Fprintf(&b, " (%s)", printable.Line(r.Note))
	}
	fmt.Fprintf(&b, "\n%s: %d coupling layers, %s partition%s\n%s\n", r.Construction, r.Depth, r.partition(), r.least(), r.unusable())

	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(label, format string, args ...any) {
		fmt.Fprintf(t, "  %s\t%s\n", label, fmt.Sprintf(format, args...))
	}
	switch r.Verdict {
	case verify.Exact:
		row("verdict", "exact: the product equals the target as a matrix of rational numbers")
	case verify.Enclosed:
		row("verdict", "enclosed: scales exp(s); the residual is a rigorous upper bound")
	default:
		row("verdict", "residual: the product differs from the target by the exact residual")
	}
	row("residual", "%s largest entry, %s relative (Frobenius); tolerance %s: %s",
		r.ResidualMax, r.ResidualFrobeniusRelative, r.Tolerance, reproduced(r.Reproduced))
	row("round trip", "%.1e in float64, %.1e in float32", r.RoundTrip.Float64, r.RoundTrip.Float32)
	row("forward error", "%.1e in float64, %.1e in float32", r.Forward.Float64, r.Forward.Float32)
	row("condition", "largest layer %s (SVD %s), product %s, no flow of the same matrix has less than %s",
		short(r.Condition.MaxLayerBound), short(r.Condition.MaxLayerEstimate),
		short(r.Condition.ProductBound), shortDown(r.Condition.ProductLowerLimit))
	switch {
	case r.DetSign != nil:
		row("determinant", "%s (%s)", [3]string{"negative", "zero", "positive"}[1+*r.DetSign], r.DetHow)
	case r.DetHow != "":
		row("determinant", "%s", r.DetHow)
	}
	if c := r.Convolution; c != nil {
		row("1x1 convolution", "%d channels, %d x %d pixels: differs by %.1e forward, %.1e inverse in float64; %.1e, %.1e in float32",
			c.Channels, c.Height, c.Width, c.Float64.Forward, c.Float64.Inverse, c.Float32.Forward, c.Float32.Inverse)
	}
	switch r.PermutationAs {
	case "images":
		row("permutation", "the list p read as images: out[p[i]] = x[i] (-perm-as index: out[i] = x[p[i]], as NumPy and PyTorch index)")
	case "index":
		row("permutation", "the list p read as indices, as NumPy and PyTorch do: out[i] = x[p[i]] (-perm-as images: out[p[i]] = x[i])")
	}
	for _, o := range r.Outputs {
		row("wrote", "%s: %s", printable.Line(o.File), o.What())
	}
	if s := r.more(); s != "" {
		row("more effort", "%s", s)
	}
	row("seconds", "%.3f construct, %.3f compose exactly", r.Seconds.Construct, r.Seconds.Compose)
	if err := t.Flush(); err != nil {
		return err
	}

	if len(r.Layers) > 0 {
		b.WriteString("\n")
		t = tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		fmt.Fprintf(t, "  layer\tweight\tscales\tcondition <=\tSVD\n")
		for k, l := range r.Layers {
			fmt.Fprintf(t, "  %d %s\t%d x %d\t%s\t%s\t%s\n", k, l.Kind, l.Rows, l.Cols, l.scales(), short(l.Bound), short(l.Estimate))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// more says what more effort would buy.
func (r *Report) more() string {
	switch {
	case r.Search == nil:
	case r.Search.Effort == "quick":
		return "-effort normal looks for layers of condition about 0.4 (cond M)^(1/2), in seconds for n up to 128"
	case r.Search.Effort == "normal" && r.Search.Starts > 0 && strings.HasPrefix(r.Construction, "continuation"):
		return "-effort thorough polishes the layers, in some ten times as long, for a largest condition up to a third smaller"
	}
	return ""
}

// least says how the depth compares with what is proved to be needed for the
// target itself, which the flow need not be.
func (r *Report) least() string {
	switch {
	case r.DepthLowerBound == 0:
		return ""
	case r.DepthLowerBound == r.Depth:
		return fmt.Sprintf("; no flow%s has fewer layers", r.ofTheTarget())
	}
	return fmt.Sprintf("; no flow%s has fewer than %d", r.ofTheTarget(), r.DepthLowerBound)
}

// ofTheTarget says that a limit is of the target where the flow is not exactly it,
// and so may be below the limit.
func (r *Report) ofTheTarget() string {
	if r.Verdict == verify.Exact {
		return ""
	}
	return " of the exact matrix"
}

// unusable warns, in a line of its own, of a flow that does not run in float64, and
// says which depth gives one that does.
func (r *Report) unusable() string {
	if r.UsableFloat64 {
		return ""
	}
	s := fmt.Sprintf("NOT usable in float64: forward error %.1e, round trip %.1e", r.Forward.Float64, r.RoundTrip.Float64)
	a := r.Alternative
	switch {
	case a == nil:
	case a.UsableFloat64:
		s += fmt.Sprintf("; -max-depth %d gives %.3g for the largest layer and is usable", a.MaxDepth, float64(a.MaxLayerEstimate))
	default:
		s += fmt.Sprintf("; -max-depth %d gives errors of %.1e and %.1e", a.MaxDepth, a.Forward, a.RoundTrip)
	}
	if c := float64(r.Condition.Target); c*0x1p-52 > run.HalfDigits[float64]() && (a == nil || !a.UsableFloat64) {
		s += fmt.Sprintf("; the map's own condition number is about %.1e", c)
	}
	return s + "\n"
}

func (r *Report) partition() string {
	if len(r.Partition) > 24 {
		return r.Partition[:21] + "..."
	}
	return r.Partition
}

func reproduced(ok bool) string {
	if ok {
		return "reproduced"
	}
	return "NOT reproduced"
}

func (l Layer) scales() string {
	if l.ScaleMin == 1 && l.ScaleMax == 1 {
		return "1"
	}
	return fmt.Sprintf("%.4g to %.4g", float64(l.ScaleMin), float64(l.ScaleMax))
}

// short prints a condition number rounded up to five digits.
func short(x number.Float) string {
	s := upFloat(float64(x), 5)
	if x < 1e5 && s != "inf" {
		var f float64
		fmt.Sscan(s, &f)
		return fmt.Sprintf("%.5g", f)
	}
	return s
}

// shortDown prints a positive number rounded down to five digits.
func shortDown(x number.Float) string {
	f := float64(x)
	s := strconv.FormatFloat(f, 'g', 5, 64)
	if v, err := strconv.ParseFloat(s, 64); err != nil || v > f {
		s = strconv.FormatFloat(f-5e-5*math.Pow(10, math.Floor(math.Log10(f))), 'g', 5, 64)
	}
	return s
}
