package targets

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// reflector is the Householder reflection I - beta v v^T of the last len(v)
// coordinates.
type reflector struct {
	v    []float64
	beta float64
}

// reflectorOf returns the reflection that maps x, not 0, to a multiple of e_1,
// and the sign of that multiple: H x = -sign(x_1) |x| e_1.
func reflectorOf(x []float64) (h reflector, sign float64) {
	norm := math.Sqrt(dot(x, x))
	v := append([]float64(nil), x...)
	sign = -1.0
	if v[0] < 0 {
		norm, sign = -norm, 1
	}
	v[0] += norm
	return reflector{v, 2 / dot(v, v)}, sign
}

// dot returns the sum of x_i y_i, added from left to right.
func dot(x, y []float64) float64 {
	var sum float64
	for i, v := range x {
		sum += float64(v * y[i])
	}
	return sum
}

// tile is the number of columns that a product of reflections is applied to at a
// time: n of them stay in the second-level cache for n = 1024.
const tile = 32

// reflectorProduct returns H_1 H_2 ... H_k diag(d), n x n row by row, H_i acting
// on the last len(h[i].v) coordinates, which must not increase with i. Columns
// are independent of each other, so they are computed tile by tile, on all
// processors; the result does not depend on how.
func reflectorProduct(h []reflector, d []float64) []float64 {
	n := len(d)
	out := make([]float64, n*n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				j0 := int(next.Add(tile)) - tile
				if j0 >= n {
					return
				}
				productTile(h, d, out, j0, min(tile, n-j0))
			}
		})
	}
	wg.Wait()
	return out
}

// productTile computes the columns j0..j0+w-1 of the product.
func productTile(h []reflector, d, out []float64, j0, w int) {
	n := len(d)
	buf := make([]float64, n*w)
	for j := range w {
		buf[(j0+j)*w+j] = d[j0+j]
	}
	acc := make([]float64, w)
	for i := len(h) - 1; i >= 0; i-- {
		// A reflection of later coordinates alone leaves these columns as they are.
		if first := n - len(h[i].v); first < j0+w {
			h[i].apply(buf[first*w:], acc)
		}
	}
	for i := range n {
		copy(out[i*n+j0:i*n+j0+w], buf[i*w:])
	}
}

// apply multiplies the len(v) rows of rows, each len(acc) long, from the left.
func (h *reflector) apply(rows, acc []float64) {
	w := len(acc)
	clear(acc)
	for i, v := range h.v {
		for j, a := range rows[i*w : i*w+w] {
			acc[j] += float64(v * a)
		}
	}
	for i, v := range h.v {
		f := h.beta * v
		row := rows[i*w : i*w+w]
		for j, a := range acc {
			row[j] -= float64(f * a)
		}
	}
}
