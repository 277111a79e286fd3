package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/nlpodyssey/safetensors"
)

// maxHeader is the longest header that the safetensors format allows.
const maxHeader = 100_000_000

func openSafeTensors(r io.ReaderAt, size int64) (*File, error) {
	var pre [8]byte
	if _, err := r.ReadAt(pre[:], 0); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint64(pre[:])
	if length > maxHeader || int64(length) > size-8 {
		return nil, fmt.Errorf("declares a safetensors header of %d bytes in a file of %d", length, size)
	}
	header := make([]byte, length)
	if _, err := r.ReadAt(header, 8); err != nil {
		return nil, err
	}
	var meta safetensors.Metadata
	if err := guarded(func() error { return meta.UnmarshalJSON(header) }); err != nil {
		return nil, fmt.Errorf("has a bad safetensors header: %w", err)
	}
	f := &File{format: "safetensors"}
	for key, info := range meta.Tensors() {
		dtype := info.DType.String()
		start, end := info.DataOffsets[0], info.DataOffsets[1]
		t := Tensor{Key: key, DType: dtype, cost: int64(end - start)}
		for _, s := range info.Shape {
			if s > maxEntries {
				s = maxEntries + 1 // not a candidate; only shown
			}
			t.Shape = append(t.Shape, int(s))
		}
		if start > end || end > uint64(size)-8-length {
			return nil, &FileError{Key: key, Reason: "lies outside the file: it is truncated or not safetensors"}
		}
		t.read = func() (*array, error) {
			e := elements[dtype]
			if e.decode == nil {
				return nil, fmt.Errorf("has type %s, want F16, BF16, F32, F64 or an integer", dtype)
			}
			return readElements(r, int64(8+length+start), int64(end-start), t.Shape, e)
		}
		f.tensors = append(f.tensors, t)
	}
	return f, nil
}

// readElements reads size bytes at offset, which must be what the shape takes.
func readElements(r io.ReaderAt, offset, size int64, shape []int, e element) (*array, error) {
	n, err := count(shape)
	if err != nil {
		return nil, err
	}
	if int64(n)*int64(e.width) != size || n > maxEntries {
		return nil, fmt.Errorf("has %d bytes for shape %v, want %d", size, shape, n*e.width)
	}
	raw := make([]byte, size)
	if _, err := r.ReadAt(raw, offset); err != nil {
		return nil, errors.New("is truncated")
	}
	return decode(raw, e)
}

// guarded runs code of a library that may panic on malformed input.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed: %v", r)
		}
	}()
	return f()
}
