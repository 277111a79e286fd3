// Package checkpoint finds the matrices and permutations in the files that
// models are kept in: NumPy archives (.npz), safetensors, and PyTorch
// checkpoints (.pt, .pth; of PyTorch 1.6 and later, and of 0.1.10 and later
// before it), whose pickles are decoded without running anything that they name.
// What two readers could take for two tensors is refused, and memory is taken only
// for bytes that are there: docs/files.md has the rules and the limits.
package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sort"

	"flowproof/targets"
)

// FileError says which file, which key in it (if any), and what is wrong.
type FileError struct {
	Path, Key, Reason string
	Err               error // the cause, if there is one
}

func (e *FileError) Error() string {
	if e.Key == "" {
		return e.Path + ": " + e.Reason
	}
	return fmt.Sprintf("%s: %s: %s", e.Path, e.Key, e.Reason)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// File is an open checkpoint.
type File struct {
	path    string
	format  string
	tensors []Tensor
	close   func() error
}

// Tensor describes one array of a checkpoint; its numbers are read on demand.
type Tensor struct {
	Key   string
	DType string // as the file names it
	Shape []int
	Err   error // why the numbers cannot be read, nil where nothing speaks against it

	array  targets.Array
	stream func(use func(io.Reader) error) error // lets use read the numbers, and checks what stands after them
	held   int64                                 // bytes in memory while they are read, beside those of the matrix
}

// describe returns the array that a tensor is, its numbers in little-endian bytes
// and row by row.
func describe(t Tensor) (targets.Array, error) {
	e, err := targets.ElementOf(t.DType)
	return targets.Array{Element: e, Shape: t.Shape}, err
}

// maxEntries is the number of entries of the largest tensor that is read.
const maxEntries = targets.MaxDense * targets.MaxDense

// Open reads the directory of a checkpoint. What the file holds decides its
// format, not its name. The error is a *FileError.
func Open(path string) (*File, error) {
	f, err := open(path)
	return finish(f, path, err)
}

// Read is Open for a file whose size bytes r holds; name is what errors call it.
// Close does not close r.
func Read(r io.ReaderAt, size int64, name string) (*File, error) {
	f, err := read(r, size)
	if err == nil {
		f.close = func() error { return nil }
	}
	return finish(f, name, err)
}

// finish gives the file or the error its name.
func finish(f *File, path string, err error) (*File, error) {
	if err == nil {
		f.path = path
		sort.SliceStable(f.tensors, func(a, b int) bool { return f.tensors[a].Key < f.tensors[b].Key })
		f.markAmbiguous()
		return f, nil
	}
	var e *FileError
	if errors.As(err, &e) {
		e.Path = path
		return nil, e
	}
	return nil, &FileError{Path: path, Reason: err.Error(), Err: err}
}

func open(path string) (*File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() { // opening a pipe waits for who writes
		return nil, errors.New("is not a regular file, want .npz, .safetensors, .pt or .pth")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, &FileError{Reason: "cannot be opened: " + cause(err), Err: err}
	}
	if info, err = file.Stat(); err != nil {
		file.Close()
		return nil, err
	}
	f, err := read(file, info.Size())
	if err != nil {
		file.Close()
		return nil, err
	}
	f.close = file.Close
	return f, nil
}

func read(r io.ReaderAt, size int64) (*File, error) {
	head := make([]byte, HeadSize)
	if n, _ := r.ReadAt(head, 0); n < 9 {
		return nil, errors.New("is empty or truncated, want .npz, .safetensors, .pt or .pth")
	}
	switch formatOf(head) {
	case inZip:
		return openZip(r, size)
	case inSafeTensors:
		return openSafeTensors(r, size)
	case inPickle:
		return openLegacy(r, size)
	case inTar:
		return nil, errors.New("is a tar archive, as PyTorch before 0.1.10 wrote; load and save it again with torch.save")
	}
	return nil, errors.New("is neither a NumPy archive, nor safetensors, nor a PyTorch checkpoint")
}

// HeadSize is the number of bytes that tell what a file is.
const HeadSize = 512

// Recognised reports whether a file that begins with head, HeadSize bytes of it or
// all, is a checkpoint by its marks: whether Open will do more with it than refuse it.
func Recognised(head []byte) bool {
	padded := make([]byte, HeadSize)
	copy(padded, head)
	return formatOf(padded) != unknown
}

// container is the format of a file as its first bytes tell it.
type container int

const (
	unknown container = iota
	inZip
	inSafeTensors
	inPickle
	inTar
)

// formatOf tells the format by the first HeadSize bytes.
func formatOf(head []byte) container {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")): // longer than a header of safetensors
		return inZip
	case head[8] == '{':
		return inSafeTensors
	case head[0] == 0x80:
		return inPickle
	case string(head[257:262]) == "ustar":
		return inTar
	}
	return unknown
}

func cause(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// Close closes the file.
func (f *File) Close() error { return f.close() }

// Format returns "npz", "safetensors" or "torch".
func (f *File) Format() string { return f.format }

// Tensors returns all arrays, sorted by key.
func (f *File) Tensors() []Tensor { return append([]Tensor(nil), f.tensors...) }

// maxSearch bounds the bytes read, or held, in search of permutations: a small
// file may declare many long lists.
const maxSearch = 256 << 20

// Candidates returns the tensors that can be a target: square matrices, kernels
// of square 1x1 convolutions, permutations. Only lists of integers are looked
// into, each up to the first entry that makes it no permutation, and only until
// that has taken too much; of the others the shape decides.
func (f *File) Candidates() []Tensor {
	var out []Tensor
	left := int64(maxSearch)
	for _, t := range f.tensors {
		n, list, err := t.array.Side()
		ok := t.Err == nil && err == nil && !t.array.Boolean()
		if ok && list {
			ok = len(t.Shape) == 1 && t.array.Integer() && left > 0 && t.permutation(n, &left)
		}
		if ok {
			out = append(out, t)
		}
	}
	return out
}

// permutation reports whether the tensor lists one, or is damaged, which reading
// it will tell. It takes what that costs from left.
func (t Tensor) permutation(n int, left *int64) bool {
	*left -= t.held + int64(n)/8
	err := t.stream(func(r io.Reader) error {
		ok, err := t.array.Permutation(&counting{r, left})
		if err == nil && !ok {
			err = errOther // what follows need not be read
		}
		return err
	})
	return !errors.Is(err, errOther)
}

var errOther = errors.New("something else")

// counting takes the number of bytes read from left.
type counting struct {
	io.Reader
	left *int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	*c.left -= int64(n)
	return n, err
}

// ErrNoKey is wrapped by the error for a key that a checkpoint does not have.
var ErrNoKey = errors.New("there is no such key")

// Target reads the tensor of that key. The error is a *FileError.
func (f *File) Target(key string) (*targets.Target, error) {
	for _, t := range f.tensors {
		if t.Key == key {
			return f.target(t)
		}
	}
	return nil, &FileError{Path: f.path, Key: key, Reason: ErrNoKey.Error(), Err: ErrNoKey}
}

func (f *File) target(t Tensor) (*targets.Target, error) {
	fail := func(err error) (*targets.Target, error) {
		return nil, &FileError{Path: f.path, Key: t.Key, Reason: err.Error(), Err: err}
	}
	if t.Err != nil {
		return fail(t.Err)
	}
	if _, _, err := t.array.Side(); err != nil {
		return fail(err)
	}
	if t.array.Note == "" {
		t.array.Note = fmt.Sprintf("%s %v", t.DType, t.Shape)
	}
	var out *targets.Target
	err := t.stream(func(r io.Reader) (err error) {
		out, err = t.array.Read(r)
		return err
	})
	if err != nil {
		return fail(err)
	}
	out.Name = f.path + ":" + t.Key
	return out, nil
}

// markAmbiguous makes the tensors unreadable that share a key.
func (f *File) markAmbiguous() {
	for i := range f.tensors {
		for _, k := range []int{i - 1, i + 1} {
			if 0 <= k && k < len(f.tensors) && f.tensors[k].Key == f.tensors[i].Key {
				f.tensors[i].Err = errors.New("is the name of more than one tensor")
			}
		}
	}
}

// count multiplies a shape, guarding against overflow and oversize.
func count(shape []int) (int, error) {
	n := 1
	for _, s := range shape {
		if s < 0 || s > 0 && n > math.MaxInt/8/s {
			return 0, fmt.Errorf("has shape %v", shape)
		}
		n *= s
	}
	return n, nil
}
