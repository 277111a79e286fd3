package study_test

import (
	"math"
	"math/big"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/study"
	"flowproof/targets"
	"flowproof/transport"
	"flowproof/verify/wasserstein"
)

// TestPlateau compares the singular values that the slopes give with those of the
// Jacobian, on plateaus and over many points.
func TestPlateau(t *testing.T) {
	for _, c := range []struct{ target, split string }{{"checkerboard", "1|1"}, {"linked-rings", "1|2"}, {"linked-rings", "2|1"}} {
		h, err := targets.Density(c.target, 0)
		if err != nil {
			t.Fatal(err)
		}
		split, err := transport.ParseSplit(h.Dim(), c.split)
		if err != nil {
			t.Fatal(err)
		}
		u := study.Universality{Target: c.target, Histogram: h, Split: split, Delta: big.NewRat(1, 2), DeltaText: "0.5", Points: 256, Seed: 1, Limits: wasserstein.DefaultLimits()}
		r, err := u.Run()
		if err != nil {
			t.Fatal(err)
		}
		// Through the middle of each piece of g, z2 in the middle of a plateau.
		first, second := r.Flow.Layers()[0].Updates, r.Flow.Layers()[1].Updates
		eps0 := first[0].Factor
		worst, steepest := 0.0, 0.0
		zone, _ := first[0].Shift.Knots()
		xs, _ := second[0].Shift.Knots()
		for k := range r.Plan.Cells {
			z2 := 0.0
			switch {
			case len(zone) < 2:
			case k == 0:
				z2 = zone[0] - 1
			case 2*k >= len(zone):
				z2 = zone[len(zone)-1] + 1
			default:
				z2 = (zone[2*k-1] + zone[2*k]) / 2
			}
			for i := 1; i < len(xs); i++ {
				z := make([]float64, h.Dim())
				z[split.Second[0]] = z2
				z[split.First[0]] = ((xs[i-1]+xs[i])/2 - r.Plan.Cells[k].Centre[0]) / eps0
				if math.Abs(z[split.First[0]]) > r.Plan.Window {
					continue
				}
				j, err := r.Flow.Jacobian(z)
				if err != nil {
					t.Fatal(err)
				}
				var svd mat.SVD
				svd.Factorize(mat.NewDense(h.Dim(), h.Dim(), j), mat.SVDNone)
				s := svd.Values(nil)
				worst, steepest = max(worst, s[0]/s[len(s)-1]), max(steepest, s[0])
			}
		}
		if math.Abs(worst-r.Plateau) > 1e-6*worst || math.Abs(steepest-r.PlateauLipschitz) > 1e-9*steepest {
			t.Errorf("%s %s: condition %v, Lipschitz %v; the slopes say %v, %v", c.target, c.split, worst, steepest, r.Plateau, r.PlateauLipschitz)
		}
		if r.Sup < r.Plateau || r.SupLipschitz < r.PlateauLipschitz || r.Median > r.Sup {
			t.Errorf("%s %s: %+v", c.target, c.split, r)
		}
		if det := mat.Det(mat.NewDense(h.Dim(), h.Dim(), must(r.Flow.Jacobian(make([]float64, h.Dim()))))); math.Abs(math.Log(det)-r.LogDet) > 1e-9 {
			t.Errorf("%s %s: log det %v, want %v", c.target, c.split, r.LogDet, math.Log(det))
		}
		if bound, _ := r.Bound.Bound.Float64(); r.Projected > bound+0.01 || r.Measured > bound+r.Floor || r.Price.Lipschitz > r.SupLipschitz {
			t.Errorf("%s %s: bound %v, measured %v, projected %v, limit %v", c.target, c.split, bound, r.Measured, r.Projected, r.Price.Lipschitz)
		}
	}
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}
