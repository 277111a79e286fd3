package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"flowproof/training"
)

// A Grid is a list of cases: every padding with every depth and seed, for each
// law.
type Grid struct {
	Data     []*Data
	Paddings []Padding
	Depths   []int
	Seeds    []uint64
	Hidden   int
	Start    Start
	Options  training.Options // without the seed
}

// Cases lists the cases in a fixed order.
func (g *Grid) Cases() []*Case {
	var out []*Case
	for _, d := range g.Data {
		for _, depth := range g.Depths {
			for _, p := range g.Paddings {
				for _, seed := range g.Seeds {
					c := &Case{Data: d, Padding: p, Depth: depth, Hidden: g.Hidden, Start: g.Start, Options: g.Options, Threads: 1}
					c.Options.Seed = seed
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// Run trains and measures the cases, several at a time, each on one thread. It
// calls done with each record in the order of the cases, as soon as those before
// are there, and say with the number of steps that all runs have taken and have
// still to take. It stops at the first error, or when ctx ends.
func Run(ctx context.Context, cases []*Case, keep Keeper, p Points, workers int, done func(*Case, *Record) error, say func(steps, all int)) error {
	var jobs []job[Record]
	for _, c := range cases {
		jobs = append(jobs, job[Record]{c.Options.Steps, func(say func(int) error) (*Record, error) {
			r, err := c.run(keep, p, say)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name(), err)
			}
			return r, nil
		}})
	}
	return inOrder(ctx, jobs, workers, func(k int, r *Record) error { return done(cases[k], r) }, say)
}

// run trains and measures one case.
func (c *Case) run(keep Keeper, p Points, say func(int) error) (*Record, error) {
	begin := time.Now()
	t, err := c.Train(keep, say)
	if err != nil {
		return nil, err
	}
	r, err := c.Measure(t, p)
	if err != nil {
		return nil, err
	}
	r.Seconds = time.Since(begin).Seconds()
	return r, nil
}

// A Folder keeps runs as files NAME.safetensors of a directory.
type Folder struct{ Dir string }

// note is what a Folder keeps beside the run.
type note struct {
	Learned  int
	Diverged bool
}

// A StaleError reports a file of an earlier run with other options.
type StaleError struct{ Path string }

func (e *StaleError) Error() string {
	return e.Path + ": is of a run with other options; remove it, or choose another directory"
}

// Load reads the run of a case, nil if there is none. It fails with a *StaleError
// if the file is of another architecture or other options, and with a
// *training.FileError.
func (f Folder) Load(c *Case) (*Trained, error) {
	path := f.path(c)
	run, err := training.Load[float32](path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if run.Model.Config != c.config() || run.Options != c.Options {
		return nil, &StaleError{path}
	}
	var n note
	if err := json.Unmarshal([]byte(run.Note), &n); err != nil {
		return nil, &training.FileError{Path: path, Name: "note", Reason: err.Error()}
	}
	return &Trained{Run: run, Learned: n.Learned, Diverged: n.Diverged}, nil
}

// Save writes the run of a case, all of it or nothing.
func (f Folder) Save(c *Case, t *Trained) error {
	text, err := json.Marshal(note{t.Learned, t.Diverged})
	if err != nil {
		return err
	}
	t.Run.Note = string(text)
	return t.Run.Save(f.path(c))
}

func (f Folder) path(c *Case) string { return filepath.Join(f.Dir, c.Name()+".safetensors") }
