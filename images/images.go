// Package images reads grey images in the IDX format of MNIST, and holds a few
// hundred of Fashion-MNIST.
package images

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A Set is a list of images of one size; Pixels[i] has those of image i, by rows.
type Set struct {
	Rows, Cols int
	Pixels     [][]byte
}

// A FileError says which file, and what is wrong with it.
type FileError struct{ Path, Reason string }

func (e *FileError) Error() string { return e.Path + ": " + e.Reason }

// Bounds of what is read.
const (
	MaxImages = 1 << 20
	MaxSide   = 1 << 10
	MaxBytes  = 1 << 30
)

//go:embed testdata/fashion-600-idx3-ubyte.gz
var sample embed.FS

// Sample returns 600 images of Fashion-MNIST, 28 x 28.
func Sample() (*Set, error) {
	f, err := sample.Open(sampleFile)
	if err != nil {
		return nil, err
	}
	return read(f, sampleFile)
}

const sampleFile = "testdata/fashion-600-idx3-ubyte.gz"

// Names of the files of a data set, each possibly with ".gz" behind it.
const (
	TrainFile = "train-images-idx3-ubyte"
	TestFile  = "t10k-images-idx3-ubyte"
)

// LoadDir reads the training and the test images of a directory. The error is a
// *FileError or one of package fs.
func LoadDir(dir string) (train, test *Set, err error) {
	load := func(name string) (*Set, error) {
		for _, ext := range []string{"", ".gz"} {
			path := filepath.Join(dir, name+ext)
			if _, err := os.Stat(path); err == nil {
				return Load(path)
			} else if !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
		return nil, &FileError{dir, fmt.Sprintf("has no %s, nor %[1]s.gz", name)}
	}
	if train, err = load(TrainFile); err != nil {
		return nil, nil, err
	}
	if test, err = load(TestFile); err != nil {
		return nil, nil, err
	}
	if train.Rows != test.Rows || train.Cols != test.Cols {
		return nil, nil, &FileError{dir, fmt.Sprintf("training images are %d x %d, test images %d x %d", train.Rows, train.Cols, test.Rows, test.Cols)}
	}
	return train, test, nil
}

// Load reads an IDX file, compressed by gzip or not. The error is a *FileError or
// one of package fs.
func Load(path string) (*Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return read(f, path)
}

// read reads a file to its end, and closes it.
func read(f fs.File, path string) (*Set, error) {
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, &FileError{path, err.Error()}
	}
	if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err == nil {
			raw, err = io.ReadAll(io.LimitReader(z, MaxBytes+1))
		}
		if err != nil {
			return nil, &FileError{path, "gzip: " + err.Error()}
		}
	}
	set, err := parse(raw)
	if err != nil {
		return nil, &FileError{path, err.Error()}
	}
	return set, nil
}

// parse reads a magic number, the sizes, and the pixels.
func parse(raw []byte) (*Set, error) {
	const magic, header = 0x00000803, 16 // unsigned bytes, three axes
	if len(raw) > MaxBytes {
		return nil, fmt.Errorf("more than %d bytes", MaxBytes)
	}
	if len(raw) < header {
		return nil, fmt.Errorf("%d bytes: want an IDX file, whose header has %d", len(raw), header)
	}
	word := func(i int) uint32 { return binary.BigEndian.Uint32(raw[4*i:]) }
	if word(0) != magic {
		return nil, fmt.Errorf("begins with %#08x: want %#08x, an IDX file of images", word(0), magic)
	}
	if word(1) < 1 || word(1) > MaxImages || word(2) < 1 || word(2) > MaxSide || word(3) < 1 || word(3) > MaxSide {
		return nil, fmt.Errorf("%d images of %d x %d: want 1 to %d, of sides 1 to %d", word(1), word(2), word(3), MaxImages, MaxSide)
	}
	n, size := int(word(1)), int(word(2)*word(3))
	if want := int64(n)*int64(size) + header; int64(len(raw)) != want {
		return nil, fmt.Errorf("%d bytes: %d images of %d x %d take %d", len(raw), n, word(2), word(3), want)
	}
	set := &Set{Rows: int(word(2)), Cols: int(word(3))}
	for i := range n {
		set.Pixels = append(set.Pixels, raw[header+i*size:header+(i+1)*size:header+(i+1)*size])
	}
	return set, nil
}

// Mean returns the images with each block of k x k pixels replaced by its mean,
// in units of a grey level: (Rows/k) (Cols/k) numbers from 0 to 255 an image.
// Rows and Cols must be multiples of k.
func (s *Set) Mean(k int) ([][]float64, error) {
	if k < 1 || s.Rows%k != 0 || s.Cols%k != 0 {
		return nil, fmt.Errorf("images of %d x %d cannot be cut into blocks of %d x %[3]d", s.Rows, s.Cols, k)
	}
	cols := s.Cols / k
	out := make([][]float64, len(s.Pixels))
	for i, pixels := range s.Pixels {
		sums := make([]float64, s.Rows/k*cols)
		for at, v := range pixels {
			sums[at/s.Cols/k*cols+at%s.Cols/k] += float64(v)
		}
		for j := range sums {
			sums[j] /= float64(k * k)
		}
		out[i] = sums
	}
	return out, nil
}
