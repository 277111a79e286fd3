package modular

import (
	"math/big"
	"math/bits"

	"flowproof/exactmath"
)

// maxPrimes keeps the table of the reconstruction below 200 MB, and its sums
// exact.
const maxPrimes = 4096

func (c *Chain) run(target exactmath.Matrix, threads int, kern kernel) (*exactmath.Dyadic, *big.Int, error) {
	e, err := c.engine(target, threads, kern)
	if err != nil {
		return nil, nil, err
	}
	// 4 max * den / 2^exp, an integer or not; max is at least 1.
	limit := times(e.total.max, ldexp(4, -e.total.exp))
	limit.Mul(limit, new(big.Rat).SetInt(e.total.den))
	bound := limit.Num()
	if bound.BitLen() > maxPrimes*(digitBits-1) {
		return nil, nil, ErrTooLarge
	}
	primes, m := primesFor(bound, e.total.den)
	t := newTable(primes, m)
	e.use(primes)
	for i := range primes {
		// Residues come out as the c_i of the table, of the difference over the
		// common denominator; or of the product, if there is no target.
		p := &primes[i]
		e.unit[i] = p.mul(t.inverse[i], p.mul(p.pow(2, -e.total.exp), p.mod(e.total.den)))
		if target == nil {
			e.unit[i] = p.u - e.unit[i]
		}
	}
	num := make([]big.Int, e.n*e.n)
	for first := 0; first < e.n; first += e.rows {
		e.compute(first)
		e.reconstruct(num, t)
	}
	z, err := exactmath.OwnDyadic(e.n, e.n, num, e.total.exp)
	return z, e.total.den, err
}

// zero reports whether the numbers from..from+size-1 are zero in all planes.
func (e *engine) zero(from, size int) bool {
	for i := range e.primes {
		for _, v := range e.planes[i*e.stride+from:][:size] {
			if v != 0 {
				return false
			}
		}
	}
	return true
}

// table is the Chinese remainder theorem for the primes p_i, of product m, and
// an integer v given by the residues c_i = v inverse_i modulo p_i, inverse_i the
// inverse of m/p_i: v = sum c_i m/p_i - k m, where k is the integer nearest to
// sum c_i/p_i if |v| <= m/4, that sum being off by less than 2^-20.
//
// Row j < len(m) of digits, of len(primes) columns, holds the digits of 2^(16 j)
// in the numbers m/p_i; row len(m) the numbers 1/p_i; zero rows follow, up to
// a multiple of 6. Sums of products of residues, at most 2^23, and digits are
// at most 2^(23+16) maxPrimes = 2^51.
type table struct {
	inverse []uint64
	digits  []float64
	m       []int64 // digits of m
}

const perWord = bits.UintSize / 16

func newTable(primes []prime, m *big.Int) *table {
	digit := func(x *big.Int, j int) uint64 {
		return uint64(x.Bits()[j/perWord]>>(j%perWord*16)) & 0xffff
	}
	k, words := len(primes), len(m.Bits())
	t := &table{make([]uint64, k), make([]float64, 6*ceil(words*perWord+1, 6)*k), make([]int64, words*perWord)}
	var q, r big.Int
	for i := range primes {
		p := &primes[i]
		q.QuoRem(m, r.SetUint64(p.u), &r)
		t.inverse[i] = p.pow(p.mod(&q), -1)
		for j := range len(q.Bits()) * perWord {
			t.digits[j*k+i] = float64(digit(&q, j))
		}
		t.digits[len(t.m)*k+i] = p.inv
	}
	for j := range t.m {
		t.m[j] = int64(digit(m, j))
	}
	return t
}

// reconstruct sets the rows of num that the planes hold.
func (e *engine) reconstruct(num []big.Int, t *table) {
	const chunk = 16 // groups
	g, k := e.kern.lanes, len(e.primes)
	ld := chunk*g + 8 // off the powers of two
	coordinate := make([]int, e.ld)
	for j := range coordinate {
		coordinate[j] = -1
	}
	for l, i := range e.order {
		coordinate[e.column(l)] = i
	}
	strips, words := len(t.digits)/(6*k), len(t.m)/perWord
	groups := min(e.rows, e.n-e.first) * e.ld / g
	e.parallel(ceil(groups, chunk), func(thread, task int) {
		from, size := task*chunk, min(chunk, groups-task*chunk)
		if e.target != nil && e.zero(from*g, size*g) {
			return
		}
		sums, none := e.buffer(thread, 6*strips*ld), [12]float64{}
		for s := range strips {
			e.kern.strip(sums[6*s*ld:], ld, t.digits[6*s*k:], k, e.planes[from*g:], e.stride, g, k, size, &none, false)
		}
		slab := make([]big.Word, size*g*words)
		for s := range size * g {
			if j := coordinate[(from*g+s)%e.ld]; j >= 0 {
				w := slab[s*words:][:words:words]
				z := &num[e.order[e.first+(from*g+s)/e.ld]*e.n+j]
				if t.carry(w, sums[s:], ld) {
					z.Neg(z.SetBits(w))
				} else {
					z.SetBits(w)
				}
			}
		}
	})
}

// carry sets w to |v| and reports whether v < 0, given the products of the rows
// of the table with the residues, stride apart.
func (t *table) carry(w []big.Word, sums []float64, stride int) (negative bool) {
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
