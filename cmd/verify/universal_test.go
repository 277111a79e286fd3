package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestUniversal: every density at a bound that few cells meet, on all kinds of
// blocks: certified, and what is measured lies below what is proved.
func TestUniversal(t *testing.T) {
	for _, c := range [][]string{
		{"square", "0.2", "1|1"}, {"checkerboard", "0.2", "1|0"}, {"eight-gaussians", "0.3", "1|1"}, {"ring", "0.2", "1|1"}, {"two-moons", "0.1", "1|1"},
		{"swiss-roll", "0.3", "1|1"}, {"pinwheel", "0.3", "1|1"}, {"spirals", "0.3", "1|1"}, {"linked-rings", "0.4", "1|2"}, {"linked-rings", "0.4", "2|0,1"},
	} {
		code, stdout, stderr := call("universal", "-target", c[0], "-delta", c[1], "-partition", c[2], "-points", "256", "-json")
		if code != exitOK {
			t.Fatalf("%v: exit code %d: %s", c, code, stderr)
		}
		var r struct {
			Target, Verdict, Partition string
			Dimension                  int
			Delta                      json.Number
			W2Bound                    float64 `json:"w2_bound"`
			Measured                   float64 `json:"w2_measured"`
			Floor                      float64 `json:"w2_floor"`
			Projected                  float64 `json:"w2_projected"`
			Units                      []int
			Cells                      int
			Condition                  struct{ Median, Plateau, Sup float64 }
			LogDet                     float64 `json:"log_det"`
			Limits                     struct{ Lipschitz, Condition float64 }
			Lipschitz                  struct{ Plateau, Sup float64 }
			Seconds                    map[string]float64
		}
		if err := json.Unmarshal([]byte(stdout), &r); err != nil {
			t.Fatalf("%v: %v\n%s", c, err, stdout)
		}
		delta, _ := strconv.ParseFloat(c[1], 64)
		switch {
		case r.Target != c[0] || r.Verdict != "certified" || r.Delta.String() != c[1] || len(r.Units) != 2 || r.Cells < 1 || len(r.Seconds) != 3:
			t.Errorf("%v: %+v", c, r)
		case !(0 < r.W2Bound && r.W2Bound <= delta):
			t.Errorf("%v: bound %v", c, r.W2Bound)
		case !(r.Measured-r.Floor <= r.W2Bound) || !(r.Projected <= r.W2Bound):
			t.Errorf("%v: measured %v, floor %v, a projection %v, proved %v", c, r.Measured, r.Floor, r.Projected, r.W2Bound)
		case !(1 <= r.Condition.Median && r.Condition.Median <= r.Condition.Sup && r.Condition.Plateau <= r.Condition.Sup && r.LogDet < 0):
			t.Errorf("%v: condition %+v, log det %v", c, r.Condition, r.LogDet)
		case !(r.Limits.Lipschitz <= r.Lipschitz.Sup && r.Limits.Condition <= r.Condition.Sup):
			t.Errorf("%v: limits %+v undercut", c, r.Limits)
		}
	}
}

// TestUniversalPoints: a file of 10,000 points in three dimensions.
func TestUniversalPoints(t *testing.T) {
	path := filepath.Join(t.TempDir(), "points.csv")
	rng := rand.New(rand.NewPCG(1, 1))
	var b bytes.Buffer
	for range 10000 {
		x := rng.NormFloat64()
		fmt.Fprintf(&b, "%v,%v,%v\n", x, x*x+0.1*rng.NormFloat64(), rng.NormFloat64())
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := call("universal", "-target", path, "-delta", "2", "-grid", "12", "-points", "0")
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, want := range []string{"certified", "10000 points, at most", "grid 12 x 12 x 12", "0|1,2"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}

// TestUniversalErrors: each names the flag or the file, and what would be right.
func TestUniversalErrors(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"empty.csv": "", "one.csv": "1,2\n", "nan.csv": "1,2\nnan,3\n", "line.csv": "1\n2\n3\n", "flat.csv": "1,2\n1,3\n", "good.csv": "1,2\n3,4\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-delta", "0"}, "-delta"},
		{[]string{"-delta", "-1"}, "-delta"},
		{[]string{"-delta", "NaN"}, "-delta"},
		{[]string{"-delta", "1e-9"}, "delta"},
		{[]string{"-target", "two-moon"}, `did you mean "two-moons"`},
		{[]string{"-target", "checkerboard", "-grid", "6"}, "-grid"},
		{[]string{"-target", "ring", "-box", "0:1"}, "-box"},
		{[]string{"-partition", "2|1"}, "-partition"},
		{[]string{"-points", "-1"}, "-points"},
		{[]string{"-points", "100000"}, "-points"},
		{[]string{"-target", file("empty.csv")}, "is empty"},
		{[]string{"-target", file("one.csv")}, "one point"},
		{[]string{"-target", file("nan.csv")}, "line 2, entry 1"},
		{[]string{"-target", file("line.csv")}, "a block is not empty"},
		{[]string{"-target", file("flat.csv")}, "-box"},
		{[]string{"-target", file("none.csv")}, "none.csv"},
		{[]string{"-target", file("good.csv"), "-box", "0:1"}, "-box"},
		{[]string{"-target", file("good.csv"), "-box", "1:0"}, "-box"},
		{[]string{"-target", file("good.csv"), "-grid", "100000"}, "-grid"},
	} {
		code, stdout, stderr := call(append([]string{"universal"}, c.args...)...)
		if code != exitUsage || !strings.Contains(stderr, c.want) || stdout != "" {
			t.Errorf("%v: exit code %d, %q, want %q", c.args, code, stderr, c.want)
		}
	}
}

// TestUniversalOutput: what is written is there, and what would do nothing is refused
// before anything is.
func TestUniversalOutput(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	base := []string{"universal", "-target", "square", "-delta", "0.5", "-points", "0"}
	for _, args := range [][]string{
		{"-o", file("a.npz")}, {"-o", file("b.safetensors"), "-relu", "-dtype", "float32"}, {"-o", file("c.onnx"), "-inverse"}, {"-o", file("d.json")},
		{"-picture", file("e.svg")},
	} {
		if code, _, stderr := call(append(base, args...)...); code != exitOK || stderr != "" {
			t.Errorf("%v: exit code %d, %s", args, code, stderr)
		}
		if info, err := os.Stat(args[1]); err != nil || info.Size() < 500 {
			t.Errorf("%v: %v", args, err)
		}
	}
	if code, _, stderr := call("universal", "-o", file("f.py")); code != exitOK {
		t.Errorf("the module: exit code %d, %s", code, stderr)
	}
	if code, _, stderr := call("universal", "-target", "square", "-deltas", "0.5,0.4", "-points", "32", "-picture", file("g.svg")); code != exitOK {
		t.Errorf("the curve: exit code %d, %s", code, stderr)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-o", file("x.txt")}, "-o"},
		{[]string{"-o", filepath.Join(dir, "none", "x.npz")}, "-o"},
		{[]string{"-relu"}, "-relu"},
		{[]string{"-dtype", "float32"}, "-dtype"},
		{[]string{"-inverse"}, "-inverse"},
		{[]string{"-o", file("x.npz"), "-dtype", "float32"}, "always float64"},
		{[]string{"-o", file("x.safetensors"), "-inverse"}, "inverse"},
		{[]string{"-o", file("x.onnx"), "-dtype", "float16"}, "float16"},
		{[]string{"-o", file("x.py"), "-target", "ring"}, "-target"},
		{[]string{"-o", file("x.npz"), "-deltas", "0.5"}, "-deltas"},
		{[]string{"-o", file("x.npz"), "-table", "constants"}, "-table"},
		{[]string{"-picture", file("x.png")}, "-picture"},
		{[]string{"-at", "1"}, "-at"},
		{[]string{"-at", "1,x"}, "-at"},
		{[]string{"-at", "1,Inf"}, "-at"},
		{[]string{"-at", "1,2", "-points", "5"}, "-points"},
		{[]string{"-at", "1,2", "-deltas", "0.5"}, "-deltas"},
		{[]string{"-picture", file("x.svg"), "-table", "constants"}, "-picture"},
	} {
		code, stdout, stderr := call(append([]string{"universal"}, c.args...)...)
		if code != exitUsage || !strings.Contains(stderr, c.want) || stdout != "" {
			t.Errorf("%v: exit code %d, %q, want %q", c.args, code, stderr, c.want)
		}
	}
	if left, err := filepath.Glob(file("x.*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestUniversalAt: the ends of every ball lie around what float64 makes of it.
func TestUniversalAt(t *testing.T) {
	code, out, errs := call("universal", "-target", "ring", "-delta", "0.3", "-at", "0.25, -1.5", "-json")
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d, %s", code, errs)
	}
	type enclosed struct{ Lower, Upper, Float64, Float32 float64 }
	var r struct {
		Z           []float64
		X, Singular []enclosed
		Inverse     []enclosed
		LogDensity  enclosed `json:"log_density"`
		Condition   enclosed
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	all := append(append(append(r.X, r.Singular...), r.Inverse...), r.LogDensity, r.Condition)
	if len(all) != 8 || r.Z[0] != 0.25 || r.Z[1] != -1.5 {
		t.Fatalf("%+v", r)
	}
	for _, e := range all {
		size := math.Abs(e.Upper)
		if e.Lower > e.Upper || math.Abs(e.Float64-e.Upper) > 1e-9*size || math.Abs(e.Float32-e.Upper) > 0.01*size {
			t.Errorf("%+v", e)
		}
	}
	if r.Singular[0].Lower < r.Singular[1].Upper || r.Condition.Lower < 1 {
		t.Errorf("%+v", r)
	}
	if _, text, _ := call("universal", "-target", "ring", "-delta", "0.3", "-at", "0.25,-1.5"); strings.Count(text, "\n") != 11 {
		t.Errorf("%s", text)
	}
}

// TestUniversalCertificate: what verify universal writes, verify check accepts, and a
// bolder claim it does not.
func TestUniversalCertificate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ring.cert")
	code, _, errs := call("universal", "-target", "ring", "-delta", "0.2", "-points", "0", "-o", path)
	if code != exitOK {
		t.Fatal(errs)
	}
	code, out, errs := call("check", path)
	if code != exitOK || errs != "" || !strings.HasPrefix(out, "accepted "+path+": W2 at most ") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	code, out, _ = call("check", "-json", path)
	var all []struct {
		Accepted     bool
		Claim        string
		Bound        float64 `json:"w2_bound"`
		Cells, Knots int
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil || code != exitOK || !all[0].Accepted || !(all[0].Bound <= 0.2) || all[0].Cells < 2 || all[0].Knots < 10 {
		t.Errorf("exit %d, %v: %s", code, err, out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body, _, _ := bytes.Cut(data, []byte("\nsha256 "))
	body = bytes.Replace(body, []byte("claim "+all[0].Claim), []byte("claim wasserstein 1/100"), 1)
	body = append(body, '\n')
	if err := os.WriteFile(path, fmt.Appendf(body, "sha256 %x\n", sha256.Sum256(body)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := call("check", path); code != exitNot || !strings.Contains(out, "not proved") {
		t.Errorf("a bolder claim: exit %d, %s", code, out)
	}
	for want, args := range map[string][]string{
		"-dtype: does nothing with a certificate": {"-dtype", "float32"},
		"-deltas makes several or none":           {"-deltas", "0.5,0.2"},
	} {
		code, _, errs := call(append([]string{"universal", "-target", "ring", "-o", path}, args...)...)
		if code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%v: exit %d, %s", args, code, errs)
		}
	}
}
