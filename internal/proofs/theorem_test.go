package proofs

import (
	"flag"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"flowproof/theorem"
)

var write = flag.Bool("write", false, "write the generated part of PROOFS.md")

// The list is valid, and Validate refuses lists that are not.
func TestValidate(t *testing.T) {
	if err := theorem.Validate(theorem.All()); err != nil {
		t.Fatal(err)
	}
	s := func(id string, needs ...string) theorem.Statement {
		return theorem.Statement{ID: id, Kind: theorem.Lemma, Chapter: "x", Title: "x", Status: theorem.Proved, Needs: needs}
	}
	cited := s("a")
	cited.Status = theorem.Cited
	for name, bad := range map[string][]theorem.Statement{
		"circle":  {s("a", "b"), s("b", "c"), s("c", "a")},
		"itself":  {s("a", "a")},
		"missing": {s("a", "b")},
		"twice":   {s("a"), s("a")},
		"no ID":   {s("")},
		"cited":   {cited},
	} {
		if theorem.Validate(bad) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := theorem.Validate([]theorem.Statement{s("a", "b", "c"), s("b", "c"), s("c")}); err != nil {
		t.Error(err)
	}
}

// Each statement stands in its chapter below an anchor of its ID, and each anchor of
// a chapter is the ID of a statement.
func TestAnchors(t *testing.T) {
	anchor := regexp.MustCompile(`<a id="([^"]*)"></a>\n\n\*\*(\w+)(?: (\d+(?:\.\d+)?'?))?`)
	got := map[string]string{}
	for _, page := range linear() {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range anchor.FindAllStringSubmatch(string(text), -1) {
			got[m[1]] = page + ": " + strings.TrimSpace(m[2]+" "+m[3])
		}
		if a, s := strings.Count(string(text), "<a id="), len(heads.FindAll(text, -1)); a != s {
			t.Errorf("%s: %d anchors for %d statements", page, a, s)
		}
	}
	all := theorem.All()
	for _, s := range all {
		if s.Opening != "" {
			continue
		}
		number := s.Number
		if number == "" {
			number = strings.ToUpper(string(s.Kind[:1])) + string(s.Kind[1:])
		}
		if want := s.Chapter + ": " + number; got[s.ID] != want {
			t.Errorf("%s: the chapters have %q, want %q", s.ID, got[s.ID], want)
		}
		delete(got, s.ID)
	}
	for id, at := range got {
		t.Errorf("%s, %s: no such statement", at, id)
	}
}

// A statement of a chapter without anchors begins as it says, once; such a chapter
// names its statements, all of them and no others, in backticks.
func TestOpenings(t *testing.T) {
	name := regexp.MustCompile("`([a-z]+(?:-[a-z]+)+)`")
	named := map[string]map[string]bool{} // by chapter
	pages := map[string]string{}
	at := map[string]string{}
	for _, s := range theorem.All() {
		if s.Opening == "" {
			continue
		}
		text, ok := pages[s.Chapter]
		if !ok {
			page, err := os.ReadFile(filepath.Join(root, s.Chapter))
			if err != nil {
				t.Fatal(err)
			}
			text = string(page)
			pages[s.Chapter], named[s.Chapter] = text, map[string]bool{}
			for _, m := range name.FindAllStringSubmatch(text, -1) {
				named[s.Chapter][m[1]] = true
			}
			if len(named[s.Chapter]) < 10 {
				t.Errorf("%s: only %d names of statements found", s.Chapter, len(named[s.Chapter]))
			}
		}
		if n := strings.Count(text, s.Opening); n != 1 {
			t.Errorf("%s: %q is %d times in %s, want once", s.ID, s.Opening, n, s.Chapter)
		}
		place := fmt.Sprintf("%s:%d", s.Chapter, strings.Index(text, s.Opening))
		if other, twice := at[place]; twice {
			t.Errorf("%s and %s begin at one place", s.ID, other)
		}
		at[place] = s.ID
		if !named[s.Chapter][s.ID] {
			t.Errorf("%s does not name %s", s.Chapter, s.ID)
		}
		delete(named[s.Chapter], s.ID)
	}
	for chapter, left := range named {
		for id := range left {
			t.Errorf("%s: %s is no statement of package theorem", chapter, id)
		}
	}
}

var heads = regexp.MustCompile(`(?m)^\*\*(Theorem|Lemma|Proposition|Corollary)\b`)

// Each test that a statement names exists.
func TestStatementTests(t *testing.T) {
	names := testNames(t)
	for _, s := range theorem.All() {
		for _, name := range s.Tests {
			pkg, test, ok := strings.Cut(name, ".")
			if !ok {
				pkg, test = "", name
			}
			if dirs := names[test]; len(dirs) == 0 || pkg != "" && !slices.Contains(dirs, pkg) {
				t.Errorf("%s: no test %s", s.ID, name)
			}
		}
	}
}

// Each constructor exists, and its comment names the ID.
func TestConstructors(t *testing.T) {
	docs := map[string]string{}
	goFiles(t, func(path string, f *ast.File) {
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				docs["flowproof/"+filepath.ToSlash(rel)+"."+fn.Name.Name] = fn.Doc.Text()
			}
		}
	})
	seen := 0
	for _, s := range theorem.All() {
		for _, c := range s.Constructors {
			seen++
			doc, ok := docs[c]
			switch {
			case !ok:
				t.Errorf("%s: no function %s", s.ID, c)
			case !regexp.MustCompile(`(^|[^\w-])` + s.ID + `($|[^\w-])`).MatchString(doc):
				t.Errorf("the comment of %s does not name %s", c, s.ID)
			}
		}
	}
	if seen == 0 {
		t.Error("no constructors")
	}
}

// Each certificate that is to be accepted belongs to the statement of its theorem
// line, and is listed there; the examples of the format belong to none.
func TestCertificates(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(root, "testdata", "certificates", "accepted", "*.cert"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d certificates, %v", len(paths), err)
	}
	distances, err := filepath.Glob(filepath.Join(root, "testdata", "certificates", "distance", "*.cert"))
	if err != nil || len(distances) == 0 {
		t.Fatalf("%d certificates of distances, %v", len(distances), err)
	}
	paths = append(paths, distances...)
	listed := map[string]string{}
	for _, s := range theorem.All() {
		for _, c := range s.Certificates {
			if other, twice := listed[c]; twice {
				t.Errorf("%s is listed by %s and by %s", c, other, s.ID)
			}
			listed[c] = s.ID
		}
	}
	line := regexp.MustCompile(`(?m)^theorem (.*)$`)
	examples := theorem.Examples()
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".cert")
		if slices.Contains(distances, path) {
			name = "distance/" + name
		}
		m := line.FindSubmatch(text)
		if m == nil {
			t.Errorf("%s has no theorem line", name)
			continue
		}
		if want, example := examples[name]; example {
			if string(m[1]) != want {
				t.Errorf("%s: theorem %q, want %q", name, m[1], want)
			}
			continue
		}
		s, ok := theorem.ByLine(string(m[1]))
		if !ok || listed[name] != s.ID {
			t.Errorf("%s: its line is of %q, it is listed by %q", name, s.ID, listed[name])
		}
		delete(listed, name)
	}
	for name, id := range listed {
		t.Errorf("%s: no certificate %s", id, name)
	}
}

// generated is the list of statements in PROOFS.md, then what each needs.
func generated() string {
	var b strings.Builder
	b.WriteString("| statement | | ID | status |\n|---|---|---|---|\n")
	for _, s := range theorem.All() {
		page := s.Chapter
		if page == "PROOFS.md" {
			page = ""
		}
		status := string(s.Status)
		if s.Source != "" {
			status += "; " + s.Source
		}
		number := s.Number
		if number == "" {
			number = string(s.Kind)
		}
		if s.Opening == "" {
			page += "#" + s.ID
		}
		fmt.Fprintf(&b, "| %s | %s | [%s](%s) | %s |\n", number, s.Title, s.ID, page, status)
	}
	b.WriteString("\nWhat the proofs need:\n\n```text\n")
	for _, s := range theorem.All() {
		if len(s.Needs) == 0 {
			continue
		}
		line := s.ID + " <-"
		for _, need := range s.Needs {
			if len(line)+1+len(need) > 118 {
				b.WriteString(line + "\n")
				line = "   "
			}
			line += " " + need
		}
		b.WriteString(line + "\n")
	}
	b.WriteString("```\n")
	return b.String()
}

// The list of statements in PROOFS.md is that of package theorem; -args -write
// writes it.
func TestMap(t *testing.T) {
	const begin, end = "-run TestMap -args -write -->\n", "<!-- end -->"
	path := filepath.Join(root, "PROOFS.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(page), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("PROOFS.md has no marks of the generated part")
	}
	want := head + begin + "\n" + generated() + "\n" + end + tail
	if *write {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Error("the list of statements in PROOFS.md is not that of package theorem: go test ./internal/proofs -run TestMap -args -write")
	}
}

// No line of the linear pages is longer than 120 characters, tables aside.
func TestLineLengths(t *testing.T) {
	for _, page := range linear() {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range slices.Collect(strings.SplitSeq(string(text), "\n")) {
			if len([]rune(l)) > 120 && !strings.HasPrefix(l, "|") {
				t.Errorf("%s:%d: %d characters", page, i+1, len([]rune(l)))
			}
		}
	}
}
