package export

import (
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"

	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
)

// onnxModel writes an ONNX model (opset 13) of the flow or of its inverse. The
// input "x" is N x n, or N x n x H x W with Options.Image; the output is "y". It
// uses Split and Concat to separate and join the parts, Gemm or a 1x1 Conv for
// the weights, Mul for scales, Add: no matrix is inverted, the inverse has the
// same weights with the sign changed and the reciprocal scales.
func onnxModel(w io.Writer, f *coupling.Flow, _ exactmath.Matrix, opt Options) error {
	g := &graph{opt: opt, n: f.Partition().Dim()}
	part := f.Partition()
	x := g.permute("x", part.Order())
	first, second := g.split(x, part.P(), part.Q())
	layers := f.Layers()
	for k := range layers {
		l := layers[len(layers)-1-k] // the last layer acts first
		if opt.Inverse {
			l = layers[k]
		}
		if l.Kind() == coupling.Upper {
			first = g.layer(k, l, first, second)
		} else {
			second = g.layer(k, l, second, first)
		}
	}
	back := make([]int, g.n)
	for place, i := range part.Order() {
		back[i] = place
	}
	joined := g.node("Concat", []string{first, second}, 1, intAttr("axis", 1))[0]
	y := g.permute(joined, back)
	g.rename(y, "y")
	_, err := w.Write(g.model())
	return err
}

// graph collects the nodes and constants of an ONNX graph; names are numbered.
type graph struct {
	opt          Options
	n, names     int
	nodes, inits [][]byte
	last         node
}

type node struct {
	op      string
	in, out []string
	attrs   [][]byte
}

// layer appends dst <- D dst + X src, or its inverse, and returns the name of
// the new dst.
func (g *graph) layer(k int, l coupling.Layer, dst, src string) string {
	rows, cols := l.Weight().Dims()
	weight, scale := l.Weight().Float64s(), run.Scales(l.Scale(), rows)
	if g.opt.Inverse {
		for i := range weight {
			weight[i] = -weight[i]
		}
		for i := range scale {
			scale[i] = 1 / scale[i]
		}
	}
	name := fmt.Sprintf("%02d_%v", k, l.Kind())
	var update string
	if g.opt.Image {
		x := g.constant(name, weight, rows, cols, 1, 1)
		update = g.node("Conv", []string{src, x}, 1)[0]
	} else {
		x := g.constant(name, weight, rows, cols)
		update = g.node("Gemm", []string{src, x}, 1, intAttr("transB", 1))[0]
	}
	scaled := l.Scale().Kind() != coupling.ScaleOne
	mul := func(v string) string {
		shape := []int{1, rows}
		if g.opt.Image {
			shape = append(shape, 1, 1)
		}
		return g.node("Mul", []string{v, g.constant(name+"_scale", scale, shape...)}, 1)[0]
	}
	if scaled && !g.opt.Inverse {
		dst = mul(dst)
	}
	sum := g.node("Add", []string{dst, update}, 1)[0]
	if scaled && g.opt.Inverse {
		sum = mul(sum)
	}
	return sum
}

// permute puts coordinate order[k] at place k, by Split into runs and Concat.
func (g *graph) permute(x string, order []int) string {
	cut := make([]bool, len(order)+1) // where a run of consecutive coordinates starts
	for k, i := range order {
		if k == 0 || order[k-1]+1 != i {
			cut[i] = true
		}
		if k+1 == len(order) || i+1 != order[k+1] {
			cut[i+1] = true
		}
	}
	var sizes []int
	at := map[int]int{} // number of the run that starts at a coordinate
	for i := range order {
		if cut[i] {
			at[i] = len(sizes)
			sizes = append(sizes, 0)
		}
		sizes[len(sizes)-1]++
	}
	if len(sizes) == 1 {
		return x
	}
	parts := g.splitMany(x, sizes)
	var joined []string
	for k := 0; k < len(order); {
		run := at[order[k]]
		joined = append(joined, parts[run])
		k += sizes[run]
	}
	return g.node("Concat", joined, 1, intAttr("axis", 1))[0]
}

func (g *graph) split(x string, p, q int) (first, second string) {
	out := g.splitMany(x, []int{p, q})
	return out[0], out[1]
}

func (g *graph) splitMany(x string, sizes []int) []string {
	name := fmt.Sprintf("split_%d", g.names)
	var raw []byte
	for _, s := range sizes {
		raw = appendInt64(raw, int64(s))
	}
	g.inits = append(g.inits, tensor(name, protoInt64, raw, len(sizes)))
	return g.node("Split", []string{x, name}, len(sizes), intAttr("axis", 1))
}

// node appends a node and returns the names of its outputs.
func (g *graph) node(op string, in []string, outputs int, attrs ...[]byte) []string {
	g.flush()
	out := make([]string, outputs)
	for i := range out {
		g.names++
		out[i] = fmt.Sprintf("t%d", g.names)
	}
	g.last = node{op, in, out, attrs}
	return out
}

// rename gives the output of the last node its final name.
func (g *graph) rename(old, new string) {
	for i, o := range g.last.out {
		if o == old {
			g.last.out[i] = new
		}
	}
	g.flush()
}

func (g *graph) flush() {
	if g.last.op != "" {
		g.nodes = append(g.nodes, g.last.encode())
	}
	g.last = node{}
}

func (g *graph) constant(name string, data []float64, shape ...int) string {
	kind := protoDouble
	if g.opt.DType == Float32 {
		kind = protoFloat
	}
	_, raw := encode(data, g.opt.DType)
	g.inits = append(g.inits, tensor(name, kind, raw, shape...))
	return name
}

// model returns the bytes of the ModelProto with the output "y".
func (g *graph) model() []byte { return g.modelOf(g.value("y")) }

// modelOf returns the bytes of the ModelProto with the given outputs.
func (g *graph) modelOf(outputs ...[]byte) []byte {
	var b []byte
	for _, n := range g.nodes {
		b = message(b, 1, n) // GraphProto.node
	}
	b = text(b, 2, "flow")
	for _, t := range g.inits {
		b = message(b, 5, t) // initializer
	}
	b = message(b, 11, g.value("x")) // input
	for _, o := range outputs {
		b = message(b, 12, o)
	}

	var opset []byte
	opset = integer(opset, 2, 13)
	var m []byte
	m = integer(m, 1, 7) // ModelProto.ir_version
	m = text(m, 2, "flowproof")
	m = message(m, 7, b)
	return message(m, 8, opset)
}

// value returns the ValueInfoProto of an N x n (x H x W) tensor.
func (g *graph) value(name string) []byte {
	axes := [][]byte{text(nil, 2, "N"), integer(nil, 1, int64(g.n))}
	if g.opt.Image {
		axes = append(axes, text(nil, 2, "H"), text(nil, 2, "W"))
	}
	return g.valueOf(name, axes)
}

// vector returns the ValueInfoProto of a vector of N numbers.
func (g *graph) vector(name string) []byte { return g.valueOf(name, [][]byte{text(nil, 2, "N")}) }

func (g *graph) valueOf(name string, axes [][]byte) []byte {
	var shape []byte
	for _, a := range axes {
		shape = message(shape, 1, a)
	}
	kind := protoDouble
	if g.opt.DType == Float32 {
		kind = protoFloat
	}
	t := integer(nil, 1, int64(kind))
	t = message(t, 2, shape)
	return message(text(nil, 1, name), 2, message(nil, 1, t))
}

func (n node) encode() []byte {
	var b []byte
	for _, s := range n.in {
		b = text(b, 1, s)
	}
	for _, s := range n.out {
		b = text(b, 2, s)
	}
	b = text(b, 3, n.out[0]) // a unique name
	b = text(b, 4, n.op)
	for _, a := range n.attrs {
		b = message(b, 5, a)
	}
	return b
}

// The numbers of TensorProto.DataType.
const (
	protoFloat  = 1
	protoInt64  = 7
	protoDouble = 11
)

func tensor(name string, kind int, raw []byte, shape ...int) []byte {
	var b []byte
	for _, d := range shape {
		b = integer(b, 1, int64(d))
	}
	b = integer(b, 2, int64(kind))
	b = text(b, 8, name)
	return message(b, 9, raw)
}

// intAttr is an AttributeProto of type INT.
func intAttr(name string, v int64) []byte {
	return integer(integer(text(nil, 1, name), 3, v), 20, 2)
}

func integer(b []byte, field protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func message(b []byte, field protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), m)
}

func text(b []byte, field protowire.Number, s string) []byte { return message(b, field, []byte(s)) }

func appendInt64(b []byte, v int64) []byte { return protowire.AppendFixed64(b, uint64(v)) }
