package constructions

import (
	"fmt"
	"math/big"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"flowproof/coupling"
)

// floatLayer is a layer in float64, in block order: part dst <- D dst + X src.
type floatLayer struct {
	kind coupling.Kind
	x    blas64.General // size(dst) x size(src)
	d    []float64      // nil for ones
}

// dst and src are 0 for the first part, 1 for the second.
func (l *floatLayer) dst() int {
	if l.kind == coupling.Upper {
		return 0
	}
	return 1
}

func (l *floatLayer) src() int { return 1 - l.dst() }

func newGeneral(rows, cols int) blas64.General {
	return blas64.General{Rows: rows, Cols: cols, Stride: max(cols, 1), Data: make([]float64, rows*max(cols, 1))}
}

func identityGeneral(n int) blas64.General {
	m := newGeneral(n, n)
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

// copyGeneral returns a compact copy of m.
func copyGeneral(m blas64.General) blas64.General {
	z := newGeneral(m.Rows, m.Cols)
	for i := range m.Rows {
		copy(z.Data[i*z.Stride:i*z.Stride+m.Cols], m.Data[i*m.Stride:])
	}
	return z
}

func gemm(alpha float64, a, b blas64.General, beta float64, c blas64.General) {
	blas64.Gemm(blas.NoTrans, blas.NoTrans, alpha, a, b, beta, c)
}

// floatScale returns the scale whose entries are the given float64 numbers.
func floatScale(d []float64) (coupling.Scale, error) {
	v := make([]*big.Rat, len(d))
	for i, f := range d {
		if v[i] = new(big.Rat).SetFloat64(f); v[i] == nil {
			return coupling.Scale{}, fmt.Errorf("scale %d is %v, want a positive finite number", i, f)
		}
	}
	return coupling.ExactScale(v)
}

// parts is the sizes of the two parts, and cuts matrices along them.
type parts struct{ p, q int }

func (s parts) n() int { return s.p + s.q }

func (s parts) size(part int) int {
	if part == 0 {
		return s.p
	}
	return s.q
}

func (s parts) span(part int) (lo, hi int) {
	if part == 0 {
		return 0, s.p
	}
	return s.p, s.p + s.q
}

func (s parts) rows(m blas64.General, part int) blas64.General {
	lo, hi := s.span(part)
	return sub(m, lo, hi, 0, m.Cols)
}

func (s parts) cols(m blas64.General, part int) blas64.General {
	lo, hi := s.span(part)
	return sub(m, 0, m.Rows, lo, hi)
}

func (s parts) block(m blas64.General, r, c int) blas64.General {
	return s.cols(s.rows(m, r), c)
}

func scaleRows(m blas64.General, d []float64, inv bool) {
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

func scaleCols(m blas64.General, d []float64, inv bool) {
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

// leftMul replaces m by E m, leftDiv by E^-1 m, rightMul by m E, rightDiv by
// m E^-1, for the layer E.
func (l *floatLayer) leftMul(s parts, m blas64.General) {
	d := s.rows(m, l.dst())
	scaleRows(d, l.d, false)
	gemm(1, l.x, s.rows(m, l.src()), 1, d)
}

func (l *floatLayer) leftDiv(s parts, m blas64.General) {
	d := s.rows(m, l.dst())
	gemm(-1, l.x, s.rows(m, l.src()), 1, d)
	scaleRows(d, l.d, true)
}

func (l *floatLayer) rightMul(s parts, m blas64.General) {
	d := s.cols(m, l.dst())
	gemm(1, d, l.x, 1, s.cols(m, l.src()))
	scaleCols(d, l.d, false)
}

func (l *floatLayer) rightDiv(s parts, m blas64.General) {
	d := s.cols(m, l.dst())
	scaleCols(d, l.d, true)
	gemm(-1, d, l.x, 1, s.cols(m, l.src()))
}

// floatFlow is a flow in float64, in block order.
type floatFlow struct {
	parts
	layers []floatLayer
}

// matrix returns the product, n x n.
func (f floatFlow) matrix() blas64.General {
	m := identityGeneral(f.n())
	for i := range f.layers {
		f.layers[i].rightMul(f.parts, m)
	}
	return m
}
