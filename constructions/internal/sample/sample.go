// Package sample has the inputs of the constructions' tests, weird ones among them,
// and the checks that they share.
package sample

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/verify"
)

// Must1 returns x, and panics if there is an error.
func Must1[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// RandomVector draws n normal numbers.
func RandomVector(n int, rng *rand.Rand) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// FlippedRow returns a copy with the sign of the first row changed.
func FlippedRow(m *mat.Dense) *mat.Dense {
	z := mat.DenseCopyOf(m)
	_, n := z.Dims()
	for j := range n {
		z.Set(0, j, -z.At(0, j))
	}
	return z
}

// FlowBytes writes down every number of a flow.
func FlowBytes(f *coupling.Flow) []byte {
	var b bytes.Buffer
	for _, l := range f.Layers() {
		binary.Write(&b, binary.LittleEndian, int64(l.Kind()))
		rows, _ := l.Weight().Dims()
		for i := range rows {
			b.WriteString(l.Scale().At(i).String())
		}
		l.Weight().Each(func(i, j int, v *big.Rat) { fmt.Fprint(&b, i, j, v) })
	}
	return b.Bytes()
}

// RandomPartition has p coordinates, in any places, in its first part.
func RandomPartition(rng *rand.Rand, n, p int) coupling.Partition {
	part, _ := coupling.NewPartition(n, rng.Perm(n)[:p])
	return part
}

// CheckExact fails unless the flow is exactly the target, in at most depth
// layers, dyadic weights stored as such.
func CheckExact(tb testing.TB, f *coupling.Flow, err error, target exactmath.Matrix, depth int) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("%v: %v", dense.ToRational(target).Float64s(), err)
	}
	r, err := verify.Check(f, target)
	if err != nil {
		tb.Fatal(err)
	}
	if r.Verdict != verify.Exact || r.Depth > depth {
		tb.Fatalf("%v on %v: %s, depth %d, want exact and at most %d", dense.ToRational(target).Float64s(), f.Partition(), r.Verdict, r.Depth, depth)
	}
	for _, l := range f.Layers() {
		if _, rational := l.Weight().(*dense.Rational); rational {
			if _, dyadic := dense.ToDyadic(l.Weight()); dyadic {
				tb.Fatal("a dyadic weight is stored as rationals")
			}
		}
	}
}
