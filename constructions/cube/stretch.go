package cube

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Stretching is a map of the form of flowdepth.Stretch: odd functions of slope Lip up to
// Kink and Low beyond in the first coordinates, Low in the others.
type Stretching struct {
	Low, Lip, Kink float64
	Estimate       float64 // of its distance from the cube, about
}

// ErrNone: no map was found.
var ErrNone = errors.New("no map of this kind was found that comes so near")

// Stretch returns the map of the given slopes, 0 < low <= lip, whose kink is best for a cube
// of 2^signs vertices. It takes the options' Dim, Signs, Radius and Power.
// It is the map of depth-stretch, proofs/depth.md.
func Stretch(o Options, low, lip float64) (Stretching, error) {
	if o.Dim < 1 || o.Signs < 0 || o.Signs > o.Dim || !(o.Radius > 0) || !(low > 0) || !(lip >= low) || math.IsInf(lip, 1) {
		return Stretching{}, fmt.Errorf("cube: no map of dimension %d, %d signs, radius %v and slopes %v and %v", o.Dim, o.Signs, o.Radius, low, lip)
	}
	return o.stretch(low, lip), nil
}

func (o Options) stretch(low, lip float64) Stretching {
	s := Stretching{Low: low, Lip: lip}
	// Beyond Radius / Lip the steep part would overshoot.
	top := o.Radius / lip
	cost := func(share float64) float64 {
		s.Kink = share * top
		return o.stretchCost(s)
	}
	s.Kink = top * search(0.02, 1.05, 12, cost)
	s.Estimate = o.stretchCost(s)
	return s
}

// Condition returns a map within eps of the cube whose condition number Lip / Low is
// about the least that maps of this form have.
//
// Errors: ErrNone.
func Condition(o Options, eps float64) (Stretching, error) {
	at := func(kappa float64) Stretching {
		top := 1.5 * eps / math.Sqrt(max(float64(o.Dim), 1.6)) // E|Z| low is about eps there
		low := top * math.Exp(search(-3, 0, 11, func(u float64) float64 { return o.stretch(top*math.Exp(u), kappa*top*math.Exp(u)).Estimate }))
		return o.stretch(low, kappa*low)
	}
	lo, hi := 1.0, 2.0
	var best Stretching
	for best = at(hi); best.Estimate > eps; best = at(hi) {
		if lo, hi = hi, hi*8; hi > 1e80 {
			return Stretching{}, ErrNone
		}
	}
	for hi/lo > 1+4e-3 {
		mid := math.Sqrt(lo * hi)
		if s := at(mid); s.Estimate <= eps*(1-3e-4) {
			hi, best = mid, s
		} else {
			lo = mid
		}
	}
	return best, nil
}

// stretchCost is E |F(z) - Y| or the root of its mean square.
func (o Options) stretchCost(s Stretching) float64 {
	z, w := nodes(s.Kink, o.Radius/s.Low)
	errs := make([]float64, len(z))
	mean := float64(o.Dim-o.Signs) * s.Low * s.Low
	for k, z := range z {
		if errs[k] = s.Lip*z - o.Radius; z > s.Kink {
			errs[k] += (s.Low - s.Lip) * (z - s.Kink)
		}
		errs[k] *= errs[k]
		mean += float64(o.Signs) * w[k] * errs[k]
	}
	if o.Power == 2 {
		return math.Sqrt(mean)
	}
	const step = 1.0
	sum := 0.0
	for x := -24.0; x <= 28; x += step {
		t, one := math.Exp(x)/mean, 0.0
		for k, e := range errs {
			one += w[k] * math.Exp(-t*e)
		}
		log := float64(o.Signs)*math.Log(one) - float64(o.Dim-o.Signs)/2*math.Log1p(2*t*s.Low*s.Low)
		sum -= math.Expm1(log) * math.Exp(-x/2)
	}
	return sum * step * math.Sqrt(mean) / (2 * math.Sqrt(math.Pi))
}

// reach is where the law of |z| is cut off.
const reach = 9

// nodes returns points of [0, reach] and weights for the law of |z|: Gauss-Legendre
// between the kink, where the outer line may meet the vertex, and places as the density
// wants them.
func nodes(kink, scale float64) (z, w []float64) {
	cuts := []float64{0, kink, 2 * kink, kink + 0.02*scale, 0.1, 0.5, 1.5, 3, 5, reach}
	cuts = slices.DeleteFunc(cuts, func(c float64) bool { return c > reach })
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	for k := 1; k < len(cuts); k++ {
		half, mid := (cuts[k]-cuts[k-1])/2, (cuts[k]+cuts[k-1])/2
		for i, x := range legendre {
			for _, x := range [2]float64{mid - half*x, mid + half*x} {
				z = append(z, x)
				w = append(w, 2*half*legendreWeight[i]*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi))
			}
		}
	}
	return z, w
}

// Gauss-Legendre of eight points on [-1, 1]: the positive ones, and their weights.
var (
	legendre       = [4]float64{0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363}
	legendreWeight = [4]float64{0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763}
)
