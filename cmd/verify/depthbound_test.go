package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// depthBound runs verify depth-bound with -json and reads what it prints.
func depthBound(t *testing.T, args ...string) (out struct {
	Bound        string               `json:"bound"`
	Verdict      string               `json:"verdict"`
	AtLeast      *int64               `json:"depth_at_least"`
	Reached      *int64               `json:"depth_reached"`
	W1           float64              `json:"w1_bound"`
	Condition    float64              `json:"condition_at_least"`
	Lipschitz    float64              `json:"lipschitz_at_least"`
	Intermediate map[string][]float64 `json:"intermediate"`
}) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(append([]string{"depth-bound", "-json"}, args...), strings.NewReader(""), &stdout, &stderr); code != exitOK {
		t.Fatalf("%v: exit %d: %s", args, code, &stderr)
	}
	if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, &stdout)
	}
	for name, x := range out.Intermediate {
		if len(x) != 2 || x[0] > x[1] {
			t.Errorf("%v: %s is %v", args, name, x)
		}
	}
	return out
}

// TestDepthBound: the cases of the chapter, lower and upper depth, both proved.
func TestDepthBound(t *testing.T) {
	for _, c := range []struct {
		args           string
		least, reached int64
	}{
		{"-points 2 -radius 1 -d 2 -eps 0.1 -log-scale 1", 5, 5},
		{"-d 2 -eps 0.3 -log-scale 1", 3, 3},
		{"-d 2 -eps 0.01 -log-scale 1", 9, 10},
		{"-d 2 -eps 0.001 -log-scale 1", 14, 14},
		{"-d 8 -eps 0.1 -log-scale 1", 7, 7},
		{"-d 64 -eps 0.001 -log-scale 1", 18, 18},
		{"-d 3072 -eps 0.1 -log-scale 1", 13, 13},
		{"-d 2 -eps 0.1 -lipschitz 2", 4, 4},
		{"-d 2 -eps 0.1 -log-det 1", 5, 5},
		{"-points 8 -d 64 -eps 0.1 -log-scale 1", 9, 9},
		{"-segment 2 -d 4 -eps 0.01 -log-scale 1", 8, 0},
	} {
		out := depthBound(t, strings.Fields(c.args)...)
		if out.AtLeast == nil || *out.AtLeast != c.least {
			t.Errorf("%s: %+v", c.args, out)
		}
		if c.reached > 0 && (out.Reached == nil || *out.Reached != c.reached || out.W1 <= 0) || c.reached == 0 && out.Reached != nil {
			t.Errorf("%s: %+v", c.args, out)
		}
	}
	if out := depthBound(t, "-d", "2", "-eps", "0.1"); out.Condition < 112.4 || out.Condition > 145.2 || out.Lipschitz < 3.968 {
		t.Errorf("every map: %+v", out)
	}
	if out := depthBound(t, "-d", "2", "-eps", "0.1", "-log-scale", "0"); out.Verdict != "no depth" || out.AtLeast != nil {
		t.Errorf("additive: %+v", out)
	}
	if out := depthBound(t, "-d", "2", "-eps", "3", "-log-scale", "1"); out.Verdict != "no bound" || *out.AtLeast != 1 || out.Bound != "" {
		t.Errorf("a large eps: %+v", out)
	}
}

func TestDepthBoundErrors(t *testing.T) {
	for args, want := range map[string]string{
		"-d 2 -eps 0 -log-scale 1":                         "-eps",
		"-d 2 -eps 1e-99 -log-scale 1":                     "-eps",
		"-d 2 -eps 1e999 -log-scale 1":                     "-eps",
		"-d 0 -eps 0.1 -log-scale 1":                       "-d",
		"-eps 0.1 -log-scale 1":                            "-d",
		"-d 2 -points 0 -eps 0.1 -log-scale 1":             "-points",
		"-d 2 -points 3 -eps 0.1 -log-scale 1":             "-distance",
		"-d 2 -eps 0.1 -lipschitz 0.9":                     "-lipschitz",
		"-d 2 -eps 0.1 -log-scale -1":                      "-log-scale",
		"-d 2 -eps 0.1 -log-scale 1e-300":                  "depth",
		"-d 2 -eps 0.1 -log-scale 1 -lipschitz 2":          "one kind",
		"-d 2 -eps 0.1 -lipschitz 2 -updated 1":            "-updated",
		"-d 2 -eps 0.1 -log-scale 1 -updated 3":            "-updated",
		"-d 2 -eps 0.1 -log-scale 1 -wasserstein 3":        "-wasserstein",
		"-d 2 -eps 0.1 -segment 1 -radius 2 -log-scale 1":  "-segment",
		"-d 2 -eps 0.1 -distance 1 -radius 2 -log-scale 1": "-radius",
	} {
		var stdout, stderr bytes.Buffer
		code := run(append([]string{"depth-bound"}, strings.Fields(args)...), strings.NewReader(""), &stdout, &stderr)
		if code != exitUsage || !strings.Contains(stderr.String(), want) || stdout.Len() > 0 {
			t.Errorf("%s: exit %d, %q, %q", args, code, &stderr, &stdout)
		}
	}
}
