package study

import (
	"fmt"
	"math/big"

	"flowproof/empirical"
	"flowproof/exactmath/ball"
	"flowproof/neural"
	"flowproof/targets"
	"flowproof/transport"
	"flowproof/verify/likelihood"
	"flowproof/verify/wasserstein"
)

// Likelihoods are the cases of the table of what flows of two couplings are worth as
// densities.
type Likelihoods struct {
	Targets []string // of the plane
	Deltas  []string // falling
	Points  int
	Seed    uint64
	Say     func(stage string) // progress; may be nil
}

// LikelihoodEntry is a target with its flows.
type LikelihoodEntry struct {
	Target string
	// VolumePreserving: no flow whose determinant is 1 everywhere comes nearer than its
	// lower end. Proved.
	VolumePreserving ball.Ball
	Plane            *likelihood.Plane // of the first flow; proved
	Rows             []*LikelihoodRow
}

// LikelihoodRow is a flow.
type LikelihoodRow struct {
	Delta    string
	Bound    *big.Rat               // of W2; proved
	Diverges *likelihood.Divergence // proved
	KL       float64                // the mean of log(p / p_F) over points of the target, measured
}

// Run builds all flows.
func (l *Likelihoods) Run() (out []*LikelihoodEntry, err error) {
	say := l.Say
	if say == nil {
		say = func(string) {}
	}
	for _, name := range l.Targets {
		h, err := targets.Density(name, 0)
		if err != nil {
			return nil, err
		}
		e := &LikelihoodEntry{Target: name}
		if e.VolumePreserving, err = likelihood.VolumePreserving(h); err != nil {
			return nil, err
		}
		for k, delta := range l.Deltas {
			say(fmt.Sprintf("%s, delta = %s", name, delta))
			row, flow, err := l.row(h, name, delta)
			if err != nil {
				return nil, fmt.Errorf("%s, delta = %s: %w", name, delta, err)
			}
			e.Rows = append(e.Rows, row)
			if k > 0 {
				continue
			}
			say(name + ", the integral over the plane")
			if e.Plane, err = likelihood.Integrate(flow); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		out = append(out, e)
	}
	return out, nil
}

func (l *Likelihoods) row(h *transport.Histogram, name, delta string) (*LikelihoodRow, *neural.Flow, error) {
	d, ok := new(big.Rat).SetString(delta)
	if !ok || d.Sign() <= 0 {
		return nil, nil, fmt.Errorf("delta %q, want a positive number", delta)
	}
	c := &Universality{Target: name, Histogram: h, Split: transport.Split{First: []int{0}, Second: []int{1}}, Delta: d, DeltaText: delta, Limits: wasserstein.DefaultLimits()}
	r, err := c.Run()
	if err != nil {
		return nil, nil, err
	}
	row := &LikelihoodRow{Delta: delta, Bound: r.Bound.Bound}
	if row.Diverges, err = likelihood.Diverges(h, r.Flow); err != nil {
		return nil, nil, err
	}
	s := empirical.NewSampler(h)
	row.KL = -row.Diverges.Entropy.Estimate()
	for _, u := range empirical.Points(l.Points, h.Dim(), shift(h.Dim(), l.Seed, 6)) {
		log, err := neural.LogDensity(r.Flow, s.At(u))
		if err != nil {
			return nil, nil, err
		}
		row.KL -= log / float64(l.Points)
	}
	return row, r.Flow, nil
}
