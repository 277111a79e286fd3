package training

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var clients = flag.Bool("clients", false, "compare with PyTorch, which must be installed")

// The same weights and the same batch have the same loss and the same derivatives
// in PyTorch.
func TestPyTorch(t *testing.T) {
	if !*clients {
		t.Skip("needs python3 with PyTorch: -args -clients")
	}
	for _, c := range append([]Config{{Dim: 30, Couplings: 6, Hidden: 64, HiddenLayers: 2, LogScale: 2}}, configs...) {
		t.Run(fmt.Sprintf("%dx%d", c.Dim, c.Couplings), func(t *testing.T) {
			compare[float64](t, c)
			compare[float32](t, c)
		})
	}
}

func compare[T Float](t *testing.T, c Config) {
	t.Helper()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	m := noisy[T](t, c, 11)
	const rows = 33
	x := normal[T](rows, c.Dim, 12)
	g := NewGradient(m, rows, 1)
	copy(g.Input().Data, x.Data)
	loss, grad := g.Likelihood()
	batch := make([]float64, len(x.Data))
	for i, v := range x.Data {
		batch[i] = float64(v)
	}
	raw, err := binary.Append(nil, binary.LittleEndian, batch)
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*Model[T]{"flow": m, "gradient": with(c, grad)} {
		run, err := StartFrom(m, Options{Steps: 1, Batch: 1, Rate: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Export(path(name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range map[string][]byte{"realnvp.py": []byte(TorchModule()), "batch": raw} {
		if err := os.WriteFile(path(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("/usr/bin/python3", "testdata/compare.py", path("realnvp.py"), path("flow"), path("gradient"), path("batch"), fmt.Sprint(loss)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("%s", out)
}
