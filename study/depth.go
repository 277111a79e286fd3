package study

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"time"

	"flowproof/constructions/cube"
	"flowproof/neural"
	"flowproof/verify/flowdepth"
)

// Depth is one question about depth: how many layers a flow needs to come within Eps of
// a target in W_Power.
type Depth struct {
	Target flowdepth.Target
	Layers *flowdepth.Layers // nil: any map; what it must pay in conditioning
	Radius *big.Rat          // the points are vertices of a cube, if not nil
	Eps    *big.Rat
	Power  int
	Say    func(stage string) // progress; may be nil
}

// DepthRecord is what is proved.
type DepthRecord struct {
	Case *Depth
	// Bound is the least depth; nil if Layers is.
	Bound *flowdepth.Bound
	// Condition is what every map pays; nil unless asked for and known.
	Condition *flowdepth.Condition

	// Reached is the depth of the flow, or of the map as a composition of layers; 0 if
	// there is none, and then Missing says why.
	Reached int64
	Missing string
	Flow    *neural.Flow       // for couplings
	Near    *big.Rat           // of its proof
	Proof   *flowdepth.Reached // of the flow
	Map     *cube.Stretching   // for other layers
	W       *big.Rat           // proved: the distance is at most this

	BoundSeconds, BuildSeconds, CertifySeconds float64
}

// Run answers the question.
//
// Errors: *flowdepth.ArgumentError, *flowdepth.DepthError.
func (c *Depth) Run() (*DepthRecord, error) {
	say := c.Say
	if say == nil {
		say = func(string) {}
	}
	say("bounding")
	r := &DepthRecord{Case: c}
	start := time.Now()
	e, err := flowdepth.New(flowdepth.Prec)
	if err != nil {
		return nil, err
	}
	if c.Layers != nil {
		r.Bound, err = e.DepthOf(c.Target, *c.Layers, c.Eps, c.Power)
	}
	switch {
	case err == nil && c.Layers == nil:
		r.Condition, err = e.ConditionOf(c.Target, c.Eps, c.Power)
	case err == nil:
		r.Condition = r.Bound.Condition
	}
	if err != nil {
		return nil, err
	}
	r.BoundSeconds = time.Since(start).Seconds()
	say("building")
	return r, r.reach(e)
}

// signs returns j where the target is the cube of 2^j vertices, and whether it is one.
func (c *Depth) signs() (int, bool) {
	k := c.Target.Pieces
	if c.Target.Length != nil && c.Target.Length.Sign() > 0 || k&(k-1) != 0 || k > 1 && c.Radius == nil {
		return 0, false
	}
	return bits.TrailingZeros64(uint64(k)), true
}

// options returns what constructions need to know, and why there is none for the target.
func (r *DepthRecord) options() (o cube.Options, missing string) {
	c := r.Case
	j, ok := c.signs()
	switch {
	case !ok:
		return o, "no flow is known for this target: want one point, or the vertices of a cube"
	case r.Bound != nil && r.Bound.AtLeast == 0:
		return o, "no flow of any depth comes so near"
	case j > c.Target.Dim:
		return o, fmt.Sprintf("a cube of %d points needs %d dimensions", c.Target.Pieces, j)
	}
	o = cube.Options{Dim: c.Target.Dim, Signs: j, Radius: 1, Power: c.Power}
	if c.Radius != nil {
		o.Radius, _ = c.Radius.Float64()
	}
	return o, ""
}

// target returns the cube; without a radius it is the point 0.
func (r *DepthRecord) target(o cube.Options) flowdepth.Cube {
	t := flowdepth.Cube{Dim: o.Dim, Radius: new(big.Rat)}
	for i := range o.Signs {
		t.Signs = append(t.Signs, i)
		t.Radius = r.Case.Radius
	}
	return t
}

// reach looks for a flow, or a map, that comes within Eps.
func (r *DepthRecord) reach(e *flowdepth.Eval) error {
	var o cube.Options
	if o, r.Missing = r.options(); r.Missing != "" {
		return nil
	}
	if l := r.Case.Layers; l != nil && (l.Kind == flowdepth.LogScale || l.Kind == flowdepth.LogDet) {
		return r.couplings(o)
	}
	return r.stretch(e, o)
}

// Flows are looked for up to this many layers above the least.
const maxMore = 1 << 16

// couplings finds the least depth at which a flow is built and proved to come within
// Eps. The estimates fall as depth grows once there are enough layers for steps.
func (r *DepthRecord) couplings(o cube.Options) error {
	c := r.Case
	eps, _ := c.Eps.Float64()
	half := (o.Dim + 1) / 2
	s := new(big.Rat).Set(c.Layers.Value)
	switch {
	case o.Dim < 2 || o.Signs > o.Dim/2:
		r.Missing = fmt.Sprintf("the construction wants one sign at most for two dimensions: %d for %d", o.Signs, o.Dim)
		return nil
	case c.Layers.Kind == flowdepth.LogDet:
		s.Quo(s, big.NewRat(int64(half), 1))
	case c.Layers.Updated < half:
		r.Missing = fmt.Sprintf("the construction scales half of the coordinates, %d, in each layer", half)
		return nil
	}
	o.LogScale, _ = s.Float64()
	near := func(depth int64) bool {
		o.Depth = int(depth)
		d, err := cube.Estimate(o)
		return err == nil && d <= eps
	}
	depth, ok := r.Bound.AtLeast, false
	for ; depth < r.Bound.AtLeast+8 && !ok; depth++ {
		ok = near(depth)
	}
	if !ok { // a bisection
		lo, step := depth-1, int64(8)
		for ; !near(lo + step); step *= 2 {
			if step > maxMore {
				r.Missing = "no flow was found: layers that hardly scale would take too many"
				return nil
			}
		}
		for step > 1 {
			if step /= 2; !near(lo + step) {
				lo += step
			}
		}
		depth = lo + 2
	}
	for depth--; ; depth++ {
		o.Depth = int(depth)
		done, err := r.prove(o, s)
		if done || err != nil {
			return err
		}
	}
}

// prove builds the flow of the options and proves its distance; done tells whether to
// look no further.
func (r *DepthRecord) prove(o cube.Options, s *big.Rat) (done bool, err error) {
	start := time.Now()
	b, err := cube.Build(o)
	if err != nil {
		if errors.Is(err, cube.ErrTooLarge) {
			r.Missing, err = err.Error(), nil
		}
		return true, err
	}
	r.BuildSeconds += time.Since(start).Seconds()
	start = time.Now()
	near := new(big.Rat).SetFloat64(b.Near)
	p, err := flowdepth.Reach(b.Flow, r.target(o), near)
	if err != nil {
		return true, err
	}
	r.CertifySeconds += time.Since(start).Seconds()
	if floor := new(big.Rat).Neg(s); p.LogScale.Cmp(floor) < 0 {
		return true, fmt.Errorf("the flow's log-scale %s is below -S", p.LogScale.FloatString(20))
	}
	w := p.W1
	if r.Case.Power == 2 {
		w = p.W2
	}
	if w.Cmp(r.Case.Eps) > 0 {
		return false, nil
	}
	r.Reached, r.Flow, r.Near, r.Proof, r.W = int64(o.Depth), b.Flow, near, p, w
	return true, nil
}

// mapPrec is the precision in bits at which maps are proved.
const mapPrec = 64

// stretch finds a map for layers with bounded distortion, or for no layers at all.
func (r *DepthRecord) stretch(_ *flowdepth.Eval, o cube.Options) error {
	c := r.Case
	eps, _ := c.Eps.Float64()
	if c.Layers != nil && c.Layers.Kind == flowdepth.Lipschitz {
		base, _ := c.Layers.Value.Float64()
		for depth := r.Bound.AtLeast; depth < r.Bound.AtLeast+64; depth++ {
			lip := math.Pow(base, float64(depth))
			if math.IsInf(lip, 1) {
				break
			}
			m, err := cube.Stretch(o, 1/lip, lip)
			if err != nil {
				return err
			}
			if m.Estimate > eps {
				continue
			}
			ok, err := r.proveMap(o, m, depth)
			if ok || err != nil {
				return err
			}
		}
		r.Missing = "no map of this kind was found that comes so near"
		return nil
	}
	m, err := cube.Condition(o, eps*(1-1e-3)) // what the proof's integral may lose
	if err != nil {
		r.Missing = err.Error()
		return nil
	}
	depth := int64(1)
	if c.Layers != nil {
		base, _ := c.Layers.Value.Float64()
		depth = max(int64(math.Ceil(math.Log(m.Lip/m.Low)/math.Log(base)-1e-12)), 1)
	}
	ok, err := r.proveMap(o, m, depth)
	if !ok && err == nil {
		r.Missing = "no map of this kind was proved to come so near"
	}
	return err
}

// proveMap proves what a map comes to and keeps it if that is near enough. For layers
// with a Lipschitz constant the slopes are its powers, exactly.
func (r *DepthRecord) proveMap(o cube.Options, m cube.Stretching, depth int64) (bool, error) {
	start := time.Now()
	e, err := flowdepth.New(mapPrec)
	if err != nil {
		return false, err
	}
	s := flowdepth.Stretch{Low: e.Float(m.Low), Lip: e.Float(m.Lip), Kink: new(big.Rat).SetFloat64(m.Kink)}
	if l := r.Case.Layers; l != nil && l.Kind == flowdepth.Lipschitz {
		s.Lip = e.Exp(e.Mul(e.Int(depth), e.Log(e.Rat(l.Value))))
		s.Low = e.Quo(e.Int(1), s.Lip)
	}
	w1, w2, err := e.MapReach(s, r.target(o))
	r.CertifySeconds += time.Since(start).Seconds()
	if err != nil {
		return false, err
	}
	if r.Case.Power == 2 {
		w1 = w2
	}
	if w1.Cmp(r.Case.Eps) > 0 {
		return false, nil
	}
	r.Map, r.W, r.Reached = &m, w1, depth
	return true, nil
}
