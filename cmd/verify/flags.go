package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"runtime/debug"
	"strconv"
	"strings"

	"flowproof/constructions"
	"flowproof/targets"
)

// options are the flags of the main job.
type options struct {
	d            int
	dGiven       bool
	target       string
	seed         uint64
	partition    string
	construction string
	det          string
	tol          string
	json         bool
	out          string
	image        string
	version      bool
	list         bool

	perm, angle, shape, cond string
	maxEntry                 int
	unscaled                 bool
}

func (o *options) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("verify", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.IntVar(&o.d, "d", 0, "dimension `n` of a named target")
	fs.StringVar(&o.target, "target", "random-orthogonal", "target `name` (see -list), or a .npy, .mtx, .csv or .txt file")
	fs.Uint64Var(&o.seed, "seed", 1, "`seed` of random targets and of the round-trip vectors")
	fs.StringVar(&o.partition, "partition", "half", "`half`, checkerboard, or the coordinates of the first part: 0,2,5")
	fs.StringVar(&o.construction, "construction", "auto", "`name` of the construction (see -list), or auto")
	fs.StringVar(&o.det, "det", "error", "for determinant < 0: `error`, flip (one sign; flip=K names coordinate K), pad (one coordinate more)")
	fs.StringVar(&o.tol, "tol", "1e-9", "relative Frobenius `residual` up to which the target counts as reproduced")
	fs.BoolVar(&o.json, "json", false, "print one JSON object")
	fs.StringVar(&o.out, "o", "", "write the layers to this .npz `file`")
	fs.StringVar(&o.image, "image", "", "also apply the map as a 1x1 convolution to this PNG or JPEG `file`, squeezed to n channels")
	fs.BoolVar(&o.version, "version", false, "print the version")
	fs.BoolVar(&o.list, "list", false, "list the targets and the constructions")
	fs.StringVar(&o.perm, "perm", "", "permutation target: the images of 0, 1, 2, ..: `2,0,1`")
	fs.StringVar(&o.angle, "angle", "", "givens target: angle in `radians`")
	fs.StringVar(&o.shape, "shape", "", "squeeze and other image targets: `channels,height,width`")
	fs.StringVar(&o.cond, "cond", "", "ill-conditioned target: condition `number`")
	fs.IntVar(&o.maxEntry, "max-entry", 0, "integer targets: largest |`entry`|")
	fs.BoolVar(&o.unscaled, "unscaled", false, "gaussian and toeplitz targets: leave the determinant as it comes")
	return fs
}

const usage = `Usage: verify -d N -target NAME [flags]
       verify -target FILE [flags]

Builds the coupling layers of a linear map, composes them exactly, and says
whether they reproduce it.

Verdicts: exact     the product equals the target as a matrix of rationals
          residual  it does not; the exact residual is printed, rounded up
          enclosed  scales exp(s): a rigorous upper bound of the residual

Exit codes: 0 reproduced within -tol; 1 not; 2 usage, or bad input or output;
            3 not representable (determinant not positive)

Examples:
  verify -d 64 -target random-orthogonal
  verify -d 8 -target reverse -json
  verify -target rotation.npy -o layers.npz
  verify -d 5 -target permutation -perm 1,0,2,3,4 -det pad

Flags:
`

// help writes the page of -h.
func help(w io.Writer, fs *flag.FlagSet) error {
	var b strings.Builder
	b.WriteString(usage)
	fs.SetOutput(&b)
	fs.PrintDefaults()
	fs.SetOutput(io.Discard)
	_, err := io.WriteString(w, b.String())
	return err
}

// parse reads the command line. done reports that -h was asked for and printed.
func parse(args []string, stdout io.Writer) (o *options, done bool, err error) {
	o = new(options)
	fs := o.flags()
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil, true, help(stdout, fs)
	case err != nil:
		reason := strings.Replace(err.Error(), "parse error", "want a whole number", 1)
		return nil, false, fmt.Errorf("%s (verify -h shows the flags)", reason)
	}
	fs.Visit(func(f *flag.Flag) { o.dGiven = o.dGiven || f.Name == "d" })
	if fs.NArg() > 0 {
		return nil, false, fmt.Errorf("unexpected argument %q: a file is given with -target (verify -h shows the flags)", fs.Arg(0))
	}
	return o, false, nil
}

// targetOptions translates the flags of particular targets.
func (o *options) targetOptions() (opt targets.Options, err error) {
	if opt.Perm, err = ints("perm", o.perm); err != nil {
		return opt, err
	}
	if opt.Shape, err = ints("shape", o.shape); err != nil {
		return opt, err
	}
	if o.angle != "" {
		a, err := strconv.ParseFloat(o.angle, 64)
		if err != nil {
			return opt, fmt.Errorf("-angle: %q is not a number of radians", o.angle)
		}
		opt.Angle = &a
	}
	if o.cond != "" {
		if opt.Cond, err = strconv.ParseFloat(o.cond, 64); err != nil {
			return opt, fmt.Errorf("-cond: %q is not a number", o.cond)
		}
	}
	opt.MaxEntry, opt.Unscaled = o.maxEntry, o.unscaled
	return opt, nil
}

func ints(name, s string) ([]int, error) {
	if s == "" {
		return nil, nil
	}
	var out []int
	for _, f := range strings.Split(s, ",") {
		v, err := strconv.Atoi(strings.TrimSpace(f))
		if err != nil {
			return nil, fmt.Errorf("-%s: %q is not an integer, want a list such as 2,0,1", name, f)
		}
		out = append(out, v)
	}
	return out, nil
}

// tolerance reads -tol exactly.
func (o *options) tolerance() (*big.Rat, error) {
	// The float is a guard: it refuses 1e-999999999 before it fills the memory.
	f, err := strconv.ParseFloat(o.tol, 64)
	if r, ok := new(big.Rat).SetString(o.tol); err == nil && ok && f >= 0 && (f > 0 || r.Sign() == 0) {
		return r, nil
	}
	return nil, fmt.Errorf("-tol: %q is not a number from 0 to 1e308", o.tol)
}

// detMode reads -det: the mode, and the coordinate to flip.
func (o *options) detMode() (mode string, coordinate int, err error) {
	mode, k, named := strings.Cut(o.det, "=")
	if named {
		coordinate, err = strconv.Atoi(k)
	}
	if err != nil || mode != "error" && mode != "flip" && mode != "pad" || named && mode != "flip" {
		return "", 0, fmt.Errorf("-det: %q, want error, flip, flip=K or pad", o.det)
	}
	return mode, coordinate, nil
}

// list prints the targets and the constructions, one line each.
func list(w io.Writer) error {
	var b strings.Builder
	b.WriteString("Targets:\n")
	for _, t := range targets.List() {
		line := t.Summary
		if t.Constraint != "" {
			line += " (n: " + t.Constraint + ")"
		}
		if len(t.Options) > 0 {
			line += " [-" + strings.Join(t.Options, ", -") + "]"
		}
		fmt.Fprintf(&b, "  %-18s %s\n", t.Name, line)
	}
	b.WriteString("\nConstructions:\n")
	fmt.Fprintf(&b, "  %-18s %s\n", "auto", "the one that suits the target")
	for _, c := range constructions.List() {
		fmt.Fprintf(&b, "  %-18s %s\n", c.Name, c.Summary)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// version prints the version of the module and of Go.
func version(w io.Writer) error {
	v, goVersion := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
		if info.Main.Version != "" {
			v = info.Main.Version
		}
	}
	_, err := fmt.Fprintln(w, strings.TrimSpace("flowproof "+v+" "+goVersion))
	return err
}
