package sample

import (
	"math"
	"math/big"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
	"flowproof/verify"
	"flowproof/verify/condition"
)

// measured is what a flow does, seen from outside.
type measured struct {
	Residual float64 // relative Frobenius, from the exact product
	frobSq   *big.Rat
	Layers   []float64
	Product  float64
	Depth    int
}

// Measure composes the flow exactly and takes the singular values of each layer.
func Measure(tb testing.TB, f *coupling.Flow, target exactmath.Matrix) measured {
	tb.Helper()
	r, err := verify.Check(f, target)
	if err != nil {
		tb.Fatal(err)
	}
	rel, _ := r.Relative().Float64()
	m := measured{Residual: math.Sqrt(rel), frobSq: r.ResidualFrobSq, Depth: r.Depth, Product: 1}
	part := f.Partition()
	n, p := part.Dim(), part.P()
	for _, l := range f.Layers() {
		e := mat.NewDense(n, n, nil)
		for i := range n {
			e.Set(i, i, 1)
		}
		dst, src := p, 0
		if l.Kind() == coupling.Upper {
			dst, src = 0, p
		}
		rows, cols := l.Weight().Dims()
		w, d := l.Weight().Float64s(), run.Scales(l.Scale(), rows)
		for i := range rows {
			e.Set(dst+i, dst+i, d[i])
			for j := range cols {
				e.Set(dst+i, src+j, w[i*cols+j])
			}
		}
		c := mat.Cond(e, 2)
		m.Layers = append(m.Layers, c)
		m.Product *= c
	}
	return m
}

// LowerLimit is what the product of the condition numbers is proved to be at least
// (PROOFS.md, theorem 5.1).
func (m measured) LowerLimit(target exactmath.Matrix) float64 {
	n, _ := target.Dims()
	return condition.LowerLimits(target, n-n/2, m.frobSq).Product
}
