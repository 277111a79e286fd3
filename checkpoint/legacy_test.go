package checkpoint

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// legacyFiles were written by PyTorch; see make_legacy.py there.
var legacyFiles = []string{"small", "mixed", "old", "protocol4"}

// numbers is a tensor with all that it holds, byte for byte.
type numbers struct {
	Key, DType string
	Shape      []int
	Bytes      []byte
	Err        string
}

func contents(f *File) (out []numbers) {
	for _, t := range f.Tensors() {
		n := numbers{Key: t.Key, DType: t.DType, Shape: t.Shape}
		err := t.stream(func(r io.Reader) (err error) {
			n.Bytes = make([]byte, t.array.Bytes())
			_, err = io.ReadFull(r, n.Bytes)
			return err
		})
		if err != nil {
			n.Err = err.Error()
		}
		out = append(out, n)
	}
	return out
}

// TestLegacyAgrees: the same objects in both formats of PyTorch.
func TestLegacyAgrees(t *testing.T) {
	for _, name := range legacyFiles {
		old, now := must(Open("testdata/"+name+".legacy.pt")), must(Open("testdata/"+name+".zip.pt"))
		defer old.Close()
		defer now.Close()
		got, want := contents(old), contents(now)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		for _, n := range got {
			if n.Err != "" {
				t.Errorf("%s: %s: %q", name, n.Key, n.Err)
			}
		}
		if d := cmp.Diff(summary(now.Candidates()), summary(old.Candidates())); d != "" {
			t.Errorf("%s: candidates: %s", name, d)
		}
	}
}

// TestLegacyValues: what make_legacy.py says is in the files.
func TestLegacyValues(t *testing.T) {
	for where, want := range map[[2]string][]float64{
		{"small", "w"}:          {1, 2, 3, 5},
		{"old", "whole"}:        {0.5, -1.5, 2.5, 3},
		{"old", "part"}:         {25, 36, 49, 64, 81, 100, 121, 144, 169},
		{"mixed", "flat.0"}:     {4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19},
		{"mixed", "flat.2"}:     {7, 7, 7, 7, 7, 7, 7, 7, 7},
		{"protocol4", "mirror"}: {1, 0, 0, -1},
	} {
		f := must(Open("testdata/" + where[0] + ".legacy.pt"))
		defer f.Close()
		if d := cmp.Diff(want, must(f.Target(where[1])).Matrix.Float64s()); d != "" {
			t.Errorf("%s: %s", where, d)
		}
	}
}

// reader counts the bytes that are read.
type reader struct {
	*bytes.Reader
	read int
}

func (r *reader) ReadAt(b []byte, off int64) (int, error) {
	n, err := r.Reader.ReadAt(b, off)
	r.read += n
	return n, err
}

// openBytes opens a legacy checkpoint and reads all of it. It fails the test if
// what is returned is no clear error and no sound file, or took long to get.
func openBytes(t *testing.T, b []byte) (*File, error) {
	t.Helper()
	r := &reader{Reader: bytes.NewReader(b)}
	f, err := openLegacy(r, int64(len(b)))
	if r.read > 2*len(b)+1<<13 {
		t.Errorf("%d bytes read of %d", r.read, len(b))
	}
	if err != nil {
		if s := err.Error(); len(s) > 500 || strings.ContainsFunc(s, func(c rune) bool { return c < ' ' }) {
			t.Errorf("error of %d bytes: %q", len(s), s)
		}
		return nil, err
	}
	for _, x := range f.Tensors() {
		n, err := count(x.Shape)
		if err != nil || n > 1<<16 {
			continue
		}
		size := 0
		err = x.stream(func(r io.Reader) error {
			b, err := io.ReadAll(r)
			size = len(b)
			return err
		})
		if err == nil && int64(size) != x.array.Bytes() {
			t.Errorf("%s: %d bytes for shape %v of %s", x.Key, size, x.Shape, x.DType)
		}
	}
	for _, c := range f.Candidates() {
		if n, _, err := c.array.Side(); err != nil || n > 1<<8 {
			continue
		}
		if target, err := f.Target(c.Key); err == nil && target.Dim < 2 {
			t.Errorf("%s: dimension %d", c.Key, target.Dim)
		}
	}
	return f, nil
}

// TestLegacyTruncated: no file is read that ends early, wherever that is.
func TestLegacyTruncated(t *testing.T) {
	for _, name := range legacyFiles {
		whole := must(os.ReadFile("testdata/" + name + ".legacy.pt"))
		for n := range whole {
			if _, err := openBytes(t, whole[:n]); err == nil {
				t.Errorf("%s: opened with %d bytes of %d", name, n, len(whole))
			}
		}
		if _, err := openBytes(t, whole); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLegacyMutated: every byte of a small file, with every value, and of a
// larger one with some.
func TestLegacyMutated(t *testing.T) {
	for name, step := range map[string]int{"small": 1, "old": 51} {
		whole := must(os.ReadFile("testdata/" + name + ".legacy.pt"))
		for i := range whole {
			b := bytes.Clone(whole)
			for x := 1; x < 256; x += step {
				b[i] = whole[i] ^ byte(x)
				openBytes(t, b)
			}
		}
	}
}

// Parts of legacy checkpoints, instruction by instruction.
const (
	magic   = "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
	version = "\x80\x02M\xe9\x03."
	little  = "\x80\x02}U\x0dlittle_endian\x88s."
	head    = magic + version + little
	rebuild = "ctorch._utils\n_rebuild_tensor\n"
	dict    = "ccollections\nOrderedDict\n"
	doubles = "U\x07storagectorch\nDoubleStorage\n"
	stored  = "(" + doubles + "U\x01aU\x03cpuK\x04NtQ" // 4 numbers, key a
	square  = rebuild + "(" + stored + "K\x00K\x02K\x02\x86K\x02K\x01\x86tR"
	object  = "\x80\x02}U\x01w" + square + "s."
	keys    = "\x80\x02]U\x01aa."
)

// data is what follows the keys: n numbers that are said to be count.
func data(count uint64, n int) string {
	return string(append(binary.LittleEndian.AppendUint64(nil, count), make([]byte, 8*n)...))
}

// tensorOf is an object with one tensor in storage a, with arguments.
func tensorOf(args string) string { return "\x80\x02}U\x01w" + rebuild + "(" + args + "tRs." }

// storageOf is an object with a tensor of one number, with an identity.
func storageOf(id string) string { return tensorOf("(" + id + "tQK\x00K\x01\x85K\x01\x85") }

func TestLegacyRefused(t *testing.T) {
	good := head + object + keys + data(4, 4)
	if _, err := openBytes(t, []byte(good)); err != nil {
		t.Fatal(err)
	}
	if _, err := openBytes(t, []byte(good+"another object")); err != nil {
		t.Error(err)
	}
	view := func(s string) string { return storageOf(doubles+"U\x01aU\x03cpuK\x04"+s) + keys + data(4, 4) }
	for _, c := range []struct{ name, rest, want string }{
		{"bare pickle", "\x80\x02K\x05.12345678", "magic number"},
		{"other magic", "\x80\x02\x8a\x0am\xfc\x9cF\xf9 j\xa8P\x19." + version, "magic number"},
		{"other version", magic + "\x80\x02M\xe8\x03." + little, "unknown version"},
		{"big-endian", magic + version + "\x80\x02}U\x0dlittle_endian\x89s." + object, "little-endian machine"},
		{"no byte order", magic + version + "\x80\x02}." + object, "little-endian machine"},
		{"no machine", magic + version + version + object, "kind of machine"},
		{"long preamble", magic + "\x80\x02" + strings.Repeat("N0", 4096) + "N.", "more than 4096 bytes"},
		{"no object", head, "truncated"},
		{"code", head + "\x80\x02cos\nsystem\nU\x02ls\x85R.", "os.system"},
		{"code by names", head + "\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.", "os.system"},
		{"builtins", head + "\x80\x02cbuiltins\nlist\n)R.", "builtins.list"},
		{"module", head + "\x80\x02(U\x06modulec__main__\nGlow\nNNtQ.", "__main__.Glow"},
		{"other persistent object", head + "\x80\x02(U\x06moduleNNNNtQ.", "malformed"},
		{"persistent name", head + "\x80\x02U\x01aQ.", "malformed"},
		{"complex", head + "\x80\x02ctorch\nComplexFloatStorage\n.", "torch.ComplexFloatStorage"},
		{"unknown instruction", head + "\x80\x02\xff.", "0xff at byte 2 "},
		{"no tensors", head + "\x80\x02}." + keys, "no tensors"},
		{"storage without class", head + storageOf("U\x07storageNU\x01aU\x03cpuK\x04N"), "malformed"},
		{"storage without size", head + storageOf(doubles+"U\x01aU\x03cpuNN"), "malformed"},
		{"negative size", head + storageOf(doubles+"U\x01aU\x03cpuJ\xff\xff\xff\xffN"), "malformed"},
		{"huge size", head + storageOf(doubles+"U\x01aU\x03cpu\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fN"), "more than the file"},
		{"long key", head + storageOf(doubles+"U\x41"+strings.Repeat("a", 65)+"U\x03cpuK\x04N"), "malformed"},
		{"two sizes", head + "\x80\x02]" + stored + "a(" + doubles + "U\x01aU\x03cpuK\x03NtQa.", "two ways"},
		{"two types", head + "\x80\x02]" + stored + "a(U\x07storagectorch\nLongStorage\nU\x01aU\x03cpuK\x04NtQa.", "two ways"},
		{"view malformed", head + view("U\x01v"), "malformed"},
		{"view of negative size", head + view("U\x01vK\x00J\xff\xff\xff\xff\x87"), "not inside"},
		{"view outside", head + view("U\x01vK\x03K\x02\x87"), "not inside"},
		{"view far outside", head + view("U\x01vK\x04\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x87"), "not inside"},
		{"view named as its storage", head + view("U\x01aK\x01K\x02\x87"), "two ways"},
		{"tensor without storage", head + tensorOf("NK\x00K\x01\x85K\x01\x85"), "malformed"},
		{"tensor with few arguments", head + tensorOf(stored+"K\x00K\x01\x85"), "malformed"},
		{"strides and shape", head + tensorOf(stored+"K\x00K\x01K\x01\x86K\x01\x85"), "malformed"},
		{"negative stride", head + tensorOf(stored+"K\x03K\x02\x85J\xff\xff\xff\xff\x85"), "malformed"},
		{"17 axes", head + tensorOf(stored+"K\x00("+strings.Repeat("K\x01", 17)+"t("+strings.Repeat("K\x01", 17)+"t"), "malformed"},
		{"no keys", head + object, "truncated"},
		{"keys are no list", head + object + version, "no list of storages"},
		{"key is no text", head + object + "\x80\x02]K\x01a.", "no tensor is in"},
		{"unknown key", head + object + "\x80\x02]U\x01ba." + data(4, 4), `"b"`},
		{"key of a view", head + storageOf(doubles+"U\x01aU\x03cpuK\x04U\x01vK\x00K\x01\x87") + "\x80\x02]U\x01va." + data(4, 4), `"v"`},
		{"key twice", head + object + "\x80\x02](U\x01aU\x01ae." + data(4, 4) + data(4, 4), "twice"},
		{"key missing", head + object + "\x80\x02]." + data(4, 4), `does not list the storage "a"`},
		{"keys with a tensor", head + object + "\x80\x02]" + square + "a.", "malformed"},
		{"no data", head + object + keys, "truncated before"},
		{"count", head + object + keys + data(3, 4), "3 entries"},
		{"negative count", head + object + keys + data(1<<64-1, 4), "-1 entries"},
		{"cut data", head + object + keys + data(4, 3), "truncated in storage"},
	} {
		_, err := openBytes(t, []byte(c.rest))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// TestLegacyOutOfBounds: a tensor that is not inside its storage is listed, and
// refused when it is asked for.
func TestLegacyOutOfBounds(t *testing.T) {
	const huge = "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"
	for name, args := range map[string]string{
		"offset":      "K\x01K\x02K\x02\x86K\x02K\x01\x86",
		"huge offset": huge + "K\x02K\x02\x86K\x02K\x01\x86",
		"shape":       "K\x00K\x03K\x03\x86K\x01K\x02\x86",
		"stride":      "K\x00K\x02K\x02\x86K\x03K\x01\x86",
		"huge stride": "K\x00K\x02K\x02\x86" + huge + "K\x01\x86",
		"two huge":    "K\x00K\x02K\x02\x86" + huge + huge + "\x86",
	} {
		f, err := openBytes(t, []byte(head+tensorOf(stored+args)+keys+data(4, 4)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := f.Target("w"); err == nil || !strings.Contains(err.Error(), "in a storage of 4 numbers") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLegacyFileErrors: the error names the file.
func TestLegacyFileErrors(t *testing.T) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, name := range []string{"sys_info", "pickle", "tensors", "storages"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: 1}); err != nil {
			t.Fatal(err)
		}
		must(io.WriteString(w, "x"))
	}
	w.Close()
	for want, b := range map[string][]byte{"0.1.10": archive.Bytes(), "truncated in storage": []byte(head + object + keys + data(4, 3))} {
		path := filepath.Join(t.TempDir(), "model.pt")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		var e *FileError
		if !errors.As(err, &e) || e.Path != path || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want a *FileError with %q", err, want)
		}
	}
}

// FuzzLegacy: no input may panic, hang, or yield a tensor of a wrong size.
func FuzzLegacy(f *testing.F) {
	for _, name := range legacyFiles {
		f.Add(must(os.ReadFile("testdata/" + name + ".legacy.pt")))
	}
	f.Add([]byte(head + object + keys + data(4, 4)))
	f.Fuzz(func(t *testing.T, b []byte) { openBytes(t, b) })
}
