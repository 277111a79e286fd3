package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flowproof/targets"
)

// TestUsable: ill-conditioned maps, some of which made the default run endless. What
// is said of running the flow in float64, and what -max-depth would give, is so.
func TestUsable(t *testing.T) {
	type half struct {
		Float64, Float32 *float64 // nil for infinity
	}
	type report struct {
		Construction string
		Depth        int
		Verdict      string
		Forward      half
		RoundTrip    half
		Usable64     *bool `json:"usable_float64"`
		Usable32     *bool `json:"usable_float32"`
		Condition    struct {
			Max *float64 `json:"max_layer_estimate"`
		}
		Alternative *struct {
			MaxDepth  int      `json:"max_depth"`
			Max       *float64 `json:"max_layer_estimate"`
			Forward   *float64
			RoundTrip *float64
			Usable    bool `json:"usable_float64"`
		}
	}
	get := func(args ...string) (r report) {
		code, out, errs := call(append(args, "-json")...)
		if code != exitOK || errs != "" {
			t.Fatalf("verify %v: exit %d, %s", args, code, errs)
		}
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		if r.Usable64 == nil || r.Usable32 == nil {
			t.Fatalf("%v: it is not said whether the flow is usable", args)
		}
		return r
	}
	fits := func(e half, limit float64) bool { return e.Float64 != nil && *e.Float64 <= limit }
	for name, c := range map[string]struct {
		usable bool
		deeper int // depth of the alternative, 0 for none
		proper bool
	}{
		"fib38":    {false, 0, false}, // no flow inverts it in float64
		"diag":     {true, 0, false},
		"shear1e5": {true, 0, false},
		"pascal8":  {true, 0, false},
		"hilbert8": {false, 11, false},
		"pos_zero": {false, 11, false},
		"tiny2":    {false, 0, false},
		"mixed3":   {false, 0, false},
	} {
		path := filepath.Join("testdata", "hard", name+".csv")
		r := get("-target", path)
		if *r.Usable64 != c.usable || r.Depth > 6 {
			t.Errorf("%s: %s, depth %d, usable %v", name, r.Construction, r.Depth, *r.Usable64)
		}
		const halfDigits = 1.5e-8
		if ok := fits(r.Forward, halfDigits) && fits(r.RoundTrip, halfDigits); ok != *r.Usable64 {
			t.Errorf("%s: errors %v, %v: usable %v", name, r.Forward.Float64, r.RoundTrip.Float64, *r.Usable64)
		}
		_, text, _ := call("-target", path)
		if third := strings.Split(text, "\n")[2]; strings.HasPrefix(third, "NOT usable in float64") == c.usable {
			t.Errorf("%s: third line %q", name, third)
		}
		if (r.Alternative == nil) != (c.deeper == 0) {
			t.Errorf("%s: alternative %+v", name, r.Alternative)
		}
		if r.Alternative == nil {
			continue
		}
		a := r.Alternative
		if a.MaxDepth != c.deeper || a.Usable != c.proper {
			t.Errorf("%s: alternative %+v", name, a)
		}
		depth := big.NewInt(int64(a.MaxDepth)).String()
		b := get("-target", path, "-max-depth", depth)
		if *b.Usable64 != a.Usable || a.Usable && !(*b.Condition.Max <= *a.Max*(1+1e-6)) ||
			!a.Usable && !(max(*b.Forward.Float64, *b.RoundTrip.Float64) <= max(*a.Forward, *a.RoundTrip)) {
			t.Errorf("%s: -max-depth %s gives %s: %v, %v, %v; promised %+v", name, depth, b.Construction,
				*b.Condition.Max, *b.Forward.Float64, *b.RoundTrip.Float64, a)
		}
		if a.Usable && !strings.Contains(text, "-max-depth "+depth+" gives ") {
			t.Errorf("%s: the depth is not named in\n%s", name, text)
		}
	}
}

// TestDepthNeeded: where nothing is found in the depth allowed, the error names one
// that has a flow.
func TestDepthNeeded(t *testing.T) {
	path := filepath.Join("testdata", "hard", "grid14.csv") // condition 1.1e9
	code, out, errs := call("-target", path)
	if code != exitUsage || out != "" || !strings.Contains(errs, "no flow of at most 6 layers was found") {
		t.Fatalf("exit %d, %s%s", code, out, errs)
	}
	_, depth, ok := strings.Cut(errs, "-max-depth ")
	if !ok {
		t.Fatal(errs)
	}
	depth, _, _ = strings.Cut(depth, " ")
	if code, out, errs := call("-target", path, "-max-depth", depth); code != exitOK || errs != "" {
		t.Errorf("-max-depth %s: exit %d, %s%s", depth, code, out, errs)
	}
}

// TestExportRefusesRange: nothing is written where a weight is beyond float64.
func TestExportRefusesRange(t *testing.T) {
	path, err := filepath.Abs(filepath.Join("testdata", "hard", "hilbert8.csv"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"-o", "x.npz"}, {"export", "-o", "x.safetensors"}, {"export", "-o", "x.onnx"}} {
		code, out, errs := call(append(args, "-target", path)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, "beyond the range of float64") || !strings.Contains(errs, "layer 1") {
			t.Errorf("%v: exit %d, %s%s", args, code, out, errs)
		}
	}
	if left := names(t, "."); left != "[]" {
		t.Errorf("files left behind: %s", left)
	}
	for _, args := range [][]string{{"-o", "x.cert"}, {"export", "-o", "x.json"}} {
		if code, _, errs := call(append(args, "-target", path)...); code != exitOK || errs != "" {
			t.Errorf("%v: exit %d, %s", args, code, errs)
		}
	}
}

// TestFault: a panic is a message and an exit code, and its stack is printed only
// if asked for; in a batch it is the fault of one target.
func TestFault(t *testing.T) {
	broken := func() (*targets.Target, error) { panic("a broken invariant") }
	faulty := command{name: "faulty", run: func(*invocation) (int, error) {
		broken()
		return exitOK, nil
	}}
	for asked, lines := range map[string]int{"": 1, "1": 5} {
		t.Setenv(stackVariable, asked)
		var stdout, stderr bytes.Buffer
		if code := faulty.call(nil, invocation{stdout: &stdout, stderr: &stderr}); code != exitFault || stdout.Len() > 0 {
			t.Errorf("exit %d, %s", code, stdout.String())
		}
		text := stderr.String()
		if !strings.Contains(text, "a fault of the program, not of the input: a broken invariant") ||
			strings.Contains(text, "goroutine") != (asked != "") || strings.Count(text, "\n") < lines || asked == "" && strings.Count(text, "\n") > 1 {
			t.Errorf("%s=%q:\n%s", stackVariable, asked, text)
		}
	}
	o := options{source: source{given: func(string) bool { return false }, maxDepth: 6, partition: "half", construction: "auto", det: "error"}}
	good := func() (*targets.Target, error) { return targets.Make("identity", 4, 1, targets.Options{}) }
	for _, e := range []*entry{{Name: "bad", load: broken}, {Name: "good", load: good}} {
		err := o.fill(e, big.NewRat(1, 1e9))
		var f *faultError
		switch e.Name {
		case "bad":
			if !errors.As(err, &f) || e.Code != exitFault || e.Report != nil || !strings.Contains(e.Error, "broken invariant") {
				t.Errorf("%+v, %v", e, err)
			}
		case "good":
			if err != nil || e.Code != exitOK || e.Report == nil {
				t.Errorf("%+v, %v", e, err)
			}
		}
	}
}

// full is a device with no room left.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

// TestExitCodeIsTheLargest: of what was found and what went wrong afterwards, and of
// the targets of a batch.
func TestExitCodeIsTheLargest(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"turn.csv": "0.6,-0.8\n0.8,0.6\n", "mirror.csv": "1,0\n0,-1\n"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var stderr bytes.Buffer
	if code := run([]string{"mirror.csv", "turn.csv"}, strings.NewReader(""), full{}, &stderr); code != exitUnrepresentable || !strings.Contains(stderr.String(), "no room") {
		t.Errorf("exit %d, %s", code, stderr.String())
	}
	if code := run([]string{"turn.csv"}, strings.NewReader(""), full{}, &stderr); code != exitUsage {
		t.Errorf("exit %d, %s", code, stderr.String())
	}
	code, out, errs := call("-tol", "1e-30", "-json", "turn.csv", "turn.csv")
	var es []entry
	if err := json.Unmarshal([]byte(out), &es); err != nil || code != exitNot || errs != "" || len(es) != 2 || es[0].Code != exitNot {
		t.Errorf("exit %d, %v, %s", code, err, errs)
	}
	if code, _, _ := call("-tol", "1e-30", "turn.csv", "mirror.csv"); code != exitUnrepresentable {
		t.Errorf("exit %d", code)
	}
}

// TestTolerance: what is not 0 and too small for a float64 is refused, not taken
// for 0 or for a fraction of a million digits.
func TestTolerance(t *testing.T) {
	for text, ok := range map[string]bool{
		"0": true, "0.0": true, "1e-300": true, "1": true, "1e300": true,
		"1e-400": false, "1e-999999": false, "1e400": false, "-1e-9": false, "nan": false, "inf": false, "": false, "1e": false,
	} {
		r, err := tolerance(text)
		if (err == nil) != ok || ok && r == nil {
			t.Errorf("%q: %v, %v", text, r, err)
		}
	}
}
