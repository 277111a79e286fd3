package targets

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

// checkRead asserts what must hold of any input: a consistent target or a one-line
// *FileError.
func checkRead(t *testing.T, x *Target, err error) {
	t.Helper()
	if err != nil {
		var f *FileError
		if x != nil || !errors.As(err, &f) || f.Reason == "" || strings.ContainsAny(err.Error(), "\n\r") {
			t.Fatalf("%T %q, target %v", err, err, x)
		}
		return
	}
	rows, cols := x.Matrix.Dims()
	if x.Dim < 2 || rows != x.Dim || cols != x.Dim {
		t.Fatalf("dimension %d, matrix %d x %d", x.Dim, rows, cols)
	}
	perm, sign, ok := sparse.SignedPermutation(x.Matrix)
	for _, s := range sign {
		ok = ok && s == 1
	}
	if ok != (x.Perm != nil) || ok && !cmp.Equal(perm, x.Perm) {
		t.Fatalf("Perm is %v, the matrix is %v, %v", x.Perm, perm, ok)
	}
}

func addFiles(f *testing.F, pattern string) {
	files, err := filepath.Glob(samples + pattern)
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

func FuzzNPY(f *testing.F) {
	addFiles(f, "numpy/*.npy")
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := read(bytes.NewReader(data), int64(len(data)), "x.npy")
		checkRead(t, x, err)
	})
}

func FuzzMTX(f *testing.F) {
	addFiles(f, "scipy/*.mtx")
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := read(bytes.NewReader(data), int64(len(data)), "x.mtx")
		checkRead(t, x, err)
	})
}

// A matrix that was read and is printed is read again as the same.
func FuzzCSV(f *testing.F) {
	addFiles(f, "numpy/savetxt*")
	f.Add([]byte("1/3,2\n\"3\",0x1p-3 # c\n"))
	f.Add([]byte("[1;99999999999999999999\n3;4]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := readText(bufio.NewReader(bytes.NewReader(data)))
		checkRead(t, x, err)
		if err != nil || x.Dim > 30 {
			return
		}
		var b strings.Builder
		for i := range x.Dim {
			for j := range x.Dim {
				b.WriteString(x.Matrix.At(i, j).RatString() + " ")
			}
			b.WriteString("\n")
		}
		if strings.Contains(b.String(), strings.Repeat("0", maxField/2)) {
			return // may be longer than a field
		}
		y, err := parseText(b.String())
		if err != nil || !dense.Equal(x.Matrix, y.Matrix) {
			t.Fatalf("printed as %q, read as %v, %v", b.String(), y, err)
		}
	})
}

func FuzzPermutation(f *testing.F) {
	for _, s := range []string{"2,0,1", "[2 0 1]", "3\n1\n2\n", "0,0", "1e0,0", "", "0,1,5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, _, err := ParsePermutation(s)
		if err != nil {
			checkRead(t, nil, err)
			return
		}
		text := make([]string, len(p))
		seen := make([]bool, len(p))
		for i, v := range p {
			if seen[v] {
				t.Fatalf("%q: %v is no permutation", s, p)
			}
			seen[v] = true
			text[i] = strconv.Itoa(v)
		}
		if q, one, err := ParsePermutation(strings.Join(text, ",")); err != nil || one || !cmp.Equal(p, q) {
			t.Fatalf("%q: %v, then %v, %v", s, p, q, err)
		}
	})
}
