// Package residue computes with integer matrices by their residues modulo many
// primes below 2^24. Residues are float64 numbers, every operation on them is
// exact, and nearly all the time goes into one small kernel, in assembly on
// amd64, in Go elsewhere and with the build tag purego. All paths give the same
// numbers.
package residue

// A Kernel is the one operation in which all the time goes. With C the 6 x
// (panels * Lanes) matrix at c, row stride ldc, A the 6 x k matrix at a, row
// stride lda, and B in panels of Lanes columns, entry (l, j) of a panel at
// b[l*rowB + j], the next panel panelB further on, Strip sets
//
//	C[i][j] <- Reduce(C[i][j] + sum over l of A[i][l] B[l][j], p_i),
//
// or the same without C[i][j] if add is false; mod[2i] = p_i, and mod[2i+1] is
// 1/p_i rounded. All numbers are integers stored as float64, and every partial
// sum must stay within 2^53 - p_i: then every operation is exact, in any order,
// fused or not. With mod[2i+1] = 0 nothing is reduced.
type Kernel struct {
	Lanes int
	Strip func(c []float64, ldc int, a []float64, lda int, b []float64, rowB, panelB, k, panels int, mod *[12]float64, add bool)
}

// magic is 1.5 * 2^52: adding it and subtracting it rounds to an integer.
const magic = 3 << 51

// Reduce returns x - q p, q being x * inv, inv = 1/p rounded, rounded to float64
// and then to an integer. The quotient is off by at most 2^-22 for |x| < 2^53,
// so |Reduce(x)| <= p/2 + 4.
func Reduce(x, p, inv float64) float64 {
	q := float64(x*inv) + magic - magic
	return x - q*p
}

// Fastest returns the best kernel that this machine runs.
func Fastest() Kernel {
	all := Kernels()
	return all[len(all)-1]
}

// portable is the kernel in Go.
var portable = Kernel{8, stripGo}

func stripGo(c []float64, ldc int, a []float64, lda int, b []float64, rowB, panelB, k, panels int, mod *[12]float64, add bool) {
	const lanes = 8
	for panel := range panels {
		for i := range 6 {
			out := c[i*ldc+panel*lanes:][:lanes]
			var sum [lanes]float64
			if add {
				sum = [lanes]float64(out)
			}
			for l, x := range a[i*lda:][:k] {
				y := b[panel*panelB+l*rowB:][:lanes]
				for j := range sum {
					sum[j] += x * y[j]
				}
			}
			for j, x := range sum {
				out[j] = Reduce(x, mod[2*i], mod[2*i+1])
			}
		}
	}
}
