package checkpoint

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"

	"github.com/nlpodyssey/gopickle/types"
)

// A pickle may contain itself, many times over: all bounds are needed.
const (
	maxNesting = 16       // dictionaries in dictionaries
	maxVisits  = 1 << 20  // values looked at
	maxKey     = 4096     // bytes of a key
	maxKeys    = 64 << 20 // bytes of all keys
)

// collector gathers the tensors in a pickled value.
type collector struct {
	tensors []Tensor
	visits  int // that are left; negative when there were too many
	keys    int // bytes of keys that are left, likewise
	twice   string
}

// dictionaryFile returns the file whose pickle decodes to root.
func dictionaryFile(root any) (*File, error) {
	c := collector{visits: maxVisits, keys: maxKeys}
	c.collect("", root, 0)
	switch {
	case c.visits < 0:
		return nil, fmt.Errorf("holds more than %d values, or contains itself", maxVisits)
	case c.keys < 0:
		return nil, fmt.Errorf("has a key of more than %d bytes, or more than %d bytes of keys", maxKey, maxKeys)
	case c.twice != "":
		return nil, fmt.Errorf("has the key %q twice in a dictionary, so that two tensors could be meant", brief(c.twice))
	case len(c.tensors) == 0:
		return nil, errors.New("holds no tensors")
	}
	return &File{format: "torch", tensors: c.tensors}, nil
}

// collect adds the tensors below v, keys joined by dots.
func (c *collector) collect(key string, v any, depth int) {
	if c.visits--; depth > maxNesting {
		return
	}
	switch v := v.(type) {
	case tensorRef:
		t := Tensor{Key: key, DType: v.storage.dtype, Shape: v.shape, stream: v.stream, held: v.held()}
		if t.array, t.Err = describe(t); v.storage.big {
			t.array.Element = t.array.BigEndian()
		}
		c.tensors = append(c.tensors, t)
	case *dictionary:
		c.entries(key, v.Dict, depth)
	case *types.Dict:
		c.entries(key, *v, depth)
	case *types.List:
		c.items(key, *v, depth)
	case *types.Tuple:
		c.items(key, *v, depth)
	}
}

func (c *collector) entries(key string, d types.Dict, depth int) {
	seen := make(map[string]bool, len(d))
	for i, e := range d {
		if c.visits < 0 || c.keys < 0 {
			return
		}
		name := keyOf(e.Key, i)
		if seen[name] && c.twice == "" {
			c.twice = name
		}
		seen[name] = true
		c.child(key, name, e.Value, depth)
	}
}

func (c *collector) items(key string, l []any, depth int) {
	for i, v := range l {
		c.child(key, strconv.Itoa(i), v, depth)
	}
}

func (c *collector) child(key, name string, v any, depth int) {
	length := len(key) + 1 + len(name)
	if length > maxKey {
		c.keys = -1
	}
	if c.visits < 0 || c.keys < 0 {
		return
	}
	if key != "" {
		name = key + "." + name
	}
	c.keys -= length
	c.collect(name, v, depth+1)
}

// keyOf writes the key of the i-th entry. It looks into no container: one may
// contain itself.
func keyOf(k any, i int) string {
	switch k := k.(type) {
	case string:
		return k
	case int, float64, bool, *big.Int:
		return fmt.Sprint(k)
	case nil:
		return "None"
	}
	return "#" + strconv.Itoa(i)
}
