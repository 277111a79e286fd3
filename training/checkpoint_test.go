package training

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nlpodyssey/safetensors"
)

func begun(t *testing.T) *Run[float32] {
	t.Helper()
	r, err := Start[float32](configs[1], Options{Steps: 20, Batch: 64, Rate: 0.01, Clip: 5, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func advance(t *testing.T, r *Run[float32], steps int) {
	t.Helper()
	g := NewGradient(r.Model, r.Options.Batch, 1)
	for range steps {
		if _, ok := r.Advance(g, gaussian{}, (*Gradient[float32]).Likelihood); !ok {
			t.Fatal("diverged")
		}
	}
}

// A run that is saved and loaded in the middle ends in the same bytes.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	whole := begun(t)
	advance(t, whole, 20)
	half := begun(t)
	advance(t, half, 7)
	path := filepath.Join(dir, "run.safetensors")
	if err := half.Save(path); err != nil {
		t.Fatal(err)
	}
	rest, err := Load[float32](path)
	if err != nil {
		t.Fatal(err)
	}
	advance(t, rest, 13)
	var want, got bytes.Buffer
	if err := errors.Join(whole.write(&want, true), rest.write(&got, true)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want.Bytes(), got.Bytes()) {
		t.Error("a resumed run differs")
	}
}

// Every way to spoil a file gets an error that names the place.
func TestLoadBad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.safetensors")
	r := begun(t)
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, old, new, want string }{
		{"architecture", `\"Dim\":2`, `\"Dim\":1`, "dimension: want 2 to 65536"},
		{"size", `\"Hidden\":5`, `\"Hidden\":9`, "a run of this architecture has more than"},
		{"step", `"step":"0"`, `"step":"77"`, "step: is 77, want 0 to 20"},
		{"missing field", `"step"`, `"stop"`, "step: missing"},
		{"missing tensor", `couplings.0.0.bias`, `couplings.0.0.bios`, "couplings.0.0.bias: missing"},
		{"type", `"dtype":"F32"`, `"dtype":"I32"`, "want F32"},
	} {
		t.Run(test.name, func(t *testing.T) {
			spoilt := bytes.Replace(good, []byte(test.old), []byte(test.new), 1)
			if bytes.Equal(spoilt, good) {
				t.Fatalf("%q is not in the file", test.old)
			}
			// The length of the header comes first.
			spoilt[0] += byte(len(test.new) - len(test.old))
			if err := os.WriteFile(path, spoilt, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load[float32](path)
			var e *FileError
			if !errors.As(err, &e) || !bytes.Contains([]byte(err.Error()), []byte(test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load[float64](path); err == nil {
		t.Error("a file of float32 loads as float64")
	}
	copy(good[len(good)-4:], []byte{0, 0, 0xc0, 0x7f}) // NaN
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	var e *FileError
	if _, err := Load[float32](path); !errors.As(err, &e) {
		t.Errorf("NaN: %v", err)
	}
}

// The exported file has the parameters and nothing else.
func TestExport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flow.safetensors")
	r := begun(t)
	advance(t, r, 2)
	if err := r.Export(path); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Deserialize(raw)
	if err != nil {
		t.Fatal(err)
	}
	var got []float32
	for k := range 4 {
		for l := range 3 {
			for _, kind := range []string{"weight", "bias"} {
				view, ok := file.Tensor(tensorName(k, l, kind))
				if !ok {
					t.Fatal(tensorName(k, l, kind))
				}
				part := make([]float32, len(view.Data())/4)
				if err := numbers(part, view.Data(), nil); err != nil {
					t.Fatal(err)
				}
				got = append(got, part...)
			}
		}
	}
	if diff := cmp.Diff(r.Model.Parameters(), got); diff != "" {
		t.Error(diff)
	}
	if n := len(file.Names()); n != 24 {
		t.Errorf("%d tensors", n)
	}
}

func FuzzLoad(f *testing.F) {
	r, err := Start[float32](configs[0], Options{Steps: 2, Batch: 2, Rate: 0.1})
	if err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.write(&b, true); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parse[float32]("x", data)
		if err == nil && len(got.adam.first) != got.Model.size() {
			t.Error("a run without its state")
		}
	})
}
