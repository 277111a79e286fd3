package refine

import (
	"math"
	"math/big"

	"gonum.org/v1/gonum/blas/blas64"

	"flowproof/constructions/internal/floatflow"
	"flowproof/constructions/internal/ratmat"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// gridMatrix is a matrix of integers times 2^-bits that may be changed.
type gridMatrix struct {
	rows, cols int
	bits       int
	num        []big.Int
}

// onGrid rounds every entry of x to the nearest multiple of 2^-bits.
func onGrid(x exactmath.Matrix, bits int) gridMatrix {
	rows, cols := x.Dims()
	z := gridMatrix{rows, cols, bits, make([]big.Int, rows*cols)}
	x.Each(func(i, j int, v *big.Rat) { roundRat(&z.num[i*cols+j], v, bits) })
	return z
}

// roundRat sets z to v * 2^bits, rounded to nearest, halves up.
func roundRat(z *big.Int, v *big.Rat, bits int) {
	var num, den big.Int
	num.Lsh(v.Num(), uint(max(bits, 0)+1))
	den.Lsh(v.Denom(), uint(max(-bits, 0)))
	z.Div(&num, &den)
	z.Add(z, big.NewInt(1)).Rsh(z, 1)
}

// addFloat adds f * 2^exp, rounded to the grid.
func (z *gridMatrix) addFloat(k int, f float64, exp int) {
	if f == 0 {
		return
	}
	frac, e := math.Frexp(f)
	t := big.NewInt(int64(frac * (1 << 53)))
	shiftRound(t, e-53+exp+z.bits)
	z.num[k].Add(&z.num[k], t)
}

// shiftRound multiplies z by 2^e, rounding to nearest, halves up.
func shiftRound(z *big.Int, e int) {
	if e >= 0 {
		z.Lsh(z, uint(e))
		return
	}
	z.Rsh(z, uint(-e-1))
	z.Add(z, big.NewInt(1)).Rsh(z, 1)
}

// regrid returns the matrix rounded to multiples of 2^-bits.
func (z *gridMatrix) regrid(bits int) gridMatrix {
	c := gridMatrix{z.rows, z.cols, bits, make([]big.Int, len(z.num))}
	for k := range z.num {
		c.num[k].Set(&z.num[k])
		shiftRound(&c.num[k], bits-z.bits)
	}
	return c
}

func (z *gridMatrix) dyadic() (*dense.Dyadic, error) {
	num := make([]*big.Int, len(z.num))
	for k := range num {
		num[k] = &z.num[k]
	}
	return dense.NewDyadic(z.rows, z.cols, num, -z.bits)
}

// floats returns the entries rounded to float64.
func (z *gridMatrix) floats() blas64.General {
	m := floatflow.NewGeneral(z.rows, z.cols)
	for k := range z.num {
		m.Data[k] = ldexpFloat(&z.num[k], -z.bits)
	}
	return m
}

// ldexpFloat returns v * 2^e rounded to float64, beyond its range too.
func ldexpFloat(v *big.Int, e int) float64 {
	if v.Sign() == 0 {
		return 0
	}
	f := new(big.Float).SetPrec(uint(v.BitLen())).SetInt(v)
	f.SetMantExp(f, e)
	x, _ := f.Float64()
	return x
}

// gridLayer is a layer whose weight, and scale if it has one, are on a grid.
type gridLayer struct {
	kind   coupling.Kind
	weight gridMatrix
	scale  gridMatrix // one column; no entries for ones
}

func (l *gridLayer) hasScale() bool { return len(l.scale.num) > 0 }

// gridFlow is the point that Refine moves.
type gridFlow struct {
	part   coupling.Partition
	layers []gridLayer
}

// float rounds the flow to float64.
func (g *gridFlow) float() floatflow.Flow {
	f := floatflow.Flow{Parts: floatflow.Parts{P: g.part.P(), Q: g.part.Q()}}
	for i := range g.layers {
		l := &g.layers[i]
		fl := floatflow.Layer{Kind: l.kind, X: l.weight.floats()}
		if l.hasScale() {
			fl.D = l.scale.floats().Data
		}
		f.Layers = append(f.Layers, fl)
	}
	return f
}

// regrid returns the flow rounded to the grid of bits[i] bits in layer i.
func (g *gridFlow) regrid(bits []int) *gridFlow {
	c := &gridFlow{part: g.part}
	for i := range g.layers {
		l := &g.layers[i]
		c.layers = append(c.layers, gridLayer{l.kind, l.weight.regrid(bits[i]), l.scale.regrid(bits[i])})
	}
	return c
}

// add moves the flow by t * 2^exp * s.
func (g *gridFlow) add(s layerStep, scaled int, t float64, exp int) {
	for i := range g.layers {
		for k, v := range s.x[i].Data {
			g.layers[i].weight.addFloat(k, t*v, exp)
		}
	}
	for k, v := range s.scale {
		g.layers[scaled].scale.addFloat(k, t*v, exp)
	}
}

// rats returns the scale as rationals, nil for ones.
func (l *gridLayer) rats() []*big.Rat {
	var d []*big.Rat
	for k := range l.scale.num {
		d = append(d, ratmat.Ldexp(&l.scale.num[k], -l.scale.bits))
	}
	return d
}

// layerOnGrid rounds the weight and the scale of a layer to multiples of 2^-bits.
func layerOnGrid(l coupling.Layer, bits int) (gridLayer, error) {
	g := gridLayer{kind: l.Kind(), weight: onGrid(l.Weight(), bits)}
	if l.Scale().Kind() == coupling.ScaleOne {
		return g, nil
	}
	rows, _ := l.Weight().Dims()
	d := make([]*big.Rat, rows)
	for k := range d {
		d[k] = l.Scale().At(k)
	}
	x, err := dense.NewRational(rows, 1, d)
	if err != nil {
		return gridLayer{}, err
	}
	g.scale = onGrid(x, bits)
	return g, nil
}

// flow returns the exact flow.
func (g *gridFlow) flow() (*coupling.Flow, error) {
	var layers []coupling.Layer
	for i := range g.layers {
		l := &g.layers[i]
		w, err := l.weight.dyadic()
		if err != nil {
			return nil, err
		}
		scale, err := coupling.ExactScale(l.rats())
		if err != nil {
			return nil, err
		}
		layer, err := coupling.NewLayer(g.part, l.kind, w, scale)
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	return coupling.NewFlow(g.part, layers...)
}
