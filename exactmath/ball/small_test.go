package ball

import (
	"math/big"
	"testing"

	"flowproof/exactmath/bound"
)

// The tests of this file run through all balls of a few bits, and compare with
// rational numbers, or with rational enclosures far narrower than the last of
// these bits. A midpoint of so few bits is exact, and so is a radius, so that no
// rounding hides an error term that is too small.

// ends returns the exact ends of x as rationals.
func ends(x Ball) [2]*big.Rat {
	lo, hi := x.ends()
	return [2]*big.Rat{rat(lo), rat(hi)}
}

// few visits the balls mid ± rad with |mid| <= most/unit and rad <= wide/unit,
// both multiples of 1/unit, at each of the precisions.
func few(most, wide, unit int64, precs []uint, visit func(x Ball)) {
	for m := -most; m <= most; m++ {
		for r := int64(0); r <= wide; r++ {
			for _, prec := range precs {
				visit(around(ratio(m, unit), ratio(r, unit), 12).Round(prec))
			}
		}
	}
}

// within checks that z contains an interval that contains the number wanted.
func within(t *testing.T, name string, x, z Ball, lower, upper *big.Rat) {
	t.Helper()
	e := ends(z)
	if lower.Cmp(upper) > 0 {
		t.Fatalf("%s(%v): the reference is empty", name, x)
	}
	if e[0].Cmp(lower) > 0 || e[1].Cmp(upper) < 0 {
		t.Fatalf("%s(%v) = %v does not contain [%s, %s]", name, x, z, lower.FloatString(20), upper.FloatString(20))
	}
}

// expBounds encloses exp(s), |s| < 16, to 30 digits: Taylor's formula at s/64, with
// Lagrange's remainder, and six squarings.
func expBounds(s *big.Rat) (lower, upper *big.Rat) {
	x := new(big.Rat).Quo(s, ratio(64, 1))
	sum, term := new(big.Rat), ratio(1, 1)
	for j := int64(1); j <= 18; j++ {
		sum.Add(sum, term)
		term.Mul(term, x).Quo(term, ratio(j, 1))
	}
	term.Abs(term).Mul(term, ratio(2, 1)) // e^(1/4) < 2
	lower, upper = new(big.Rat).Sub(sum, term), new(big.Rat).Add(sum, term)
	for range 6 {
		lower, upper = floor(lower.Mul(lower, lower)), ceil(upper.Mul(upper, upper))
	}
	return lower, upper
}

// logBounds encloses log(s), 1/16 < s < 16, to 20 digits: log(u) = 2 artanh((u-1)/(u+1))
// for u = s / 2^k between 2/3 and 4/3, and for u = 2.
func logBounds(s *big.Rat) (lower, upper *big.Rat) {
	u, k := new(big.Rat).Set(s), int64(0)
	for ; u.Cmp(ratio(4, 3)) > 0; k++ {
		u.Quo(u, ratio(2, 1))
	}
	for ; u.Cmp(ratio(2, 3)) < 0; k-- {
		u.Mul(u, ratio(2, 1))
	}
	sum, off := artanh(u)
	two, off2 := artanh(ratio(2, 1))
	sum.Add(sum, two.Mul(two, ratio(k, 1)))
	off.Add(off, off2.Mul(off2, ratio(max(k, -k), 1)))
	return floor(new(big.Rat).Sub(sum, off)), ceil(new(big.Rat).Add(sum, off))
}

// artanh returns 2 artanh(y), y = (u-1)/(u+1), and a bound of the error: the rest
// of the series is less than its first term over 1 - y^2 > 1/2.
func artanh(u *big.Rat) (sum, off *big.Rat) {
	y := new(big.Rat).Quo(new(big.Rat).Sub(u, ratio(1, 1)), new(big.Rat).Add(u, ratio(1, 1)))
	square, power := new(big.Rat).Mul(y, y), new(big.Rat).Mul(y, ratio(2, 1))
	sum = new(big.Rat)
	for j := int64(1); j < 50; j += 2 {
		sum.Add(sum, new(big.Rat).Quo(power, ratio(j, 1)))
		power.Mul(power, square)
	}
	return sum, power.Abs(power.Mul(power, ratio(2, 1)))
}

// memo returns f with a memory of what it has found.
func memo(f func(*big.Rat) (lower, upper *big.Rat)) func(*big.Rat) (lower, upper *big.Rat) {
	found := map[string][2]*big.Rat{}
	return func(s *big.Rat) (lower, upper *big.Rat) {
		v, ok := found[s.String()]
		if !ok {
			v[0], v[1] = f(s)
			found[s.String()] = v
		}
		return v[0], v[1]
	}
}

// floor and ceil round to multiples of 2^-120, so that references stay short.
func floor(x *big.Rat) *big.Rat {
	n := new(big.Int).Lsh(x.Num(), 120)
	return new(big.Rat).SetFrac(n.Div(n, x.Denom()), new(big.Int).Lsh(big.NewInt(1), 120))
}

func ceil(x *big.Rat) *big.Rat { return floor(x.Neg(x)).Neg(floor(x)) }

func TestSmallArithmetic(t *testing.T) {
	type op struct {
		name  string
		ball  func(x, y Ball) (Ball, error)
		exact func(z, x, y *big.Rat) *big.Rat
	}
	ops := []op{{"Add", Ball.Add, (*big.Rat).Add}, {"Sub", Ball.Sub, (*big.Rat).Sub}, {"Mul", Ball.Mul, (*big.Rat).Mul}, {"Quo", Ball.Quo, (*big.Rat).Quo}}
	var balls []Ball
	few(6, 2, 4, []uint{4, 8}, func(x Ball) { balls = append(balls, x) })
	for _, x := range balls {
		for _, y := range balls {
			if x.Prec() != y.Prec() {
				continue
			}
			e, f := ends(x), ends(y)
			for _, op := range ops {
				divides := op.name == "Quo" && f[0].Sign() <= 0 && f[1].Sign() >= 0
				z, err := op.ball(x, y)
				if divides != (err != nil) {
					t.Fatalf("%s of %v and %v: %v", op.name, x, y, err)
				}
				if err != nil {
					continue
				}
				for _, s := range e {
					for _, u := range f {
						if v := op.exact(new(big.Rat), s, u); !z.Contains(v) {
							t.Fatalf("%s: %v, %v: %v does not contain %s", op.name, x, y, z, v)
						}
					}
				}
			}
		}
	}
}

func TestSmallFunctions(t *testing.T) {
	exps, logs := memo(expBounds), memo(logBounds)
	few(24, 4, 8, []uint{2, 4, 6, 12}, func(x Ball) {
		z := must(t)(x.Exp())
		checkInvariant(t, z)
		for _, s := range ends(x) {
			lower, upper := exps(s)
			within(t, "Exp", x, z, lower, upper)
			direct := must(t)(ExpRat(s, x.Prec()))
			within(t, "ExpRat", x, direct, lower, upper)
			checkTight(t, direct)
		}
		e := ends(x)
		if e[0].Sign() > 0 {
			z = must(t)(x.Log())
			checkInvariant(t, z)
			for _, s := range e {
				lower, upper := logs(s)
				within(t, "Log", x, z, lower, upper)
			}
		}
		if e[0].Sign() < 0 {
			return
		}
		z = must(t)(x.Sqrt())
		for i, s := range ends(z) {
			s.Mul(s, s)
			if i == 0 && ends(z)[0].Sign() > 0 && s.Cmp(e[0]) > 0 || i == 1 && s.Cmp(e[1]) < 0 {
				t.Fatalf("√%v = %v", x, z)
			}
		}
	})
}

// Square roots next to perfect squares, where what is cut off shows though the
// midpoint has no other error.
func TestSqrtNextToSquares(t *testing.T) {
	for n := int64(1); n < 16; n++ {
		for k := uint(9); k < 60; k++ {
			square := new(big.Rat).SetInt64(n * n)
			x := must(t)(FromRat(square.Add(square, rat(pow2(-int(k)))), 80))
			for _, prec := range []uint{4, 8, 12} {
				y := newBall(prec)
				root, unit := sqrtDown(&x.mid, prec+8)
				y.mid.Set(root)
				y.rad = unit
				y = y.rounded()
				for i, s := range ends(y) {
					if c := s.Mul(s, s).Cmp(rat(&x.mid)); i == 0 && c > 0 || i == 1 && c < 0 {
						t.Fatalf("√(%d^2 + 2^-%d) at %d bits: %v", n, k, prec, y)
					}
				}
			}
		}
	}
}

// The pieces of exp, each at a size at which its own error term is the largest.
func TestExpPieces(t *testing.T) {
	for k := int64(0); k <= 96; k++ { // radii up to 6
		r := ratio(k, 16)
		got, err := expm1(bound.AboveRat(r))
		lower, upper := expBounds(r)
		lower.Sub(lower, ratio(1, 1))
		if err != nil || got.Rat().Cmp(lower) < 0 {
			t.Errorf("e^%s - 1 > %v", r, got.Float())
		}
		upper.Sub(upper, ratio(1, 1))
		if wide := new(big.Rat).Mul(upper, ratio(106, 100)); got.Rat().Cmp(wide) > 0 {
			t.Errorf("e^%s - 1 is far below %v", r, got.Float())
		}
	}
	exps := memo(expBounds)
	few(32, 8, 64, []uint{5, 8, 12, 30}, func(y Ball) {
		if y.abs().Cmp(bound.Pow2(-1)) > 0 {
			return
		}
		for least := 0; least > -9; least-- {
			z := taylor(y, least)
			for _, s := range ends(y) {
				lower, upper := exps(s)
				within(t, "taylor", y, z, lower, upper)
			}
		}
	})
	for k := int64(-80); k <= 80; k++ {
		for prec := uint(2); prec <= 14; prec++ {
			x := new(big.Float).SetRat(ratio(k, 16))
			z, err := expPoint(x, prec)
			if err != nil {
				t.Fatal(err)
			}
			lower, upper := expBounds(ratio(k, 16))
			within(t, "expPoint", point(x), z, lower, upper)
			if prec < 10 { // what the bound on the radius supposes
				continue
			}
			if limit := bound.Above(&z.mid).Shift(-int(prec) - 5); z.rad.Cmp(limit) > 0 {
				t.Errorf("exp(%d/16) at %d bits: %v", k, prec, z)
			}
		}
	}
}

func TestLogPieces(t *testing.T) {
	logs := memo(logBounds)
	few(32, 16, 64, []uint{6, 8, 12, 30}, func(h Ball) {
		z, err := log1p(h)
		if large := h.abs().Cmp(bound.Pow2(-1)) > 0; large != (err != nil) {
			t.Fatalf("log(1 + %v): %v", h, err)
		}
		if err != nil {
			return
		}
		for _, s := range ends(h) {
			lower, upper := logs(new(big.Rat).Add(s, ratio(1, 1)))
			within(t, "log1p", h, z, lower, upper)
		}
	})
	// One step at a few bits, from proposals off by up to 1/2.
	for k := int64(1); k <= 64; k++ {
		x := ratio(k, 8)
		lower, upper := logBounds(x)
		for d := -8; d <= 8; d++ {
			for _, prec := range []uint{4, 8, 12} {
				y := proposeFloat64(new(big.Float).SetRat(x), 0)
				y.Add(y, big.NewFloat(float64(d)/16))
				z, err := logStep(new(big.Float).SetRat(x), y, prec)
				if err == nil {
					within(t, "logStep", point(y), z, lower, upper)
				} else if d > -6 && d < 6 {
					t.Errorf("log %s from a proposal off by %d/16: %v", x, d, err)
				}
			}
		}
	}
	// With no use of any proposal the ball still contains the logarithm.
	useless := func(*big.Float, uint) *big.Float { return pow2(1 << 20) }
	for _, e := range []int{MaxExp - 1, -MaxExp - 1, 100} {
		z := logPoint(pow2(e), 53, useless, useless)
		good := must(t)(point(pow2(e)).Log())
		if !z.Contains(rat(&good.mid)) {
			t.Errorf("log 2^%d = %v, want %v", e, z, good)
		}
	}
}

// A radius of 0 and a bit, at an argument where rounding it to nearest, in the
// precision of a float64, once lost the upper end: the lower bound of exp there by
// Taylor's series has to be in the ball.
func TestExpRadiusRoundsUp(t *testing.T) {
	m, _ := new(big.Int).SetString("43c2eadec0cd9db3fb957a319", 16)
	b := must(t)(FromRat(new(big.Rat).SetFrac(m, new(big.Int).Lsh(big.NewInt(1), 123)), 333))
	a := must(t)(FromRat(ratio(1, 3), 58))
	x := must(t)(b.Add(must(t)(a.Sub(a))))
	z := must(t)(x.Exp())
	sum, term, high := new(big.Rat), ratio(1, 1), ends(x)[1]
	for j := int64(1); j < 40; j++ {
		sum.Add(sum, term)
		term.Mul(term, high).Quo(term, ratio(j, 1))
	}
	if sum.Cmp(ends(z)[1]) > 0 {
		t.Errorf("exp(%v) = %v is less than exp of its upper end", x, z)
	}
}

// Operands of every precision and rounding mode, radii that need more bits than
// they have: the result is that of the values alone.
func TestModesOfArguments(t *testing.T) {
	for mode := big.ToNearestEven; mode <= big.ToPositiveInf; mode++ {
		x := new(big.Float).SetPrec(90).SetMode(mode)
		x.Quo(x.SetInt64(1), big.NewFloat(3))
		y := new(big.Float).SetPrec(90).Set(x)
		for name, f := range map[string]func(x *big.Float) Ball{
			"point": point,
			"exp":   func(x *big.Float) Ball { z, _ := expPoint(x, 60); return z },
			"log":   func(x *big.Float) Ball { return logPoint(x, 60, propose, proposeFloat64) },
			"step":  func(x *big.Float) Ball { z, _ := logStep(pow2(0), x, 60); return z },
		} {
			a, b := f(x), f(y)
			checkInvariant(t, a)
			if a.mid.Cmp(&b.mid) != 0 || a.rad != b.rad || a.Prec() != b.Prec() {
				t.Errorf("%s of a number of mode %v: %v, want %v", name, mode, a, b)
			}
		}
	}
}
