package targets

import (
	"math"
	"math/big"
	"math/bits"
)

// dct is the orthonormal discrete cosine transform of type II (Ahmed, Natarajan
// and Rao 1974): entry (k, j) is sqrt(2/n) cos(pi (2j+1) k / (2n)), row 0 times
// 1/sqrt 2. Every entry is computed to far more than 53 bits and rounded once.
func dct(r request) (*Target, error) {
	n := r.dim
	const prec = 2 * guard
	root := new(big.Float).SetPrec(prec).Quo(big.NewFloat(2), big.NewFloat(float64(n)).SetPrec(prec))
	root.Sqrt(root)
	// cosine[m] is sqrt(2/n) cos(pi m / (2n)); all angles come back to 0 <= m <= n.
	cosine := make([]float64, n+1)
	pi := fixedPi(prec)
	for m := range n {
		x := new(big.Int).Mul(pi, big.NewInt(int64(m)))
		x.Quo(x, big.NewInt(int64(2*n)))
		_, c := fixedSincos(x, prec)
		f := new(big.Float).SetPrec(prec).SetInt(c)
		f.SetMantExp(f, -prec)
		cosine[m], _ = f.Mul(f, root).Float64()
	}
	first, _ := new(big.Float).SetPrec(prec).Sqrt(new(big.Float).SetPrec(prec).
		Quo(big.NewFloat(1), big.NewFloat(float64(n)))).Float64()
	data := make([]float64, n*n)
	for j := range n {
		data[j] = first
		for k := 1; k < n; k++ {
			m, v := (2*j+1)*k%(4*n), 0.0
			if m > 2*n {
				m = 4*n - m
			}
			if m <= n {
				v = cosine[m]
			} else {
				v = -cosine[2*n-m]
			}
			data[k*n+j] = v
		}
	}
	return fromDense(n, data, "")
}

// hadamard is Sylvester's matrix divided by sqrt n: entry (i, j) is 1/sqrt n
// times -1 for each bit that i and j share. Exactly orthogonal if n is a power
// of 4, else 1/sqrt n is rounded.
func hadamard(r request) (*Target, error) {
	n := r.dim
	unit := math.Sqrt(1 / float64(n)) // 1/n is exact, so this is rounded once
	data := make([]float64, n*n)
	for k := range data {
		data[k] = unit
		if bits.OnesCount(uint(k/n)&uint(k%n))%2 == 1 {
			data[k] = -unit
		}
	}
	return fromDense(n, data, "")
}
