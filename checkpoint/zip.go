package checkpoint

import (
	"archive/zip"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"path"
	"strings"
	"sync"

	"flowproof/internal/npy"
	"flowproof/targets"
)

const (
	maxDirectory = 16 << 20             // bytes of an archive's directory: some hundred thousand members
	maxInflated  = 8*maxEntries + 1<<16 // bytes of a compressed member: the largest tensor and its header
	maxRatio     = 1032                 // bytes that deflate can make of one (RFC 1951: 258 from two bits)
	endSize      = 22                   // bytes of the record that ends an archive without a comment
	end64Size    = endSize + 20 + 56    // with the two records of zip64 before it
	saturated    = math.MaxUint32       // stands for a number that only zip64 has room for
	saturated16  = math.MaxUint16       // likewise
	locator64    = "PK\x06\x07"         // begins the second of the records of zip64
	badEnd       = "is a damaged zip archive: "
)

// openZip opens a NumPy archive or a PyTorch checkpoint.
func openZip(r io.ReaderAt, size int64) (*File, error) {
	if err := checkEnd(r, size); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, errors.New(badEnd + strings.TrimPrefix(err.Error(), "zip: "))
	}
	var members []*member
	var pickled []*member
	names := map[string]bool{}
	for _, f := range z.File {
		if strings.Contains(f.Name, "\x00") {
			return nil, fmt.Errorf("has a member with the byte 0 in its name, %.40q", f.Name)
		}
		if names[f.Name] {
			return nil, fmt.Errorf("has two members with the name %.80q, so that two arrays could be meant", f.Name)
		}
		names[f.Name] = true
		m := &member{File: f, r: r}
		members = append(members, m)
		if path.Base(f.Name) == "data.pkl" {
			pickled = append(pickled, m)
		}
	}
	switch len(pickled) {
	case 0:
		return openNPZ(members, names)
	case 1:
		return openTorch(members, pickled[0])
	}
	return nil, fmt.Errorf("has two pickles, %.80q and %.80q, want one data.pkl", pickled[0].Name, pickled[1].Name)
}

// checkEnd reads what stands at the end of an archive and says where its
// directory is. Anything that lets one reader find another directory than
// another is refused: a comment, bytes before the archive or after its
// directory, numbers of zip64 that contradict the others.
func checkEnd(r io.ReaderAt, size int64) error {
	tail := make([]byte, min(size, end64Size))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if len(tail) < endSize || string(tail[len(tail)-endSize:][:4]) != "PK\x05\x06" {
		return errors.New(badEnd + "it is truncated, or something follows it")
	}
	end, before := tail[len(tail)-endSize:], tail[:len(tail)-endSize]
	at := size - endSize
	records := uint64(binary.LittleEndian.Uint16(end[10:]))
	length, start := uint64(binary.LittleEndian.Uint32(end[12:])), uint64(binary.LittleEndian.Uint32(end[16:]))
	if len(before) == end64Size-endSize && string(before[56:60]) == locator64 {
		at -= int64(len(before))
		records64, length64, start64 := binary.LittleEndian.Uint64(before[32:]), binary.LittleEndian.Uint64(before[40:]), binary.LittleEndian.Uint64(before[48:])
		if string(before[:4]) != "PK\x06\x06" || binary.LittleEndian.Uint64(before[64:]) != uint64(at) ||
			records != saturated16 && records != records64 || length != saturated && length != length64 || start != saturated && start != start64 {
			return errors.New(badEnd + "its records of zip64 contradict the others")
		}
		length, start = length64, start64
	}
	if length > uint64(at) || start != uint64(at)-length {
		return errors.New(badEnd + "its directory is not where it says, or something stands before it")
	}
	if length > maxDirectory {
		return fmt.Errorf("is a zip archive with a directory of %d bytes, want %d or less", length, maxDirectory)
	}
	return nil
}

// member is a file in an archive.
type member struct {
	*zip.File
	r io.ReaderAt // of the archive

	check   sync.Once
	checked error // what the check of the whole found
}

// sound checks the sizes that the directory gives, before they are relied on: a
// stored member has one size, a compressed one does not grow beyond what its
// method and maxInflated allow.
func (m *member) sound() error {
	switch u, c := m.UncompressedSize64, m.CompressedSize64; {
	case m.Flags&(1|1<<6) != 0:
		return errors.New("is encrypted")
	case m.Method == zip.Store && u != c:
		return fmt.Errorf("is damaged: %d bytes stored as %d", u, c)
	case m.Method == zip.Store:
		return nil
	case m.Method != zip.Deflate:
		return fmt.Errorf("is compressed by method %d, want deflate, or none", m.Method)
	case u > maxInflated:
		return fmt.Errorf("is compressed and has %d bytes, want %d or less, or an archive that is not compressed", u, maxInflated)
	case u/maxRatio > c:
		return fmt.Errorf("is damaged: %d bytes cannot be compressed to %d", u, c)
	}
	return nil
}

// whole lets use read a member from its start, and then checks that it has read
// to its end, and the checksum.
func (m *member) whole(use func(io.Reader) error) error {
	if err := m.sound(); err != nil {
		return err
	}
	rc, err := m.Open()
	if err != nil {
		return m.readable(err)
	}
	defer rc.Close()
	sum := crc32.NewIEEE()
	r := io.TeeReader(rc, sum)
	if err := use(r); err != nil {
		return err
	}
	n, err := io.CopyN(io.Discard, r, 1)
	switch {
	case n > 0:
		return errors.New("has more bytes than it should")
	case err != nil && !errors.Is(err, io.EOF):
		return m.readable(err)
	case sum.Sum32() != m.CRC32: // the library takes a checksum of 0 for none
		return errChecksum
	}
	return nil
}

var errChecksum = errors.New("has a wrong checksum (CRC-32): the file is damaged, or was saved without checksums")

// readable turns the errors of the decompression into ones for the user.
func (m *member) readable(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, zip.ErrChecksum):
		return errChecksum
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("is truncated")
	case errors.As(err, &corrupt):
		return errors.New("has damaged compressed data")
	}
	return errors.New(strings.TrimPrefix(err.Error(), "zip: "))
}

// section returns n bytes from byte at on, once the checksum of the whole has
// been found right.
func (m *member) section(at, n int64) (io.Reader, error) {
	m.check.Do(func() {
		m.checked = m.whole(func(r io.Reader) error {
			_, err := io.CopyN(io.Discard, r, int64(m.UncompressedSize64))
			if err != nil {
				return m.readable(err)
			}
			return nil
		})
	})
	if m.checked != nil {
		return nil, m.checked
	}
	if m.Method == zip.Store {
		start, err := m.DataOffset()
		return io.NewSectionReader(m.r, start+at, n), err
	}
	rc, err := m.Open() // to be closed means nothing to a reader of deflate
	if err != nil {
		return nil, m.readable(err)
	}
	if _, err := io.CopyN(io.Discard, rc, at); err != nil {
		return nil, m.readable(err)
	}
	return io.LimitReader(rc, n), nil
}

// openNPZ lists the arrays of a NumPy archive. One that cannot be read does not
// stand in the way of the others.
func openNPZ(members []*member, names map[string]bool) (*File, error) {
	f := &File{format: "npz"}
	var first error
	readable := 0
	for _, m := range members {
		key, ok := strings.CutSuffix(m.Name, ".npy")
		if !ok {
			continue
		}
		if names[key] {
			return nil, &FileError{Key: key, Reason: fmt.Sprintf("stands for two members, %q and %q", key, m.Name)}
		}
		t := m.tensor(key)
		if t.Err == nil {
			readable++
		} else if first == nil {
			first = &FileError{Key: key, Reason: t.Err.Error(), Err: t.Err}
		}
		f.tensors = append(f.tensors, t)
	}
	switch {
	case len(f.tensors) == 0:
		return nil, errors.New("is a zip archive with neither NumPy arrays nor a PyTorch checkpoint in it")
	case readable == 0:
		return nil, first
	}
	return f, nil
}

// tensor reads the header of an archived array, and no further.
func (m *member) tensor(key string) Tensor {
	t := Tensor{Key: key}
	if t.Err = m.sound(); t.Err != nil {
		return t
	}
	rc, err := m.Open()
	if err != nil {
		t.Err = m.readable(err)
		return t
	}
	defer rc.Close()
	h, err := npy.ReadHeader(rc)
	if t.DType = h.Descr; h.Structured {
		t.DType = "record"
	}
	t.Shape = h.Shape
	if t.Err = err; err != nil {
		return t
	}
	if t.array, t.Err = targets.NumPyArray(h); t.Err != nil {
		return t
	}
	want, have := t.array.Bytes(), m.UncompressedSize64-uint64(h.Size)
	if uint64(h.Size) > m.UncompressedSize64 || uint64(want) != have {
		t.Err = fmt.Errorf("has %d bytes of array, want %d for shape %v of %s", int64(have), want, h.Shape, h.Descr)
		return t
	}
	t.stream = func(use func(io.Reader) error) error {
		return m.whole(func(r io.Reader) error {
			if _, err := npy.ReadHeader(r); err != nil {
				return err
			}
			return use(r)
		})
	}
	return t
}
