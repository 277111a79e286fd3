package linalg

import (
	"math/big"
	"math/bits"
	"math/rand/v2"
	"runtime"

	"flowproof/exactmath/internal/residue"
	"flowproof/exactmath/sparse"
)

// lifting solves A y = b in the p-adic numbers, digit by digit: y = y_0 + y_1 p +
// .., where y_i = r_i / A modulo p and r_i+1 = (r_i - A y_i) / p, r_0 = b. With the
// sums of the absolute values of the rows of A and the entries of b below 2^62, or
// 2^126, so are all r_i, and arithmetic modulo 2^64, or 2^128, is exact.
type lifting struct {
	*prime59
	a       *words
	inverse []uint64
	det     uint64 // of A modulo p
	order   []int  // of the rows, in which the leading minors are not 0 modulo p
}

// newLifting returns nil and false if A is singular modulo p.
func newLifting(a *words, p *prime59) (*lifting, bool) {
	l := &lifting{prime59: p, a: a, inverse: make([]uint64, len(a.lo))}
	for k := range l.inverse {
		l.inverse[k] = p.mod(a.at(k))
	}
	if l.det, l.order = p.invert(a.rows, l.inverse, runtime.GOMAXPROCS(0)); l.det == 0 {
		return nil, false
	}
	return l, true
}

// column is a right side on its way: r_i in two words, and room for r_i modulo p
// and for y_i.
type column struct{ lo, hi, rest, digit []uint64 }

func newColumn(n int) *column {
	return &column{make([]uint64, n), make([]uint64, n), make([]uint64, n), make([]uint64, n)}
}

// set makes it column j of a.
func (c *column) set(a *words, j int) {
	for i := range c.lo {
		c.lo[i], c.hi[i] = a.at(i*a.cols + j)
	}
}

// step goes from r_i to r_i+1 and leaves y_i in c.digit.
func (l *lifting) step(c *column) {
	for i := range c.lo {
		c.rest[i] = l.mod(c.lo[i], c.hi[i])
	}
	l.times(l.inverse, c.rest, c.digit)
	l.a.less(c.digit, c.lo, c.hi)
	l.divide(c)
}

// divide divides by p, exactly.
func (l *lifting) divide(c *column) {
	for i := range c.lo {
		if c.lo[i], c.hi[i] = l.quotient(c.lo[i], c.hi[i]); l.a.hi == nil {
			c.hi[i] = uint64(int64(c.lo[i]) >> 63)
		}
	}
}

// firstPrime59 is the largest prime below 2^59.
const firstPrime59 = 1<<59 - 55

// next returns the next smaller prime.
func (f *prime59) next() *prime59 {
	p := f.p - 2
	for !new(big.Int).SetUint64(p).ProbablyPrime(0) { // no errors below 2^64
		p -= 2
	}
	return newPrime59(p)
}

// digits is how many p-adic digits exceed bound, p > 2^58.
func digits(bound *big.Int) int { return bound.BitLen()/58 + 1 }

// determinant returns the determinant of A, square and of full rank modulo p: the
// denominator of a component of the solution of A y = b for a random b divides
// it, and mostly nearly is it; what is left is small, and taken from residues.
// PROOFS.md, proposition 7.9.
func (z *integers) determinant(l *lifting, report func(float64)) (*big.Int, error) {
	n := z.rows
	columns := z.norms(true)
	bound := hadamard(z.norms(false), columns, n)
	c, rng := newColumn(n), rand.New(rand.NewPCG(1, uint64(n)))
	square := uint64(0)
	for i := range c.lo {
		b := rng.Int64N(31) - 15
		c.lo[i], c.hi[i] = uint64(b), uint64(b>>63)
		square += uint64(b * b)
	}
	// Cramer's rule and Hadamard's bound for the columns: b instead of one of them.
	num := new(big.Int).SetUint64(square)
	num.Add(num.Sqrt(num), big.NewInt(1))
	for _, v := range columns {
		num.Mul(num, v)
	}
	room := new(big.Int).Mul(num, bound)
	steps := digits(room.Lsh(room, 68)) // 1 bit for the proof, the others for the speed of fraction
	y := make([]uint64, steps)
	for k := range y {
		l.step(c)
		y[k] = c.digit[0]
		report(float64(k) / float64(steps))
	}
	p := new(big.Int).SetUint64(l.p)
	den := fraction(join(y, p), new(big.Int).Exp(p, big.NewInt(int64(steps)), nil), num)
	if den == nil || den.Cmp(bound) > 0 {
		den = big.NewInt(1) // any divisor will do
	}
	// det A = den times an integer of at most bound / den.
	rest := new(big.Int).Quo(bound, den)
	f := new(big.Int).Mod(den, p)
	cofactor := new(big.Int).SetUint64(l.mul(l.det, l.prime59.inverse(f.Uint64())))
	if cofactor.Cmp(new(big.Int).Rsh(p, 1)) > 0 {
		cofactor.Sub(cofactor, p)
	}
	if new(big.Int).Lsh(rest, 1).Cmp(p) >= 0 {
		var err error
		cofactor, err = z.modular(z.split(l.order, nil), rest, func(p residue.Prime, a []float64) float64 {
			det, d := triangle(z.kern, a, n, n, z.ld(), p), p.Mod(den)
			if det == 0 || d == 0 {
				return 0
			}
			return residue.Reduce(det*p.Balanced(p.Pow(d, -1)), p.P, p.Inv)
		})
		if err != nil {
			return nil, err
		}
		if sparse.PermutationSign(l.order, nil) < 0 {
			cofactor.Neg(cofactor)
		}
	}
	return den.Mul(den, cofactor), nil
}

// join returns the number with these digits to the base p, the lowest first.
func join(digits []uint64, p *big.Int) *big.Int {
	if n := len(digits); n > 16 {
		low, high := join(digits[:n/2], p), join(digits[n/2:], p)
		return low.Add(low, high.Mul(high, new(big.Int).Exp(p, big.NewInt(int64(n/2)), nil)))
	}
	z, d := new(big.Int), new(big.Int)
	for k := len(digits) - 1; k >= 0; k-- {
		z.Add(z.Mul(z, p), d.SetUint64(digits[k]))
	}
	return z
}

// fraction returns the denominator q of the fraction a/q, in lowest terms, with |a| <= most and q x = a
// modulo m, by Euclid's algorithm for m and x up to there, most of its steps
// done on leading words; nil if it finds none.
func fraction(x, m, most *big.Int) *big.Int {
	r, s := new(big.Int).Set(m), new(big.Int).Set(x) // r = ? m + t x, s = ? m + u x
	t, u := new(big.Int), big.NewInt(1)
	var q, v, w big.Int
	for s.CmpAbs(most) > 0 {
		a, b, c, d := leading(r, s)
		if b == 0 { // a quotient too long for that
			q.QuoRem(r, s, &v)
			r, s = s, new(big.Int).Set(&v)
			w.Mul(&q, u)
			t, u = u, new(big.Int).Sub(t, &w)
			continue
		}
		combine(&q, &v, &w, r, s, a, b, c, d)
		combine(&q, &v, &w, t, u, a, b, c, d)
	}
	if u.Sign() == 0 || new(big.Int).GCD(nil, nil, new(big.Int).Abs(u), new(big.Int).Abs(s)).Cmp(big.NewInt(1)) != 0 {
		return nil
	}
	return u.Abs(u)
}

// combine replaces (r, s) by (a r + b s, c r + d s).
func combine(x, y, z *big.Int, r, s *big.Int, a, b, c, d int64) {
	var f big.Int
	x.Mul(r, f.SetInt64(a))
	y.Mul(s, f.SetInt64(b))
	x.Add(x, y)
	y.Mul(r, f.SetInt64(c))
	z.Mul(s, f.SetInt64(d))
	s.Add(y, z)
	r.Set(x)
}

// leading returns a matrix of determinant 1 or -1 that takes Euclid's algorithm
// for r > s > 0 many steps forward, found from their leading 62 bits; b = 0 if
// that shows not even one.
func leading(r, s *big.Int) (a, b, c, d int64) {
	shift := max(r.BitLen()-62, 0)
	var t big.Int
	x, y := t.Rsh(r, uint(shift)).Int64(), int64(0)
	y = t.Rsh(s, uint(shift)).Int64()
	a, d = 1, 1
	// What was cut off changes x by less than |a| + |b|, y by less than |c| + |d|: a
	// quotient is sure where both ends of the ranges give it.
	for y > 0 {
		slack, top := abs(c)+abs(d), abs(a)+abs(b)
		if y <= slack || x <= top {
			break
		}
		q := (x - top) / (y + slack)
		if q != (x+top)/(y-slack) {
			break
		}
		if hi, lo := bits.Mul64(uint64(q), uint64(slack)); hi != 0 || lo > 1<<61 {
			break
		}
		x, y, a, b, c, d = y, x-q*y, c, d, a-q*c, b-q*d
	}
	return a, b, c, d
}

func abs(x int64) int64 { return max(x, -x) }

// null reports whether the rank is f.rank, at which the leading block is not
// singular modulo p: the Schur complement of that block, p-adically, has as many
// zero digits as make its minors, divided by p so often, less than 1. PROOFS.md, proposition 7.10.
func (z *integers) null(w *words, f *pivots, l *lifting, report func(float64)) bool {
	r := f.rank
	steps := digits(z.hadamard(r + 1))
	right := w.block(f.row[:r], f.col[r:])
	below, corner := w.block(f.row[r:], f.col[:r]), w.block(f.row[r:], f.col[r:])
	residues := make([]uint64, len(below.lo)) // of below
	for k := range residues {
		residues[k] = l.mod(below.at(k))
	}
	for j := range right.cols {
		top, low := newColumn(r), newColumn(below.rows)
		top.set(right, j)
		low.set(corner, j)
		for k := range steps {
			l.step(top)
			l.times(residues, top.digit, low.digit)
			for i, d := range low.digit {
				if d != l.mod(low.lo[i], low.hi[i]) {
					return false
				}
			}
			below.less(top.digit, low.lo, low.hi)
			l.divide(low)
			report((float64(j) + float64(k)/float64(steps)) / float64(right.cols))
		}
	}
	return true
}
