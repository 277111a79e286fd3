// Package floatflow has flows in float64 that may be changed, in block order.
package floatflow

import (
	"fmt"
	"math/big"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"flowproof/coupling"
	"flowproof/coupling/run"
)

// Bits is the precision of float64.
const Bits = 53

// Layer is a layer in float64, in block order: part dst <- D dst + X src.
type Layer struct {
	Kind coupling.Kind
	X    blas64.General // size(dst) x size(src)
	D    []float64      // nil for ones
}

// Round returns a layer with its weight and scale rounded to float64.
func Round(l coupling.Layer) Layer {
	rows, cols := l.Weight().Dims()
	out := Layer{Kind: l.Kind(), X: General(rows, cols, l.Weight().Float64s())}
	if l.Scale().Kind() != coupling.ScaleOne {
		out.D = run.Scales(l.Scale(), rows)
	}
	return out
}

// Dst and Src are 0 for the first part, 1 for the second.
func (l *Layer) Dst() int {
	if l.Kind == coupling.Upper {
		return 0
	}
	return 1
}

// Src is the part that the layer reads.
func (l *Layer) Src() int { return 1 - l.Dst() }

// NewGeneral returns the zero matrix.
func NewGeneral(rows, cols int) blas64.General {
	return blas64.General{Rows: rows, Cols: cols, Stride: max(cols, 1), Data: make([]float64, rows*max(cols, 1))}
}

// IdentityGeneral returns the identity.
func IdentityGeneral(n int) blas64.General {
	m := NewGeneral(n, n)
	for i := range n {
		m.Data[i*n+i] = 1
	}
	return m
}

// sub returns the view of rows r0..r1-1 and columns c0..c1-1.
func sub(m blas64.General, r0, r1, c0, c1 int) blas64.General {
	if r0 == r1 || c0 == c1 {
		return blas64.General{Rows: r1 - r0, Cols: c1 - c0, Stride: max(1, c1-c0)}
	}
	return blas64.General{Rows: r1 - r0, Cols: c1 - c0, Stride: m.Stride, Data: m.Data[r0*m.Stride+c0 : (r1-1)*m.Stride+c1]}
}

// CopyGeneral returns a compact copy of m.
func CopyGeneral(m blas64.General) blas64.General {
	z := NewGeneral(m.Rows, m.Cols)
	for i := range m.Rows {
		copy(z.Data[i*z.Stride:i*z.Stride+m.Cols], m.Data[i*m.Stride:])
	}
	return z
}

// Gemm sets c to alpha a b + beta c.
func Gemm(alpha float64, a, b blas64.General, beta float64, c blas64.General) {
	blas64.Gemm(blas.NoTrans, blas.NoTrans, alpha, a, b, beta, c)
}

// Scale returns the scale whose entries are the given float64 numbers.
func Scale(d []float64) (coupling.Scale, error) {
	v := make([]*big.Rat, len(d))
	for i, f := range d {
		if v[i] = new(big.Rat).SetFloat64(f); v[i] == nil {
			return coupling.Scale{}, fmt.Errorf("scale %d is %v, want a positive finite number", i, f)
		}
	}
	return coupling.ExactScale(v)
}

// Parts is the sizes of the two parts, and cuts matrices along them.
type Parts struct{ P, Q int }

// N returns p + q.
func (s Parts) N() int { return s.P + s.Q }

// Span returns the coordinates lo..hi-1 of a part, 0 or 1.
func (s Parts) Span(part int) (lo, hi int) {
	if part == 0 {
		return 0, s.P
	}
	return s.P, s.P + s.Q
}

// Rows returns a view of the rows of a part.
func (s Parts) Rows(m blas64.General, part int) blas64.General {
	lo, hi := s.Span(part)
	return sub(m, lo, hi, 0, m.Cols)
}

// Cols returns a view of the columns of a part.
func (s Parts) Cols(m blas64.General, part int) blas64.General {
	lo, hi := s.Span(part)
	return sub(m, 0, m.Rows, lo, hi)
}

// Block returns a view of the rows of part r and the columns of part c.
func (s Parts) Block(m blas64.General, r, c int) blas64.General {
	return s.Cols(s.Rows(m, r), c)
}

// ScaleRows replaces m by diag(d) m, or by diag(d)^-1 m if inv is set; nil stands for
// ones.
func ScaleRows(m blas64.General, d []float64, inv bool) {
	if d == nil {
		return
	}
	for i := range m.Rows {
		f := d[i]
		if inv {
			f = 1 / f
		}
		row := m.Data[i*m.Stride : i*m.Stride+m.Cols]
		for j := range row {
			row[j] *= f
		}
	}
}

// ScaleCols replaces m by m diag(d), or by m diag(d)^-1 if inv is set.
func ScaleCols(m blas64.General, d []float64, inv bool) {
	if d == nil {
		return
	}
	for i := range m.Rows {
		row := m.Data[i*m.Stride : i*m.Stride+m.Cols]
		for j := range row {
			if inv {
				row[j] /= d[j]
			} else {
				row[j] *= d[j]
			}
		}
	}
}

// LeftMul replaces m by E m, leftDiv by E^-1 m, rightMul by m E, rightDiv by
// m E^-1, for the layer E.
func (l *Layer) LeftMul(s Parts, m blas64.General) {
	d := s.Rows(m, l.Dst())
	ScaleRows(d, l.D, false)
	Gemm(1, l.X, s.Rows(m, l.Src()), 1, d)
}

// LeftDiv replaces m by E^-1 m.
func (l *Layer) LeftDiv(s Parts, m blas64.General) {
	d := s.Rows(m, l.Dst())
	Gemm(-1, l.X, s.Rows(m, l.Src()), 1, d)
	ScaleRows(d, l.D, true)
}

// RightMul replaces m by m E.
func (l *Layer) RightMul(s Parts, m blas64.General) {
	d := s.Cols(m, l.Dst())
	Gemm(1, d, l.X, 1, s.Cols(m, l.Src()))
	ScaleCols(d, l.D, false)
}

// RightDiv replaces m by m E^-1.
func (l *Layer) RightDiv(s Parts, m blas64.General) {
	d := s.Cols(m, l.Dst())
	ScaleCols(d, l.D, true)
	Gemm(-1, d, l.X, 1, s.Cols(m, l.Src()))
}

// Flow is a flow in float64, in block order.
type Flow struct {
	Parts
	Layers []Layer
}

// Matrix returns the product, n x n.
func (f Flow) Matrix() blas64.General {
	m := IdentityGeneral(f.N())
	for i := range f.Layers {
		f.Layers[i].RightMul(f.Parts, m)
	}
	return m
}
