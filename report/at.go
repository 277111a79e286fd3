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
	"flowproof/neural"
	"flowproof/study"
)

// At is what `verify universal -at` prints: a flow at one latent point. Enclosed
// numbers lie between their two ends; the others are what floating point makes of them.
type At struct {
	Target     string         `json:"target"`
	Partition  string         `json:"partition"`
	Delta      json.Number    `json:"delta"`
	W2Bound    json.Number    `json:"w2_bound"`
	Z          []number.Float `json:"z"`
	Bits       uint           `json:"bits"` // of the balls
	X          []Enclosed     `json:"x"`
	Inverse    []Enclosed     `json:"inverse"`     // of x, which is z
	LogDensity Enclosed       `json:"log_density"` // of the flow at x
	Singular   []Enclosed     `json:"singular"`    // values of the Jacobian at z
	Condition  Enclosed       `json:"condition"`
}

// Enclosed is a number between lower and upper, and the same in floating point.
type Enclosed struct {
	Lower   json.Number  `json:"lower"`
	Upper   json.Number  `json:"upper"`
	Float64 number.Float `json:"float64"`
	Float32 number.Float `json:"float32"`
}

// NewAt evaluates the record's flow at z.
func NewAt(r *study.UniversalityRecord, z []float64) (*At, error) {
	e, err := neural.Evaluate(r.Flow, z)
	if err != nil {
		return nil, err
	}
	a := &At{Target: r.Case.Target, Partition: r.Case.Split.String(), Delta: json.Number(r.Case.DeltaText), W2Bound: json.Number(number.Up(r.Bound.Bound, 5)), Bits: e.Prec}
	for k, v := range z {
		a.Z = append(a.Z, number.Float(v))
		a.X = append(a.X, enclosed(e.X[k], e.X64[k], e.X32[k]))
		a.Inverse = append(a.Inverse, enclosed(e.Back[k], e.Back64[k], e.Back32[k]))
		a.Singular = append(a.Singular, enclosed(e.Singular[k], e.Singular64[k], e.Singular32[k]))
	}
	a.LogDensity = enclosed(e.LogDensity, e.LogDensity64, e.LogDensity32)
	last := len(z) - 1
	c := ball.NewCalc(e.Prec)
	kappa := c.Quo(e.Singular[0], e.Singular[last])
	a.Condition = enclosed(kappa, e.Singular64[0]/e.Singular64[last], e.Singular32[0]/e.Singular32[last])
	return a, c.Err()
}

// digits of the ends of a ball.
const endDigits = 17

func enclosed(x ball.Ball, wide, narrow float64) Enclosed {
	lo, hi := x.Bounds()
	return Enclosed{json.Number(number.Down(lo, endDigits)), json.Number(number.UpSigned(hi, endDigits)), number.Float(wide), number.Float(narrow)}
}

// JSON writes the report as one indented object.
func (a *At) JSON(w io.Writer) error { return WriteJSON(w, a) }

// Text writes the report as a table.
func (a *At) Text(w io.Writer) error {
	var b strings.Builder
	var z []string
	for _, v := range a.Z {
		z = append(z, fmt.Sprint(float64(v)))
	}
	fmt.Fprintf(&b, "%s on %s, W2 <= %s, at z = (%s), in balls of %d bits\n\n", a.Target, a.Partition, a.W2Bound, strings.Join(z, ", "), a.Bits)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tat least\tat most\tin float64\tin float32")
	row := func(label string, e Enclosed) {
		float := func(x number.Float, digits int) string {
			if f := float64(x); math.IsNaN(f) || math.IsInf(f, 0) {
				return fmt.Sprint(f)
			}
			return fmt.Sprintf("%.*e", digits, float64(x))
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", label, e.Lower, e.Upper, float(e.Float64, endDigits-1), float(e.Float32, 8))
	}
	for k, e := range a.X {
		row(fmt.Sprintf("x%d", k), e)
	}
	for k, e := range a.Inverse {
		row(fmt.Sprintf("z%d, from x", k), e)
	}
	row("log density", a.LogDensity)
	for k, e := range a.Singular {
		row(fmt.Sprintf("singular value %d", k+1), e)
	}
	row("condition", a.Condition)
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}
