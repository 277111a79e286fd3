package checkpoint

import (
	"archive/zip"
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

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/targets"
)

// samples are checkpoints written by NumPy and PyTorch themselves; see
// make_samples.py there.
const samples = "../testdata/checkpoints/"

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func summary(ts []Tensor) (out []string) {
	for _, t := range ts {
		out = append(out, fmt.Sprint(t.Key, " ", t.Shape))
	}
	return out
}

// TestFormatsAgree: the same arrays through five writers.
func TestFormatsAgree(t *testing.T) {
	var first []*targets.Target
	for _, name := range []string{"model.npz", "compressed.npz", "model.safetensors", "state.pt", "../../checkpoint/testdata/state.legacy.pt"} {
		f := must(Open(samples + name))
		defer f.Close()
		all := []string{"flow.conv.weight [6 6 1 1]", "flow.lu [4 4]", "flow.perm [6]", "head.weight [3 5]", "mirror [2 2]"}
		if d := cmp.Diff(all, summary(f.Tensors())); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if d := cmp.Diff(append(all[:3:3], all[4]), summary(f.Candidates())); d != "" {
			t.Errorf("%s: candidates: %s", name, d)
		}
		var got []*targets.Target
		for _, c := range f.Candidates() {
			got = append(got, must(f.Target(c.Key)))
		}
		if first == nil {
			first = got
			if d := cmp.Diff([]int{5, 3, 4, 1, 0, 2}, got[2].Perm); d != "" {
				t.Errorf("permutation: %s", d)
			}
			if !dense.Equal(got[3].Matrix, must(exactmath.FromFloat64(2, 2, []float64{1, 0, 0, -1}))) {
				t.Errorf("mirror: %v", got[3].Matrix.Float64s())
			}
			continue
		}
		for i := range got {
			if !dense.Equal(got[i].Matrix, first[i].Matrix) {
				t.Errorf("%s: %s differs from the NumPy archive", name, got[i].Name)
			}
		}
	}
}

// TestNested reads dictionaries in dictionaries, lists, parameters, views and
// short floats.
func TestNested(t *testing.T) {
	f := must(Open(samples + "nested.pth"))
	defer f.Close()
	want := []string{"model.part [2 2]", "model.transposed [3 3]", "params.0 [4 4]", "params.1 [4 4]", "params.2 [4 4]"}
	if d := cmp.Diff(want, summary(f.Tensors())); d != "" {
		t.Error(d)
	}
	if part := must(f.Target("model.part")); !dense.Equal(part.Matrix, must(exactmath.FromFloat64(2, 2, []float64{7, 8, 12, 13}))) {
		t.Errorf("strided view: %v", part.Matrix.Float64s())
	}
	wide := must(f.Target("params.0")).Matrix.Float64s()
	for key, eps := range map[string]float64{"params.1": 0x1p-11, "params.2": 0x1p-8} {
		for k, v := range must(f.Target(key)).Matrix.Float64s() {
			if math.Abs(v-wide[k]) > eps*math.Abs(wide[k]) {
				t.Errorf("%s[%d] = %v, want about %v", key, k, v, wide[k])
			}
		}
	}
	// The transpose of a rotation times the rotation is 1: column products.
	tr := must(f.Target("model.transposed")).Matrix.Float64s()
	if d := tr[0]*tr[3] + tr[1]*tr[4] + tr[2]*tr[5]; math.Abs(d) > 1e-14 {
		t.Errorf("rows of the transpose: %v", d)
	}
}

// TestNothingIsRun: a pickle that calls os.system is refused by name.
func TestNothingIsRun(t *testing.T) {
	_, err := Open(samples + "evil.pt")
	var e *FileError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "system") {
		t.Errorf("%v, want a *FileError that names system", err)
	}
	if _, err := os.Stat("/tmp/flowproof-pickle-ran"); err == nil {
		t.Error("the pickle was run")
	}
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	archive := func(name, content string) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w := must(z.Create(name))
		must(w.Write([]byte(content)))
		z.Close()
		return b.Bytes()
	}
	st := func(header string, body int) []byte {
		b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
		return append(append(b, header...), make([]byte, body)...)
	}
	whole := must(os.ReadFile(samples + "model.safetensors"))
	npzFile := must(os.ReadFile(samples + "model.npz"))
	for name, path := range map[string]string{
		"none":              filepath.Join(dir, "none.pt"),
		"directory":         dir,
		"empty":             write("empty.npz", nil),
		"text":              write("text.pt", []byte("this is not a checkpoint")),
		"cut safetensors":   write("cut.safetensors", whole[:len(whole)-8]),
		"cut header":        write("header.safetensors", whole[:40]),
		"huge header":       write("huge.safetensors", append(binary.LittleEndian.AppendUint64(nil, 1<<40), '{', '}')),
		"bad JSON":          write("json.safetensors", st("{\"a\":", 0)),
		"outside":           write("outside.safetensors", st(`{"a":{"dtype":"F64","shape":[2,2],"data_offsets":[0,32]}}`, 31)),
		"cut zip":           write("cut.npz", npzFile[:len(npzFile)/2]),
		"nothing in it":     write("nothing.npz", archive("readme.txt", "hello")),
		"not an array":      write("array.npz", archive("a.npy", "not an array")),
		"bad pickle":        write("pickle.pt", archive("x/data.pkl", "\x80\x02}q\x00(")),
		"unknown opcode":    write("opcode.pt", archive("x/data.pkl", "\x80\x02\xff")),
		"pickle, no tensor": write("no.pt", archive("x/data.pkl", "\x80\x02}q\x00.")),
	} {
		_, err := Open(path)
		var e *FileError
		if !errors.As(err, &e) || e.Path != path || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want a *FileError", name, err)
		}
	}
}

func TestBadTensors(t *testing.T) {
	dir := t.TempDir()
	header := `{"nan":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},
		"short":{"dtype":"F64","shape":[2,2],"data_offsets":[0,16]},
		"bool":{"dtype":"BOOL","shape":[4,4],"data_offsets":[0,16]},
		"oblong":{"dtype":"F32","shape":[1,4],"data_offsets":[0,16]},
		"twice":{"dtype":"I32","shape":[4],"data_offsets":[0,16]}}`
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(math.NaN())))
	b = append(b, make([]byte, 12)...)
	path := filepath.Join(dir, "bad.safetensors")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		// The library may refuse the header as a whole: overlapping tensors.
		var e *FileError
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		return
	}
	defer f.Close()
	for _, key := range []string{"nan", "short", "bool", "oblong", "twice", "absent"} {
		_, err := f.Target(key)
		var e *FileError
		if !errors.As(err, &e) || e.Key != key || e.Reason == "" {
			t.Errorf("%s: %v, want a *FileError", key, err)
		}
	}
}

// FuzzOpen: no input may panic, hang, or yield an invalid target.
func FuzzOpen(f *testing.F) {
	for _, name := range []string{"model.npz", "model.safetensors", "state.pt", "nested.pth", "evil.pt"} {
		f.Add(must(os.ReadFile(samples + name)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		file, err := Open(path)
		if err != nil {
			return
		}
		defer file.Close()
		for _, c := range file.Candidates() {
			target, err := file.Target(c.Key)
			if err != nil {
				continue
			}
			if r, k := target.Matrix.Dims(); r != target.Dim || k != target.Dim {
				t.Errorf("%s: %dx%d, dimension %d", c.Key, r, k, target.Dim)
			}
		}
	})
}
