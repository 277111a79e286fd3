package numeric

import (
	impl "gonum.org/v1/gonum/lapack/gonum"
	"gonum.org/v1/gonum/mat"
)

// DetSign returns the sign of the determinant of a matrix that is orthogonal to
// working precision, by Householder's QR: R is the identity but for signs, and
// what rounding adds to it is no more than a small multiple of n^2 units.
func DetSign(q *mat.Dense) float64 {
	n, _ := q.Dims()
	var lp impl.Implementation
	a, tau, work := mat.DenseCopyOf(q).RawMatrix(), make([]float64, n), make([]float64, n)
	lp.Dgeqr2(n, n, a.Data, a.Stride, tau, work)
	sign := 1.0
	for i := range n {
		if tau[i] != 0 { // a reflection; the last one never is
			sign = -sign
		}
		if a.Data[i*a.Stride+i] < 0 {
			sign = -sign
		}
	}
	return sign
}
