package polish

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"flowproof/constructions/internal/floatflow"
	"flowproof/coupling"
)

// polishPoint maps a vector of unknowns to a flow E_0 .. E_{k-1} diag(exp(t)) of
// additive layers: the weights one after the other, row by row, then, if the flow
// is scaled, the n log-scales t.
type polishPoint struct {
	floatflow.Parts
	kinds  []coupling.Kind
	scaled bool
}

func (p polishPoint) shape(i int) (rows, cols int) {
	if p.kinds[i] == coupling.Upper {
		return p.P, p.Q
	}
	return p.Q, p.P
}

// dim is the number of unknowns.
func (p polishPoint) dim() int {
	n := len(p.kinds) * p.P * p.Q
	if p.scaled {
		n += p.N()
	}
	return n
}

// layers views x as the layers, and the log-scales if there are any.
func (p polishPoint) layers(x []float64) (ls []floatflow.Layer, t []float64) {
	size := p.P * p.Q
	ls = make([]floatflow.Layer, len(p.kinds))
	for i, k := range p.kinds {
		rows, cols := p.shape(i)
		ls[i] = floatflow.Layer{Kind: k, X: floatflow.General(rows, cols, x[i*size:(i+1)*size])}
	}
	return ls, x[len(p.kinds)*size:]
}

// objective is what L-BFGS minimises: the augmented Lagrangian
//
//	<Lambda, R> + rho/2 |R|_F^2 + weight * size,
//	size = (sum_i tr((w_i X_i^T X_i)^power))^(1/power) + |t|^2,
//
// of the problem to make the layers small subject to R = 0. A high power weighs
// the largest singular values, which the condition numbers depend on.
//
// For a target M = P^-1 Q the residual is not product - M but
//
//	R = P E_0 .. E_{h-1} - Q diag(exp(-t)) E_{k-1}^-1 .. E_h^-1,   h = k/2,
//
// which is zero for the same flows. Inverse layers are layers with -X, so R is a
// polynomial of half the degree; and with P^-1 and Q both of condition sqrt(cond
// M), directions in which M is small weigh as much as the others.
type objective struct {
	polishPoint
	left, right blas64.General // P, Q
	lambda      blas64.General
	rho         float64
	weight      float64
	power       int
	emphasis    []float64 // w_i

	half     int
	pre      [2][]blas64.General // the partial products of the two chains
	r, d     blas64.General
	evals    int
	lost     bool    // given up, see lost
	residual float64 // |R|_F of the last evaluation
}

func newObjective(p polishPoint, left, right blas64.General) *objective {
	o := &objective{polishPoint: p, left: left, right: right, rho: 1, power: 1, weight: 1, half: len(p.kinds) / 2}
	n := p.N()
	for range p.kinds {
		o.emphasis = append(o.emphasis, 1)
	}
	for c, k := range []int{o.half, len(p.kinds) - o.half} {
		for range k + 1 {
			o.pre[c] = append(o.pre[c], floatflow.NewGeneral(n, n))
		}
	}
	o.r, o.d, o.lambda = floatflow.NewGeneral(n, n), floatflow.NewGeneral(n, n), floatflow.NewGeneral(n, n)
	return o
}

// chains returns the layers of the two chains, in the order in which they
// multiply; those of the second one are the inverses.
func (o *objective) chains(ls []floatflow.Layer) (left, right []int, inv []floatflow.Layer) {
	inv = make([]floatflow.Layer, len(ls))
	for i := range ls {
		inv[i] = ls[i]
		if i < o.half {
			left = append(left, i)
			continue
		}
		right = append([]int{i}, right...)
		x := floatflow.CopyGeneral(ls[i].X)
		for j := range x.Data {
			x.Data[j] = -x.Data[j]
		}
		inv[i].X = x
	}
	return left, right, inv
}

// forward fills in the partial products of a chain.
func (o *objective) forward(pre []blas64.General, order []int, ls []floatflow.Layer) blas64.General {
	for c, i := range order {
		copy(pre[c+1].Data, pre[c].Data)
		ls[i].RightMul(o.Parts, pre[c+1])
	}
	return pre[len(order)]
}

// backward takes d, the derivative with respect to the product of a chain, back
// to its start, and adds sign times the derivatives with respect to the weights.
func (o *objective) backward(d blas64.General, pre []blas64.General, order []int, ls, gs []floatflow.Layer, sign float64) {
	for c := len(order) - 1; c >= 0; c-- {
		l := &ls[order[c]]
		src := o.Cols(d, l.Src())
		blas64.Gemm(blas.Trans, blas.NoTrans, sign, o.Cols(pre[c], l.Dst()), src, 0, gs[order[c]].X)
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, src, l.X, 1, o.Cols(d, l.Dst()))
	}
}

// value returns the objective at x, and sets g to its gradient unless g is nil.
func (o *objective) value(x, g []float64) float64 {
	o.evals++
	ls, t := o.layers(x)
	left, right, all := o.chains(ls)
	n := o.N()
	copy(o.pre[0][0].Data, o.left.Data)
	start := o.pre[1][0]
	copy(start.Data, o.right.Data)
	for j, v := range t {
		s := math.Exp(-v)
		for i := range n {
			start.Data[i*n+j] *= s
		}
	}
	copy(o.r.Data, o.forward(o.pre[0], left, all).Data)
	floatflow.Axpy(-1, o.forward(o.pre[1], right, all).Data, o.r.Data)
	o.residual = floatflow.Norm2(o.r.Data)
	f := o.rho/2*o.residual*o.residual + floatflow.Dot(o.lambda.Data, o.r.Data)
	if g == nil {
		return f + o.size(ls, t, nil, nil)
	}
	clear(g)
	gs, gt := o.layers(g)
	// With respect to R, and so to the first chain and, negated, to the second.
	floatflow.Axpy(o.rho, o.r.Data, copyInto(o.d, o.lambda).Data)
	back := o.r // no longer needed
	copyInto(back, o.d)
	o.backward(o.d, o.pre[0], left, all, gs, 1)
	o.backward(back, o.pre[1], right, all, gs, 1)
	for j := range gt {
		col := func(m blas64.General) blas64.Vector { return blas64.Vector{N: n, Inc: n, Data: m.Data[j:]} }
		gt[j] = blas64.Dot(col(back), col(start))
	}
	return f + o.size(ls, t, gs, gt)
}

func copyInto(dst, src blas64.General) blas64.General {
	copy(dst.Data, src.Data)
	return dst
}

// size returns weight times the size of the layers, and adds the gradient.
func (o *objective) size(ls []floatflow.Layer, t []float64, gs []floatflow.Layer, gt []float64) float64 {
	if o.weight == 0 {
		return 0
	}
	sum := 0.0
	pows := make([]blas64.General, len(ls))
	for i := range ls {
		var tr float64
		tr, pows[i] = powerTrace(ls[i].X, o.power)
		sum += tr * math.Pow(o.emphasis[i], float64(o.power))
	}
	norm := math.Pow(sum, 1/float64(o.power))
	f := norm
	for j, v := range t {
		f += v * v
		if gt != nil {
			gt[j] += 2 * o.weight * v
		}
	}
	if gs != nil && sum > 0 {
		c := 2 * o.weight * norm / sum
		for i := range ls {
			floatflow.Axpy(c*math.Pow(o.emphasis[i], float64(o.power)), pows[i].Data, gs[i].X.Data)
		}
	}
	return o.weight * f
}

// powerTrace returns tr((X^T X)^m) and X (X^T X)^(m-1).
func powerTrace(x blas64.General, m int) (float64, blas64.General) {
	y := x
	if m > 1 {
		tall := x.Rows >= x.Cols
		k := min(x.Rows, x.Cols)
		gram := floatflow.NewGeneral(k, k)
		if tall {
			blas64.Gemm(blas.Trans, blas.NoTrans, 1, x, x, 0, gram)
		} else {
			blas64.Gemm(blas.NoTrans, blas.Trans, 1, x, x, 0, gram)
		}
		p := matrixPower(gram, m-1)
		y = floatflow.NewGeneral(x.Rows, x.Cols)
		if tall {
			floatflow.Gemm(1, x, p, 0, y)
		} else {
			floatflow.Gemm(1, p, x, 0, y)
		}
	}
	return floatflow.Dot(x.Data, y.Data), y
}

// matrixPower returns g^m for a square g, m >= 1.
func matrixPower(g blas64.General, m int) blas64.General {
	times := func(a, b blas64.General) blas64.General {
		c := floatflow.NewGeneral(a.Rows, b.Cols)
		floatflow.Gemm(1, a, b, 0, c)
		return c
	}
	if m == 1 {
		return g
	}
	h := matrixPower(g, m/2)
	h = times(h, h)
	if m%2 == 1 {
		h = times(h, g)
	}
	return h
}
