package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"

	"flowproof/targets"
)

// storages are the storage classes of PyTorch, by the name they are pickled under.
var storages = map[string]string{
	"FloatStorage": "F32", "DoubleStorage": "F64", "HalfStorage": "F16", "BFloat16Storage": "BF16",
	"LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8",
	"BoolStorage": "BOOL",
}

// maxAxes bounds the shape of a tensor, which many tensors may share, and which
// errors repeat.
const maxAxes = 16

// width returns the bytes of a number of one of these types.
func width(dtype string) int64 {
	e, _ := targets.ElementOf(dtype) // a name that is read, as those above
	return int64(e.Width)
}

// storageClass names the type of a storage.
type storageClass struct{ dtype string }

// unpickle decodes what pickles.next returned. Of all that a pickle may name,
// only the few classes that make up a dictionary of tensors are known; anything
// else is refused, and nothing is ever called but the functions below. A storage
// is whatever load makes of its identity.
func unpickle(raw []byte, load func(id *types.Tuple) (any, error)) (root any, err error) {
	u := pickle.NewUnpickler(bytes.NewReader(raw))
	u.PersistentLoad = func(v any) (any, error) {
		id, ok := v.(*types.Tuple)
		if ok && id.Len() == 2 {
			return findClass(id.Get(0), id.Get(1))
		}
		if !ok || id.Len() < 5 || id.Get(0) != "storage" {
			return nil, errMalformed
		}
		return load(id)
	}
	err = func() (err error) {
		defer func() { // the decoder may panic on malformed input
			if recover() != nil {
				err = errMalformed
			}
		}()
		root, err = u.Load()
		return err
	}()
	if err != nil {
		return nil, fmt.Errorf("is not a checkpoint of weights only: %s", brief(err.Error()))
	}
	return root, nil
}

// brief makes one short printable line of what may quote the file.
func brief(s string) string {
	const most = 200
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

var errMalformed = errors.New("a storage, a tensor or a dictionary is malformed")

// noStorages is the load of a pickle that has none.
func noStorages(*types.Tuple) (any, error) { return nil, errMalformed }

// findClass is asked for every global that a pickle names.
func findClass(module, name any) (any, error) {
	m, ok1 := module.(string)
	n, ok2 := name.(string)
	switch {
	case !ok1 || !ok2:
		return nil, errMalformed
	case m == "torch._utils" && (n == "_rebuild_tensor_v2" || n == "_rebuild_tensor"):
		return rebuildTensor{}, nil
	case m == "torch._utils" && n == "_rebuild_parameter":
		return rebuildParameter{}, nil
	case m == "collections" && n == "OrderedDict":
		return orderedDict{}, nil
	case m == "torch" && storages[n] != "":
		return storageClass{storages[n]}, nil
	}
	return nil, fmt.Errorf("it names %s.%s, which is not loaded", m, n)
}

type rebuildTensor struct{}

// Call makes a tensor of (storage, offset, size, stride, requires_grad, hooks,
// metadata). The metadata may say that the numbers are to be negated.
func (rebuildTensor) Call(args ...any) (any, error) {
	if len(args) < 4 {
		return nil, errMalformed
	}
	s, ok1 := args[0].(storage)
	offset, ok2 := args[1].(int)
	shape, ok3 := ints(args[2])
	stride, ok4 := ints(args[3])
	if !ok1 || !ok2 || !ok3 || !ok4 || len(shape) != len(stride) || offset < 0 {
		return nil, errMalformed
	}
	if len(args) > 6 && args[6] != nil {
		if d, ok := args[6].(*types.Dict); !ok || d.Len() > 0 {
			return nil, errors.New("a tensor has metadata, such as a pending change of sign; save it again after resolve_neg()")
		}
	}
	return tensorRef{s, offset, shape, stride}, nil
}

func ints(v any) ([]int, bool) {
	t, ok := v.(*types.Tuple)
	if !ok || t.Len() > maxAxes {
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

type rebuildParameter struct{}

// Call returns the tensor of (tensor, requires_grad, hooks).
func (rebuildParameter) Call(args ...any) (any, error) {
	if len(args) < 1 {
		return nil, errMalformed
	}
	return args[0], nil
}

// dictionary is an OrderedDict. It keeps all that it is given, and hashes nothing.
type dictionary struct{ types.Dict }

// PySetState ignores the attributes, such as the versions of a state_dict.
func (*dictionary) PySetState(any) error { return nil }

type orderedDict struct{}

// Call makes a dictionary of (), or of ([[key, value], ..],) as Python 2 does.
func (orderedDict) Call(args ...any) (any, error) {
	d := &dictionary{}
	if len(args) == 0 {
		return d, nil
	}
	items, ok := args[0].(*types.List)
	if !ok || len(args) > 1 {
		return nil, errMalformed
	}
	for _, item := range *items {
		pair, ok := item.(*types.List)
		if !ok || pair.Len() != 2 {
			return nil, errMalformed
		}
		d.Set(pair.Get(0), pair.Get(1))
	}
	*items = nil // nobody pays for one list twice
	return d, nil
}
