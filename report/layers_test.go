package report

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"flowproof/internal/number"
	"flowproof/study"
	"flowproof/verify/wasserstein"
)

// TestPlacesUp: rounded up, by less than a unit.
func TestPlacesUp(t *testing.T) {
	for x, want := range map[float64]string{0: "0.0000", 0.00001: "0.0001", -0.59356: "-0.5935", 1.0001: "1.0001", 2: "2.0000", -3: "-3.0000", math.Inf(1): "+Inf"} {
		got := placesUp(number.Float(x))
		if x == 1.0001 { // the float64 is below or above the decimal
			f, _ := new(big.Rat).SetString(got)
			if f.Cmp(new(big.Rat).SetFloat64(x)) < 0 || !strings.HasPrefix(got, "1.000") {
				t.Errorf("%v: %s", x, got)
			}
			continue
		}
		if got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
}

// TestLayersText: every entry is in the table, every number in its section, in both
// forms; an open question has no statement.
func TestLayersText(t *testing.T) {
	constants := must(wasserstein.Constants())
	l := NewLayers([]*study.LayersEntry{
		{ID: "one", Couplings: "1", Padding: "none", Holds: "cannot", Says: "do it", Constants: constants[:1]},
		{ID: "", Couplings: "3", Padding: "none", Holds: "open", Says: "who knows"},
		{ID: "four", Couplings: "4", Padding: "none", Holds: "can", Says: "do it", Instance: "a square", Rows: []*study.Measured{
			{Noise: 0.5, Couplings: 4, Units: 17, RMS: 0.125, Within: 0.25, Bound: big.NewRat(3, 16), KL: math.NaN(), Median: 1.5, Most99: 2.5, Largest: math.Inf(1), Lipschitz: 3.5}}},
	})
	var text, object bytes.Buffer
	if err := l.Text(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"cannot", "open", "who knows", "0.4527186 to 0.4527187", "four: a square", "0.125", "0.25", "1.875e-01", "2.5", "+Inf", "3.5", "17"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if err := l.JSON(&object); err != nil {
		t.Fatal(err)
	}
	var back []struct {
		ID       string
		Holds    string
		Measured []struct {
			RMS       float64
			Condition struct{ Max *float64 }
		}
	}
	if err := json.Unmarshal(object.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if len(back) != 3 || back[1].ID != "" || back[2].Measured[0].RMS != 0.125 || back[2].Measured[0].Condition.Max != nil {
		t.Errorf("%+v", back)
	}
}
