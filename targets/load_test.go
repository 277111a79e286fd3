package targets

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/mat"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
	"flowproof/internal/npy"
)

const samples = "../testdata/targets/"

func mustLoad(t testing.TB, path string) *Target {
	t.Helper()
	x, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// parseText reads a table from a string.
func parseText(s string) (*Target, error) {
	return read(strings.NewReader(s), int64(len(s)), "x.txt")
}

// sample is the matrix of testdata/targets/make_samples.py.
func sample(f func(i, j int) float64) exactmath.Matrix {
	data := make([]float64, 25)
	for k := range data {
		data[k] = f(k/5, k%5)
	}
	m, _ := exactmath.FromFloat64(5, 5, data)
	return m
}

func wholeAt(i, j int) float64 {
	v := float64((7*i+3*j)%11 - 5)
	if i == j {
		v += 16
	}
	return v
}

func sampleAt(i, j int) float64 { return wholeAt(i, j) + float64(i-j)/8 }

func TestSamples(t *testing.T) {
	full, whole := sample(sampleAt), sample(wholeAt)
	want := map[string]exactmath.Matrix{
		"numpy/uint8.npy":                     sample(func(i, j int) float64 { return wholeAt(i, j) + 5 }),
		"scipy/array-general.mtx":             full,
		"scipy/coordinate-general.mtx":        full,
		"scipy/array-integer.mtx":             whole,
		"scipy/coordinate-integer.mtx":        whole,
		"scipy/array-symmetric.mtx":           sample(func(i, j int) float64 { return sampleAt(max(i, j), min(i, j)) }),
		"scipy/array-skew-symmetric.mtx":      sample(skewAt),
		"scipy/coordinate-symmetric.mtx":      sample(func(i, j int) float64 { return sampleAt(max(i, j), min(i, j)) }),
		"scipy/coordinate-skew-symmetric.mtx": sample(skewAt),
	}
	for _, n := range []string{"float64", "float64-fortran", "float64-big-endian", "float64-big-endian-fortran", "float32", "float32-fortran",
		"float16", "version-2", "version-3"} {
		want["numpy/"+n+".npy"] = full
	}
	for _, n := range []string{"int8", "int16", "int32", "int64", "big-endian-i4", "big-endian-i8"} {
		want["numpy/"+n+".npy"] = whole
	}
	want["numpy/savetxt.txt"], want["numpy/savetxt.csv"] = full, full
	for name, m := range want {
		x := mustLoad(t, samples+name)
		if !dense.Equal(x.Matrix, m) || x.Dim != 5 || x.Perm != nil || x.Name != samples+name {
			t.Errorf("%s: %d %v %v, want %v", name, x.Dim, x.Name, x.Matrix.Float64s(), m.Float64s())
		}
		if _, ok := x.Matrix.(*exactmath.Floats); !ok {
			t.Errorf("%s: stored as %T", name, x.Matrix)
		}
	}
}

func skewAt(i, j int) float64 {
	switch {
	case i > j:
		return sampleAt(i, j)
	case i < j:
		return -sampleAt(j, i)
	}
	return 0
}

func TestSamplePermutations(t *testing.T) {
	want := make([]int, 7)
	for i := range want {
		want[i] = (3*i + 1) % 7
	}
	files, err := filepath.Glob(samples + "numpy/*permutation*")
	if err != nil || len(files) < 11 {
		t.Fatal(files, err)
	}
	files = append(files, samples+"numpy/bool.npy", samples+"scipy/coordinate-pattern.mtx")
	for _, f := range files {
		x := mustLoad(t, f)
		if diff := cmp.Diff(want, x.Perm); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f, diff)
		}
		if _, ok := x.Matrix.(*sparse.Matrix); !ok {
			t.Errorf("%s: stored as %T", f, x.Matrix)
		}
		if one := strings.Contains(f, "one-based"); x.OneBased != one || one != strings.Contains(x.Note, "1-based") {
			t.Errorf("%s: one-based %v, note %q", f, x.OneBased, x.Note)
		}
	}
}

func TestExactSamples(t *testing.T) {
	x := mustLoad(t, samples+"numpy/int64-huge.npy")
	want := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 60), big.NewInt(1))
	if got := x.Matrix.At(0, 0); !got.IsInt() || got.Num().Cmp(want) != 0 {
		t.Errorf("int64: %v, want %v", got, want)
	}
	x = mustLoad(t, samples+"numpy/uint64-huge.npy")
	if got := x.Matrix.At(1, 1); got.Num().String() != "18446744073709551615" {
		t.Errorf("uint64: %v", got)
	}
	x = mustLoad(t, samples+"numpy/float32-thirds.npy")
	for k := range 9 {
		third := float64(float32(1) / float32(k+3))
		if x.Matrix.At(k/3, k%3).Cmp(new(big.Rat).SetFloat64(third)) != 0 {
			t.Errorf("float32: entry %d is %v, want %v", k, x.Matrix.At(k/3, k%3), third)
		}
	}
}

// Files that others made: the determinants and conditions that NumPy finds.
func TestRealFiles(t *testing.T) {
	for _, c := range []struct {
		name      string
		n         int
		det, cond float64
	}{
		{"gendare-a.npy", 8, 0.39600731429347713, 1.643795606122722},
		{"carex-6-a.npy", 30, 4.2760145150345255e35, 26696629.600363947},
	} {
		x := mustLoad(t, samples+"real/"+c.name)
		d, _ := exactDet(t, x.Matrix).Float64()
		cond := mat.Cond(toMat(x), 2)
		if x.Dim != c.n || d/c.det-1 > 1e-9 || c.det/d-1 > 1e-9 || cond/c.cond-1 > 1e-6 || c.cond/cond-1 > 1e-6 {
			t.Errorf("%s: n = %d, determinant %g, condition %g, want %d, %g, %g", c.name, x.Dim, d, cond, c.n, c.det, c.cond)
		}
	}
}

func TestBadSamples(t *testing.T) {
	want := map[string]string{
		"complex":     "has type <c16 (complex), want floats of 16 to 64 bits, integers or Booleans",
		"object":      "has type |O (object)",
		"string":      "has type <U1 (string)",
		"structured":  "is a structured array",
		"longdouble":  "has type <f16 (long double)",
		"date":        `has type "<M8[s]"`,
		"not-square":  "has shape (3, 5), want (n, n)",
		"three-axes":  "has shape (2, 2, 2), want (n, n)",
		"scalar":      "has shape (), want (n, n)",
		"empty":       "dimension 0, want 2 or more",
		"one":         "dimension 1, want 2 or more",
		"nan":         "entry [2, 3]: is NaN, want a finite number",
		"nan-fortran": "entry [2, 3]: is NaN",
		"inf":         "entry [2, 3]: is -Inf",
		"repeated":    "entry 3 (counted from 0): value 2 is already at entry 1, and 3 is missing; want each of 0..3 once",
		"fractional":  "entry [1]: is not an integer in an array of shape (3,)",
	}
	files, err := filepath.Glob(samples + "numpy/bad-*.npy")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d files for %d cases", len(files), len(want))
	}
	for name, w := range want {
		checkFileError(t, samples+"numpy/bad-"+name+".npy", w)
	}
}

// checkFileError wants a one-line *FileError that begins with the path.
func checkFileError(t *testing.T, path, want string) error {
	t.Helper()
	_, err := Load(path)
	var f *FileError
	if !errors.As(err, &f) || f.Path != path || !strings.HasPrefix(err.Error(), path+": ") ||
		!strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n\r\x00") {
		t.Errorf("%s: %T %q, want %q", path, err, err, want)
	}
	return err
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	checkFileError(t, dir, "is a directory")
	if err := checkFileError(t, filepath.Join(dir, "none.npy"), "cannot be read: no such file or directory"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is no fs.ErrNotExist", err)
	}
	checkFileError(t, os.DevNull, "is not a regular file")
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err == nil {
		checkFileError(t, pipe, "is not a regular file")
	}
	secret := filepath.Join(dir, "secret.csv")
	if err := os.WriteFile(secret, []byte("1 0\n0 1\n"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Open(secret); err != nil { // not for the superuser
		checkFileError(t, secret, "permission denied")
	}
	big := filepath.Join(dir, "big.csv")
	f, err := os.Create(big)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(MaxFile + 1); err != nil {
		t.Fatal(err)
	}
	f.Close()
	checkFileError(t, big, "has 1073741825 bytes, want 1073741824 or less")
}

// npyFile is a header and some zero bytes as a NumPy file.
func npyFile(header string, zeros int) string {
	return npy.Magic + "\x01\x00" + string([]byte{byte(len(header)), byte(len(header) >> 8)}) + header + strings.Repeat("\x00", zeros)
}

// lines is the numbers 0, 1, .., n^2 - 1, n on a line.
func lines(n int) string {
	var b strings.Builder
	for k := range n * n {
		fmt.Fprint(&b, k)
		b.WriteString(map[bool]string{true: "\n", false: " "}[k%n == n-1])
	}
	return b.String()
}

// Contents that are wrong, by file name.
func TestBadFiles(t *testing.T) {
	row := strings.Repeat("1 ", 5000)
	f8 := func(shape string) string {
		return "{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }\n"
	}
	const mm = "%%MatrixMarket matrix "
	for _, c := range []struct{ name, text, want string }{
		{"a.csv", "", "is empty"},
		{"a.csv", "# only a comment\n\n", "is empty"},
		{"a.csv", "1,2\n3,4\n5,6\n", "line 3: has more than 2 rows of 2 entries, want a square matrix"},
		{"a.csv", "1,2,3\n4,5,6\n", "has 2 rows of 3 entries, want a square matrix"},
		{"a.csv", "1,2\n3\n", "line 2: has another number of entries than the first row, which has 2"},
		{"a.csv", "1,2\n3,4,5\n", "line 2: has another number of entries than the first row, which has 2"},
		{"a.csv", "1,2\n3,nan\n", "line 2, entry 2: nan is not allowed, want a finite number"},
		{"a.csv", "1,2\n3,-Infinity\n", "line 2, entry 2: -Infinity is not allowed"},
		{"a.csv", "1,2\n3,1e999\n", `line 2, entry 2: "1e999" is beyond the range of float64`},
		{"a.csv", "x,y\n1,2\n3,4\n", `line 1, entry 1: "x" is not a number (comments begin with #)`},
		{"a.csv", "1,2\n3,1_0\n", `"1_0" is not a number`},
		{"a.csv", "1,2\n3,4/0\n", `"4/0" has denominator 0`},
		{"a.csv", "1,2\n3,4/-5\n", `"4/-5" is not a number`},
		{"a.csv", "1,,2\n", "line 1, entry 2: is empty, want a number"},
		{"a.csv", ",1\n", "line 1, entry 1: is empty"},
		{"a.csv", "1,2,,\n3,4,,\n", "line 1, entry 3: is empty"},
		{"a.csv", "1,2\n,3\n", "line 2, entry 1: is empty"},
		{"a.csv", "0,8;-0,6\n0,6;0,8\n", "line 1, entry 3: has both , and ; between entries"},
		{"a.csv", "1,2\n3;4\n", "line 2, entry 2: has both , and ; between entries"},
		{"a.csv", "1 2 ... 9\n", "line 1, entry 3: ... stands for entries that were left out"},
		{"a.csv", "1 2\n3 1.0D+999", `"1.0D+999" is beyond the range of float64`},
		{"a.csv", "1 2\n3 1.0D+0+1", `"1.0D+0+1" is not a number`},
		{"a.csv", "1 2\n3 1.5+12", `"1.5+12" is not a number`},
		{"a.csv", "\xff\xfe1\x00", "is text in UTF-16, want UTF-8"},
		{"a.csv", "7\n", "dimension 1, want 2 or more"},
		{"a.csv", "0.5\n", "dimension 1, want 2 or more"},
		{"a.csv", "0 1 2.5\n", "entry 2 (counted from 0): is not an integer in one row or column"},
		{"a.csv", "0\n1\n99999999999999999999\n", "entry 2 (counted from 0): is not an integer"},
		{"a.csv", "0\n1\n1\n", "entry 2 (counted from 0): value 1 is already at entry 1, and 2 is missing"},
		{"a.csv", "0 1 3", "value 3 is out of range, want each of 0..2 once"},
		{"a.csv", row + "\n" + row + "\n", "dimension 5000, want 4096 or less"},
		{"a.csv", row + "1.5", "entry 5000 (counted from 0): is not an integer"},
		{"a.csv", strings.Repeat("9", 5000), "has a field of more than 4096 bytes"},
		{"a.csv", "\x00\x01\x02", `"\x00\x01\x02" is not a number`},
		{"a.txt", "[0, 1", "ends without the closing bracket"},
		{"a.txt", "[[[0, 1]]]", "unexpected ["},
		{"a.txt", "[0, [1]]", "unexpected ["},
		{"a.txt", "[[0, 1]", "ends without the closing bracket"},
		{"a.txt", "[[0, 1], 5]", `unexpected "5" between two rows`},
		{"a.txt", "[, [0, 1]]", "is empty, want a number"},
		{"a.txt", "[[0, 1],, [1, 0]]", "is empty, want a number"},
		{"a.txt", "[[0, 1], [, 0]]", "is empty, want a number"},
		{"a.txt", "[[0; 1], [1, 0]]", "unexpected ; in a row in brackets"},
		{"a.txt", "[[0 1]\n [1]]", "line 2: has another number of entries than the first row, which has 2"},
		{"a.txt", "[1 2; 3]", "line 1: has another number of entries"},
		{"a.txt", "[1 2\n 3; 4 5]", "line 2: has another number of entries"},
		{"a.txt", "[1 2\n 3\n;]", "line 3: has another number of entries"},
		{"a.txt", "[1 2\n 3\n 4 5]", "line 3: has another number of entries"},
		{"a.txt", "[1 2 3\n4 5 7]", "has 2 rows of 3 entries"},
		{"a.txt", "[" + lines(8) + "]", "has 8 lines of 8 integers, which are a matrix, or a permutation of 64 points"},
		{"a.txt", "0, 1]", "unexpected ], want a number"},
		{"a.txt", "[0, 1] 2", `unexpected "2" after the closing bracket`},
		{"a.txt", "PK\x03\x04....", "is a zip archive"},
		{"a.txt", "\x1f\x8b\x08", "is compressed"},

		{"a.npy", "no magic here", `is not a NumPy file: its first bytes are "no mag"`},
		{"a.npy", npy.Magic, "is truncated: ends inside the NumPy header"},
		{"a.npy", npy.Magic + "\x01\x00\x10", "is truncated: ends inside"},
		{"a.npy", npy.Magic + "\x01\x00\x10\x00{", "is truncated: ends inside"},
		{"a.npy", npy.Magic + "\x09\x00\x10\x00{", "format version 9.0"},
		{"a.npy", npy.Magic + "\x02\x00\xff\xff\xff\xff{", "header of 4294967295 bytes"},
		{"a.npy", npyFile("{}", 0), "no descr, fortran_order and shape"},
		{"a.npy", npyFile(f8("(2, 2)"), 31), "is truncated: 31 bytes of array, want 32 for shape (2, 2) of <f8"},
		{"a.npy", npyFile(f8("(2, 2)"), 33), "has 1 bytes after the array"},
		{"a.npy", npyFile(f8("(1000000000, 1000000000)"), 8), "dimension 1000000000, want 4096 or less"},
		{"a.npy", npyFile(f8("(1000000000,)"), 8), "dimension 1000000000, want 10000000 or less"},
		{"a.npy", npyFile(f8("(-3, -3)"), 8), `has "-3, -3), }\n" in its NumPy header, want a shape such as (3, 3)`},
		{"a.npy", npyFile(f8("(99999999999999999999, 2)"), 8), "has a length of 99999999999999999999 in its shape"},
		{"a.npy", npyFile(f8("(1, 2, 2, 1)"), 32), "has shape (1, 2, 2, 1), want (n, n)"},
		{"a.npy", npyFile("{'descr': '<f99', 'fortran_order': False, 'shape': (2, 2), }\n", 8), "has type <f99"},
		{"a.npy", npyFile("{'descr': '<q8', 'fortran_order': False, 'shape': (2, 2), }\n", 8), `has type "<q8"`},

		{"a.mtx", "1 2\n3 4\n", "line 1: is not a Matrix Market file"},
		{"a.mtx", mm + "array real\n", "line 1: is \"%%MatrixMarket matrix array real\", want"},
		{"a.mtx", mm + "array complex general\n2 2\n", `line 1: has "complex", want real or double or integer or unsigned-integer or pattern`},
		{"a.mtx", mm + "array real hermitian\n2 2\n", `has "hermitian", want general`},
		{"a.mtx", "%%MatrixMarket vector array real general\n2 2\n", `has "vector", want matrix`},
		{"a.mtx", mm + "list real general\n2 2\n", `has "list", want array or coordinate`},
		{"a.mtx", mm + "array pattern general\n2 2\n", "a pattern has the format coordinate"},
		{"a.mtx", mm + strings.Repeat("x", 1<<17), "line 1: is too long"},
		{"a.mtx", mm + "array real general\n% c\n2 3\n1 2 3 4 5 6", "line 3: declares 2 rows and 3 columns"},
		{"a.mtx", mm + "array real general\n2 x\n", `line 2: "x" is not an integer, want a size`},
		{"a.mtx", mm + "array real general\n2", "is truncated: ends in line 2 where a size should follow"},
		{"a.mtx", mm + "array real general\n1 1\n5", "dimension 1, want 2"},
		{"a.mtx", mm + "array real general\n-3 -3\n5", "dimension -3, want 2"},
		{"a.mtx", mm + "array real general\n1000000000 1000000000\n5", "dimension 1000000000"},
		{"a.mtx", mm + "array real general\n4000 4000\n5", "declares 16000000 entries in a file of"},
		{"a.mtx", mm + "array real general\n2 2\n1\n2\n3\n", "is truncated: ends in line 6 where an entry should follow"},
		{"a.mtx", mm + "array real general\n2 2\n1 2 3 4 5\n", `line 3: has "5" after the last of the 4 entries`},
		{"a.mtx", mm + "array real general\n2 2\n1 2 nan 4\n", "line 3: nan is not allowed"},
		{"a.mtx", mm + "array integer general\n2 2\n1 2 0.5 4\n", `line 3: "0.5" is not an integer, as the first line promises`},
		{"a.mtx", mm + "array real general\n2 2\n1,2,3,4\n", `line 3: has ",", want numbers separated by blanks`},
		{"a.mtx", mm + "coordinate real general\n2 2 2\n1 1 5\n3 1 5\n", "line 4: row index 3 is out of range, want 1 to 2"},
		{"a.mtx", mm + "coordinate real general\n2 2 2\n1 1 5\n1 0 5\n", "line 4: column index 0 is out of range"},
		{"a.mtx", mm + "coordinate real general\n2 2 3\n1 1 1\n2 2 5\n1 1 1e-17\n", "entry (1, 1): is given more than once, and the sum is no float64"},
		{"a.mtx", mm + "coordinate real general\n2 2 3\n1 1 1e308\n2 2 5\n1 1 1e308\n", "entry (1, 1): is given more than once, and the sum is no float64"},
		{"a.mtx", mm + "coordinate pattern general\n2 2 3\n1 1\n2 2\n1 1\n", "line 5: gives entry (1, 1) twice: a pattern has no numbers to add"},
		{"a.mtx", mm + "coordinate real symmetric\n2 2 2\n2 1 5\n1 2 5\n", "line 4: gives entry (1, 2), the mirror image of one given"},
		{"a.mtx", mm + "coordinate real skew-symmetric\n2 2 2\n2 1 5\n1 1 5\n", "line 4: gives entry (1, 1) = 5 of a skew-symmetric matrix, want 0"},
		{"a.mtx", mm + "array real skew-symmetric\n2 2\n0\n5\n1\n", "gives entry (2, 2) = 1 of a skew-symmetric matrix, want 0"},
		{"a.mtx", mm + "array real skew-symmetric\n2 2\n0\n5\n", "ends after more than 1 entries and fewer than 3"},
		{"a.mtx", mm + "array real skew-symmetric\n2 2\n0\n5\n0\n7\n", `line 6: has "7" after the last of the 3 entries`},
		{"a.mtx", mm + "array unsigned-integer general\n2 2\n1 2 -3 4\n", `line 3: "-3" is negative, but the first line says unsigned-integer`},
		{"a.mtx", mm + "coordinate real general\n2 2 999999\n1 1 5\n", "declares 999999 entries in a file of"},
		{"a.mtx", mm + "coordinate real general\n2 2 -1\n", "declares -1 entries"},
		{"a.mtx", mm + "coordinate real general\n2 2 3\n1 1 5\n2 2 5\n", "is truncated: ends in line 5"},
		{"a.mtx", mm + "coordinate real general\n5000 5000 5001\n" + strings.Repeat("1 1 5\n", 5001), "dimension 5000, want 4096 or less"},
		{"a.mtx", mm + "coordinate real general\n4096 4096 2\n1 1 5\n2 2 5\n", "line 2: declares 2 entries in dimension 4096, so a row is all zeros"},
		{"a.mtx", mm + "coordinate real symmetric\n4 4 1\n1 1 5\n", "declares 1 entries in dimension 4"},
		{"a.mtx", mm + "coordinate real general\n5000 5000 5000\n" + strings.Repeat("1 1 5\n", 5000), "gives an entry twice"},
		{"a.mtx", mm + "coordinate real general\n5000 5000 5000\n" + strings.Repeat("1 1 1/3\n", 5000), "dimension 5000, want 4096 or less"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		checkFileError(t, path, c.want)
	}
}

func TestFileErrorsHaveTypes(t *testing.T) {
	var d *DimensionError
	if err := checkFileError(t, samples+"numpy/bad-one.npy", "dimension 1"); !errors.As(err, &d) || d.Dim != 1 || d.Target != samples+"numpy/bad-one.npy" {
		t.Errorf("%v holds no DimensionError", err)
	}
	var p *PermutationError
	if err := checkFileError(t, samples+"numpy/bad-repeated.npy", "entry 3"); !errors.As(err, &p) || p.Entry != 3 {
		t.Errorf("%v holds no PermutationError", err)
	}
}

// The content decides, not the name of the file.
func TestContentDecides(t *testing.T) {
	for from, to := range map[string]string{"numpy/float64.npy": "x.csv", "scipy/array-general.mtx": "x.txt", "numpy/savetxt.csv": "x"} {
		data, err := os.ReadFile(samples + from)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), to)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if !dense.Equal(mustLoad(t, path).Matrix, sample(sampleAt)) {
			t.Errorf("%s as %s differs", from, to)
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // entries as rationals, row by row
	}{
		{"1 2\n3 4", "1 2 3 4"},
		{"1,2\r\n3,4\r\n", "1 2 3 4"},
		{"\xef\xbb\xbf1;2\n3;4\n", "1 2 3 4"},
		{" 1 ,\t2 # first\n\n# rest\n 3, 4\n", "1 2 3 4"},
		{"\"1\",\"2\"\n\"3\",\"4\"\n", "1 2 3 4"},
		{"[1 2\n3 4]\n", "1 2 3 4"},
		{"0.1 1e3\n-0 0x1p-2", "3602879701896397/36028797018963968 1000 0 1/4"},
		{"1/10 -6/4\n2 +3", "1/10 -3/2 2 3"},
		{"9223372036854775808 1\n-9223372036854775808 0.5", "9223372036854775808 1 -9223372036854775808 1/2"},
		{"9007199254740993 0.5\n1 2", "9007199254740993 1/2 1 2"},
		{"1,2,\n3,4,\n", "1 2 3 4"},
		{"1;2;\n3;4\n", "1 2 3 4"},
		{"[1, 2;\n 3, 4]", "1 2 3 4"},
		{"[1 2; 3 4];\n", "1 2 3 4"},
		{"[1, 2,\n 3, 4,]", "1 2 3 4"},
		{"[[1 2]\n [3 4]]\n", "1 2 3 4"},
		{"[[1, 2], [3, 4]]", "1 2 3 4"},
		{"[[1, 2,],\n [3, 4,],\n]", "1 2 3 4"},
		{"[[1.\n  2.]\n [3.\n  4.]] # wrapped", "1 2 3 4"},
		{"[[1 2]; [3 4]]", "1 2 3 4"},
		{"[1/3 2\n 3 4]", "1/3 2 3 4"},
		{"1.0D+00 -25.0d-01\n0.5-001 .5+001", "1 -5/2 3602879701896397/72057594037927936 5"},
	} {
		x, err := parseText(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got := ratStrings(x); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
}

func TestParsePermutation(t *testing.T) {
	for _, s := range []string{"2,0,1", "2 0 1", "[2, 0, 1]", "2\n0\n1\n", "3,1,2", "2.0 0.0 1.0", " 2;0;1 # e_0 -> e_2",
		"2,0,1,", "2,\n0,\n1,\n", "[2;0;1]", "[2, 0, 1,]", "[2, 0,\n 1]", "[[2 0 1]]", "[[2], [0], [1]]"} {
		p, one, err := ParsePermutation(s)
		if diff := cmp.Diff([]int{2, 0, 1}, p); err != nil || diff != "" || one != (s == "3,1,2") {
			t.Errorf("%q: %v %v", s, p, err)
		}
	}
	for _, s := range []string{"", "0", "0,0", "1,2;0,3\n1 2", "1 2\n3 4", "a,b"} {
		if p, _, err := ParsePermutation(s); err == nil {
			t.Errorf("%q: %v, no error", s, p)
		}
	}
}

// TestWrappedList reads lists as NumPy prints them, 75 characters a line: the last
// line shorter than the others, and not; and the one length at which the lines
// could be a matrix too.
func TestWrappedList(t *testing.T) {
	for _, n := range []int{49, 50, 51, 100, 324, 999} {
		perm := mustMake(t, "permutation", n, 1, Options{}).Perm
		width := len(itoa(n-1)) + 1
		var b strings.Builder
		b.WriteString("[")
		for k, v := range perm {
			if k > 0 && k%(75/width) == 0 {
				b.WriteString("\n ")
			} else if k > 0 {
				b.WriteString(" ")
			}
			fmt.Fprintf(&b, "%*d", width-1, v)
		}
		b.WriteString("]\n")
		x, err := parseText(b.String())
		switch {
		case n == 324:
			if err == nil || !strings.Contains(err.Error(), "has 18 lines of 18 integers, which are a matrix, or a permutation of 324 points") {
				t.Errorf("n = %d: %v", n, err)
			}
		case err != nil || !cmp.Equal(perm, x.Perm):
			t.Errorf("n = %d: %v", n, err)
		}
	}
}

// Entries that float64 does not hold are read exactly, whatever the format.
func TestBeyondFloat64(t *testing.T) {
	header := func(descr string) string {
		return npyFile("{'descr': '"+descr+"', 'fortran_order': False, 'shape': (2, 2), }\n", 0)
	}
	le := func(values ...uint64) string {
		var b []byte
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, v)
		}
		return string(b)
	}
	const odd = 1<<53 + 1
	for name, c := range map[string]struct{ text, want string }{
		"i8":            {header("<i8") + le(odd, 1, 0, 1<<64-odd), "9007199254740993 1 0 -9007199254740993"},
		"u8":            {header("<u8") + le(odd, 1, 0, 1<<64-1), "9007199254740993 1 0 18446744073709551615"},
		"i8, the least": {header("<i8") + le(1<<63, 1, 0, odd), "-9223372036854775808 1 0 9007199254740993"},
		"mtx":           {"%%MatrixMarket matrix array integer general\n2 2\n9007199254740993 1 0 18446744073709551617\n", "9007199254740993 0 1 18446744073709551617"},
		"mtx, sum":      {"%%MatrixMarket matrix coordinate integer general\n2 2 3\n1 1 9007199254740992\n2 2 1\n1 1 1\n", "9007199254740993 0 0 1"},
	} {
		x, err := read(strings.NewReader(c.text), int64(len(c.text)), "x")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := ratStrings(x); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if _, ok := x.Matrix.(*exactmath.Floats); ok {
			t.Errorf("%s: stored as float64", name)
		}
	}
	// 2^60 is a float64, as 2^53 + 2 is.
	text := header("<i8") + le(1<<60, 1, 0, 1<<53+2)
	x, err := read(strings.NewReader(text), int64(len(text)), "x")
	if err != nil || ratStrings(x) != "1152921504606846976 1 0 9007199254740994" {
		t.Fatal(err)
	}
	if _, ok := x.Matrix.(*exactmath.Floats); !ok {
		t.Errorf("2^60: stored as %T", x.Matrix)
	}
	// Too large for rationals: the entry is named, and not rounded.
	e := &entries{}
	for k := range (MaxExact + 1) * (MaxExact + 1) {
		if err := e.add(intNumber(int64(k%2) * odd)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.matrix(MaxExact+1, nil); err == nil || !strings.HasPrefix(err.Error(), "entry 1 (counted from 0): is 9007199254740993, which is no float64") {
		t.Error(err)
	}
}

// ratStrings lists the entries of a 2 x 2 matrix.
func ratStrings(x *Target) string {
	var got []string
	for k := range 4 {
		got = append(got, x.Matrix.At(k/2, k%2).RatString())
	}
	return strings.Join(got, " ")
}

// Matrix Market as SciPy and older programs write it, and entries given twice.
func TestMTX(t *testing.T) {
	const mm = "%%MatrixMarket matrix "
	for _, c := range []struct{ text, want string }{
		{"\xef\xbb\xbf" + mm + "array real general\n2 2\n1 2 3 4\n", "1 3 2 4"},
		{mm + "coordinate unsigned-integer general\n2 2 2\n1 1 1\n2 2 3\n", "1 0 0 3"},
		{mm + "array integer skew-symmetric\n2 2\n-1\n", "0 1 -1 0"},
		{mm + "array integer skew-symmetric\n2 2\n0\n-1\n0\n", "0 1 -1 0"},
		{mm + "array integer skew-symmetric\n2 2\n0\n-1 % c\n% c\n\n0\n% end\n", "0 1 -1 0"},
		{mm + "coordinate integer skew-symmetric\n2 2 3\n1 1 0\n2 1 -1\n2 2 0\n", "0 1 -1 0"},
		{mm + "coordinate real general\n2 2 4\n1 1 0.5\n2 2 5\n1 1 0.25\n1 1 -4\n", "-13/4 0 0 5"},
		{mm + "coordinate real symmetric\n2 2 4\n2 1 0.5\n2 1 0.25\n1 1 1\n2 2 2\n", "1 3/4 3/4 2"},
		{mm + "coordinate real skew-symmetric\n2 2 2\n2 1 0.5\n2 1 0.25\n", "0 -3/4 3/4 0"},
	} {
		x, err := read(strings.NewReader(c.text), int64(len(c.text)), "x.mtx")
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
		} else if got := ratStrings(x); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
}

// A permutation of 100,000 points in every format that has one.
func TestLargeFiles(t *testing.T) {
	const n = 100_000
	perm := mustMake(t, "permutation", n, 1, Options{}).Perm
	var list, floats, coordinates, array bytes.Buffer
	coordinates.WriteString("%%MatrixMarket matrix coordinate pattern general\n100000 100000 100000\n")
	array.WriteString(npyFile("{'descr': '<i4', 'fortran_order': False, 'shape': (100000,), }\n", 0))
	for j, i := range perm {
		put := func(b *bytes.Buffer, parts ...string) { b.WriteString(strings.Join(parts, " ") + "\n") }
		put(&list, itoa(i))
		put(&floats, itoa(i)+".0")
		put(&coordinates, itoa(i+1), itoa(j+1))
		array.Write([]byte{byte(i), byte(i >> 8), byte(i >> 16), 0})
	}
	row := strings.ReplaceAll(list.String(), "\n", ",")
	for name, data := range map[string][]byte{"list.txt": list.Bytes(), "floats.txt": floats.Bytes(), "c.mtx": coordinates.Bytes(),
		"a.npy": array.Bytes(), "row.csv": []byte(row[:len(row)-1])} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if x := mustLoad(t, path); !cmp.Equal(x.Perm, perm) {
			t.Errorf("%s: another permutation", name)
		}
	}
}

func itoa(i int) string { return big.NewInt(int64(i)).String() }

// Exact entries take more room, so there may be fewer of them.
func TestTooManyExactEntries(t *testing.T) {
	var b strings.Builder
	for i := range MaxExact + 1 {
		for j := range MaxExact + 1 {
			if i == MaxExact && j == MaxExact {
				b.WriteString("1/3 ")
			} else {
				b.WriteString("1 ")
			}
		}
		b.WriteString("\n")
	}
	_, err := parseText(b.String())
	if err == nil || !strings.Contains(err.Error(), "want dimension 1024 or less, or entries of float64") {
		t.Errorf("%v", err)
	}
}

func TestHalfFloat(t *testing.T) {
	for b, want := range map[uint16]float64{0: 0, 1: 0x1p-24, 0x03ff: 1023 * 0x1p-24, 0x0400: 0x1p-14, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x3555: 0.333251953125} {
		if got := halfFloat(b); got != want {
			t.Errorf("halfFloat(%#04x) = %v, want %v", b, got, want)
		}
	}
	if v := halfFloat(0x7c00); v <= 65504 {
		t.Error(v)
	}
	if v := halfFloat(0x7e00); v == v {
		t.Error(v)
	}
}

// TestOddFiles reads files as other programs write them, and refuses what could be
// read as two matrices.
func TestOddFiles(t *testing.T) {
	turn := "4/5 -3/5 3/5 4/5"
	float := func(s string) string { // the decimals are rounded to float64
		var out []string
		for _, f := range strings.Fields(s) {
			r, _ := new(big.Rat).SetString(f)
			v, _ := r.Float64()
			out = append(out, new(big.Rat).SetFloat64(v).RatString())
		}
		return strings.Join(out, " ")
	}
	for name, want := range map[string]string{
		"trailing.csv": float(turn), "nprint.txt": float(turn), "fortran.txt": float(turn), "unsigned-integer.mtx": "1 0 0 3", "skew-7836.mtx": "0 1 -1 0",
	} {
		if got := ratStrings(mustLoad(t, samples+"odd/"+name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	camera, _ := exactmath.FromFloat64(3, 3, []float64{1745.2, 0, 608.7, 0, 1745.1, 378.7, 0, 0, 1})
	if x := mustLoad(t, samples+"odd/opencv.txt"); !dense.Equal(x.Matrix, camera) {
		t.Errorf("opencv.txt: %v", x.Matrix.Float64s())
	}
	if x := mustLoad(t, samples+"odd/perm-matrix.npy"); x.Perm == nil {
		t.Errorf("perm-matrix.npy: %v is no permutation", x.Matrix.Float64s())
	}
	checkFileError(t, samples+"odd/npy-dup-descr.npy", "has the key descr twice in its NumPy header, so that two arrays could be meant")
}
