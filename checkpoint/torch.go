package checkpoint

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"
)

// maxPickle bounds the pickle of a checkpoint, which holds names and shapes.
const maxPickle = 64 << 20

// storage is a typed run of bytes in the archive; storageClass names its type.
type storage struct {
	dtype string
	file  *zip.File
}

type storageClass struct{ dtype string }

// tensorRef is a tensor as the pickle describes it: a strided view.
type tensorRef struct {
	storage storage
	offset  int
	shape   []int
	stride  []int
}

// storages are the storage classes of PyTorch, by the name they are pickled under.
var storages = map[string]string{
	"FloatStorage": "F32", "DoubleStorage": "F64", "HalfStorage": "F16", "BFloat16Storage": "BF16",
	"LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8",
}

// openTorch reads the pickle of a checkpoint. Of all that a pickle may name, only
// the few classes that make up a dictionary of tensors are known; anything else
// is refused, and nothing is ever called but the functions below.
func openTorch(z *zip.Reader, data *zip.File) (*File, error) {
	if data.UncompressedSize64 > maxPickle {
		return nil, fmt.Errorf("has a pickle of %d bytes, want at most %d", data.UncompressedSize64, maxPickle)
	}
	records := map[string]*zip.File{}
	prefix := path.Dir(data.Name)
	for _, m := range z.File {
		if key, ok := strings.CutPrefix(m.Name, prefix+"/data/"); ok {
			records[key] = m
		}
	}
	rc, err := data.Open()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	u := pickle.NewUnpickler(io.LimitReader(rc, maxPickle))
	u.FindClass = findClass
	u.PersistentLoad = func(id any) (any, error) { return persistent(id, records) }
	var root any
	err = guarded(func() (err error) {
		root, err = u.Load()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("is not a checkpoint of weights only: %w", err)
	}
	f := &File{format: "torch"}
	c := collector{f, maxVisits}
	c.collect("", root, 0)
	if c.visits < 0 {
		return nil, fmt.Errorf("holds more than %d values, or contains itself", maxVisits)
	}
	if len(f.tensors) == 0 {
		return nil, errors.New("holds no tensors")
	}
	return f, nil
}

// findClass is asked for every global that a pickle names.
func findClass(module, name string) (any, error) {
	switch {
	case module == "torch._utils" && name == "_rebuild_tensor_v2":
		return rebuildTensor{}, nil
	case module == "torch._utils" && name == "_rebuild_parameter":
		return rebuildParameter{}, nil
	case module == "torch" && storages[name] != "":
		return storageClass{storages[name]}, nil
	}
	return nil, fmt.Errorf("it names %s.%s, which is not loaded", module, name)
}

// persistent resolves ('storage', class, key, location, size).
func persistent(id any, records map[string]*zip.File) (any, error) {
	t, ok := id.(*types.Tuple)
	if !ok || t.Len() < 5 || t.Get(0) != "storage" {
		return nil, errors.New("a storage is malformed")
	}
	class, ok1 := t.Get(1).(storageClass)
	key, ok2 := t.Get(2).(string)
	if !ok1 || !ok2 || records[key] == nil {
		return nil, fmt.Errorf("storage %v is missing", t.Get(2))
	}
	return storage{class.dtype, records[key]}, nil
}

type rebuildTensor struct{}

// Call makes a tensor of (storage, offset, size, stride, ..).
func (rebuildTensor) Call(args ...any) (any, error) {
	if len(args) < 4 {
		return nil, errors.New("a tensor is malformed")
	}
	s, ok1 := args[0].(storage)
	offset, ok2 := args[1].(int)
	shape, ok3 := ints(args[2])
	stride, ok4 := ints(args[3])
	if !ok1 || !ok2 || !ok3 || !ok4 || len(shape) != len(stride) || offset < 0 {
		return nil, errors.New("a tensor is malformed")
	}
	return tensorRef{s, offset, shape, stride}, nil
}

type rebuildParameter struct{}

// Call returns the tensor of (tensor, requires_grad, hooks).
func (rebuildParameter) Call(args ...any) (any, error) {
	if len(args) < 1 {
		return nil, errors.New("a parameter is malformed")
	}
	return args[0], nil
}

func ints(v any) ([]int, bool) {
	t, ok := v.(*types.Tuple)
	if !ok {
		return nil, false
	}
	out := make([]int, t.Len())
	for i := range out {
		if out[i], ok = t.Get(i).(int); !ok || out[i] < 0 {
			return nil, false
		}
	}
	return out, true
}

// A pickle may contain itself, many times over: both bounds are needed.
const (
	maxNesting = 16      // dictionaries in dictionaries
	maxVisits  = 1 << 20 // values looked at
)

type collector struct {
	file   *File
	visits int // that are left; negative when there were too many
}

// collect adds the tensors below v, keys joined by dots.
func (c *collector) collect(key string, v any, depth int) {
	if c.visits--; depth > maxNesting || c.visits < 0 {
		return
	}
	child := func(k, v any) {
		name := fmt.Sprint(k)
		if key != "" {
			name = key + "." + name
		}
		c.collect(name, v, depth+1)
	}
	switch v := v.(type) {
	case tensorRef:
		c.file.tensors = append(c.file.tensors, Tensor{key, v.storage.dtype, v.shape, v.read})
	case *types.OrderedDict:
		for e := v.List.Front(); e != nil && c.visits >= 0; e = e.Next() {
			entry := e.Value.(*types.OrderedDictEntry)
			child(entry.Key, entry.Value)
		}
	case *types.Dict:
		for _, e := range *v {
			child(e.Key, e.Value)
		}
	case *types.List:
		for i, e := range *v {
			child(i, e)
		}
	}
}

// read gathers the entries of the strided view.
func (t tensorRef) read() (*array, error) {
	e := elements[t.storage.dtype]
	n, err := count(t.shape)
	if err != nil || n > maxEntries {
		return nil, fmt.Errorf("has shape %v", t.shape)
	}
	last := t.offset
	for i, s := range t.shape {
		if s > 0 && t.stride[i] > maxEntries {
			return nil, fmt.Errorf("has strides %v", t.stride)
		}
		last += max(s-1, 0) * t.stride[i]
	}
	need := int64(last+1) * int64(e.width)
	if last > 4*maxEntries || uint64(need) > t.storage.file.UncompressedSize64 {
		return nil, fmt.Errorf("needs %d bytes of a storage of %d", need, t.storage.file.UncompressedSize64)
	}
	rc, err := t.storage.file.Open()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	raw := make([]byte, need)
	if _, err := io.ReadFull(rc, raw); err != nil {
		return nil, errors.New("is truncated")
	}
	all, err := decode(raw, e)
	if err != nil {
		return nil, err
	}
	out := &array{data: make([]float64, 0, n), integer: e.integer}
	var walk func(axis, at int)
	walk = func(axis, at int) {
		if axis == len(t.shape) {
			out.data = append(out.data, all.data[at])
			return
		}
		for i := range t.shape[axis] {
			walk(axis+1, at+i*t.stride[axis])
		}
	}
	if n > 0 {
		walk(0, t.offset)
	}
	return out, nil
}
