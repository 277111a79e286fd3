package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"flowproof/internal/printable"
)

// spinner says on a terminal what is going on when it takes longer than a
// second. Elsewhere it says nothing.
type spinner struct {
	what chan string
	done chan struct{}
}

func newSpinner(w io.Writer) *spinner {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &spinner{}
	}
	s := &spinner{make(chan string), make(chan struct{})}
	go s.run(f)
	return s
}

func (s *spinner) run(w io.Writer) {
	defer close(s.done)
	patience := time.After(time.Second)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var bar *progressbar.ProgressBar
	text := ""
	for {
		select {
		case t, ok := <-s.what:
			if !ok {
				if bar != nil {
					bar.Clear()
				}
				return
			}
			if text = t; bar != nil {
				bar.Describe(text)
			}
		case <-patience:
			bar = progressbar.NewOptions(-1, progressbar.OptionSetWriter(w), progressbar.OptionSpinnerType(14),
				progressbar.OptionSetDescription(text), progressbar.OptionSetElapsedTime(true), progressbar.OptionClearOnFinish())
		case <-tick.C:
			if bar != nil {
				bar.Add(1)
			}
		}
	}
}

// say names what is being done.
func (s *spinner) say(what string) {
	if s.what != nil {
		s.what <- printable.Line(what)
	}
}

// stop removes the line from the terminal. It may be called twice.
func (s *spinner) stop() {
	if s.what != nil {
		close(s.what)
		<-s.done
		s.what = nil
	}
}
