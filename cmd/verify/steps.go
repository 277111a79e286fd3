package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// steps shows how much of a long work is done: on a terminal a bar with the time
// left, elsewhere a line every half minute.
type steps struct {
	mu    sync.Mutex
	w     io.Writer
	bar   *progressbar.ProgressBar
	tty   bool
	begin time.Time
	last  time.Time
	over  bool
}

func newSteps(w io.Writer) *steps {
	s := &steps{w: w, begin: time.Now(), last: time.Now()}
	if f, ok := w.(*os.File); ok {
		s.tty = term.IsTerminal(int(f.Fd()))
	}
	return s
}

// at hears that some of all steps are done.
func (s *steps) at(done, all int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	every := 30 * time.Second
	if s.tty {
		every = time.Second / 4
	}
	if s.over || done == 0 || now.Sub(s.begin) < time.Second || now.Sub(s.last) < every {
		return
	}
	s.last = now
	if s.tty {
		if s.bar == nil {
			s.bar = progressbar.NewOptions(all, progressbar.OptionSetWriter(s.w), progressbar.OptionSetPredictTime(true),
				progressbar.OptionSetDescription("training"), progressbar.OptionClearOnFinish())
		}
		s.bar.Set(done)
		return
	}
	fmt.Fprintf(s.w, "%d of %d steps, about %v left\n", done, all, rest(float64(done)/float64(all), now.Sub(s.begin)))
}

// rest is how long a work still takes of which a part was done in the time spent, if it
// goes on like that.
func rest(done float64, spent time.Duration) time.Duration {
	return time.Duration(float64(spent) * (1 - done) / done).Round(time.Second)
}

// clear takes the bar from the terminal until the next step.
func (s *steps) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		s.bar.Clear()
	}
}

// stop ends it. It may be called twice.
func (s *steps) stop() {
	s.clear()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
}
