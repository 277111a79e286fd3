package rotation

import (
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/numeric"
)

// orthogonalLimit is the largest distance of a singular value from 1 that
// Orthogonal accepts: data orthogonal to float32 precision passes.
const orthogonalLimit = 1e-4

// nearestRotation returns the orthogonal matrix nearest to m, m itself if it is
// orthogonal to 1e-12, by Newton's iteration for the polar decomposition without
// inverses (Schulz). It fails with a *NotOrthogonalError for what is too far.
func nearestRotation(m *mat.Dense) (*mat.Dense, error) {
	n, _ := m.Dims()
	// A singular value is at least every entry; and no product overflows below.
	if top := numeric.MaxAbs(m.RawMatrix().Data); !(top <= 2) {
		return nil, &fault.NotOrthogonalError{Defect: top - 1, Limit: orthogonalLimit}
	}
	const good, steps = 1e-12, 3 // a defect d becomes about 3/2 d^2
	for k := 0; ; k++ {
		g := numeric.Product(mat.DenseCopyOf(m.T()), m)
		for i := range n {
			g.Set(i, i, g.At(i, i)-1)
		}
		// |M^T M - I| in the Frobenius norm is at least every |sigma^2 - 1|.
		d := mat.Norm(g, 2) / 2
		if !(d <= orthogonalLimit) {
			return nil, &fault.NotOrthogonalError{Defect: d, Limit: orthogonalLimit}
		}
		if d <= good || k == steps {
			return m, nil
		}
		step := numeric.Product(m, g)
		step.Scale(-0.5, step)
		next := new(mat.Dense)
		next.Add(m, step)
		m = next
	}
}
