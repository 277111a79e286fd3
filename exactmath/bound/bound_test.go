package bound

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// generate mixes random magnitudes with weird ones: 0, powers of two, the largest
// and least of a binade, few bits.
func generate(r *rand.Rand) magnitude {
	man := []uint64{0, 1 << 31, 1<<32 - 1, 1<<31 + 1, 3 << 30, uint64(r.IntN(16)+16) << 27}[r.IntN(6)]
	if r.IntN(2) == 0 {
		man = 1<<31 + uint64(r.Uint32()>>1)
	}
	if man == 0 {
		return magnitude{}
	}
	return magnitude{man, r.IntN(80) - 60}
}

// short tells whether x is a number of at most 32 bits times a power of two.
func short(x *big.Rat) bool {
	d := x.Denom()
	if int(d.TrailingZeroBits()) != d.BitLen()-1 {
		return false
	}
	return x.Num().BitLen()-int(x.Num().TrailingZeroBits()) <= 32
}

// checkUpper checks that x is exact <= got <= exact (1 + 2^-30), and checkLower
// the mirror image; both that what has 32 bits is exact.
func checkUpper(t *testing.T, op string, got Upper, exact *big.Rat) {
	t.Helper()
	slack := new(big.Rat).Mul(exact, big.NewRat(1<<30+1, 1<<30))
	switch v := got.Rat(); {
	case v.Cmp(exact) < 0, v.Cmp(slack) > 0, short(exact) && v.Cmp(exact) != 0:
		t.Fatalf("%s: %s is no close upper bound of %s", op, v.FloatString(30), exact.FloatString(30))
	}
	invariant(t, got.magnitude)
}

func checkLower(t *testing.T, op string, got Lower, exact *big.Rat) {
	t.Helper()
	slack := new(big.Rat).Mul(exact, big.NewRat(1<<30-1, 1<<30))
	switch v := got.Rat(); {
	case v.Cmp(exact) > 0, v.Cmp(slack) < 0, short(exact) && v.Cmp(exact) != 0:
		t.Fatalf("%s: %s is no close lower bound of %s", op, v.FloatString(30), exact.FloatString(30))
	}
	invariant(t, got.magnitude)
}

func invariant(t *testing.T, x magnitude) {
	t.Helper()
	if x.man != 0 && (x.man>>31 != 1 || x.exp < -limit || x.exp > limit) {
		t.Fatalf("invariant broken: %d 2^%d", x.man, x.exp)
	}
}

func TestAgainstRationals(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	q := func(op func(z, x, y *big.Rat) *big.Rat, x, y magnitude) *big.Rat {
		return op(new(big.Rat), x.Rat(), y.Rat())
	}
	for range 30000 {
		x, y := generate(r), generate(r)
		checkUpper(t, "Add", Upper{x}.Add(Upper{y}), q((*big.Rat).Add, x, y))
		checkLower(t, "Add", Lower{x}.Add(Lower{y}), q((*big.Rat).Add, x, y))
		checkUpper(t, "Mul", Upper{x}.Mul(Upper{y}), q((*big.Rat).Mul, x, y))
		checkLower(t, "Mul", Lower{x}.Mul(Lower{y}), q((*big.Rat).Mul, x, y))
		if !y.IsZero() {
			checkUpper(t, "Quo", Upper{x}.Quo(Lower{y}), q((*big.Rat).Quo, x, y))
		}
		if got, want := (Upper{x}).Cmp(Upper{y}), x.Rat().Cmp(y.Rat()); got != want {
			t.Fatalf("Cmp(%v, %v) = %d", x, y, got)
		}
		e := r.IntN(99) - 50
		checkUpper(t, "Shift", Upper{x}.Shift(e), q((*big.Rat).Mul, x, Pow2(e).magnitude))
		root := Lower{x}.Sqrt()
		low, high := root.Mul(root), Upper(root).Mul(Upper{magnitude{1<<31 + 2, -31}})
		if exact := new(big.Rat).Mul(root.Rat(), root.Rat()); exact.Cmp(x.Rat()) > 0 || low.Rat().Cmp(x.Rat()) > 0 || high.Mul(high).Cmp(Upper{x}) < 0 {
			t.Fatalf("√%v = %v", x, root)
		}
		if d, ok := Difference(x.float(), Upper{y}); ok != (x.Rat().Cmp(y.Rat()) > 0) {
			t.Fatalf("Difference(%v, %v): %v", x, y, ok)
		} else if ok {
			checkLower(t, "Difference", d, q((*big.Rat).Sub, x, y))
		}
	}
}

// Numbers of more than 32 bits, of floats of any precision and rounding mode.
func TestConversions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10000 {
		f := new(big.Float).SetPrec(uint(1 + r.IntN(90))).SetMode(big.RoundingMode(r.IntN(6)))
		f.SetInt(new(big.Int).Lsh(big.NewInt(r.Int64()>>r.IntN(63)), uint(r.IntN(64))))
		f.Add(f, big.NewFloat(float64(r.IntN(3))))
		f.SetMantExp(f, r.IntN(40)-20)
		if r.IntN(2) == 0 {
			f.Neg(f)
		}
		x, _ := f.Rat(nil)
		size := new(big.Rat).Abs(x)
		checkUpper(t, "Above", Above(f), size)
		checkLower(t, "Below", Below(f), size)
		checkUpper(t, "AboveRat", AboveRat(x), size)
		n := r.Uint64() >> r.IntN(64)
		whole := new(big.Rat).SetInt(new(big.Int).SetUint64(n))
		checkUpper(t, "Uint", Uint(n), whole)
		checkLower(t, "Least", Least(n), whole)
		y := big.NewRat(r.Int64N(1<<40)-1<<39, 1+r.Int64N(1<<50))
		checkUpper(t, "AboveRat", AboveRat(y), new(big.Rat).Abs(y))
	}
}

// At the ends nothing wraps: what is too large is infinite above and the largest
// number below, what is too small is the least number above and 0 below.
func TestEnds(t *testing.T) {
	top, bottom := magnitude{1<<32 - 1, limit}, magnitude{1 << 31, -limit}
	one := Uint(1)
	for name, x := range map[string]Upper{
		"top + top": Upper{top}.Add(Upper{top}), "top top": Upper{top}.Mul(Upper{top}), "top / bottom": Upper{top}.Quo(Lower{bottom}),
		"1 / 0": one.Quo(Lower{}), "top 2": Upper{top}.Shift(1), "inf + 0": infinite.Add(Upper{}), "0 + inf": (Upper{}).Add(infinite),
		"inf 2^-9": infinite.Shift(-9), "inf / 1": infinite.Quo(Least(1)), "inf 1": infinite.Mul(one),
		"|-inf|": Above(new(big.Float).SetInf(true)), "2^limit+32": Pow2(limit + 32),
	} {
		if !x.IsInf() || !x.Float().IsInf() || x.Float().Sign() < 0 {
			t.Errorf("%s = %v, want infinite", name, x)
		}
	}
	for name, x := range map[string]Upper{
		"bottom bottom": Upper{bottom}.Mul(Upper{bottom}), "bottom / top": Upper{bottom}.Quo(Lower{top}),
		"bottom / 2": Upper{bottom}.Shift(-1), "1 2^-a lot": one.Shift(math.MinInt),
	} {
		if x.magnitude != bottom {
			t.Errorf("%s = %v, want %v", name, x, bottom)
		}
	}
	for name, x := range map[string]magnitude{
		"bottom bottom": Lower{bottom}.Mul(Lower{bottom}).magnitude, "0 inf": (Upper{}).Mul(infinite).magnitude, "inf 0": infinite.Mul(Upper{}).magnitude,
		"0 / 0": (Upper{}).Quo(Lower{}).magnitude, "√0": Lower{}.Sqrt().magnitude, "0 / 1": (Upper{}).Quo(Least(1)).magnitude,
	} {
		if !x.IsZero() {
			t.Errorf("%s = %v, want 0", name, x)
		}
	}
	for _, m := range []magnitude{{3 << 30, limit}, {1 << 31, limit}, {3 << 30, -limit}, bottom, top} {
		if x, y := up(m.man, m.exp), down(m.man, m.exp); x.magnitude != m || y.magnitude != m {
			t.Errorf("%v becomes %v and %v", m, x, y)
		}
	}
	if x, y := up(1<<32+1, limit-1), down(1<<32+1, limit-1); x.magnitude != (magnitude{1<<31 + 1, limit}) || y.magnitude != (magnitude{1 << 31, limit}) {
		t.Errorf("at the top: %v, %v", x, y)
	}
	if x, y := up(1<<33-1, limit-1), down(3, -limit-31); !x.IsInf() || !y.IsZero() {
		t.Errorf("beyond the ends: %v, %v", x, y)
	}
	if x := (Lower{top}).Mul(Lower{top}); x.magnitude != top {
		t.Errorf("lower bound top top = %v", x)
	}
	if x := Below(new(big.Float).SetInf(false)); x.magnitude != top {
		t.Errorf("lower bound of inf = %v", x)
	}
	if _, ok := Difference(big.NewFloat(1), infinite); ok {
		t.Error("1 - inf > 0")
	}
	if infinite.Cmp(Upper{top}) != 1 || (Upper{top}).Cmp(infinite) != -1 || infinite.Cmp(infinite) != 0 {
		t.Error("order of the infinite")
	}
	for _, e := range []int{-5, 0, 7} {
		if x := Pow2(e); x.Exp() != e+1 || (Upper{}).Exp() != 0 {
			t.Errorf("Exp(2^%d) = %d", e, x.Exp())
		}
	}
}
