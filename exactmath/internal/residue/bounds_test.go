package residue

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath/dense"
)

// exact returns the tightest span of a matrix of integers over den, row by row.
func exact(m *dense.Rational, den int64) Span {
	rows, cols := m.Dims()
	s := Span{0, big.NewInt(den), new(big.Rat), new(big.Rat)}
	for i := range rows {
		sum := new(big.Rat)
		for j := range cols {
			v := new(big.Rat).Abs(m.At(i, j))
			if sum.Add(sum, v); v.Cmp(s.Max) > 0 {
				s.Max = v
			}
		}
		if sum.Cmp(s.Sum) > 0 {
			s.Sum = sum
		}
	}
	return s
}

// filled returns a matrix of integers over den: all of one size and sign, or random.
func filled(t *testing.T, r *rand.Rand, rows, cols int, den int64, alike bool) *dense.Rational {
	t.Helper()
	v := make([]*big.Rat, rows*cols)
	size := 1 + r.Int64N(9)
	for k := range v {
		if v[k] = big.NewRat(size, den); !alike {
			v[k].SetFrac64(r.Int64N(19)-9, den)
		}
	}
	m, err := dense.NewRational(rows, cols, v)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// holds checks that s bounds m, and is attained if it is said to be.
func holds(t *testing.T, name string, s Span, m *dense.Rational, attained bool) {
	t.Helper()
	e := exact(m, 1)
	if s.Max.Cmp(e.Max) < 0 || s.Sum.Cmp(e.Sum) < 0 {
		t.Fatalf("%s: bounds %v, %v below %v, %v", name, s.Max, s.Sum, e.Max, e.Sum)
	}
	if attained && (s.Max.Cmp(e.Max) != 0 || s.Sum.Cmp(e.Sum) != 0) {
		t.Fatalf("%s: bounds %v, %v, want %v, %v", name, s.Max, s.Sum, e.Max, e.Sum)
	}
	whole(t, name, s, m)
}

// whole checks that entries times Den / 2^Exp are integers within Integers.
func whole(t *testing.T, name string, s Span, m *dense.Rational) {
	t.Helper()
	unit, most := Ldexp(1, -s.Exp), s.Integers()
	unit.Mul(unit, new(big.Rat).SetInt(s.Den))
	if tight := new(big.Rat).Mul(unit, s.Max); new(big.Rat).SetInt(most).Cmp(tight.Add(tight, big.NewRat(1, 1))) > 0 {
		t.Fatalf("%s: %v for integers up to %v", name, most, tight)
	}
	m.Each(func(i, j int, v *big.Rat) {
		if x := new(big.Rat).Mul(v, unit); !x.IsInt() || x.Num().CmpAbs(most) > 0 {
			t.Fatalf("%s: entry (%d, %d) is %v units, bound %v", name, i, j, x, most)
		}
	})
}

func do(t *testing.T) func(m *dense.Rational, err error) *dense.Rational {
	return func(m *dense.Rational, err error) *dense.Rational {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
}

// The rules for bounds, on random matrices, and on those whose entries are all
// alike, for which sums, products and scalings attain their bounds.
func TestSpanRules(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	odd := []int64{1, 3, 5, 15, 1048573}
	for trial := range 400 {
		alike := trial%2 == 0
		rows, inner, cols := 1+r.IntN(5), 1+r.IntN(5), 1+r.IntN(5)
		d, e := odd[r.IntN(5)], odd[r.IntN(5)]
		a, b := filled(t, r, rows, inner, d, alike), filled(t, r, inner, cols, e, alike)
		x, y := exact(a, d), exact(b, e)
		holds(t, "product", x.Times(y), do(t)(a.Mul(b)), alike)
		c := filled(t, r, rows, inner, e, alike)
		holds(t, "sum", x.Add(exact(c, e)), do(t)(a.Add(c)), alike)
		row := filled(t, r, 1, inner, e, alike)
		diagonal := make([]*big.Rat, inner)
		for j := range diagonal {
			diagonal[j] = row.At(0, j)
		}
		scaled := make([]*big.Rat, rows*inner)
		for k := range scaled {
			scaled[k] = new(big.Rat).Mul(a.At(k/inner, k%inner), diagonal[k%inner])
		}
		holds(t, "scaling", x.Scaled(exact(row, e)), do(t)(dense.NewRational(rows, inner, scaled)), alike)
	}
}

// Pairs follow products of factors, which positive weights and scales attain: the
// sums along rows, of the columns of each part and of all.
func TestPairRules(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 2))
	holds(t, "identity", One(), dense.IdentityRational(3), true)
	for trial := range 200 {
		p, q, alike := 1+r.IntN(4), 1+r.IntN(4), trial%2 == 0
		n := p + q
		pair, z := Pair{One(), One()}, dense.IdentityRational(n)
		for k := range r.IntN(6) {
			from, rows, cols, row, col := 0, p, q, 0, p
			if (k+trial)%2 == 1 {
				from, rows, cols, row, col = 1, q, p, p, 0
			}
			w := filled(t, r, rows, cols, 3, alike)
			scale, span := filled(t, r, 1, rows, 5, alike), (*Span)(nil)
			f := make([]*big.Rat, n*n)
			for i := range f {
				f[i] = new(big.Rat)
				if i/n == i%n {
					f[i].SetInt64(1)
				}
			}
			if r.IntN(2) == 0 {
				s := exact(scale, 5)
				span = &s
				for i := range rows {
					f[(row+i)*n+row+i].Set(scale.At(0, i))
				}
			}
			w.Each(func(i, j int, v *big.Rat) { f[(row+i)*n+col+j].Set(v) })
			z = do(t)(z.Mul(do(t)(dense.NewRational(n, n, f))))
			pair = pair.Times(from, exact(w, 3), span)
			holds(t, "first part", pair[0], do(t)(z.Block(0, n, 0, p)), false)
			holds(t, "second part", pair[1], do(t)(z.Block(0, n, p, n)), false)
			holds(t, "whole", pair.Whole(), z, false)
		}
	}
	// With parts of one coordinate, entries 2 and scales 3, the first row adds up
	// to the bound of each part.
	z, pair := dense.IdentityRational(2), Pair{One(), One()}
	two, three := exact(do(t)(dense.NewRational(1, 1, []*big.Rat{big.NewRat(2, 1)})), 1), exact(do(t)(dense.NewRational(1, 1, []*big.Rat{big.NewRat(3, 1)})), 1)
	n := func(v int64) *big.Rat { return big.NewRat(v, 1) }
	for k := range 6 {
		f := []*big.Rat{n(3), n(2), n(0), n(1)}
		if k%2 == 1 {
			f = []*big.Rat{n(1), n(0), n(2), n(3)}
		}
		z = do(t)(z.Mul(do(t)(dense.NewRational(2, 2, f))))
		pair = pair.Times(k%2, two, &three)
		for c := range 2 {
			if e := exact(do(t)(z.Block(0, 2, c, c+1)), 1); pair[c].Sum.Cmp(new(big.Rat).Mul(e.Sum, n(2))) > 0 || pair[c].Sum.Cmp(e.Sum) < 0 {
				t.Errorf("%d factors, part %d: %v, bound %v", k+1, c, e.Sum, pair[c].Sum)
			}
		}
	}
}

// Every prime serves lemmas 7.1 and 7.2: above 2^23, and so small that the sums
// that the kernel takes at once stay below 2^53.
func TestPrimesServe(t *testing.T) {
	list, _ := Primes(new(big.Int).Lsh(big.NewInt(1), 20000), big.NewInt(1))
	sum := func(terms int, a, b *big.Rat, p Prime) *big.Rat { // terms a b + a + p
		s := new(big.Rat).Mul(a, b)
		s.Mul(s, big.NewRat(int64(terms), 1))
		return s.Add(s, a).Add(s, new(big.Rat).SetFloat64(p.P))
	}
	limit := Ldexp(1, 53)
	for _, p := range list {
		if p.U <= 1<<23 {
			t.Fatalf("prime %d", p.U)
		}
		r := big.NewRat(int64(p.U)+8, 2) // p/2 + 4
		if sum(MaxProduct, r, r, p).Cmp(limit) > 0 {
			t.Fatalf("sums of %d products modulo %d exceed 2^53", MaxProduct, p.U)
		}
		if sum(maxConvert, r, Ldexp(1<<digitBits-1, 0), p).Cmp(limit) > 0 {
			t.Fatalf("sums of %d digits modulo %d exceed 2^53", maxConvert, p.U)
		}
	}
}

// The largest digits times the largest weights, of one sign, for every count: this
// is what Residues has to take without an error.
func TestLargestDigits(t *testing.T) {
	primes, _ := Primes(big.NewInt(1), big.NewInt(1))
	for count := 1; count < 200; count++ {
		v := new(big.Int).Lsh(big.NewInt(1), uint(24*count))
		m, err := dense.NewRational(1, 1, []*big.Rat{new(big.Rat).SetInt(v.Sub(v, big.NewInt(1)))})
		if err != nil {
			t.Fatal(err)
		}
		for _, kern := range Kernels() {
			x := Split(Of(m), Panels(1, 1, kern.Lanes), kern.Lanes, math.MaxInt64)
			w, mod := make([]float64, 6*count), Moduli(primes[:6]...)
			want := make([]int64, 6)
			for i, p := range primes[:6] {
				for k := range count {
					w[i*count+k] = (p.P-1)/2 - float64(k%2)
					want[i] = (want[i] + int64(w[i*count+k])*(1<<24-1)) % int64(p.U)
				}
			}
			out := make([]float64, 6*kern.Lanes)
			x.Residues(kern, out, kern.Lanes, w, 0, 1, &mod, false)
			for i, p := range primes[:6] {
				if got := int64(out[i*kern.Lanes]); (got-want[i])%int64(p.U) != 0 || math.Abs(float64(got)) > p.P/2+4 {
					t.Fatalf("%d digits, lanes %d: residue %d modulo %d, want %d", count, kern.Lanes, got, p.U, want[i])
				}
			}
		}
	}
}

// A slice that is too short by one number is refused, not overrun.
func TestStripWithinSlices(t *testing.T) {
	const k, panels = 5, 2
	primes, _ := Primes(big.NewInt(1), big.NewInt(1))
	mod := Moduli(primes[:6]...)
	for _, kern := range Kernels() {
		g := kern.Lanes
		ldc, lda, rowB, panelB := panels*g+3, k+2, g, k*g+1
		sizes := [3]int{5*ldc + panels*g, 5*lda + k, (panels-1)*panelB + (k-1)*rowB + g}
		for short := -1; short < 3; short++ {
			var s [3][]float64
			for i, n := range sizes {
				if i == short {
					n--
				}
				s[i] = make([]float64, n)
			}
			refused := func() (refused bool) {
				defer func() { refused = recover() != nil }()
				kern.Strip(s[0], ldc, s[1], lda, s[2], rowB, panelB, k, panels, &mod, true)
				return
			}()
			if refused != (short >= 0) {
				t.Errorf("lanes %d, slice %d too short: refused %v", g, short, refused)
			}
		}
	}
}

// The bounds of a matrix as it is stored: above its entries and sums, the largest
// entry by less than a factor of two.
func TestSplitBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 3))
	for trial := range 200 {
		rows, cols := 1+r.IntN(6), 1+r.IntN(6)
		m := filled(t, r, rows, cols, []int64{1, 3, 1 << 40}[trial%3], trial%2 == 0)
		g := Fastest().Lanes
		z := Split(Of(m), Panels(rows, cols, g), g, math.MaxInt64)
		holds(t, "stored", z.Span, m, false)
		e := exact(m, 1)
		if twice := e.Max.Mul(e.Max, big.NewRat(2, 1)); z.Max.Cmp(twice) > 0 && twice.Sign() > 0 {
			t.Fatalf("entries up to %v / 2, bound %v", twice, z.Max)
		}
	}
}

// Every task is done once, whatever the number of threads, and no thread is more
// than there are.
func TestParallel(t *testing.T) {
	for threads := 1; threads < 5; threads++ {
		for tasks := range 9 {
			times, most := make([]int, tasks), make([]int, tasks)
			Parallel(threads, tasks, func(thread, task int) {
				times[task]++
				most[task] = thread
			})
			for k, n := range times {
				if n != 1 || most[k] < 0 || most[k] >= threads {
					t.Fatalf("%d threads: task %d of %d was done %d times, by thread %d", threads, k, tasks, n, most[k])
				}
			}
		}
	}
}
