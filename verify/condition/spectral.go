// Package condition bounds the condition numbers of coupling layers: a rigorous
// upper bound beside an estimate from the SVD. No verdict of package verify
// rests on it.
package condition

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
)

// Norm is a spectral norm: Estimate from the SVD in floating point, Bound a
// rigorous upper bound.
type Norm struct{ Estimate, Bound float64 }

// unit is the unit roundoff of float64.
const unit = 0x1p-53

// SpectralNorm bounds the largest singular value of x. Dense matrices are
// certified by positive definiteness (PROOFS.md, section 9); very large sparse
// ones by sqrt(|X|_1 |X|_inf), which is exact for scaled partial permutations
// and loose otherwise. A norm beyond the float64 range is +Inf.
func SpectralNorm(x exactmath.Matrix) Norm {
	if s, ok := x.(*sparse.Matrix); ok {
		return sparseNorm(s)
	}
	rows, cols := x.Dims()
	data := x.Float64s()
	rounding := 0.0 // of the entries themselves, relative to the Frobenius norm
	if _, ok := x.(*exactmath.Floats); !ok {
		rounding = unit
	}
	return denseNorm(rows, cols, data, rounding)
}

// denseNorm bounds the norm of a matrix whose entries are known to a relative
// error of rounding.
func denseNorm(rows, cols int, data []float64, rounding float64) Norm {
	if rows == 0 || cols == 0 {
		return Norm{}
	}
	top := 0.0
	for _, v := range data {
		top = max(top, math.Abs(v))
	}
	switch {
	case top == 0 && rounding == 0:
		return Norm{}
	case top < 0x1p-900 && rounding > 0: // entries may have lost digits to underflow
		return Norm{top, up(up(top+0x1p-1074) * up(math.Sqrt(float64(rows*cols))))}
	case math.IsInf(top, 0):
		return Norm{math.Inf(1), math.Inf(1)}
	}
	// Scale by a power of two, so that squares neither overflow nor vanish: an
	// entry that underflows is off by at most 2^-1074 of the largest.
	_, e := math.Frexp(top)
	scaled := mat.NewDense(rows, cols, nil)
	for k, v := range data {
		scaled.RawMatrix().Data[k] = math.Ldexp(v, -e)
	}
	var svd mat.SVD
	if !svd.Factorize(scaled, mat.SVDNone) {
		return Norm{math.NaN(), math.Inf(1)}
	}
	est := svd.Values(nil)[0]
	frob := up(mat.Norm(scaled, 2) * (1 + float64(rows*cols)*unit))
	slack := up(up(rounding*frob) + float64(rows+cols)*0x1p-1000)
	for margin := 0x1p-44; margin < 1; margin *= 16 {
		if t, ok := certify(scaled, frob, est*(1+margin)); ok {
			return Norm{math.Ldexp(est, e), ldexpUp(up(t+slack), e)}
		}
	}
	return Norm{math.Ldexp(est, e), ldexpUp(up(frob+slack), e)}
}

// certify returns a proved upper bound of |x| a hair above t, or false.
//
// If the Cholesky factorization of the computed B = fl(t^2 I - x^T x) runs
// through, then B >= -g tr(B) I with g = gamma(n+1)/(1-gamma(n+1)) (Demmel; see
// Higham, Accuracy and Stability, Theorem 10.3, and Rump, BIT 46, 2006), and B
// differs from t^2 I - x^T x by at most gamma(m) |x|_F^2 + unit max B_ii in norm.
func certify(x *mat.Dense, frob, t float64) (float64, bool) {
	g := gram(x)
	n, m := g.SymmetricDim(), max(x.RawMatrix().Rows, x.RawMatrix().Cols)
	t2 := t * t
	trace, top := 0.0, 0.0
	for i := range n {
		for j := i + 1; j < n; j++ {
			g.SetSym(i, j, -g.At(i, j))
		}
		d := t2 - g.At(i, i)
		if !(d > 0) {
			return 0, false
		}
		g.SetSym(i, i, d)
		trace, top = up(trace+d), max(top, d)
	}
	if !cholesky(g) {
		return 0, false
	}
	gm, gn := gamma(m+1), gamma(n+1)
	delta := up(gm*frob)*frob + unit*top + up(gn/(1-gn))*trace
	delta = delta*(1+8*unit) + float64(n)*0x1p-900 // underflow in the factorization
	return up(math.Sqrt(up(up(t2) + up(delta)))), true
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
// the end with positive pivots. It overwrites the matrix. Every entry is an
// inner product, a subtraction and a division or a root, so the usual error
// analysis applies whatever the order of summation.
func cholesky(s *mat.SymDense) bool {
	n := s.SymmetricDim()
	l := make([][]float64, n)
	for i := range n {
		l[i] = make([]float64, i+1)
		for j := range i + 1 {
			v := s.At(j, i) - dot(l[i][:j], l[j][:j])
			if i > j {
				l[i][j] = v / l[j][j]
			} else if v > 0 && !math.IsInf(v, 0) {
				l[i][i] = math.Sqrt(v)
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

// gamma(n) = n unit / (1 - n unit), rounded up: the relative error of n
// roundings in a row.
func gamma(n int) float64 {
	nu := float64(n) * unit
	return up(nu / (1 - nu))
}

// up returns the next float64 above a rounded non-negative result.
func up(x float64) float64 { return math.Nextafter(x, math.Inf(1)) }

// ldexpUp returns x 2^e rounded up, x > 0.
func ldexpUp(x float64, e int) float64 {
	y := math.Ldexp(x, e)
	if math.Ldexp(y, -e) < x { // digits lost to underflow
		return up(y)
	}
	return y
}
