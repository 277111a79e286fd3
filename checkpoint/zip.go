package checkpoint

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"

	"codeberg.org/sbinet/npyio/npy"
)

// openZip opens a NumPy archive or a PyTorch checkpoint.
func openZip(r io.ReaderAt, size int64) (*File, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("is a damaged zip archive: %w", err)
	}
	for _, m := range z.File {
		if path.Base(m.Name) == "data.pkl" {
			return openTorch(z, m)
		}
	}
	f := &File{format: "npz"}
	for _, m := range z.File {
		if !strings.HasSuffix(m.Name, ".npy") {
			continue
		}
		t := Tensor{Key: strings.TrimSuffix(m.Name, ".npy")}
		err := guarded(func() error {
			return t.openNPY(m)
		})
		if err != nil {
			return nil, &FileError{Key: t.Key, Reason: err.Error(), Err: err}
		}
		f.tensors = append(f.tensors, t)
	}
	if len(f.tensors) == 0 {
		return nil, errors.New("is a zip archive with neither NumPy arrays nor a PyTorch checkpoint in it")
	}
	return f, nil
}

// openNPY reads the header of an archived array.
func (t *Tensor) openNPY(m *zip.File) error {
	rc, err := m.Open()
	if err != nil {
		return err
	}
	defer rc.Close()
	// A header has some hundred bytes; one that claims more is cut short.
	r, err := npy.NewReader(io.LimitReader(rc, 1<<16))
	if err != nil {
		return fmt.Errorf("is not a NumPy array: %w", err)
	}
	t.DType, t.Shape, t.cost = dtypeOf(r), r.Header.Descr.Shape, int64(min(m.UncompressedSize64, math.MaxInt64))
	t.read = func() (a *array, err error) {
		err = guarded(func() error {
			a, err = readNPY(m, t.Shape)
			return err
		})
		return a, err
	}
	return nil
}

func readNPY(m *zip.File, shape []int) (*array, error) {
	n, err := count(shape)
	if err != nil {
		return nil, err
	}
	// Every entry takes at least a byte: no bomb gets past this.
	if n > maxEntries || uint64(n) > m.UncompressedSize64 {
		return nil, fmt.Errorf("has shape %v in %d bytes", shape, m.UncompressedSize64)
	}
	rc, err := m.Open()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	r, err := npy.NewReader(rc)
	if err != nil {
		return nil, err
	}
	a := &array{integer: integerType(dtypeOf(r))}
	if a.data, err = readWide(r, n); err != nil {
		return nil, err
	}
	if r.Header.Descr.Fortran && len(shape) >= 2 && shape[0]*shape[1] == n {
		a.data = transpose(a.data, shape[0], shape[1])
	}
	return a, nil
}

// dtypeOf returns the type of the entries, such as <f8: npyio keeps the quotes.
func dtypeOf(r *npy.Reader) string { return strings.Trim(r.Header.Descr.Type, "'\"") }

// readWide reads n numbers of any width as float64.
func readWide(r *npy.Reader, n int) ([]float64, error) {
	switch strings.TrimLeft(dtypeOf(r), "<>=|") {
	case "f8":
		return readAs[float64](r, n)
	case "f4":
		return readAs[float32](r, n)
	case "i8":
		return readAs[int64](r, n)
	case "i4":
		return readAs[int32](r, n)
	case "i2":
		return readAs[int16](r, n)
	case "i1":
		return readAs[int8](r, n)
	case "u1":
		return readAs[uint8](r, n)
	}
	return nil, fmt.Errorf("has type %s, want float32, float64 or an integer", dtypeOf(r))
}

func readAs[T float64 | float32 | int64 | int32 | int16 | int8 | uint8](r *npy.Reader, n int) ([]float64, error) {
	raw := make([]T, n)
	if err := r.Read(&raw); err != nil {
		return nil, fmt.Errorf("is truncated: %w", err)
	}
	out := make([]float64, n)
	for k, v := range raw {
		out[k] = float64(v)
		if T(out[k]) != v && v == v {
			return nil, fmt.Errorf("entry %d is %v, want integers up to 2^53", k, v)
		}
	}
	return out, nil
}

// transpose turns rows x cols numbers stored column by column into row by row.
func transpose(x []float64, rows, cols int) []float64 {
	out := make([]float64, len(x))
	for i := range rows {
		for j := range cols {
			out[i*cols+j] = x[j*rows+i]
		}
	}
	return out
}
