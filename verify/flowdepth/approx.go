package flowdepth

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"flowproof/exactmath/normal"
)

// The functions of this file are in float64 and prove nothing: they choose, and what
// they choose is proved in balls.

// approx has the constants of a target in float64.
type approx struct {
	d, k      float64
	mean, gap float64 // E|Z_d|; half of the Gap
	spread    float64 // k^(1/d)
	two       bool
	z0        float64
}

func newApprox(e *Eval, t Target) *approx {
	a := &approx{d: float64(t.Dim), k: float64(t.Pieces), mean: e.MeanNorm(t.Dim).Estimate(), two: t.Pieces == 2}
	a.gap, _ = t.Gap.Float64()
	a.gap /= 2
	a.spread = math.Pow(a.k, 1/a.d)
	a.z0 = normal.ApproxQuantile(1 / a.k)
	return a
}

// meanMin is about E min(|Z_d|, rho).
func (a *approx) meanMin(rho float64) float64 {
	x := rho * rho / 2
	if x == 0 {
		return 0
	}
	return rho*mathext.GammaIncRegComp(a.d/2, x) + a.mean*mathext.GammaIncReg((a.d+1)/2, x)
}

// beyond is about isoperimetry.
func (a *approx) beyond(x, lip float64) float64 {
	if x <= 0 {
		return 0
	}
	u := x / lip
	if a.two {
		return 2 * lip * halfSquare(u)
	}
	const n = collarSteps
	sum := 0.0
	for i := 1; i <= n; i++ {
		v := 1 - 1/(a.k*normal.ApproxCDF(a.z0+u*float64(i)/n))
		if i == n {
			v /= 2
		}
		sum += v
	}
	return x * sum / n
}

// halfSquare is INT from 0 to u of (u - z) phi(z) dz, to nearly full relative precision.
func halfSquare(u float64) float64 {
	if u < 0.1 {
		s := u * u
		return s / math.Sqrt(2*math.Pi) * (1./2 - s*(1./24-s*(1./240-s*(1./2688-s/34560))))
	}
	return u*(normal.ApproxCDF(u)-0.5) - (normal.ApproxDensity(0) - normal.ApproxDensity(u))
}

// joint is about Joint.
func (a *approx) joint(low, lip, rho float64) float64 {
	l := low / a.spread
	return l*a.meanMin(rho) + a.beyond(a.gap-rho*l, lip)
}

// rho returns the rho at which joint is about largest.
func (a *approx) rho(low, lip float64) float64 {
	top := min(math.Sqrt(a.d)+8, a.gap*a.spread/low)
	return maximum(top, func(rho float64) float64 { return a.joint(low, lip, rho) })
}

// steepest returns about the largest lip with joint > eps at this low, over all rho,
// and that rho; 0 if there is none.
func (a *approx) steepest(low, eps float64) (lip, rho float64) {
	l := low / a.spread
	top := min(math.Sqrt(a.d)+8, a.gap/l)
	of := func(rho float64) float64 {
		goal, x := eps-l*a.meanMin(rho), a.gap-rho*l
		if goal <= 0 {
			return math.Inf(1)
		}
		if x <= goal || a.beyond(x, x*1e-3) <= goal {
			return 0
		}
		lo, hi := x*1e-3, x*x/goal*(1+a.k) // beyond <= k x^2 phi(0) / lip
		for range 80 {
			mid := math.Sqrt(lo * hi)
			if a.beyond(x, mid) > goal {
				lo = mid
			} else {
				hi = mid
			}
		}
		return lo
	}
	rho = maximum(top, of)
	return of(rho), rho
}

// maximum returns about the place between 0 and top where f is largest: the best of
// a number of places, refined by the golden section between its neighbours.
func maximum(top float64, f func(float64) float64) float64 {
	const n = 24
	best, value := 0.0, math.Inf(-1)
	for i := range n + 1 {
		x := top * float64(i) / n
		if v := f(x); v > value {
			best, value = x, v
		}
	}
	lo, hi := max(best-top/n, 0), min(best+top/n, top)
	const golden = 0.6180339887498949
	for range 30 {
		a, b := hi-golden*(hi-lo), lo+golden*(hi-lo)
		if f(a) >= f(b) {
			hi = b
		} else {
			lo = a
		}
	}
	if x := (lo + hi) / 2; f(x) >= value {
		return x
	}
	return best
}
