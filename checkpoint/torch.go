package checkpoint

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
)

// openTorch reads a checkpoint in the format of PyTorch 1.6 and later: an
// archive of a pickle and of one file for each storage.
func openTorch(z *zip.Reader, data *zip.File) (*File, error) {
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
	raw, err := newPickles(rc).next(maxPickle)
	if err != nil {
		return nil, err
	}
	root, err := unpickle(raw, func(id *types.Tuple) (any, error) { return archived(id, records) })
	if err != nil {
		return nil, err
	}
	return dictionaryFile(root)
}

// archived resolves ('storage', class, key, location, size).
func archived(id *types.Tuple, records map[string]*zip.File) (any, error) {
	dtype, key, err := storageID(id)
	if err != nil {
		return nil, err
	}
	m := records[key]
	if m == nil {
		return nil, fmt.Errorf("storage %q is missing", key)
	}
	count := int64(m.UncompressedSize64) / int64(elements[dtype].width)
	return storage{dtype, max(count, 0), func(at, n int64) ([]byte, error) { return section(m, at, n) }}, nil
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

// section returns n bytes of an archived file.
func section(m *zip.File, at, n int64) ([]byte, error) {
	rc, err := m.Open()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	raw := make([]byte, n)
	if _, err = io.CopyN(io.Discard, rc, at); err == nil {
		_, err = io.ReadFull(rc, raw)
	}
	if err != nil {
		return nil, errors.New("is truncated")
	}
	return raw, nil
}
