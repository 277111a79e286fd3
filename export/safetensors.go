package export

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/nlpodyssey/safetensors"

	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
)

// safeTensors writes the tensors "layers.K.L.weight" (q x p) or
// "layers.K.U.weight" (p x q), "layers.K.scale" where the scales are not all 1,
// and "order", the coordinate at each place of the block order, as I64. K counts
// in product order: the last layer acts first.
func safeTensors(w io.Writer, f *coupling.Flow, _ exactmath.Matrix, opt Options) error {
	tensors := map[string]safetensors.TensorView{}
	add := func(name string, data []float64, shape ...uint64) error {
		dtype, raw := encode(data, opt.DType)
		t, err := safetensors.NewTensorView(dtype, shape, raw)
		tensors[name] = t
		return err
	}
	for k, l := range f.Layers() {
		rows, cols := l.Weight().Dims()
		if err := add(fmt.Sprintf("layers.%d.%v.weight", k, l.Kind()), l.Weight().Float64s(), uint64(rows), uint64(cols)); err != nil {
			return err
		}
		if l.Scale().Kind() != coupling.ScaleOne {
			if err := add(fmt.Sprintf("layers.%d.scale", k), run.Scales(l.Scale(), rows), uint64(rows)); err != nil {
				return err
			}
		}
	}
	var order bytes.Buffer
	for _, i := range f.Partition().Order() {
		order.Write(binary.LittleEndian.AppendUint64(nil, uint64(i)))
	}
	t, err := safetensors.NewTensorView(safetensors.I64, []uint64{uint64(f.Partition().Dim())}, order.Bytes())
	if err != nil {
		return err
	}
	tensors["order"] = t
	meta := map[string]string{"format": "pt", "p": fmt.Sprint(f.Partition().P())}
	return safetensors.SerializeToWriter(tensors, meta, w)
}

// encode rounds to the type and writes little-endian bytes.
func encode(data []float64, d DType) (safetensors.DType, []byte) {
	var b bytes.Buffer
	if d == Float32 {
		b.Grow(4 * len(data))
		narrow := make([]float32, len(data))
		for k, v := range data {
			narrow[k] = float32(v)
		}
		binary.Write(&b, binary.LittleEndian, narrow) // to a buffer: cannot fail
		return safetensors.F32, b.Bytes()
	}
	b.Grow(8 * len(data))
	binary.Write(&b, binary.LittleEndian, data)
	return safetensors.F64, b.Bytes()
}
