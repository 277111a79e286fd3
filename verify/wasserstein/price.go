package wasserstein

import (
	"math"
	"math/big"

	"flowproof/exactmath/ball"
	"flowproof/exactmath/normal"
	"flowproof/transport"
)

// Price is what every Lipschitz map must pay to bring the standard normal law to
// within delta of a histogram in W2, whatever it is made of.
type Price struct {
	// Lipschitz: the map's Lipschitz constant is at least this. Reason says why:
	// "spread" (its total variance, by Poincaré's inequality) or "clusters" (two
	// parts that lie Gap apart, the lighter one of mass Mass).
	Lipschitz float64
	Reason    string
	Gap, Mass float64

	// Smallest: if the map is a homeomorphism whose inverse has the Lipschitz
	// constant 1/s, then s is at most this, since the support lies in a ball of
	// radius Radius.
	Smallest, Radius float64

	// Condition is a lower bound of Lipschitz constant over s: Lipschitz / Smallest
	// rounded down.
	Condition float64

	// LogDet is an upper bound of the mean of log |det DF| for a homeomorphism F for
	// which this is finite, in terms of the target's total variance.
	LogDet float64
}

// pricePrec is the precision in bits, generous for numbers of 53.
const pricePrec = 192

// PriceOf returns lower limits for maps on R^D, D >= 2, that come within delta > 0
// of h: price-spread, price-clusters and price-support in proofs/universality.md. Bounds are rounded the safe
// way. It fails with a *transport.HistogramError.
func PriceOf(h *transport.Histogram, delta *big.Rat) (*Price, error) {
	if err := h.Check(); err != nil {
		return nil, err
	}
	n, err := normal.New(pricePrec)
	if err != nil {
		return nil, err
	}
	i := &integrals{Calc: ball.NewCalc(pricePrec), normal: n}
	p := &Price{Reason: "spread"}
	sd := i.Sqrt(i.Rat(variance(h)))
	p.Lipschitz = max(spread(i, sd, h.Dim(), delta), 0)
	p.LogDet = volume(i, sd, h.Dim(), delta)
	for _, c := range clusters(h) {
		if l := clusterLimit(i, c, delta, p.Lipschitz); l > p.Lipschitz {
			p.Lipschitz, p.Reason = l, "clusters"
			p.Gap = i.Sqrt(i.Rat(c.gap2)).Estimate()
			p.Mass, _ = c.mass.Float64()
		}
	}
	p.Radius, p.Smallest = smallest(i, h, delta)
	if p.Smallest > 0 {
		p.Condition = math.Nextafter(p.Lipschitz/p.Smallest, 0)
	}
	return p, i.Err()
}

// down and up round a rational to float64 the safe way.
func down(x *big.Rat) float64 {
	f, exact := x.Float64()
	if !exact && new(big.Rat).SetFloat64(f).Cmp(x) > 0 {
		f = math.Nextafter(f, math.Inf(-1))
	}
	return f
}

func up(x *big.Rat) float64 { return -down(new(big.Rat).Neg(x)) }

// variance returns the total variance of h.
func variance(h *transport.Histogram) *big.Rat {
	sum := new(big.Rat)
	for axis := range h.Cells {
		m := along(h, axis)
		u := new(big.Rat).Sub(h.Edge(axis, 1, 1), h.Edge(axis, 1, 0))
		v := m.squares(m.mean())
		v.Mul(v, u).Mul(v, u)
		sum.Add(sum, v.Quo(v, new(big.Rat).SetInt(&m.sum[0])))
	}
	return sum
}

// spread returns (sd(P) - delta) / sqrt(D): a map F with Lipschitz constant L has a
// total variance of at most D L^2 under N(0, I), and W2 changes sd by at most delta.
func spread(i *integrals, sd ball.Ball, d int, delta *big.Rat) float64 {
	lo, _ := i.Quo(i.Sub(sd, i.Rat(delta)), i.Sqrt(i.Int(int64(d)))).Bounds()
	return down(lo)
}

// volume returns D log((sd(P) + delta) / sqrt(D)): the entropy of F(z) is at most that
// of the normal law of its variance.
func volume(i *integrals, sd ball.Ball, d int, delta *big.Rat) float64 {
	_, hi := i.Mul(i.Int(int64(d)), i.Log(i.Quo(i.Add(sd, i.Rat(delta)), i.Sqrt(i.Int(int64(d)))))).Bounds()
	return up(hi)
}

// along returns the marginal of h on an axis, lengths in grid cells.
func along(h *transport.Histogram, axis int) *marginal {
	inner := 1
	for _, c := range h.Cells[axis+1:] {
		inner *= c
	}
	sums := make([]big.Int, h.Cells[axis])
	var t big.Int
	for k, w := range h.Weights {
		if w > 0 {
			s := &sums[k/inner%h.Cells[axis]]
			s.Add(s, t.SetUint64(w))
		}
	}
	m := new(marginal)
	for k := range sums {
		m.add(&sums[k], k, k+1)
	}
	return m
}

// cluster is a part of a histogram at a distance from the rest.
type cluster struct {
	gap2 *big.Rat // squared distance
	mass *big.Rat // of the lighter of the two parts, at most 1/2
}

// clusterLimit returns a lower bound of the Lipschitz constant, if there is one above
// floor: with a half the gap, t0 = |Phi^-1(mass)|,
//
//	delta^2 >= 2 INT_0^(a/L) (a - L s)^2 phi(t0 + s) ds.
//
// The right side falls as L grows. A float64 L at which it exceeds delta^2, by balls,
// is a bound; it is looked for by bisection.
func clusterLimit(i *integrals, c cluster, delta *big.Rat, floor float64) float64 {
	lower, _ := i.Mul(i.Sqrt(i.Rat(c.gap2)), i.Frac(1, 2)).Bounds()
	a := new(big.Rat).SetFloat64(down(lower))
	if a.Sign() <= 0 {
		return 0
	}
	t0, err := i.normal.Quantile(c.mass)
	if err != nil {
		return 0
	}
	_, top := t0.AbsBounds()
	start := new(big.Rat).SetFloat64(up(top))
	goal := new(big.Rat).Mul(delta, delta)
	from := i.at(start)
	exceeds := func(l float64) bool {
		lip := new(big.Rat).SetFloat64(l)
		end := new(big.Rat).Quo(a, lip)
		end.Add(end, start)
		cc := new(big.Rat).Mul(lip, start)
		sum := i.Mul(i.Int(2), i.square(cc.Add(cc, a), new(big.Rat).Neg(lip), new(big.Rat), from, i.at(end)))
		lo, _ := sum.Bounds()
		return lo.Cmp(goal) > 0
	}
	return bisect(exceeds, floor)
}

// bisect returns a float64 above floor at which holds is true, near the largest, or
// 0 if it does not hold at floor or a tiny number. holds must not become true again.
func bisect(holds func(float64) bool, floor float64) float64 {
	lo := max(floor, 1e-12)
	if !holds(lo) {
		return 0
	}
	hi := 2 * lo
	for holds(hi) {
		if lo, hi = hi, 2*hi; hi > 1e200 {
			return lo
		}
	}
	return narrow(lo, hi, holds)
}

// narrow returns a number between one at which holds is true and one at which it is
// not, at which it is true, near the border.
func narrow(yes, no float64, holds func(float64) bool) float64 {
	for range 40 {
		if mid := yes + (no-yes)/2; holds(mid) {
			yes = mid
		} else {
			no = mid
		}
	}
	return yes
}

// smallest returns the radius of a ball around the support, and the least s found for
// which balls show that no homeomorphism stretches every distance by s or more:
//
//	delta^2 >= E (s |Z| - rho)_+^2 >= 2 s^2 (exp(-u^2/2) - u sqrt(2 pi) (1 - Phi(u))),  u = rho / s.
func smallest(i *integrals, h *transport.Histogram, delta *big.Rat) (radius, s float64) {
	r2 := new(big.Rat)
	for axis := range h.Cells {
		from, to := extent(h, axis)
		side := new(big.Rat).Sub(h.Edge(axis, 1, to), h.Edge(axis, 1, from))
		r2.Add(r2, side.Mul(side, side))
	}
	_, top := i.Mul(i.Sqrt(i.Rat(r2)), i.Frac(1, 2)).Bounds()
	rho := new(big.Rat).SetFloat64(up(top))
	goal := new(big.Rat).Mul(delta, delta)
	excluded := func(s float64) bool {
		u := new(big.Rat).SetFloat64(s)
		u.Quo(rho, u)
		p := i.at(u)
		tail := i.Sub(i.Int(1), p.cdf)
		scale := i.Quo(i.Int(1), i.Keep(i.normal.Density(i.Int(0)))) // sqrt(2 pi)
		e := i.Mul(p.density, scale)
		sum := i.Mul(i.Int(2), i.Float(s), i.Float(s), i.Sub(e, i.Mul(i.Rat(u), scale, tail)))
		lo, _ := sum.Bounds()
		return lo.Cmp(goal) > 0
	}
	hi := 1.0
	for !excluded(hi) {
		if hi *= 2; hi > 1e200 {
			return up(top), math.Inf(1)
		}
	}
	lo := hi
	for excluded(lo) && lo > 1e-200 {
		hi, lo = lo, lo/2
	}
	return up(top), narrow(hi, lo, excluded)
}

// extent returns the first grid cell with mass on an axis, and the one after the last.
func extent(h *transport.Histogram, axis int) (from, to int) {
	inner := 1
	for _, c := range h.Cells[axis+1:] {
		inner *= c
	}
	from, to = h.Cells[axis], 0
	for k, w := range h.Weights {
		if w > 0 {
			at := k / inner % h.Cells[axis]
			from, to = min(from, at), max(to, at+1)
		}
	}
	return from, to
}

// maxClusterCells bounds the cells with mass among which clusters are looked for.
const maxClusterCells = 1 << 13

// clusters returns the ways to split the support in two by cutting one edge of its
// minimal spanning tree: the two parts are as far apart as the edge is long. Only
// edges of positive length count. Support cells with all neighbours in the support
// touch them and need no edges, so the tree is grown from cell to cell (Prim).
func clusters(h *transport.Histogram) []cluster {
	var cells [][]int
	var weight []uint64
	i := make([]int, h.Dim())
	for _, w := range h.Weights {
		if w > 0 {
			cells, weight = append(cells, append([]int(nil), i...)), append(weight, w)
		}
		for j := h.Dim() - 1; j >= 0; j-- {
			if i[j]++; i[j] < h.Cells[j] {
				break
			}
			i[j] = 0
		}
	}
	n := len(cells)
	if n > maxClusterCells {
		return nil
	}
	side := make([]float64, h.Dim())
	for j := range side {
		side[j] = (h.Hi[j] - h.Lo[j]) / float64(h.Cells[j])
	}
	apart := func(a, b int) float64 {
		d := 0.0
		for j := range side {
			t := float64(max(abs(cells[a][j]-cells[b][j])-1, 0)) * side[j]
			d += t * t
		}
		return d
	}
	parent, near, in := make([]int, n), make([]float64, n), make([]bool, n)
	for k := range near {
		near[k] = math.Inf(1)
	}
	order := []int{}
	near[0], parent[0] = 0, -1
	for range n {
		best := -1
		for k := range n {
			if !in[k] && (best < 0 || near[k] < near[best]) {
				best = k
			}
		}
		in[best] = true
		order = append(order, best)
		for k := range n {
			if !in[k] {
				if d := apart(best, k); d < near[k] {
					near[k], parent[k] = d, best
				}
			}
		}
	}
	// Masses of subtrees, leaves first.
	below := make([]big.Int, n)
	total := h.Total()
	var t big.Int
	var out []cluster
	for at := n - 1; at > 0; at-- {
		k := order[at]
		below[k].Add(&below[k], t.SetUint64(weight[k]))
		below[parent[k]].Add(&below[parent[k]], &below[k])
		if near[k] == 0 {
			continue
		}
		c := cluster{gap2: new(big.Rat), mass: new(big.Rat).SetFrac(new(big.Int).Set(&below[k]), total)}
		if rest := new(big.Rat).Sub(big.NewRat(1, 1), c.mass); rest.Cmp(c.mass) < 0 {
			c.mass = rest
		}
		for j := range side {
			u := new(big.Rat).Sub(h.Edge(j, 1, 1), h.Edge(j, 1, 0))
			u.Mul(u, big.NewRat(int64(max(abs(cells[k][j]-cells[parent[k]][j])-1, 0)), 1))
			c.gap2.Add(c.gap2, u.Mul(u, u))
		}
		// Distances were compared in float64: the parts may be nearer by as much as
		// that rounds.
		c.gap2.Mul(c.gap2, new(big.Rat).SetFloat64(1-0x1p-40))
		out = append(out, c)
	}
	return out
}

func abs(x int) int { return max(x, -x) }
