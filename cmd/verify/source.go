package main

import (
	"fmt"
	"time"

	"flowproof/constructions"
	"flowproof/coupling"
	"flowproof/targets"
	"flowproof/verify"
)

// maxPrec bounds -prec: a flow of n = 64 then takes some 100 MB.
const maxPrec = 1 << 16

// solved is a target with its flow.
type solved struct {
	*oriented
	*constructions.Built
	seconds float64
	result  *verify.Result // nil until it is checked
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
	if s.prec > maxPrec {
		return nil, fmt.Errorf("-prec: %d bits, want %d or less", s.prec, maxPrec)
	}
	if s.maxDepth < 1 {
		return nil, fmt.Errorf("-max-depth: %d, want 1 or more", s.maxDepth)
	}
	part, err := coupling.ParsePartition(t.Dim, s.partition)
	if err != nil {
		return nil, fmt.Errorf("-partition: %w", err)
	}
	spin.say("constructing")
	start := time.Now()
	built, err := constructions.Build(s.construction, t.Matrix, part, constructions.Options{MaxDepth: s.maxDepth, Prec: s.prec, Seed: s.seed})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, t.contradicts(s.construction, err))
	}
	return &solved{oriented: t, Built: built, seconds: time.Since(start).Seconds()}, nil
}
