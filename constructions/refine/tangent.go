package refine

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"flowproof/constructions/internal/floatflow"
)

// tangent is the derivative of the product E_0 .. E_{k-1} of a flow, seen from
// between the layers m-1 and m: with A = E_0 .. E_{m-1} and B = E_m .. E_{k-1},
//
//	A^-1 (dM) B^-1 = sum_i L_i dX_i R_i (+ L_j diag(dD) S_j for a free scale).
//
// In this frame dX_{m-1} fills one of the two off-diagonal blocks and dX_m the
// other, with nothing else in them. So both are eliminated, and what is left is
// a least-squares problem for the two diagonal blocks alone, p^2 + q^2 equations
// instead of n^2, and far better conditioned than the problem in M (PROOFS.md,
// section 6).
type tangent struct {
	s      floatflow.Parts
	m      int
	layers []floatflow.Layer
	terms  []tangentTerm
	frozen []bool // layers that must not move
	scaled int    // the layer whose scale is free, or -1
	rs     [2]blas64.General
	rsNorm []float64 // the free scale's unknowns are scaled like a term's
	work   []float64
}

// tangentTerm is L_i (n x |dst|) and R_i (|src| x n), cut into the parts' rows and
// columns. The columns of L_i and the rows of R_i are scaled to norm 1: with
// scales far from 1 the unknowns would otherwise be of very different weight. An
// unknown d stands for dX_i = diag(row) d diag(col).
type tangentTerm struct {
	l, r     [2]shapedBlock
	row, col []float64
}

// shapedBlock is a matrix that may be known to be the identity or zero.
type shapedBlock struct {
	shape int
	m     blas64.General
}

const (
	denseShape = iota
	identityShape
	zeroShape
)

// newShapedBlock copies m and looks at what it is.
func newShapedBlock(m blas64.General) shapedBlock {
	f := shapedBlock{denseShape, floatflow.CopyGeneral(m)}
	zero, identity := true, m.Rows == m.Cols
	for i := range m.Rows {
		for j, v := range f.m.Data[i*f.m.Stride : i*f.m.Stride+m.Cols] {
			zero = zero && v == 0
			identity = identity && (v == 0 && i != j || v == 1 && i == j)
		}
	}
	switch {
	case zero:
		f.shape = zeroShape
	case identity:
		f.shape = identityShape
	}
	return f
}

func newTangentTerm(s floatflow.Parts, l, r blas64.General) tangentTerm {
	l, r = floatflow.CopyGeneral(l), floatflow.CopyGeneral(r)
	t := tangentTerm{row: inverseColNorms(l), col: inverseRowNorms(r)}
	floatflow.ScaleCols(l, t.row, false)
	floatflow.ScaleRows(r, t.col, false)
	t.l = [2]shapedBlock{newShapedBlock(s.Rows(l, 0)), newShapedBlock(s.Rows(l, 1))}
	t.r = [2]shapedBlock{newShapedBlock(s.Cols(r, 0)), newShapedBlock(s.Cols(r, 1))}
	return t
}

func inverseRowNorms(m blas64.General) []float64 {
	d := make([]float64, m.Rows)
	for i := range d {
		d[i] = 1 / floatflow.Norm2(m.Data[i*m.Stride:i*m.Stride+m.Cols])
	}
	return d
}

func inverseColNorms(m blas64.General) []float64 {
	d := make([]float64, m.Cols)
	for j := range d {
		d[j] = 1 / blas64.Nrm2(blas64.Vector{N: m.Rows, Inc: m.Stride, Data: m.Data[j:]})
	}
	return d
}

func newTangent(f floatflow.Flow, m, scaled int, frozen []bool) *tangent {
	s, n := f.Parts, f.N()
	t := &tangent{s: s, m: m, layers: f.Layers, terms: make([]tangentTerm, len(f.Layers)), frozen: frozen, scaled: scaled}
	t.work = make([]float64, n*n)
	scaleRow := func(i int, rows blas64.General) {
		if i == scaled {
			rows = floatflow.CopyGeneral(rows)
			t.rsNorm = inverseRowNorms(rows)
			floatflow.ScaleRows(rows, t.rsNorm, false)
			t.rs = [2]blas64.General{floatflow.CopyGeneral(s.Cols(rows, 0)), floatflow.CopyGeneral(s.Cols(rows, 1))}
		}
	}
	// S = E_{i+1} .. E_{m-1} for the layers on the left:
	// A^-1 E_0 .. E_{i-1} dE_i S = S^-1 E_i^-1 dE_i S.
	fwd, inv := floatflow.IdentityGeneral(n), floatflow.IdentityGeneral(n)
	for i := m - 1; i >= 0; i-- {
		l := &f.Layers[i]
		left := floatflow.CopyGeneral(s.Cols(inv, l.Dst()))
		floatflow.ScaleCols(left, l.D, true)
		t.terms[i] = newTangentTerm(s, left, s.Rows(fwd, l.Src()))
		scaleRow(i, s.Rows(fwd, l.Dst()))
		l.LeftMul(s, fwd)
		l.RightDiv(s, inv)
	}
	// T = E_m .. E_{i-1} for those on the right: T dE_i E_i^-1 T^-1.
	fwd, inv = floatflow.IdentityGeneral(n), floatflow.IdentityGeneral(n)
	for i := m; i < len(f.Layers); i++ {
		l := &f.Layers[i]
		left := floatflow.CopyGeneral(s.Cols(fwd, l.Dst()))
		l.RightMul(s, fwd)
		l.LeftDiv(s, inv)
		t.terms[i] = newTangentTerm(s, left, s.Rows(inv, l.Src()))
		scaleRow(i, s.Rows(inv, l.Dst()))
	}
	return t
}

// free tells whether layer i is an unknown of the least-squares problem.
func (t *tangent) free(i int) bool { return i != t.m-1 && i != t.m && !t.frozen[i] }

func (t *tangent) unknowns() int {
	n := 0
	for i, l := range t.layers {
		if t.free(i) {
			n += l.X.Rows * l.X.Cols
		}
	}
	if t.scaled >= 0 {
		n += t.layers[t.scaled].X.Rows
	}
	return n
}

func (t *tangent) equations() int { return t.s.P*t.s.P + t.s.Q*t.s.Q }

// diagonalBlocks views a vector of equations as the two diagonal blocks.
func (t *tangent) diagonalBlocks(y []float64) [2]blas64.General {
	p, q := t.s.P, t.s.Q
	return [2]blas64.General{floatflow.General(p, p, y[:p*p]), floatflow.General(q, q, y[p*p:p*p+q*q])}
}

// eachFree visits the unknown weights, cut out of x, and returns the unknown
// scale.
func (t *tangent) eachFree(x []float64, visit func(i int, d blas64.General)) (scale []float64) {
	for i, l := range t.layers {
		if t.free(i) {
			n := l.X.Rows * l.X.Cols
			visit(i, floatflow.General(l.X.Rows, l.X.Cols, x[:n]))
			x = x[n:]
		}
	}
	return x
}

// addProduct sets c += L d R.
func (t *tangent) addProduct(c blas64.General, l, r *shapedBlock, d blas64.General) {
	if l.shape == zeroShape || r.shape == zeroShape {
		return
	}
	if r.shape != identityShape {
		w := floatflow.General(d.Rows, c.Cols, t.work)
		floatflow.Gemm(1, d, r.m, 0, w)
		d = w
	}
	if l.shape != identityShape {
		floatflow.Gemm(1, l.m, d, 1, c)
		return
	}
	addTo(c, d)
}

// addAdjoint sets d += L^T c R^T.
func (t *tangent) addAdjoint(d blas64.General, l, r *shapedBlock, c blas64.General) {
	if l.shape == zeroShape || r.shape == zeroShape {
		return
	}
	if l.shape != identityShape {
		w := floatflow.General(d.Rows, c.Cols, t.work)
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, l.m, c, 0, w)
		c = w
	}
	if r.shape != identityShape {
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, c, r.m, 1, d)
		return
	}
	addTo(d, c)
}

func addTo(c, d blas64.General) {
	for i := range c.Rows {
		dst := c.Data[i*c.Stride : i*c.Stride+c.Cols]
		for j, v := range d.Data[i*d.Stride : i*d.Stride+d.Cols] {
			dst[j] += v
		}
	}
}

// addBlock adds block (r, c) of the derivative at the unknowns x.
func (t *tangent) addBlock(out blas64.General, r, c int, x []float64) {
	scale := t.eachFree(x, func(i int, d blas64.General) {
		t.addProduct(out, &t.terms[i].l[r], &t.terms[i].r[c], d)
	})
	if t.scaled >= 0 {
		l := t.terms[t.scaled].l[r].m
		w := floatflow.General(l.Rows, l.Cols, t.work)
		for i := range l.Rows {
			for j := range l.Cols {
				w.Data[i*w.Stride+j] = l.Data[i*l.Stride+j] * scale[j]
			}
		}
		floatflow.Gemm(1, w, t.rs[c], 1, out)
	}
}

// apply sets y to the diagonal blocks of the derivative at x.
func (t *tangent) apply(x, y []float64) {
	clear(y)
	for b, out := range t.diagonalBlocks(y) {
		t.addBlock(out, b, b, x)
	}
}

// adjoint sets x to the transpose of apply at y.
func (t *tangent) adjoint(y, x []float64) {
	clear(x)
	blocks := t.diagonalBlocks(y)
	scale := t.eachFree(x, func(i int, d blas64.General) {
		for b := range blocks {
			t.addAdjoint(d, &t.terms[i].l[b], &t.terms[i].r[b], blocks[b])
		}
	})
	if t.scaled < 0 {
		return
	}
	for b := range blocks {
		l := t.terms[t.scaled].l[b].m
		w := floatflow.General(l.Rows, l.Cols, t.work)
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, blocks[b], t.rs[b], 0, w)
		for i := range l.Rows {
			for j := range l.Cols {
				scale[j] += l.Data[i*l.Stride+j] * w.Data[i*w.Stride+j]
			}
		}
	}
}

// leastSquares runs CGLS from zero: conjugate gradients on the normal equations
// of min |J x - y|, without forming them. It stops when the residual is below
// tol |y|, when the gradient has lost as many digits as float64 can tell, or
// after limit iterations. It returns x, the iterations and |J x - y| / |y|.
func (t *tangent) leastSquares(y []float64, tol float64, limit int) ([]float64, int, float64) {
	x := make([]float64, t.unknowns())
	r := append([]float64(nil), y...)
	norm := floatflow.Norm2(y)
	if norm == 0 || len(x) == 0 {
		return x, 0, 1
	}
	g := make([]float64, len(x))
	q := make([]float64, len(y))
	t.adjoint(r, g)
	d := append([]float64(nil), g...)
	gg := floatflow.Dot(g, g)
	stop := gg * 1e-30
	k := 0
	for k < limit && gg > stop {
		t.apply(d, q)
		qq := floatflow.Dot(q, q)
		if qq == 0 {
			break
		}
		k++
		a := gg / qq
		floatflow.Axpy(a, d, x)
		floatflow.Axpy(-a, q, r)
		if floatflow.Norm2(r) <= tol*norm {
			break
		}
		t.adjoint(r, g)
		next := floatflow.Dot(g, g)
		b := next / gg
		gg = next
		for i, v := range g {
			d[i] = v + b*d[i]
		}
	}
	return x, k, floatflow.Norm2(r) / norm
}

// layerStep is a change of every layer, and of the free scale.
type layerStep struct {
	x     []blas64.General
	scale []float64
	iters int
	left  float64 // |J x - R| / |R| on the diagonal blocks
}

// finite reports whether the step is made of numbers.
func (s *layerStep) finite() bool {
	sum := floatflow.Norm2(s.scale)
	for _, x := range s.x {
		sum += floatflow.Norm2(x.Data)
	}
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

// inFrame returns A^-1 r B^-1.
func (t *tangent) inFrame(r blas64.General) blas64.General {
	r = floatflow.CopyGeneral(r)
	for i := range t.m {
		t.layers[i].LeftDiv(t.s, r)
	}
	for i := len(t.layers) - 1; i >= t.m; i-- {
		t.layers[i].RightDiv(t.s, r)
	}
	return r
}

// equationsOf returns the diagonal blocks of r, without their common trace if
// there is no scale: unipotent layers cannot change it.
func (t *tangent) equationsOf(r blas64.General) []float64 {
	y := make([]float64, t.equations())
	shift := 0.0
	if t.scaled < 0 {
		for i := range r.Rows {
			shift += r.Data[i*r.Stride+i] / float64(r.Rows)
		}
	}
	for b, out := range t.diagonalBlocks(y) {
		addTo(out, t.s.Block(r, b, b))
		for i := range out.Rows {
			out.Data[i*out.Stride+i] -= shift
		}
	}
	return y
}

// solve returns the step, of least norm in the unknowns, that meets the residual
// r = target - product to first order, up to tol.
func (t *tangent) solve(r blas64.General, tol float64, limit int) layerStep {
	r = t.inFrame(r)
	z := layerStep{x: make([]blas64.General, len(t.layers))}
	var x []float64
	x, z.iters, z.left = t.leastSquares(t.equationsOf(r), tol, limit)
	z.scale = t.eachFree(x, func(i int, d blas64.General) {
		z.x[i] = floatflow.CopyGeneral(d)
		floatflow.ScaleRows(z.x[i], t.terms[i].row, false)
		floatflow.ScaleCols(z.x[i], t.terms[i].col, false)
	})
	for i, l := range t.layers {
		if z.x[i].Data == nil {
			z.x[i] = floatflow.NewGeneral(l.X.Rows, l.X.Cols)
		}
	}
	// What the others leave in the off-diagonal blocks goes to layers m-1 and m.
	for _, i := range []int{t.m - 1, t.m} {
		if i < 0 || i >= len(t.layers) || t.frozen[i] {
			continue
		}
		l := &t.layers[i]
		d := z.x[i]
		t.addBlock(d, l.Dst(), l.Src(), x)
		rest := t.s.Block(r, l.Dst(), l.Src())
		for a := range d.Rows {
			for b := range d.Cols {
				d.Data[a*d.Stride+b] = rest.Data[a*rest.Stride+b] - d.Data[a*d.Stride+b]
			}
		}
		if i < t.m {
			floatflow.ScaleRows(d, l.D, false)
		}
	}
	z.scale = append([]float64(nil), z.scale...)
	for k := range z.scale {
		z.scale[k] *= t.terms[t.scaled].row[k] * t.rsNorm[k]
	}
	return z
}

// bestFrame returns the m for which a short run of leastSquares gets furthest.
func bestFrame(f floatflow.Flow, scaled int, seed uint64) int {
	best, left := len(f.Layers)/2, math.Inf(1)
	rng := rand.New(rand.NewPCG(seed, 0x6672616d65))
	r := floatflow.NewGeneral(f.N(), f.N())
	for i := range r.Data {
		r.Data[i] = rng.NormFloat64()
	}
	for m := 1; m < len(f.Layers); m++ {
		t := newTangent(f, m, scaled, make([]bool, len(f.Layers)))
		if _, _, l := t.leastSquares(t.equationsOf(r), 0, 10); l < left {
			best, left = m, l
		}
	}
	return best
}
