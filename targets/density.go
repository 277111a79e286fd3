package targets

import (
	"fmt"
	"math/big"

	"flowproof/exactmath/ball"
	"flowproof/exactmath/normal"
	"flowproof/internal/nearest"
	"flowproof/transport"
)

// DensityInfo describes a named density: a law on [-1, 1]^Dim.
type DensityInfo struct {
	Name    string
	Summary string // one line
	Dim     int
	Grid    int // cells along each axis, unless another number is asked for
	step    int // the grid must be a multiple of it
}

// density is a named density with its maker: the weights on a grid of n cells
// along each axis.
type density struct {
	DensityInfo
	make func(n int) []uint64
}

// MaxGrid bounds the cells of a density along an axis, by dimension.
func MaxGrid(dim int) int { return []int{0, 1 << 12, 1024, 128, 32}[dim] }

var densities = []density{
	{DensityInfo{"square", "uniform on [-1, 1]^2", 2, 1, 1}, func(n int) []uint64 { return fill(n, 2, func([]int) uint64 { return 1 }) }},
	{DensityInfo{"checkerboard", "every other field of a board of 4 x 4", 2, 4, 4}, func(n int) []uint64 {
		return fill(n, 2, func(i []int) uint64 { return uint64(1 - (i[0]*4/n+i[1]*4/n)%2) })
	}},
	{DensityInfo{"eight-gaussians", "eight normal laws of deviation 0.06 on a circle of radius 0.75", 2, 64, 1}, eightGaussians},
	{DensityInfo{"ring", "uniform between radius 0.7 and 0.85", 2, 64, 1}, func(n int) []uint64 {
		return sampled(n, 2, 8, func(x []int64) bool {
			r := x[0]*x[0] + x[1]*x[1]
			return 70*70*hundredth2 <= r && r <= 85*85*hundredth2
		})
	}},
	{DensityInfo{"two-moons", "two half circles that reach into each other", 2, 64, 1}, func(n int) []uint64 {
		var c strokes
		c.arc(-0.275, -0.14, 0.55, 0, 1, 0.12)
		c.arc(0.275, 0.14, 0.55, 1, 2, 0.12)
		return c.paint(n)
	}},
	{DensityInfo{"swiss-roll", "a spiral of one and a half turns", 2, 64, 1}, func(n int) []uint64 {
		var c strokes
		c.spiral(0.85, 1.5, 4.5, 0, 0.09)
		return c.paint(n)
	}},
	{DensityInfo{"pinwheel", "five bent arms", 2, 64, 1}, func(n int) []uint64 {
		var c strokes
		for arm := range 5 {
			c.arm(float64(arm) / 5)
		}
		return c.paint(n)
	}},
	{DensityInfo{"spirals", "two spirals around each other", 2, 64, 1}, func(n int) []uint64 {
		var c strokes
		c.spiral(0.88, 0.5, 3, 0, 0.1)
		c.spiral(0.88, 0.5, 3, 1, 0.1)
		return c.paint(n)
	}},
	{DensityInfo{"linked-rings", "two solid rings through each other, in three dimensions", 3, 32, 1}, func(n int) []uint64 {
		return sampled(n, 3, 3, func(x []int64) bool {
			// (hypot(x, y) - R)^2 + z^2 < w^2, without a root.
			torus := func(x, y, z int64) bool {
				const r, w = 50 * hundredth, 17 * hundredth
				s := x*x + y*y
				t := s + r*r + z*z - w*w
				return t < 0 || t*t < 4*r*r*s
			}
			const half = 25 * hundredth
			return torus(x[0]+half, x[1], x[2]) || torus(x[0]-half, x[2], x[1])
		})
	}},
}

// Lengths are integers, in parts of the unit that every grid below divides.
const (
	hundredth  = 96
	unitLength = 100 * hundredth
	hundredth2 = hundredth * hundredth
)

// Densities lists the named densities.
func Densities() []DensityInfo {
	var out []DensityInfo
	for _, d := range densities {
		out = append(out, d.DensityInfo)
	}
	return out
}

// Density returns the named density as a histogram on a grid of n cells along each
// axis; 0 stands for its own. The weights are the same on every machine.
//
// Errors: *UnknownError, *OptionError for a grid that it does not have.
func Density(name string, n int) (*transport.Histogram, error) {
	for _, d := range densities {
		if d.Name != name {
			continue
		}
		if n == 0 {
			n = d.Grid
		}
		if n < 1 || n > MaxGrid(d.Dim) || n%d.step != 0 {
			want := fmt.Sprintf("is %d, want 1 to %d", n, MaxGrid(d.Dim))
			if d.step > 1 {
				want = fmt.Sprintf("is %d, want a multiple of %d up to %d", n, d.step, MaxGrid(d.Dim))
			}
			return nil, &OptionError{name, "grid", want}
		}
		h := &transport.Histogram{Weights: d.make(n)}
		for range d.Dim {
			h.Lo, h.Hi, h.Cells = append(h.Lo, -1), append(h.Hi, 1), append(h.Cells, n)
		}
		return h, h.Check()
	}
	var names []string
	for _, d := range densities {
		names = append(names, d.Name)
	}
	return nil, &UnknownError{name, nearest.Of(name, names)}
}

// fill returns the weights w(i) of the cells of a grid.
func fill(n, dim int, w func(i []int) uint64) []uint64 {
	i := make([]int, dim)
	size := 1
	for range dim {
		size *= n
	}
	out := make([]uint64, size)
	for k := range out {
		out[k] = w(i)
		for j := dim - 1; j >= 0; j-- {
			if i[j]++; i[j] < n {
				break
			}
			i[j] = 0
		}
	}
	return out
}

// sampled counts, of s^dim points in each cell, those that are inside. Points are
// odd multiples of 1/(n s), brought to the unit length as precisely as integers do.
func sampled(n, dim, s int, inside func(x []int64) bool) []uint64 {
	x := make([]int64, dim)
	return fill(n, dim, func(i []int) (count uint64) {
		for _, k := range fillIndex(s, dim) {
			for j := range x {
				x[j] = (int64(2*(i[j]*s+k[j])+1) - int64(n*s)) * unitLength / int64(n*s)
			}
			if inside(x) {
				count++
			}
		}
		return count
	})
}

// fillIndex returns all index vectors below s.
func fillIndex(s, dim int) (all [][]int) {
	fill(s, dim, func(i []int) uint64 {
		all = append(all, append([]int(nil), i...))
		return 0
	})
	return all
}

// eightGaussians integrates the normal densities over each cell, from distribution
// functions in units of 2^-30.
func eightGaussians(n int) []uint64 {
	law, err := normal.New(64)
	if err != nil {
		panic(err) // the precision is within its limits
	}
	// mass[c][i] is that of cell i for a centre at c/2 times 0.75 sqrt(2) or so.
	mass := func(num, den int64, root bool) []int64 {
		c := ball.NewCalc(96)
		centre := c.Frac(num, den)
		if root {
			centre = c.Mul(centre, c.Sqrt(c.Frac(1, 2)))
		}
		at := func(i int) int64 {
			z := c.Quo(c.Sub(c.Frac(int64(2*i-n), int64(n)), centre), c.Frac(6, 100))
			f := c.Keep(law.CDF(z))
			lo, _ := c.Mul(f, c.Int(1<<30)).Bounds()
			lo.Add(lo, big.NewRat(1, 2))
			return new(big.Int).Div(lo.Num(), lo.Denom()).Int64()
		}
		out := make([]int64, n)
		for i := range out {
			out[i] = at(i+1) - at(i)
		}
		return out
	}
	axis := [][]int64{mass(-3, 4, false), mass(-3, 4, true), mass(0, 1, false), mass(3, 4, true), mass(3, 4, false)}
	centres := [][2]int{{4, 2}, {3, 3}, {2, 4}, {1, 3}, {0, 2}, {1, 1}, {2, 0}, {3, 1}}
	return fill(n, 2, func(i []int) (w uint64) {
		for _, c := range centres {
			w += uint64(axis[c[0]][i[0]] * axis[c[1]][i[1]])
		}
		return (w + 1<<39) >> 40
	})
}

// strokes are points of a pen with a soft round tip.
type strokes []struct{ x, y, r int64 }

func (c *strokes) add(x, y, r float64) {
	*c = append(*c, struct{ x, y, r int64 }{length(x), length(y), length(r)})
}

func length(x float64) int64 { return int64(float64(x*unitLength)+1<<20+0.5) - 1<<20 }

const penPoints = 512

// arc draws from angle from to to, in half turns.
func (c *strokes) arc(x, y, r, from, to, pen float64) {
	for k := range penPoints {
		t := from + float64((to-from)*(float64(k)+0.5))/penPoints
		sin, cos := halfTurns(t)
		c.add(x+float64(r*cos), y+float64(r*sin), pen)
	}
}

// spiral draws r(t) = size t / to for t from from to to, in half turns, turned by
// the given number of half turns.
func (c *strokes) spiral(size, from, to, turned, pen float64) {
	for k := range 3 * penPoints {
		t := from + float64((to-from)*(float64(k)+0.5))/(3*penPoints)
		sin, cos := halfTurns(t + turned)
		r := float64(size*t) / to
		c.add(float64(r*cos), float64(r*sin), pen)
	}
}

// arm draws an arm of the pinwheel that starts at the given part of a turn.
func (c *strokes) arm(turn float64) {
	for k := range penPoints {
		t := (float64(k) + 0.5) / penPoints
		r := 0.22 + float64(0.62*t)
		sin, cos := halfTurns(float64(2*turn) + float64(0.55*t))
		c.add(float64(r*cos), float64(r*sin), 0.07+float64(0.07*t))
	}
}

// halfTurns returns sine and cosine of t pi, the angle rounded to float64 first.
func halfTurns(t float64) (sin, cos float64) {
	const pi = 3.141592653589793
	return sincos(float64(t * pi))
}

// paint returns the weights: at 4 x 4 points in each cell the sum of (1 - d^2/r^2)^2
// over the pen's points nearer than r, in units of 2^-12.
func (c strokes) paint(n int) []uint64 {
	const s = 4
	fine := n * s
	centre := func(k int) int64 { return (int64(2*k+1) - int64(fine)) * unitLength / int64(fine) }
	below := func(x int64) int { // the least k whose centre is at least x, or fine
		lo, hi := 0, fine
		for lo < hi {
			if mid := (lo + hi) / 2; centre(mid) >= x {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		return lo
	}
	w := make([]uint64, n*n)
	for _, p := range c {
		for i := below(p.x - p.r); i < fine && centre(i) <= p.x+p.r; i++ {
			for j := below(p.y - p.r); j < fine && centre(j) <= p.y+p.r; j++ {
				dx, dy := centre(i)-p.x, centre(j)-p.y
				if d := p.r*p.r - dx*dx - dy*dy; d > 0 {
					b := d << 10 / (p.r * p.r)
					w[i/s*n+j/s] += uint64(b * b >> 8)
				}
			}
		}
	}
	return w
}
