package residue

import "math/big"

// Span bounds a matrix: its entries are integers times 2^Exp / Den, Den odd, at
// most Max in absolute value, and their absolute values sum to at most Sum along
// a row.
type Span struct {
	Exp      int
	Den      *big.Int
	Max, Sum *big.Rat
}

// One is the span of the identity.
func One() Span { return Span{0, big.NewInt(1), big.NewRat(1, 1), big.NewRat(1, 1)} }

// Add bounds the sum of two matrices.
func (s Span) Add(t Span) Span {
	return Span{min(s.Exp, t.Exp), lcm(s.Den, t.Den), new(big.Rat).Add(s.Max, t.Max), new(big.Rat).Add(s.Sum, t.Sum)}
}

// Times bounds the product with x: a row of it is a row of s times x.
func (s Span) Times(x Span) Span { return s.times(x, s.Sum, x.Sum) }

// Scaled bounds the product with the diagonal matrix whose diagonal is the row x.
func (s Span) Scaled(x Span) Span { return s.times(x, s.Max, x.Max) }

func (s Span) times(x Span, max, sum *big.Rat) Span {
	return Span{s.Exp + x.Exp, new(big.Int).Mul(s.Den, x.Den), new(big.Rat).Mul(max, x.Max), new(big.Rat).Mul(s.Sum, sum)}
}

// Pair bounds the columns S1 and S2 of a matrix [S1, S2].
type Pair [2]Span

// Times bounds the product with a block triangular factor that reads part from, by
// following [S1, S2] [[D, X], [0, I]] = [S1 D, S2 + S1 X] and its mirror image. The
// scale is nil for D = I.
func (p Pair) Times(from int, weight Span, scale *Span) Pair {
	p[1-from] = p[1-from].Add(p[from].Times(weight))
	if scale != nil {
		p[from] = p[from].Scaled(*scale)
	}
	return p
}

// Whole bounds [S1, S2].
func (p Pair) Whole() Span { return p[0].Add(p[1]) }

// Integers bounds the entries times Den / 2^Exp, which are integers.
func (s Span) Integers() *big.Int {
	r := Ldexp(1, -s.Exp)
	r.Mul(r, s.Max).Mul(r, new(big.Rat).SetInt(s.Den))
	return r.Num().Add(r.Num(), r.Denom()).Quo(r.Num(), r.Denom())
}

func lcm(a, b *big.Int) *big.Int {
	g := new(big.Int).GCD(nil, nil, a, b)
	return g.Mul(a, g.Quo(b, g))
}

// Ldexp returns u * 2^e.
func Ldexp(u uint64, e int) *big.Rat {
	n, d := new(big.Int).SetUint64(u), big.NewInt(1)
	return new(big.Rat).SetFrac(n.Lsh(n, uint(max(e, 0))), d.Lsh(d, uint(max(-e, 0))))
}
