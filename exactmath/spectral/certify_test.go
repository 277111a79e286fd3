package spectral

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func rat(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

func mul(x, y *big.Rat) *big.Rat { return new(big.Rat).Mul(x, y) }

func add(x, y *big.Rat) *big.Rat { return new(big.Rat).Add(x, y) }

// theorem9 returns the two terms of delta of PROOFS.md, theorem 9, exactly.
func theorem9(unit float64, m, k int, frobSq, trace *big.Rat) (gram, factor *big.Rat) {
	gamma := func(n int) *big.Rat {
		nu := mul(big.NewRat(int64(n), 1), rat(unit))
		return nu.Quo(nu, new(big.Rat).Sub(big.NewRat(1, 1), nu))
	}
	g := gamma(k + 2)
	g.Quo(g, new(big.Rat).Sub(big.NewRat(1, 1), g))
	return mul(gamma(m+1), frobSq), mul(g, trace)
}

// short is arithmetic with numbers of the given bits: each operation of float64,
// rounded once more, which gives the same result as rounding once as long as
// float64 has more than twice the bits.
func short(bits int) arithmetic {
	round := func(x float64) float64 {
		if x == 0 {
			return 0
		}
		_, e := math.Frexp(x)
		return math.Ldexp(math.RoundToEven(math.Ldexp(x, bits-e)), e-bits)
	}
	dot := func(x, y []float64) float64 {
		s := 0.0
		for k := range x {
			s = round(s + round(x[k]*y[k]))
		}
		return s
	}
	return arithmetic{math.Ldexp(1, -bits), round, dot, func(x *mat.Dense) *mat.SymDense {
		rows, cols := x.Dims()
		if rows < cols {
			x = mat.DenseCopyOf(x.T())
			rows, cols = cols, rows
		}
		g := mat.NewSymDense(cols, nil)
		for i := range cols {
			for j := range i + 1 {
				g.SetSym(i, j, dot(mat.Col(nil, i, x), mat.Col(nil, j, x)))
			}
		}
		return g
	}}
}

// exceeds reports whether |x|^2 > t2, exactly: t2 I - x^T x is then not positive
// semidefinite.
func exceeds(x *mat.Dense, t2 *big.Rat) bool {
	_, n := x.Dims()
	b := make([][]*big.Rat, n)
	for i := range n {
		for j := range n {
			s := new(big.Rat)
			for k := range x.RawMatrix().Rows {
				s.Sub(s, mul(rat(x.At(k, i)), rat(x.At(k, j))))
			}
			if i == j {
				s.Add(s, t2)
			}
			b[i] = append(b[i], s)
		}
	}
	return negative(b)
}

// negative reports whether the symmetric matrix b is not positive semidefinite, by
// elimination; it does not change b.
func negative(b [][]*big.Rat) bool {
	a := make([][]*big.Rat, len(b))
	for i := range b {
		a[i] = append(a[i], b[i]...)
	}
	for k := range a {
		if a[k][k].Sign() < 0 {
			return true
		}
		for i := k + 1; i < len(a); i++ {
			if a[k][k].Sign() == 0 {
				if a[i][k].Sign() != 0 {
					return true
				}
				continue
			}
			f := new(big.Rat).Quo(a[i][k], a[k][k])
			for j := k + 1; j < len(a); j++ {
				a[i][j] = new(big.Rat).Sub(a[i][j], mul(f, a[k][j]))
			}
		}
	}
	return false
}

// shortMatrix returns a matrix of numbers of the given bits, the largest in
// [1/2, 1): random ones, nearly dependent ones, and ones of very different sizes.
func shortMatrix(ar arithmetic, rows, cols int, rng *rand.Rand) *mat.Dense {
	x := mat.NewDense(rows, cols, nil)
	kind, u, v := rng.IntN(4), rng.NormFloat64(), make([]float64, cols)
	for j := range v {
		v[j] = rng.NormFloat64()
	}
	x.Apply(func(_, j int, _ float64) float64 {
		switch kind {
		case 0:
			return rng.NormFloat64()
		case 1:
			return u*v[j] + 0.1*rng.NormFloat64()
		case 2:
			return math.Ldexp(rng.NormFloat64(), -rng.IntN(6))
		}
		return float64(rng.IntN(3))
	}, x)
	top := maxAbs(x)
	if top == 0 {
		x.Set(0, 0, 1)
		top = 1
	}
	_, e := math.Frexp(top)
	x.Apply(func(_, _ int, v float64) float64 { return ar.round(math.Ldexp(v, -e)) }, x)
	if maxAbs(x) >= 1 { // rounded up
		x.Scale(0.5, x)
	}
	return x
}

func maxAbs(x *mat.Dense) float64 { return max(mat.Max(x), -mat.Min(x)) }

// leastCertified returns the least t of the short numbers that certify accepts.
func leastCertified(ar arithmetic, x *mat.Dense) (t, bound float64) {
	fsq := frobSq(x)
	lo, hi := 0.0, 0.0
	for hi = ar.round(math.Sqrt(fsq)); ; hi *= 2 {
		if b, ok := certify(ar, x, fsq, hi); ok {
			bound = b
			break
		}
	}
	for range 60 {
		mid := ar.round((lo + hi) / 2)
		if mid == lo || mid == hi {
			break
		}
		if b, ok := certify(ar, x, fsq, mid); ok {
			hi, bound = mid, b
		} else {
			lo = mid
		}
	}
	return hi, bound
}

// TestShortArithmetic is theorem 9 where rounding is coarse: with numbers of 4 to
// 12 bits, at the least t that passes, the bound is never below the norm, exactly;
// and there are matrices for which t^2 and the allowance for the factorization
// alone would be.
func TestShortArithmetic(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	needed := 0
	for bits := 4; bits <= 12; bits++ {
		ar := short(bits)
		for range 500 {
			x := shortMatrix(ar, 1+rng.IntN(6), 1+rng.IntN(3), rng)
			rows, cols := x.Dims()
			k := min(rows, cols)
			least, bound := leastCertified(ar, x)
			if !math.IsInf(bound, 1) && exceeds(x, mul(rat(bound), rat(bound))) {
				t.Fatalf("%d bits: t = %v gives the bound %v, which is below the norm of\n%v", bits, least, bound, mat.Formatted(x))
			}
			t2, g, trace := ar.round(least*least), ar.gram(x), new(big.Rat)
			for i := range k {
				trace.Add(trace, rat(ar.round(t2-g.At(i, i))))
			}
			if _, factor := theorem9(ar.unit, max(rows, cols), k, exactFrobSq(x), trace); exceeds(x, add(rat(t2), factor)) {
				needed++
			}
		}
	}
	if needed == 0 {
		t.Error("no matrix needs the allowance for the Gram matrix: this test sees nothing")
	}
}

// TestShortCholesky is the other half of theorem 9: if the factorization of B runs
// through in short numbers, B >= -g tr(B) I, exactly; and there are B that are not
// positive semidefinite and pass.
func TestShortCholesky(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 9))
	passed, indefinite := 0, 0
	for bits := 4; bits <= 12; bits++ {
		ar := short(bits)
		for range 1500 {
			k := 2 + rng.IntN(3)
			b := mat.NewSymDense(k, nil)
			v := make([]float64, k) // B is near v v^T, which is singular
			for i := range v {
				v[i] = rng.NormFloat64()
				for j := range i + 1 {
					b.SetSym(i, j, ar.round(v[i]*v[j]+2*ar.unit*rng.NormFloat64()))
				}
			}
			shifted, trace := make([][]*big.Rat, k), 0.0
			for i := range k {
				for j := range k {
					shifted[i] = append(shifted[i], rat(b.At(i, j)))
				}
				trace += b.At(i, i)
			}
			if !cholesky(ar, b) {
				continue
			}
			passed++
			if negative(shifted) {
				indefinite++
			}
			_, g := theorem9(ar.unit, 1, k, new(big.Rat), rat(trace))
			for i := range k {
				shifted[i][i] = add(shifted[i][i], g)
			}
			if g.Sign() >= 0 && negative(shifted) {
				t.Fatalf("%d bits: the factorization of B passes, and B + g tr(B) I is not positive semidefinite", bits)
			}
		}
	}
	if passed < 1000 || indefinite == 0 {
		t.Errorf("%d factorizations passed, %d of indefinite matrices: this test sees nothing", passed, indefinite)
	}
}

// TestShortExhaustive: all columns of two numbers, and all symmetric 2 x 2
// matrices, of four bits.
func TestShortExhaustive(t *testing.T) {
	ar := short(4)
	for a := 8; a < 16; a++ {
		for b := -15; b < 16; b++ {
			check := func(rows, cols int, data ...float64) {
				x := mat.NewDense(rows, cols, data)
				if _, bound := leastCertified(ar, x); exceeds(x, mul(rat(bound), rat(bound))) {
					t.Fatalf("bound %v is below the norm of %v", bound, data)
				}
			}
			x, y := float64(a)/16, float64(b)/16
			check(2, 1, x, y)
			check(1, 2, y, x)
			for c := -15; c < 16; c++ {
				check(2, 2, x, y, y, float64(c)/16)
			}
		}
	}
}

func exactFrobSq(x *mat.Dense) *big.Rat {
	s := new(big.Rat)
	for _, v := range entries(x) {
		s.Add(s, mul(rat(v), rat(v)))
	}
	return s
}

// TestCertifyAllowance: what certify adds to t^2 is at least the delta of theorem
// 9, in exact arithmetic, and not a millionth more.
func TestCertifyAllowance(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 9))
	for range 400 {
		rows, cols := 1+rng.IntN(12), 1+rng.IntN(12)
		x, _, _ := scale(rows, cols, random(rows, cols, rng, 1).Float64s())
		m, k, fsq := max(rows, cols), min(rows, cols), frobSq(x)
		tt := math.Sqrt(fsq) * (1 + rng.Float64())
		bound, ok := certify(float, x, fsq, tt)
		if !ok {
			t.Fatalf("t = %v above the Frobenius norm was refused", tt)
		}
		t2, g, trace := tt*tt, gram(x), new(big.Rat)
		for i := range k {
			trace.Add(trace, rat(t2-g.At(i, i)))
		}
		a, b := theorem9(unit, m, k, exactFrobSq(x), trace)
		// bound^2 >= t2 + delta, and the excess of bound over t is nearly all delta.
		if want := add(rat(t2), add(a, b)); mul(rat(bound), rat(bound)).Cmp(want) < 0 {
			w, _ := want.Float64()
			t.Fatalf("%d x %d, t = %v: bound^2 = %v is less than t^2 + delta = %v", rows, cols, tt, bound*bound, w)
		}
		d, _ := add(a, b).Float64()
		if loose := delta(float, m, k, fsq, t2*float64(k)); loose < d {
			t.Errorf("delta with the largest trace is %v, with that of B %v", loose, d)
		}
		if bound > math.Sqrt(t2+d)*(1+0x1p-50) {
			t.Errorf("bound %v, want hardly more than sqrt(t^2 + delta) = %v", bound, math.Sqrt(t2+d))
		}
	}
}

// TestDelta compares with the theorem in rational arithmetic.
func TestDelta(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	for range 2000 {
		ar := arithmetic{unit: math.Ldexp(1, -4-rng.IntN(50))}
		m, k := 1+rng.IntN(40), 1+rng.IntN(20)
		fsq, trace := rng.ExpFloat64(), rng.ExpFloat64()
		got := delta(ar, m, k, fsq, trace)
		if limit := 1 / ar.unit; float64(m+1) >= limit || float64(2*(k+2)) >= limit {
			if !math.IsInf(got, 1) {
				t.Errorf("unit %v, m = %d, k = %d: %v, want +Inf: nothing is proved", ar.unit, m, k, got)
			}
			continue
		}
		a, b := theorem9(ar.unit, m, k, rat(fsq), rat(trace))
		want := add(a, b)
		if w, _ := want.Float64(); rat(got).Cmp(want) < 0 || got > w*(1+0x1p-48) {
			t.Errorf("unit %v, m = %d, k = %d, %v, %v: %v, want %v rounded up", ar.unit, m, k, fsq, trace, got, w)
		}
	}
}

// TestFrobSq: at least the sum of the squares, exactly, also where every addition
// rounds down.
func TestFrobSq(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 9))
	for range 300 {
		rows, cols := 1+rng.IntN(20), 1+rng.IntN(20)
		x, _, _ := scale(rows, cols, random(rows, cols, rng, 1).Float64s())
		if rng.IntN(2) == 0 { // 1/4 and many that are lost
			x.Apply(func(i, j int, _ float64) float64 {
				if i < 4 && j == 0 || i == 0 && j < 4 {
					return 0.5
				}
				return 0x1p-28 * (1 - 0x1p-20)
			}, x)
		}
		got, want := frobSq(x), exactFrobSq(x)
		if w, _ := want.Float64(); rat(got).Cmp(want) < 0 || got > w*(1+1e-12) {
			t.Errorf("%d x %d: %v, want %v rounded up", rows, cols, got, w)
		}
	}
}

// TestShear: with k the condition number of a shear by x, k + 1/k = x^2 + 2,
// which grows with k >= 1.
func TestShear(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 9))
	for range 20000 {
		x := math.Ldexp(rng.Float64(), rng.IntN(40)-20)
		want := add(mul(rat(x), rat(x)), big.NewRat(2, 1))
		got := rat(ShearBound(x))
		if s := add(got, new(big.Rat).Inv(got)); s.Cmp(want) < 0 {
			t.Fatalf("x = %v: %v is below the condition number", x, ShearBound(x))
		}
		if r := ShearBound(x) / Shear(x); !(r > 1 && r < 1+1e-14) {
			t.Fatalf("x = %v: bound %v, rounded %v", x, ShearBound(x), Shear(x))
		}
	}
	if k := ShearBound(math.Inf(1)); !math.IsInf(k, 1) {
		t.Errorf("infinite shear: %v", k)
	}
	if k := ShearBound(1e200); !math.IsInf(k, 1) {
		t.Errorf("1e200: %v", k)
	}
}
