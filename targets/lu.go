package targets

import "math"

// factored is the LU factorization of a float64 matrix with partial pivoting:
// row i of L U is row perm[i] of the matrix. L has a unit diagonal; both are
// kept in one n x n array.
type factored struct {
	n    int
	lu   []float64
	perm []int
}

// factor returns the factorization, and false if a pivot vanishes. It copies a.
func factor(n int, a []float64) (*factored, bool) {
	f := &factored{n, append([]float64(nil), a...), make([]int, n)}
	for i := range f.perm {
		f.perm[i] = i
	}
	row := func(i int) []float64 { return f.lu[i*n : (i+1)*n] }
	for k := range n {
		p := k
		for i := k + 1; i < n; i++ {
			if math.Abs(row(i)[k]) > math.Abs(row(p)[k]) {
				p = i
			}
		}
		if row(p)[k] == 0 {
			return nil, false
		}
		if p != k {
			f.perm[k], f.perm[p] = f.perm[p], f.perm[k]
			for j, v := range row(k) {
				row(k)[j], row(p)[j] = row(p)[j], v
			}
		}
		pivot := row(k)[k+1:]
		for i := k + 1; i < n; i++ {
			m := row(i)[k] / row(k)[k]
			row(i)[k] = m
			dst := row(i)[k+1:]
			for j, v := range pivot {
				dst[j] -= float64(m * v)
			}
		}
	}
	return f, true
}

// det returns the determinant as sign * mant * 2^exp, 1/2 <= mant < 1.
func (f *factored) det() (sign, mant float64, exp int) {
	sign, mant = 1, 0.5
	exp = 1
	if !Even(f.perm) {
		sign = -1
	}
	for k := range f.n {
		d := f.lu[k*f.n+k]
		if d < 0 {
			sign = -sign
		}
		fr, e := math.Frexp(math.Abs(d))
		m, e2 := math.Frexp(mant * fr)
		mant, exp = m, exp+e+e2
	}
	return sign, mant, exp
}

// minSingular estimates the least singular value by inverse iteration on A^T A;
// it may come out a few times too large.
func (f *factored) minSingular() float64 {
	x := make([]float64, f.n)
	for i := range x {
		x[i] = float64(1 - i%3) // no symmetry that a singular vector could share
	}
	norm := 1.0
	for range 5 {
		scale := 1 / math.Sqrt(dot(x, x))
		for i := range x {
			x[i] *= scale
		}
		x = f.solveTransposed(f.solve(x))
		norm = math.Sqrt(dot(x, x))
	}
	return 1 / math.Sqrt(norm)
}

// solve returns y with A y = x.
func (f *factored) solve(x []float64) []float64 {
	n := f.n
	y := make([]float64, n)
	for i := range n {
		y[i] = x[f.perm[i]] - dot(f.lu[i*n:i*n+i], y[:i])
	}
	for i := n - 1; i >= 0; i-- {
		y[i] = (y[i] - dot(f.lu[i*n+i+1:(i+1)*n], y[i+1:])) / f.lu[i*n+i]
	}
	return y
}

// solveTransposed returns y with A^T y = x.
func (f *factored) solveTransposed(x []float64) []float64 {
	n := f.n
	z := append([]float64(nil), x...)
	for i := range n {
		row := f.lu[i*n : (i+1)*n]
		z[i] /= row[i]
		for j := i + 1; j < n; j++ {
			z[j] -= float64(row[j] * z[i])
		}
	}
	for i := n - 1; i >= 0; i-- {
		for j, l := range f.lu[i*n : i*n+i] {
			z[j] -= float64(l * z[i])
		}
	}
	y := make([]float64, n)
	for i, p := range f.perm {
		y[p] = z[i]
	}
	return y
}

// root returns (mant 2^exp)^(1/n), mant in [1/2, 1), n >= 1, by bisection, so
// that no library function decides its last bit.
func root(mant float64, exp, n int) float64 {
	exp-- // mant 2 in [1, 2)
	q := exp / n
	if exp%n < 0 {
		q--
	}
	// f^n = 2 mant 2^(exp - q n), 1 <= f < 2
	wantMant, wantExp := mant, exp-q*n+1
	f := 1.0
	for bit := 0.5; bit > 0x1p-53; bit /= 2 {
		m, e := power(f+bit, n)
		if e < wantExp || e == wantExp && m <= wantMant {
			f += bit
		}
	}
	return math.Ldexp(f, q)
}

// power returns f^n, f > 0, as mant 2^exp, mant in [1/2, 1).
func power(f float64, n int) (mant float64, exp int) {
	mant, exp = 0.5, 1
	square, se := math.Frexp(f)
	for ; n > 0; n /= 2 {
		if n%2 == 1 {
			m, e := math.Frexp(mant * square)
			mant, exp = m, exp+se+e
		}
		m, e := math.Frexp(square * square)
		square, se = m, 2*se+e
	}
	return mant, exp
}
