package checkpoint

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
)

// archive is a checkpoint of PyTorch 1.6 and later that is being opened.
type archive struct {
	records map[string]*member // of the storages, by key
	known   map[string]storage // those that were named, by key
	big     bool               // written on a big-endian machine
}

// openTorch reads a checkpoint in the format of PyTorch 1.6 and later: an
// archive of a pickle and of one file for each storage.
func openTorch(members []*member, pickled *member) (*File, error) {
	a := &archive{records: map[string]*member{}, known: map[string]storage{}}
	prefix := path.Dir(pickled.Name) + "/"
	if first := members[0].Name; !strings.HasPrefix(first, prefix) {
		return nil, fmt.Errorf("has %.80q as its first member, want one in the folder of %.80q", first, pickled.Name)
	}
	for _, m := range members {
		name, ok := strings.CutPrefix(m.Name, prefix)
		if !ok {
			continue // PyTorch does not see it either
		}
		if key, ok := strings.CutPrefix(name, "data/"); ok {
			a.records[key] = m
		}
		if name == "byteorder" {
			if err := a.byteOrder(m); err != nil {
				return nil, err
			}
		}
	}
	var raw []byte
	err := pickled.whole(func(r io.Reader) (err error) {
		if raw, err = newPickles(r).next(maxPickle); err == nil {
			_, err = io.Copy(io.Discard, io.LimitReader(r, maxPickle)) // nothing, of PyTorch
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	root, err := unpickle(raw, a.storage)
	if err != nil {
		return nil, err
	}
	return dictionaryFile(root)
}

// byteOrder reads the record of that name.
func (a *archive) byteOrder(m *member) error {
	var text []byte
	err := m.whole(func(r io.Reader) (err error) {
		text, err = io.ReadAll(io.LimitReader(r, 16))
		return err
	})
	if err != nil {
		return fmt.Errorf("byteorder: %w", err)
	}
	switch string(text) {
	case "little":
	case "big":
		a.big = true
	default:
		return fmt.Errorf("byteorder: is %.20q, want little or big", text)
	}
	return nil
}

// storage resolves ('storage', class, key, location, size).
func (a *archive) storage(id *types.Tuple) (any, error) {
	dtype, key, err := storageID(id)
	if err != nil {
		return nil, err
	}
	size, ok := id.Get(4).(int)
	if !ok || size < 0 {
		return nil, errMalformed
	}
	m := a.records[key]
	if m == nil {
		return nil, fmt.Errorf("storage %q is missing", key)
	}
	s := storage{dtype, width(dtype), int64(size), a.big, m.section}
	if known, ok := a.known[key]; ok && (known.dtype != s.dtype || known.count != s.count) {
		return nil, fmt.Errorf("storage %q is described in two ways", key)
	}
	a.known[key] = s
	if uint64(size) > m.UncompressedSize64/uint64(s.width) {
		return nil, fmt.Errorf("storage %q has %d bytes, want %d numbers of %s", key, m.UncompressedSize64, size, dtype)
	}
	return s, nil
}

// maxStorageKey bounds the key of a storage, which is a number.
const maxStorageKey = 64

// storageID returns the type and the key of ('storage', class, key, ..).
func storageID(id *types.Tuple) (dtype, key string, err error) {
	class, ok1 := id.Get(1).(storageClass)
	key, ok2 := id.Get(2).(string)
	if !ok1 || !ok2 || len(key) > maxStorageKey {
		return "", "", errMalformed
	}
	return class.dtype, key, nil
}
