package orientation

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
	"flowproof/internal/weird"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// eliminate is the sign of the determinant, for a square matrix, and the rank, by
// elimination of rational numbers.
func eliminate(m exactmath.Matrix) (sign, rank int) {
	det, rank := gauss(m)
	return det.Sign(), rank
}

// gauss is the determinant, for a square matrix, and the rank.
func gauss(m exactmath.Matrix) (det *big.Rat, rank int) {
	n, c := m.Dims()
	a := make([][]*big.Rat, n)
	for i := range a {
		for j := range c {
			a[i] = append(a[i], m.At(i, j))
		}
	}
	det = big.NewRat(1, 1)
	for j := range c {
		r := rank
		for r < n && a[r][j].Sign() == 0 {
			r++
		}
		if r == n {
			det.SetInt64(0)
			continue
		}
		if r != rank {
			a[r], a[rank] = a[rank], a[r]
			det.Neg(det)
		}
		det.Mul(det, a[rank][j])
		for i := rank + 1; i < n; i++ {
			if a[i][j].Sign() == 0 {
				continue
			}
			f := new(big.Rat).Quo(a[i][j], a[rank][j])
			for k := j; k < c; k++ {
				a[i][k].Sub(a[i][k], new(big.Rat).Mul(f, a[rank][k]))
			}
		}
		rank++
	}
	return det, rank
}

func check(t *testing.T, name string, m exactmath.Matrix) Orientation {
	t.Helper()
	sign, rank := eliminate(m)
	got, err := Of(m, Options{})
	if err != nil || got.Sign != sign || got.Rank != rank {
		t.Errorf("%s: %+v, %v; sign %d, rank %d by elimination", name, got, err, sign, rank)
	}
	return got
}

func floats(n int, v ...float64) exactmath.Matrix { return must(exactmath.FromFloat64(n, n, v)) }

func rationals(n int, f func(i, j int) *big.Rat) exactmath.Matrix {
	v := make([]*big.Rat, n*n)
	for k := range v {
		v[k] = f(k/n, k%n)
	}
	return must(dense.NewRational(n, n, v))
}

// Matrices whose sign a guess in floating point gets wrong.
func TestKnown(t *testing.T) {
	pascal := func(n int) exactmath.Matrix {
		return rationals(n, func(i, j int) *big.Rat {
			return new(big.Rat).SetInt(new(big.Int).Binomial(int64(i+j), int64(i)))
		})
	}
	hilbert := func(n int) exactmath.Matrix {
		return rationals(n, func(i, j int) *big.Rat { return big.NewRat(1, int64(i+j+1)) })
	}
	magic := func(n int) exactmath.Matrix { // n a multiple of 4
		return rationals(n, func(i, j int) *big.Rat {
			v := int64(i*n + j + 1)
			if i%4 == j%4 || (i%4)+(j%4) == 3 {
				v = int64(n*n+1) - v
			}
			return big.NewRat(v, 1)
		})
	}
	for _, c := range []struct {
		name       string
		m          exactmath.Matrix
		sign, rank int
	}{
		{"Fibonacci 40", floats(2, 165580141, 102334155, 102334155, 63245986), 1, 2},
		{"Fibonacci 41", floats(2, 267914296, 165580141, 165580141, 102334155), -1, 2},
		{"Fibonacci 43", floats(2, 433494437, 701408733, 267914296, 433494437), 1, 2},
		{"magic 4", magic(4), 0, 3},
		{"magic 8", magic(8), 0, 3},
		{"Pascal 20", pascal(20), 1, 20},
		{"Pascal 30", pascal(30), 1, 30},
		{"Hilbert 12", hilbert(12), 1, 12},
		{"Hilbert 20", hilbert(20), 1, 20},
		{"zero", floats(3, make([]float64, 9)...), 0, 0},
		{"one", floats(1, -5e-324), -1, 1},
		{"largest", floats(2, math.MaxFloat64, 5e-324, -5e-324, math.MaxFloat64), 1, 2},
		{"smallest", floats(2, 5e-324, math.MaxFloat64, math.MaxFloat64, 5e-324), -1, 2},
		{"equal rows", floats(2, 1e300, 1e-300, 1e300, 1e-300), 0, 1},
		{"equal rows, all but an ulp", floats(2, 1e300, 1e-300, 1e300, math.Nextafter(1e-300, 0)), -1, 2},
	} {
		got := check(t, c.name, c.m)
		if got.Sign != c.sign || got.Rank != c.rank {
			t.Errorf("%s: %+v, want sign %d, rank %d", c.name, got, c.sign, c.rank)
		}
	}
}

// Random matrices of many kinds, in every storage.
func TestAgainstElimination(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	for round := range 160 {
		n := 1 + rng.IntN(9)
		v := make([]float64, n*n)
		switch round % 6 {
		case 0:
			v = weird.Floats(n*n, rng)
		case 1: // small integers, often singular
			for k := range v {
				v[k] = float64(rng.IntN(5) - 2)
			}
		case 2: // the whole range of exponents
			for k := range v {
				v[k] = math.Ldexp(rng.NormFloat64(), rng.IntN(2000)-1000)
			}
		case 3: // few entries
			for k := range v {
				if rng.IntN(3) == 0 {
					v[k] = rng.NormFloat64()
				}
			}
		case 4: // a row is nearly a sum of others
			for k := range v {
				v[k] = float64(rng.Int64N(1 << 40))
			}
			for j := range n {
				if n > 2 {
					v[j] = v[n+j] + v[2*n+j]
				}
			}
			if round%2 == 0 {
				v[rng.IntN(n)]++
			}
		}
		if round%6 == 5 { // singular, over the whole range of exponents
			for k := range v {
				v[k] = math.Ldexp(rng.NormFloat64(), rng.IntN(1900)-900)
			}
			r := rng.IntN(n)
			for j := range n {
				v[j] = v[r*n+j] * 0x1p30
			}
		}
		f := floats(n, v...)
		check(t, "floats", f)
		var es []sparse.Entry
		for k, x := range v {
			es = append(es, sparse.Entry{Row: k / n, Col: k % n, Value: x})
		}
		check(t, "sparse", must(sparse.New(n, n, es)))
		check(t, "thirds", dense.ToRational(f).Scale(big.NewRat(1, 3)))
	}
}

// Matrices on both sides of a singular one, a few ulps away from it: the filter
// stops where the sign is no longer sure, and then it is not the filter's.
func TestThreshold(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	proofs := map[string]int{}
	for range 12 {
		n := 2 + rng.IntN(7)
		v := normals(n*n, rng)
		det := func(last float64) *big.Rat { // up to a common factor
			v[n*n-1] = last
			d, _ := gauss(floats(n, v...))
			return d
		}
		at0 := det(0)
		slope := new(big.Rat).Sub(det(1), at0)
		root, _ := new(big.Rat).Quo(at0.Neg(at0), slope).Float64()
		for _, step := range []int{1, 7, 80, 900} {
			low, high := root, root
			for range 6 {
				for _, x := range []float64{low, high} {
					v[n*n-1] = x
					proofs[check(t, "threshold", floats(n, v...)).How]++
				}
				for range step {
					low, high = math.Nextafter(low, math.Inf(-1)), math.Nextafter(high, math.Inf(1))
				}
			}
		}
	}
	if proofs[byFilter] < 50 || proofs[byResidues] < 50 {
		t.Errorf("proofs: %v, want many of either kind", proofs)
	}
}

func TestProgress(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 1))
	for _, k := range kinds {
		last, calls := 0.0, 0
		if _, err := Of(k.make(60, rng), Options{Progress: func(done float64) {
			if calls++; done < last || done > 1 {
				t.Errorf("%s: %v after %v", k.name, done, last)
			}
			last = done
		}}); err != nil || last != 1 {
			t.Errorf("%s: %v done, %v", k.name, last, err)
		}
	}
}

func FuzzOf(f *testing.F) {
	seed := func(v ...float64) {
		var b []byte
		for _, x := range v {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
		}
		f.Add(b)
	}
	seed(165580141, 102334155, 102334155, 63245986)
	seed(1, 1, 1, 1+0x1p-52)
	seed(1e300, 1e-300, 1e300, 1e-300)
	seed(16, 3, 2, 13, 5, 10, 11, 8, 9, 6, 7, 12, 4, 15, 14, 1)
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 1
		for n < 4 && (n+1)*(n+1)*8 <= len(b) {
			n++
		}
		v := make([]float64, n*n)
		for k := range v {
			if len(b) >= 8 {
				v[k] = math.Float64frombits(binary.LittleEndian.Uint64(b))
				b = b[8:]
			}
		}
		m, err := exactmath.FromFloat64(n, n, v)
		if err != nil {
			return
		}
		check(t, "fuzz", m)
		check(t, "transposed", must(exactmath.FromFloat64(n, n, transposed(n, v))))
	})
}

func transposed(n int, v []float64) []float64 {
	z := make([]float64, n*n)
	for k, x := range v {
		z[k%n*n+k/n] = x
	}
	return z
}

func TestSparse(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	n := 200_000
	perm := rng.Perm(n)
	var es []sparse.Entry
	sign := 1
	for j, i := range perm {
		v := 1.0
		if rng.IntN(2) == 0 {
			v, sign = -1, -sign
		}
		es = append(es, sparse.Entry{Row: i, Col: j, Value: v})
	}
	if odd(perm) {
		sign = -sign
	}
	got := must(Of(must(sparse.New(n, n, es)), Options{}))
	if got.Sign != sign || got.Rank != n {
		t.Errorf("signed permutation: %+v, want sign %d", got, sign)
	}
	got = must(Of(must(sparse.New(n, n, es[1:])), Options{}))
	if got.Sign != 0 || got.Rank != n-1 {
		t.Errorf("one entry less: %+v", got)
	}
	// Many blocks of two or three rows, the rows and columns shuffled.
	es, rank := nil, 0
	rows, cols := rng.Perm(3000), rng.Perm(3000)
	sign = 1
	if odd(rows) != odd(cols) {
		sign = -1
	}
	for at := 0; at < 3000; at += 3 {
		m := make([]float64, 9)
		for k := range m {
			m[k] = float64(rng.IntN(9) - 4)
		}
		s, r := eliminate(floats(3, m...))
		sign, rank = sign*s, rank+r
		for k, v := range m {
			es = append(es, sparse.Entry{Row: rows[at+k/3], Col: cols[at+k%3], Value: v})
		}
	}
	if got = must(Of(must(sparse.New(3000, 3000, es)), Options{})); got.Sign != sign || got.Rank != rank {
		t.Errorf("blocks: %+v, want sign %d, rank %d", got, sign, rank)
	}
}

func TestErrors(t *testing.T) {
	var shape *exactmath.ShapeError
	for _, m := range []exactmath.Matrix{must(exactmath.FromFloat64(1, 2, []float64{1, 2})), floats(0)} {
		if _, err := Of(m, Options{}); !errors.As(err, &shape) {
			t.Errorf("%v, want a *ShapeError", err)
		}
	}
}

// odd reports whether the permutation is: its points less its cycles are.
func odd(perm []int) bool {
	seen, cycles := make([]bool, len(perm)), 0
	for i := range perm {
		if !seen[i] {
			cycles++
		}
		for ; !seen[i]; i = perm[i] {
			seen[i] = true
		}
	}
	return (len(perm)-cycles)%2 == 1
}
