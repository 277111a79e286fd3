package residue

import (
	"math"
	"math/big"
	"math/bits"
	"slices"

	"flowproof/exactmath"
)

// Layout says where an entry is kept: (i, j) in Lane[j] of group Row[i]+Col[j].
// A group has as many places as the kernel has lanes, empty ones being zero.
type Layout struct {
	Row, Col, Lane []int
	Groups         int
}

// Panels keeps a matrix as the kernel reads B: column panels, one after the other.
func Panels(rows, cols, lanes int) Layout {
	z := Layout{make([]int, rows), make([]int, cols), make([]int, cols), rows * Ceil(cols, lanes)}
	for i := range rows {
		z.Row[i] = i
	}
	for j := range cols {
		z.Col[j], z.Lane[j] = j/lanes*rows, j%lanes
	}
	return z
}

// Ceil returns a/b rounded up.
func Ceil(a, b int) int { return (a + b - 1) / b }

// Integers is a matrix N * 2^Exp / Den, the entries of N being integers of count
// digits to the base 2^24, each with the sign of its entry: digit t of lane l of
// group g is digits[(g*count+t)*lanes + l].
type Integers struct {
	Span
	Groups int
	count  int
	digits []float64
}

// Entries calls f for the pieces, as exactmath.Pieces does, of all entries of a
// matrix times den, which it returns: an odd number.
type Entries func(f Piece) (den *big.Int)

// Piece is called for the pieces sign * u * 2^e that the entry (i, j) is the sum
// of.
type Piece = func(i, j int, sign float64, u uint64, e int)

// Of returns the entries of m.
func Of(m exactmath.Matrix) Entries {
	if m, ok := m.(exactmath.Pieces); ok {
		return func(f Piece) *big.Int {
			m.Pieces(f)
			return big.NewInt(1)
		}
	}
	return Rationals(m.Each)
}

// Words calls f for the pieces of x * 2^e.
func Words(i, j int, x *big.Int, e int, f Piece) {
	for k, w := range x.Bits() {
		f(i, j, float64(x.Sign()), uint64(w), e+k*bits.UintSize)
	}
}

// Rationals returns the entries that each visits.
func Rationals(each func(visit func(i, j int, v *big.Rat))) Entries {
	return func(f Piece) *big.Int {
		den := big.NewInt(1)
		each(func(_, _ int, v *big.Rat) { den = lcm(den, v.Denom()) })
		e := den.TrailingZeroBits()
		each(func(i, j int, v *big.Rat) {
			q := new(big.Int).Quo(den, v.Denom())
			Words(i, j, q.Mul(q, v.Num()), -int(e), f)
		})
		return den.Rsh(den, e)
	}
}

// Digits is how many digits are stored.
func (x *Integers) Digits() int { return len(x.digits) }

// Split returns the entries in the given layout, nil if they take more than limit
// digits.
func Split(entries Entries, lay Layout, lanes int, limit int64) *Integers {
	lo, hi := math.MaxInt, math.MinInt
	z := &Integers{Groups: lay.Groups}
	z.Den = entries(func(_, _ int, _ float64, u uint64, e int) {
		if u != 0 {
			lo, hi = min(lo, e+bits.TrailingZeros64(u)), max(hi, e+bits.Len64(u))
		}
	})
	if lo > hi {
		lo, hi = 0, 0
	}
	z.Exp, z.count = lo, max(1, Ceil(hi-lo, digitBits))
	if int64(z.Groups)*int64(z.count)*int64(lanes) > limit {
		return nil
	}
	z.digits = make([]float64, z.Groups*z.count*lanes)
	// Sums are in units of 2^unit, pieces rounded up, so that they stay below 2^63.
	sums := make([]uint64, len(lay.Row))
	unit := max(hi-62+bits.Len(uint(len(lay.Col))), lo)
	entries(func(i, j int, sign float64, u uint64, e int) {
		if e < lo { // the bits below are zero
			u, e = u>>(lo-e), lo
		}
		if s := unit - e; s > 0 {
			sums[i] += u>>s + 1
		} else {
			sums[i] += u << -s
		}
		t, s := uint(e-lo)/digitBits, uint(e-lo)%digitBits
		low, high := u<<s, u>>(64-s)
		for at := ((lay.Row[i]+lay.Col[j])*z.count+int(t))*lanes + lay.Lane[j]; low|high != 0; at += lanes {
			z.digits[at] += sign * float64(low&(1<<digitBits-1))
			low, high = low>>digitBits|high<<(64-digitBits), high>>digitBits
		}
	})
	den := new(big.Rat).SetInt(z.Den)
	z.Sum = Ldexp(slices.Max(sums), unit)
	z.Sum.Quo(z.Sum, den)
	z.Max = Ldexp(1, hi)
	z.Max.Quo(z.Max, den)
	return z
}

// Residues sets rows 0..5 of out, stride apart, to groups from..to-1 of N, with
// row i of w the weights of the digits modulo p_i; or adds them.
func (x *Integers) Residues(kern Kernel, out []float64, stride int, w []float64, from, to int, mod *[12]float64, add bool) {
	const groups = 256 // to one call of the Kernel, which nothing interrupts
	for g := from; g < to; g += groups {
		for t := 0; t < x.count; t += maxConvert {
			kern.Strip(out[(g-from)*kern.Lanes:], stride, w[t:], x.count, x.digits[(g*x.count+t)*kern.Lanes:],
				kern.Lanes, x.count*kern.Lanes, min(maxConvert, x.count-t), min(groups, to-g), mod, add || t > 0)
		}
	}
}

// Weights returns what Residues wants for c_i N * 2^exp / den modulo primes[i],
// six rows, those of missing primes zero: c_i * 2^exp / den * 2^(24 t).
func (x *Integers) Weights(primes []Prime, c []uint64) []float64 {
	out := make([]float64, 6*x.count)
	for i := range primes {
		p := primes[i]
		u := p.Mul(c[i], p.Mul(p.Pow(2, x.Exp), p.Pow(p.Mod(x.Den), -1)))
		for t := range x.count {
			out[i*x.count+t] = p.Balanced(u)
			u = p.Mul(u, 1<<digitBits%p.U)
		}
	}
	return out
}
