package sample

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"flowproof/constructions/internal/blocks"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/internal/flowtest"
)

// Integers returns the n x n matrix with the given entries.
func Integers(n int, at func(i, j int) int64) *dense.Rational {
	data := make([]*big.Rat, n*n)
	for k := range data {
		data[k] = big.NewRat(at(k/n, k%n), 1)
	}
	m, _ := dense.NewRational(n, n, data)
	return m
}

// List returns the square matrix with the given rows of integers, "1 2; 3 4".
func List(rows string) *dense.Rational {
	lines := strings.Split(rows, ";")
	return Integers(len(lines), func(i, j int) int64 {
		var v int64
		fmt.Sscan(strings.Fields(lines[i])[j], &v)
		return v
	})
}

// BlocksOf returns diag(x, y, ..).
func BlocksOf(blocks ...*dense.Rational) *dense.Rational {
	n := 0
	for _, b := range blocks {
		r, _ := b.Dims()
		n += r
	}
	data := make([]*big.Rat, n*n)
	for k := range data {
		data[k] = new(big.Rat)
	}
	at := 0
	for _, b := range blocks {
		r, _ := b.Dims()
		b.Each(func(i, j int, v *big.Rat) { data[(at+i)*n+at+j].Set(v) })
		at += r
	}
	m, _ := dense.NewRational(n, n, data)
	return m
}

// Determinant is Leibniz' formula by expansion along the first row.
func Determinant(m exactmath.Matrix, rows, cols []int) *big.Rat {
	if len(rows) == 0 {
		return big.NewRat(1, 1)
	}
	sum := new(big.Rat)
	for k, c := range cols {
		v := m.At(rows[0], c)
		if v.Sign() == 0 {
			continue
		}
		rest := append(append([]int(nil), cols[:k]...), cols[k+1:]...)
		v.Mul(v, Determinant(m, rows[1:], rest))
		if k%2 == 1 {
			v.Neg(v)
		}
		sum.Add(sum, v)
	}
	return sum
}

// RandomInts draws an n x n matrix of integers between -bound and bound.
func RandomInts(rng *rand.Rand, n int, bound int64) *dense.Rational {
	return Integers(n, func(_, _ int) int64 { return rng.Int64N(2*bound+1) - bound })
}

// Positive draws until the determinant is positive.
func Positive(tb testing.TB, draw func() *dense.Rational) *dense.Rational {
	tb.Helper()
	for range 1000 {
		m := draw()
		n, _ := m.Dims()
		part, _ := coupling.Half(n)
		if _, err := blocks.New(m, part); err == nil {
			return m
		}
	}
	tb.Fatal("no matrix of positive determinant in 1000 draws")
	return nil
}

// Unimodular returns a product of random elementary matrices.
func Unimodular(rng *rand.Rand, n int) *dense.Rational {
	m := dense.IdentityRational(n)
	for range 3 * n {
		i, j := rng.IntN(n), rng.IntN(n-1)
		if j >= i {
			j++
		}
		v := int64(rng.IntN(5) - 2)
		m, _ = m.Mul(Integers(n, func(r, c int) int64 {
			if r == i && c == j {
				return v
			}
			return int64(Delta(r, c))
		}))
	}
	return m
}

// VisitPermutations calls visit with every order of perm[k:].
func VisitPermutations(perm []int, k int, visit func([]int)) {
	if k == len(perm) {
		visit(perm)
		return
	}
	for i := k; i < len(perm); i++ {
		perm[k], perm[i] = perm[i], perm[k]
		VisitPermutations(perm, k+1, visit)
		perm[k], perm[i] = perm[i], perm[k]
	}
}

// Degenerate are the maps on which a careless commutator breaks.
func Degenerate() map[string]*dense.Rational {
	j := List("0 -1; 1 0")
	id := dense.IdentityRational
	scale := func(v int64, n int) *dense.Rational {
		return id(n).Scale(big.NewRat(v, 1))
	}
	out := map[string]*dense.Rational{
		"identity 2": id(2), "identity 7": id(7), "-identity 2": scale(-1, 2), "-identity 8": scale(-1, 8),
		"3 identity 5":       scale(3, 5),
		"diag(1,-1,-1)":      List("1 0 0; 0 -1 0; 0 0 -1"),
		"diag(J,I3)":         BlocksOf(j, id(3)),
		"diag(J,I6)":         BlocksOf(j, id(6)),
		"diag(I3,3-cycle)":   BlocksOf(id(3), List("0 0 1; 1 0 0; 0 1 0")),
		"diag(-I2,I2)":       BlocksOf(scale(-1, 2), id(2)),
		"diag(-I2,I3)":       BlocksOf(scale(-1, 2), id(3)),
		"diag(I2,-I2,1)":     BlocksOf(id(2), scale(-1, 2), id(1)),
		"diag(2,1,1/2..)":    BlocksOf(scale(2, 1), id(1), scale(-1, 2), scale(5, 1)),
		"c = I, G = I":       List("0 0 -1 0; 0 0 0 -1; 1 0 5 1; 0 1 2 7"),
		"c = I, G = -I":      List("0 0 1 0; 0 0 0 1; 1 0 5 1; 0 1 2 7"),
		"c = I, G unipotent": List("0 0 -1 1; 0 0 0 -1; 1 0 1 2; 0 1 3 4"),
		"c = I, G diagonal":  List("0 0 -2 0 0 0; 0 0 0 -2 0 0; 0 0 0 0 4 0; 1 0 0 1 1 1; 0 1 0 0 1 1; 0 0 -1 2 0 1"),
		"rank one c":         List("1 2 0 1; 0 1 1 0; 1 1 1 0; 1 1 0 1"),
		"c = 0":              List("2 1 3 4; 1 1 5 6; 0 0 3 1; 0 0 2 1"),
		"b = 0":              List("2 1 0 0; 1 1 0 0; 7 8 3 1; 9 1 2 1"),
		"c = b = 0":          List("2 1 0 0; 1 1 0 0; 0 0 3 1; 0 0 2 1"),
		"swap":               List("0 0 1 0; 0 0 0 1; 1 0 0 0; 0 1 0 0"),
		"swap of 5":          List("0 0 0 1 0; 0 0 0 0 1; 1 0 0 0 0; 0 1 0 0 0; 0 0 1 0 0"),
		"companion":          List("0 0 0 0 1; 1 0 0 0 2; 0 1 0 0 0; 0 0 1 0 3; 0 0 0 1 1"),
		"unipotent":          List("1 1 0 0 0; 0 1 1 0 0; 0 0 1 1 0; 0 0 0 1 1; 0 0 0 0 1"),
		"transvection":       List("1 0 0 0 0; 0 1 0 0 0; 0 0 1 0 0; 0 0 0 1 0; 0 0 0 1 1"),
		"two Jordan blocks":  BlocksOf(List("-1 1; 0 -1"), List("-1 1; 0 -1")),
	}
	return out
}

// RandomExactFlow has k layers of small integer weights, many of them singular;
// scaled makes the scales small rationals.
func RandomExactFlow(t *testing.T, rng *rand.Rand, part coupling.Partition, k int, scaled bool) *coupling.Flow {
	t.Helper()
	weight := func(size int) []*big.Rat {
		data := make([]*big.Rat, size)
		zeros := rng.IntN(3)
		for i := range data {
			data[i] = big.NewRat(rng.Int64N(7)-3, 1)
			if rng.IntN(3) < zeros {
				data[i].SetInt64(0)
			}
		}
		return data
	}
	var scale func() *big.Rat
	if scaled {
		scale = func() *big.Rat { return big.NewRat(rng.Int64N(3)+1, rng.Int64N(2)+1) }
	}
	return flowtest.Alternating(t, part, k, rng, weight, scale)
}
