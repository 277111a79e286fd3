package training

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/nlpodyssey/safetensors"

	"flowproof/internal/atomicfile"
)

// A FileError says which file of a run, which tensor or field of it (if any),
// and what is wrong.
type FileError struct{ Path, Name, Reason string }

func (e *FileError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("%s: %s", e.Path, e.Reason)
	}
	return fmt.Sprintf("%s: %s: %s", e.Path, e.Name, e.Reason)
}

// The names in a file of a run. Tensors have the names and the shapes that a
// PyTorch module with a list "couplings" of torch.nn.Sequential has.
const (
	keyConfig, keyOptions, keyStep, keyNote = "config", "options", "step", "note"
	keyFirst, keySecond                     = "adam.first", "adam.second"
)

func tensorName(k, l int, kind string) string { return fmt.Sprintf("couplings.%d.%d.%s", k, 2*l, kind) }

// Save writes the run to a safetensors file, all of it or nothing: the
// parameters under the names of a PyTorch module, the state of the descent, and
// architecture, options and step as JSON among the metadata.
func (r *Run[T]) Save(path string) error {
	return atomicfile.Write(path, func(w io.Writer) error { return r.write(w, true) })
}

// Export writes the model alone, in the same way.
func (r *Run[T]) Export(path string) error {
	return atomicfile.Write(path, func(w io.Writer) error { return r.write(w, false) })
}

func (r *Run[T]) write(w io.Writer, state bool) error {
	meta := map[string]string{"format": "pt"}
	for key, value := range map[string]any{keyConfig: r.Model.Config, keyOptions: r.Options, keyStep: r.Step(), keyNote: r.Note} {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		meta[key] = string(text)
	}
	tensors := map[string]safetensors.TensorView{}
	err := errors.Join(r.tensors(state, func(name string, data []T, shape ...uint64) error {
		t, err := safetensors.NewTensorView(dtype[T](), shape, bytesOf(data))
		tensors[name] = t
		return err
	})...)
	if err != nil {
		return err
	}
	return safetensors.SerializeToWriter(tensors, meta, w)
}

// tensors visits the tensors of a file, with their data in the run.
func (r *Run[T]) tensors(state bool, visit func(name string, data []T, shape ...uint64) error) (errs []error) {
	for k, net := range r.Model.nets {
		for l, layer := range net {
			errs = append(errs,
				visit(tensorName(k, l, "weight"), layer.w.Data, uint64(layer.w.Rows), uint64(layer.w.Cols)),
				visit(tensorName(k, l, "bias"), layer.b, uint64(len(layer.b))))
		}
	}
	if state {
		errs = append(errs, visit(keyFirst, r.adam.first, uint64(len(r.adam.first))), visit(keySecond, r.adam.second, uint64(len(r.adam.second))))
	}
	return errs
}

// MaxFile bounds the size of a file of a run in bytes.
const MaxFile = 1 << 32

// Load reads what Save has written, in the same precision. The error is a
// *FileError or one of package fs.
func Load[T Float](path string) (*Run[T], error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > MaxFile {
		return nil, &FileError{path, "", fmt.Sprintf("%d bytes, more than %d", info.Size(), int64(MaxFile))}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse[T](path, raw)
}

// parse is Load of a file's bytes.
func parse[T Float](path string, raw []byte) (*Run[T], error) {
	fail := func(name, format string, args ...any) (*Run[T], error) {
		return nil, &FileError{path, name, fmt.Sprintf(format, args...)}
	}
	file, err := safetensors.Deserialize(raw)
	if err != nil {
		return fail("", "not a safetensors file: %v", err)
	}
	_, header, err := safetensors.ReadMetadata(raw)
	if err != nil {
		return fail("", "not a safetensors file: %v", err)
	}
	var c Config
	var o Options
	var step int
	var note string
	for _, field := range []struct {
		key string
		to  any
	}{{keyConfig, &c}, {keyOptions, &o}, {keyStep, &step}, {keyNote, &note}} {
		text, ok := header.Metadata()[field.key]
		if !ok {
			return fail(field.key, "missing: want a file of a training run")
		}
		if err := json.Unmarshal([]byte(text), field.to); err != nil {
			return fail(field.key, "%v", err)
		}
	}
	if err := errors.Join(c.Check(), o.Check()); err != nil {
		return fail("", "%v", err)
	}
	if step < 0 || step > o.Steps {
		return fail(keyStep, "is %d, want 0 to %d", step, o.Steps)
	}
	var zero T
	if want := 3 * c.size() * binary.Size(zero); len(raw) < want { // before memory is taken
		return fail("", "%d bytes, a run of this architecture has more than %d", len(raw), want)
	}
	n := c.size()
	r := &Run[T]{with(c, make([]T, n)), o, note, NewAdam[T](n)}
	r.adam.Steps = step
	count := 0
	err = errors.Join(r.tensors(true, func(name string, data []T, shape ...uint64) error {
		count++
		t, ok := file.Tensor(name)
		if !ok {
			return &FileError{path, name, "missing"}
		}
		if t.DType() != dtype[T]() || fmt.Sprint(t.Shape()) != fmt.Sprint(shape) {
			return &FileError{path, name, fmt.Sprintf("%v of shape %v, want %v of shape %v", t.DType(), t.Shape(), dtype[T](), shape)}
		}
		return numbers(data, t.Data(), func(i int) error {
			return &FileError{path, name, fmt.Sprintf("element %d is not finite", i)}
		})
	})...)
	if err != nil {
		var first *FileError
		errors.As(err, &first)
		return nil, first
	}
	if len(file.Names()) != count {
		return fail("", "%d tensors, want %d", len(file.Names()), count)
	}
	return r, nil
}

func dtype[T Float]() safetensors.DType {
	var zero T
	if binary.Size(zero) == 4 {
		return safetensors.F32
	}
	return safetensors.F64
}

func bytesOf[T Float](data []T) []byte {
	raw, err := binary.Append(nil, binary.LittleEndian, data)
	if err != nil {
		panic(err) // a slice of floats
	}
	return raw
}

// numbers decodes raw, whose length fits.
func numbers[T Float](to []T, raw []byte, bad func(i int) error) error {
	if _, err := binary.Decode(raw, binary.LittleEndian, to); err != nil {
		return err
	}
	for i, v := range to {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return bad(i)
		}
	}
	return nil
}
