package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"

	"flowproof/convolution"
	"flowproof/report"
)

const buildPage = `Usage: verify [build] -d N -target NAME [flags]
       verify [build] [flags] FILE...
       verify [build] -in CHECKPOINT [-key NAME | -all] [flags]

Builds the coupling layers of a linear map, composes them exactly, and says
whether they reproduce it. verify help has the other commands.

Verdicts: exact     the product equals the target as a matrix of rationals
          residual  it does not; the exact residual is printed, rounded up
          enclosed  scales exp(s): a rigorous upper bound of the residual

A flow is "NOT usable in float64" if running it and its inverse on random vectors
leaves less than half of the digits: an error above 1.5e-8, or -tol if that is
more. The -max-depth that gives a better one is named.

Exit codes: 0 reproduced within -tol; 1 not; 2 usage, or bad input or output;
            3 not representable (determinant proved to be negative or zero);
            5 a fault of the program; for many files the largest of theirs;
            130 interrupted while writing

Examples:
  verify -d 64 -target random-orthogonal
  verify build -d 8 -target reverse -json
  verify -target rotation.npy -o layers.npz
  verify -d 8 -target shuffle -o shuffle.cert
  verify rotation.npy turn.csv -json
  verify -in model.safetensors -all -det pad
  verify -d 5 -target permutation -perm 1,0,2,3,4 -det pad
`

// options are the flags of verify build.
type options struct {
	source
	tol   string
	json  bool
	out   string
	image string
	all   bool
}

func buildCommand() command {
	var o options
	return command{
		name: "build", summary: "build layers of a map, compose and judge them; the one meant if none is named",
		page: buildPage, flags: o.flags, run: o.main, args: true, words: sourceWords,
	}
}

func (o *options) flags(fs *flag.FlagSet) {
	o.source.flags(fs)
	fs.StringVar(&o.tol, "tol", "1e-9", "relative Frobenius `residual` up to which the target counts as reproduced")
	fs.BoolVar(&o.json, "json", false, "print one JSON object")
	fs.StringVar(&o.out, "o", "", "write a certificate to this .cert `file`, or the layers to this .npz file")
	fs.StringVar(&o.image, "image", "", "also apply the map as a 1x1 convolution to this PNG or JPEG `file`, squeezed to n channels")
	fs.BoolVar(&o.all, "all", false, "with -in: every matrix and permutation of the checkpoint")
}

// main is verify build: target -> construction -> flow -> verify -> report.
func (o *options) main(in *invocation) (int, error) {
	o.dGiven = in.given("d")
	if files := in.Args(); len(files) > 0 || o.all {
		if in.given("target") || o.dGiven || o.out != "" || o.key != "" || o.all && (o.in == "" || len(files) > 0) || !o.all && o.in != "" {
			return exitUsage, errors.New("many targets are either FILE... or -in CHECKPOINT -all, without -target, -d, -key and -o")
		}
		return o.batch(files, in.stdout, in.stderr)
	}
	if o.in != "" && (in.given("target") || o.dGiven) {
		return exitUsage, errors.New("-in: goes without -target and -d")
	}
	return o.run(in.stdout, in.stderr)
}

func (o *options) run(stdout, stderr io.Writer) (int, error) {
	tol, err := tolerance(o.tol)
	if err != nil {
		return exitUsage, err
	}
	out, err := newOutput(o.out, ".cert", ".npz")
	if err != nil {
		return exitUsage, err
	}
	spin := newSpinner(stderr)
	defer spin.stop()
	s, err := o.solve(spin)
	if err != nil {
		return exitUsage, err
	}
	r, err := o.report(s, tol, spin)
	if err != nil {
		return exitUsage, err
	}
	if err := out.write(s); err != nil {
		return exitUsage, err
	}
	spin.stop()
	if o.json {
		err = r.JSON(stdout)
	} else {
		err = r.Text(stdout)
	}
	switch {
	case err != nil:
		return exitUsage, err
	case !r.Reproduced:
		return exitNot, nil
	}
	return exitOK, nil
}

// report checks the flow and measures what there is to measure.
func (o *options) report(s *solved, tol *big.Rat, spin *spinner) (*report.Report, error) {
	t := s.oriented
	tensor, err := o.tensor(t.Dim)
	if err != nil {
		return nil, fmt.Errorf("-image: %w", err)
	}
	if err := s.Judge(); err != nil {
		return nil, err
	}
	r := report.Of(s.LinearRecord, tol)
	r.DetHow = t.how
	if t.det != nil {
		r.DetSign = &t.det.Sign
	}
	if tensor != nil {
		r.Convolution, err = convolution.Compare(s.Flow, t.Matrix, tensor)
	}
	return r, err
}

// tensor reads the image, if there is one, with n channels.
func (o *options) tensor(n int) (*convolution.Tensor, error) {
	if o.image == "" {
		return nil, nil
	}
	t, err := convolution.ReadImage(o.image)
	if err != nil {
		return nil, err
	}
	return t.WithChannels(n)
}
