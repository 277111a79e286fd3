package neural

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// randomPL has knots near and far, and flat and steep parts.
func randomPL(rng *rand.Rand) PL {
	n := 1 + rng.IntN(12)
	x, y := make([]float64, n), make([]float64, n)
	at := -2.0
	for k := range x {
		at += math.Exp(3*rng.NormFloat64() - 3)
		x[k] = at
		if y[k] = rng.NormFloat64(); k > 0 && rng.IntN(3) == 0 {
			y[k] = y[k-1]
		}
	}
	return must(NewPL(x, y))
}

// exact evaluates f by its definition, in rationals and by linear search.
func exact(f PL, t float64) *big.Rat {
	x, y := f.Knots()
	r := func(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }
	if t <= x[0] {
		return r(y[0])
	}
	for k := 1; k < len(x); k++ {
		if t <= x[k] {
			s := new(big.Rat).Quo(new(big.Rat).Sub(r(t), r(x[k-1])), new(big.Rat).Sub(r(x[k]), r(x[k-1])))
			s.Mul(s, new(big.Rat).Sub(r(y[k]), r(y[k-1])))
			return s.Add(s, r(y[k-1]))
		}
	}
	return r(y[len(y)-1])
}

func TestAt(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		f := randomPL(rng)
		x, y := f.Knots()
		for k := range x {
			if got := f.At(x[k]); got != y[k] {
				t.Fatalf("at knot %d: %v, want %v", k, got, y[k])
			}
		}
		h := f.Hinges()
		for range 20 {
			at := 4 * rng.NormFloat64()
			want, _ := exact(f, at).Float64()
			if got := f.At(at); math.Abs(got-want) > 1e-15*(1+math.Abs(want))*4 {
				t.Fatalf("f(%v) = %v, want %v", at, got, want)
			}
			if got := Run(h, at); math.Abs(got-want) > 1e-9*(1+f.Lipschitz()) {
				t.Fatalf("hinges at %v: %v, want %v", at, got, want)
			}
		}
	}
}

// TestUnits: a knot without a bend takes no unit.
func TestUnits(t *testing.T) {
	for _, c := range []struct {
		x, y []float64
		want int
	}{
		{[]float64{0}, []float64{3}, 0},
		{[]float64{0, 1}, []float64{0, 1}, 2},
		{[]float64{0, 1, 2}, []float64{0, 1, 2}, 2},
		{[]float64{0, 1, 2, 3}, []float64{0, 0, 1, 1}, 2},
		{[]float64{0, 1, 2}, []float64{0, 1, 0}, 3},
	} {
		if got := len(must(NewPL(c.x, c.y)).Hinges().At); got != c.want {
			t.Errorf("%v %v: %d units, want %d", c.x, c.y, got, c.want)
		}
	}
}

func TestKnotErrors(t *testing.T) {
	var e *KnotError
	for _, c := range [][2][]float64{
		{nil, nil}, {{0, 1}, {0}}, {{0, 0}, {1, 2}}, {{1, 0}, {1, 2}}, {{math.NaN()}, {0}}, {{0}, {math.Inf(1)}},
	} {
		if _, err := NewPL(c[0], c[1]); !errors.As(err, &e) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// randomFlow alternates blocks of a random partition.
func randomFlow(rng *rand.Rand, dim, depth int) *Flow {
	var layers []Layer
	for i := range depth {
		var l Layer
		for c := range dim {
			if c%2 != i%2 {
				continue
			}
			u := Update{Coord: c, Reads: (c + 1) % dim, Factor: math.Exp(rng.NormFloat64()), Shift: randomPL(rng)}
			if u.Reads%2 == i%2 {
				u.Reads = 1 - i%2
			}
			if rng.IntN(2) == 0 {
				u.LogScale = randomPL(rng)
			}
			l.Updates = append(l.Updates, u)
		}
		layers = append(layers, l)
	}
	return must(NewFlow(dim, layers...))
}

func TestInverse(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for range 200 {
		dim := 2 + rng.IntN(3)
		f := randomFlow(rng, dim, 1+rng.IntN(4))
		z := make([]float64, dim)
		for k := range z {
			z[k] = rng.NormFloat64()
		}
		x := must(Forward(f, z))
		back := must(Inverse(f, x))
		j := must(f.Jacobian(z))
		size := 1.0
		for _, v := range append(j, must(f.InverseJacobian(z))...) {
			size = max(size, math.Abs(v))
		}
		for k := range z {
			if math.Abs(back[k]-z[k]) > 1e-13*size*size {
				t.Fatalf("coordinate %d: %v, want %v (derivatives up to %v)", k, back[k], z[k], size)
			}
		}
	}
}

// TestJacobian compares with difference quotients, with the inverse, and with the
// determinant that LogDet claims.
func TestJacobian(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	agree := 0
	for range 300 {
		dim := 2 + rng.IntN(2)
		f := randomFlow(rng, dim, 1+rng.IntN(3))
		z := make([]float64, dim)
		for k := range z {
			z[k] = rng.NormFloat64()
		}
		j, i := must(f.Jacobian(z)), must(f.InverseJacobian(z))
		for r := range dim {
			for c := range dim {
				sum, size := 0.0, 1.0
				for k := range dim {
					sum += j[r*dim+k] * i[k*dim+c]
					size = max(size, math.Abs(j[r*dim+k]*i[k*dim+c]))
				}
				want := 0.0
				if r == c {
					want = 1
				}
				if math.Abs(sum-want) > 1e-10*size {
					t.Fatalf("J J^-1 at %d, %d: %v", r, c, sum)
				}
			}
		}
		if d := math.Log(determinant(dim, j)); math.Abs(d-must(f.LogDet(z))) > 1e-6*(1+math.Abs(d)) && d > -20 {
			t.Fatalf("log det %v, determinant says %v", must(f.LogDet(z)), d)
		}
		const h = 1e-7
		good := true
		for c := range dim {
			a, b := slices.Clone(z), slices.Clone(z)
			a[c] -= h
			b[c] += h
			xa, xb := must(Forward(f, a)), must(Forward(f, b))
			for r := range dim {
				if math.Abs((xb[r]-xa[r])/(2*h)-j[r*dim+c]) > 1e-4*(1+math.Abs(j[r*dim+c])) {
					good = false // a knot in between
				}
			}
		}
		if good {
			agree++
		}
	}
	if agree < 270 {
		t.Errorf("difference quotients agree at %d points of 300", agree)
	}
}

func determinant(n int, a []float64) float64 {
	if n == 1 {
		return a[0]
	}
	det := 0.0
	for c := range n {
		var minor []float64
		for r := 1; r < n; r++ {
			for k := range n {
				if k != c {
					minor = append(minor, a[r*n+k])
				}
			}
		}
		det += math.Pow(-1, float64(c)) * a[c] * determinant(n-1, minor)
	}
	return det
}

// TestDensity: the density integrates to 1 over a box that holds nearly all mass.
func TestDensity(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	f := must(NewFlow(2,
		Layer{[]Update{{Coord: 0, Reads: 1, Factor: 0.8, Shift: randomPL(rng)}}},
		Layer{[]Update{{Coord: 1, Reads: 0, Factor: 1.1, Shift: randomPL(rng), LogScale: must(NewPL([]float64{-1, 1}, []float64{-0.5, 0.5}))}}}))
	const n, box = 600, 9.0
	sum := 0.0
	for i := range n {
		for j := range n {
			x := []float64{box * (2*(float64(i)+0.5)/n - 1), box * (2*(float64(j)+0.5)/n - 1)}
			sum += math.Exp(must(LogDensity(f, x)))
		}
	}
	if sum *= 4 * box * box / n / n; math.Abs(sum-1) > 2e-3 {
		t.Errorf("the density integrates to %v", sum)
	}
}

func TestFlowErrors(t *testing.T) {
	one := Constant(1)
	var e *LayerError
	for name, l := range map[string]Layer{
		"reads itself":        {[]Update{{Coord: 0, Reads: 0, Factor: 1, Shift: one}}},
		"reads what it moves": {[]Update{{Coord: 0, Reads: 1, Factor: 1, Shift: one}, {Coord: 1, Reads: 2, Factor: 1, Shift: one}}},
		"twice":               {[]Update{{Coord: 0, Reads: 1, Factor: 1, Shift: one}, {Coord: 0, Reads: 2, Factor: 1, Shift: one}}},
		"no such coordinate":  {[]Update{{Coord: 3, Reads: 1, Factor: 1, Shift: one}}},
		"scale 0":             {[]Update{{Coord: 0, Reads: 1, Factor: 0, Shift: one}}},
		"scale NaN":           {[]Update{{Coord: 0, Reads: 1, Factor: math.NaN(), Shift: one}}},
	} {
		if _, err := NewFlow(3, l); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := must(NewFlow(2))
	var s *ShapeError
	if _, err := Forward(f, []float64{1}); !errors.As(err, &s) {
		t.Errorf("a short vector: %v", err)
	}
}

// TestMeasureHinges: against a flow whose errors are known. On one ramp of slope 10^6
// the value far to the right is a difference of two large sums.
func TestMeasureHinges(t *testing.T) {
	ramp := must(NewPL([]float64{-0.3, -0.3 + 1.7e-6}, []float64{0, 1}))
	f := must(NewFlow(2, Layer{[]Update{{Coord: 0, Reads: 1, Factor: 1, Shift: ramp}}}))
	points := [][]float64{{0, 1.13}, {0, 1.37}, {0, 0.71}, {0, 2.9}, {0, 0.137}}
	loss := must(MeasureHinges(f, points))
	// Numbers of the size of 10^6 have an ulp of 1/16 or so in float32, of 2^-33 in float64.
	if !(0.02 < loss.Float32 && loss.Float32 <= 0.5) || !(0 < loss.Float64 && loss.Float64 < 1e-9) || loss.Knots32 != 0 {
		t.Errorf("%+v", loss)
	}
	var s *ShapeError
	if _, err := MeasureHinges(f, [][]float64{{1}}); !errors.As(err, &s) {
		t.Errorf("a short vector: %v", err)
	}
}
