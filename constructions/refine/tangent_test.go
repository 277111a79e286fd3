package refine

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas/blas64"

	"flowproof/constructions/internal/floatflow"
	"flowproof/constructions/internal/geometry"
	"flowproof/constructions/internal/ratmat"
	"flowproof/constructions/internal/sample"
	"flowproof/exactmath"
)

// size is the number of coordinates of a part.
func size(f floatflow.Flow, part int) int {
	lo, hi := f.Span(part)
	return hi - lo
}

// randomFloatFlow has k alternating layers, those listed with random scales.
func randomFloatFlow(p, q, k int, rng *rand.Rand, scaled ...int) floatflow.Flow {
	f := floatflow.Flow{Parts: floatflow.Parts{P: p, Q: q}}
	for i := range k {
		l := floatflow.Layer{Kind: geometry.KindAt(i)}
		l.X = floatflow.NewGeneral(size(f, l.Dst()), size(f, l.Src()))
		for j := range l.X.Data {
			l.X.Data[j] = rng.NormFloat64() / math.Sqrt(float64(p+q))
		}
		for _, s := range scaled {
			if s == i {
				for range size(f, l.Dst()) {
					l.D = append(l.D, math.Exp(rng.NormFloat64()/2))
				}
			}
		}
		f.Layers = append(f.Layers, l)
	}
	return f
}

// moved returns the flow displaced by h times the step.
func moved(f floatflow.Flow, s layerStep, scaled int, h float64) floatflow.Flow {
	g := floatflow.Flow{Parts: f.Parts}
	for i, l := range f.Layers {
		c := floatflow.Layer{Kind: l.Kind, X: floatflow.CopyGeneral(l.X), D: append([]float64(nil), l.D...)}
		floatflow.Axpy(h, s.x[i].Data, c.X.Data)
		if i == scaled {
			floatflow.Axpy(h, s.scale, c.D)
		}
		if len(c.D) == 0 {
			c.D = nil
		}
		g.Layers = append(g.Layers, c)
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
			x, y := sample.RandomVector(tan.unknowns(), rng), sample.RandomVector(tan.equations(), rng)
			jx, jty := make([]float64, len(y)), make([]float64, len(x))
			tan.apply(x, jx)
			tan.adjoint(y, jty)
			if a, b := floatflow.Dot(jx, y), floatflow.Dot(x, jty); math.Abs(a-b) > 1e-12*floatflow.Norm2(x)*floatflow.Norm2(y) {
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
		if c.k < LeastDepth {
			continue
		}
		f := randomFloatFlow(c.p, c.q, c.k, rng, c.scales...)
		n := f.N()
		m := f.Matrix()
		for frame := 1; frame < c.k; frame++ {
			tan := newTangent(f, frame, c.scaled, make([]bool, c.k))
			r := floatflow.General(n, n, sample.RandomVector(n*n, rng))
			if c.scaled < 0 {
				// Take M times the trace out of R: A^-1 M B^-1 = I.
				in := tan.inFrame(r)
				trace := 0.0
				for i := range n {
					trace += in.Data[i*n+i] / float64(n)
				}
				floatflow.Axpy(-trace, m.Data, r.Data)
			}
			s := tan.solve(r, 1e-13, 5000)
			if s.left > 1e-9 {
				t.Errorf("%+v, m = %d: left %v", c, frame, s.left)
				continue
			}
			const h = 1e-6
			plus, minus := moved(f, s, c.scaled, h).Matrix(), moved(f, s, c.scaled, -h).Matrix()
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
	sum := floatflow.Norm2(s.scale)
	for _, x := range s.x {
		sum += floatflow.Norm2(x.Data)
	}
	return sum
}

// TestTangentFrozen: frozen layers do not move, and the others take over.
func TestTangentFrozen(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	f := randomFloatFlow(3, 3, 7, rng)
	r := floatflow.General(6, 6, sample.RandomVector(36, rng))
	tan := newTangent(f, 3, -1, []bool{true, false, false, true, false, false, true})
	s := tan.solve(r, 1e-10, 1000)
	for _, i := range []int{0, 3, 6} {
		if floatflow.Norm2(s.x[i].Data) != 0 {
			t.Errorf("layer %d moved", i)
		}
	}
	if floatflow.Norm2(s.x[1].Data) == 0 {
		t.Error("layer 1 did not move")
	}
}

// TestFloatLayerProducts: multiplying and dividing by layers undo each other and
// agree with the dense matrix of the layer.
func TestFloatLayerProducts(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	f := randomFloatFlow(2, 3, 2, rng, 0, 1)
	for _, l := range f.Layers {
		e := floatflow.IdentityGeneral(5)
		for i := range size(f, l.Dst()) {
			lo, _ := f.Span(l.Dst())
			src, _ := f.Span(l.Src())
			e.Data[(lo+i)*5+lo+i] = l.D[i]
			for j := range size(f, l.Src()) {
				e.Data[(lo+i)*5+src+j] = l.X.Data[i*l.X.Stride+j]
			}
		}
		m := floatflow.General(5, 5, sample.RandomVector(25, rng))
		for name, c := range map[string]struct {
			mul, div func(floatflow.Parts, blas64.General)
			a, b     blas64.General
		}{
			"left":  {l.LeftMul, l.LeftDiv, e, m},
			"right": {l.RightMul, l.RightDiv, m, e},
		} {
			want, got := floatflow.NewGeneral(5, 5), floatflow.CopyGeneral(m)
			floatflow.Gemm(1, c.a, c.b, 0, want)
			c.mul(f.Parts, got)
			for k := range want.Data {
				if math.Abs(want.Data[k]-got.Data[k]) > 1e-14 {
					t.Fatalf("%s product of %v off at %d", name, l.Kind, k)
				}
			}
			c.div(f.Parts, got)
			for k := range m.Data {
				if math.Abs(m.Data[k]-got.Data[k]) > 1e-13 {
					t.Fatalf("%s quotient of %v off at %d", name, l.Kind, k)
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
			off := new(big.Rat).Sub(new(big.Rat).SetInt(&z), new(big.Rat).Mul(v, ratmat.Pow2(bits)))
			if off.Abs(off).Cmp(half) > 0 {
				t.Errorf("roundRat(%v, %d) = %v", v, bits, &z)
			}
			// The same through shiftRound, from a finer grid.
			fine := new(big.Int)
			roundRat(fine, v, bits+70)
			fineRat := ratmat.Ldexp(fine, -70)
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
