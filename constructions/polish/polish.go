// Package polish looks for layers as well conditioned as optimisation finds
// (PROOFS.md, section 6). Nothing is proved about the minima; the flows are checked
// like any other.
package polish

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/floatflow"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/rescale"
	"flowproof/constructions/refine"
	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
)

// Options are the choices left to the caller of Polish. The zero value
// stands for the defaults.
type Options struct {
	Depth   int    // layers of the result; 0 means those of the given flow, or 6
	Starts  int    // random starts besides the given flow; 0 means 2, negative none
	MaxEval int    // evaluations of the objective for each start, and a quarter more to polish it again; 0 means 12,000
	Prec    uint   // bits, as for Refine; 0 means 53
	Seed    uint64 // of the random starts
}

const DefaultMaxEval = 12000

// Report says what Polish did.
type Report struct {
	Start      string        // the start that won: "given" or "random 1", "random 2" ...
	Failed     []string      // the starts that led to no flow of the target
	Lost       int           // of the starts, those given up because the target is ill-conditioned and they stay far from it
	Evals      int           // evaluations of the objective in all
	Conditions []float64     // of the layers, estimated
	Max        float64       // the largest of them
	Product    float64       // and their product
	GivenMax   float64       // the largest condition of a layer of the given flow, 0 if none
	Refine     refine.Report // of the result
}

// Polish looks for a flow of the target with layers as well conditioned as
// possible: it minimises a power sum of the singular values of all weights,
// subject to the product being the target, by L-BFGS on an augmented Lagrangian
// (see objective), from the layers of f0 (which may be nil) and from random
// ones, which approach an ill-conditioned target in steps, and ends each with
// Refine. The flow with the smallest largest layer
// condition is returned; f0 itself, refined, is among the candidates if it has
// the depth asked for.
//
// The flow is additive if det M is 1 to about 1e-6; otherwise its last two
// layers carry scales, one for each part. Nothing is proved about the result: it
// is a local minimum, and a random start may fail where a closed form is exact,
// as for a swap of the halves.
//
// Errors: *ShapeError, ErrSingular, ErrOrientation, ErrNoConvergence (of an SVD),
// *ConvergenceError if no start leads to a flow of the target.
func Polish(f0 *coupling.Flow, target exactmath.Matrix, part coupling.Partition, opt Options) (*coupling.Flow, Report, error) {
	if e := rescale.CommonExponent(target); e != 0 {
		return polishRescaled(f0, target, part, opt, e)
	}
	p, err := newPolisher(target, part, opt)
	if err != nil {
		return nil, Report{}, err
	}
	if f0 != nil {
		if f0, err = rescale.RationalScales(f0); err != nil {
			return nil, p.rep, err
		}
		p.setDepth(f0)
		p.rep.GivenMax, _, _ = floatflow.Conditions(f0)
		if x, ok := p.fromFlow(f0); ok {
			p.try("given", x, nil, 1, p.opt.MaxEval)
		}
		if f0.Depth() <= len(p.kinds) {
			p.candidate("given", f0)
		}
	}
	for k := range p.opt.Starts {
		p.try(fmt.Sprintf("random %d", k+1), p.random(k), p.singular, 1, p.opt.MaxEval)
	}
	if p.err != nil {
		return nil, p.rep, p.err
	}
	if p.best == nil {
		return nil, p.rep, &fault.ConvergenceError{
			Method: "polish", Reason: "no start leads to a flow of the target; another seed, more starts or a larger depth may",
			Depth: len(p.kinds), Rounds: len(p.rep.Failed),
			Residual: p.leastResidual, Goal: -float64(p.opt.Prec),
		}
	}
	return p.best, p.rep, nil
}

// polisher is the state of Polish.
type polisher struct {
	polishPoint
	target      exactmath.Matrix
	part        coupling.Partition
	opt         Options
	left, right blas64.General // see objective, for M / 2^exp / size
	exp         int
	size        float64
	singular    []float64 // singular values of M, up to a factor
	best        *coupling.Flow
	rep         Report
	err         error // one that ends it all

	leastResidual float64 // log2, of the failed starts
}

func newPolisher(target exactmath.Matrix, part coupling.Partition, opt Options) (*polisher, error) {
	n := part.Dim()
	if r, c := target.Dims(); r != n || c != n {
		return nil, &fault.ShapeError{Rows: r, Cols: c, Dim: n}
	}
	m, exp, err := geometry.ScaledDense(geometry.Frame{Order: part.Order(), P: part.P(), Q: part.Q()}, target)
	if err != nil {
		return nil, err
	}
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDFull) {
		return nil, fault.ErrNoConvergence
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	s := svd.Values(nil)
	if err := geometry.RequirePositive(target); err != nil {
		return nil, err
	}
	p := &polisher{target: target, part: part, opt: opt, exp: exp, leastResidual: math.Inf(1)}
	p.Parts = floatflow.Parts{P: part.P(), Q: part.Q()}
	p.singular = s
	logDet := 0.0
	for i := range s {
		s[i] = max(s[i], s[0]*0x1p-60)
		logDet += math.Log(s[i])
	}
	const additiveBelow = 1e-6
	p.size = math.Exp(logDet / float64(n))
	if total := logDet/float64(n) + float64(exp)*math.Ln2; math.Abs(total) > additiveBelow {
		p.scaled = true
	} else {
		p.size, p.exp = math.Ldexp(1, -exp), exp
	}
	// P = S^-1/2 U^T and Q = S^1/2 V^T, M being U S V^T over its size.
	p.left, p.right = floatflow.NewGeneral(n, n), floatflow.NewGeneral(n, n)
	for i := range n {
		root := math.Sqrt(s[i] / p.size)
		for j := range n {
			p.left.Data[i*n+j] = u.At(j, i) / root
			p.right.Data[i*n+j] = v.At(j, i) * root
		}
	}
	if p.opt.Starts == 0 {
		p.opt.Starts = 2
	}
	if p.opt.MaxEval == 0 {
		p.opt.MaxEval = DefaultMaxEval
	}
	if p.opt.Prec == 0 {
		p.opt.Prec = floatflow.Bits
	}
	p.opt.Starts = max(p.opt.Starts, 0)
	p.setDepth(nil)
	return p, nil
}

// setDepth sets the kinds of the layers: those of f0, and more of them if a larger
// depth is asked for.
func (p *polisher) setDepth(f0 *coupling.Flow) {
	depth, first := p.opt.Depth, 0
	if f0 != nil && len(f0.Layers()) > 0 {
		first = int(f0.Layers()[0].Kind())
		if depth == 0 {
			depth = f0.Depth()
		}
	}
	if depth == 0 {
		depth = 6
	}
	p.kinds = alternatingKinds(depth, first)
}

// alternatingKinds returns k kinds, the first one Lower if first is 0.
func alternatingKinds(k, first int) []coupling.Kind {
	kinds := make([]coupling.Kind, k)
	for i := range kinds {
		kinds[i] = geometry.KindAt(i + first)
	}
	return kinds
}

// fromFlow returns the unknowns of the flow f, its scales taken to the right end:
// diag(D) U(X) = U(D1 X D2^-1) diag(D). Layers that f does not have are zero. It
// fails if f has too many layers or scales where there must be none.
func (p *polisher) fromFlow(f *coupling.Flow) ([]float64, bool) {
	if f.Depth() > len(p.kinds) {
		return nil, false
	}
	x := make([]float64, p.dim())
	ls, t := p.layers(x)
	d := make([]float64, p.N())
	for i := range d {
		d[i] = 1
	}
	for i, l := range f.Layers() {
		rows, cols := l.Weight().Dims()
		fl := floatflow.Layer{Kind: l.Kind(), X: floatflow.General(rows, cols, l.Weight().Float64s())}
		dst, end := p.Span(fl.Dst())
		src, _ := p.Span(fl.Src())
		w := ls[i].X
		for a := range rows {
			for b := range cols {
				w.Data[a*w.Stride+b] = d[dst+a] * fl.X.Data[a*cols+b] / d[src+b]
			}
		}
		for a, s := range run.Scales(l.Scale(), end-dst) {
			d[dst+a] *= s
		}
	}
	for i, s := range d {
		if !p.scaled {
			if math.Abs(s-1) > 1e-5 {
				return nil, false
			}
			continue
		}
		t[i] = math.Log(s/p.size) - float64(p.exp)*math.Ln2
	}
	for _, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, false
		}
	}
	return x, true
}

// random returns start number k: weights of norm about 1. Every second start has
// the kinds of its layers the other way round.
func (p *polisher) random(k int) []float64 {
	if k > 0 {
		p.kinds = alternatingKinds(len(p.kinds), int(p.kinds[0])+1)
	}
	rng := rand.New(rand.NewPCG(p.opt.Seed, uint64(k)))
	x := make([]float64, p.dim())
	ls, _ := p.layers(x)
	scale := 0.5 / math.Sqrt(float64(max(p.P, p.Q)))
	for i := range ls {
		for j := range ls[i].X.Data {
			ls[i].X.Data[j] = scale * rng.NormFloat64()
		}
	}
	return x
}

// try descends from x and offers what comes out of it; s and maxEval as for
// descend.
func (p *polisher) try(name string, x, s []float64, rho float64, maxEval int) {
	if p.err != nil {
		return
	}
	o := newObjective(p.polishPoint, p.left, p.right)
	if p.scaled {
		// [[s, s X], [0, I]] has a condition of about s (1 + |X|^2)^(1/2): where the
		// scales are far from 1, the weights beside them count for more.
		w := min(1+math.Abs(math.Log(p.size)+float64(p.exp)*math.Ln2), 4)
		for i := max(0, len(p.kinds)-2); i < len(p.kinds); i++ {
			o.emphasis[i] = w
		}
	}
	o.rho = rho
	x = o.descend(x, s, maxEval)
	p.rep.Evals += o.evals
	if o.lost {
		p.rep.Lost++
	}
	f, err := p.flow(x)
	if err != nil {
		p.err = err
		return
	}
	far := o.residual > farAway*floatflow.Norm2(p.right.Data)
	if f = p.candidate(name, f); f == nil || !far {
		return
	}
	// To get to the target the layers have moved without regard to their size.
	if x, ok := p.fromFlow(f); ok && s != nil {
		p.try(name, x, nil, 10, maxEval/4)
	}
}

// farAway is the relative residual beyond which a start is polished again after
// it has been refined.
const farAway = 1e-4

// flow returns the layers at x in float64. With a scale, the last layer takes the
// scales of the part that it updates, the layer before those of the other part:
// L(X) U(Y) diag(D1, D2) = [[I, 0], [X, D2]] [[D1, Y D2], [0, I]].
func (p *polisher) flow(x []float64) (*coupling.Flow, error) {
	ls, t := p.layers(x)
	k := len(ls)
	if p.scaled && k > 0 {
		d := make([]float64, len(t))
		for i, v := range t {
			d[i] = math.Ldexp(math.Exp(v)*p.size, p.exp)
		}
		last := &ls[k-1]
		lo, hi := p.Span(last.Src())
		last.X = floatflow.CopyGeneral(last.X)
		floatflow.ScaleCols(last.X, d[lo:hi], false)
		if k > 1 {
			ls[k-2].D = d[lo:hi]
		}
		lo, hi = p.Span(last.Dst())
		last.D = d[lo:hi]
	}
	var layers []coupling.Layer
	for _, l := range ls {
		w, err := exactmath.FromFloat64(l.X.Rows, l.X.Cols, l.X.Data)
		if err != nil {
			return nil, err
		}
		scale, err := floatflow.Scale(l.D)
		if err != nil {
			return nil, err
		}
		layer, err := coupling.NewLayer(p.part, l.Kind, w, scale)
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	return coupling.NewFlow(p.part, layers...)
}

// candidate refines f, keeps it if it is the best so far, and returns it; nil if it
// cannot be refined.
func (p *polisher) candidate(name string, f *coupling.Flow) *coupling.Flow {
	if p.err != nil {
		return nil
	}
	g, rep, err := refine.Refine(f, p.target, p.opt.Prec, refine.Options{Seed: p.opt.Seed, MaxRestarts: -1, MaxIterations: RefineBudget(p.N())})
	var conv *fault.ConvergenceError
	if errors.As(err, &conv) {
		p.rep.Failed = append(p.rep.Failed, name)
		p.leastResidual = min(p.leastResidual, conv.Residual)
		return nil
	}
	if err != nil {
		p.err = err
		return nil
	}
	top, product, all := floatflow.Conditions(g)
	if p.best == nil || top < p.rep.Max {
		p.best, p.rep.Start, p.rep.Refine = g, name, rep
		p.rep.Max, p.rep.Product, p.rep.Conditions = top, product, all
	}
	return g
}
