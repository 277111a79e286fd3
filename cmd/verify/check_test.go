package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const certificates = "../../testdata/certificates"

func TestCheckCommand(t *testing.T) {
	turn := filepath.Join(certificates, "accepted", "quarter-turn.cert")
	refused := filepath.Join(certificates, "refused", "claim-false--weight-changed.cert")
	missing := filepath.Join(t.TempDir(), "missing.cert")
	for _, c := range []struct {
		args []string
		code int
		want []string // beginnings of the lines of stdout
	}{
		{[]string{turn}, exitOK, []string{"accepted " + turn + ": exact: n 2, 3 layers, depth 3, residual 0 (by hand: "}},
		{[]string{refused}, exitNot, []string{"rejected " + refused + ": claim false: "}},
		{[]string{turn, refused, turn}, exitNot, []string{"accepted ", "rejected ", "accepted "}},
		{[]string{missing, turn}, exitUsage, []string{"accepted "}},
		{[]string{certificates}, exitUsage, nil},
		{nil, exitUsage, nil},
		{[]string{"-nonsense", turn}, exitUsage, nil},
	} {
		code, stdout, stderr := call(append([]string{"check"}, c.args...)...)
		if code != c.code {
			t.Errorf("%v: exit code %d, want %d (%s)", c.args, code, c.code, stderr)
		}
		lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
		if stdout == "" {
			lines = nil
		}
		if strings.Count(strings.Join(c.args, " "), ".cert") > 1 && len(lines) > 0 { // the last line counts
			lines = lines[:len(lines)-1]
		}
		if len(lines) != len(c.want) {
			t.Errorf("%v: printed %q", c.args, lines)
			continue
		}
		for k, line := range lines {
			if !strings.HasPrefix(line, c.want[k]) {
				t.Errorf("%v: line %q, want %q ..", c.args, line, c.want[k])
			}
		}
		if code == exitUsage && !strings.HasPrefix(stderr, "verify: ") {
			t.Errorf("%v: nothing said on stderr", c.args)
		}
	}
}

func TestCheckCommandJSON(t *testing.T) {
	args := []string{"-json", filepath.Join(certificates, "accepted", "scaled.cert"), filepath.Join(certificates, "refused", "too-large--layers.cert")}
	code, stdout, stderr := call(append([]string{"check"}, args...)...)
	if code != exitNot || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	var got []checked
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || !got[0].Accepted || got[0].Claim != "exact" || got[0].ResidualMax != "0" || got[0].Dimension != 3 || len(got[0].Target) != 64 ||
		got[1].Accepted || got[1].Reason != "too large" || got[1].Section != "header" || got[1].Offset == nil {
		t.Errorf("got %s", stdout)
	}
}

// The residual is rounded up to three digits, and -plain does without the engine.
func TestCheckCommandPlain(t *testing.T) {
	path := filepath.Join(certificates, "accepted", "orthogonal-random-orthogonal-3.cert") // residual 0x175203p-71 = 6.4727..e-16, or less
	for _, plain := range []bool{false, true} {
		args := []string{"-json", path}
		if plain {
			args = append([]string{"-plain"}, args...)
		}
		code, stdout, stderr := call(append([]string{"check"}, args...)...)
		if code != exitOK || stderr != "" {
			t.Fatalf("exit code %d, %s", code, stderr)
		}
		var got []checked
		if err := json.Unmarshal([]byte(stdout), &got); err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].ResidualMax != "6.48e-16" || got[0].Engine == nil || *got[0].Engine == plain {
			t.Errorf("plain %v: got %s", plain, stdout)
		}
	}
}

// What is beyond the limits given is neither accepted nor rejected.
func TestCheckCommandLimits(t *testing.T) {
	turn := filepath.Join(certificates, "accepted", "quarter-turn.cert")
	depth := filepath.Join(certificates, "accepted", "depth-minus-identity-6.cert")
	refused := filepath.Join(certificates, "refused", "malformed--number.cert")
	missing := filepath.Join(t.TempDir(), "missing.cert")
	for _, c := range []struct {
		args []string
		code int
		want []string // beginnings of the lines of stdout
	}{
		{[]string{"-work", "30", turn}, exitUndecided, []string{"undecided " + turn + ": "}},
		{[]string{"-work", "1000", depth}, exitUndecided, []string{"undecided " + depth + ": lower bound: "}},
		{[]string{"-work", "100000000", turn, depth}, exitOK, []string{"accepted ", "accepted "}},
		{[]string{"-plain", "-timeout", "1ns", turn}, exitUndecided, []string{"undecided " + turn + ": stopped "}},
		{[]string{"-timeout", "1h", turn, depth}, exitOK, []string{"accepted ", "accepted "}},
		{[]string{"-work", "30", turn, refused}, exitNot, []string{"undecided ", "rejected "}},
		{[]string{"-work", "30", turn, missing}, exitUsage, []string{"undecided "}},
		{[]string{"-work", "0", turn}, exitUsage, nil},
		{[]string{"-work", "1e9", turn}, exitUsage, nil},
		{[]string{"-timeout", "0s", turn}, exitUsage, nil},
		{[]string{"-timeout", "10", turn}, exitUsage, nil},
	} {
		code, stdout, stderr := call(append([]string{"check"}, c.args...)...)
		if code != c.code {
			t.Errorf("%v: exit code %d, want %d (%s)", c.args, code, c.code, stderr)
		}
		lines := strings.SplitAfter(stdout, "\n")
		if lines = lines[:len(lines)-1]; strings.Count(strings.Join(c.args, " "), ".cert") > 1 && len(lines) > 0 {
			lines = lines[:len(lines)-1] // which counts
		}
		if len(lines) != len(c.want) {
			t.Errorf("%v: printed %q", c.args, lines)
			continue
		}
		for k, line := range lines {
			if !strings.HasPrefix(line, c.want[k]) {
				t.Errorf("%v: line %q, want %q ..", c.args, line, c.want[k])
			}
		}
	}
}

// Every golden certificate goes through the command.
func TestCheckCommandGolden(t *testing.T) {
	for sub, want := range map[string]int{"accepted": exitOK, "refused": exitNot} {
		paths, _ := filepath.Glob(filepath.Join(certificates, sub, "*.cert"))
		if len(paths) < 20 {
			t.Errorf("only %d certificates are %s", len(paths), sub)
		}
		if code, stdout, stderr := call(append([]string{"check"}, paths...)...); code != want || stderr != "" || strings.Count(stdout, "\n") != len(paths)+1 {
			t.Errorf("%s: exit code %d, %s\n%s", sub, code, stderr, stdout)
		}
	}
}

// TestCheckPipe: certificates of both versions are read from a pipe, which cannot be
// read twice.
func TestCheckPipe(t *testing.T) {
	for _, path := range []string{filepath.Join(certificates, "accepted", "quarter-turn.cert"), filepath.Join(certificates, "distance", "square.cert")} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		pipe := filepath.Join(t.TempDir(), "pipe")
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Skip(err)
		}
		go os.WriteFile(pipe, data, 0o600)
		if code, stdout, stderr := call("check", pipe); code != exitOK || !strings.HasPrefix(stdout, "accepted ") {
			t.Errorf("%s from a pipe: exit %d, %s%s", path, code, stdout, stderr)
		}
	}
}
