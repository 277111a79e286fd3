package neural

import (
	"math"
	"slices"
)

// HingeLoss says how far samples of a flow are from those of the flow in float64,
// interpolated, in their worst coordinate: the 98th percentile, since a point beside a
// steep place may be anywhere.
type HingeLoss struct {
	Float64, Float32 float64 // with sums of hinges
	Knots32          float64 // with interpolation, in float32
}

// MeasureHinges runs the flow at the latent points in each of these ways. In float32
// the points are rounded first, and what they are compared with starts there too. It
// fails with a *ShapeError.
func MeasureHinges(f *Flow, latent [][]float64) (HingeLoss, error) {
	layers := f.hinged()
	var off [3][]float64
	for _, z := range latent {
		narrow, near := make([]float32, len(z)), make([]float64, len(z))
		for k, v := range z {
			narrow[k] = float32(v)
			near[k] = float64(narrow[k])
		}
		want, err := Forward(f, z)
		if err != nil {
			return HingeLoss{}, err
		}
		wantNear, err := Forward(f, near)
		if err != nil {
			return HingeLoss{}, err
		}
		knots, err := Forward(f, narrow)
		if err != nil {
			return HingeLoss{}, err
		}
		off[0] = append(off[0], apart(forwardHinged(layers, z), want))
		off[1] = append(off[1], apart(forwardHinged(layers, narrow), wantNear))
		off[2] = append(off[2], apart(knots, wantNear))
	}
	var most [3]float64
	for i, v := range off {
		if len(v) > 0 {
			slices.Sort(v)
			most[i] = v[len(v)*98/100]
		}
	}
	return HingeLoss{most[0], most[1], most[2]}, nil
}

// hinged is an update whose functions are sums of hinges.
type hinged struct {
	Update
	logScale, shift Hinges
}

// hinged returns the layers in that form.
func (f *Flow) hinged() [][]hinged {
	var out [][]hinged
	for _, l := range f.layers {
		var us []hinged
		for _, u := range l.Updates {
			us = append(us, hinged{u, u.LogScale.Hinges(), u.Shift.Hinges()})
		}
		out = append(out, us)
	}
	return out
}

func forwardHinged[T Float](layers [][]hinged, z []T) []T {
	x := slices.Clone(z)
	for _, l := range layers {
		for _, u := range l {
			t := x[u.Reads]
			x[u.Coord] = T(u.Factor*math.Exp(float64(Run(u.logScale, t))))*x[u.Coord] + Run(u.shift, t)
		}
	}
	return x
}

func apart[T Float](x []T, y []float64) float64 {
	most := 0.0
	for k, v := range x {
		most = max(most, math.Abs(float64(v)-y[k]))
	}
	return most
}
