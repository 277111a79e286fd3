package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flowproof/internal/atomicfile"
)

// TestInterrupt interrupts every command that writes a file as soon as it begins to
// write, and at random times: the file is the old one or a whole new one, and
// nothing else is left behind.
func TestInterrupt(t *testing.T) {
	if args := os.Getenv("VERIFY_TEST_ARGS"); args != "" {
		os.Exit(run(strings.Split(args, "\n"), os.Stdin, os.Stdout, os.Stderr))
	}
	const size = "300"
	interrupted := 0
	for _, args := range [][]string{
		{"-d", size, "-o", "flow.cert"},
		{"-d", size, "-o", "flow.npz"},
		{"export", "-d", size, "-o", "flow.onnx"},
		{"export", "-d", size, "-o", "flow.safetensors"},
		{"export", "-d", size, "-o", "flow.json"},
		{"export", "-d", size, "-o", "flow.npz"},
		{"export", "-format", "torch", "-o", "flow.py"},
	} {
		name := args[len(args)-1]
		whole := interruptAt(t, args, "", -1)
		if whole.code != exitOK || len(whole.data) == 0 {
			t.Fatalf("%v: exit %d, %d bytes", args, whole.code, len(whole.data))
		}
		for _, at := range []time.Duration{0, 5 * time.Millisecond, 50 * time.Millisecond, 200 * time.Millisecond} {
			got := interruptAt(t, args, "old", at)
			switch {
			case !slices.Equal(got.files, []string{name}):
				t.Errorf("%v after %v: left %v", args, at, got.files)
			case got.data != "old" && got.data != whole.data:
				t.Errorf("%v after %v: left %d bytes, neither the old file nor the new one", args, at, len(got.data))
			case got.data != "old" && at > 0 && got.code != exitOK && got.code != atomicfile.Interrupted && got.code != -1:
				t.Errorf("%v after %v: exit %d", args, at, got.code)
			}
			if got.code == atomicfile.Interrupted && got.data == "old" {
				interrupted++
			}
		}
	}
	if interrupted < 3 {
		t.Errorf("only %d of the commands were interrupted while they wrote", interrupted)
	}
}

type leftover struct {
	code  int
	files []string
	data  string // of the file asked for
}

// interruptAt runs a command in a directory with an old file, if that is not empty,
// and interrupts it after some time, or, for 0, as soon as it has begun to write; for
// -1 not at all.
func interruptAt(t *testing.T, args []string, old string, at time.Duration) (z leftover) {
	t.Helper()
	dir, name := t.TempDir(), args[len(args)-1]
	if old != "" {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(old), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestInterrupt$")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "VERIFY_TEST_ARGS="+strings.Join(args, "\n"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	tick := time.NewTicker(200 * time.Microsecond)
	defer tick.Stop()
	for start, sent := time.Now(), at < 0; ; {
		select {
		case <-done:
			z.code = cmd.ProcessState.ExitCode()
			z.files = ls(t, dir)
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			z.data = string(data)
			return z
		case <-tick.C:
			if !sent && (at > 0 && time.Since(start) >= at || at == 0 && len(ls(t, dir)) > 1) {
				sent = true
				_ = cmd.Process.Signal(os.Interrupt) // it may just have ended
			}
		}
	}
}

func ls(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
