package neural

import (
	"math"
	"math/big"
	"slices"

	"flowproof/exactmath/ball"
	"flowproof/exactmath/normal"
)

// Balls runs a flow in ball arithmetic: what it returns contains the exact value, for
// all numbers of its arguments. A wide ball may meet several pieces of a function; then
// it gets the hull of their values, and of their slopes.
type Balls struct {
	flow *Flow
	prec uint
	c    *ball.Calc
	of   map[float64]scaling // of the constant factors met

	sweeps int // of rotations, for singular values
}

// Enclose prepares to run f at a precision in bits, 32 to 4,096 (flow-enclosures in
// proofs/universality.md). What it returns is for one goroutine.
func Enclose(f *Flow, prec uint) *Balls {
	return &Balls{f, prec, ball.NewCalc(prec), map[float64]scaling{}, 12}
}

// Points returns the numbers as balls of radius 0.
func (b *Balls) Points(x []float64) []ball.Ball {
	out := make([]ball.Ball, len(x))
	for k, v := range x {
		out[k] = b.c.Keep(ball.FromFloat64(v, max(b.prec, 53)))
	}
	return out
}

// Function encloses f and its slope on t; at a knot, if t is one number, the slope to
// the left.
func (b *Balls) Function(f PL, t ball.Ball) (value, slope ball.Ball) {
	p := b.at(f, t)
	return p.value, p.slope
}

// piece is what a function does on a ball.
type piece struct{ value, slope ball.Ball }

// at encloses f and its slope on t; at a knot, if t is one number, the slope to the
// left.
func (b *Balls) at(f PL, t ball.Ball) piece {
	c, n := b.c, len(f.x)
	if n == 0 {
		return piece{c.Int(0), c.Int(0)}
	}
	lo, hi := t.Bounds()
	first, last := f.pieceOf(lo), f.pieceOf(hi)
	out := b.on(f, first, t)
	if first == last {
		return out
	}
	// Over several pieces: the values at both ends and at the knots between.
	out.value = b.on(f, first, c.Rat(lo)).value
	for k := first; k < last; k++ {
		out.value = c.Hull(out.value, c.Float(f.y[k]))
		out.slope = c.Hull(out.slope, b.on(f, k+1, t).slope)
	}
	out.value = c.Hull(out.value, b.on(f, last, c.Rat(hi)).value)
	return out
}

// pieceOf returns the least k with t <= x[k], from 0 to len(x), exactly.
func (f PL) pieceOf(t *big.Rat) int {
	k, _ := slices.BinarySearchFunc(f.x, t, func(x float64, t *big.Rat) int { return new(big.Rat).SetFloat64(x).Cmp(t) })
	return k
}

// on encloses the linear function of piece k, between the knots k-1 and k, on t.
func (b *Balls) on(f PL, k int, t ball.Ball) piece {
	c, n := b.c, len(f.x)
	switch k {
	case 0:
		return piece{c.Float(f.y[0]), c.Int(0)}
	case n:
		return piece{c.Float(f.y[n-1]), c.Int(0)}
	}
	x0, x1, y0, y1 := c.Float(f.x[k-1]), c.Float(f.x[k]), c.Float(f.y[k-1]), c.Float(f.y[k])
	slope := c.Quo(c.Sub(y1, y0), c.Sub(x1, x0))
	return piece{c.Add(y0, c.Mul(slope, c.Sub(t, x0))), slope}
}

// scaling encloses the scale of an update, its reciprocal, its logarithm and the slope
// of that.
type scaling struct{ scale, inverse, log, slope ball.Ball }

func (b *Balls) scale(u Update, t ball.Ball) scaling {
	c := b.c
	s, ok := b.of[u.Factor]
	if !ok {
		factor := c.Float(u.Factor)
		s = scaling{factor, c.Quo(c.Int(1), factor), c.Log(factor), c.Int(0)}
		b.of[u.Factor] = s
	}
	if !u.LogScale.IsZero() {
		l := b.at(u.LogScale, t)
		s = scaling{c.Mul(s.scale, c.Exp(l.value)), c.Mul(s.inverse, c.Exp(c.Neg(l.value))), c.Add(s.log, l.value), l.slope}
	}
	return s
}

func (b *Balls) check(n int) error {
	if n != b.flow.dim {
		return &ShapeError{n, b.flow.dim}
	}
	return nil
}

// Forward encloses the image of z. Errors: *ShapeError, those of package ball.
func (b *Balls) Forward(z []ball.Ball) ([]ball.Ball, error) {
	x, _, _, err := b.forward(z)
	return x, err
}

// forward encloses the image of z, log |det DF(z)|, and DF(z), row by row.
func (b *Balls) forward(z []ball.Ball) (x []ball.Ball, logDet ball.Ball, j []ball.Ball, err error) {
	if err := b.check(len(z)); err != nil {
		return nil, logDet, nil, err
	}
	c, n := b.c, b.flow.dim
	x, logDet, j = slices.Clone(z), c.Int(0), make([]ball.Ball, n*n)
	for k := range j {
		j[k] = c.Int(0)
		if k%(n+1) == 0 {
			j[k] = c.Int(1)
		}
	}
	for _, l := range b.flow.layers {
		for _, u := range l.Updates {
			t := x[u.Reads]
			s := b.scale(u, t)
			shift := b.at(u.Shift, t)
			slope := c.Add(c.Mul(s.scale, s.slope, x[u.Coord]), shift.slope)
			for k := range n {
				j[u.Coord*n+k] = c.Add(c.Mul(s.scale, j[u.Coord*n+k]), c.Mul(slope, j[u.Reads*n+k]))
			}
			x[u.Coord] = c.Add(c.Mul(s.scale, x[u.Coord]), shift.value)
			logDet = c.Add(logDet, s.log)
		}
	}
	return x, logDet, j, c.Err()
}

// Inverse encloses the z with F(z) = x. Errors: *ShapeError, those of package ball.
func (b *Balls) Inverse(x []ball.Ball) ([]ball.Ball, error) {
	z, _, err := b.inverse(x)
	return z, err
}

// inverse encloses z = F^-1(x) and log |det DF(z)|.
func (b *Balls) inverse(x []ball.Ball) (z []ball.Ball, logDet ball.Ball, err error) {
	if err := b.check(len(x)); err != nil {
		return nil, logDet, err
	}
	c := b.c
	z, logDet = slices.Clone(x), c.Int(0)
	for i := len(b.flow.layers) - 1; i >= 0; i-- {
		for _, u := range b.flow.layers[i].Updates {
			t := z[u.Reads]
			s := b.scale(u, t)
			z[u.Coord] = c.Mul(c.Sub(z[u.Coord], b.at(u.Shift, t).value), s.inverse)
			logDet = c.Add(logDet, s.log)
		}
	}
	return z, logDet, c.Err()
}

// LogDensity encloses the logarithm of the density at x of the image of N(0, I). Errors:
// *ShapeError, those of package ball.
func (b *Balls) LogDensity(x []ball.Ball) (ball.Ball, error) {
	z, logDet, err := b.inverse(x)
	if err != nil {
		return logDet, err
	}
	c := b.c
	twoPi := c.Mul(c.Int(2), c.Keep(normal.Pi(b.prec)))
	sum := c.Mul(c.Int(int64(b.flow.dim)), c.Log(twoPi))
	for _, v := range z {
		sum = c.Add(sum, c.Sq(v))
	}
	return c.Sub(c.Mul(sum, c.Frac(-1, 2)), logDet), c.Err()
}

// SingularValues encloses the singular values of DF(z), in falling order of their
// midpoints. They are told apart from 0 if the precision is some bits more than their
// quotients take; if it is not, radii are large.
//
// The columns are turned by plane rotations, exactly orthogonal ones that lie in their
// balls, until they are nearly orthogonal: W = DF Q = U D, D the columns' lengths. If
// |U^T U - I|_F <= e < 1, the singular values of U lie between sqrt(1 - e) and sqrt(1 +
// e), and those of W between as many times the entries of D, in order (Ostrowski).
//
// Errors: *ShapeError, those of package ball; a *ball.DomainError if the precision is
// too low to see that a column is not 0.
func (b *Balls) SingularValues(z []ball.Ball) ([]ball.Ball, error) {
	_, _, j, err := b.forward(z)
	if err != nil {
		return nil, err
	}
	n, c := b.flow.dim, b.c
	column := func(k int) []ball.Ball {
		var v []ball.Ball
		for i := range n {
			v = append(v, j[i*n+k])
		}
		return v
	}
	for range b.sweeps {
		for p := range n {
			for q := p + 1; q < n; q++ {
				b.rotate(j, column(p), column(q), p, q)
			}
		}
	}
	lengths := make([]ball.Ball, n)
	for k := range n {
		lengths[k] = c.Sqrt(b.dot(column(k), column(k)))
	}
	off := c.Int(0)
	for p := range n {
		for q := range p {
			cosine := c.Quo(b.dot(column(p), column(q)), c.Mul(lengths[p], lengths[q]))
			off = c.Add(off, c.Mul(c.Int(2), c.Sq(cosine)))
		}
	}
	if c.Err() != nil {
		return nil, c.Err()
	}
	_, e := off.AbsBounds()
	_, e = c.Sqrt(c.Rat(e)).AbsBounds()
	one := c.Int(1)
	spread := c.Hull(c.Sqrt(c.Sub(one, c.Rat(e))), c.Sqrt(c.Add(one, c.Rat(e))))
	for k := range lengths {
		lengths[k] = c.Mul(lengths[k], spread)
	}
	slices.SortFunc(lengths, func(x, y ball.Ball) int {
		m, _ := x.Bounds()
		o, _ := y.Bounds()
		return o.Cmp(m)
	})
	return lengths, c.Err()
}

func (b *Balls) dot(x, y []ball.Ball) ball.Ball {
	sum := b.c.Int(0)
	for k := range x {
		sum = b.c.Add(sum, b.c.Mul(x[k], y[k]))
	}
	return sum
}

// rotate makes the columns x and y, the p-th and q-th of j, nearly orthogonal: with
// tan = sgn(w) / (|w| + sqrt(1 + w^2)), w = (|y|^2 - |x|^2) / (2 x.y), at the midpoints.
func (b *Balls) rotate(j []ball.Ball, x, y []ball.Ball, p, q int) {
	c, n := b.c, b.flow.dim
	dot := b.dot(x, y)
	if least, _ := dot.AbsBounds(); least.Sign() == 0 || c.Err() != nil {
		return
	}
	dot = dot.Point()
	one := c.Int(1)
	w := c.Quo(c.Sub(b.dot(y, y), b.dot(x, x)), c.Mul(c.Int(2), dot)).Point()
	negative := false
	if m, _ := w.Mid(); m.Sign() < 0 {
		w, negative = c.Neg(w), true
	}
	tan := c.Quo(one, c.Add(w, c.Sqrt(c.Add(one, c.Sq(w))))).Point()
	if negative {
		tan = c.Neg(tan)
	}
	cos := c.Quo(one, c.Sqrt(c.Add(one, c.Sq(tan))))
	sin := c.Mul(tan, cos)
	for i := range n {
		j[i*n+p] = c.Sub(c.Mul(cos, x[i]), c.Mul(sin, y[i]))
		j[i*n+q] = c.Add(c.Mul(sin, x[i]), c.Mul(cos, y[i]))
	}
}

// At is a flow at one latent point: what it is, enclosed, and how far float64 and
// float32 are from that.
type At struct {
	X          []ball.Ball
	Back       []ball.Ball // the inverse of X, which contains z
	LogDensity ball.Ball   // at X
	Singular   []ball.Ball // of DF(z), falling
	Prec       uint

	// Each computed from start to end in its type.
	X64, Back64, Singular64    []float64
	X32, Back32, Singular32    []float64
	LogDensity64, LogDensity32 float64
}

// Evaluate runs the flow at z in balls, with as many bits as its singular values
// need, and in float64 and float32. Errors: *ShapeError, those of package ball.
func Evaluate(f *Flow, z []float64) (*At, error) {
	for prec := uint(128); ; prec *= 2 {
		a, err := evaluate(f, z, prec)
		if err == nil && a.sharp() || prec >= 2048 {
			return a, err
		}
	}
}

// sharp reports whether all singular values are known to 40 bits.
func (a *At) sharp() bool {
	for _, s := range a.Singular {
		lo, hi := s.Bounds()
		if lo.Sign() <= 0 || new(big.Rat).Sub(hi, lo).Cmp(new(big.Rat).Mul(hi, new(big.Rat).SetFloat64(0x1p-40))) > 0 {
			return false
		}
	}
	return true
}

func evaluate(f *Flow, z []float64, prec uint) (*At, error) {
	b := Enclose(f, prec)
	a := &At{Prec: prec}
	var err error
	if a.X, err = b.Forward(b.Points(z)); err != nil {
		return nil, err
	}
	if a.Back, err = b.Inverse(a.X); err != nil {
		return nil, err
	}
	if a.LogDensity, err = b.LogDensity(a.X); err != nil {
		return nil, err
	}
	if a.Singular, err = b.SingularValues(b.Points(z)); err != nil {
		return nil, err
	}
	if a.X64, err = Forward(f, z); err != nil {
		return nil, err
	}
	narrow := make([]float32, len(z))
	for k, v := range z {
		narrow[k] = float32(v)
	}
	x32, err := Forward(f, narrow)
	if err != nil {
		return nil, err
	}
	if a.Back64, err = Inverse(f, a.X64); err != nil {
		return nil, err
	}
	back32, err := Inverse(f, x32)
	if err != nil {
		return nil, err
	}
	for k, v := range x32 {
		a.X32, a.Back32 = append(a.X32, float64(v)), append(a.Back32, float64(back32[k]))
	}
	if a.LogDensity64, err = LogDensity(f, a.X64); err != nil {
		return nil, err
	}
	if a.LogDensity32, err = LogDensity(f, x32); err != nil {
		return nil, err
	}
	if a.Singular64, err = SingularValues(f, z); err != nil {
		return nil, err
	}
	a.Singular32, err = SingularValues(f, narrow)
	return a, err
}

// SingularValues returns the singular values of DF(z) computed in T, in falling order:
// the columns of the Jacobian turned by plane rotations until they are orthogonal.
func SingularValues[T Float](f *Flow, z []T) ([]float64, error) {
	j, err := jacobian(f, z)
	if err != nil {
		return nil, err
	}
	n := f.dim
	dot := func(p, q int) (sum T) {
		for i := range n {
			sum += j[i*n+p] * j[i*n+q]
		}
		return sum
	}
	root := func(x T) T { return T(math.Sqrt(float64(x))) }
	const sweeps = 12
	for range sweeps {
		for p := range n {
			for q := p + 1; q < n; q++ {
				d := dot(p, q)
				if d == 0 {
					continue
				}
				w := (dot(q, q) - dot(p, p)) / (2 * d)
				tan := 1 / (max(w, -w) + root(1+w*w))
				if w < 0 {
					tan = -tan
				}
				cos := 1 / root(1+tan*tan)
				for i := range n {
					x, y := j[i*n+p], j[i*n+q]
					j[i*n+p], j[i*n+q] = cos*(x-tan*y), cos*(tan*x+y)
				}
			}
		}
	}
	var out []float64
	for k := range n {
		out = append(out, float64(root(dot(k, k))))
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out, nil
}
