package report

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowproof/constructions"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/internal/number"
	"flowproof/study"
	"flowproof/targets"
	"flowproof/verify"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// shears returns the three shears of a quarter turn and the turn itself.
func shears() (*coupling.Flow, *exactmath.Floats) {
	part := must(coupling.Half(2))
	var layers []coupling.Layer
	for k, v := range []float64{-1, 1, -1} {
		kind := coupling.Upper
		if k == 1 {
			kind = coupling.Lower
		}
		layers = append(layers, must(coupling.NewLayer(part, kind, must(exactmath.FromFloat64(1, 1, []float64{v})), coupling.Scale{})))
	}
	return must(coupling.NewFlow(part, layers...)), must(exactmath.FromFloat64(2, 2, []float64{0, -1, 1, 0}))
}

// judged is the record of a flow for a target.
func judged(t *testing.T, f *coupling.Flow, target exactmath.Matrix) *study.LinearRecord {
	t.Helper()
	n, _ := target.Dims()
	r := &study.LinearRecord{
		Case: &study.Linear{Target: &targets.Target{Name: "quarter-turn", Dim: n, Matrix: target}, Partition: f.Partition(),
			Options: constructions.Options{Seed: 1}},
		Built: &constructions.Built{Flow: f, Construction: "three"},
	}
	if err := r.Judge(); err != nil {
		t.Fatal(err)
	}
	return r
}

// billionth is the tolerance of most tests.
var billionth = big.NewRat(1, 1e9)

func quarterTurn(t *testing.T) *Report {
	t.Helper()
	f, target := shears()
	r := judged(t, f, target)
	r.DepthLowerBound = 0
	return Of(r, billionth)
}

func TestOf(t *testing.T) {
	r := quarterTurn(t)
	golden := math.Pow((1+math.Sqrt(5))/2, 2)
	if r.Verdict != verify.Exact || !r.Reproduced || r.Depth != 3 || r.ResidualMax != "0" {
		t.Errorf("%+v", r)
	}
	near := func(name string, got number.Float, want float64) {
		if math.Abs(float64(got)-want) > 1e-9*want {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	near("max bound", r.Condition.MaxLayerBound, golden)
	near("max estimate", r.Condition.MaxLayerEstimate, golden)
	near("product", r.Condition.ProductBound, golden*golden*golden)
	near("target", r.Condition.Target, 1)
	near("lower limit", r.Condition.LowerLimit, 1)
	if r.RoundTrip.Float64 > 1e-15 || r.RoundTrip.Float32 > 1e-6 || r.RoundTrip.Float32 == 0 {
		t.Errorf("round trip %+v", r.RoundTrip)
	}
}

// TestJSONFields names the fields that programs rely on.
func TestJSONFields(t *testing.T) {
	var b bytes.Buffer
	if err := quarterTurn(t).JSON(&b); err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"target", "dimension", "seed", "construction", "depth", "verdict", "residual_max",
		"residual_frobenius_relative", "condition.target", "condition.layers", "condition.max_layer_bound",
		"condition.max_layer_estimate", "condition.product_bound", "condition.lower_limit", "condition.product_lower_limit",
		"roundtrip.float64", "roundtrip.float32", "seconds.construct", "seconds.compose"} {
		var v any = m
		for _, k := range strings.Split(path, ".") {
			child, ok := v.(map[string]any)[k]
			if !ok {
				t.Errorf("no field %s", path)
				break
			}
			v = child
		}
	}
	if m["seed"] != nil || m["depth"] != 3.0 || len(m["condition"].(map[string]any)["layers"].([]any)) != 3 {
		t.Errorf("%s", b.String())
	}
}

func TestInfiniteNumbersAreNull(t *testing.T) {
	b := must(json.Marshal([]number.Float{1.5, number.Float(math.Inf(1)), number.Float(math.NaN())}))
	if d := cmp.Diff("[1.5,null,null]", string(b)); d != "" {
		t.Error(d)
	}
}

func TestText(t *testing.T) {
	r := quarterTurn(t)
	r.Seconds = Seconds{}
	seed := uint64(7)
	r.Seed, r.Note = &seed, "a note"
	var b bytes.Buffer
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"quarter-turn, n = 2, seed 7 (a note)", "3 coupling layers, half partition", "exact:", "reproduced", "2.6181", "0 U"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	r.Reproduced, r.Verdict = false, verify.Residual
	b.Reset()
	if err := r.Text(&b); err != nil || !strings.Contains(b.String(), "NOT reproduced") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// fill reports on a flow for a target.
func fill(t *testing.T, f *coupling.Flow, target exactmath.Matrix) (*Report, *verify.Result) {
	t.Helper()
	r := judged(t, f, target)
	return Of(r, billionth), r.Result
}

func rational(t *testing.T, n json.Number) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		t.Fatalf("%q is no number", n)
	}
	return r
}

// TestRounding: bounds of a report against exact arithmetic, on random flows of
// random targets.
func TestRounding(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	part := must(coupling.Half(4))
	for range 100 {
		var layers []coupling.Layer
		for k := range 2 + rng.IntN(4) {
			data := make([]float64, 4)
			for i := range data {
				data[i] = rng.NormFloat64()
			}
			kind := []coupling.Kind{coupling.Lower, coupling.Upper}[k%2]
			layers = append(layers, must(coupling.NewLayer(part, kind, must(exactmath.FromFloat64(2, 2, data)), coupling.Scale{})))
		}
		data := make([]float64, 16)
		for i := range data {
			data[i] = rng.NormFloat64()
		}
		r, res := fill(t, must(coupling.NewFlow(part, layers...)), must(exactmath.FromFloat64(4, 4, data)))
		product, largest := big.NewRat(1, 1), 1.0
		for k, l := range r.Layers {
			product.Mul(product, new(big.Rat).SetFloat64(float64(l.Bound)))
			largest = max(largest, float64(l.Bound))
			if l.Bound != r.Condition.Layers[k] || l.Estimate > l.Bound {
				t.Fatalf("layer %d: %+v, %v", k, l, r.Condition.Layers[k])
			}
		}
		got := new(big.Rat).SetFloat64(float64(r.Condition.ProductBound))
		if got.Cmp(product) < 0 {
			t.Fatalf("product %v is less than the product of %v", r.Condition.ProductBound, r.Condition.Layers)
		}
		if float64(r.Condition.MaxLayerBound) != largest {
			t.Fatalf("largest layer %v of %v", r.Condition.MaxLayerBound, r.Condition.Layers)
		}
		// Within three digits above the exact residuals.
		for _, c := range []struct{ got, exact *big.Rat }{
			{rational(t, r.ResidualMax), res.ResidualMax},
			{new(big.Rat).Mul(rational(t, r.ResidualFrobeniusRelative), rational(t, r.ResidualFrobeniusRelative)), res.Relative()},
		} {
			if q, _ := new(big.Rat).Quo(c.got, c.exact).Float64(); c.got.Cmp(c.exact) < 0 || q > 1.021 {
				t.Fatalf("residuals %s, %s: %v times the exact one", r.ResidualMax, r.ResidualFrobeniusRelative, q)
			}
		}
		if c := r.Condition; !(1 <= c.ProductLowerLimit && c.ProductLowerLimit <= c.LowerLimit && c.ProductLowerLimit <= c.ProductBound) {
			t.Fatalf("limits %v of the target, %v of the product; product %v", c.LowerLimit, c.ProductLowerLimit, c.ProductBound)
		}
	}
}

// TestLimitBesideProduct: a flow that is near a singular target only, and far
// better conditioned: the limit printed beside its product is its own.
func TestLimitBesideProduct(t *testing.T) {
	part := must(coupling.Half(2))
	weight := must(exactmath.FromFloat64(1, 1, []float64{0}))
	l := must(coupling.NewLayer(part, coupling.Lower, weight, must(coupling.ExactScale([]*big.Rat{new(big.Rat).SetFloat64(0x1p-60)}))))
	r, _ := fill(t, must(coupling.NewFlow(part, l)), must(exactmath.FromFloat64(2, 2, []float64{1, 0, 0, 0x1p-900})))
	c := r.Condition
	if !(c.LowerLimit > 1e260 && c.ProductLowerLimit <= c.ProductBound && c.ProductLowerLimit > 1e18 && c.ProductBound < 1.2e18*(1+1e-9)) {
		t.Errorf("%+v", c)
	}
	var b bytes.Buffer
	if err := r.Text(&b); err != nil || !strings.Contains(b.String(), "product 1.1530e+18, no flow of the same matrix has less than 1.1529e+18") {
		t.Errorf("%v\n%s", err, b.String())
	}
	// Beyond float64, both ends.
	if r, _ := fill(t, must(coupling.NewFlow(part)), must(exactmath.FromFloat64(2, 2, []float64{1e308, 0, 0, 1e308}))); r.Condition.LowerLimit != math.MaxFloat64 || r.Condition.ProductLowerLimit != 1 || r.Condition.Target != 1 {
		t.Errorf("%+v", r.Condition)
	}
}

func TestShortDown(t *testing.T) {
	for x, want := range map[number.Float]string{1: "1", 1.00009: "1", 253.129: "253.12", 1.9999999: "1.9999", 123456: "1.2345e+05", math.MaxFloat64: "1.7976e+308"} {
		if got := shortDown(x); got != want {
			t.Errorf("shortDown(%v) = %s, want %s", x, got, want)
		}
	}
	rng := rand.New(rand.NewPCG(2, 1))
	for range 20000 {
		x := math.Ldexp(1+rng.Float64(), rng.IntN(2000)-1000)
		got, err := strconv.ParseFloat(shortDown(number.Float(x)), 64)
		if err != nil || got > x || got < x*(1-1.1e-4) {
			t.Fatalf("shortDown(%v) = %s", x, shortDown(number.Float(x)))
		}
	}
}

// TestUnusable: the third line says that a flow does not run in float64, and what
// would.
func TestUnusable(t *testing.T) {
	third := func(r *Report) string {
		var b bytes.Buffer
		if err := r.Text(&b); err != nil {
			t.Fatal(err)
		}
		return strings.Split(b.String(), "\n")[2]
	}
	r := quarterTurn(t)
	if !r.UsableFloat64 || !r.UsableFloat32 || third(r) != "" {
		t.Errorf("%v, %v, %q", r.UsableFloat64, r.UsableFloat32, third(r))
	}
	f, _ := shears()
	other := must(exactmath.FromFloat64(2, 2, []float64{0, -2, 2, 0}))
	half := judged(t, f, other)
	r = Of(half, billionth)
	if r.UsableFloat64 || r.UsableFloat32 {
		t.Error("half of the target passes for it")
	}
	want := "NOT usable in float64: forward error 5.0e-01, round trip 0.0e+00"
	r.RoundTrip.Float64 = 0
	if got := third(r); got != want {
		t.Errorf("%q", got)
	}
	r.Condition.Target = 1e12
	if got := third(r); got != want+"; the map's own condition number is about 1.0e+12" {
		t.Errorf("%q", got)
	}
	r.Alternative = &Alternative{MaxDepth: 11, Forward: 1e-14, RoundTrip: 2e-6}
	if got := third(r); got != want+"; -max-depth 11 gives errors of 1.0e-14 and 2.0e-06; the map's own condition number is about 1.0e+12" {
		t.Errorf("%q", got)
	}
	r.Alternative = &Alternative{MaxDepth: 8, MaxLayerEstimate: 21.49, UsableFloat64: true}
	if got := third(r); got != want+"; -max-depth 8 gives 21.5 for the largest layer and is usable" {
		t.Errorf("%q", got)
	}
	// A tolerance above the error makes it usable.
	if r = Of(half, big.NewRat(1, 1)); !r.UsableFloat64 || !r.UsableFloat32 {
		t.Errorf("%v, %v", r.UsableFloat64, r.UsableFloat32)
	}
}

// TestOfTheTarget: a least depth of the target is said to be that beside a flow that
// is not exactly it; the limit of the conditioning is that of the flow's own matrix.
func TestOfTheTarget(t *testing.T) {
	r := quarterTurn(t)
	r.DepthLowerBound = 3
	for verdict, want := range map[verify.Verdict][]string{
		verify.Exact:    {"; no flow has fewer layers", "no flow of the same matrix has less than 1\n"},
		verify.Residual: {"; no flow of the exact matrix has fewer layers", "no flow of the same matrix has less than 1\n"},
		verify.Enclosed: {"; no flow of the exact matrix has fewer layers", "no flow of the same matrix has less than 1\n"},
	} {
		r.Verdict = verdict
		var b bytes.Buffer
		if err := r.Text(&b); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s: no %q in\n%s", verdict, w, b.String())
			}
		}
	}
	r.Verdict, r.DepthLowerBound = verify.Residual, 4
	if got := r.least(); got != "; no flow of the exact matrix has fewer than 4" {
		t.Errorf("%q", got)
	}
}
