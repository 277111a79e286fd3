package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"flowproof/internal/number"
	"flowproof/study"
)

// Likelihood is what `verify universal -table likelihood` prints: flows that come near
// in W2 and go away in KL. Measured are kl_measured alone.
type Likelihood []LikelihoodEntry

// LikelihoodEntry is a target with its flows.
type LikelihoodEntry struct {
	Target           string          `json:"target"`
	VolumePreserving json.Number     `json:"volume_preserving_w2"` // at least this far is every flow of determinant 1; 0 or less says nothing
	Entropy          Interval        `json:"entropy"`              // of the target
	Integral         Interval        `json:"integral"`             // of the first flow's density over the plane
	Panels           int             `json:"panels"`
	Flows            []LikelihoodRow `json:"flows"`
}

// LikelihoodRow is a flow.
type LikelihoodRow struct {
	Delta    json.Number  `json:"delta"`
	W2Bound  json.Number  `json:"w2_bound"`
	KL       json.Number  `json:"kl_bound"` // at least this
	Measured number.Float `json:"kl_measured"`
}

// NewLikelihood reads the entries.
func NewLikelihood(entries []*study.LikelihoodEntry) Likelihood {
	var out Likelihood
	for _, e := range entries {
		l := LikelihoodEntry{Target: e.Target, Panels: e.Plane.Panels}
		lo, _ := e.VolumePreserving.Bounds()
		l.VolumePreserving = json.Number(number.Down(lo, 5))
		lo, hi := e.Plane.Integral.Bounds()
		l.Integral = Interval{json.Number(number.Down(lo, 8)), json.Number(number.UpSigned(hi, 8))}
		for _, r := range e.Rows {
			lo, hi := r.Diverges.Entropy.Bounds()
			l.Entropy = Interval{json.Number(number.Down(lo, 8)), json.Number(number.UpSigned(hi, 8))}
			least, _ := r.Diverges.AtLeast.Bounds()
			l.Flows = append(l.Flows, LikelihoodRow{json.Number(r.Delta), json.Number(number.Up(r.Bound, 5)), json.Number(number.Down(least, 5)), number.Float(r.KL)})
		}
		out = append(out, l)
	}
	return out
}

// JSON writes the table as one indented array.
func (l Likelihood) JSON(w io.Writer) error { return WriteJSON(w, l) }

// Text writes the table.
func (l Likelihood) Text(w io.Writer) error {
	var b strings.Builder
	for k, e := range l {
		if k > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s, entropy %s\n", e.Target, e.Entropy[0])
		fmt.Fprintf(&b, "  flows whose determinant is 1 everywhere, of any depth: W2 >= %s\n", e.VolumePreserving)
		fmt.Fprintf(&b, "  integral of the first flow's density over the plane: %s to %s, in %d panels\n", e.Integral[0], e.Integral[1], e.Panels)
		fmt.Fprintf(&b, "%10s %11s %24s %12s\n", "delta", "W2 <=", "KL(target || flow) >=", "measured")
		for _, r := range e.Flows {
			fmt.Fprintf(&b, "%10s %11s %24s %12.5g\n", r.Delta, r.W2Bound, r.KL, float64(r.Measured))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
