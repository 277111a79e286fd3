package targets

import (
	"bufio"
	"bytes"
	"errors"
	"math"
	"math/big"
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
	f.Add([]byte("[1,99999999999999999999;\n3,4]\n"))
	f.Add([]byte("[[0.8 -0.6]\n [0.6\n 0.8]]\n"))
	f.Add([]byte("[2, 0,\n 1]"))
	f.Add([]byte("1.0D+00;2;\n3;4;\n"))
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

// FuzzNumber: what is accepted is the rational that math/big reads, or for
// decimals the float64 next to it; Fortran's exponents are what 1e5 is.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"1", "-0", "+7/3", "9223372036854775808", "0.1", "1e-320", ".5", "5.", "1.0D+00", "-1.5d2", "1.0+100", "1.0-100", "0x1p-2", "\"3\"", "...", "1_0", "nan", "1e400", "1D", "D5", "1.5-12", "--1", "1/0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, err := parseNumber(s)
		if err != nil {
			if text := err.Error(); len(text) > 250 || strings.ContainsAny(text, "\n\x1b") {
				t.Fatalf("%q", text)
			}
			return
		}
		if _, ok := x.float(); ok && x.kind == isFloat && (math.IsNaN(x.f) || math.IsInf(x.f, 0)) {
			t.Fatalf("%q is %v", s, x.f)
		}
		plain := strings.Trim(s, `"`)
		if len(plain) > 40 || strings.ContainsAny(plain, "xXpPbBoO") {
			return
		}
		if k := strings.IndexAny(plain, "dD"); k >= 0 {
			plain = plain[:k] + "e" + plain[k+1:]
		} else if k := len(plain) - 4; k > 1 && strings.Contains(plain[:k], ".") && strings.ContainsRune("+-", rune(plain[k])) && !strings.ContainsAny(plain, "eE") {
			plain = plain[:k] + "e" + plain[k:]
		}
		if k := strings.IndexAny(plain, "eE"); k >= 0 {
			if e, err := strconv.Atoi(plain[k+1:]); err != nil || e < -2000 || e > 2000 {
				return
			}
		}
		want, ok := new(big.Rat).SetString(plain)
		if !ok {
			t.Fatalf("%q was read as %v, math/big does not read %q", s, x.rat(), plain)
		}
		if x.kind == isFloat {
			w, _ := want.Float64()
			want.SetFloat64(w)
		}
		if x.rat().Cmp(want) != 0 {
			t.Fatalf("%q is %v, want %v", s, x.rat(), want)
		}
	})
}
