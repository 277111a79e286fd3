package floatflow

import (
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath/spectral"
)

// Conditions estimates the condition numbers of the layers of f, by the SVD;
// +Inf for what is beyond float64.
func Conditions(f *coupling.Flow) (top, product float64, all []float64) {
	top, product = 1, 1
	s := Parts{f.Partition().P(), f.Partition().Q()}
	norm := func(m blas64.General) float64 { return spectral.Dense(mat.NewDense(m.Rows, m.Cols, m.Data)).Estimate }
	for _, l := range f.Layers() {
		fl := Round(l)
		var c float64
		if fl.D == nil {
			c = spectral.Shear(norm(fl.X))
		} else {
			// |E| |E^-1|: the SVD of E alone loses its smallest singular value.
			e, inv := IdentityGeneral(s.N()), IdentityGeneral(s.N())
			fl.RightMul(s, e)
			fl.RightDiv(s, inv)
			c = norm(e) * norm(inv)
		}
		all = append(all, c)
		top = max(top, c)
		product *= c
	}
	return top, product, all
}
