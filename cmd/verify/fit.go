package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"flowproof/experiment"
	"flowproof/internal/atomicfile"
	"flowproof/report"
	"flowproof/targets"
	"flowproof/training"
)

const fitPage = `Usage: verify fit [flags]

Fits flows of linear affine couplings to linear maps by gradient descent (Adam, exact
derivatives), with 1 to 10 layers, and sets the error that it reaches beside the proved
least depth and the flow that the program builds. Each run is determined by its seed.

Exit codes: 0 done; 2 usage, or bad input; 130 interrupted

Examples:
  verify fit -targets permutation,gaussian -dims 4,6 -layers 5,6 -seeds 2 -steps 300
  verify fit -targets block-diag-j -dims 4 -layers 4,5,6 -seeds 2 -steps 500 -json
`

// fitOptions are the flags of verify fit.
type fitOptions struct {
	targets, dims, layers string
	seeds                 int
	options               training.Options
	json                  bool
	picture               string
	workers               int
}

func fitCommand() command {
	var o fitOptions
	return command{
		name: "fit", summary: "fit layers to linear maps by gradient descent, beside what is proved",
		page: fitPage, flags: o.flags, run: o.run,
		words: func() map[string][]string {
			var names []string
			for _, i := range targetItems() {
				names = append(names, i.Name)
			}
			return map[string][]string{"-targets": names}
		},
	}
}

func (o *fitOptions) flags(fs *flag.FlagSet) {
	fs.StringVar(&o.targets, "targets", "random-orthogonal,gaussian,permutation,block-diag-j", "`names` of targets, with commas between")
	fs.StringVar(&o.dims, "dims", "4,8,16", "`dimensions`")
	fs.StringVar(&o.layers, "layers", "1,2,3,4,5,6,7,8,9,10", "`numbers` of layers")
	fs.IntVar(&o.seeds, "seeds", 3, "`number` of seeds of target and start, 1, 2, ..")
	fs.IntVar(&o.options.Steps, "steps", 3000, "`steps` of each descent")
	fs.Float64Var(&o.options.Rate, "rate", 0.02, "`rate` of the first step; it falls to 0 along half a cosine")
	fs.StringVar(&o.picture, "picture", "", "draw this `file.svg`: error against the number of layers")
	fs.BoolVar(&o.json, "json", false, "print one JSON object a line: a reference for each target, then its runs")
	fs.IntVar(&o.workers, "threads", 0, "`runs` at a time, each on one thread; 0: as many as there are processors")
}

// run is verify fit.
func (o *fitOptions) run(in *invocation) (int, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := checkPicture(o.picture); err != nil {
		return exitUsage, err
	}
	dims, layers, err := o.check()
	if err != nil {
		return exitUsage, err
	}
	var all []report.Fit
	progress := newSteps(in.stderr)
	defer progress.stop()
	total, before := o.seeds*len(dims)*len(layers)*len(strings.Split(o.targets, ","))*o.options.Steps, 0
	for _, name := range strings.Split(o.targets, ",") {
		for _, n := range dims {
			var out report.Fit
			var fits []*experiment.Fit
			for seed := range o.seeds {
				reference, more, err := o.fits(name, n, uint64(seed+1), layers)
				if err != nil {
					return exitUsage, err
				}
				out.References = append(out.References, reference)
				fits = append(fits, more...)
			}
			out.Fitted, err = experiment.RunFits(ctx, fits, workers(o.workers), func(steps, _ int) { progress.at(before+steps, total) })
			before += len(fits) * o.options.Steps
			if errors.Is(err, context.Canceled) {
				return atomicfile.Interrupted, errors.New("interrupted")
			}
			if err != nil {
				return exitUsage, err
			}
			all = append(all, out)
			progress.clear()
			if o.json {
				err = fitLines(json.NewEncoder(in.stdout), out)
			} else {
				err = out.Text(in.stdout)
			}
			if err != nil {
				return exitUsage, err
			}
		}
	}
	if err := drawTo(o.picture, func(w io.Writer) error { return report.FitPicture(w, all) }); err != nil {
		return exitUsage, err
	}
	return exitOK, nil
}

// check reads the flags.
func (o *fitOptions) check() (dims, layers []int, err error) {
	o.options.Batch = 1 // the derivative is exact: there are no batches
	if dims, err = numbers("dims", o.dims, experiment.MaxFit); err != nil {
		return nil, nil, err
	}
	if layers, err = numbers("layers", o.layers, 64); err != nil {
		return nil, nil, err
	}
	switch {
	case o.seeds < 1 || o.seeds > 1000:
		return nil, nil, fmt.Errorf("-seeds: %d, want 1 to 1000", o.seeds)
	case o.workers < 0 || o.workers > 1024:
		return nil, nil, fmt.Errorf("-threads: %d, want 0 to 1024", o.workers)
	}
	return dims, layers, o.options.Check()
}

// fits makes a target, what is known of it, and its runs.
func (o *fitOptions) fits(name string, n int, seed uint64, layers []int) (r *experiment.Reference, fits []*experiment.Fit, err error) {
	t, err := targets.Make(name, n, seed, targets.Options{})
	if err != nil {
		return nil, nil, flagError(err)
	}
	if r, err = experiment.NewReference(t, seed); err != nil {
		return nil, nil, fmt.Errorf("%s, n = %d, seed %d: %w", name, n, seed, err)
	}
	for _, k := range layers {
		options := o.options
		options.Seed = seed
		fits = append(fits, &experiment.Fit{Target: t, Layers: k, Options: options, Threads: 1})
	}
	return r, fits, nil
}

// fitLines writes what a target gave, an object a line.
func fitLines(e *json.Encoder, f report.Fit) error {
	for _, r := range f.References {
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	for _, r := range f.Fitted {
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	return nil
}
