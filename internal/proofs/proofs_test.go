// Package proofs checks what PROOFS.md and the other pages name: tests,
// certificates and files that exist, and statements that are there where Go
// comments refer to them.
package proofs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"flowproof/theorem"
)

const root = "../.."

// pages returns the text of PROOFS.md, README.md and docs, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	chapters, err := filepath.Glob(filepath.Join(root, "proofs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	paths = append(paths, chapters...)
	for _, path := range append(paths, filepath.Join(root, "PROOFS.md"), filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out[path] = string(text)
	}
	return out
}

// goFiles parses the Go files of the module, with comments.
func goFiles(t *testing.T, visit func(path string, f *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err == nil {
			visit(path, f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// testNames returns the tests, fuzz targets, benchmarks and examples, each with
// the directories of the packages that have one of the name.
func testNames(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	goFiles(t, func(path string, f *ast.File) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && testName.MatchString(fn.Name.Name) {
				out[fn.Name.Name] = append(out[fn.Name.Name], filepath.Base(filepath.Dir(path)))
			}
		}
	})
	return out
}

var (
	testName = regexp.MustCompile(`\b(?:(\w+)\.)?((?:Test|Fuzz|Benchmark|Example)[A-Z]\w*)`)
	// The flags of go test alone: other tools have a -run of their own.
	pattern = regexp.MustCompile(`go test [^\n` + "`" + `]*?-(?:run|bench|fuzz)[= ]('[^']*'|"[^"]*"|[^\s` + "`" + `]+)`)
)

// alternatives writes a pattern with groups (a|b) as patterns without.
func alternatives(pattern string) []string {
	depth, last := 0, 0
	var parts []string
	for i, c := range pattern {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '|' && depth == 0:
			parts, last = append(parts, pattern[last:i]), i+1
		}
	}
	parts = append(parts, pattern[last:])
	if len(parts) > 1 {
		var out []string
		for _, p := range parts {
			out = append(out, alternatives(p)...)
		}
		return out
	}
	open, end := strings.IndexByte(pattern, '('), strings.LastIndexByte(pattern, ')')
	if open < 0 || end < open {
		return parts
	}
	var out []string
	for _, p := range alternatives(pattern[open+1 : end]) {
		out = append(out, pattern[:open]+p+pattern[end+1:])
	}
	return out
}

// Every test that a page names exists, in the package of that name if it says
// one, and every alternative of a -run or -bench pattern finds one.
func TestNamedTestsExist(t *testing.T) {
	names := testNames(t)
	seen := 0
	for path, text := range pages(t) {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			for _, p := range alternatives(strings.Trim(m[1], `'"`)) {
				re, err := regexp.Compile(p)
				if err != nil {
					t.Errorf("%s: %s: %v", path, m[0], err)
					continue
				}
				found := slices.Contains([]string{"XXX", "NONE", "^$"}, p) // no test, so that benchmarks run alone
				for name := range names {
					found = found || re.MatchString(name)
				}
				if !found {
					t.Errorf("%s: %s: no test matches %s", path, m[0], p)
				}
			}
		}
		for _, m := range testName.FindAllStringSubmatch(pattern.ReplaceAllString(text, ""), -1) {
			seen++
			found := len(names[m[2]]) > 0
			if m[1] != "" {
				found = false
				for _, dir := range names[m[2]] {
					found = found || dir == m[1]
				}
			}
			if !found {
				t.Errorf("%s: no test %s", path, m[0])
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d names of tests found in the pages", seen)
	}
}

var link = regexp.MustCompile(`\]\(([A-Za-z0-9_./-]+)(?:#[^)]*)?\)`)

// Every file that a page links exists, and every certificate that a checker has
// to accept is linked from PROOFS.md.
func TestLinks(t *testing.T) {
	linked := map[string]bool{}
	for path, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target := filepath.Join(filepath.Dir(path), m[1])
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			if filepath.Base(path) == "PROOFS.md" {
				linked[target] = true
			}
		}
	}
	certificates, err := filepath.Glob(filepath.Join(root, "testdata", "certificates", "accepted", "*.cert"))
	if err != nil || len(certificates) == 0 {
		t.Fatalf("%d certificates, %v", len(certificates), err)
	}
	for _, c := range certificates {
		if !linked[c] {
			t.Errorf("PROOFS.md does not name %s", c)
		}
	}
}

// linear returns the pages of the numbered statements: PROOFS.md and its chapters.
func linear() []string {
	out := []string{"PROOFS.md", "proofs/balls.md"} // balls.md has no numbered statement
	for _, s := range theorem.All() {
		if s.Opening == "" && !slices.Contains(out, s.Chapter) {
			out = append(out, s.Chapter)
		}
	}
	return out
}

// statements returns what PROOFS.md states: "theorem 2.6", "section 1.4", ...
func statements(t *testing.T) map[string]bool {
	t.Helper()
	var text []byte
	for _, page := range linear() {
		more, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, more...)
	}
	out := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#{2,3} (\d+(?:\.\d+)*)\b`).FindAllStringSubmatch(string(text), -1) {
		out["section "+m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?m)^\*\*(Theorem|Lemma|Proposition|Corollary|Corollarie)s? (`+list+`)`).FindAllStringSubmatch(string(text), -1) {
		kind := strings.Replace(strings.ToLower(m[1]), "corollarie", "corollary", 1)
		for _, n := range number.FindAllString(m[2], -1) {
			if out[kind+" "+n] {
				t.Errorf("PROOFS.md states %s %s twice", kind, n)
			}
			out[kind+" "+n] = true
		}
	}
	if len(out) < 60 {
		t.Errorf("only %d statements and sections found in PROOFS.md", len(out))
	}
	return out
}

const (
	one  = `\d+(?:\.\d+)*(?:'s\b|')?` // 4.8, or 1.5', or the 1's of "section 1's layers"
	list = one + `(?:(?:, | and |, and | or | to )` + one + `)*`
)

var (
	reference = regexp.MustCompile(`(?i)\b(theorem|lemma|proposition|corollary|section)s? (` + list + `)`)
	number    = regexp.MustCompile(one)
	// foreign: what is said just before is another work, not PROOFS.md.
	foreign = regexp.MustCompile(`Higham|RFC|APPNOTE|\b(?:19|20)\d\d\b|\b(?:certificate|numpy|pytorch|onnx|performance|referee|mutants|README)\.md`)
)

// references calls visit for each statement or section that a text refers to. A
// section counts only if proofs is true, or if PROOFS.md is named just before: other
// pages and formats have sections too.
func references(text string, proofs bool, visit func(name string)) {
	text = strings.Join(strings.Fields(text), " ")
	for _, at := range reference.FindAllStringSubmatchIndex(text, -1) {
		before := text[max(0, at[0]-80):at[0]]
		own := strings.LastIndex(before, "PROOFS.md")
		if loc := foreign.FindAllStringIndex(before, -1); loc != nil && loc[len(loc)-1][0] > own {
			continue
		}
		kind := strings.ToLower(text[at[2]:at[3]])
		if kind == "section" && !proofs && own < 0 {
			continue
		}
		for _, n := range number.FindAllString(text[at[4]:at[5]], -1) {
			visit(kind + " " + strings.TrimSuffix(n, "'s"))
		}
	}
}

// Every theorem, lemma, proposition and section of PROOFS.md that a comment or a
// text of the program refers to is there, and so are those that PROOFS.md itself
// and the other pages refer to.
func TestReferences(t *testing.T) {
	known := statements(t)
	seen := 0
	check := func(path, text string, proofs bool) {
		references(text, proofs, func(name string) {
			if seen++; !known[name] {
				t.Errorf("%s: there is no %s in PROOFS.md", path, name)
			}
		})
	}
	goFiles(t, func(path string, f *ast.File) {
		if strings.HasPrefix(path, filepath.Join(root, "internal", "proofs")) {
			return // its examples of references that must fail
		}
		for _, group := range f.Comments {
			check(path, group.Text(), false)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && strings.Contains(text, "PROOFS.md") {
					check(path, text, false)
				}
			}
			return true
		})
	})
	if seen < 60 {
		t.Errorf("only %d references found in Go files", seen)
	}
	for path, text := range pages(t) {
		if filepath.Base(path) == "universality.md" {
			continue // a numbering of its own
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		check(path, text, slices.Contains(linear(), filepath.ToSlash(rel)))
	}
}

// What counts as a reference.
func TestReferenceForms(t *testing.T) {
	for _, c := range []struct {
		text   string
		proofs bool
		want   string
	}{
		{"PROOFS.md, theorems 4.1\n and 4.2.", false, "theorem 4.1;theorem 4.2"},
		{"Lemma 1.5': any y2", false, "lemma 1.5'"},
		{"PROOFS.md, lemma 2.2 and theorem 2.6.", false, "lemma 2.2;theorem 2.6"},
		{"section 4.3 of the format", false, ""},
		{"(PROOFS.md, section 9)", false, "section 9"},
		{"section 5.4 and section 1's layers", true, "section 5.4;section 1"},
		{"Higham, Accuracy and Stability, Theorem 10.3", true, ""},
		{"Rump 2006, lemma 2.1; see PROOFS.md, lemma 7.5", false, "lemma 7.5"},
		{"lemmas 1.4, 1.5, 1.5'; 5.3", false, "lemma 1.4;lemma 1.5;lemma 1.5'"},
	} {
		var got []string
		references(c.text, c.proofs, func(name string) { got = append(got, name) })
		if s := strings.Join(got, ";"); s != c.want {
			t.Errorf("%q: %s, want %s", c.text, s, c.want)
		}
	}
	if got := strings.Join(alternatives("TestA(b|c)|TestD$"), ","); got != "TestAb,TestAc,TestD$" {
		t.Errorf("alternatives: %s", got)
	}
}
