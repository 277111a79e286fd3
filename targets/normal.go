package targets

// The standard normal distribution, sampled exactly: Karney, "Sampling exactly
// from the normal distribution", ACM TOMS 42 (2016), algorithm N. It compares
// uniform numbers and evaluates no transcendental function, so there is nothing
// that could differ between machines.

// uniform is a uniform number of (0, 1) whose binary digits are drawn when they
// are looked at, 64 at a time.
type uniform struct {
	first uint64
	more  []uint64
}

func (s *sampler) uniform() uniform { return uniform{first: s.src.Uint64()} }

func (s *sampler) digit(u *uniform, i int) uint64 {
	if i == 0 {
		return u.first
	}
	for len(u.more) < i {
		u.more = append(u.more, s.src.Uint64())
	}
	return u.more[i-1]
}

// less decides a < b, drawing more digits while they agree.
func (s *sampler) less(a, b *uniform) bool {
	for i := 0; ; i++ {
		if x, y := s.digit(a, i), s.digit(b, i); x != y {
			return x < y
		}
	}
}

// expHalf is true with probability exp(-1/2): the length of the decreasing run
// 1/2 > u1 > u2 > ... is even. (Von Neumann 1951.)
func (s *sampler) expHalf() bool {
	u := s.uniform()
	if u.first >= 1<<63 {
		return true
	}
	for even := false; ; even = !even {
		v := s.uniform()
		if !s.less(&v, &u) {
			return even
		}
		u = v
	}
}

// expStep is true with probability exp(-x p), p = (2k+x)/(2k+2): the same run,
// begun at x, which each further step must pass with probability p.
func (s *sampler) expStep(k int, x *uniform) bool {
	var slot [2]uniform
	for n, y := 0, x; ; n++ {
		z := &slot[n%2]
		*z = s.uniform()
		if !s.less(z, y) || !s.step(k, x) {
			return n%2 == 0
		}
		y = z
	}
}

// step is true with probability (2k+x)/(2k+2).
func (s *sampler) step(k int, x *uniform) bool {
	switch i := s.below(2*k + 2); {
	case i < 2*k:
		return true
	case i > 2*k:
		return false
	}
	u := s.uniform()
	return s.less(&u, x)
}

// normal returns a standard normal deviate ±(k + x), the fraction x moved by at
// most 2^-53 to the middle of its part of (0, 1), the sum rounded once.
func (s *sampler) normal() float64 {
	for {
		k := 0
		for s.expHalf() {
			k++
		}
		if !s.all(k*(k-1), s.expHalf) {
			continue
		}
		x := s.uniform()
		if !s.all(k+1, func() bool { return s.expStep(k, &x) }) {
			continue
		}
		v := float64(k) + middle(x.first)
		if s.src.Uint64()>>63 == 1 {
			return -v
		}
		return v
	}
}

// all draws n times at most, until one is false.
func (s *sampler) all(n int, draw func() bool) bool {
	for range n {
		if !draw() {
			return false
		}
	}
	return true
}

// normals returns n independent standard normal deviates.
func (s *sampler) normals(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = s.normal()
	}
	return v
}
