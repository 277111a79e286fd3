package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/nlpodyssey/gopickle/types"
)

// What torch.save of before PyTorch 1.6 writes: pickles of a magic number, of
// the version of the format, of the machine it was written on, of the object,
// and of the keys of its storages; then, for each key in that order, the number
// of entries as an int64 and the entries. What may follow is not looked at, as
// in PyTorch, where many objects can be saved in one file.
const (
	legacyMagic   = "119547037146038801333356" // 0x1950a86a20f9469cfc6c
	legacyVersion = 1001
	maxPreamble   = 4096 // bytes of each pickle before the object
)

// legacy is a checkpoint of before PyTorch 1.6 that is being opened.
type legacy struct {
	r     io.ReaderAt
	size  int64
	runs  map[string]run // by the keys of storages, and of views
	roots []string       // the keys of storages
}

// run is a storage, or a part of one that is called a view.
type run struct {
	dtype, root string
	at, count   int64  // entries
	data        *int64 // where the storage starts in the file, 0 until it is known
}

func openLegacy(r io.ReaderAt, size int64) (*File, error) {
	p := newPickles(io.NewSectionReader(r, 0, size))
	if err := preamble(p); err != nil {
		return nil, err
	}
	raw, err := p.next(maxPickle)
	if err != nil {
		return nil, err
	}
	l := &legacy{r: r, size: size, runs: map[string]run{}}
	root, err := unpickle(raw, l.storage)
	if err != nil {
		return nil, err
	}
	f, err := dictionaryFile(root)
	if err != nil {
		return nil, err
	}
	if raw, err = p.next(maxPickle); err != nil {
		return nil, err
	}
	keys, err := unpickle(raw, noStorages)
	if err != nil {
		return nil, err
	}
	if err := l.locate(keys, p.at); err != nil {
		return nil, err
	}
	return f, nil
}

// preamble reads the three pickles before the object.
func preamble(p *pickles) error {
	value := func() (any, error) {
		raw, err := p.next(maxPreamble)
		if err != nil {
			return nil, err
		}
		return unpickle(raw, noStorages)
	}
	v, err := value()
	if magic, ok := v.(*big.Int); err != nil || !ok || magic.String() != legacyMagic {
		return errors.New("is a pickle but no PyTorch checkpoint: the magic number is missing")
	}
	if v, err = value(); err != nil {
		return err
	}
	if v != legacyVersion {
		return fmt.Errorf("is a PyTorch checkpoint of an unknown version of the format, want %d", legacyVersion)
	}
	if v, err = value(); err != nil {
		return err
	}
	info, ok := v.(*types.Dict)
	if !ok {
		return errors.New("does not say on what kind of machine it was written")
	}
	for _, e := range *info {
		if e.Key == "little_endian" && e.Value == true {
			return nil
		}
	}
	return errors.New("was not written on a little-endian machine; load and save it again on one that is")
}

// storage resolves ('storage', class, key, location, size, view), where view is
// None or (key, offset, size) of a part.
func (l *legacy) storage(id *types.Tuple) (any, error) {
	dtype, key, err := storageID(id)
	if err != nil {
		return nil, err
	}
	size, ok := id.Get(4).(int)
	if !ok || size < 0 {
		return nil, errMalformed
	}
	if int64(size) > l.size/width(dtype) {
		return nil, fmt.Errorf("storage %q has %d entries, more than the file", key, size)
	}
	if _, ok := l.runs[key]; !ok {
		l.roots = append(l.roots, key)
	}
	s, err := l.declare(key, run{dtype, key, 0, int64(size), new(int64)})
	if err == nil && id.Len() > 5 && id.Get(5) != nil {
		s, err = l.view(s, id.Get(5))
	}
	if err != nil {
		return nil, err
	}
	return storage{dtype, width(dtype), s.count, false, func(at, n int64) (io.Reader, error) { return l.section(s, at, n), nil }}, nil
}

// view resolves (key, offset, size) of a part of the storage s.
func (l *legacy) view(s run, v any) (run, error) {
	t, ok := v.(*types.Tuple)
	if !ok || t.Len() != 3 {
		return run{}, errMalformed
	}
	key, ok1 := t.Get(0).(string)
	at, ok2 := t.Get(1).(int)
	count, ok3 := t.Get(2).(int)
	if !ok1 || !ok2 || !ok3 || len(key) > maxStorageKey {
		return run{}, errMalformed
	}
	if at < 0 || count < 0 || int64(at) > s.count || int64(count) > s.count-int64(at) {
		return run{}, fmt.Errorf("view %q of %d entries at %d is not inside storage %q of %d", key, count, at, s.root, s.count)
	}
	s.at, s.count = int64(at), int64(count)
	return l.declare(key, s)
}

// declare returns the run of that key, which must be the same wherever it is named.
func (l *legacy) declare(key string, s run) (run, error) {
	known, ok := l.runs[key]
	if !ok {
		l.runs[key] = s
		return s, nil
	}
	s.data = known.data
	if s != known {
		return run{}, fmt.Errorf("storage %q is described in two ways", key)
	}
	return known, nil
}

// locate finds where the storages of these keys start, the first at that byte.
func (l *legacy) locate(keys any, at int64) error {
	list, ok := keys.(*types.List)
	if !ok {
		return errors.New("has no list of storages")
	}
	for _, k := range *list {
		key, _ := k.(string)
		s, ok := l.runs[key]
		if !ok || s.root != key {
			return fmt.Errorf("lists the storage %q, which no tensor is in", brief(key))
		}
		if *s.data != 0 {
			return fmt.Errorf("lists the storage %q twice", key)
		}
		var head [8]byte
		if _, err := l.r.ReadAt(head[:], at); err != nil {
			return fmt.Errorf("is truncated before storage %q", key)
		}
		if count := int64(binary.LittleEndian.Uint64(head[:])); count != s.count {
			return fmt.Errorf("has %d entries in storage %q, want %d", count, key, s.count)
		}
		at += 8
		size := s.count * width(s.dtype)
		if size > l.size-at {
			return fmt.Errorf("is truncated in storage %q", key)
		}
		*s.data = at
		at += size
	}
	for _, key := range l.roots {
		if *l.runs[key].data == 0 {
			return fmt.Errorf("does not list the storage %q", key)
		}
	}
	return nil
}

// section returns n bytes of a run, the first at that byte of it.
func (l *legacy) section(s run, at, n int64) io.Reader {
	return io.NewSectionReader(l.r, *s.data+s.at*width(s.dtype)+at, n)
}
