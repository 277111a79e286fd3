package gemm

import (
	"runtime"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"
)

// BLAS is gonum's BLAS with another Dgemm, which computes the same sums in another
// order and with fused operations: it differs by rounding alone. Nothing proved
// rests on it: it serves searches and estimates.
type BLAS struct{ gonum.Implementation }

// Use makes blas64, and with it gonum's mat and lapack, multiply with BLAS, if the
// machine has a kernel in assembly.
func Use() {
	if len(kernels64()) > 1 {
		blas64.Use(BLAS{})
	}
}

// Below so many multiplications gonum's routine is as fast; from so many on a second
// thread pays.
const (
	smallest   = 16 * 16 * 16
	twoThreads = 96 * 96 * 96
)

// Dgemm computes C <- beta C + alpha op(A) op(B); see blas.Float64Level3.
func (b BLAS) Dgemm(tA, tB blas.Transpose, m, n, k int, alpha float64, x []float64, ldx int, y []float64, ldy int, beta float64, c []float64, ldc int) {
	if m*n*k < smallest {
		b.Implementation.Dgemm(tA, tB, m, n, k, alpha, x, ldx, y, ldy, beta, c, ldc)
		return
	}
	to := Matrix[float64]{m, n, ldc, c}
	for i := range m {
		scale(beta, to.Row(i))
	}
	threads := 1
	if m*n*k >= twoThreads {
		threads = runtime.GOMAXPROCS(0)
	}
	Add(to, alpha, operand(tA, m, k, x, ldx), operand(tB, k, n, y, ldy), threads)
}

// operand is op(X), rows x cols.
func operand(t blas.Transpose, rows, cols int, x []float64, ld int) Operand[float64] {
	if t == blas.NoTrans {
		return Matrix[float64]{rows, cols, ld, x}.N()
	}
	return Matrix[float64]{cols, rows, ld, x}.T()
}

// scale sets row to beta row; to zero, whatever it holds, for beta = 0.
func scale(beta float64, row []float64) {
	switch beta {
	case 1:
	case 0:
		clear(row)
	default:
		for j := range row {
			row[j] *= beta
		}
	}
}
