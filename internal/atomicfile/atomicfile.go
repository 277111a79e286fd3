// Package atomicfile writes files that are either complete or not there.
package atomicfile

import (
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// Interrupted is the exit code of a program interrupted while it writes.
const Interrupted = 130

// Write calls write with a temporary file beside path and renames it to path
// once all is written and flushed. On any error path is left as it was, and the
// temporary file is removed; on an interrupt too, and then the program exits
// with code Interrupted.
func Write(path string, write func(io.Writer) error) (err error) {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM) // before there is anything to remove
	defer signal.Stop(signals)
	defer close(done)
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
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
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
