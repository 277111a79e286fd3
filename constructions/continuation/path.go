package continuation

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
)

// path is the curve of maps of determinant 1
//
//	M(tau) = U S^tau R(tau) V^T,   0 <= tau <= 1,
//
// from a rotation to M(1) = U S V^T. R(tau) is the identity, so that M(0) is the polar
// factor of M, or rotates planes spanned by singular vectors, to start from another rotation.
type path struct {
	u, v  *mat.Dense
	s     []float64 // singular values, of product 1
	turns []turn
}

// turn is a rotation by (1 - tau) angle of the plane of two singular vectors.
type turn struct {
	i, j  int
	angle float64
}

// newPath returns the path to m / t, and t = |det m|^(1/n).
func newPath(m *mat.Dense) (p *path, t float64, err error) {
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDFull) {
		return nil, 0, fault.ErrNoConvergence
	}
	p = &path{u: new(mat.Dense), v: new(mat.Dense), s: svd.Values(nil)}
	svd.UTo(p.u)
	svd.VTo(p.v)
	mean := 0.0
	for _, s := range p.s {
		mean += math.Log(s) / float64(len(p.s))
	}
	t = math.Exp(mean)
	for i := range p.s {
		p.s[i] /= t
	}
	return p, t, nil
}

// turned returns the same path from another start.
func (p *path) turned(rng *rand.Rand) *path {
	q := *p
	q.turns = nil
	order := rng.Perm(len(p.s))
	for k := 0; k+1 < len(order); k += 2 {
		angle := math.Pi * (0.25 + rng.Float64()/2)
		if rng.IntN(2) == 0 {
			angle = -angle
		}
		q.turns = append(q.turns, turn{order[k], order[k+1], angle})
	}
	return &q
}

// at returns M(tau).
func (p *path) at(tau float64) blas64.General {
	z := mat.DenseCopyOf(p.u)
	n, _ := z.Dims()
	powers := make([]float64, n)
	for j, s := range p.s {
		powers[j] = math.Pow(s, tau)
	}
	z.Apply(func(_, j int, x float64) float64 { return x * powers[j] }, z)
	for _, t := range p.turns {
		sin, cos := math.Sincos((1 - tau) * t.angle)
		for r := range n {
			a, b := z.At(r, t.i), z.At(r, t.j)
			z.Set(r, t.i, cos*a+sin*b)
			z.Set(r, t.j, cos*b-sin*a)
		}
	}
	var m mat.Dense
	m.Mul(z, p.v.T())
	return m.RawMatrix()
}

// reach is max |log s|, how far the path goes.
func (p *path) reach() float64 {
	return max(math.Log(p.s[0]), -math.Log(p.s[len(p.s)-1]))
}
