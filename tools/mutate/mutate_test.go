package main

import (
	"bytes"
	"context"
	"go/format"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const source = `package sample

import "math/big"

// Clamp returns x within 0..most.
func Clamp(x, most int) int {
	if x < 0 {
		return 0
	}
	return min(x, most)
}

// Up returns 1/3 rounded up.
func Up() *big.Float {
	z := new(big.Float).SetPrec(8).SetMode(big.ToPositiveInf)
	z.Quo(big.NewFloat(1), big.NewFloat(3))
	return z
}

// Twice is tested by nobody.
func Twice(x int) int { return x + x }

func unused() {
	for {
	}
}
`

const test = `package sample

import (
	"math/big"
	"testing"
)

func TestClamp(t *testing.T) {
	if Clamp(-5, 3) != 0 || Clamp(2, 3) != 2 || Clamp(7, 3) != 3 || Clamp(-1, 3) != 0 {
		t.Fail()
	}
}

func TestUp(t *testing.T) {
	if z := Up(); z.Prec() != 8 || z.Mul(z.SetPrec(20), big.NewFloat(3)).Cmp(big.NewFloat(1)) < 0 {
		t.Fail()
	}
}
`

// module writes a module of one package and returns its directory.
func module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module sample\n\ngo 1.26\n", "sample.go": source, "sample_test.go": test} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Every rule, on a file that has an example of each.
func TestRules(t *testing.T) {
	const file = `package p

var a, b = 07, 1.5

func f(x, y int) bool {
	x += y
	x--
	g(-x)
	for x < y && !h() {
		up(x / y)
	}
	if x == y || false {
		return big.ToPositiveInf != min(x, 0)
	}
	return x<<y >= x&y
}
`
	all, err := ofFile([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range all {
		if file[m.from:m.to] != m.old {
			t.Errorf("%v is not the text at its place", m)
		}
		changed := file[:m.from] + m.new + file[m.to:]
		if m.old == m.new || changed == file {
			t.Errorf("%v changes nothing", m)
		}
		if _, err := format.Source([]byte(changed)); err != nil {
			t.Errorf("%v: %v", m, err)
		}
		got = append(got, m.id+" "+m.old+" > "+m.new)
	}
	want := []string{
		"constant 07 > 8", "constant 07 > 6", "constant 1.5 > (2 * 1.5)", "constant 1.5 > (0.5 * 1.5)",
		"operator += > -=", "operator += > =", "drop x += y > ", "operator -- > ++", "drop g(-x) > ", "sign - >  ",
		"negate x < y && !h() > !(x < y && !h())", "operator && > ||", "operator < > <=", "operator < > >=", "sign ! >  ",
		"drop up(x / y) > ", "unrounded up(x / y) > (x / y)", "name up > down", "operator / > *",
		"negate x == y || false > !(x == y || false)", "operator || > &&", "operator == > !=", "name false > true",
		"operator != > ==", "name ToPositiveInf > ToNegativeInf", "name min > max", "constant 0 > 1",
		"operator >= > >", "operator >= > <", "operator << > >>", "operator & > |",
	}
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// The mutants of a package that no test notices are those of the function that has
// no test, and what makes no difference; nothing in the tree is changed.
func TestRun(t *testing.T) {
	dir := module(t)
	out := func(args ...string) (string, int) {
		t.Helper()
		var out, messages bytes.Buffer
		n, err := run(context.Background(), append([]string{"-C", dir}, args...), &out, &messages)
		if err != nil {
			t.Fatal(err, messages.String())
		}
		return out.String(), n
	}
	text, n := out("-v", "-run", `ToPositive|:7:7 "<" -> "<="|:21:34 "\+"`, ".")
	for _, want := range []string{
		`killed       name sample.go:15:45 "ToPositiveInf" -> "ToNegativeInf"`,
		`SURVIVED     operator sample.go:7:7 "<" -> "<="`,
		`SURVIVED     operator sample.go:21:34 "+" -> "-"`,
		"killed    1  timed out   0  survived   2  stale   0  not compiled   0  score 33.3 %",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if n != 2 {
		t.Errorf("%d survivors, want 2", n)
	}
	if now, err := os.ReadFile(filepath.Join(dir, "sample.go")); err != nil || string(now) != source {
		t.Errorf("the source was changed, %v", err)
	}
	first, _ := out("-list", "-sample", "5", "-seed", "7", ".")
	again, _ := out("-list", "-sample", "5", "-seed", "7", ".")
	other, _ := out("-list", "-sample", "5", "-seed", "8", ".")
	if first != again || first == other || strings.Count(first, "\n") != 5 {
		t.Errorf("samples\n%s\n%s\n%s", first, again, other)
	}
}

// A list: one that is killed, one that takes forever, one that does not compile,
// one whose text has gone.
func TestKnown(t *testing.T) {
	dir := module(t)
	list := filepath.Join(dir, "list")
	const lines = `{"id": "a", "file": "sample.go", "old": "min(x, most)", "new": "most"}
{"id": "b", "file": "sample.go", "old": "x < 0 {", "new": "x < 0 {\n\t\tunused()"}
{"id": "c", "file": "sample.go", "old": "min(x, most)", "new": "nothing"}
{"id": "d", "file": "sample.go", "old": "gone", "new": "here"}
{"id": "f", "file": "sample.go", "old": "func Up(", "new": "func Down("}
{"id": "e", "file": "sample.go", "old": "return", "new": "too many"}
`
	if err := os.WriteFile(list, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	n, err := run(context.Background(), []string{"-C", dir, "-v", "-timeout", "2s", "-known", list}, &out, &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"killed       a ", "timed out    b ", "not compiled c ", "not compiled f ", "STALE        d ", "STALE        e "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	if n != 2 {
		t.Errorf("%d survivors and stale ones, want 2", n)
	}
	// A package that does not compile as it is is no proof of anything.
	if err := os.WriteFile(filepath.Join(dir, "sample_test.go"), []byte("package sample\n\nvar _ = none\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := run(context.Background(), []string{"-C", dir, "-known", list}, &out, &out); err == nil || !strings.Contains(err.Error(), "unchanged") {
		t.Errorf("a package that does not compile: %v", err)
	}
}

func TestBadInput(t *testing.T) {
	dir := module(t)
	bad := filepath.Join(dir, "bad")
	for _, lines := range []string{"{", `{"id": "a", "file": "/etc/passwd", "old": "a", "new": "b"}`, `{"id": "a", "file": "sample.go", "old": "a", "new": "a"}`, `{"ids": "a"}`} {
		if err := os.WriteFile(bad, []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readKnown(bad, dir); err == nil || !strings.Contains(err.Error(), "bad:1: ") {
			t.Errorf("%s: %v", lines, err)
		}
	}
	for _, args := range [][]string{{}, {"-known", bad, "."}, {"-sample", "-1", "."}, {"-run", "(", "."}, {"./none"}, {"-known", "none"}, {"-timeout", "0s", "."}} {
		var out bytes.Buffer
		if _, err := run(context.Background(), append([]string{"-C", dir}, args...), &out, &out); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

// The list that is kept names texts of this module; one that has gone is to be
// written anew, or dropped with its reason in docs/mutation.md.
func TestListIsReadable(t *testing.T) {
	all, err := readKnown("testdata/known.jsonl", filepath.Join("..", ".."))
	if err != nil || len(all) < 60 {
		t.Fatalf("%d mutants, %v", len(all), err)
	}
	seen := map[string]bool{}
	for _, m := range all {
		if seen[m.id] {
			t.Errorf("two mutants %s", m.id)
		}
		seen[m.id] = true
	}
}
