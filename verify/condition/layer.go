// Package condition bounds the condition numbers of coupling layers: a rigorous
// upper bound beside an estimate. No verdict of package verify rests on it.
package condition

import (
	"math"
	"math/big"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/ball"
	"flowproof/exactmath/sparse"
	"flowproof/exactmath/spectral"
)

// unit is the unit roundoff of float64.
const unit = 0x1p-53

// Number is what is known of a condition number: Bound is proved not to be below
// it, Estimate is what floating point finds. What lies beyond float64 is +Inf,
// and nothing is NaN.
type Number struct{ Estimate, Bound float64 }

// Layer returns the condition number of the layer's n x n matrix in the spectral
// norm.
//
// An additive layer with weight of norm x has condition ((x + sqrt(x^2+4))/2)^2
// (PROOFS.md, lemma 0.1). For one with scales D the norms of [[D, X], [0, I]]
// and of its inverse [[1/D, -X/D], [0, I]] are certified each by itself.
func Layer(l coupling.Layer) Number {
	if l.Scale().Kind() == coupling.ScaleOne {
		x := spectral.Norm(l.Weight())
		return Number{spectral.Shear(x.Estimate), spectral.ShearBound(x.Bound)}
	}
	rows, cols := l.Weight().Dims()
	d, inv := scales(l.Scale(), rows)
	if s, ok := l.Weight().(*sparse.Matrix); ok && rows+cols > largeSparse {
		return product(sparseNorms(spectral.Norm(s), d, inv))
	}
	forward, inverse := blocks(l.Weight(), d, inv)
	return product(forward.norm(), inverse.norm())
}

// matrix is an n x n matrix in float64, row by row, of which the entries are known
// to a relative error of rel.
type matrix struct {
	n    int
	data []float64
	rel  float64
}

func (m matrix) norm() spectral.Bounds { return spectral.Entries(m.n, m.n, m.data, m.rel) }

// product returns the condition number of a matrix and its inverse of the given
// norms.
func product(f, g spectral.Bounds) Number {
	return Number{f.Estimate * g.Estimate, up(f.Bound * g.Bound)}
}

// scales returns the scales and their inverses in float64, each to a relative
// error of relScale, or of 2^-1074; beyond float64 they are +Inf.
func scales(s coupling.Scale, n int) (d, inv []float64) {
	d, inv = make([]float64, n), make([]float64, n)
	for i := range n {
		v := s.At(i)
		if s.Kind() == coupling.ScaleExp {
			d[i], inv[i] = exp(v), exp(new(big.Rat).Neg(v))
			continue
		}
		d[i], _ = v.Float64()
		inv[i], _ = v.Inv(v).Float64()
	}
	return d, inv
}

// relScale bounds the relative error of a scale: rounding to float64, and the
// radius of a ball of 64 bits, at most 2^-62 of its midpoint.
const relScale = 2 * unit

// exp returns e^s, +Inf for what is beyond float64 or beyond package ball.
func exp(s *big.Rat) float64 {
	b, err := ball.ExpRat(s, 64)
	if err != nil {
		if s.Sign() < 0 {
			return 0
		}
		return math.Inf(1)
	}
	m, e := b.Mid()
	return exactmath.Round(m, e)
}

// blocks returns [[D, X], [0, I]] and [[1/D, -X/D], [0, I]]. Entries that
// underflow are off by at most 2^-1074, and the largest is at least 1.
func blocks(weight exactmath.Matrix, d, inv []float64) (forward, inverse matrix) {
	rows, cols := weight.Dims()
	n, x := rows+cols, weight.Float64s()
	// A weight may be rounded once, and its product with the inverse once more.
	forward = matrix{n, make([]float64, n*n), relScale}
	inverse = matrix{n, make([]float64, n*n), relScale + 3*unit}
	for i := range n {
		f, g := forward.data[i*n:(i+1)*n], inverse.data[i*n:(i+1)*n]
		f[i], g[i] = 1, 1
		if i >= rows {
			continue
		}
		f[i], g[i] = d[i], inv[i]
		copy(f[rows:], x[i*cols:(i+1)*cols])
		for j, v := range f[rows:] {
			if v != 0 { // 0 times infinity is none here
				g[rows+j] = -v * inv[i]
			}
		}
	}
	return forward, inverse
}

// largeSparse is the size of a layer beyond which a sparse weight is not written
// out.
const largeSparse = 2048

// sparseNorms bounds the norms of the layer and of its inverse by those of their
// parts, |diag(D, I)| + |X|.
func sparseNorms(x spectral.Bounds, d, inv []float64) (f, g spectral.Bounds) {
	most, mostInv := 1.0, 1.0
	for i := range d {
		most, mostInv = max(most, d[i]), max(mostInv, inv[i])
	}
	if math.IsInf(mostInv, 1) {
		g.Estimate, g.Bound = mostInv, mostInv
		return g, g
	}
	const rel = 1 + 2*relScale
	f = spectral.Bounds{Estimate: math.Hypot(most, x.Estimate), Bound: up(most*rel + x.Bound)}
	g = spectral.Bounds{Estimate: mostInv, Bound: up(up(mostInv*rel) + up(up(x.Bound*mostInv)*rel))}
	return f, g
}

// up returns the next float64 above a rounded result.
func up(x float64) float64 { return math.Nextafter(x, math.Inf(1)) }
