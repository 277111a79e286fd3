package linalg

import (
	"math/big"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/internal/residue"
	"flowproof/exactmath/sparse"
)

// Solve returns N and den != 0 with a (N / den) = b, for a n x n and b n x k. It
// fails with a *exactmath.ShapeError if the shapes do not fit, with ErrSingular
// if a is singular, with ErrTooLarge.
//
// By Cramer's rule den is the determinant of a times a power of its common
// denominator, and the bound on N is Hadamard's, of the rows of [a, b].
func Solve(a, b exactmath.Matrix) (num *dense.Dyadic, den *big.Int, err error) {
	n, c := a.Dims()
	r, k := b.Dims()
	if n != c || r != n || n < 1 || k < 1 {
		return nil, nil, &exactmath.ShapeError{Op: "Solve", R1: n, C1: c, R2: r, C2: k}
	}
	x, err := integral(a)
	if err != nil {
		return nil, nil, err
	}
	y, err := integral(b)
	if err != nil {
		return nil, nil, err
	}
	f, err := x.blocks(func(float64) {})
	if err != nil {
		return nil, nil, err
	}
	if f.rank < n {
		return nil, nil, ErrSingular
	}
	// A minor with one column replaced by one of b is at most the product of the
	// norms of the rows of [a, b].
	bound, norms := big.NewInt(1), y.norms(false)
	for i, v := range x.norms(false) {
		bound.Mul(bound, v.Add(v, norms[i]))
	}
	left, right := x.ld(), y.ld()
	rows, ld := 6*residue.Ceil(n, 6), left+right
	run := func(p residue.Prime, in [][]float64, out []float64) bool {
		w := make([]float64, rows*ld)
		for i := range rows {
			copy(w[i*ld:], in[0][i*left:(i+1)*left])
			copy(w[i*ld+left:], in[1][i*right:(i+1)*right])
		}
		det := jordan(x.kern, w, n, n, ld, p, true)
		for i, r := range f.col {
			for j, v := range w[i*ld+left:][:k] {
				out[r*k+j] = residue.Reduce(v*det, p.P, p.Inv)
			}
		}
		out[n*k] = det
		return det != 0
	}
	all, err := modular(x.kern, bound, n*k+1, run, source{x, x.split(f.row, f.col)}, source{y, y.split(f.row, nil)})
	if err != nil {
		return nil, nil, err
	}
	u := y.unit() // a^-1 b is y.unit / x.unit times integers over the determinant
	u.Quo(u, x.unit())
	den = all[n*k].Mul(&all[n*k], u.Denom())
	for i := range all[:n*k] {
		all[i].Mul(&all[i], u.Num())
	}
	num, err = dense.OwnDyadic(n, k, all[:n*k:n*k], 0)
	return num, den, err
}

// Inverse returns N and den != 0 with a^-1 = N / den: Solve for the identity.
func Inverse(a exactmath.Matrix) (num *dense.Dyadic, den *big.Int, err error) {
	n, _ := a.Dims()
	return Solve(a, dense.IdentityDyadic(n))
}

// Det returns the determinant. It fails with a *exactmath.ShapeError unless a is
// square, with ErrTooLarge.
func Det(a exactmath.Matrix) (*big.Rat, error) {
	x, err := integralSquare(a)
	if err != nil {
		return nil, err
	}
	n, rank, err := x.det(func(float64) {})
	if err != nil || rank < x.rows {
		return new(big.Rat), err
	}
	det, unit := new(big.Rat).SetInt(n), x.unit()
	power := new(big.Rat).SetFrac(
		new(big.Int).Exp(unit.Num(), big.NewInt(int64(x.rows)), nil),
		new(big.Int).Exp(unit.Denom(), big.NewInt(int64(x.rows)), nil))
	return det.Mul(det, power), nil
}

// Orientation returns the rank of m, and the sign of its determinant: 0 unless m
// is square and of full rank. It tells how much of the work is done, 0 to 1. It
// fails as Det does, but for the shape.
func Orientation(m exactmath.Matrix, report func(done float64)) (sign, rank int, err error) {
	x, err := integral(m)
	if err != nil {
		return 0, 0, err
	}
	if x.rows != x.cols {
		f, err := x.blocks(report)
		if err != nil {
			return 0, 0, err
		}
		return 0, f.rank, nil
	}
	det, rank, err := x.det(report)
	if err != nil || rank < x.rows {
		return 0, rank, err
	}
	return det.Sign(), rank, nil
}

// det returns the rank and, if it is full, the determinant of A, square.
func (z *integers) det(report func(float64)) (*big.Int, int, error) {
	w, p := z.words(), newPrime59(firstPrime59)
	for range 2 { // primes, before it is asked whether A is singular
		if w == nil {
			break
		}
		if l, ok := newLifting(w, p); ok {
			det, err := z.determinant(l, report)
			return det, z.rows, err
		}
		p = p.next()
	}
	f, err := z.blocks(report)
	if err != nil || f.rank < z.rows {
		return nil, f.rank, err
	}
	run := func(p residue.Prime, in [][]float64, out []float64) bool {
		out[0] = jordan(z.kern, in[0], z.rows, z.rows, z.ld(), p, false)
		return out[0] != 0
	}
	all, err := modular(z.kern, z.hadamard(z.rows), 1, run, source{z, z.split(f.row, f.col)})
	if err != nil {
		return nil, 0, err
	}
	if sparse.PermutationSign(f.row, nil) != sparse.PermutationSign(f.col, nil) {
		all[0].Neg(&all[0])
	}
	return &all[0], z.rows, nil
}

// jordan turns the first n columns of w, of at least n rows of ld numbers, filled
// up to strips of 6, into the identity modulo p with zeros below, or, if above is
// false, into an upper triangular matrix, by row operations on blocks of 6 rows.
// It returns the determinant of the first n rows of them, 0 if a leading block is
// singular.
func jordan(kern residue.Kernel, w []float64, rows, n, ld int, p residue.Prime, above bool) float64 {
	mod, det := residue.Moduli(p, p, p, p, p, p), 1.0
	pivot := make([]float64, 6*ld)
	var block, left [36]float64
	for at := 0; at < n; at += 6 {
		k := min(6, n-at)
		for i := range 6 {
			for j := range 6 {
				if block[6*i+j] = 0; i < k && j < k {
					block[6*i+j] = w[(at+i)*ld+at+j]
				} else if i == j {
					block[6*i+j] = 1
				}
			}
		}
		if det = residue.Reduce(det*invert(&block, p), p.P, p.Inv); det == 0 {
			return 0
		}
		from := at / kern.Lanes * kern.Lanes
		panels := (ld - from) / kern.Lanes
		if at+k == rows && !above && from+kern.Lanes == ld {
			break // nothing is left but the block itself
		}
		kern.Strip(pivot[from:], ld, block[:], 6, w[at*ld+from:], ld, kern.Lanes, 6, panels, &mod, false)
		for i := range 6 {
			copy(w[(at+i)*ld+from:(at+i+1)*ld], pivot[i*ld+from:])
		}
		first := at
		if above {
			first = 0
		}
		for r := first; r < rows; r += 6 {
			if r == at && (k == 6 || at+k == rows) {
				continue
			}
			for i := range 6 {
				for j := range k {
					if left[6*i+j] = -w[(r+i)*ld+at+j]; r == at && i < k {
						left[6*i+j] = 0
					}
				}
			}
			kern.Strip(w[r*ld+from:], ld, left[:], 6, pivot[from:], ld, kern.Lanes, k, panels, &mod, true)
		}
	}
	return det
}

// invert inverts the 6 x 6 matrix modulo p in place and returns its determinant,
// 0 if it is singular.
func invert(b *[36]float64, p residue.Prime) float64 {
	var perm [6]int
	det := 1.0
	for k := range 6 {
		r := k
		for r < 6 && b[6*r+k] == 0 {
			r++
		}
		if r == 6 {
			return 0
		}
		if perm[k] = r; r != k {
			det = -det
			for j := range 6 {
				b[6*k+j], b[6*r+j] = b[6*r+j], b[6*k+j]
			}
		}
		det = residue.Reduce(det*b[7*k], p.P, p.Inv)
		f := inverse(b[7*k], p)
		b[7*k] = 1
		for j := range 6 {
			b[6*k+j] = residue.Reduce(b[6*k+j]*f, p.P, p.Inv)
		}
		for i := range 6 {
			if f := b[6*i+k]; i != k {
				b[6*i+k] = 0
				for j := range 6 {
					b[6*i+j] = residue.Reduce(b[6*i+j]-f*b[6*k+j], p.P, p.Inv)
				}
			}
		}
	}
	for k := 5; k >= 0; k-- {
		if r := perm[k]; r != k {
			for i := range 6 {
				b[6*i+k], b[6*i+r] = b[6*i+r], b[6*i+k]
			}
		}
	}
	return det
}

// inverse returns the inverse of the residue a, not 0, by Euclid's algorithm.
func inverse(a float64, p residue.Prime) float64 {
	r, s, u, v := int64(p.U), int64(a), int64(0), int64(1)
	for s != 0 {
		q := r / s
		r, s, u, v = s, r-q*s, v, u-q*v
	}
	return float64(u * r) // r is 1 or -1, and |u| < p
}
