package targets

import "math"

// maxCond is the largest condition number asked for: at n = MaxDense, rounding
// the entries still moves the least singular value by far less than itself.
const maxCond = 1e12

// tooSingular is the ratio of the least singular value to the Frobenius norm
// under which a random matrix is drawn again: above it, the sign that floating-
// point elimination finds for the determinant is the true one by a wide margin.
const tooSingular = 1e-10

// positive draws matrices until one is not nearly singular, and makes its
// determinant positive: by fix, or, if fix is nil, by drawing on.
func positive(n int, draw func() []float64, fix func(a []float64)) (a []float64, mant float64, exp int) {
	for {
		a = draw()
		f, ok := factor(n, a)
		if !ok || f.minSingular() < tooSingular*math.Sqrt(dot(a, a)) {
			continue
		}
		sign, mant, exp := f.det()
		if sign < 0 && fix == nil {
			continue
		}
		if sign < 0 {
			fix(a)
		}
		return a, mant, exp
	}
}

// scaled divides a by the n-th root of its determinant mant 2^exp.
func scaled(n int, a []float64, mant float64, exp int) []float64 {
	c := root(mant, exp, n)
	for k := range a {
		a[k] /= c
	}
	return a
}

// negateRow0 turns the sign of a determinant.
func negateRow0(n int) func([]float64) {
	return func(a []float64) {
		for j := range n {
			a[j] = -a[j]
		}
	}
}

// gaussian has independent standard normal entries, conditioned on a positive
// determinant (row 0 negated where it is negative), divided by the n-th root of
// the determinant unless the option unscaled is set.
func gaussian(r request) (*Target, error) {
	n := r.dim
	a, mant, exp := positive(n, func() []float64 { return r.rnd.normals(n * n) }, negateRow0(n))
	if !r.opt.Unscaled {
		a = scaled(n, a, mant, exp)
	}
	return fromDense(n, a, "")
}

// toeplitz has entry (i, j) = t_{i-j} with 2n-1 independent normal numbers t,
// drawn again until the determinant is positive, then scaled as gaussian is.
func toeplitz(r request) (*Target, error) {
	n := r.dim
	a, mant, exp := positive(n, func() []float64 {
		t := r.rnd.normals(2*n - 1)
		a := make([]float64, n*n)
		for i := range n {
			for j := range n {
				a[i*n+j] = t[n-1+i-j]
			}
		}
		return a
	}, nil)
	if !r.opt.Unscaled {
		a = scaled(n, a, mant, exp)
	}
	return fromDense(n, a, "")
}

// triangular is upper triangular: above the diagonal N(0, 1/n), on it uniform
// in (1/2, 3/2), the whole divided by the n-th root of the determinant.
func triangular(r request) (*Target, error) {
	n := r.dim
	a := make([]float64, n*n)
	unit := 1 / math.Sqrt(float64(n))
	mant, exp := 0.5, 1
	for i := range n {
		a[i*n+i] = 0.5 + r.rnd.fraction()
		m, e := math.Frexp(mant * a[i*n+i])
		mant, exp = m, exp+e
		for j := i + 1; j < n; j++ {
			a[i*n+j] = unit * r.rnd.normal()
		}
	}
	return fromDense(n, scaled(n, a, mant, exp), "")
}

// illConditioned is Q1 diag(s) Q2^T, Q1 and Q2 from Haar's measure on SO(n), s
// in geometric progression from sqrt cond to 1/sqrt cond.
func illConditioned(r request) (*Target, error) {
	n := r.dim
	cond, err := r.condOption()
	if err != nil {
		return nil, err
	}
	mant, exp := math.Frexp(cond)
	ratio := root(mant, exp, n-1)
	q1, q2 := haar(n, r.rnd), haar(n, r.rnd)
	s := math.Sqrt(cond)
	for k := range n {
		for i := range n {
			q1[i*n+k] *= s
		}
		s /= ratio
	}
	a := make([]float64, n*n)
	for i := range n {
		for j := range n {
			a[i*n+j] = dot(q1[i*n:(i+1)*n], q2[j*n:(j+1)*n])
		}
	}
	return fromDense(n, a, "")
}

// glowLU is W = P L (U + diag(s)), as Glow parametrises a 1x1 convolution: the
// factors of a random rotation, then every free parameter moved, as training
// would: the entries of L and U by N(0, 1/(100 n)), s by a factor of (3/4, 5/4).
// The signs of s stay, so the determinant stays positive.
func glowLU(r request) (*Target, error) {
	n := r.dim
	var f *factored
	for ok := false; !ok; {
		f, ok = factor(n, haar(n, r.rnd))
	}
	unit := 0.1 / math.Sqrt(float64(n))
	for i := range n {
		for j := range n {
			if i == j {
				f.lu[i*n+j] *= 0.75 + float64(0.5*r.rnd.fraction())
			} else {
				f.lu[i*n+j] += float64(unit * r.rnd.normal())
			}
		}
	}
	w := make([]float64, n*n)
	for i, p := range f.perm {
		dst := w[p*n : (p+1)*n]
		copy(dst[i:], f.lu[i*n+i:(i+1)*n])
		for k, l := range f.lu[i*n : i*n+i] {
			for j := k; j < n; j++ {
				dst[j] += float64(l * f.lu[k*n+j])
			}
		}
	}
	return fromDense(n, w, "")
}
