package targets

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"flowproof/internal/npy"
	"flowproof/transport"
)

// MaxSamples bounds the numbers in a file of samples.
const MaxSamples = 1 << 25

// LoadSamples reads a file of points, one a row: a NumPy array of shape (N, D), or
// text as for matrices. It fails with a *FileError unless there are at least two
// points, of 2 to transport.MaxDim finite coordinates.
func LoadSamples(path string) (points [][]float64, err error) {
	points, err = loadSamples(path)
	var f *FileError
	if err != nil {
		if !errors.As(err, &f) {
			f = &FileError{Reason: err.Error(), Err: err}
		}
		f.Path = path
		return nil, f
	}
	return points, nil
}

func loadSamples(path string) ([][]float64, error) {
	f, size, err := open(path, "a .npy, .csv or .txt file", "a point a row")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readSamples(io.LimitReader(f, size), size)
}

func readSamples(r io.Reader, size int64) ([][]float64, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	if head, _ := b.Peek(len(npy.Magic)); bytes.Equal(head, []byte(npy.Magic)) {
		return samplesNPY(b, size)
	}
	t, err := readTable(b, true)
	if err != nil {
		return nil, err
	}
	if err := sampleShape(t.rows, t.cols); err != nil {
		return nil, err
	}
	at := func(k int) float64 {
		switch {
		case t.kind == isInt:
			return float64(t.ints[k])
		case t.kind == isFloat:
			return t.floats[k]
		}
		v, _ := t.rats[k].Float64()
		return v
	}
	return rows(t.rows, t.cols, func(i, j int) (float64, error) {
		v := at(i*t.cols + j)
		if math.IsInf(v, 0) {
			return 0, fail(fmt.Sprintf("row %d, entry %d", i+1, j+1), "is beyond the float64 range")
		}
		return v, nil
	})
}

// sampleShape refuses what is no list of points.
func sampleShape(n, d int) error {
	switch {
	case n < 1 || d < 1:
		return fail("", "holds no point, want a point a row")
	case d == 1:
		return fail("", "has points of one coordinate, want 2 to %d: a coupling updates one block of coordinates by the other, and a block is not empty", transport.MaxDim)
	case d > transport.MaxDim:
		return fail("", "has points of %d coordinates, want 2 to %d", d, transport.MaxDim)
	case n < 2:
		return fail("", "holds one point, want at least two")
	case n > MaxSamples/d:
		return fail("", "holds %d points of %d coordinates, want at most %d numbers", n, d, MaxSamples)
	}
	return nil
}

func rows(n, d int, at func(i, j int) (float64, error)) ([][]float64, error) {
	out, flat := make([][]float64, n), make([]float64, n*d)
	for i := range out {
		out[i], flat = flat[:d:d], flat[d:]
		for j := range d {
			v, err := at(i, j)
			if err != nil {
				return nil, err
			}
			out[i][j] = v
		}
	}
	return out, nil
}

func samplesNPY(b *bufio.Reader, size int64) ([][]float64, error) {
	h, err := npy.ReadHeader(b)
	if err != nil {
		return nil, fail("", "%v", err)
	}
	a, err := NumPyArray(h)
	if err != nil {
		return nil, err
	}
	if len(a.Shape) != 2 {
		return nil, fail("", "has shape %s, want (N, D), a point a row", shapeText(a.Shape))
	}
	n, d := a.Shape[0], a.Shape[1]
	if err := sampleShape(n, d); err != nil {
		return nil, err
	}
	if want, have := a.Bytes(), size-h.Size; want != have {
		return nil, fail("", "has %d bytes of array, want %d for shape %s of %s", have, want, shapeText(h.Shape), h.Descr)
	}
	values := make([]float64, n*d)
	err = a.each(b, n*d, func(k int, x number) error {
		v := x.f
		if x.kind != isFloat {
			v, _ = x.rat().Float64()
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fail("entry "+a.position(k), "is %v, want a finite number", v)
		}
		values[k] = v
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows(n, d, func(i, j int) (float64, error) {
		if a.Fortran {
			return values[j*n+i], nil
		}
		return values[i*d+j], nil
	})
}
