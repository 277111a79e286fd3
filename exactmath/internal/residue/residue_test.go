package residue

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// TestKernels compares every kernel, to the bit, with the definition in integer
// arithmetic.
func TestKernels(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	primes, _ := Primes(big.NewInt(1), big.NewInt(1))
	const most = 1<<23 - 28
	residues := []func() float64{
		func() float64 { return float64(rng.IntN(2*most+1) - most) },
		func() float64 { return most },
		func() float64 { return float64(most * (2*rng.IntN(2) - 1)) },
		func() float64 { return float64(rng.IntN(3) - 1) },
	}
	for _, kern := range Kernels() {
		for trial := range 300 {
			k, panels := 1+rng.IntN(MaxProduct), 1+rng.IntN(4)
			if trial%4 == 0 {
				k = MaxProduct
			}
			ldc, lda := panels*kern.Lanes+rng.IntN(9), k+rng.IntN(9)
			rowB := kern.Lanes + rng.IntN(9)
			panelB := k*rowB + rng.IntN(9)
			make := func(n int) []float64 {
				v := make([]float64, n)
				f := residues[rng.IntN(len(residues))]
				for i := range v {
					v[i] = f()
				}
				return v
			}
			c, a, b := make(6*ldc), make(6*lda), make(panels*panelB)
			mod, add := Moduli(primes[:6]...), rng.IntN(2) == 0
			if trial%5 == 0 { // nothing is reduced
				mod = [12]float64{}
			}
			want := append([]float64(nil), c...)
			for i := range 6 {
				for j := range panels * kern.Lanes {
					sum := int64(0)
					if add {
						sum = int64(c[i*ldc+j])
					}
					for l := range k {
						sum += int64(a[i*lda+l]) * int64(b[j/kern.Lanes*panelB+l*rowB+j%kern.Lanes])
					}
					want[i*ldc+j] = float64(sum)
					if mod[2*i] != 0 {
						q := math.RoundToEven(float64(sum) * mod[2*i+1])
						want[i*ldc+j] = float64(sum - int64(q)*int64(mod[2*i]))
						if math.Abs(want[i*ldc+j]) > mod[2*i]/2+4 {
							t.Fatalf("%d modulo %v gave %v", sum, mod[2*i], want[i*ldc+j])
						}
					}
				}
			}
			kern.Strip(c, ldc, a, lda, b, rowB, panelB, k, panels, &mod, add)
			for i := range c {
				if c[i] != want[i] {
					t.Fatalf("lanes %d, k %d, panels %d, add %v: number %d is %v, want %v", kern.Lanes, k, panels, add, i, c[i], want[i])
				}
			}
		}
	}
}

func TestPrimes(t *testing.T) {
	avoid := big.NewInt(16777141 * 16777099)
	bound := new(big.Int).Lsh(big.NewInt(1), 5000)
	list, product := Primes(bound, avoid)
	next, m := int64(top), big.NewInt(1)
	for _, p := range list {
		for next--; !big.NewInt(next).ProbablyPrime(20) || new(big.Int).Mod(avoid, big.NewInt(next)).Sign() == 0; next-- {
		}
		if int64(p.U) != next || p.P != float64(p.U) || p.Inv != 1/p.P {
			t.Fatalf("got %+v, want %d", p, next)
		}
		m.Mul(m, big.NewInt(next))
	}
	if m.Cmp(product) != 0 || m.Cmp(bound) < 0 {
		t.Error("wrong product")
	}
	if list, _ := Primes(big.NewInt(1), big.NewInt(1)); len(list) != 6 {
		t.Errorf("%d primes, want 6", len(list))
	}
	p := list[0]
	for a := range uint64(50) {
		b := new(big.Int).SetUint64(a*a*a + 1)
		x := p.Mod(b)
		inv := new(big.Int).ModInverse(b, new(big.Int).SetUint64(p.U))
		if p.Pow(x, -1) != inv.Uint64() || p.Mul(p.Pow(x, 12), p.Pow(x, -12)) != 1 {
			t.Fatalf("inverse of %d", x)
		}
		if r := int64(p.Balanced(x)); 2*r > int64(p.U) || 2*r < -int64(p.U) || (r-int64(x))%int64(p.U) != 0 {
			t.Fatalf("balanced %d is %d", x, r)
		}
	}
}

// TestTable reconstructs integers of every size that a table allows.
func TestTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, bits := range []uint{1, 64, 143, 1000, 9000} {
		primes, m := Primes(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(1))
		table := NewTable(primes, m)
		units, half := table.Units(func(Prime) uint64 { return 2 }), new(big.Int).Rsh(new(big.Int).Add(m, big.NewInt(1)), 1) // 1/2 modulo m
		quarter := new(big.Int).Rsh(m, 2)
		for _, kern := range Kernels() {
			n := 3 * kern.Lanes
			want, planes := make([]*big.Int, n), make([]float64, n*len(primes))
			for s := range want {
				v := new(big.Int).Set(quarter)
				switch s % 4 {
				case 0:
					v.Rsh(v, uint(rng.IntN(int(bits)+1)))
				case 1:
					v.SetInt64(int64(rng.IntN(3)))
				case 2:
					v.Sub(v, big.NewInt(int64(rng.IntN(3))))
				}
				if rng.IntN(2) == 0 {
					v.Neg(v)
				}
				want[s] = v
				for i, p := range primes {
					planes[i*n+s] = p.Balanced(p.Mul(p.Mod(v), p.Mod(half)))
				}
			}
			got := make([]big.Int, n)
			table.Ints(kern, planes, n, 3, units, make([]float64, table.Scratch(kern)), func(s int) *big.Int {
				if s == 5 {
					return nil
				}
				return &got[s]
			})
			for s := range want {
				if s != 5 && got[s].Cmp(want[s]) != 0 {
					t.Fatalf("%d bits: got %v, want %v", bits, &got[s], want[s])
				}
			}
		}
	}
}

// TestSplit puts the digits back together, and checks bounds and residues.
func TestSplit(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	numbers := []func() *big.Rat{
		func() *big.Rat { return new(big.Rat).SetFloat64(rng.NormFloat64()) },
		func() *big.Rat { return new(big.Rat).SetFloat64(math.Ldexp(rng.NormFloat64(), rng.IntN(2000)-1000)) },
		func() *big.Rat { return new(big.Rat).SetFloat64(math.Float64frombits(rng.Uint64() >> 12)) },
		func() *big.Rat { return big.NewRat(rng.Int64()-rng.Int64(), rng.Int64N(60)+1) },
		func() *big.Rat { return new(big.Rat) },
		func() *big.Rat { return big.NewRat(rng.Int64N(9)<<40, 1) },
	}
	for trial := range 60 {
		rows, cols := 1+rng.IntN(20), 1+rng.IntN(20)
		v := make([]*big.Rat, rows*cols)
		for i := range v {
			v[i] = numbers[trial%len(numbers)]()
		}
		m, err := dense.NewRational(rows, cols, v)
		if err != nil {
			t.Fatal(err)
		}
		var x exactmath.Matrix = m
		if d, ok := dense.ToDyadic(m); ok && trial%2 == 0 {
			x = d
		}
		if f, err := exactmath.FromFloat64(rows, cols, m.Float64s()); err == nil && dense.Equal(f, m) && trial%3 == 0 {
			x = f
		}
		kern := Fastest()
		lay := Panels(rows, cols, kern.Lanes)
		if trial%4 == 0 {
			for i := range rows { // row by row, each filled up to whole groups
				lay.Row[i] = i * Ceil(cols, kern.Lanes)
			}
			for j := range cols {
				lay.Col[j] = j / kern.Lanes
			}
		}
		z := Split(Of(x), lay, kern.Lanes, math.MaxInt64)
		if size := int64(z.Digits()); Split(Of(x), lay, kern.Lanes, size) == nil || Split(Of(x), lay, kern.Lanes, size-1) != nil {
			t.Fatalf("a limit of %d digits is not held", size)
		}
		primes, _ := Primes(big.NewInt(1), z.Den)
		ones, mod := []uint64{1, 1, 1, 2, 1, 3}, Moduli(primes[:6]...)
		size := z.Groups * kern.Lanes
		out := make([]float64, 6*size)
		z.Residues(kern, out, size, z.Weights(primes[:6], ones), 0, z.Groups, &mod, false)
		most, sums := new(big.Rat), new(big.Rat)
		for i := range rows {
			sum := new(big.Rat)
			for j := range cols {
				g, l := lay.Row[i]+lay.Col[j], lay.Lane[j]
				n := new(big.Int)
				for k := z.count - 1; k >= 0; k-- {
					n.Lsh(n, 24).Add(n, big.NewInt(int64(z.digits[(g*z.count+k)*kern.Lanes+l])))
				}
				got := Ldexp(1, z.Exp)
				got.Mul(got, new(big.Rat).SetFrac(n, z.Den))
				if got.Cmp(m.At(i, j)) != 0 {
					t.Fatalf("entry (%d, %d) is %v, want %v", i, j, got, m.At(i, j))
				}
				for k, p := range primes[:6] {
					want := p.Mul(ones[k], p.Mul(p.Mod(got.Num()), p.Pow(p.Mod(got.Denom()), -1)))
					if have := p.Mod(big.NewInt(int64(out[k*size+g*kern.Lanes+l]))); have != want {
						t.Fatalf("residue of %v modulo %d is %d, want %d", got, p.U, have, want)
					}
				}
				got.Abs(got)
				sum.Add(sum, got)
				if got.Cmp(most) > 0 {
					most = got
				}
			}
			if sum.Cmp(sums) > 0 {
				sums = sum
			}
		}
		if z.Max.Cmp(most) < 0 || z.Sum.Cmp(sums) < 0 {
			t.Errorf("bounds %v, %v below %v, %v", z.Max, z.Sum, most, sums)
		}
		if s := new(big.Rat).Quo(z.Sum, new(big.Rat).Add(sums, new(big.Rat).SetFloat64(5e-324))); s.Cmp(big.NewRat(11, 10)) > 0 && sums.Sign() > 0 {
			t.Errorf("bound %v of the row sums is not tight: %v", z.Sum, sums)
		}
	}
}

func BenchmarkStrip(b *testing.B) {
	primes, _ := Primes(big.NewInt(1), big.NewInt(1))
	mod := Moduli(primes[:6]...)
	for _, kern := range Kernels() {
		const k, panels = 128, 16
		c, a, x := make([]float64, 6*panels*kern.Lanes), make([]float64, 6*k), make([]float64, k*panels*kern.Lanes)
		b.Run(map[int]string{8: "lanes=8", 16: "lanes=16"}[kern.Lanes], func(b *testing.B) {
			for b.Loop() {
				kern.Strip(c, panels*kern.Lanes, a, k, x, kern.Lanes, k*kern.Lanes, k, panels, &mod, true)
			}
			b.ReportMetric(float64(b.N)*6*k*panels*float64(kern.Lanes)/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
	}
}
