package proofs

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The README's example of the library compiles and runs in another module, which
// finds this one by a replace directive.
func TestLibrary(t *testing.T) {
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	copyFile := func(to, from string) []byte {
		t.Helper()
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), text, 0o644); err != nil {
			t.Fatal(err)
		}
		return text
	}
	copyFile("main.go", filepath.Join("testdata", "library", "main.go"))
	copyFile("go.sum", filepath.Join(root, "go.sum"))
	copyFile("go.mod", filepath.Join(root, "go.mod"))
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	run("mod", "edit", "-module", "example.org/library", "-require", "flowproof@v0.0.0", "-replace", "flowproof="+here)
	if got, want := run("run", "."), "6 layers, verdict residual\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
