package targets

import "math"

// haar returns a random matrix of SO(n), distributed by Haar's measure. Stewart,
// "The efficient generation of random orthogonal matrices", SIAM J. Numer. Anal.
// 17 (1980): the reflections that a QR factorization of a Gaussian matrix would
// use are drawn one by one, of shrinking dimension, the signs of R's diagonal
// made positive. The last column takes the sign that makes the determinant 1.
func haar(n int, s *sampler) []float64 {
	h := make([]reflector, n-1)
	d := make([]float64, n)
	last := 1.0
	for k := range h {
		h[k], d[k] = reflectorOf(s.normals(n - k))
		last *= -d[k]
	}
	d[n-1] = last
	return reflectorProduct(h, d)
}

func randomOrthogonal(r request) (*Target, error) {
	return fromDense(r.dim, haar(r.dim, r.rnd), "")
}

// glowInit is the initial weight of Glow's 1x1 convolution (Kingma and Dhariwal
// 2018): the factor Q of a Gaussian matrix as LAPACK computes it, its signs as
// they come, rounded to float32. That Q has determinant (-1)^(n-1); the last
// column is negated where this is -1.
func glowInit(r request) (*Target, error) {
	n := r.dim
	h := make([]reflector, n-1)
	d := make([]float64, n)
	for k := range h {
		h[k], _ = reflectorOf(r.rnd.normals(n - k))
		d[k] = 1
	}
	d[n-1] = 1
	note := "orthogonal to float32 accuracy"
	if n%2 == 0 {
		d[n-1] = -1
		note += "; last column negated, since Q of an even dimension has determinant -1"
	}
	data := reflectorProduct(h, d)
	for k, v := range data {
		data[k] = float64(float32(v))
	}
	return fromDense(n, data, note)
}

// randomRotation is a product of 4n rotations by random angles, each in the
// plane of two random coordinates: steps of Kac's walk on SO(n).
func randomRotation(r request) (*Target, error) {
	n := r.dim
	m := identityDense(n)
	for range 4 * n {
		i := r.rnd.below(n)
		j := (i + 1 + r.rnd.below(n-1)) % n
		c, s := r.rnd.direction()
		rotate(m[i*n:(i+1)*n], m[j*n:(j+1)*n], c, s)
	}
	return fromDense(n, m, "")
}

// direction returns a uniform point (c, s) of the unit circle.
func (s *sampler) direction() (c, sn float64) {
	x, y := s.normal(), s.normal()
	r := math.Sqrt(float64(x*x) + float64(y*y))
	return x / r, y / r
}

// rotate replaces the rows x, y by c x - s y, s x + c y.
func rotate(x, y []float64, c, s float64) {
	for k, a := range x {
		b := y[k]
		x[k] = float64(c*a) - float64(s*b)
		y[k] = float64(s*a) + float64(c*b)
	}
}

func identityDense(n int) []float64 {
	m := make([]float64, n*n)
	for i := range n {
		m[i*n+i] = 1
	}
	return m
}

// givens rotates the plane of the first and last coordinate, which lie in
// different parts of the default partition.
func givens(r request) (*Target, error) {
	n := r.dim
	c, s := r.rnd.direction()
	if a := r.opt.Angle; a != nil {
		if math.IsNaN(*a) || math.IsInf(*a, 0) {
			return nil, r.badOption("angle", "is %v, want a finite number of radians", *a)
		}
		s, c = sincos(*a)
	}
	m := identityDense(n)
	m[0], m[n-1] = c, -s
	m[(n-1)*n], m[n*n-1] = s, c
	return fromDense(n, m, "")
}

// householderPair is H_1 H_2, H_i = I - b_i v_i v_i^T in random directions. With
// w = v_2 - b_1 (v_1 . v_2) v_1 the product is I - b_1 v_1 v_1^T - b_2 w v_2^T.
func householderPair(r request) (*Target, error) {
	n := r.dim
	v1, v2 := r.rnd.normals(n), r.rnd.normals(n)
	b1, b2 := 2/dot(v1, v1), 2/dot(v2, v2)
	t := b1 * dot(v1, v2)
	m := identityDense(n)
	for i := range n {
		w := b2 * (v2[i] - float64(t*v1[i]))
		u := b1 * v1[i]
		for j := range n {
			m[i*n+j] -= float64(u*v1[j]) + float64(w*v2[j])
		}
	}
	return fromDense(n, m, "")
}
