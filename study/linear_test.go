package study

import (
	"math"
	"math/big"
	"testing"

	"flowproof/constructions"
	"flowproof/coupling"
	"flowproof/targets"
	"flowproof/verify"
)

// TestLinear runs a case and compares what the record says with what can be told of
// a quarter turn without running it.
func TestLinear(t *testing.T) {
	target, err := targets.Make("minus-identity", 2, 0, targets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	part, err := coupling.Half(2)
	if err != nil {
		t.Fatal(err)
	}
	var stages []string
	c := &Linear{Target: target, Partition: part, Construction: "six", Say: func(s string) { stages = append(stages, s) }}
	r, err := c.Run()
	if err != nil {
		t.Fatal(err)
	}
	// -I on two coordinates takes four layers, and no fewer are enough.
	if r.Result.Verdict != verify.Exact || r.Flow.Depth() != 4 || r.DepthLowerBound != 4 || r.Construction != "six" {
		t.Errorf("%+v, depth %d, at least %d", r.Result, r.Flow.Depth(), r.DepthLowerBound)
	}
	if r.TargetCondition != 1 || r.Limits.Target != 1 || r.Limits.Product != 1 {
		t.Errorf("conditions of the target: %v, %+v", r.TargetCondition, r.Limits)
	}
	// A shear by x has condition ((x + sqrt(x^2 + 4))/2)^2.
	product := 1.0
	for k, l := range r.Flow.Layers() {
		x, _ := l.Weight().At(0, 0).Float64()
		want := math.Pow((math.Abs(x)+math.Sqrt(x*x+4))/2, 2)
		got := r.Conditions.Layers[k]
		if math.Abs(got.Estimate-want) > 1e-12*want || got.Bound < want*(1-1e-15) || got.Bound > want*(1+1e-9) {
			t.Errorf("layer %d: %+v, want %v", k, got, want)
		}
		product *= want
	}
	if p := r.Conditions.Product; p < product*(1-1e-14) || p > product*(1+1e-8) {
		t.Errorf("product %v, want %v", p, product)
	}
	if !r.Reproduced(new(big.Rat)) || r.Float64.Worst() > 1e-14 || r.Float32.Worst() > 1e-5 || r.Float32.Worst() < r.Float64.Worst() {
		t.Errorf("errors %+v, %+v", r.Float64, r.Float32)
	}
	if len(stages) != 3 {
		t.Errorf("stages %q", stages)
	}
	if cert := r.Certificate(); cert.Seed != nil || cert.Flow != r.Flow || cert.Target != target.Matrix || cert.Theorem != r.Theorem || cert.Theorem == "" {
		t.Errorf("certificate %+v", cert)
	}
}

// TestLinearRefuses: errors of the construction come back as they are, and a flow
// that does not fit its target is not judged.
func TestLinearRefuses(t *testing.T) {
	target, err := targets.Make("gaussian", 4, 1, targets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	part, err := coupling.Half(4)
	if err != nil {
		t.Fatal(err)
	}
	c := &Linear{Target: target, Partition: part, Construction: "none of them"}
	if r, err := c.Run(); r != nil || err == nil {
		t.Errorf("%+v, %v", r, err)
	}
	small, err := coupling.Half(2)
	if err != nil {
		t.Fatal(err)
	}
	f, err := coupling.NewFlow(small)
	if err != nil {
		t.Fatal(err)
	}
	r := &LinearRecord{Case: c, Built: &constructions.Built{Flow: f}}
	if err := r.Judge(); err == nil {
		t.Error("a flow of two coordinates was compared with a target of four")
	}
	// A wrong flow is judged, and found wrong.
	if f, err = coupling.NewFlow(part); err != nil {
		t.Fatal(err)
	}
	r.Flow = f
	if err := r.Judge(); err != nil || r.Reproduced(big.NewRat(1, 10)) || r.Float64.Forward < 0.1 {
		t.Errorf("%v, %+v, %+v", err, r.Result, r.Float64)
	}
}
