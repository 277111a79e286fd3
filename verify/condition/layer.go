package condition

import (
	"math"
	"math/big"

	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath/ball"
)

// Layer returns the condition number of the layer's n x n matrix in the spectral
// norm.
//
// An additive layer with weight of norm x has condition ((x + sqrt(x^2+4))/2)^2
// (PROOFS.md, section 9). For one with scales D the norms of [[D, X], [0, I]]
// and of its inverse [[1/D, -X/D], [0, I]] are certified each by itself.
func Layer(l coupling.Layer) Norm {
	if l.Scale().Kind() == coupling.ScaleOne {
		x := SpectralNorm(l.Weight())
		return Norm{shear(x.Estimate), up(shear(x.Bound) * (1 + 8*unit))}
	}
	rows, cols := l.Weight().Dims()
	n := rows + cols
	x := l.Weight().Float64s()
	d, rel := scales(l.Scale(), rows)
	forward, inverse := make([]float64, n*n), make([]float64, n*n)
	for i := range n {
		forward[i*n+i], inverse[i*n+i] = 1, 1
		if i >= rows {
			continue
		}
		forward[i*n+i], inverse[i*n+i] = d[i], 1/d[i]
		for j := range cols {
			forward[i*n+rows+j], inverse[i*n+rows+j] = x[i*cols+j], -x[i*cols+j]/d[i]
		}
	}
	// Entries of the inverse are quotients of two rounded numbers.
	f := denseNorm(n, n, forward, rel+unit)
	g := denseNorm(n, n, inverse, 2*(rel+2*unit))
	return Norm{f.Estimate * g.Estimate, up(f.Bound * g.Bound)}
}

// shear returns the condition number of [[I, X], [0, I]] for |X| = x.
func shear(x float64) float64 {
	s := (x + math.Sqrt(x*x+4)) / 2
	return s * s
}

// scales returns the scales in float64 and a bound on their relative error.
func scales(s coupling.Scale, n int) (d []float64, rel float64) {
	if s.Kind() != coupling.ScaleExp {
		return run.Scales(s, n), unit
	}
	d = make([]float64, n)
	for i := range d {
		b, err := ball.ExpRat(s.At(i), 64)
		if err != nil {
			d[i] = math.Inf(1)
			continue
		}
		m, e := b.Mid()
		d[i], _ = new(big.Float).SetMantExp(new(big.Float).SetInt(m), e).Float64()
	}
	return d, 4 * unit // rounding, and a radius of at most 2^-62 of the midpoint
}
