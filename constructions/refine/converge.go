package refine

import (
	"cmp"
	"fmt"
	"math"
	"math/big"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/floatflow"
	"flowproof/constructions/internal/ratmat"
)

// residual is target - product at some point: the exact largest |entry|, and all
// entries as m * 2^exp in float64 and block order.
type residual struct {
	m         blas64.General
	exp       int
	top       *big.Rat
	agreement float64 // log2 of max |target| / top
	exact     bool    // computed at the point itself, not at a coarser one
}

// measure computes the residual with evalBits more bits than it is expected to
// agree in, or with more if it agrees in more than that.
func (r *refiner) measure(work int, expect float64) (residual, error) {
	for {
		cut := max(0, work-int(expect)-evalBits)
		point := r.point
		if cut > 0 {
			bits := make([]int, len(r.bits))
			for i, b := range r.bits {
				bits[i] = b - cut
			}
			point = point.regrid(bits)
		}
		f, err := point.flow()
		if err != nil {
			return residual{}, err
		}
		d, err := exactResidual(f, r.target)
		if err != nil {
			return residual{}, err
		}
		z := residual{top: d.max(), exact: cut == 0}
		z.m, z.exp = d.floats(r.order)
		z.agreement = ratmat.Log2(r.tmax) - ratmat.Log2(z.top)
		if z.exact || z.agreement < expect+evalBits/4 {
			return z, nil
		}
		expect = z.agreement + digitsPerRound
	}
}

const (
	// digitsPerRound is the accuracy, in bits, to which one correction is solved:
	// what float64 allows with some room for conditioning.
	digitsPerRound = 44
	// evalBits is the number of bits of a residual that a correction needs.
	evalBits = 64
	// firstBits is the agreement up to which residuals are computed alike.
	firstBits = 60
	// After slowRounds in a row, each gaining less than slowGain bits, the point is
	// taken for singular, displaced, and tried again, defaultRestarts times by default.
	slowRounds, slowGain, defaultRestarts = 12, 4, 4
	// maxHalvings bounds how often a step that leads uphill is halved.
	maxHalvings = 6
)

// descent remembers where the rounds have been.
type descent struct {
	best, prev         *gridFlow // the point that agrees best, the last one
	bestBits, prevBits float64   // their agreement
	step               layerStep // from prev, times t * 2^exp
	exp                int
	t                  float64
	slow               int
}

// converge moves the point until max |target - product| <= 2^-work max |target|.
func (r *refiner) converge(work int) error {
	r.detFloor = work
	if r.deepened {
		r.displace()
	}
	r.frame = bestFrame(r.point.float(), r.scaled, r.opt.Seed)
	d := descent{bestBits: math.Inf(-1)}
	expect := float64(firstBits)
	for {
		res, err := r.measure(work, expect)
		if err != nil {
			return err
		}
		if res.agreement > d.bestBits {
			d.best, d.bestBits, r.rep.ResidualMax = r.point.regrid(r.bits), res.agreement, res.top
		}
		if res.exact && r.within(res.top, min(work, r.detFloor)) {
			return nil
		}
		switch d.judge(res) {
		case uphill:
			d.t /= 2
			r.restore(d.prev)
			r.point.add(d.step, r.scaled, d.t, d.exp)
			continue
		case stuck:
			if r.rep.Restarts >= r.maxRestarts() {
				return r.fail(work, "the corrections stopped helping")
			}
			r.restore(d.best)
			r.displace()
			r.frame = bestFrame(r.point.float(), r.scaled, r.opt.Seed)
			d.prev, d.slow, expect = nil, 0, firstBits
			continue
		}
		if err := r.advance(&d, res, work); err != nil {
			return err
		}
		expect = max(firstBits, res.agreement+digitsPerRound)
	}
}

// advance moves the point by one correction.
func (r *refiner) advance(d *descent, res residual, work int) (err error) {
	limit := cmp.Or(r.opt.MaxRounds, 40+r.prec/8)
	if r.rep.Rounds >= limit || r.opt.MaxIterations > 0 && r.rep.Iterations >= r.opt.MaxIterations {
		return r.fail(work, "too many rounds")
	}
	if d.step, err = r.correction(res, work); err != nil {
		return err
	}
	if !d.step.finite() {
		return r.fail(work, tooBad)
	}
	r.rep.Rounds++
	r.rep.Iterations += d.step.iters
	d.prev, d.prevBits, d.exp, d.t = r.point, res.agreement, res.exp, r.damp(d.step, res.exp)
	r.restore(d.prev)
	r.point.add(d.step, r.scaled, d.t, d.exp)
	return nil
}

// What to do after a residual has been seen.
const (
	onward = iota
	uphill // take less of the last step
	stuck
)

func (d *descent) judge(res residual) int {
	if d.prev == nil {
		return onward
	}
	if !(res.agreement > d.prevBits+0.1) {
		if d.t > 1.0/(1<<maxHalvings) {
			return uphill
		}
		return stuck
	}
	if res.agreement < d.prevBits+slowGain {
		d.slow++
	} else {
		d.slow = 0
	}
	if d.slow >= slowRounds {
		return stuck
	}
	return onward
}

// maxRestarts is small where theory says that displacing cannot help.
func (r *refiner) maxRestarts() int {
	switch {
	case r.opt.MaxRestarts < 0:
		return 0
	case r.opt.MaxRestarts > 0:
		return r.opt.MaxRestarts
	case r.rep.Depth < LeastDepth:
		return 1
	}
	return defaultRestarts
}

// LeastDepth is the number of layers from which on the derivative of the product
// is onto at a general point (PROOFS.md, section 6).
const LeastDepth = 5

// correction solves the linearised equation for the residual, after giving the
// flow a scale if it needs one.
func (r *refiner) correction(res residual, work int) (layerStep, error) {
	f := r.point.float()
	frozen := make([]bool, len(f.Layers))
	t := newTangent(f, r.frame, r.scaled, frozen)
	if r.scaled < 0 && len(f.Layers) > 0 {
		defect, slack := logDet(t.inFrame(res.m), res.exp)
		bits := int(min(-math.Log2(math.Abs(defect)/float64(f.N())), 1<<20))
		switch {
		case !(math.Abs(defect) >= 4*slack):
			// Too far from the target to tell.
		case bits < r.prec+4 && (r.prec > floatflow.Bits || bits < floatflow.Bits-2):
			if r.opt.Additive {
				return layerStep{}, r.fail(work, fmt.Sprintf("the determinant of the target is exp(%.3g), that of an additive flow is 1", defect))
			}
			r.unlock()
			f = r.point.float()
			t = newTangent(f, r.frame, r.scaled, frozen)
		case r.prec <= floatflow.Bits:
			r.detFloor = bits - 1
		}
	}
	// The quadratic term limits what the first corrections can gain, float64 all of
	// them, and the last one need not gain more than is left to do.
	gain := min(res.agreement+3, digitsPerRound, float64(work)-res.agreement+6)
	tol := math.Exp2(-max(gain, 6))
	if r.opt.Solve != nil {
		if c, ok := r.opt.Solve(Equation{f, r.scaled, res.m, tol}); ok {
			return layerStep{x: c.Weights, scale: c.Scale, iters: c.Iterations}, nil
		}
	}
	return t.solve(res.m, tol, min(60+4*t.equations(), 2000)), nil
}

// logDet returns log |det(I + r 2^exp)| and a bound on the order of its error.
func logDet(r blas64.General, exp int) (value, slack float64) {
	n := r.Rows
	norm := math.Ldexp(floatflow.Norm2(r.Data), min(exp, 1000))
	if norm < 1e-6 {
		// log det(I + R) = tr R - tr R^2 / 2 + O(|R|^3)
		tr, sq := 0.0, 0.0
		for i := range n {
			tr += r.Data[i*n+i]
			for j := range n {
				sq += r.Data[i*n+j] * r.Data[j*n+i]
			}
		}
		return math.Ldexp(tr-math.Ldexp(sq, exp)/2, exp), norm * norm * norm
	}
	m := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			m.Set(i, j, math.Ldexp(r.Data[i*n+j], min(exp, 1000)))
		}
		m.Set(i, i, m.At(i, i)+1)
	}
	var lu mat.LU
	lu.Factorize(m)
	d, _ := lu.LogDet()
	return d, 1e-15 * float64(n)
}

// restore goes back to a point, which may be from before the scale was free.
func (r *refiner) restore(g *gridFlow) {
	r.point = g.regrid(r.bits)
	if r.scaled >= 0 && !r.point.layers[r.scaled].hasScale() {
		r.unlock()
	}
}

// unlock gives the last layer a scale, ones to begin with.
func (r *refiner) unlock() {
	r.scaled = len(r.point.layers) - 1
	l := &r.point.layers[r.scaled]
	if l.hasScale() {
		return
	}
	l.scale = gridMatrix{l.weight.rows, 1, l.weight.bits, make([]big.Int, l.weight.rows)}
	for k := range l.scale.num {
		l.scale.num[k].Lsh(big.NewInt(1), uint(l.weight.bits))
	}
}

// damp returns the fraction of a step that moves no layer by more than a quarter
// of its size.
func (r *refiner) damp(s layerStep, exp int) float64 {
	t := 1.0
	f := r.point.float()
	for i, l := range f.Layers {
		size := max(1, floatflow.Norm2(l.X.Data)/math.Sqrt(float64(len(l.X.Data)))*4)
		top := 0.0
		for _, v := range s.x[i].Data {
			top = max(top, math.Abs(v))
		}
		if top > 0 {
			t = min(t, 0.25*size/math.Ldexp(top, min(exp, 1000)))
		}
	}
	for k, v := range s.scale {
		if d := math.Ldexp(math.Abs(v), exp); d > 0 {
			t = min(t, 0.5*f.Layers[r.scaled].D[k]/d)
		}
	}
	return t
}

// displace moves every layer by a random amount, larger at every restart.
func (r *refiner) displace() {
	delta := math.Ldexp(1, -4+r.rep.Restarts)
	r.rep.Restarts++
	for i := range r.point.layers {
		w := &r.point.layers[i].weight
		f := w.floats()
		size := max(floatflow.Norm2(f.Data), 1*math.Sqrt(float64(min(f.Rows, f.Cols)))) / math.Sqrt(float64(len(f.Data)))
		for k := range w.num {
			w.addFloat(k, delta*size*r.rng.NormFloat64(), 0)
		}
	}
}

func (r *refiner) fail(work int, why string) error {
	if r.rep.Depth < LeastDepth {
		why += fmt.Sprintf("; fewer than %d layers reach few targets exactly: ask for a larger depth", LeastDepth)
	}
	return &fault.ConvergenceError{
		Method: "refine", Reason: why, Depth: r.rep.Depth, Rounds: r.rep.Rounds,
		Residual: ratmat.Log2(r.rep.ResidualMax), Goal: ratmat.Log2(r.tmax) - float64(work),
	}
}
