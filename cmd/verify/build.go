package main

import (
	"errors"
	"flag"
	"fmt"
	"math/big"

	"flowproof/certificate/encode"
	"flowproof/convolution"
	"flowproof/report"
)

const buildPage = `Usage: verify [build] -d N -target NAME [flags]
       verify [build] [flags] FILE...
       verify [build] [flags] CHECKPOINT [-key NAME | -all]

FILE is a matrix or a permutation, a checkpoint, or - for standard input; -target
FILE is the same as one FILE.

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
  verify rotation.npy -o layers.npz -o flow.onnx -o rotation.cert
  verify model.safetensors -all -det pad
  verify model.safetensors -key flow.conv.weight
  verify -d 5 -target permutation -perm 1,0,2,3,4 -det pad
`

// options are the flags of verify build.
type options struct {
	source
	outputs
	tol   string
	json  bool
	image string
}

func buildCommand() command {
	var o options
	return command{
		name: "build", summary: "build layers of a map, compose and judge them; the one meant if none is named",
		page: buildPage, flags: o.flags, run: o.main, args: true, words: func() map[string][]string { return outputWords(sourceWords()) },
	}
}

func (o *options) flags(fs *flag.FlagSet) {
	o.source.flags(fs)
	o.outputs.flags(fs)
	fs.StringVar(&o.tol, "tol", "1e-9", "relative Frobenius `residual` up to which the target counts as reproduced")
	fs.BoolVar(&o.json, "json", false, "print one JSON object")
	fs.StringVar(&o.image, "image", "", "also apply the map as a 1x1 convolution to this PNG or JPEG `file`, squeezed to n channels")
}

// main is verify build: target -> construction -> flow -> verify -> report.
func (o *options) main(in *invocation) (int, error) {
	o.start(in)
	tol, err := tolerance(o.tol)
	if err != nil {
		return exitUsage, err
	}
	if o.many(in.Args()) {
		if len(o.paths) > 0 {
			return exitUsage, errors.New("-o: goes with one target")
		}
		return o.batch(in, tol)
	}
	return o.one(in, tol)
}

// one is verify build for one target.
func (o *options) one(in *invocation, tol *big.Rat) (int, error) {
	if err := o.open(in.given); err != nil {
		return exitUsage, err
	}
	spin := newSpinner(in.stderr)
	defer spin.stop()
	s, err := o.solve(in, spin)
	if err != nil {
		return codeOf(err), err
	}
	r, err := o.report(s, tol, spin)
	if err != nil {
		return exitUsage, err
	}
	if r.Outputs, err = o.write(s); err != nil {
		return exitUsage, err
	}
	spin.stop()
	if o.json {
		err = r.JSON(in.stdout)
	} else {
		err = r.Text(in.stdout)
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
	if t.List {
		r.PermutationAs = o.permAs
	}
	r.TargetSHA256 = fmt.Sprintf("%x", encode.SHA256(t.Matrix))
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
