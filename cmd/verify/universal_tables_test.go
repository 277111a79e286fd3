package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// TestConstantsTable: two ends that are numbers, in order and near to each other, in
// both forms.
func TestConstantsTable(t *testing.T) {
	code, out, errs := call("universal", "-table", "constants", "-json")
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d, %s", code, errs)
	}
	var cs []struct {
		ID           string
		Lower, Upper float64
	}
	if err := json.Unmarshal([]byte(out), &cs); err != nil {
		t.Fatal(err)
	}
	_, text, _ := call("universal", "-table", "constants")
	if lines := strings.Count(text, "\n"); lines != len(cs) || lines < 8 {
		t.Errorf("%d lines for %d constants", lines, len(cs))
	}
	for _, c := range cs {
		if !(c.Lower < c.Upper && c.Upper < c.Lower+1e-5) || !strings.Contains(text, strconv.FormatFloat(c.Lower, 'f', 7, 64)) {
			t.Errorf("%+v", c)
		}
	}
}

// TestCurveLines: a line for each delta, the same numbers as -delta gives.
func TestCurveLines(t *testing.T) {
	code, out, errs := call("universal", "-target", "square", "-deltas", "0.5, 0.2", "-points", "64", "-json")
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d, %s", code, errs)
	}
	type point struct {
		Delta     float64
		W2Bound   float64 `json:"w2_bound"`
		Condition struct{ Median, Plateau, Sup float64 }
		LogDet    float64 `json:"log_det"`
		Limits    struct {
			Condition float64
			LogDet    float64 `json:"log_det"`
		}
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %s", len(lines), out)
	}
	for k, delta := range []string{"0.5", "0.2"} {
		var got, want point
		if err := json.Unmarshal([]byte(lines[k]), &got); err != nil {
			t.Fatal(err)
		}
		_, one, _ := call("universal", "-target", "square", "-delta", delta, "-points", "64", "-json")
		if err := json.Unmarshal([]byte(one), &want); err != nil {
			t.Fatal(err)
		}
		if got != want || !(got.W2Bound <= got.Delta) || got.LogDet > got.Limits.LogDet {
			t.Errorf("%+v, -delta %s gives %+v", got, delta, want)
		}
	}
	if _, text, _ := call("universal", "-target", "square", "-deltas", "0.5", "-points", "64"); strings.Count(text, "\n") != 3 {
		t.Errorf("%s", text)
	}
}

// TestTableUsage: what has no effect is refused, and the error names the flag.
func TestTableUsage(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-table layer", "-table"},
		{"-table constants -points 3", "-points"},
		{"-table layers -delta 0.1", "-delta"},
		{"-table layers -deltas 0.1", "-deltas"},
		{"-table layers -points 5", "-points"},
		{"-table likelihood -points 5", "-points"},
		{"-table likelihood -target ring", "-target"},
		{"-table likelihood -at 1,2", "-at"},
		{"-deltas 0.1 -delta 0.1", "-delta"},
		{"-deltas 0.1,", "-deltas"},
		{"-deltas 0.1,-3", "-deltas"},
		{"-deltas 0.1 -points 0", "-points"},
		{"-deltas 0.1 -target nowhere", "-target"},
	} {
		code, out, errs := call(append([]string{"universal"}, strings.Fields(c.args)...)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit %d, %q, %q; want %s named", c.args, code, out, errs, c.want)
		}
	}
}
