package report

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
	"flowproof/internal/number"
	"flowproof/verify"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func TestUpByHand(t *testing.T) {
	for _, c := range []struct {
		x      *big.Rat
		digits int
		want   string
	}{
		{new(big.Rat), 3, "0"},
		{big.NewRat(1, 1), 3, "1.00e+00"},
		{big.NewRat(1, 3), 3, "3.34e-01"},
		{big.NewRat(999, 1000), 2, "1.0e+00"},
		{big.NewRat(9999, 10), 3, "1.00e+03"},
		{big.NewRat(123456, 1), 1, "2e+05"},
		{new(big.Rat).SetFloat64(0x1p-1074), 2, "5.0e-324"},
	} {
		if got := Up(c.x, c.digits); got != c.want {
			t.Errorf("Up(%v, %d) = %s, want %s", c.x, c.digits, got, c.want)
		}
	}
}

// TestUpIsTight parses the text back exactly: at least x, and less than one unit
// of the last digit above.
func TestUpIsTight(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		x := new(big.Rat).SetFloat64(math.Abs(math.Ldexp(rng.NormFloat64(), rng.IntN(2000)-1000)))
		if x.Sign() == 0 {
			continue
		}
		digits := 1 + rng.IntN(8)
		slack := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits-1)), nil))
		limit := new(big.Rat).Mul(x, slack.Add(slack, big.NewRat(1, 1)))
		up, ok := new(big.Rat).SetString(Up(x, digits))
		if !ok || up.Cmp(x) < 0 || up.Cmp(limit) > 0 {
			t.Fatalf("Up(%v, %d) = %s", x, digits, Up(x, digits))
		}
		root, ok := new(big.Rat).SetString(UpSqrt(x, digits))
		square := new(big.Rat).Mul(root, root)
		wide := new(big.Rat).Mul(limit, limit)
		wide.Quo(wide, x).Mul(wide, big.NewRat(1001, 1000))
		if !ok || square.Cmp(x) < 0 || square.Cmp(wide) > 0 {
			t.Fatalf("UpSqrt(%v, %d) = %s", x, digits, UpSqrt(x, digits))
		}
	}
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

func quarterTurn(t *testing.T) *Report {
	t.Helper()
	f, target := shears()
	r := &Report{Target: "quarter-turn", Construction: "three"}
	if err := r.Fill(f, target, must(verify.Check(f, target)), big.NewRat(1, 1e9), 1); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFill(t *testing.T) {
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
		"condition.max_layer_estimate", "condition.product_bound", "condition.lower_limit",
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

func TestLowerLimit(t *testing.T) {
	d := must(exactmath.FromFloat64(2, 2, []float64{4, 0, 0, 0.5}))
	if c := ConditionEstimate(d); math.Abs(c-8) > 1e-12 {
		t.Errorf("diag(4, 1/2): condition %v", c)
	}
	s := must(sparse.Permutation([]int{2, 0, 1}))
	if c := ConditionEstimate(s); c != 1 {
		t.Errorf("permutation: condition %v", c)
	}
	for _, c := range []struct {
		s    []float64
		q    int
		want float64
	}{
		{[]float64{4, 0.5}, 1, 8},
		{[]float64{1, 1, 1}, 2, 1},
		{[]float64{8, 8, 8}, 2, 8 * math.Sqrt(8)},       // det^(1/q)
		{[]float64{0.5, 0.5, 0.5}, 2, 2 * math.Sqrt(2)}, // det^(-1/q)
		{[]float64{1e9, 1e-3, 1e-3, 1e-3}, 2, math.Pow(1e12, 9./8)},
	} {
		if got := lowerLimit(c.s, 0, c.q); math.Abs(got-c.want) > 1e-9*c.want {
			t.Errorf("%v, q = %d: %v, want %v", c.s, c.q, got, c.want)
		}
	}
	for x, want := range map[number.Float]string{1: "1", 1.00009: "1", 253.129: "253.12", 1.9999999: "1.9999", 123456: "1.2345e+05"} {
		if got := shortDown(x); got != want {
			t.Errorf("shortDown(%v) = %s, want %s", x, got, want)
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
	r = &Report{}
	if err := r.Fill(f, other, must(verify.Check(f, other)), big.NewRat(1, 1e9), 1); err != nil {
		t.Fatal(err)
	}
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
	if err := r.Fill(f, other, must(verify.Check(f, other)), big.NewRat(1, 1), 1); err != nil || !r.UsableFloat64 || !r.UsableFloat32 {
		t.Errorf("%v, %v, %v", err, r.UsableFloat64, r.UsableFloat32)
	}
}

// TestOfTheTarget: a limit of the target is said to be that beside a flow that is
// not exactly it.
func TestOfTheTarget(t *testing.T) {
	r := quarterTurn(t)
	r.DepthLowerBound = 3
	for verdict, want := range map[verify.Verdict][]string{
		verify.Exact:    {"; no flow has fewer layers", "no flow has less than 1\n"},
		verify.Residual: {"; no flow of the exact matrix has fewer layers", "no flow of the exact matrix has less than 1\n"},
		verify.Enclosed: {"; no flow of the exact matrix has fewer layers", "no flow of the exact matrix has less than 1\n"},
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

// TestExtremeSingularValues: numbers near the ends of float64 give estimates, not
// NaN and not a panic.
func TestExtremeSingularValues(t *testing.T) {
	for _, c := range []struct {
		data []float64
		cond float64
	}{
		{[]float64{1e308, 0, 0, 1e308}, 1},
		{[]float64{1e308, 1e308, -1e308, 1e308}, 1},
		{[]float64{math.MaxFloat64, 0, 0, math.MaxFloat64 / 4}, 4},
		{[]float64{0x1p-1074, 0, 0, 0x1p-1070}, 16},
		{[]float64{1, 1, 1, 1}, math.Inf(1)},
		{[]float64{0, 0, 0, 0}, math.Inf(1)},
		{[]float64{1e308, 0, 0, 1e-308}, math.Inf(1)},
	} {
		got := ConditionEstimate(must(exactmath.FromFloat64(2, 2, c.data)))
		if c.cond < 1e300 && math.Abs(got-c.cond) > 1e-9*c.cond || c.cond > 1e300 && got < 1e15 {
			t.Errorf("%v: condition %v, want %v", c.data, got, c.cond)
		}
	}
	for _, exp := range []int{-1000, 0, 900} {
		want := math.Ldexp(1, max(exp, -exp))
		if got := lowerLimit([]float64{1, 1}, exp, 2); math.Abs(got/want-1) > 1e-9 {
			t.Errorf("2^%d I: limit %v, want %v", exp, got, want)
		}
	}
	if got := lowerLimit([]float64{1, 0}, 0, 1); math.IsInf(got, 0) || math.IsNaN(got) {
		t.Errorf("singular to working precision: limit %v", got)
	}
}
