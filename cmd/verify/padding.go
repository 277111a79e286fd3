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
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"flowproof/experiment"
	"flowproof/images"
	"flowproof/internal/atomicfile"
	"flowproof/report"
	"flowproof/training"
)

const paddingPage = `Usage: verify padding [flags]

Trains RealNVP flows by maximum likelihood with and without extra coordinates, and
measures what the padding does: likelihood of held-out data, Wasserstein distance of
samples, condition numbers of the Jacobian, the float32 round trip. Each run is
determined by its seed; what the spread over the seeds does not allow is not claimed.

Laws: %s (see verify list densities), and
fashion-600, images that come with the program (14 x 14); with -data the images of a
directory of IDX files.

With -o DIR all runs are kept there, as safetensors files that DIR/realnvp.py loads
into PyTorch, with the records in DIR/records.jsonl: a run that was interrupted goes
on from its last %d steps and ends in the same bytes.

Exit codes: 0 done; 2 usage, or bad input or output; 130 interrupted

Without flags it takes some two minutes on two cores, with -full about an hour.

Examples:
  verify padding -laws two-moons -depths 2,4 -seeds 1 -steps 50 -o runs
  verify padding -laws ring -padding none,gaussian -seeds 3 -steps 50 -depths 4 -json
  verify padding -laws square -padding gaussian -seeds 1 -steps 20 -start six
`

// paddingOptions are the flags of verify padding.
type paddingOptions struct {
	laws, kinds, extras, depths string
	seeds                       int
	hidden                      int
	options                     training.Options
	data, out, start, picture   string
	block                       int
	full, json                  bool
	workers                     int
}

func paddingCommand() command {
	var o paddingOptions
	return command{
		name: "padding", summary: "train flows with and without padding, and measure their conditioning",
		page: fmt.Sprintf(paddingPage, densityNames(), experiment.Every), flags: o.flags, run: o.run, words: paddingWords,
	}
}

func paddingWords() map[string][]string {
	return map[string][]string{
		"-laws":    append(strings.Split(densityNames(), ", "), sampleImages),
		"-start":   {string(experiment.Identity), string(experiment.Six)},
		"-padding": {"none,zeros,noise,gaussian", "none", "zeros", "noise", "gaussian"},
	}
}

// Names of laws of images: those that come with the program, and those of -data.
const (
	sampleImages = "fashion-600"
	dataImages   = "images"
)

// What -full stands for.
var (
	defaultLaws = "two-moons,checkerboard,eight-gaussians,ring," + sampleImages
	fullLaws    = "two-moons,swiss-roll,checkerboard,eight-gaussians,ring," + sampleImages
)

func (o *paddingOptions) flags(fs *flag.FlagSet) {
	fs.StringVar(&o.laws, "laws", "", "`names` of the laws, with commas between (default "+defaultLaws+")")
	fs.StringVar(&o.kinds, "padding", "none,zeros,noise,gaussian", "`kinds` of padding; noise has deviation 0.01, gaussian 1")
	fs.StringVar(&o.extras, "extra", "1", "`numbers` of coordinates added, in units of the dimension of the data (with -full 1,2,4)")
	fs.StringVar(&o.depths, "depths", "8", "`numbers` of couplings (with -full 4,8,16)")
	fs.IntVar(&o.seeds, "seeds", 3, "`number` of seeds, 1, 2, .. (with -full 5)")
	fs.IntVar(&o.hidden, "hidden", 64, "`units` of each of the two hidden layers of a network")
	fs.IntVar(&o.options.Steps, "steps", 600, "`steps` of each run")
	fs.IntVar(&o.options.Batch, "batch", 256, "`points` of a step")
	fs.Float64Var(&o.options.Rate, "rate", 0.003, "`rate` of the first step; it falls to 0 along half a cosine")
	fs.Float64Var(&o.options.Clip, "clip", 10, "largest `norm` of a gradient, 0 for any")
	fs.StringVar(&o.data, "data", "", "`directory` with "+images.TrainFile+" and "+images.TestFile+", each possibly .gz: the law images, which is then the default of -laws")
	fs.IntVar(&o.block, "block", 2, "with -data: images in blocks of `k` x k pixels")
	fs.StringVar(&o.start, "start", string(experiment.Identity), "`what` a run begins with: identity, or six, a random rotation as six layers")
	fs.StringVar(&o.out, "o", "", "keep the runs in this `directory`, and go on with what is there")
	fs.StringVar(&o.picture, "picture", "", "draw this `file.svg`: condition numbers by padding, at the first of -depths")
	fs.BoolVar(&o.full, "full", false, "six laws, three depths, ten paddings, five seeds: about an hour on two cores")
	fs.BoolVar(&o.json, "json", false, "print one JSON object a run, each on a line, as they end")
	fs.IntVar(&o.workers, "threads", 0, "`runs` at a time, each on one thread; 0: as many as there are processors")
}

// run is verify padding.
func (o *paddingOptions) run(in *invocation) (int, error) {
	grid, err := o.grid(in)
	if err != nil {
		return exitUsage, err
	}
	if err := checkPicture(o.picture); err != nil {
		return exitUsage, err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	keep, err := o.keeper()
	if err != nil {
		return exitUsage, err
	}
	progress := newSteps(in.stderr)
	defer progress.stop()
	var records []*experiment.Record
	var lines strings.Builder
	done := func(_ *experiment.Case, r *experiment.Record) error {
		records = append(records, r)
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		lines.Write(append(line, '\n'))
		if o.json {
			progress.clear()
			if _, err := fmt.Fprintf(in.stdout, "%s\n", line); err != nil {
				return err
			}
		}
		if o.out == "" {
			return nil
		}
		return atomicfile.Write(filepath.Join(o.out, "records.jsonl"), func(w io.Writer) error {
			_, err := io.WriteString(w, lines.String())
			return err
		})
	}
	points := experiment.Points{Likelihood: 2000, Distance: 500, Jacobian: 100}
	err = experiment.Run(ctx, grid.Cases(), keep, points, workers(o.workers), done, progress.at)
	progress.stop()
	switch {
	case errors.Is(err, context.Canceled):
		if o.out != "" {
			return atomicfile.Interrupted, fmt.Errorf("interrupted: the same command goes on from what is in %s", o.out)
		}
		return atomicfile.Interrupted, errors.New("interrupted: with -o DIR a run can go on")
	case err != nil:
		return exitUsage, err
	}
	if err := drawTo(o.picture, report.Padding{Records: records}.Picture); err != nil {
		return exitUsage, err
	}
	if o.json {
		return exitOK, nil
	}
	return exitOK, report.Padding{Records: records}.Text(in.stdout)
}

// workers is the number of runs at a time that a flag asks for.
func workers(n int) int {
	if n == 0 {
		return runtime.NumCPU()
	}
	return n
}

// keeper prepares the directory of -o; nil without it.
func (o *paddingOptions) keeper() (experiment.Keeper, error) {
	if o.out == "" {
		return nil, nil
	}
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return nil, fmt.Errorf("-o: %w", err)
	}
	return experiment.Folder{Dir: o.out}, atomicfile.Write(filepath.Join(o.out, "realnvp.py"), func(w io.Writer) error {
		_, err := io.WriteString(w, training.TorchModule())
		return err
	})
}

// grid reads the flags.
func (o *paddingOptions) grid(in *invocation) (*experiment.Grid, error) {
	if o.full {
		for name, value := range map[string]*string{"laws": &o.laws, "extra": &o.extras, "depths": &o.depths} {
			if !in.given(name) {
				*value = map[string]string{"laws": fullLaws, "extra": "1,2,4", "depths": "4,8,16"}[name]
			}
		}
		if !in.given("seeds") {
			o.seeds = 5
		}
	}
	switch {
	case o.laws == "" && o.data != "":
		o.laws = dataImages
	case o.laws == "":
		o.laws = defaultLaws
	}
	if o.seeds < 1 || o.seeds > 1000 {
		return nil, fmt.Errorf("-seeds: %d, want 1 to 1000", o.seeds)
	}
	if o.workers < 0 || o.workers > 1024 {
		return nil, fmt.Errorf("-threads: %d, want 0 to 1024", o.workers)
	}
	if o.data == "" && in.given("block") {
		return nil, errors.New("-block: goes with -data")
	}
	g := &experiment.Grid{Hidden: o.hidden, Start: experiment.Start(o.start), Options: o.options}
	if !slices.Contains(experiment.Starts(), g.Start) {
		return nil, fmt.Errorf("-start: %q, want identity or six", o.start)
	}
	var err error
	if g.Depths, err = numbers("depths", o.depths, 1024); err != nil {
		return nil, err
	}
	extras, err := numbers("extra", o.extras, 16)
	if err != nil {
		return nil, err
	}
	for _, name := range strings.Split(o.kinds, ",") {
		kind := experiment.Kind(name)
		switch {
		case !slices.Contains(experiment.Kinds(), kind):
			return nil, fmt.Errorf("-padding: %q, want none, zeros, noise or gaussian, with commas between", name)
		case kind == experiment.None:
			g.Paddings = append(g.Paddings, experiment.Padding{Kind: kind})
		default:
			for _, e := range extras {
				g.Paddings = append(g.Paddings, experiment.Padding{Kind: kind, Extra: e})
			}
		}
	}
	for seed := range o.seeds {
		g.Seeds = append(g.Seeds, uint64(seed+1))
	}
	if g.Data, err = o.load(); err != nil {
		return nil, err
	}
	for _, c := range g.Cases() {
		if err := c.Check(); err != nil {
			var e *training.ConfigError
			if errors.As(err, &e) {
				return nil, fmt.Errorf("%s: %w", c.Name(), err)
			}
			return nil, err
		}
	}
	return g, nil
}

// load reads the laws.
func (o *paddingOptions) load() (out []*experiment.Data, err error) {
	names := strings.Split(o.laws, ",")
	if o.data != "" && !slices.Contains(names, dataImages) {
		return nil, fmt.Errorf("-data: goes with the law %s, which -laws leaves out", dataImages)
	}
	for _, name := range names {
		var d *experiment.Data
		switch name {
		case sampleImages:
			d, err = experiment.SampleImages()
		case dataImages:
			d, err = o.images()
		default:
			if d, err = experiment.Density(name); err != nil {
				err = fmt.Errorf("-laws: there is no law %q, want one of %s, %s", name, densityNames(), sampleImages)
			}
		}
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// images reads the images of -data.
func (o *paddingOptions) images() (*experiment.Data, error) {
	if o.data == "" {
		return nil, fmt.Errorf("-laws: %s are those of -data DIR", dataImages)
	}
	train, test, err := images.LoadDir(o.data)
	if err != nil {
		return nil, fmt.Errorf("-data: %w", err)
	}
	d, err := experiment.Images(dataImages, train, test, o.block)
	if err != nil {
		return nil, fmt.Errorf("-block: %w", err)
	}
	return d, nil
}

// numbers reads a list of numbers from 1 to a largest one.
func numbers(flag, text string, largest int) (out []int, err error) {
	for _, s := range strings.Split(text, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > largest {
			return nil, fmt.Errorf("-%s: %q, want numbers from 1 to %d with commas between", flag, text, largest)
		}
		out = append(out, n)
	}
	return out, nil
}
