package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var quickPadding = []string{"padding", "-laws", "square", "-depths", "2", "-hidden", "8", "-batch", "32", "-steps", "30", "-seeds", "3"}

// TestPadding: records have what a reader needs, the table says what may be claimed.
func TestPadding(t *testing.T) {
	code, out, errs := call(append(quickPadding, "-json")...)
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d: %s", code, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 12 {
		t.Fatalf("%d records", len(lines))
	}
	for i, line := range lines {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"dataset", "padding", "depth", "seed", "nll_bits_per_dim", "w2", "sliced_w2", "condition", "smallest_singular", "roundtrip_float32", "steps", "seconds"} {
			v, ok := r[key]
			if zeros := i/3 == 1; !ok || (v == nil) != (zeros && key == "nll_bits_per_dim") {
				t.Errorf("record %d: %s is %v", i, key, v)
			}
		}
		for _, key := range []string{"median", "p90", "max"} {
			if v, ok := r["condition"].(map[string]any)[key].(float64); !ok || v < 1 {
				t.Errorf("record %d: condition %s is %v", i, key, v)
			}
		}
		kind := []string{"none", "zeros", "noise", "gaussian"}[i/3]
		if p := r["padding"].(map[string]any); p["kind"] != kind || r["seed"] != float64(i%3+1) || r["steps"] != 30.0 {
			t.Errorf("record %d: %s", i, line)
		}
	}
	code, out, errs = call(quickPadding...)
	if code != exitOK || errs != "" || !strings.Contains(out, "square, 2 couplings") || strings.Count(out, " against none: ") != 3 {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

// TestPaddingKeeps: a directory holds the runs, and a second call finds them done and
// prints the same; another architecture is refused by name.
func TestPaddingKeeps(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	args := append(quickPadding, "-o", dir, "-padding", "gaussian")
	code, first, errs := call(args...)
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d: %s", code, errs)
	}
	read := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	const name = "square-gaussian1-depth2-seed2.safetensors"
	before := read(name)
	if n := bytes.Count(read("records.jsonl"), []byte("\n")); n != 3 {
		t.Errorf("%d records", n)
	}
	if !bytes.Contains(read("realnvp.py"), []byte("class RealNVP")) {
		t.Error("realnvp.py is not the module")
	}
	if code, again, _ := call(args...); code != exitOK || again != first || !bytes.Equal(read(name), before) {
		t.Errorf("a second call: exit %d\n%s", code, again)
	}
	code, _, errs = call(append(args, "-rate", "0.01")...)
	if code != exitUsage || !strings.Contains(errs, ".safetensors: is of a run with other options") {
		t.Errorf("other options: exit %d, %s", code, errs)
	}
	if err := os.WriteFile(filepath.Join(dir, "square-gaussian1-depth2-seed1.safetensors"), before[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := call(args...); code != exitUsage || !strings.Contains(errs, "not a safetensors file") {
		t.Errorf("a cut file: exit %d, %s", code, errs)
	}
}

func TestPaddingImages(t *testing.T) {
	dir := t.TempDir()
	idx := func(n int) []byte {
		var out []byte
		for _, w := range []uint32{0x803, uint32(n), 2, 2} {
			out = binary.BigEndian.AppendUint32(out, w)
		}
		for i := range 4 * n {
			out = append(out, byte(i*37))
		}
		return out
	}
	for name, n := range map[string]int{"train-images-idx3-ubyte": 20, "t10k-images-idx3-ubyte": 5} {
		if err := os.WriteFile(filepath.Join(dir, name), idx(n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := append(quickPadding, "-laws", "square,images", "-seeds", "1", "-padding", "none", "-json", "-data", dir, "-block", "1")
	code, out, errs := call(args...)
	if code != exitOK || !strings.Contains(out, `"dataset":"images"`) {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

// TestPaddingRefuses: what is wrong is named.
func TestPaddingRefuses(t *testing.T) {
	for want, args := range map[string]string{
		`-laws: there is no law "cube", want one of square`:     "-laws cube",
		`-padding: "ones", want none, zeros, noise or gaussian`: "-padding none,ones",
		`-extra: "0", want numbers from 1 to 16`:                "-extra 0",
		`-depths: "4,x", want numbers from 1 to 1024`:           "-depths 4,x",
		`-seeds: 0, want 1 to 1000`:                             "-seeds 0",
		`-threads: -1, want 0 to 1024`:                          "-threads -1",
		`steps: want 1 to 2^30`:                                 "-steps 0",
		`rate: want above 0, at most 1`:                         "-rate 0",
		`hidden units: want 1 to 16384`:                         "-hidden 0",
		`-block: goes with -data`:                               "-block 3",
		`-start: "seven", want identity or six`:                 "-start seven",
		`couplings: want seven or more`:                         "-start six -depths 6 -steps 1",
		`-data: nowhere: has no train-images-idx3-ubyte`:        "-data nowhere -laws images",
		`-data: goes with the law images`:                       "-data nowhere",
		`-laws: images are those of -data DIR`:                  "-laws images",
		`-o: mkdir /dev/null: `:                                 "-o /dev/null/x",
	} {
		code, out, errs := call(append([]string{"padding", "-laws", "square"}, strings.Fields(args)...)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d, %s, want %q", args, code, errs, want)
		}
	}
}

// TestFit: a witness of depth six is reached with six layers and not with five, and
// the reference beside it says so.
func TestFit(t *testing.T) {
	args := []string{"fit", "-targets", "block-diag-j", "-dims", "4", "-layers", "5,6", "-seeds", "1", "-steps", "800"}
	code, out, errs := call(append(args, "-json")...)
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var reference struct {
		AtLeast int `json:"depth_at_least"`
		Depth   int `json:"depth_built"`
	}
	var five, six struct {
		Layers  int
		Error   float64
		Reached *int `json:"steps_to_close"`
	}
	d := json.NewDecoder(strings.NewReader(out))
	for _, to := range []any{&reference, &five, &six} {
		if err := d.Decode(to); err != nil {
			t.Fatal(err)
		}
	}
	if reference.AtLeast != 6 || reference.Depth != 6 {
		t.Errorf("%+v", reference)
	}
	if five.Layers != 5 || five.Error < 1e-3 || five.Reached != nil || six.Layers != 6 || six.Error > 1e-6 || six.Reached == nil {
		t.Errorf("%+v, %+v", five, six)
	}
	code, out, errs = call(args...)
	if code != exitOK || errs != "" || !strings.Contains(out, "proved least depth 6") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	for want, args := range map[string]string{
		`unknown target "cube"`:                "-targets cube",
		`-dims: "1000", want numbers from 1`:   "-dims 1000",
		`-layers: "0", want numbers from 1 to`: "-layers 0",
		`-seeds: 0, want 1 to 1000`:            "-seeds 0",
		`steps: want 1 to 2^30`:                "-steps 0",
	} {
		code, out, errs := call(append([]string{"fit"}, strings.Fields(args)...)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d, %s, want %q", args, code, errs, want)
		}
	}
}
