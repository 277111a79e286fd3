package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"flowproof/study"
)

// TestLikelihoodReport: both forms hold the same numbers.
func TestLikelihoodReport(t *testing.T) {
	l := study.Likelihoods{Targets: []string{"square"}, Deltas: []string{"0.5"}, Points: 256, Seed: 1}
	r := NewLikelihood(must(l.Run()))
	var text, object bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.JSON(&object); err != nil {
		t.Fatal(err)
	}
	var back []struct {
		Entropy, Integral [2]float64
		Flows             []struct {
			KL       float64 `json:"kl_bound"`
			Measured float64 `json:"kl_measured"`
		}
	}
	if err := json.Unmarshal(object.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	e := back[0]
	if !(e.Integral[0] < 1 && 1 < e.Integral[1]) || !(1.386 < e.Entropy[0] && e.Entropy[1] < 1.387) || !(0 < e.Flows[0].KL && e.Flows[0].KL < e.Flows[0].Measured) {
		t.Errorf("%+v", e)
	}
	for _, want := range []string{string(r[0].Flows[0].KL), string(r[0].Integral[0]), string(r[0].VolumePreserving)} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %s in\n%s", want, text.String())
		}
	}
}
