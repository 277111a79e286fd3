package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nlpodyssey/safetensors"
	"google.golang.org/protobuf/encoding/protowire"

	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/verify"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// randomFlow has six layers with entries of float32 precision, the last two
// with scales.
func randomFlow(part coupling.Partition, rng *rand.Rand) *coupling.Flow {
	var layers []coupling.Layer
	for k := range 6 {
		kind := coupling.Kind(k % 2)
		rows, cols := part.WeightDims(kind)
		data := make([]float64, rows*cols)
		for i := range data {
			data[i] = float64(float32(rng.NormFloat64()) / 2)
		}
		var s coupling.Scale
		if k >= 4 {
			d := make([]*big.Rat, rows)
			for i := range d {
				d[i] = new(big.Rat).SetFloat64(float64(float32(math.Exp(rng.NormFloat64() / 4))))
			}
			s = must(coupling.ExactScale(d))
		}
		layers = append(layers, must(coupling.NewLayer(part, kind, must(exactmath.FromFloat64(rows, cols, data)), s)))
	}
	return must(coupling.NewFlow(part, layers...))
}

func partitions(rng *rand.Rand) []coupling.Partition {
	return []coupling.Partition{
		must(coupling.Half(2)), must(coupling.Half(7)), must(coupling.Checkerboard(6)),
		must(coupling.NewPartition(5, []int{3, 4})), must(coupling.NewPartition(9, rng.Perm(9)[:4])),
	}
}

func write(t *testing.T, name string, f *coupling.Flow, opt Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := must(Find(name)).Write(&b, f, must(verify.Compose(f)), opt); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSafeTensors(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, part := range partitions(rng) {
		f := randomFlow(part, rng)
		for _, d := range []DType{Float32, Float64} {
			st := must(safetensors.Deserialize(write(t, "safetensors", f, Options{DType: d})))
			if st.Len() != 6+2+1 {
				t.Errorf("%d tensors: %v", st.Len(), st.Names())
			}
			for k, l := range f.Layers() {
				w, ok := st.Tensor(fmt.Sprintf("layers.%d.%v.weight", k, l.Kind()))
				rows, cols := l.Weight().Dims()
				if !ok || w.Shape()[0] != uint64(rows) || w.Shape()[1] != uint64(cols) {
					t.Fatalf("layer %d: %v %v", k, ok, w.Shape())
				}
				_, want := encode(l.Weight().Float64s(), d)
				if !bytes.Equal(w.Data(), want) || len(want) != rows*cols*map[DType]int{Float32: 4, Float64: 8}[d] {
					t.Errorf("layer %d: wrong bytes", k)
				}
			}
		}
	}
}

func TestJSONIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	f := randomFlow(must(coupling.Half(4)), rng)
	var got jsonFlow
	if err := json.Unmarshal(write(t, "json", f, Options{}), &got); err != nil {
		t.Fatal(err)
	}
	for k, l := range f.Layers() {
		for i, row := range got.Layers[k].Weight {
			for j, s := range row {
				if v, ok := new(big.Rat).SetString(s); !ok || v.Cmp(l.Weight().At(i, j)) != 0 {
					t.Errorf("layer %d (%d, %d): %s", k, i, j, s)
				}
			}
		}
	}
	if got.Layers[5].Scale == nil || got.Layers[0].Scale != nil || got.P != 2 {
		t.Errorf("%+v", got)
	}
}

func TestUnknown(t *testing.T) {
	if _, err := Find("tarot"); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "onnx") {
		t.Errorf("%v", err)
	}
	f := randomFlow(must(coupling.Half(2)), rand.New(rand.NewPCG(1, 1)))
	if err := must(Find("onnx")).Write(&bytes.Buffer{}, f, dense.IdentityDyadic(2), Options{DType: "float8"}); err == nil {
		t.Error("float8 was accepted")
	}
}

// interpret runs an ONNX model of N x n tensors, N = 1, with the operators that
// the export uses: a reading of the format by itself.
func interpret(t *testing.T, model []byte, x []float64) []float64 {
	t.Helper()
	graph := fields(t, model)[7][0].bytes
	values := map[string][]float64{"x": x}
	shapes := map[string][]int{"x": {1, len(x)}}
	for _, init := range fields(t, graph)[5] {
		f := fields(t, init.bytes)
		name, raw := string(f[8][0].bytes), f[9][0].bytes
		for _, d := range f[1] {
			shapes[name] = append(shapes[name], int(d.number))
		}
		for len(raw) > 0 {
			bits, n := protowire.ConsumeFixed64(raw)
			raw = raw[n:]
			if f[2][0].number == protoInt64 {
				values[name] = append(values[name], float64(int64(bits)))
			} else {
				values[name] = append(values[name], math.Float64frombits(bits))
			}
		}
	}
	for _, n := range fields(t, graph)[1] {
		f := fields(t, n.bytes)
		in := func(i int) []float64 { return values[string(f[1][i].bytes)] }
		out := func(i int, v []float64) {
			name := string(f[2][i].bytes)
			values[name], shapes[name] = v, []int{1, len(v)}
		}
		switch op := string(f[4][0].bytes); op {
		case "Split":
			rest := in(0)
			for i, size := range in(1) {
				out(i, rest[:int(size)])
				rest = rest[int(size):]
			}
		case "Concat":
			var v []float64
			for i := range f[1] {
				v = append(v, in(i)...)
			}
			out(0, v)
		case "Gemm":
			w := shapes[string(f[1][1].bytes)]
			v := make([]float64, w[0])
			for i := range v {
				for j, x := range in(0) {
					v[i] += in(1)[i*w[1]+j] * x
				}
			}
			out(0, v)
		case "Add", "Mul":
			v := append([]float64(nil), in(0)...)
			for i, y := range in(1) {
				if op == "Add" {
					v[i] += y
				} else {
					v[i] *= y
				}
			}
			out(0, v)
		default:
			t.Fatalf("operator %s", op)
		}
	}
	y, ok := values["y"]
	if !ok {
		t.Fatal("no output y")
	}
	return y
}

type field struct {
	number uint64
	bytes  []byte
}

func fields(t *testing.T, b []byte) map[protowire.Number][]field {
	t.Helper()
	out := map[protowire.Number][]field{}
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal("bad protobuf")
		}
		b = b[n:]
		var f field
		if typ == protowire.VarintType {
			f.number, n = protowire.ConsumeVarint(b)
		} else {
			f.bytes, n = protowire.ConsumeBytes(b)
		}
		b = b[n:]
		out[num] = append(out[num], f)
	}
	return out
}

func TestONNX(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, part := range partitions(rng) {
		f := randomFlow(part, rng)
		forward := write(t, "onnx", f, Options{})
		inverse := write(t, "onnx", f, Options{Inverse: true})
		for range 3 {
			x := make([]float64, part.Dim())
			for i := range x {
				x[i] = rng.NormFloat64()
			}
			want := must(run.Compile[float64](f).Forward(x))
			got := interpret(t, forward, x)
			back := interpret(t, inverse, got)
			for i := range x {
				if math.Abs(got[i]-want[i]) > 1e-12 || math.Abs(back[i]-x[i]) > 1e-11 {
					t.Fatalf("%v: forward %v, want %v; back %v, want %v", part, got, want, back, x)
				}
			}
		}
	}
}
