// Package imports holds the plan of the house: which package may import which. A
// package that the table does not know is refused.
package imports

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "flowproof"

// rule is what the packages of one line of the table may import, of this module and
// of others, beside the standard library. Paths are relative to the module; x/* is
// every package directly below x, x/... is x and everything below. What tests import
// does not count.
type rule struct {
	packages string
	own      string
	others   string
}

const (
	numbers    = " exactmath exactmath/* "                                  // not what is internal to exactmath
	linear     = " coupling coupling/* " + numbers                          // the vocabulary of linear flows
	vocabulary = " neural transport " + linear                              // of all flows
	shared     = " constructions/fault constructions/internal/* "           // by constructions
	leaves     = " internal/* "                                             // that know nothing of the project
	judges     = " verify verify/* " + vocabulary                           // and what they speak of
	builders   = " constructions constructions/* constructions/internal/* " // and the only ones who may use them: study and commands
	gonum      = " gonum.org/v1/gonum/... "
)

// table is the plan, from the ground up. The first line that names a package holds,
// one without a star before one with it.
var table = []rule{
	// The ground: numbers.
	{"theorem", "", ""},
	{"exactmath", "", ""},
	{"exactmath/*", numbers + "exactmath/internal/*", ""},
	{"exactmath/internal/*", "exactmath exactmath/internal/*", ""},
	{"exactmath/ball", numbers, "github.com/ALTree/bigfloat"},
	{"exactmath/internal/residue", "exactmath", "golang.org/x/sys/cpu"},
	{"exactmath/orientation", numbers + "exactmath/internal/*", gonum}, // a filter with a proved error bound
	{"exactmath/spectral", numbers, gonum},                             // estimates, which it then certifies

	// The vocabulary.
	{"coupling", "exactmath", ""},
	{"coupling/*", linear, ""},
	{"neural", "coupling" + numbers, ""},
	{"transport", "", ""},

	// Judges: never a builder, never another module.
	{"verify/product verify/lowerbound", "coupling exactmath", ""},
	{"verify/engine", "verify/product exactmath/modular", ""},
	{"verify/flowdepth", judges, "gonum.org/v1/gonum/mathext"}, // starting points, which balls certify
	{"verify verify/*", judges, ""},
	{"certificate", "certificate/scan verify/product verify/lowerbound coupling exactmath", ""},
	{"certificate/scan", "exactmath", ""},
	{"certificate/*", "certificate certificate/scan " + judges, ""},

	// Builders.
	{"constructions/fault", "", ""},
	{"constructions/internal/*", shared + linear, gonum},
	{"constructions/internal/sample", shared + judges + leaves, gonum}, // for tests alone
	{"constructions/*", shared + vocabulary, gonum},
	{"constructions/lowerbound", "constructions/rational verify/lowerbound " + shared + linear, ""}, // a prover speaks its checker's language
	{"constructions/conditioned", "constructions/rotation " + shared + linear, gonum},
	{"constructions/continuation", "constructions/refine constructions/rotation " + shared + linear, gonum},
	{"constructions/polish", "constructions/refine " + shared + linear, gonum},
	{"constructions", builders + linear, gonum},

	// What flows are made of, run on and written to.
	{"targets", "transport" + numbers + leaves, ""},
	{"checkpoint", "targets" + leaves, "github.com/nlpodyssey/gopickle/..."},
	{"convolution", linear + leaves, ""},
	{"empirical", "transport" + numbers, ""},
	{"export", vocabulary + leaves, gonum + "codeberg.org/sbinet/npyio/... github.com/nlpodyssey/safetensors google.golang.org/protobuf/..."},

	// Experiments with training.
	{"images", "", ""},
	{"training", leaves, gonum + "github.com/nlpodyssey/safetensors"},
	{"experiment", "training images targets empirical" + builders + judges + leaves, gonum},

	// From a case to a record, and from a record to a page.
	{"study", "targets empirical certificate/*" + builders + judges + leaves, gonum},
	{"picture", "", ""},
	{"report", "study experiment picture convolution" + judges + leaves, ""},

	// Commands.
	{"cmd/*", "theorem study experiment training images report targets checkpoint convolution empirical export certificate certificate/*" + builders + judges + leaves,
		"github.com/schollz/progressbar/v3 golang.org/x/term"},
	{"tools/*", "study report targets constructions coupling" + leaves, ""},
	{"bench/general", "constructions targets coupling verify verify/* internal/gemm" + numbers, ""},
	{"bench/* bench/*/*", "training internal/gemm" + numbers, "codeberg.org/sbinet/npyio"},

	// Leaves and what tests share.
	{"internal/*", "", ""},
	{"internal/gemm", "", "golang.org/x/sys/cpu" + gonum},
	{"internal/chaintest internal/flowtest", linear, ""},
	{"internal/golden", "theorem study targets constructions certificate certificate/*" + builders + judges, ""},
}

// reach is what some may not even reach: by any way. Of other modules they reach
// those named and no more.
var reach = []struct{ from, never, others string }{
	// Whatever decides "exact" is integers, in packages that are read in an evening.
	{"exactmath coupling verify/product verify/lowerbound", "exactmath/* neural", ""},
	{"verify/engine", "exactmath/ball exactmath/normal exactmath/spectral exactmath/orientation neural", "golang.org/x/sys/cpu"},
	{"certificate exactmath/dense", judged, ""},
	// A bound is integers and balls.
	{"verify", judged, "golang.org/x/sys/cpu"},
	{"verify/wasserstein", judged, "github.com/ALTree/bigfloat"},
	{"verify/flowdepth", judged, "github.com/ALTree/bigfloat gonum.org/..."},
	{"verify/condition", judged, "golang.org/x/sys/cpu github.com/ALTree/bigfloat gonum.org/..."},
}

// judged is whatever judges do not reach: what builds, and what speaks to users.
const judged = "constructions constructions/... study report targets export training experiment"

// matches reports whether the pattern x, x/* or x/... has the path.
func matches(pattern, p string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return p == base || strings.HasPrefix(p, base+"/")
	}
	ok, _ := path.Match(pattern, p)
	return ok
}

func anyOf(patterns, p string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(x string) bool { return matches(x, p) })
}

// ruleFor returns the rule that holds for a package.
func ruleFor(pkg string) (rule, bool) {
	for _, r := range table {
		if slices.Contains(strings.Fields(r.packages), pkg) {
			return r, true
		}
	}
	for _, r := range table {
		if anyOf(r.packages, pkg) {
			return r, true
		}
	}
	return rule{}, false
}

// listed is a package as go list describes it.
type listed struct {
	ImportPath    string
	Imports, Deps []string
	Module        *struct{ Main bool }
}

func list(t *testing.T) (all []listed) {
	t.Helper()
	// The test's result is kept as long as the folders are what they were.
	err := filepath.WalkDir("../..", func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps,Module", module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	d := json.NewDecoder(bytes.NewReader(out))
	for {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 50 {
		t.Fatalf("go list knows %d packages", len(all))
	}
	return all
}

// local returns the path within the module, false for other modules' packages.
func local(p string) (string, bool) { return strings.CutPrefix(p, module+"/") }

// standard reports whether the path is one of the standard library.
func standard(p string) bool {
	host, _, _ := strings.Cut(p, "/")
	return !strings.Contains(host, ".") && host != module
}

// TestImports holds every package of the module against the table.
func TestImports(t *testing.T) {
	used := map[string]bool{}
	for _, p := range list(t) {
		pkg, _ := local(p.ImportPath)
		r, ok := ruleFor(pkg)
		if !ok {
			t.Errorf("%s: no line of the table names it; give it one", pkg)
			continue
		}
		for _, pattern := range strings.Fields(r.packages) {
			if matches(pattern, pkg) {
				used[pattern] = true
			}
		}
		for _, imported := range p.Imports {
			if own, ok := local(imported); ok {
				if !anyOf(r.own, own) {
					t.Errorf("%s imports %s, may import of this module only: %s", pkg, own, strings.Join(strings.Fields(r.own), " "))
				}
			} else if !standard(imported) && !anyOf(r.others, imported) {
				t.Errorf("%s imports %s, may import of other modules only: %s", pkg, imported, strings.Join(strings.Fields(r.others), " "))
			}
		}
	}
	for _, r := range table {
		for _, pattern := range strings.Fields(r.packages) {
			if !used[pattern] {
				t.Errorf("%s: the table names it, and there is no such package", pattern)
			}
		}
	}
}

// TestReach: whoever checks does not reach whoever builds, by any way.
func TestReach(t *testing.T) {
	deps := map[string][]string{}
	for _, p := range list(t) {
		pkg, _ := local(p.ImportPath)
		deps[pkg] = p.Deps
	}
	for _, r := range reach {
		for _, from := range strings.Fields(r.from) {
			if deps[from] == nil {
				t.Errorf("%s: no such package", from)
			}
			for _, d := range deps[from] {
				own, ok := local(d)
				if ok && anyOf(r.never, own) || !ok && !standard(d) && !anyOf(r.others, d) {
					t.Errorf("%s reaches %s", from, d)
				}
			}
		}
	}
}

// unreached are the packages that no command reaches, each with the reason why it is
// here.
var unreached = map[string]string{
	"exactmath/freegroup":           "machine proofs of the identities of PROOFS.md, chapter 1",
	"constructions/internal/sample": "shared by tests",
	"internal/chaintest":            "shared by tests",
	"internal/flowtest":             "shared by tests",
	"internal/weird":                "shared by tests",
	"internal/imports":              "this test",
	"internal/proofs":               "the test of what the pages name",
}

// TestReached: what no command reaches goes, or has a reason to stay.
func TestReached(t *testing.T) {
	all := list(t)
	reached := map[string]bool{}
	for _, p := range all {
		pkg, _ := local(p.ImportPath)
		if !anyOf("cmd/* tools/* internal/golden", pkg) {
			continue
		}
		reached[pkg] = true
		for _, d := range p.Deps {
			if own, ok := local(d); ok {
				reached[own] = true
			}
		}
	}
	for _, p := range all {
		pkg, _ := local(p.ImportPath)
		if anyOf("bench/...", pkg) { // commands that measure
			continue
		}
		if reason := unreached[pkg]; reached[pkg] == (reason != "") {
			t.Errorf("%s: reached by a command: %v; the reason given for the contrary: %q", pkg, reached[pkg], reason)
		}
	}
	if !reached["study"] || reached["internal/weird"] {
		t.Error("the search is wrong")
	}
}

// TestMatches: the patterns mean what the table's comment says.
func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          bool
	}{
		{"exactmath", "exactmath", true}, {"exactmath", "exactmath/ball", false},
		{"exactmath/*", "exactmath", false}, {"exactmath/*", "exactmath/ball", true}, {"exactmath/*", "exactmath/internal/residue", false},
		{"a/...", "a", true}, {"a/...", "a/b/c", true}, {"a/...", "ab", false},
	} {
		if got := matches(tt.pattern, tt.path); got != tt.want {
			t.Errorf("%s, %s: %v", tt.pattern, tt.path, got)
		}
	}
	if r, ok := ruleFor("verify/product"); !ok || strings.Contains(r.own, "neural") {
		t.Error("the exact line does not come first")
	}
	if _, ok := ruleFor("nowhere"); ok {
		t.Error("a package that the table does not know has a rule")
	}
}
