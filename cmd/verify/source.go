package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

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

// solve reads the one target that the command line names and builds its flow. The
// error is one for the user.
func (s *source) solve(in *invocation, spin *spinner) (*solved, error) {
	ins, done, err := s.inputs(in.Args(), in.stdin)
	if err != nil {
		return nil, err
	}
	defer done()
	t, err := ins[0].load()
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
	part, err := coupling.ParsePartition(t.Dim, s.partition)
	if err != nil {
		return nil, fmt.Errorf("-partition: %w", err)
	}
	c := &study.Linear{
		Target: t.Target, Partition: part, Construction: s.construction, Say: spin.say,
		Options: constructions.Options{MaxDepth: s.maxDepth, Depth: s.depth, Prec: s.prec, Seed: s.seed, Effort: s.effort},
	}
	begin := time.Now()
	c.Options.Progress = func(done float64) { spin.say("constructing" + timeLeft(done, time.Since(begin))) }
	built, err := c.Build()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, t.contradicts(s.construction, err))
	}
	if d := built.Flow.Depth(); s.construction == "auto" && d > s.maxDepth {
		return nil, &tooDeepError{t.Name, d, s.maxDepth}
	}
	return &solved{t, built}, nil
}

// checkConstruction refuses flags that the construction does not take, before any
// input is read.
func (s *source) checkConstruction() error {
	if _, _, err := s.detMode(); err != nil {
		return err
	}
	if s.prec > maxPrec {
		return fmt.Errorf("-prec: %d bits, want %d or less", s.prec, maxPrec)
	}
	if s.effort != constructions.Normal && s.construction != "auto" && s.construction != "continuation" {
		return fmt.Errorf("-effort: does nothing with -construction %s; goes with auto or continuation", s.construction)
	}
	return s.checkDepths()
}

// checkDepths refuses -max-depth and -depth where the construction takes neither.
func (s *source) checkDepths() error {
	known := func(c constructions.Construction) bool { return c.Name == s.construction }
	k := slices.IndexFunc(constructions.List(), known)
	switch {
	case s.maxDepth < 1:
		return fmt.Errorf("-max-depth: %d, want 1 or more", s.maxDepth)
	case k < 0 && s.construction != "auto": // Build says so
		return nil
	case s.given("max-depth") && k >= 0:
		return fmt.Errorf("-max-depth: construction %s does not take it, auto does%s", s.construction, s.depthHint(k))
	case s.given("depth") && k < 0:
		return fmt.Errorf("-depth: auto chooses the depth, up to -max-depth; -construction %s takes -depth", strings.Join(takeDepth(), " or "))
	case s.given("depth") && !constructions.List()[k].TakesDepth:
		return fmt.Errorf("-depth: construction %s does not take it: it has the depth of its theorem", s.construction)
	case s.given("depth") && s.depth < 1:
		return fmt.Errorf("-depth: %d, want 1 or more", s.depth)
	}
	return nil
}

// takeDepth names the constructions that take -depth.
func takeDepth() (names []string) {
	for _, c := range constructions.List() {
		if c.TakesDepth {
			names = append(names, c.Name)
		}
	}
	return names
}

// depthHint names the flag that a construction takes instead.
func (s *source) depthHint(k int) string {
	if constructions.List()[k].TakesDepth {
		return "; -depth asks it for a depth"
	}
	return ""
}

// tooDeepError reports a flow of more layers than -max-depth allows.
type tooDeepError struct {
	name            string
	depth, maxDepth int
}

func (e *tooDeepError) Error() string {
	return fmt.Sprintf("%s: no flow of at most %d layers was found, one of %d was: -max-depth %d allows it", e.name, e.maxDepth, e.depth, e.depth)
}

// timeLeft tells how much of a search is done, and how long the rest takes if it goes on
// like that; "" until there is something to go by.
func timeLeft(done float64, spent time.Duration) string {
	if done < 0.02 || spent < time.Second {
		return ""
	}
	return fmt.Sprintf(", %.0f%%, about %v left", 100*done, rest(done, spent))
}
