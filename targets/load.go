package targets

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"flowproof/internal/npy"
)

// MaxFile is the size in bytes of the largest file read: a dense matrix of
// MaxDense rows takes less in every format.
const MaxFile = 1 << 30

// Load reads a target from a file. What the file holds decides, not its name:
//
//   - NumPy (.npy): a square array of floats or integers, in either order of
//     storage, or a one-dimensional array of integers, a permutation;
//   - Matrix Market (.mtx): array or coordinate; real, integer, unsigned-integer
//     or pattern; general, symmetric or skew-symmetric. Coordinates given more
//     than once are added, without rounding or not at all; a skew-symmetric
//     array may have its diagonal of zeros written;
//   - text (.csv, .txt): a square matrix, a row a line, or a permutation as one
//     row or one column. Entries are separated by blanks, by commas or by
//     semicolons, and a line may end with one more; # begins a comment. Integers
//     and fractions p/q are exact, other numbers, Fortran's 1.0D+00 too, are
//     rounded to float64. Brackets may be those of OpenCV and MATLAB,
//     [a, b; c, d], or those of NumPy and Python, [[a b] [c d]], with line ends
//     anywhere.
//
// A permutation lists the images of 0, 1, 2, ..: entry j is the image of j (see
// [Target.Indexing] for the other convention). A
// matrix that is a permutation matrix is given as one. The error is a
// *FileError, which wraps a *DimensionError, a *PermutationError or the cause
// from package os where there is one.
func Load(path string) (*Target, error) {
	t, err := load(path)
	return named(t, path, err)
}

// Read is Load for a file whose size bytes r holds; name is what the target and
// errors are called.
func Read(r io.Reader, size int64, name string) (*Target, error) {
	if size == 0 {
		return named(nil, name, fail("", "is empty, want a matrix or a permutation"))
	}
	t, err := read(io.LimitReader(r, size), size, name)
	return named(t, name, err)
}

// named gives the target or the error its name.
func named(t *Target, path string, err error) (*Target, error) {
	if err == nil {
		t.Name = path
		return t, nil
	}
	var f *FileError
	if !errors.As(err, &f) {
		f = &FileError{Reason: err.Error(), Err: err}
	}
	f.Path = path
	if d, ok := f.Err.(*DimensionError); ok {
		d.Target = path
	}
	return nil, f
}

func load(path string) (*Target, error) {
	f, size, err := open(path, "a .npy, .mtx, .csv or .txt file", "a matrix or a permutation")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(io.LimitReader(f, size), size, path)
}

// open opens a regular file that is not empty and not too large; file and content
// say what is wanted.
func open(path, file, content string) (f *os.File, size int64, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, 0, unreadable(err)
	case info.IsDir():
		return nil, 0, fail("", "is a directory, want %s", file)
	case !info.Mode().IsRegular():
		return nil, 0, fail("", "is not a regular file")
	case info.Size() == 0:
		return nil, 0, fail("", "is empty, want %s", content)
	case info.Size() > MaxFile:
		return nil, 0, fail("", "has %d bytes, want %d or less", info.Size(), MaxFile)
	}
	if f, err = os.Open(path); err != nil {
		return nil, 0, unreadable(err)
	}
	return f, info.Size(), nil
}

// read reads a target from size bytes; the path only helps to name a format that
// the bytes should have had.
func read(r io.Reader, size int64, path string) (*Target, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	if mark, err := b.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		b.Discard(3) // of what has been peeked at: cannot fail
	}
	head, err := b.Peek(16)
	if err != nil && err != io.EOF {
		return nil, unreadable(err)
	}
	lower := strings.ToLower(path)
	switch {
	case bytes.HasPrefix(head, []byte(npy.Magic)):
		return readNPY(b, size)
	case strings.HasSuffix(lower, ".npy"):
		return nil, fail("", "is not a NumPy file: its first bytes are %s, want %s", quote(string(head[:min(6, len(head))])), quote(npy.Magic))
	case strings.HasPrefix(strings.ToLower(string(head)), "%%matrixmarket"):
		return readMTX(b, size)
	case strings.HasSuffix(lower, ".mtx"):
		return nil, fail("line 1", "is not a Matrix Market file: want a first line such as %%%%MatrixMarket matrix array real general")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, fail("", "is a zip archive, want one array: a .npy, .mtx, .csv or .txt file")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, fail("", "is text in UTF-16, want UTF-8")
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return nil, fail("", "is compressed, want the file uncompressed")
	}
	return readText(b)
}

// fail returns a *FileError, its path still to be set.
func fail(where, format string, args ...any) *FileError {
	return &FileError{Where: where, Reason: fmt.Sprintf(format, args...)}
}

func unreadable(err error) *FileError {
	cause := err
	var p *fs.PathError
	if errors.As(err, &p) {
		cause = p.Err
	}
	return &FileError{Reason: "cannot be read: " + cause.Error(), Err: err}
}

// badFileDim reports a dimension for which there is no room or no flow.
func badFileDim(dim int, want string) *FileError {
	return &FileError{Reason: fmt.Sprintf("dimension %d, want %s", dim, want), Err: &DimensionError{Dim: dim, Want: want}}
}

const (
	wantTwo   = "2 or more, since each part has a coordinate"
	wantShape = "want a square matrix, or one row or column that lists a permutation"
)

// checkDense tells whether a dense n x n matrix may be read.
func checkDense(n int) error {
	switch {
	case n < 2:
		return badFileDim(n, wantTwo)
	case n > MaxDense:
		return badFileDim(n, fmt.Sprintf("%d or less for a matrix that is no permutation", MaxDense))
	}
	return nil
}

// checkList tells whether a permutation of n points may be read.
func checkList(n int) error {
	switch {
	case n < 2:
		return badFileDim(n, wantTwo)
	case n > MaxPermutation:
		return badFileDim(n, fmt.Sprintf("%d or less for a permutation", MaxPermutation))
	}
	return nil
}

// permTarget returns the target of a list that a file holds.
func permTarget(list []int64, note string) (*Target, error) {
	if err := checkList(len(list)); err != nil {
		return nil, err
	}
	perm, oneBased, err := checkPermutation(list)
	if p, ok := asPermutationError(err); ok {
		return nil, &FileError{Where: fmt.Sprintf("entry %d (counted from 0)", p.Entry), Reason: p.Reason, Err: p}
	}
	if oneBased {
		note += ", 1-based"
	}
	t, err := fromPerm(perm, note)
	if err == nil {
		t.List, t.OneBased = true, oneBased
	}
	return t, err
}
