package atomicfile

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func only(t *testing.T, dir, name string) {
	t.Helper()
	es, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(es) != 1 || es[0].Name() != name {
		t.Errorf("the directory holds %v, want %s alone", es, name)
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, text := range []string{"first", "second"} {
		err := Write(path, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
		if err != nil || read(t, path) != text {
			t.Errorf("%v, %q", err, read(t, path))
		}
		only(t, dir, "a")
	}
	broken := errors.New("broken")
	err := Write(path, func(w io.Writer) error {
		io.WriteString(w, "half of")
		return broken
	})
	if !errors.Is(err, broken) || read(t, path) != "second" {
		t.Errorf("%v, %q", err, read(t, path))
	}
	only(t, dir, "a")
	if err := Write(filepath.Join(dir, "none", "a"), func(io.Writer) error { return nil }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}

// TestInterrupt interrupts a copy of this program while it writes.
func TestInterrupt(t *testing.T) {
	if path := os.Getenv("ATOMICFILE_TEST_PATH"); path != "" {
		Write(path, func(w io.Writer) error {
			io.WriteString(w, "half of")
			os.WriteFile(path+".started", nil, 0o644)
			time.Sleep(time.Minute)
			return nil
		})
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	cmd := exec.Command(os.Args[0], "-test.run=TestInterrupt")
	cmd.Env = append(os.Environ(), "ATOMICFILE_TEST_PATH="+path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(path + ".started"); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != Interrupted {
		t.Errorf("exit code %d, want %d", code, Interrupted)
	}
	only(t, dir, "a.started")
}
