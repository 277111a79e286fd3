// Package flowtest makes flows for tests, and their matrices from the definition.
package flowtest

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// Must returns x, and ends the test if there is an error: Must[T](t)(f()).
func Must[T any](t testing.TB) func(x T, err error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

// Partition returns a random partition of 0..n-1.
func Partition(t testing.TB, n int, rng *rand.Rand) coupling.Partition {
	return Must[coupling.Partition](t)(coupling.NewPartition(n, rng.Perm(n)[:1+rng.IntN(n-1)]))
}

// Random returns a flow of the given number of layers, with entries that are
// small multiples of 1/4, some layers with scales.
func Random(t testing.TB, part coupling.Partition, depth int, rng *rand.Rand) *coupling.Flow {
	var layers []coupling.Layer
	for range depth {
		kind := coupling.Kind(rng.IntN(2))
		rows, cols := part.WeightDims(kind)
		data := make([]float64, rows*cols)
		for k := range data {
			data[k] = float64(rng.IntN(9)-4) / 4
		}
		var scale coupling.Scale
		if rng.IntN(2) == 0 {
			d := make([]*big.Rat, rows)
			for k := range d {
				d[k] = big.NewRat(int64(1+rng.IntN(8)), 4)
			}
			scale = Must[coupling.Scale](t)(coupling.ExactScale(d))
		}
		weight := Must[*exactmath.Floats](t)(exactmath.FromFloat64(rows, cols, data))
		layers = append(layers, Must[coupling.Layer](t)(coupling.NewLayer(part, kind, weight, scale)))
	}
	return Must[*coupling.Flow](t)(coupling.NewFlow(part, layers...))
}

// Alternating returns a flow of that many layers of alternating kinds, the leftmost
// of a random one, with rational entries that weight and scale make: those of a
// weight by layer, and one scale at a time; nil for no scales.
func Alternating(t testing.TB, part coupling.Partition, depth int, rng *rand.Rand, weight func(size int) []*big.Rat, scale func() *big.Rat) *coupling.Flow {
	kind := coupling.Kind(rng.IntN(2))
	var layers []coupling.Layer
	for range depth {
		rows, cols := part.WeightDims(kind)
		w := Must[*dense.Rational](t)(dense.NewRational(rows, cols, weight(rows*cols)))
		var s coupling.Scale
		if scale != nil {
			d := make([]*big.Rat, rows)
			for i := range d {
				d[i] = scale()
			}
			s = Must[coupling.Scale](t)(coupling.ExactScale(d))
		}
		layers = append(layers, Must[coupling.Layer](t)(coupling.NewLayer(part, kind, w, s)))
		kind = kind.Other()
	}
	return Must[*coupling.Flow](t)(coupling.NewFlow(part, layers...))
}

// Matrix composes a flow of rational scales from full n x n matrices written
// down from the definition.
func Matrix(t testing.TB, f *coupling.Flow) *dense.Rational {
	must := Must[*dense.Rational](t)
	n, order, p := f.Partition().Dim(), f.Partition().Order(), f.Partition().P()
	product := dense.IdentityRational(n)
	for _, l := range f.Layers() {
		e := make([]*big.Rat, n*n)
		for k := range e {
			e[k] = new(big.Rat)
		}
		at := func(i, j int) *big.Rat { return e[order[i]*n+order[j]] }
		for i := range n {
			at(i, i).SetInt64(1)
		}
		rows, cols := l.Weight().Dims()
		dst, src := p, 0
		if l.Kind() == coupling.Upper {
			dst, src = 0, p
		}
		for i := range rows {
			at(dst+i, dst+i).Set(l.Scale().At(i))
			for j := range cols {
				at(dst+i, src+j).Set(l.Weight().At(i, j))
			}
		}
		product = must(product.Mul(must(dense.NewRational(n, n, e))))
	}
	return product
}
