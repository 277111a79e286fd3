package condition

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
	"flowproof/exactmath/spectral"
)

func diagonal(d ...float64) *exactmath.Floats {
	n := len(d)
	data := make([]float64, n*n)
	for i, v := range d {
		data[i*n+i] = v
	}
	return must(exactmath.FromFloat64(n, n, data))
}

// TestLowerLimits: targets for which the limit of theorem 5.1 is known.
func TestLowerLimits(t *testing.T) {
	const most = math.MaxFloat64
	for _, c := range []struct {
		d           []float64
		q           int
		least, want float64
	}{
		{[]float64{4, 0.5}, 1, 8 - 1e-9, 8},
		{[]float64{1, 1, 1}, 2, 1, 1},
		{[]float64{8, 8, 8}, 2, 22.6274169, 8 * math.Sqrt(8)},       // det^(1/q)
		{[]float64{0.5, 0.5, 0.5}, 2, 2.82842712, 2 * math.Sqrt(2)}, // det^(-1/q)
		{[]float64{-3, 1e-3, 2}, 2, 3000 - 1e-6, 3000},
		// More than the condition number; that is 1e12, and small singular values are
		// known to 1e-15 of the large ones.
		{[]float64{1e9, 1e-3, 1e-3, 1e-3}, 2, 3.1e13, math.Pow(1e12, 9./8)},
		{[]float64{1e308, 1e308}, 1, most, most}, // 1e616
		{[]float64{1e-308, 1e-308}, 1, most, most},
		{[]float64{1e200, 1e-60}, 1, 1e260 * (1 - 1e-6), 1e260},
		{[]float64{1e200, 1e-200}, 1, 1e266, most}, // entries are known to 2^-900 of the largest
		{[]float64{0x1p-1074, 1}, 1, 1e266, most},
	} {
		l := LowerLimits(diagonal(c.d...), c.q, new(big.Rat))
		if !(l.Target <= c.want && l.Target >= c.least) || l.Product != l.Target {
			t.Errorf("diag%v, q = %d: %v, want at most %v and at least %v", c.d, c.q, l, c.want, c.least)
		}
	}
	rotation := must(exactmath.FromFloat64(2, 2, []float64{0.6, -0.8, 0.8, 0.6}))
	for name, m := range map[string]exactmath.Matrix{
		"rotation":           rotation,
		"permutation":        must(sparse.Permutation([]int{2, 0, 1})),
		"signed permutation": must(sparse.New(2, 2, []sparse.Entry{{Row: 0, Col: 1, Value: -1}, {Row: 1, Col: 0, Value: 1}})),
		"zero":               diagonal(0, 0),
	} {
		if l := LowerLimits(m, 2, big.NewRat(1, 100)); name != "zero" && (l.Target < 1 || l.Target > 1+1e-12) || l.Product < 1 || math.IsNaN(l.Target) || math.IsInf(l.Target, 0) {
			t.Errorf("%s: %v", name, l)
		}
	}
}

// TestLimitOfTheProduct: a flow whose product differs from the target has a limit
// of its own, that of the nearest map of least limit.
func TestLimitOfTheProduct(t *testing.T) {
	// The target diag(1, 2^-1022), the product of the flow diag(1, 2^-30).
	product := math.Ldexp(1, -30)
	gap := new(big.Rat).Sub(rat(product), rat(0x1p-1022))
	l := LowerLimits(diagonal(-1, -0x1p-1022), 1, gap.Mul(gap, gap))
	if !(l.Target > 1e266 && l.Product <= 0x1p30 && l.Product > 0x1p30*(1-1e-9)) {
		t.Errorf("%v, want a limit of 2^1022 for the target and of nearly 2^30 for the product", l)
	}
	// In general: nothing within the distance has a smaller limit.
	rng := rand.New(rand.NewPCG(1, 7))
	for range 500 {
		n := 2 + rng.IntN(3)
		d, e := make([]float64, n), make([]float64, n)
		size := math.Exp(-3 * rng.Float64())
		sum := new(big.Rat)
		for i := range d {
			d[i] = math.Exp(rng.NormFloat64())
			e[i] = d[i] + size*(2*rng.Float64()-1)
			gap := new(big.Rat).Sub(rat(d[i]), rat(e[i]))
			sum.Add(sum, gap.Mul(gap, gap))
		}
		near := LowerLimits(diagonal(d...), n-n/2, sum)
		if at := LowerLimits(diagonal(e...), n-n/2, new(big.Rat)); near.Product > at.Target*(1+1e-12) || near.Product > near.Target {
			t.Fatalf("diag%v has %v; diag%v within the distance has %v", d, near, e, at)
		}
	}
}

// TestLimitIsBelowFlows: flows of few layers, the product exact, have condition
// numbers of a product of at least the limit; and a flow of one diagonal layer has
// no more than it.
func TestLimitIsBelowFlows(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 7))
	for range 300 {
		n := 2 + rng.IntN(4)
		part := must(coupling.Half(n))
		m := dense.ToRational(identity(n))
		bound := 1.0
		layers := 1 + rng.IntN(3)
		plain := layers == 1
		for k := range layers {
			kind := []coupling.Kind{coupling.Lower, coupling.Upper}[k%2]
			rows, cols := part.WeightDims(kind)
			d := make([]*big.Rat, rows)
			for i := range d {
				d[i] = rat(math.Exp(2 * rng.NormFloat64()))
			}
			size := 1.0
			if plain {
				size = 0
			}
			x := random(rows, cols, rng, size)
			l := must(coupling.NewLayer(part, kind, x, must(coupling.ExactScale(d))))
			bound *= Layer(l).Bound
			full := make([]*big.Rat, n*n)
			for i := range full {
				full[i] = new(big.Rat)
				if i/n == i%n {
					full[i].SetInt64(1)
				}
			}
			dst, src := part.P(), 0
			if kind == coupling.Upper {
				dst, src = 0, part.P()
			}
			for i := range rows {
				full[(dst+i)*n+dst+i] = d[i]
				for j := range cols {
					full[(dst+i)*n+src+j] = x.At(i, j)
				}
			}
			m = must(m.Mul(must(dense.NewRational(n, n, full))))
		}
		l := LowerLimits(m, part.Q(), new(big.Rat))
		if l.Target > bound*(1+1e-12) {
			t.Fatalf("n=%d, %d layers: limit %v, product of the condition numbers %v", n, layers, l.Target, bound)
		}
		if d := part.P(); plain && d == 1 && n == 2 && l.Target < bound*(1-1e-9) {
			t.Errorf("a diagonal layer of condition %v: limit %v", bound, l.Target)
		}
	}
}

func identity(n int) *exactmath.Floats {
	d := make([]float64, n)
	for i := range d {
		d[i] = 1
	}
	return diagonal(d...)
}

// TestRoot: the q-th power of the root is at most x, exactly, and nearly x.
func TestRoot(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 7))
	for range 500 {
		q := 1 + rng.IntN(20)
		x := number(big.ToNegativeInf).SetMantExp(exact(1+rng.Float64()), rng.IntN(5000))
		r := root(x, q)
		power, want := big.NewRat(1, 1), new(big.Rat)
		x.Rat(want)
		rr := new(big.Rat)
		r.Rat(rr)
		for range q {
			power.Mul(power, rr)
		}
		if power.Cmp(want) > 0 {
			t.Fatalf("root %d of %v: %v is too large", q, x, r)
		}
		if f, _ := power.Quo(power, want).Float64(); f < 1-1e-9 {
			t.Errorf("root %d of %v: %v is too small, by a factor of %v in the power", q, x, r, f)
		}
	}
}

// TestLambdaRoundsDown: against the definition in rational arithmetic, where q is
// 1, and where it is 2 by squares.
func TestLambdaRoundsDown(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 7))
	one := big.NewRat(1, 1)
	for range 2000 {
		n := 1 + rng.IntN(5)
		s := make([]float64, n)
		for i := range s {
			s[i] = math.Exp(2 * rng.NormFloat64())
		}
		slices.Sort(s)
		slices.Reverse(s)
		up, down := one, one
		for _, v := range s {
			if v > 1 {
				up = new(big.Rat).Mul(up, rat(v))
			} else {
				down = new(big.Rat).Quo(down, rat(v))
			}
		}
		v := spectral.Values{Low: s, High: s}
		want := new(big.Rat).Mul(up, down)
		got := lambda(v, 1, new(big.Float))
		if w, _ := want.Float64(); rat(got).Cmp(want) > 0 || got < w*(1-1e-12) {
			t.Fatalf("%v: %v, want %v rounded down", s, got, w)
		}
		// q = 2: the larger of s_1 and the root of the product.
		square := func(first float64, product *big.Rat) *big.Rat {
			f := rat(max(first, 1))
			if f.Mul(f, f); f.Cmp(product) > 0 {
				return f
			}
			return product
		}
		inv := new(big.Rat).Inv(rat(s[n-1]))
		invSquare := new(big.Rat).Mul(inv, inv)
		if invSquare.Cmp(down) < 0 {
			invSquare = down
		}
		want.Mul(square(s[0], up), invSquare)
		got = lambda(v, 2, new(big.Float))
		if g, w := new(big.Rat).Mul(rat(got), rat(got)), want; g.Cmp(w) > 0 {
			t.Fatalf("%v, q = 2: the square of %v is above %v", s, got, w)
		}
	}
}

// TestEstimate: condition numbers, where the SVD would overflow too.
func TestEstimate(t *testing.T) {
	for _, c := range []struct {
		m    exactmath.Matrix
		want float64
	}{
		{diagonal(4, 0.5), 8},
		{diagonal(1e308, -5e307), 2},
		{diagonal(0x1p-1074, 0x1p-1073), 2},
		{must(sparse.Permutation([]int{2, 0, 1})), 1},
		{diagonal(1, 0), math.Inf(1)},
		{diagonal(0, 0), math.Inf(1)},
	} {
		if got := Estimate(c.m); math.Abs(got-c.want) > 1e-9*c.want && got != c.want {
			t.Errorf("%v: %v, want %v", c.m.Float64s(), got, c.want)
		}
	}
	twice := must(sparse.New(2, 2, []sparse.Entry{{Row: 0, Col: 0, Value: 1}, {Row: 1, Col: 0, Value: 1}}))
	if got := Estimate(twice); !math.IsInf(got, 1) {
		t.Errorf("a column with two ones passes for a permutation: %v", got)
	}
}

// TestExtremeEstimates: numbers near the ends of float64 give estimates, not
// NaN and not a panic.
func TestExtremeEstimates(t *testing.T) {
	for _, c := range []struct {
		data []float64
		cond float64
	}{
		{[]float64{1e308, 0, 0, 1e308}, 1},
		{[]float64{1e308, 1e308, -1e308, 1e308}, 1},
		{[]float64{math.MaxFloat64, 0, 0, math.MaxFloat64 / 4}, 4},
		{[]float64{0x1p-1074, 0, 0, 0x1p-1070}, 16},
		{[]float64{1, 1, 1, 1}, math.Inf(1)},
		{[]float64{0, 0, 0, 0}, math.Inf(1)},
		{[]float64{1e308, 0, 0, 1e-308}, math.Inf(1)},
	} {
		got := Estimate(must(exactmath.FromFloat64(2, 2, c.data)))
		if c.cond < 1e300 && math.Abs(got-c.cond) > 1e-9*c.cond || c.cond > 1e300 && got < 1e15 {
			t.Errorf("%v: condition %v, want %v", c.data, got, c.cond)
		}
	}
}
