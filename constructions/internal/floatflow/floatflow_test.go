package floatflow

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"flowproof/coupling"
)

func TestFloatScale(t *testing.T) {
	s, err := Scale([]float64{1, 0x1p-1074, 0.1})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{1, 0x1p-1074, 0.1} {
		if s.At(i).Cmp(new(big.Rat).SetFloat64(want)) != 0 {
			t.Errorf("scale %d is %v, want %v", i, s.At(i), want)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1)} {
		if _, err := Scale([]float64{v}); err == nil {
			t.Errorf("scale %v was accepted", v)
		}
	}
	var e *coupling.ScaleError
	if _, err := Scale([]float64{1, -1}); !errors.As(err, &e) || e.Index != 1 {
		t.Errorf("scale -1: %v", err)
	}
}
