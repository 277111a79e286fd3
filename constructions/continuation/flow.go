// Package continuation finds well conditioned flows of a map.
package continuation

import (
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// point is a product E_0 .. E_(k-1) of additive layers of alternating kinds on parts of
// p and q coordinates, in block order.
type point struct {
	p, q  int
	first int // the part that E_0 updates
	x     []blas64.General
}

func (f *point) n() int        { return f.p + f.q }
func (f *point) dst(i int) int { return (f.first + i) % 2 }

func (f *point) span(part int) (lo, hi int) {
	if part == 0 {
		return 0, f.p
	}
	return f.p, f.p + f.q
}

func zeros(rows, cols int) blas64.General {
	return blas64.General{Rows: rows, Cols: cols, Stride: max(cols, 1), Data: make([]float64, rows*max(cols, 1))}
}

func clone(m blas64.General) blas64.General {
	z := zeros(m.Rows, m.Cols)
	for i := range m.Rows {
		copy(z.Data[i*z.Stride:][:m.Cols], m.Data[i*m.Stride:])
	}
	return z
}

func view(m blas64.General, r0, r1, c0, c1 int) blas64.General {
	if r0 == r1 || c0 == c1 {
		return blas64.General{Rows: r1 - r0, Cols: c1 - c0, Stride: max(1, c1-c0)}
	}
	return blas64.General{Rows: r1 - r0, Cols: c1 - c0, Stride: m.Stride, Data: m.Data[r0*m.Stride+c0 : (r1-1)*m.Stride+c1]}
}

func (f *point) rows(m blas64.General, part int) blas64.General {
	lo, hi := f.span(part)
	return view(m, lo, hi, 0, m.Cols)
}

func (f *point) cols(m blas64.General, part int) blas64.General {
	lo, hi := f.span(part)
	return view(m, 0, m.Rows, lo, hi)
}

// block is where layer i has its weight.
func (f *point) block(m blas64.General, i int) blas64.General {
	return f.cols(f.rows(m, f.dst(i)), 1-f.dst(i))
}

func gemm(tA, tB blas.Transpose, alpha float64, a, b blas64.General, beta float64, c blas64.General) {
	blas64.Gemm(tA, tB, alpha, a, b, beta, c)
}

const (
	no = blas.NoTrans
	tr = blas.Trans
)

// left sets m to E_i^s m, s = 1 or -1; right to m E_i^s; the versions with T use the
// transpose of E_i.
func (f *point) left(i int, s float64, m blas64.General) {
	d := f.dst(i)
	gemm(no, no, s, f.x[i], f.rows(m, 1-d), 1, f.rows(m, d))
}

func (f *point) right(i int, s float64, m blas64.General) {
	d := f.dst(i)
	gemm(no, no, s, f.cols(m, d), f.x[i], 1, f.cols(m, 1-d))
}

func (f *point) leftT(i int, s float64, m blas64.General) {
	d := f.dst(i)
	gemm(tr, no, s, f.x[i], f.rows(m, d), 1, f.rows(m, 1-d))
}

func (f *point) rightT(i int, s float64, m blas64.General) {
	d := f.dst(i)
	gemm(no, tr, s, f.cols(m, 1-d), f.x[i], 1, f.cols(m, d))
}

// half is one of the two halves of the flow, E_0 .. E_(m-1) or E_m .. E_(k-1), its
// layers listed from the outermost one inwards.
type half struct {
	order []int
	sign  float64 // V -> E^-sign V E^sign
	work  blas64.General
}

func (f *point) halves() [2]half {
	k := len(f.x)
	m := k / 2
	h := [2]half{{sign: 1, work: zeros(f.n(), f.n())}, {sign: -1, work: zeros(f.n(), f.n())}}
	for i := range m {
		h[0].order = append(h[0].order, i)
	}
	for i := k - 1; i >= m; i-- {
		h[1].order = append(h[1].order, i)
	}
	return h
}

// tangent is the derivative of the product, seen from between two layers.
type tangent struct {
	*point
	h [2]half
}

func newTangent(f *point) *tangent { return &tangent{f, f.halves()} }

func both(a, b func()) {
	var wg sync.WaitGroup
	wg.Go(a)
	b()
	wg.Wait()
}

func add(dst, src blas64.General, s float64) {
	for i := range dst.Rows {
		blas64.Axpy(s, blas64.Vector{N: dst.Cols, Inc: 1, Data: src.Data[i*src.Stride:]}, blas64.Vector{N: dst.Cols, Inc: 1, Data: dst.Data[i*dst.Stride:]})
	}
}

func put(dst, src blas64.General) {
	for i := range dst.Rows {
		copy(dst.Data[i*dst.Stride:][:dst.Cols], src.Data[i*src.Stride:])
	}
}

// apply sets v to the derivative at d.
func (t *tangent) apply(d []blas64.General, v blas64.General) {
	side := func(h *half) {
		w := h.work
		clear(w.Data)
		for j, i := range h.order {
			if j > 0 {
				t.left(i, -h.sign, w)
				t.right(i, h.sign, w)
			}
			add(t.block(w, i), d[i], 1)
		}
	}
	both(func() { side(&t.h[0]) }, func() { side(&t.h[1]) })
	copy(v.Data, t.h[0].work.Data)
	add(v, t.h[1].work, 1)
}

// adjoint sets g to the transpose of the derivative at y.
func (t *tangent) adjoint(y blas64.General, g []blas64.General) {
	side := func(h *half) {
		w := h.work
		copy(w.Data, y.Data)
		for j := len(h.order) - 1; j >= 0; j-- {
			i := h.order[j]
			put(g[i], t.block(w, i))
			if j > 0 {
				t.leftT(i, -h.sign, w)
				t.rightT(i, h.sign, w)
			}
		}
	}
	both(func() { side(&t.h[0]) }, func() { side(&t.h[1]) })
}

// seen returns A^-1 m B^-1.
func (t *tangent) seen(m blas64.General) blas64.General {
	m = clone(m)
	for i := range t.h[0].order {
		t.left(i, -1, m)
	}
	for _, i := range t.h[1].order {
		t.right(i, -1, m)
	}
	return m
}

func (f *point) product() blas64.General {
	m := zeros(f.n(), f.n())
	for i := range f.n() {
		m.Data[i*m.Stride+i] = 1
	}
	for i := range f.x {
		f.right(i, 1, m)
	}
	return m
}
