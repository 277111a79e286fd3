package ball

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"flowproof/exactmath/bound"
)

func ratio(a, b int64) *big.Rat { return big.NewRat(a, b) }

func must(t *testing.T) func(Ball, error) Ball {
	return func(z Ball, err error) Ball {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
}

// around returns the ball mid ± rad, both exact.
func around(mid, rad *big.Rat, prec uint) Ball {
	z := newBall(prec)
	z.mid.SetRat(mid)
	z.rad = bound.AboveRat(rad)
	return z
}

// checkInvariant checks what the comment of Ball says holds between operations.
func checkInvariant(t *testing.T, z Ball) {
	t.Helper()
	e := z.mid.MantExp(nil)
	switch {
	case z.mid.IsInf() || z.rad.IsInf(), e > MaxExp, e < -MaxExp, z.rad.Exp() > 2*MaxExp+1, z.rad.Exp() < -2*MaxExp,
		z.mid.Mode() != big.ToNearestEven:
		t.Fatalf("invariant broken: mid 2^%d, rad 2^%d, %v", e, z.rad.Exp(), z.mid.Mode())
	}
}

// generate mixes random balls with weird ones: 0, points, powers of two, balls
// that touch or contain 0, radii far above and far below the midpoint.
func generate(r *rand.Rand) Ball {
	precs := []uint{2, 3, 53, 64, 200}
	prec := precs[r.IntN(len(precs))]
	z := newBall(prec)
	switch r.IntN(6) {
	case 0: // 0
	case 1:
		z.mid.Set(pow2(r.IntN(200) - 100))
	default:
		z.mid.SetMantExp(big.NewFloat(r.Float64()*2-1), r.IntN(120)-60)
		z.mid.Add(&z.mid, pow2(-int(prec)))
	}
	switch r.IntN(6) {
	case 0: // a point
	case 1:
		z.rad = bound.Above(&z.mid)
	case 2:
		z.rad = bound.Pow2(r.IntN(200) - 100)
	default:
		z.rad = bound.Above(&z.mid).Shift(-r.IntN(2 * int(prec)))
	}
	if r.IntN(3) > 0 {
		z.mid.Neg(&z.mid)
	}
	return z
}

// points returns the ends, the midpoint and a random point of x.
func points(r *rand.Rand, x Ball) []*big.Rat {
	out := []*big.Rat{rat(&x.mid)}
	for _, u := range []*big.Rat{ratio(-1, 1), ratio(1, 1), ratio(r.Int64N(2001)-1000, 1000)} {
		p := x.Rad()
		out = append(out, p.Add(p.Mul(p, u), rat(&x.mid)))
	}
	return out
}

// The four operations at all pairs of such points, in rational arithmetic.
func TestArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ops := []struct {
		name  string
		ball  func(x, y Ball) (Ball, error)
		exact func(z, x, y *big.Rat) *big.Rat
	}{
		{"Add", Ball.Add, (*big.Rat).Add}, {"Sub", Ball.Sub, (*big.Rat).Sub},
		{"Mul", Ball.Mul, (*big.Rat).Mul}, {"Quo", Ball.Quo, (*big.Rat).Quo},
	}
	refused := 0
	for range 3000 {
		x, y := generate(r), generate(r)
		for _, op := range ops {
			z, err := op.ball(x, y)
			if op.name == "Quo" && y.Contains(new(big.Rat)) {
				if domain := new(DomainError); !errors.As(err, &domain) {
					t.Fatalf("%v / %v: %v", x, y, err)
				}
				refused++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			checkInvariant(t, z)
			for _, p := range points(r, x) {
				for _, q := range points(r, y) {
					if v := op.exact(new(big.Rat), p, q); !z.Contains(v) {
						t.Fatalf("%s: %v, %v -> %v does not contain %s at (%s, %s)", op.name, x, y, z, v, p, q)
					}
				}
			}
			if x.rad.IsZero() && y.rad.IsZero() {
				checkTight(t, z)
			}
		}
		for _, prec := range []uint{0, 5, 53, 300} {
			z := x.Round(prec)
			for _, p := range points(r, x) {
				if !z.Contains(p) {
					t.Fatalf("Round(%d): %v does not contain %v", prec, z, x)
				}
			}
		}
	}
	if refused < 1000 {
		t.Errorf("only %d divisions by a ball with 0", refused)
	}
}

// Square roots, checked by squaring.
func TestSqrt(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	roots := 0
	for range 6000 {
		x := generate(r)
		z, err := x.Sqrt()
		if x.rad.Float().Cmp(&x.mid) > 0 {
			if domain := new(DomainError); !errors.As(err, &domain) {
				t.Fatalf("√%v: %v", x, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		checkInvariant(t, z)
		roots++
		lower, upper := z.AbsBounds()
		for _, p := range points(r, x) {
			if new(big.Rat).Mul(lower, lower).Cmp(p) > 0 || new(big.Rat).Mul(upper, upper).Cmp(p) < 0 || z.mid.Sign() < 0 {
				t.Fatalf("√%v = %v does not contain √%s", x, z, p)
			}
		}
		if x.rad.IsZero() {
			checkTight(t, z)
		}
	}
	if roots < 1000 {
		t.Errorf("only %d square roots", roots)
	}
	if z := must(t)(must(t)(FromFloat64(1e200, 53)).Mul(must(t)(FromFloat64(1e200, 53)))); z.rad.IsZero() {
		t.Error("1e400 is exact")
	}
	if z := must(t)(must(t)(FromFloat64(144, 53)).Sqrt()); !z.rad.IsZero() || !z.Contains(ratio(12, 1)) {
		t.Errorf("√144 = %v, want 12 exactly", z)
	}
}

// series returns lower and upper bounds of exp(s) for 0 <= s <= 5 by Taylor's
// formula in rational arithmetic.
func series(s *big.Rat, terms int64) (lower, upper *big.Rat) {
	term, lower := ratio(1, 1), new(big.Rat)
	for j := int64(1); j <= terms; j++ {
		lower.Add(lower, term)
		term.Mul(term, s).Quo(term, ratio(j, 1))
	}
	return lower, new(big.Rat).Add(lower, term.Mul(term, ratio(256, 1))) // e^5 < 256
}

// exp against that series at the ends of balls, and log back.
func TestExpLogAgainstSeries(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		mid := ratio(r.Int64N(1<<20), 1<<20)
		mid.Add(mid, ratio(2, 1))
		rad := new(big.Rat).Quo(ratio(r.Int64N(8), 4), new(big.Rat).SetFloat64(math.Ldexp(1, r.IntN(60))))
		for _, prec := range []uint{2, 53, 128} {
			x := around(mid, rad, 64).Round(prec)
			balls := []Ball{must(t)(x.Exp())}
			if y, err := point(pow2(0)).Quo(must(t)(x.Neg().Exp())); err == nil {
				balls = append(balls, y)
			}
			wide := balls[0].Round(prec + 40)
			l, err := wide.Log()
			if low, _ := wide.AbsBounds(); low.Sign() > 0 && err != nil {
				t.Fatal(err)
			}
			for _, s := range []*big.Rat{new(big.Rat).Sub(mid, rad), new(big.Rat).Add(mid, rad), mid} {
				lower, upper := series(s, 70)
				for _, b := range balls {
					if !b.Contains(lower) || !b.Contains(upper) {
						t.Fatalf("exp(%v) = %v does not contain exp(%s)", x, b, s.FloatString(20))
					}
				}
				if err == nil && !l.Contains(s) {
					t.Fatalf("log(%v) = %v does not contain %s", wide, l, s.FloatString(20))
				}
			}
			direct := must(t)(ExpRat(mid, prec))
			lower, upper := series(mid, 70)
			if !direct.Contains(lower) || !direct.Contains(upper) {
				t.Fatalf("exp(%s) = %v", mid, direct)
			}
			checkTight(t, direct)
		}
	}
}

// Whatever is proposed, the ball of a logarithm contains the logarithm and is as
// tight as ever.
func TestWrongProposal(t *testing.T) {
	inf := new(big.Float).SetInf(false)
	wrong := map[string]func(right *big.Float) *big.Float{
		"zero":          func(*big.Float) *big.Float { return new(big.Float) },
		"infinite":      func(*big.Float) *big.Float { return inf },
		"minus inf":     func(*big.Float) *big.Float { return new(big.Float).Neg(inf) },
		"huge":          func(*big.Float) *big.Float { return pow2(1 << 20) },
		"opposite sign": func(y *big.Float) *big.Float { return new(big.Float).Neg(y) },
		"off by 0.4":    func(y *big.Float) *big.Float { return new(big.Float).Add(y, big.NewFloat(0.4)) },
		"off by 2^-20":  func(y *big.Float) *big.Float { return new(big.Float).Sub(y, pow2(-20)) },
		"three bits":    func(y *big.Float) *big.Float { return new(big.Float).SetPrec(3).Set(y) },
	}
	for _, arg := range []string{"2", "1/3", "1e100", "1e-100", "1.0000001", "0.99999999999"} {
		q, _ := new(big.Rat).SetString(arg)
		for _, prec := range []uint{2, 53, 256, 3000} {
			x := must(t)(FromRat(q, prec+10))
			if x.mid.Cmp(pow2(0)) == 0 {
				continue
			}
			good := logPoint(&x.mid, prec+60, propose, proposeFloat64)
			for name, f := range wrong {
				z := logPoint(&x.mid, prec, func(*big.Float, uint) *big.Float { return f(&good.mid) }, proposeFloat64)
				checkInvariant(t, z)
				checkTight(t, z.Round(prec))
				if d := must(t)(z.Sub(good)); !d.Contains(new(big.Rat)) {
					t.Errorf("log(%s), %d bits, proposal %s: %v, want %v", arg, prec, name, z, good)
				}
			}
		}
	}
}

// One step from a proposal that is off by d must cover the truth, by a radius of
// the order of d^3, and no less.
func TestStepCoversError(t *testing.T) {
	three := big.NewFloat(3)
	truth := logPoint(three, 500, propose, proposeFloat64)
	for k := 2; k < 60; k++ {
		y := new(big.Float).SetPrec(300).Add(&truth.mid, pow2(-k))
		z, err := logStep(three, y, 200)
		if err != nil {
			t.Fatal(err)
		}
		if d := must(t)(z.Sub(truth)); !d.Contains(new(big.Rat)) {
			t.Errorf("off by 2^-%d: %v, want %v", k, z, truth)
		}
		if e := z.rad.Exp(); e < -3*k-1 || e > -3*k+3 {
			t.Errorf("off by 2^-%d: radius 2^%d, want 2^%d", k, e, -3*k)
		}
	}
	if _, err := logStep(three, big.NewFloat(0.5), 200); err == nil {
		t.Error("a proposal off by 0.6 is accepted")
	}
}

func TestErrors(t *testing.T) {
	zero, one := Ball{}, must(t)(FromFloat64(1, 53))
	wide := around(ratio(1, 1), ratio(1, 1), 53)
	negative := one.Neg()
	top := newBall(53)
	top.mid.Set(pow2(MaxExp - 1))
	bottom := newBall(53)
	bottom.mid.Set(pow2(-MaxExp))
	unbounded := newBall(53)
	unbounded.rad = bound.Pow2(1 << 21)
	second := func(_ Ball, err error) error { return err }
	var domain *DomainError
	var size *RangeError
	for name, err := range map[string]error{
		"1/0": second(one.Quo(zero)), "1/[1 ± 1]": second(one.Quo(wide)), "√-1": second(negative.Sqrt()),
		"log 0": second(zero.Log()), "log -1": second(negative.Log()), "log [1 ± 1]": second(wide.Log()),
		"√[0 ± 2^21]": second(unbounded.Sqrt()),
	} {
		if !errors.As(err, &domain) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "want") {
			t.Errorf("%s: %v, want a DomainError in one line", name, err)
		}
	}
	for name, err := range map[string]error{
		"NaN": second(FromFloat64(math.NaN(), 53)), "Inf": second(FromFloat64(math.Inf(-1), 53)),
		"exp 2e7": second(ExpRat(ratio(2e7, 1), 53)), "exp -2e7": second(ExpRat(ratio(-2e7, 1), 53)),
		"exp 1e18": second(ExpRat(ratio(1e18, 1), 53)), "exp top": second(top.Exp()), "exp -top": second(top.Neg().Exp()),
		"exp [0 ± 2^21]": second(unbounded.Exp()), "exp [0 ± 2^40]": second(around(ratio(0, 1), ratio(1<<40, 1), 53).Exp()),
		"top^2": second(top.Mul(top)), "top+top": second(top.Add(top)), "bottom^2": second(bottom.Mul(bottom)),
		"bottom/top": second(bottom.Quo(top)), "top/bottom": second(top.Quo(bottom)),
		"2^2^25": second(FromRat(new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 1<<25)), 53)),
	} {
		if !errors.As(err, &size) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want a RangeError in one line", name, err)
		}
	}
}

// At the ends of the range every operation that succeeds is right and within the
// invariant: exponents that big.Float would turn to 0 or Inf never arise.
func TestEnds(t *testing.T) {
	top, bottom := newBall(53), newBall(53)
	top.mid.Set(pow2(MaxExp - 1))
	bottom.mid.Set(pow2(-MaxExp))
	bottom.rad = bound.Pow2(-2 * MaxExp) // the least radius there is
	one := must(t)(top.Quo(top))
	if !one.Contains(ratio(1, 1)) || !one.rad.IsZero() {
		t.Errorf("top/top = %v", one)
	}
	checkInvariant(t, must(t)(top.Quo(must(t)(FromFloat64(3, 53)))))
	z := must(t)(top.Mul(bottom))
	checkInvariant(t, z)
	if !z.Contains(ratio(1, 2)) {
		t.Errorf("top bottom = %v", z)
	}
	small := must(t)(bottom.Sub(bottom))
	checkInvariant(t, must(t)(small.Mul(small))) // 0 ± 2^-4 MaxExp is rounded up
	if p := must(t)(small.Mul(small)); p.rad.IsZero() || !p.Contains(new(big.Rat)) {
		t.Error("a radius turned to 0")
	}
	if lower, upper := small.AbsBounds(); lower.Sign() != 0 || upper.Cmp(rat(pow2(1-2*MaxExp))) != 0 {
		t.Error("bounds of bottom - bottom")
	}
	most, least := newBall(53), newBall(53) // the largest and least midpoints
	most.mid.Sub(pow2(MaxExp), pow2(MaxExp-53))
	least.mid.Set(pow2(-MaxExp - 1))
	for _, x := range []Ball{top, bottom, most, least} {
		l := must(t)(x.Log())
		checkInvariant(t, l)
		e := must(t)(l.Round(100).Exp())
		if d := new(big.Float).Sub(&e.mid, &x.mid); d.Abs(d).Cmp(e.rad.Float()) > 0 {
			t.Errorf("exp(log x) misses x = %v", x.mid.MantExp(nil))
		}
		if l.rad.Cmp(bound.Pow2(24-53)) > 0 {
			t.Errorf("log x = %v", l)
		}
		checkInvariant(t, must(t)(must(t)(x.Sqrt()).Add(x)))
	}
}

func TestAccessors(t *testing.T) {
	x := around(ratio(-7, 4), ratio(3, 8), 53)
	if m, e := x.Mid(); m.Int64() != -7 || e != -2 {
		t.Errorf("Mid() = %v 2^%d, want -7 2^-2", m, e)
	}
	if m, e := (Ball{}).Mid(); m.Sign() != 0 || e != 0 {
		t.Errorf("Mid() of 0 = %v 2^%d", m, e)
	}
	lower, upper := x.AbsBounds()
	if lower.Cmp(ratio(11, 8)) != 0 || upper.Cmp(ratio(17, 8)) != 0 || x.Rad().Cmp(ratio(3, 8)) != 0 || x.Prec() != 53 {
		t.Errorf("bounds %s, %s, radius %s", lower, upper, x.Rad())
	}
	if lower, upper = around(ratio(1, 4), ratio(1, 2), 53).AbsBounds(); lower.Sign() != 0 || upper.Cmp(ratio(3, 4)) != 0 {
		t.Errorf("bounds of a ball with 0: %s, %s", lower, upper)
	}
	for v, want := range map[*big.Rat]bool{ratio(-17, 8): true, ratio(-11, 8): true, ratio(-2126, 1000): false, ratio(-1374, 1000): false} {
		if x.Contains(v) != want {
			t.Errorf("Contains(%s) = %v", v, !want)
		}
	}
	for _, e := range []string{"0", "1", "-3.5", "1/3", "1e-30"} {
		q, _ := new(big.Rat).SetString(e)
		z := must(t)(FromRat(q, 0))
		if z.Prec() != 2 || !z.Contains(q) {
			t.Errorf("FromRat(%s, 0) = %v", e, z)
		}
	}
	if got := (Ball{}).String(); got != "[0.0000000000000000e+00 ± 0.00e+00]" {
		t.Errorf("0 prints as %s", got)
	}
	x.mid.Set(pow2(-MaxExp))
	x.rad = bound.Pow2(-2 * MaxExp)
	if got := x.String(); got != "[0x.8p-16777215 ± 0x.8p-33554431]" {
		t.Errorf("2^-MaxExp prints as %s", got)
	}
}

// The interval printed contains the ball, and is not much wider.
func TestString(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		x := generate(r)
		var mid, rad string
		if _, err := fmt.Sscanf(x.String(), "[%s ± %s", &mid, &rad); err != nil {
			t.Fatalf("%s: %v", x, err)
		}
		m, ok1 := new(big.Rat).SetString(mid)
		d, ok2 := new(big.Rat).SetString(strings.TrimSuffix(rad, "]"))
		if !ok1 || !ok2 {
			t.Fatalf("%s does not parse", x)
		}
		for _, p := range points(r, x) {
			if p.Sub(p, m); p.Abs(p).Cmp(d) > 0 {
				t.Fatalf("%s does not contain [%g ± %g]", x, &x.mid, x.rad.Float())
			}
		}
		wide := new(big.Rat).Abs(rat(&x.mid))
		wide.Add(wide.Mul(wide, new(big.Rat).SetFloat64(1e-15)), new(big.Rat).Mul(x.Rad(), ratio(102, 100)))
		if d.Cmp(wide) > 0 {
			t.Fatalf("%s is wider than [%g ± %g]", x, &x.mid, x.rad.Float())
		}
	}
}

// bigfloat keeps pi in a variable without a lock; propose must stay clear of it.
// (With -race, a failure shows by itself.)
func TestConcurrentLog(t *testing.T) {
	x := must(t)(FromRat(ratio(1, 3), 4096))
	want := must(t)(x.Log())
	done := make(chan Ball)
	for range 4 {
		go func() {
			z, _ := x.Log()
			done <- z
		}()
	}
	for range 4 {
		if z := <-done; z.mid.Cmp(&want.mid) != 0 || z.rad != want.rad {
			t.Errorf("%v, want %v", z, want)
		}
	}
}

func ExampleExpRat() {
	z, _ := ExpRat(big.NewRat(1, 3), 53)
	fmt.Println(z)
	// Output: [1.3956124250860895e+00 ± 1.62e-16]
}
