package linalg

import (
	"math/big"
	"math/rand/v2"
	"sync/atomic"

	"flowproof/exactmath"
	"flowproof/exactmath/internal/residue"
)

// CharPoly returns the coefficients c of the characteristic polynomial det(x I -
// m) = c[0] + c[1] x + ... + c[n] x^n, c[n] = 1. It fails with a
// *exactmath.ShapeError unless m is square, with ErrTooLarge.
//
// A coefficient is, up to its sign, a sum of principal minors, each at most the
// product of the 2-norms r_i of its rows: at most the product of all 1 + r_i.
func CharPoly(m exactmath.Matrix) ([]*big.Rat, error) {
	x, err := integralSquare(m)
	if err != nil {
		return nil, err
	}
	n := x.rows
	bound := big.NewInt(1)
	for _, r := range x.norms(false) {
		bound.Mul(bound, r.Add(r, big.NewInt(1)))
	}
	var failed atomic.Bool // the matrix may have no cyclic vector at all
	run := func(p residue.Prime, in [][]float64, out []float64) bool {
		if !failed.Load() {
			if krylov(x.kern, in[0], n, x.ld(), p, out) {
				return true
			}
			failed.Store(true)
		}
		h := hessenberg{kern: x.kern, n: n, ld: x.ld(), a: in[0], p: p, mod: residue.Moduli(p, p, p, p, p, p)}
		for k := range n - 2 {
			h.step(k)
		}
		h.polynomial(out)
		return true
	}
	all, err := modular(x.kern, bound, n+1, run, source{x, x.plain()})
	if err != nil {
		return nil, err
	}
	z, power, unit := make([]*big.Rat, n+1), big.NewRat(1, 1), x.unit()
	for k := n; k >= 0; k-- {
		z[k] = new(big.Rat).SetInt(&all[k])
		z[k].Mul(z[k], power)
		power.Mul(power, unit)
	}
	return z, nil
}

// krylov sets out to the coefficients of the characteristic polynomial of a
// modulo p: if the rows u, u a, .., u a^(n-1) are independent, u a^n = sum c_i u
// a^i has them but for their sign. It returns false if they are dependent.
func krylov(kern residue.Kernel, a []float64, n, ld int, p residue.Prime, out []float64) bool {
	mod := residue.Moduli(p, p, p, p, p, p)
	rows := 6 * residue.Ceil(n+1, 6)
	// Six rows of c become six rows of x times y.
	strip := func(c, x, y []float64) {
		for l := 0; l < n; l += residue.MaxProduct {
			kern.Strip(c, ld, x[l:], ld, y[l*ld:], ld, kern.Lanes, min(residue.MaxProduct, n-l), ld/kern.Lanes, &mod, l > 0)
		}
	}
	square := func(x, y []float64) []float64 {
		c := make([]float64, rows*ld)
		for s := 0; s < n; s += 6 {
			strip(c[s*ld:], x[s*ld:], y)
		}
		return c
	}
	cube := square(square(a, a), a)
	sixth := square(cube, cube)
	u, next := make([]float64, rows*ld), make([]float64, 6*ld)
	rng := rand.New(rand.NewPCG(1, p.U))
	for j := range n {
		u[j] = p.Balanced(rng.Uint64N(p.U))
	}
	for i := range 5 {
		strip(next, u, a)
		copy(u[(i+1)*ld:(i+2)*ld], next[i*ld:])
	}
	for s := 6; s < rows; s += 6 {
		strip(u[s*ld:], u[(s-6)*ld:], sixth)
	}
	wide := ld + kern.Lanes
	w := make([]float64, rows*wide) // [transpose of u_0 .. u_n-1, u_n]
	for i := range n {
		for j := range n {
			w[i*wide+j] = u[j*ld+i]
		}
		w[i*wide+ld] = u[n*ld+i]
	}
	if jordan(kern, w, n, n, wide, p, true) == 0 {
		return false
	}
	for i := range n {
		out[i] = -w[i*wide+ld]
	}
	out[n] = 1
	return true
}

// hessenberg is a matrix modulo p on its way to Hessenberg form, zero below the
// first subdiagonal, by similarities: n rows, filled up to strips of 6, of ld
// numbers.
type hessenberg struct {
	kern  residue.Kernel
	n, ld int
	a     []float64
	p     residue.Prime
	mod   [12]float64
}

// step clears column k below row k+1: rows lose multiples of row k+1, and column
// k+1 gains the same multiples of their columns.
func (h *hessenberg) step(k int) {
	a, n, ld, g := h.a, h.n, h.ld, h.kern.Lanes
	r := k + 1
	for r < n && a[r*ld+k] == 0 {
		r++
	}
	if r == n {
		return
	}
	if r != k+1 {
		for j := range ld {
			a[r*ld+j], a[(k+1)*ld+j] = a[(k+1)*ld+j], a[r*ld+j]
		}
		for i := range n {
			a[i*ld+r], a[i*ld+k+1] = a[i*ld+k+1], a[i*ld+r]
		}
	}
	strips := residue.Ceil(n, 6)
	t := inverse(a[(k+1)*ld+k], h.p)
	f := make([]float64, 6*strips) // row i loses f[i] times row k+1
	minus := make([]float64, 6*strips)
	for i := k + 2; i < n; i++ {
		f[i] = residue.Reduce(a[i*ld+k]*t, h.p.P, h.p.Inv)
		minus[i] = -f[i]
	}
	from := k / g * g
	row := append([]float64(nil), a[(k+1)*ld:(k+2)*ld]...)
	for s := (k + 2) / 6; s < strips; s++ {
		h.kern.Strip(a[6*s*ld+from:], ld, minus[6*s:], 1, row[from:], ld, g, 1, (ld-from)/g, &h.mod, true)
	}
	// Column k+1 as the only one of a panel that is not zero.
	b := make([]float64, (n-k-2)*g)
	for i := k + 2; i < n; i++ {
		b[(i-k-2)*g+(k+1)%g] = f[i]
	}
	at := (k + 1) / g * g
	for s := range strips {
		for l := k + 2; l < n; l += residue.MaxProduct {
			h.kern.Strip(a[6*s*ld+at:], ld, a[6*s*ld+l:], ld, b[(l-k-2)*g:], g, 0, min(residue.MaxProduct, n-l), 1, &h.mod, true)
		}
	}
}

// polynomial sets out to the coefficients of the characteristic polynomial of
// the Hessenberg form, by the expansion of the leading k x k parts:
//
//	p_k+1 = (x - a_kk) p_k - sum over i < k of a_ik a_i+1,i .. a_k,k-1 p_i.
func (h *hessenberg) polynomial(out []float64) {
	n, g := h.n, h.kern.Lanes
	ld := residue.Ceil(n+1, g) * g
	polys := make([]float64, (n+1)*ld)
	polys[0] = 1
	c, sum := make([]float64, 6*(n+1)), make([]float64, 6*ld)
	for k := range n {
		t := 1.0
		for i := k; i >= 0; i-- {
			c[i] = -residue.Reduce(h.a[i*h.ld+k]*t, h.p.P, h.p.Inv)
			if i > 0 {
				t = residue.Reduce(t*h.a[i*h.ld+i-1], h.p.P, h.p.Inv)
			}
		}
		next := polys[(k+1)*ld:]
		copy(next[1:ld], polys[k*ld:(k+1)*ld-1])
		copy(sum, next[:ld])
		for l := 0; l <= k; l += residue.MaxProduct {
			h.kern.Strip(sum, ld, c[l:], n+1, polys[l*ld:], ld, g, min(residue.MaxProduct, k+1-l), ld/g, &h.mod, true)
		}
		copy(next[:ld], sum)
	}
	copy(out, polys[n*ld:][:n+1])
}
