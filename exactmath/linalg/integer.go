// Package linalg decides the sign of the determinant and the rank of a matrix of
// rational numbers, exactly: PROOFS.md, 7.6 and 7.7. It works modulo primes and powers of
// primes, as many as a proved bound on the answer asks for. Matrices of up to some
// thousand rows are what it is meant for.
package linalg

import (
	"errors"
	"math"
	"math/big"
	"math/bits"
	"runtime"
	"slices"

	"flowproof/exactmath"
	"flowproof/exactmath/internal/layout"
	"flowproof/exactmath/internal/residue"
)

// maxDigits keeps the digits of a matrix below a gigabyte.
const maxDigits = 1 << 27

// ErrTooLarge is returned if the answer has too many bits, about 96,000, or the
// matrix too many digits.
var ErrTooLarge = errors.New("too many bits for multi-modular arithmetic")

// integers is a rational matrix as a multiple of a matrix A of integers, m = A *
// 2^exp / den.
type integers struct {
	kern       residue.Kernel
	rows, cols int
	m          exactmath.Matrix
	exp        int
	den        *big.Int
	bits       int               // of the longest entry of A
	row        *residue.Integers // A row by row, when it has been asked for
}

func integral(m exactmath.Matrix) (*integers, error) {
	z := &integers{kern: residue.Fastest(), m: m}
	if z.rows, z.cols = m.Dims(); z.rows < 1 || z.cols < 1 {
		return nil, &exactmath.ShapeError{Op: "linalg", R1: z.rows, C1: z.cols, R2: 1, C2: 1}
	}
	low, high := math.MaxInt, math.MinInt
	z.den = residue.Of(m)(func(_, _ int, _ float64, u uint64, e int) {
		if u != 0 {
			low, high = min(low, e+bits.TrailingZeros64(u)), max(high, e+bits.Len64(u))
		}
	})
	if low < high {
		z.exp, z.bits = low, high-low
	}
	if int64(z.rows)*int64(z.ld())*int64(z.bits/24+1) > maxDigits {
		return nil, ErrTooLarge
	}
	return z, nil
}

// plain returns A row by row.
func (z *integers) plain() *residue.Integers {
	if z.row == nil {
		z.row = z.split(nil, nil)
	}
	return z.row
}

// ld is how many numbers a row takes.
func (z *integers) ld() int { return residue.Ceil(z.cols, z.kern.Lanes) * z.kern.Lanes }

// split lays out m row by row, in the given orders, filled up with zero rows to
// whole strips of 6; nil stands for the order as it is.
func (z *integers) split(row, col []int) *residue.Integers {
	from := layout.Rows(6*residue.Ceil(z.rows, 6), z.cols, z.kern.Lanes)
	to := layout.Rows(6*residue.Ceil(z.rows, 6), z.cols, z.kern.Lanes)
	for i, r := range row {
		to.Row[r] = from.Row[i]
	}
	for j, c := range col {
		to.Col[c], to.Lane[c] = from.Col[j], from.Lane[j]
	}
	return residue.Split(residue.Of(z.m), to, z.kern.Lanes, math.MaxInt64)
}

// residues returns A, as laid out in x, modulo at most 6 primes, in that order,
// in memory that it may take from buf.
func (z *integers) residues(x *residue.Integers, primes []residue.Prime, buf []float64) []float64 {
	size, mod, c := x.Groups*z.kern.Lanes, residue.Moduli(primes...), make([]uint64, len(primes))
	for i, p := range primes {
		c[i] = p.Mul(p.Mod(z.den), p.Pow(2, -z.exp))
	}
	if len(buf) < 6*size {
		buf = make([]float64, 6*size)
	}
	x.Residues(z.kern, buf, size, x.Weights(primes, c), 0, x.Groups, &mod, false)
	return buf
}

// norms returns bounds of the 2-norms of the rows of A, or else of its columns, at
// least 1. Entries are taken in units of 2^-20 of the largest of their row or
// column, and rounded up.
func (z *integers) norms(columns bool) []*big.Int {
	n := z.rows
	if columns {
		n = z.cols
	}
	line := func(k int) int {
		if columns {
			return k % z.cols
		}
		return k / z.cols
	}
	top := make([]int, n)
	for i := range top {
		top[i] = math.MinInt32
	}
	residue.Of(z.m)(func(i, j int, _ float64, u uint64, e int) {
		k := line(i*z.cols + j)
		top[k] = max(top[k], e+bits.Len64(u))
	})
	sums, at, entry := make([]uint64, n), 0, uint64(0)
	residue.Of(z.m)(func(i, j int, _ float64, u uint64, e int) {
		if k := i*z.cols + j; k != at {
			sums[line(at)] += entry * entry
			at, entry = k, 0
		}
		if s := top[line(at)] - 20 - e; s >= 0 {
			entry += u>>s + 1
		} else {
			entry += u << -s
		}
	})
	sums[line(at)] += entry * entry
	out := make([]*big.Int, n)
	for i, s := range sums {
		r := new(big.Int).SetUint64(s)
		r.Add(r.Sqrt(r), big.NewInt(1))
		if s := top[i] - 20 - z.exp; s >= 0 {
			r.Lsh(r, uint(s))
		} else {
			r.Rsh(r, uint(min(-s, math.MaxInt32)))
		}
		out[i] = r.Add(r, big.NewInt(1))
	}
	return out
}

// hadamard bounds the minors of A of at most k rows: each is at most the product
// of the 2-norms of its rows, so of the k largest, and the same of its columns.
func (z *integers) hadamard(k int) *big.Int { return hadamard(z.norms(false), z.norms(true), k) }

// hadamard is the same for given norms, which it sorts.
func hadamard(row, column []*big.Int, k int) *big.Int {
	product := func(all []*big.Int) *big.Int {
		b := big.NewInt(1)
		slices.SortFunc(all, func(x, y *big.Int) int { return y.Cmp(x) })
		for _, r := range all[:min(k, len(all))] {
			b.Mul(b, r)
		}
		return b
	}
	rows, columns := product(row), product(column)
	if rows.Cmp(columns) > 0 {
		return columns
	}
	return rows
}

// modular returns an integer, not 0 and of absolute value at most bound, that run
// computes modulo one prime at a time, from A modulo p as laid out in x; 0 stands
// for a prime that does not do.
func (z *integers) modular(x *residue.Integers, bound *big.Int, run func(p residue.Prime, a []float64) float64) (*big.Int, error) {
	kern, threads := z.kern, runtime.GOMAXPROCS(0)
	bound = new(big.Int).Lsh(new(big.Int).Add(bound, big.NewInt(1)), 2)
	if bound.BitLen() > residue.MaxPrimes*23 {
		return nil, ErrTooLarge
	}
	size, avoid, buffers := x.Groups*kern.Lanes, new(big.Int).Set(z.den), make([][]float64, threads)
	for {
		primes, product := residue.Primes(bound, avoid)
		out := make([]float64, kern.Lanes*len(primes)) // the integer in the first lane
		tasks := min(len(primes), residue.Ceil(len(primes), 6*threads)*threads)
		residue.Parallel(threads, tasks, func(thread, k int) {
			lo, hi := k*len(primes)/tasks, (k+1)*len(primes)/tasks
			buffers[thread] = z.residues(x, primes[lo:hi], buffers[thread])
			for i, p := range primes[lo:hi] {
				out[(lo+i)*kern.Lanes] = run(p, buffers[thread][i*size:(i+1)*size])
			}
		})
		failed := false
		for i, p := range primes {
			if out[i*kern.Lanes] == 0 {
				failed = true
				avoid.Mul(avoid, new(big.Int).SetUint64(p.U))
			}
		}
		if failed {
			continue
		}
		num, table := new(big.Int), residue.NewTable(primes, product)
		units := table.Units(func(residue.Prime) uint64 { return 1 })
		table.Ints(kern, out, kern.Lanes, 1, units, make([]float64, table.Scratch(kern)), func(s int) *big.Int {
			if s == 0 {
				return num
			}
			return nil
		})
		return num, nil
	}
}
