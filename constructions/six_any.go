package constructions

import (
	"math/rand/v2"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// AnyPartition returns a flow whose product is exactly the target, of
// determinant > 0, on a partition of any sizes p <= q (or q <= p, with the names
// swapped). Its depth is at most AnyDepth(p, q) = 2 ceil((q-1)/p) + 4, one less
// for almost all targets, and the least of Six where the parts differ by at most
// one. PROOFS.md, theorem 2.10.
//
// All arithmetic is rational. Where a coordinate system in general position is
// needed, it is drawn from small integers with a fixed seed, so that the result is
// always the same.
//
// Errors: *ShapeError, ErrSingular, ErrOrientation.
func AnyPartition(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	m, err := newLinear(target, part)
	if err != nil {
		return nil, err
	}
	if m.q-m.p <= 1 {
		return Six(target, part)
	}
	if f, err := m.atMostFour(); f != nil || err != nil {
		return f, err
	}
	n, d := m.normalise(coupling.Upper)
	return m.flow(scaleLast(n.peeled(), d))
}

// AnyDepth returns 2 ceil((q-1)/p) + 4 for the sizes p <= q of the two parts, in
// either order: the depth that always suffices. It is the least such depth if
// q = p or q = 1 mod p.
func AnyDepth(p, q int) int {
	p, q = min(p, q), max(p, q)
	return 2*((q-2+p)/p) + 4
}

// peeled returns [L] (U L)^k U L U L U for determinant 1, k = ceil((q-p-1)/p), the
// first L left out if it can be.
func (m *linear) peeled() []qfactor {
	if fs, ok := m.peel(); ok {
		return fs
	}
	rng := rand.New(rand.NewPCG(6, 0))
	for bound := 1; ; bound *= 2 {
		// Almost every basis of the second part will do, and almost every X0: each is
		// good unless a polynomial that is not zero vanishes at it.
		s := triangular(rng, m.q, bound).mul(triangular(rng, m.q, bound).transpose())
		sinv, _ := s.inverse()
		id := qIdentity(m.p)
		o := m.with(id.direct(s).mulAll(m.whole(), id.direct(sinv)))
		x0 := randomQ(rng, m.q, m.p, bound)
		if bound == 1 {
			x0 = newQ(m.q, m.p)
		}
		first := qfactor{kind: coupling.Lower, x: x0.neg()}
		lower := *o
		lower.c, lower.e = o.c.add(x0.mul(o.a)), o.e.add(x0.mul(o.b))
		if fs, ok := lower.peel(); ok {
			fs = append([]qfactor{first}, fs...)
			for i := range fs {
				if fs[i].kind == coupling.Upper {
					fs[i].x = fs[i].x.mul(s)
				} else {
					fs[i].x = sinv.mul(fs[i].x)
				}
			}
			return fs
		}
	}
}

func randomQ(rng *rand.Rand, rows, cols, bound int) *qmat {
	x := newQ(rows, cols)
	for k := range x.num {
		x.num[k].SetInt64(int64(rng.IntN(2*bound+1) - bound))
	}
	return x
}

// triangular returns a random unit lower triangular integer matrix.
func triangular(rng *rand.Rand, n, bound int) *qmat {
	x := randomQ(rng, n, n, bound)
	for i := range n {
		x.at(i, i).SetInt64(1)
		for j := i + 1; j < n; j++ {
			x.at(i, j).SetInt64(0)
		}
	}
	return x
}

// peel returns (U L)^k U L U L U, false if one of the blocks in the way is
// singular. Each pair U L turns the last p rows that are left of the second part
// into rows of the identity; a core of parts p and p, or p and p + 1, is left for
// five factors, which take the columns beside it along.
func (m *linear) peel() ([]qfactor, bool) {
	p, q := m.p, m.q
	k := (q - 2) / p // ceil((q-p-1)/p)
	core := p + 1
	if q-k*p <= p {
		core = p
	}
	if !m.c.block(0, core, 0, p).injective() {
		return nil, false
	}
	var fs []qfactor
	n := m
	for left := q; left > core; {
		j := min(p, left-core)
		rows := span(p+left-j, p+left)
		inv, _ := n.whole().inverse()
		x := inv.pick(rows, span(0, p))
		z := inv.pick(rows, span(p, n.n())).sub(qIdentity(n.n()).pick(rows, span(p, n.n())))
		if x.rank() < j {
			return nil, false
		}
		y, _ := x.particular(z)
		lower := newQ(left-j, p).above(x).above(newQ(q-left, p))
		step := []qfactor{{kind: coupling.Upper, x: y.neg()}, {kind: coupling.Lower, x: lower.neg()}}
		fs = append(fs, step...)
		n = m.with(m.compose(inverted(step)).mul(n.whole()))
		left -= j
	}
	return append(fs, n.fiveWide(core)...), true
}

// fiveWide returns five factors of [[N, y], [0, I]], N a core of parts p and
// size: those of N, whose upper weights get the columns Z1, Z3, Z5 that produce
//
//	y = [Z1; 0] + [I + X1 X2; X2] Z3 + [a; c] Z5.
func (m *linear) fiveWide(size int) []qfactor {
	p, rest := m.p, m.q-size
	whole := m.whole()
	core := &linear{p: p, q: size, part: m.part}
	core = core.with(whole.block(0, p+size, 0, p+size))
	fs := core.five0()
	y1, y2 := whole.block(0, p, p+size, m.n()), whole.block(p, p+size, p+size, m.n())
	z, _ := core.c.beside(fs[1].x).particular(y2)
	z5, z3 := z.block(0, p, 0, rest), z.block(p, 2*p, 0, rest)
	z1 := y1.sub(z3).sub(fs[0].x.mulAll(fs[1].x, z3)).sub(core.a.mul(z5))
	for i, add := range map[int]*qmat{0: z1, 2: z3, 4: z5} {
		fs[i].x = fs[i].x.beside(add)
	}
	for _, i := range []int{1, 3} {
		fs[i].x = fs[i].x.above(newQ(rest, p))
	}
	return fs
}
