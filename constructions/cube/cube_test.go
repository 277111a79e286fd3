package cube

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/neural"
	"flowproof/verify/flowdepth"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func rat(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

// TestBuilt: what is proved of a flow lies above the bound for its depth, near the
// estimate, and near the mean error of its coupling over a sample.
func TestBuilt(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	lowerBound := must(flowdepth.New(128))
	for _, c := range []Options{
		{2, 1, 1, 1, 5, 1}, {2, 1, 1, 1, 8, 1}, {3, 1, 2, 0.7, 9, 1}, {8, 4, 1, 1, 7, 1},
		{8, 0, 1, 1, 4, 1}, {2, 1, 1, 2, 3, 2}, {5, 2, 0.5, 1, 10, 2}, {2, 1, 1, 1, 2, 1},
	} {
		b := must(Build(c))
		cube := flowdepth.Cube{Dim: c.Dim, Radius: rat(c.Radius)}
		for i := range c.Signs {
			cube.Signs = append(cube.Signs, i)
		}
		r, err := flowdepth.Reach(b.Flow, cube, rat(b.Near))
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		w := r.W1
		if c.Power == 2 {
			w = r.W2
		}
		got, _ := w.Float64()
		if r.Depth != c.Depth || r.Updated > (c.Dim+1)/2 || r.LogScale.Cmp(rat(-c.LogScale)) < 0 {
			t.Errorf("%+v: depth %d, %d coordinates, log-scale %s", c, r.Depth, r.Updated, r.LogScale.FloatString(20))
		}
		layers := flowdepth.Layers{Kind: flowdepth.LogScale, Value: rat(c.LogScale), Updated: (c.Dim + 1) / 2}
		limit := lowerBound.LimitOf(flowdepth.Target{Dim: c.Dim, Pieces: 1 << c.Signs}, layers, int64(c.Depth), c.Power)
		if got < limit.Value.Estimate() || math.Abs(got/b.Estimate-1) > 2e-3 {
			t.Errorf("%+v: proved %v, estimate %v, lower bound %v", c, got, b.Estimate, limit.Value)
		}
		sum := 0.0
		const n = 20000
		for range n {
			z, q := make([]float64, c.Dim), 0.0
			for i := range z {
				z[i] = rng.NormFloat64()
			}
			x := must(neural.Forward(b.Flow, z))
			for i := range x {
				y := 0.0
				if i < c.Signs {
					y = math.Copysign(c.Radius, z[i])
				}
				q += (x[i] - y) * (x[i] - y)
			}
			sum += math.Pow(q, float64(c.Power)/2)
		}
		if sample := math.Pow(sum/n, 1/float64(c.Power)); math.Abs(sample/got-1) > 0.03 {
			t.Errorf("%+v: proved %v, sampled %v", c, got, sample)
		}
	}
}

// TestStretch: what is proved of a map lies near the estimate.
func TestStretch(t *testing.T) {
	e := must(flowdepth.New(64))
	for _, c := range []struct {
		d        int
		low, lip float64
	}{{2, 0.0625, 16}, {8, 0.02, 8}, {1, 0.1, 10}} {
		m := must(Stretch(Options{Dim: c.d, Signs: 1, Radius: 1, Power: 1}, c.low, c.lip))
		w, _, err := e.MapReach(flowdepth.Stretch{Low: e.Float(m.Low), Lip: e.Float(m.Lip), Kink: rat(m.Kink)},
			flowdepth.Cube{Dim: c.d, Signs: []int{0}, Radius: rat(1)})
		if got, _ := w.Float64(); err != nil || math.Abs(got/m.Estimate-1) > 5e-3 {
			t.Errorf("%+v: proved %v, estimate %v, %v", c, got, m.Estimate, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, o := range []Options{{1, 0, 1, 1, 3, 1}, {4, 3, 1, 1, 3, 1}, {4, 1, 0, 1, 3, 1}, {4, 1, 1, -1, 3, 1}, {4, 1, 1, 1, 0, 1}, {4, 1, 1, 1, 3, 3}, {4, 1, 1, math.NaN(), 3, 1}} {
		if _, err := Build(o); err == nil {
			t.Errorf("%+v: built", o)
		}
	}
	if _, err := Build(Options{1 << 20, 1, 1, 0.01, 1000, 1}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}
