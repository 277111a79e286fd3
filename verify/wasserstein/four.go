package wasserstein

import (
	"fmt"
	"math/big"
	"slices"

	"flowproof/exactmath/ball"
	"flowproof/exactmath/normal"
	"flowproof/neural"
)

// fourReach bounds |z| on the event that is looked at closely; what lies beyond has a
// mass of about e^-512.
const fourReach = 32

// maxFourKnots bounds the knots of a curve.
const maxFourKnots = 1 << 17

// FourBound returns an upper bound of W2 between the image of N(0, I) of the plane
// under f and the uniform law on [-1, 1]^2, if f is four couplings made of two
// exchanges of z[1] with the noise z[0] (four-couplings-bound in
// proofs/universality.md). It is computed from the knots as they are stored.
//
// Errors: *FlowError if f has another form, *LimitError.
func FourBound(f *neural.Flow) (*big.Rat, error) {
	n, err := normal.New(pricePrec)
	if err != nil {
		return nil, err
	}
	i := &integrals{Calc: ball.NewCalc(pricePrec), normal: n}
	if f.Dim() != 2 || len(f.Layers()) != 6 {
		return nil, &FlowError{fmt.Sprintf("dimension %d and %d layers, want 2 and the 6 of two exchanges", f.Dim(), len(f.Layers()))}
	}
	var e [2]*swap
	for k := range e {
		if e[k], err = newSwap(i, f.Layers()[3*k:3*k+3]); err != nil {
			return nil, fmt.Errorf("exchange %d: %w", k, err)
		}
	}
	b, err := fourBound(i, e[0], e[1])
	if err != nil {
		return nil, err
	}
	_, hi := b.Bounds()
	return hi, i.Err()
}

// swap is an exchange of coordinate 1 with the noise in coordinate 0:
//
//	x0 <- t(x1) + s x0,  x1 <- x1 - t^-1(x0),  x1 <- f e^a(x0) x1.
type swap struct {
	s, f      *big.Rat
	t, a      neural.PL
	off       ball.Ball // |log(slope of t^-1) + a + log(s f)| is at most this between the knots of t
	rough     ball.Ball // Lipschitz constant of a
	steep     ball.Ball // Lipschitz constant of t
	loudest   ball.Ball // f e^a is at most this
	ends      [2]*big.Rat
	endValues [2]*big.Rat
}

func newSwap(i *integrals, layers []neural.Layer) (*swap, error) {
	var u [3]neural.Update
	for k, l := range layers {
		if len(l.Updates) != 1 || l.Updates[0].Coord != min(k, 1) || l.Updates[0].Reads != 1-min(k, 1) {
			return nil, &FlowError{fmt.Sprintf("layer %d does not update coordinate %d alone", k, min(k, 1))}
		}
		u[k] = l.Updates[0]
	}
	if !u[0].LogScale.IsZero() || !u[1].LogScale.IsZero() || u[1].Factor != 1 || !u[2].Shift.IsZero() {
		return nil, &FlowError{"want a constant scale and a shift, a shift, a scale"}
	}
	z, y := u[0].Shift.Knots()
	sy, sz := u[1].Shift.Knots()
	ay, av := u[2].LogScale.Knots()
	switch {
	case len(z) < 2 || len(ay) < 2:
		return nil, &FlowError{"a curve of fewer than 2 knots"}
	case len(z) > maxFourKnots || len(ay) > maxFourKnots:
		return nil, &LimitError{fmt.Sprintf("%d knots, want at most %d", max(len(z), len(ay)), maxFourKnots)}
	case !slices.Equal(y, sy) || !slices.EqualFunc(z, sz, func(a, b float64) bool { return a == -b }):
		return nil, &FlowError{"the second shift is not minus the inverse of the first"}
	}
	rat := func(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }
	e := &swap{
		s: rat(u[0].Factor), f: rat(u[2].Factor), t: u[0].Shift, a: u[2].LogScale,
		ends: [2]*big.Rat{rat(z[0]), rat(z[len(z)-1])}, endValues: [2]*big.Rat{rat(y[0]), rat(y[len(y)-1])},
	}
	// The knots of a must be knots of t's values, in a row, so that a is linear between
	// neighbouring ones.
	first, found := slices.BinarySearch(y, ay[0])
	if !found || first+len(ay) > len(y) || !slices.Equal(y[first:first+len(ay)], ay) {
		return nil, &FlowError{"the knots of the scale are not values of the first shift"}
	}
	at := func(k int) *big.Rat { return rat(av[min(max(k-first, 0), len(av)-1)]) }
	unit := i.Log(i.Mul(i.Rat(e.s), i.Rat(e.f)))
	off, rough, steep := new(big.Rat), new(big.Rat), new(big.Rat)
	for k := 1; k < len(z); k++ {
		dz, dy := rat(z[k]), rat(y[k])
		dz.Sub(dz, rat(z[k-1]))
		dy.Sub(dy, rat(y[k-1])) // positive: y are the knots of the second shift
		slope := new(big.Rat).Quo(dy, dz)
		if slope.Cmp(steep) > 0 {
			steep = slope
		}
		from, to := at(k-1), at(k)
		log := i.Sub(unit, i.Log(i.Rat(slope)))
		for _, a := range []*big.Rat{from, to} {
			if _, hi := i.Add(log, i.Rat(a)).AbsBounds(); hi.Cmp(off) > 0 {
				off = hi
			}
		}
		r := to.Sub(to, from)
		if r.Abs(r).Quo(r, dy); r.Cmp(rough) > 0 {
			rough = r
		}
	}
	e.off, e.rough, e.steep = i.Rat(off), i.Rat(rough), i.Rat(steep)
	e.loudest = i.Mul(i.Rat(e.f), i.Exp(i.Rat(rat(slices.Max(av)))))
	return e, i.Err()
}

// left returns w (e^off (e^b - 1)/b - 1), b = rough s w, for w > 0: a bound of |v + w|.
func (e *swap) left(i *integrals, w ball.Ball) ball.Ball {
	mean := i.Exp(e.off)
	if _, hi := e.rough.AbsBounds(); hi.Sign() > 0 {
		b := i.Mul(e.rough, i.Rat(e.s), w)
		mean = i.Quo(i.Mul(mean, i.Sub(i.Exp(b), i.Int(1))), b)
	}
	return i.Mul(w, i.Sub(mean, i.Int(1)))
}

// largest returns the largest |t| on [-x, x].
func (e *swap) largest(x *big.Rat) *big.Rat {
	up, _ := line(e.t, x)
	down, _ := line(e.t, new(big.Rat).Neg(x))
	return most(up.Abs(up), down.Abs(down))
}

// inside reports whether |z| <= x and |y| <= v lie between the ends of the knots.
func (e *swap) inside(x, v *big.Rat) bool {
	neg := func(r *big.Rat) *big.Rat { return new(big.Rat).Neg(r) }
	return e.ends[0].Cmp(neg(x)) <= 0 && x.Cmp(e.ends[1]) <= 0 && e.endValues[0].Cmp(neg(v)) <= 0 && v.Cmp(e.endValues[1]) <= 0
}

// rms returns a bound of the root mean square of g(|z|), |z| <= fourReach, g >= 0
// growing: by its values at the upper ends of steps.
func (i *integrals) rms(g func(x *big.Rat) ball.Ball) ball.Ball {
	sum, below := i.Int(0), i.Keep(i.normal.CDF(i.Int(0)))
	x := new(big.Rat)
	for x.Cmp(big.NewRat(fourReach, 1)) < 0 {
		step := big.NewRat(1, 32)
		if x.Cmp(big.NewRat(8, 1)) >= 0 {
			step = big.NewRat(1, 1)
		}
		x = new(big.Rat).Add(x, step)
		above := i.Keep(i.normal.CDF(i.Rat(x)))
		sum = i.Add(sum, i.Mul(i.Int(2), i.Sub(above, below), i.Sq(g(x))))
		below = above
	}
	return i.Root(sum)
}

// fromUniform returns the root mean square of t(z) - (2 Phi(z) - 1), |z| <= fourReach.
func (i *integrals) fromUniform(t neural.PL) ball.Ball {
	reach := big.NewRat(fourReach, 1)
	cuts := []*big.Rat{new(big.Rat).Neg(reach)}
	xs, _ := t.Knots()
	for _, x := range xs {
		if -fourReach < x && x < fourReach {
			cuts = append(cuts, new(big.Rat).SetFloat64(x))
		}
	}
	cuts = append(cuts, reach)
	sum, from := i.Int(0), i.at(cuts[0])
	for k, cut := range cuts[1:] {
		to := i.at(cut)
		inner := new(big.Rat).Add(cuts[k], cut) // twice a point of the interval, no knot
		inner.Mul(inner, big.NewRat(1, 2))
		v, slope := line(t, inner)
		c := v.Sub(v, inner.Mul(inner, slope)) // t = c + slope z
		sum = i.Add(sum, i.square(c.Add(c, big.NewRat(1, 1)), slope, big.NewRat(2, 1), from, to))
		from = to
	}
	return i.Root(sum)
}

func fourBound(i *integrals, first, second *swap) (ball.Ball, error) {
	reach := big.NewRat(fourReach, 1)
	upper := func(b ball.Ball) *big.Rat { _, hi := b.AbsBounds(); return hi }
	times := func(x, y *big.Rat) *big.Rat { return new(big.Rat).Mul(x, y) }
	// On the event that |z| <= reach nothing leaves the knots.
	a := new(big.Rat).Add(first.largest(reach), times(first.s, reach))
	b := new(big.Rat).Add(reach, upper(first.left(i, i.Rat(reach))))
	c := new(big.Rat).Add(second.largest(b), times(second.s, a))
	if !first.inside(reach, a) || !second.inside(b, c) {
		return ball.Ball{}, &FlowError{fmt.Sprintf("the knots end before what %d standard deviations lead to", fourReach)}
	}
	noise := i.rms(func(x *big.Rat) ball.Ball { return first.left(i, i.Rat(x)) })
	size := i.Add(i.rms(func(x *big.Rat) ball.Ball { return i.Rat(first.largest(x)) }), i.Rat(first.s))
	one := i.Add(i.Mul(second.steep, noise), i.Mul(i.Rat(second.s), size), i.fromUniform(second.t))
	// |a| is at most |t(z2)| + s |z1|, and left is convex.
	half := i.Frac(1, 2)
	two := i.Add(
		i.Mul(half, i.rms(func(x *big.Rat) ball.Ball {
			if m := first.largest(x); m.Sign() > 0 {
				return second.left(i, i.Rat(m.Add(m, m)))
			}
			return i.Int(0)
		})),
		i.Mul(half, i.rms(func(x *big.Rat) ball.Ball { return second.left(i, i.Mul(i.Int(2), i.Rat(first.s), i.Rat(x))) })),
		i.Rat(first.s), i.fromUniform(first.t))
	// Beyond: |F - target| <= k (1 + |z1| + |z2|), of which the mean square there is at
	// most k^2 sqrt(E (1 + |z1| + |z2|)^4 P), E <= 27 (1 + 3 + 3), P <= 4 phi(reach) / reach.
	size1, size2 := first.largest(first.ends[1]), second.largest(second.ends[1])
	size1, size2 = most(size1, first.largest(first.ends[0])), most(size2, second.largest(second.ends[0]))
	end := most(new(big.Rat).Abs(first.ends[0]), new(big.Rat).Abs(first.ends[1]))
	end = most(end, most(new(big.Rat).Abs(second.ends[0]), new(big.Rat).Abs(second.ends[1])))
	k := i.Add(i.Int(3), i.Rat(size1), i.Rat(size2), i.Rat(first.s), i.Rat(end))
	k = i.Mul(k, i.Add(i.Int(1), i.Rat(second.s)), i.Add(i.Int(1), i.Rat(first.s)), i.Add(i.Int(1), first.loudest), i.Add(i.Int(1), second.loudest), i.Int(4))
	beyond := i.Quo(i.Mul(i.Int(4), i.Keep(i.normal.Density(i.Rat(reach)))), i.Rat(reach))
	tail := i.Mul(i.Sq(k), i.Sqrt(i.Mul(i.Int(27*7), beyond)))
	return i.Root(i.Add(i.Sq(one), i.Sq(two), tail)), i.Err()
}
