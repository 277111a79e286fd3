package linalg

import (
	"math/big"
	"runtime"
	"sync"

	"flowproof/exactmath/internal/residue"
)

// pivots is the rank of a matrix, and orders of its rows and columns in which
// the leading minors up to that size are not zero.
type pivots struct {
	rank     int
	row, col []int
}

// blocks is pivots where it is enough that leading minors of 6, 12, .. rows and
// of full rank are not zero.
func (z *integers) blocks(report func(float64)) (*pivots, error) {
	if z.full() {
		return &pivots{min(z.rows, z.cols), count(z.rows), count(z.cols)}, nil
	}
	return z.pivots(report)
}

// full reports whether leading minors of 6, 12, .. rows and of full rank are not zero
// modulo a prime.
func (z *integers) full() bool {
	primes, _ := residue.Primes(big.NewInt(1), z.den)
	full, p := min(z.rows, z.cols), primes[0]
	var a []float64
	if w := z.words(); w != nil && w.hi == nil { // then this is the quickest
		ld := z.ld()
		a = make([]float64, 6*residue.Ceil(z.rows, 6)*ld)
		for i := range z.rows {
			for j, v := range w.lo[i*z.cols : (i+1)*z.cols] {
				a[i*ld+j] = residue.Reduce(float64(int64(v)%int64(p.U)), p.P, p.Inv)
			}
		}
	} else {
		a = z.residues(z.plain(), primes[:1], nil)
	}
	return triangle(z.kern, a, z.rows, full, z.ld(), p) != 0
}

// pivots finds them modulo one prime, where the rank may be too small. Then all
// minors of one size more that border the leading one vanish modulo p; it is
// the true rank if they vanish modulo primes whose product exceeds them.
func (z *integers) pivots(report func(float64)) (*pivots, error) {
	primes, _ := residue.Primes(big.NewInt(1), z.den)
	p, full := primes[0], min(z.rows, z.cols)
	var a []float64
	for q := newPrime59(firstPrime59); ; {
		a = z.residues(z.plain(), []residue.Prime{p}, a)
		f := eliminate(z.kern, a, z.rows, z.cols, p)
		if f.rank == full {
			return f, nil
		}
		// A column takes the time of so many primes, if numbers are short.
		if w := z.words(); w != nil && 14*(z.cols-f.rank) <= f.rank+56 {
			if l, ok := newLifting(w.block(f.row[:f.rank], f.col[:f.rank]), q); ok && z.null(w, f, l, report) {
				return f, nil
			}
			q = q.next()
		}
		better, err := z.refute(f, report)
		if err != nil || better == nil {
			return f, err
		}
		p = *better
	}
}

// refute returns a prime modulo which the rank is larger than f.rank; nil if
// there is none.
func (z *integers) refute(f *pivots, report func(float64)) (*residue.Prime, error) {
	bound := z.hadamard(f.rank + 1)
	primes, _ := residue.Primes(bound.Add(bound, big.NewInt(1)), z.den)
	x, size := z.split(f.row, f.col), z.ld()*6*residue.Ceil(z.rows, 6)
	threads := runtime.GOMAXPROCS(0)
	buffers := make([][]float64, threads)
	var mu sync.Mutex
	var better *residue.Prime
	var bad []residue.Prime // modulo which a leading minor vanishes
	done := 0
	for from := 0; from < len(primes); {
		residue.Parallel(threads, residue.Ceil(len(primes)-from, 6), func(thread, task int) {
			mu.Lock()
			stop := better != nil
			mu.Unlock()
			if stop {
				return
			}
			these := primes[from+6*task : min(from+6*task+6, len(primes))]
			buffers[thread] = z.residues(x, these, buffers[thread])
			for i, p := range these {
				a := buffers[thread][i*size:][:size]
				ok := triangle(z.kern, a, z.rows, f.rank, z.ld(), p) != 0
				zero := ok && z.cleared(a, f.rank)
				mu.Lock()
				switch done++; {
				case !ok:
					bad = append(bad, p)
				case !zero && better == nil:
					better = &p
				}
				report(float64(done) / float64(len(primes)))
				mu.Unlock()
			}
		})
		if better != nil {
			return better, nil
		}
		// The bad ones divide a minor that is not zero; others take their place.
		from = len(primes)
		for range bad {
			bound.Lsh(bound, 24)
		}
		if len(bad) > 0 {
			primes, _ = residue.Primes(bound, z.den)
		}
		bad = nil
	}
	return nil, nil
}

// cleared reports whether nothing is left beyond the first rows and columns.
func (z *integers) cleared(a []float64, rank int) bool {
	ld := z.ld()
	for i := rank; i < z.rows; i++ {
		for _, v := range a[i*ld+rank : i*ld+z.cols] {
			if v != 0 {
				return false
			}
		}
	}
	return true
}

// eliminate makes Gauss's elimination modulo p on a, rows x cols, each row and each
// 6 rows filled up, swapping rows and columns to find pivots: row k, from column k
// on, becomes that of the triangular factor.
func eliminate(kern residue.Kernel, a []float64, rows, cols int, p residue.Prime) *pivots {
	g, mod := kern.Lanes, residue.Moduli(p, p, p, p, p, p)
	ld := residue.Ceil(cols, g) * g
	f := &pivots{0, count(rows), count(cols)}
	pivot, column := make([]float64, ld), make([]float64, 6)
	for k := range min(rows, cols) {
		if !f.search(a, rows, cols, ld) {
			break
		}
		t := inverse(a[k*ld+k], p)
		from := (k + 1) / g * g
		if from == ld {
			continue // the last column
		}
		clear(pivot[from : k+1])
		for j := k + 1; j < ld; j++ {
			pivot[j] = -residue.Reduce(a[k*ld+j]*t, p.P, p.Inv)
		}
		for r := (k + 1) / 6 * 6; r < rows; r += 6 {
			left, lda := a[r*ld+k:], ld
			if r <= k { // rows up to k stay as they are
				for i := range column {
					if column[i] = 0; r+i > k {
						column[i] = a[(r+i)*ld+k]
					}
				}
				left, lda = column, 1
			}
			kern.Strip(a[r*ld+from:], ld, left, lda, pivot[from:], ld, g, 1, (ld-from)/g, &mod, true)
		}
	}
	return f
}

// search swaps a pivot to place (rank, rank) and counts it.
func (f *pivots) search(a []float64, rows, cols, ld int) bool {
	k := f.rank
	for j := k; j < cols; j++ {
		for i := k; i < rows; i++ {
			if a[i*ld+j] == 0 {
				continue
			}
			f.row[i], f.row[k] = f.row[k], f.row[i]
			f.col[j], f.col[k] = f.col[k], f.col[j]
			for c := range ld {
				a[i*ld+c], a[k*ld+c] = a[k*ld+c], a[i*ld+c]
			}
			for r := range rows {
				a[r*ld+j], a[r*ld+k] = a[r*ld+k], a[r*ld+j]
			}
			f.rank++
			return true
		}
	}
	return false
}

func count(n int) []int {
	z := make([]int, n)
	for i := range z {
		z[i] = i
	}
	return z
}
