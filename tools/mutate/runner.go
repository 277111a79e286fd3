package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// outcome is what became of a mutant.
type outcome int

const (
	killed   outcome = iota // a test failed
	timedOut                // the tests took too long
	unbuilt                 // it does not compile, so it is none
	survived                // all tests pass
	stale                   // a list's text is not in the file, once
	notRun                  // the number of outcomes
)

func (o outcome) String() string {
	return [...]string{"killed", "timed out", "not compiled", "SURVIVED", "STALE"}[o]
}

// ofPackages returns the mutants of the packages that the patterns name, or a
// sample of those of each, drawn by the seed, in the order of the text.
func ofPackages(ctx context.Context, root string, patterns []string, sample int, seed uint64) ([]mutant, error) {
	var out, message bytes.Buffer
	list := exec.CommandContext(ctx, "go", append([]string{"list", "-json=Dir,GoFiles"}, patterns...)...)
	list.Dir, list.Stdout, list.Stderr = root, &out, &message
	if err := list.Run(); err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, bytes.TrimSpace(message.Bytes()))
	}
	var all []mutant
	for d := json.NewDecoder(&out); ; {
		var p struct {
			Dir     string
			GoFiles []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		dir, err := filepath.Rel(root, p.Dir)
		if err != nil {
			return nil, err
		}
		var these []mutant
		for _, name := range p.GoFiles {
			src, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				return nil, err
			}
			found, err := ofFile(src)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			for _, m := range found {
				m.pkg, m.file = "./"+filepath.ToSlash(dir), filepath.Join(dir, name)
				these = append(these, m)
			}
		}
		if sample > 0 && sample < len(these) {
			chosen := rand.New(rand.NewPCG(seed, 0)).Perm(len(these))[:sample]
			slices.Sort(chosen)
			for i, k := range chosen {
				these[i] = these[k]
			}
			these = these[:sample]
		}
		all = append(all, these...)
	}
}

// runner runs mutants of the module in root, with a folder of its own for the
// changed files.
type runner struct {
	root, dir string
	timeout   time.Duration
	sound     map[string]bool // packages whose tests compile unchanged
}

func newRunner(root string, timeout time.Duration) (*runner, error) {
	dir, err := os.MkdirTemp("", "mutate")
	return &runner{root, dir, timeout, map[string]bool{}}, err
}

func (r *runner) close() { os.RemoveAll(r.dir) }

// run runs the tests of the package of m with the change in place.
func (r *runner) run(ctx context.Context, m mutant) (outcome, error) {
	if m.stale {
		return stale, nil
	}
	real := filepath.Join(r.root, m.file)
	src, err := os.ReadFile(real)
	if err != nil {
		return 0, err
	}
	changed := filepath.Join(r.dir, filepath.Base(m.file))
	text := string(src[:m.from]) + m.new + string(src[m.to:])
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		return 0, err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {real: changed}})
	if err != nil {
		return 0, err
	}
	replace := filepath.Join(r.dir, "overlay.json")
	if err := os.WriteFile(replace, overlay, 0o600); err != nil {
		return 0, err
	}
	limited, cancel := context.WithTimeout(ctx, r.timeout+2*time.Minute) // for the compiler
	defer cancel()
	binary := filepath.Join(r.dir, "test")
	build := exec.CommandContext(limited, "go", "test", "-c", "-vet=off", "-overlay", replace, "-o", binary, m.pkg)
	build.Dir = r.root
	os.Remove(binary)
	if err := build.Run(); err != nil {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return unbuilt, r.builds(ctx, m.pkg)
	}
	if _, err := os.Stat(binary); err != nil { // no test files
		return survived, nil
	}
	limited, cancel = context.WithTimeout(ctx, r.timeout)
	defer cancel()
	test := exec.CommandContext(limited, binary, "-test.failfast")
	test.Dir = filepath.Join(r.root, filepath.FromSlash(m.pkg))
	err = test.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case limited.Err() != nil:
		return timedOut, nil
	case errors.As(err, &exit):
		return killed, nil
	}
	return survived, err
}

// builds fails if the tests of a package do not compile as they are.
func (r *runner) builds(ctx context.Context, pkg string) error {
	if r.sound[pkg] {
		return nil
	}
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-o", os.DevNull, pkg)
	build.Dir = r.root
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go test -c %s, unchanged: %w: %s", pkg, err, bytes.TrimSpace(text))
	}
	r.sound[pkg] = true
	return nil
}

// table counts the outcomes of each package.
type table map[string]*[notRun]int

func (t table) count(pkg string, o outcome) {
	if t[pkg] == nil {
		t[pkg] = new([notRun]int)
	}
	t[pkg][o]++
}

func (t table) total() (sum [notRun]int) {
	for _, row := range t {
		for o, n := range row {
			sum[o] += n
		}
	}
	return sum
}

// print prints the score of each package: the share of the mutants killed, in
// time or not, among those that compile.
func (t table) print(out io.Writer) {
	line := func(name string, n [notRun]int) {
		dead := n[killed] + n[timedOut]
		score := "-"
		if all := dead + n[survived]; all > 0 {
			score = fmt.Sprintf("%.1f %%", 100*float64(dead)/float64(all))
		}
		fmt.Fprintf(out, "%-32s killed %4d  timed out %3d  survived %3d  stale %3d  not compiled %3d  score %s\n",
			name, n[killed], n[timedOut], n[survived], n[stale], n[unbuilt], score)
	}
	for _, pkg := range slices.Sorted(maps.Keys(t)) {
		line(strings.TrimPrefix(pkg, "./"), *t[pkg])
	}
	if len(t) > 1 {
		line("all", t.total())
	}
}
