package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var clients = flag.Bool("clients", false, "also run the Python and Node.js code of the pages in docs, and the completion of zsh and fish: all must be installed")

// block is a fenced block of a page: its language line and its text.
type block struct{ lang, text string }

func blocks(page string) (out []block) {
	parts := strings.Split(page, "\n```")
	for i := 1; i < len(parts); i += 2 {
		lang, text, _ := strings.Cut(parts[i], "\n")
		out = append(out, block{lang, text})
	}
	return out
}

// TestDocs runs every command of the pages for users, top to bottom, in an empty
// directory. Code in other languages is run with -clients, and then a missing
// interpreter or package is a failure.
func TestDocs(t *testing.T) {
	pages := []string{"../../docs/numpy.md", "../../docs/pytorch.md", "../../docs/onnx.md", "../../docs/flows.md", "../../docs/referee.md", "../../README.md"}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "verify"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			all := blocks(string(text))
			dir := t.TempDir()
			if filepath.Base(page) == "referee.md" { // its commands name files of the project
				dir = "../.."
			}
			for _, b := range all {
				if strings.HasSuffix(b.lang, " run") && !*clients {
					prepare(t, dir, page)
				}
			}
			for _, b := range all {
				var cmd *exec.Cmd
				switch {
				case b.lang == "sh":
					cmd = exec.Command("bash", "-euc", b.text)
				case b.lang == "sh run" && *clients:
					cmd = exec.Command("bash", "-euc", b.text)
				case b.lang == "python run" && *clients:
					cmd = exec.Command("/usr/bin/python3", "-c", b.text)
				case b.lang == "js run" && *clients:
					cmd = exec.Command("node", "-e", b.text)
				default:
					continue
				}
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s\n%s", err, b.text, out)
				}
			}
		})
	}
}

// prepare puts in place what the page's own code would have made.
func prepare(t *testing.T, dir, page string) {
	t.Helper()
	switch filepath.Base(page) {
	case "numpy.md":
		writeRotation(t, filepath.Join(dir, "matrix.npy"))
	case "pytorch.md":
		b, err := os.ReadFile("../../testdata/checkpoints/page.pt")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "model.pt"), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
