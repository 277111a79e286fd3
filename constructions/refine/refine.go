// Package refine is section 6 of PROOFS.md: it moves the layers of a flow that is
// near its target until the product agrees with it to as many bits as asked for.
package refine

import (
	"math"
	"math/big"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas/blas64"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/floatflow"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/ratmat"
	"flowproof/constructions/internal/rescale"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// Options are the choices left to the caller of Refine.
type Options struct {
	// Depth, if it is more than the flow's, is the number of layers to end with: a
	// flow that has to be refined at all gets more layers, which start at zero.
	Depth int
	// Additive keeps an additive flow additive, even if the determinant of the
	// target calls for a scale.
	Additive bool
	// MaxRounds bounds the number of corrections; 0 means 40 + prec/8.
	MaxRounds int
	// MaxRestarts bounds the number of random displacements that leave a singular
	// point; 0 means 4, and a negative number none.
	MaxRestarts int
	// MaxIterations, if it is not 0, bounds the iterations of conjugate gradients in
	// all corrections together, to within those of one correction.
	MaxIterations int
	// Solve, if not nil, solves the linearised equation in place of conjugate gradients
	// without a preconditioner.
	Solve func(Equation) (Correction, bool)
	// Seed is for those displacements.
	Seed uint64
}

// Equation asks for the change of the weights of a flow, and of the scale of the layer
// Scaled unless that is -1, that moves its product by R, in block order, to first order
// and to within Tol |R| or near that.
type Equation struct {
	Flow   floatflow.Flow
	Scaled int
	R      blas64.General
	Tol    float64
}

// Correction is a solution of an Equation.
type Correction struct {
	Weights    []blas64.General
	Scale      []float64
	Iterations int
}

// Report says what Refine did.
type Report struct {
	Prec        uint     // bits asked for
	Depth       int      // layers of the result
	Rounds      int      // corrections made
	Iterations  int      // iterations of conjugate gradients in all
	Restarts    int      // random displacements from a singular point
	Scaled      bool     // the result has a scale that is not 1
	ResidualMax *big.Rat // the largest |entry| of target - product, exactly
	TargetMax   *big.Rat // the largest |entry| of the target
}

// refineGuard is the number of bits by which the layers' grid is finer than the
// first-order bound on what rounding to it does to the product.
const refineGuard = 3

// refiner is the state of Refine.
type refiner struct {
	target   exactmath.Matrix
	order    []int
	opt      Options
	prec     int
	tmax     *big.Rat // largest |entry| of the target
	point    *gridFlow
	bits     []int // grid of each layer
	deepened bool
	// detFloor is the precision beyond which an additive flow, rounded to float64
	// in the end, cannot follow the determinant of the target.
	detFloor int
	scaled   int // the layer whose scale is free, or -1
	frame    int // see tangent
	rng      *rand.Rand
	rep      Report
}

// Refine moves the layers of f, which is near the target, until
//
//	max |target - product| <= 2^-prec max |target|,
//
// decided exactly. The layers come back as dyadic numbers of about prec bits.
// For prec <= 53 they come back as float64 numbers, refined beyond and then
// rounded; what is left then is rounding, reported and not refused. A flow of
// float64 numbers that cannot be refined, but leaves no more than rounding, is
// returned as it is.
//
// Each round computes the residual exactly, solves the linearised equation for
// it in float64 (see tangent) and adds the solution to the layers: some 40 bits a
// round, if the derivative of the product is onto at f, as it is in general from
// five layers on (PROOFS.md, section 6). Where it is not, f is displaced at random
// and tried again. An additive flow gets a scale in its last layer if the
// determinant of the target is not 1 to the precision asked for; scales exp(s)
// are replaced by float64 numbers.
//
// Errors: *ShapeError, ErrSingular (the zero target), *ConvergenceError,
// exactmath.ErrTooLarge (more than about 90,000 bits in all layers together).
//
// Statement: newton-converges (proofs/refine.md).
func Refine(f *coupling.Flow, target exactmath.Matrix, prec uint, opt Options) (*coupling.Flow, Report, error) {
	part := f.Partition()
	n := part.Dim()
	if r, c := target.Dims(); r != n || c != n {
		return nil, Report{}, &fault.ShapeError{Rows: r, Cols: c, Dim: n}
	}
	f, err := rescale.RationalScales(f)
	if err != nil {
		return nil, Report{}, err
	}
	if e := rescale.CommonExponent(target); e != 0 {
		return refineRescaled(f, target, prec, opt, e)
	}
	r := &refiner{
		target: target, order: part.Order(), opt: opt, prec: int(prec),
		tmax: dense.MaxAbs(target), scaled: -1,
		rng: rand.New(rand.NewPCG(opt.Seed, 0x726566696e65)),
	}
	r.rep = Report{Prec: prec, Depth: f.Depth(), TargetMax: r.tmax}
	if r.tmax.Sign() == 0 {
		return nil, r.rep, fault.ErrSingular
	}
	return r.run(f)
}

func (r *refiner) run(f *coupling.Flow) (*coupling.Flow, Report, error) {
	start, err := exactResidual(f, r.target)
	if err != nil {
		return nil, r.rep, err
	}
	r.rep.ResidualMax = start.max()
	if r.within(r.rep.ResidualMax, r.prec) {
		return r.done(f)
	}
	work := r.prec
	if work <= floatflow.Bits {
		work = floatflow.Bits + guardBits // to be rounded in the end
	}
	if err := r.place(f, work); err != nil {
		return nil, r.rep, err
	}
	if err := r.converge(work); err != nil {
		if r.prec <= floatflow.Bits && r.within(start.max(), r.prec-roundingBits) && inFloats(f) {
			r.rep.ResidualMax = start.max()
			return r.done(f) // rounding is all that is left of it
		}
		return nil, r.rep, err
	}
	var out *coupling.Flow
	if r.prec > floatflow.Bits {
		out, err = r.point.flow()
	} else {
		out, err = r.roundToFloats(f, start.max(), work)
	}
	if err != nil {
		return nil, r.rep, err
	}
	return r.done(out)
}

func (r *refiner) done(f *coupling.Flow) (*coupling.Flow, Report, error) {
	for _, l := range f.Layers() {
		r.rep.Scaled = r.rep.Scaled || l.Scale().Kind() != coupling.ScaleOne
	}
	return f, r.rep, nil
}

// tooBad is the reason given where float64 cannot hold a step.
const tooBad = "the layers are too badly conditioned, or too large, for corrections in float64"

// maxAmplification is the log2 of the largest factor between a rounding error
// in a layer and what it does to the product, either way.
const maxAmplification = 1 << 12

const (
	guardBits    = 15 // the precision beyond that of float64 to which flows are refined before they are rounded
	roundingBits = 6  // what rounding may cost in a flow
)

// within reports whether v <= 2^-bits max |target|.
func (r *refiner) within(v *big.Rat, bits int) bool {
	return v.Cmp(new(big.Rat).Mul(r.tmax, ratmat.Pow2(-bits))) <= 0
}

// place puts the flow, deepened if asked for, on a grid fine enough for the
// given precision.
func (r *refiner) place(f *coupling.Flow, work int) error {
	layers, err := r.deepen(f)
	if err != nil {
		return err
	}
	r.rep.Depth = len(layers)
	r.point = &gridFlow{part: f.Partition()}
	ff := floatflow.Flow{Parts: floatflow.Parts{P: f.Partition().P(), Q: f.Partition().Q()}}
	for i, l := range layers {
		if l.Scale().Kind() != coupling.ScaleOne {
			r.scaled = i
		}
		ff.Layers = append(ff.Layers, floatflow.Round(l))
	}
	if r.bits = r.grid(ff, work); r.bits == nil {
		return r.fail(work, tooBad)
	}
	for i, l := range layers {
		g, err := layerOnGrid(l, r.bits[i])
		if err != nil {
			return err
		}
		r.point.layers = append(r.point.layers, g)
	}
	return nil
}

// deepen returns the layers of f and, up to the depth asked for, layers that are the
// identity.
func (r *refiner) deepen(f *coupling.Flow) ([]coupling.Layer, error) {
	layers := f.Layers()
	kind := coupling.Lower
	if len(layers) > 0 {
		kind = layers[len(layers)-1].Kind().Other()
	}
	for len(layers) < r.opt.Depth {
		l, err := geometry.Identity(f.Partition(), kind)
		if err != nil {
			return nil, err
		}
		layers = append(layers, l)
		kind = kind.Other()
		r.deepened = true
	}
	return layers, nil
}

// grid returns for each layer the number of bits after the binary point that
// keeps the rounding of all layers together below 2^-(work+refineGuard) max
// |target| to first order: an error of at most d in every entry of layer i moves
// no entry of the product by more than
//
//	d * (largest row sum of |E_0..E_{i-1}|, columns dst) * (largest column sum of |E_{i+1}..|, rows src or dst).
//
// It returns nil if the numbers are beyond what float64 holds.
func (r *refiner) grid(f floatflow.Flow, work int) []int {
	n, k := f.N(), len(f.Layers)
	before := make([]float64, k)
	m := floatflow.IdentityGeneral(n)
	for i := range f.Layers {
		l := &f.Layers[i]
		before[i] = maxRowSum(f.Cols(m, l.Dst()))
		l.RightMul(f.Parts, m)
	}
	bits := make([]int, k)
	m = floatflow.IdentityGeneral(n)
	for i := k - 1; i >= 0; i-- {
		l := &f.Layers[i]
		after := maxColSum(f.Rows(m, l.Src()))
		if l.D != nil || i == k-1 {
			after = max(after, maxColSum(f.Rows(m, l.Dst())))
		}
		amp := math.Log2(before[i]) + math.Log2(after) + math.Log2(float64(k)) - ratmat.Log2(r.tmax)
		if !(math.Abs(amp) < maxAmplification) {
			return nil
		}
		bits[i] = work + refineGuard + int(math.Ceil(amp))
		l.LeftMul(f.Parts, m)
	}
	return bits
}

func maxRowSum(m blas64.General) float64 {
	top := 0.0
	for i := range m.Rows {
		top = max(top, blas64.Asum(blas64.Vector{N: m.Cols, Inc: 1, Data: m.Data[i*m.Stride:]}))
	}
	return top
}

func maxColSum(m blas64.General) float64 {
	top := 0.0
	for j := range m.Cols {
		top = max(top, blas64.Asum(blas64.Vector{N: m.Rows, Inc: m.Stride, Data: m.Data[j:]}))
	}
	return top
}
