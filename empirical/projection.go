package empirical

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Projected returns the 2-Wasserstein distance of the projections of two samples on
// a direction, a vector of any length other than 0: no more than that of the samples.
func Projected(x, y [][]float64, direction []float64) (float64, error) {
	if len(x) == 0 || len(x) != len(y) {
		return 0, ErrShape
	}
	norm := 0.0
	for _, v := range direction {
		norm = math.Hypot(norm, v)
	}
	project := func(points [][]float64) ([]float64, error) {
		out := make([]float64, len(points))
		for i, p := range points {
			if len(p) != len(direction) {
				return nil, ErrShape
			}
			for k, v := range p {
				out[i] += v * direction[k] / norm
			}
		}
		slices.Sort(out)
		return out, nil
	}
	a, err := project(x)
	if err != nil {
		return 0, err
	}
	b, err := project(y)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum / float64(len(a))), nil
}

// Sliced returns the sliced 2-Wasserstein distance, the root of the mean over
// random directions of the squared distance of the projections; and the largest of
// these, over the axes too.
func Sliced(x, y [][]float64, directions int, seed uint64) (mean, largest float64, err error) {
	if len(x) == 0 {
		return 0, 0, ErrShape
	}
	d := len(x[0])
	rng := rand.New(rand.NewPCG(seed, 0x736c69636564))
	for k := range d + directions {
		dir := make([]float64, d)
		if k < d {
			dir[k] = 1
		} else {
			for j := range dir {
				dir[j] = rng.NormFloat64()
			}
		}
		w, err := Projected(x, y, dir)
		if err != nil {
			return 0, 0, err
		}
		if largest = max(largest, w); k >= d {
			mean += w * w / float64(directions)
		}
	}
	return math.Sqrt(mean), largest, nil
}
