// Package atomicfile writes files that are either complete or not there.
package atomicfile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

// Interrupted is the exit code of a program interrupted while it writes.
const Interrupted = 130

// Error reports a file that cannot be written.
type Error struct{ Path, Reason string }

func (e *Error) Error() string { return e.Path + ": " + e.Reason }

// Write calls write with a temporary file in the directory of path and renames
// it to path once all is written and flushed. On any error path is left as it
// was, and the temporary file is removed; on SIGINT, SIGTERM, SIGHUP and SIGQUIT
// too, unless the program ignores them, and then it exits with code Interrupted.
// What an earlier run that was killed has left of the same file is removed.
//
// A new file has the mode that the umask leaves of 0666; one that is replaced
// keeps its mode. A symbolic link stays, and the file it leads to is replaced.
// Write fails, see [Check], where path is anything else than a file that may be
// written to.
func Write(path string, write func(io.Writer) error) (err error) {
	path, old, err := resolve(path)
	if err != nil {
		return err
	}
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	for _, s := range endings() {
		if !signal.Ignored(s) { // as under nohup
			signal.Notify(signals, s) // before there is anything to remove
		}
	}
	defer signal.Stop(signals)
	defer close(done)
	sweep(path)
	mode := fs.FileMode(0o666)
	if old != nil {
		mode = old.Mode().Perm()
	}
	f, err := create(path, mode)
	if err != nil {
		return err
	}
	go func() {
		select {
		case <-signals:
			os.Remove(f.Name())
			os.Exit(Interrupted)
		case <-done:
		}
	}()
	renamed := false
	defer func() {
		// The file stays open, and locked, until it has its name.
		if closed := f.Close(); err == nil {
			err = closed
		}
		if !renamed {
			os.Remove(f.Name())
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if old != nil {
		if err = f.Chmod(mode); err != nil { // the umask may have taken something
			return err
		}
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	renamed = true
	return nil
}

// Check tells whether Write can replace path, or make it. The error is an *Error
// or wraps one of package fs.
func Check(path string) error {
	path, _, err := resolve(path)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return &Error{path, "there is no directory " + dir}
	}
	return nil
}

// maxLinks bounds the symbolic links that lead to a file.
const maxLinks = 40

// resolve follows symbolic links to the file that is to be written, which may
// not exist; old describes it if it does.
func resolve(path string) (target string, old fs.FileInfo, err error) {
	target = path
	for range maxLinks {
		old, err = os.Lstat(target)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return target, nil, nil
		case err != nil:
			return "", nil, err
		case old.IsDir():
			return "", nil, &Error{path, "is a directory, want the name of a file"}
		case old.Mode().IsRegular():
			f, err := os.OpenFile(target, os.O_WRONLY, 0)
			if err != nil {
				return "", nil, err
			}
			return target, old, f.Close()
		case old.Mode()&fs.ModeSymlink == 0:
			return "", nil, &Error{path, "is " + kind(old.Mode()) + ", want the name of a file"}
		}
		next, err := os.Readlink(target)
		if err != nil {
			return "", nil, err
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(target), next)
		}
		target = next
	}
	return "", nil, &Error{path, "is a symbolic link that leads nowhere"}
}

func kind(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "no regular file"
}

// prefix begins the names of the temporary files of one file, and of no other.
// They are short, whatever its name is.
func prefix(path string) string {
	sum := sha256.Sum256([]byte(filepath.Base(path)))
	return fmt.Sprintf(".flowproof-%x-", sum[:8])
}

const suffix = ".tmp"

// create makes and locks a temporary file beside path.
func create(path string, mode fs.FileMode) (*os.File, error) {
	for range maxTries {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf("%s%08x%s", prefix(path), rand.Uint32(), suffix))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode|0o200)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if lock(f) && named(f) {
			return f, nil
		}
		f.Close() // another run took it for a leftover, and removes it
	}
	return nil, &Error{path, "no temporary file can be made beside it"}
}

const maxTries = 100

// named reports whether the file is still there under its name.
func named(f *os.File) bool {
	a, err1 := f.Stat()
	b, err2 := os.Lstat(f.Name())
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

// sweep removes the temporary files of path that nobody writes to any more. What
// it cannot remove stays.
func sweep(path string) {
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, prefix(path)) && strings.HasSuffix(name, suffix) && e.Type().IsRegular() {
			if f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0); err == nil {
				if abandoned(f) {
					os.Remove(f.Name())
				}
				f.Close()
			}
		}
	}
}
