package constructions

import (
	"errors"
	"testing"

	"flowproof/constructions/fault"
	"flowproof/constructions/internal/sample"
)

// TestAutoOfHardMaps: auto answers, with a flow of the map or with the depth that has
// one.
func TestAutoOfHardMaps(t *testing.T) {
	for name, target := range sample.HardMaps(t) {
		n, _ := target.Dims()
		part := sample.Half(t, n)
		b, err := Build("auto", target, part, Options{})
		var deeper *DepthNeededError
		switch {
		case errors.As(err, &deeper):
			if deeper.Depth != 6 || deeper.Deeper == nil || errors.Is(err, fault.ErrSingular) || errors.Is(err, fault.ErrOrientation) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			if b.Flow.Depth() > 6 {
				t.Errorf("%s: depth %d", name, b.Flow.Depth())
			}
			sample.CheckWithin(t, name, b.Flow, target, 1e-12)
		}
	}
}
