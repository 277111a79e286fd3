package polish

import (
	"flowproof/constructions/internal/floatflow"
	"flowproof/constructions/internal/rescale"
	"flowproof/coupling"
	"flowproof/exactmath"
)

// polishRescaled is Polish for a target that is not ordinary.
func polishRescaled(f0 *coupling.Flow, target exactmath.Matrix, part coupling.Partition, opt Options, e int) (*coupling.Flow, Report, error) {
	near, err := rescale.TimesTwoTo(target, -e)
	if err != nil {
		return nil, Report{}, err
	}
	given := 0.0
	if f0 != nil {
		if f0, err = rescale.RationalScales(f0); err != nil {
			return nil, Report{}, err
		}
		given, _, _ = floatflow.Conditions(f0)
		if f0, err = rescale.FlowTimesTwoTo(f0, -e); err != nil {
			return nil, Report{}, err
		}
	}
	f, rep, err := Polish(f0, near, part, opt)
	if err != nil {
		return nil, rep, err
	}
	if f, err = rescale.FlowTimesTwoTo(f, e); err != nil {
		return nil, rep, err
	}
	rep.GivenMax = given
	rep.Max, rep.Product, rep.Conditions = floatflow.Conditions(f)
	rep.Refine.Rescale(f, e)
	return f, rep, nil
}
