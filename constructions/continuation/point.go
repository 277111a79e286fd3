package continuation

import (
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"flowproof/constructions/internal/floatflow"
)

// point is a product F = E_0 .. E_(k-1) of additive layers of alternating kinds, in
// block order. E_i updates part dst(i): it is the identity but for its weight x[i] in
// the block (dst(i), src(i)).
type point struct {
	floatflow.Parts
	first int // dst(0)
	x     []blas64.General
}

func (f *point) dst(i int) int { return (f.first + i) % 2 }
func (f *point) src(i int) int { return 1 - f.dst(i) }

func (f *point) clone() *point {
	g := *f
	g.x = make([]blas64.General, len(f.x))
	for i := range f.x {
		g.x[i] = floatflow.CopyGeneral(f.x[i])
	}
	return &g
}

// weight is where the weight of layer i stands in an n x n matrix.
func (f *point) weight(m blas64.General, i int) blas64.General {
	return f.Block(m, f.dst(i), f.src(i))
}

const (
	plain      = blas.NoTrans
	transposed = blas.Trans
)

// left sets m to E_i^s m, right to m E_i^s, s = 1 or -1; leftT and rightT use E_i^T.
func (f *point) left(i int, s float64, m blas64.General) {
	blas64.Gemm(plain, plain, s, f.x[i], f.Rows(m, f.src(i)), 1, f.Rows(m, f.dst(i)))
}

func (f *point) right(i int, s float64, m blas64.General) {
	blas64.Gemm(plain, plain, s, f.Cols(m, f.dst(i)), f.x[i], 1, f.Cols(m, f.src(i)))
}

func (f *point) leftT(i int, s float64, m blas64.General) {
	blas64.Gemm(transposed, plain, s, f.x[i], f.Rows(m, f.dst(i)), 1, f.Rows(m, f.src(i)))
}

func (f *point) rightT(i int, s float64, m blas64.General) {
	blas64.Gemm(plain, transposed, s, f.Cols(m, f.src(i)), f.x[i], 1, f.Cols(m, f.dst(i)))
}

// deepen brings the number of layers to k, leaving the product as it is: the layer of
// largest norm is split in two halves about an identity, or one is put at the end.
func (f *point) deepen(k int) {
	identity := func(dst int) blas64.General {
		return floatflow.NewGeneral(f.size(dst), f.size(1-dst))
	}
	for len(f.x) < k {
		if len(f.x) == 0 || len(f.x) == k-1 {
			f.x = append(f.x, identity(f.dst(len(f.x))))
			continue
		}
		at, top := 0, -1.0
		for i, x := range f.x {
			if s := norm(x); s > top {
				at, top = i, s
			}
		}
		half := f.x[at]
		for j := range half.Data {
			half.Data[j] /= 2
		}
		rest := append([]blas64.General{identity(f.src(at)), floatflow.CopyGeneral(half)}, f.x[at+1:]...)
		f.x = append(f.x[:at+1:at+1], rest...)
	}
}

func (f *point) size(part int) int {
	lo, hi := f.Span(part)
	return hi - lo
}

// half is one of the two halves A = E_0 .. E_(m-1) and B = E_m .. E_(k-1), m = k/2,
// its layers listed from the outermost one inwards.
type half struct {
	order []int
	sign  float64 // 1 for A, -1 for B
	work  blas64.General
}

// tangent is the derivative of the product seen from between A and B,
//
//	d -> A^-1 (dF) B^-1 = sum_i L_i d_i R_i.
//
// An outer layer's term is the inner ones' conjugate of its own: of A, with the sum
// over E_0 .. E_(i-1) at hand, E_i makes of it E_i^-1 (..) E_i + d_i; of B, from the
// other end, E_i (..) E_i^-1 + d_i.
type tangent struct {
	*point
	halves [2]half
}

func newTangent(f *point) *tangent {
	t := &tangent{point: f}
	n, k := f.N(), len(f.x)
	for h := range t.halves {
		t.halves[h] = half{sign: 1 - 2*float64(h), work: floatflow.NewGeneral(n, n)}
	}
	for i := range k / 2 {
		t.halves[0].order = append(t.halves[0].order, i)
	}
	for i := k - 1; i >= k/2; i-- {
		t.halves[1].order = append(t.halves[1].order, i)
	}
	return t
}

// each runs f for both halves at once.
func (t *tangent) each(f func(h *half)) {
	var wg sync.WaitGroup
	wg.Go(func() { f(&t.halves[0]) })
	f(&t.halves[1])
	wg.Wait()
}

// apply sets v to the derivative at d.
func (t *tangent) apply(d []blas64.General, v blas64.General) {
	t.each(func(h *half) {
		clear(h.work.Data)
		for j, i := range h.order {
			if j > 0 {
				t.left(i, -h.sign, h.work)
				t.right(i, h.sign, h.work)
			}
			add(1, d[i], t.weight(h.work, i))
		}
	})
	copy(v.Data, t.halves[0].work.Data)
	floatflow.Axpy(1, t.halves[1].work.Data, v.Data)
}

// adjoint sets d to the transpose of the derivative at y: d_i = L_i^T y R_i^T.
func (t *tangent) adjoint(y blas64.General, d []blas64.General) {
	t.each(func(h *half) {
		copy(h.work.Data, y.Data)
		for j := len(h.order) - 1; j >= 0; j-- {
			i := h.order[j]
			put(d[i], t.weight(h.work, i))
			if j > 0 {
				t.leftT(i, -h.sign, h.work)
				t.rightT(i, h.sign, h.work)
			}
		}
	})
}

// seen returns A^-1 m B^-1 - I, which is zero if the product is m.
func (t *tangent) seen(m blas64.General) blas64.General {
	m = t.between(m)
	for i := range m.Rows {
		m.Data[i*m.Stride+i]--
	}
	return m
}

// between returns A^-1 m B^-1.
func (t *tangent) between(m blas64.General) blas64.General {
	m = floatflow.CopyGeneral(m)
	for _, i := range t.halves[0].order {
		t.left(i, -1, m)
	}
	for _, i := range t.halves[1].order {
		t.right(i, -1, m)
	}
	return m
}

// factors visits L_i and R_i, n x |dst| and |src| x n, of every layer.
func (t *tangent) factors(visit func(h, i int, l, r blas64.General)) {
	for h, half := range t.halves {
		s, inv := floatflow.IdentityGeneral(t.N()), floatflow.IdentityGeneral(t.N())
		for j := len(half.order) - 1; j >= 0; j-- {
			i := half.order[j]
			visit(h, i, t.Cols(inv, t.dst(i)), t.Rows(s, t.src(i)))
			t.left(i, half.sign, s)
			t.right(i, -half.sign, inv)
		}
	}
}

// add sets dst to dst + a src, for matrices that are parts of others.
func add(a float64, src, dst blas64.General) {
	for i := range dst.Rows {
		floatflow.Axpy(a, src.Data[i*src.Stride:][:dst.Cols], dst.Data[i*dst.Stride:][:dst.Cols])
	}
}

// put copies src to dst.
func put(dst, src blas64.General) {
	for i := range dst.Rows {
		copy(dst.Data[i*dst.Stride:][:dst.Cols], src.Data[i*src.Stride:])
	}
}

// norm estimates the largest singular value, by the power method.
func norm(x blas64.General) float64 {
	if len(x.Data) == 0 {
		return 0
	}
	const rounds = 24
	v, u := vector(x.Cols), vector(x.Rows)
	for i := range v.Data {
		v.Data[i] = 1 + float64(i*7%11)/8 // any start that is not an eigenvector of what matters
	}
	s := 0.0
	for range rounds {
		blas64.Gemv(plain, 1, x, v, 0, u)
		s = blas64.Nrm2(u) / blas64.Nrm2(v)
		blas64.Gemv(transposed, 1, x, u, 0, v)
		if a := blas64.Nrm2(v); a > 0 {
			blas64.Scal(1/a, v)
		} else {
			return 0
		}
	}
	return s
}

func vector(n int) blas64.Vector { return blas64.Vector{N: n, Inc: 1, Data: make([]float64, n)} }
