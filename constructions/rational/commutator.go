package rational

import (
	"math/big"

	"flowproof/constructions/internal/ratmat"
)

// A commutator is a solution of  G = P H P^-1 H^-1  with G = [[g, 0], [w, t I]]
// and H = diag(h, I), or G = g and H = h: t and w exist if the parts have
// different sizes. It is given in the basis of the columns of s: h stands for
// s h s^-1, p for diag(s, I) P.
type commutator struct {
	s, h, p *ratmat.Matrix
}

// commute solves g = P h P^-1 h^-1 for g of determinant 1. PROOFS.md, lemma
// 2.4.
func commute(g *ratmat.Matrix) commutator {
	p := g.Rows
	beta := distinct(p, big.NewRat(1, 1))
	beta = append(beta, beta[0])
	s, t1, h := triangulate(g, beta)
	return commutator{s, h, s.Mul(matchSpectra(t1, h))}
}

// commuteBordered solves [[g, 0], [w, t I]] = P diag(h, I) P^-1 diag(h, I)^-1 where
// t = 1, or w is one row of zeros and t = 1/det g. The span E of the first p unit
// vectors and P E together span everything if w has full row rank or one row.
func commuteBordered(g, w *ratmat.Matrix, t *big.Rat) commutator {
	p, k := g.Rows, w.Rows
	first := big.NewRat(1, 1)
	if !w.IsZero() {
		first.SetInt64(2) // an eigenvalue 1 would not split off t = 1
	}
	// Unless t = 1, beta_{p+1} = t must stay clear of the others.
	beta := append(distinct(p, first, big.NewRat(1, 1), t), new(big.Rat).Mul(first, t))
	s, lower, h := triangulate(g, beta)
	pad := ratmat.Identity(k)
	lower = lower.Beside(ratmat.New(p, k)).Above(w.Mul(s).Mul(h).Beside(pad.Scale(t)))
	return commutator{s, h, s.Direct(pad).Mul(matchSpectra(lower, h.Direct(pad)))}
}

// distinct returns first and n-1 small integers, distinct from it, from the
// numbers to avoid and from each other: 1, -1, 2, -2, ...
func distinct(n int, first *big.Rat, avoid ...*big.Rat) []*big.Rat {
	out := []*big.Rat{first}
	avoid = append(avoid, first)
candidates:
	for k := int64(2); len(out) < n; k++ {
		v := big.NewRat(k/2, 1)
		if k%2 == 1 {
			v.Neg(v)
		}
		for _, a := range avoid {
			if a.Cmp(v) == 0 {
				continue candidates
			}
		}
		out = append(out, v)
	}
	return out
}

// triangulate returns s, a lower triangular and an upper triangular matrix with
// s^-1 g s h = lower. If g is not a scalar, lower has the diagonal beta_1,
// .., beta_p and h the diagonal beta_2, .., beta_{p+1}, where det g must be
// beta_1/beta_{p+1}; if g is lambda I, s = I and the rest is the same with
// beta_i = beta_1/lambda^(i-1).
func triangulate(g *ratmat.Matrix, beta []*big.Rat) (s, lower, h *ratmat.Matrix) {
	p := g.Rows
	if lambda, ok := g.Scalar(); ok {
		chain := []*big.Rat{beta[0]}
		for i := range p {
			chain = append(chain, new(big.Rat).Quo(chain[i], lambda))
		}
		return ratmat.Identity(p), ratmat.Diag(chain[:p]), ratmat.Diag(chain[1:])
	}
	delta := make([]*big.Rat, p)
	for i := range delta {
		delta[i] = new(big.Rat).Quo(beta[i], beta[i+1])
	}
	var ok bool
	if s, ok = cyclicBasis(g, beta); !ok {
		s = prescribe(g, delta)
	}
	m := ratmat.Conjugate(g, s)
	l := unitLower(m)
	u, _ := l.Solve(m) // upper triangular with diagonal delta
	lower = l.Mul(ratmat.Diag(beta[:p]))
	h, _ = u.Solve(ratmat.Diag(beta[:p]))
	return s, lower, h
}

// cyclicBasis returns the basis f_1 = e_1, f_{j+1} = (beta_{j+1} g - beta_j) f_j,
// up to positive factors, if it is one. Then s^-1 g s = L U with L bidiagonal and U
// diagonal but for its last column.
func cyclicBasis(g *ratmat.Matrix, beta []*big.Rat) (*ratmat.Matrix, bool) {
	f := ratmat.Unit(g.Rows, 0)
	s := f
	for j := 0; j+1 < g.Rows; j++ {
		f = g.Mul(f).Scale(beta[j+1]).Sub(f.Scale(beta[j])).Primitive()
		s = s.Beside(f)
	}
	return s, s.Rank() == g.Rows
}

// prescribe returns s such that s^-1 g s has the leading principal minors
// delta_1, delta_1 delta_2, .., for a g that is not a scalar and has determinant
// delta_1 .. delta_p. Induction on the size, after Sourour (1986): v not an
// eigenvector, (g - delta_1) v the second basis vector; then the Schur complement
// of delta_1 must not be a scalar, unless it is 1 x 1.
func prescribe(g *ratmat.Matrix, delta []*big.Rat) *ratmat.Matrix {
	n := g.Rows
	if n == 1 {
		return ratmat.Identity(1)
	}
	v := nonEigenvector(g)
	f := g.Mul(v).Sub(v.Scale(delta[0]))
	s := completeBasis(v.Beside(f).Primitive())
	schur := ratmat.SchurComplement(ratmat.Conjugate(g, s))
	if _, scalar := schur.Scalar(); scalar && n > 2 {
		// s <- s [[1, x^T], [0, I]] with x = e_2 changes it to mu (I + e_1 e_2^T / delta_1).
		shear := ratmat.Identity(n)
		shear.At(0, 2).SetInt64(1)
		s = s.Mul(shear)
		schur = ratmat.SchurComplement(ratmat.Conjugate(g, s))
	}
	return s.Mul(ratmat.Identity(1).Direct(prescribe(schur, delta[1:])))
}

// nonEigenvector returns e_i or e_i + e_j, not an eigenvector of g, which is not
// a scalar.
func nonEigenvector(g *ratmat.Matrix) *ratmat.Matrix {
	n := g.Rows
	for j := range n {
		for i := range n {
			if i != j && g.At(i, j).Sign() != 0 {
				return ratmat.Unit(n, j)
			}
		}
	}
	j := 1 // g is diagonal
	for g.At(j, j).Cmp(g.At(0, 0)) == 0 {
		j++
	}
	return ratmat.Unit(n, 0).Add(ratmat.Unit(n, j))
}

// completeBasis adds unit vectors to the independent columns of x until they
// are a basis.
func completeBasis(x *ratmat.Matrix) *ratmat.Matrix {
	all := x.Beside(ratmat.Identity(x.Rows))
	return all.Pick(ratmat.Span(0, x.Rows), all.Echelon().Cols)
}

// unitLower returns the unit lower triangular factor of m = L U; the leading
// principal minors of m must not vanish.
func unitLower(m *ratmat.Matrix) *ratmat.Matrix {
	n := m.Rows
	l := ratmat.Identity(1)
	if n > 1 {
		below := m.Block(1, n, 0, 1).Scale(new(big.Rat).Inv(m.Rat(0, 0)))
		l = l.Above(below).Beside(ratmat.New(1, n-1).Above(unitLower(ratmat.SchurComplement(m))))
	}
	return l
}

// matchSpectra returns V1 V2^-1, where lower = V1 D V1^-1 and upper = V2 D V2^-1
// with the same diagonal D: lower V = V upper. Both must be diagonalisable, with
// equal spectra, and are if the diagonal has distinct entries or they are
// diagonal. The last eigenvector of upper is paired with the first of lower that
// has its eigenvalue.
func matchSpectra(lower, upper *ratmat.Matrix) *ratmat.Matrix {
	n := lower.Rows
	v1, v2 := lowerEigenvectors(lower), upperEigenvectors(upper)
	used := make([]bool, n)
	match := make([]int, n) // column j of v2 has the eigenvalue of column match[j] of v1
	for j := n - 1; j >= 0; j-- {
		for i := range n {
			if !used[i] && lower.Rat(i, i).Cmp(upper.Rat(j, j)) == 0 {
				match[j], used[i] = i, true
				break
			}
		}
	}
	inv, _ := v2.Inverse()
	return v1.Pick(ratmat.Span(0, n), match).Mul(inv)
}

// lowerEigenvectors returns eigenvectors of the lower triangular m, column j for
// m_jj.
func lowerEigenvectors(m *ratmat.Matrix) *ratmat.Matrix {
	n := m.Rows
	cols := make([][]*big.Rat, n)
	for j := range n {
		v := make([]*big.Rat, n)
		for i := range n {
			v[i] = new(big.Rat)
			if i == j {
				v[i].SetInt64(1)
			}
			for k := j; k < i; k++ {
				if v[k].Sign() != 0 && m.At(i, k).Sign() != 0 {
					v[i].Add(v[i], new(big.Rat).Mul(m.Rat(i, k), v[k]))
				}
			}
			if i > j && v[i].Sign() != 0 {
				v[i].Quo(v[i], new(big.Rat).Sub(m.Rat(j, j), m.Rat(i, i)))
			}
		}
		cols[j] = v
	}
	return ratmat.Func(n, n, func(i, j int) *big.Rat { return cols[j][i] }).Primitive()
}

// upperEigenvectors is lowerEigenvectors for an upper triangular matrix, which
// becomes lower triangular when the order is reversed.
func upperEigenvectors(m *ratmat.Matrix) *ratmat.Matrix {
	flip := make([]int, m.Rows)
	for i := range flip {
		flip[i] = m.Rows - 1 - i
	}
	return lowerEigenvectors(m.Pick(flip, flip)).Pick(flip, flip)
}
