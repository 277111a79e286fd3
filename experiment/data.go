// Package experiment trains flows and measures them: what padding does to their
// conditioning, and how many layers gradient descent needs for a linear map.
// Nothing in it is a proof; what theory says of a number stands beside it.
package experiment

import (
	"fmt"
	"math"
	"math/rand/v2"

	"flowproof/empirical"
	"flowproof/images"
	"flowproof/targets"
)

// Data is a law to learn.
type Data struct {
	Name string
	Dim  int
	// Bits is added to bits a dimension of what Draw returns, so that densities are
	// by the data's own unit: 0, or for images one of 256 grey levels.
	Bits float64
	// Entropy is that of the law in bits a dimension, NaN if it is not known.
	Entropy float64
	// Level is what counts as learned: bits a dimension.
	Level float64
	// Draw puts one point into to: of the training part, or of the part held out.
	Draw func(rng *rand.Rand, to []float64, held bool)
}

// Density returns a named density of package targets. Its entropy is exact up to
// rounding; its level is 0.1 bits a dimension above.
func Density(name string) (*Data, error) {
	h, err := targets.Density(name, 0)
	if err != nil {
		return nil, err
	}
	n := h.Dim()
	total, volume := 0.0, 1.0
	for _, w := range h.Weights {
		total += float64(w)
	}
	for j := range n {
		volume *= (h.Hi[j] - h.Lo[j]) / float64(h.Cells[j])
	}
	entropy := 0.0
	for _, w := range h.Weights {
		if w > 0 {
			p := float64(w) / total
			entropy -= p * math.Log2(p/volume)
		}
	}
	entropy /= float64(n)
	sampler := empirical.NewSampler(h)
	draw := func(rng *rand.Rand, to []float64, _ bool) {
		for j := range to {
			to[j] = rng.Float64()
		}
		copy(to, sampler.At(to))
	}
	return &Data{Name: name, Dim: n, Entropy: entropy, Level: entropy + 0.1, Draw: draw}, nil
}

// Images returns the law of images in blocks of k x k pixels: a grey level plus
// uniform noise of one level, mapped from [0, 256) to [-2, 2). Its level is what
// independent normal pixels with the means and deviations of the training images
// have on those held out.
func Images(name string, train, held *images.Set, k int) (*Data, error) {
	parts := make([][][]float64, 2)
	for i, set := range []*images.Set{train, held} {
		points, err := set.Mean(k)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		parts[i] = points
	}
	n := len(parts[0][0])
	if len(parts[1][0]) != n {
		return nil, fmt.Errorf("%s: training images have %d pixels, those held out %d", name, n, len(parts[1][0]))
	}
	d := &Data{Name: name, Dim: n, Bits: 6, Entropy: math.NaN()} // 4/256 to a level: 2^-6
	d.Draw = func(rng *rand.Rand, to []float64, heldOut bool) {
		points := parts[0]
		if heldOut {
			points = parts[1]
		}
		for j, v := range points[rng.IntN(len(points))] {
			to[j] = (v+rng.Float64())/64 - 2
		}
	}
	d.Level = d.Bits + normalPixels(parts[0], parts[1])
	return d, nil
}

// normalPixels returns the bits a dimension of held points under independent
// normal laws fitted to the training points, both after the map of Images.
func normalPixels(train, held [][]float64) float64 {
	bits := 0.0
	for j := range train[0] {
		mean, square := 0.0, 0.0
		for _, x := range train {
			mean += x[j] / float64(len(train))
		}
		for _, x := range train {
			square += (x[j] - mean) * (x[j] - mean) / float64(len(train))
		}
		variance := square + 1.0/12 // of the noise
		for _, x := range held {
			e := (x[j]-mean)*(x[j]-mean) + 1.0/12
			bits += (math.Log2(2*math.Pi*variance)/2 + e/variance/2*math.Log2E - 6) / float64(len(held)*len(train[0]))
		}
	}
	return bits
}

// SampleImages is Images of the Fashion-MNIST images that come with the program,
// in blocks of 2 x 2: the first 500 to train, the last 100 held out.
func SampleImages() (*Data, error) {
	set, err := images.Sample()
	if err != nil {
		return nil, err
	}
	train, held := *set, *set
	train.Pixels, held.Pixels = set.Pixels[:500], set.Pixels[500:]
	return Images("fashion-600", &train, &held, 2)
}
