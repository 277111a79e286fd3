package neural

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/exactmath/ball"
)

// exactForward runs a flow without log-scales in rationals, by linear search, with the
// derivative, from the left.
func exactForward(f *Flow, z []float64) (x []*big.Rat, j [][]*big.Rat) {
	n := f.Dim()
	for k, v := range z {
		x = append(x, new(big.Rat).SetFloat64(v))
		row := make([]*big.Rat, n)
		for i := range row {
			row[i] = new(big.Rat)
		}
		row[k].SetInt64(1)
		j = append(j, row)
	}
	for _, l := range f.Layers() {
		for _, u := range l.Updates {
			factor := new(big.Rat).SetFloat64(u.Factor)
			value, slope := exactPL(u.Shift, x[u.Reads])
			x[u.Coord] = value.Add(value, new(big.Rat).Mul(factor, x[u.Coord]))
			row := make([]*big.Rat, n)
			for k := range row {
				row[k] = new(big.Rat).Mul(factor, j[u.Coord][k])
				row[k].Add(row[k], new(big.Rat).Mul(slope, j[u.Reads][k]))
			}
			j[u.Coord] = row
		}
	}
	return x, j
}

func exactPL(f PL, t *big.Rat) (value, slope *big.Rat) {
	x, y := f.Knots()
	r := func(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }
	if t.Cmp(r(x[0])) <= 0 {
		return r(y[0]), new(big.Rat)
	}
	for k := 1; k < len(x); k++ {
		if t.Cmp(r(x[k])) <= 0 {
			slope = new(big.Rat).Sub(r(y[k]), r(y[k-1]))
			slope.Quo(slope, new(big.Rat).Sub(r(x[k]), r(x[k-1])))
			value = new(big.Rat).Sub(t, r(x[k-1]))
			return value.Add(value.Mul(value, slope), r(y[k-1])), slope
		}
	}
	return r(y[len(y)-1]), new(big.Rat)
}

// narrow reports whether the ball holds v and little else.
func narrow(x ball.Ball, v *big.Rat) bool {
	size := new(big.Rat).Abs(v)
	size.Add(size, big.NewRat(1, 1))
	return x.Contains(v) && x.Rad().Cmp(size.Mul(size, new(big.Rat).SetFloat64(0x1p-80))) < 0
}

// additive drops the log-scales of a flow.
func additive(f *Flow) *Flow {
	var layers []Layer
	for _, l := range f.layers {
		l.Updates = slices.Clone(l.Updates)
		for k := range l.Updates {
			l.Updates[k].LogScale = PL{}
		}
		layers = append(layers, l)
	}
	return must(NewFlow(f.dim, layers...))
}

// TestEnclose: against exact rational arithmetic, at points and on knots: the image, the
// Jacobian, the determinant, the inverse; singular values by what they are, roots of
// det(J^T J - s^2), whose sign changes between the ends of each ball.
func TestEnclose(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for range 40 {
		f := additive(randomFlow(rng, 2+rng.IntN(2), 1+rng.IntN(4)))
		z := make([]float64, f.Dim())
		for k := range z {
			z[k] = rng.NormFloat64()
		}
		u := f.layers[0].Updates[0]
		z[u.Reads] = u.Shift.x[rng.IntN(len(u.Shift.x))]
		x, j := exactForward(f, z)
		b := Enclose(f, 192)
		_, logDet, jac, err := b.forward(b.Points(z))
		got := must(b.Forward(b.Points(z)))
		back := must(b.Inverse(got))
		det := new(big.Rat).SetInt64(1)
		for _, l := range f.layers {
			for _, u := range l.Updates {
				det.Mul(det, new(big.Rat).SetFloat64(u.Factor))
			}
		}
		if err != nil || !narrow(b.c.Exp(logDet), det) {
			t.Errorf("det %v, want %v (%v)", b.c.Exp(logDet), det, err)
		}
		for k := range x {
			if !narrow(got[k], x[k]) || !back[k].Contains(new(big.Rat).SetFloat64(z[k])) {
				t.Errorf("x[%d] in %v, want %s; back in %v, want %v", k, got[k], x[k].FloatString(20), back[k], z[k])
			}
			for i := range x {
				if !narrow(jac[k*len(x)+i], j[k][i]) {
					t.Errorf("J[%d][%d] in %v, want %s", k, i, jac[k*len(x)+i], j[k][i].FloatString(20))
				}
			}
		}
		checkSingular(t, must(b.SingularValues(b.Points(z))), j)
		// Columns that are far from orthogonal: wider, and still right.
		for sweeps := range 3 {
			b := Enclose(f, 192)
			b.sweeps = sweeps
			if values, err := b.SingularValues(b.Points(z)); err == nil {
				checkSingular(t, values, j)
			}
		}
	}
}

// checkSingular: the characteristic polynomial of J^T J changes its sign from one end
// of each ball to the other, unless balls meet.
func checkSingular(t *testing.T, values []ball.Ball, j [][]*big.Rat) {
	t.Helper()
	n := len(j)
	gram := func(less *big.Rat) [][]*big.Rat {
		g := make([][]*big.Rat, n)
		for p := range g {
			for q := range n {
				sum := new(big.Rat)
				for i := range n {
					sum.Add(sum, new(big.Rat).Mul(j[i][p], j[i][q]))
				}
				if p == q {
					sum.Sub(sum, less)
				}
				g[p] = append(g[p], sum)
			}
		}
		return g
	}
	for k, s := range values {
		lo, hi := s.Bounds()
		if k > 0 {
			if before, _ := values[k-1].Bounds(); before.Cmp(hi) <= 0 {
				continue
			}
		}
		if k+1 < n {
			if _, after := values[k+1].Bounds(); after.Cmp(lo) >= 0 {
				continue
			}
		}
		a, b := expand(gram(new(big.Rat).Mul(lo, lo))), expand(gram(new(big.Rat).Mul(hi, hi)))
		if lo.Sign() <= 0 || a.Sign()*b.Sign() > 0 {
			t.Errorf("singular value %d is not in %v", k, s)
		}
	}
}

// expand is the determinant, expanded along the first row.
func expand(a [][]*big.Rat) *big.Rat {
	if len(a) == 1 {
		return a[0][0]
	}
	sum := new(big.Rat)
	for k := range a {
		var minor [][]*big.Rat
		for _, row := range a[1:] {
			minor = append(minor, append(slices.Clone(row[:k]), row[k+1:]...))
		}
		term := new(big.Rat).Mul(a[0][k], expand(minor))
		if k%2 == 1 {
			term.Neg(term)
		}
		sum.Add(sum, term)
	}
	return sum
}

// TestEncloseWide: a ball that meets several pieces holds the values and slopes of all
// its points; with log-scales.
func TestEncloseWide(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	for range 60 {
		f := randomFlow(rng, 2, 3)
		b := Enclose(f, 96)
		z := []float64{rng.NormFloat64(), rng.NormFloat64()}
		var wide []ball.Ball
		radius := math.Exp(rng.NormFloat64() - 2)
		for _, v := range b.Points(z) {
			wide = append(wide, must(v.Widen(new(big.Rat).SetFloat64(radius))))
		}
		x, logDet, j, err := b.forward(wide)
		if err != nil {
			t.Fatal(err)
		}
		density := must(b.LogDensity(x))
		back := must(b.Inverse(x))
		for range 20 {
			p := []float64{z[0] + radius*(2*rng.Float64()-1), z[1] + radius*(2*rng.Float64()-1)}
			in := func(what string, x ball.Ball, v float64) {
				lo, hi := x.Bounds()
				l, _ := lo.Float64()
				h, _ := hi.Float64()
				if slack := 1e-12 * (1 + math.Abs(v)); !(l-slack <= v && v <= h+slack) {
					t.Errorf("%s: %v is not in %v", what, v, x)
				}
			}
			y := must(Forward(f, p))
			jac := must(f.Jacobian(p))
			in("log det", logDet, must(f.LogDet(p)))
			in("density", density, must(LogDensity(f, y)))
			for k := range y {
				in("image", x[k], y[k])
				in("inverse", back[k], p[k])
			}
			for k, v := range jac {
				in("Jacobian", j[k], v)
			}
		}
	}
}

// TestSingularValues: in float64 against another algorithm; in float32 near to that.
func TestSingularValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	for range 50 {
		f := randomFlow(rng, 2+rng.IntN(3), 2)
		z, narrow, near := make([]float64, f.dim), make([]float32, f.dim), make([]float64, f.dim)
		for k := range z {
			z[k] = rng.NormFloat64()
			narrow[k] = float32(z[k])
			near[k] = float64(narrow[k])
		}
		var svd mat.SVD
		svd.Factorize(mat.NewDense(f.dim, f.dim, must(f.Jacobian(z))), mat.SVDNone)
		want := svd.Values(nil)
		got := must(SingularValues(f, z))
		rough, wantRough := must(SingularValues(f, narrow)), must(SingularValues(f, near))
		for k := range want {
			if math.Abs(got[k]-want[k]) > 1e-13*want[0] || math.Abs(rough[k]-wantRough[k]) > 1e-4*wantRough[0] {
				t.Errorf("%v, want %v; in float32 %v, want %v", got, want, rough, wantRough)
			}
		}
		a := must(Evaluate(f, z))
		for k, s := range a.Singular {
			if v := s.Estimate(); math.Abs(v-want[k]) > 1e-13*want[0] {
				t.Errorf("enclosed %v, want %v", a.Singular, want)
			}
		}
	}
	var s *ShapeError
	if _, err := Evaluate(must(NewFlow(2)), []float64{1}); !errors.As(err, &s) {
		t.Errorf("a short vector: %v", err)
	}
}
