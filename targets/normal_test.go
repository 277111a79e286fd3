package targets

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

// kolmogorov returns sqrt(n) times the largest distance between the empirical
// distribution of x and cdf. It exceeds 2 with probability 7e-4.
func kolmogorov(x []float64, cdf func(float64) float64) float64 {
	sort.Float64s(x)
	n, worst := float64(len(x)), 0.0
	for i, v := range x {
		c := cdf(v)
		worst = max(worst, math.Abs(c-float64(i)/n), math.Abs(c-float64(i+1)/n))
	}
	return worst * math.Sqrt(n)
}

func TestNormalDistribution(t *testing.T) {
	x := newSampler("test", 1).normals(200_000)
	if d := kolmogorov(x, func(v float64) float64 { return math.Erfc(-v/math.Sqrt2) / 2 }); d > 2 {
		t.Errorf("Kolmogorov-Smirnov statistic %.2f, want at most 2", d)
	}
	var m [5]float64
	for _, v := range x {
		for k := range m {
			m[k] += math.Pow(v, float64(k)) / float64(len(x))
		}
	}
	for k, want := range []float64{1, 0, 1, 0, 3} {
		if math.Abs(m[k]-want) > 0.05 {
			t.Errorf("moment %d is %.4f, want %v", k, m[k], want)
		}
	}
}

// The tail beyond 3 has probability 0.0027: the rejection steps for large k.
func TestNormalTail(t *testing.T) {
	s, n, tail := newSampler("test", 2), 200_000, 0
	for range n {
		if math.Abs(s.normal()) > 3 {
			tail++
		}
	}
	want := float64(n) * math.Erfc(3/math.Sqrt2)
	if math.Abs(float64(tail)-want) > 4*math.Sqrt(want) {
		t.Errorf("%d of %d beyond 3, want about %.0f", tail, n, want)
	}
}

func TestBernoulliSteps(t *testing.T) {
	const n = 200_000
	s := newSampler("test", 3)
	check := func(name string, p float64, draw func() bool) {
		t.Helper()
		hits := 0
		for range n {
			if draw() {
				hits++
			}
		}
		if dev := math.Abs(float64(hits)/n-p) / math.Sqrt(p*(1-p)/n); dev > 4 {
			t.Errorf("%s: frequency %.5f, want %.5f, %.1f standard deviations away", name, float64(hits)/n, p, dev)
		}
	}
	check("expHalf", math.Exp(-0.5), s.expHalf)
	for k := range 3 {
		for _, x := range []float64{0.1, 0.5, 0.9} {
			u := uniform{first: uint64(x * (1 << 63) * 2)}
			check("expStep", math.Exp(-x*(2*float64(k)+x)/(2*float64(k)+2)), func() bool { v := u; return s.expStep(k, &v) })
		}
	}
}

// words replays a list, then goes on with a generator.
type words struct {
	list []uint64
	rest rand.Source
}

func (w *words) Uint64() uint64 {
	if len(w.list) == 0 {
		return w.rest.Uint64()
	}
	v := w.list[0]
	w.list = w.list[1:]
	return v
}

func TestTiesDrawMoreDigits(t *testing.T) {
	s := &sampler{&words{[]uint64{7, 7, 1, 1, 2, 3}, rand.NewPCG(1, 1)}}
	a, b := s.uniform(), s.uniform()
	if !s.less(&a, &b) { // 7 1 2 against 7 1 3
		t.Error("7 1 2 is not less than 7 1 3")
	}
	if s.less(&b, &a) || len(a.more) != 2 || a.more[1] != 2 {
		t.Errorf("the digits drawn were not kept: %v %v", a, b)
	}
}

func TestMiddle(t *testing.T) {
	for w, want := range map[uint64]float64{0: 0x1p-53, 1 << 12: 3 * 0x1p-53, math.MaxUint64: 1 - 0x1p-53, 1 << 63: 0.5 + 0x1p-53} {
		if got := middle(w); got != want {
			t.Errorf("middle(%#x) = %x, want %x", w, got, want)
		}
	}
}

func TestBelow(t *testing.T) {
	s := newSampler("test", 4)
	for _, n := range []int{1, 2, 3, 7, 10} {
		count := make([]int, n)
		for range 10_000 * n {
			count[s.below(n)]++
		}
		chi := 0.0
		for _, c := range count {
			chi += math.Pow(float64(c)-10_000, 2) / 10_000
		}
		if chi > float64(n-1)+5*math.Sqrt(2*float64(n)) {
			t.Errorf("below(%d): chi-squared %.1f with %d degrees of freedom", n, chi, n-1)
		}
	}
	if math.MaxInt == math.MaxInt32 {
		return
	}
	// For n = 3 2^61, words whose low product is under 2^64 mod n = 2^62 are
	// rejected: the first one here is.
	r := &sampler{&words{[]uint64{0, 1<<63 + 1}, rand.NewPCG(1, 1)}}
	n := int64(3 << 61)
	if got := r.below(int(n)); int64(got) != n/2 {
		t.Errorf("below(%d) = %d, want %d", n, got, n/2)
	}
}

// Every permutation of 4 points is as likely as any other, and among the even
// ones of the target as well.
func TestShuffledIsUniform(t *testing.T) {
	s := newSampler("test", 5)
	all, even := map[[4]int]int{}, map[[4]int]int{}
	for range 24_000 {
		all[[4]int(s.shuffled(4))]++
		x, err := permutation(request{dim: 4, rnd: s})
		if err != nil {
			t.Fatal(err)
		}
		even[[4]int(x.Perm)]++
	}
	for name, c := range map[string]struct {
		count map[[4]int]int
		n     int
	}{"all": {all, 24}, "even": {even, 12}} {
		want, chi := 24_000/float64(c.n), 0.0
		for _, k := range c.count {
			chi += math.Pow(float64(k)-want, 2) / want
		}
		if len(c.count) != c.n || chi > float64(c.n)+5*math.Sqrt(2*float64(c.n)) {
			t.Errorf("%s: %d permutations, chi-squared %.1f", name, len(c.count), chi)
		}
	}
}
