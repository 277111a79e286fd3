package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"slices"
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
measured; with -table likelihood how near in W2 and how far in KL flows of two
couplings are; with -table constants the constants of the lower limits, in balls.

Targets: %s

With -o the flow is written for other tools, piecewise-linear or with -relu as
networks of one hidden layer, by the extension of the file:
  .npz          knots and values for np.interp, and the target
  .safetensors  the same for the PyTorch module
  .py           that module
  .onnx         model of the flow and its log-determinant, with -inverse of its inverse
  .json         everything as text
  .cert         a certificate: the flow, the target and the bound (see verify check)
What is proved holds for the numbers as they are stored in float64, run exactly.

Exit codes: 0 certified; 2 usage, or bad input or output; 130 interrupted

Examples:
  verify universal -target two-moons -delta 0.05
  verify universal -target linked-rings -delta 0.1 -partition '2|1' -json
  verify universal -target two-moons -deltas 0.5,0.2 -json
  verify universal -table constants
  verify universal -table likelihood
  verify universal -target points.csv -delta 0.1 -grid 32
  verify universal -target ring -delta 0.1 -picture ring.svg
  verify universal -target ring -delta 0.1 -at 0.5,-1
  verify universal -target two-moons -delta 0.1 -o moons.cert
  verify universal -target ring -delta 0.1 -o flow.safetensors -dtype float32
  verify universal -target ring -delta 0.1 -relu -inverse -o inverse.onnx
`

// universalOptions are the flags of verify universal.
type universalOptions struct {
	target, delta, partition string
	box                      string
	grid, points             int
	seed                     uint64
	json                     bool
	deltas, table            string
	out                      flowOutput
	picture, at              string
}

func universalCommand() command {
	var o universalOptions
	return command{
		name: "universal", summary: "nonlinear flows that come near a law, with a proved bound",
		page: fmt.Sprintf(universalPage, densityNames()), flags: o.flags, run: o.run, words: universalWords,
	}
}

func universalWords() map[string][]string {
	return map[string][]string{"-target": strings.Split(densityNames(), ", "), "-table": {"layers", "constants"}}
}

func (o *universalOptions) flags(fs *flag.FlagSet) {
	fs.StringVar(&o.target, "target", "two-moons", "`name` of a density, or a .npy, .csv or .txt file of points, one a row")
	fs.StringVar(&o.delta, "delta", "0.1", "the `bound` of W2 that is to be proved")
	fs.StringVar(&o.partition, "partition", "", "`blocks`: sizes such as 1|2, or coordinates such as 0,2|1; the first is updated first (default 1|1, in three dimensions 1|2)")
	fs.IntVar(&o.grid, "grid", 0, "`cells` of the target along each axis (default: that of the target; 64, 32 or 16 for points in 2, 3 or 4 dimensions)")
	fs.StringVar(&o.box, "box", "", "for points: the `box` of the histogram, lo:hi for all axes or a list of them, one an axis (default: the least that holds the points)")
	fs.IntVar(&o.points, "points", 1024, "`size` of the samples that are compared; 0 measures nothing")
	fs.Uint64Var(&o.seed, "seed", 1, "`seed` of the samples")
	fs.BoolVar(&o.json, "json", false, "print one JSON object; with -deltas one a line, with -table one array")
	fs.StringVar(&o.deltas, "deltas", "", "several `bounds`, such as 0.5,0.2,0.1: prints W2 against condition number")
	fs.StringVar(&o.table, "table", "", "print a `table`: layers (flows of few couplings, with and without padding), likelihood (W2 and KL of flows of two) or constants (of the lower limits)")
	fs.StringVar(&o.picture, "picture", "", "draw this `file.svg`: target, samples and condition number, or with -deltas the curve")
	fs.StringVar(&o.at, "at", "", "print the flow at this `point` of the noise, z0,z1,..: image, log-density, singular values of the Jacobian, in balls and in floating point")
	o.out.flags(fs)
}

// run is verify universal.
func (o *universalOptions) run(in *invocation) (int, error) {
	if err := o.out.check(in); err != nil {
		return exitUsage, err
	}
	if err := checkPicture(o.picture); err != nil {
		return exitUsage, err
	}
	for _, name := range []string{"points", "seed", "deltas"} {
		if o.at != "" && in.given(name) {
			return exitUsage, fmt.Errorf("-%s: does nothing with -at", name)
		}
	}
	if o.out.alone() {
		return exitOK, o.out.write(nil)
	}
	spin := newSpinner(in.stderr)
	defer spin.stop()
	if o.table != "" || o.deltas != "" {
		return o.several(in.FlagSet, spin, in.stdout)
	}
	c, err := o.universality(spin)
	if err != nil {
		return exitUsage, err
	}
	z, err := o.point(c.Histogram.Dim())
	if err != nil {
		return exitUsage, err
	}
	if z != nil {
		c.Points = 0
	}
	r, err := c.Run()
	if err != nil {
		return exitUsage, fmt.Errorf("%s: %w", c.Target, err)
	}
	if err := o.out.write(r); err != nil {
		return exitUsage, err
	}
	if err := drawTo(o.picture, func(w io.Writer) error { return report.Picture(w, r) }); err != nil {
		return exitUsage, err
	}
	if z != nil {
		at, err := report.NewAt(r, z)
		if err != nil {
			return exitUsage, fmt.Errorf("-at: %w", err)
		}
		spin.stop()
		return exitOK, writeReport(at, o.json, in.stdout)
	}
	spin.stop()
	return exitOK, writeReport(report.NewUniversality(r), o.json, in.stdout)
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
	h, samples, err := o.histogram()
	if err != nil {
		return nil, err
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
		Samples: samples, Limits: wasserstein.DefaultLimits(), Say: spin.say,
	}, nil
}

// histogram makes the target: a named density, or the histogram of a file's points.
func (o *universalOptions) histogram() (h *transport.Histogram, samples int, err error) {
	known := slices.ContainsFunc(targets.Densities(), func(d targets.DensityInfo) bool { return d.Name == o.target })
	if _, statErr := os.Stat(o.target); known || statErr != nil && !strings.ContainsAny(o.target, "./\\") {
		if o.box != "" {
			return nil, 0, errors.New("-box: goes with a file of points; a named density has its own")
		}
		h, err = targets.Density(o.target, o.grid)
		if err != nil {
			return nil, 0, flagError(err)
		}
		return h, 0, nil
	}
	points, err := targets.LoadSamples(o.target)
	if err != nil {
		return nil, 0, fmt.Errorf("-target: %w", err)
	}
	d := len(points[0])
	lo, hi, err := o.corners(d)
	if err == nil && lo == nil {
		lo, hi, err = transport.Bounds(points)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("-box: %w", err)
	}
	n := o.grid
	if n == 0 {
		n = []int{0, 0, 64, 32, 16}[d]
	}
	if n < 1 || n > targets.MaxGrid(d) {
		return nil, 0, fmt.Errorf("-grid: %d, want 1 to %d in %d dimensions", n, targets.MaxGrid(d), d)
	}
	h, err = transport.FromSamples(points, n, lo, hi)
	if err != nil {
		return nil, 0, fmt.Errorf("-box: %s: %w", o.target, err)
	}
	return h, len(points), nil
}

// corners reads -box: lo:hi, or one of these for each axis.
func (o *universalOptions) corners(d int) (lo, hi []float64, err error) {
	if o.box == "" {
		return nil, nil, nil
	}
	sides := strings.Split(o.box, ",")
	if len(sides) == 1 {
		for len(sides) < d {
			sides = append(sides, sides[0])
		}
	}
	bad := fmt.Errorf("%q, want lo:hi with lo < hi, or %d of these, such as -1:1,0:2", o.box, d)
	if len(sides) != d {
		return nil, nil, bad
	}
	for _, s := range sides {
		a, b, _ := strings.Cut(s, ":")
		l, errLo := strconv.ParseFloat(a, 64)
		h, errHi := strconv.ParseFloat(b, 64)
		if errLo != nil || errHi != nil || !(l < h) || math.IsInf(l, 0) || math.IsInf(h, 0) {
			return nil, nil, bad
		}
		lo, hi = append(lo, l), append(hi, h)
	}
	return lo, hi, nil
}

// point reads -at: d numbers, each rounded to float64; nil if there is none.
func (o *universalOptions) point(d int) ([]float64, error) {
	if o.at == "" {
		return nil, nil
	}
	bad := fmt.Errorf("-at: %q, want %d finite numbers, such as 0.5%s", o.at, d, strings.Repeat(",-1", d-1))
	words := strings.Split(o.at, ",")
	if len(words) != d {
		return nil, bad
	}
	var z []float64
	for _, w := range words {
		v, err := strconv.ParseFloat(strings.TrimSpace(w), 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			return nil, bad
		}
		z = append(z, v)
	}
	return z, nil
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
	if r, err := rational(text); err == nil && r.Sign() > 0 {
		return r, nil
	}
	return nil, fmt.Errorf("-%s: %q, want a positive number", name, text)
}
