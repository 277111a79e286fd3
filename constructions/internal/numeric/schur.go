package numeric

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/lapack"
	impl "gonum.org/v1/gonum/lapack/gonum"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
)

// RealSchur returns T and Z with g = Z T Z^T, Z orthogonal and T upper
// quasi-triangular: 1x1 and 2x2 blocks on the diagonal. Where the QR algorithm does
// not converge, which is rare, it tries another one, and then another basis.
func RealSchur(g *mat.Dense) (t, z *mat.Dense, err error) {
	n, _ := g.Dims()
	if t, z, err = hessenbergQR(g); err == nil {
		return t, z, nil
	}
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	for range 3 {
		b := mat.NewDense(n, n, nil)
		b.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, b)
		var qr mat.QR
		qr.Factorize(b)
		qr.QTo(b)
		if t, z, err = hessenbergQR(Product(mat.DenseCopyOf(b.T()), g, b)); err == nil {
			return t, Product(b, z), nil
		}
	}
	return nil, nil, err
}

// hessenberg returns H and Z with g = Z H Z^T, Z orthogonal and H zero below the
// first subdiagonal.
func hessenberg(g *mat.Dense) (t, z *mat.Dense) {
	n, _ := g.Dims()
	t = mat.DenseCopyOf(g)
	z = mat.NewDense(n, n, nil)
	var (
		lp   impl.Implementation
		h    = t.RawMatrix()
		q    = z.RawMatrix()
		tau  = make([]float64, max(n-1, 0))
		work = make([]float64, 1)
	)
	lp.Dgehrd(n, 0, n-1, h.Data, h.Stride, tau, work, -1)
	work = make([]float64, int(work[0]))
	lp.Dgehrd(n, 0, n-1, h.Data, h.Stride, tau, work, len(work))
	z.Copy(t)
	lp.Dorghr(n, 0, n-1, q.Data, q.Stride, tau, work, -1)
	if l := int(work[0]); l > len(work) {
		work = make([]float64, l)
	}
	lp.Dorghr(n, 0, n-1, q.Data, q.Stride, tau, work, len(work))
	for i := 2; i < n; i++ {
		for j := range i - 1 {
			t.Set(i, j, 0)
		}
	}
	return t, z
}

// hessenbergQR is RealSchur in the given basis.
func hessenbergQR(g *mat.Dense) (t, z *mat.Dense, err error) {
	n, _ := g.Dims()
	if n == 0 {
		return mat.DenseCopyOf(g), &mat.Dense{}, nil
	}
	t, z = hessenberg(g)
	// The library's choice for small n is unblocked, too.
	const small = 75
	if n > small {
		if blocked, v := mat.DenseCopyOf(t), mat.DenseCopyOf(z); multishift(blocked, v) {
			return blocked, v, nil
		}
	}
	if !unblocked(t, z) {
		return nil, nil, fault.ErrNoConvergence
	}
	return t, z, nil
}

// unblocked and multishift are two QR algorithms, from Hessenberg form on; false if
// one does not converge.
func unblocked(t, z *mat.Dense) bool {
	n, _ := t.Dims()
	h, q, wr, wi := t.RawMatrix(), z.RawMatrix(), make([]float64, n), make([]float64, n)
	var lp impl.Implementation
	return lp.Dlahqr(true, true, n, 0, n-1, h.Data, h.Stride, wr, wi, 0, n-1, q.Data, q.Stride) == 0
}

func multishift(t, z *mat.Dense) (ok bool) {
	// Where a part does not converge, the library asks for the rest of the rows and
	// one more, and panics.
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	n, _ := t.Dims()
	h, q, wr, wi := t.RawMatrix(), z.RawMatrix(), make([]float64, n), make([]float64, n)
	var lp impl.Implementation
	run := func(work []float64, size int) bool {
		return lp.Dhseqr(lapack.EigenvaluesAndSchur, lapack.SchurOrig, n, 0, n-1, h.Data, h.Stride, wr, wi, q.Data, q.Stride, work, size) == 0
	}
	work := make([]float64, 1)
	run(work, -1)
	work = make([]float64, int(work[0]))
	return run(work, len(work))
}

// Plane is a rotation plane of an orthogonal matrix: columns i and j of the
// basis, e_i -> cos e_i + sin e_j, angle in [0, pi].
type Plane struct {
	I, J  int
	Angle float64
}

// RotationPlanes reads the planes off the real Schur form t of an orthogonal
// matrix of determinant 1. Eigenvalues -1 are paired into planes of angle pi;
// what is left, rest, are the columns with eigenvalue +1.
func RotationPlanes(t *mat.Dense) (planes []Plane, rest []int) {
	n, _ := t.Dims()
	var minus []int
	for i := 0; i < n; i++ {
		switch {
		case i+1 < n && t.At(i+1, i) != 0:
			// The two off-diagonal entries are opposite up to rounding.
			sin, cos := (t.At(i+1, i)-t.At(i, i+1))/2, (t.At(i, i)+t.At(i+1, i+1))/2
			if sin >= 0 {
				planes = append(planes, Plane{i, i + 1, math.Atan2(sin, cos)})
			} else {
				planes = append(planes, Plane{i + 1, i, math.Atan2(-sin, cos)})
			}
			i++
		case t.At(i, i) < 0:
			minus = append(minus, i)
		default:
			rest = append(rest, i)
		}
	}
	for k := 0; k+1 < len(minus); k += 2 {
		planes = append(planes, Plane{minus[k], minus[k+1], math.Pi})
	}
	if len(minus)%2 == 1 { // determinant -1 cannot happen but through rounding
		rest = append(rest, minus[len(minus)-1])
	}
	return planes, rest
}
