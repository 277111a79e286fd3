package ballmat

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// random is a ball matrix of bits-bit midpoints and radius rad.
func random(r *rand.Rand, rows, cols, bits int, rad float64) *Matrix {
	num := make([]*big.Int, rows*cols)
	for k := range num {
		v := new(big.Int)
		for range bits/60 + 1 {
			v.Lsh(v, 60).Add(v, big.NewInt(r.Int64N(1<<60)))
		}
		if r.IntN(2) == 0 {
			v.Neg(v)
		}
		num[k] = v.Rsh(v, uint(60*(bits/60+1)-bits)+uint(r.IntN(20)))
	}
	return must(New(must(dense.NewDyadic(rows, cols, num, -bits)), big.NewFloat(rad)))
}

// member picks a matrix of the set, extreme ones often.
func member(r *rand.Rand, x *Matrix) *dense.Rational {
	rows, cols := x.mid.Dims()
	rad := x.rad.Rat()
	v := make([]*big.Rat, rows*cols)
	for k := range v {
		t := big.NewRat(int64(r.IntN(3)-1), 1)
		if r.IntN(2) == 0 {
			t.SetFrac64(r.Int64N(2001)-1000, 1000)
		}
		v[k] = t.Mul(t, rad)
		v[k].Add(v[k], x.mid.At(k/cols, k%cols))
	}
	return must(dense.NewRational(rows, cols, v))
}

func TestMulAdd(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for trial := range 32 {
		n, k, m := 1+r.IntN(11), 1+r.IntN(11), 1+r.IntN(18)
		bits := []int{30, 53, 256, 700}[trial%4]
		rads := []float64{0, math.Ldexp(1, -bits), 0x1p-20, 3}
		c, a, b := random(r, n, m, bits, rads[r.IntN(4)]), random(r, n, k, bits, rads[r.IntN(4)]), random(r, k, m, bits, rads[r.IntN(4)])
		for _, prec := range []uint{20, 53, 256, 5000} {
			got := must(MulAdd(c, a, b, prec))
			for range 4 {
				x := must(must(member(r, a).Mul(member(r, b))).Add(member(r, c)))
				if !got.Contains(x) {
					t.Fatalf("trial %d, prec %d: a member's image is not in the result", trial, prec)
				}
			}
			// With no radii, the result is the exact one but for rounding.
			exact := must(must(dense.ToRational(a.mid).Mul(dense.ToRational(b.mid))).Add(dense.ToRational(c.mid)))
			zero := func(x *Matrix) *Matrix { return must(New(x.mid, new(big.Float))) }
			got = must(MulAdd(zero(c), zero(a), zero(b), prec))
			if !got.Contains(exact) {
				t.Fatalf("trial %d, prec %d: the exact product is not in the result", trial, prec)
			}
			limit, _ := exact.MaxAbs().Float64()
			if rad, _ := got.Rad().Float64(); rad > math.Ldexp(limit, -int(prec)) {
				t.Fatalf("trial %d, prec %d: radius %v for entries up to %v", trial, prec, rad, limit)
			}
		}
	}
}

func steps(r *rand.Rand, p, q, depth, bits int, rad float64, scales bool) []Step {
	out, first := make([]Step, depth), r.IntN(2)
	for k := range out {
		s := Step{Upper: (k+first)%2 == 0, Weight: random(r, q, p, bits, rad)}
		rows := q
		if s.Upper {
			s.Weight, rows = random(r, p, q, bits, rad), p
		}
		if scales && r.IntN(2) == 0 {
			s.Scale = random(r, 1, rows, bits, rad)
		}
		out[k] = s
	}
	return out
}

func TestCompose(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for trial := range 24 {
		p, q := 1+r.IntN(7), 1+r.IntN(7)
		bits := []int{53, 256, 512}[trial%3]
		st := steps(r, p, q, r.IntN(7), bits, math.Ldexp(1, -bits)*float64(trial%2), trial%4 > 1)
		left, right, err := Compose(p, q, st, uint(bits))
		if err != nil {
			t.Fatal(err)
		}
		n := p + q
		x := dense.IdentityRational(n)
		for _, s := range st {
			row, col := p, 0
			if s.Upper {
				row, col = 0, p
			}
			f := make([]*big.Rat, n*n)
			for k := range f {
				f[k] = new(big.Rat)
				if k/n == k%n {
					f[k].SetInt64(1)
				}
			}
			w := member(r, s.Weight)
			w.Each(func(i, j int, v *big.Rat) { f[(row+i)*n+col+j].Set(v) })
			if s.Scale != nil {
				member(r, s.Scale).Each(func(_, j int, v *big.Rat) { f[(row+j)*n+row+j].Set(v) })
			}
			x = must(x.Mul(must(dense.NewRational(n, n, f))))
		}
		if !left.Contains(must(x.Block(0, n, 0, p))) || !right.Contains(must(x.Block(0, n, p, n))) {
			t.Fatalf("trial %d: the product of members is not in the result", trial)
		}
		for _, z := range []*Matrix{left, right} {
			if rad, _ := z.Rad().Float64(); rad > math.Ldexp(1e5, -bits) {
				t.Fatalf("trial %d: radius %v at %d bits", trial, rad, bits)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	var radius *RadiusError
	for _, v := range []float64{-1, math.Inf(1)} {
		if _, err := New(dense.IdentityDyadic(1), big.NewFloat(v)); !errors.As(err, &radius) {
			t.Errorf("radius %v: %v", v, err)
		}
	}
	var shape *exactmath.ShapeError
	a := random(r, 2, 3, 53, 0)
	for name, f := range map[string]func() error{
		"MulAdd": func() error { _, err := MulAdd(a, a, a, 53); return err },
		"parts":  func() error { _, _, err := Compose(0, 3, nil, 53); return err },
		"first":  func() error { _, _, err := Compose(3, 3, []Step{{true, a, nil}}, 53); return err },
		"scale":  func() error { _, _, err := Compose(2, 3, []Step{{true, a, a}}, 53); return err },
		"second": func() error {
			_, _, err := Compose(2, 3, []Step{{true, a, nil}, {true, a, nil}, {false, a, nil}}, 53)
			return err
		},
	} {
		if err := f(); !errors.As(err, &shape) {
			t.Errorf("%s: %v", name, err)
		}
	}
	huge := must(New(must(dense.NewDyadic(1, 1, []*big.Int{new(big.Int).Lsh(big.NewInt(1), 60000)}, 0)), new(big.Float)))
	one := must(New(dense.IdentityDyadic(1), new(big.Float)))
	tiny := must(New(must(dense.NewDyadic(1, 1, []*big.Int{big.NewInt(1)}, -60000)), new(big.Float)))
	if _, err := MulAdd(tiny, huge, one, 53); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a range of 120,000 bits: %v", err)
	}
}

func BenchmarkCompose(b *testing.B) {
	for _, n := range []int{64, 256} {
		for _, bits := range []int{256, 512, 2048} {
			st := steps(rand.New(rand.NewPCG(1, 4)), n/2, n/2, 6, bits, math.Ldexp(1, -bits), false)
			b.Run(fmt.Sprintf("n=%d/prec=%d", n, bits), func(b *testing.B) {
				for b.Loop() {
					if _, _, err := Compose(n/2, n/2, st, uint(bits)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
