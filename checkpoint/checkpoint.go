// Package checkpoint finds the matrices and permutations in the files that
// models are kept in: NumPy archives (.npz), safetensors, and PyTorch
// checkpoints (.pt, .pth; of PyTorch 1.6 and later, and of 0.1.10 and later
// before it), whose pickles are decoded without running anything that they name.
package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"sort"

	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
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
	read  func() (*array, error)
	cost  int64 // bytes that reading takes, 0 if it fails
}

// array holds the numbers of a tensor, row by row.
type array struct {
	data    []float64
	integer bool
}

// maxEntries is the number of entries of the largest tensor that is read.
const maxEntries = targets.MaxDense * targets.MaxDense

// Open reads the directory of a checkpoint. What the file holds decides its
// format, not its name. The error is a *FileError.
func Open(path string) (*File, error) {
	f, err := open(path)
	if err == nil {
		f.path = path
		sort.SliceStable(f.tensors, func(a, b int) bool { return f.tensors[a].Key < f.tensors[b].Key })
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
	file, err := os.Open(path)
	if err != nil {
		return nil, &FileError{Reason: "cannot be opened: " + cause(err), Err: err}
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is not a regular file, want .npz, .safetensors, .pt or .pth")
	}
	head := make([]byte, 512)
	if err == nil {
		if n, _ := file.ReadAt(head, 0); n < 9 {
			err = errors.New("is empty or truncated, want .npz, .safetensors, .pt or .pth")
		}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	var f *File
	switch {
	case bytes.HasPrefix(head, []byte("PK")):
		f, err = openZip(file, info.Size())
	case head[8] == '{':
		f, err = openSafeTensors(file, info.Size())
	case head[0] == 0x80:
		f, err = openLegacy(file, info.Size())
	case string(head[257:262]) == "ustar":
		err = errors.New("is a tar archive, as PyTorch before 0.1.10 wrote; load and save it again with torch.save")
	default:
		err = errors.New("is neither a NumPy archive, nor safetensors, nor a PyTorch checkpoint")
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	f.close = file.Close
	return f, nil
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

// maxSearch bounds the bytes read in search of permutations: tensors may share
// their numbers.
const maxSearch = 1 << 30

// Candidates returns the tensors that can be a target: square matrices, kernels
// of square 1x1 convolutions, permutations.
func (f *File) Candidates() []Tensor {
	var out []Tensor
	left := int64(maxSearch)
	for _, t := range f.tensors {
		n, ok := t.side()
		if ok && len(t.Shape) == 1 { // many a list of integers is something else
			left -= min(t.cost, left)
			if ok = left > 0; ok {
				_, err := f.target(t)
				ok = err == nil
			}
		}
		if ok && n >= 2 {
			out = append(out, t)
		}
	}
	return out
}

// side returns n if the shape is n x n, n x n x 1, n x n x 1 x 1, or n for
// integers.
func (t Tensor) side() (int, bool) {
	if e, ok := elements[t.DType]; ok && e.decode == nil {
		return 0, false
	}
	s := t.Shape
	for len(s) > 2 && s[len(s)-1] == 1 {
		s = s[:len(s)-1]
	}
	switch {
	case len(s) == 2 && s[0] == s[1]:
		return s[0], s[0] <= targets.MaxDense
	case len(s) == 1 && integerType(t.DType):
		return s[0], s[0] <= targets.MaxPermutation
	}
	return 0, false
}

// Target reads the tensor of that key. The error is a *FileError.
func (f *File) Target(key string) (*targets.Target, error) {
	for _, t := range f.tensors {
		if t.Key == key {
			return f.target(t)
		}
	}
	return nil, &FileError{Path: f.path, Key: key, Reason: "there is no such key (-in FILE -list shows those that there are)"}
}

func (f *File) target(t Tensor) (*targets.Target, error) {
	fail := func(format string, args ...any) (*targets.Target, error) {
		return nil, &FileError{Path: f.path, Key: t.Key, Reason: fmt.Sprintf(format, args...)}
	}
	n, ok := t.side()
	if !ok || n < 2 {
		return fail("has shape %v of %s, want n x n, n x n x 1 x 1, or a list of integers, 2 <= n <= %d", t.Shape, t.DType, targets.MaxDense)
	}
	a, err := t.read()
	if err != nil {
		return fail("%v", err)
	}
	for k, v := range a.data {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fail("entry %d is %v, want a finite number", k, v)
		}
	}
	var out *targets.Target
	if len(t.Shape) == 1 {
		perm := make([]int, n)
		for k, v := range a.data {
			perm[k] = int(v)
		}
		m, err := sparse.Permutation(perm)
		if err != nil {
			return fail("is not a permutation of 0..%d", n-1)
		}
		out = &targets.Target{Dim: n, Matrix: m, Perm: perm}
	} else {
		m, err := exactmath.FromFloat64(n, n, a.data)
		if err != nil {
			return fail("%v", err)
		}
		out = &targets.Target{Dim: n, Matrix: m}
	}
	out.Name = f.path + ":" + t.Key
	out.Note = fmt.Sprintf("%s %v", t.DType, t.Shape)
	return out, nil
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
