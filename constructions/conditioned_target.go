package constructions

import (
	"math"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/coupling/simplify"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

// scaledDense returns the target in the frame's order as m * 2^exp, m rounded to
// float64 with its largest entry in [1/2, 2]: no target is too large or too
// small. It fails with ErrSingular for the zero matrix.
func scaledDense(f frame, target exactmath.Matrix) (m *mat.Dense, exp int, err error) {
	n := f.p + f.q
	exp = math.MinInt
	target.Each(func(_, _ int, v *big.Rat) {
		if v.Sign() != 0 {
			exp = max(exp, v.Num().BitLen()-v.Denom().BitLen())
		}
	})
	if exp == math.MinInt {
		return nil, 0, ErrSingular
	}
	data := make([]float64, n*n)
	var t big.Rat
	scale := pow2(-exp)
	target.Each(func(i, j int, v *big.Rat) {
		data[i*n+j], _ = t.Mul(v, scale).Float64()
	})
	m = mat.NewDense(n, n, nil)
	for i, oi := range f.order {
		for j, oj := range f.order {
			m.Set(i, j, data[oi*n+oj])
		}
	}
	return m, exp, nil
}

// pow2 returns 2^e.
func pow2(e int) *big.Rat {
	if e < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), uint(-e)))
	}
	return new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(e)))
}

// layerList collects layers with scales; the first error sticks.
type layerList struct {
	frame  frame
	layers []coupling.Layer
	err    error
}

// add appends the layer of the given kind in the frame, with weight w * 2^wexp
// (nil: zero) and scales d * 2^dexp (nil: ones), each kept exactly.
func (b *layerList) add(kind coupling.Kind, w *mat.Dense, wexp int, d []float64, dexp int) {
	if b.err != nil {
		return
	}
	var l coupling.Layer
	if l, b.err = b.layer(kind, w, wexp, d, dexp); b.err == nil {
		b.layers = append(b.layers, l)
	}
}

func (b *layerList) layer(kind coupling.Kind, w *mat.Dense, wexp int, d []float64, dexp int) (coupling.Layer, error) {
	weight, err := b.weight(kind, w, wexp)
	if err != nil {
		return coupling.Layer{}, err
	}
	two, r := pow2(dexp), make([]*big.Rat, len(d))
	for i, v := range d {
		if r[i] = new(big.Rat).SetFloat64(v); r[i] == nil {
			return coupling.Layer{}, &exactmath.EntryError{Row: i, Col: i, Value: v}
		}
		r[i].Mul(r[i], two)
	}
	scale, err := coupling.ExactScale(r)
	if err != nil {
		return coupling.Layer{}, err
	}
	return coupling.NewLayer(b.frame.part, b.frame.kind(kind), weight, scale)
}

func (b *layerList) weight(kind coupling.Kind, w *mat.Dense, exp int) (exactmath.Matrix, error) {
	if w == nil {
		rows, cols := b.frame.q, b.frame.p
		if kind == coupling.Upper {
			rows, cols = cols, rows
		}
		return sparse.New(rows, cols, nil)
	}
	rows, cols := w.Dims()
	data := rowMajor(w)
	if exp != 0 {
		shifted, exact := make([]float64, len(data)), true
		for k, v := range data {
			shifted[k] = math.Ldexp(v, exp)
			exact = exact && math.Ldexp(shifted[k], -exp) == v
		}
		if !exact {
			x, err := exactmath.FromFloat64(rows, cols, data)
			if err != nil {
				return nil, err
			}
			d, _ := dense.ToDyadic(x) // float64 numbers are dyadic
			return shifted2(d, exp)
		}
		data = shifted
	}
	return exactmath.FromFloat64(rows, cols, data)
}

// shifted2 returns x * 2^exp.
func shifted2(x *dense.Dyadic, exp int) (*dense.Dyadic, error) {
	rows, cols := x.Dims()
	num := make([]*big.Int, 0, rows*cols)
	for i := range rows {
		for j := range cols {
			num = append(num, x.Num(i, j))
		}
	}
	return dense.NewDyadic(rows, cols, num, x.Exp()+exp)
}

// flow returns the flow of the layers, merged.
func (b *layerList) flow() (*coupling.Flow, error) {
	if b.err != nil {
		return nil, b.err
	}
	f, err := coupling.NewFlow(b.frame.part, b.layers...)
	if err != nil {
		return nil, err
	}
	return simplify.Merge(f)
}

// flipLast changes the sign of the last column.
func flipLast(q *mat.Dense) {
	n, _ := q.Dims()
	for i := range n {
		q.Set(i, n-1, -q.At(i, n-1))
	}
}

// negated returns -w.
func negated(w *mat.Dense) *mat.Dense {
	out := new(mat.Dense)
	out.Scale(-1, w)
	return out
}
