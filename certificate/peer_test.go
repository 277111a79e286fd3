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
)

var python = flag.String("python", "", "the `interpreter` to run the second checker with, which then must be there; by default python3, if it is")

// Both checkers accept the same files: the golden ones, the samples, those
// tampered with on purpose and a thousand damaged at random.
func TestCheckersAgree(t *testing.T) {
	interpreter := *python
	if interpreter == "" {
		if _, err := exec.LookPath("python3"); err != nil {
			t.Skip("no python3; tools/compare_checkers.sh insists on it")
		}
		interpreter = "python3"
	}
	files := map[string][]byte{}
	for _, path := range must(filepath.Glob(golden + "/*/*.cert")) {
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
	for i := range 1000 {
		files[fmt.Sprintf("random_%d", i)] = damage(rng, seeds[rng.IntN(len(seeds))])
	}

	dir := t.TempDir()
	var paths []string
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(interpreter, append([]string{"../tools/check_certificate.py"}, paths...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || stderr.Len() > 0 {
		t.Fatalf("%v, want exit status 1\n%s", err, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(paths) {
		t.Fatalf("%d lines about %d files", len(lines), len(paths))
	}
	accepted := 0
	for k, path := range paths {
		name := filepath.Base(path)
		o, err := check(files[name])
		want := "rejected " + path + ": "
		if err == nil {
			accepted++
			want = fmt.Sprintf("accepted %s: %s: n %d, %d layers, depth %d", path, o.Verdict, o.Partition.Dim(), o.Layers, o.Depth)
		}
		if !strings.HasPrefix(lines[k], want) {
			t.Errorf("one checker: %s (%v)\nthe other:   %s\n%q", want, err, lines[k], files[name])
		}
	}
	t.Logf("%d files, %d accepted", len(paths), accepted)
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
