// Package floatblas multiplies matrices of float64 with the vector kernel of the
// exact products (exactmath/internal/residue), several times as fast as gonum's
// own routine. Nothing proved rests on it: it serves searches and estimates.
package floatblas

import (
	"runtime"
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"

	"flowproof/exactmath/internal/residue"
)

// Implementation is gonum's BLAS with another Dgemm, which computes the same sums
// in another order and with fused operations: it differs by rounding alone. The
// order does not depend on the number of threads.
type Implementation struct{ gonum.Implementation }

// Use makes blas64, and with it gonum's mat and lapack, multiply with this
// implementation, if the machine has a kernel in assembly.
func Use() {
	if kernel.Lanes >= 8 && len(residue.Kernels()) > 1 {
		blas64.Use(Implementation{})
	}
}

var kernel = residue.Fastest()

const (
	stripRows = 6   // of C in one call of the kernel
	depth     = 192 // columns of A in one call: a panel of B stays in the first cache
	width     = 512 // columns of C that are packed at once
	// smallest is the number of multiplications below which gonum's routine is as fast.
	smallest = 16 * 16 * 16
	// parallelFrom is that from which two threads pay.
	parallelFrom = 96 * 96 * 96
)

// noReduction makes the kernel a plain product.
var noReduction [12]float64

// Dgemm computes C <- beta C + alpha op(A) op(B); see blas.Float64Level3.
func (g Implementation) Dgemm(tA, tB blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if m*n*k < smallest || alpha == 0 || m < stripRows || n < kernel.Lanes {
		g.Implementation.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	for i := range m {
		scale(beta, c[i*ldc:][:n])
	}
	lanes := kernel.Lanes
	threads := 1
	if m*n*k >= parallelFrom {
		threads = runtime.GOMAXPROCS(0)
	}
	strips := (m + stripRows - 1) / stripRows
	scratch := make([]*space, threads)
	for t := range scratch {
		scratch[t] = spaces.Get().(*space)
		defer spaces.Put(scratch[t])
	}
	packed := scratch[0].panels(depth * (min(width, n) + lanes))
	for j0 := 0; j0 < n; j0 += width {
		nj := min(width, n-j0)
		panels := (nj + lanes - 1) / lanes
		for l0 := 0; l0 < k; l0 += depth {
			kl := min(depth, k-l0)
			packB(packed, tB != blas.NoTrans, b, ldb, l0, j0, kl, nj, lanes)
			residue.Parallel(threads, strips, func(thread, s int) {
				sp := scratch[thread]
				i0 := s * stripRows
				rows := min(stripRows, m-i0)
				packA(sp.strip[:], tA != blas.NoTrans, a, lda, i0, l0, rows, kl, alpha)
				whole := nj / lanes
				if rows < stripRows {
					whole = 0
				}
				if whole > 0 {
					kernel.Strip(c[i0*ldc+j0:], ldc, sp.strip[:], depth, packed, lanes, kl*lanes, kl, whole, &noReduction, true)
				}
				for p := whole; p < panels; p++ {
					var edge [stripRows * 16]float64
					kernel.Strip(edge[:], lanes, sp.strip[:], depth, packed[p*kl*lanes:], lanes, kl*lanes, kl, 1, &noReduction, false)
					cols := min(lanes, nj-p*lanes)
					for i := range rows {
						row := c[(i0+i)*ldc+j0+p*lanes:][:cols]
						for j := range row {
							row[j] += edge[i*lanes+j]
						}
					}
				}
			})
		}
	}
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

// space is what a thread needs.
type space struct {
	strip  [stripRows * depth]float64
	packed []float64
}

func (s *space) panels(n int) []float64 {
	if cap(s.packed) < n {
		s.packed = make([]float64, n)
	}
	return s.packed[:n]
}

var spaces = sync.Pool{New: func() any { return new(space) }}

// packA copies rows i0.. and columns l0.. of op(A), times alpha, to a strip.
func packA(strip []float64, trans bool, a []float64, lda, i0, l0, rows, kl int, alpha float64) {
	for i := range rows {
		dst := strip[i*depth:][:kl]
		if trans {
			for l := range dst {
				dst[l] = alpha * a[(l0+l)*lda+i0+i]
			}
			continue
		}
		for l, v := range a[(i0+i)*lda+l0:][:kl] {
			dst[l] = alpha * v
		}
	}
	for i := rows; i < stripRows; i++ {
		clear(strip[i*depth:][:kl])
	}
}

// packB copies rows l0.. and columns j0.. of op(B) to panels of lanes columns.
func packB(packed []float64, trans bool, b []float64, ldb, l0, j0, kl, nj, lanes int) {
	for p := 0; p*lanes < nj; p++ {
		dst := packed[p*kl*lanes:][:kl*lanes]
		cols := min(lanes, nj-p*lanes)
		if cols < lanes {
			clear(dst)
		}
		if trans {
			transposed(dst, b[(j0+p*lanes)*ldb+l0:], ldb, kl, cols, lanes)
			continue
		}
		for l := range kl {
			copy(dst[l*lanes:][:cols], b[(l0+l)*ldb+j0+p*lanes:])
		}
	}
}

// transposed copies the transpose of the cols x kl matrix src to rows of lanes
// numbers, four of its rows at a time.
func transposed(dst, src []float64, ld, kl, cols, lanes int) {
	j := 0
	for ; j+4 <= cols; j += 4 {
		s0, s1, s2, s3 := src[j*ld:][:kl], src[(j+1)*ld:][:kl], src[(j+2)*ld:][:kl], src[(j+3)*ld:][:kl]
		for l := range s0 {
			d := dst[l*lanes+j:][:4]
			d[0], d[1], d[2], d[3] = s0[l], s1[l], s2[l], s3[l]
		}
	}
	for ; j < cols; j++ {
		for l, v := range src[j*ld:][:kl] {
			dst[l*lanes+j] = v
		}
	}
}
