package certificate_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flowproof/certificate"
	"flowproof/verify/engine"
	engines "flowproof/verify/product"
)

var (
	python  = flag.String("python", "python3", "the `interpreter` to run the checker in Python with")
	clients = flag.Bool("clients", false, "python3 and node must be there, for the checkers in Python and JavaScript")
	long    = flag.Bool("long", false, "compare the checkers on 21,000 certificates that were changed")
)

// peer is a checker in another language.
type peer struct {
	name    string
	command []string
}

// peers returns those whose interpreters are installed. With -clients, and where CI
// is set, all have to be; otherwise the test is reported as skipped in the end.
func peers(t *testing.T) (out []peer) {
	t.Helper()
	var missing []string
	for _, p := range []peer{{"Python", []string{*python, "../tools/check_certificate.py"}}, {"JavaScript", []string{"node", "../tools/check_certificate.mjs"}}} {
		if _, err := exec.LookPath(p.command[0]); err != nil {
			missing = append(missing, p.command[0])
			continue
		}
		out = append(out, p)
	}
	if len(missing) > 0 && (*clients || os.Getenv("CI") != "") {
		t.Fatalf("not installed: %v", missing)
	}
	if len(missing) > 0 {
		t.Cleanup(func() {
			if !t.Failed() {
				t.Skipf("not installed, and so not compared with: %v; tools/compare_checkers.sh insists on them", missing)
			}
		})
	}
	return out
}

// check returns a line about each file: what the checker says after its name.
func (p peer) check(t *testing.T, paths []string, options ...string) map[string]string {
	t.Helper()
	lines := map[string]string{}
	for list := range slices.Chunk(paths, 2000) {
		var stderr bytes.Buffer
		cmd := exec.Command(p.command[0], slices.Concat(p.command[1:], options, list)...)
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1 && exit.ExitCode() != 4) || stderr.Len() > 0 {
			t.Fatalf("%s: %v\n%s", p.name, err, stderr.String())
		}
		for line := range strings.Lines(string(out)) {
			word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			path, rest, _ := strings.Cut(rest, ": ")
			lines[path] = word + ": " + rest
		}
	}
	if len(lines) != len(paths) {
		t.Fatalf("%s: %d lines about %d files", p.name, len(lines), len(paths))
	}
	return lines
}

// outcome words what this checker says as the others do: for a certificate that is
// accepted, what the line begins with.
func outcome(t *testing.T, what string, data []byte, limits certificate.Limits, maker engines.Maker) string {
	t.Helper()
	o, err := certificate.Check(bytes.NewReader(data), limits, maker, nil)
	var r *certificate.RejectError
	switch {
	case err == nil:
		return fmt.Sprintf("accepted: %s: n %d, %d layers, depth %d", o.Verdict, o.Partition.Dim(), o.Layers, o.Depth)
	case !errors.As(err, &r):
		t.Fatalf("%s: %v", what, err)
	case r.Reason == certificate.Undecided:
		return "undecided"
	}
	return "rejected"
}

// agree has all checkers look at the files and fails if two of them differ; but one
// that is undecided contradicts nobody. It returns how often the engine said what.
func agree(t *testing.T, files map[string][]byte, limits certificate.Limits, all []peer, options ...string) map[string]int {
	t.Helper()
	dir, paths, count := t.TempDir(), []string{}, map[string]int{}
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	said := map[string]map[string]string{}
	for _, p := range all {
		said[p.name] = p.check(t, paths, options...)
	}
	for _, path := range paths {
		data := files[filepath.Base(path)]
		views := map[string]string{"the engine": outcome(t, path, data, limits, engine.New)}
		if len(data) < 10_000 { // seconds otherwise
			views["plain"] = outcome(t, path, data, limits, nil)
		}
		for name, lines := range said {
			views[name] = lines[path]
		}
		decided := ""
		for name, view := range views {
			word, _, _ := strings.Cut(view, ":")
			if count[name+" "+word]++; word == "accepted" && (decided == "" || len(view) < len(decided)) || word == "rejected" && decided == "" {
				decided = view
			}
		}
		if word, _, _ := strings.Cut(decided, ":"); word == "rejected" {
			decided = word
		}
		for _, view := range views {
			if !strings.HasPrefix(view, "undecided") && !strings.HasPrefix(view, decided) {
				t.Errorf("checkers differ: %q\n%q", views, data)
				break
			}
		}
	}
	return count
}

// All checkers accept the same files: the golden ones, the samples, those tampered
// with on purpose and a thousand damaged at random.
func TestCheckersAgree(t *testing.T) {
	files := map[string][]byte{}
	for _, path := range must(filepath.Glob(golden + "/[aer]*/*.cert")) {
		files[strings.ReplaceAll(strings.TrimPrefix(path, golden+"/"), "/", "_")] = must(os.ReadFile(path))
	}
	var seeds [][]byte
	for i, s := range samples() {
		data := write(t, s.c)
		files[fmt.Sprintf("sample_%d", i)] = data
		if len(data) < 10000 {
			seeds = append(seeds, data)
		}
	}
	for i, c := range slices.Concat(tampered(t), lenient(t), other(t), weights(t)) {
		files[fmt.Sprintf("tampered_%d", i)] = c.data
	}
	rng := rand.New(rand.NewPCG(5, 6))
	damaged := 300
	if *long {
		damaged = 3000
	}
	for i := range damaged {
		files[fmt.Sprintf("random_%d", i)] = damage(rng, seeds[rng.IntN(len(seeds))])
	}
	t.Logf("%d files: %v", len(files), agree(t, files, certificate.DefaultLimits(), peers(t)))
}

// The others escape what in a name could speak to a terminal, have exit codes for
// what is undecided, and heed their options or refuse them.
func TestPeerCommands(t *testing.T) {
	dir := t.TempDir()
	turn := must(os.ReadFile(golden + "/accepted/quarter-turn.cert"))
	name, open, wrong := filepath.Join(dir, "a\x1b[31m\u202eb\u200bc\nd.cert"), filepath.Join(dir, "open.cert"), filepath.Join(dir, "wrong.cert")
	for path, data := range map[string][]byte{name: turn, wrong: turn[1:], open: rehash(bytes.Replace(must(os.ReadFile(golden+"/edge/exp-of-1000.cert")), []byte("residual 1\n"), []byte("residual 0x1p-5000\n"), 1))} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range peers(t) {
		for _, c := range []struct {
			args  []string
			code  int
			lines []string // their beginnings
		}{
			{[]string{name}, 0, []string{"accepted "}},
			{[]string{name, open}, 1, []string{"accepted ", "rejected "}},
			{[]string{"--work", "20", name}, 4, []string{"undecided "}},
			{[]string{"--work", "20", name, wrong}, 1, []string{"undecided ", "rejected "}},
			{[]string{"--timeout", "0.000001", name}, 4, []string{"undecided "}},
			{[]string{"--timeout", "1000", "--work", "1000000", name}, 0, []string{"accepted "}},
			{[]string{name, filepath.Join(dir, "missing\x1b.cert")}, 2, []string{"accepted "}},
			{[]string{"--work", "0", name}, 2, nil},
			{[]string{"--timeout", "soon", name}, 2, nil},
			{[]string{"--plain", "1", name}, 2, nil},
			{[]string{"--work"}, 2, nil},
			{nil, 2, nil},
		} {
			var stdout, stderr bytes.Buffer
			cmd := exec.Command(p.command[0], slices.Concat(p.command[1:], c.args)...)
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != c.code {
				t.Errorf("%s %q: exit code %d, want %d: %v\n%s%s", p.name, c.args, code, c.code, err, stdout.String(), stderr.String())
			}
			lines := strings.SplitAfter(stdout.String(), "\n")
			if lines = lines[:len(lines)-1]; len(lines) != len(c.lines) {
				t.Errorf("%s %q: printed %q", p.name, c.args, lines)
				continue
			}
			for k, line := range lines {
				if !strings.HasPrefix(line, c.lines[k]) || strings.ContainsAny(line, "\x1b\u202e\u200b") {
					t.Errorf("%s %q: line %q, want %q ..", p.name, c.args, line, c.lines[k])
				}
			}
			if strings.Contains(stderr.String(), "\x1b") || strings.Contains(stderr.String(), "Traceback") || c.code == 2 && stderr.Len() == 0 {
				t.Errorf("%s %q: %q", p.name, c.args, stderr.String())
			}
		}
	}
}

// damage changes a certificate a little, and most of the time puts the last line
// right again.
func damage(rng *rand.Rand, data []byte) []byte {
	data = bytes.Clone(data)
	pick := func() []byte { // a line
		lines := bytes.SplitAfter(data, []byte("\n"))
		return bytes.Clone(lines[rng.IntN(len(lines))])
	}
	at := rng.IntN(len(data))
	switch rng.IntN(6) {
	case 0:
		data[at] ^= 1 << rng.IntN(8)
	case 1:
		data[at] = "0123456789abcdefpx/- \nLU"[rng.IntN(24)]
	case 2:
		data = append(data[:at], data[at+1:]...)
	case 3:
		data = append(data[:at], append([]byte{"01-/px \n"[rng.IntN(8)]}, data[at:]...)...)
	case 4:
		data = bytes.Replace(data, pick(), pick(), 1)
	case 5:
		line := pick()
		data = bytes.Replace(data, line, append(line, pick()...), 1)
	}
	if rng.IntN(8) > 0 && bytes.Contains(data, []byte("sha256 ")) {
		return rehash(data)
	}
	return data
}
