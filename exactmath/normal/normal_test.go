package normal

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath/ball"
)

// references encloses Phi(z) and phi(z) another way: the alternating Taylor
// series of exp(-z^2/2) and of its integral about 0, in rationals, the first term
// left out bounding the rest once terms fall; 1/sqrt(2 pi) from its first digits.
func references(z *big.Rat, digits uint) (phi, cdf [2]*big.Rat) {
	half := new(big.Rat).Mul(z, z)
	half.Mul(half, big.NewRat(1, 2))
	eps := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), digits))
	term, exp, integral := big.NewRat(1, 1), new(big.Rat), new(big.Rat)
	for k := int64(0); ; k++ {
		part := new(big.Rat).Mul(term, z)
		part.Mul(part, big.NewRat(1, 2*k+1))
		if k%2 == 1 {
			exp.Sub(exp, term)
			integral.Sub(integral, part)
		} else {
			exp.Add(exp, term)
			integral.Add(integral, part)
		}
		term.Mul(term, half).Mul(term, big.NewRat(1, k+1))
		if term.Cmp(eps) < 0 && half.Cmp(big.NewRat(k+1, 1)) < 0 {
			break
		}
	}
	ends := func(x *big.Rat, off *big.Rat, by string, add *big.Rat) (r [2]*big.Rat) {
		s, _ := new(big.Rat).SetString(by)
		tiny, _ := new(big.Rat).SetString("1e-59")
		wide := new(big.Rat).Add(off, new(big.Rat).Mul(tiny, big.NewRat(20, 1)))
		v := new(big.Rat).Mul(x, s)
		v.Add(v, add)
		return [2]*big.Rat{new(big.Rat).Sub(v, wide), new(big.Rat).Add(v, wide)}
	}
	const inv = "0.39894228040143267793994605993438186847585863116493465766592583"
	off := new(big.Rat).Mul(eps, big.NewRat(2, 1))
	off.Mul(off, new(big.Rat).Add(big.NewRat(1, 1), new(big.Rat).Abs(z)))
	return ends(exp, off, inv, new(big.Rat)), ends(integral, off, inv, big.NewRat(1, 2))
}

// overlaps reports whether the ball meets the interval, as two enclosures of one
// number must.
func overlaps(x ball.Ball, r [2]*big.Rat) bool {
	lo, hi := x.Bounds()
	return lo.Cmp(r[1]) <= 0 && hi.Cmp(r[0]) >= 0
}

func points() []*big.Rat {
	rng := rand.New(rand.NewPCG(1, 2))
	ps := []*big.Rat{new(big.Rat), big.NewRat(1, 1<<40), big.NewRat(1, 3), big.NewRat(1, 1), big.NewRat(11, 2), big.NewRat(7, 1)}
	for range 20 {
		ps = append(ps, new(big.Rat).SetFloat64(6*rng.Float64()))
	}
	for _, p := range ps {
		ps = append(ps, new(big.Rat).Neg(p))
	}
	return ps
}

func TestAgainstAlternatingSeries(t *testing.T) {
	for _, prec := range []uint{32, 53, 96, 160} {
		n, err := New(prec)
		if err != nil {
			t.Fatal(err)
		}
		for _, z := range points() {
			phi, cdf := references(z, 190)
			x, err := ball.FromRat(z, 300)
			if err != nil {
				t.Fatal(err)
			}
			d, err := n.Density(x)
			if err != nil || !overlaps(d, phi) {
				t.Errorf("prec %d: phi(%v) = %v, %v", prec, z, d, err)
			}
			c, err := n.CDF(x)
			if err != nil || !overlaps(c, cdf) {
				t.Errorf("prec %d: Phi(%v) = %v, %v", prec, z, c, err)
			}
			for _, b := range []ball.Ball{d, c} {
				if r, _ := b.Rad().Float64(); r > 4*math.Ldexp(1, -int(prec)) {
					t.Errorf("prec %d at %v: the radius is %g", prec, z, r)
				}
			}
		}
	}
}

// TestSmallPrecisionsContain: at few bits an error term that is left out shows,
// the true value leaving the ball. The reference is computed with far more bits.
func TestSmallPrecisionsContain(t *testing.T) {
	fine, err := New(400)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for prec := uint(32); prec < 40; prec++ {
		n, err := New(prec)
		if err != nil {
			t.Fatal(err)
		}
		for range 60 {
			x, _ := ball.FromFloat64(8*rng.NormFloat64(), 53)
			for _, f := range []func(*Normal, ball.Ball) (ball.Ball, error){(*Normal).CDF, (*Normal).Density} {
				coarse, err := f(n, x)
				if err != nil {
					t.Fatal(err)
				}
				truth, err := f(fine, x)
				if err != nil {
					t.Fatal(err)
				}
				a, b := coarse.Bounds()
				lo, hi := truth.Bounds()
				if a.Cmp(lo) > 0 || hi.Cmp(b) > 0 {
					t.Errorf("prec %d: %v at %v does not contain %v", prec, coarse, x, truth)
				}
			}
		}
	}
}

func TestWideBalls(t *testing.T) {
	n, _ := New(64)
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		mid, rad := 4*rng.NormFloat64(), math.Exp(4*rng.NormFloat64()-6)
		x, _ := ball.FromFloat64(mid, 64)
		x, _ = x.Widen(new(big.Rat).SetFloat64(rad))
		cdf, err := n.CDF(x)
		if err != nil {
			t.Fatal(err)
		}
		density, err := n.Density(x)
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			s, _ := ball.FromFloat64(mid+rad*(2*rng.Float64()-1)*0.999, 64)
			c, _ := n.CDF(s)
			d, _ := n.Density(s)
			if !contains(cdf, c) || !contains(density, d) {
				t.Fatalf("at %v in %v: %v in %v, %v in %v", s, x, c, cdf, d, density)
			}
		}
	}
}

func contains(x, y ball.Ball) bool {
	a, b := x.Bounds()
	lo, hi := y.Bounds()
	eps := big.NewRat(1, 1<<50) // y is an enclosure itself
	return new(big.Rat).Sub(a, eps).Cmp(lo) <= 0 && hi.Cmp(new(big.Rat).Add(b, eps)) <= 0
}

func TestTails(t *testing.T) {
	n, _ := New(128)
	for _, v := range []float64{13.4, 14, 30, 200, 3999, 4001, 1e9, 1e300} {
		for _, s := range []float64{v, -v} {
			x, _ := ball.FromFloat64(s, 64)
			c, err := n.CDF(x)
			if err != nil {
				t.Fatal(err)
			}
			want := new(big.Rat)
			if s > 0 {
				want.SetInt64(1)
			}
			lo, hi := c.Bounds()
			off := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 126))
			if lo.Cmp(new(big.Rat).Add(want, off)) > 0 || hi.Cmp(new(big.Rat).Sub(want, off)) < 0 {
				t.Errorf("Phi(%g) = %v", s, c)
			}
			if d, err := n.Density(x); err != nil || d.Estimate() > 1e-38 {
				t.Errorf("phi(%g) = %v, %v", s, d, err)
			}
		}
	}
}

func TestQuantile(t *testing.T) {
	for _, prec := range []uint{64, 192} {
		n, _ := New(prec)
		fine, _ := New(prec + 200)
		rng := rand.New(rand.NewPCG(7, 8))
		us := []*big.Rat{big.NewRat(1, 2), big.NewRat(1, 1<<40), big.NewRat(1<<40-1, 1<<40), big.NewRat(1, 3), big.NewRat(999, 1000)}
		for range 30 {
			us = append(us, big.NewRat(1+rng.Int64N(1<<30), 1<<30+2))
		}
		for _, u := range us {
			z, err := n.Quantile(u)
			if err != nil {
				t.Fatalf("%v: %v", u, err)
			}
			lo, hi := z.Bounds()
			below, _ := ball.FromRat(lo, 4*prec)
			above, _ := ball.FromRat(hi, 4*prec)
			a, _ := fine.CDF(below)
			b, _ := fine.CDF(above)
			al, _ := a.Bounds()
			_, bh := b.Bounds()
			if al.Cmp(u) > 0 || bh.Cmp(u) < 0 {
				t.Errorf("prec %d: the quantile at %v is not in %v", prec, u, z)
			}
			if r, _ := z.Rad().Float64(); r > math.Ldexp(1, 44-int(prec)) {
				t.Errorf("prec %d: quantile at %v: radius %g", prec, u, r)
			}
		}
		var e *RangeError
		if _, err := n.Quantile(new(big.Rat)); !errors.As(err, &e) {
			t.Errorf("quantile at 0: %v", err)
		}
	}
}

func TestPi(t *testing.T) {
	want, _ := new(big.Rat).SetString("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798")
	off, _ := new(big.Rat).SetString("1e-100")
	for prec := uint(8); prec < 330; prec += 7 {
		x, err := Pi(prec)
		if err != nil {
			t.Fatal(err)
		}
		if !overlaps(x, [2]*big.Rat{new(big.Rat).Sub(want, off), new(big.Rat).Add(want, off)}) {
			t.Errorf("prec %d: %v", prec, x)
		}
		if r, _ := x.Rad().Float64(); r > math.Ldexp(8, -int(prec)) {
			t.Errorf("prec %d: radius %g", prec, r)
		}
	}
}

func BenchmarkCDF(b *testing.B) {
	n, _ := New(192)
	x, _ := ball.FromFloat64(1.234, 53)
	for b.Loop() {
		n.CDF(x)
	}
}

func BenchmarkQuantile(b *testing.B) {
	n, _ := New(192)
	u := big.NewRat(1, 7)
	for b.Loop() {
		n.Quantile(u)
	}
}
