package export

import (
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
)

// nonlinearONNX writes an ONNX model (opset 13) of the flow or of its inverse: input
// "x" of N x D, outputs "y" of N x D and "logdet" of N, the logarithm of the
// determinant of the map that is written. A piecewise-linear function is a binary
// search of as many rounds of Gather, Less and Where as the number of its knots has
// bits, then an interpolation; with ReLU it is Gemm, Relu, Gemm.
func nonlinearONNX(w io.Writer, l *layout, opt NonlinearOptions) error {
	g := &curved{graph: graph{opt: Options{DType: opt.DType}, n: l.dim}, relu: opt.ReLU}
	sizes := make([]int, l.dim)
	for i := range sizes {
		sizes[i] = 1
	}
	x := g.splitMany("x", sizes)
	logFactors := 0.0
	var logs []string
	for k := range l.layers {
		if opt.Inverse {
			k = len(l.layers) - 1 - k
		}
		shifts, scales := g.layer(k, l.layers[k], x)
		for j, u := range l.layers[k] {
			name := fmt.Sprintf("%d.%d.factor", k, j)
			scale := g.constant(name, []float64{u.factor}, 1, 1)
			if scales[j] != "" {
				scale = g.node("Mul", []string{scale, g.node("Exp", []string{scales[j]}, 1)[0]}, 1)[0]
				logs = append(logs, scales[j])
			}
			if opt.Inverse {
				x[u.coord] = g.node("Sub", []string{x[u.coord], shifts[j]}, 1)[0]
				x[u.coord] = g.node("Div", []string{x[u.coord], scale}, 1)[0]
			} else {
				x[u.coord] = g.node("Mul", []string{scale, x[u.coord]}, 1)[0]
				x[u.coord] = g.node("Add", []string{x[u.coord], shifts[j]}, 1)[0]
			}
			logFactors += math.Log(u.factor)
		}
	}
	g.rename(g.node("Concat", x, 1, intAttr("axis", 1))[0], "y")
	g.logDet(logs, logFactors, opt.Inverse)
	_, err := w.Write(g.modelOf(g.value("y"), g.vector("logdet")))
	return err
}

// curved is a graph with piecewise-linear functions. Every tensor is N x 1, or 1 x 1.
type curved struct {
	graph
	relu  bool
	found []found
}

// found is the interval in which a tensor lies, of those between the given knots.
type found struct {
	of    string
	knots []float64
	clip  string // the tensor, moved between the outer knots
	index string // of the interval
	left  string // the interval's ends
	right string
}

// layer returns shift and log-scale of each update at the coordinates x; "" is no
// log-scale.
func (g *curved) layer(k int, us []update, x []string) (shifts, scales []string) {
	shifts, scales = make([]string, len(us)), make([]string, len(us))
	if g.relu {
		for _, n := range networks(us) {
			for i, column := range g.network(fmt.Sprintf("%d.net.%d", k, n.reads), n, x[n.reads]) {
				to := shifts
				if n.outputs[i].logScale {
					to = scales
				}
				to[n.outputs[i].update] = column
			}
		}
		return shifts, scales
	}
	for j, u := range us {
		name := fmt.Sprintf("%d.%d.", k, j)
		shifts[j] = g.function(name+"shift", u.shift, x[u.reads])
		if len(u.logScale.x) > 0 {
			scales[j] = g.function(name+"log_scale", u.logScale, x[u.reads])
		}
	}
	return shifts, scales
}

// network appends max(0, t - at), then the outputs, and returns a column for each.
func (g *curved) network(name string, n network, t string) []string {
	ones, bias := make([]float64, len(n.at)), make([]float64, len(n.at))
	for i, at := range n.at {
		ones[i], bias[i] = 1, -at
	}
	hidden := g.node("Gemm", []string{t, g.constant(name+".ones", ones, 1, len(n.at)), g.constant(name+".open", bias, len(n.at))}, 1)[0]
	hidden = g.node("Relu", []string{hidden}, 1)[0]
	weight := g.constant(name+".weight", slices.Concat(n.weight...), len(n.weight), len(n.at))
	out := g.node("Gemm", []string{hidden, weight, g.constant(name+".bias", n.bias, len(n.bias))}, 1, intAttr("transB", 1))[0]
	if len(n.outputs) == 1 {
		return []string{out}
	}
	sizes := make([]int, len(n.outputs))
	for i := range sizes {
		sizes[i] = 1
	}
	return g.splitMany(out, sizes)
}

// function appends f(t), from the nearer end of the interval in which t lies, as
// neural.PL computes it.
func (g *curved) function(name string, f function, t string) string {
	switch len(f.x) {
	case 0:
		return g.constant(name, []float64{0}, 1, 1)
	case 1:
		return g.constant(name, f.y, 1, 1)
	}
	s := g.search(name, f.x, t)
	last := len(f.y) - 1
	at := func(suffix string, v []float64) string {
		return g.node("Gather", []string{g.constant(name+suffix, v, last), s.index}, 1)[0]
	}
	op := func(op, a, b string) string { return g.node(op, []string{a, b}, 1)[0] }
	y0, y1 := at(".y0", f.y[:last]), at(".y1", f.y[1:])
	rise, run := op("Sub", y1, y0), op("Sub", s.right, s.left)
	before, after := op("Sub", s.clip, s.left), op("Sub", s.right, s.clip)
	fromLeft := op("Add", y0, op("Mul", rise, op("Div", before, run)))
	fromRight := op("Sub", y1, op("Mul", rise, op("Div", after, run)))
	return g.node("Where", []string{op("Less", after, before), fromRight, fromLeft}, 1)[0]
}

// search appends a binary search for the interval of the knots x with x0 < t <= x1, t
// being moved between the outer knots first; on the first knot it is the first one.
// There are at least two knots, and the outer ones have others beside them.
func (g *curved) search(name string, x []float64, t string) found {
	for _, s := range g.found {
		if s.of == t && slices.Equal(s.knots, x) {
			return s
		}
	}
	last := len(x) - 1
	s := found{of: t, knots: x}
	s.clip = g.node("Max", []string{t, g.constant(name+".lo", x[:1], 1, 1)}, 1)[0]
	s.clip = g.node("Min", []string{s.clip, g.constant(name+".hi", x[last:], 1, 1)}, 1)[0]
	// k counts the knots below t that were found; whether x[k+step-1] is one more.
	rounds := bits.Len(uint(last))
	padded := slices.Clone(x)
	for len(padded) < 1<<rounds-1 {
		padded = append(padded, math.Inf(1))
	}
	table := g.constant(name+".knots", padded, len(padded))
	k := g.integer(0)
	for step := 1 << (rounds - 1); step > 0; step /= 2 {
		knot := g.node("Gather", []string{table, g.node("Add", []string{k, g.integer(step - 1)}, 1)[0]}, 1)[0]
		more := g.node("Add", []string{k, g.integer(step)}, 1)[0]
		k = g.node("Where", []string{g.node("Less", []string{knot, s.clip}, 1)[0], more, k}, 1)[0]
	}
	k = g.node("Max", []string{g.node("Sub", []string{k, g.integer(1)}, 1)[0], g.integer(0)}, 1)[0]
	s.index = k
	s.left = g.node("Gather", []string{g.constant(name+".x0", x[:last], last), k}, 1)[0]
	s.right = g.node("Gather", []string{g.constant(name+".x1", x[1:], last), k}, 1)[0]
	g.found = append(g.found, s)
	return s
}

// integer returns the name of an integer constant, 1 x 1.
func (g *curved) integer(v int) string {
	g.names++
	name := fmt.Sprintf("i%d", g.names)
	g.inits = append(g.inits, tensor(name, protoInt64, appendInt64(nil, int64(v)), 1, 1))
	return name
}

// logDet appends the sum of the columns and of a constant, as a vector, with the other
// sign for an inverse.
func (g *curved) logDet(columns []string, constant float64, inverse bool) {
	sign, op := constant, "Add"
	if inverse {
		sign, op = -constant, "Sub"
	}
	g.inits = append(g.inits, tensor("first", protoInt64, appendInt64(nil, 0), 1))
	rows := g.node("Gather", []string{g.node("Shape", []string{"x"}, 1)[0], "first"}, 1)[0]
	sum := g.node("Expand", []string{g.constant("logdet.factors", []float64{sign}, 1), rows}, 1)[0]
	if len(columns) > 0 {
		g.inits = append(g.inits, tensor("flat", protoInt64, appendInt64(nil, -1), 1))
	}
	for _, c := range columns {
		// A constant log-scale is 1 x 1, and is spread.
		sum = g.node(op, []string{sum, g.node("Reshape", []string{c, "flat"}, 1)[0]}, 1)[0]
	}
	g.rename(sum, "logdet")
}
