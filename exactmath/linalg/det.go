package linalg

import (
	"math/big"

	"flowproof/exactmath"
	"flowproof/exactmath/internal/residue"
	"flowproof/exactmath/sparse"
)

// Orientation returns the rank of m, and the sign of its determinant: 0 unless m
// is square and of full rank. It tells report how much of the work is done, 0 to 1.
// It fails with a *exactmath.ShapeError if m is empty, with ErrTooLarge.
func Orientation(m exactmath.Matrix, report func(done float64)) (sign, rank int, err error) {
	x, err := integral(m)
	if err != nil {
		return 0, 0, err
	}
	w, full := x.words(), min(x.rows, x.cols)
	small := func(most int) bool { return w != nil && full <= most }
	if x.rows != x.cols {
		switch {
		case x.full():
			return 0, full, nil
		case small(directSingular):
			_, rank = w.minors(x.bits)
			return 0, rank, nil
		}
		f, err := x.pivots(report)
		if err != nil {
			return 0, 0, err
		}
		return 0, f.rank, nil
	}
	if small(direct) {
		sign, rank = w.minors(x.bits)
		return sign, rank, nil
	}
	l := lift(w, 1)
	if l == nil && small(directSingular) {
		sign, rank = w.minors(x.bits)
		return sign, rank, nil
	}
	if l == nil {
		l = lift(w, 2)
	}
	det, rank, err := x.det(l, report)
	if err != nil || rank < x.rows {
		return 0, rank, err
	}
	return det.Sign(), rank, nil
}

// Up to so many rows or columns Bareiss's elimination is the quickest way, and up to
// so many more for matrices that are, or seem to be, singular.
const direct, directSingular = 14, 24

// lift returns what lifting with w, square, needs, modulo prime number k; nil if that
// prime, or w, will not do.
func lift(w *words, k int) *lifting {
	if w == nil {
		return nil
	}
	p := newPrime59(firstPrime59)
	for range k - 1 {
		p = p.next()
	}
	l, _ := newLifting(w, p)
	return l
}

// det returns the rank and, if it is full, the determinant of A, square, by lifting if
// l is not nil.
func (z *integers) det(l *lifting, report func(float64)) (*big.Int, int, error) {
	if l != nil {
		det, err := z.determinant(l, report)
		return det, z.rows, err
	}
	f, err := z.blocks(report)
	if err != nil || f.rank < z.rows {
		return nil, f.rank, err
	}
	det, err := z.modular(z.split(f.row, f.col), z.hadamard(z.rows), func(p residue.Prime, a []float64) float64 {
		return triangle(z.kern, a, z.rows, z.rows, z.ld(), p)
	})
	if err != nil {
		return nil, 0, err
	}
	if sparse.PermutationSign(f.row, nil) != sparse.PermutationSign(f.col, nil) {
		det.Neg(det)
	}
	return det, z.rows, nil
}

// triangle turns the first n columns of w, of at least n rows of ld numbers, filled
// up to strips of 6, into an upper triangular matrix modulo p, by row operations on
// blocks of 6 rows. It returns the determinant of the first n rows of them, 0 if a
// leading block is singular.
func triangle(kern residue.Kernel, w []float64, rows, n, ld int, p residue.Prime) float64 {
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
		if at+k == rows && from+kern.Lanes == ld {
			break // nothing is left but the block itself
		}
		kern.Strip(pivot[from:], ld, block[:], 6, w[at*ld+from:], ld, kern.Lanes, 6, panels, &mod, false)
		for i := range 6 {
			copy(w[(at+i)*ld+from:(at+i+1)*ld], pivot[i*ld+from:])
		}
		for r := at; r < rows; r += 6 {
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
