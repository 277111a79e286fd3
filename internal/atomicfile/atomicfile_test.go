package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
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

// TestModes: a new file has what the umask leaves, an old one keeps what it has.
func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	dir := t.TempDir()
	for name, c := range map[string]struct{ old, want fs.FileMode }{
		"new": {0, 0o640}, "private": {0o600, 0o600}, "open": {0o666, 0o666}, "executable": {0o755, 0o755},
	} {
		path := filepath.Join(dir, name)
		if c.old != 0 {
			if err := os.WriteFile(path, []byte("old"), c.old); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.old); err != nil {
				t.Fatal(err)
			}
		}
		err := Write(path, func(w io.Writer) error {
			if info, err := w.(*os.File).Stat(); err != nil || info.Mode().Perm()&^c.want != 0 {
				t.Errorf("%s: %v while it is written", name, info.Mode())
			}
			_, err := io.WriteString(w, "new")
			return err
		})
		info, err2 := os.Stat(path)
		if err != nil || err2 != nil || info.Mode().Perm() != c.want || read(t, path) != "new" {
			t.Errorf("%s: %v, %v, mode %v, want %v", name, err, err2, info.Mode().Perm(), c.want)
		}
	}
}

// TestReadOnly: whoever may not write to a file does not replace it.
func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, []byte("old"), 0o444); err != nil {
		t.Fatal(err)
	}
	if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
		f.Close()
		t.Skip("this user may write to every file")
	}
	if err := Write(path, hello); !errors.Is(err, fs.ErrPermission) || read(t, path) != "old" {
		t.Errorf("%v, %q", err, read(t, path))
	}
}

func hello(w io.Writer) error {
	_, err := io.WriteString(w, "hello")
	return err
}

// TestLinks: a link stays, what it leads to is replaced, or made.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Mkdir(at("sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("sub/file"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"a": "b", "b": "sub/file", "dangling": at("sub/new"), "loop": "loop", "lost": "none/file", "dir": "sub"} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	for link, file := range map[string]string{"a": "sub/file", "dangling": "sub/new"} {
		err := errors.Join(Check(at(link)), Write(at(link), hello))
		if info, _ := os.Lstat(at(link)); err != nil || read(t, at(file)) != "hello" || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s: %v, %q, %v", link, err, read(t, at(file)), info.Mode())
		}
	}
	for link, want := range map[string]string{"loop": "leads nowhere", "lost": "no directory", "dir": "is a directory"} {
		if err := Check(at(link)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", link, err, want)
		}
		if err := Write(at(link), hello); err == nil {
			t.Errorf("%s: written", link)
		}
	}
}

// TestNoFile: pipes, devices and sockets stay what they are.
func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	pipe, link, socket := filepath.Join(dir, "pipe"), filepath.Join(dir, "link"), filepath.Join(dir, "socket")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("pipe", link); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for path, want := range map[string]string{pipe: "is a named pipe", link: "is a named pipe", socket: "is a socket", os.DevNull: "is a device", dir: "is a directory"} {
		for _, err := range []error{Check(path), Write(path, hello)} {
			var e *Error
			if !errors.As(err, &e) || e.Path != path || !strings.Contains(e.Reason, want) {
				t.Errorf("%s: %v, want %q", path, err, want)
			}
		}
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		t.Errorf("the pipe is now %v, %v", info, err)
	}
}

// TestLongNames: names as long as a file system takes them.
func TestLongNames(t *testing.T) {
	for _, n := range []int{230, 240, 250, 255} {
		dir := t.TempDir()
		name := strings.Repeat("n", n)
		if err := Write(filepath.Join(dir, name), hello); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		only(t, dir, name)
	}
}

// TestLeftovers: what a killed run left of the same file is removed, and nothing
// else: not what another run is writing.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	put := func(name string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte("half of"), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	dead := put(filepath.Base(prefix(path)) + "00000000.tmp")
	others := []string{put(prefix(filepath.Join(dir, "b")) + "00000000.tmp"), put(prefix(path) + "00000001.bak"), put(".a.123.tmp"), put("a.tmp")}
	link := filepath.Join(dir, prefix(path)+"00000002.tmp")
	if err := os.Symlink("a.tmp", link); err != nil {
		t.Fatal(err)
	}
	err := Write(path, func(w io.Writer) error {
		name := w.(*os.File).Name()
		if err := Write(path, hello); err != nil {
			return err
		}
		if _, err := os.Stat(name); err != nil {
			t.Errorf("a file that is being written was taken for a leftover: %v", err)
		}
		_, err := io.WriteString(w, "world")
		return err
	})
	if err != nil || read(t, path) != "world" {
		t.Errorf("%v, %q", err, read(t, path))
	}
	if _, err := os.Stat(dead); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the leftover is still there: %v", err)
	}
	for _, p := range append(others, link) {
		if _, err := os.Lstat(p); err != nil {
			t.Errorf("%v", err)
		}
	}
}

// TestTogether: many runs that write one file do not remove each other's.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if err := Write(path, hello); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	only(t, dir, "a")
}

// TestSignals sends each signal to a copy of this program while it writes.
func TestSignals(t *testing.T) {
	if path := os.Getenv("ATOMICFILE_TEST_PATH"); path != "" {
		if os.Getenv("ATOMICFILE_TEST_IGNORE") != "" {
			signal.Ignore(syscall.SIGHUP)
		}
		Write(path, func(w io.Writer) error {
			io.WriteString(w, "half of")
			os.WriteFile(path+".started", nil, 0o644)
			for {
				if _, err := os.Stat(path + ".started"); err != nil {
					return nil
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
		return
	}
	for _, c := range []struct {
		signal os.Signal
		ignore string
		code   int
	}{{os.Interrupt, "", Interrupted}, {syscall.SIGTERM, "", Interrupted}, {syscall.SIGHUP, "", Interrupted}, {syscall.SIGQUIT, "", Interrupted}, {syscall.SIGHUP, "1", 0}} {
		dir := t.TempDir()
		path := filepath.Join(dir, "a")
		cmd := exec.Command(os.Args[0], "-test.run=^TestSignals$")
		cmd.Env = append(os.Environ(), "ATOMICFILE_TEST_PATH="+path, "ATOMICFILE_TEST_IGNORE="+c.ignore)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := os.Stat(path + ".started"); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if err := cmd.Process.Signal(c.signal); err != nil {
			t.Fatal(err)
		}
		if c.ignore != "" {
			time.Sleep(50 * time.Millisecond) // time to end, if it does
			os.Remove(path + ".started")
		}
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != c.code {
			t.Errorf("%v: exit code %d, want %d", c.signal, code, c.code)
		}
		if c.ignore != "" {
			only(t, dir, "a")
		} else {
			only(t, dir, "a.started")
		}
	}
}
