package study_test

import (
	"math"
	"math/big"
	"testing"

	"flowproof/study"
	"flowproof/targets"
	"flowproof/transport"
	"flowproof/verify/wasserstein"
)

// TestLayers: every entry that can is built, its error falls with s and lies below
// its bound, and its condition number does what the entry says; two couplings at the
// errors of the four are worse.
func TestLayers(t *testing.T) {
	l := study.Layers{Noises: []float64{0.03, 0.01}, Points: 1500, Seed: 1}
	entries := must(l.Run())
	byID := map[string]*study.LayersEntry{}
	for _, e := range entries {
		byID[e.ID] = e
		for k, m := range e.Rows {
			if !(m.RMS <= 1.02*m.Within) || m.DataRMS > m.RMS {
				t.Errorf("%s, s = %v: rms %v, of the data %v; the bound is %v", e.ID, m.Noise, m.RMS, m.DataRMS, m.Within)
			}
			if k%2 == 1 && m.RMS > 0.5*e.Rows[k-1].RMS {
				t.Errorf("%s: rms %v, then %v", e.ID, e.Rows[k-1].RMS, m.RMS)
			}
			if m.Median > m.Most99 || m.Most99 > m.Largest && e.ID != "price-clusters" {
				t.Errorf("%s: %+v", e.ID, m)
			}
		}
	}
	for _, id := range []string{"passive-coordinate", "four-couplings", "five-couplings", "gaussian-padding", "one-padding-coordinate"} {
		if r := byID[id].Rows; !(r[1].KL < r[0].KL/2) || r[1].KL < 0 {
			t.Errorf("%s: KL %v, then %v", id, r[0].KL, r[1].KL)
		}
		if r := byID[id].Rows; r[1].Median > 1.1*r[0].Median || r[1].Most99 > 1.1*r[0].Most99 {
			t.Errorf("%s: the condition rises: %+v, %+v", id, r[0], r[1])
		}
	}
	if r := byID["padding-marginal"].Rows; r[1].Median < 2*r[0].Median {
		t.Errorf("one coupling: %+v, %+v", r[0], r[1])
	}
	limit := 2 / (3 * math.Sqrt(2*math.Pi))
	for _, m := range byID["price-clusters"].Rows {
		if q := m.Lipschitz * m.RMS * m.RMS; q < 0.999*limit || q > limit*1.06 {
			t.Errorf("two atoms: %v, the limit is %v", q, limit)
		}
	}
	for _, m := range byID["four-couplings"].Rows {
		if m.Bound == nil && m.Within < 0.3 || m.Bound != nil && m.Bound.Cmp(new(big.Rat).SetFloat64(m.RMS)) < 0 {
			t.Errorf("four couplings: W2 <= %v, measured %v", m.Bound, m.RMS)
		}
	}
	four, two := byID["four-couplings"].Rows, byID["universal-bound"].Two
	for k, p := range two {
		m := four[len(four)-len(two)+k]
		if p.Median < 5*m.Median || p.Bound.Cmp(new(big.Rat).SetFloat64(1.01*m.RMS)) > 0 {
			t.Errorf("two couplings: %+v, four: %+v", p, m)
		}
	}
}

// TestCurve: as delta falls the bound falls and the condition rises, above the
// limits for all maps.
func TestCurve(t *testing.T) {
	u := study.Universality{Target: "square", Histogram: must(targets.Density("square", 0)), Split: transport.Split{First: []int{0}, Second: []int{1}},
		Points: 128, Seed: 1, Limits: wasserstein.DefaultLimits()}
	var last *study.CurvePoint
	err := study.Curve(u, []string{"0.5", "0.2", "0.1"}, func(p *study.CurvePoint) error {
		if p.Median < p.Limits.Condition || p.Sup < p.Plateau || p.LogDet > p.Limits.LogDet || p.SupLipschitz < p.Limits.Lipschitz {
			t.Errorf("%+v, limits %+v", p, p.Limits)
		}
		if last != nil && (p.Bound.Cmp(last.Bound) >= 0 || p.Median <= last.Median || p.Sup <= last.Sup) {
			t.Errorf("%+v after %+v", p, last)
		}
		last = p
		return nil
	})
	if err != nil || last == nil || last.Delta != "0.1" {
		t.Error(last, err)
	}
	if err := study.Curve(u, []string{"0.5", "-1"}, func(*study.CurvePoint) error { return nil }); err == nil {
		t.Error("delta = -1 is taken")
	}
}
