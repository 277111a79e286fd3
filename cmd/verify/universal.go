package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"flowproof/report"
	"flowproof/study"
	"flowproof/targets"
	"flowproof/transport"
	"flowproof/verify/wasserstein"
)

const universalPage = `Usage: verify universal -target NAME -delta D [flags]

Builds a flow of two affine couplings that pushes the standard normal law to within
D of a target law in the Wasserstein distance W2, and proves it: the bound is
computed in ball arithmetic from the flow's knots as they are stored.

With -deltas it prints a curve, W2 against condition number; with -table layers what
1, 2, 3, 4 and 5 couplings can and cannot do, with and without padding, proved and
measured; with -table constants the constants of the lower limits, in balls.

Targets: %s

Exit codes: 0 certified; 2 usage, or bad input or output; 130 interrupted

Examples:
  verify universal -target two-moons -delta 0.05
  verify universal -target linked-rings -delta 0.1 -partition '2|1' -json
  verify universal -target two-moons -deltas 0.5,0.2 -json
  verify universal -table constants

Flags:
`

// universalOptions are the flags of verify universal.
type universalOptions struct {
	target, delta, partition string
	grid, points             int
	seed                     uint64
	json                     bool
	deltas, table            string
}

// universalCommand is verify universal.
func universalCommand(args []string, stdout, stderr io.Writer) (int, error) {
	var o universalOptions
	fs := flag.NewFlagSet("verify universal", flag.ContinueOnError)
	fs.StringVar(&o.target, "target", "two-moons", "`name` of a density")
	fs.StringVar(&o.delta, "delta", "0.1", "the `bound` of W2 that is to be proved")
	fs.StringVar(&o.partition, "partition", "", "`blocks`: sizes such as 1|2, or coordinates such as 0,2|1; the first is updated first (default 1|1, in three dimensions 1|2)")
	fs.IntVar(&o.grid, "grid", 0, "`cells` of the target along each axis (default: that of the target)")
	fs.IntVar(&o.points, "points", 1024, "`size` of the samples that are compared; 0 measures nothing")
	fs.Uint64Var(&o.seed, "seed", 1, "`seed` of the samples")
	fs.BoolVar(&o.json, "json", false, "print one JSON object; with -deltas one a line, with -table one array")
	fs.StringVar(&o.deltas, "deltas", "", "several `bounds`, such as 0.5,0.2,0.1: prints W2 against condition number")
	fs.StringVar(&o.table, "table", "", "print a `table`: layers (flows of few couplings, with and without padding) or constants (of the lower limits)")
	if err := parse(fs, fmt.Sprintf(universalPage, densityNames()), args, false, stdout); err != nil {
		return exitUsage, err
	}
	spin := newSpinner(stderr)
	defer spin.stop()
	if o.table != "" || o.deltas != "" {
		return o.several(fs, spin, stdout)
	}
	c, err := o.universality(spin)
	if err != nil {
		return exitUsage, err
	}
	r, err := c.Run()
	if err != nil {
		return exitUsage, fmt.Errorf("%s: %w", c.Target, err)
	}
	spin.stop()
	out := report.NewUniversality(r)
	if o.json {
		return exitOK, out.JSON(stdout)
	}
	return exitOK, out.Text(stdout)
}

func densityNames() string {
	var names []string
	for _, d := range targets.Densities() {
		names = append(names, d.Name)
	}
	return strings.Join(names, ", ")
}

// maxPoints bounds the samples: their assignment takes a matrix of that many rows.
const maxPoints = 8192

// universality checks the flags and makes the case.
func (o *universalOptions) universality(spin *spinner) (*study.Universality, error) {
	delta, err := positive("delta", o.delta)
	if err != nil {
		return nil, err
	}
	if o.points < 0 || o.points > maxPoints {
		return nil, fmt.Errorf("-points: %d, want 0 to %d", o.points, maxPoints)
	}
	h, err := targets.Density(o.target, o.grid)
	if err != nil {
		return nil, flagError(err)
	}
	d := h.Dim()
	if o.partition == "" {
		o.partition = fmt.Sprintf("1|%d", d-1)
	}
	split, err := transport.ParseSplit(d, o.partition)
	if err != nil {
		return nil, fmt.Errorf("-partition: %w", err)
	}
	return &study.Universality{
		Target: o.target, Histogram: h, Split: split, Delta: delta, DeltaText: o.delta, Points: o.points, Seed: o.seed,
		Limits: wasserstein.DefaultLimits(), Say: spin.say,
	}, nil
}

// flagError says which flag an error of targets is about.
func flagError(err error) error {
	var o *targets.OptionError
	if errors.As(err, &o) {
		return fmt.Errorf("-%s: %w", o.Option, err)
	}
	return fmt.Errorf("-target: %w", err)
}

// positive reads a positive number exactly.
func positive(name, text string) (*big.Rat, error) {
	f, err := strconv.ParseFloat(text, 64)
	if r, ok := new(big.Rat).SetString(text); err == nil && ok && f > 0 && r.Sign() > 0 {
		return r, nil
	}
	return nil, fmt.Errorf("-%s: %q, want a positive number", name, text)
}
