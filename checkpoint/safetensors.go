package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// The format of safetensors: eight bytes with the length of the header, the
// header, a JSON object with an entry for each tensor and perhaps __metadata__,
// and the numbers, each byte of them in exactly one tensor.

const (
	maxHeader    = 16 << 20 // bytes of a header: some hundred thousand tensors; the format allows 100 MB
	metadataName = "__metadata__"
)

// located is a tensor with the place of its numbers in the data.
type located struct {
	Tensor
	start, end int64
}

func openSafeTensors(r io.ReaderAt, size int64) (*File, error) {
	var pre [8]byte
	if _, err := r.ReadAt(pre[:], 0); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint64(pre[:])
	switch {
	case length > uint64(size-8):
		return nil, fmt.Errorf("declares a safetensors header of %d bytes in a file of %d", length, size)
	case length > maxHeader:
		return nil, fmt.Errorf("has a safetensors header of %d bytes, want %d or less", length, maxHeader)
	}
	header := make([]byte, length)
	if _, err := r.ReadAt(header, 8); err != nil {
		return nil, err
	}
	data := 8 + int64(length)
	all, err := parseHeader(header)
	var f *FileError
	switch {
	case errors.As(err, &f):
		return nil, f
	case err != nil:
		return nil, fmt.Errorf("has a bad safetensors header: %w", err)
	}
	if err := tile(all, size-data); err != nil {
		return nil, err
	}
	file := &File{format: "safetensors"}
	for _, t := range all {
		t.stream = func(use func(io.Reader) error) error {
			return use(io.NewSectionReader(r, data+t.start, t.end-t.start))
		}
		file.tensors = append(file.tensors, t.Tensor)
	}
	return file, nil
}

// tile checks that the tensors cover the data, without gaps and overlaps.
func tile(all []located, size int64) error {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b located) int {
		if a.start != b.start {
			return int(max(-1, min(1, a.start-b.start)))
		}
		return int(max(-1, min(1, a.end-b.end)))
	})
	at, last := int64(0), ""
	for _, t := range sorted {
		switch {
		case t.end > size:
			return &FileError{Key: t.Key, Reason: fmt.Sprintf("ends at byte %d of %d: the file is truncated, or not safetensors", t.end, size)}
		case t.start < at:
			return &FileError{Key: t.Key, Reason: fmt.Sprintf("overlaps %q", brief(last))}
		case t.start > at:
			return &FileError{Key: t.Key, Reason: fmt.Sprintf("begins at byte %d, after %d bytes that no tensor has", t.start, t.start-at)}
		}
		at, last = t.end, t.Key
	}
	if at < size {
		return fmt.Errorf("has %d bytes after the last tensor", size-at)
	}
	return nil
}

// headerParser reads the header token by token: a decoder into structures would
// keep one of two equal keys, and take a key in other letters.
type headerParser struct{ *json.Decoder }

func parseHeader(text []byte) ([]located, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("it is not UTF-8")
	}
	p := headerParser{json.NewDecoder(bytes.NewReader(text))}
	p.UseNumber()
	var all []located
	err := p.object(func(key string) error {
		if key == metadataName {
			return p.object(func(name string) error {
				_, err := p.text("the text of " + strconv.Quote(name))
				return err
			})
		}
		t, err := p.tensor(key)
		all = append(all, t)
		if err != nil {
			return &FileError{Key: key, Reason: err.Error(), Err: err}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if rest := text[p.InputOffset():]; len(bytes.TrimLeft(rest, " \t\r\n")) > 0 {
		return nil, errors.New("something follows the object")
	}
	return all, nil
}

// object reads an object: do reads the value of each key, none of which occurs
// twice.
func (p headerParser) object(do func(key string) error) error {
	if err := p.delim('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for p.More() {
		key, err := p.text("a key")
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("it has the key %q twice, so that two tensors could be meant", brief(key))
		}
		seen[key] = true
		if err := do(key); err != nil {
			return err
		}
	}
	return p.delim('}')
}

// tensor reads dtype, shape and data_offsets.
func (p headerParser) tensor(key string) (t located, err error) {
	t.Key = key
	var offsets []int64
	fields := 0
	err = p.object(func(name string) (err error) {
		fields++
		switch name {
		case "dtype":
			t.DType, err = p.text("dtype")
		case "shape":
			var shape []int64
			if shape, err = p.list("shape"); err != nil {
				return err
			}
			for _, s := range shape {
				if s > math.MaxInt {
					return fmt.Errorf("has shape %v, want less", shape)
				}
				t.Shape = append(t.Shape, int(s))
			}
		case "data_offsets":
			offsets, err = p.list("data_offsets")
		default:
			return fmt.Errorf("has the field %q, want dtype, shape and data_offsets", brief(name))
		}
		return err
	})
	if err != nil {
		return t, err
	}
	if fields != 3 || len(offsets) != 2 || offsets[0] > offsets[1] {
		return t, errors.New("lacks one of dtype, shape and two increasing data_offsets")
	}
	t.start, t.end = offsets[0], offsets[1]
	if t.array, t.Err = describe(t.Tensor); t.Err == nil && t.array.Bytes() != t.end-t.start {
		return t, fmt.Errorf("has %d bytes for shape %v of %s, want %d", t.end-t.start, t.Shape, t.DType, t.array.Bytes())
	}
	return t, nil
}

func (p headerParser) delim(want json.Delim) error {
	token, err := p.Token()
	if err == nil && token != want {
		err = fmt.Errorf("want %s at byte %d", want, p.InputOffset())
	}
	return ended(err)
}

func (p headerParser) text(what string) (string, error) {
	token, err := p.Token()
	s, ok := token.(string)
	if err == nil && !ok {
		err = fmt.Errorf("%s is no string", brief(what))
	}
	return s, ended(err)
}

// list reads an array of natural numbers.
func (p headerParser) list(what string) ([]int64, error) {
	if err := p.delim('['); err != nil {
		return nil, err
	}
	out := []int64{}
	for p.More() {
		if len(out) == maxAxes {
			return nil, fmt.Errorf("%s has more than %d entries", what, maxAxes)
		}
		token, err := p.Token()
		if err != nil {
			return nil, ended(err)
		}
		number, _ := token.(json.Number)
		v, err := strconv.ParseUint(number.String(), 10, 63)
		if err != nil {
			return nil, fmt.Errorf("%s has an entry that is no natural number below 2^63", what)
		}
		out = append(out, int64(v))
	}
	return out, p.delim(']')
}

// ended turns the end of the text into an error of its own.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	return err
}
