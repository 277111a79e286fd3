package study

import (
	"math/big"
	"time"

	"flowproof/certificate/encode"
	"flowproof/constructions"
	"flowproof/constructions/lowerbound"
	"flowproof/constructions/permutation"
	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/targets"
	"flowproof/verify"
	conditioning "flowproof/verify/condition"
)

// Linear is a case of a linear map: the target, and what to build of it.
type Linear struct {
	Target       *targets.Target
	Partition    coupling.Partition
	Construction string // a name, or "auto"
	Options      constructions.Options
	Say          func(stage string) // progress; may be nil
}

// LinearRecord is a flow for a case, and what is found of it.
type LinearRecord struct {
	Case *Linear
	*constructions.Built

	Result     *verify.Result      // the exact comparison
	Conditions conditioning.Flow   // of the layers
	Limits     conditioning.Limits // that no flow of the map is below
	// TargetCondition is the condition number of the target, estimated.
	TargetCondition float64
	// DepthLowerBound is the number of layers below which no flow of the target
	// exists, proved; 0 where that was not looked into.
	DepthLowerBound int
	// Errors of runs on random vectors, measured.
	Float64, Float32 run.Errors

	BuildSeconds, ComposeSeconds float64
}

func (c *Linear) say(stage string) {
	if c.Say != nil {
		c.Say(stage)
	}
}

// Run builds a flow and judges it.
//
// Errors: those of constructions.Build, verify.Check and run.Measure.
func (c *Linear) Run() (*LinearRecord, error) {
	r, err := c.Build()
	if err != nil {
		return nil, err
	}
	if err := r.Judge(); err != nil {
		return nil, err
	}
	return r, nil
}

// Build builds a flow.
func (c *Linear) Build() (*LinearRecord, error) {
	c.say("constructing")
	start := time.Now()
	b, err := constructions.Build(c.Construction, c.Target.Matrix, c.Partition, c.Options)
	if err != nil {
		return nil, err
	}
	return &LinearRecord{Case: c, Built: b, BuildSeconds: time.Since(start).Seconds()}, nil
}

// Compose multiplies the layers exactly and compares with the target.
func (r *LinearRecord) Compose() (err error) {
	r.Case.say("composing exactly")
	start := time.Now()
	if r.Result, err = verify.Check(r.Flow, r.Case.Target.Matrix); err != nil {
		return err
	}
	r.ComposeSeconds = time.Since(start).Seconds()
	return nil
}

// Judge composes the flow, bounds its conditioning and its depth, and measures its
// errors in floating point on vectors drawn from Options.Seed.
func (r *LinearRecord) Judge() (err error) {
	if err := r.Compose(); err != nil {
		return err
	}
	target, part := r.Case.Target.Matrix, r.Flow.Partition()
	r.DepthLowerBound = depthLowerBound(r.Case.Target, part)
	r.Case.say("bounding condition numbers")
	r.Conditions = conditioning.Of(r.Flow)
	r.TargetCondition = conditioning.Estimate(target)
	r.Limits = conditioning.LowerLimits(target, max(part.P(), part.Q()), r.Result.ResidualFrobSq)
	if r.Float64, err = run.Measure[float64](r.Flow, target, r.Case.Options.Seed); err != nil {
		return err
	}
	r.Float32, err = run.Measure[float32](r.Flow, target, r.Case.Options.Seed)
	return err
}

// Reproduced reports whether the relative Frobenius residual is at most tol.
func (r *LinearRecord) Reproduced(tol *big.Rat) bool { return r.Result.Within(tol) }

// boundedDim is the largest dimension in which the lower bound on the depth of a
// dense matrix takes less than half a second.
const boundedDim = 16

// depthLowerBound returns a proved lower bound on the depth, 0 where it would take
// long to find one.
func depthLowerBound(t *targets.Target, part coupling.Partition) int {
	if d, err := permutation.PermutationDepth(t.Matrix, part); err == nil {
		return d.Lower
	}
	if t.Dim > boundedDim {
		return 0
	}
	c, err := lowerbound.DepthLowerBound(t.Matrix, part)
	if err != nil {
		return 0
	}
	return c.Depth
}

// Certificate claims what Compose found.
func (r *LinearRecord) Certificate() *encode.Certificate {
	c := &encode.Certificate{
		Construction: r.Construction,
		Theorem:      r.Theorem,
		Claim:        encode.ClaimFrom(r.Result),
		Flow:         r.Flow,
		Target:       r.Case.Target.Matrix,
	}
	if t := r.Case.Target; t.Seeded {
		c.Seed = &t.Seed
	}
	return c
}
