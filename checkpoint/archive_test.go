package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/internal/npy"
	"flowproof/targets"
)

// part is a member of an archive.
type part struct{ name, content string }

// zipped is an archive of these members, compressed by that method.
func zipped(method uint16, parts ...part) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	var last, packed string
	for _, p := range parts {
		raw := p.content
		if method == zip.Deflate {
			if p.content != last {
				last, packed = p.content, deflated(p.content)
			}
			raw = packed
		}
		// Sizes and checksum stand before the data, as NumPy writes them.
		w := must(z.CreateRaw(&zip.FileHeader{Name: p.name, Method: method, CRC32: crc32.ChecksumIEEE([]byte(p.content)),
			UncompressedSize64: uint64(len(p.content)), CompressedSize64: uint64(len(raw))}))
		must(io.WriteString(w, raw))
	}
	z.Close()
	return b.Bytes()
}

func deflated(s string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w := must(z.Create("x"))
	must(io.WriteString(w, s))
	z.Close()
	r := must(zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len())))
	return string(must(io.ReadAll(must(r.File[0].OpenRaw()))))
}

// npyOf is an array of that type and shape.
func npyOf(descr, shape, data string) string {
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n", descr, shape)
	return npy.Magic + "\x01\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(head)))) + head + data
}

// words are numbers of 8 bytes.
func words(v ...uint64) string {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, x)
	}
	return string(b)
}

func floats(v ...float64) string {
	var b strings.Builder
	for _, x := range v {
		b.WriteString(words(math.Float64bits(x)))
	}
	return b.String()
}

// tensorFile is a file of safetensors with this header.
func tensorFile(header, data string) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

// openIn opens a checkpoint with these bytes.
func openIn(t *testing.T, b []byte) (*File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err == nil {
		t.Cleanup(func() { f.Close() })
	}
	return f, err
}

// torchFile is an archive of PyTorch with one storage of doubles "0" of four
// numbers, and what else is given.
func torchFile(method uint16, pickle, data string, more ...part) []byte {
	return zipped(method, append([]part{{"m/data.pkl", pickle}, {"m/data/0", data}}, more...)...)
}

// stored is the persistent identity of the storage that torchFile has.
func storedAs(class, size string) string {
	return "(U\x07storagectorch\n" + class + "\nU\x010U\x03cpu" + size + "tQ"
}

// squareOf is a pickle of a dictionary with the 2 x 2 tensor w of that storage.
func squareOf(class string) string {
	return "\x80\x02}U\x01w" + rebuild + "(" + storedAs(class, "K\x04") + "K\x00K\x02K\x02\x86K\x02K\x01\x86tRs."
}

// TestIntegersAreExact: 2^53 + 1 is no float64, and stays what it is in every
// format; 2^64 - 1 too.
func TestIntegersAreExact(t *testing.T) {
	const odd = 1<<53 + 1
	signed, unsigned := words(odd, 1, 0, 1<<64-odd), words(odd, 1, 0, 1<<64-1)
	st := func(dtype, data string) []byte {
		return tensorFile(`{"w":{"dtype":"`+dtype+`","shape":[2,2],"data_offsets":[0,32]}}`, data)
	}
	for name, c := range map[string]struct {
		file []byte
		last string
	}{
		"npz, i8":              {zipped(zip.Store, part{"w.npy", npyOf("<i8", "2, 2", signed)}), "-9007199254740993"},
		"npz, u8, compressed":  {zipped(zip.Deflate, part{"w.npy", npyOf("<u8", "2, 2", unsigned)}), "18446744073709551615"},
		"safetensors, I64":     {st("I64", signed), "-9007199254740993"},
		"safetensors, U64":     {st("U64", unsigned), "18446744073709551615"},
		"torch, LongStorage":   {torchFile(zip.Store, squareOf("LongStorage"), signed), "-9007199254740993"},
		"torch of before 1.6":  {[]byte(strings.ReplaceAll(head+object, "DoubleStorage", "LongStorage") + keys + words(4) + signed), "-9007199254740993"},
		"torch, big-endian":    {torchFile(zip.Store, squareOf("LongStorage"), reversed(signed), part{"m/byteorder", "big"}), "-9007199254740993"},
		"torch, little-endian": {torchFile(zip.Deflate, squareOf("LongStorage"), signed, part{"m/byteorder", "little"}), "-9007199254740993"},
	} {
		f, err := openIn(t, c.file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		x, err := f.Target("w")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a, b := x.Matrix.At(0, 0).RatString(), x.Matrix.At(1, 1).RatString(); a != "9007199254740993" || b != c.last {
			t.Errorf("%s: %s, %s, want 9007199254740993, %s", name, a, b, c.last)
		}
		if _, ok := x.Matrix.(*exactmath.Floats); ok {
			t.Errorf("%s: stored as float64", name)
		}
	}
}

// reversed turns the bytes of each number of 8.
func reversed(s string) string {
	b := []byte(s)
	for k := 0; k < len(b); k += 8 {
		binary.BigEndian.PutUint64(b[k:], binary.LittleEndian.Uint64([]byte(s)[k:]))
	}
	return string(b)
}

// TestKernels: a kernel with the outputs first is the matrix, one with the inputs
// first its transpose, in every format.
func TestKernels(t *testing.T) {
	data := floats(1, 2, 3, 4)
	matrix, transpose := []float64{1, 2, 3, 4}, []float64{1, 3, 2, 4}
	for shape, want := range map[string][]float64{
		"2, 2": matrix, "2, 2, 1": matrix, "2, 2, 1, 1": matrix, "2, 2, 1, 1, 1": matrix, "1, 2, 2": transpose, "1, 1, 2, 2": transpose, "1, 1, 1, 2, 2": transpose,
	} {
		for format, b := range map[string][]byte{
			"npz":         zipped(zip.Store, part{"w.npy", npyOf("<f8", shape, data)}),
			"safetensors": tensorFile(`{"w":{"dtype":"F64","shape":[`+shape+`],"data_offsets":[0,32]}}`, data),
		} {
			f := must(openIn(t, b))
			if n := len(f.Candidates()); n != 1 {
				t.Errorf("%s, [%s]: %d candidates", format, shape, n)
			}
			x, err := f.Target("w")
			if err != nil || !dense.Equal(x.Matrix, must(exactmath.FromFloat64(2, 2, want))) {
				t.Errorf("%s, [%s]: %v, %v", format, shape, x, err)
			} else if flipped := strings.Contains(x.Note, "with the inputs first"); flipped != cmp.Equal(want, transpose) {
				t.Errorf("%s, [%s]: %s", format, shape, x.Note)
			}
		}
	}
	for _, shape := range []string{"1, 2, 2, 1", "2, 1, 2", "2, 1, 1, 2", "4, 1, 1", "1, 1, 1, 4"} {
		f := must(openIn(t, zipped(zip.Store, part{"w.npy", npyOf("<f8", shape, data)})))
		if _, err := f.Target("w"); err == nil || len(f.Candidates()) != 0 {
			t.Errorf("[%s]: read", shape)
		}
	}
}

// TestIntegerTypes: lists of all integer types are permutations, and of no other.
func TestIntegerTypes(t *testing.T) {
	for dtype, width := range map[string]int{"I8": 1, "U8": 1, "I16": 2, "U16": 2, "I32": 4, "U32": 4, "I64": 8, "U64": 8, "F32": 4, "BOOL": 1} {
		data := make([]byte, 3*width)
		data[0], data[2*width] = 2, 1
		f := must(openIn(t, tensorFile(fmt.Sprintf(`{"p":{"dtype":"%s","shape":[3],"data_offsets":[0,%d]}}`, dtype, 3*width), string(data))))
		c := f.Candidates()
		if integer := dtype != "F32" && dtype != "BOOL"; (len(c) == 1) != integer {
			t.Errorf("%s: %d candidates", dtype, len(c))
		} else if integer {
			if d := cmp.Diff([]int{2, 0, 1}, must(f.Target("p")).Perm); d != "" {
				t.Errorf("%s: %s", dtype, d)
			}
		}
	}
}

// TestLists: which lists of three integers are candidates.
func TestLists(t *testing.T) {
	for list, want := range map[[3]byte]bool{{0, 1, 2}: true, {2, 0, 1}: true, {1, 3, 2}: true, {0, 1, 3}: false, {3, 2, 0}: false, {1, 1, 2}: false, {0, 1, 4}: false, {0, 255, 1}: false} {
		f := must(openIn(t, zipped(zip.Store, part{"p.npy", npyOf("|i1", "3,", string(list[:]))})))
		_, err := f.Target("p")
		if got := len(f.Candidates()) == 1; got != want || (err == nil) != want {
			t.Errorf("%v: candidate %v, %v", list, got, err)
		}
	}
}

// TestPermutationMatrix: a square array of zeros and ones is a permutation, as it
// is from a .npy file.
func TestPermutationMatrix(t *testing.T) {
	a := must(targets.Load("../testdata/targets/odd/perm-matrix.npy"))
	f := must(Open(samples + "odd/perm-matrix.npz"))
	defer f.Close()
	b := must(f.Target(f.Candidates()[0].Key))
	if d := cmp.Diff(a.Perm, b.Perm); d != "" || a.Perm == nil || !dense.Equal(a.Matrix, b.Matrix) {
		t.Errorf("%v, %v", a.Perm, b.Perm)
	}
}

// TestSafeTensorsRefused: what the format forbids, or could be read in two ways.
func TestSafeTensorsRefused(t *testing.T) {
	w := `"w":{"dtype":"F64","shape":[2,2],"data_offsets":[0,32]}`
	at := func(name string, from, to int) string {
		return fmt.Sprintf(`"%s":{"dtype":"U8","shape":[%d],"data_offsets":[%d,%d]}`, name, to-from, from, to)
	}
	for _, c := range []struct {
		header string
		data   int
		want   string
	}{
		{"{" + w + "," + w + "}", 32, `it has the key "w" twice`},
		{`{"__metadata__":{"a":"1","a":"2"},` + w + "}", 32, `it has the key "a" twice`},
		{`{"__metadata__":{"a":1},` + w + "}", 32, "is no string"},
		{`{"w":{"dtype":"F64","shape":[2,2],"shape":[4],"data_offsets":[0,32]}}`, 32, `w: it has the key "shape" twice`},
		{`{"w":{"DType":"F64","shape":[2,2],"data_offsets":[0,32]}}`, 32, `w: has the field "DType"`},
		{`{"w":{"dtype":"F64","shape":[2,2]}}`, 32, "w: lacks one of"},
		{`{"w":{"dtype":"F64","shape":[2,2],"data_offsets":[0]}}`, 32, "w: lacks one of"},
		{`{"w":{"dtype":"F64","shape":[2,2],"data_offsets":[32,0]}}`, 32, "w: lacks one of"},
		{`{"w":{"dtype":"F64","shape":[2,-2],"data_offsets":[0,32]}}`, 32, "w: shape has an entry that is no natural number"},
		{`{"w":{"dtype":"F64","shape":[2,2.0],"data_offsets":[0,32]}}`, 32, "w: shape has an entry"},
		{`{"w":{"dtype":"F64","shape":[2,99999999999999999999],"data_offsets":[0,32]}}`, 32, "w: shape has an entry"},
		{`{"w":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0, "w: has 0 bytes for shape"},
		{`{"w":{"dtype":"F64","shape":[` + strings.Repeat("1,", 16) + `1],"data_offsets":[0,8]}}`, 8, "w: shape has more than 16 entries"},
		{`{"w":{"dtype":"F64","shape":[3,2],"data_offsets":[0,32]}}`, 32, "w: has 32 bytes for shape [3 2] of F64, want 48"},
		{`{"w":{"dtype":7,"shape":[3,2],"data_offsets":[0,32]}}`, 32, "w: dtype is no string"},
		{`{"w":[]}`, 32, "want {"},
		{"{" + w + "} x", 32, "something follows"},
		{"{" + w, 32, "ends too early"},
		{"{" + w + "}\xff", 32, "not UTF-8"},
		{"{" + w + "}", 31, "w: ends at byte 32 of 31"},
		{"{" + w + "}" + strings.Repeat(" ", maxHeader), 32, "has a safetensors header of 16777"},
		{"{" + w + "}", 33, "has 1 bytes after the last tensor"},
		{"{" + at("a", 0, 4) + "," + at("b", 5, 8) + "}", 8, "b: begins at byte 5, after 1 bytes that no tensor has"},
		{"{" + at("a", 0, 4) + "," + at("b", 3, 8) + "}", 8, `b: overlaps "a"`},
		{"{" + at("a", 0, 4) + "," + at("b", 0, 4) + "}", 4, `b: overlaps "a"`},
		{"{" + at("a", 1, 4) + "}", 4, "a: begins at byte 1"},
	} {
		_, err := openIn(t, tensorFile(c.header, string(make([]byte, c.data))))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.header, err, c.want)
		}
	}
	// Empty tensors may lie anywhere, and metadata hold anything.
	for _, header := range []string{
		"{" + at("b", 4, 4) + "," + at("a", 0, 4) + "," + at("c", 0, 0) + "}   ",
		`{"__metadata__":{"a":"1"},` + at("a", 0, 4) + `}`,
		fmt.Sprintf("%-19280s", "{"+at("a", 0, 4)+"}"), // a length whose bytes are PK
		`{}`,
	} {
		size := 4
		if header == "{}" {
			size = 0
		}
		if _, err := openIn(t, append(tensorFile(header, string(make([]byte, size))), make([]byte, 0)...)); err != nil {
			t.Errorf("%s: %v", header, err)
		}
	}
}

// TestUnknownType: a type that is not read makes no other tensor unreadable.
func TestUnknownType(t *testing.T) {
	f := must(Open(samples + "odd/fp8-beside.safetensors"))
	defer f.Close()
	if d := cmp.Diff([]string{"w [2 2]"}, summary(f.Candidates())); d != "" {
		t.Error(d)
	}
	must(f.Target("w"))
	if _, err := f.Target("q"); err == nil || !strings.Contains(err.Error(), `q: has type "F8_E4M3", want floats of 16 to 64 bits`) {
		t.Error(err)
	}
	b := zipped(zip.Store, part{"o.npy", npyOf("|O", "2, 2", "")}, part{"w.npy", npyOf("<f8", "2, 2", floats(1, 2, 3, 4))}, part{"junk.npy", "junk"})
	f = must(openIn(t, b))
	must(f.Target("w"))
	for key, want := range map[string]string{"o": "has type |O (object)", "junk": "is truncated"} {
		if _, err := f.Target(key); err == nil || !strings.Contains(err.Error(), key+": "+want) {
			t.Errorf("%s: %v, want %q", key, err, want)
		}
	}
}

// patched replaces bytes, which must be there.
func patched(t *testing.T, b []byte, old, new string, times int) []byte {
	t.Helper()
	if n := bytes.Count(b, []byte(old)); n < times {
		t.Fatalf("%q is there %d times, want %d", old, n, times)
	}
	return bytes.ReplaceAll(b, []byte(old), []byte(new))
}

// TestZipRefused: archives that two readers could take for two, and damaged ones.
func TestZipRefused(t *testing.T) {
	one := npyOf("<f8", "2, 2", floats(1, 2, 3, 4))
	two := npyOf("<f8", "2, 2", floats(4, 3, 2, 1))
	good := zipped(zip.Store, part{"w.npy", one})
	if _, err := must(openIn(t, good)).Target("w"); err != nil {
		t.Fatal(err)
	}
	end := len(good) - endSize
	alter := func(b []byte, at int, v ...byte) []byte {
		b = bytes.Clone(b)
		copy(b[at:], v)
		return b
	}
	sum := string(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(one))))
	long := npyOf("<f8", "2, 2", floats(1, 2, 3, 4)+"x")
	huge := zipped(zip.Deflate, part{"w.npy", one})
	size := string(binary.LittleEndian.AppendUint32(nil, uint32(len(one))))
	entry := bytes.Index(good, []byte("PK\x01\x02"))
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"two of a name":       {zipped(zip.Store, part{"w.npy", one}, part{"w.npy", two}), `has two members with the name "w.npy"`},
		"with and without":    {zipped(zip.Store, part{"w", two}, part{"w.npy", one}), `w: stands for two members, "w" and "w.npy"`},
		"twice the ending":    {zipped(zip.Store, part{"w.npy.npy", two}, part{"w.npy", one}), `w.npy: stands for two members`},
		"zero in a name":      {zipped(zip.Store, part{"w.npy\x00x", two}), "with the byte 0 in its name"},
		"checksum":            {patched(t, good, sum, "\x01\x02\x03\x04", 2), "has a wrong checksum (CRC-32)"},
		"checksum zero":       {patched(t, good, sum, "\x00\x00\x00\x00", 2), "has a wrong checksum (CRC-32)"},
		"compressed data":     {patched(t, huge, sum, "\x00\x00\x00\x00", 2), "has a wrong checksum (CRC-32)"},
		"data after":          {zipped(zip.Store, part{"w.npy", long}), "w: has 33 bytes of array, want 32 for shape [2 2] of <f8"},
		"data missing":        {zipped(zip.Store, part{"w.npy", one[:len(one)-1]}), "w: has 31 bytes of array, want 32"},
		"comment":             {append(alter(good, end+20, 1), 'c'), "it is truncated, or something follows it"},
		"bytes after":         {append(bytes.Clone(good), 0), "it is truncated, or something follows it"},
		"bytes before":        {append([]byte("PK\x03\x04"), good...), "something stands before it"},
		"cut":                 {good[:len(good)-1], "it is truncated, or something follows it"},
		"directory elsewhere": {alter(good, end+16, 1), "its directory is not where it says"},
		"number of members":   {alter(good, end+8, 2, 0, 2), "is a damaged zip archive"},
		"encrypted":           {alter(good, entry+8, 1), "w: is encrypted"},
		"method":              {alter(good, entry+10, 12), "w: is compressed by method 12"},
		"two sizes":           {alter(good, entry+20, 1), "w: is damaged"},
		"grown":               {patched(t, huge, size, "\xff\xff\xff\x00", 2), "w: is damaged: 16777215 bytes cannot be compressed to"},
		"grown a lot":         {patched(t, huge, size, "\xff\xff\xff\x7f", 2), "w: is compressed and has 2147483647 bytes, want"},
		"nothing":             {zipped(zip.Store), "neither NumPy arrays nor"},
		"zip64":               {zip64(good, func(b []byte) {}), ""},
		"zip64, other place":  {zip64(good, func(b []byte) { b[48]++ }), "zip64 contradict"},
		"zip64, other size":   {zip64(good, func(b []byte) { b[40]++ }), "zip64 contradict"},
		"zip64, other count":  {zip64(good, func(b []byte) { b[32]++ }), "zip64 contradict"},
		"zip64, elsewhere":    {zip64(good, func(b []byte) { b[64]++ }), "zip64 contradict"},
	} {
		f, err := openIn(t, c.file)
		if err == nil {
			_, err = f.Target("w")
		}
		if c.want == "" && err == nil {
			continue
		}
		if err == nil || c.want == "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// zip64 puts the two records of zip64 before the end of an archive, with the
// numbers that the end has.
func zip64(b []byte, change func([]byte)) []byte {
	end := len(b) - endSize
	var r []byte
	r = append(r, "PK\x06\x06"...)
	r = binary.LittleEndian.AppendUint64(r, 44)
	r = append(r, make([]byte, 12)...)
	r = binary.LittleEndian.AppendUint64(r, uint64(b[end+8]))
	r = binary.LittleEndian.AppendUint64(r, uint64(b[end+10]))
	r = binary.LittleEndian.AppendUint64(r, uint64(binary.LittleEndian.Uint32(b[end+12:])))
	r = binary.LittleEndian.AppendUint64(r, uint64(binary.LittleEndian.Uint32(b[end+16:])))
	r = append(r, "PK\x06\x07\x00\x00\x00\x00"...)
	r = binary.LittleEndian.AppendUint64(r, uint64(end))
	r = append(r, 1, 0, 0, 0)
	change(r)
	return append(append(bytes.Clone(b[:end]), r...), b[end:]...)
}

// TestTorchRefused: checkpoints of PyTorch that two readers could take for two.
func TestTorchRefused(t *testing.T) {
	pickle, data := squareOf("DoubleStorage"), floats(1, 2, 3, 4)
	tensor := rebuild + "(" + storedAs("DoubleStorage", "K\x04") + "K\x00K\x02K\x02\x86K\x02K\x01\x86"
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"good":          {torchFile(zip.Store, pickle, data), ""},
		"compressed":    {torchFile(zip.Deflate, pickle, data), ""},
		"two pickles":   {torchFile(zip.Store, pickle, data, part{"n/data.pkl", pickle}), "has two pickles"},
		"twice":         {torchFile(zip.Store, pickle, data, part{"m/data.pkl", pickle}), "has two members with the name"},
		"storage twice": {torchFile(zip.Store, pickle, data, part{"m/data/0", data}), "has two members with the name"},
		"other folder":  {zipped(zip.Store, part{"a/x", ""}, part{"m/data.pkl", pickle}, part{"m/data/0", data}), `has "a/x" as its first member`},
		"no folder":     {zipped(zip.Store, part{"data.pkl", pickle}, part{"data/0", data}), `has "data.pkl" as its first member`},
		"byte order":    {torchFile(zip.Store, pickle, data, part{"m/byteorder", "middle"}), `byteorder: is "middle", want little or big`},
		"short storage": {torchFile(zip.Store, pickle, data[:31]), `storage "0" has 31 bytes, want 4 numbers of F64`},
		"storage cut":   {patched(t, torchFile(zip.Store, pickle, data), "\x00\x00\x08@", "\x00\x00\x08A", 1), "w: has a wrong checksum"},
		"two types":     {torchFile(zip.Store, "\x80\x02]("+storedAs("DoubleStorage", "K\x04")+storedAs("LongStorage", "K\x04")+"e.", data), "in two ways"},
		"two sizes":     {torchFile(zip.Store, "\x80\x02]("+storedAs("DoubleStorage", "K\x04")+storedAs("DoubleStorage", "K\x03")+"e.", data), "in two ways"},
		"no size":       {torchFile(zip.Store, "\x80\x02"+storedAs("DoubleStorage", "N")+".", data), "malformed"},
		"missing":       {zipped(zip.Store, part{"m/data.pkl", pickle}), `storage "0" is missing`},
		"sign pending":  {torchFile(zip.Store, "\x80\x02}U\x01w"+tensor+"\x89N}U\x03neg\x88stRs.", data), "metadata"},
		"no metadata":   {torchFile(zip.Store, "\x80\x02}U\x01w"+tensor+"\x89N}tRs.", data), ""},
		"key twice":     {torchFile(zip.Store, "\x80\x02}(U\x01w"+tensor+"tRU\x01w"+tensor+"tRu.", data), `has the key "w" twice`},
		"ambiguous":     {torchFile(zip.Store, "\x80\x02}(U\x01w}U\x01v"+tensor+"tRsU\x03w.v"+tensor+"tRU\x01u"+tensor+"tRu.", data), "w.v: is the name of more than one tensor"},
	} {
		f, err := openIn(t, c.file)
		key := "w"
		if name == "ambiguous" {
			key = "w.v"
			if _, err := f.Target("u"); err != nil || len(f.Candidates()) != 1 {
				t.Errorf("%s: %v, %d candidates", name, err, len(f.Candidates()))
			}
		}
		if err == nil {
			_, err = f.Target(key)
		}
		if c.want == "" && err == nil {
			continue
		}
		if err == nil || c.want == "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// took returns how many bytes f allocates.
func took(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestBombs: a few kilobytes that stand for a lot are listed in little memory.
func TestBombs(t *testing.T) {
	const million = 1 << 20
	zeros := strings.Repeat("\x00", 8*million)
	list, wide := npyOf("<i8", fmt.Sprint(million, ","), zeros), npyOf("<f8", "1024, 1024", zeros)
	var many []part
	for k := range 3000 {
		many = append(many, part{fmt.Sprint(k, ".npy"), npyOf("<f8", "4096, 4096", "")})
	}
	many = append(many, part{"w.npy", npyOf("<f8", "1, 1", floats(1))})
	var views strings.Builder
	views.WriteString("\x80\x02}(")
	for k := range 50 {
		fmt.Fprintf(&views, "U\x02%02d%s(%sK\x00M\x00\x10M\x00\x10\x86K\x00K\x00\x86tR", k, rebuild, storedAs("DoubleStorage", "K\x04"))
	}
	views.WriteString("u.")
	lists := make([]part, 20)
	for k := range lists {
		lists[k] = part{fmt.Sprint(k, ".npy"), list}
	}
	for name, c := range map[string]struct {
		file       []byte
		candidates int
	}{
		"lists of zeros":      {zipped(zip.Deflate, lists...), 0},
		"matrices of zeros":   {zipped(zip.Deflate, part{"a.npy", wide}, part{"b.npy", wide}, part{"c.npy", wide}), 3},
		"many members":        {zipped(zip.Store, many...), 0},
		"views of one number": {torchFile(zip.Store, views.String(), floats(1, 0, 0, 1)), 50},
		"huge shapes":         {zipped(zip.Store, part{"w.npy", npyOf("<f8", "4611686018427387904, 4", "")}, part{"v.npy", npyOf("<f8", "2, 2", floats(1, 2, 3, 4))}), 1},
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, c.file, 0o644); err != nil {
			t.Fatal(err)
		}
		n := 0
		bytes := took(func() {
			f := must(Open(path))
			defer f.Close()
			n = len(f.Candidates())
		})
		if n != c.candidates || bytes > 8*million+30*uint64(len(c.file)) {
			t.Errorf("%s: %d candidates, %d bytes for a file of %d", name, n, bytes, len(c.file))
		}
	}
}

// FuzzSafeTensors: a header that is read describes tensors that tile the data.
func FuzzSafeTensors(f *testing.F) {
	for _, name := range []string{"model.safetensors", "odd/dup-key.safetensors", "odd/fp8-beside.safetensors", "odd/u16perm.safetensors", "odd/bidi-name.safetensors"} {
		f.Add(must(os.ReadFile(samples + name)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 9 {
			return
		}
		file, err := openSafeTensors(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if s := err.Error(); strings.ContainsAny(s, "\n\x1b") {
				t.Fatalf("%q", s)
			}
			return
		}
		total := int64(8) + int64(binary.LittleEndian.Uint64(b))
		keys := map[string]bool{}
		known := true
		for _, x := range file.tensors {
			if keys[x.Key] {
				t.Fatalf("two tensors %q", x.Key)
			}
			keys[x.Key] = true
			if known = known && x.Err == nil; known {
				total += x.array.Bytes()
			}
		}
		if known && total != int64(len(b)) {
			t.Fatalf("%d bytes of %d are described", total, len(b))
		}
	})
}

// FuzzZip: no archive may panic, or yield a target that its numbers are not.
func FuzzZip(f *testing.F) {
	one := npyOf("<f8", "2, 2", floats(1, 2, 3, 4))
	f.Add(zipped(zip.Store, part{"w.npy", one}))
	f.Add(zipped(zip.Deflate, part{"w.npy", one}, part{"p.npy", npyOf("|u1", "3,", "\x02\x00\x01")}))
	f.Add(zip64(zipped(zip.Store, part{"w.npy", one}), func([]byte) {}))
	f.Add(torchFile(zip.Store, squareOf("DoubleStorage"), floats(1, 2, 3, 4), part{"m/byteorder", "big"}))
	for _, name := range []string{"npz-crc.npz", "npz-dup.npz", "header-of-4GB.npz", "npz-header-length.npz", "bc4.pt", "perm-matrix.npz"} {
		f.Add(must(os.ReadFile(samples + "odd/" + name)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := openZip(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for _, c := range file.Candidates() {
			if n, _, _ := c.array.Side(); n > 64 {
				continue
			}
			if x, err := file.Target(c.Key); err == nil && (x.Dim < 2 || x.Matrix == nil) {
				t.Fatalf("%s: dimension %d", c.Key, x.Dim)
			}
		}
	})
}
