package spectral

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Estimate estimates the largest singular value of x from below, by power
// iteration, and at least as the largest length of a row. It guides choices and
// proves nothing: what is chosen is to be checked by AtMost or Dense.
func Estimate(x *mat.Dense) float64 {
	rows, cols := x.Dims()
	s, e, ok := scale(rows, cols, entries(x))
	if !ok {
		return math.Inf(1)
	}
	if s == nil {
		return 0
	}
	g := s.RawMatrix()
	vec := func(v []float64) blas64.Vector { return blas64.Vector{N: len(v), Inc: 1, Data: v} }
	est := power(rows, cols,
		func(y, v []float64) { blas64.Gemv(blas.NoTrans, 1, g, vec(v), 0, vec(y)) },
		func(v, y []float64) { blas64.Gemv(blas.Trans, 1, g, vec(y), 0, vec(v)) })
	for i := range rows {
		est = max(est, blas64.Nrm2(vec(s.RawRowView(i))))
	}
	return math.Ldexp(est, e)
}

// power estimates the norm of the rows x cols matrix that mul and mulT multiply
// by, itself and transposed, from below.
func power(rows, cols int, mul, mulT func(dst, src []float64)) float64 {
	// A start without structure: one of ones is orthogonal to the answer for
	// many a matrix that people write.
	rng := rand.New(rand.NewPCG(0x9e3779b97f4a7c15, 1))
	v, w := make([]float64, cols), make([]float64, rows)
	for j := range v {
		v[j] = rng.NormFloat64()
	}
	est := 0.0
	for range 100 {
		normalize(v)
		mul(w, v)
		next := normalize(w)
		if next-est <= 1e-9*next {
			return max(next, est)
		}
		est = next
		mulT(v, w)
	}
	return est
}

// normalize scales v to length 1 and returns the length it had.
func normalize(v []float64) float64 {
	top := 0.0
	for _, x := range v {
		top = max(top, math.Abs(x))
	}
	if top == 0 {
		return 0
	}
	sum := 0.0
	for k := range v {
		v[k] /= top
		sum += v[k] * v[k]
	}
	l := math.Sqrt(sum)
	for k := range v {
		v[k] /= l
	}
	return l * top
}
