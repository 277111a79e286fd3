package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"flowproof/constructions"
	"flowproof/targets"
)

// source says which map is wanted and how: the flags that every command which
// builds a flow shares.
type source struct {
	given        func(flag string) bool // whether the flag was on the command line
	d            int
	target       string
	key          string
	all          bool
	seed         uint64
	partition    string
	construction string
	det          string
	prec         uint
	maxDepth     int
	depth        int
	effort       constructions.Effort

	perm, permAs       string
	angle, shape, cond string
	maxEntry           int
	unscaled           bool
}

func (s *source) flags(fs *flag.FlagSet) {
	fs.IntVar(&s.d, "d", 0, "dimension `n` of a named target")
	fs.StringVar(&s.target, "target", "random-orthogonal", "target `name` (see verify list targets), a file (.npy, .mtx, .csv, .txt, or a checkpoint .npz, .safetensors, .pt, .pth), or - for standard input")
	fs.Uint64Var(&s.seed, "seed", 1, "`seed` of random targets and of the round-trip vectors")
	fs.StringVar(&s.partition, "partition", "half", "`half`, checkerboard, or the coordinates of the first part: 0,2,5")
	fs.StringVar(&s.construction, "construction", "auto", "`name` of the construction (see verify list), or auto")
	fs.StringVar(&s.det, "det", "error", "for determinant < 0, which is decided exactly: `error`, flip (one sign; flip=K names coordinate K), pad (one coordinate more)")
	fs.UintVar(&s.prec, "prec", 0, "refine the layers to this many `bits`: residual below 2^-bits of the largest entry")
	fs.IntVar(&s.maxDepth, "max-depth", 6, "auto: largest `depth` allowed")
	fs.IntVar(&s.depth, "depth", 0, "polish, continuation, conditioned: the `depth` of the flow (6; 6; 13, or 11)")
	fs.Func("effort", "how long auto looks for better conditioned layers: `quick`, normal or thorough", func(text string) (err error) {
		s.effort, err = constructions.ParseEffort(text)
		return err
	})
	fs.BoolVar(&s.all, "all", false, "of a checkpoint: every matrix and permutation")
	fs.StringVar(&s.key, "key", "", "`name` of the tensor in a checkpoint")
	fs.StringVar(&s.perm, "perm", "", "permutation target: the `list`, such as 2,0,1")
	fs.StringVar(&s.permAs, "perm-as", "images", "what a list p of a permutation means: `images`, out[p[i]] = x[i], or index, out[i] = x[p[i]], as NumPy and PyTorch index")
	fs.StringVar(&s.angle, "angle", "", "givens target: angle in `radians`")
	fs.StringVar(&s.shape, "shape", "", "squeeze and other image targets: `channels,height,width`")
	fs.StringVar(&s.cond, "cond", "", "ill-conditioned target: condition `number`")
	fs.IntVar(&s.maxEntry, "max-entry", 0, "integer targets: largest |`entry`|")
	fs.BoolVar(&s.unscaled, "unscaled", false, "gaussian and toeplitz targets: leave the determinant as it comes")
}

// sourceWords completes the flags of source.
func sourceWords() map[string][]string {
	names := func(items []item) (out []string) {
		for _, i := range items {
			out = append(out, i.Name)
		}
		return out
	}
	return map[string][]string{
		"-target": names(targetItems()), "-construction": names(constructionItems()),
		"-effort": constructions.Efforts, "-partition": {"half", "checkerboard"}, "-det": {"error", "flip", "pad"}, "-perm-as": {"images", "index"},
	}
}

// targetHint says how to ask for a named target, if word is one.
func targetHint(word string) string {
	if !targets.Known(word) {
		return ""
	}
	return "verify -d N -target " + word
}

// durationVar declares a flag for a time above 0.
func durationVar(fs *flag.FlagSet, d *time.Duration, name, usage string) {
	fs.Func(name, usage, func(text string) error {
		v, err := time.ParseDuration(text)
		if err != nil || v <= 0 {
			return errors.New("want a time above 0, such as 30s or 5m")
		}
		*d = v
		return nil
	})
}

// start takes note of what was given.
func (s *source) start(in *invocation) { s.given = in.given }

// targetOptions translates the flags of particular targets.
func (s *source) targetOptions() (opt targets.Options, err error) {
	if s.perm != "" {
		if opt.Perm, _, err = targets.ParsePermutation(s.perm); err != nil {
			return opt, fmt.Errorf("-perm: %w", err)
		}
	}
	if opt.Shape, err = ints("shape", s.shape); err != nil {
		return opt, err
	}
	if s.angle != "" {
		a, err := strconv.ParseFloat(s.angle, 64)
		if err != nil {
			return opt, fmt.Errorf("-angle: %q is not a number of radians", s.angle)
		}
		opt.Angle = &a
	}
	if s.cond != "" {
		if opt.Cond, err = strconv.ParseFloat(s.cond, 64); err != nil {
			return opt, fmt.Errorf("-cond: %q is not a number", s.cond)
		}
	}
	opt.MaxEntry, opt.Unscaled = s.maxEntry, s.unscaled
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
func tolerance(s string) (*big.Rat, error) {
	// The float is a guard: it refuses 1e-999999 before it becomes a fraction.
	if f, err := strconv.ParseFloat(s, 64); err == nil && f >= 0 && !math.IsInf(f, 0) {
		if r, ok := new(big.Rat).SetString(s); ok && (f > 0 || r.Sign() == 0) {
			return r, nil
		}
	}
	return nil, fmt.Errorf("-tol: %q is not a number from 0 to 1e308", s)
}

// detMode reads -det: the mode, and the coordinate to flip.
func (s *source) detMode() (mode string, coordinate int, err error) {
	mode, k, named := strings.Cut(s.det, "=")
	if named {
		coordinate, err = strconv.Atoi(k)
	}
	if err != nil || mode != "error" && mode != "flip" && mode != "pad" || named && mode != "flip" {
		return "", 0, fmt.Errorf("-det: %q, want error, flip, flip=K or pad", s.det)
	}
	return mode, coordinate, nil
}
