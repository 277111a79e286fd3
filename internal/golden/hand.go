package main

import (
	"math/big"
	"strings"

	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

// byHand returns small flows that show what the format holds.
func byHand() ([]item, error) {
	const none = "none: an example of the format"
	var out []item
	for _, h := range []struct {
		name, theorem string
		n             int
		partition     string
		layers        []string
	}{
		{"quarter-turn", "a quarter turn is three shears", 2, "half", []string{"U -1", "L 1", "U -1"}},
		{"identity", "no layers multiply to the identity", 3, "half", nil},
		{"scaled", none, 3, "half", []string{"L 1/3 0x0.1p-40 * 3/2 1", "U 5 -0x1.999999999999ap-4 * 7/9"}},
		{"hyperbolic", "a diagonal of determinant 1 is four shears", 2, "half", []string{"U 2", "L 1", "U -1", "L -2"}},
		{"shear-list", none, 5, "1,2,4", []string{"U 1 2 3 4 5 6", "L 1/2 0 1/2 0 1/2 0"}},
		{"uneven", none, 4, "3", []string{"L 1 2 3", "U 1 1 1", "L 3 2 1"}},
		{"tiny-and-huge", none, 2, "half", []string{"U 0x1p-1074", "L 0x1.fffffffffffffp1023", "U 0x1p-3000", "L 1/3"}},
	} {
		part, err := coupling.ParsePartition(h.n, h.partition)
		if err != nil {
			return nil, err
		}
		var layers []coupling.Layer
		for _, text := range h.layers {
			l, err := parseLayer(part, text)
			if err != nil {
				return nil, err
			}
			layers = append(layers, l)
		}
		f, err := coupling.NewFlow(part, layers...)
		if err != nil {
			return nil, err
		}
		i, err := example(h.name, h.theorem, f, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	for _, example := range []func() (item, error){sparseSwap, logScales} {
		i, err := example()
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, nil
}

// parseLayer reads a kind, the weight row by row, and after * the scales.
func parseLayer(part coupling.Partition, text string) (coupling.Layer, error) {
	kind, text, _ := strings.Cut(text, " ")
	weights, scales, scaled := strings.Cut(text, " * ")
	k := coupling.Lower
	if kind == "U" {
		k = coupling.Upper
	}
	rows, cols := part.WeightDims(k)
	w, err := dense.NewRational(rows, cols, rationals(weights))
	if err != nil {
		return coupling.Layer{}, err
	}
	var s coupling.Scale
	if scaled {
		if s, err = coupling.ExactScale(rationals(scales)); err != nil {
			return coupling.Layer{}, err
		}
	}
	return coupling.NewLayer(part, k, w, s)
}

func rationals(text string) (out []*big.Rat) {
	for _, f := range strings.Fields(text) {
		v, _ := new(big.Rat).SetString(f)
		out = append(out, v)
	}
	return out
}

// sparseSwap returns the swap of the halves of 16 coordinates with one sign, in
// three sparse layers.
func sparseSwap() (item, error) {
	const n = 16
	part, err := coupling.Half(n)
	if err != nil {
		return item{}, err
	}
	var layers []coupling.Layer
	for k, sign := range []float64{-1, 1, -1} {
		var es []sparse.Entry
		for j := range n / 2 {
			es = append(es, sparse.Entry{Row: j, Col: j, Value: sign})
		}
		w, err := sparse.New(n/2, n/2, es)
		if err != nil {
			return item{}, err
		}
		l, err := coupling.NewLayer(part, coupling.Kind(1-k%2), w, coupling.Scale{})
		if err != nil {
			return item{}, err
		}
		layers = append(layers, l)
	}
	f, err := coupling.NewFlow(part, layers...)
	if err != nil {
		return item{}, err
	}
	return example("sparse-swap", "[[0, -I], [I, 0]] is three shears", f, nil)
}

// logScales returns two layers with scales e^s, as RealNVP has them, and their
// product rounded to float64.
func logScales() (item, error) {
	part, err := coupling.Half(3)
	if err != nil {
		return item{}, err
	}
	var layers []coupling.Layer
	for k, text := range []string{"1/2 -1/4", "3/4 1"} {
		rows, s := 2-k, []string{"1/2 -0x1.3p-4", "-7/3"}[k]
		w, err := dense.NewRational(rows, 3-rows, rationals(text))
		if err != nil {
			return item{}, err
		}
		l, err := coupling.NewLayer(part, coupling.Kind(k), w, coupling.ExpScale(rationals(s)))
		if err != nil {
			return item{}, err
		}
		layers = append(layers, l)
	}
	f, err := coupling.NewFlow(part, layers...)
	if err != nil {
		return item{}, err
	}
	runner := run.Compile[float64](f)
	product := make([]float64, 9)
	for j := range 3 {
		x := make([]float64, 3)
		x[j] = 1
		if x, err = runner.Forward(x); err != nil {
			return item{}, err
		}
		for k := range x {
			product[3*k+j] = x[k]
		}
	}
	target, err := exactmath.FromFloat64(3, 3, product)
	if err != nil {
		return item{}, err
	}
	return example("log-scales", "none: an example of the format", f, target)
}
