package images

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func idx(magic, n, rows, cols uint32, pixels ...byte) []byte {
	var out []byte
	for _, w := range []uint32{magic, n, rows, cols} {
		out = binary.BigEndian.AppendUint32(out, w)
	}
	return append(out, pixels...)
}

func TestSample(t *testing.T) {
	s, err := Sample()
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Pixels) != 600 || s.Rows != 28 || s.Cols != 28 {
		t.Errorf("%d images of %d x %d", len(s.Pixels), s.Rows, s.Cols)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	raw := idx(0x803, 2, 2, 2, 1, 2, 3, 4, 250, 251, 252, 253)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(raw)
	w.Close()
	for name, data := range map[string][]byte{TrainFile: raw, TestFile + ".gz": z.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	train, test, err := LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := &Set{2, 2, [][]byte{{1, 2, 3, 4}, {250, 251, 252, 253}}}
	if diff := cmp.Diff([]*Set{want, want}, []*Set{train, test}); diff != "" {
		t.Error(diff)
	}
}

func TestMean(t *testing.T) {
	s := &Set{2, 4, [][]byte{{1, 2, 10, 10, 3, 255, 20, 21}}}
	got, err := s.Mean(2)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]float64{{261.0 / 4, 61.0 / 4}}, got); diff != "" {
		t.Error(diff)
	}
	for _, k := range []int{0, 3, 4} {
		if _, err := s.Mean(k); err == nil {
			t.Errorf("blocks of %d pass", k)
		}
	}
}

func TestBad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	for want, data := range map[string][]byte{
		"3 bytes: want an IDX file":                        {1, 2, 3},
		"begins with 0x00000801: want 0x00000803":          idx(0x801, 1, 1, 1, 0),
		"0 images of 1 x 1: want 1 to":                     idx(0x803, 0, 1, 1),
		"1 images of 4294967295 x 4294967295: want 1 to":   idx(0x803, 1, 1<<32-1, 1<<32-1),
		"19 bytes: 1 images of 2 x 2 take 20":              idx(0x803, 1, 2, 2, 1, 2, 3),
		"21 bytes: 1 images of 2 x 2 take 20":              idx(0x803, 1, 2, 2, 1, 2, 3, 4, 5),
		"gzip: ":                                           {0x1f, 0x8b, 8},
		"1048576 images of 1024 x 1024 take 1099511627792": idx(0x803, 1<<20, 1<<10, 1<<10),
	} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		var e *FileError
		if !errors.As(err, &e) || e.Path != path || !strings.Contains(e.Reason, want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := Load(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, _, err := LoadDir(dir); err == nil || !strings.Contains(err.Error(), "has no train-images-idx3-ubyte, nor train-images-idx3-ubyte.gz") {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(idx(0x803, 2, 2, 2, 1, 2, 3, 4, 250, 251, 252, 253))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parse(data)
		if err == nil && len(s.Pixels)*s.Rows*s.Cols+16 != len(data) {
			t.Error("pixels are missing")
		}
	})
}
