package targets

import (
	"bufio"

	"flowproof/internal/npy"
)

// readNPY reads a NumPy array file of size bytes. The header is checked against
// the size before anything is allocated.
func readNPY(b *bufio.Reader, size int64) (*Target, error) {
	h, err := npy.ReadHeader(b)
	if err != nil {
		return nil, fail("", "%v", err)
	}
	a, err := NumPyArray(h)
	if err != nil {
		return nil, fail("", "%v", err)
	}
	if _, _, err := a.Side(); err != nil {
		return nil, err
	}
	want, have := a.Bytes(), size-h.Size
	switch {
	case have < want:
		return nil, fail("", "is truncated: %d bytes of array, want %d for shape %s of %s", have, want, shapeText(h.Shape), h.Descr)
	case have > want:
		return nil, fail("", "has %d bytes after the array, want one array of shape %s", have-want, shapeText(h.Shape))
	}
	return a.Read(b)
}

// NumPyArray returns the array that a header describes. It fails if the entries
// are no numbers.
func NumPyArray(h npy.Header) (Array, error) {
	if h.Structured {
		return Array{}, fail("", "is a structured array, want floats or integers")
	}
	e, err := ElementOf(h.Descr)
	if err != nil {
		return Array{}, err
	}
	note := "NumPy " + h.Descr
	if h.Fortran {
		note += ", Fortran order"
	}
	return Array{Element: e, Shape: h.Shape, Fortran: h.Fortran, Note: note}, nil
}
