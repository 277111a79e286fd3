package export

import (
	"fmt"
	"math"
	"math/big"

	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
)

// RangeError reports a number of a layer that the type of an export cannot hold.
type RangeError struct {
	Layer    int // in product order
	Kind     coupling.Kind
	Row, Col int     // of the weight, 0-based; Col is -1 for the scale of that row
	Value    float64 // rounded to DType
	Inverse  bool    // it is the reciprocal of the scale that does not fit
	DType    DType
}

func (e *RangeError) Error() string {
	what := fmt.Sprintf("weight (%d, %d)", e.Row, e.Col)
	if e.Col < 0 {
		what = fmt.Sprintf("scale %d", e.Row)
	}
	if e.Inverse {
		what = "the reciprocal of " + what
	}
	how := "is beyond the range of"
	if e.Value == 0 {
		how = "would become 0 in"
	}
	return fmt.Sprintf("layer %d (%v): %s %s %s; a certificate (.cert) and the format json keep every number as it is, "+
		"and another construction or depth may give smaller ones", e.Layer, e.Kind, what, how, e.DType)
}

// fits returns a *RangeError unless all numbers of the flow can be rounded to the
// type: none to an infinity, no scale to 0 (nor its reciprocal to either, if inverse
// is set), and no entry of a weight to 0 that counts in its row of the layer,
// [D, X] or [X, D]. One that is smaller than the largest entry of the row, scale
// included, by the precision of the type may become 0: that is rounding.
func fits(f *coupling.Flow, d DType, inverse bool) error {
	unit := 0x1p-53
	if d == Float32 {
		unit = 0x1p-24
	}
	for k, l := range f.Layers() {
		fail := func(row, col int, v float64) error {
			return &RangeError{Layer: k, Kind: l.Kind(), Row: row, Col: col, Value: v, DType: d}
		}
		rows, cols := l.Weight().Dims()
		scales := run.Scales(l.Scale(), rows)
		for i, s := range scales {
			v := round(s, d)
			if v == 0 || math.IsInf(v, 0) {
				return fail(i, -1, v)
			}
			if r := round(1/v, d); inverse && (r == 0 || math.IsInf(r, 0)) {
				err := fail(i, -1, r)
				err.(*RangeError).Inverse = true
				return err
			}
		}
		data := l.Weight().Float64s()
		for k, v := range data {
			if v = round(v, d); math.IsInf(v, 0) {
				return fail(k/cols, k%cols, v)
			}
		}
		if i, j := lost(l, data, d, unit); i >= 0 {
			return fail(i, j, 0)
		}
	}
	return nil
}

// round rounds v to the type.
func round(v float64, d DType) float64 {
	if d == Float32 {
		return float64(float32(v))
	}
	return v
}

// lost returns the place of an entry of the weight that counts and rounds to 0, -1
// if there is none.
func lost(l coupling.Layer, data []float64, d DType, unit float64) (row, col int) {
	rows, cols := l.Weight().Dims()
	row = -1
	exact := false // float64 numbers
	switch l.Weight().(type) {
	case *exactmath.Floats, *sparse.Matrix:
		exact = true
	}
	if exact && d == Float64 {
		return -1, 0
	}
	// The largest entry of each row, the scale included, times the unit.
	limits := make([]*big.Rat, rows)
	limit := func(i int) *big.Rat {
		if limits[i] == nil {
			top := big.NewRat(1, 1)
			if l.Scale().Kind() == coupling.ScaleExact {
				top = new(big.Rat).Set(l.Scale().At(i))
			}
			for j := range cols {
				if v := new(big.Rat).Abs(l.Weight().At(i, j)); v.Cmp(top) > 0 {
					top = v
				}
			}
			limits[i] = top.Mul(top, new(big.Rat).SetFloat64(unit))
		}
		return limits[i]
	}
	l.Weight().Each(func(i, j int, v *big.Rat) {
		if row < 0 && v.Sign() != 0 && round(data[i*cols+j], d) == 0 && new(big.Rat).Abs(v).Cmp(limit(i)) > 0 {
			row, col = i, j
		}
	})
	return row, col
}
