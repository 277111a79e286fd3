package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// completions are lines with their last word begun, and the one word that it is to
// become.
var completions = map[string]string{
	"verify ex":                      "export",
	"verify -targ":                   "-target",
	"verify -target random-o":        "random-orthogonal",
	"verify export -format o":        "onnx",
	"verify export -inv":             "-inverse",
	"verify list -js":                "-json",
	"verify list con":                "constructions",
	"verify help exp":                "export",
	"verify build -targ":             "-target",
	"verify universal -target two-m": "two-moons",
}

// TestBashCompletion lets bash complete a few lines.
func TestBashCompletion(t *testing.T) {
	_, script, _ := call("completion", "bash")
	for line, want := range completions {
		words := strings.Fields(line)
		driver := fmt.Sprintf("%s\nCOMP_WORDS=(%s) COMP_CWORD=%d; _verify; echo ${COMPREPLY[*]}", script, line, len(words)-1)
		out, err := exec.Command("bash", "-c", driver).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%s: %q, %v, want %s", line, out, err, want)
		}
	}
	if code, _, errs := call("completion", "csh"); code != exitUsage || !strings.Contains(errs, "bash, zsh or fish") {
		t.Errorf("csh: exit %d, %s", code, errs)
	}
}

// TestFishCompletion asks fish.
func TestFishCompletion(t *testing.T) {
	need(t, "fish")
	_, script, _ := call("completion", "fish")
	for line, want := range completions {
		cmd := exec.Command("fish", "--no-config", "-c", script+"\ncomplete -C "+fmt.Sprintf("%q", line))
		cmd.Dir = t.TempDir() // without files to offer
		out, err := cmd.CombinedOutput()
		word, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\t") // a description follows
		if err != nil || word != want {
			t.Errorf("%s: %q, %v, want %s", line, out, err, want)
		}
	}
}

// zshDriver types the lines of its standard input, each followed by a tab, into an
// interactive zsh in a terminal of its own, and prints what they become.
const zshDriver = `
zmodload zsh/zpty
zpty -b shell "zsh -f -i"
zpty -w shell "PROMPT=; autoload -U compinit; compinit -u -D; source $1; bindkey '^I' complete-word; _show() { print -r -- \"<<\$BUFFER>>\"; zle kill-whole-line; zle accept-line }; zle -N _show; bindkey '^G' _show; print REA''DY"
out=
repeat 1000; do zpty -r -t shell chunk && out+=$chunk; [[ $out == *READY* ]] && break; sleep 0.02; done
while read -r line; do
  out=
  zpty -n -w shell "$line"$'\t\x07'
  repeat 1000; do zpty -r -t shell chunk && out+=$chunk; [[ $out == *'<<'*'>>'* ]] && break; sleep 0.02; done
  print -r -- "${${out##*<<}%%>>*}"
done
zpty -d shell
`

// TestZshCompletion presses the tab key in zsh.
func TestZshCompletion(t *testing.T) {
	need(t, "zsh")
	_, script, _ := call("completion", "zsh")
	path := filepath.Join(t.TempDir(), "_verify")
	if err := os.WriteFile(path, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	lines := slices.Sorted(maps.Keys(completions))
	cmd := exec.Command("zsh", "-f", "-c", zshDriver, "zsh", path)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	out, err := cmd.CombinedOutput()
	got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if err != nil || len(got) != len(lines) {
		t.Fatalf("zsh: %v\n%s", err, out)
	}
	for k, line := range lines {
		begun := strings.Fields(line)
		want := strings.Join(append(begun[:len(begun)-1], completions[line]), " ")
		if strings.TrimSpace(got[k]) != want {
			t.Errorf("%s: %q, want %q", line, got[k], want)
		}
	}
}

// need skips the test if a program is not installed, unless all are asked for.
func need(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if *clients {
			t.Fatal(err)
		}
		t.Skipf("%s is not installed", name)
	}
}
