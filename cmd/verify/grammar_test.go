package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the help pages to testdata/help")

// TestGrammar: what is a command, what is a file, and where flags may stand.
func TestGrammar(t *testing.T) {
	t.Chdir(t.TempDir())
	writeRotation(t, "rotation.npy")
	writeRotation(t, "check") // a file named like a command
	writeRotation(t, "turn")
	writeRotation(t, "-odd.npy")
	for _, c := range []struct {
		args string
		code int
		want string // on stdout, or if the code is not 0 on stderr
	}{
		{"-d 4 -target identity", exitOK, "identity, n = 4"},
		{"build -d 4 -target identity", exitOK, "identity, n = 4"},
		{"rotation.npy -json", exitOK, `"target": "rotation.npy"`},
		{"build rotation.npy -json turn -seed 3", exitOK, `"name": "turn"`},
		{"turn", exitOK, "turn, n = 2"},
		{"-target turn", exitOK, "turn, n = 2"},
		{"./check", exitOK, "./check, n = 2"},
		{"-json -- -odd.npy", exitOK, `"target": "-odd.npy"`},
		{"check", exitUsage, "names of the certificates"},
		{"help", exitOK, "Exit codes:"},
		{"help check", exitOK, "Usage: verify check"},
		{"check -h", exitOK, "Usage: verify check"},
		{"check x.cert -help", exitOK, "Usage: verify check"},
		{"-h", exitOK, "Usage: verify [build]"},
		{"list constructions", exitOK, "orthogonal"},
		{"list -json formats", exitOK, `"safetensors"`},
		{"", exitUsage, "nothing to do"},
		{"exprot -d 3", exitUsage, "did you mean verify export?"},
		{"chekc x.cert", exitUsage, "did you mean verify check?"},
		{"dct", exitUsage, "did you mean verify -d N -target dct?"},
		{"rotations -d 3", exitUsage, `"rotations" is neither a command nor a file (verify help`},
		{"-josn rotation.npy", exitUsage, "unknown flag -josn: did you mean -json? (verify build -h"},
		{"check -plian x.cert", exitUsage, "did you mean -plain? (verify check -h"},
		{"rotation.npy -seed", exitUsage, "flag needs an argument: -seed"},
		{"help me", exitUsage, `there is no command "me"`},
		{"help exprot", exitUsage, "did you mean export?"},
		{"help check list", exitUsage, "one command"},
		{"list target", exitUsage, "want one of targets, "},
		{"list targets formats", exitUsage, "want one of targets, "},
		{"version 3", exitUsage, `unexpected argument "3"`},
		{"inspect", exitUsage, "one checkpoint"},
		{"-d 4 -construction five -max-depth 2", exitUsage, "-max-depth: construction five does not take it"},
		{"-d 4 -construction conditioned -max-depth 9", exitUsage, "-depth asks it"},
		{"-d 4 -construction five -depth 5", exitUsage, "-depth: construction five does not take it"},
		{"rotation.npy turn -construction five -depth 5", exitUsage, "-depth: construction five does not take it"},
		{"rotation.npy turn -construction six -max-depth 6", exitUsage, "-max-depth: construction six does not take it"},
		{"rotation.npy turn -det over", exitUsage, `-det: "over", want`},
		{"export -d 8 -max-depth 2 -o deep.npz", exitNot, "no flow of at most 2 layers"},
		{"export -d 4 -construction six -depth 9 -o deep.npz", exitUsage, "-depth: construction six does not take it"},
		{"-d 4 -depth 5", exitUsage, "-construction continuation or polish or conditioned takes -depth"},
		{"-d 4 -construction continuation -depth 5", exitUsage, "depth 5 is not offered by this construction, want 6 or more"},
		{"-d 4 -construction conditioned -depth 12", exitUsage, "depth 12 is not offered by this construction, want 13 or 11"},
		{"-d 8 -max-depth 2", exitNot, "no flow of at most 2 layers"},
		{"-d 8 -target reverse -max-depth 2", exitNot, "no flow of at most 2 layers"},
		{"-d 8 -target reverse -max-depth 6 -json", exitOK, `"target_sha256": "`},
		{"-d 5 -target gaussian -construction conditioned -depth 11", exitOK, "11 coupling layers"},
		{"-target permutation -perm 1,2,0 -perm-as index", exitOK, "read as indices"},
		{"rotation.npy -perm-as index", exitUsage, "-perm-as: rotation.npy is a matrix"},
		{"rotation.npy -perm 1,0", exitUsage, "-perm: goes with a named target"},
		{"-target turn rotation.npy", exitUsage, "want one of them"},
		{"-", exitUsage, "standard input: is empty"},
		{"-d 4 -inverse", exitUsage, "-inverse: says how to write a file"},
		{"-d 4 -o x.npz -dtype float32", exitUsage, "-dtype: is nothing that npz takes"},
	} {
		code, out, errs := call(strings.Fields(c.args)...)
		text, other := out, errs
		if c.code != exitOK {
			text, other = errs, out
		}
		if code != c.code || !strings.Contains(text, c.want) || other != "" || c.code != exitOK && strings.Count(errs, "\n") != 1 {
			t.Errorf("verify %s: exit %d, want %d and %q\nstdout: %s\nstderr: %s", c.args, code, c.code, c.want, out, errs)
		}
	}
}

// TestHelpPages compares the pages with those of testdata/help; -args -update writes
// them.
func TestHelpPages(t *testing.T) {
	for _, name := range append(commandNames(), "") {
		args, path := []string{"help", name}, filepath.Join("testdata", "help", name+".txt")
		if name == "" {
			args, path = args[:1], filepath.Join("testdata", "help", "overview.txt")
		}
		code, got, errs := call(args...)
		if code != exitOK || errs != "" {
			t.Fatalf("%v: exit %d, %s", args, code, errs)
		}
		for _, line := range strings.Split(got, "\n") {
			if name == "" && len(line) > 100 {
				t.Errorf("%v: a line of %d bytes: %s", args, len(line), line)
			}
		}
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%v has changed (go test ./cmd/verify -run TestHelpPages -args -update, once it is right): %s", args, d)
		}
	}
}
