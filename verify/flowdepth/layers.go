package flowdepth

import (
	"fmt"
	"math/big"

	"flowproof/exactmath/ball"
)

// Kind is what is known of a layer.
type Kind string

// Kinds of layers.
const (
	// LogScale: coupling layers x2 <- exp(s(x1)) x2 + t(x1) with s >= -Value in each of
	// at most Updated coordinates, s and t any measurable functions. Value 0: additive
	// layers (NICE), and all others that do not shrink.
	LogScale Kind = "log-scale"
	// LogDet: injective layers with log |det| >= -Value, whatever they are made of.
	LogDet Kind = "log-det"
	// Lipschitz: |x - y| / Value <= |f(x) - f(y)| <= Value |x - y|.
	Lipschitz Kind = "lipschitz"
	// LayerCondition: l |x - y| <= |f(x) - f(y)| <= Value l |x - y| for some l > 0.
	LayerCondition Kind = "layer-condition"
)

// Layers is a family of layers.
type Layers struct {
	Kind    Kind
	Value   *big.Rat
	Updated int // LogScale: coordinates that a layer scales, at most
}

// Check returns an *ArgumentError if the family is none.
func (l Layers) Check(d int) error {
	least, most := new(big.Rat), big.NewRat(700, 1) // of exp(-S) a float64 has something
	name := map[Kind]string{LogScale: "S", LogDet: "V", Lipschitz: "L", LayerCondition: "K"}[l.Kind]
	if l.Kind == Lipschitz || l.Kind == LayerCondition {
		least.SetInt64(1)
		most = extreme
	}
	if l.Kind == LogDet {
		most = new(big.Rat).Mul(most, new(big.Rat).SetInt64(int64(d)))
	}
	switch {
	case name == "":
		return &ArgumentError{"layers", string(l.Kind), "log-scale, log-det, lipschitz or layer-condition"}
	case l.Value == nil || l.Value.Cmp(least) < 0 || l.Value.Cmp(most) > 0:
		return &ArgumentError{name, text(l.Value), least.RatString() + " to " + text(most)}
	case l.Kind == LogScale && (l.Updated < 1 || l.Updated > d):
		return &ArgumentError{"updated coordinates", itoa(int64(l.Updated)), "1 to d = " + itoa(int64(d))}
	}
	return nil
}

// shrink returns D^(1/d), D a lower bound of what depth layers make of volumes.
func (e *Eval) shrink(l Layers, d int, depth int64) ball.Ball {
	n := new(big.Rat).SetInt64(depth)
	switch l.Kind {
	case LogScale:
		n.Mul(n, big.NewRat(int64(l.Updated), int64(d)))
	case LogDet:
		n.Mul(n, big.NewRat(1, int64(d)))
	default:
		return e.Exp(e.Neg(e.Mul(e.Rat(n), e.Log(e.Rat(l.Value)))))
	}
	return e.Exp(e.Neg(e.Rat(n.Mul(n, l.Value))))
}

// Reason names the statement that a bound comes from, by its ID.
type Reason string

// Reasons.
const (
	None          Reason = ""
	ByVolume      Reason = "depth-volume"
	ByLine        Reason = "depth-line"
	ByPoints      Reason = "depth-points"
	ByJoint       Reason = "depth-joint"
	ByComposition Reason = "depth-condition"
)

// Limit is a lower bound of W_p for all flows of Depth layers. It is proved by one
// evaluation: of the statement Reason, at Rho for depth-joint.
type Limit struct {
	Depth  int64
	Value  ball.Ball
	Reason Reason
	Rho    *big.Rat
}

// LimitOf returns the best lower bound of W_p that is proved for all flows of depth
// layers; of several the one with the largest lower end. Layers of the kind LayerCondition
// are not met here: their scale is free, and what they can do is said by ConditionOf.
func (e *Eval) LimitOf(t Target, l Layers, depth int64, p int) Limit {
	shrink := e.shrink(l, t.Dim, depth)
	best := Limit{Depth: depth, Value: e.Volume(t, shrink, p), Reason: ByVolume}
	if l.Kind != Lipschitz || t.Gap == nil {
		return best
	}
	better := func(x Limit) {
		a, _ := x.Value.Bounds()
		if b, _ := best.Value.Bounds(); a.Cmp(b) > 0 {
			best = x
		}
	}
	lip := e.Quo(e.Int(1), shrink)
	by := ByPoints
	if t.Pieces == 2 {
		by = ByLine
	}
	better(Limit{Depth: depth, Value: e.Isoperimetry(t, lip, p), Reason: by})
	rho := rat(newApprox(e, t).rho(shrink.Estimate(), lip.Estimate()))
	better(Limit{Depth: depth, Value: e.Joint(t, shrink, lip, rho), Reason: ByJoint, Rho: rho})
	return best
}

// MaxDepth bounds the depths that are looked at.
const MaxDepth = 1 << 50

// Bound is what is proved of the least depth.
type Bound struct {
	// AtLeast: no flow of fewer layers comes within eps. 0 stands for infinity: no flow
	// of any depth does.
	AtLeast int64
	// Limit is the proof: what flows of AtLeast - 1 layers cannot do. Its Reason is None
	// where nothing is proved, and AtLeast is then 1.
	Limit Limit
	// Condition is what every map pays; for points with a Gap.
	Condition *Condition
}

// DepthOf returns what is proved of the least depth of flows of layers l that come
// within eps > 0 of t in W_p.
//
// Errors: *ArgumentError; *DepthError if the depth is beyond MaxDepth.
func (e *Eval) DepthOf(t Target, l Layers, eps *big.Rat, p int) (*Bound, error) {
	if err := e.check(t, eps, p); err != nil {
		return nil, err
	}
	if err := l.Check(t.Dim); err != nil {
		return nil, err
	}
	if l.Kind == LayerCondition {
		return e.composed(t, l, eps, p)
	}
	at := func(depth int64) (Limit, bool) {
		x := e.LimitOf(t, l, depth, p)
		return x, exceeds(x.Value, eps)
	}
	b := &Bound{AtLeast: 1}
	first, excluded := at(0)
	if !excluded {
		return b, e.Err()
	}
	b.Limit = first
	if least := new(big.Rat).SetInt64(int64(l.neutral())); l.Value.Cmp(least) == 0 {
		b.AtLeast = 0 // the bound does not depend on the depth
		return b, e.Err()
	}
	// b.Limit excludes its depth, hi is not excluded.
	hi := int64(1)
	for {
		x, excluded := at(hi)
		if !excluded {
			break
		}
		b.Limit = x
		if hi *= 2; hi > MaxDepth {
			return nil, &DepthError{}
		}
	}
	for hi-b.Limit.Depth > 1 {
		mid := b.Limit.Depth + (hi-b.Limit.Depth)/2
		if x, excluded := at(mid); excluded {
			b.Limit = x
		} else {
			hi = mid
		}
	}
	b.AtLeast = b.Limit.Depth + 1
	if b.Limit.Depth == 0 {
		b.Limit.Reason = None // at least one layer, which every flow has
	}
	return b, e.Err()
}

// neutral is the Value at which layers do not change volumes or distances.
func (l Layers) neutral() int {
	if l.Kind == Lipschitz || l.Kind == LayerCondition {
		return 1
	}
	return 0
}

// composed is DepthOf for layers of bounded condition number: T of them have at most
// Value^T, and every map has at least ConditionOf.AtLeast.
func (e *Eval) composed(t Target, l Layers, eps *big.Rat, p int) (*Bound, error) {
	b := &Bound{AtLeast: 1}
	if t.Gap == nil {
		return b, nil
	}
	c, err := e.ConditionOf(t, eps, p)
	if err != nil {
		return nil, err
	}
	b.Condition = c
	one := big.NewRat(1, 1)
	at := rat(c.AtLeast)
	if at.Cmp(one) <= 0 {
		return b, nil
	}
	b.Limit.Reason = ByComposition
	if l.Value.Cmp(one) == 0 {
		b.AtLeast = 0
		return b, nil
	}
	// The largest T with Value^T < AtLeast.
	log, goal := e.Log(e.Rat(l.Value)), e.Log(e.Rat(at))
	lo, hi := int64(0), int64(1)
	excluded := func(depth int64) bool { return e.Mul(e.Int(depth), log).Cmp(goal) < 0 }
	for excluded(hi) {
		if lo, hi = hi, 2*hi; hi > MaxDepth {
			return nil, &DepthError{}
		}
	}
	for hi-lo > 1 {
		if mid := lo + (hi-lo)/2; excluded(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	b.AtLeast, b.Limit.Depth = lo+1, lo
	if lo == 0 {
		b.Limit.Reason = None
	}
	return b, e.Err()
}

// DepthError reports a depth beyond MaxDepth.
type DepthError struct{}

func (*DepthError) Error() string {
	return fmt.Sprintf("the depth is more than %d layers: want layers that do more", int64(MaxDepth))
}

// extreme bounds eps and the Gap, and its inverse too.
var extreme = new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil))

// check refuses a target, an eps or a p that is out of range.
func (e *Eval) check(t Target, eps *big.Rat, p int) error {
	if err := t.Check(); err != nil {
		return err
	}
	within := func(x *big.Rat) bool {
		return x.Cmp(extreme) <= 0 && new(big.Rat).Mul(x, extreme).Cmp(big.NewRat(1, 1)) >= 0
	}
	switch {
	case eps == nil || eps.Sign() <= 0 || !within(eps):
		return &ArgumentError{"eps", text(eps), "1e-30 to 1e30"}
	case t.Gap != nil && !within(t.Gap):
		return &ArgumentError{"distance", text(t.Gap), "1e-30 to 1e30"}
	case t.curves() && !within(t.Length):
		return &ArgumentError{"length", text(t.Length), "1e-30 to 1e30"}
	case p != 1 && p != 2:
		return &ArgumentError{"p", itoa(int64(p)), "1 or 2"}
	}
	return nil
}

// text prints a rational in a few digits.
func text(x *big.Rat) string {
	if x == nil {
		return "none"
	}
	return new(big.Float).SetRat(x).Text('g', 6)
}
