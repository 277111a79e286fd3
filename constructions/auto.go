package constructions

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/floatflow"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/ratmat"
	"flowproof/constructions/polish"
	"flowproof/constructions/refine"
	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
)

// goodResidual is the relative residual, estimated in float64, up to which auto
// takes a flow as it comes; beyond, it refines.
const goodResidual = 1e-12

// auto chooses the construction that suits the target: permutation if it is one,
// with or without signs, orthogonal if it is that to working precision, else the best of the flows of at
// most Options.MaxDepth layers that it finds: polish, a closed form, or layers of
// rational numbers where the target has few digits. A flow that runs in float64
// (see run.Usable) is preferred to one that does not, and Built.Deeper says which
// depth has one if no flow of this depth is.
//
// Errors: those of geometry.RequirePositive and Orthogonal; *DepthNeededError.
func auto(target exactmath.Matrix, part coupling.Partition, opt Options) (*Built, error) {
	if _, _, ok := sparse.SignedPermutation(target); ok { // exact and sparse: nothing to refine
		if b, err := build("permutation", target, part, opt); !errors.Is(err, fault.ErrPartition) {
			return b, err
		}
	}
	b, err := build("orthogonal", target, part, opt)
	var notOrthogonal *fault.NotOrthogonalError
	if !errors.As(err, &notOrthogonal) && !errors.Is(err, fault.ErrPartition) {
		var conv *fault.ConvergenceError
		if b, err = refined(b, target, opt, err); !errors.As(err, &conv) {
			return b, err
		}
	}
	if err := geometry.RequirePositive(target); err != nil {
		return nil, err
	}
	c := selection{target: target, part: part, opt: opt}
	for _, f := range deepForms { // at once
		if f.depth <= opt.maxDepth() {
			c.consider(f.name, f.depth)
		}
	}
	c.search()
	if !c.best.usable() && exactIsCheap(target) {
		for _, name := range []string{"six", "any-partition"} {
			c.consider(name, opt.maxDepth())
		}
	}
	if err := opt.context().Err(); err != nil && c.best.Built == nil {
		return nil, err
	}
	deeper := c.deeper()
	if c.best.Built == nil {
		return nil, &DepthNeededError{Depth: opt.maxDepth(), Deeper: deeper, Err: c.failed}
	}
	c.best.Deeper = deeper
	return c.best.Built, nil
}

// search considers the flows that take a search, as long as the effort asked for has
// it and the context lasts.
func (c *selection) search() {
	depth := c.opt.maxDepth()
	if c.opt.Effort == Quick && c.best.usable() || depth < refine.LeastDepth {
		return
	}
	if depth >= usualDepth && halves(c.part) {
		c.consider("continuation", depth)
	}
	if c.best.Built != nil && c.best.Construction == "continuation" {
		c.opt.start = c.best.Flow
	}
	small := c.part.Dim() <= usualPolish
	cold := c.opt.start == nil && !c.best.usable() && c.part.Dim() <= coldPolish
	if cold || c.opt.Effort == Thorough || small && c.opt.Effort == Normal {
		c.consider("polish", depth)
	}
}

// usualPolish is the largest dimension in which auto polishes what the path ends with,
// which takes about a second then.
const usualPolish = 32

// coldPolish is the largest dimension in which auto polishes random starts where no path
// leads to the target.
const coldPolish = 64

// namedDepth is a construction with the depth that it is asked for.
type namedDepth struct {
	name  string
	depth int
}

// deepForms are the closed forms for any map in float64.
var deepForms = []namedDepth{{"eight", 8}, {"conditioned", 11}, {"conditioned", 13}}

// Deeper is a flow of more layers than were allowed.
type Deeper struct {
	Depth        int
	Construction string
	Max          float64    // the largest condition of a layer, estimated
	Errors       run.Errors // in float64
}

// Usable reports whether the flow runs in float64, as run.Usable has it.
func (d *Deeper) Usable() bool { return run.Usable[float64](d.Errors, 0) }

// DepthNeededError reports that auto found no flow of the depth allowed.
type DepthNeededError struct {
	Depth  int
	Deeper *Deeper // a flow of more layers, nil if none was found
	Err    error   // what stood in the way of the last one tried
}

func (e *DepthNeededError) Error() string {
	s := fmt.Sprintf("no flow of at most %d layers was found (%v)", e.Depth, e.Err)
	if d := e.Deeper; d != nil {
		s += fmt.Sprintf("; one of %d layers has %.3g for its largest condition", d.Depth, d.Max)
	}
	return s
}

// Unwrap returns the reason.
func (e *DepthNeededError) Unwrap() error { return e.Err }

// selection is the state of auto: the best flow so far.
type selection struct {
	target exactmath.Matrix
	part   coupling.Partition
	opt    Options
	best   candidate
	failed error // of the first construction that gave nothing
}

// candidate is a flow with what decides between it and another one.
type candidate struct {
	*Built
	top  float64    // the largest condition of a layer, estimated
	errs run.Errors // in float64
}

func (c candidate) usable() bool { return c.Built != nil && run.Usable[float64](c.errs, 0) }

// better tells whether c is to be preferred to d: one that runs, and then the
// one with the smaller largest condition; of two that do not run, the one with the
// smaller error.
func (c candidate) better(d candidate) bool {
	switch {
	case c.Built == nil || d.Built == nil:
		return c.Built != nil
	case c.usable() != d.usable():
		return c.usable()
	case !c.usable() && c.errs.Worst() != d.errs.Worst():
		return c.errs.Worst() < d.errs.Worst()
	}
	return c.top < d.top
}

// consider builds the flow of that name and keeps it if it is the best so far.
func (c *selection) consider(name string, depth int) {
	if err := c.opt.context().Err(); err != nil {
		if c.failed == nil {
			c.failed = err
		}
		return
	}
	next, err := c.make(name, depth)
	switch {
	case err != nil && c.failed == nil:
		c.failed = err
	case err == nil && next.better(c.best):
		c.best = next
		if c.opt.Best != nil {
			c.opt.Best(next.Built)
		}
	}
}

// make builds the flow of that name, of at most the given depth, and measures it.
func (c *selection) make(name string, depth int) (candidate, error) {
	opt := c.opt
	if name == "continuation" || name == "polish" || name == "conditioned" {
		opt.Depth = depth
	}
	b, err := build(name, c.target, c.part, opt)
	if name != "six" && name != "any-partition" { // which are exact
		b, err = refined(b, c.target, opt, err)
	}
	if err != nil {
		return candidate{}, err
	}
	if (name == "six" || name == "any-partition") && flowBits(b.Flow) > layerBits {
		return candidate{}, fmt.Errorf("%s: layers of more than %d bits", name, layerBits)
	}
	if b.Flow.Depth() > depth {
		return candidate{}, fmt.Errorf("%s: %d layers", name, b.Flow.Depth())
	}
	top, _, _ := floatflow.Conditions(b.Flow)
	errs, err := run.Measure[float64](b.Flow, c.target, opt.Seed)
	return candidate{b, top, errs}, err
}

// farBetter is the factor between the errors of two flows, neither of which is
// usable, from which on the deeper one is worth mentioning.
const farBetter = 1e-3

// deeper returns the first flow of more layers than allowed that runs in float64
// where the best one does not, eight layers in small dimensions or a closed form;
// failing that, the one with the smallest errors if they are far smaller; failing
// that, nil. With its depth allowed, auto finds that flow or a better one.
func (c *selection) deeper() *Deeper {
	if c.best.usable() || c.opt.context().Err() != nil {
		return nil
	}
	forms := deepForms
	if c.part.Dim() <= hintPolish {
		forms = append([]namedDepth{{"polish", 8}}, forms...)
	}
	var best candidate
	var depth int
	for _, f := range forms {
		if f.depth <= c.opt.maxDepth() {
			continue
		}
		next, err := c.make(f.name, f.depth)
		if err == nil && next.better(best) {
			best, depth = next, f.depth
		}
		if best.usable() {
			break
		}
	}
	switch {
	case best.Built == nil || math.IsInf(best.errs.Worst(), 1):
		return nil
	case !best.usable() && c.best.Built != nil && best.errs.Worst() > farBetter*c.best.errs.Worst():
		return nil
	}
	return &Deeper{depth, best.Construction, best.top, best.errs}
}

// exactWork bounds n^4 b for a target of n coordinates, b bits an entry over a
// common denominator, up to which auto builds rational layers to fall back on: seconds.
// They have some 8 n^2 b bits each, and are taken if they have no more than layerBits
// together, which a second composes: those of maps such as Pascal's have far fewer.
const exactWork, layerBits = 6_000_000, 4_000_000

// exactIsCheap tells whether rational layers of the target are within exactWork.
func exactIsCheap(target exactmath.Matrix) bool {
	n, _ := target.Dims()
	if n > 64 {
		return false // whatever b is
	}
	return n*n*n*n*bitsOf(target) <= exactWork
}

// flowBits returns the bits of all weights.
func flowBits(f *coupling.Flow) (bits int) {
	for _, l := range f.Layers() {
		l.Weight().Each(func(_, _ int, v *big.Rat) { bits += v.Num().BitLen() + v.Denom().BitLen() })
	}
	return bits
}

// bitsOf returns the bits of the largest entry over a common denominator.
func bitsOf(target exactmath.Matrix) int {
	den, top := big.NewInt(1), big.NewInt(0)
	var t big.Int
	target.Each(func(_, _ int, v *big.Rat) { den.Set(ratmat.LCM(den, v.Denom())) })
	target.Each(func(_, _ int, v *big.Rat) {
		t.Quo(den, v.Denom())
		if t.Mul(&t, v.Num()); t.CmpAbs(top) > 0 {
			top.Set(&t)
		}
	})
	return top.BitLen()
}

// hintPolish is the largest dimension in which auto polishes a second time, with
// eight layers, to say what they would give.
const hintPolish = 10

// refined refines a flow that is near the target only, such as one of a target
// that is orthogonal to float32.
func refined(b *Built, target exactmath.Matrix, opt Options, err error) (*Built, error) {
	if err != nil || opt.Prec != 0 || relativeResidual(b.Flow, target) <= goodResidual {
		return b, err
	}
	b.Construction += ", refined"
	b.Flow, _, err = refine.Refine(b.Flow, target, 53, refine.Options{Seed: opt.Seed, MaxIterations: polish.RefineBudget(b.Flow.Partition().Dim())})
	return b, err
}

// relativeResidual estimates |target - product| / |target| in the Frobenius
// norm, in float64.
func relativeResidual(f *coupling.Flow, target exactmath.Matrix) float64 {
	if s, ok := target.(*sparse.Matrix); ok && s.NNZ() == 0 {
		return math.Inf(1)
	}
	part, n := f.Partition(), f.Partition().Dim()
	order := append(append([]int(nil), part.First()...), part.Second()...)
	product := mat.NewDense(n, n, nil) // of the layers so far, rows in block order
	for i, c := range order {
		product.Set(i, c, 1)
	}
	block := func(from, to int) *mat.Dense { return product.Slice(from, to, 0, n).(*mat.Dense) }
	first, second := block(0, part.P()), block(part.P(), n)
	for _, l := range slices.Backward(f.Layers()) {
		dst, src := second, first
		if l.Kind() == coupling.Upper {
			dst, src = first, second
		}
		rows, cols := l.Weight().Dims()
		var sum mat.Dense
		sum.Mul(mat.NewDense(rows, cols, l.Weight().Float64s()), src)
		for i, s := range run.Scales(l.Scale(), rows) {
			blas64.Scal(s, blas64.Vector{N: n, Data: dst.RawRowView(i), Inc: 1})
		}
		dst.Add(dst, &sum)
	}
	want := mat.NewDense(n, n, target.Float64s())
	for i, c := range order {
		row := product.RawRowView(i)
		for j := range row {
			row[j] -= want.At(c, j)
		}
	}
	return mat.Norm(product, 2) / mat.Norm(want, 2)
}
