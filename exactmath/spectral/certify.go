package spectral

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// unit is the unit roundoff of float64.
const unit = 0x1p-53

// arithmetic is what a certificate is computed in: float64, and in tests shorter
// numbers, of which the errors are large enough to be seen.
type arithmetic struct {
	unit  float64                          // relative error of + - * / sqrt
	round func(x float64) float64          // rounds a float64 result of one operation
	dot   func(x, y []float64) float64     // inner product, in any order
	gram  func(x *mat.Dense) *mat.SymDense // x^T x or x x^T, whichever is smaller
}

// float is float64.
var float = arithmetic{unit, func(x float64) float64 { return x }, dot, gram}

// certify returns a proved upper bound of |x| a hair above t, or false. The
// largest entry of x is in [1/2, 1], fsq is at least the sum of the squares.
//
// If the Cholesky factorization of B = t^2 I - x^T x, as computed, runs through,
// then |x|^2 <= t^2 + delta (PROOFS.md, theorem 9).
func certify(ar arithmetic, x *mat.Dense, fsq, t float64) (float64, bool) {
	rows, cols := x.Dims()
	b, t2 := ar.gram(x), ar.round(t*t)
	k, trace := b.SymmetricDim(), 0.0
	for i := range k {
		for j := i + 1; j < k; j++ {
			b.SetSym(i, j, -b.At(i, j))
		}
		b.SetSym(i, i, ar.round(t2-b.At(i, i)))
		trace = up(trace + b.At(i, i))
	}
	if !cholesky(ar, b) {
		return 0, false
	}
	return up(math.Sqrt(up(t2 + delta(ar, max(rows, cols), k, fsq, trace)))), true
}

// delta is the allowance of theorem 9 for rounding: m is the inner dimension of
// the Gram matrix, k its size, trace that of B.
func delta(ar arithmetic, m, k int, fsq, trace float64) float64 {
	nu := float64(k+2) * ar.unit
	if 2*nu >= 1 {
		return math.Inf(1)
	}
	g := up(nu / (1 - 2*nu))
	return up(up(ar.gamma(m+1)*fsq) + up(g*trace))
}

// gamma(n) = n unit / (1 - n unit), rounded up: the relative error of n
// roundings in a row.
func (ar arithmetic) gamma(n int) float64 {
	nu := float64(n) * ar.unit
	if nu >= 1 {
		return math.Inf(1)
	}
	return up(nu / (1 - nu)) // both exact for n < 2^53
}

// frobSq returns an upper bound of the sum of the squares of the entries of x,
// of the largest entry in [1/2, 1].
func frobSq(x *mat.Dense) float64 {
	data := x.RawMatrix().Data
	// Rounding: a factor of at most 1 + gamma(len + 1); what underflows is less than
	// half a unit of the sum, as that is at least 1/4.
	return up(dot(data, data) * (1 + 2*float64(len(data)+2)*unit))
}

// gram returns x^T x or x x^T, whichever is smaller.
func gram(x *mat.Dense) *mat.SymDense {
	r, c := x.Dims()
	g := mat.NewSymDense(min(r, c), nil)
	t := blas.NoTrans
	if c < r {
		t = blas.Trans
	}
	blas64.Syrk(t, 1, x.RawMatrix(), 0, g.RawSymmetric())
	return g
}

// cholesky reports whether the factorization of the symmetric matrix runs to
// the end with positive pivots. Every entry is an inner product, a subtraction
// and a division or a root, so the usual error analysis applies whatever the
// order of summation.
func cholesky(ar arithmetic, s *mat.SymDense) bool {
	n := s.SymmetricDim()
	l := make([][]float64, n)
	for i := range n {
		l[i] = make([]float64, i+1)
		for j := range i + 1 {
			v := ar.round(s.At(j, i) - ar.dot(l[i][:j], l[j][:j]))
			if i > j {
				l[i][j] = ar.round(v / l[j][j])
			} else if v > 0 && !math.IsInf(v, 0) {
				l[i][i] = ar.round(math.Sqrt(v))
			} else {
				return false
			}
		}
	}
	return true
}

func dot(x, y []float64) float64 {
	var a, b, c, d float64
	y = y[:len(x)]
	k := 0
	for ; k+4 <= len(x); k += 4 {
		a += x[k] * y[k]
		b += x[k+1] * y[k+1]
		c += x[k+2] * y[k+2]
		d += x[k+3] * y[k+3]
	}
	for ; k < len(x); k++ {
		a += x[k] * y[k]
	}
	return a + b + (c + d)
}

// up returns the next float64 above a rounded result.
func up(x float64) float64 { return math.Nextafter(x, math.Inf(1)) }

// ldexpUp returns x 2^e rounded up, x >= 0.
func ldexpUp(x float64, e int) float64 {
	y := math.Ldexp(x, e)
	if math.Ldexp(y, -e) < x { // digits lost to underflow
		return up(y)
	}
	return y
}
