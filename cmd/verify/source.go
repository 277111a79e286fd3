package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/targets"
)

// solved is a target with its flow.
type solved struct {
	target       *targets.Target
	flow         *coupling.Flow
	construction string
	seconds      float64
}

// solve loads the target and builds its flow. The error is one for the user.
func (s *source) solve(spin *spinner) (*solved, error) {
	t, err := s.load()
	if err != nil {
		return nil, err
	}
	part, err := coupling.ParsePartition(t.Dim, s.partition)
	if err != nil {
		return nil, fmt.Errorf("-partition: %w", err)
	}
	spin.say("constructing")
	start := time.Now()
	flow, used, err := constructions.Build(s.construction, t.Matrix, part, constructions.Options{Seed: s.seed})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	return &solved{t, flow, used, time.Since(start).Seconds()}, nil
}

// load makes or reads the target and deals with its orientation.
func (s *source) load() (*targets.Target, error) {
	mode, coordinate, err := s.detMode()
	if err != nil {
		return nil, err
	}
	opt, err := s.targetOptions()
	if err != nil {
		return nil, err
	}
	var t *targets.Target
	if _, statErr := os.Stat(s.target); !targets.Known(s.target) && (statErr == nil || strings.ContainsAny(s.target, "./\\")) {
		if t, err = targets.Load(s.target); err == nil && s.dGiven && s.d != t.Dim {
			err = fmt.Errorf("-d: %d, but %s has dimension %d", s.d, s.target, t.Dim)
		}
	} else if targets.Known(s.target) && !s.dGiven && opt.Perm == nil {
		err = fmt.Errorf("-d: missing, want the dimension of %s", s.target)
	} else {
		t, err = targets.Make(s.target, s.d, s.seed, opt)
	}
	if err != nil || mode == "error" || !reversesOrientation(t) {
		return t, err
	}
	if mode == "pad" {
		return targets.Pad(t)
	}
	return targets.Flip(t, coordinate)
}

// reversesOrientation reports whether the determinant is negative: exactly for
// permutations, from an LU factorization in float64 otherwise.
func reversesOrientation(t *targets.Target) bool {
	if t.Perm != nil {
		return !targets.Even(t.Perm)
	}
	var lu mat.LU
	lu.Factorize(dense(t.Matrix))
	_, sign := lu.LogDet()
	return sign < 0
}

func dense(m exactmath.Matrix) *mat.Dense {
	r, c := m.Dims()
	return mat.NewDense(r, c, m.Float64s())
}
