package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"flowproof/neural"
	"flowproof/transport"
)

// curvedFunction has knots near and far, flat and steep parts; now and then it is a
// constant.
func curvedFunction(rng *rand.Rand) neural.PL {
	n := 1 + rng.IntN(9)
	x, y := make([]float64, n), make([]float64, n)
	at := -2.0
	for k := range x {
		at += math.Exp(2*rng.NormFloat64() - 2)
		x[k], y[k] = at, rng.NormFloat64()
	}
	return must(neural.NewPL(x, y))
}

// curvedFlow has four layers, some with log-scales and with updates that read
// different coordinates.
func curvedFlow(rng *rand.Rand, dim int) *neural.Flow {
	var layers []neural.Layer
	for i := range 4 {
		var l neural.Layer
		for c := range dim {
			if c%2 != i%2 {
				continue
			}
			r := (c + 1) % dim
			if r%2 == i%2 {
				r = 1 - i%2
			}
			u := neural.Update{Coord: c, Reads: r, Factor: math.Exp(rng.NormFloat64()), Shift: curvedFunction(rng)}
			if rng.IntN(2) == 0 {
				u.LogScale = curvedFunction(rng)
			}
			l.Updates = append(l.Updates, u)
		}
		layers = append(layers, l)
	}
	return must(neural.NewFlow(dim, layers...))
}

func unitSquare(dim int) *transport.Histogram {
	h := &transport.Histogram{Weights: []uint64{7}}
	for range dim {
		h.Lo, h.Hi, h.Cells = append(h.Lo, -1), append(h.Hi, 1), append(h.Cells, 1)
	}
	return h
}

func writeNonlinear(t *testing.T, name string, f *neural.Flow, opt NonlinearOptions) []byte {
	t.Helper()
	i := slices.IndexFunc(NonlinearFormats(), func(f NonlinearFormat) bool { return f.Name == name })
	var b bytes.Buffer
	if err := NonlinearFormats()[i].Write(&b, f, unitSquare(f.Dim()), opt); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// interpretCurved runs a model on one point: a reading of the operators by themselves,
// each tensor a list of numbers.
func interpretCurved(t *testing.T, model []byte, x []float64) map[string][]float64 {
	t.Helper()
	graph := fields(t, model)[7][0].bytes
	values := map[string][]float64{"x": x}
	for _, init := range fields(t, graph)[5] {
		f := fields(t, init.bytes)
		var v []float64
		for raw := f[9][0].bytes; len(raw) > 0; {
			switch kind := f[2][0].number; kind {
			case protoFloat:
				bits, n := protowire.ConsumeFixed32(raw)
				v, raw = append(v, float64(math.Float32frombits(bits))), raw[n:]
			default:
				bits, n := protowire.ConsumeFixed64(raw)
				raw = raw[n:]
				if kind == protoInt64 {
					v = append(v, float64(int64(bits)))
				} else {
					v = append(v, math.Float64frombits(bits))
				}
			}
		}
		values[string(f[8][0].bytes)] = v
	}
	for _, n := range fields(t, graph)[1] {
		f := fields(t, n.bytes)
		in := func(i int) []float64 {
			v, ok := values[string(f[1][i].bytes)]
			if !ok {
				t.Fatalf("%s is used before it is made", f[1][i].bytes)
			}
			return v
		}
		set := func(i int, v []float64) { values[string(f[2][i].bytes)] = v }
		each := func(g func(a, b float64) float64) {
			a, b := in(0), in(1)
			if len(a) != 1 || len(b) != 1 {
				t.Fatalf("%s of %d and %d numbers", f[4][0].bytes, len(a), len(b))
			}
			set(0, []float64{g(a[0], b[0])})
		}
		switch op := string(f[4][0].bytes); op {
		case "Split":
			for i, v := range in(0) {
				set(i, []float64{v})
			}
		case "Concat":
			var v []float64
			for i := range f[1] {
				v = append(v, in(i)...)
			}
			set(0, v)
		case "Add":
			each(func(a, b float64) float64 { return a + b })
		case "Sub":
			each(func(a, b float64) float64 { return a - b })
		case "Mul":
			each(func(a, b float64) float64 { return a * b })
		case "Div":
			each(func(a, b float64) float64 { return a / b })
		case "Max":
			each(func(a, b float64) float64 { return max(a, b) })
		case "Min":
			each(func(a, b float64) float64 { return min(a, b) })
		case "Less":
			each(func(a, b float64) float64 {
				if a < b {
					return 1
				}
				return 0
			})
		case "Where":
			if in(0)[0] != 0 {
				set(0, in(1))
			} else {
				set(0, in(2))
			}
		case "Gather":
			set(0, []float64{in(0)[int(in(1)[0])]})
		case "Exp":
			set(0, []float64{math.Exp(in(0)[0])})
		case "Relu":
			v := slices.Clone(in(0))
			for i := range v {
				v[i] = max(v[i], 0)
			}
			set(0, v)
		case "Gemm": // weights by columns (the hidden layer: one row) or by rows (transB)
			a, b, c := in(0), in(1), slices.Clone(in(2))
			for i := range c {
				for j := range a {
					c[i] += a[j] * b[i*len(a)+j]
				}
			}
			set(0, c)
		case "Shape":
			set(0, []float64{1, float64(len(in(0)))})
		case "Expand", "Reshape":
			set(0, in(0))
		default:
			t.Fatalf("operator %s", op)
		}
	}
	return values
}

// TestNonlinearONNX: the model and its inverse do what the flow does, with the
// logarithm of its determinant; beyond the knots and on them too.
func TestNonlinearONNX(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 12 {
		dim := 2 + rng.IntN(3)
		f := curvedFlow(rng, dim)
		for _, relu := range []bool{false, true} {
			forward, inverse := writeNonlinear(t, "onnx", f, NonlinearOptions{ReLU: relu}), writeNonlinear(t, "onnx", f, NonlinearOptions{ReLU: relu, Inverse: true})
			for n := range 20 {
				z := make([]float64, dim)
				for k := range z {
					z[k] = 3 * rng.NormFloat64()
				}
				u := f.Layers()[0].Updates[0]
				if x, _ := u.Shift.Knots(); n < len(x) {
					z[u.Reads] = x[n]
				}
				want, logDet := must(neural.Forward(f, z)), must(f.LogDet(z))
				got := interpretCurved(t, forward, z)
				back := interpretCurved(t, inverse, want)
				size := 1e-13
				if relu {
					size = 1e-9
				}
				i := must(f.InverseJacobian(z))
				for k := range z {
					if math.Abs(got["y"][k]-want[k]) > size*(1+math.Abs(want[k])+norm1(must(f.Jacobian(z)))) || math.Abs(back["y"][k]-z[k]) > size*(1+norm1(i))*(1+norm1(want)) {
						t.Fatalf("relu %v: %v to %v, want %v, and back %v", relu, z, got["y"], want, back["y"])
					}
				}
				if math.Abs(got["logdet"][0]-logDet) > 1e-7 || math.Abs(back["logdet"][0]+logDet) > 1e-7*(1+norm1(i)) {
					t.Fatalf("relu %v: log det %v and %v, want %v", relu, got["logdet"], back["logdet"], logDet)
				}
			}
		}
	}
}

func norm1(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += math.Abs(x)
	}
	return sum
}

// TestNonlinearArrays: the arrays of the text, run by their names alone, are the flow.
func TestNonlinearArrays(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for range 20 {
		f := curvedFlow(rng, 3)
		plain, nets := map[string]json.RawMessage{}, map[string]json.RawMessage{}
		if err := json.Unmarshal(writeNonlinear(t, "json", f, NonlinearOptions{}), &plain); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(writeNonlinear(t, "json", f, NonlinearOptions{ReLU: true}), &nets); err != nil {
			t.Fatal(err)
		}
		if string(plain["target.weights"]) != "[7]" || string(plain["dim"]) != "[3]" {
			t.Errorf("target %s, dim %s", plain["target.weights"], plain["dim"])
		}
		// The same numbers in the other two containers.
		stored := readStored(t, writeNonlinear(t, "safetensors", f, NonlinearOptions{}))
		if stored.meta["form"] != "piecewise-linear" || len(stored.shape) != len(plain)-4 {
			t.Errorf("%v, %d tensors for %d arrays", stored.meta, len(stored.shape), len(plain))
		}
		for name := range stored.shape {
			var want []float64
			if err := json.Unmarshal(plain[name], &want); err != nil || !slices.Equal(stored.numbers[name], want) {
				t.Errorf("%s: %v, want %v (%v)", name, stored.numbers[name], want, err)
			}
		}
		units := 0
		for _, u := range f.Units() {
			units += max(u, 0)
		}
		count := 0
		for name, raw := range nets {
			if bytes.HasSuffix([]byte(name), []byte(".at")) {
				var at []float64
				if err := json.Unmarshal(raw, &at); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(at, []float64{0}) { // a network of constants
					count += len(at)
				}
			}
		}
		if count != units {
			t.Errorf("%d units in the networks, the flow has %d", count, units)
		}
	}
}

// TestRoundFunction: where knots fall together in float32, the function jumps and takes
// its values on both sides; a search finds a knot below and one above.
func TestRoundFunction(t *testing.T) {
	near := 1 + 0x1p-40
	for _, c := range []struct {
		x, y   []float64
		points map[float64]float64
	}{
		{[]float64{0, 1, near, 2}, []float64{0, 1, 5, 6}, map[float64]float64{-1: 0, 0.5: 0.5, 1: 1, 1 + 0x1p-20: 5, 1.5: 5.5, 3: 6}},
		{[]float64{1, near, 2}, []float64{0, 4, 6}, map[float64]float64{0: 0, 1: 0, 1 + 0x1p-20: 4, 1.5: 5, 3: 6}},
		{[]float64{0, 1, near}, []float64{0, 1, 7}, map[float64]float64{0.5: 0.5, 1: 1, 1.001: 7, 3: 7}},
		{[]float64{1, near, 1 + 0x1p-39}, []float64{2, 3, 4}, map[float64]float64{0.9: 2, 1: 2, 1.001: 4}},
	} {
		f := must(neural.NewPL(c.x, c.y))
		rounded, bad := roundFunction(f, Float32)
		if bad != 0 || len(rounded.x) < 2 {
			t.Fatalf("%v: %v", c.x, rounded)
		}
		g := &curved{graph: graph{opt: Options{DType: Float32}, n: 2}}
		for at, want := range c.points {
			g = &curved{graph: graph{opt: Options{DType: Float32}, n: 2}}
			x := g.splitMany("x", []int{1, 1})
			g.rename(g.node("Concat", []string{g.function("f", rounded, x[0]), x[1]}, 1, intAttr("axis", 1))[0], "y")
			got := interpretCurved(t, g.model(), []float64{at, 0})["y"][0]
			if math.Abs(got-want) > 1e-5 {
				t.Errorf("%v at %v: %v, want %v", c.x, at, got, want)
			}
		}
	}
	if _, bad := roundFunction(must(neural.NewPL([]float64{0, 1}, []float64{0, 1e39})), Float32); math.Abs(bad) != 1e39 {
		t.Errorf("1e39 fits float32: %v", bad)
	}
}

// TestNonlinearRefused: numbers that do not fit, and options that would do nothing.
func TestNonlinearRefused(t *testing.T) {
	var e *NonlinearRangeError
	one := neural.Constant(1)
	for _, u := range []neural.Update{
		{Coord: 0, Reads: 1, Factor: 1e-60, Shift: one}, {Coord: 0, Reads: 1, Factor: 1e39, Shift: one}, {Coord: 0, Reads: 1, Factor: 1e-39, Shift: one},
		{Coord: 0, Reads: 1, Factor: 1, Shift: neural.Constant(-1e39)}, {Coord: 0, Reads: 1, Factor: 1, Shift: one, LogScale: neural.Constant(1e39)},
	} {
		f := must(neural.NewFlow(2, neural.Layer{Updates: []neural.Update{u}}))
		var b bytes.Buffer
		onnx, _ := FindNonlinear("x.onnx")
		if err := onnx.Write(&b, f, unitSquare(2), NonlinearOptions{DType: Float32}); !errors.As(err, &e) || b.Len() > 0 {
			t.Errorf("%+v: %v, %d bytes", u, err, b.Len())
		}
		if err := onnx.Write(&b, f, unitSquare(2), NonlinearOptions{}); err != nil {
			t.Errorf("%+v in float64: %v", u, err)
		}
	}
	for path, opts := range map[string][]NonlinearOptions{
		"x.npz":         {{DType: Float32}, {Inverse: true}, {DType: "float16"}},
		"x.safetensors": {{Inverse: true}},
		"x.py":          {{DType: Float32}, {ReLU: true}, {Inverse: true}},
		"x.json":        {{DType: Float32}},
	} {
		f, ok := FindNonlinear(path)
		for _, o := range opts {
			if err := f.Write(&bytes.Buffer{}, nil, nil, o); !ok || err == nil {
				t.Errorf("%s takes %+v", path, o)
			}
		}
	}
}
