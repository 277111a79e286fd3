package neural

import (
	"fmt"
	"math"
)

// Update is what a layer does to one coordinate:
//
//	x[Coord] <- Factor exp(LogScale(t)) x[Coord] + Shift(t),   t = x[Reads].
type Update struct {
	Coord, Reads int
	Factor       float64 // positive; exact, as a dyadic rational
	LogScale     PL      // the zero value: none
	Shift        PL
}

// Layer is a coupling layer: every coordinate that it reads is one that it keeps.
// Coordinates without an update stay as they are. The matrix of its derivative is
// triangular, with the scales on the diagonal.
type Layer struct{ Updates []Update }

// Flow is a sequence of layers on R^Dim. Layers[0] acts first: the flow maps a
// latent vector z, standard normal, to a data vector x.
type Flow struct {
	dim    int
	layers []Layer
}

// LayerError reports a layer that is none.
type LayerError struct {
	Layer  int
	Reason string
}

func (e *LayerError) Error() string { return fmt.Sprintf("layer %d: %s", e.Layer, e.Reason) }

// NewFlow returns the flow of the given layers, which it keeps. It fails with a
// *LayerError.
func NewFlow(dim int, layers ...Layer) (*Flow, error) {
	for i, l := range layers {
		updated := make([]bool, max(dim, 0))
		for _, u := range l.Updates {
			switch {
			case u.Coord < 0 || dim <= u.Coord || u.Reads < 0 || dim <= u.Reads:
				return nil, &LayerError{i, fmt.Sprintf("updates coordinate %d by coordinate %d, want 0 to %d", u.Coord, u.Reads, dim-1)}
			case updated[u.Coord]:
				return nil, &LayerError{i, fmt.Sprintf("updates coordinate %d twice", u.Coord)}
			case !(u.Factor > 0) || math.IsInf(u.Factor, 1):
				return nil, &LayerError{i, fmt.Sprintf("scales coordinate %d by %v, want a positive number", u.Coord, u.Factor)}
			}
			updated[u.Coord] = true
		}
		for _, u := range l.Updates {
			if updated[u.Reads] {
				return nil, &LayerError{i, fmt.Sprintf("reads coordinate %d, which it updates", u.Reads)}
			}
		}
	}
	return &Flow{dim, layers}, nil
}

// Dim returns the dimension.
func (f *Flow) Dim() int { return f.dim }

// Layers returns the layers in the order in which they act; they must not be
// changed.
func (f *Flow) Layers() []Layer { return f.layers }

// ShapeError reports a vector of the wrong length.
type ShapeError struct{ Len, Want int }

func (e *ShapeError) Error() string {
	return fmt.Sprintf("a vector of length %d, want %d", e.Len, e.Want)
}

// Forward returns the image of z, computed in T. It fails with a *ShapeError.
func Forward[T Float](f *Flow, z []T) ([]T, error) {
	if len(z) != f.dim {
		return nil, &ShapeError{len(z), f.dim}
	}
	x := append([]T(nil), z...)
	for _, l := range f.layers {
		for _, u := range l.Updates {
			t := x[u.Reads]
			x[u.Coord] = scale(u, t)*x[u.Coord] + at(u.Shift, t)
		}
	}
	return x, nil
}

// Inverse returns the z that Forward maps to x, computed in T: shifts are
// subtracted and scales divided by, from the last layer to the first.
func Inverse[T Float](f *Flow, x []T) ([]T, error) {
	if len(x) != f.dim {
		return nil, &ShapeError{len(x), f.dim}
	}
	z := append([]T(nil), x...)
	for i := len(f.layers) - 1; i >= 0; i-- {
		for _, u := range f.layers[i].Updates {
			t := z[u.Reads]
			z[u.Coord] = (z[u.Coord] - at(u.Shift, t)) / scale(u, t)
		}
	}
	return z, nil
}

func scale[T Float](u Update, t T) T {
	if len(u.LogScale.x) == 0 {
		return T(u.Factor)
	}
	return T(u.Factor * math.Exp(float64(at(u.LogScale, t))))
}

// LogDet returns log |det DF(z)|, in float64.
func (f *Flow) LogDet(z []float64) (float64, error) {
	if len(z) != f.dim {
		return 0, &ShapeError{len(z), f.dim}
	}
	x, sum := append([]float64(nil), z...), 0.0
	for _, l := range f.layers {
		for _, u := range l.Updates {
			t := x[u.Reads]
			x[u.Coord] = scale(u, t)*x[u.Coord] + u.Shift.At(t)
			sum += math.Log(u.Factor) + u.LogScale.At(t)
		}
	}
	return sum, nil
}

// LogDensity returns the logarithm of the density at x of the image of N(0, I): that of
// N(0, I) at z = F^-1(x), computed in T, less LogDet(z).
func LogDensity[T Float](f *Flow, x []T) (float64, error) {
	z, err := Inverse(f, x)
	if err != nil {
		return 0, err
	}
	wide, sum := make([]float64, len(z)), T(0)
	for k, v := range z {
		wide[k] = float64(v)
		sum += v * v
	}
	logDet, err := f.LogDet(wide)
	return -float64(sum)/2 - float64(f.dim)/2*math.Log(2*math.Pi) - logDet, err
}

// Jacobian returns DF(z), Dim x Dim, row by row, in float64; at a knot the
// derivative from the left.
func (f *Flow) Jacobian(z []float64) ([]float64, error) { return jacobian(f, z) }

// jacobian is Jacobian in T; slopes are those of the knots in float64.
func jacobian[T Float](f *Flow, z []T) ([]T, error) {
	n := f.dim
	if len(z) != n {
		return nil, &ShapeError{len(z), n}
	}
	x := append([]T(nil), z...)
	j := make([]T, n*n)
	for i := range n {
		j[i*n+i] = 1
	}
	for _, l := range f.layers {
		for _, u := range l.Updates {
			t := x[u.Reads]
			s := scale(u, t)
			slope := s*T(u.LogScale.Slope(float64(t)))*x[u.Coord] + T(u.Shift.Slope(float64(t)))
			for k := range n {
				j[u.Coord*n+k] = s*j[u.Coord*n+k] + slope*j[u.Reads*n+k]
			}
			x[u.Coord] = s*x[u.Coord] + at(u.Shift, t)
		}
	}
	return j, nil
}

// InverseJacobian returns DF(z)^-1, row by row, in float64: the product of the
// inverses of the layers' derivatives, which keeps small singular values of DF that
// an inversion of Jacobian(z) would lose.
func (f *Flow) InverseJacobian(z []float64) ([]float64, error) {
	n := f.dim
	x, err := Forward(f, z)
	if err != nil {
		return nil, err
	}
	j := make([]float64, n*n)
	for i := range n {
		j[i*n+i] = 1
	}
	for i := len(f.layers) - 1; i >= 0; i-- {
		for _, u := range f.layers[i].Updates {
			t := x[u.Reads]
			s := scale(u, t)
			x[u.Coord] = (x[u.Coord] - u.Shift.At(t)) / s
			slope := s*u.LogScale.Slope(t)*x[u.Coord] + u.Shift.Slope(t)
			for k := range n {
				j[u.Coord*n+k] = (j[u.Coord*n+k] - slope*j[u.Reads*n+k]) / s
			}
		}
	}
	return j, nil
}

// Units returns the numbers of ReLU units of the layers: for each coordinate that a
// layer reads, the knots of all functions of it that change slope somewhere, since
// outputs share hidden units.
func (f *Flow) Units() []int {
	units := make([]int, len(f.layers))
	for i, l := range f.layers {
		at := map[int]map[float64]bool{}
		for _, u := range l.Updates {
			if at[u.Reads] == nil {
				at[u.Reads] = map[float64]bool{}
			}
			for _, g := range []PL{u.LogScale, u.Shift} {
				for _, x := range g.Hinges().At {
					at[u.Reads][x] = true
				}
			}
		}
		for _, knots := range at {
			units[i] += len(knots)
		}
	}
	return units
}
