package linalg

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
)

// Signs and ranks by Bareiss's elimination, for every kind of matrix and the longest
// integers that one word, two words, and the sums along rows allow, against
// elimination with rational numbers.
func TestMinors(t *testing.T) {
	check := func(what string, m exactmath.Matrix) {
		t.Helper()
		rank, det := gauss(m)
		n, k := m.Dims()
		want := 0
		if n == k {
			want = det.Sign()
		}
		x := must(integral(m))
		w := x.words()
		if w == nil {
			t.Fatalf("%s: too long", what)
		}
		if sign, r := w.minors(x.bits); sign != want || r != rank {
			t.Errorf("%s, %d x %d: sign %d, rank %d, want %d, %d", what, n, k, sign, r, want, rank)
		}
	}
	r := rand.New(rand.NewPCG(7, 9))
	for name, kind := range matrices {
		if name == "rational" { // a common denominator of many words
			continue
		}
		for range 20 {
			n := 1 + r.IntN(7)
			check(name, kind(r, n, n))
			check(name, kind(r, n, 1+r.IntN(9)))
		}
	}
	for _, bits := range []int{1, 20, 31, 53, 57, 58, 59, 63, 64, 65, 100, 120, 121} {
		for _, n := range []int{1, 2, 3, 7, 11} {
			check("long", long(r, n, n, bits))
			a, shift := long(r, n, n, bits-1), uint(r.IntN(70))
			check("even", make_(n, n, func(i, j int) *big.Rat { // beside one odd entry that goes first
				v := a.At(i, j)
				if i+j > 0 && bits+int(shift) < 120 {
					v.Mul(v, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), shift)))
				}
				return v
			}))
			check("deficient", make_(n+1, n+1, func(i, j int) *big.Rat {
				v := a.At(i%n, j%n)
				if i == n && n > 1 {
					v.Sub(v, a.At(1, j%n))
				}
				return v
			}))
		}
	}
}

// Minors as long as Hadamard's bound lets them be, and one bit more in the bound
// than a word has: [[c, c], [-c, c]] again and again, and Sylvester's matrices, of
// entries 2^length - 1.
func TestMinorsAttained(t *testing.T) {
	for length := 1; length <= 70; length++ {
		c := new(big.Int).Lsh(small(1), uint(length))
		c.Sub(c, small(1))
		for k := range 4 {
			for _, flip := range []bool{false, true} {
				m := sylvester(k, c)
				rows := 1 << k
				x := must(integral(flipped(m, flip)))
				w := x.words()
				want := 1
				if (k == 1) != flip { // see TestHadamardAttained
					want = -1
				}
				if sign, rank := w.minors(x.bits); sign != want || rank != rows {
					t.Fatalf("n = %d, entries of %d bits, flip %v: sign %d, rank %d, want %d", rows, length, flip, sign, rank, want)
				}
			}
		}
	}
}

// flipped returns m, with the sign of its first row changed if flip is set.
func flipped(m exactmath.Matrix, flip bool) exactmath.Matrix {
	n, _ := m.Dims()
	return make_(n, n, func(i, j int) *big.Rat {
		if v := m.At(i, j); i > 0 || !flip {
			return v
		} else {
			return v.Neg(v)
		}
	})
}

// Every 3 x 3 matrix of entries -1, 0, 1, 2.
func TestMinorsSmall(t *testing.T) {
	w := &words{rows: 3, cols: 3, lo: make([]uint64, 9)}
	for code := range 1 << 18 {
		var v [9]int64
		for k := range v {
			v[k] = int64(code>>(2*k)&3) - 1
			w.lo[k] = uint64(v[k])
		}
		det := v[0]*(v[4]*v[8]-v[5]*v[7]) - v[1]*(v[3]*v[8]-v[5]*v[6]) + v[2]*(v[3]*v[7]-v[4]*v[6])
		sign, rank := w.minors(2)
		if want := min(1, max(-1, int(det))); sign != want || (rank == 3) != (det != 0) {
			t.Fatalf("%v: sign %d, rank %d, determinant %d", v, sign, rank, det)
		}
	}
}

func TestHalve(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 12))
	modulus := new(big.Int).Lsh(small(1), 192)
	for s := range 190 {
		want := bitsOf(r, 190-s)
		if s%2 == 1 {
			want.Neg(want)
		}
		v := new(big.Int).Lsh(want, uint(s))
		v.Mod(v, modulus)
		words := make([]uint64, 3)
		for k := range words {
			words[k] = new(big.Int).Rsh(v, uint(64*k)).Uint64()
		}
		if z := zeros(words); v.Sign() != 0 && z != int(v.TrailingZeroBits()) || v.Sign() == 0 && z != -1 {
			t.Fatalf("%x ends with %d zeros", words, z)
		}
		halve(words, s)
		got := new(big.Int)
		for k := range words {
			got.Or(got, new(big.Int).Lsh(new(big.Int).SetUint64(words[k]), uint(64*k)))
		}
		if got.Cmp(v.Mod(want, modulus)) != 0 {
			t.Fatalf("halved %d times: %x, want %x", s, got, v)
		}
	}
}
