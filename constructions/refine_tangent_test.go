package constructions

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas/blas64"

	"flowproof/exactmath"
)

// randomFloatFlow has k alternating layers, those listed with random scales.
func randomFloatFlow(p, q, k int, rng *rand.Rand, scaled ...int) floatFlow {
	f := floatFlow{parts: parts{p, q}}
	for i := range k {
		l := floatLayer{kind: kindAt(i)}
		l.x = newGeneral(f.size(l.dst()), f.size(l.src()))
		for j := range l.x.Data {
			l.x.Data[j] = rng.NormFloat64() / math.Sqrt(float64(p+q))
		}
		for _, s := range scaled {
			if s == i {
				for range f.size(l.dst()) {
					l.d = append(l.d, math.Exp(rng.NormFloat64()/2))
				}
			}
		}
		f.layers = append(f.layers, l)
	}
	return f
}

func randomVector(n int, rng *rand.Rand) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// moved returns the flow displaced by h times the step.
func moved(f floatFlow, s layerStep, scaled int, h float64) floatFlow {
	g := floatFlow{parts: f.parts}
	for i, l := range f.layers {
		c := floatLayer{l.kind, copyGeneral(l.x), append([]float64(nil), l.d...)}
		axpy(h, s.x[i].Data, c.x.Data)
		if i == scaled {
			axpy(h, s.scale, c.d)
		}
		if len(c.d) == 0 {
			c.d = nil
		}
		g.layers = append(g.layers, c)
	}
	return g
}

var tangentShapes = []struct {
	p, q, k int
	scales  []int
	scaled  int
}{
	{3, 3, 6, nil, -1},
	{3, 4, 6, []int{5}, 5},
	{4, 3, 7, []int{0, 2, 6}, 2},
	{1, 1, 5, []int{0}, 0},
	{2, 5, 4, []int{1, 3}, 3},
}

func TestTangentAdjoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range tangentShapes {
		f := randomFloatFlow(c.p, c.q, c.k, rng, c.scales...)
		for m := 1; m < c.k; m++ {
			tan := newTangent(f, m, c.scaled, make([]bool, c.k))
			x, y := randomVector(tan.unknowns(), rng), randomVector(tan.equations(), rng)
			jx, jty := make([]float64, len(y)), make([]float64, len(x))
			tan.apply(x, jx)
			tan.adjoint(y, jty)
			if a, b := dot(jx, y), dot(x, jty); math.Abs(a-b) > 1e-12*norm2(x)*norm2(y) {
				t.Errorf("%+v, m = %d: <J x, y> = %v, <x, J^T y> = %v", c, m, a, b)
			}
		}
	}
}

// TestTangentSolve: the product of the flow moved by h times the solution for R
// differs from M + h R by O(h^2), for R in the range, which at these flows of
// five layers and more is everything but the trace of A^-1 R B^-1 if there is no
// scale.
func TestTangentSolve(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for _, c := range tangentShapes {
		if c.k < leastDepth {
			continue
		}
		f := randomFloatFlow(c.p, c.q, c.k, rng, c.scales...)
		n := f.n()
		m := f.matrix()
		for frame := 1; frame < c.k; frame++ {
			tan := newTangent(f, frame, c.scaled, make([]bool, c.k))
			r := general(n, n, randomVector(n*n, rng))
			if c.scaled < 0 {
				// Take M times the trace out of R: A^-1 M B^-1 = I.
				in := tan.inFrame(r)
				trace := 0.0
				for i := range n {
					trace += in.Data[i*n+i] / float64(n)
				}
				axpy(-trace, m.Data, r.Data)
			}
			s := tan.solve(r, 1e-13, 5000)
			if s.left > 1e-9 {
				t.Errorf("%+v, m = %d: left %v", c, frame, s.left)
				continue
			}
			const h = 1e-6
			plus, minus := moved(f, s, c.scaled, h).matrix(), moved(f, s, c.scaled, -h).matrix()
			worst := 0.0
			for i := range plus.Data {
				worst = max(worst, math.Abs((plus.Data[i]-minus.Data[i])/(2*h)-r.Data[i]))
			}
			if size := stepNorm(s); worst > 1e-5*(1+size*size*size*h*h*1e6) {
				t.Errorf("%+v, m = %d: derivative off by %v, step %v", c, frame, worst, size)
			}
		}
	}
}

func stepNorm(s layerStep) float64 {
	sum := norm2(s.scale)
	for _, x := range s.x {
		sum += norm2(x.Data)
	}
	return sum
}

// TestTangentFrozen: frozen layers do not move, and the others take over.
func TestTangentFrozen(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	f := randomFloatFlow(3, 3, 7, rng)
	r := general(6, 6, randomVector(36, rng))
	tan := newTangent(f, 3, -1, []bool{true, false, false, true, false, false, true})
	s := tan.solve(r, 1e-10, 1000)
	for _, i := range []int{0, 3, 6} {
		if norm2(s.x[i].Data) != 0 {
			t.Errorf("layer %d moved", i)
		}
	}
	if norm2(s.x[1].Data) == 0 {
		t.Error("layer 1 did not move")
	}
}

// TestFloatLayerProducts: multiplying and dividing by layers undo each other and
// agree with the dense matrix of the layer.
func TestFloatLayerProducts(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	f := randomFloatFlow(2, 3, 2, rng, 0, 1)
	for _, l := range f.layers {
		e := identityGeneral(5)
		for i := range f.size(l.dst()) {
			lo, _ := f.span(l.dst())
			src, _ := f.span(l.src())
			e.Data[(lo+i)*5+lo+i] = l.d[i]
			for j := range f.size(l.src()) {
				e.Data[(lo+i)*5+src+j] = l.x.Data[i*l.x.Stride+j]
			}
		}
		m := general(5, 5, randomVector(25, rng))
		for name, c := range map[string]struct {
			mul, div func(parts, blas64.General)
			a, b     blas64.General
		}{
			"left":  {l.leftMul, l.leftDiv, e, m},
			"right": {l.rightMul, l.rightDiv, m, e},
		} {
			want, got := newGeneral(5, 5), copyGeneral(m)
			gemm(1, c.a, c.b, 0, want)
			c.mul(f.parts, got)
			for k := range want.Data {
				if math.Abs(want.Data[k]-got.Data[k]) > 1e-14 {
					t.Fatalf("%s product of %v off at %d", name, l.kind, k)
				}
			}
			c.div(f.parts, got)
			for k := range m.Data {
				if math.Abs(m.Data[k]-got.Data[k]) > 1e-13 {
					t.Fatalf("%s quotient of %v off at %d", name, l.kind, k)
				}
			}
		}
	}
}

func TestGridRounding(t *testing.T) {
	half := big.NewRat(1, 2)
	for _, bits := range []int{-3, 0, 1, 60, 200} {
		for _, v := range []*big.Rat{
			new(big.Rat), big.NewRat(1, 3), big.NewRat(-1, 3), big.NewRat(7, 2), big.NewRat(-7, 2),
			big.NewRat(1e15, 7), big.NewRat(-355, 113), new(big.Rat).SetFloat64(5e-324),
		} {
			var z big.Int
			roundRat(&z, v, bits)
			off := new(big.Rat).Sub(new(big.Rat).SetInt(&z), new(big.Rat).Mul(v, pow2(bits)))
			if off.Abs(off).Cmp(half) > 0 {
				t.Errorf("roundRat(%v, %d) = %v", v, bits, &z)
			}
			// The same through shiftRound, from a finer grid.
			fine := new(big.Int)
			roundRat(fine, v, bits+70)
			fineRat := ldexpRat(fine, -70)
			shiftRound(fine, -70)
			off.Sub(new(big.Rat).SetInt(fine), fineRat)
			if off.Abs(off).Cmp(half) > 0 {
				t.Errorf("shiftRound(%v, %d) = %v", v, bits, fine)
			}
		}
	}
	x, err := exactmath.FromFloat64(1, 3, []float64{1.5, -0x1p-70, 3e-300})
	if err != nil {
		t.Fatal(err)
	}
	g := onGrid(x, 64)
	if got := g.floats().Data; got[0] != 1.5 || got[1] != 0 || got[2] != 0 {
		t.Errorf("on the grid of 64 bits: %v", got)
	}
	g.addFloat(1, -3, -64)
	if got := g.floats().Data[1]; got != -0x3p-64 {
		t.Errorf("after adding -3 * 2^-64: %v", got)
	}
	if d, err := g.dyadic(); err != nil || d.At(0, 1).Cmp(new(big.Rat).SetFloat64(-0x3p-64)) != 0 {
		t.Errorf("as dyadic: %v, %v", d, err)
	}
}
