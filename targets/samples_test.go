package targets

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sampleNPY is the file of a float64 array.
func sampleNPY(order bool, shape string, data ...float64) []byte {
	var b bytes.Buffer
	fortran := "False"
	if order {
		fortran = "True"
	}
	header := fmt.Sprintf("{'descr': '<f8', 'fortran_order': %s, 'shape': %s, }", fortran, shape)
	header += strings.Repeat(" ", 117-len(header)) + "\n"
	b.WriteString("\x93NUMPY\x01\x00")
	binary.Write(&b, binary.LittleEndian, uint16(len(header)))
	b.WriteString(header)
	binary.Write(&b, binary.LittleEndian, data)
	return b.Bytes()
}

func TestLoadSamples(t *testing.T) {
	dir := t.TempDir()
	load := func(name string, content []byte) ([][]float64, error) {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		return LoadSamples(path)
	}
	want := [][]float64{{1, 2.5}, {-3, 4}, {0, 1e-3}}
	for name, content := range map[string][]byte{
		"a.csv": []byte("# x, y\n1,2.5\n-3,4\n0,1e-3\n"),
		"b.txt": []byte("[[1 2.5] [-3 4] [0 1e-3]]"),
		"c.npy": sampleNPY(false, "(3, 2)", 1, 2.5, -3, 4, 0, 1e-3),
		"d.npy": sampleNPY(true, "(3, 2)", 1, -3, 0, 2.5, 4, 1e-3),
	} {
		if got, err := load(name, content); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	var f *FileError
	for name, c := range map[string]struct{ content, reason string }{
		"empty.csv":  {"", "is empty"},
		"one.csv":    {"1,2\n", "one point"},
		"line.csv":   {"1\n2\n3\n", "a block is not empty"},
		"five.csv":   {"1,2,3,4,5\n1,2,3,4,5\n", "5 coordinates"},
		"nan.csv":    {"1,2\nnan,3\n", "line 2, entry 1"},
		"ragged.csv": {"1,2\n3\n", "line 2"},
		"long.csv":   {"1,2\n3,4,5\n", "line 2"},
		"inf.npy":    {string(sampleNPY(false, "(2, 2)", 1, 2, math.Inf(1), 4)), "entry [1, 0]"},
		"flat.npy":   {string(sampleNPY(false, "(4,)", 1, 2, 3, 4)), "has shape"},
		"short.npy":  {string(sampleNPY(false, "(3, 2)", 1, 2, 3, 4)), "bytes of array"},
	} {
		_, err := load(name, []byte(c.content))
		if !errors.As(err, &f) || !strings.Contains(err.Error(), c.reason) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want %q", name, err, c.reason)
		}
	}
	if _, err := LoadSamples(filepath.Join(dir, "none")); !errors.As(err, &f) {
		t.Errorf("no file: %v", err)
	}
}
