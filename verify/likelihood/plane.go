package likelihood

import (
	"fmt"
	"math"
	"math/big"

	"flowproof/exactmath/ball"
	"flowproof/exactmath/normal"
	"flowproof/neural"
)

// Plane is the integral of a flow's density over the plane, enclosed.
type Plane struct {
	Integral ball.Ball
	Panels   int
}

// sizes of the quadrature.
const (
	planeBits = 80
	reach     = 6        // |z1|, |z2| up to here
	panelSize = 0.5      // of a panel, in units in which all second derivatives of log p are at most 1
	maxPanels = 20_000   // half a minute
	nodeError = 2016000. // of Gauss's rule with three nodes: h^7 f^(6) / 2016000
)

// Integrate encloses the integral of the flow's density over the plane by quadrature
// with a proved error (density-integral). The density is evaluated as it is in
// neural.Balls, at points (x1, g(x1) + u): Gauss's rule with three nodes, on panels in x1 and u on which the
// selector is linear. There p is exp(-|v|^2/2) / (2 pi det) with v affine in the
// panel's coordinates, along a direction that v follows with speed s the sixth
// derivative of exp(-|v|^2/2) is at most 15 s^6, and outside of the panels the integral
// is at most 4 Phi(-6).
//
// Errors: *FlowError for flows that are not of the plane or take too many panels, those
// of package ball.
func Integrate(f *neural.Flow) (*Plane, error) {
	if err := form(2, f); err != nil {
		return nil, err
	}
	p, err := newPlane(f)
	if err != nil {
		return nil, err
	}
	cuts := p.cuts()
	var panels []panel
	for k := 1; k < len(cuts); k++ {
		strip, err := p.strip(cuts[k-1], cuts[k])
		if err != nil {
			return nil, err
		}
		panels = append(panels, strip...)
		if len(panels) > maxPanels {
			return nil, &FlowError{fmt.Sprintf("the quadrature takes more than %d panels: a larger delta takes fewer", maxPanels)}
		}
	}
	c := p.c
	sum, off := c.Int(0), c.Int(0)
	for _, q := range panels {
		value, err := p.gauss(q)
		if err != nil {
			return nil, err
		}
		sum, off = c.Add(sum, value), c.Add(off, p.remainder(q))
	}
	tail := c.Keep(p.normal.CDF(c.Int(-reach)))
	// The remainders may have either sign, what lies outside is not negative.
	_, most := off.AbsBounds()
	sum = c.Keep(sum.Widen(most))
	return &Plane{c.Hull(sum, c.Add(sum, c.Mul(c.Int(4), tail))), len(panels)}, c.Err()
}

// plane is a flow x1 = e1 z1 + a(z2), x2 = e2 z2 + g(x1) with its numbers in balls.
type plane struct {
	first, second neural.Update
	balls         *neural.Balls
	normal        *normal.Normal
	c             *ball.Calc
	nodes         [3]ball.Ball // of Gauss's rule on [-1, 1]
	weights       [3]ball.Ball
}

func newPlane(f *neural.Flow) (*plane, error) {
	n, err := normal.New(planeBits)
	if err != nil {
		return nil, err
	}
	c := ball.NewCalc(planeBits)
	root := c.Sqrt(c.Frac(3, 5))
	return &plane{
		first: f.Layers()[0].Updates[0], second: f.Layers()[1].Updates[0],
		balls: neural.Enclose(f, planeBits), normal: n, c: c,
		nodes:   [3]ball.Ball{c.Neg(root), c.Int(0), root},
		weights: [3]ball.Ball{c.Frac(5, 9), c.Frac(8, 9), c.Frac(5, 9)},
	}, c.Err()
}

// cuts are the ends of the intervals of z2 on which a is linear.
func (p *plane) cuts() []float64 {
	out := []float64{-reach}
	knots, _ := p.first.Shift.Knots()
	for _, t := range knots {
		if -reach < t && t < reach {
			out = append(out, t)
		}
	}
	return append(out, reach)
}

// panel is a rectangle in x1 and z2 = u / e2; its ends are float64 numbers, which is to
// say exact.
type panel struct{ x0, x1, z0, z1, slope float64 }

// strip divides the part of the plane where z2 is between two cuts: in z2 as finely as
// the slope of a asks for, in x1 over all that e1 z1 + a(z2) is for |z1| <= reach. That
// panels cover this is what the proof needs, not how they do; what rounding takes from
// the ends is far less than the margin of 1e-6 e1.
func (p *plane) strip(z0, z1 float64) (out []panel, err error) {
	a, e1 := p.first.Shift, p.first.Factor
	middle := z0 + (z1-z0)/2
	if !(z0 < middle && middle < z1) || e1 < 1e-8 {
		return nil, &FlowError{fmt.Sprintf("a piece of the selector from %v to %v and a scale of %v, want more for the quadrature", z0, z1, e1)}
	}
	_, s := p.balls.Function(a, p.c.Float(middle))
	_, most := s.AbsBounds()
	slope, _ := most.Float64()
	slope = math.Nextafter(slope, math.Inf(1))
	n := int(math.Ceil((z1 - z0) * math.Hypot(1, slope/e1) / panelSize))
	for i := range n {
		from, to := z0+(z1-z0)*float64(i)/float64(n), z0+(z1-z0)*float64(i+1)/float64(n)
		if i == n-1 {
			to = z1
		}
		margin := (reach + 1e-6) * e1
		lo, hi := min(a.At(from), a.At(to))-margin, max(a.At(from), a.At(to))+margin
		m := int(math.Ceil((hi - lo) / e1 / panelSize))
		at := func(j int) float64 { return lo + (hi-lo)*float64(j)/float64(m) }
		for j := range m {
			out = append(out, panel{at(j), at(j + 1), from, to, slope})
		}
	}
	return out, p.c.Err()
}

// gauss encloses the rule's value of the integral of p over a panel.
func (p *plane) gauss(q panel) (ball.Ball, error) {
	c := p.c
	e2 := c.Float(p.second.Factor)
	at := func(lo, hi float64, node ball.Ball) ball.Ball {
		half := c.Frac(1, 2)
		return c.Mul(half, c.Add(c.Float(lo), c.Float(hi), c.Mul(node, c.Sub(c.Float(hi), c.Float(lo)))))
	}
	sum := c.Int(0)
	x := make([]ball.Ball, 2)
	for i, nx := range p.nodes {
		x1 := at(q.x0, q.x1, nx)
		g, _ := p.balls.Function(p.second.Shift, x1)
		for k, nz := range p.nodes {
			x[p.first.Coord], x[p.second.Coord] = x1, c.Add(g, c.Mul(e2, at(q.z0, q.z1, nz)))
			log, err := p.balls.LogDensity(x)
			if err != nil {
				return sum, err
			}
			sum = c.Add(sum, c.Mul(p.weights[i], p.weights[k], c.Exp(log)))
		}
	}
	area := c.Mul(c.Sub(c.Float(q.x1), c.Float(q.x0)), e2, c.Sub(c.Float(q.z1), c.Float(q.z0)))
	return c.Mul(sum, area, c.Frac(1, 4)), c.Err()
}

// remainder bounds the error of the rule on a panel: with the sides h1 in x1 / e1 and h2
// in z2, and s = sqrt(1 + (slope / e1)^2), it is at most
//
//	h1 h2 15 ( h1^6 + (s h2)^6 ) / (2016000 2 pi).
func (p *plane) remainder(q panel) ball.Ball {
	c := p.c
	e1 := c.Float(p.first.Factor)
	h1 := c.Quo(c.Sub(c.Float(q.x1), c.Float(q.x0)), e1)
	h2 := c.Sub(c.Float(q.z1), c.Float(q.z0))
	speed := c.Add(c.Int(1), c.Sq(c.Quo(c.Float(q.slope), e1)))
	cube := func(x ball.Ball) ball.Ball { return c.Mul(x, x, x) }
	sum := c.Add(cube(c.Sq(h1)), cube(c.Mul(speed, c.Sq(h2))))
	return c.Mul(h1, h2, sum, c.Rat(new(big.Rat).SetFloat64(15/nodeError*(1+1e-12))), c.Quo(c.Int(1), c.Mul(c.Int(2), p.normal.Pi())))
}
