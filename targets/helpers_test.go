package targets

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

func mustMake(t testing.TB, name string, d int, seed uint64, opt Options) *Target {
	t.Helper()
	x, err := Make(name, d, seed, opt)
	if err != nil {
		t.Fatalf("Make(%q, %d): %v", name, d, err)
	}
	return x
}

// hash is the SHA-256 of the entries as little-endian float64, row by row.
func hash(m exactmath.Matrix) string {
	h := sha256.New()
	var b [8]byte
	for _, v := range m.Float64s() {
		binary.LittleEndian.PutUint64(b[:], math.Float64bits(v))
		h.Write(b[:])
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// exactDet is the determinant by fraction-free elimination (Bareiss), exactly.
func exactDet(t testing.TB, m exactmath.Matrix) *big.Rat {
	t.Helper()
	d, ok := dense.ToDyadic(m)
	if !ok {
		t.Fatal("not dyadic")
	}
	n, _ := d.Dims()
	a := make([][]*big.Int, n)
	for i := range a {
		for j := range n {
			a[i] = append(a[i], new(big.Int).Set(d.Num(i, j)))
		}
	}
	sign, prev := 1, big.NewInt(1)
	for k := range n {
		p := k
		for p < n && a[p][k].Sign() == 0 {
			p++
		}
		if p == n {
			return new(big.Rat)
		}
		if p != k {
			a[p], a[k] = a[k], a[p]
			sign = -sign
		}
		for i := k + 1; i < n; i++ {
			for j := k + 1; j < n; j++ {
				x := new(big.Int).Mul(a[i][j], a[k][k])
				x.Sub(x, new(big.Int).Mul(a[i][k], a[k][j]))
				a[i][j] = x.Quo(x, prev)
			}
		}
		prev = a[k][k]
	}
	out := new(big.Rat).SetInt(new(big.Int).Mul(prev, big.NewInt(int64(sign))))
	scale := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(n*max(d.Exp(), -d.Exp()))))
	if d.Exp() < 0 {
		return out.Quo(out, scale)
	}
	return out.Mul(out, scale)
}

// orthogonality returns the largest entry of |Q^T Q - I|.
func orthogonality(q []float64, n int) float64 {
	worst := 0.0
	for i := range n {
		for j := range i + 1 {
			var s float64
			for k := range n {
				s += q[k*n+i] * q[k*n+j]
			}
			if i == j {
				s--
			}
			worst = max(worst, math.Abs(s))
		}
	}
	return worst
}

// apply returns M x.
func apply(m exactmath.Matrix, x []float64) []float64 {
	n, _ := m.Dims()
	y := make([]float64, n)
	m.Each(func(i, j int, v *big.Rat) {
		f, _ := v.Float64()
		y[i] += f * x[j]
	})
	return y
}

// counting returns 0, 1, .., n-1: the image of it under a permutation tells which
// coordinate came where.
func counting(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i)
	}
	return x
}
