package constructions

import (
	"math/big"
	"math/rand/v2"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// AnyPartition returns a flow whose product is exactly the target, of
// determinant > 0, on a partition of any sizes, of depth at most AnyDepth(p, q),
// and one less for almost all targets. Where the parts differ by at most one it is
// Six. PROOFS.md, theorem 2.10.
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
	return m.flow(m.anySizes())
}

// AnyDepth returns the least depth that suffices for all maps of positive
// determinant on parts of p and q coordinates, in either order: with p <= q it is
// 2 ceil(q/p) + 2 if p < q, 6 if p = q >= 2, and 4 if p = q = 1. PROOFS.md,
// theorems 2.10 and 3.7.
func AnyDepth(p, q int) int {
	p, q = min(p, q), max(p, q)
	switch {
	case q == 1:
		return 4
	case p == q:
		return 6
	}
	return 2*((q+p-1)/p) + 2
}

// anySizes returns [L] (U L)^k U L U L U with k = ceil(q/p) - 2, the first L left
// out if it can be, for q > p + 1.
func (m *linear) anySizes() []qfactor {
	p, q := m.p, m.q
	core := q - ((q+p-1)/p-2)*p
	rng := rand.New(rand.NewPCG(6, 0))
	// Almost every X0, almost every basis s of the second part, and almost every end
	// scale diag(d1, d2) will do: each is good unless a polynomial that is not zero
	// vanishes at it. The simplest come first.
	for try := 0; ; try++ {
		bound := 1 + try/4
		x0, s, d2 := newQ(q, p), qIdentity(q), ones(q)
		if try > 0 {
			s = triangular(rng, q, bound).mul(triangular(rng, q, bound).transpose())
		}
		if try > 1 {
			x0 = randomQ(rng, q, p, bound)
		}
		if try > 3 {
			for i := range d2 {
				d2[i].SetInt64(1 + rng.Int64N(int64(bound)+1))
			}
		}
		inv := make([]*big.Rat, q)
		for i := range inv {
			inv[i] = new(big.Rat).Inv(d2[i])
		}
		n, d1 := m.with(m.whole().mul(qIdentity(p).direct(qDiag(inv)))).normalise(coupling.Upper)
		if d1 == nil {
			d1 = ones(p)
		}
		if fs, ok := n.additive(x0, s, core); ok {
			return m.absorb(fs, d1, d2)
		}
	}
}

// additive returns the additive layers L(-X0) (U L)^k U L U L U of m, of determinant
// 1, that peel finds in the basis s of the second part, false if it finds none.
func (m *linear) additive(x0, s *qmat, core int) ([]qfactor, bool) {
	sinv, _ := s.inverse()
	n := m.with(qIdentity(m.p).direct(s).mulAll(m.whole(), qIdentity(m.p).direct(sinv)))
	n.c, n.e = n.c.add(x0.mul(n.a)), n.e.add(x0.mul(n.b))
	fs, ok := n.peel(core)
	if !ok {
		return nil, false
	}
	fs = append([]qfactor{{kind: coupling.Lower, x: x0.neg()}}, fs...)
	for i := range fs {
		if fs[i].kind == coupling.Upper {
			fs[i].x = fs[i].x.mul(s)
		} else {
			fs[i].x = sinv.mul(fs[i].x)
		}
	}
	return fs, true
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

// peel returns (U L)^k U L U L U, k = ceil((q - core)/p), false if one of the blocks
// in the way is singular. Each pair U L turns the last p rows that are left of the
// second part, or fewer if fewer are in the way, into rows of the identity; a core
// of parts p and core, p < core <= 2p, is left for five factors, which take the
// columns beside it along.
func (m *linear) peel(core int) ([]qfactor, bool) {
	p, q := m.p, m.q
	c := m.c.block(0, core, 0, p)
	if !c.injective() {
		return nil, false
	}
	if ec := m.e.block(0, core, 0, core).mul(c); core > p+1 && c.beside(ec).rank() < core {
		return nil, false
	}
	var fs []qfactor
	n := m
	for left := q; left > core; {
		size := min(p, left-core)
		left -= size
		rows := span(p+left, p+left+size) // in the whole matrix
		inv, _ := n.whole().inverse()
		x := inv.pick(rows, span(0, p))
		z := inv.pick(rows, span(p, n.n())).sub(qIdentity(n.n()).pick(rows, span(p, n.n())))
		if x.rank() < size {
			return nil, false
		}
		y, _ := x.particular(z)
		lower := newQ(left, p).above(x).above(newQ(q-left-size, p))
		step := []qfactor{{kind: coupling.Upper, x: y.neg()}, {kind: coupling.Lower, x: lower.neg()}}
		fs = append(fs, step...)
		n = m.with(m.compose(inverted(step)).mul(n.whole()))
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
