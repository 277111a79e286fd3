package residue

import (
	"math/big"
	"math/bits"
	"slices"
)

// MaxPrimes keeps the digits of a Table below 200 MB, and its sums exact.
const MaxPrimes = 4096

// Table is the Chinese remainder theorem for the primes p_i, of product m, and
// an integer v given by the residues c_i = v inverse[i] modulo p_i, inverse[i]
// being the inverse of m/p_i: v = sum c_i m/p_i - k m, where k is the integer
// nearest to sum c_i/p_i if |v| <= m/4, that sum being off by less than 2^-20.
//
// Row j < len(m) of digits, of len(primes) columns, holds the digits of 2^(16 j)
// in the numbers m/p_i; row len(m) the numbers 1/p_i; zero rows follow, up to
// a multiple of 6. Sums of products of residues, at most 2^23, and digits are
// at most 2^(23+16) MaxPrimes = 2^51.
type Table struct {
	inverse []uint64
	primes  []Prime
	digits  []float64
	m       []int64 // digits of m
}

const perWord = bits.UintSize / 16

// NewTable returns the table for at most MaxPrimes primes of product m.
func NewTable(primes []Prime, m *big.Int) *Table {
	digit := func(x *big.Int, j int) uint64 {
		return uint64(x.Bits()[j/perWord]>>(j%perWord*16)) & 0xffff
	}
	k, words := len(primes), len(m.Bits())
	t := &Table{make([]uint64, k), primes, make([]float64, 6*Ceil(words*perWord+1, 6)*k), make([]int64, words*perWord)}
	var q, r big.Int
	for i, p := range primes {
		q.QuoRem(m, r.SetUint64(p.U), &r)
		t.inverse[i] = p.Pow(p.Mod(&q), -1)
		for j := range len(q.Bits()) * perWord {
			t.digits[j*k+i] = float64(digit(&q, j))
		}
		t.digits[len(t.m)*k+i] = p.Inv
	}
	for j := range t.m {
		t.m[j] = int64(digit(m, j))
	}
	return t
}

// Chunk is how many groups Ints takes at most.
const Chunk = 16

// Scratch returns the size of the scratch memory that Ints needs.
func (t *Table) Scratch(kern Kernel) int {
	return len(t.digits)/len(t.inverse)*(Chunk*kern.Lanes+8) + t.batch(kern)*len(t.inverse)*kern.Lanes
}

// batch is how many groups are multiplied at once: half a megabyte.
func (t *Table) batch(kern Kernel) int {
	return min(Chunk, max(1, 1<<16/(len(t.inverse)*kern.Lanes)))
}

// Units returns what Ints multiplies residues by, for numbers c(p) times those
// wanted: of every six primes the diagonal matrix, the last six taken together.
func (t *Table) Units(c func(p Prime) uint64) []float64 {
	out := make([]float64, 36*Ceil(len(t.primes), 6))
	for k := range out {
		if i := min(k/36*6, len(t.primes)-6) + k%6; k%36%7 == 0 {
			p := t.primes[i]
			out[k] = p.Balanced(p.Mul(t.inverse[i], c(p)))
		}
	}
	return out
}

// Ints sets *place(s) to the integer with the residues planes[i*stride + s], i =
// 0, 1, ..., times units, for s below groups * lanes, groups at most Chunk; unless
// place(s) is nil, or the integer is 0.
func (t *Table) Ints(kern Kernel, planes []float64, stride, groups int, units, scratch []float64, place func(s int) *big.Int) {
	k, g, words, none := len(t.primes), kern.Lanes, len(t.m)/perWord, [12]float64{}
	ld := Chunk*g + 8 // off the powers of two
	sums, packed := scratch, scratch[len(t.digits)/k*ld:]
	for from, step := 0, t.batch(kern); from < groups; from += step {
		// So many planes apart, residues would not stay in the cache.
		size, zero := min(step, groups-from), true
		for lo := 0; lo < k; lo += 6 {
			at := min(lo, k-6)
			mod, in := Moduli(t.primes[at:at+6]...), planes[at*stride+from*g:]
			for i := 0; i < 6 && zero; i++ {
				zero = !slices.ContainsFunc(in[i*stride:][:size*g], func(v float64) bool { return v != 0 })
			}
			kern.Strip(packed[at*size*g:], size*g, units[6*lo:], 6, in, stride, g, 6, size, &mod, false)
		}
		if zero {
			continue
		}
		for s := 0; s*6*k < len(t.digits); s++ {
			kern.Strip(sums[6*s*ld:], ld, t.digits[6*s*k:], k, packed, size*g, g, k, size, &none, false)
		}
		slab := make([]big.Word, size*g*words)
		for s := range size * g {
			if z := place(from*g + s); z != nil {
				w := slab[s*words:][:words:words]
				negative := t.carry(w, sums[s:], ld)
				if z.SetBits(w); negative {
					z.Neg(z)
				}
			}
		}
	}
}

// carry sets w to |v| and reports whether v < 0, given the products of the rows
// of the table with the residues, stride apart.
func (t *Table) carry(w []big.Word, sums []float64, stride int) (negative bool) {
	k := int64(sums[len(t.m)*stride] + magic - magic)
	var c int64
	m, at := t.m, 0
	for i := range w {
		var word big.Word
		for _, d := range m[:perWord] {
			c += int64(sums[at]) - k*d
			word = word>>16 | big.Word(c)<<(bits.UintSize-16)
			c >>= 16
			at += stride
		}
		w[i], m = word, m[perWord:]
	}
	if c >= 0 {
		return false
	}
	carry := big.Word(1) // two's complement
	for i, v := range w {
		if w[i] = ^v + carry; w[i] != 0 {
			carry = 0
		}
	}
	return true
}
