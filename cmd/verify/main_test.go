package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npy"
	"codeberg.org/sbinet/npyio/npz"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/rotation"
)

var long = flag.Bool("long", false, "also run the dimensions that take minutes")

// call runs the program and returns its exit code and outputs.
func call(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(args, strings.NewReader(""), &out, &err)
	return code, out.String(), err.String()
}

// result holds the fields of the JSON report that the tests look at.
type result struct {
	Target       string
	Dimension    int
	Depth        int
	Verdict      string
	Construction string
	ResidualMax  float64 `json:"residual_max"`
	Relative     float64 `json:"residual_frobenius_relative"`
	Condition    struct {
		Layers           []float64
		MaxLayerBound    float64 `json:"max_layer_bound"`
		MaxLayerEstimate float64 `json:"max_layer_estimate"`
	}
}

func callJSON(t *testing.T, args ...string) result {
	t.Helper()
	code, out, errs := call(append(args, "-json")...)
	if code != exitOK || errs != "" {
		t.Fatalf("verify %v: exit %d, %s", args, code, errs)
	}
	var r result
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("verify %v: %v\n%s", args, err, out)
	}
	return r
}

// TestMainJob is the promise of the command for rotations, through the command.
func TestMainJob(t *testing.T) {
	dims := []int{2, 3, 5, 8, 40, 64, 65, 128}
	if *long {
		dims = nil
		for n := 2; n <= 40; n++ {
			dims = append(dims, n)
		}
		dims = append(dims, 64, 65, 127, 128, 256)
	}
	for _, n := range dims {
		for seed := 1; seed <= 5; seed++ {
			r := callJSON(t, "-d", fmt.Sprint(n), "-target", "random-orthogonal", "-seed", fmt.Sprint(seed))
			bound := rotation.OrthogonalBoundEven
			if n%2 == 1 {
				bound = rotation.OrthogonalBoundOdd
			}
			c := r.Condition
			if r.Depth > 6 || r.Relative > 1e-13*float64(n) || c.MaxLayerBound > bound ||
				c.MaxLayerEstimate > c.MaxLayerBound || c.MaxLayerBound > 1.01*c.MaxLayerEstimate {
				t.Errorf("n = %d, seed %d: %+v", n, seed, r)
			}
		}
	}
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	oblong := write("oblong.csv", "1,2,3\n4,5,6\n")
	nan := write("nan.csv", "1,0\nnan,1\n")
	inf := write("inf.csv", "1,0\n0,inf\n")
	empty := write("empty.csv", "")
	truncated := write("truncated.npy", "\x93NUMPY\x01\x00v\x00{'descr': '<f8'")
	twice := write("twice.txt", "0\n1\n1\n3\n")
	eye := write("eye.csv", "1,0\n0,1\n")
	mirror := write("mirror.csv", "1,0\n0,-1\n")
	singular := write("singular.csv", "1,1\n1,1\n")
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"-d 0 -target identity", exitUsage, "dimension 0"},
		{"-d 1", exitUsage, "dimension 1"},
		{"-d -3", exitUsage, "dimension -3"},
		{"-d 1000000000", exitUsage, "dimension 1000000000"},
		{"-target identity", exitUsage, "-d: missing"},
		{"-d x", exitUsage, "-d"},
		{"-d 8 -target nonsense", exitUsage, "nonsense"},
		{"-d 8 -target shufle", exitUsage, "shuffle"},
		{"-d 8 -bogus", exitUsage, "bogus"},
		{"-d 8 stray", exitUsage, "stray"},
		{"-all", exitUsage, "checkpoint"},
		{"-key w", exitUsage, "checkpoint"},
		{dir + "/none.pt", exitUsage, "none.pt"},
		{"-target ../../testdata/checkpoints/model.npz", exitUsage, "-key"},
		{"-target ../../testdata/checkpoints/model.npz -key none", exitUsage, "none"},
		{"-target ../../testdata/checkpoints/model.npz -key mirror", exitUnrepresentable, "-det flip"},
		{"inspect ../../testdata/checkpoints/evil.pt", exitUsage, "system"},
		{"-d 8 -seed -1", exitUsage, "-seed"},
		{"-d 8 -tol fast", exitUsage, "-tol"},
		{"-d 8 -tol -1", exitUsage, "-tol"},
		{"-d 8 -tol 1e-999999999", exitUsage, "-tol"},
		{"-d 8 -det flop", exitUsage, "-det"},
		{"-d 8 -det pad=3", exitUsage, "-det"},
		{"-d 8 -construction alchemy", exitUsage, "alchemy"},
		{"-d 8 -partition 0,0,1,2", exitUsage, "-partition"},
		{"-d 8 -partition 0,1,2,8", exitUsage, "-partition"},
		{"-d 8 -partition odd", exitUsage, "-partition"},
		{"-d 8 -o layers.txt", exitUsage, ".cert, .npz"},
		{"-d 8 -o " + dir + "/none/layers.npz", exitUsage, "-o"},
		{"-d 8 -perm 1,2", exitUsage, "perm"},
		{"-target " + dir + "/none.npy", exitUsage, "none.npy"},
		{"-target " + dir, exitUsage, "directory"},
		{"-target " + oblong, exitUsage, "oblong.csv"},
		{"-target " + nan, exitUsage, "nan.csv"},
		{"-target " + inf, exitUsage, "inf.csv"},
		{"-target " + empty, exitUsage, "empty.csv"},
		{"-target " + truncated, exitUsage, "truncated.npy"},
		{"-target " + twice, exitUsage, "twice.txt"},
		{"-target " + eye + " -d 3", exitUsage, "-d"},
		{"-target " + mirror, exitUnrepresentable, "-det flip"},
		{"-target " + singular, exitUnrepresentable, "singular"},
		{"-d 3 -target permutation -perm 1,0,2", exitUnrepresentable, "-det pad"},
	} {
		before := names(t, dir)
		code, out, errs := call(strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 || out != "" {
			t.Errorf("verify %s: exit %d, want %d\nstdout: %s\nstderr: %s", c.args, code, c.code, out, errs)
		}
		if after := names(t, dir); after != before {
			t.Errorf("verify %s: left files behind: %s", c.args, after)
		}
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	es, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(es)
}

func TestNotReproduced(t *testing.T) {
	code, out, errs := call("-d", "16", "-tol", "1e-30")
	if code != exitNot || errs != "" || !strings.Contains(out, "NOT reproduced") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
}

// TestNPZ reads the archive back and multiplies the layers in gonum.
func TestNPZ(t *testing.T) {
	path := filepath.Join(t.TempDir(), "layers.npz")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	callJSON(t, "-d", "9", "-partition", "checkerboard", "-o", path)
	r, err := npz.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	product := mat.NewDense(9, 9, nil)
	for i := range 9 {
		product.Set(i, i, 1)
	}
	for k := range 6 {
		name, dst, src := fmt.Sprintf("%02d_L.npy", k), 4, 0
		if k%2 == 1 {
			name, dst, src = fmt.Sprintf("%02d_U.npy", k), 0, 4
		}
		var x mat.Dense
		if err := r.Read(name, &x); err != nil {
			t.Fatal(err)
		}
		layer := mat.NewDense(9, 9, nil)
		for i := range 9 {
			layer.Set(i, i, 1)
		}
		rows, cols := x.Dims()
		layer.Slice(dst, dst+rows, src, src+cols).(*mat.Dense).Copy(&x)
		product.Mul(product, layer)
	}
	var target mat.Dense
	if err := r.Read("target.npy", &target); err != nil {
		t.Fatal(err)
	}
	var perm []int64
	if err := r.Read("perm.npy", &perm); err != nil || fmt.Sprint(perm) != "[1 3 5 7 0 2 4 6 8]" {
		t.Errorf("perm.npy: %v, %v", perm, err)
	}
	product.Sub(product, &target)
	if d := mat.Norm(product, 2); d > 1e-13 || mat.Norm(&target, 2) < 2.9 {
		t.Errorf("the product is %g away from the target", d)
	}
}

func TestSameOutputTwice(t *testing.T) {
	dir := t.TempDir()
	var files [2][]byte
	for i := range files {
		path := filepath.Join(dir, fmt.Sprint(i, ".npz"))
		callJSON(t, "-d", "12", "-seed", "5", "-o", path)
		var err error
		if files[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("two runs with one seed wrote different files")
	}
}

func TestPages(t *testing.T) {
	for flag, want := range map[string]string{"-h": "Examples:", "help": "Exit codes:", "list": "random-orthogonal", "version": "flowproof"} {
		code, out, errs := call(flag)
		if code != exitOK || errs != "" || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d\n%s%s", flag, code, out, errs)
		}
	}
}

// TestHelpExamples runs every example of every help page, in a directory that
// has the files they name.
func TestHelpExamples(t *testing.T) {
	model, err := os.ReadFile("../../testdata/checkpoints/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	writeRotation(t, "rotation.npy")
	if err := os.WriteFile("turn.csv", []byte("0,-1\n1,0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("model.safetensors", model, 0o644); err != nil {
		t.Fatal(err)
	}
	var points strings.Builder
	rng := rand.New(rand.NewPCG(1, 7))
	for range 200 {
		fmt.Fprintf(&points, "%.3f,%.3f\n", rng.NormFloat64(), rng.NormFloat64())
	}
	if err := os.WriteFile("points.csv", []byte(points.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"rotation.cert", "turn.cert", "stranger.cert"} {
		if code, _, errs := call("-target", "turn.csv", "-o", path); code != exitOK {
			t.Fatal(errs)
		}
	}
	if err := os.WriteFile("swap.csv", []byte("0,1\n1,0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := call("swap.csv", "-det", "flip", "-o", "swap.cert"); code != exitOK {
		t.Fatal(errs)
	}
	for _, c := range commands() {
		runExamples(t, c.name, "-h")
	}
	runExamples(t, "help")
}

func runExamples(t *testing.T, page ...string) {
	t.Helper()
	code, text, _ := call(page...)
	_, examples, ok := strings.Cut(text, "Examples:\n")
	if code != exitOK || !ok {
		t.Fatalf("verify %v: exit %d, no examples", page, code)
	}
	ran := 0
	for _, line := range strings.Split(examples, "\n") {
		args, ok := strings.CutPrefix(line, "  verify ")
		if !ok {
			break
		}
		if code, _, errs := call(strings.Fields(strings.ReplaceAll(args, "'", ""))...); code != exitOK {
			t.Errorf("verify %s: exit %d, %s", args, code, errs)
		}
		ran++
	}
	if ran == 0 {
		t.Errorf("verify %v has no examples", page)
	}
}

// writeRotation writes a 2 x 2 rotation as a NumPy file.
func writeRotation(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := npy.Write(f, mat.NewDense(2, 2, []float64{0.6, -0.8, 0.8, 0.6})); err != nil {
		t.Fatal(err)
	}
}

// TestExportRefuses: errors of verify export.
func TestExportRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	for args, want := range map[string]string{
		"-d 8":                                    "-o: missing",
		"-d 8 -o x.tar":                           "-o",
		"-d 8 -format onnx -o x.npz":              ".onnx",
		"-d 8 -format tarot -o x.npz":             "tarot",
		"-d 8 -o x.npz -inverse":                  "npz",
		"-d 8 -o x.npz -dtype float32":            "-dtype",
		"-d 8 -o x.onnx -dtype float8":            "float8",
		"-d 8 -o none/x.onnx":                     "none",
		"-d 8 -o x.onnx stray":                    "stray",
		"-o x.onnx":                               "-d: missing",
		"-target permutation -perm 1,0 -o x.onnx": "-det flip",
	} {
		code, out, errs := call(append([]string{"export"}, strings.Fields(args)...)...)
		if code < exitUsage || out != "" || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("verify export %s: exit %d, %s%s", args, code, out, errs)
		}
	}
	if left := names(t, "."); left != "[]" {
		t.Errorf("files left behind: %s", left)
	}
}

// TestCheckpoint lists, takes one tensor, and takes all.
func TestCheckpoint(t *testing.T) {
	const dir = "../../testdata/checkpoints/"
	for _, name := range []string{"model.npz", "model.safetensors", "state.pt", "../../checkpoint/testdata/state.legacy.pt"} {
		code, out, errs := call("inspect", dir+name)
		if code != exitOK || errs != "" {
			t.Fatalf("%s: exit %d, %s", name, code, errs)
		}
		for _, want := range []string{"flow.conv.weight  [6 6 1 1]", "permutation  ", "mirror            [2 2]", "head.weight"} {
			if !strings.Contains(out, want) {
				t.Errorf("inspect %s: no %q in\n%s", name, want, out)
			}
		}
		r := callJSON(t, dir+name, "-key", "flow.lu")
		if r.Dimension != 4 || !strings.HasSuffix(r.Target, name+":flow.lu") {
			t.Errorf("%s -key: %+v", name, r)
		}
		code, out, errs = call("-target", dir+name, "-all", "-det", "flip")
		if code != exitOK || errs != "" || !strings.Contains(out, "4 targets:") || !strings.Contains(out, "0 failed") {
			t.Errorf("%s -all: exit %d\n%s%s", name, code, out, errs)
		}
	}
}

// TestBatch: one bad file does not stop the others, and the exit code tells.
func TestBatch(t *testing.T) {
	t.Chdir(t.TempDir())
	writeRotation(t, "good.npy")
	for name, text := range map[string]string{"turn.csv": "0,-1\n1,0\n", "mirror.csv": "1,0\n0,-1\n", "bad.csv": "1,2,3\n4,5,6\n"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for files, want := range map[string]int{
		"good.npy turn.csv": exitOK, "good.npy bad.csv turn.csv": exitUsage, "mirror.csv bad.csv good.npy": exitUnrepresentable,
	} {
		code, out, errs := call(append([]string{"-json"}, strings.Fields(files)...)...)
		var es []entry
		if err := json.Unmarshal([]byte(out), &es); err != nil {
			t.Fatalf("%s: %v", files, err)
		}
		if code != want || errs != "" || len(es) != len(strings.Fields(files)) {
			t.Errorf("%s: exit %d, want %d; %d entries\n%s", files, code, want, len(es), errs)
		}
		for _, e := range es {
			if ok := e.Name == "good.npy" || e.Name == "turn.csv"; ok != (e.Code == exitOK && e.Report != nil && e.Error == "") {
				t.Errorf("%s: %s: exit %d, %s", files, e.Name, e.Code, e.Error)
			}
		}
	}
	code, out, _ := call("good.npy", "mirror.csv")
	if code != exitUnrepresentable || !strings.Contains(out, "2 targets: 0 exact, 1 within the tolerance, 0 not reproduced, 1 failed") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// TestCertificate writes certificates and has them checked.
func TestCertificate(t *testing.T) {
	t.Chdir(t.TempDir())
	for args, claim := range map[string]string{
		"-d 12 -target random-orthogonal -seed 3":                   "residual",
		"-d 6 -target integer -construction six":                    "exact",
		"-d 5 -target gaussian -construction conditioned -prec 200": "residual",
	} {
		if code, _, errs := call(append(strings.Fields(args), "-o", "x.cert")...); code != exitOK {
			t.Fatalf("%s: exit %d, %s", args, code, errs)
		}
		code, out, errs := call("check", "x.cert")
		if code != exitOK || errs != "" || !strings.HasPrefix(out, "accepted x.cert: "+claim) {
			t.Errorf("%s: check: exit %d\n%s%s", args, code, out, errs)
		}
	}
}

// TestControlCharacters: names in a file cannot speak to the terminal.
func TestControlCharacters(t *testing.T) {
	header := `{"\u001b[2J\u009b1m":{"dtype":"F64","shape":[2,2],"data_offsets":[0,32]}}`
	data := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	data = append(data, header...)
	for _, v := range []float64{0, -1, 1, 0} {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
	}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"inspect", path}, {path, "-all"}, {"-target", path}, {path, "-key", "\x1b[2J"}} {
		_, out, errs := call(args...)
		if !strings.Contains(out+errs, "[2J") || strings.ContainsAny(out+errs, "\x1b\u009b") {
			t.Errorf("%q: %q, %q", args, out, errs)
		}
	}
	_, out, _ := call("inspect", path, "-json")
	var list []map[string]any
	if err := json.Unmarshal([]byte(out), &list); err != nil || list[0]["key"] != "\x1b[2J\u009b1m" {
		t.Errorf("the key in JSON is not that of the file: %v, %s", err, out)
	}
}
