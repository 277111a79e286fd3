package report

import (
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
