package lowerbound

import (
	"math/big"
	"slices"

	"flowproof/constructions/internal/ratmat"
	"flowproof/verify/lowerbound"
)

// Searches among the principal minors of a matrix stop at these sizes.
const (
	minorSize   = 10 // all principal minors
	searchSize  = 5  // all choices of rows, columns and index
	orderMinors = 1024
)

// refuteRank looks for a submatrix which shows that x - D has rank above most for
// every positive diagonal D.
func refuteRank(x *ratmat.Matrix, most int) (lowerbound.Reason, bool) {
	n := x.Rows
	if most >= n {
		return lowerbound.Reason{}, false
	}
	try := func(rows, cols, index []int) (lowerbound.Reason, bool) {
		r := because(lowerbound.Rank, indices("rows", rows...), indices("cols", cols...), indices("index", index...))
		s, ok := schurOn(x, rows, cols, index)
		if !ok || len(rows)+len(index) <= most {
			return r, false
		}
		if len(index) <= minorSize {
			return r, isP0(s.Neg())
		}
		for _, t := range [][]*big.Rat{ratmat.Ones(len(index)), balance(s.Transpose())} {
			if definite(lyapunov(s.Transpose(), t).Neg()) >= 0 {
				r.Fields = append(r.Fields, lowerbound.Field{Name: "weights", Values: t})
				return r, true
			}
		}
		return r, false
	}
	var index []int
	for i := range n {
		if x.At(i, i).Sign() <= 0 {
			index = append(index, i)
		}
	}
	if r, ok := try(nil, nil, index); ok {
		return r, true
	}
	if n <= searchSize {
		return searchPlaces(n, most, try)
	}
	h := n / 2
	return try(ratmat.Span(0, h), ratmat.Span(h, 2*h), ratmat.Span(2*h, n))
}

// searchPlaces tries every choice of disjoint rows, columns and index.
func searchPlaces(n, most int, try func(rows, cols, index []int) (lowerbound.Reason, bool)) (lowerbound.Reason, bool) {
	for code := range 1 << (2 * n) {
		var set [4][]int
		for i := range n {
			c := code >> (2 * i) & 3
			set[c] = append(set[c], i)
		}
		if len(set[1]) != len(set[2]) || len(set[1])+len(set[3]) <= most {
			continue
		}
		if r, ok := try(set[1], set[2], set[3]); ok {
			return r, true
		}
	}
	return lowerbound.Reason{}, false
}

// schurOn returns the Schur complement of x[rows, cols] on index, false if that
// block is singular.
func schurOn(x *ratmat.Matrix, rows, cols, index []int) (*ratmat.Matrix, bool) {
	if len(rows) == 0 {
		return x.Pick(index, index), true
	}
	y, ok := x.Pick(rows, cols).Solve(x.Pick(rows, index))
	if !ok {
		return nil, false
	}
	return x.Pick(index, index).Sub(x.Pick(index, cols).Mul(y)), true
}

// isP0 reports whether no principal minor of x is negative.
func isP0(x *ratmat.Matrix) bool {
	for order := 1; order <= x.Rows; order++ {
		if low, _ := minorSigns(x, order); low < 0 {
			return false
		}
	}
	return true
}

// minorSigns returns the smallest and the largest sign, 0 included, of the
// principal minors of the given order.
func minorSigns(x *ratmat.Matrix, order int) (low, high int) {
	combinations(x.Rows, order, func(set []int) {
		s := 1
		if order > 0 {
			s = x.Pick(set, set).Det().Sign()
		}
		low, high = min(low, s), max(high, s)
	})
	return low, high
}

// combinations visits all increasing lists of k of the numbers 0..n-1.
func combinations(n, k int, visit func([]int)) {
	set := ratmat.Span(0, k)
	for k <= n {
		visit(set)
		i := k - 1
		for i >= 0 && set[i] == n-k+i {
			i--
		}
		if i < 0 {
			return
		}
		set[i]++
		for j := i + 1; j < k; j++ {
			set[j] = set[j-1] + 1
		}
	}
}

// refuteSpectra looks for a reason why e D2^-1 and D1 al, the smaller filled up
// with eigenvalues 1, never have the same spectrum.
func refuteSpectra(e, al *ratmat.Matrix) (lowerbound.Reason, bool) {
	small, large := al, e
	if small.Rows > large.Rows {
		small, large = large, small
	}
	for order := 1; order <= small.Rows; order++ {
		if new(big.Int).Binomial(int64(large.Rows), int64(order)).Cmp(big.NewInt(orderMinors)) > 0 {
			break
		}
		l, h := minorSigns(large, order)
		lo, hi := 0, 0
		for i := 0; i <= min(order, large.Rows-small.Rows); i++ {
			a, b := minorSigns(small, order-i)
			lo, hi = min(lo, a), max(hi, b)
		}
		if lo >= 0 && h <= 0 && (hi > 0 || l < 0) || hi <= 0 && l >= 0 && (lo < 0 || h > 0) {
			return because(lowerbound.Coefficient, indices("order", order)), true
		}
	}
	// Whether this proves anything is the checker's to say.
	return because(lowerbound.Inertia, append(pieces("e", e), pieces("al", al)...)...), true
}

// pieces returns the diagonal blocks of x in block triangular form, as fine as
// possible, each with weights that tell the most about its eigenvalues, if any do.
func pieces(name string, x *ratmat.Matrix) (out []lowerbound.Field) {
	for _, index := range components(x) {
		weights := halfPlaneWeights(x.Pick(index, index))
		out = append(out, indices(name, index...), lowerbound.Field{Name: "weights", Values: weights})
	}
	return out
}

// halfPlaneWeights returns a diagonal S for which x S + S x^T is definite, or
// semidefinite with S of one sign; nil if none of the candidates will do.
func halfPlaneWeights(x *ratmat.Matrix) []*big.Rat {
	base := balance(x)
	var semi []*big.Rat
	for _, s := range [][]*big.Rat{ratmat.Ones(x.Rows), base} {
		signed := make([]*big.Rat, len(s))
		minus := make([]*big.Rat, len(s))
		for i := range s {
			minus[i] = new(big.Rat).Neg(s[i])
			signed[i] = s[i]
			if x.At(i, i).Sign() < 0 {
				signed[i] = minus[i]
			}
		}
		for k, w := range [][]*big.Rat{s, minus, signed} {
			d := definite(lyapunov(x, w))
			if d > 0 {
				return w
			}
			if d == 0 && k < 2 && semi == nil {
				semi = w
			}
		}
	}
	return semi
}

// balance returns s > 0 with |x_ij s_j| = |x_ji s_i| along a spanning forest of
// the places where both are non-zero.
func balance(x *ratmat.Matrix) []*big.Rat {
	s := make([]*big.Rat, x.Rows)
	var visit func(i int)
	visit = func(i int) {
		for j := range s {
			if s[j] == nil && x.At(i, j).Sign() != 0 && x.At(j, i).Sign() != 0 {
				s[j] = new(big.Rat).SetFrac(x.At(j, i), x.At(i, j))
				s[j].Abs(s[j]).Mul(s[j], s[i])
				visit(j)
			}
		}
	}
	for i := range s {
		if s[i] == nil {
			s[i] = big.NewRat(1, 1)
			visit(i)
		}
	}
	return s
}

// lyapunov returns x S + S x^T.
func lyapunov(x *ratmat.Matrix, s []*big.Rat) *ratmat.Matrix {
	y := x.Mul(ratmat.Diag(s))
	return y.Add(y.Transpose())
}

// definite returns 1, 0 or -1 as the symmetric x is positive definite, only
// semidefinite, or neither.
func definite(x *ratmat.Matrix) int {
	result := 1
	for x.Rows > 0 {
		n := x.Rows
		switch s := x.At(0, 0).Sign(); {
		case s < 0:
			return -1
		case s > 0:
			x = ratmat.SchurComplement(x)
			continue
		}
		if !x.Block(0, 1, 0, n).IsZero() {
			return -1
		}
		result = 0
		x = x.Block(1, n, 1, n)
	}
	return result
}

// components returns the strongly connected components of the pattern of x,
// i -> j where x_ij != 0, ordered so that x is block upper triangular.
func components(x *ratmat.Matrix) [][]int {
	n := x.Rows
	reach := make([][]bool, n)
	for i := range n {
		reach[i] = make([]bool, n)
		for j := range n {
			reach[i][j] = i == j || x.At(i, j).Sign() != 0
		}
	}
	for k := range n {
		for i := range n {
			for j := range n {
				reach[i][j] = reach[i][j] || reach[i][k] && reach[k][j]
			}
		}
	}
	var out [][]int
	done := make([]bool, n)
	for slices.Contains(done, false) {
		for i := range n {
			ready := !done[i]
			for j := range n { // nothing left reaches the component but itself
				ready = ready && (done[j] || !reach[j][i] || reach[i][j])
			}
			if !ready {
				continue
			}
			var c []int
			for j := range n {
				if reach[i][j] && reach[j][i] {
					c, done[j] = append(c, j), true
				}
			}
			out = append(out, c)
		}
	}
	return out
}
