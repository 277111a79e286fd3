package orientation

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/lapack/gonum"

	"flowproof/exactmath/internal/residue"
)

// arithmetic is floating-point arithmetic with unit roundoff u: mul multiplies
// two n x n matrices so that each entry of the product is a sum, in some order,
// of n products, every operation rounded, or some products and sums fused.
type arithmetic struct {
	u   float64
	mul func(n int, a, b []float64) []float64
}

// float64s is that of the machine.
func float64s() arithmetic {
	return arithmetic{0x1p-53, multiply}
}

// tiny is far above what underflow loses in a sum of 2^48 products, and far below
// all that matters.
const tiny = 0x1p-1000

// up bounds a sum of at most k products of non-negative numbers from above, given
// its computed value.
func up(v float64, k int) float64 {
	return (v + tiny) * (1 + float64(k+4)*0x1p-52)
}

// absTimes bounds |a| x from above, for x >= 0.
func absTimes(n int, a, x []float64) []float64 {
	y := make([]float64, n)
	for i := range y {
		sum := 0.0
		for j, v := range a[i*n : (i+1)*n] {
			sum += math.Abs(v) * x[j]
		}
		y[i] = up(sum, n)
	}
	return y
}

// distance bounds |left a right - I| from above, the sum of the absolute values
// along the rows, where each entry of a differs from that given by at most rho
// times it and 2^-1074. If it is below 1, the determinant of left a right is
// positive: PROOFS.md, theorem 7.11. It may be infinite or not a number.
func distance(n int, a, left, right []float64, rho float64, fp arithmetic) float64 {
	if nu := float64(n) * fp.u; !(nu < 0.5) {
		return math.Inf(1)
	}
	ones := make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	gamma := up(float64(n)*fp.u/(1-float64(n)*fp.u), 1)
	w := fp.mul(n, a, right)
	v := fp.mul(n, left, w)
	x := absTimes(n, right, ones)
	y, z := absTimes(n, a, x), absTimes(n, w, ones)
	total := 0.0
	for _, v := range x {
		total += v
	}
	total = up(total, n)
	for i := range y {
		y[i] = up((rho+gamma)*y[i]+gamma*z[i]+tiny*total, 4)
	}
	most := 0.0
	for i, sum := range absTimes(n, left, y) {
		for j := range n {
			d := v[i*n+j]
			if i == j {
				d--
			}
			sum += math.Abs(d)
		}
		most = max(most, up(sum, n+2)) // not a number, if one is not
	}
	return most
}

// inverses returns estimates left and right of the inverses of the triangular
// factors of the permuted rows of a, which it also returns, and the sign that the
// determinant of a has if that of left a right is positive; 0 if there are none.
func inverses(n int, a []float64) (permuted, left, right []float64, sign int) {
	var lapack gonum.Implementation
	right = append([]float64(nil), a...)
	swaps := make([]int, n)
	if !lapack.Dgetrf(n, n, right, n, swaps) {
		return nil, nil, nil, 0
	}
	permuted, left, sign = append([]float64(nil), a...), make([]float64, n*n), 1
	for i, r := range swaps {
		if r != i {
			sign = -sign
			for j := range n {
				permuted[i*n+j], permuted[r*n+j] = permuted[r*n+j], permuted[i*n+j]
			}
		}
	}
	for i := range n {
		copy(left[i*n:], right[i*n:i*n+i])
		left[i*n+i] = 1
		clear(right[i*n : i*n+i])
	}
	if !lapack.Dtrtri(blas.Upper, blas.NonUnit, n, right, n) || !lapack.Dtrtri(blas.Lower, blas.Unit, n, left, n) {
		return nil, nil, nil, 0
	}
	for i := range n {
		if right[i*n+i] < 0 {
			sign = -sign
		}
	}
	return permuted, left, right, sign
}

// multiply is the product of two n x n matrices in float64, by the kernel of the
// residues with nothing to reduce by: a fused multiply-add for each product, or a
// multiplication and an addition. What is zero at either end of six rows of a is
// left out.
func multiply(n int, a, b []float64) []float64 {
	kern, none := residue.Fastest(), [12]float64{}
	ld := residue.Ceil(n, kern.Lanes)*kern.Lanes + kern.Lanes // off the powers of two
	wide := make([]float64, n*ld)
	for i := range n {
		copy(wide[i*ld:], b[i*n:(i+1)*n])
	}
	c := make([]float64, n*n)
	const columns = 64
	residue.Parallel(threads(), residue.Ceil(n, 6), func(_, s int) {
		strip, out := make([]float64, 6*n), make([]float64, 6*ld)
		rows := min(6, n-6*s)
		copy(strip, a[6*s*n:(6*s+rows)*n])
		from, to := n, 0
		for i := range rows {
			for k, v := range strip[i*n : (i+1)*n] {
				if v != 0 {
					from, to = min(from, k), max(to, k+1)
				}
			}
		}
		for j := 0; j < n && from < to; j += columns {
			kern.Strip(out[j:], ld, strip[from:], n, wide[from*ld+j:], ld, kern.Lanes, to-from, residue.Ceil(min(columns, n-j), kern.Lanes), &none, false)
		}
		for i := range rows {
			copy(c[(6*s+i)*n:(6*s+i+1)*n], out[i*ld:])
		}
	})
	return c
}
