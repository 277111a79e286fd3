package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"flowproof/checkpoint"
	"flowproof/constructions"
	"flowproof/coupling"
	"flowproof/study"
	"flowproof/targets"
)

// maxPrec bounds -prec: a flow of n = 64 then takes some 100 MB.
const maxPrec = 1 << 16

// solved is a target with its flow.
type solved struct {
	*oriented
	*study.LinearRecord
}

// solve loads the target and builds its flow. The error is one for the user.
func (s *source) solve(spin *spinner) (*solved, error) {
	t, err := s.load()
	if err != nil {
		return nil, err
	}
	return s.build(t, spin)
}

// build builds the flow of a target, once its orientation is dealt with.
func (s *source) build(given *targets.Target, spin *spinner) (*solved, error) {
	t, err := s.orient(given, spin)
	if err != nil {
		return nil, err
	}
	if s.prec > maxPrec {
		return nil, fmt.Errorf("-prec: %d bits, want %d or less", s.prec, maxPrec)
	}
	if s.maxDepth < 1 {
		return nil, fmt.Errorf("-max-depth: %d, want 1 or more", s.maxDepth)
	}
	if s.effort != constructions.Normal && s.construction != "auto" && s.construction != "continuation" {
		return nil, fmt.Errorf("-effort: does nothing with -construction %s; goes with auto or continuation", s.construction)
	}
	part, err := coupling.ParsePartition(t.Dim, s.partition)
	if err != nil {
		return nil, fmt.Errorf("-partition: %w", err)
	}
	c := &study.Linear{
		Target: t.Target, Partition: part, Construction: s.construction, Say: spin.say,
		Options: constructions.Options{MaxDepth: s.maxDepth, Depth: s.asksDepth(), Prec: s.prec, Seed: s.seed, Effort: s.effort},
	}
	begin := time.Now()
	c.Options.Progress = func(done float64) { spin.say("constructing" + timeLeft(done, time.Since(begin))) }
	built, err := c.Build()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, t.contradicts(s.construction, err))
	}
	return &solved{t, built}, nil
}

// timeLeft tells how much of a search is done, and how long the rest takes if it goes on
// like that; "" until there is something to go by.
func timeLeft(done float64, spent time.Duration) string {
	if done < 0.02 || spent < time.Second {
		return ""
	}
	left := time.Duration(float64(spent) * (1 - done) / done)
	return fmt.Sprintf(", %.0f%%, about %v left", 100*done, left.Round(time.Second))
}

// asksDepth is the depth that -max-depth asks of a construction that takes one.
func (s *source) asksDepth() int {
	switch {
	case s.construction == "polish" || s.construction == "continuation":
		return s.maxDepth
	case s.construction == "conditioned" && (s.maxDepth == 11 || s.maxDepth == 12):
		return 11
	}
	return 0
}

// load makes or reads the target.
func (s *source) load() (*targets.Target, error) {
	opt, err := s.targetOptions()
	if err != nil {
		return nil, err
	}
	if s.in != "" {
		return s.loadTensor()
	}
	if s.key != "" {
		return nil, errors.New("-key: goes with -in FILE")
	}
	_, statErr := os.Stat(s.target)
	switch {
	case targets.Known(s.target):
		if !s.dGiven && opt.Perm == nil {
			return nil, fmt.Errorf("-d: missing, want the dimension of %s", s.target)
		}
	case statErr == nil || strings.ContainsAny(s.target, "./\\"):
		t, err := targets.Load(s.target)
		if err == nil && s.dGiven && s.d != t.Dim {
			err = fmt.Errorf("-d: %d, but %s has dimension %d", s.d, s.target, t.Dim)
		}
		return t, err
	}
	return targets.Make(s.target, s.d, s.seed, opt)
}

// loadTensor reads the tensor that -in and -key name.
func (s *source) loadTensor() (*targets.Target, error) {
	f, err := checkpoint.Open(s.in)
	if err != nil {
		return nil, fmt.Errorf("-in: %w", err)
	}
	defer f.Close()
	key := s.key
	if key == "" {
		all := f.Candidates()
		if len(all) != 1 {
			return nil, fmt.Errorf("-key: missing, %s holds %d matrices and permutations (verify inspect shows them, -all takes all)", s.in, len(all))
		}
		key = all[0].Key
	}
	t, err := f.Target(key)
	if err != nil {
		return nil, fmt.Errorf("-in: %w", err)
	}
	return t, nil
}
