package flowdepth

import (
	"fmt"
	"math/big"
	"slices"

	"flowproof/exactmath/ball"
	"flowproof/neural"
)

// Cube is the uniform law on the 2^j vertices of a cube of R^d: the coordinates Signs, j
// of them, are Radius or -Radius, the others 0. j = 0 is the point 0, j = 1 two points.
type Cube struct {
	Dim    int
	Signs  []int
	Radius *big.Rat
}

// Reached is what is proved of a flow and a Cube.
type Reached struct {
	// W1 and W2 are upper bounds of the distances.
	W1, W2 *big.Rat
	// The parts of W1 beside the main one: the mean modulus of what is linear and not
	// diagonal, and of what happens where some |z| is small or large.
	Main, Skew, Near, Far *big.Rat
	// Depth is the number of layers, Updated the largest number of coordinates that one
	// of them scales, LogScale the least log-scale of all, rounded down.
	Depth    int
	Updated  int
	LogScale *big.Rat
}

// FlowError reports a flow that the proof does not fit.
type FlowError struct {
	Layer  int // -1: the flow as a whole
	Reason string
}

func (e *FlowError) Error() string {
	if e.Layer < 0 {
		return e.Reason
	}
	return fmt.Sprintf("layer %d: %s", e.Layer, e.Reason)
}

// reachPrec is the precision in bits of Reach; farOut is the B of its proof: what |z| >
// farOut does has a mass of 1e-349 for each coordinate.
const (
	reachPrec = 128
	farOut    = 40
)

// MaxUpdates bounds the updates of all layers of a flow together.
const MaxUpdates = 1 << 21

// Reach returns upper bounds of W_1 and W_2 between F#gamma and a cube for a flow F of
// constant scales whose shifts are odd functions with two knots (depth-flow). On the
// event that |z_i| <= 40 for all i and |z_i| >= near for the signs, each shift has to be
// met where it is linear, or beyond a knot on the side that the sign of one of these z_i
// says. There F(z) = A z + C sgn z, which is compared with Radius sgn z; off the event
// the difference is bounded.
//
// Errors: *FlowError; *ArgumentError.
func Reach(f *neural.Flow, cube Cube, near *big.Rat) (*Reached, error) {
	if err := cube.check(f.Dim()); err != nil {
		return nil, err
	}
	if near.Sign() < 0 {
		return nil, &ArgumentError{"near", near.RatString(), "at least 0"}
	}
	e, err := New(reachPrec)
	if err != nil {
		return nil, err
	}
	s := e.newState(cube, near)
	r := &Reached{Depth: len(f.Layers())}
	var least *big.Rat
	count := 0
	for i, l := range f.Layers() {
		if count += len(l.Updates); count > MaxUpdates {
			return nil, &FlowError{i, fmt.Sprintf("more than %d updates up to here", MaxUpdates)}
		}
		r.Updated = max(r.Updated, len(l.Updates))
		// What is read is never written to in the same layer (package neural).
		for _, u := range l.Updates {
			if err := s.update(u); err != nil {
				return nil, &FlowError{i, err.Error()}
			}
			if factor := rat(u.Factor); least == nil || factor.Cmp(least) < 0 {
				least = factor
			}
		}
	}
	r.LogScale = new(big.Rat)
	if least != nil && least.Cmp(big.NewRat(1, 1)) != 0 {
		r.LogScale = lower(e.Log(e.Rat(least)))
	}
	s.finish(r)
	return r, e.Err()
}

func (c Cube) check(d int) error {
	if c.Dim != d {
		return &ArgumentError{"d", itoa(int64(d)), "that of the target, " + itoa(int64(c.Dim))}
	}
	if c.Radius == nil || c.Radius.Sign() < 0 {
		return &ArgumentError{"R", text(c.Radius), "at least 0"}
	}
	seen := map[int]bool{}
	for _, i := range c.Signs {
		if i < 0 || i >= d || seen[i] {
			return &ArgumentError{"signs", itoa(int64(i)), "different coordinates from 0 to d - 1"}
		}
		seen[i] = true
	}
	return nil
}

// term is a coefficient of z_i, or of sgn z_i.
type term struct {
	i int
	c ball.Ball
}

// coordinate is what is known of x_j after some layers.
type coordinate struct {
	linear, signs []term    // on the event, x_j = sum of c z_i + sum of c sgn z_i
	size          ball.Ball // |x_j| is at most this where all |z| <= farOut
	off           ball.Ball // and this bounds the difference from the formula there
	stretch, up   ball.Ball // everywhere |x_j| <= stretch |z_j| + up
}

// state follows a flow through its layers.
type state struct {
	*Eval
	cube Cube
	near *big.Rat
	x    []coordinate
}

func (e *Eval) newState(cube Cube, near *big.Rat) *state {
	s := &state{Eval: e, cube: cube, near: near, x: make([]coordinate, cube.Dim)}
	one, zero := e.Int(1), e.Int(0)
	for j := range s.x {
		s.x[j] = coordinate{linear: []term{{j, one}}, size: e.Int(farOut), off: zero, stretch: one, up: zero}
	}
	return s
}

// top returns the largest |t| for t in x, as a ball.
func (s *state) top(x ball.Ball) ball.Ball {
	_, hi := x.AbsBounds()
	return s.Rat(hi)
}

// update follows x_c <- factor x_c + g(x_r).
func (s *state) update(u neural.Update) error {
	if !u.LogScale.IsZero() {
		return fmt.Errorf("coordinate %d has a scale that is not constant", u.Coord)
	}
	x := s.x[u.Coord]
	factor := s.Float(u.Factor)
	y := coordinate{
		linear: s.scaled(x.linear, factor), signs: s.scaled(x.signs, factor),
		size: s.Mul(factor, x.size), off: s.Mul(factor, x.off),
		stretch: s.Mul(factor, x.stretch), up: s.Mul(factor, x.up),
	}
	if !u.Shift.IsZero() {
		if err := s.shift(&y, u); err != nil {
			return err
		}
	}
	s.x[u.Coord] = y
	return s.Err()
}

// shift adds g(x_r) to y.
func (s *state) shift(y *coordinate, u neural.Update) error {
	knots, values := u.Shift.Knots()
	if len(knots) != 2 || knots[0] != -knots[1] || values[0] != -values[1] {
		return fmt.Errorf("the shift of coordinate %d is not an odd function with two knots", u.Coord)
	}
	t, knot, value := s.x[u.Reads], s.Float(knots[1]), s.Float(values[1])
	most := s.top(value)
	y.size, y.up = s.Add(y.size, most), s.Add(y.up, most)
	if t.size.Cmp(knot) < 0 { // linear
		slope := s.Quo(value, knot)
		y.linear = s.sum(y.linear, s.scaled(t.linear, slope))
		y.signs = s.sum(y.signs, s.scaled(t.signs, slope))
		y.off = s.Add(y.off, s.Mul(s.top(slope), t.off))
		return nil
	}
	for _, i := range s.cube.Signs {
		if s.beyond(t, i, knot) {
			y.signs = s.sum(y.signs, []term{{i, value}})
			y.off = s.Add(y.off, s.Mul(s.Int(2), most))
			return nil
		}
	}
	return fmt.Errorf("coordinate %d reads coordinate %d between the knots and beyond, and no sign says where", u.Coord, u.Reads)
}

// beyond reports whether t sgn z_i >= knot on the event.
func (s *state) beyond(t coordinate, i int, knot ball.Ball) bool {
	least := s.Int(0)
	for _, a := range t.linear {
		if a.i != i {
			least = s.Sub(least, s.Mul(s.top(a.c), s.Int(farOut)))
			continue
		}
		modulus := s.Rat(s.near) // of z_i, where the term is least
		if lower(a.c).Sign() < 0 {
			modulus = s.Int(farOut)
		}
		least = s.Add(least, s.Mul(a.c, modulus))
	}
	for _, a := range t.signs {
		if a.i == i {
			least = s.Add(least, a.c)
		} else {
			least = s.Sub(least, s.top(a.c))
		}
	}
	return s.Err() == nil && lower(least).Cmp(upper(knot)) >= 0
}

func (s *state) scaled(x []term, by ball.Ball) []term {
	out := make([]term, len(x))
	for k, a := range x {
		out[k] = term{a.i, s.Mul(a.c, by)}
	}
	return out
}

// sum returns x + y, and may change x.
func (s *state) sum(x, y []term) []term {
	for _, b := range y {
		k := slices.IndexFunc(x, func(a term) bool { return a.i == b.i })
		if k < 0 {
			x = append(x, b)
		} else {
			x[k].c = s.Add(x[k].c, b.c)
		}
	}
	return x
}

// finish compares with the target.
func (s *state) finish(r *Reached) {
	groups, skew := s.errors()
	rest := s.Root(skew)
	main := s.MeanRoot(groups)
	off, crude := s.Int(0), s.Int(0)
	for j, x := range s.x {
		off = s.Add(off, s.Sq(x.off))
		crude = s.Add(crude, s.crude(j, x))
	}
	j, d := s.Int(int64(len(s.cube.Signs))), s.Int(int64(s.cube.Dim))
	// P(|z| < near for some sign) <= 2 phi(0) near for each; and beyond B: 2 phi(B) / B.
	small := s.Mul(j, s.Int(2), s.density(s.Int(0)), s.Rat(s.near))
	large := s.Mul(d, s.Int(2), s.density(s.Int(farOut)), s.Frac(1, farOut))
	// |F - formula| has the L4 norm sqrt(crude) at most, where some |z| is large.
	far := s.Root(s.Mul(crude, s.Root(large)))
	near1 := s.Mul(s.Root(off), small)
	near2 := s.Mul(s.Root(off), s.Root(small))
	r.Main, r.Skew, r.Near, r.Far = upper(main), upper(rest), upper(near1), upper(far)
	r.W1 = upper(s.Add(main, rest, near1, far))
	r.W2 = upper(s.Add(s.Root(s.MeanSquare(groups)), rest, near2, far))
}

// errors returns what F(z) - Radius sgn z is on the event: its diagonal part, and the
// sum of the mean squares of the rest.
func (s *state) errors() (groups []Group, skew ball.Ball) {
	skew = s.Int(0)
	byKey := map[string]int{}
	for j, x := range s.x {
		signs := slices.Clone(x.signs)
		if slices.Contains(s.cube.Signs, j) {
			signs = s.sum(signs, []term{{j, s.Rat(new(big.Rat).Neg(s.cube.Radius))}})
		}
		scale, offset := s.Int(0), s.Int(0)
		linear, jumps := s.Int(0), s.Int(0)
		for _, a := range x.linear {
			if a.i == j {
				scale = a.c
			} else {
				linear = s.Add(linear, s.Sq(a.c))
			}
		}
		for _, a := range signs {
			if a.i == j {
				offset = a.c
			} else {
				jumps = s.Add(jumps, s.top(a.c))
			}
		}
		// the L2 norm of the rest is at most sqrt(linear) + jumps
		skew = s.Add(skew, s.Sq(s.Add(s.Root(linear), jumps)))
		key := keyOf(scale) + " " + keyOf(offset)
		k, ok := byKey[key]
		if !ok {
			k = len(groups)
			byKey[key] = k
			groups = append(groups, s.normalGroup(0, scale, offset))
		}
		groups[k].Count++
	}
	return groups, skew
}

// keyOf identifies a ball.
func keyOf(x ball.Ball) string {
	m, e := x.Mid()
	return m.Text(62) + "e" + itoa(int64(e)) + "r" + x.Rad().RatString()
}

// crude returns a number that bounds the L2 norm of (x_j - formula)^2 everywhere, from
// (a + b + c + d)^2 <= 4 (a^2 + ..), and E z^4 = 3: the moduli are at most stretch |z_j|
// + up for the flow and a linear form and a number for the formula.
func (s *state) crude(j int, x coordinate) ball.Ball {
	linear, jumps := s.Int(0), s.Int(0)
	for _, a := range x.linear {
		linear = s.Add(linear, s.Sq(a.c))
	}
	for _, a := range x.signs {
		jumps = s.Add(jumps, s.top(a.c))
	}
	two := s.Int(2) // at least sqrt(3)
	return s.Mul(s.Int(4), s.Add(s.Mul(two, s.Sq(x.stretch)), s.Sq(x.up), s.Mul(two, linear), s.Sq(jumps)))
}
