package run

import (
	"errors"
	"math"
	"testing"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
)

// TestMeasure: errors that are known, of flows that are not the target, that
// overflow, and that lose one coordinate to rounding.
func TestMeasure(t *testing.T) {
	part := must(coupling.Half(2))
	diag := func(a, b float64) exactmath.Matrix { return must(exactmath.FromFloat64(2, 2, []float64{a, 0, 0, b})) }
	shear := func(kind coupling.Kind, v float64) coupling.Layer {
		return must(coupling.NewLayer(part, kind, must(exactmath.FromFloat64(1, 1, []float64{v})), coupling.Scale{}))
	}
	flow := func(ls ...coupling.Layer) *coupling.Flow { return must(coupling.NewFlow(part, ls...)) }
	up, down := coupling.Upper, coupling.Lower
	inf := math.Inf(1)
	for name, c := range map[string]struct {
		f                    *coupling.Flow
		target               exactmath.Matrix
		wide, narrow         Errors
		usable64, usable32   bool
		usableWithin, within float64 // usable in float64 with this tolerance, not with a smaller one
	}{
		"the identity":  {flow(), diag(1, 1), Errors{}, Errors{}, true, true, 0, 0},
		"sparse":        {flow(), must(sparse.Permutation([]int{0, 1})), Errors{}, Errors{}, true, true, 0, 0},
		"half of it":    {flow(), diag(2, 2), Errors{0.5, 0}, Errors{0.5, 0}, false, false, 0.5, 0.49},
		"twice as much": {flow(), diag(0.5, 0.5), Errors{1, 0}, Errors{1, 0}, false, false, 1, 0.99},
		"overflow":      {flow(shear(up, 1e200), shear(down, 1e200), shear(up, 1e200)), diag(1, 1), Errors{inf, inf}, Errors{inf, inf}, false, false, 0, 0},
		"float32 alone": {flow(shear(up, 1e39)), must(exactmath.FromFloat64(2, 2, []float64{1, 1e39, 0, 1})), Errors{}, Errors{inf, inf}, false, false, 0, 0},
	} {
		wide, err := Measure[float64](c.f, c.target, 5)
		if err != nil {
			t.Fatal(err)
		}
		narrow := must(Measure[float32](c.f, c.target, 5))
		if name == "float32 alone" { // a shear loses what it adds to
			if wide.Forward != 0 || !(wide.Inverse > 0.1) {
				t.Errorf("%s: %v", name, wide)
			}
			wide = c.wide
		} else if Usable[float64](wide, 0) != c.usable64 || Usable[float32](narrow, 0) != c.usable32 {
			t.Errorf("%s: usable %v, %v", name, Usable[float64](wide, 0), Usable[float32](narrow, 0))
		}
		if wide != c.wide || narrow != c.narrow {
			t.Errorf("%s: %v and %v, want %v and %v", name, wide, narrow, c.wide, c.narrow)
		}
		if c.within > 0 && (!Usable[float64](wide, c.usableWithin) || Usable[float64](wide, c.within)) {
			t.Errorf("%s: the tolerance is not heeded", name)
		}
	}
	var shape *exactmath.ShapeError
	if _, err := Measure[float64](flow(), must(exactmath.FromFloat64(1, 1, []float64{1})), 1); !errors.As(err, &shape) {
		t.Errorf("a 1 x 1 target: %v", err)
	}
}

// TestMeasureSeed: the same vectors for the same seed, others for another.
func TestMeasureSeed(t *testing.T) {
	part := must(coupling.Half(2))
	l := must(coupling.NewLayer(part, coupling.Upper, must(exactmath.FromFloat64(1, 1, []float64{math.Pi})), coupling.Scale{}))
	f := must(coupling.NewFlow(part, l, l, l))
	target := must(exactmath.FromFloat64(2, 2, []float64{1, 3, 0, 1}))
	a, b, c := must(Measure[float32](f, target, 1)), must(Measure[float32](f, target, 1)), must(Measure[float32](f, target, 2))
	if a != b || a == c {
		t.Errorf("%v, %v, %v", a, b, c)
	}
}

func TestHalfDigits(t *testing.T) {
	if a, b := HalfDigits[float64](), HalfDigits[float32](); a*a != 0x1p-52 || math.Abs(b*b-0x1p-23) > 1e-20 {
		t.Errorf("%v, %v", a, b)
	}
	below, above := Errors{1.4e-8, 1.4e-8}, Errors{0, 1.5e-8}
	if !Usable[float64](below, 0) || Usable[float64](above, 0) || Usable[float64](Errors{1.5e-8, 0}, 0) || !Usable[float64](above, 2e-8) || !Usable[float32](above, 0) {
		t.Error("the limits are not those of the comment")
	}
}
