package training

import (
	"math"

	"flowproof/internal/gemm"
)

// A Gradient computes losses of a model and their derivatives. It keeps what a
// step leaves, so that steps do not allocate; not for concurrent use.
type Gradient[T Float] struct {
	model   *Model[T]
	threads int
	rows    int
	grad    []T
	nets    [][]linear[T] // views of grad
	x       []gemm.Matrix[T]
	hidden  [][]gemm.Matrix[T] // after the rectifier, by coupling and layer; the last is the output
	scale   []gemm.Matrix[T]   // exp(s)
	slope   []gemm.Matrix[T]   // ds/draw
	dz      gemm.Matrix[T]
	dh      map[int][2]gemm.Matrix[T] // by width: two buffers
}

// NewGradient prepares for batches of that many rows.
func NewGradient[T Float](m *Model[T], rows, threads int) *Gradient[T] {
	g := &Gradient[T]{model: m, threads: threads, rows: rows, grad: make([]T, len(m.theta)), dh: map[int][2]gemm.Matrix[T]{}}
	g.nets = networks(m.Config, g.grad)
	g.dz = gemm.New[T](rows, m.Dim)
	g.x = append(g.x, gemm.New[T](rows, m.Dim))
	for k := range m.Couplings {
		_, _, move0, move1 := m.parts(k)
		g.x = append(g.x, gemm.New[T](rows, m.Dim))
		g.hidden = append(g.hidden, m.buffers(k, rows))
		for _, w := range m.widths(k)[1:] {
			if _, ok := g.dh[w]; !ok {
				g.dh[w] = [2]gemm.Matrix[T]{gemm.New[T](rows, w), gemm.New[T](rows, w)}
			}
		}
		g.scale = append(g.scale, gemm.New[T](rows, move1-move0))
		g.slope = append(g.slope, gemm.New[T](rows, move1-move0))
	}
	return g
}

// Input is the batch, rows x Dim: fill it before each call of a loss.
func (g *Gradient[T]) Input() gemm.Matrix[T] { return g.x[0] }

// Likelihood returns the mean over the batch of the negative log-density in
// nats, -log N(z; 0, I) - log|det dz/dx|, and its derivative by the parameters,
// which the next call overwrites.
func (g *Gradient[T]) Likelihood() (loss float64, grad []T) {
	logDet := g.forward()
	z := g.x[len(g.x)-1]
	share := T(1) / T(g.rows)
	sum := -logDet
	for i := range g.rows {
		row, d := z.Row(i), g.dz.Row(i)
		for j, v := range row {
			sum += float64(v) * float64(v) / 2
			d[j] = v * share
		}
	}
	g.backward(-share)
	return sum/float64(g.rows) + float64(g.model.Dim)/2*math.Log(2*math.Pi), g.grad
}

// LeastSquares returns the mean over the batch of |z - want|^2 / Dim, and its
// derivative by the parameters, which the next call overwrites.
func (g *Gradient[T]) LeastSquares(want gemm.Matrix[T]) (loss float64, grad []T) {
	g.forward()
	z := g.x[len(g.x)-1]
	share := 1 / (float64(g.rows) * float64(g.model.Dim))
	sum := 0.0
	for i := range g.rows {
		row, d := z.Row(i), g.dz.Row(i)
		for j, w := range want.Row(i) {
			e := float64(row[j]) - float64(w)
			sum += e * e
			d[j] = T(2 * e * share)
		}
	}
	g.backward(0)
	return sum * share, g.grad
}

// forward fills x, hidden, scale, slope, and returns the sum of the log-scales.
func (g *Gradient[T]) forward() float64 {
	m := g.model
	sums := make([]float64, g.rows)
	for k := range m.Couplings {
		keep0, keep1, move0, move1 := m.parts(k)
		x, y := g.x[k], g.x[k+1]
		h := m.network(k, columns(x, keep0, keep1), g.hidden[k], g.threads)
		q := move1 - move0
		m.parallel(g.rows, g.threads, func(i int) {
			from, to, out := x.Row(i), y.Row(i), h.Row(i)
			copy(to[keep0:keep1], from[keep0:keep1])
			from, to = from[move0:move1], to[move0:move1]
			if m.Additive {
				for j := range to {
					to[j] = from[j] + out[j]
				}
				return
			}
			scale, slope := g.scale[k].Row(i), g.slope[k].Row(i)
			raw, shift := out[:q], out[q:]
			for j := range to {
				var s T
				s, slope[j] = m.logScale(raw[j])
				scale[j] = exp(s)
				to[j] = from[j]*scale[j] + shift[j]
				sums[i] += float64(s)
			}
		})
	}
	total := 0.0
	for _, s := range sums {
		total += s
	}
	return total
}

// backward takes dz, the derivative of a loss by the output, and that by the sum
// of the log-scales, and leaves the derivative by the parameters in grad.
func (g *Gradient[T]) backward(byLogDet T) {
	m := g.model
	for k := m.Couplings - 1; k >= 0; k-- {
		keep0, keep1, move0, move1 := m.parts(k)
		q := move1 - move0
		hs := g.hidden[k]
		out := g.dh[hs[len(hs)-1].Cols][0]
		m.parallel(g.rows, g.threads, func(i int) {
			dy, d := g.dz.Row(i)[move0:move1], out.Row(i)
			if m.Additive {
				copy(d, dy)
				return
			}
			from, scale, slope := g.x[k].Row(i)[move0:move1], g.scale[k].Row(i), g.slope[k].Row(i)
			draw, dshift := d[:q], d[q:]
			for j, v := range dy {
				dshift[j] = v
				draw[j] = (v*from[j]*scale[j] + byLogDet) * slope[j]
				dy[j] = v * scale[j]
			}
		})
		g.network(k, out, columns(g.x[k], keep0, keep1), columns(g.dz, keep0, keep1))
	}
}

// network goes back through the network of coupling k: d is the derivative by
// its output; that by its input is added to dx.
func (g *Gradient[T]) network(k int, d, x, dx gemm.Matrix[T]) {
	net, grads, hs := g.model.nets[k], g.nets[k], g.hidden[k]
	for l := len(net) - 1; l >= 0; l-- {
		in := x
		if l > 0 {
			in = hs[l-1]
		}
		gemm.Set(grads[l].w, d.T(), in.N(), g.threads)
		clear(grads[l].b)
		for i := range d.Rows {
			for j, v := range d.Row(i) {
				grads[l].b[j] += v
			}
		}
		if l == 0 {
			gemm.Add(dx, 1, d.N(), net[l].w.N(), g.threads)
			return
		}
		next := g.dh[in.Cols][0]
		if &next.Data[0] == &d.Data[0] {
			next = g.dh[in.Cols][1]
		}
		gemm.Set(next, d.N(), net[l].w.N(), g.threads)
		rowsInParallel(in.Rows, in.Cols, g.threads, func(i int) {
			to := next.Row(i)
			for j, h := range in.Row(i) {
				if h == 0 {
					to[j] = 0
				}
			}
		})
		d = next
	}
}
