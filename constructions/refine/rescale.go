package refine

import (
	"math/big"

	"flowproof/constructions/internal/ratmat"
	"flowproof/constructions/internal/rescale"
	"flowproof/coupling"
	"flowproof/exactmath"
)

// refineRescaled is Refine for a target that is not ordinary.
func refineRescaled(f *coupling.Flow, target exactmath.Matrix, prec uint, opt Options, e int) (*coupling.Flow, Report, error) {
	near, err := rescale.TimesTwoTo(target, -e)
	if err != nil {
		return nil, Report{}, err
	}
	if f, err = rescale.FlowTimesTwoTo(f, -e); err != nil {
		return nil, Report{}, err
	}
	f, rep, err := Refine(f, near, prec, opt)
	if err != nil {
		return nil, rep, err
	}
	if f, err = rescale.FlowTimesTwoTo(f, e); err != nil {
		return nil, rep, err
	}
	rep.Rescale(f, e)
	return f, rep, nil
}

// Rescale makes a report about 2^-e times the target one about the target.
func (rep *Report) Rescale(f *coupling.Flow, e int) {
	two := ratmat.Pow2(e)
	rep.Depth, rep.Scaled = f.Depth(), true
	for _, v := range []**big.Rat{&rep.ResidualMax, &rep.TargetMax} {
		if *v != nil {
			*v = new(big.Rat).Mul(*v, two)
		}
	}
}
