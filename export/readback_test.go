package export

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
)

// stored is a safetensors file read by hand: eight bytes with the length of the
// header, the header in JSON, the numbers.
type stored struct {
	meta    map[string]string
	shape   map[string][]int
	dtype   map[string]string
	numbers map[string][]float64
}

func readStored(t *testing.T, b []byte) stored {
	t.Helper()
	n := binary.LittleEndian.Uint64(b)
	var header map[string]json.RawMessage
	if err := json.Unmarshal(b[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	s := stored{shape: map[string][]int{}, dtype: map[string]string{}, numbers: map[string][]float64{}}
	for name, raw := range header {
		if name == "__metadata__" {
			if err := json.Unmarshal(raw, &s.meta); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var e struct {
			DType string `json:"dtype"`
			Shape []int  `json:"shape"`
			Span  [2]int `json:"data_offsets"`
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		s.shape[name], s.dtype[name] = e.Shape, e.DType
		data := b[8+int(n)+e.Span[0] : 8+int(n)+e.Span[1]]
		for len(data) > 0 {
			switch e.DType {
			case "F32":
				s.numbers[name] = append(s.numbers[name], float64(math.Float32frombits(binary.LittleEndian.Uint32(data))))
				data = data[4:]
			case "F64":
				s.numbers[name] = append(s.numbers[name], math.Float64frombits(binary.LittleEndian.Uint64(data)))
				data = data[8:]
			case "I64":
				s.numbers[name] = append(s.numbers[name], float64(int64(binary.LittleEndian.Uint64(data))))
				data = data[8:]
			default:
				t.Fatalf("%s has type %s", name, e.DType)
			}
		}
	}
	return s
}

// apply runs the layers of the file on x, from the names, shapes and numbers alone.
func (s stored) apply(t *testing.T, x []float64) []float64 {
	t.Helper()
	p, err := strconv.Atoi(s.meta["p"])
	if err != nil {
		t.Fatal(err)
	}
	v := make([]float64, len(x)) // block order
	for place, i := range s.numbers["order"] {
		v[place] = x[int(i)]
	}
	for k := 5; k >= 0; k-- {
		name, dst, src := fmt.Sprintf("layers.%d.L.weight", k), v[p:], v[:p]
		if _, ok := s.shape[name]; !ok {
			name, dst, src = fmt.Sprintf("layers.%d.U.weight", k), v[:p], v[p:]
		}
		if !cmp.Equal(s.shape[name], []int{len(dst), len(src)}) {
			t.Fatalf("%s has shape %v, want %d x %d", name, s.shape[name], len(dst), len(src))
		}
		scale := s.numbers[fmt.Sprintf("layers.%d.scale", k)]
		for i := range dst {
			if scale != nil {
				dst[i] *= scale[i]
			}
			for j, u := range src {
				dst[i] += s.numbers[name][i*len(src)+j] * u
			}
		}
	}
	y := make([]float64, len(x))
	for place, i := range s.numbers["order"] {
		y[int(i)] = v[place]
	}
	return y
}

// TestSafeTensorsRun: what the file holds, run by itself, is the flow.
func TestSafeTensorsRun(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for _, part := range partitions(rng) {
		f := randomFlow(part, rng)
		for _, d := range []DType{Float32, Float64} {
			s := readStored(t, write(t, "safetensors", f, Options{DType: d}))
			for name, dtype := range s.dtype {
				if want := map[DType]string{Float32: "F32", Float64: "F64"}[d]; dtype != want && name != "order" {
					t.Errorf("%s is %s, want %s", name, dtype, want)
				}
			}
			x := normal(part.Dim(), rng)
			near(t, "safetensors "+string(d), s.apply(t, x), must(run.Compile[float64](f).Forward(x)), 1e-12)
		}
	}
}

func normal(n int, rng *rand.Rand) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x
}

func near(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tol*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: %v, want %v", what, got, want)
		}
	}
}

// TestJSONLogScales: scales exp(s) are written as their logarithms, exactly.
func TestJSONLogScales(t *testing.T) {
	part := must(coupling.Half(3))
	logs := []*big.Rat{big.NewRat(1, 3), big.NewRat(-7, 5)}
	scale := coupling.ExpScale(logs)
	w := must(exactmath.FromFloat64(2, 1, []float64{1, 2}))
	f := must(coupling.NewFlow(part, must(coupling.NewLayer(part, coupling.Lower, w, scale))))
	var b bytes.Buffer
	if err := must(Find("json")).Write(&b, f, dense.IdentityDyadic(3), Options{}); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Layers []map[string]any `json:"layers"`
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{{"kind": "L", "weight": []any{[]any{"1"}, []any{"2"}}, "log_scale": []any{"1/3", "-7/5"}}}
	if d := cmp.Diff(want, got.Layers); d != "" {
		t.Error(d)
	}
}

// image interprets an ONNX model on one pixel, N = H = W = 1, checking the types and
// shapes that a runtime checks: a 1x1 Conv has a weight of shape out x in x 1 x 1,
// a Mul a scale of shape 1 x C x 1 x 1, and all of them the type of the input.
func image(t *testing.T, model []byte, kind uint64, x []float64) []float64 {
	t.Helper()
	graph := fields(t, model)[7][0].bytes
	values := map[string][]float64{"x": x}
	shapes := map[string][]int{}
	for _, init := range fields(t, graph)[5] {
		f := fields(t, init.bytes)
		name, raw := string(f[8][0].bytes), f[9][0].bytes
		size := 1
		for _, d := range f[1] {
			shapes[name] = append(shapes[name], int(d.number))
			size *= int(d.number)
		}
		for range size {
			switch f[2][0].number {
			case 1:
				bits, n := protowire.ConsumeFixed32(raw)
				values[name], raw = append(values[name], float64(math.Float32frombits(bits))), raw[n:]
			case 7:
				bits, n := protowire.ConsumeFixed64(raw)
				values[name], raw = append(values[name], float64(int64(bits))), raw[n:]
			case 11:
				bits, n := protowire.ConsumeFixed64(raw)
				values[name], raw = append(values[name], math.Float64frombits(bits)), raw[n:]
			}
		}
		if len(raw) != 0 || f[2][0].number != kind && f[2][0].number != 7 {
			t.Fatalf("%s: type %d, %d bytes left", name, f[2][0].number, len(raw))
		}
	}
	for _, end := range []protowire.Number{11, 12} { // input and output
		typ := fields(t, fields(t, fields(t, graph)[end][0].bytes)[2][0].bytes)[1][0].bytes
		if got := fields(t, typ)[1][0].number; got != kind {
			t.Fatalf("value of type %d, want %d", got, kind)
		}
		if dims := len(fields(t, fields(t, typ)[2][0].bytes)[1]); dims != 4 {
			t.Fatalf("value of %d dimensions", dims)
		}
	}
	for _, n := range fields(t, graph)[1] {
		f := fields(t, n.bytes)
		name := func(i int) string { return string(f[1][i].bytes) }
		var v []float64
		switch op := string(f[4][0].bytes); op {
		case "Split":
			rest := values[name(0)]
			for i, size := range values[name(1)] {
				values[string(f[2][i].bytes)], rest = rest[:int(size)], rest[int(size):]
			}
			continue
		case "Concat":
			for i := range f[1] {
				v = append(v, values[name(i)]...)
			}
		case "Conv":
			in, w, s := values[name(0)], values[name(1)], shapes[name(1)]
			if len(s) != 4 || s[1] != len(in) || s[2] != 1 || s[3] != 1 {
				t.Fatalf("Conv of %d channels with a weight of shape %v", len(in), s)
			}
			v = make([]float64, s[0])
			for i := range v {
				for j, u := range in {
					v[i] += w[i*s[1]+j] * u
				}
			}
		case "Add", "Mul":
			a, b := values[name(0)], values[name(1)]
			if s := shapes[name(1)]; op == "Mul" && !cmp.Equal(s, []int{1, len(a), 1, 1}) {
				t.Fatalf("Mul of %d channels with a scale of shape %v", len(a), s)
			}
			if len(a) != len(b) {
				t.Fatalf("%s of %d and %d channels", op, len(a), len(b))
			}
			for i := range a {
				if op == "Add" {
					v = append(v, a[i]+b[i])
				} else {
					v = append(v, a[i]*b[i])
				}
			}
		default:
			t.Fatalf("operator %s", op)
		}
		values[string(f[2][0].bytes)] = v
	}
	return values["y"]
}

// TestONNXImage: the 1x1 convolutions, both ways and in both types.
func TestONNXImage(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	for _, part := range partitions(rng) {
		f := randomFlow(part, rng)
		for d, kind := range map[DType]uint64{Float32: 1, Float64: 11} {
			x := normal(part.Dim(), rng)
			want := must(run.Compile[float64](f).Forward(x))
			got := image(t, write(t, "onnx", f, Options{Image: true, DType: d}), kind, x)
			near(t, "image "+string(d), got, want, 1e-12) // the weights are float32 numbers
			tol := map[DType]float64{Float32: 1e-4, Float64: 1e-11}[d]
			near(t, "inverse image "+string(d), image(t, write(t, "onnx", f, Options{Image: true, Inverse: true, DType: d}), kind, got), x, tol)
		}
	}
}

// TestRefusesRange: numbers that a type cannot hold are refused, by name, and
// nothing is written.
func TestRefusesRange(t *testing.T) {
	part := must(coupling.Half(3)) // parts of 1 and 2
	rat := func(s string) *big.Rat {
		r, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatal(s)
		}
		return r
	}
	for name, c := range map[string]struct {
		weight, scale [2]string
		dtype         DType
		inverse       bool
		want          *RangeError // nil: accepted
	}{
		"ordinary":                 {[2]string{"1", "1e-30"}, [2]string{"1", "1"}, Float32, true, nil},
		"weight beyond float64":    {[2]string{"1", "-1e309"}, [2]string{"1", "1"}, Float64, false, &RangeError{Row: 1, Col: 0, Value: math.Inf(-1)}},
		"weight beyond float32":    {[2]string{"1e39", "1"}, [2]string{"1", "1"}, Float32, false, &RangeError{Row: 0, Col: 0, Value: math.Inf(1)}},
		"weight within float64":    {[2]string{"1e39", "1"}, [2]string{"1", "1"}, Float64, false, nil},
		"scale beyond float64":     {[2]string{"1", "1"}, [2]string{"1", "1e400"}, Float64, false, &RangeError{Row: 1, Col: -1, Value: math.Inf(1)}},
		"scale becomes 0":          {[2]string{"1", "1"}, [2]string{"1e-400", "1"}, Float64, false, &RangeError{Row: 0, Col: -1}},
		"scale becomes 0, float32": {[2]string{"1", "1"}, [2]string{"1e-50", "1"}, Float32, false, &RangeError{Row: 0, Col: -1}},
		"reciprocal of a scale":    {[2]string{"1", "1"}, [2]string{"1e-310", "1"}, Float64, true, &RangeError{Row: 0, Col: -1, Value: math.Inf(1), Inverse: true}},
		"reciprocal is not needed": {[2]string{"1", "1"}, [2]string{"1e-310", "1"}, Float64, false, nil},
		"entry is rounding":        {[2]string{"1e-400", "1"}, [2]string{"1", "2"}, Float64, false, nil},
		"entry counts in its row":  {[2]string{"1e-330", "1"}, [2]string{"1e-320", "1"}, Float64, false, &RangeError{Row: 0, Col: 0}},
		"entry counts, float32":    {[2]string{"1e-46", "1"}, [2]string{"1e-44", "1"}, Float32, false, &RangeError{Row: 0, Col: 0}},
	} {
		w := must(dense.NewRational(2, 1, []*big.Rat{rat(c.weight[0]), rat(c.weight[1])}))
		s := must(coupling.ExactScale([]*big.Rat{rat(c.scale[0]), rat(c.scale[1])}))
		other := must(coupling.NewLayer(part, coupling.Upper, must(exactmath.FromFloat64(1, 2, []float64{1, 1})), coupling.Scale{}))
		f := must(coupling.NewFlow(part, other, must(coupling.NewLayer(part, coupling.Lower, w, s))))
		formats := []string{"safetensors", "onnx"}
		if c.inverse {
			formats = formats[1:]
		} else if c.dtype == Float64 {
			formats = append(formats, "npz")
		}
		for _, format := range formats {
			var b bytes.Buffer
			err := must(Find(format)).Write(&b, f, dense.IdentityDyadic(3), Options{DType: c.dtype, Inverse: c.inverse})
			if c.want == nil {
				if err != nil || b.Len() == 0 {
					t.Errorf("%s, %s: %v", name, format, err)
				}
				continue
			}
			want := *c.want
			want.Layer, want.Kind, want.DType = 1, coupling.Lower, c.dtype
			var got *RangeError
			if !errors.As(err, &got) || !cmp.Equal(*got, want) || b.Len() != 0 {
				t.Errorf("%s, %s: %v, want %+v; %d bytes", name, format, err, want, b.Len())
			}
		}
		if err := must(Find("json")).Write(&bytes.Buffer{}, f, dense.IdentityDyadic(3), Options{}); err != nil {
			t.Errorf("%s, json: %v", name, err)
		}
	}
}
