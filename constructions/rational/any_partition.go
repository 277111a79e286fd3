package rational

import (
	"math/big"
	"math/rand/v2"

	"flowproof/constructions/internal/blocks"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/ratmat"
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
//
// Statement: any-partition (proofs/rational.md).
func AnyPartition(target exactmath.Matrix, part coupling.Partition) (*coupling.Flow, error) {
	m, err := blocks.New(target, part)
	if err != nil {
		return nil, err
	}
	if m.Q-m.P <= 1 {
		return Six(target, part)
	}
	if f, err := atMostFour(m); f != nil || err != nil {
		return f, err
	}
	return m.Flow(anySizes(m))
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
func anySizes(m *blocks.Map) []blocks.Layer {
	p, q := m.P, m.Q
	core := q - ((q+p-1)/p-2)*p
	rng := rand.New(rand.NewPCG(6, 0))
	// Almost every X0, almost every basis s of the second part, and almost every end
	// scale diag(d1, d2) will do: each is good unless a polynomial that is not zero
	// vanishes at it. The simplest come first.
	for try := 0; ; try++ {
		bound := 1 + try/4
		x0, s, d2 := ratmat.New(q, p), ratmat.Identity(q), ratmat.Ones(q)
		if try > 0 {
			s = triangular(rng, q, bound).Mul(triangular(rng, q, bound).Transpose())
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
		n, d1 := m.With(m.Whole().Mul(ratmat.Identity(p).Direct(ratmat.Diag(inv)))).Normalise(coupling.Upper)
		if d1 == nil {
			d1 = ratmat.Ones(p)
		}
		if fs, ok := additive(n, x0, s, core); ok {
			return absorb(m, fs, d1, d2)
		}
	}
}

// additive returns the additive layers L(-X0) (U L)^k U L U L U of m, of determinant
// 1, that peel finds in the basis s of the second part, false if it finds none.
func additive(m *blocks.Map, x0, s *ratmat.Matrix, core int) ([]blocks.Layer, bool) {
	sinv, _ := s.Inverse()
	n := m.With(ratmat.Identity(m.P).Direct(s).MulAll(m.Whole(), ratmat.Identity(m.P).Direct(sinv)))
	n.C, n.E = n.C.Add(x0.Mul(n.A)), n.E.Add(x0.Mul(n.B))
	fs, ok := peel(n, core)
	if !ok {
		return nil, false
	}
	fs = append([]blocks.Layer{{Kind: coupling.Lower, X: x0.Neg()}}, fs...)
	for i := range fs {
		if fs[i].Kind == coupling.Upper {
			fs[i].X = fs[i].X.Mul(s)
		} else {
			fs[i].X = sinv.Mul(fs[i].X)
		}
	}
	return fs, true
}

func randomQ(rng *rand.Rand, rows, cols, bound int) *ratmat.Matrix {
	x := ratmat.New(rows, cols)
	for k := range x.Num {
		x.Num[k].SetInt64(int64(rng.IntN(2*bound+1) - bound))
	}
	return x
}

// triangular returns a random unit lower triangular integer matrix.
func triangular(rng *rand.Rand, n, bound int) *ratmat.Matrix {
	x := randomQ(rng, n, n, bound)
	for i := range n {
		x.At(i, i).SetInt64(1)
		for j := i + 1; j < n; j++ {
			x.At(i, j).SetInt64(0)
		}
	}
	return x
}

// peel returns (U L)^k U L U L U, k = ceil((q - core)/p), false if one of the blocks
// in the way is singular. Each pair U L turns the last p rows that are left of the
// second part, or fewer if fewer are in the way, into rows of the identity; a core
// of parts p and core, p < core <= 2p, is left for five factors, which take the
// columns beside it along.
func peel(m *blocks.Map, core int) ([]blocks.Layer, bool) {
	p, q := m.P, m.Q
	c := m.C.Block(0, core, 0, p)
	if !c.Injective() {
		return nil, false
	}
	if ec := m.E.Block(0, core, 0, core).Mul(c); core > p+1 && c.Beside(ec).Rank() < core {
		return nil, false
	}
	var fs []blocks.Layer
	n := m
	for left := q; left > core; {
		size := min(p, left-core)
		left -= size
		rows := ratmat.Span(p+left, p+left+size) // in the whole matrix
		inv, _ := n.Whole().Inverse()
		x := inv.Pick(rows, ratmat.Span(0, p))
		z := inv.Pick(rows, ratmat.Span(p, n.Dim())).Sub(ratmat.Identity(n.Dim()).Pick(rows, ratmat.Span(p, n.Dim())))
		if x.Rank() < size {
			return nil, false
		}
		y, _ := x.Particular(z)
		lower := ratmat.New(left, p).Above(x).Above(ratmat.New(q-left-size, p))
		step := []blocks.Layer{{Kind: coupling.Upper, X: y.Neg()}, {Kind: coupling.Lower, X: lower.Neg()}}
		fs = append(fs, step...)
		n = m.With(m.Compose(blocks.Inverted(step)).Mul(n.Whole()))
	}
	return append(fs, fiveWide(n, core)...), true
}

// fiveWide returns five factors of [[N, y], [0, I]], N a core of parts p and
// size: those of N, whose upper weights get the columns Z1, Z3, Z5 that produce
//
//	y = [Z1; 0] + [I + X1 X2; X2] Z3 + [a; c] Z5.
func fiveWide(m *blocks.Map, size int) []blocks.Layer {
	p, rest := m.P, m.Q-size
	whole := m.Whole()
	core := &blocks.Map{Frame: geometry.Frame{P: p, Q: size}}
	core = core.With(whole.Block(0, p+size, 0, p+size))
	fs := five0(core)
	y1, y2 := whole.Block(0, p, p+size, m.Dim()), whole.Block(p, p+size, p+size, m.Dim())
	z, _ := core.C.Beside(fs[1].X).Particular(y2)
	z5, z3 := z.Block(0, p, 0, rest), z.Block(p, 2*p, 0, rest)
	z1 := y1.Sub(z3).Sub(fs[0].X.MulAll(fs[1].X, z3)).Sub(core.A.Mul(z5))
	for i, add := range map[int]*ratmat.Matrix{0: z1, 2: z3, 4: z5} {
		fs[i].X = fs[i].X.Beside(add)
	}
	for _, i := range []int{1, 3} {
		fs[i].X = fs[i].X.Above(ratmat.New(rest, p))
	}
	return fs
}
