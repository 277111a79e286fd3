package report

import (
	"encoding/json"
	"io"
	"math/big"

	"flowproof/convolution"
	"flowproof/coupling/run"
	"flowproof/internal/number"
	"flowproof/study"
	"flowproof/verify"
)

// Report is one checked flow. Its JSON form is what `verify -json` prints.
// Residuals and bounds are rounded up to the digits printed.
type Report struct {
	Target    string  `json:"target"`
	Dimension int     `json:"dimension"`
	Seed      *uint64 `json:"seed"` // null unless the target is random
	Note      string  `json:"note,omitempty"`
	// PermutationAs is how a list p of numbers was read, empty unless the target is
	// one: "images", out[p[i]] = x[i], or "index", out[i] = x[p[i]].
	PermutationAs string `json:"permutation_as,omitempty"`
	// TargetSHA256 identifies the target; a certificate of it has the same.
	TargetSHA256 string `json:"target_sha256"`
	// DetSign is the sign of the determinant of the target, exactly; null if it was
	// not decided. DetHow names the proof, or says why there is none.
	DetSign      *int   `json:"det_sign"`
	DetHow       string `json:"det_how"`
	Partition    string `json:"partition"`
	Construction string `json:"construction"`
	*Search
	Depth int `json:"depth"`
	// DepthLowerBound is the number of layers below which it is proved that no
	// flow of the target exists; 0 if that was not looked into.
	DepthLowerBound int `json:"depth_lower_bound,omitempty"`

	Verdict                   verify.Verdict `json:"verdict"`
	Reproduced                bool           `json:"reproduced"` // within Tolerance
	Tolerance                 json.Number    `json:"tolerance"`
	ResidualMax               json.Number    `json:"residual_max"`
	ResidualFrobeniusRelative json.Number    `json:"residual_frobenius_relative"`

	Condition Condition `json:"condition"`
	Layers    []Layer   `json:"layers"`
	Forward   RoundTrip `json:"forward"`
	RoundTrip RoundTrip `json:"roundtrip"`
	// Whether a run in that type leaves half of its digits, or the tolerance: see
	// run.Usable. Measured on the vectors of Forward and RoundTrip.
	UsableFloat64 bool         `json:"usable_float64"`
	UsableFloat32 bool         `json:"usable_float32"`
	Alternative   *Alternative `json:"alternative,omitempty"`
	Seconds       Seconds      `json:"seconds"`

	Convolution *convolution.Comparison `json:"convolution,omitempty"`
	Outputs     []Output                `json:"outputs,omitempty"`
}

// Output is a file that was written.
type Output struct {
	File    string `json:"file"`
	Format  string `json:"format"`
	DType   string `json:"dtype,omitempty"` // absent where the format has one of its own
	Inverse bool   `json:"inverse,omitempty"`
	Image   bool   `json:"image,omitempty"` // of 1x1 convolutions
}

// What says what is in the file.
func (o Output) What() string {
	s := o.Format
	if o.DType != "" {
		s += ", " + o.DType
	}
	if o.Inverse {
		s += ", the inverse"
	}
	if o.Image {
		s += ", of images"
	}
	return s
}

// Condition gathers condition numbers in the spectral norm. Bounds are
// rigorous, estimates come from the SVD.
type Condition struct {
	Target           number.Float   `json:"target"` // estimate
	Layers           []number.Float `json:"layers"` // bounds, in product order
	MaxLayerBound    number.Float   `json:"max_layer_bound"`
	MaxLayerEstimate number.Float   `json:"max_layer_estimate"`
	ProductBound     number.Float   `json:"product_bound"`
	// LowerLimit is what the product of the condition numbers is proved to be at
	// least, at any depth, in every flow whose product is the target (PROOFS.md,
	// theorem 5.1): at least cond M but for rounding, and |det M|^(1/q),
	// |det M|^(-1/q). ProductLowerLimit is the same for every flow whose product is
	// that of this one, which differs from the target by the residual; it never
	// exceeds ProductBound. Both are rounded down.
	LowerLimit        number.Float `json:"lower_limit"`
	ProductLowerLimit number.Float `json:"product_lower_limit"`
	// Lambda is LowerLimit, and ProductOverLambda ProductBound over it.
	Lambda            number.Float `json:"lambda"`
	ProductOverLambda number.Float `json:"product_over_lambda"`
}

// Search says how a search for the flow went.
type Search struct {
	Effort     string `json:"effort"`
	Starts     int    `json:"starts"`     // 0: a closed form
	Iterations int    `json:"iterations"` // of conjugate gradients and of descent
}

// Layer describes one layer.
type Layer struct {
	Kind     string       `json:"kind"` // "L" or "U"
	Rows     int          `json:"rows"`
	Cols     int          `json:"cols"`
	ScaleMin number.Float `json:"scale_min"`
	ScaleMax number.Float `json:"scale_max"`
	Bound    number.Float `json:"condition_bound"`
	Estimate number.Float `json:"condition_estimate"`
}

// Seconds are wall-clock times.
type Seconds struct {
	Construct float64 `json:"construct"`
	Compose   float64 `json:"compose"` // exact composition and comparison
}

// Of puts the record of a case into words and digits; the case counts as reproduced,
// and a run as usable, up to the relative tolerance tol.
func Of(rec *study.LinearRecord, tol *big.Rat) *Report {
	t, res, f := rec.Case.Target, rec.Result, rec.Flow
	limit, _ := tol.Float64()
	r := &Report{
		Target: t.Name, Note: t.Note,
		Dimension: f.Partition().Dim(), Partition: f.Partition().String(),
		Construction: rec.Construction, Depth: res.Depth, DepthLowerBound: rec.DepthLowerBound,

		Verdict: res.Verdict, Reproduced: rec.Reproduced(tol), Tolerance: json.Number(number.Up(tol, 3)),
		ResidualMax:               json.Number(number.Up(res.ResidualMax, 3)),
		ResidualFrobeniusRelative: json.Number(number.UpSqrt(res.Relative(), 3)),

		Layers:        layersOf(rec),
		Forward:       RoundTrip{number.Float(rec.Float64.Forward), number.Float(rec.Float32.Forward)},
		RoundTrip:     RoundTrip{number.Float(rec.Float64.Inverse), number.Float(rec.Float32.Inverse)},
		UsableFloat64: run.Usable[float64](rec.Float64, limit),
		UsableFloat32: run.Usable[float32](rec.Float32, limit),
		Seconds:       Seconds{Construct: rec.BuildSeconds, Compose: rec.ComposeSeconds},
	}
	if s := rec.Search; s != nil {
		r.Search = &Search{Effort: s.Effort.String(), Starts: s.Starts, Iterations: s.Iterations}
	}
	if t.Seeded {
		r.Seed = &t.Seed
	}
	if d := rec.Deeper; d != nil {
		r.Alternative = &Alternative{
			MaxDepth: d.Depth, Construction: d.Construction, MaxLayerEstimate: number.Float(d.Max),
			Forward: number.Float(d.Errors.Forward), RoundTrip: number.Float(d.Errors.Inverse),
			UsableFloat64: d.Usable(),
		}
	}
	c := &r.Condition
	c.Target = number.Float(rec.TargetCondition)
	c.Layers = []number.Float{}
	for _, k := range rec.Conditions.Layers {
		c.Layers = append(c.Layers, number.Float(k.Bound))
	}
	c.MaxLayerBound, c.MaxLayerEstimate = number.Float(rec.Conditions.Largest.Bound), number.Float(rec.Conditions.Largest.Estimate)
	c.ProductBound = number.Float(rec.Conditions.Product)
	c.Lambda, c.ProductOverLambda = number.Float(rec.Limits.Target), number.Float(rec.Conditions.Product/rec.Limits.Target)
	c.LowerLimit, c.ProductLowerLimit = number.Float(rec.Limits.Target), number.Float(rec.Limits.Product)
	return r
}

// layersOf describes the layers of the flow.
func layersOf(rec *study.LinearRecord) []Layer {
	out := []Layer{}
	for k, l := range rec.Flow.Layers() {
		rows, cols := l.Weight().Dims()
		lo, hi := extremes(run.Scales(l.Scale(), rows))
		c := rec.Conditions.Layers[k]
		out = append(out, Layer{l.Kind().String(), rows, cols, lo, hi, number.Float(c.Bound), number.Float(c.Estimate)})
	}
	return out
}

func extremes(v []float64) (lo, hi number.Float) {
	lo, hi = number.Float(v[0]), number.Float(v[0])
	for _, x := range v {
		lo, hi = min(lo, number.Float(x)), max(hi, number.Float(x))
	}
	return lo, hi
}

// WriteJSON writes v as indented JSON, with <, > and & as they are.
func WriteJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// JSON writes the report as one indented object.
func (r *Report) JSON(w io.Writer) error {
	return WriteJSON(w, r)
}
