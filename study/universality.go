// Package study takes a case through the whole of the project, from the target to a
// record that can be printed: build, certify, measure.
package study

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"sync"
	"time"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/universal"
	"flowproof/empirical"
	"flowproof/neural"
	"flowproof/transport"
	"flowproof/verify/wasserstein"
)

// Universality is one case of the universality theorem: a histogram to come near to.
type Universality struct {
	Target    string
	Histogram *transport.Histogram
	Split     transport.Split
	Delta     *big.Rat // the bound asked for
	DeltaText string   // as the user wrote it
	Points    int      // of the samples that are compared; 0: nothing is measured
	Seed      uint64   // of the shifts of the samples
	Samples   int      // of the file that the histogram is made of; 0: none
	Limits    wasserstein.Limits
	Say       func(stage string) // progress; may be nil
}

// UniversalityRecord is a flow for a case, what is proved of it and what is measured.
type UniversalityRecord struct {
	Case *Universality
	Flow *neural.Flow
	Plan *transport.Plan

	Bound *wasserstein.Result // proved
	Price *wasserstein.Price  // proved

	// Measured, with samples of Points quasi-random points: W2 between flow and
	// target by an exact assignment, the floor that two samples of the target have,
	// the largest distance of projections, and the sliced distance. NaN if nothing
	// was measured.
	Measured, Floor, Projected, Sliced float64

	// Condition numbers of the Jacobian: the median over Points latent points, the
	// largest with the selector on a plateau and the noise that is read inside the
	// plan's window, and a bound over all.
	Median, Plateau, Sup float64
	// Lipschitz constants likewise.
	PlateauLipschitz, SupLipschitz float64
	LogDet                         float64
	RoundTrip64, RoundTrip32       float64 // largest errors of inverse after forward

	// Hinges says what sums of ReLU units lose, and float32; Slope is the largest of a
	// shift.
	Hinges neural.HingeLoss
	Slope  float64

	BuildSeconds, CertifySeconds, MeasureSeconds float64
}

// ErrBound: no flow was found whose certified bound is below delta.
var ErrBound = errors.New("no flow was found whose certified bound is at most delta")

// Run builds a flow whose certified bound is at most Delta, and measures it.
//
// Errors: those of universal.Build and wasserstein.Bound; ErrBound.
func (u *Universality) Run() (*UniversalityRecord, error) {
	say := u.Say
	if say == nil {
		say = func(string) {}
	}
	delta, _ := u.Delta.Float64()
	r := &UniversalityRecord{Case: u}
	aim := delta
	for try := 0; ; try++ {
		say("building")
		start := time.Now()
		b, err := universal.Build(u.Histogram, u.Split, aim, universal.Options{})
		if err != nil {
			return nil, err
		}
		r.Flow, r.Plan = b.Flow, b.Plan
		r.BuildSeconds += time.Since(start).Seconds()
		say("certifying")
		start = time.Now()
		if r.Bound, err = wasserstein.Bound(u.Histogram, b.Plan, b.Flow, u.Limits); err != nil {
			return nil, err
		}
		r.CertifySeconds += time.Since(start).Seconds()
		if r.Bound.Bound.Cmp(u.Delta) <= 0 {
			break
		}
		if try == 6 {
			return nil, fmt.Errorf("%w: the best is %s", ErrBound, r.Bound.Bound.FloatString(6))
		}
		// The estimate that the builder trusts was too low: aim lower.
		got, _ := r.Bound.Bound.Float64()
		aim *= 0.99 * delta / got
	}
	start := time.Now()
	var err error
	if r.Price, err = wasserstein.PriceOf(u.Histogram, u.Delta); err != nil {
		return nil, err
	}
	say("measuring")
	if err := r.measure(); err != nil {
		return nil, err
	}
	r.MeasureSeconds = time.Since(start).Seconds()
	return r, nil
}

// shift returns a vector that depends on the seed and on which sample it is for.
func shift(d int, seed, which uint64) []float64 {
	s := make([]float64, d)
	for k := range s {
		_, s[k] = math.Modf(float64(seed%1009+1)*0.618033988749895*float64(k+1) + float64(which)*0.7548776662466927)
	}
	return s
}

// hingePoints is how many points run the sums of hinges, which cost as much as there
// are knots.
const hingePoints = 256

func (r *UniversalityRecord) measure() error {
	u := r.Case
	d := u.Histogram.Dim()
	r.conditions()
	r.LogDet, _ = r.Flow.LogDet(make([]float64, d))
	for _, l := range r.Flow.Layers() {
		for _, u := range l.Updates {
			r.Slope = max(r.Slope, u.Shift.Lipschitz())
		}
	}
	r.Measured, r.Floor, r.Projected, r.Sliced = math.NaN(), math.NaN(), math.NaN(), math.NaN()
	if u.Points == 0 {
		return nil
	}
	n := u.Points
	latent := empirical.Normal(empirical.Points(n, d, shift(d, u.Seed, 0)))
	flow := make([][]float64, n)
	kappas := make([]float64, n)
	for i, z := range latent {
		x, err := neural.Forward(r.Flow, z)
		if err != nil {
			return err
		}
		flow[i] = x
		if _, kappas[i], err = condition(r.Flow, z); err != nil {
			return err
		}
		r.roundTrip(z, x)
	}
	slices.Sort(kappas)
	r.Median = kappas[n/2]
	var err error
	if r.Hinges, err = neural.MeasureHinges(r.Flow, latent[:min(n, hingePoints)]); err != nil {
		return err
	}
	s := empirical.NewSampler(u.Histogram)
	draw := func(which uint64) [][]float64 {
		out := empirical.Points(n, d, shift(d, u.Seed, which))
		for i, p := range out {
			out[i] = s.At(p)
		}
		return out
	}
	one, two := draw(1), draw(2)
	var wg sync.WaitGroup
	var errs [3]error
	wg.Add(3)
	go func() { defer wg.Done(); r.Measured, errs[0] = empirical.W2(flow, one) }()
	go func() { defer wg.Done(); r.Floor, errs[1] = empirical.W2(one, two) }()
	go func() { defer wg.Done(); r.Sliced, r.Projected, errs[2] = r.project(s) }()
	wg.Wait()
	return errors.Join(errs[:]...)
}

// project compares projections of many more points, which sorting allows.
func (r *UniversalityRecord) project(s *empirical.Sampler) (mean, largest float64, err error) {
	d, n := r.Flow.Dim(), 16*r.Case.Points
	x, y := empirical.Normal(empirical.Points(n, d, shift(d, r.Case.Seed, 3))), empirical.Points(n, d, shift(d, r.Case.Seed, 4))
	for i := range x {
		if x[i], err = neural.Forward(r.Flow, x[i]); err != nil {
			return 0, 0, err
		}
		y[i] = s.At(y[i])
	}
	return empirical.Sliced(x, y, 10, r.Case.Seed)
}

func (r *UniversalityRecord) roundTrip(z, x []float64) {
	back, err := neural.Inverse(r.Flow, x)
	if err != nil {
		return
	}
	narrow := make([]float32, len(z))
	for k, v := range z {
		narrow[k] = float32(v)
	}
	y, err := neural.Forward(r.Flow, narrow)
	if err != nil {
		return
	}
	again, err := neural.Inverse(r.Flow, y)
	if err != nil {
		return
	}
	for k := range z {
		r.RoundTrip64 = max(r.RoundTrip64, math.Abs(back[k]-z[k]))
		r.RoundTrip32 = max(r.RoundTrip32, math.Abs(float64(again[k])-float64(narrow[k])))
	}
}

// condition returns the norm of the flow's derivative at z and its condition number:
// the norm times that of the inverse, each found by itself, since the smaller
// singular values of a matrix of condition beyond 1e16 are lost in it.
func condition(f *neural.Flow, z []float64) (stretch, kappa float64, err error) {
	j, err := f.Jacobian(z)
	if err != nil {
		return 0, 0, err
	}
	i, err := f.InverseJacobian(z)
	if err != nil {
		return 0, 0, err
	}
	stretch = norm(f.Dim(), j)
	return stretch, stretch * norm(f.Dim(), i), nil
}

func norm(n int, a []float64) float64 {
	var svd mat.SVD
	if !svd.Factorize(mat.NewDense(n, n, a), mat.SVDNone) {
		return math.NaN()
	}
	return svd.Values(nil)[0]
}

// conditions fills in what the slopes say (PROOFS.md, "Universality", the
// Jacobian). On a plateau of the selector the singular values are eps_1 .. eps_(p-1),
// eps' (q-1 times) and two with product eps_0 eps' and sum of squares eps_0^2 +
// eps'^2 + (eps_0 |g'|)^2; everywhere |DF| <= (1 + |g'|)(max eps + |a'|) and |DF^-1|
// <= (1 + |a'| / eps')(1 + |g'|) / min eps.
func (r *UniversalityRecord) conditions() {
	first, second := r.Flow.Layers()[0].Updates, r.Flow.Layers()[1].Updates
	eps0, most, least := 0.0, 0.0, math.Inf(1)
	for _, u := range first {
		if u.Coord == second[0].Reads {
			eps0 = u.Factor
		}
		most, least = max(most, u.Factor), min(least, u.Factor)
	}
	noise := second[0].Factor
	most, least = max(most, noise), min(least, noise)
	a, g := steepest(first, nil), steepest(second, nil)
	gamma := eps0 * steepest(second, func(x float64) bool {
		return slices.ContainsFunc(r.Plan.Cells, func(c transport.Cell) bool { return math.Abs(x-c.Centre[0]) < r.Plan.Window*eps0 })
	})
	s, product := eps0*eps0+noise*noise+gamma*gamma, eps0*noise
	root := math.Sqrt(max(s*s-4*product*product, 0))
	large := math.Sqrt((s + root) / 2)
	r.PlateauLipschitz = max(large, most)
	r.Plateau = r.PlateauLipschitz / min(product/large, least)
	r.SupLipschitz = (1 + g) * (most + a)
	r.Sup = r.SupLipschitz * (1 + a/noise) * (1 + g) / least
}

// steepest returns the largest norm of the slopes of the updates' shifts, which have
// their knots in common, among the intervals whose midpoints are within.
func steepest(us []neural.Update, within func(x float64) bool) float64 {
	var squares []float64
	for _, u := range us {
		for k, s := range u.Shift.Slopes() {
			if k == len(squares) {
				squares = append(squares, 0)
			}
			squares[k] += s * s
		}
	}
	x, _ := us[0].Shift.Knots()
	most := 0.0
	for k, s := range squares {
		if s > most && (within == nil || within((x[k]+x[k+1])/2)) {
			most = s
		}
	}
	return math.Sqrt(most)
}
