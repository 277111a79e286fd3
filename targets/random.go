package targets

import (
	"hash/fnv"
	"math/bits"
	"math/rand/v2"
)

// sampler draws random numbers from a stream of random 64-bit words.
type sampler struct{ src rand.Source }

// newSampler returns the stream of a target and a seed: PCG (O'Neill 2014), its
// second half of state set from the name, so that two targets of one seed do not
// share their numbers.
func newSampler(name string, seed uint64) *sampler {
	h := fnv.New64a()
	h.Write([]byte(name))
	return &sampler{rand.NewPCG(seed, h.Sum64())}
}

// below returns a uniform integer of 0..n-1, n >= 1, without bias: Lemire's
// multiplication with rejection (2019).
func (s *sampler) below(n int) int {
	m := uint64(n)
	hi, lo := bits.Mul64(s.src.Uint64(), m)
	for low := -m % m; lo < low; {
		hi, lo = bits.Mul64(s.src.Uint64(), m)
	}
	return int(hi)
}

// between returns a uniform integer of -k..k.
func (s *sampler) between(k int) int { return s.below(2*k+1) - k }

// fraction returns the middle of one of the 2^52 equal parts of (0, 1).
func (s *sampler) fraction() float64 { return middle(s.src.Uint64()) }

// middle returns the middle of the part of (0, 1), one of 2^52, that the leading
// bits of w name. It is an odd multiple of 2^-53, so nothing is rounded.
func middle(w uint64) float64 { return float64(w>>12<<1|1) * (1.0 / (1 << 53)) }

// shuffled returns a uniform permutation of 0..n-1 (Fisher and Yates).
func (s *sampler) shuffled(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := s.below(i + 1)
		p[i], p[j] = p[j], p[i]
	}
	return p
}
