package geometry

import (
	"errors"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// Weights and scales that are not numbers end as errors, never as layers.
func TestLayerListRefuses(t *testing.T) {
	part, err := coupling.Half(2)
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	var entry *exactmath.EntryError
	var scale *coupling.ScaleError
	for _, tt := range []struct {
		w, d float64
		wexp int
		as   any
	}{{nan, 1, 0, &entry}, {nan, 1, 5, &entry}, {1, nan, 0, &entry}, {1, math.Inf(1), 0, &entry}, {1, -1, 0, &scale}} {
		b := LayerList{Frame: Frame{Part: part, P: 1, Q: 1}}
		b.Add(coupling.Lower, mat.NewDense(1, 1, []float64{tt.w}), tt.wexp, []float64{tt.d}, 0)
		b.Add(coupling.Upper, nil, 0, nil, 0) // the first error sticks
		if f, err := b.Flow(); f != nil || !errors.As(err, tt.as) {
			t.Errorf("weight %g, scale %g: error %v", tt.w, tt.d, err)
		}
	}
}
