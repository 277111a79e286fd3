package refine

import (
	"math/big"
	"slices"

	"flowproof/constructions/internal/floatflow"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
)

// roundToFloats rounds the layers to float64, in two ways, and returns the
// better result: all layers at once, and one after the other, those still free
// making up for what the rounding has done. f is what Refine was given: if that
// is in float64 already and no worse, it is returned.
func (r *refiner) roundToFloats(f *coupling.Flow, start *big.Rat, work int) (*coupling.Flow, error) {
	refined := r.point
	out, err := r.floatFlow()
	if err != nil {
		return nil, err
	}
	if r.rep.ResidualMax, err = r.maxResidual(out); err != nil {
		return nil, err
	}
	r.point = refined.regrid(r.bits)
	if err := r.roundInTurn(work); err != nil {
		return nil, err
	}
	turn, err := r.floatFlow()
	if err != nil {
		return nil, err
	}
	top, err := r.maxResidual(turn)
	if err != nil {
		return nil, err
	}
	if top.Cmp(r.rep.ResidualMax) < 0 {
		out, r.rep.ResidualMax = turn, top
	}
	if start.Cmp(r.rep.ResidualMax) <= 0 && inFloats(f) {
		out, r.rep.ResidualMax = f, start
	}
	return out, nil
}

func (r *refiner) maxResidual(f *coupling.Flow) (*big.Rat, error) {
	res, err := exactResidual(f, r.target)
	if err != nil {
		return nil, err
	}
	return res.max(), nil
}

// inFloats reports whether all weights are stored as float64 numbers.
func inFloats(f *coupling.Flow) bool {
	for _, l := range f.Layers() {
		switch l.Weight().(type) {
		case *exactmath.Floats, *sparse.Matrix:
		default:
			return false
		}
	}
	return true
}

// floatflow.Flow returns the point with weights and scales rounded to float64.
func (r *refiner) floatFlow() (*coupling.Flow, error) {
	var layers []coupling.Layer
	for i := range r.point.layers {
		l := &r.point.layers[i]
		x := l.weight.floats()
		w, err := exactmath.FromFloat64(x.Rows, x.Cols, x.Data[:x.Rows*x.Cols])
		if err != nil {
			return nil, err
		}
		scale, err := floatflow.Scale(l.scale.floats().Data)
		if err != nil {
			return nil, err
		}
		layer, err := coupling.NewLayer(r.point.part, l.kind, w, scale)
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	return coupling.NewFlow(r.point.part, layers...)
}

// roundInTurn rounds the layers one by one, those first whose rounding the
// others amplify most, and moves the layers that are still free to make up for
// it. The last two are neighbours, the two for which the amplification is least.
func (r *refiner) roundInTurn(work int) error {
	f := r.point.float()
	k := len(f.Layers)
	amp := r.grid(f, 0)
	if k < 3 {
		return nil
	}
	m := 1
	for i := 2; i < k; i++ {
		if max(amp[i-1], amp[i]) < max(amp[m-1], amp[m]) {
			m = i
		}
	}
	var order []int
	for i := range k {
		if i != m-1 && i != m {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return amp[b] - amp[a] })
	frozen := make([]bool, k)
	for _, i := range order {
		l := &r.point.layers[i]
		l.weight.roundToFloats()
		l.scale.roundToFloats()
		frozen[i] = true
		before, err := r.measure(work, float64(work))
		if err != nil {
			return err
		}
		scaled := r.scaled
		if scaled >= 0 && frozen[scaled] {
			scaled = -1
		}
		t := newTangent(r.point.float(), m, scaled, frozen)
		s := t.solve(before.m, 1e-2, 60)
		r.rep.Iterations += s.iters
		old := r.point.regrid(r.bits)
		r.point.add(s, scaled, 1, before.exp)
		after, err := r.measure(work, float64(work))
		if err != nil {
			return err
		}
		if after.agreement < before.agreement {
			r.point = old
		}
	}
	return nil
}

// roundToFloats rounds the entries to the nearest float64, which is on the grid.
func (z *gridMatrix) roundToFloats() {
	for k := range z.num {
		if d := z.num[k].BitLen() - floatflow.Bits; d > 0 {
			shiftRound(&z.num[k], -d)
			z.num[k].Lsh(&z.num[k], uint(d))
		}
	}
}
