// Package training fits RealNVP flows by gradient descent: affine or additive
// couplings whose log-scale and shift come from small networks, maximum
// likelihood or least squares, Adam. A run is determined by its seed: neither
// the number of threads nor an interruption changes a bit of it.
package training

import (
	"fmt"
	"math"
	"math/rand/v2"

	"flowproof/internal/gemm"
)

// Float is the precision of a model.
type Float = gemm.Float

// A Config is the architecture of a flow on R^Dim: Couplings layers that update
// the second part (coordinates from floor(Dim/2) on) and the first part in turn,
// the second part first.
type Config struct {
	Dim, Couplings int
	Hidden         int     // units of each hidden layer
	HiddenLayers   int     // of rectifiers, at least 1
	Additive       bool    // shifts only
	LogScale       float64 // the log-scale is LogScale tanh(raw / LogScale); unused if Additive
}

// A ConfigError names the field that cannot be used.
type ConfigError struct{ Field, Want string }

func (e *ConfigError) Error() string { return fmt.Sprintf("%s: want %s", e.Field, e.Want) }

// MaxParameters bounds the size of a model.
const MaxParameters = 1 << 28

// Check says what is wrong with the architecture, if anything is: a *ConfigError.
func (c Config) Check() error {
	small := func(n, lo, hi int) bool { return lo <= n && n <= hi }
	switch {
	case !small(c.Dim, 2, 1<<16):
		return &ConfigError{"dimension", "2 to 65536"}
	case !small(c.Couplings, 1, 1<<10):
		return &ConfigError{"couplings", "1 to 1024"}
	case !small(c.Hidden, 1, 1<<14):
		return &ConfigError{"hidden units", "1 to 16384"}
	case !small(c.HiddenLayers, 1, 16):
		return &ConfigError{"hidden layers", "1 to 16"}
	case !c.Additive && !(c.LogScale > 0 && c.LogScale <= 64):
		return &ConfigError{"bound of the log-scale", "above 0, at most 64"}
	case c.size() > MaxParameters:
		return &ConfigError{"parameters", fmt.Sprintf("at most %d", MaxParameters)}
	}
	return nil
}

// parts returns the blocks of coupling k: [keep0, keep1) is read, [move0, move1)
// is updated.
func (c Config) parts(k int) (keep0, keep1, move0, move1 int) {
	p := c.Dim / 2
	if k%2 == 0 {
		return 0, p, p, c.Dim
	}
	return p, c.Dim, 0, p
}

// widths returns the sizes of the layers of coupling k's network, input to output.
func (c Config) widths(k int) []int {
	keep0, keep1, move0, move1 := c.parts(k)
	w := []int{keep1 - keep0}
	for range c.HiddenLayers {
		w = append(w, c.Hidden)
	}
	out := move1 - move0
	if !c.Additive {
		out *= 2
	}
	return append(w, out)
}

func (c Config) size() int {
	n := 0
	for k := range c.Couplings {
		w := c.widths(k)
		for l := 1; l < len(w); l++ {
			n += w[l] * (w[l-1] + 1)
		}
	}
	return n
}

// linear is one layer of a network: out x in weights and out biases.
type linear[T Float] struct {
	w gemm.Matrix[T]
	b []T
}

// networks cuts a vector of parameters into the layers of each coupling.
func networks[T Float](c Config, theta []T) [][]linear[T] {
	var out [][]linear[T]
	for k := range c.Couplings {
		w := c.widths(k)
		var net []linear[T]
		for l := 1; l < len(w); l++ {
			rows, cols := w[l], w[l-1]
			net = append(net, linear[T]{gemm.Matrix[T]{Rows: rows, Cols: cols, Stride: cols, Data: theta[:rows*cols]}, theta[rows*cols : rows*(cols+1)]})
			theta = theta[rows*(cols+1):]
		}
		out = append(out, net)
	}
	return out
}

// A Model is a flow with its parameters. Its direction is that of likelihood:
// from data x to noise z.
type Model[T Float] struct {
	Config
	theta []T
	nets  [][]linear[T]
}

// New returns the model whose networks have weights drawn as uniform(-1, 1) /
// sqrt(inputs), the last layer 0: the identity.
func New[T Float](c Config, seed uint64) (*Model[T], error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	m := with(c, make([]T, c.size()))
	rng := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	for _, net := range m.nets {
		for _, layer := range net[:len(net)-1] {
			bound := 1 / math.Sqrt(float64(layer.w.Cols))
			for i := range layer.w.Data {
				layer.w.Data[i] = T(bound * (2*rng.Float64() - 1))
			}
			for i := range layer.b {
				layer.b[i] = T(bound * (2*rng.Float64() - 1))
			}
		}
	}
	return m, nil
}

func with[T Float](c Config, theta []T) *Model[T] {
	return &Model[T]{c, theta, networks(c, theta)}
}

// SetLinear makes coupling k the shear that adds weight, moved x kept, times the
// kept part: units +v and -v for each kept coordinate v pass through the
// rectifiers, since v = max(v, 0) - max(-v, 0). The other units keep what they
// compute, and have no part in the output yet. It fails with a *ConfigError if the
// hidden layers have too few units, or weight has another shape.
func (m *Model[T]) SetLinear(k int, weight gemm.Matrix[T]) error {
	keep0, keep1, move0, move1 := m.parts(k)
	kept, moved := keep1-keep0, move1-move0
	if weight.Rows != moved || weight.Cols != kept {
		return &ConfigError{"weight", fmt.Sprintf("%d x %d", moved, kept)}
	}
	if m.Hidden < 2*kept {
		return &ConfigError{"hidden units", fmt.Sprintf("at least %d, two for each coordinate that is read", 2*kept)}
	}
	net := m.nets[k]
	for l, layer := range net[:len(net)-1] {
		for u := range 2 * kept {
			clear(layer.w.Row(u))
			layer.b[u] = 0
			if l > 0 || u < kept {
				layer.w.Row(u)[u] = 1
			} else {
				layer.w.Row(u)[u-kept] = -1
			}
		}
	}
	last := net[len(net)-1]
	clear(last.w.Data)
	clear(last.b)
	shift := last.w.Rows - moved // 0 for additive couplings
	for i := range moved {
		for j, v := range weight.Row(i) {
			last.w.Row(shift + i)[j], last.w.Row(shift + i)[kept+j] = v, -v
		}
	}
	return nil
}

// Convert returns the model in another precision.
func Convert[S, T Float](m *Model[T]) *Model[S] {
	theta := make([]S, len(m.theta))
	for i, v := range m.theta {
		theta[i] = S(v)
	}
	return with(m.Config, theta)
}

// Parameters is the vector of all parameters, not a copy: coupling after
// coupling, layer after layer, weights (out x in, by rows) before biases.
func (m *Model[T]) Parameters() []T { return m.theta }

// Forward maps the rows of x in place to noise and adds the logarithm of the
// Jacobian determinant of row i to logDet[i], unless logDet is nil.
func (m *Model[T]) Forward(x gemm.Matrix[T], logDet []float64, threads int) {
	for k := range m.Couplings {
		m.couple(k, x, logDet, threads, false)
	}
}

// Inverse maps the rows of z in place to data.
func (m *Model[T]) Inverse(z gemm.Matrix[T], threads int) {
	for k := m.Couplings - 1; k >= 0; k-- {
		m.couple(k, z, nil, threads, true)
	}
}

// couple applies coupling k or its inverse to the rows of x in place.
func (m *Model[T]) couple(k int, x gemm.Matrix[T], logDet []float64, threads int, inverse bool) {
	keep0, keep1, move0, move1 := m.parts(k)
	h := m.network(k, columns(x, keep0, keep1), m.buffers(k, x.Rows), threads)
	q := move1 - move0
	m.parallel(x.Rows, threads, func(i int) {
		y, out := x.Row(i)[move0:move1], h.Row(i)
		if m.Additive {
			for j, t := range out {
				if inverse {
					t = -t
				}
				y[j] += t
			}
			return
		}
		raw, shift := out[:q], out[q:]
		sum := 0.0
		for j := range y {
			s, _ := m.logScale(raw[j])
			if inverse {
				y[j] = (y[j] - shift[j]) * exp(-s)
				continue
			}
			y[j] = y[j]*exp(s) + shift[j]
			sum += float64(s)
		}
		if logDet != nil {
			logDet[i] += sum
		}
	})
}

// logScale returns the bounded log-scale of a network's output, and its derivative.
func (m *Model[T]) logScale(raw T) (s, slope T) {
	t := tanh(raw / T(m.LogScale))
	return T(m.LogScale) * t, 1 - t*t
}

// columns is the block of columns [lo, hi).
func columns[T Float](x gemm.Matrix[T], lo, hi int) gemm.Matrix[T] {
	return gemm.Matrix[T]{Rows: x.Rows, Cols: hi - lo, Stride: x.Stride, Data: x.Data[lo:]}
}

// buffers returns room for what the layers of coupling k's network put out.
func (m *Model[T]) buffers(k, rows int) (hs []gemm.Matrix[T]) {
	for _, layer := range m.nets[k] {
		hs = append(hs, gemm.New[T](rows, layer.w.Rows))
	}
	return hs
}

// network evaluates the network of coupling k at the rows of x, leaves what its
// layers put out, after the rectifier, in hs, and returns the last.
func (m *Model[T]) network(k int, x gemm.Matrix[T], hs []gemm.Matrix[T], threads int) gemm.Matrix[T] {
	h := x
	for l, layer := range m.nets[k] {
		layer.put(hs[l], h, threads)
		if h = hs[l]; l < len(hs)-1 {
			rectify(h, threads)
		}
	}
	return h
}

// put computes out = h W^T + b.
func (l linear[T]) put(out, h gemm.Matrix[T], threads int) {
	for i := range out.Rows {
		copy(out.Row(i), l.b)
	}
	gemm.Add(out, 1, h.N(), l.w.T(), threads)
}

func rectify[T Float](h gemm.Matrix[T], threads int) {
	rowsInParallel(h.Rows, h.Cols, threads, func(i int) {
		for j, v := range h.Row(i) {
			if !(v > 0) {
				h.Row(i)[j] = 0
			}
		}
	})
}

func (m *Model[T]) parallel(rows, threads int, do func(i int)) {
	rowsInParallel(rows, 16*m.Dim, threads, do)
}
