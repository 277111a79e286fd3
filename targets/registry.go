package targets

import (
	"fmt"
	"math"
	"slices"

	"flowproof/internal/nearest"
)

// Options are the choices that some targets offer. The zero value takes the
// defaults. An option that the target does not have is an error.
type Options struct {
	Perm     []int    // perm: the permutation, instead of a random one
	Angle    *float64 // angle: radians, instead of a random one
	Shape    []int    // shape: channels, height, width
	Cond     float64  // cond: condition number, default 1e6
	MaxEntry int      // max-entry: largest |entry|, default 9
	Unscaled bool     // unscaled: leave |det| as it comes, instead of 1
}

// given returns the names of the options that are set.
func (o Options) given() []string {
	var names []string
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"perm", o.Perm != nil}, {"angle", o.Angle != nil}, {"shape", o.Shape != nil},
		{"cond", o.Cond != 0}, {"max-entry", o.MaxEntry != 0}, {"unscaled", o.Unscaled},
	} {
		if f.set {
			names = append(names, f.name)
		}
	}
	return names
}

// Info describes a named target.
type Info struct {
	Name       string
	Summary    string   // one line
	Constraint string   // on the dimension beyond the limits; empty if none
	Seeded     bool     // whether it depends on the seed
	MaxDim     int      // MaxDense or MaxPermutation
	Options    []string // names of the options that it has
}

// recipe is a named target with its maker.
type recipe struct {
	Info
	fits func(n int) bool // nil: every n >= 2
	make func(request) (*Target, error)
}

// request is one call of a maker.
type request struct {
	name string
	dim  int
	rnd  *sampler
	opt  Options
}

func (r request) badOption(option, format string, args ...any) error {
	return &OptionError{r.name, option, fmt.Sprintf(format, args...)}
}

// badDim tells that the dimension does not go with the options.
func (r request) badDim(format string, args ...any) error {
	return &DimensionError{r.name, r.dim, fmt.Sprintf(format, args...)}
}

func powerOfTwo(n int) bool { return n&(n-1) == 0 }

func recipes() []recipe {
	dense := func(name, summary string, make func(request) (*Target, error), options ...string) recipe {
		return recipe{Info{name, summary, "", true, MaxDense, options}, nil, make}
	}
	fixed := func(r recipe) recipe { r.Seeded = false; return r }
	sparse := func(r recipe) recipe { r.MaxDim = MaxPermutation; return r }
	only := func(r recipe, constraint string, fits func(int) bool) recipe {
		r.Constraint, r.fits = constraint, fits
		return r
	}
	return []recipe{
		dense("random-orthogonal", "random rotation, Haar measure on SO(n)", randomOrthogonal),
		sparse(fixed(dense("identity", "the identity", identity))),
		sparse(fixed(dense("minus-identity", "the identity times -1; determinant -1 for odd n", minusIdentity))),
		sparse(dense("permutation", "random even permutation, or the one given", permutation, "perm")),
		sparse(fixed(dense("shuffle", "perfect shuffle: the two halves interleaved", shuffle))),
		sparse(fixed(dense("reverse", "reversal of the coordinates", reverse))),
		only(sparse(fixed(dense("bit-reversal", "bits of the index reversed, as in a fast Fourier transform", bitReversal))),
			"a power of two", powerOfTwo),
		only(sparse(fixed(dense("squeeze", "RealNVP's space-to-depth reordering of an image", squeeze, "shape"))),
			"a multiple of 4", func(n int) bool { return n%4 == 0 }),
		sparse(fixed(dense("checkerboard", "a board's white fields first, then the black ones", checkerboard, "shape"))),
		only(sparse(fixed(dense("zigzag", "JPEG's zigzag order of a square block", zigzag))),
			"a square", func(n int) bool { return isqrt(n)*isqrt(n) == n }),
		fixed(dense("dct", "orthonormal discrete cosine transform, type II", dct)),
		only(fixed(dense("hadamard", "Sylvester's Hadamard matrix over sqrt n", hadamard)), "a power of two", powerOfTwo),
		dense("givens", "rotation of the plane of the first and last coordinate", givens, "angle"),
		dense("householder-pair", "product of two random reflections", householderPair),
		dense("random-rotation", "product of 4n random plane rotations", randomRotation),
		dense("gaussian", "independent normal entries, determinant 1", gaussian, "unscaled"),
		dense("toeplitz", "random Toeplitz matrix, determinant 1", toeplitz, "unscaled"),
		dense("integer", "random integer entries, determinant positive", integer, "max-entry"),
		dense("unimodular", "random integer matrix of determinant 1", unimodular),
		dense("companion", "companion matrix of a random integer polynomial, determinant 1", companion, "max-entry"),
		dense("triangular", "random upper triangular matrix, determinant 1", triangular),
		dense("ill-conditioned", "random singular vectors, singular values in geometric progression, determinant 1", illConditioned, "cond"),
		dense("glow-init", "initial 1x1 convolution of Glow, float32, determinant 1", glowInit),
		dense("lu", "Glow's LU-parametrised 1x1 convolution, determinant positive", glowLU),
		only(sparse(fixed(dense("block-diag-j", "diag(J, 1, ..), J a quarter turn: needs six layers", blockDiagJ))),
			"3 or more", func(n int) bool { return n >= 3 }),
	}
}

// List returns all named targets, in the order in which to show them.
func List() []Info {
	var out []Info
	for _, r := range recipes() {
		out = append(out, r.Info)
	}
	return out
}

// Known reports whether there is a target of that name.
func Known(name string) bool {
	_, err := lookup(name)
	return err == nil
}

func lookup(name string) (recipe, error) {
	rs := recipes()
	if i := slices.IndexFunc(rs, func(r recipe) bool { return r.Name == name }); i >= 0 {
		return rs[i], nil
	}
	var names []string
	for _, r := range rs {
		names = append(names, r.Name)
	}
	return recipe{}, &UnknownError{name, nearest.Of(name, names)}
}

// Make returns the named target in dimension d. The seed has no effect on
// targets that List calls unseeded. Dimension 0 with Options.Perm means the
// length of that list. It fails with an *UnknownError (ErrUnknown), a
// *DimensionError, an *OptionError or a *PermutationError.
func Make(name string, d int, seed uint64, opt Options) (*Target, error) {
	rec, err := lookup(name)
	if err != nil {
		return nil, err
	}
	r := request{name, d, newSampler(name, seed), opt}
	for _, o := range opt.given() {
		if !slices.Contains(rec.Options, o) {
			return nil, r.badOption(o, "does not apply to this target")
		}
	}
	if opt.Perm != nil {
		if d == 0 {
			r.dim = len(opt.Perm)
		} else if d != len(opt.Perm) {
			return nil, r.badDim("%d, the length of the permutation given", len(opt.Perm))
		}
	}
	switch {
	case r.dim < 2:
		return nil, r.badDim("2 or more, since each part has a coordinate")
	case r.dim > rec.MaxDim:
		return nil, r.badDim("%d or less", rec.MaxDim)
	case rec.fits != nil && !rec.fits(r.dim):
		return nil, r.badDim("%s", rec.Constraint)
	}
	t, err := rec.make(r)
	if err != nil {
		return nil, err
	}
	t.Name = name
	if rec.Seeded && opt.Perm == nil && opt.Angle == nil {
		t.Seed, t.Seeded = seed, true
	}
	return t, nil
}

// condOption returns the option cond or its default.
func (r request) condOption() (float64, error) {
	c := r.opt.Cond
	if c == 0 {
		return 1e6, nil
	}
	if math.IsNaN(c) || c < 1 || c > maxCond {
		return 0, r.badOption("cond", "is %v, want a number of 1 to %g: beyond, rounding the entries decides the sign of the determinant", c, maxCond)
	}
	return c, nil
}

// entryOption returns the option max-entry or its default.
func (r request) entryOption() (int, error) {
	e := r.opt.MaxEntry
	if e == 0 {
		return 9, nil
	}
	if e < 1 || e > 1_000_000 {
		return 0, r.badOption("max-entry", "is %d, want 1 to 1000000", e)
	}
	return e, nil
}
