package flowdepth

import (
	"math"
	"math/big"
	"slices"

	"flowproof/exactmath/ball"
)

// Condition is what every map pays that comes within eps of a target in W_1 or W_2,
// whatever it is made of.
type Condition struct {
	// Lipschitz: its Lipschitz constant is at least this.
	Lipschitz float64
	// Stretch: low |x - y| <= |F(x) - F(y)| holds for all x and y with no low above this.
	Stretch float64
	// AtLeast is a lower bound of its condition number, Lipschitz constant over low.
	AtLeast float64
	// Boxes prove AtLeast: they cover the values of low from Lipschitz / AtLeast to Stretch.
	Boxes []Box
}

// Box says: if low lies between From and To, then the Lipschitz constant is above
// Lipschitz. It is proved by Joint with low = From and Rho.
type Box struct{ From, To, Rho, Lipschitz float64 }

// boxGoal is the relative distance from the bound that more boxes could prove at which
// no more are made; maxBoxes is their largest number.
const (
	boxGoal  = 1e-4
	maxBoxes = 4000
)

// ConditionOf returns what is proved for maps that come within eps > 0 of t in W_p.
// Where nothing is proved, Lipschitz is 0 and AtLeast 1: so it is without a Gap.
//
// Errors: *ArgumentError.
func (e *Eval) ConditionOf(t Target, eps *big.Rat, p int) (*Condition, error) {
	if err := e.check(t, eps, p); err != nil {
		return nil, err
	}
	if t.Gap == nil {
		return &Condition{AtLeast: 1, Stretch: e.stretch(t, eps, p)}, e.Err()
	}
	a := newApprox(e, t)
	goal, _ := eps.Float64()
	c := &Condition{AtLeast: 1}
	c.Stretch = e.stretch(t, eps, p)
	c.Lipschitz = e.lipschitz(t, a, eps, p)
	// Maps within eps in W_2 are so in W_1: the boxes are about W_1.
	first := e.lipschitz(t, a, eps, 1)
	if first == 0 || e.Err() != nil {
		return c, e.Err()
	}
	ratio := func(low float64) float64 {
		lip, _ := a.steepest(low, goal)
		return lip / low
	}
	// The least ratio, about: over a grid of low, then between its neighbours.
	best := math.Inf(1)
	at := c.Stretch
	for i := range 60 {
		low := c.Stretch * math.Exp(-float64(i)/12)
		if r := ratio(low); r < best {
			best, at = r, low
		}
	}
	low := maximum(1, func(u float64) float64 { return -ratio(at * math.Exp((u-0.5)/6)) })
	best = min(best, ratio(at*math.Exp((low-0.5)/6)))
	from := c.Lipschitz / best
	if from >= c.Stretch { // the two bounds alone prove more
		c.AtLeast = down(new(big.Rat).Quo(rat(c.Lipschitz), rat(c.Stretch)))
		return c, e.Err()
	}
	boxes := []Box{e.box(t, a, eps, from, c.Stretch)}
	for len(boxes) < maxBoxes {
		worst := 0
		for i, b := range boxes {
			if b.Lipschitz/b.To < boxes[worst].Lipschitz/boxes[worst].To {
				worst = i
			}
		}
		b := boxes[worst]
		if b.Lipschitz/b.To >= best*(1-boxGoal) || b.To/b.From < 1+boxGoal/8 {
			break
		}
		mid := math.Sqrt(b.From * b.To)
		boxes[worst] = e.box(t, a, eps, b.From, mid)
		boxes = append(boxes, e.box(t, a, eps, mid, b.To))
	}
	slices.SortFunc(boxes, func(x, y Box) int {
		if x.From < y.From {
			return -1
		}
		return 1
	})
	c.Boxes = boxes
	least := new(big.Rat).Quo(rat(c.Lipschitz), rat(from))
	for _, b := range boxes {
		if r := new(big.Rat).Quo(rat(b.Lipschitz), rat(b.To)); r.Cmp(least) < 0 {
			least = r
		}
	}
	c.AtLeast = max(down(least), 1)
	return c, e.Err()
}

// rat returns x, finite, exactly.
func rat(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

// down rounds a rational down to a float64.
func down(x *big.Rat) float64 {
	f, _ := x.Float64()
	if math.IsInf(f, 1) {
		return math.MaxFloat64
	}
	if rat(f).Cmp(x) > 0 {
		f = math.Nextafter(f, math.Inf(-1))
	}
	return f
}

// proved returns a number near guess, at most it, for which holds; 0 if it holds for
// none that was tried.
func proved(guess float64, holds func(float64) bool) float64 {
	for _, less := range []float64{1e-13, 1e-11, 1e-9, 1e-7, 1e-5, 1e-3, 0.1, 0.5} {
		if x := guess * (1 - less); x > 0 && holds(x) {
			return x
		}
	}
	return 0
}

// stretch returns the least float64 found above which no low can be: Volume exceeds
// eps there.
func (e *Eval) stretch(t Target, eps *big.Rat, p int) float64 {
	if t.curves() {
		return e.tubeStretch(t, eps, p)
	}
	unit := e.Volume(t, e.Int(1), p) // linear in low, for points
	lo, _ := unit.Bounds()
	if lo.Sign() <= 0 {
		return math.Inf(1)
	}
	q := new(big.Rat).Quo(eps, lo)
	f := -down(new(big.Rat).Neg(q))
	return math.Nextafter(f, math.Inf(1))
}

// tubeStretch is stretch for curves, by bisection: Volume grows with low.
func (e *Eval) tubeStretch(t Target, eps *big.Rat, p int) float64 {
	above := func(low float64) bool { return exceeds(e.Volume(t, e.Float(low), p), eps) }
	no, _ := eps.Float64()
	no /= math.Sqrt(float64(t.Dim)) // points would be at about this
	yes := no
	for !above(yes) {
		if no, yes = yes, 2*yes; yes > 1e100 {
			return math.Inf(1)
		}
	}
	for above(no) {
		yes, no = no, no/2
	}
	for range 12 {
		if mid := math.Sqrt(no * yes); above(mid) {
			yes = mid
		} else {
			no = mid
		}
	}
	return yes
}

// lipschitz returns a number such that no Lipschitz constant can be at most that:
// Isoperimetry, which falls as lip grows, exceeds eps there.
func (e *Eval) lipschitz(t Target, a *approx, eps *big.Rat, p int) float64 {
	goal, _ := eps.Float64()
	if a.gap <= goal {
		return 0
	}
	holds := func(lip float64) bool { return exceeds(e.Isoperimetry(t, e.Float(lip), p), eps) }
	var guess float64
	if p == 2 && a.two {
		lo, hi := a.gap*1e-3, a.gap*a.gap*a.gap/(goal*goal)
		for range 80 {
			mid := math.Sqrt(lo * hi)
			if holds(mid) {
				lo = mid
			} else {
				hi = mid
			}
		}
		guess = lo
	} else {
		guess, _ = a.steepest(a.gap*1e-300, goal)
	}
	return proved(guess, holds)
}

// box proves a Box.
func (e *Eval) box(t Target, a *approx, eps *big.Rat, from, to float64) Box {
	goal, _ := eps.Float64()
	lip, rho := a.steepest(from, goal)
	b := Box{From: from, To: to, Rho: rho}
	if math.IsInf(lip, 1) { // the core alone exceeds eps
		lip = 2 * to / from * a.gap / goal * a.gap
	}
	l := e.Quo(e.Float(from), e.spread(t))
	core := e.Mul(l, e.MeanMin(t.Dim, rat(rho)))
	x := e.Sub(e.Rat(new(big.Rat).Mul(t.Gap, big.NewRat(1, 2))), e.Mul(l, e.Float(rho)))
	b.Lipschitz = proved(lip, func(lip float64) bool { return exceeds(e.beyondCore(t, core, x, lip), eps) })
	return b
}

func (e *Eval) beyondCore(t Target, core, x ball.Ball, lip float64) ball.Ball {
	if !exceeds(x, new(big.Rat)) {
		return core
	}
	return e.Add(core, e.isoperimetry(t, x, e.Float(lip)))
}

// CheckCondition reports whether the boxes prove what c says, by themselves.
func (e *Eval) CheckCondition(t Target, eps *big.Rat, p int, c *Condition) bool {
	if c.Lipschitz > 0 && !exceeds(e.Isoperimetry(t, e.Float(c.Lipschitz), p), eps) {
		return false
	}
	if !math.IsInf(c.Stretch, 1) && !exceeds(e.Volume(t, e.Float(c.Stretch), p), eps) {
		return false
	}
	if c.AtLeast <= 1 {
		return e.Err() == nil
	}
	at := rat(c.AtLeast)
	// low is below from, where the Lipschitz constant alone is enough, or in a box.
	from := rat(c.Stretch)
	if len(c.Boxes) > 0 {
		from = rat(c.Boxes[0].From)
	}
	if new(big.Rat).Mul(at, from).Cmp(rat(c.Lipschitz)) > 0 {
		return false
	}
	for i, b := range c.Boxes {
		if i > 0 && b.From > c.Boxes[i-1].To || !(b.From > 0) || b.Rho < 0 {
			return false
		}
		if new(big.Rat).Mul(at, rat(b.To)).Cmp(rat(b.Lipschitz)) > 0 {
			return false
		}
		if !exceeds(e.Joint(t, e.Float(b.From), e.Float(b.Lipschitz), rat(b.Rho)), eps) {
			return false
		}
	}
	if n := len(c.Boxes); n > 0 && c.Boxes[n-1].To < c.Stretch {
		return false
	}
	return e.Err() == nil
}
