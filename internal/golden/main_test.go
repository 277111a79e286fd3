package main

import (
	"os"
	"path/filepath"
	"testing"

	"flowproof/certificate"
	"flowproof/verify/engine"
)

// What is generated is accepted below accepted/, and refused below refused/;
// there is a file of the same name among the golden ones.
func TestGenerate(t *testing.T) {
	dir := t.TempDir()
	if err := generate(dir); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"accepted", "refused"} {
		paths, _ := filepath.Glob(filepath.Join(dir, sub, "*.cert"))
		if len(paths) == 0 {
			t.Errorf("nothing %s", sub)
		}
		for _, path := range paths {
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = certificate.Check(f, certificate.DefaultLimits(), engine.New, nil)
			f.Close()
			if (err == nil) != (sub == "accepted") {
				t.Errorf("%s: %v", path, err)
			}
			if _, err := os.Stat(filepath.Join("../../testdata/certificates", sub, filepath.Base(path))); err != nil {
				t.Errorf("%v: run go generate ./internal/golden", err)
			}
		}
	}
}

func TestGenerateReportsErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := generate(filepath.Join(file, "dir")); err == nil {
		t.Error("written below a file")
	}
}
