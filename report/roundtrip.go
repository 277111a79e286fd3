package report

import (
	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
	"flowproof/internal/number"
)

// RoundTrip is what happens when the flow is run in floating point on random
// vectors, layer by layer: the largest relative errors seen, in the Euclidean
// norm. Forward compares with the target times the vector in float64, Inverse
// runs the flow and then its inverse and compares with the vector.
type RoundTrip struct {
	Float64 number.Float `json:"float64"`
	Float32 number.Float `json:"float32"`
}

// measure runs the flow on vectors drawn from seed, and judges the errors.
func (r *Report) measure(f *coupling.Flow, target exactmath.Matrix, tol float64, seed uint64) error {
	wide, err := run.Measure[float64](f, target, seed)
	if err != nil {
		return err
	}
	narrow, err := run.Measure[float32](f, target, seed)
	if err != nil {
		return err
	}
	r.Forward = RoundTrip{number.Float(wide.Forward), number.Float(narrow.Forward)}
	r.RoundTrip = RoundTrip{number.Float(wide.Inverse), number.Float(narrow.Inverse)}
	r.UsableFloat64 = run.Usable[float64](wide, tol)
	r.UsableFloat32 = run.Usable[float32](narrow, tol)
	return nil
}

// Alternative is a flow of more layers than were allowed that runs in float64
// where the one reported does not: what -max-depth would give.
type Alternative struct {
	MaxDepth         int          `json:"max_depth"`
	Construction     string       `json:"construction"`
	MaxLayerEstimate number.Float `json:"max_layer_estimate"` // condition, by the SVD
	Forward          number.Float `json:"forward"`            // in float64
	RoundTrip        number.Float `json:"roundtrip"`          // in float64
	UsableFloat64    bool         `json:"usable_float64"`     // or only far better than the one reported
}
