package modular

import (
	"math"
	"math/big"
	"math/bits"
	"slices"

	"flowproof/exactmath"
)

// layout says where an entry is kept: (i, j) in lane[j] of group row[i]+col[j].
// A group has as many places as the kernel has lanes, empty ones being zero.
type layout struct {
	row, col, lane []int
	groups         int
}

// panels keeps a matrix as the kernel reads B: column panels, one after the other.
func panels(rows, cols, lanes int) layout {
	z := layout{make([]int, rows), make([]int, cols), make([]int, cols), rows * ceil(cols, lanes)}
	for i := range rows {
		z.row[i] = i
	}
	for j := range cols {
		z.col[j], z.lane[j] = j/lanes*rows, j%lanes
	}
	return z
}

func ceil(a, b int) int { return (a + b - 1) / b }

// integers is a matrix N * 2^exp / den, the entries of N being integers of count
// digits to the base 2^24, each with the sign of its entry: digit t of lane l of
// group g is digits[(g*count+t)*lanes + l].
type integers struct {
	span
	groups, count int
	digits        []float64
}

// visit calls f for pieces that the entries of m are sums of: the entry (i, j)
// of m times den has the pieces sign * u * 2^e. It returns den, which is odd.
func visit(m exactmath.Matrix, f func(i, j int, sign float64, u uint64, e int)) *big.Int {
	words := func(i, j int, x *big.Int, e int) {
		for k, w := range x.Bits() {
			f(i, j, float64(x.Sign()), uint64(w), e+k*bits.UintSize)
		}
	}
	one := big.NewInt(1)
	rows, cols := m.Dims()
	switch m := m.(type) {
	case *exactmath.Floats:
		for k, v := range m.View() {
			if v != 0 {
				u, e := mantissa(v)
				f(k/cols, k%cols, math.Copysign(1, v), u, e)
			}
		}
		return one
	case *exactmath.Sparse:
		for i := range rows {
			at, val := m.Row(i)
			for k, v := range val {
				u, e := mantissa(v)
				f(i, at[k], math.Copysign(1, v), u, e)
			}
		}
		return one
	case *exactmath.Dyadic:
		for k := range rows * cols {
			words(k/cols, k%cols, m.Num(k/cols, k%cols), m.Exp())
		}
		return one
	}
	den := one
	m.Each(func(_, _ int, v *big.Rat) { den = lcm(den, v.Denom()) })
	e := den.TrailingZeroBits()
	m.Each(func(i, j int, v *big.Rat) {
		q := new(big.Int).Quo(den, v.Denom())
		words(i, j, q.Mul(q, v.Num()), -int(e))
	})
	return den.Rsh(den, e)
}

// mantissa returns u < 2^53 and e with |v| = u * 2^e.
func mantissa(v float64) (u uint64, e int) {
	b := math.Float64bits(v)
	if u, e = b&(1<<52-1), int(b>>52)&0x7ff; e == 0 {
		return u, -1074
	}
	return u | 1<<52, e - 1075
}

// split returns m in the given layout.
func split(m exactmath.Matrix, lay layout, lanes int) *integers {
	lo, hi := math.MaxInt, math.MinInt
	z := &integers{groups: lay.groups}
	z.den = visit(m, func(_, _ int, _ float64, u uint64, e int) {
		if u != 0 {
			lo, hi = min(lo, e+bits.TrailingZeros64(u)), max(hi, e+bits.Len64(u))
		}
	})
	if lo > hi {
		lo, hi = 0, 0
	}
	z.exp, z.count = lo, max(1, ceil(hi-lo, digitBits))
	z.digits = make([]float64, z.groups*z.count*lanes)
	// Sums are in units of 2^unit, pieces rounded up, so that they stay below 2^63.
	sums := make([]uint64, len(lay.row))
	unit := max(hi-62+bits.Len(uint(len(lay.col))), lo)
	visit(m, func(i, j int, sign float64, u uint64, e int) {
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
		for at := ((lay.row[i]+lay.col[j])*z.count+int(t))*lanes + lay.lane[j]; low|high != 0; at += lanes {
			z.digits[at] += sign * float64(low&(1<<digitBits-1))
			low, high = low>>digitBits|high<<(64-digitBits), high>>digitBits
		}
	})
	den := new(big.Rat).SetInt(z.den)
	z.sum = ldexp(slices.Max(sums), unit)
	z.sum.Quo(z.sum, den)
	z.max = ldexp(1, hi)
	z.max.Quo(z.max, den)
	return z
}

// ldexp returns u * 2^e.
func ldexp(u uint64, e int) *big.Rat {
	n, d := new(big.Int).SetUint64(u), big.NewInt(1)
	return new(big.Rat).SetFrac(n.Lsh(n, uint(max(e, 0))), d.Lsh(d, uint(max(-e, 0))))
}

// residues sets rows 0..5 of out, stride apart, to groups from..to-1 of N, with
// row i of w the weights of the digits modulo p_i; or adds them.
func (x *integers) residues(kern kernel, out []float64, stride int, w []float64, from, to int, mod *[12]float64, add bool) {
	const groups = 256 // to one call of the kernel, which nothing interrupts
	for g := from; g < to; g += groups {
		for t := 0; t < x.count; t += maxConvert {
			kern.strip(out[(g-from)*kern.lanes:], stride, w[t:], x.count, x.digits[(g*x.count+t)*kern.lanes:],
				kern.lanes, x.count*kern.lanes, min(maxConvert, x.count-t), min(groups, to-g), mod, add || t > 0)
		}
	}
}

// weights returns what residues wants for c_i N * 2^exp / den modulo primes[i],
// six rows, those of missing primes zero: c_i * 2^exp / den * 2^(24 t).
func (x *integers) weights(primes []prime, c []uint64) []float64 {
	out := make([]float64, 6*x.count)
	for i := range primes {
		p := &primes[i]
		u := p.mul(c[i], p.mul(p.pow(2, x.exp), p.pow(p.mod(x.den), -1)))
		for t := range x.count {
			out[i*x.count+t] = p.balanced(u)
			u = p.mul(u, 1<<digitBits%p.u)
		}
	}
	return out
}
